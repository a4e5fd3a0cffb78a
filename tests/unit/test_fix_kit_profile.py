"""Profiles, options and endpoints of the kit: what is taken, and what is refused with a remedy."""

import argparse
import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.fix.kit import cli
from gateway.fix.kit.certification import steps
from gateway.fix.kit.endpoint import Endpoint, KitError, Tls
from gateway.fix.kit.profile import endpoint_of


def options(*arguments):
    parser = argparse.ArgumentParser()
    cli.configure(parser)
    return parser.parse_args(arguments)


def pem(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_options_over_profile_over_defaults(tmp_path):
    profile = tmp_path / "alpha.toml"
    profile.write_text('sender = "ALPHA"\nport = 9000\nversion = "4.2"\npassword_file = "secret.txt"\nusername = "u"\n')
    (tmp_path / "secret.txt").write_text("pass word\nsecond line\n")
    endpoint = endpoint_of(options("client", "--profile", str(profile), "--port", "9001", "--heartbeat-s", "5"))
    assert (endpoint.sender_comp_id, endpoint.target_comp_id, endpoint.port) == ("ALPHA", "PERPGATE", 9001)
    assert (endpoint.version, endpoint.heartbeat_s, endpoint.host) == ("4.2", 5, "127.0.0.1")
    assert endpoint.credentials(1, "x") == [(553, "u"), (554, "pass word")]
    assert "pass word" not in repr(endpoint)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sender = 1", "Expected `str`, got `int`"),
        ('sendr = "A"', "unknown field `sendr`; the keys are host, port"),
        ("sender = ", "is not TOML"),
        ("port = 0", ">= 1"),
        ('version = "4.3"', "FIX version '4.3' is not spoken: write 4.2, 4.4, 5.0SP2"),
        ('sender = ""', "who are you?"),
        ('password_file = "nothing"', "cannot be read: No such file"),
        ('username = "u"', "name a file with --password-file"),
    ],
)
def test_profiles_that_cannot_be_used(tmp_path, text, says):
    path = tmp_path / "p.toml"
    path.write_text(text + ("" if "send" in text else '\nsender = "A"') + "\n")
    with pytest.raises(KitError) as caught:
        endpoint_of(options("client", "--profile", str(path)))
    assert says in str(caught.value)


def test_a_profile_that_is_not_there(tmp_path):
    with pytest.raises(KitError, match="cannot be read: No such file"):
        endpoint_of(options("client", "--profile", str(tmp_path / "none.toml")))


def test_the_signature_is_of_the_fields_as_sent(tmp_path):
    key = Ed25519PrivateKey.generate()
    (tmp_path / "key.pem").write_bytes(pem(key))
    endpoint = Endpoint("h", 1, "4.4", "ALPHA", "PERPGATE", private_key=tmp_path / "key.pem")
    (length_tag, length), (data_tag, text) = endpoint.credentials(7, "20250304-12:00:00.000000")
    assert (length_tag, length, data_tag) == (95, str(len(text)), 96)
    payload = b"A\x01ALPHA\x01PERPGATE\x017\x0120250304-12:00:00.000000"
    key.public_key().verify(base64.b64decode(text), payload)  # raises when it is of anything else


def test_keys_that_cannot_sign(tmp_path):
    (tmp_path / "ec.pem").write_bytes(pem(generate_private_key(SECP256R1())))
    (tmp_path / "junk.pem").write_text("no key")
    for name, says in (("ec.pem", "is no Ed25519 key"), ("junk.pem", "a PEM file"), ("none.pem", "No such file")):
        endpoint = Endpoint("h", 1, "4.4", "ALPHA", "PERPGATE", private_key=tmp_path / name)
        with pytest.raises(KitError, match=says):
            endpoint.credentials(1, "x")


def test_tls_files_that_cannot_be_used(tmp_path):
    with pytest.raises(KitError, match="check --tls-ca"):
        Tls(ca=tmp_path / "none.pem").context()


def test_heartbeats_have_bounds():
    with pytest.raises(KitError, match="write 1 to 300"):
        Endpoint("h", 1, "4.4", "A", "B", heartbeat_s=301)


def test_another_dictionary_directory_is_said_when_it_lacks_files(tmp_path):
    with pytest.raises(KitError, match=r"FIX44\.xml: cannot be read.*writes them anew"):
        Endpoint("h", 1, "4.4", "A", "B", dictionaries=tmp_path).dictionary()


def test_dictionaries_are_written_and_load(tmp_path, capsys):
    assert cli.run(options("dictionaries", str(tmp_path / "new")))
    assert capsys.readouterr().out.count("wrote ") == 4
    for version in ("4.2", "4.4", "5.0SP2"):
        assert Endpoint("h", 1, version, "A", "B", dictionaries=tmp_path / "new").dictionary().messages["D"]


def test_steps_are_chosen_by_prefix():
    every = steps()
    assert cli.choose(every, None) == list(every)
    assert [s.number for s in cli.choose(every, "s01, N0")][:2] == ["S01", "N01"]
    with pytest.raises(KitError, match="no step begins with 'X'"):
        cli.choose(every, "S,X")


def test_steps_are_listed(capsys):
    assert cli.run(options("certify", "--list", "--steps", "C"))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 7
    assert lines[0].startswith("C01  On loss of the line: 35002=1")


@pytest.mark.parametrize(("price", "says"), [(None, "give --price"), ("abc", "write a number"), ("-1", "above 0")])
def test_certify_wants_a_price(price, says):
    arguments = ["certify", "--sender", "A", *(["--price", price] if price else [])]
    with pytest.raises(KitError, match=says):
        cli.run(options(*arguments))


def test_nobody_listens(tmp_path):
    with pytest.raises(KitError, match="cannot be reached: "):
        cli.run(options("certify", "--sender", "A", "--port", "1", "--price", "1", "--steps", "S01"))


def test_the_numbers_of_steps_are_in_order_and_said_once():
    numbers = [step.number for step in steps()]
    assert len(numbers) == len(set(numbers)) >= 60
    for letter in {number[0] for number in numbers}:
        own = [number for number in numbers if number[0] == letter]
        assert own == [f"{letter}{n:02d}" for n in range(1, len(own) + 1)]
    assert all(step.expectation.endswith(".") for step in steps())
