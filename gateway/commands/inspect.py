"""`perpgate inspect DIR`: what the journal and the event log say about an order, an account, a session, a range."""

from __future__ import annotations

import argparse
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from engine import inspect as stored
from engine.journal_format import JournalDamageError, JournalError, RecordKind
from engine.records import COMMAND_SIZE, EVENT_SIZE, ORDER_EVENT, CommandKind, EventKind, event_layout
from engine.recovery import Replayer
from gateway.commands.options import Data, add_data, instant, open_data, whole_number
from gateway.commands.outcome import ExitCode, Refusal, add_json, print_json, print_table
from gateway.engine_room import events_directory
from gateway.record_text import COLUMNS, command_fields, event_fields, table_row

DESCRIPTION = """\
Prints commands (marked >) and the events that they caused, oldest first. Filters narrow each other; a command is shown
when it, or one of its events, fits. Events come from the event log; --replay computes them anew from the journal, which
also works when the log is lost or does not reach back so far. Reads only, and may run beside a live venue.

  perpgate inspect DIR --order 1234                       everything that happened to an order
  perpgate inspect DIR --account 7 --kind ORDER_FILLED --json
  perpgate inspect DIR --from-time 2026-11-24T10:00:00Z --to-time 2026-11-24T10:00:01Z"""

LIMIT = 1_000
KINDS = sorted({kind.name for kind in CommandKind} | {kind.name for kind in EventKind})
END_SEQ = 2**63
_COMMAND = struct.Struct("<QqHHIQqII")  # seq, timestamp, kind, flags, session, msg_seq_in, sent, account, instrument
_EVENT = struct.Struct("<QqIHHIIQI")  # seq, timestamp, index, kind, reason, session, instrument, session_seq, account
_ORDER = struct.Struct("<Q")
_ORDER_ID, _CONTRA_ID = ORDER_EVENT.offset_of("order_id"), ORDER_EVENT.offset_of("contra_order_id")


