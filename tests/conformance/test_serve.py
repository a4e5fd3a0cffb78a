"""`perpgate serve` from outside: ready line, trading, orderly stop, restart, refusals."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from engine.records import EventKind
from gateway.client import BinaryClient, NewOrder, OrderAccepted, OrderFilled, SessionClosed
from gateway.venue_process import VenueProcess, VenueProcessError
from tests.live_venue import CENT, LOGINS, ONE, LiveVenue, live_venue, perpgate, write_config

pytestmark = pytest.mark.conformance


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[LiveVenue]:
    with live_venue(tmp_path) as made:
        yield made


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(scenario(), 30))


def order(user: str, cl_ord_id: int, side: int, price: int, quantity: int = 1, **more: int) -> NewOrder:
    return NewOrder(
        cl_ord_id=cl_ord_id, account_id=LOGINS[user][1], instrument_id=1, side=side, price_e8=price * CENT,
        quantity_e8=quantity * ONE, **more,
    )  # fmt: skip


async def report_of(client: BinaryClient, kind: EventKind) -> object:
    while True:
        report = await asyncio.wait_for(client.next_report(), 10)
        if report.event_kind is kind:
            return report


def test_two_participants_trade_and_the_state_survives_a_restart(venue: LiveVenue) -> None:
    ready = venue.start()
    assert ready["seq"] == 0
    assert ready["bootstrap_commands"] == 32

    async def trade() -> None:
        maker, taker = venue.client("MAKER"), venue.client("TAKER")
        await maker.connect()
        await taker.connect()
        maker.place(order("MAKER", 1, 2, 58_600, quantity=5))
        accepted = await report_of(maker, EventKind.ORDER_NEW)
        assert isinstance(accepted, OrderAccepted)
        taker.place(order("TAKER", 1, 1, 58_600, quantity=2, time_in_force=4))
        for client, account in ((maker, 1), (taker, 2)):
            fill = await report_of(client, EventKind.ORDER_FILLED)
            assert isinstance(fill, OrderFilled)
            assert (fill.last_price_e8, fill.last_quantity_e8, fill.account_id) == (58_600 * CENT, 2 * ONE, account)
        await maker.logout()
        await taker.logout()

    run(trade)
    stopped = venue.stop()
    again = venue.start()
    assert (again["seq"], again["state_hash"]) == (stopped["seq"], stopped["state_hash"])
    assert again["bootstrap_commands"] == 0
    assert again["recovery"]["snapshot_seq"] == stopped["seq"]

    async def ask_for_everything() -> None:
        taker = venue.client("TAKER", next_seq=1)
        await taker.connect()
        kinds = [(await asyncio.wait_for(taker.next_report(), 10)).event_kind for _ in range(3)]
        assert kinds == [EventKind.SESSION_STATE, EventKind.ORDER_NEW, EventKind.ORDER_FILLED]
        await taker.logout()

    run(ask_for_everything)
    venue.stop()
    state = venue.replay()
    assert state["books"][0]["ask"] == "3 @ 586"


def test_an_orderly_stop_ends_the_sessions_and_seals_the_history(venue: LiveVenue) -> None:
    venue.start()

    async def scenario() -> None:
        client = venue.client("MAKER")
        await client.connect()
        client.place(order("MAKER", 1, 1, 50_000))
        await report_of(client, EventKind.ORDER_NEW)
        stopping = asyncio.get_running_loop().run_in_executor(None, venue.stop)
        async for _ in client.reports():
            pass  # until the venue ends the session
        with pytest.raises(SessionClosed):
            client.place(order("MAKER", 2, 1, 50_000))
        stopped = await stopping
        assert stopped["events"] > 0

    run(scenario)
    replayed = venue.replay()
    ready = venue.start()
    assert (ready["seq"], ready["state_hash"]) == (replayed["seq"], replayed["state_hash"])
    assert ready["recovery"]["cut_bytes"] == 0


def test_sessions_that_a_dead_venue_left_open_are_disconnected_at_the_next_start(tmp_path: Path) -> None:
    """Cancel on disconnect must come for those who do not come back."""
    participants = tmp_path / "participants.toml"
    text = (Path(__file__).resolve().parents[2] / "config" / "demo-participants.toml").read_text()
    participants.write_text(text.replace("cancel_on_disconnect = []", 'cancel_on_disconnect = ["loss"]'))
    with live_venue(tmp_path, participants=str(participants)) as venue:
        venue.start()

        async def rest() -> None:
            client = venue.client("MAKER")
            await client.connect()
            client.place(order("MAKER", 1, 1, 50_000))
            await report_of(client, EventKind.ORDER_NEW)
            await asyncio.get_running_loop().run_in_executor(None, venue.kill)

        run(rest)
        assert venue.replay()["counts"]["orders"] == 1
        venue.start()

        async def come_back() -> None:
            client = venue.client("MAKER", next_seq=3)
            await client.connect()
            await report_of(client, EventKind.ORDER_CANCELLED)
            await client.logout()

        run(come_back)
        venue.stop()
        assert venue.replay()["counts"]["orders"] == 0


def test_a_second_venue_on_the_same_directory_is_refused(venue: LiveVenue) -> None:
    venue.start()
    done = perpgate("serve", str(venue.config), "--json")
    assert done.returncode == 4
    assert json.loads(done.stdout)["event"] == "refused"
    assert "in use" in done.stderr


def test_a_port_that_is_taken_is_named(venue: LiveVenue, tmp_path: Path) -> None:
    venue.start()
    done = perpgate(
        "serve", str(venue.config), "--listen", f"127.0.0.1:{venue.port}", "--data", str(tmp_path / "other")
    )
    assert done.returncode == 4
    assert str(venue.port) in done.stderr
    assert "address already in use" in done.stderr.lower()


def test_what_the_engine_refuses_stops_the_start(tmp_path: Path) -> None:
    market = tmp_path / "market.toml"
    text = (Path(__file__).resolve().parents[2] / "config" / "demo-market.toml").read_text()
    market.write_text(text.replace('matcher = "price_time"', 'matcher = "nowhere"'))
    config = write_config(tmp_path, market=str(market))
    for command in ("serve", "check-config"):
        done = perpgate(command, str(config))
        assert done.returncode == 3
        assert "SET_INSTRUMENT of instrument 1 (AAPL-USD) is refused: UNKNOWN_MATCHER" in done.stderr


def test_a_change_that_cannot_be_made_is_refused_and_the_venue_stays_as_it_was(
    venue: LiveVenue, tmp_path: Path
) -> None:
    venue.start()
    stopped = venue.stop()
    market = tmp_path / "market.toml"
    text = (Path(__file__).resolve().parents[2] / "config" / "demo-market.toml").read_text()
    market.write_text(text.replace("fills_max = 200", "fills_max = 100"))
    write_config(tmp_path, market=str(market))
    done = perpgate("serve", str(venue.config))
    assert done.returncode == 3
    assert "fills_max is 200 since the instrument exists" in done.stderr
    write_config(tmp_path)
    assert venue.start()["state_hash"] == stopped["state_hash"]


def test_the_venue_ends_with_the_program_that_started_it(venue: LiveVenue) -> None:
    venue.start()
    process = venue.process
    assert process is not None
    process.close_input()
    assert process.wait_for("stopped", 30)["seq"] == 32
    assert process.wait(30) == 0


def test_a_second_signal_ends_it_at_once(venue: LiveVenue) -> None:
    venue.start()

    async def scenario() -> None:
        client = venue.client("MAKER")
        await client.connect()
        process = venue.process
        assert process is not None
        os.kill(process.pid, signal.SIGINT)
        os.kill(process.pid, signal.SIGTERM)
        code = await asyncio.get_running_loop().run_in_executor(None, process.wait, 30)
        assert code in (0, 128 + signal.SIGINT, 128 + signal.SIGTERM)  # 0: it was quicker than the second signal
        client.abort()

    run(scenario)


def test_ready_and_stopped_are_words_without_json(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "serve", str(config), "--with-parent"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    first = process.stdout.readline()
    rest, _ = process.communicate(timeout=60)  # closes its standard input
    assert first.startswith("ready: binary door on 127.0.0.1:")
    assert "stopped: command 32, state hash " in rest
    assert process.returncode == 0


def test_tls_encrypts_the_door(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    with live_venue(tmp_path) as venue:
        with venue.config.open("a") as config:
            config.write(f'\n[tls]\ncertificate = "{certificate}"\nkey = "{key}"\n')
        venue.start()

        async def scenario() -> None:
            client = venue.client(
                "MAKER", ssl=ssl.create_default_context(cafile=certificate), server_hostname="venue.test"
            )
            await client.connect()
            client.place(order("MAKER", 1, 1, 50_000))
            await report_of(client, EventKind.ORDER_NEW)
            await client.logout()
            plain = venue.client("TAKER")
            with pytest.raises(ConnectionError):
                await plain.connect()

        run(scenario)
        venue.stop()


def make_certificate(directory: Path) -> tuple[Path, Path]:
    """A self-signed certificate of venue.test and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "venue.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("venue.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = directory / "venue.pem", directory / "venue.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


def test_an_armed_failpoint_is_said_and_one_not_understood_refused(tmp_path: Path) -> None:
    with pytest.raises(VenueProcessError, match="not understood"):
        VenueProcess.start(
            write_config(tmp_path), log_path=tmp_path / "log", environment={"PERPGATE_FAILPOINT": "nowhere:1:kill-9"}
        )
