"""The auditor of a venue with money: keeps a ledger of its own from events, and checks it after every command.

What it knows is the schema, what each event means, and the formulas of docs/risk.md sections 3 and 4, written down here
a second time with fractions. Commands tell it what no event does: whose settings they are, the terms of a modify that
waits. It holds after every command that

- cash of all accounts and of all house accounts sums to zero, CLEARING is minus the cost of all positions, IN_FLIGHT is
  what is on hold, FUNDING is empty outside of a settlement, and every balance that an event tells is the one kept here;
- profit and fee of each fill are those of the formulas; equity, margins and what is available are what statuses tell;
- an accepted order had its margin and was within the hard limits of size, count and position along its path;
- a liquidation begins below maintenance margin, nobody below it is left alone once no work waits, and none that has
  ended owes money but with a DEFICIT.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

from engine.api import EngineLimits
from engine.records import (
    COMMAND_BODIES,
    AccountFlag,
    CommandKind,
    EntryKind,
    EventKind,
    HouseAccount,
    LimitFlag,
    LimitKind,
    LimitTarget,
    LiquidationStage,
    Liquidity,
    OrderFlag,
    OrderState,
    OrderType,
    PositionChange,
    Scope,
    Side,
)
from tests.property.auditor import PRICED, Auditor, Held

K, C, H = EventKind, CommandKind, HouseAccount
_SCOPES = {C.SET_ACCOUNT: Scope.ACCOUNT, C.SET_TRADER: Scope.TRADER, C.SET_DESK: Scope.DESK, C.SET_FIRM: Scope.FIRM}
PPM, E8 = 1_000_000, 10**8
Key = tuple[int, int]  # account, instrument


@dataclass(slots=True)
class Listed:
    """An instrument: sizes, risk settings, mark."""

    tick_e8: int
    lot_e8: int
    mark_ticks: int = 0
    leverage_max: int = 0  # 0 = without SET_INSTRUMENT_RISK
    product_group: int = 0
    rates_e8: tuple[int, int] = (0, 0)  # maker, taker

    @property
    def tick_value(self) -> int:
        return self.tick_e8 * self.lot_e8 // 10**10


@dataclass(slots=True)
class Holding:
    lots: int = 0
    cost: int = 0  # ticks x lots
    leverage: int = 0


@dataclass(frozen=True, slots=True)
class Worth:
    """An account at the present marks."""

    balance: int
    unrealised: int
    position_margin: int
    maintenance: int
    close_out: int
    required: int

    @property
    def equity(self) -> int:
        return self.balance + self.unrealised


class MoneyAuditor(Auditor):
    def __init__(self, limits: EngineLimits) -> None:
        super().__init__(limits)
        self.has_money = False
        self.cash: dict[int, int] = defaultdict(int)
        self.hold: dict[int, int] = defaultdict(int)
        self.house: dict[int, int] = defaultdict(int)
        self.holdings: dict[Key, Holding] = defaultdict(Holding)
        self.listed: dict[int, Listed] = {}
        self.stages: dict[int, int] = defaultdict(int)
        self.in_deficit: set[int] = set()
        self._account_flags: dict[int, int] = defaultdict(int)
        self._tiers: dict[int, int] = defaultdict(int)  # of accounts
        self._tier_rates: dict[Key, tuple[int, int]] = {}  # (instrument, tier)
        self._order_tiers: dict[int, int] = {}
        self._accruing = 0  # command kind of the accrual under way
        self._suspended: dict[int, int] = defaultdict(int)  # by instrument: cost that a split or delisting has taken
        self._ratio = (1, 1)  # of the last split
        self._parts = 0  # of lots, that it has taken
        self._changed: set[int] = set()  # accounts that it has changed
        self._settings_changed = False  # since the last pass over accounts began
        self._parents: dict[tuple[int, int], int] = {}  # (scope, node) -> the node above it
        self._session_scopes: dict[int, int] = {}
        self._limits_of: dict[tuple[int, int], dict[tuple[int, ...], int]] = defaultdict(dict)  # (scope, node) -> rows

    # ---- one command

    def command(self, record: bytes, data: bytes) -> None:
        super().command(record, data)
        if not self.has_money:
            assert not any(self.cash.values())
            assert not any(self.house.values())
            return
        assert sum(self.cash.values()) + sum(self.house.values()) == 0, "money is conserved"
        assert self.house[H.IN_FLIGHT] == sum(self.hold.values())
        assert min(self.hold.values(), default=0) >= 0
        if self._accruing != C.FUNDING_SETTLE:
            assert self.house[H.FUNDING] == 0
        cost = sum(self.listed[i].tick_value * held.cost for (_, i), held in self.holdings.items())
        cost += sum(self.listed[i].tick_value * suspended for i, suspended in self._suspended.items())
        assert self.house[H.CLEARING] == -cost, "clearing is minus the cost of all positions"

    def check_idle(self, kind: int) -> None:
        """No work waits after a command: nobody below maintenance margin is left alone (the marks' pass is over)."""
        if kind in (C.SET_MARK, C.MARK_PULSE):
            self._settings_changed = False
        if not self.has_money or self._settings_changed:
            return
        holders = {account for (account, _), held in self.holdings.items() if held.lots}
        for account in list(self.cash):
            if self._account_flags[account] & AccountFlag.HOUSE:
                continue
            if account not in holders:
                assert self.stages[account] == LiquidationStage.NONE
                assert self.cash[account] >= 0 or account in self.in_deficit, f"account {account} owes in silence"
            elif self.stages[account] == LiquidationStage.NONE:
                worth = self.worth(account)
                assert worth.equity > worth.maintenance, f"account {account} is left alone"

    # ---- what events say

    def _event(self, event: dict[str, Any], command: dict[str, Any]) -> None:
        kind = event["kind"]
        if kind == K.CONFIG_SET:
            self._configured(event, command)
        elif kind == K.ORDER_FILLED:
            self._booked(event)
        elif kind == K.ACCOUNT_ENTRY:
            self._entry(event)
        elif kind == K.HOUSE_ENTRY:
            self._house_entry(event)
        elif kind == K.FUNDING_DONE:
            self._accruing = 0
        elif kind in (K.MARK_CHANGED, K.INSTRUMENT_STATE):
            listed = self.listed[event["instrument_id"]]
            listed.mark_ticks = event["mark_price_e8"] // listed.tick_e8
        elif kind == K.LIQUIDATION:
            self._liquidation(event)
        super()._event(event, command)
        if kind in (K.POSITION_CHANGED, K.POSITION_STATUS):
            self._position_told(event)
        elif kind == K.ACCOUNT_STATUS:
            self._account_told(event)
        elif kind in (K.ORDER_NEW, K.ORDER_PENDING):
            self._accepted(event, command)

    def _entry(self, event: dict[str, Any]) -> None:
        account, amount, entry = event["account_id"], event["amount_micro"], event["entry"]
        self.cash[account] += amount
        self.house[event["house"]] -= amount
        if entry in (EntryKind.WITHDRAWAL, EntryKind.WITHDRAWAL_RETURNED):
            self.hold[account] -= amount
        elif entry == EntryKind.WITHDRAWAL_DONE:  # what was asked for leaves IN_FLIGHT next
            self.hold[account] = event["hold_micro"]
        told = (event["balance_micro"], event["hold_micro"], event["house_balance_micro"])
        assert told == (self.cash[account], self.hold[account], self.house[event["house"]])
        if entry in (EntryKind.SPLIT, EntryKind.DELISTING):
            held, listed = self.holdings[account, event["instrument_id"]], self.listed[event["instrument_id"]]
            price = event["price_e8"] // listed.tick_e8
            assert event["position_e8"] == held.lots * listed.lot_e8
            if account in self._changed:  # it takes the fractions of all
                assert amount == listed.tick_value * self._trade(held, self._parts // self._ratio[1], price)
                return
            assert amount == listed.tick_value * (held.lots * price - held.cost), "profit up to the price is realised"
            held.cost = held.lots * price
        if entry == EntryKind.FUNDING:
            self._check_funding(event)

    def _house_entry(self, event: dict[str, Any]) -> None:
        self.house[event["from_house"]] -= event["amount_micro"]
        self.house[event["house"]] += event["amount_micro"]
        assert event["house_balance_micro"] == self.house[event["house"]]
        instrument = event["instrument_id"]
        if instrument:  # the rounding of a split
            listed = self.listed[instrument]
            lots = self._parts // self._ratio[1]
            assert event["amount_micro"] == listed.tick_value * (self._suspended[instrument] - lots * listed.mark_ticks)
            self._suspended[instrument] = lots * listed.mark_ticks  # these the fraction account takes

    def _check_funding(self, event: dict[str, Any]) -> None:
        """Paid amounts are rounded up, received ones down."""
        listed = self.listed[event["instrument_id"]]
        value = listed.tick_value * (event["position_e8"] // listed.lot_e8) * (event["price_e8"] // listed.tick_e8)
        due = Fraction(value * event["rate_ppt"], 10**12)
        assert event["amount_micro"] == -ceil(due), "floor of what is received, ceiling of what is paid"

    def _booked(self, event: dict[str, Any]) -> None:
        """One side of a trade: profit on the lots it closes, at average cost; the fee of the order's tier."""
        account, instrument = event["account_id"], event["instrument_id"]
        listed, held = self.listed[instrument], self.holdings[account, instrument]
        price, lots = event["last_price_e8"] // listed.tick_e8, event["last_quantity_e8"] // listed.lot_e8
        signed = lots if event["side"] == Side.BUY else -lots
        realised = listed.tick_value * self._trade(held, signed, price)
        fee = self._fee(event, listed, listed.tick_value * lots * price) if self.has_money else 0
        assert (event["realised_pnl_micro"], event["fee_micro"]) == (realised, fee)
        self.cash[account] += realised - fee
        self.house[H.CLEARING] -= realised
        self.house[H.FEES] += fee

    def _trade(self, held: Holding, signed: int, price: int) -> int:
        """Signed lots at a price: what the closed ones realise at average cost, in ticks x lots."""
        realised = 0
        if self.has_money:
            closing = min(abs(held.lots), abs(signed)) if held.lots * signed < 0 else 0
            removed = int(Fraction(held.cost * closing, abs(held.lots))) if closing else 0
            realised = closing * price * (1 if held.lots > 0 else -1) - removed
            held.cost += (abs(signed) - closing) * price * (1 if signed > 0 else -1) - removed
        held.lots += signed
        return realised

    def _fee(self, event: dict[str, Any], listed: Listed, notional: int) -> int:
        if event["liquidity"] == Liquidity.NONE:
            return 0
        tier = self._order_tiers.get(event["order_id"], self._tiers[event["account_id"]])
        rates = self._tier_rates.get((event["instrument_id"], tier), listed.rates_e8)
        return ceil(Fraction(notional * rates[event["liquidity"] == Liquidity.TAKER], E8))

    def _quote(self, event: dict[str, Any]) -> None:
        before = set(self.orders)
        super()._quote(event)
        for order_id in set(self.orders) - before:
            self._order_tiers[order_id] = self._tiers[event["account_id"]]

    def _enter(self, event: dict[str, Any], command: dict[str, Any]) -> None:
        super()._enter(event, command)
        parent = event["contra_order_id"]
        self._order_tiers[event["order_id"]] = self._order_tiers[parent] if parent else self._tiers[event["account_id"]]

    # ---- what an account is worth

    def _rates(self, key: Key) -> tuple[int, int, int]:
        """Initial, maintenance, close-out, ppm."""
        leverage = self.holdings[key].leverage or self.listed[key[1]].leverage_max
        initial = ceil(Fraction(PPM, leverage))
        maintenance = ceil(Fraction(2 * initial, 3))
        return initial, maintenance, ceil(Fraction(2 * maintenance, 3))

    def _kept(self, order: Held) -> tuple[int, int]:
        """Lots and ticks x lots for which the order keeps margin."""
        listed = self.listed[order.instrument]
        is_kept = order.state in (OrderState.PENDING_NEW, OrderState.LIVE) and order.order_type in PRICED
        if order.order_type == OrderType.MARKET and order.state == OrderState.PENDING_NEW:
            is_kept = True  # its value is not told: see `_is_unsure`
        if not is_kept or order.flags & (OrderFlag.REDUCE_ONLY | OrderFlag.VENUE):
            return 0, 0
        lots = (order.quantity_e8 - order.cum_e8) // listed.lot_e8
        value = lots * (order.price_e8 // listed.tick_e8)
        if order.pending is not None:
            wanted = max(0, order.pending[0] - order.cum_e8) // listed.lot_e8
            lots, value = max(lots, wanted), max(value, wanted * (order.pending[1] // listed.tick_e8))
        return lots, value

    def _working(self, accounts: set[int], instrument: int) -> tuple[int, int, int, int]:
        """Lots and values of both sides: bid lots, ask lots, bid value, ask value."""
        sums = [0, 0, 0, 0]
        for order in self.orders.values():
            if order.account in accounts and order.instrument == instrument:
                lots, value = self._kept(order)
                sums[order.side - 1] += lots
                sums[order.side + 1] += value
        return sums[0], sums[1], sums[2], sums[3]

    def _is_unsure(self, account: int) -> bool:
        """A MARKET order in the bump keeps margin at a price that no event tells."""
        mine = (o for o in self.orders.values() if o.account == account and not o.flags & OrderFlag.REDUCE_ONLY)
        return any(o.order_type == OrderType.MARKET and o.state == OrderState.PENDING_NEW for o in mine)

    def _required(self, key: Key, bid_value: int, ask_value: int) -> int:
        listed, held = self.listed[key[1]], self.holdings[key]
        marked = held.lots * listed.mark_ticks
        worse = max(abs(marked + bid_value), abs(marked - ask_value))
        return ceil(Fraction(listed.tick_value * worse * self._rates(key)[0], PPM))

    def worth(self, account: int) -> Worth:
        unrealised = required = 0
        margins = [0, 0, 0]
        for instrument, listed in self.listed.items():
            key = account, instrument
            if not listed.leverage_max:
                continue
            *_, bid_value, ask_value = self._working({account}, instrument)
            held = self.holdings[key]
            required += self._required(key, bid_value, ask_value)
            unrealised += listed.tick_value * (held.lots * listed.mark_ticks - held.cost)
            notional = listed.tick_value * abs(held.lots) * listed.mark_ticks
            for i, rate in enumerate(self._rates(key)):
                margins[i] += ceil(Fraction(notional * rate, PPM))
        return Worth(self.cash[account], unrealised, *margins, required)

    def _account_told(self, event: dict[str, Any]) -> None:
        account = event["account_id"]
        parts = ("deposits", "realised", "funding", "rewards", "settled")
        total = sum(event[f"{part}_micro"] for part in parts) - event["fees_micro"]
        assert total == event["balance_micro"] == self.cash[account]
        worth = self.worth(account)
        told = [event[f"{name}_micro"] for name in ("unrealised", "equity", "position_margin", "maintenance")]
        assert told == [worth.unrealised, worth.equity, worth.position_margin, worth.maintenance]
        assert (event["close_out_micro"], event["hold_micro"]) == (worth.close_out, self.hold[account])
        assert event["stage"] == self.stages[account]
        assert event["open_orders"] == sum(order.account == account for order in self.orders.values())
        if not self._is_unsure(account):
            assert event["order_margin_micro"] == worth.required - worth.position_margin
            assert event["available_micro"] == worth.equity - worth.required
            free = worth.balance + min(0, worth.unrealised) - worth.required
            assert event["withdrawable_micro"] == max(0, free)

    def _position_told(self, event: dict[str, Any]) -> None:
        key = event["account_id"], event["instrument_id"]
        listed, held = self.listed[key[1]], self.holdings[key]
        if event["kind"] == K.POSITION_CHANGED:
            self._changed_position(event, key, listed, held)
        worth = listed.tick_value * (held.lots * listed.mark_ticks - held.cost)
        told = (event["position_e8"], event["cost_micro"], event["unrealised_micro"])
        assert told == (held.lots * listed.lot_e8, held.cost * listed.tick_value, worth)
        bids, asks, *_ = self._working({key[0]}, key[1])
        if not self._is_unsure(key[0]):
            assert (event["open_bid_e8"], event["open_ask_e8"]) == (bids * listed.lot_e8, asks * listed.lot_e8)

    def _changed_position(self, event: dict[str, Any], key: Key, listed: Listed, held: Holding) -> None:
        lots, cost = event["position_e8"] // listed.lot_e8, event["cost_micro"] // listed.tick_value
        if event["change"] in (PositionChange.SPLIT, PositionChange.DELISTING):
            self._suspended[key[1]] += held.cost - cost
            self._changed.add(key[0])
            if event["change"] == PositionChange.SPLIT:
                self._parts += held.lots * self._ratio[0] - lots * self._ratio[1]
            held.lots, held.cost = lots, cost
        elif event["change"] == PositionChange.HOUSE:
            if held.lots != lots:  # nothing was realised
                assert self._trade(held, self._parts // self._ratio[1], listed.mark_ticks) == 0
            self._suspended[key[1]] = 0

    def _liquidation(self, event: dict[str, Any]) -> None:
        account, stage = event["account_id"], event["stage"]
        worth = self.worth(account)
        assert event["reserve_micro"] == self.house[H.RESERVE]
        if stage in (LiquidationStage.CANCELLING, LiquidationStage.MARGIN_CALL):
            told = (event["equity_micro"], event["initial_margin_micro"], event["maintenance_micro"])
            assert told == (worth.equity, worth.position_margin, worth.maintenance)
        if stage == LiquidationStage.MARGIN_CALL:
            assert worth.equity < worth.position_margin
        elif stage == LiquidationStage.CANCELLING:
            assert self.stages[account] == LiquidationStage.NONE
            assert worth.equity <= worth.maintenance, "nobody is liquidated above maintenance margin"
        elif stage == LiquidationStage.DEFICIT:
            assert self.cash[account] < 0
            assert event["amount_micro"] == -self.cash[account] > self.house[H.RESERVE]
            self.in_deficit.add(account)
        if self.cash[account] >= 0:
            self.in_deficit.discard(account)
        if stage <= LiquidationStage.ADL:
            self.stages[account] = stage
        elif stage == LiquidationStage.ENDED:
            self.stages[account] = LiquidationStage.NONE
            flat = not any(held.lots for (owner, _), held in self.holdings.items() if owner == account)
            if flat:
                assert self.cash[account] >= 0 or account in self.in_deficit, "it owes what nobody pays"

    # ---- settings, and the hard limits of orders

    def _configured(self, event: dict[str, Any], command: dict[str, Any]) -> None:
        kind, instrument = event["command_kind"], event["instrument_id"]
        body = COMMAND_BODIES[CommandKind(kind)].unpack(bytes(64) + event["body"])
        self._settings_changed |= kind in (
            C.SET_INSTRUMENT_RISK, C.SET_ACCOUNT_RISK, C.SET_VENUE_RISK, C.SET_INSTRUMENT, C.SPLIT
        )  # fmt: skip
        if kind == C.SET_INSTRUMENT:
            self.listed.setdefault(instrument, Listed(body["tick_size_e8"], body["lot_size_e8"]))
        elif kind == C.SET_INSTRUMENT_RISK:
            listed = self.listed[instrument]
            listed.leverage_max, listed.product_group = body["leverage_max"], body["product_group"]
            listed.rates_e8 = body["maker_rate_e8"], body["taker_rate_e8"]
        elif kind == C.SET_MARK:
            self.listed[instrument].mark_ticks = body["mark_price_e8"] // self.listed[instrument].tick_e8
        elif kind == C.SET_VENUE_RISK:
            self.has_money = bool(body["risk_flags"])
        elif kind == C.SET_ACCOUNT_RISK:
            self._account_flags[command["account_id"]] = body["account_flags"]
            self._tiers[command["account_id"]] = body["fee_tier"]
        elif kind == C.SET_FEE:
            self._tier_rates[instrument, body["fee_tier"]] = body["maker_rate_e8"], body["taker_rate_e8"]
        elif kind == C.SET_LEVERAGE:
            self.holdings[command["account_id"], instrument].leverage = body["leverage"]
        elif kind in (C.FUNDING_SETTLE, C.SPLIT, C.DELIST):
            self._accruing = kind
            self._parts, self._ratio = 0, (body.get("numerator", 1), body.get("denominator", 1))
            self._changed.clear()
        elif kind in (*_SCOPES, C.SET_SESSION, C.SET_LIMIT):
            self._node_configured(kind, body, event["session_id"])

    def _node_configured(self, kind: int, body: dict[str, Any], session: int) -> None:
        if kind in _SCOPES:
            self._parents[_SCOPES[CommandKind(kind)], body["party_id"]] = body["parent_id"]
        elif kind == C.SET_SESSION:
            self._session_scopes[body["party_id"]] = body["scope"]
        else:
            owner = Scope.VENUE if session == 0 else self._session_scopes[session]
            owner = owner if owner in (Scope.VENUE, Scope.BROKER) else Scope.FIRM
            rows = self._limits_of[body["scope"], body["node_id"]]
            row = (body["limit_kind"], body["target"], body["target_id"], int(owner))
            rows[row] = body["value"]
            if body["limit_flags"] & LimitFlag.REMOVE:
                del rows[row]

    def _path(self, account: int) -> Iterator[tuple[int, int]]:
        node = account
        for scope in (Scope.ACCOUNT, Scope.TRADER, Scope.DESK, Scope.FIRM):
            yield scope, node
            node = self._parents[scope, node]
        if node:
            yield Scope.BROKER, node
        yield Scope.VENUE, 0

    def _rows(self, event: dict[str, Any], wanted: LimitKind) -> Iterator[tuple[int, tuple[int, int], set[int]]]:
        """Value of each row of a kind that holds for the order, its node, and the instruments of its target."""
        instrument = event["instrument_id"]
        for node in ((int(Scope.SESSION), event["session_id"]), *self._path(event["account_id"])):
            for (kind, target, target_id, _), value in self._limits_of[node].items():
                covered = {i for i in self.listed if self._is_target(i, target, target_id)}
                if kind == wanted and instrument in covered:
                    yield value, node, covered

    def _is_target(self, instrument: int, target: int, target_id: int) -> bool:
        if target == LimitTarget.INSTRUMENT:
            return target_id == instrument
        group = self.listed[instrument].product_group
        return target == LimitTarget.ALL or (group != 0 and group == target_id)

    def _accounts_of(self, node: tuple[int, int]) -> set[int]:
        known = (account for scope, account in self._parents if scope == Scope.ACCOUNT)
        return {account for account in known if node in set(self._path(account))}

    def _accepted(self, event: dict[str, Any], command: dict[str, Any]) -> None:
        """A PLACE that was taken, before its first fill."""
        if command.get("kind") != C.PLACE or event["order_id"] != event["seq"]:
            return
        listed = self.listed[event["instrument_id"]]
        price, lots = event["price_e8"] // listed.tick_e8, command["quantity_e8"] // listed.lot_e8
        for value, *_ in self._rows(event, LimitKind.ORDER_QUANTITY):
            assert command["quantity_e8"] <= value
        for value, (scope, node), _ in self._rows(event, LimitKind.OPEN_ORDERS):
            accounts = self._accounts_of((scope, node)) if scope != Scope.SESSION else set()
            of_node = (
                o.session == node if scope == Scope.SESSION else o.account in accounts for o in self.orders.values()
            )
            assert sum(of_node) <= value
        if event["order_type"] in PRICED:
            for value, *_ in self._rows(event, LimitKind.ORDER_NOTIONAL):
                assert listed.tick_value * price * lots <= value
            if not event["order_flags"]:
                self._check_exposure(event, price)

    def _check_exposure(self, event: dict[str, Any], price: int) -> None:
        """What could become of it, within the limits along its path; margin for what the requirement has risen by."""
        account, instrument, side = event["account_id"], event["instrument_id"], event["side"]
        order, listed, key = self.orders[event["order_id"]], self.listed[instrument], (account, instrument)
        lots, value = self._kept(order)
        bids, asks, bid_value, ask_value = self._working({account}, instrument)
        held = self.holdings[key].lots
        worst = held + bids if side == Side.BUY else asks - held
        if worst > max(0, worst - lots):
            for kind in (LimitKind.POSITION, LimitKind.GROSS_NOTIONAL, LimitKind.NET_NOTIONAL):
                for limit, node, covered in self._rows(event, kind):
                    assert self._usage(kind, self._accounts_of(node), instrument, covered, side) <= limit, kind.name
        before = (bid_value - value, ask_value) if side == Side.BUY else (bid_value, ask_value - value)
        if not self.has_money or self._is_unsure(account):
            return
        if self._required(key, bid_value, ask_value) > self._required(key, *before):
            worth = self.worth(account)
            away = price - listed.mark_ticks if side == Side.BUY else listed.mark_ticks - price
            rates = self._tier_rates.get((instrument, self._tiers[account]), listed.rates_e8)
            fee = ceil(Fraction(listed.tick_value * value * max(0, rates[1]), E8))
            assert worth.equity - worth.required >= listed.tick_value * max(0, away) * lots + fee, "it had its margin"

    def _usage(self, kind: LimitKind, accounts: set[int], traded: int, covered: set[int], side: int) -> int:
        """How far a node is exposed, its orders included: longest for a BUY, shortest for a SELL, or the worse."""
        if kind == LimitKind.POSITION:
            longest, shortest = self._reach(accounts, traded)
            return (longest if side == Side.BUY else -shortest) * self.listed[traded].lot_e8
        total = 0
        for instrument in covered:
            longest, shortest = self._reach(accounts, instrument)
            per_lot = self.listed[instrument].mark_ticks * self.listed[instrument].tick_value
            if kind == LimitKind.GROSS_NOTIONAL:
                total += per_lot * max(abs(longest), abs(shortest))
            else:
                total += per_lot * (longest if side == Side.BUY else -shortest)
        return total

    def _reach(self, accounts: set[int], instrument: int) -> tuple[int, int]:
        """Lots of a node when all its bids are filled, and when all its asks are."""
        bids, asks, *_ = self._working(accounts, instrument)
        held = sum(h.lots for (owner, i), h in self.holdings.items() if i == instrument and owner in accounts)
        return held + bids, held - asks
