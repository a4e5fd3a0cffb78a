"""Somebody else's reading of our bytes: a live session, captured on loopback, as tshark's dissector sees it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.client import NewOrder, SessionClosed
from tests.memory_venue import ONE, MemoryVenue

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed (Debian: apt-get install tshark)"),
]
FIELDS = (
    "packet_type", "username", "session", "message", "req_seq_num.invalid", "next_seq_num.invalid",
)  # fmt: skip


async def until_captured(path: Path, packet: bytes) -> None:
    """tshark writes what it has captured with a delay of its own."""
    while packet not in path.read_bytes():
        await asyncio.sleep(0.05)


async def record(path: Path) -> None:
    async with MemoryVenue(heartbeat_s=0.2) as venue:
        port = venue.door.port
        capture = await asyncio.create_subprocess_exec(
            "tshark", "-i", "lo", "-f", f"tcp port {port}", "-w", str(path), "-q", stderr=asyncio.subprocess.PIPE
        )
        assert capture.stderr is not None
        said = b""
        while b"Capturing on" not in said:
            line = await capture.stderr.readline()
            if not line:
                pytest.skip(f"tshark may not capture here: {said.decode()}")
            said += line
        while not path.exists() or not path.stat().st_size:  # the file's header is written when packets are taken
            (await asyncio.open_connection("127.0.0.1", port))[1].close()
            await asyncio.sleep(0.05)
        client = venue.client()
        await client.connect()
        client.place(NewOrder(cl_ord_id=1, account_id=1, instrument_id=1, side=1, quantity_e8=ONE, price_e8=90 * ONE))
        await client.next_report()
        await client.next_report()
        await until_captured(path, b"\x00\x01H")
        await until_captured(path, b"\x00\x01R")
        await client.logout()
        with pytest.raises(SessionClosed):
            await client.next_report()
        await until_captured(path, b"\x00\x01O")
        capture.terminate()
        await asyncio.wait_for(capture.wait(), 20)
    read = subprocess.run(
        ["tshark", "-r", str(path), "-d", f"tcp.port=={port},soupbintcp", "-Y", "soupbintcp", "-T", "fields"]
        + [part for name in FIELDS for part in ("-e", f"soupbintcp.{name}")]
        + ["-E", "separator=/t", "-E", "occurrence=a"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    path.with_suffix(".txt").write_text(read.stdout)


def test_tshark_reads_a_session(tmp_path: Path) -> None:
    path = tmp_path / "session.pcapng"
    asyncio.run(asyncio.wait_for(record(path), 60))
    packets = []
    for line in path.with_suffix(".txt").read_text().splitlines():
        columns = dict(zip(FIELDS, (column.split(",") for column in line.split("\t")), strict=True))
        packets.append(columns)
    kinds = [kind.strip("'") for columns in packets for kind in columns["packet_type"]]
    assert kinds[:2] == ["L", "A"]
    assert {"U", "S", "H", "R", "O"} <= set(kinds)
    assert set(kinds) <= set("LAUSHRO")
    login, accepted = packets[0], packets[1]
    assert [text.strip() for text in login["username"] + accepted["session"]] == ["MM01", "PERPGATE"]
    assert login["req_seq_num.invalid"] == accepted["next_seq_num.invalid"] == [""]
    messages = [bytes.fromhex(m) for columns in packets for m in columns["message"] if m]
    templates = [int.from_bytes(message[2:4], "little") for message in messages]
    assert templates == [130, 1, 101]  # SessionState, NewOrder, OrderAccepted
