"""The ledger: every movement of money has two sides, one of them a house account (docs/risk.md section 3).

Nothing else writes cash, cost or house balances. All accounts' cash and all house balances sum to zero at any time.
"""

from __future__ import annotations

from engine.records import CommandKind, EntryKind, HouseAccount, Liquidity
from engine.reference import exposures
from engine.reference.arithmetic import E8, down
from engine.reference.commands import EMPTY_ID
from engine.reference.instruments import Instrument
from engine.reference.nodes import Account, Position
from engine.reference.risk_events import RiskEvents
from engine.reference.state import State

PARTS = ("deposits", "realised", "funding", "fees", "rewards", "settled")  # of an account's cash; fees count against it
_MAKER = int(Liquidity.MAKER)


class InvariantError(AssertionError):
    """Money or positions do not add up: ours, nothing to go on from."""


class Ledger:
    def __init__(self, state: State, events: RiskEvents) -> None:
        self._state = state
        self._events = events

    # ---- movements

    def post(self, account: Account, part: str, amount: int, house: HouseAccount) -> None:
        """`amount` > 0 goes to the account, from the house account."""
        name = part + "_micro"
        setattr(account, name, getattr(account, name) + (-amount if part == "fees" else amount))
        for node in account.path:
            node.balance_micro += amount
        self._state.risk.house[house] -= amount

    def enter(
        self, account: Account, part: str, amount: int, house: HouseAccount, entry: EntryKind, **details: int
    ) -> None:
        """A movement with its event."""
        self.post(account, part, amount, house)
        self._events.account_entry(account, entry, amount, house, **details)  # type: ignore[arg-type]

    def move_house(
        self,
        from_house: HouseAccount,
        to_house: HouseAccount,
        amount: int,
        entry: EntryKind,
        transfer_id: int = 0,
        reference: bytes = EMPTY_ID,
        instrument_id: int = 0,
    ) -> None:
        house = self._state.risk.house
        house[from_house] -= amount
        house[to_house] += amount
        self._events.house_entry(entry, amount, from_house, to_house, transfer_id, reference, instrument_id)

    # ---- trades

    def book(self, position: Position, lots: int, price_ticks: int) -> int:
        """A trade of signed lots: position, cost, and the profit that it realises, which it returns (micro-USDC).
        Without money positions have no cost and nothing is realised."""
        state = self._state
        if not state.has_money:
            exposures.move(state, position, lots, 0)
            return 0
        instrument: Instrument = state.instruments[position.instrument_id]
        held, cost = position.lots, position.cost
        closing = min(abs(held), abs(lots)) if held * lots < 0 else 0
        removed = down(cost * closing, abs(held)) if closing else 0
        opening = lots + closing if lots < 0 else lots - closing
        exposures.move(state, position, lots, opening * price_ticks - removed)
        if not closing:
            return 0
        proceeds = price_ticks * closing if held > 0 else -price_ticks * closing
        realised = instrument.value_micro(proceeds - removed)
        self.realise(position, realised)
        return realised

    def realise(self, position: Position, realised: int) -> None:
        position.realised_micro += realised
        self.post(position.account, "realised", realised, HouseAccount.CLEARING)

    def charge(self, account: Account, instrument: Instrument, tier: int, liquidity: int, lots: int, ticks: int) -> int:
        """The fee of one side of a fill, + is charged: UP, a rebate DOWN (rulebook section 11)."""
        if not self._state.has_money:
            return 0
        fee = fee_micro(self.rate_e8(instrument, tier, liquidity), instrument.value_micro(lots * ticks))
        self.post(account, "fees", -fee, HouseAccount.FEES)
        return fee

    def rate_e8(self, instrument: Instrument, tier: int, liquidity: int) -> int:
        """The tier's rate, tier 0's when the tier has none for the instrument."""
        assert instrument.risk is not None
        rates = self._state.fees.get((instrument.instrument_id, tier)) if tier else None
        maker, taker = rates or (instrument.risk.maker_rate_e8, instrument.risk.taker_rate_e8)
        return int(maker if liquidity == _MAKER else taker)

    # ---- what must always hold

    def check(self) -> None:
        """Raises InvariantError. Looks at everything: for tests."""
        state = self._state
        house = state.risk.house
        cash = sum(account.balance_micro for account in state.accounts.values())
        if cash + sum(house) != 0:
            raise InvariantError(f"cash {cash} and house {house} do not sum to zero after command {state.seq}")
        for account in state.accounts.values():
            parts = sum(getattr(account, part + "_micro") for part in PARTS) - 2 * account.fees_micro
            if parts != account.balance_micro:
                raise InvariantError(f"account {account.party_id}: {account.balance_micro} is not the sum of its parts")
        cost = 0
        for instrument in state.instruments.values():
            positions = [p for p in state.positions.values() if p.instrument_id == instrument.instrument_id]
            cost += instrument.value_micro(sum(p.cost for p in positions))
            if state.accrual.instrument_id == instrument.instrument_id:
                # Some accounts have their new lots, others their old; a delisting closes them one by one at its price.
                if state.accrual.kind == CommandKind.DELIST:
                    cost -= instrument.value_micro(state.accrual.price_ticks * sum(p.lots for p in positions))
                continue
            if sum(p.lots for p in positions):
                raise InvariantError(f"positions of instrument {instrument.instrument_id} do not sum to zero")
            if instrument.long_lots != sum(max(p.lots, 0) for p in positions):
                raise InvariantError(f"open interest of instrument {instrument.instrument_id} is wrong")
        suspense = state.accrual.fraction_cost
        if suspense:
            cost += state.instruments[state.accrual.instrument_id].value_micro(suspense)
        if house[HouseAccount.CLEARING] != -cost:
            raise InvariantError(f"clearing holds {house[HouseAccount.CLEARING]}, open positions cost {cost}")


def fee_micro(rate_e8: int, notional_micro: int) -> int:
    """UP when charged; a rebate (negative rate) DOWN."""
    if rate_e8 >= 0:
        return -(-notional_micro * rate_e8 // E8)
    return -(notional_micro * -rate_e8 // E8)
