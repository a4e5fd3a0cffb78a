"""A market with money for scenarios: the rulebook's AAPL contract in ticks and lots, and what accounts are worth.

    market = RiskMarket(engine)
    market.deposit("A", 10_000)
    market.trade("A", "B", 1000, 25_400)      # A buys 1000 lots from B
    market.mark(25_408)
    assert market.status("A")["equity_micro"] == ...

Instrument 1 is AAPL (tick 0.01, lot 0.001, tick value 10 micro-USDC, leverage 10), without speed bump, band, fees and
minimum value unless a test asks for them. Accounts and sessions are those of `tests.scenario`; each account's session
is its home. `play` and its lines work as there.
"""

from __future__ import annotations

from typing import Any

from engine.api import Engine
from engine.records import (
    COMMAND_BODIES,
    CommandKind,
    EventKind,
    LogonFlag,
    OrderType,
    Reason,
    Side,
    TimeInForce,
)
from tests.scenario import ACCOUNTS, SESSIONS, Market

K = CommandKind
USDC = 1_000_000  # micro
TICK_E8, LOT_E8, TICK_VALUE = 1_000_000, 100_000, 10
SECOND = 10**9
SIDES = {"buy": int(Side.BUY), "sell": int(Side.SELL)}
SESSION_NAMES = ("open", "overnight", "weekend")
RISK: dict[str, Any] = {
    "position_cap_micro": 2_500_000 * USDC, "interest_cap_micro": 50_000_000 * USDC,
    "impact_notional_micro": 10_000 * USDC, "leverage_max": 10, "leverage_ceiling": 10,
}  # fmt: skip


def _triple(name: str, values: tuple[int, int, int]) -> dict[str, int]:
    return {name.format(session): value for session, value in zip(SESSION_NAMES, values, strict=True)}


VENUE: dict[str, Any] = {
    "risk_flags": 1,
    **_triple("position_cap_{}_ppm", (1_000_000, 500_000, 100_000)),
    **_triple("interest_cap_{}_ppm", (1_000_000, 500_000, 100_000)),
    **_triple("band_{}_ppm", (1_000_000, 700_000, 500_000)),
    **_triple("spread_{}_tenths", (1, 2, 3)),
    **_triple("flow_cap_{}_micro", (100_000 * USDC, 50_000 * USDC, 10_000 * USDC)),
    "total_interest_cap_micro": 2_000_000_000 * USDC,
}


