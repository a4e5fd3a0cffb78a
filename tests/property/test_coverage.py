"""The generator reaches everything: each pair of event kind and reason that docs/engine.md allows, and no other."""

from __future__ import annotations

import struct
from collections import Counter
from typing import Any

import pytest

from engine.records import (
    EVENT_SIZE,
    CommandKind,
    EventKind,
    OrderType,
    Reason,
    TimeInForce,
    event_layout,
)
from tests.engines import ENGINES, new_engine
from tests.property.commands import SHAPES, Commands

COMMANDS = 12_000  # of each shape
SEED = 7

K, R = EventKind, Reason
ENTRY = {  # PLACE and REPLACE alike
    R.PERMISSION_DENIED, R.REJECTED_JOURNAL_FULL, R.RATE_LIMITED, R.REJECTED_DUPLICATE_CLORDID,
    R.REJECTED_MARKET_CLOSED, R.INVALID_TICK_SIZE_PRECISION_QUANTITY,
    R.QUANTITY_LESS_THAN_MIN_QUANTITY,
    R.QUANTITY_GREATER_THAN_MAX_QUANTITY, R.INVALID_TICK_SIZE_PRECISION_PRICE, R.PRICE_LESS_THAN_MIN_PRICE,
    R.PRICE_GREATER_THAN_MAX_PRICE, R.REJECTED_GREATER_THAN_MAX_PRICE_BAND, R.REJECTED_LESS_THAN_MIN_PRICE_BAND,
    R.REJECTED_LESS_THAN_MIN_NOTIONAL, R.REJECTED_CAPACITY, R.REJECTED_REDUCE_ONLY,
}  # fmt: skip
REACHABLE: dict[EventKind, set[Reason]] = {
    K.ORDER_PENDING: {R.ACK},
    K.ORDER_NEW: {R.ACK},
    K.ORDER_REJECTED: ENTRY | {
        R.BAD_SYMBOL, R.INVALID_ORDER_TYPE, R.INVALID_TIME_IN_FORCE, R.INVALID_MIN_QUANTITY, R.INVALID_DISPLAY_QUANTITY,
        R.REJECTED_NO_REFERENCE_PRICE, R.REJECTED_TOO_MANY_OPEN_ORDERS, R.REJECTED_ALO_WOULD_CROSS,
    },
    K.ORDER_FILLED: {R.ACK},
    K.ORDER_CANCELLED: {
        R.CANCELLED, R.CANCELLED_STP, R.IOC_CANCELLED, R.FOK_CANCELLED, R.MIN_QUANTITY_CANCELLED,
        R.SWEEP_LIMIT_CANCELLED,
        R.CANCELLED_DISCONNECT, R.CANCELLED_ADMIN, R.REJECTED_REDUCE_ONLY, R.REJECTED_MARKET_CLOSED,
        R.REJECTED_GREATER_THAN_MAX_PRICE_BAND, R.REJECTED_LESS_THAN_MIN_PRICE_BAND, R.REJECTED_CAPACITY,
    },
    K.ORDER_EXPIRED: {R.EXPIRED},
    K.ORDER_REPLACE_PENDING: {R.ACK},
    K.ORDER_REPLACED: {R.ACK},
    K.REPLACE_REJECTED: ENTRY | {
        R.CANNOT_MODIFY_NO_SUCH_ORDER, R.CANNOT_MODIFY_PARTIAL_FILL, R.CANNOT_MODIFY_ALO_WOULD_CROSS,
        R.MODIFY_SUPERSEDED,
    },
    K.CANCEL_REJECTED: {R.PERMISSION_DENIED, R.RATE_LIMITED, R.NO_SUCH_ORDER},
    K.ORDER_TRIGGERED: {R.ACK},
    K.ORDER_RESTATED: {R.CANCELLED_STP, R.REJECTED_REDUCE_ONLY},
    K.ORDER_STATUS: {R.ACK},
    K.ORDER_STATUS_END: {R.ACK},
    K.MASS_CANCEL_DONE: {R.ACK, R.CANCELLED_DISCONNECT},
    K.MASS_CANCEL_REJECTED: {
        R.INVALID_PARAMETER, R.PERMISSION_DENIED, R.UNKNOWN_PARTY, R.RATE_LIMITED, R.BAD_SYMBOL, R.REJECTED_CAPACITY,
    },
    K.SESSION_STATE: {R.ACK},
    K.CONFIG_SET: {R.ACK},
    K.COMMAND_REJECTED: {
        R.INVALID_PARAMETER, R.REJECTED_CAPACITY, R.UNKNOWN_PARTY, R.UNKNOWN_MATCHER, R.BAD_SYMBOL,
    },
}  # fmt: skip
CHILDREN = (CommandKind.SET_DESK, CommandKind.SET_TRADER, CommandKind.SET_ACCOUNT, CommandKind.SET_SESSION)
SET_AND_REFUSED: dict[CommandKind, set[Reason]] = {  # the kinds that CONFIG_SET and COMMAND_REJECTED answer
    **{kind: {R.ACK, R.INVALID_PARAMETER, R.REJECTED_CAPACITY, R.UNKNOWN_PARTY} for kind in CHILDREN},
    CommandKind.SET_FIRM: {R.ACK, R.INVALID_PARAMETER, R.REJECTED_CAPACITY, R.UNKNOWN_PARTY},
    CommandKind.SET_INSTRUMENT: {R.ACK, R.INVALID_PARAMETER, R.REJECTED_CAPACITY, R.UNKNOWN_MATCHER},
    CommandKind.SET_INSTRUMENT_STATE: {R.ACK, R.INVALID_PARAMETER, R.BAD_SYMBOL},
    CommandKind.SET_MARK: {R.ACK, R.INVALID_PARAMETER, R.BAD_SYMBOL},
    CommandKind.SET_VENUE_STATE: {R.ACK, R.INVALID_PARAMETER},
    CommandKind.ROLL_BUSINESS_DATE: {R.ACK, R.INVALID_PARAMETER, R.REJECTED_CAPACITY},
    CommandKind.SESSION_LOGON: {R.INVALID_PARAMETER, R.REJECTED_CAPACITY, R.UNKNOWN_PARTY},
    CommandKind.SESSION_DISCONNECT: {R.INVALID_PARAMETER, R.REJECTED_CAPACITY, R.UNKNOWN_PARTY},
}


