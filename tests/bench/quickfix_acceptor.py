"""The peer of the FIX benchmarks: QuickFIX's SocketAcceptor in front of the engine that the venue has.

    python -m tests.bench.quickfix_acceptor DIRECTORY TARGET

A QuickFIX engine at its best: memory store, no log, no dictionary, callbacks that read fields by number (an integer tag
costs a tenth of a field object), reports that are parsed from one text (a seventh of setting field by field). The
translation to commands and from events is ours, in Python, by rows of the record layouts; journal (page cache) and
compiled engine are the venue's own. It takes NewOrderSingle and OrderCancelRequest of the session TARGET, which is what
the load sends. It prints its port and ends with its input.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import quickfix

from engine.api import Engine, load_engine
from engine.journal import Durability, FileJournal
from engine.records import CANCEL, EVENT_SIZE, ORDER_EVENT, PLACE, CommandKind, EventKind, OrderType
from engine.snapshot_records import parse_snapshot
from gateway.bootstrap import bootstrap_commands
from gateway.config import load_settings
from gateway.engine_room import engine_limits
from gateway.fix._wire import format_decimal, parse_decimal
from gateway.fix.client import utc_now

SOH = "\x01"
CONFIG = Path(__file__).resolve().parents[2] / "config" / "demo.toml"
SETTINGS = """\
[DEFAULT]
ConnectionType=acceptor
SocketAcceptPort={port}
SocketNodelay=Y
StartTime=00:00:00
EndTime=00:00:00
UseDataDictionary=N
[SESSION]
BeginString=FIX.4.4
SenderCompID=PERPGATE
TargetCompID={target}
"""
SESSION_ID, ACCOUNT_ID, INSTRUMENT_ID, ACCOUNT = 12, 1, 1, "MAKER-1-ACCOUNT"
PLACE_KIND, CANCEL_KIND, LIMIT = int(CommandKind.PLACE), int(CommandKind.CANCEL), int(OrderType.LIMIT)
TIME_IN_FORCE = {"0": 2, "1": 1, "3": 4, "4": 5}
EXEC_TYPE = {  # of an event: ExecType (150), OrdStatus (39)
    int(EventKind.ORDER_NEW): ("0", "0"),
    int(EventKind.ORDER_CANCELLED): ("4", "4"),
    int(EventKind.ORDER_REJECTED): ("8", "8"),
}
_ROW = {name: index for index, name in enumerate(ORDER_EVENT.names)}
SEQ, INDEX, KIND, SESSION = _ROW["seq"], _ROW["event_index"], _ROW["kind"], _ROW["session_id"]
ORDER, ID, ORIG = _ROW["order_id"], _ROW["client_order_id"], _ROW["orig_client_order_id"]
PRICE, QUANTITY, CUM = _ROW["price_e8"], _ROW["quantity_e8"], _ROW["cum_quantity_e8"]
LEAVES, SIDE, TIF = _ROW["leaves_quantity_e8"], _ROW["side"], _ROW["time_in_force"]
FIX_TIME_IN_FORCE = {value: key for key, value in TIME_IN_FORCE.items()}


class Room:
    """Engine and journal, one command after another: what the venue's sequencer does for a batch."""

    def __init__(self, directory: Path) -> None:
        self._settings = load_settings(CONFIG)
        self.engine: Engine = load_engine("core", engine_limits(self._settings.process))
        self.journal = FileJournal(directory, durability=Durability.PAGE_CACHE, segment_bytes=64 << 20)
        self.now_ns = 0

    async def open(self) -> None:
        await self.journal.open()
        await self.journal.fence("benchmark", self.engine.info)
        state = parse_snapshot(self.engine.snapshot())
        self.run(bootstrap_commands(self._settings.market, self._settings.participants, state))

    def run(self, commands: Iterable[bytes]) -> bytes:
        """Numbers, stamps, journals and applies them; their events."""
        now_ns = self.now_ns = max(self.now_ns, time.time_ns())
        stamp, seq = now_ns.to_bytes(8, "little"), self.engine.seq
        body = b"".join(seq.to_bytes(8, "little") + stamp + c[16:] for seq, c in enumerate(commands, seq + 1))
        while not self.journal.has_room(len(body)):
            time.sleep(0.0001)  # the next segment is being made
        self.journal.append(body, now_ns)
        return self.engine.apply(body)


