"""Properties of a venue with money on generated sequences: money adds up, positions too, nobody is skipped.

The reference checks its whole ledger after each command: cash and house accounts sum to zero, CLEARING is minus the
cost of all positions, positions of an instrument sum to zero, each account's cash is the sum of its parts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from engine.api import load_matcher
from engine.records import (
    COMMAND_SIZE,
    EVENT_SIZE,
    EventKind,
    unpack_event,
)
from engine.reference.engine import ReferenceEngine
from engine.reference.margin import Figures
from engine.reference.state import State
from tests.property.risk_commands import RiskCommands
from tests.property.risk_shapes import RISK_SHAPES

COMMANDS = int(os.environ.get("PERPGATE_RISK_COMMANDS", "1200"))  # of each shape and seed
SEEDS = (1, 2, 3)
GONE = (EventKind.ORDER_CANCELLED, EventKind.ORDER_EXPIRED, EventKind.ORDER_REJECTED)


class Run:
    """A sequence on the reference engine, command by command."""

    def __init__(self, shape: str, seed: int) -> None:
        self.commands = RiskCommands(seed, shape)
        self.engine = self.fresh()
        self.label = f"shape {shape!r}, seed {seed}"

    def fresh(self) -> ReferenceEngine:
        return ReferenceEngine(self.commands.limits, load_matcher)

    @property
    def state(self) -> State:
        return self.engine._state

    def steps(self, count: int) -> Iterator[list[dict[str, Any]]]:
        """The events of each of the next `count` commands."""
        records = self.commands.take(count)
        for offset in range(0, len(records), COMMAND_SIZE):
            events = self.engine.apply(records[offset : offset + COMMAND_SIZE])
            yield [unpack_event(events, at) for at in range(0, len(events), EVENT_SIZE)]


@pytest.fixture(autouse=True)
def checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReferenceEngine, "asserts_invariants", True)


def everything_derived(state: State) -> dict[str, Any]:
    """What a snapshot does not hold."""
    nodes = [state.venue, *state.brokers.values(), *state.firms.values(), *state.desks.values()]
    nodes += [*state.traders.values(), *state.accounts.values()]
    return {
        "nodes": [
            (
                node.scope, node.party_id, node.balance_micro, node.open_orders, node.open_notional_micro,
                {
                    i: (e.lots, e.cost, e.bid_lots, e.ask_lots, e.bid_value, e.ask_value)
                    for i, e in sorted(node.exposures.items())
                    if any((e.lots, e.cost, e.bid_lots, e.ask_lots, e.bid_value, e.ask_value))
                },
            )
            for node in sorted(nodes, key=lambda node: (node.scope, node.party_id))
        ],
        "interest": {i: instrument.long_lots for i, instrument in sorted(state.instruments.items())},
        "holders": {i: list(instrument.holders) for i, instrument in sorted(state.instruments.items())},
        "accounts": list(state.holders),
        "open": {i: instrument.open_orders for i, instrument in sorted(state.instruments.items())},
        "sessions": {s: session.open_orders for s, session in sorted(state.sessions.items())},
        "quotes": [(key, sorted(p.quotes)) for key, p in sorted(state.positions.items()) if p.quotes],
    }  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("shape", RISK_SHAPES)
def test_money_adds_up_and_snapshots_hold_everything(shape: str, seed: int) -> None:
    run = Run(shape, seed)
    for part in range(3):
        for _ in run.steps(COMMANDS // 3):
            pass
        snapshot = run.engine.snapshot()
        restored = run.fresh()
        restored.restore(snapshot)
        assert restored.snapshot() == snapshot, run.label
        assert everything_derived(restored._state) == everything_derived(run.state), (run.label, part)
        run.engine = restored


@pytest.mark.parametrize("shape", ["money", "limits"])
def test_an_accepted_order_was_affordable(shape: str) -> None:
    """After an order that raises what the account has to keep, the account has what it keeps: Available is not negative
    beyond the fee and the open loss of its own first fills."""
    for seed in SEEDS:
        run = Run(shape, seed)
        for events in run.steps(COMMANDS):
            if not events or events[0]["kind"] not in (EventKind.ORDER_NEW, EventKind.ORDER_PENDING):
                continue
            if len(events) > 1 or not run.state.has_money or events[0]["order_flags"]:
                continue
            order = run.state.orders.get(events[0]["order_id"])
            if order is None or not order.kept_lots:
                continue
            position = order.position
            only_side = order.side == 1 and position.lots >= 0 and not position.ask_lots
            if only_side:  # it raised the requirement, whatever else there is
                figures = Figures(run.state, order.account)
                assert figures.available >= 0, (run.label, run.state.seq)


@pytest.mark.parametrize("shape", ["quotes", "money", "crashes"])
def test_orders_end_once(shape: str) -> None:
    """No event about an order after the one that ended it; ids of quotes, pairs and the venue's own orders included."""
    for seed in SEEDS:
        run = Run(shape, seed)
        ended: set[int] = set()
        for events in run.steps(COMMANDS):
            for event in events:
                order_id = event.get("order_id", 0)
                if not order_id or event["kind"] > EventKind.TWAP_SLICED:
                    continue
                if event["kind"] in (EventKind.REPLACE_REJECTED, EventKind.CANCEL_REJECTED):
                    continue
                assert order_id not in ended, (run.label, event)
                if event["kind"] in GONE or event.get("order_state") == 4:
                    ended.add(order_id)


def test_positions_change_by_trades_and_named_events_alone() -> None:
    """The positions of an account, followed through its events, are those of the state."""
    for seed in SEEDS:
        run = Run("money", seed)
        lots: dict[tuple[int, int], int] = {}
        for events in run.steps(COMMANDS):
            for event in events:
                key = (event["account_id"], event["instrument_id"])
                if event["kind"] == EventKind.ORDER_FILLED:
                    signed = event["last_quantity_e8"] if event["side"] == 1 else -event["last_quantity_e8"]
                    lots[key] = lots.get(key, 0) + signed
                elif event["kind"] == EventKind.POSITION_CHANGED:
                    lots[key] = event["position_e8"]
        held = {
            (p.account_id, p.instrument_id): p.lots * run.state.instruments[p.instrument_id].lot_e8
            for p in run.state.positions.values()
            if p.lots
        }
        assert {key: value for key, value in lots.items() if value} == held, run.label


def test_cash_follows_from_events() -> None:
    """Every change of an account's cash is in an ORDER_FILLED (profit less fee) or an ACCOUNT_ENTRY."""
    for seed in SEEDS:
        for shape in ("money", "crashes", "funding"):
            run = Run(shape, seed)
            cash: dict[int, int] = {}
            for events in run.steps(COMMANDS):
                for event in events:
                    account = event["account_id"]
                    if event["kind"] == EventKind.ORDER_FILLED:
                        cash[account] = cash.get(account, 0) + event["realised_pnl_micro"] - event["fee_micro"]
                    elif event["kind"] == EventKind.ACCOUNT_ENTRY:
                        cash[account] = cash.get(account, 0) + event["amount_micro"]
                        assert event["balance_micro"] == cash[account], (run.label, event)
            balances = {a.party_id: a.balance_micro for a in run.state.accounts.values() if a.balance_micro}
            assert {a: c for a, c in cash.items() if c} == balances, run.label
