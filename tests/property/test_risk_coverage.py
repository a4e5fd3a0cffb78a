"""The sequences with money reach what docs/risk.md allows, and nothing else: reasons of each event, answers of each
command, entries of the ledger, stages of a liquidation."""

from __future__ import annotations

import struct
from collections import Counter

import pytest

from engine.records import (
    CHECK_ORDER,
    EVENT_SIZE,
    CommandKind,
    EntryKind,
    EventKind,
    LiquidationStage,
    Reason,
    event_layout,
)
from tests.engines import ENGINES, new_engine
from tests.property.risk_commands import RiskCommands
from tests.property.risk_shapes import RISK_SHAPES
from tests.property.test_coverage import REACHABLE, RISK_COMMANDS, RISK_EVENTS

COMMANDS = 4_000  # of each shape and seed
SEEDS = (1, 2, 3, 4)

E, R, C = EventKind, Reason, CommandKind
ORDER = set(CHECK_ORDER)
EXPOSURE = set(CHECK_ORDER[CHECK_ORDER.index(R.REJECTED_LOCKED) :])
GATE = {  # what concerns a message before its terms are looked at
    R.PERMISSION_DENIED, R.REJECTED_JOURNAL_FULL, R.REJECTED_KILLED, R.RATE_LIMITED, R.REJECTED_STALE, R.BAD_SYMBOL,
    R.REJECTED_NO_RISK_CONFIGURATION, R.REJECTED_MARKET_CLOSED, R.USER_IN_LIQUIDATION, R.REJECTED_NO_LIMIT,
}  # fmt: skip
QUANTITY = {
    R.INVALID_TICK_SIZE_PRECISION_QUANTITY, R.QUANTITY_LESS_THAN_MIN_QUANTITY, R.QUANTITY_GREATER_THAN_MAX_QUANTITY,
}  # fmt: skip
PRICE = {
    R.INVALID_TICK_SIZE_PRECISION_PRICE, R.REJECTED_NO_REFERENCE_PRICE, R.PRICE_LESS_THAN_MIN_PRICE,
    R.PRICE_GREATER_THAN_MAX_PRICE, R.REJECTED_GREATER_THAN_MAX_PRICE_BAND, R.REJECTED_LESS_THAN_MIN_PRICE_BAND,
}  # fmt: skip
SIDE = QUANTITY | PRICE | EXPOSURE | {  # of a quote: why it ends
    R.REJECTED_PRICE_TOLERANCE, R.REJECTED_LESS_THAN_MIN_NOTIONAL, R.LIMIT_ORDER_QUANTITY, R.LIMIT_ORDER_NOTIONAL,
    R.LIMIT_OPEN_NOTIONAL, R.REJECTED_ALO_WOULD_CROSS,
}  # fmt: skip
ONLY_NEW = {
    R.INVALID_TIME_IN_FORCE, R.INVALID_MIN_QUANTITY, R.INVALID_DISPLAY_QUANTITY, R.BAD_SYMBOL,
    R.REJECTED_TOO_MANY_OPEN_ORDERS, R.LIMIT_OPEN_ORDERS, R.LIMIT_REPEATED_ORDERS,
}  # fmt: skip
MAY: dict[EventKind, set[Reason]] = {
    **{kind: {R.ACK} for kind in RISK_EVENTS},
    **REACHABLE,
    E.ORDER_REJECTED: ORDER | {R.INVALID_PARAMETER, R.REJECTED_ALO_WOULD_CROSS},
    E.REPLACE_REJECTED: ORDER - ONLY_NEW | REACHABLE[E.REPLACE_REJECTED],
    E.ORDER_CANCELLED: REACHABLE[E.ORDER_CANCELLED] | SIDE | {
        R.CANCELLED_LIQUIDATION, R.CANCELLED_KILL, R.CANCELLED_LIMIT, R.CANCELLED_PAIR, R.CANCELLED_MMP,
        R.REJECTED_KILLED, R.USER_IN_LIQUIDATION,
    },
    E.ORDER_RESTATED: REACHABLE[E.ORDER_RESTATED] | {R.ACK},
    E.MASS_CANCEL_DONE: REACHABLE[E.MASS_CANCEL_DONE] | {R.CANCELLED_KILL},
    E.COMMAND_REJECTED: REACHABLE[E.COMMAND_REJECTED] | {
        R.PERMISSION_DENIED, R.APPROVAL_REQUIRED, R.INSUFFICIENT_FUNDS, R.REJECTED_BUSY, R.UNKNOWN_TRANSFER,
        R.TRANSFER_TOO_OLD, R.USER_IN_LIQUIDATION, R.REJECTED_STALE, R.REJECTED_NO_RISK_CONFIGURATION,
        R.REJECTED_LEVERAGE_IN_USE, R.REJECTED_NUMERIC_RANGE, R.RATE_LIMITED,
    },
    E.QUOTE_REJECTED: GATE | {
        R.INVALID_PARAMETER, R.REJECTED_QUOTE_FROZEN, R.LIMIT_EXECUTIONS, R.LIMIT_ORDER_TO_TRADE, R.REJECTED_CAPACITY,
    },
    E.TWAP_SLICED: EXPOSURE | {R.ACK, R.REJECTED_KILLED, R.REJECTED_MARKET_CLOSED, R.REJECTED_REDUCE_ONLY},
    E.LIMIT_REFUSED: {R.REJECTED_PRICE_TOLERANCE, R.REJECTED_STALE, *(r for r in R if r.name.startswith("LIMIT_"))},
    E.NODE_CHANGED: {R.ACK, R.CANCELLED_KILL},
    E.MMP_TRIPPED: {R.CANCELLED_MMP},
}  # fmt: skip
RARE: set[tuple[EventKind, Reason]] = {  # a matter of luck in so few commands; scenarios have them
    *((E.REPLACE_REJECTED, reason) for reason in ORDER - REACHABLE[E.REPLACE_REJECTED]),
    *((E.REPLACE_REJECTED, reason) for reason in (R.REJECTED_CAPACITY, R.RATE_LIMITED, R.MODIFY_SUPERSEDED)),
    *((E.ORDER_CANCELLED, reason) for reason in SIDE | {R.REJECTED_KILLED, R.USER_IN_LIQUIDATION, R.REJECTED_CAPACITY}),
    *((E.TWAP_SLICED, reason) for reason in EXPOSURE | {R.REJECTED_KILLED}),
    *((E.QUOTE_REJECTED, reason) for reason in (R.REJECTED_STALE, R.RATE_LIMITED, R.REJECTED_NO_RISK_CONFIGURATION)),
    (E.ORDER_REJECTED, R.REJECTED_NO_RISK_CONFIGURATION),
    (E.LIMIT_REFUSED, R.LIMIT_CONCENTRATION), (E.COMMAND_REJECTED, R.RATE_LIMITED),
    (E.COMMAND_REJECTED, R.REJECTED_NUMERIC_RANGE), (E.MASS_CANCEL_REJECTED, R.RATE_LIMITED),
    (E.MASS_CANCEL_REJECTED, R.REJECTED_CAPACITY), (E.MASS_CANCEL_REJECTED, R.BAD_SYMBOL),
    (E.REPLACE_REJECTED, R.REJECTED_GREATER_THAN_MAX_PRICE_BAND),
    (E.REPLACE_REJECTED, R.REJECTED_LESS_THAN_MIN_PRICE_BAND),
    (E.CANCEL_REJECTED, R.RATE_LIMITED), (E.MASS_CANCEL_REJECTED, R.INVALID_PARAMETER),
}  # fmt: skip
MOVEMENT = {R.ACK, R.INVALID_PARAMETER, R.TRANSFER_TOO_OLD, R.UNKNOWN_PARTY, R.REJECTED_CAPACITY}
NODE = {R.ACK, R.PERMISSION_DENIED, R.UNKNOWN_PARTY}
ANSWERS: dict[CommandKind, set[Reason]] = {  # beside INVALID_PARAMETER and PERMISSION_DENIED, which all may have
    C.SET_BROKER: {R.ACK}, C.NOTE: {R.ACK, R.INVALID_PARAMETER},
    C.SET_VENUE_RISK: {R.ACK}, C.SET_INSTRUMENT_RISK: {R.ACK},
    C.SET_ACCOUNT_RISK: {R.ACK, R.UNKNOWN_PARTY, R.REJECTED_CAPACITY},
    C.SET_FEE: {R.ACK, R.BAD_SYMBOL, R.INVALID_PARAMETER}, C.CALENDAR_CHANGE: {R.ACK, R.INVALID_PARAMETER},
    C.DEPOSIT: MOVEMENT, C.WITHDRAW_REQUEST: MOVEMENT - {R.UNKNOWN_PARTY} | {R.INSUFFICIENT_FUNDS},
    C.TRANSFER: MOVEMENT | {R.INSUFFICIENT_FUNDS},
    C.HOUSE_TRANSFER: MOVEMENT - {R.UNKNOWN_PARTY} | {R.INSUFFICIENT_FUNDS, R.APPROVAL_REQUIRED},
    C.WITHDRAW_DONE: {R.ACK, R.UNKNOWN_TRANSFER}, C.WITHDRAW_FAILED: {R.ACK, R.UNKNOWN_TRANSFER},
    C.SET_LIMIT: NODE | {R.INVALID_PARAMETER, R.REJECTED_CAPACITY},
    C.KILL: NODE, C.REVIVE: NODE | {R.APPROVAL_REQUIRED, R.INVALID_PARAMETER},
    C.SET_TRADING_WINDOW: NODE,
    C.SET_FEED: {R.ACK, R.REJECTED_CAPACITY}, C.SET_INDEX: {R.ACK, R.INVALID_PARAMETER},
    C.SET_ROLL_WEIGHT: {R.ACK, R.INVALID_PARAMETER}, C.SET_INDEX_REFERENCE: {R.ACK, R.INVALID_PARAMETER},
    C.SET_MANUAL_PRICE: {R.ACK, R.APPROVAL_REQUIRED},
    C.PRICE: {R.INVALID_PARAMETER, R.PERMISSION_DENIED, R.REJECTED_STALE},
    C.MARK_PULSE: set(), C.FUNDING_SAMPLE: set(), C.FUNDING_SETTLE: {R.ACK, R.REJECTED_BUSY},
    C.SPLIT: {R.ACK, R.APPROVAL_REQUIRED, R.INVALID_PARAMETER}, C.SCHEDULE_DELISTING: {R.ACK},
    C.DELIST: {R.ACK, R.INVALID_PARAMETER}, C.CHANGE_SYMBOL: {R.ACK, R.BAD_SYMBOL},
    C.SET_LEVERAGE: {
        R.ACK, R.BAD_SYMBOL, R.INVALID_PARAMETER, R.PERMISSION_DENIED, R.REJECTED_CAPACITY, R.REJECTED_LEVERAGE_IN_USE,
        R.REJECTED_NO_RISK_CONFIGURATION,
    },
    C.SET_MMP: {R.ACK, R.INVALID_PARAMETER, R.PERMISSION_DENIED, R.REJECTED_CAPACITY},
    C.RESET_MMP: {R.ACK, R.INVALID_PARAMETER, R.PERMISSION_DENIED},
}  # fmt: skip


