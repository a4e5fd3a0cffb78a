"""Event records of quotes, risk and money: what each kind carries (docs/risk.md section 15).

Events about an account go to its home session; those about prices, funding and the house to the venue (session 0).
"""

from __future__ import annotations

from engine.records import (
    ACCOUNT_EVENT,
    ATTACHED_EVENT,
    ENTRY_EVENT,
    FUNDING_EVENT,
    INT64_MAX,
    LIMIT_EVENT,
    LIQUIDATION_EVENT,
    POSITION_EVENT,
    PRICE_EVENT,
    QUOTE_EVENT,
    EntryKind,
    EventKind,
    HouseAccount,
    LiquidationStage,
    PositionChange,
    Reason,
)
from engine.reference import calendars, funding_rates, margin
from engine.reference.arithmetic import ONE_Q20, near
from engine.reference.commands import EMPTY_ID
from engine.reference.events import NOBODY, Events
from engine.reference.instruments import Instrument
from engine.reference.margin import Figures
from engine.reference.nodes import Account, Limited, LimitRow, Party, Position
from engine.reference.state import Order, State

HOUSE_RESERVE = int(HouseAccount.RESERVE)


def _index_e8(instrument: Instrument) -> int:
    return min(near(instrument.pricing.index_q20 * instrument.tick_e8, ONE_Q20), INT64_MAX)