RISK_EVENTS = {
    K.ORDER_ATTACHED, K.TWAP_SLICED, K.QUOTE_SET, K.QUOTE_REJECTED, K.QUOTE_CANCELLED, K.MMP_TRIPPED,
    K.ACCOUNT_STATUS, K.POSITION_STATUS, K.ACCOUNT_STATUS_END, *(kind for kind in K if kind >= K.ACCOUNT_ENTRY),
}  # fmt: skip
RISK_COMMANDS = {CommandKind.SET_BROKER, *(kind for kind in CommandKind if kind >= CommandKind.QUOTE)}


class Seen:
    """What occurred in some events."""

    def __init__(self) -> None:
        self.reasons: Counter[tuple[EventKind, Reason]] = Counter()
        self.answers: Counter[tuple[CommandKind, Reason]] = Counter()  # of configuration commands
        self.orders: Counter[tuple[EventKind, OrderType]] = Counter()
        self.fills: Counter[TimeInForce] = Counter()

    def add(self, events: bytes) -> None:
        for offset in range(0, len(events), EVENT_SIZE):
            number, reason = struct.unpack_from("<HH", events, offset + 20)
            kind = EventKind(number)
            self.reasons[kind, Reason(reason)] += 1
            if kind in (K.CONFIG_SET, K.COMMAND_REJECTED):
                [command] = struct.unpack_from("<H", events, offset + 64)
                if command in set(CommandKind):
                    self.answers[CommandKind(command), Reason(reason)] += 1
                continue
            values = event_layout(kind).unpack(events, offset)
            if values.get("order_type") in set(OrderType):
                self.orders[kind, OrderType(values["order_type"])] += 1
            if kind == K.ORDER_FILLED:
                self.fills[TimeInForce(values["time_in_force"])] += 1


def names(pairs: set[tuple[Any, Any]]) -> list[str]:
    return sorted(f"{one.name} {other.name}" for one, other in pairs)


@pytest.fixture(scope="module")
def seen() -> Seen:
    """A fixed run of every shape, so that the tests here are not a matter of luck."""
    found = Seen()
    for shape in SHAPES:
        for seed in (SEED, SEED + 1, SEED + 2):
            commands = Commands(seed, shape)
            engine = new_engine(ENGINES[0], commands.limits)
            for _ in range(COMMANDS // 3 // 200):
                found.add(engine.apply(commands.take(200)))
    return found


def test_every_reason_occurs_in_every_event_that_may_carry_it(seen: Seen) -> None:
    expected = {(kind, reason) for kind, reasons in REACHABLE.items() for reason in reasons}
    assert not names(expected - set(seen.reasons)), "never seen"
    assert not names(set(seen.reasons) - expected), "docs/engine.md does not allow these"


def test_every_configuration_command_is_accepted_and_refused_for_every_reason(seen: Seen) -> None:
    expected = {(kind, reason) for kind, reasons in SET_AND_REFUSED.items() for reason in reasons}
    assert not names(expected - set(seen.answers)), "never seen"
    assert not names(set(seen.answers) - expected - {(kind, R.INVALID_PARAMETER) for kind in CommandKind})


def test_orders_of_every_type_are_accepted_filled_cancelled_modified(seen: Seen) -> None:
    kinds = {K.ORDER_NEW, K.ORDER_REJECTED, K.ORDER_FILLED, K.ORDER_CANCELLED}
    types = set(OrderType) - {OrderType.TWAP}
    expected = {(kind, order_type) for kind in kinds for order_type in types}
    expected |= {(K.ORDER_REPLACED, t) for t in types if t != OrderType.MARKET}
    expected |= {(K.ORDER_PENDING, OrderType.LIMIT), (K.ORDER_PENDING, OrderType.MARKET)}
    expected |= {(K.ORDER_TRIGGERED, OrderType.STOP_LOSS), (K.ORDER_TRIGGERED, OrderType.TAKE_PROFIT)}
    expected |= {(K.ORDER_EXPIRED, OrderType.LIMIT), (K.ORDER_EXPIRED, OrderType.ALO)}
    assert not names(expected - set(seen.orders)), "never seen"
    assert set(seen.fills) == set(TimeInForce)


def test_every_event_kind_and_command_kind_is_listed() -> None:
    """Those of quotes, risk and money are in test_risk_coverage.py."""
    assert set(REACHABLE) | RISK_EVENTS == set(EventKind)
    unanswered = {CommandKind.TICK, CommandKind.PLACE, CommandKind.REPLACE, CommandKind.CANCEL, CommandKind.MASS_CANCEL}
    assert set(SET_AND_REFUSED) | RISK_COMMANDS == set(CommandKind) - unanswered