class Seen:
    """What occurred in some events."""

    def __init__(self) -> None:
        self.reasons: Counter[tuple[EventKind, Reason]] = Counter()
        self.answers: Counter[tuple[CommandKind, Reason]] = Counter()
        self.entries: Counter[EntryKind] = Counter()
        self.stages: Counter[LiquidationStage] = Counter()

    def add(self, events: bytes) -> None:
        for offset in range(0, len(events), EVENT_SIZE):
            number, reason = struct.unpack_from("<HH", events, offset + 20)
            kind = EventKind(number)
            self.reasons[kind, Reason(reason)] += 1
            if kind in (E.CONFIG_SET, E.COMMAND_REJECTED):
                [command] = struct.unpack_from("<H", events, offset + 64)
                if command in set(CommandKind):
                    self.answers[CommandKind(command), Reason(reason)] += 1
            elif kind in (E.ACCOUNT_ENTRY, E.HOUSE_ENTRY):
                self.entries[EntryKind(event_layout(kind).unpack(events, offset)["entry"])] += 1
            elif kind == E.LIQUIDATION:
                self.stages[LiquidationStage(event_layout(kind).unpack(events, offset)["stage"])] += 1


@pytest.fixture(scope="module")
def seen() -> Seen:
    """A fixed run of every shape, so that the tests here are not a matter of luck."""
    found = Seen()
    for shape in RISK_SHAPES:
        for seed in SEEDS:
            commands = RiskCommands(seed, shape)
            engine = new_engine(ENGINES[0], commands.limits)
            for _ in range(COMMANDS // 200):
                found.add(engine.apply(commands.take(200)))
    return found


def names(pairs: set[tuple[EventKind, Reason]] | set[tuple[CommandKind, Reason]]) -> list[str]:
    return sorted(f"{one.name} {other.name}" for one, other in pairs)


def test_every_reason_occurs_in_every_event_that_may_carry_it(seen: Seen) -> None:
    expected = {(kind, reason) for kind, reasons in MAY.items() for reason in reasons}
    assert not names(expected - set(seen.reasons) - RARE), "never seen"
    assert not names(set(seen.reasons) - expected), "docs/risk.md does not allow these"


def test_every_command_is_accepted_and_refused(seen: Seen) -> None:
    expected = {(kind, reason) for kind, reasons in ANSWERS.items() for reason in reasons}
    assert not names(expected - set(seen.answers)), "never seen"


def test_every_entry_and_stage_occurs(seen: Seen) -> None:
    assert set(seen.entries) == set(EntryKind) - {EntryKind.NONE}
    assert set(seen.stages) == set(LiquidationStage) - {LiquidationStage.NONE}


def test_every_kind_is_listed() -> None:
    answered_otherwise = {C.QUOTE, C.QUOTE_CANCEL, C.PLACE_TWAP, C.CLOSE_POSITION}
    assert set(ANSWERS) == RISK_COMMANDS - answered_otherwise
    assert set(MAY) == set(EventKind)
