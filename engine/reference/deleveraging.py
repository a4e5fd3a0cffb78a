"""Liquidation, stage 3 (docs/risk.md section 11): what nobody has taken over is netted against ranked counterparties,
at the price that leaves the liquidated account at zero."""

from __future__ import annotations

from engine.records import INT64_MAX, AccountFlag, Side, TradeKind
from engine.reference import margin
from engine.reference.accruals import Accruals
from engine.reference.arithmetic import PPM, ceiling, down
from engine.reference.instruments import Instrument
from engine.reference.margin import Figures
from engine.reference.nodes import Account, Position
from engine.reference.risk_events import RiskEvents
from engine.reference.state import State
from engine.reference.transfers import Transfers

_GUARDED, _UNGUARDED = 1, 2  # rounds of a ranking; 0 while it is being made
RANK_STEP = 64
_LAST = int(AccountFlag.DLP | AccountFlag.HOUSE)


def equity_shares(equity: int, notionals: list[int]) -> list[int]:
    """The account's equity split by notional, DOWN each; the rest goes to the largest, the first of them."""
    total = sum(notionals)
    given = [down(equity * notional, total) for notional in notionals]
    given[notionals.index(max(notionals))] += equity - sum(given)
    return given


def zero_price_ticks(lots: int, mark_ticks: int, tick_value: int, equity: int) -> int:
    """The price at which a position of signed lots leaves nothing of its share of equity, in the account's favour."""
    held = abs(lots)
    value = mark_ticks * held * tick_value
    if lots > 0:
        return ceiling(value - equity, held * tick_value)
    return (value + equity) // (held * tick_value)


def guarded_lots(held: int, cover: int, loss_per_lot: int, maintenance_per_lot: int) -> int:
    """The most lots a counterparty may give so that its equity stays at or above its maintenance margin. `cover` is its
    equity less the maintenance margin of its other positions; all three in micro-USDC x 1e6."""
    if loss_per_lot <= maintenance_per_lot:
        return held if cover >= held * loss_per_lot else 0
    spare = cover - held * maintenance_per_lot
    return min(held, spare // (loss_per_lot - maintenance_per_lot)) if spare >= 0 else 0


def unguarded_lots(held: int, equity: int, loss_per_lot: int) -> int:
    """The most lots until its equity is used up; `loss_per_lot` in micro-USDC."""
    if loss_per_lot <= 0:
        return held
    return max(0, min(held, equity // loss_per_lot))


class Deleveraging:
    def __init__(self, state: State, events: RiskEvents, transfers: Transfers, accruals: Accruals) -> None:
        self._state = state
        self._events = events
        self._transfers = transfers
        self._accruals = accruals

    def advance(self, account: Account, figures: Figures) -> bool:
        """A part of the ranking, or one transfer. False when nothing more can be done before the next pulse."""
        pulse = self._state.risk.pulses + 1
        positions = [p for _, p in sorted(account.positions.items()) if p.lots]
        values = [self._state.instruments[p.instrument_id].mark_value_micro(abs(p.lots)) for p in positions]
        shares = equity_shares(figures.equity, values)
        for position, share in zip(positions, shares, strict=True):
            if position.tried_pulse == pulse:
                continue
            instrument = self._state.instruments[position.instrument_id]
            self._open(account, position, instrument, share)
            if self._state.ranking.round == 0:
                self._rank(instrument)
            elif not self._give(position, instrument):
                position.tried_pulse = pulse
            return True
        return False

    def _open(self, account: Account, position: Position, instrument: Instrument, share: int) -> None:
        """The ranking of the position's counterparties in this pulse, and the one price at which it goes."""
        ranking, pulse = self._state.ranking, self._state.risk.pulses + 1
        side = int(Side.SELL if position.lots > 0 else Side.BUY)
        if (ranking.instrument_id, ranking.side, ranking.pulse) != (instrument.instrument_id, side, pulse):
            ranking.start(instrument.instrument_id, side, pulse)
        if ranking.account_id != account.party_id:
            ranking.account_id = account.party_id
            ranking.price_ticks = max(
                1, zero_price_ticks(position.lots, instrument.mark_ticks, instrument.tick_value_micro, share)
            )

    # ---- the ranking

    def _rank(self, instrument: Instrument) -> None:
        """The next RANK_STEP holders, by account id; after the last one the rows are put in order."""
        ranking = self._state.ranking
        visited = list(instrument.holders.irange(ranking.cursor_id, inclusive=(False, False)))[:RANK_STEP]
        for account_id in visited:
            ranking.cursor_id = account_id
            position: Position = instrument.holders[account_id]
            account = position.account
            self._accruals.settle(account)
            opposite = position.lots < 0 if ranking.side == Side.SELL else position.lots > 0
            if opposite and not account.stage:
                maintenance = margin.maintenance_micro(instrument, position)
                key = Figures(self._state, account).equity * PPM // maintenance
                key = max(-INT64_MAX, min(key, INT64_MAX))
                last = int(bool(account.account_flags & _LAST))
                ranking.rows.append((last, key, -abs(position.lots), account_id))
        if len(visited) < RANK_STEP:
            ranking.rows.sort()
            ranking.round = _GUARDED

    # ---- the transfers

    def _give(self, position: Position, instrument: Instrument) -> bool:
        """The next counterparty gives what it can. False when the ranking is used up."""
        ranking = self._state.ranking
        for _ in range(RANK_STEP):
            if ranking.taken == len(ranking.rows):
                if ranking.round == _UNGUARDED:
                    return False
                ranking.round, ranking.taken = _UNGUARDED, 0
                continue
            account_id = ranking.rows[ranking.taken][3]
            counterparty = self._state.positions[account_id, instrument.instrument_id]
            able = self._able_lots(position, counterparty, instrument)
            lots = min(abs(position.lots), able)
            if lots == able:
                ranking.taken += 1
            if lots:
                self._transfers.carry_out(position, counterparty, lots, ranking.price_ticks, TradeKind.ADL)
                if not position.lots:
                    ranking.account_id = 0
                return True
        return True

    def _able_lots(self, position: Position, counterparty: Position, instrument: Instrument) -> int:
        """How many lots the counterparty gives in this round; 0 when it no longer holds the other side."""
        account = counterparty.account
        self._accruals.settle(account)
        if counterparty.lots * position.lots >= 0 or account.stage:
            return 0
        held, ranking = abs(counterparty.lots), self._state.ranking
        distance = ranking.price_ticks - instrument.mark_ticks
        loss = instrument.value_micro(distance if position.lots > 0 else -distance)
        figures = Figures(self._state, account)
        if ranking.round == _UNGUARDED:
            return unguarded_lots(held, figures.equity, loss)
        others = figures.maintenance - margin.maintenance_micro(instrument, counterparty)
        per_lot = instrument.mark_value_micro(1) * instrument.rates(counterparty).maintenance
        return guarded_lots(held, (figures.equity - others) * PPM, loss * PPM, per_lot)
