"""`perpgate explain`: why an order, an account, a liquidation is what it is, from the journal alone."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any, Protocol, cast

from engine import inspect as stored
from engine.api import Engine, UnknownPluginError, load_engine
from engine.journal_format import JournalDamageError, JournalError
from engine.records import (
    COMMAND_BODIES,
    COMMAND_SIZE,
    EVENT_SIZE,
    ORDER_EVENT,
    CommandKind,
    EventKind,
    event_layout,
    unpack_command,
)
from engine.recovery import Moment, moment
from engine.snapshot import SnapshotStore
from gateway.commands.explain_text import print_account, print_liquidation, print_order
from gateway.commands.options import Data, add_data, instant, open_data, read_settings, whole_number
from gateway.commands.outcome import ExitCode, Refusal, add_json, print_json
from gateway.engine_room import events_directory, matcher_libraries, snapshots_directory
from gateway.record_text import command_fields, event_fields

DESCRIPTION = """\
Takes the state before a command from the journal (and the newest snapshot before it), carries the command out once more
with the reference engine, and prints every check with the numbers that it compared at that instant and why it passed or
failed. Works on any past moment that the journal reaches back to; reads only, and may run beside a live venue.

  perpgate explain DIR 123456                            an order: its checks at entry, then what happened to it
  perpgate explain DIR 123456 --at 130000                the modify of it that is command 130000
  perpgate explain DIR --client-order-id X7 --account 3  likewise, the newest order with that id
  perpgate explain DIR --account 3 --at 2026-11-24T10:00:00Z
  perpgate explain DIR --liquidation 140012.3            a step of a liquidation: SEQ.INDEX of its event