class Acceptor(quickfix.Application):
    """QuickFIX calls it in a thread of its own, one message at a time."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room

    def onCreate(self, session_id: quickfix.SessionID) -> None:
        pass

    onLogon = onLogout = onCreate

    def toAdmin(self, message: quickfix.Message, session_id: quickfix.SessionID) -> None:
        pass

    toApp = fromAdmin = toAdmin

    def fromApp(self, message: quickfix.Message, session_id: quickfix.SessionID) -> None:
        get, header = message.getField, message.getHeader()
        number = int(header.getField(34))
        if header.getField(35) == "D":
            command = PLACE.pack_row(
                0, 0, PLACE_KIND, 0, SESSION_ID, number, 0, ACCOUNT_ID, INSTRUMENT_ID,
                get(11).encode(), parse_decimal(get(44).encode()), parse_decimal(get(38).encode()), 0, 0, 0, 0, 0,
                int(get(54)), LIMIT, TIME_IN_FORCE[get(59)], 0, 0, 0,
            )  # fmt: skip
        else:
            command = CANCEL.pack_row(
                0, 0, CANCEL_KIND, 0, SESSION_ID, number, 0, ACCOUNT_ID, INSTRUMENT_ID,
                get(11).encode(), get(41).encode(), 0, *CANCEL_REST,
            )  # fmt: skip
        events = self._room.run((command,))
        for at in range(0, len(events), EVENT_SIZE):
            row = ORDER_EVENT.unpack_row(events, at)
            if row[SESSION] == SESSION_ID and row[KIND] in EXEC_TYPE:
                quickfix.Session.sendToTarget(report(row), session_id)


CANCEL_REST = (0,) * (len(CANCEL.names) - 12)


def report(row: tuple[object, ...]) -> quickfix.Message:
    """The ExecutionReport of an order event, with the fields that the venue's own has.

    From one text: QuickFIX parses it in a seventh of the time that as many calls of setField take, and writes header,
    length and checksum itself.
    """
    exec_type, status = EXEC_TYPE[row[KIND]]  # type: ignore[index]
    orig = text(row[ORIG])
    return quickfix.Message(
        f"8=FIX.4.4\x019=0\x0135=8\x0137={row[ORDER]}\x0111={text(row[ID])}\x01"
        f"{f'41={orig}{SOH}' if orig else ''}17={row[SEQ]}-{row[INDEX]}\x01150={exec_type}\x0139={status}\x01"
        f"1={ACCOUNT}\x0155=AAPL-USD\x0154={row[SIDE]}\x0138={decimal(row[QUANTITY])}\x0140=2\x01"
        f"44={decimal(row[PRICE])}\x0159={FIX_TIME_IN_FORCE.get(row[TIF], '1')}\x01151={decimal(row[LEAVES])}\x01"  # type: ignore[call-overload]
        f"14={decimal(row[CUM])}\x016=0\x0160={utc_now()}\x0110=000\x01",
        False,
    )


def text(value: object) -> str:
    assert isinstance(value, bytes)
    return value.rstrip(b"\0").decode()


def decimal(value_e8: object) -> str:
    assert isinstance(value_e8, int)
    return format_decimal(value_e8).decode()


def main(directory: Path, target: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    room = Room(directory / "journal")
    asyncio.run(room.open())
    path = directory / "acceptor.cfg"
    path.write_text(SETTINGS.format(port=port, target=target))
    settings = quickfix.SessionSettings(str(path))
    store = quickfix.MemoryStoreFactory()
    application = Acceptor(room)  # kept here: QuickFIX holds it by a plain pointer
    acceptor = quickfix.SocketAcceptor(application, store, settings)
    acceptor.start()
    print(port, flush=True)
    sys.stdin.read()
    acceptor.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
