"""Who may log on through the FIX door: each refusal closes without a word, is logged, and disturbs nobody else."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Awaitable, Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.passwords import hash_password
from tests.certificates import Authority
from tests.fix_messages import FixClient, Received, utc
from tests.fix_venue import FixVenue, participant

pytestmark = pytest.mark.conformance
Script = Callable[[FixVenue], Awaitable[None]]
KEY = Ed25519PrivateKey.generate()
PUBLIC_KEY = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
PASSWORD = "correct horse battery staple"
HASH = hash_password(PASSWORD, bytes_max=128)


def run(tmp_path: Path, script: Script, tls: ssl.SSLContext | None = None, **credentials: Any) -> None:
    """Session 2 has the credentials, session 4 has none to show and is logged on all the while."""

    async def scenario() -> None:
        people = (participant(1), participant(2, **credentials), participant(3), participant(4))
        async with FixVenue(tmp_path / "venue", people, failure_delay_s=0.0, tls=tls) as venue:
            bystander = None
            if tls is None:
                bystander = await venue.connect(4)
                bystander.next_out = venue.fix.links[3].session.next_in
                await bystander.log_on()
            await script(venue)
            if bystander is not None:
                bystander.send("1|112=still here")
                await bystander.expect("0", t112="still here")

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.wait_for(scenario(), 30))


async def refused(venue: FixVenue, text: str = "98=0|108=30", **header: str) -> None:
    """A Logon of session 2 that is closed without a word and uses up no number."""
    before = venue.fix.links[1].store.next_out, venue.fix.counters["logon_refused"]
    client = await venue.connect(2)
    client.send(f"A|{text}", **header)
    await client.closed()
    assert (venue.fix.links[1].store.next_out, venue.fix.counters["logon_refused"]) == (before[0], before[1] + 1)


async def accepted(venue: FixVenue, text: str, client: FixClient | None = None) -> Received:
    client = client or await venue.connect(2)
    client.next_out = venue.fix.links[1].session.next_in
    return await client.log_on(text)


def test_password(tmp_path: Path) -> None:
    async def script(venue: FixVenue) -> None:
        await refused(venue)
        await refused(venue, "98=0|108=30|553=MM|554=wrong")
        await refused(venue, f"98=0|108=30|553=OTHER|554={PASSWORD}")
        await accepted(venue, f"98=0|108=30|553=MM|554={PASSWORD}")

    run(tmp_path, script, username="MM", password_hash=HASH)


def signed(key: Ed25519PrivateKey = KEY, sent: str = "", seq: int = 1, signs: str = "") -> tuple[str, str]:
    """Body and SendingTime of a signed Logon. signs: what is signed instead."""
    sent = sent or utc()
    text = signs or f"A\x01MM02\x01VENUE\x01{seq}\x01{sent}"
    signature = base64.b64encode(key.sign(text.encode())).decode()
    return f"98=0|108=30|95={len(signature)}|96={signature}", sent


def test_signature(tmp_path: Path) -> None:
    async def script(venue: FixVenue) -> None:
        await refused(venue)
        await refused(venue, "98=0|108=30|95=4|96=AAAA")
        await refused(venue, "98=0|108=30|95=4|96=####")
        body, sent = signed(Ed25519PrivateKey.generate())
        await refused(venue, body, t52=sent)
        body, sent = signed(seq=2)  # of another number
        await refused(venue, body, t52=sent)
        body, sent = signed(sent=utc(-40))  # too old for a signature
        await refused(venue, body, t52=sent)
        body, sent = signed()
        client = await venue.connect(2)
        client.send(f"A|{body}", t52=sent)
        await client.expect("A")
        await client.log_out()
        await refused(venue, body, t52=sent)  # replayed
        body, sent = signed(seq=3)
        client = await venue.connect(2)
        client.send(f"A|{body}", 3, t52=sent)
        await client.expect("A", t34="3")

    run(tmp_path, script, public_key=PUBLIC_KEY)


def test_password_or_signature_is_enough_when_both_are_known(tmp_path: Path) -> None:
    async def script(venue: FixVenue) -> None:
        body, sent = signed()
        client = await venue.connect(2)
        client.send(f"A|{body}", t52=sent)
        await client.expect("A")
        await client.log_out()
        await accepted(venue, f"98=0|108=30|554={PASSWORD}")

    run(tmp_path, script, public_key=PUBLIC_KEY, password_hash=HASH)


def test_address(tmp_path: Path) -> None:
    async def script(venue: FixVenue) -> None:
        await refused(venue)

    run(tmp_path, script, networks=(ip_network("192.0.2.0/24"),))


def test_address_that_is_on_the_list(tmp_path: Path) -> None:
    async def script(venue: FixVenue) -> None:
        await accepted(venue, "98=0|108=30")

    run(tmp_path, script, networks=(ip_network("192.0.2.0/24"), ip_network("127.0.0.0/8")))


def test_guessing_is_slowed_down(tmp_path: Path) -> None:
    async def script(venue: FixVenue) -> None:
        for _ in range(10):
            await refused(venue, "98=0|108=30|554=guess")
        await refused(venue, f"98=0|108=30|554={PASSWORD}")  # the right one is not looked at any more

    run(tmp_path, script, password_hash=HASH)


def test_password_change(tmp_path: Path) -> None:
    new = "another password"

    async def script(venue: FixVenue) -> None:
        client = await venue.connect(2)
        await accepted(venue, f"98=0|108=30|554={PASSWORD}", client)
        client.send(f"BE|923=u1|924=3|553=MM02|554=wrong|925={new}")
        await client.expect("BF", t923="u1", t926="4")
        client.send(f"BE|923=u2|924=3|553=MM02|554={PASSWORD}|925=short")
        await client.expect("BF", t923="u2", t926="6")
        client.send(f"BE|923=u3|924=3|553=OTHER|554={PASSWORD}|925={new}")
        await client.expect("BF", t923="u3", t926="3")
        client.send(f"BE|923=u4|924=3|553=MM02|554={PASSWORD}|925={new}")
        await client.expect("BF", t923="u4", t926="5")
        await client.log_out()
        await refused(venue, f"98=0|108=30|554={PASSWORD}")

    async def after_a_restart(venue: FixVenue) -> None:
        await refused(venue, f"98=0|108=30|554={PASSWORD}")
        await accepted(venue, f"98=0|108=30|554={new}")

    run(tmp_path, script, password_hash=HASH)
    run(tmp_path, after_a_restart, password_hash=HASH)
    stored = (tmp_path / "venue" / "passwords.json").read_text()
    assert new not in stored
    assert "scrypt$" in stored


# --------------------------------------------------------------------------------------------------------- TLS


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "tls")


def server_context(authority: Authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(*authority.issue("localhost"))
    context.load_verify_locations(authority.path)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def client_context(authority: Authority, name: str = "") -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.path))
    if name:
        context.load_cert_chain(*authority.issue(name))
    return context


def test_tls_with_the_right_client_certificate(tmp_path: Path, authority: Authority) -> None:
    async def script(venue: FixVenue) -> None:
        for context, is_right in (
            (client_context(authority), False),
            (client_context(authority, "other"), False),
            (client_context(authority, "alpha"), True),
        ):
            client = FixClient("FIX.4.4", "MM02", "VENUE")
            venue.clients.append(client)
            await client.open("localhost", venue.fix.port, context)
            client.send("A|98=0|108=30", 1)
            if is_right:
                await client.expect("A")
                client.send("1|112=x", 2)
                await client.expect("0", t112="x")
            else:
                await client.closed()

    fingerprint = authority.fingerprint("alpha")
    run(tmp_path, script, server_context(authority), certificate_sha256=fingerprint)


def test_older_tls_and_plain_text_get_nowhere(tmp_path: Path, authority: Authority) -> None:
    async def script(venue: FixVenue) -> None:
        old = client_context(authority)
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("localhost", venue.fix.port, ssl=old)
        plain = FixClient("FIX.4.4", "MM02", "VENUE")
        venue.clients.append(plain)
        await plain.open("127.0.0.1", venue.fix.port)
        plain.send("A|98=0|108=30")
        with pytest.raises((EOFError, ConnectionError)):
            await plain.get()

    run(tmp_path, script, server_context(authority))
