"""Commands of quotes, risk and money: a header and a body each, as named tuples with the fields of `engine.records`."""

from __future__ import annotations

from typing import Any, NamedTuple

from engine.records import COMMAND_BODIES, CommandKind
from engine.reference.commands import Tick

Header = Tick  # a command without a body is a header
HEADER_FIELDS = len(Header._fields)


class Quote(NamedTuple):
    quote_id: bytes
    bid_price_e8: int
    bid_quantity_e8: int
    ask_price_e8: int
    ask_quantity_e8: int


class QuoteCancel(NamedTuple):
    quote_id: bytes


class PlaceTwap(NamedTuple):
    client_order_id: bytes
    quantity_e8: int
    interval_ns: int
    slices: int
    order_flags: int
    side: int


class ClosePosition(NamedTuple):
    client_order_id: bytes


class SetLeverage(NamedTuple):
    leverage: int


class SetMmp(NamedTuple):
    window_ns: int
    quantity_e8: int
    delta_micro: int
    freeze_ns: int
    fills: int


class NoBody(NamedTuple):
    pass


class SetLimit(NamedTuple):
    value: int
    parameter: int
    node_id: int
    target_id: int
    soft_ppm: int
    limit_flags: int
    limit_kind: int
    scope: int
    target: int
    action: int


class Kill(NamedTuple):
    node_id: int
    scope: int


class Revive(NamedTuple):
    node_id: int
    scope: int
    node_flags: int


class SetTradingWindow(NamedTuple):
    node_id: int
    scope: int
    is_open: int


class Note(NamedTuple):
    text: bytes


class SetVenueRisk(NamedTuple):
    """The three values of a triple are those of the risk sessions OPEN, OVERNIGHT and WEEKEND."""

    risk_flags: int
    mandatory_limits: int
    position_cap_open_ppm: int
    position_cap_overnight_ppm: int
    position_cap_weekend_ppm: int
    interest_cap_open_ppm: int
    interest_cap_overnight_ppm: int
    interest_cap_weekend_ppm: int
    band_open_ppm: int
    band_overnight_ppm: int
    band_weekend_ppm: int
    spread_open_tenths: int
    spread_overnight_tenths: int
    spread_weekend_tenths: int
    flow_cap_open_micro: int
    flow_cap_overnight_micro: int
    flow_cap_weekend_micro: int
    total_interest_cap_micro: int
    reserve_floor_micro: int
    repeat_window_ns: int
    reserve_floor_ppm: int
    fraction_account_id: int


class SetInstrumentRisk(NamedTuple):
    position_cap_micro: int
    interest_cap_micro: int
    impact_notional_micro: int
    maker_rate_e8: int
    taker_rate_e8: int
    product_group: int
    leverage_max: int
    leverage_ceiling: int
    market_calendar_id: int
    risk_calendar_id: int


class SetAccountRisk(NamedTuple):
    dlp_notional_max_micro: int
    home_session_id: int
    account_flags: int
    fee_tier: int


class SetFee(NamedTuple):
    maker_rate_e8: int
    taker_rate_e8: int
    fee_tier: int


class Movement(NamedTuple):
    """DEPOSIT and WITHDRAW_REQUEST."""

    transfer_id: int
    amount_micro: int
    reference: bytes


class WithdrawEnd(NamedTuple):
    """WITHDRAW_DONE and WITHDRAW_FAILED."""

    transfer_id: int


class Transfer(NamedTuple):
    transfer_id: int
    amount_micro: int
    reference: bytes
    to_account_id: int


class HouseTransfer(NamedTuple):
    transfer_id: int
    amount_micro: int
    reference: bytes
    from_house: int
    to_house: int


class SetFeed(NamedTuple):
    feed_id: int
    sources: int
    flag_ns: int
    stale_ns: int
    name: bytes


class SetIndex(NamedTuple):
    feed_a: int
    feed_b: int
    formula: int


class SetRollWeight(NamedTuple):
    weight: int


class SetIndexReference(NamedTuple):
    close_price_e8: int
    settlement_price_e8: int


class Price(NamedTuple):
    feed_id: int
    source: int
    price_e8: int
    source_ns: int


class SetManualPrice(NamedTuple):
    price_e8: int


class CalendarChange(NamedTuple):
    calendar_id: int
    is_open: int
    risk_session: int


class Split(NamedTuple):
    numerator: int
    denominator: int


class ScheduleDelisting(NamedTuple):
    settle_ns: int


class Delist(NamedTuple):
    price_e8: int


class ChangeSymbol(NamedTuple):
    symbol: bytes


BODY_TYPES: dict[CommandKind, Any] = {
    CommandKind.QUOTE: Quote,
    CommandKind.QUOTE_CANCEL: QuoteCancel,
    CommandKind.PLACE_TWAP: PlaceTwap,
    CommandKind.CLOSE_POSITION: ClosePosition,
    CommandKind.SET_LEVERAGE: SetLeverage,
    CommandKind.SET_MMP: SetMmp,
    CommandKind.RESET_MMP: NoBody,
    CommandKind.SET_LIMIT: SetLimit,
    CommandKind.KILL: Kill,
    CommandKind.REVIVE: Revive,
    CommandKind.SET_TRADING_WINDOW: SetTradingWindow,
    CommandKind.NOTE: Note,
    CommandKind.SET_VENUE_RISK: SetVenueRisk,
    CommandKind.SET_INSTRUMENT_RISK: SetInstrumentRisk,
    CommandKind.SET_ACCOUNT_RISK: SetAccountRisk,
    CommandKind.SET_FEE: SetFee,
    CommandKind.DEPOSIT: Movement,
    CommandKind.WITHDRAW_REQUEST: Movement,
    CommandKind.WITHDRAW_DONE: WithdrawEnd,
    CommandKind.WITHDRAW_FAILED: WithdrawEnd,
    CommandKind.TRANSFER: Transfer,
    CommandKind.HOUSE_TRANSFER: HouseTransfer,
    CommandKind.SET_FEED: SetFeed,
    CommandKind.SET_INDEX: SetIndex,
    CommandKind.SET_ROLL_WEIGHT: SetRollWeight,
    CommandKind.SET_INDEX_REFERENCE: SetIndexReference,
    CommandKind.PRICE: Price,
    CommandKind.SET_MANUAL_PRICE: SetManualPrice,
    CommandKind.MARK_PULSE: NoBody,
    CommandKind.CALENDAR_CHANGE: CalendarChange,
    CommandKind.FUNDING_SAMPLE: NoBody,
    CommandKind.FUNDING_SETTLE: NoBody,
    CommandKind.SPLIT: Split,
    CommandKind.SCHEDULE_DELISTING: ScheduleDelisting,
    CommandKind.DELIST: Delist,
    CommandKind.CHANGE_SYMBOL: ChangeSymbol,
}
for _kind, _type in BODY_TYPES.items():
    if _type._fields != COMMAND_BODIES[_kind].names[HEADER_FIELDS:]:
        raise ImportError(f"{_type.__name__} does not have the body of {_kind.name} in engine/records.py")
