"""What holds of every event stream of a venue with money, on random commands: see the money auditor."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

import pytest

from engine.api import Engine
from engine.layout import Layout
from engine.records import (
    ACCOUNT_EVENT,
    ENTRY_EVENT,
    EVENT_SIZE,
    LIQUIDATION_EVENT,
    ORDER_EVENT,
    POSITION_EVENT,
    CommandKind,
    EventKind,
    pack_command,
)
from tests.engines import ENGINES, new_engine
from tests.property.judge import split_records
from tests.property.money_auditor import MoneyAuditor
from tests.property.risk_commands import RiskCommands
from tests.property.risk_shapes import RISK_SHAPES

COMMANDS = 3_000
E = EventKind


def audit(engine: Engine, commands: RiskCommands, count: int, spoil: Callable[[bytes], bytes] = bytes) -> None:
    """Runs `count` commands and then TICKs until no work is under way; `spoil` is what becomes of the events.

    Raises AssertionError, or KeyError when an order or account turns up that never was.
    """
    auditor = MoneyAuditor(commands.limits)
    for record in split_records([commands.take(count)]):
        auditor.command(record, spoil(engine.apply(record)))
        kind = int.from_bytes(record[16:18], "little")
        if kind in (CommandKind.SET_MARK, CommandKind.MARK_PULSE, CommandKind.TICK) and engine.next_due_ns != 0:
            auditor.check_idle(kind)
    while engine.next_due_ns == 0:
        tick = pack_command(CommandKind.TICK, seq=engine.seq + 1, timestamp_ns=commands.time_ns)
        auditor.command(tick, engine.apply(tick))
    auditor.finish(engine)


@pytest.mark.differential
@pytest.mark.parametrize("shape", RISK_SHAPES)
def test_the_money_adds_up(engine_name: str, shape: str) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    commands = RiskCommands(seed, shape)
    audit(new_engine(engine_name, commands.limits), commands, COMMANDS)


FIELDS: list[tuple[EventKind, Layout, str]] = [
    (E.ORDER_FILLED, ORDER_EVENT, "fee_micro"),
    (E.ORDER_FILLED, ORDER_EVENT, "realised_pnl_micro"),
    *((E.ACCOUNT_ENTRY, ENTRY_EVENT, f"{name}_micro") for name in ("amount", "balance", "hold", "house_balance")),
    (E.HOUSE_ENTRY, ENTRY_EVENT, "amount_micro"),
    *(
        (E.ACCOUNT_STATUS, ACCOUNT_EVENT, f"{name}_micro")
        for name in ("deposits", "fees", "unrealised", "equity", "maintenance", "order_margin", "withdrawable")
    ),
    (E.POSITION_STATUS, POSITION_EVENT, "cost_micro"),
    (E.POSITION_STATUS, POSITION_EVENT, "open_bid_e8"),
    (E.LIQUIDATION, LIQUIDATION_EVENT, "reserve_micro"),
]


@pytest.mark.parametrize(("kind", "layout", "field"), FIELDS, ids=lambda value: getattr(value, "name", value))
def test_the_auditor_sees_one_micro_too_many(kind: EventKind, layout: Layout, field: str) -> None:
    """One field of every event of a kind is one too high, from the third on."""
    place, met = layout.offset_of(field), 0

    def spoil(events: bytes) -> bytes:
        nonlocal met
        spoiled = bytearray(events)
        for at in range(0, len(events), EVENT_SIZE):
            if struct.unpack_from("<H", events, at + 20)[0] == kind:
                met += 1
                if met >= 3:
                    struct.pack_into("<q", spoiled, at + place, struct.unpack_from("<q", events, at + place)[0] + 1)
        return bytes(spoiled)

    commands = RiskCommands(1, "crashes")
    with pytest.raises((AssertionError, KeyError)):
        audit(new_engine(ENGINES[-1], commands.limits), commands, COMMANDS, spoil)
    assert met >= 3


LOST, TWICE = 0, 2
WRONG_TIMES = [  # MARK_CHANGED and POSITION_CHANGED tell how things stand: twice is once
    ("ACCOUNT_ENTRY", LOST), ("ACCOUNT_ENTRY", TWICE), ("HOUSE_ENTRY", LOST), ("HOUSE_ENTRY", TWICE),
    ("MARK_CHANGED", LOST), ("POSITION_CHANGED", LOST),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "times"), WRONG_TIMES)
def test_the_auditor_sees_an_event_that_is_lost_or_comes_twice(kind: str, times: int) -> None:
    """All of a kind, from the third on."""
    met = 0

    def spoil(events: bytes) -> bytes:
        nonlocal met
        kept = b""
        for at in range(0, len(events), EVENT_SIZE):
            is_one = struct.unpack_from("<H", events, at + 20)[0] == EventKind[kind]
            met += is_one
            kept += events[at : at + EVENT_SIZE] * (times if is_one and met >= 3 else 1)
        return kept

    commands = RiskCommands(2, "corporate" if kind == "POSITION_CHANGED" else "crashes")
    with pytest.raises((AssertionError, KeyError)):
        audit(new_engine(ENGINES[-1], commands.limits), commands, COMMANDS, spoil)
    assert met >= 3
