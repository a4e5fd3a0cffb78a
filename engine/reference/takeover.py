"""Liquidation, stage 2 (docs/risk.md section 10): the reserve settles with the account, liquidity providers take its
positions at the mark and are paid for it out of the reserve."""

from __future__ import annotations

from engine.records import AccountFlag, EntryKind, HouseAccount, LiquidationStage, NodeFlag, PartyStatus, TradeKind
from engine.reference import calendars
from engine.reference.accruals import Accruals
from engine.reference.arithmetic import PPM, ceiling
from engine.reference.instruments import RATES, Instrument
from engine.reference.ledger import Ledger
from engine.reference.margin import Figures
from engine.reference.nodes import Account, Position
from engine.reference.risk_events import RiskEvents
from engine.reference.state import State
from engine.reference.transfers import Transfers

FEE_PERCENT = 60  # of the close-out rate at the largest leverage


def fee_per_lot_micro(instrument: Instrument) -> int:
    assert instrument.risk is not None
    rate_ppm = RATES[instrument.risk.leverage_max].close_out * FEE_PERCENT // 100
    return ceiling(instrument.mark_value_micro(1) * rate_ppm, PPM)


def shares(lots: int, capacities: list[int]) -> list[int]:
    """Pro rata, floors; what is left over goes lot by lot to the largest fraction, then the first. `lots` is at most
    the sum of the capacities."""
    total = sum(capacities)
    if total == 0:
        return [0] * len(capacities)
    given = [lots * capacity // total for capacity in capacities]
    over = lots - sum(given)
    by_fraction = sorted(range(len(capacities)), key=lambda i: (-(lots * capacities[i] % total), i))
    for i in by_fraction[:over]:
        given[i] += 1
    return given


class Takeover:
    def __init__(
        self, state: State, ledger: Ledger, events: RiskEvents, transfers: Transfers, accruals: Accruals
    ) -> None:
        self._state = state
        self._ledger = ledger
        self._events = events
        self._transfers = transfers
        self._accruals = accruals

    def advance(self, account: Account) -> bool:
        """Settles with the reserve, then one position; True until what is left has to be deleveraged."""
        figures = Figures(self._state, account)
        if not account.swept:
            for held in account.positions.values():
                held.tried_pulse = 0
            if self._sweep(account, figures):
                account.swept = 1
            else:
                self._to_deleveraging(account, figures)
            return True
        position = self._largest(account)
        if position is None:
            self._to_deleveraging(account, figures)
            return True
        self._hand_over(account, position, figures)
        return True

    def _to_deleveraging(self, account: Account, figures: Figures) -> None:
        if account.held:
            account.stage = int(LiquidationStage.ADL)
            for position in account.positions.values():
                position.tried_pulse = 0
            self._events.liquidation(account, LiquidationStage.ADL, figures)

    def _sweep(self, account: Account, figures: Figures) -> bool:
        """Equity becomes 0: the reserve takes what is positive and gives what is negative. False when it lacks."""
        equity = figures.equity
        if equity < 0 and self._state.risk.reserve_micro < -equity:
            return False
        if equity:
            entry = EntryKind.LIQUIDATION_SWEEP if equity > 0 else EntryKind.LIQUIDATION_COVER
            self._ledger.enter(account, "settled", -equity, HouseAccount.RESERVE, entry)
        return True

    def _largest(self, account: Account) -> Position | None:
        """The position with the largest notional that was not yet offered in this pulse, then the lower symbol."""
        state = self._state
        offered = state.risk.pulses + 1
        found = [
            (-state.instruments[i].mark_value_micro(abs(p.lots)), i, p)
            for i, p in account.positions.items()
            if p.lots and p.tried_pulse != offered
        ]
        return min(found, key=lambda entry: entry[:2])[2] if found else None

    def _hand_over(self, account: Account, position: Position, figures: Figures) -> None:
        instrument = self._state.instruments[position.instrument_id]
        offered = abs(position.lots)
        providers = self._providers(account)
        for provider in providers:
            self._take_opposite(position, provider)
        if position.lots:
            self._take_for_fee(position, instrument, providers)
        taken = offered - abs(position.lots)
        self._events.liquidation(
            account,
            LiquidationStage.TAKEOVER,
            figures,
            position=position,
            price_ticks=instrument.mark_ticks,
            lots=taken,
        )
        position.tried_pulse = self._state.risk.pulses + 1

    def _providers(self, account: Account) -> list[Account]:
        """Those who may take over now, by account id."""
        found = [
            other
            for other in self._state.accounts.values()
            if other.account_flags & AccountFlag.DLP
            and other is not account
            and not other.stage
            and other.status == PartyStatus.ACTIVE
            and not any(node.flags & NodeFlag.KILLED for node in other.path)
        ]
        for provider in found:
            self._accruals.settle(provider)
        return found

    def _take_opposite(self, position: Position, provider: Account) -> None:
        """A provider who holds the other side gives up as much of it, for no fee."""
        held = provider.positions.get(position.instrument_id)
        if held is None or held.lots * position.lots >= 0:
            return
        instrument = self._state.instruments[position.instrument_id]
        lots = min(abs(position.lots), abs(held.lots))
        self._transfers.carry_out(position, held, lots, instrument.mark_ticks, TradeKind.DLP_TRANSFER)

    def _take_for_fee(self, position: Position, instrument: Instrument, providers: list[Account]) -> None:
        capacities = self._capacities(providers, position, instrument)
        fee = fee_per_lot_micro(instrument)
        lots = min(abs(position.lots), sum(capacities), max(0, self._state.risk.reserve_micro) // fee)
        for provider, share in zip(providers, shares(lots, capacities), strict=True):
            if share:
                taken = self._state.position_for(provider, instrument.instrument_id)
                assert taken is not None
                self._transfers.carry_out(position, taken, share, instrument.mark_ticks, TradeKind.DLP_TRANSFER)
                self._ledger.enter(
                    provider, "settled", share * fee, HouseAccount.RESERVE, EntryKind.DLP_FEE,
                    instrument_id=instrument.instrument_id,
                )  # fmt: skip

    def _capacities(self, providers: list[Account], position: Position, instrument: Instrument) -> list[int]:
        """Position records that are free go to the first who need one."""
        free = self._state.limits.positions_max - len(self._state.positions)
        found = []
        for provider in providers:
            is_new = instrument.instrument_id not in provider.positions
            lots = 0 if is_new and not free else self._capacity(provider, position, instrument)
            free -= is_new and lots > 0
            found.append(lots)
        return found

    def _capacity(self, provider: Account, position: Position, instrument: Instrument) -> int:
        """Lots that it has margin and room for."""
        state = self._state
        held = provider.positions.get(instrument.instrument_id) or Position(provider, instrument.instrument_id)
        leverage = held.leverage or (instrument.risk.leverage_max if instrument.risk else 1)
        margin_per_lot = ceiling(instrument.mark_value_micro(1) * RATES[leverage].initial, PPM)
        affordable = max(0, Figures(state, provider).available) // margin_per_lot
        cap = calendars.position_cap_micro(state, instrument, leverage)
        if provider.dlp_notional_max_micro:
            cap = min(cap, provider.dlp_notional_max_micro)
        worst = held.lots + held.bid_lots if position.lots > 0 else held.ask_lots - held.lots
        room = cap // instrument.mark_value_micro(1) - worst
        return max(0, min(affordable, room))
