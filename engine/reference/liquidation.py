"""Liquidation, stages 0 and 1 (docs/risk.md section 10), and flattening by a loss limit: an account is looked at, and
taken a step further each time. Stages 2 and 3 are in `takeover.py` and `deleveraging.py`.
"""

from __future__ import annotations

from engine.records import (
    AccountFlag,
    EntryKind,
    EventKind,
    HouseAccount,
    InstrumentState,
    LiquidationStage,
    NodeFlag,
    Reason,
    TradeKind,
)
from engine.reference import calendars, margin
from engine.reference.arithmetic import A60, E8, ONE_Q32, PPM, ceiling
from engine.reference.constants import BUY, IOC, LIMIT, SELL, VENUE_ORDER, VENUE_ORDERS, numbered
from engine.reference.deleveraging import Deleveraging
from engine.reference.instruments import Instrument
from engine.reference.ledger import Ledger, fee_micro
from engine.reference.margin import Figures
from engine.reference.matching import Matching
from engine.reference.nodes import Account, Position
from engine.reference.orders import Orders
from engine.reference.risk_events import RiskEvents
from engine.reference.state import State
from engine.reference.takeover import Takeover

_TRADED = (InstrumentState.ACTIVE, InstrumentState.REDUCE_ONLY)
_NONE, _CANCELLING, _REDUCING = LiquidationStage.NONE, LiquidationStage.CANCELLING, LiquidationStage.REDUCING
_TAKEOVER, _ADL = LiquidationStage.TAKEOVER, LiquidationStage.ADL


