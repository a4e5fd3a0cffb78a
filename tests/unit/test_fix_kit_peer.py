"""The certification's connection and runner, against a scripted other side on a loopback socket."""

import contextlib
import datetime as dt
import ipaddress
import json
import socket
import ssl
import threading
from decimal import Decimal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from gateway.fix.kit.certification.check import checker
from gateway.fix.kit.certification.context import Plan
from gateway.fix.kit.certification.run import Report, Result, certify, digest
from gateway.fix.kit.certification.step import Section, Skipped, require
from gateway.fix.kit.endpoint import Endpoint, KitError, Tls
from gateway.fix.kit.peer import Disconnected, NoMessage, Peer
from gateway.fix.kit.relay import TlsRelay
from gateway.fix.kit.wire import FixMessage, Framer, encode

TIME = "20250304-12:00:00.000000"


class Venue:
    """Accepts connections one after the other and answers each message as `answer(venue, message)` says."""

    def __init__(self, answer, context=None):
        self.answer = answer
        self.context = context
        self.seq = 0
        self.received = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.line = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def send(self, msg_type, *body, seq=None, header=()):
        if seq is None:
            self.seq += 1
            seq = self.seq
        head = [(8, "FIX.4.4"), (35, msg_type), (49, "PERPGATE"), (56, "ALPHA"), (34, str(seq)), (52, TIME)]
        self.line.sendall(encode([*head, *header, *body]))

    def close_line(self):
        self.line.shutdown(socket.SHUT_RDWR)
        self.line.close()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()

    def _run(self):
        while True:
            try:
                self.line, _ = self.listener.accept()
            except OSError:
                return
            if self.context is not None:
                plain = self.line
                try:
                    self.line = self.context.wrap_socket(plain, server_side=True)
                except OSError:
                    plain.close()
                    continue
            with contextlib.suppress(OSError), self.line as line:
                framer = Framer()
                while data := line.recv(65_536):
                    for message in framer.feed(data):
                        self.received.append(message)
                        self.answer(self, message)


@pytest.fixture
def venue_of():
    started = []

    def start(answer, context=None):
        started.append(Venue(answer, context))
        return started[-1]

    yield start
    for venue in started:
        venue.stop()


def endpoint(venue, **changes):
    return Endpoint("127.0.0.1", venue.port, "4.4", "ALPHA", "PERPGATE", **changes)


def polite(venue, message):
    """Answers logons, tests, logouts and mass cancels."""
    if message.msg_type == "A":
        if message.get(141) == "Y":
            venue.seq = 0
        venue.send("A", (98, "0"), (108, message.get(108)), *([(141, "Y")] if message.get(141) == "Y" else []))
    elif message.msg_type == "1":
        venue.send("0", (112, message.get(112)))
    elif message.msg_type == "q":
        venue.send("r", (11, message.get(11)), (37, "1"), (530, "7"), (531, "7"), (533, "0"))
    elif message.msg_type == "5":
        venue.send("5")
        venue.close_line()


def test_numbers_go_on_over_connections(venue_of):
    venue = venue_of(polite)
    peer = Peer(endpoint(venue))
    assert peer.logon(reset=True).get(141) == "Y"
    peer.send("1", [(112, "x")])
    assert peer.expect("0", t112="x").seq == 2
    peer.logout()
    peer.logon()
    assert [m.seq for m in venue.received] == [1, 2, 3, 4]
    assert (peer.numbers.out, peer.numbers.expected) == (5, 5)
    assert peer.log[0].startswith("> 8=FIX.4.4|")
    peer.close()


def test_what_does_not_come_is_said_with_what_came(venue_of):
    def answer(venue, message):
        polite(venue, message)
        if message.msg_type == "A":
            venue.send("h", (336, "24X7"), (340, "2"))

    peer = Peer(endpoint(venue_of(answer)))
    peer.logon(reset=True)
    with pytest.raises(NoMessage, match=r"no 35=8 150=0 within 0\.2 s; came: 8=FIX\.4\.4.*35=h"):
        peer.expect("8", 0.2, t150="0")
    peer.close()