def configure(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    what = parser.add_argument_group("filters")
    what.add_argument(
        "--order", type=whole_number, metavar="ID", help="order id: also trades with it, and requests for it"
    )
    what.add_argument("--account", type=whole_number, metavar="ID", help="account id")
    what.add_argument("--session", type=int, metavar="ID", help="session id; 0 is the venue itself")
    what.add_argument("--instrument", type=whole_number, metavar="ID", help="instrument id")
    what.add_argument("--client-id", metavar="TEXT", help="client order id, the present one or the one before")
    what.add_argument(
        "--kind", choices=KINDS, metavar="KIND", help="command or event kind, such as PLACE or ORDER_FILLED"
    )
    what.add_argument("--from-seq", type=whole_number, metavar="N", default=1, help="first command")
    what.add_argument("--to-seq", type=whole_number, metavar="N", default=END_SEQ, help="last command")
    what.add_argument("--from-time", type=instant, metavar="T", help="ISO 8601, or nanoseconds since 1970")
    what.add_argument("--to-time", type=instant, metavar="T", help="the instant itself is included")
    parser.add_argument("--no-commands", action="store_true", help="events only")
    parser.add_argument("--no-events", action="store_true", help="commands only")
    parser.add_argument("--replay", action="store_true", help="compute the events instead of reading the event log")
    parser.add_argument(
        "--limit", type=int, default=LIMIT, metavar="N", help="rows at most; 0: all (default: %(default)s)"
    )
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    data = open_data(options)
    wanted = Filter(options)
    blocks = replayed_blocks(data) if options.replay else stored_blocks(data, wanted.first_seq)
    rows: list[tuple[str, ...]] = []
    count = 0
    try:
        for is_event, record in wanted.records(blocks):
            if options.limit and count == options.limit:
                print(f"perpgate: more than {count} rows: narrow the filters, or raise --limit", file=sys.stderr)
                break
            count += 1
            fields = event_fields(record) if is_event else command_fields(record)
            if options.json:
                print_json(fields)
            else:
                rows.append(table_row(fields))
    except JournalDamageError as error:
        raise Refusal(str(error), ExitCode.DAMAGED) from None
    except JournalError as error:
        raise Refusal(str(error)) from None
    if not options.json:
        print_table(COLUMNS, rows)
    return ExitCode.OK if count else ExitCode.NO


# ------------------------------------------------------------------------------------------------------ sources


@dataclass(frozen=True, slots=True)
class Block:
    """Some commands in order, and all events that they caused, both as whole records."""

    commands: bytes | memoryview
    events: bytes


def stored_blocks(data: Data, first_seq: int) -> Iterator[Block]:
    """From the journal's records and the event log beside them. Raises JournalError."""
    events = stored.events(events_directory(data.directory), first_seq)
    ahead = next(events, b"")
    for record in stored.records(data.journal, first_seq):
        if record.kind != RecordKind.BATCH:
            continue
        own = []
        while ahead and _ORDER.unpack_from(ahead)[0] <= record.last_seq:
            own.append(ahead)
            ahead = next(events, b"")
        yield Block(record.body, b"".join(own))


def replayed_blocks(data: Data) -> Iterator[Block]:
    """From the journal alone, from its first command on: the events are computed. Raises JournalError."""
    replayer = Replayer(data.make_engine)
    for chunk in stored.chunks(data.journal):
        yield Block(chunk.commands, replayer.take(chunk))


# ------------------------------------------------------------------------------------------------------ filters


class Filter:
    """The arguments as a question to records; looks at their headers before it unpacks anything."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._order_id: int = options.order or 0
        self._account_id, self._session_id = options.account, options.session
        self._instrument_id = options.instrument
        self._client_id = options.client_id.encode("ascii", "replace") if options.client_id else b""
        self._kind: str | None = options.kind
        self._to_seq: int = options.to_seq
        self._from_ns: int = options.from_time or 0
        self._to_ns: int = END_SEQ if options.to_time is None else options.to_time
        self._shows_commands, self._shows_events = not options.no_commands, not options.no_events
        self.first_seq: int = max(options.from_seq, self._order_id)  # nothing happened to an order before its PLACE

    def records(self, blocks: Iterator[Block]) -> Iterator[tuple[bool, bytes]]:
        """(is an event, record) in order."""
        for block in blocks:
            by_seq: dict[int, list[bytes]] = {}
            for offset in range(0, len(block.events), EVENT_SIZE):
                event = block.events[offset : offset + EVENT_SIZE]
                if self._takes_event(event):
                    by_seq.setdefault(_ORDER.unpack_from(event)[0], []).append(event)
            for offset in range(0, len(block.commands), COMMAND_SIZE):
                command = bytes(block.commands[offset : offset + COMMAND_SIZE])
                seq, timestamp_ns = _COMMAND.unpack_from(command)[:2]
                if seq > self._to_seq or timestamp_ns > self._to_ns:
                    return
                if seq < self.first_seq or timestamp_ns < self._from_ns:
                    continue
                events = by_seq.get(seq, [])
                if self._shows_commands and (events or self._takes_command(command)):
                    yield False, command
                if self._shows_events:
                    for event in events:
                        yield True, event

    def _takes_command(self, command: bytes) -> bool:
        seq, _, kind, _, session_id, _, _, account_id, instrument_id = _COMMAND.unpack_from(command)
        if self._order_id and seq != self._order_id:
            return False  # a request for the order is known by its events
        if self._kind is not None and (kind not in _COMMAND_NAMES or _COMMAND_NAMES[kind] != self._kind):
            return False
        return self._fits(session_id, account_id, instrument_id) and self._names(command)

    def _takes_event(self, event: bytes) -> bool:
        _, _, _, kind, _, session_id, instrument_id, _, account_id = _EVENT.unpack_from(event)
        if self._kind is not None and _EVENT_NAMES[kind] != self._kind:
            return False
        if not self._fits(session_id, account_id, instrument_id):
            return False
        if self._order_id:
            if event_layout(kind) is not ORDER_EVENT:
                return False
            ids = (_ORDER.unpack_from(event, _ORDER_ID)[0], _ORDER.unpack_from(event, _CONTRA_ID)[0])
            if self._order_id not in ids:
                return False
        return self._names(event)

    def _fits(self, session_id: int, account_id: int, instrument_id: int) -> bool:
        return (
            (self._session_id is None or session_id == self._session_id)
            and (self._account_id is None or account_id == self._account_id)
            and (self._instrument_id is None or instrument_id == self._instrument_id)
        )

    def _names(self, record: bytes) -> bool:
        """The client id is in the record, as a whole text."""
        if not self._client_id:
            return True
        if self._client_id not in record:
            return False
        fields = event_fields(record) if len(record) == EVENT_SIZE else command_fields(record)
        text = self._client_id.decode("ascii")
        return text in (fields.get("client_order_id"), fields.get("orig_client_order_id"))


_COMMAND_NAMES = {int(kind): kind.name for kind in CommandKind}
_EVENT_NAMES = {int(kind): kind.name for kind in EventKind}