def flow_allowed_micro(average: int, cap: int) -> int:
    """The largest notional of one second that keeps the moving average of 60 s at or below the cap, at least 0."""
    return max(0, (cap - average) * ONE_Q32 // A60 + average)


def reduction_lots(
    held: int, mark_value: int, initial_ppm: int, spread_ppm: int, taker_e8: int, equity: int, margin_micro: int
) -> int:
    """Lots whose sale at the spread and with the fee brings equity up to the initial margin; all when it never does.
    `mark_value` is that of one lot, `margin_micro` the account's initial margin of positions."""
    released = mark_value * initial_ppm // PPM
    cost = ceiling(mark_value * (spread_ppm * 100 + taker_e8), E8)
    if released <= cost:
        return held
    return min(held, ceiling(margin_micro - equity, released - cost))


class Liquidation:
    def __init__(
        self,
        state: State,
        ledger: Ledger,
        events: RiskEvents,
        matching: Matching,
        orders: Orders,
        takeover: Takeover,
        deleveraging: Deleveraging,
    ) -> None:
        self._state = state
        self._ledger = ledger
        self._events = events
        self._matching = matching
        self._orders = orders
        self._takeover = takeover
        self._deleveraging = deleveraging

    def look(self, account: Account) -> bool:
        """One look at a settled account: at most one action. True when it has acted and should be looked at again."""
        if not self._state.has_money or account.account_flags & AccountFlag.HOUSE:
            return self._flatten(account)
        if not account.held:
            return self._look_flat(account)
        figures = Figures(self._state, account)
        self._margin_call(account, figures)
        if account.stage == _NONE:
            if figures.equity > figures.maintenance:
                return self._flatten(account)
            account.stage = int(_CANCELLING)
            self._events.liquidation(account, _CANCELLING, figures)
            return True
        if account.stage == _CANCELLING:
            return self._cancel(account, figures)
        if account.stage == _REDUCING:
            return self._reduce(account, figures)
        if account.stage == _TAKEOVER:
            return self._takeover.advance(account)
        return self._deleveraging.advance(account, figures)

    # ---- stage 0, and an account without positions

    def _margin_call(self, account: Account, figures: Figures) -> None:
        called = int(figures.equity < figures.position_margin)
        if called != account.margin_called:
            account.margin_called = called
            stage = LiquidationStage.MARGIN_CALL if called else LiquidationStage.MARGIN_RESTORED
            self._events.liquidation(account, stage, figures)

    def _look_flat(self, account: Account) -> bool:
        """Nothing is left to liquidate: the reserve settles what there is below zero, if it can."""
        balance = account.balance_micro
        swept = account.stage in (_TAKEOVER, _ADL) and balance > 0
        if swept:  # the rounding of transfer prices, or what the mark has given back meanwhile
            self._ledger.enter(account, "settled", -balance, HouseAccount.RESERVE, EntryKind.LIQUIDATION_SWEEP)
        elif balance < 0 and self._state.risk.reserve_micro >= -balance:
            self._ledger.enter(account, "settled", -balance, HouseAccount.RESERVE, EntryKind.LIQUIDATION_COVER)
        figures = Figures(self._state, account)
        self._margin_call(account, figures)
        if account.balance_micro < 0:
            if not account.in_deficit:
                account.in_deficit = 1
                missing = -account.balance_micro
                self._events.liquidation(account, LiquidationStage.DEFICIT, figures, amount_micro=missing)
        else:
            account.in_deficit = 0
        self.end(account, figures)
        return False

    def end(self, account: Account, figures: Figures) -> None:
        """Back to normal."""
        if account.stage != _NONE:
            account.stage = int(_NONE)
            account.swept = 0
            self._events.liquidation(account, LiquidationStage.ENDED, figures)

    # ---- stage 1

    def _cancel(self, account: Account, figures: Figures) -> bool:
        """The oldest open order, or what comes after the last one."""
        order = next(iter(account.orders.values()), None)
        if order is not None:
            self._matching.withdraw(order, EventKind.ORDER_CANCELLED, Reason.CANCELLED_LIQUIDATION)
            return True
        if figures.equity <= figures.close_out:
            self._to_takeover(account, figures)
        elif figures.equity <= figures.maintenance:
            account.stage = int(_REDUCING)
            self._events.liquidation(account, _REDUCING, figures)
        else:
            self.end(account, figures)
            return False
        return True

    def _to_takeover(self, account: Account, figures: Figures) -> None:
        account.stage = int(_TAKEOVER)
        account.swept = 0
        self._events.liquidation(account, _TAKEOVER, figures)

    def _reduce(self, account: Account, figures: Figures) -> bool:
        if figures.equity <= figures.close_out:
            self._to_takeover(account, figures)
            return True
        if figures.equity >= figures.position_margin:
            self.end(account, figures)
            return False
        for position in self._by_maintenance(account):
            lots = self._slice_lots(account, position, figures)
            if lots:
                self._slice(account, position, figures, lots)
                return True
        return False

    def _by_maintenance(self, account: Account) -> list[Position]:
        """Positions that may be sliced in this pulse: the largest maintenance margin first, then the lower symbol."""
        state = self._state
        found = []
        for instrument_id, position in account.positions.items():
            instrument = state.instruments[instrument_id]
            due = position.slice_pulse != state.risk.pulses + 1
            if position.lots and due and instrument.state in _TRADED and not instrument.is_killed:
                found.append((-margin.maintenance_micro(instrument, position), instrument_id, position))
        return [position for *_, position in sorted(found, key=lambda entry: entry[:2])]

    def _slice_lots(self, account: Account, position: Position, figures: Figures) -> int:
        state = self._state
        instrument = state.instruments[position.instrument_id]
        mark_value = instrument.mark_value_micro(1)
        wanted = reduction_lots(
            abs(position.lots), mark_value, instrument.rates(position).initial,
            calendars.spread_ppm(state, instrument), self._taker_e8(account, instrument), figures.equity,
            figures.position_margin,
        )  # fmt: skip
        return min(wanted, self._flow_lots(instrument))

    def _flow_lots(self, instrument: Instrument) -> int:
        """What the flow cap still allows in this pulse."""
        allowed = flow_allowed_micro(instrument.flow_average_micro, calendars.flow_cap_micro(self._state, instrument))
        return max(0, allowed - instrument.flow_sent_micro) // instrument.mark_value_micro(1)

    def _taker_e8(self, account: Account, instrument: Instrument) -> int:
        return self._ledger.rate_e8(instrument, account.fee_tier, 0)

    def _slice(self, account: Account, position: Position, figures: Figures, lots: int) -> None:
        instrument = self._state.instruments[position.instrument_id]
        side = SELL if position.lots > 0 else BUY
        limit = self._limit_ticks(account, instrument, side, figures.equity, lots)
        self._send(position, side, lots, limit, TradeKind.LIQUIDATION, figures)

    def _limit_ticks(self, account: Account, instrument: Instrument, side: int, equity: int, lots: int) -> int:
        """Mark -/+ spread, never beyond the price at which equity would be used up, the fee included."""
        state, mark = self._state, instrument.mark_ticks
        spread = calendars.spread_ppm(state, instrument)
        rate = self._taker_e8(account, instrument)
        if side == SELL:
            limit = ceiling(mark * (PPM - spread), PPM)
            left = equity - fee_micro(rate, instrument.mark_value_micro(lots))
            limit = max(limit, mark - left // instrument.value_micro(lots))
        else:
            limit = mark * (PPM + spread) // PPM
            left = equity - fee_micro(rate, instrument.value_micro(lots * limit))
            limit = min(limit, mark + left // instrument.value_micro(lots))
        return min(max(limit, instrument.min_ticks), instrument.max_ticks)

    def _send(
        self, position: Position, side: int, lots: int, limit_ticks: int, kind: TradeKind, figures: Figures
    ) -> None:
        """An IOC of the venue's in the account's name."""
        state, account = self._state, position.account
        instrument = state.instruments[position.instrument_id]
        order_id = numbered(state.seq, VENUE_ORDERS + state.venue_orders)
        state.venue_orders += 1
        order = self._orders.blank(order_id, account.home_session_id, account, instrument.instrument_id)
        order.side, order.order_type, order.time_in_force = side, LIMIT, IOC
        order.flags, order.price_ticks, order.quantity_lots = VENUE_ORDER, limit_ticks, lots
        position.slice_pulse = state.risk.pulses + 1
        instrument.flow_sent_micro += instrument.mark_value_micro(lots)
        self._events.liquidation(
            account, LiquidationStage.SLICE, figures, position=position, price_ticks=limit_ticks, lots=lots,
            order_id=order_id,
        )  # fmt: skip
        state.add_order(order)
        self._matching.activate_venue_order(order, kind)

    # ---- flattening

    def _flatten(self, account: Account) -> bool:
        """Closes what a node with a tripped loss limit still holds: one slice per symbol and pulse, at the peg."""
        state = self._state
        if not any(node.flags & NodeFlag.FLATTENING for node in account.path):
            return False
        if account.orders:
            order = next(iter(account.orders.values()))
            self._matching.withdraw(order, EventKind.ORDER_CANCELLED, Reason.CANCELLED_LIMIT)
            return True
        for instrument_id, position in sorted(account.positions.items()):
            instrument = state.instruments[instrument_id]
            due = position.slice_pulse != state.risk.pulses + 1
            if not position.lots or not due or instrument.state not in _TRADED or instrument.is_killed:
                continue
            lots = abs(position.lots)
            if instrument.risk is not None:
                lots = min(lots, self._flow_lots(instrument))
            if lots:
                side = SELL if position.lots > 0 else BUY
                limit = calendars.peg_ticks(state, instrument, side)
                self._send(position, side, lots, limit, TradeKind.FLATTEN, Figures(state, account))
                return True
        return False
