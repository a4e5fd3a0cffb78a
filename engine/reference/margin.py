"""What an account is worth and what it needs (docs/risk.md section 4): pure arithmetic, micro-USDC."""

from __future__ import annotations

from engine.reference.arithmetic import PPM, ceiling
from engine.reference.instruments import Instrument
from engine.reference.nodes import Account, Party, Position
from engine.reference.state import State


def required_micro(
    instrument: Instrument, position: Position, bid_value: int | None = None, ask_value: int | None = None
) -> int:
    """Initial margin of a position with its working orders, the worse side alone: ceil(max(|EL|, |ES|) * tv * im).
    The values (ticks x lots) are the position's own unless others are given."""
    held = position.lots * instrument.mark_ticks
    bids = position.bid_value if bid_value is None else bid_value
    asks = position.ask_value if ask_value is None else ask_value
    worse = max(abs(held + bids), abs(held - asks))
    return ceiling(instrument.value_micro(worse) * instrument.rates(position).initial, PPM)


def position_margin_micro(instrument: Instrument, position: Position) -> int:
    return ceiling(instrument.mark_value_micro(abs(position.lots)) * instrument.rates(position).initial, PPM)


def maintenance_micro(instrument: Instrument, position: Position) -> int:
    return ceiling(instrument.mark_value_micro(abs(position.lots)) * instrument.rates(position).maintenance, PPM)


def close_out_micro(instrument: Instrument, position: Position) -> int:
    return ceiling(instrument.mark_value_micro(abs(position.lots)) * instrument.rates(position).close_out, PPM)


def unrealised_micro(instrument: Instrument, position: Position) -> int:
    """Exact."""
    return instrument.value_micro(position.lots * instrument.mark_ticks - position.cost)


class Figures:
    """The sums of one account at the present marks."""

    __slots__ = ("balance", "close_out", "equity", "maintenance", "position_margin", "required", "unrealised")

    def __init__(self, state: State, account: Account) -> None:
        self.balance = account.balance_micro
        self.unrealised = 0
        self.required = 0  # initial margin, working orders included
        self.position_margin = 0  # initial margin of positions alone
        self.maintenance = 0
        self.close_out = 0
        for instrument_id, position in account.positions.items():
            instrument = state.instruments[instrument_id]
            if instrument.risk is None:
                continue  # never traded since the venue has money
            self.required += required_micro(instrument, position)
            if position.lots:
                self.unrealised += unrealised_micro(instrument, position)
                self.position_margin += position_margin_micro(instrument, position)
                self.maintenance += maintenance_micro(instrument, position)
                self.close_out += close_out_micro(instrument, position)
        self.equity = self.balance + self.unrealised

    @property
    def order_margin(self) -> int:
        return self.required - self.position_margin

    @property
    def available(self) -> int:
        return self.equity - self.required

    @property
    def withdrawable(self) -> int:
        """Unrealised gains do not leave the venue."""
        return max(0, self.balance + min(0, self.unrealised) - self.required)


def node_equity_micro(state: State, node: Party) -> int:
    """Cash and unrealised profit and loss of everything at and below a node."""
    total = node.balance_micro
    for instrument_id, exposure in node.exposures.items():
        instrument = state.instruments[instrument_id]
        total += instrument.value_micro(exposure.lots * instrument.mark_ticks - exposure.cost)
    return total
