"""What holds of every event stream, on random commands: see the auditor."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

import pytest

from engine.api import Engine
from engine.records import EVENT_SIZE, ORDER_EVENT, CommandKind, EventKind, pack_command
from tests.engines import ENGINES, new_engine
from tests.property.auditor import Auditor
from tests.property.commands import SHAPES, Commands
from tests.property.judge import split_records

COMMANDS = 4_000


def audit(engine: Engine, commands: Commands, count: int, spoil: Callable[[bytes], bytes] = bytes) -> None:
    """Runs `count` commands and then TICKs until no work is under way; `spoil` is what becomes of the events.

    Raises AssertionError, or KeyError when an order turns up that never was.
    """
    auditor = Auditor(commands.limits)
    for record in split_records([commands.take(count)]):
        auditor.command(record, spoil(engine.apply(record)))
    while engine.next_due_ns == 0:
        tick = pack_command(CommandKind.TICK, seq=engine.seq + 1, timestamp_ns=commands.time_ns)
        auditor.command(tick, engine.apply(tick))
    auditor.finish(engine)


@pytest.mark.differential
@pytest.mark.parametrize("shape", SHAPES)
def test_the_events_add_up(engine_name: str, shape: str) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    commands = Commands(seed, shape)
    audit(new_engine(engine_name, commands.limits), commands, COMMANDS)


FIELDS = (
    "seq", "timestamp_ns", "event_index", "session_seq", "session_id", "account_id", "order_id", "price_e8",
    "quantity_e8", "cum_quantity_e8", "leaves_quantity_e8", "last_price_e8", "last_quantity_e8", "contra_order_id",
    "position_e8", "side", "order_type", "order_state",
)  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_the_auditor_sees_a_fill_that_is_wrong(field: str) -> None:
    """One field of the tenth fill is one too high."""
    fills = 0
    place = next(f for f in ORDER_EVENT.fields if f.name == field)

    def spoil(events: bytes) -> bytes:
        nonlocal fills
        spoiled = bytearray(events)
        for offset in range(0, len(events), EVENT_SIZE):
            if events[offset + 20] == EventKind.ORDER_FILLED:
                fills += 1
                if fills == 10:
                    at = offset + place.offset
                    [value] = struct.unpack_from("<" + place.format, events, at)
                    struct.pack_into("<" + place.format, spoiled, at, value + 1)
        return bytes(spoiled)

    commands = Commands(1, "book")
    with pytest.raises((AssertionError, KeyError)):
        audit(new_engine(ENGINES[0], commands.limits), commands, 500, spoil)
    assert fills >= 10


@pytest.mark.parametrize("kind", ["ORDER_NEW", "ORDER_FILLED", "ORDER_CANCELLED", "ORDER_REPLACED", "CANCEL_REJECTED"])
@pytest.mark.parametrize("times", [0, 2], ids=["lost", "twice"])
def test_the_auditor_sees_an_event_that_is(kind: str, times: int) -> None:
    """The third event of a kind is lost, or comes twice."""
    met = 0

    def spoil(events: bytes) -> bytes:
        nonlocal met
        kept = b""
        for offset in range(0, len(events), EVENT_SIZE):
            is_one = events[offset + 20] == EventKind[kind]
            met += is_one
            kept += events[offset : offset + EVENT_SIZE] * (times if is_one and met == 3 else 1)
        return kept

    commands = Commands(1, "everything")
    with pytest.raises((AssertionError, KeyError)):
        audit(new_engine(ENGINES[0], commands.limits), commands, 1000, spoil)
    assert met >= 3
