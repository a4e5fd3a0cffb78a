"""Corporate actions (docs/risk.md section 13): splits, delistings, symbol changes."""

from __future__ import annotations

from engine.records import INT64_MAX, CommandKind, EventKind, InstrumentState, Reason
from engine.reference.accruals import Accruals
from engine.reference.arithmetic import MONEY_MAX, ONE_Q20, near
from engine.reference.instruments import Instrument
from engine.reference.prices import PRICE_MAX_Q20
from engine.reference.risk_commands import ChangeSymbol, Delist, Header, ScheduleDelisting, Split
from engine.reference.risk_events import RiskEvents
from engine.reference.state import State

RATIO_MAX = 10_000
_SYMBOL_BYTES = 16


class Corporate:
    def __init__(self, state: State, accruals: Accruals, events: RiskEvents) -> None:
        self._state = state
        self._accruals = accruals
        self._events = events

    def split(self, head: Header, body: Split) -> Reason:
        """New lots for old, of a halted instrument without orders: prices are scaled now, positions in steps."""
        state = self._state
        instrument = state.instruments.get(head.instrument_id)
        if instrument is None:
            return Reason.BAD_SYMBOL
        a, b = body.numerator, body.denominator
        if not 1 <= a <= RATIO_MAX or not 1 <= b <= RATIO_MAX or a == b or instrument.mark_ticks == 0:
            return Reason.INVALID_PARAMETER
        if instrument.state != InstrumentState.HALTED:
            return Reason.INVALID_PARAMETER
        if state.accrual.kind or instrument.open_orders:
            return Reason.REJECTED_BUSY
        if instrument.value_micro((instrument.long_lots * a // b + 1) * instrument.max_ticks) > MONEY_MAX:
            return Reason.REJECTED_NUMERIC_RANGE
        if b > 1:
            reason = self._check_fraction_account(instrument)
            if reason:
                return reason
        self._accruals.start(CommandKind.SPLIT, instrument, instrument.mark_ticks)
        state.accrual.numerator, state.accrual.denominator = a, b
        _scale(instrument, b, a)
        instrument.pricing.reopens = int(instrument.is_priced)
        self._events.price(EventKind.MARK_CHANGED, instrument)
        return Reason.ACK

    def _check_fraction_account(self, instrument: Instrument) -> Reason:
        account = self._state.accounts.get(self._state.risk.terms.fraction_account_id)
        if account is None:
            return Reason.UNKNOWN_PARTY
        if self._state.position_for(account, instrument.instrument_id) is None:
            return Reason.REJECTED_CAPACITY
        return Reason.ACK

    def schedule_delisting(self, head: Header, body: ScheduleDelisting) -> Reason:
        instrument = self._state.instruments.get(head.instrument_id)
        if instrument is None:
            return Reason.BAD_SYMBOL
        past = body.settle_ns and body.settle_ns <= self._state.timestamp_ns
        if body.settle_ns < 0 or past or instrument.state == InstrumentState.DELISTED:
            return Reason.INVALID_PARAMETER
        pricing = instrument.pricing
        pricing.delist_ns = body.settle_ns
        pricing.oracle_sum_q20 = pricing.oracle_count = 0
        return Reason.ACK

    def delist(self, head: Header, body: Delist) -> Reason:
        """All positions are closed at the given price, or at the mean of the oracle over the scheduled hour."""
        state = self._state
        instrument = state.instruments.get(head.instrument_id)
        if instrument is None:
            return Reason.BAD_SYMBOL
        pricing = instrument.pricing
        if body.price_e8:
            ticks, rest = divmod(body.price_e8, instrument.tick_e8)
            sound = not rest and instrument.min_ticks <= ticks <= instrument.max_ticks
        else:
            sound = pricing.oracle_count > 0 and 0 < pricing.delist_ns <= state.timestamp_ns
            ticks = near(pricing.oracle_sum_q20, pricing.oracle_count * ONE_Q20) if sound else 0
            ticks = min(max(ticks, instrument.min_ticks), instrument.max_ticks)
        stopped = instrument.state in (InstrumentState.HALTED, InstrumentState.REDUCE_ONLY, InstrumentState.CANCEL_ONLY)
        if not sound or not stopped:
            return Reason.INVALID_PARAMETER
        if state.accrual.kind or instrument.open_orders:
            return Reason.REJECTED_BUSY
        self._accruals.start(CommandKind.DELIST, instrument, ticks)
        instrument.state = int(InstrumentState.DELISTED)
        self._events.price(EventKind.INSTRUMENT_STATE, instrument)
        return Reason.ACK

    def change_symbol(self, head: Header, body: ChangeSymbol) -> Reason:
        instrument = self._state.instruments.get(head.instrument_id)
        if instrument is None:
            return Reason.BAD_SYMBOL
        if not body.symbol.rstrip(b"\0"):
            return Reason.INVALID_PARAMETER
        instrument.config = body.symbol + instrument.config[_SYMBOL_BYTES:]
        return Reason.ACK


def _scale(instrument: Instrument, numerator: int, denominator: int) -> None:
    """Every price of the instrument by numerator / denominator, NEAR; what was set for the old share is dropped."""

    def scaled(price: int, highest: int = PRICE_MAX_Q20) -> int:
        return max(-highest, min(highest, near(price * numerator, denominator)))

    pricing = instrument.pricing
    instrument.mark_ticks = max(scaled(instrument.mark_ticks, instrument.max_ticks), instrument.min_ticks)
    instrument.last_ticks = max(scaled(instrument.last_ticks, instrument.max_ticks), min(instrument.last_ticks, 1))
    instrument.oracle_price_e8 = scaled(instrument.oracle_price_e8, INT64_MAX)
    pricing.raw_q20 = scaled(pricing.raw_q20)
    pricing.index_q20 = scaled(pricing.index_q20)
    pricing.oracle_q20 = scaled(pricing.oracle_q20)
    pricing.basis_q20 = scaled(pricing.basis_q20)
    pricing.reference_q20 = scaled(pricing.reference_q20)
    pricing.manual_price_e8 = pricing.close_price_e8 = pricing.settlement_price_e8 = 0