def test_a_closed_line_is_said(venue_of):
    def answer(venue, message):
        polite(venue, message)
        if message.msg_type == "A":
            venue.send("5", (58, "go away"))
            venue.close_line()

    peer = Peer(endpoint(venue_of(answer)))
    peer.logon(reset=True)
    with pytest.raises(Disconnected, match=r"closed the connection after .*go away"):
        peer.expect("8", 2)
    peer.close()


def test_a_gap_is_asked_for_and_filled(venue_of):
    def answer(venue, message):
        if message.msg_type == "A":
            venue.send("A", (98, "0"), (108, "30"), seq=4)
        elif message.msg_type == "2":
            assert (message.get(7), message.get(16)) == ("1", "0")
            again = [(43, "Y"), (122, TIME)]
            venue.send("4", (123, "Y"), (36, "2"), seq=1, header=again)
            venue.send("h", (336, "24X7"), (340, "2"), seq=2, header=again)
            venue.send("4", (123, "Y"), (36, "5"), seq=3, header=again)

    peer = Peer(endpoint(venue_of(answer)))
    peer.logon()
    assert [m.msg_type for m in peer.catch_up(2)] == ["h"]
    assert peer.numbers.expected == 5
    peer.close()


def test_requests_for_a_sign_of_life_are_answered_unless_told_not_to(venue_of):
    def answer(venue, message):
        polite(venue, message)
        if message.msg_type in ("A", "0"):
            venue.send("1", (112, "there?")) if message.msg_type == "A" else venue.send("h", (336, "x"), (340, "2"))

    peer = Peer(endpoint(venue_of(answer)))
    peer.logon(reset=True)
    assert peer.expect("h").get(336) == "x"
    peer.close()
    silent = Peer(endpoint(venue_of(answer)), answers_test_requests=False)
    silent.logon(reset=True)
    with pytest.raises(NoMessage):
        silent.expect("h", 0.2)
    silent.close()


# ------------------------------------------------------------------------------------------------- certification


def sections():
    section = Section("X", "Tests")

    @section.step(1, "Passes")
    def passes(ctx):
        """It passes."""
        ctx.alive()

    @section.step(2, "Fails")
    def fails(ctx):
        """It fails."""
        require(False, "as it should")

    @section.step(3, "Skips")
    def skips(ctx):
        """It skips."""
        raise Skipped("no need")

    @section.step(4, "Other version", only="50")
    def other_version(ctx):
        """It is not for FIX 4.4."""

    @section.step(5, "Passes again")
    def passes_again(ctx):
        """It passes with a new connection and reset numbers."""
        require(ctx.numbers.out < 7, "numbers should have been reset")

    @section.step(6, "Waits in vain")
    def waits(ctx):
        """Nothing comes."""
        ctx.expect("8")

    return section.steps


def test_a_run_judges_each_step_by_itself(venue_of, tmp_path):
    seen = []
    plan = Plan("AAPL-USD", Decimal(254), tmp_path, wait_s=0.5)
    report = certify(endpoint(venue_of(polite)), plan, sections(), seen.append)
    assert [(r.number, r.verdict) for r in report.results] == [
        ("X01", "pass"), ("X02", "FAIL"), ("X03", "skip"), ("X04", "skip"), ("X05", "pass"), ("X06", "FAIL"),
    ]  # fmt: skip
    assert [r.detail for r in report.results[1:4]] == ["as it should", "no need", "not in FIX 4.4"]
    assert report.results[5].detail == "no 35=8 within 0.5 s"
    assert seen == report.results
    assert not report.is_passed
    text = report.to_text(with_wire=True)
    assert "NOT PASSED: 2 passed, 2 failed, 2 skipped" in text
    assert "> 8=FIX.4.4" in text


def test_a_venue_that_sends_what_the_dictionary_lacks_fails_the_step(venue_of, tmp_path):
    def answer(venue, message):
        if message.msg_type == "1" and len(venue.received) > 4:
            venue.send("h", (336, "24X7"), (340, "9"))
        polite(venue, message)

    report = certify(endpoint(venue_of(answer)), Plan("X", Decimal(1), tmp_path, wait_s=0.5), sections()[:1])
    assert report.results[0].verdict == "FAIL"
    assert "340=9 is not in the dictionary" in report.results[0].detail


