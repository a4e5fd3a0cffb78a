"""The read model of orders against a dictionary, on random lives of orders."""

from __future__ import annotations

import random

from engine.records import ORDER_EVENT, EventKind, OrderState, Scope, unpack_event
from gateway.fix._orders import OrderBookkeeper

SEED = 20261124
ENDED = {OrderState.FILLED, OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REJECTED}


class Model:
    """What the read model has to say, by OrderID and by the newest order of a name."""

    def __init__(self, ended_max: int) -> None:
        self.ended_max = ended_max
        self.orders: dict[int, dict] = {}
        self.names: dict[tuple[int, str], int] = {}
        self.ended: list[int] = []

    def put(self, order_id: int, account: int, name: str, **values: int) -> None:
        before = self.orders.get(order_id)
        if before is not None and before["name"] != name and self.names.get((account, before["name"])) == order_id:
            del self.names[account, before["name"]]
        if before is None or before["name"] != name or (account, name) not in self.names:
            self.names[account, name] = order_id
        self.orders[order_id] = {"account": account, "name": name, **values}
        was_open = before is not None and before["state"] not in ENDED
        if values["state"] in ENDED and (before is None or was_open):
            self.ended.append(order_id)
            if len(self.ended) > self.ended_max:
                gone = self.ended.pop(0)
                lost = self.orders.pop(gone)
                if self.names.get((lost["account"], lost["name"])) == gone:
                    del self.names[lost["account"], lost["name"]]


def event(kind: EventKind, order_id: int, account: int, name: str, state: OrderState, **values: object) -> bytes:
    return ORDER_EVENT.pack(
        kind=int(kind), seq=order_id, order_id=order_id, account_id=account, trader_id=account % 3 + 1, desk_id=1,
        firm_id=1, instrument_id=order_id % 2 + 1, side=order_id % 2 + 1, client_order_id=name, order_state=int(state),
        **values,
    )  # fmt: skip


def test_random_lives() -> None:
    random_ = random.Random(SEED)
    keeper, model = OrderBookkeeper(64, 16), Model(16)
    live: list[int] = []
    for step in range(30_000):
        account = random_.randrange(1, 5)
        choice = random_.random()
        if len(live) < 60 and (choice < 0.45 or not live):
            order_id, name = step + 1, f"n{random_.randrange(40)}"
            taken = any(model.orders[i]["name"] == name and model.orders[i]["account"] == account for i in live)
            if taken:
                continue
            live.append(order_id)
            keeper.observe(event(EventKind.ORDER_NEW, order_id, account, name, OrderState.LIVE, quantity_e8=step))
            model.put(order_id, account, name, state=OrderState.LIVE, quantity=step)
        else:
            order_id = random_.choice(live)
            order = model.orders[order_id]
            account, old = order["account"], order["name"]
            if choice < 0.6:
                new = f"m{step}"
                values = {"orig_client_order_id": old, "quantity_e8": step}
                keeper.observe(event(EventKind.ORDER_REPLACED, order_id, account, new, OrderState.LIVE, **values))
                model.put(order_id, account, new, state=OrderState.LIVE, quantity=step)
            elif choice < 0.65:
                keeper.observe(event(EventKind.CANCEL_REJECTED, order_id, account, f"x{step}", OrderState.LIVE))
            else:
                live.remove(order_id)
                values = {"orig_client_order_id": old, "quantity_e8": order["quantity"]}
                name = f"c{step}"
                keeper.observe(
                    event(EventKind.ORDER_CANCELLED, order_id, account, name, OrderState.CANCELLED, **values)
                )
                model.put(order_id, account, old, state=OrderState.CANCELLED, quantity=order["quantity"])
        if step % 50 == 0:
            compare(keeper, model, live, step)
    compare(keeper, model, live, 30_000)
    assert keeper.forgotten == 0


def node_of(account: int, scope: Scope) -> int:
    """Where `event` puts an account in the hierarchy."""
    return {Scope.ACCOUNT: account, Scope.TRADER: account % 3 + 1, Scope.FIRM: 1}[scope]


def compare(keeper: OrderBookkeeper, model: Model, live: list[int], step: int) -> None:
    place = f"seed {SEED}, step {step}"
    assert keeper.open_orders == len(live), place
    for order_id, order in model.orders.items():
        record = keeper.find_id(order_id)
        assert record is not None, place
        found = unpack_event(record)
        assert found["kind"] is EventKind.ORDER_STATUS
        assert (found["client_order_id"], found["quantity_e8"]) == (order["name"], order["quantity"]), place
        assert found["order_state"] == order["state"], place
    for (account, name), order_id in model.names.items():
        record = keeper.find_name(account, name)
        assert record is not None, place
        assert unpack_event(record)["order_id"] == order_id, place
    assert keeper.find_name(9, "n1") is None
    for scope, node in ((Scope.ACCOUNT, 2), (Scope.TRADER, 2), (Scope.FIRM, 1)):
        found_ids: list[int] = []
        cursor = -1
        while cursor:
            ids, cursor = keeper.open_below(max(cursor, 0), int(scope), node, 0, 1, 0, 7)
            found_ids += ids
        wanted = [i for i in live if i % 2 == 0 and node_of(model.orders[i]["account"], scope) == node]
        assert sorted(found_ids) == sorted(wanted), place


def test_a_refused_order_is_known_by_its_name_and_takes_nobody_elses() -> None:
    keeper = OrderBookkeeper(8, 4)
    keeper.observe(event(EventKind.ORDER_NEW, 5, 1, "a", OrderState.LIVE))
    keeper.observe(
        ORDER_EVENT.pack(kind=int(EventKind.ORDER_REJECTED), account_id=1, client_order_id="a", order_state=7)
    )
    keeper.observe(
        ORDER_EVENT.pack(kind=int(EventKind.ORDER_REJECTED), account_id=1, client_order_id="b", order_state=7)
    )
    first, second = keeper.find_name(1, "a"), keeper.find_name(1, "b")
    assert first is not None
    assert second is not None
    assert (unpack_event(first)["order_id"], unpack_event(second)["order_state"]) == (5, 7)


def test_a_full_table_forgets_and_says_so() -> None:
    keeper = OrderBookkeeper(2, 1)
    for i in range(1, 6):
        keeper.observe(event(EventKind.ORDER_NEW, i, 1, f"n{i}", OrderState.LIVE))
    assert (keeper.open_orders, keeper.forgotten) == (3, 2)


def test_orders_that_nobody_may_ask_for_are_passed_over() -> None:
    """Accounts 1 to 4 of traders 1 to 4, as `event` makes them."""
    keeper = OrderBookkeeper(8, 4, [(Scope.ACCOUNT, 1), (Scope.TRADER, 3)])
    for i in range(1, 5):
        keeper.observe(event(EventKind.ORDER_NEW, i, i, f"n{i}", OrderState.LIVE))
    known = [i for i in range(1, 5) if keeper.find_id(i)]
    trader_3 = [i for i in range(1, 5) if node_of(i, Scope.TRADER) == 3]
    assert known == sorted({1, *trader_3})
    assert keeper.open_orders == len(known)
    assert OrderBookkeeper(8, 4, []).find_id(1) is None