class RiskMarket(Market):
    def __init__(self, engine: Engine, **venue: Any) -> None:
        self._transfers = 0
        super().__init__(engine)
        self.venue(**venue)
        for name, account in ACCOUNTS.items():
            self.configure(K.SET_ACCOUNT_RISK, account_id=account, home_session_id=SESSIONS[name])

    # ---- configuration

    def configure(self, kind: CommandKind, **fields: Any) -> None:
        """A command that has to be accepted, whatever it causes besides."""
        self.accepted(kind, **fields)

    def accepted(self, kind: CommandKind, **fields: Any) -> list[dict[str, Any]]:
        """Likewise, and all its events."""
        events = self.send(kind, **fields)
        assert of_kind(events, EventKind.CONFIG_SET), [self.show(e) for e in events]
        return events

    def instrument(self, instrument: int = 1, **fields: Any) -> None:
        """AAPL under another id; fields of SET_INSTRUMENT and of SET_INSTRUMENT_RISK."""
        aapl = {
            "symbol": f"AAPL{instrument}-USD", "tick_size_e8": TICK_E8, "lot_size_e8": LOT_E8,
            "min_price_e8": TICK_E8, "max_price_e8": 250_000 * TICK_E8, "min_quantity_e8": LOT_E8,
            "max_quantity_e8": 5_000_000 * LOT_E8,
        }  # fmt: skip
        names = COMMAND_BODIES[K.SET_INSTRUMENT_RISK].names
        risk = {name: fields.pop(name) for name in list(fields) if name in names}
        super().instrument(instrument, **{**aapl, **fields})
        self.risk(instrument, **risk)

    def risk(self, instrument: int = 1, **fields: Any) -> None:
        self.configure(K.SET_INSTRUMENT_RISK, instrument_id=instrument, **{**RISK, **fields})

    def venue(self, **fields: Any) -> None:
        self.configure(K.SET_VENUE_RISK, **{**VENUE, **fields})

    def account_risk(self, name: str, **fields: Any) -> None:
        self.configure(K.SET_ACCOUNT_RISK, account_id=ACCOUNTS[name], **{"home_session_id": SESSIONS[name], **fields})

    def limit(self, kind: int, value: int, scope: int, node: int, **fields: Any) -> None:
        self.configure(K.SET_LIMIT, limit_kind=int(kind), value=value, scope=int(scope), node_id=node, **fields)

    # ---- money

    def move(self, kind: CommandKind, name: str, micro: int, **fields: Any) -> tuple[Reason, list[dict[str, Any]]]:
        """A movement under the next number: its reason and its events."""
        self._transfers += 1
        values = {"transfer_id": self._transfers, "amount_micro": micro, "account_id": ACCOUNTS.get(name, 0), **fields}
        events = self.send(kind, **values)
        [answer] = [e for e in events if e["kind"] in (EventKind.CONFIG_SET, EventKind.COMMAND_REJECTED)]
        return answer["reason"], events

    def deposit(self, name: str, usdc: int, micro: int = 0) -> None:
        reason, _ = self.move(K.DEPOSIT, name, usdc * USDC + micro)
        assert reason == Reason.ACK

    def top_up(self, usdc: int, micro: int = 0) -> None:
        """The reserve fund, from outside."""
        reason, _ = self.move(K.HOUSE_TRANSFER, "", usdc * USDC + micro, from_house=5, to_house=2)
        assert reason == Reason.ACK

    def leave_with(self, name: str, micro: int) -> None:
        """A withdrawal of everything but this much cash."""
        reason, _ = self.move(K.WITHDRAW_REQUEST, name, self.balance(name) - micro)
        assert reason == Reason.ACK

    def balance(self, name: str) -> int:
        """Cash, from a deposit of one micro-USDC: no work in steps has to run for it."""
        _, events = self.move(K.DEPOSIT, name, 1)
        return int(next(e["balance_micro"] for e in events if e["kind"] == EventKind.ACCOUNT_ENTRY))

    # ---- orders in lots and ticks

    def order(
        self, name: str, side: str, lots: int, ticks: int, instrument: int = 1, **fields: Any
    ) -> list[dict[str, Any]]:
        """A PLACE, LIMIT GTC unless the fields say otherwise."""
        values = {"order_type": int(OrderType.LIMIT), "time_in_force": int(TimeInForce.GTC), **fields}
        return self.send(
            K.PLACE, session_id=SESSIONS[name], account_id=ACCOUNTS[name], instrument_id=instrument, side=SIDES[side],
            quantity_e8=lots * LOT_E8, price_e8=ticks * TICK_E8, **values,
        )  # fmt: skip

    def outcome(self, name: str, side: str, lots: int, ticks: int, **fields: Any) -> Reason:
        """The reason of the answer to a PLACE."""
        first = next(
            e
            for e in self.order(name, side, lots, ticks, **fields)
            if e["kind"] in (EventKind.ORDER_NEW, EventKind.ORDER_PENDING, EventKind.ORDER_REJECTED)
        )
        reason: Reason = first["reason"]
        return reason

    def trade(self, buyer: str, seller: str, lots: int, ticks: int, instrument: int = 1) -> list[dict[str, Any]]:
        """The seller's order meets the buyer's: the buyer is the taker."""
        assert self.outcome(seller, "sell", lots, ticks, instrument=instrument) == Reason.ACK
        events = self.order(buyer, "buy", lots, ticks, instrument, time_in_force=int(TimeInForce.FOK))
        filled = [e for e in events if e["kind"] == EventKind.ORDER_FILLED]
        assert sum(e["last_quantity_e8"] for e in filled) == 2 * lots * LOT_E8, [self.show(e) for e in events]
        return filled

    # ---- prices and time

    def mark(self, ticks: int, instrument: int = 1) -> list[dict[str, Any]]:
        return self.send(K.SET_MARK, instrument_id=instrument, mark_price_e8=ticks * TICK_E8)

    def pulse(self, seconds: int = 1) -> list[dict[str, Any]]:
        """MARK_PULSE a second later, and TICKs until nothing is left to do."""
        self.time_ns += seconds * SECOND
        return self.send(K.MARK_PULSE) + self.drain()

    def drain(self) -> list[dict[str, Any]]:
        """TICKs while work waits."""
        events = []
        while self.engine.next_due_ns == 0:
            events += self.send(K.TICK)
        return events

    # ---- what there is

    def statuses(self, name: str) -> list[dict[str, Any]]:
        """ACCOUNT_STATUS and POSITION_STATUS as a logon of the account's session gives them."""
        events = self.send(K.SESSION_LOGON, session_id=SESSIONS[name], logon_flags=int(LogonFlag.ACCOUNTS))
        return [e for e in events + self.drain() if e["kind"] in (EventKind.ACCOUNT_STATUS, EventKind.POSITION_STATUS)]

    def status(self, name: str) -> dict[str, Any]:
        return next(e for e in self.statuses(name) if e["kind"] == EventKind.ACCOUNT_STATUS)

    def position(self, name: str, instrument: int = 1) -> dict[str, Any]:
        """POSITION_STATUS; a flat position has none and gives an empty dict."""
        found = [e for e in self.statuses(name) if e["kind"] == EventKind.POSITION_STATUS]
        return next((e for e in found if e["instrument_id"] == instrument), {})

    def lots(self, name: str, instrument: int = 1) -> int:
        return int(self.position(name, instrument).get("position_e8", 0)) // LOT_E8


def of_kind(events: list[dict[str, Any]], *kinds: EventKind) -> list[dict[str, Any]]:
    return [event for event in events if event["kind"] in kinds]