class RiskEvents:
    def __init__(self, state: State, events: Events) -> None:
        self._state = state
        self._events = events

    # ---- money

    def account_entry(
        self,
        account: Account,
        entry: EntryKind,
        amount: int,
        house: HouseAccount,
        *,
        instrument_id: int = 0,
        transfer_id: int = 0,
        rate_ppt: int = 0,
        price_e8: int = 0,
        position_e8: int = 0,
        reference: bytes = EMPTY_ID,
        counter_account_id: int = 0,
    ) -> None:
        """After the booking: the balances are those that it left."""
        head = self._to_home(EventKind.ACCOUNT_ENTRY, account, instrument_id)
        self._events.add(
            ENTRY_EVENT.pack_row(
                *head, amount, account.balance_micro, account.hold_micro, self._state.risk.house[house], transfer_id,
                rate_ppt, price_e8, position_e8, reference, counter_account_id, entry, house, 0,
            )
        )  # fmt: skip

    def house_entry(
        self,
        entry: EntryKind,
        amount: int,
        from_house: HouseAccount,
        to_house: HouseAccount,
        transfer_id: int = 0,
        reference: bytes = EMPTY_ID,
        instrument_id: int = 0,
    ) -> None:
        head = self._events.head(EventKind.HOUSE_ENTRY, Reason.ACK, 0, instrument_id, NOBODY)
        balance = self._state.risk.house[to_house]
        self._events.add(
            ENTRY_EVENT.pack_row(
                *head, amount, 0, 0, balance, transfer_id, 0, 0, 0, reference, 0, entry, to_house, from_house
            )
        )

    def reserve_state(self, floor_micro: int) -> None:
        """Below the floor (amount is what is missing) or above it again (amount 0)."""
        reserve = self._state.risk.reserve_micro
        head = self._events.head(EventKind.RESERVE_STATE, Reason.ACK, 0, 0, NOBODY)
        missing = max(0, floor_micro - reserve)
        self._events.add(
            ENTRY_EVENT.pack_row(
                *head, missing, 0, 0, reserve, 0, 0, 0, 0, EMPTY_ID, 0, EntryKind.NONE, HOUSE_RESERVE, 0
            )
        )

    def _to_home(self, kind: EventKind, account: Account, instrument_id: int) -> tuple[int, ...]:
        return self._events.head(kind, Reason.ACK, account.home_session_id, instrument_id, account.ids)

    # ---- accounts and positions as they stand

    def account_status(self, account: Account, to: int) -> None:
        figures = Figures(self._state, account)
        head = self._events.head(EventKind.ACCOUNT_STATUS, Reason.ACK, to, 0, account.ids)
        self._events.add(
            ACCOUNT_EVENT.pack_row(
                *head, account.balance_micro, account.deposits_micro, account.realised_micro, account.funding_micro,
                account.fees_micro, account.rewards_micro, account.settled_micro, account.hold_micro,
                figures.unrealised, figures.equity, figures.position_margin, figures.order_margin,
                figures.maintenance, figures.close_out, figures.available, figures.withdrawable,
                account.open_orders, account.stage, account.account_flags,
            )
        )  # fmt: skip

    def position_status(self, position: Position, to: int) -> None:
        account = position.account
        head = self._events.head(EventKind.POSITION_STATUS, Reason.ACK, to, position.instrument_id, account.ids)
        self._position(head, position, PositionChange.NONE)

    def position_changed(self, position: Position, change: PositionChange) -> None:
        head = self._to_home(EventKind.POSITION_CHANGED, position.account, position.instrument_id)
        self._position(head, position, change)

    def _position(self, head: tuple[int, ...], position: Position, change: PositionChange) -> None:
        instrument = self._state.instruments[position.instrument_id]
        lot = instrument.lot_e8
        if instrument.risk is None:
            margins = (0, 0, 0, 0)
        else:
            margins = (
                margin.required_micro(instrument, position),
                margin.position_margin_micro(instrument, position),
                margin.maintenance_micro(instrument, position),
                margin.close_out_micro(instrument, position),
            )
        leverage = position.leverage or (instrument.risk.leverage_max if instrument.risk else 0)
        self._events.add(
            POSITION_EVENT.pack_row(
                *head, position.lots * lot, instrument.value_micro(position.cost),
                instrument.mark_ticks * instrument.tick_e8, margin.unrealised_micro(instrument, position),
                position.realised_micro, position.funding_micro, *margins, position.bid_lots * lot,
                position.ask_lots * lot, leverage, change,
            )
        )  # fmt: skip

    # ---- liquidation

    def liquidation(
        self,
        account: Account,
        stage: LiquidationStage,
        figures: Figures,
        *,
        position: Position | None = None,
        amount_micro: int = 0,
        price_ticks: int = 0,
        lots: int = 0,
        order_id: int = 0,
    ) -> None:
        if self._state.observer is not None:
            self._state.observer.liquidation(account, stage)
        instrument_id = mark_e8 = price_e8 = quantity_e8 = position_e8 = 0
        if position is not None:
            instrument = self._state.instruments[position.instrument_id]
            instrument_id = instrument.instrument_id
            mark_e8 = instrument.mark_ticks * instrument.tick_e8
            price_e8, quantity_e8 = price_ticks * instrument.tick_e8, lots * instrument.lot_e8
            position_e8 = position.lots * instrument.lot_e8
        head = self._to_home(EventKind.LIQUIDATION, account, instrument_id)
        self._events.add(
            LIQUIDATION_EVENT.pack_row(
                *head, figures.equity, figures.position_margin, figures.maintenance, figures.close_out,
                self._state.risk.reserve_micro, amount_micro, mark_e8, price_e8, quantity_e8, position_e8, order_id,
                stage,
            )
        )  # fmt: skip

    # ---- limits

    def limit(
        self,
        kind: EventKind,
        row: LimitRow,
        usage: int,
        *,
        to: int = 0,
        ids: tuple[int, ...] = NOBODY,
        instrument_id: int = 0,
        order_id: int = 0,
        client_order_id: bytes = EMPTY_ID,
        node_flags: int = 0,
        reason: int = 0,
    ) -> None:
        head = self._events.head(kind, reason, to, instrument_id, ids)
        self._events.add(
            LIMIT_EVENT.pack_row(
                *head, order_id, client_order_id, row.value, usage, row.parameter, row.node_id, row.target_id,
                row.soft_ppm, node_flags, row.scope, row.kind, row.target, row.action, row.owner,
            )
        )  # fmt: skip

    def node_changed(self, scope: int, node_id: int, node: Limited | None, flags: int, reason: int = 0) -> None:
        """Kill switch or trading window. An instrument is no node: `node` is None then."""
        ids = node.ids if isinstance(node, Party) else NOBODY
        head = self._events.head(EventKind.NODE_CHANGED, reason, 0, 0, ids)
        self._events.add(LIMIT_EVENT.pack_row(*head, 0, EMPTY_ID, 0, 0, 0, node_id, 0, 0, flags, scope, 0, 0, 0, 0))

    # ---- prices and funding

    def price(self, kind: EventKind, instrument: Instrument, flagged: bool = False) -> None:
        """MARK_CHANGED and INSTRUMENT_STATE."""
        state, pricing, tick = self._state, instrument.pricing, instrument.tick_e8
        lower = upper = 0
        if instrument.mark_ticks and calendars.band_ppm(state, instrument):
            lower = min(calendars.lowest_sell_ticks(state, instrument) * tick, INT64_MAX)
            upper = min(calendars.highest_buy_ticks(state, instrument) * tick, INT64_MAX)
        head = self._events.head(kind, Reason.ACK, 0, instrument.instrument_id, NOBODY)
        self._events.add(
            PRICE_EVENT.pack_row(
                *head, instrument.mark_ticks * tick, _index_e8(instrument),
                instrument.oracle_price_e8, lower, upper, instrument.last_ticks * tick,
                instrument.long_lots * instrument.lot_e8, funding_rates.rate_ppt(instrument), pricing.source,
                calendars.risk_session(state, instrument), instrument.state, flagged,
            )
        )  # fmt: skip

    def funding_rate(self, instrument: Instrument, premium_ppb: int, samples: int) -> None:
        """The settlement that begins, for one instrument."""
        tick = instrument.tick_e8
        head = self._events.head(EventKind.FUNDING_RATE, Reason.ACK, 0, instrument.instrument_id, NOBODY)
        self._events.add(
            FUNDING_EVENT.pack_row(
                *head, instrument.funding.settle_rate_ppt, premium_ppb, instrument.funding.settle_mark_ticks * tick,
                _index_e8(instrument), instrument.long_lots * instrument.lot_e8,
                0, samples, self._state.accrual.epoch,
            )
        )  # fmt: skip

    def funding_done(self, residue_micro: int) -> None:
        head = self._events.head(EventKind.FUNDING_DONE, Reason.ACK, 0, 0, NOBODY)
        self._events.add(FUNDING_EVENT.pack_row(*head, 0, 0, 0, 0, 0, residue_micro, 0, self._state.accrual.epoch))

    # ---- attached pairs and quotes

    def attached(self, order: Order) -> None:
        tick = order.instrument.tick_e8
        head = self._events.head(
            EventKind.ORDER_ATTACHED, Reason.ACK, order.session_id, order.instrument.instrument_id, order.account.ids
        )
        self._events.add(
            ATTACHED_EVENT.pack_row(
                *head, order.order_id, order.client_order_id, order.take_profit_ticks * tick,
                order.stop_loss_ticks * tick,
            )
        )  # fmt: skip

    def quote(
        self,
        kind: EventKind,
        reason: int,
        session_id: int,
        position: Position,
        quote_id: bytes,
        reasons: tuple[int, int] = (0, 0),
        frozen_until_ns: int = 0,
    ) -> None:
        """QUOTE_SET and MMP_TRIPPED: what the account quotes in the instrument now."""
        instrument = self._state.instruments[position.instrument_id]
        head = self._events.head(kind, reason, session_id, instrument.instrument_id, position.account.ids)
        ids, terms = [], []
        for side in (1, 2):
            order = position.quotes.get(side)
            ids.append(order.order_id if order else 0)
            terms.append(order.price_ticks * instrument.tick_e8 if order else 0)
            terms.append(order.leaves_lots * instrument.lot_e8 if order else 0)
        self._events.add(
            QUOTE_EVENT.pack_row(
                *head, quote_id, *ids, *terms, position.lots * instrument.lot_e8, frozen_until_ns, 0, *reasons
            )
        )

    def quote_rejected(
        self, reason: int, session_id: int, account: Account | None, instrument_id: int, quote_id: bytes, detail: int
    ) -> None:
        ids = account.ids if account else NOBODY
        head = self._events.head(EventKind.QUOTE_REJECTED, reason, session_id, instrument_id, ids)
        self._events.add(QUOTE_EVENT.pack_row(*head, quote_id, 0, 0, 0, 0, 0, 0, 0, 0, detail, 0, 0))
