"""What happens to every account at one instant: funding settlements, splits, delistings (docs/risk.md sections 12, 13).

The instant fixes the numbers; accounts are booked as they are touched, at the latest by a pass in steps. An account
counts as booked when its epoch is the venue's. Before anything looks at an account's money or position it is settled.
"""

from __future__ import annotations

from engine.records import CommandKind, EntryKind, HouseAccount, PositionChange
from engine.reference import exposures
from engine.reference.arithmetic import down, up
from engine.reference.instruments import Instrument
from engine.reference.ledger import Ledger
from engine.reference.nodes import Account, Position
from engine.reference.risk_events import RiskEvents
from engine.reference.state import State

_PPT = 10**12


class Accruals:
    def __init__(self, state: State, ledger: Ledger, events: RiskEvents) -> None:
        self._state = state
        self._ledger = ledger
        self._events = events

    def start(self, kind: CommandKind, instrument: Instrument | None = None, price_ticks: int = 0) -> None:
        """None may be under way."""
        accrual = self._state.accrual
        accrual.kind = int(kind)
        accrual.epoch += 1
        accrual.cursor_id = 0
        accrual.instrument_id = instrument.instrument_id if instrument else 0
        accrual.price_ticks = price_ticks
        accrual.fraction_parts = accrual.fraction_cost = 0

    def settle(self, account: Account) -> bool:
        """Books what is outstanding for an account. True when something was."""
        accrual = self._state.accrual
        if account.epoch == accrual.epoch:
            return False
        account.epoch = accrual.epoch
        if not accrual.kind or not account.held:
            return False
        if accrual.kind == CommandKind.FUNDING_SETTLE:
            booked = self._settle_funding(account)
        else:
            booked = self._settle_instrument(account)
        if booked:
            self._state.touch(account)
        return booked

    def advance(self) -> Account | None:
        """Books the next holder; None when all are booked and the accrual has ended."""
        state, accrual = self._state, self._state.accrual
        for account_id in state.holders.irange(accrual.cursor_id, inclusive=(False, False)):
            accrual.cursor_id = account_id
            account: Account = state.holders[account_id]
            self.settle(account)
            return account
        self._finish()
        return None

    # ---- funding

    def _settle_funding(self, account: Account) -> bool:
        booked = False
        for instrument_id, position in sorted(account.positions.items()):
            instrument = self._state.instruments[instrument_id]
            window = instrument.funding
            value = instrument.value_micro(position.lots * window.settle_mark_ticks) * window.settle_rate_ppt
            amount = -up(value, _PPT) if value > 0 else down(-value, _PPT)
            if amount:
                position.funding_micro += amount
                self._ledger.enter(
                    account, "funding", amount, HouseAccount.FUNDING, EntryKind.FUNDING, instrument_id=instrument_id,
                    rate_ppt=window.settle_rate_ppt, price_e8=window.settle_mark_ticks * instrument.tick_e8,
                    position_e8=position.lots * instrument.lot_e8,
                )  # fmt: skip
                booked = True
        return booked

    # ---- splits and delistings

    def _settle_instrument(self, account: Account) -> bool:
        accrual = self._state.accrual
        position = account.positions.get(accrual.instrument_id)
        if position is None or not position.lots:
            return False
        if accrual.kind == CommandKind.SPLIT:
            self._split(position)
        else:
            self._delist(position)
        return True

    def _realise(self, position: Position, entry: EntryKind) -> None:
        """Profit and loss up to the accrual's price."""
        if not self._state.has_money:
            return
        instrument = self._state.instruments[position.instrument_id]
        price_ticks = self._state.accrual.price_ticks
        realised = instrument.value_micro(position.lots * price_ticks - position.cost)
        self._ledger.realise(position, realised)
        self._events.account_entry(
            position.account, entry, realised, HouseAccount.CLEARING, instrument_id=instrument.instrument_id,
            price_e8=price_ticks * instrument.tick_e8, position_e8=position.lots * instrument.lot_e8,
        )  # fmt: skip

    def _split(self, position: Position) -> None:
        """Quantity x ratio DOWN; the whole cost at the old mark carries over, less that of the fraction of a lot."""
        accrual = self._state.accrual
        self._realise(position, EntryKind.SPLIT)
        lots = position.lots
        after = down(lots * accrual.numerator, accrual.denominator)
        parts = lots * accrual.numerator - after * accrual.denominator
        cost = fraction = 0
        if self._state.has_money:
            fraction = down(accrual.price_ticks * parts, accrual.numerator)
            cost = accrual.price_ticks * lots - fraction
        exposures.move(self._state, position, after - lots, cost - position.cost)
        accrual.fraction_parts += parts
        accrual.fraction_cost += fraction
        self._events.position_changed(position, PositionChange.SPLIT)

    def _delist(self, position: Position) -> None:
        self._realise(position, EntryKind.DELISTING)
        exposures.move(self._state, position, -position.lots, -position.cost)
        self._events.position_changed(position, PositionChange.DELISTING)

    # ---- the end

    def _finish(self) -> None:
        state, accrual = self._state, self._state.accrual
        if accrual.kind == CommandKind.FUNDING_SETTLE:
            residue = state.risk.house[HouseAccount.FUNDING]
            if residue:
                self._ledger.move_house(HouseAccount.FUNDING, HouseAccount.RESERVE, residue, EntryKind.ROUNDING)
            self._events.funding_done(residue)
        elif accrual.kind == CommandKind.SPLIT and (accrual.fraction_parts or accrual.fraction_cost):
            self._take_fractions()
        accrual.kind = accrual.instrument_id = accrual.cursor_id = accrual.price_ticks = 0
        accrual.numerator = accrual.denominator = accrual.fraction_parts = accrual.fraction_cost = 0

    def _take_fractions(self) -> None:
        """The house account takes the fractions of all accounts, together whole lots, at the new mark; what its price
        differs from their cost is rounding."""
        state, accrual = self._state, self._state.accrual
        instrument = state.instruments[accrual.instrument_id]
        house: Account = state.accounts[state.risk.terms.fraction_account_id]
        position = state.positions[house.party_id, instrument.instrument_id]
        lots = accrual.fraction_parts // accrual.denominator
        cost = accrual.fraction_cost
        accrual.fraction_parts = accrual.fraction_cost = 0
        if lots:
            self._book_fractions(position, lots, instrument)
        difference = instrument.value_micro(cost - lots * instrument.mark_ticks) if state.has_money else 0
        if difference:
            self._ledger.move_house(
                HouseAccount.RESERVE, HouseAccount.CLEARING, difference, EntryKind.ROUNDING,
                instrument_id=instrument.instrument_id,
            )  # fmt: skip
        if lots:
            self._events.position_changed(position, PositionChange.HOUSE)

    def _book_fractions(self, position: Position, lots: int, instrument: Instrument) -> None:
        """At the new mark; what that realises is told, as no fill tells it."""
        before_e8, mark = position.lots * instrument.lot_e8, instrument.mark_ticks
        realised = self._ledger.book(position, lots, mark)
        if realised:
            self._events.account_entry(
                position.account, EntryKind.SPLIT, realised, HouseAccount.CLEARING,
                instrument_id=instrument.instrument_id, price_e8=mark * instrument.tick_e8, position_e8=before_e8,
            )  # fmt: skip