A refused order has no id: give the number of its command (`perpgate inspect` prints it)."""

SEQ_BITS = 48
LIFE_EVENTS_MAX = 200
_CLIENT_KINDS = (CommandKind.PLACE, CommandKind.PLACE_TWAP, CommandKind.CLOSE_POSITION)
_KIND, _ORDER, _LEAVES = (ORDER_EVENT.offset_of(name) for name in ("kind", "order_id", "leaves_quantity_e8"))
_ENDS = (EventKind.ORDER_CANCELLED, EventKind.ORDER_EXPIRED, EventKind.ORDER_REJECTED)


class Explains(Protocol):
    """What the reference engine can do beyond `engine.api.Engine`."""

    def explain(self, command: bytes) -> tuple[dict[str, Any], bytes]: ...
    def explain_account(self, account_id: int) -> dict[str, Any]: ...


def configure(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument(
        "order", type=whole_number, nargs="?", metavar="ORDER_ID", help="order id, or its command, right behind DIR"
    )
    parser.add_argument("--order", dest="order_option", type=whole_number, metavar="ID", help="the same, anywhere")
    parser.add_argument(
        "--client-order-id", metavar="TEXT", help="with --account: the newest order that was sent with it"
    )
    parser.add_argument("--account", type=whole_number, metavar="ID", help="account id")
    parser.add_argument("--at", metavar="SEQ|TIME", help="moment: a command's number, or a time (ISO 8601)")
    parser.add_argument("--liquidation", metavar="SEQ.INDEX", help="LIQUIDATION event")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    data = open_data(options)
    explainer = Explainer(options, data)
    try:
        if options.liquidation:
            found, show = explainer.liquidation(options.liquidation), print_liquidation
        elif options.order or options.order_option:
            found, show = explainer.order(options.order or options.order_option, options.at), print_order
        elif options.client_order_id and options.account:
            order_id = explainer.find(options.client_order_id, options.account, options.at)
            found, show = explainer.order(order_id, None), print_order
        elif options.account and not options.client_order_id:
            found, show = explainer.account(options.account, options.at), print_account
        else:
            raise Refusal("say what to explain: ORDER_ID, --client-order-id with --account, --account, --liquidation")
    except JournalDamageError as error:
        raise Refusal(str(error), ExitCode.DAMAGED) from None
    except (JournalError, UnknownPluginError, LookupError) as error:
        raise Refusal(str(error)) from None
    if options.json:
        print_json(found)
    else:
        show(found)
    return ExitCode.OK


class Explainer:
    """Questions to one data directory. Raises JournalError, LookupError, Refusal."""

    def __init__(self, options: argparse.Namespace, data: Data) -> None:
        self._data = data
        self._snapshots = SnapshotStore(snapshots_directory(data.directory))
        self._libraries = matcher_libraries(read_settings(options.config)) if options.config else {}

    # ---- orders

    def order(self, order_id: int, at: str | None) -> dict[str, Any]:
        """The checks at its entry, or of the command `at` that changed it; and its events from the event log."""
        seq = order_id & (1 << SEQ_BITS) - 1
        asked_seq = seq if at is None else _seq_of(at)
        explained = self._command(asked_seq)
        life = list(self._life(order_id))
        causes = {event["seq"] for event in life} - {asked_seq}
        return {
            "event": "order_explained", "order_id": order_id, **explained, "life": life,
            "causes": [command_fields(record) for record in self._commands(sorted(causes))],
        }  # fmt: skip

    def _command(self, seq: int) -> dict[str, Any]:
        """One command with its checks and events."""
        before = self._before(seq)
        engine = self._reference(before.engine)
        looked, events = engine.explain(before.command)
        rows = [event_fields(events, at) for at in range(0, len(events), EVENT_SIZE)]
        return {"command": command_fields(before.command), **looked, "events": rows}

    def _life(self, order_id: int) -> Iterator[dict[str, Any]]:
        """Its events, until it is gone."""
        seq = order_id & (1 << SEQ_BITS) - 1
        count = 0
        for event in stored.events(events_directory(self._data.directory), seq):
            kind = int.from_bytes(event[_KIND : _KIND + 2], "little")
            if (
                event_layout(kind) is not ORDER_EVENT
                or int.from_bytes(event[_ORDER : _ORDER + 8], "little") != order_id
            ):
                continue
            yield event_fields(event)
            count += 1
            filled = kind == EventKind.ORDER_FILLED and not int.from_bytes(event[_LEAVES : _LEAVES + 8], "little")
            if kind in _ENDS or filled or count == LIFE_EVENTS_MAX:
                return

    def _commands(self, seqs: list[int]) -> Iterator[bytes]:
        for seq in seqs:
            yield from stored.commands(self._data.journal, seq, seq)

    def find(self, client_order_id: str, account_id: int, at: str | None) -> int:
        """Number of the newest command of that account that sent an order with this id, up to `at`."""
        wanted = client_order_id.encode("ascii", "replace")
        last_seq, last_ns = _bounds(at)
        found = 0
        for record in stored.records(self._data.journal):
            if record.first_seq > last_seq or record.timestamp_ns > last_ns:
                break
            body = bytes(record.body)
            if wanted not in body:
                continue
            for offset in range(0, record.command_count * COMMAND_SIZE, COMMAND_SIZE):
                command = body[offset : offset + COMMAND_SIZE]
                if wanted in command and _is_entry(command, client_order_id, account_id):
                    seq = int.from_bytes(command[:8], "little")
                    found = seq if seq <= last_seq else found
        if not found:
            raise LookupError(f"account {account_id} has sent no order with the id {client_order_id!r} up to then")
        return found

    # ---- accounts, liquidations

    def account(self, account_id: int, at: str | None) -> dict[str, Any]:
        """As it was after a command or at a time; without one: at the journal's end."""
        last_seq, last_ns = _bounds(at)
        found: Moment
        if at is None:
            found = moment(self._data.journal, self._data.make_engine, self._snapshots)
        elif at.isdecimal() and len(at) < 19:
            found = self._after(last_seq)
        else:
            found = moment(self._data.journal, self._data.make_engine, self._snapshots, until_ns=last_ns)
        seq = found.engine.seq
        numbers = self._reference(found.engine).explain_account(account_id)
        return {"event": "account_explained", "seq": seq, **numbers}

    def _after(self, seq: int) -> Moment:
        """The state with this command as the last one."""
        before = self._before(seq)
        before.engine.apply(before.command)
        return before

    def liquidation(self, text: str) -> dict[str, Any]:
        """The event, the account at that instant, and what was compared."""
        seq_text, _, index_text = text.partition(".")
        if not seq_text.isdecimal() or not index_text.isdecimal():
            raise Refusal(f"{text!r} is no event: write SEQ.INDEX, as `perpgate inspect --kind LIQUIDATION` prints it")
        explained = self._command(int(seq_text))
        number = 0
        for event in explained["events"]:
            if event["event_index"] == int(index_text) and event["kind"] == EventKind.LIQUIDATION.name:
                return {
                    "event": "liquidation_explained", "step": event, **explained["liquidations"][number],
                    "command": explained["command"],
                }  # fmt: skip
            number += event["kind"] == EventKind.LIQUIDATION.name
        raise LookupError(f"event {text} is no LIQUIDATION: `perpgate inspect --kind LIQUIDATION` lists them")

    # ---- states

    def _before(self, seq: int) -> Moment:
        if seq < 2:
            raise Refusal("command 1 is the first: there is no state before it")
        return moment(self._data.journal, self._data.make_engine, self._snapshots, before_seq=seq)

    def _reference(self, engine: Engine) -> Explains:
        """The same state in the reference engine: snapshots are canonical."""
        reference = load_engine("reference", engine.info.limits, self._libraries)
        reference.restore(engine.snapshot())
        return cast(Explains, reference)


def _is_entry(command: bytes, client_order_id: str, account_id: int) -> bool:
    kind = int.from_bytes(command[16:18], "little")
    if kind not in _CLIENT_KINDS or kind not in COMMAND_BODIES:
        return False
    values = unpack_command(command)
    return bool(values["client_order_id"] == client_order_id and values["account_id"] == account_id)


def _seq_of(at: str) -> int:
    if not at.isdecimal():
        raise Refusal(
            f"--at {at}: the command of an order's modify is a number, as `perpgate inspect --order` prints it"
        )
    return int(at)


def _bounds(at: str | None) -> tuple[int, int]:
    """Last seq and last time. A number of less than 19 digits is a seq, else nanoseconds."""
    if at is None:
        return 2**63, 2**63
    if at.isdecimal() and len(at) < 19:
        return int(at), 2**63
    try:
        return 2**63, instant(at)
    except argparse.ArgumentTypeError as error:
        raise Refusal(f"--at {at}: {error}") from None