def test_a_session_that_cannot_log_on_ends_the_run(venue_of, tmp_path):
    def answer(venue, message):
        venue.send("5", (58, "LOGON REFUSED"))
        venue.close_line()

    with pytest.raises(KitError, match=r"cannot log on: .*LOGON REFUSED"):
        certify(endpoint(venue_of(answer)), Plan("X", Decimal(1), tmp_path, wait_s=0.5), sections())


def test_the_digest_shows_changes():
    report = Report("v", "s", "FIX 4.4", "X", "now")
    report.results.append(Result("X01", "t", "e", "pass", "", 0.1, ("> a",)))
    value = json.loads(json.dumps(report.to_dict()))
    assert report.is_passed
    assert value["digest"] == digest(value)
    value["steps"][0]["verdict"] = "fail"
    assert value["digest"] != digest(value)


def test_nothing_tried_is_not_passed():
    assert not Report("v", "s", "FIX 4.4", "X", "now").is_passed


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ([(35, "0")], ""),
        ([(35, "ZZ")], "MsgType ZZ is not in the dictionary"),
        ([(35, "0"), (9999, "x")], "tag 9999 is not in the dictionary"),
        ([(35, "h"), (336, "x"), (340, "9")], "340=9 is not in the dictionary"),
        ([(35, "h"), (336, "x")], "QuickFIX: Required tag missing"),
        ([(35, "0"), (55, "x")], "QuickFIX: "),
    ],
)
@pytest.mark.parametrize("version", ["4.2", "4.4", "5.0SP2"])
def test_messages_of_the_venue_are_checked(version, fields, says):
    there = Endpoint("h", 1, version, "ALPHA", "PERPGATE")
    head = [(8, there.begin_string), fields[0], (49, "PERPGATE"), (56, "ALPHA"), (34, "1"), (52, TIME)]
    message = next(iter(Framer().feed(encode([*head, *fields[1:]]))))
    assert checker(there)(message).startswith(says)
    assert bool(checker(there)(message)) == bool(says)


# ----------------------------------------------------------------------------------------------------------- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for the loopback address: (certificate file, server context)."""
    directory = tmp_path_factory.mktemp("tls")
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "venue")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    (directory / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (directory / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "cert.pem", directory / "key.pem")
    return directory / "cert.pem", context


def test_a_peer_speaks_tls(venue_of, certificate):
    ca, context = certificate
    venue = venue_of(polite, context)
    peer = Peer(endpoint(venue, tls=Tls(ca=ca)))
    assert peer.logon(reset=True).msg_type == "A"
    peer.logout()


def test_a_peer_does_not_trust_strangers(venue_of, certificate):
    venue = venue_of(polite, certificate[1])
    with pytest.raises(KitError, match=r"cannot be reached: .*certificate"):
        Peer(endpoint(venue, tls=Tls())).connect()


def test_the_relay_carries_both_ways_and_ends(venue_of, certificate):
    ca, context = certificate
    venue = venue_of(polite, context)
    relay = TlsRelay(endpoint(venue, tls=Tls(ca=ca)))
    peer = Peer(Endpoint("127.0.0.1", relay.port, "4.4", "ALPHA", "PERPGATE"))
    peer.logon(reset=True)
    peer.send("1", [(112, "y" * 3_000)])
    assert peer.expect("0").get(112) == "y" * 3_000
    peer.close()
    peer.logon()
    relay.stop()
    with pytest.raises(Disconnected):
        peer.expect("0", 2)
    peer.close()


def test_the_relay_survives_a_venue_that_is_not_there(certificate):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    relay = TlsRelay(Endpoint("127.0.0.1", port, "4.4", "A", "B", tls=Tls(ca=certificate[0])))
    peer = Peer(Endpoint("127.0.0.1", relay.port, "4.4", "A", "B"))
    with pytest.raises(Disconnected):
        peer.logon(timeout_s=2)
    peer.close()
    relay.stop()


def test_entries_stop_at_the_trailer():
    message = FixMessage(((35, "y"), (146, "1"), (55, "A"), (10, "001")))
    assert message.entries(146, 55)[0].fields == ((55, "A"),)
