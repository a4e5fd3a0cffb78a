"""Reads commands and their events and keeps books of its own: what has to be true of any stream, whatever the engine.

It knows the schema and what each event means, no check and no matching rule. `Auditor.command` raises AssertionError at
the first event that does not add up; `finish` compares what was told with the state that the engine has.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from engine.api import Engine, EngineLimits
from engine.records import (
    COMMAND_BODIES,
    FIRST_CLIENT_KIND,
    LAST_CLIENT_KIND,
    TICK,
    CommandKind,
    EventKind,
    Liquidity,
    OrderFlag,
    OrderState,
    OrderType,
    PositionChange,
    Reason,
    Side,
    TradeKind,
)
from engine.snapshot_records import Section, parse_snapshot
from tests.scenario import split

K = EventKind
OPEN = (OrderState.PENDING_NEW, OrderState.LIVE, OrderState.UNTRIGGERED)
ANSWERS = {  # the kinds of event that may answer a command, of which there has to be one
    CommandKind.PLACE: (K.ORDER_PENDING, K.ORDER_NEW, K.ORDER_REJECTED),
    CommandKind.REPLACE: (K.ORDER_REPLACE_PENDING, K.ORDER_REPLACED, K.REPLACE_REJECTED),
    CommandKind.CANCEL: (K.ORDER_CANCELLED, K.CANCEL_REJECTED),
    CommandKind.QUOTE: (K.QUOTE_SET, K.QUOTE_REJECTED),
    CommandKind.PLACE_TWAP: (K.ORDER_NEW, K.ORDER_REJECTED),
    CommandKind.CLOSE_POSITION: (K.ORDER_PENDING, K.ORDER_NEW, K.ORDER_REJECTED),
}
REFUSALS = (K.ORDER_REJECTED, K.REPLACE_REJECTED, K.CANCEL_REJECTED)
PRICED = (OrderType.LIMIT, OrderType.ALO)


@dataclass(slots=True)
class Held:
    """An open order as its events tell it."""

    session: int
    account: int
    instrument: int
    side: int
    order_type: int
    price_e8: int
    quantity_e8: int
    cum_e8: int
    state: int
    client_id: str
    flags: int = 0
    pending: tuple[int, int] | None = None  # total and price of a modify that waits


SEQ_BITS = 48  # of an order id; above them its number within the command
FIRST_VENUE_NUMBER = 16_384


def parts_of_id(order_id: int) -> tuple[int, int]:
    """Command, number within it."""
    return order_id & ((1 << SEQ_BITS) - 1), order_id >> SEQ_BITS


class Auditor:
    def __init__(self, limits: EngineLimits) -> None:
        self._limits = limits
        self.orders: dict[int, Held] = {}
        self.positions: dict[tuple[int, int], int] = defaultdict(int)
        self._sums: dict[int, int] = defaultdict(int)  # of the positions, by instrument
        self._session_seqs: Counter[int] = Counter()
        self._last_in: dict[int, int] = {}  # highest message number, by session
        self._sessions: set[int] = set()  # that exist
        self._statuses: Counter[int] = Counter()  # sent to each session since the last end of a snapshot
        self._mass_cancels: Counter[int] = Counter()  # accepted and not done, by session
        self._fill: dict[str, Any] | None = None  # the taker's event of a fill
        self._touched: set[int] = set()  # instruments whose orders the command at hand changed
        self._ended: set[int] = set()  # orders that it ended
        self._uneven: set[int] = set()  # instruments whose positions are changed one by one, by a split or a delisting

    # ---- one command

    def command(self, record: bytes, data: bytes) -> None:
        events = split(data)
        number = int.from_bytes(record[16:18], "little")
        values = COMMAND_BODIES[CommandKind(number)].unpack(record) if number in set(CommandKind) else {}
        self._touched.clear()
        self._ended.clear()
        seq, timestamp_ns = int.from_bytes(record[:8], "little"), int.from_bytes(record[8:16], "little")
        for index, event in enumerate(events):
            assert (event["seq"], event["timestamp_ns"], event["event_index"]) == (seq, timestamp_ns, index)
            if event["session_seq"]:
                self._session_seqs[event["session_id"]] += 1
                assert event["session_seq"] == self._session_seqs[event["session_id"]]
            self._event(event, values)
        assert self._fill is None, "a fill has two events"
        self._check_answer(record, values, events)
        self._check_bounds(events)
        for instrument in self._touched:
            self._check_book(instrument)
            assert instrument in self._uneven or self._sums[instrument] == 0, "every lot bought is a lot sold"

    def _is_repeat(self, record: bytes) -> bool:
        head = TICK.unpack(record)
        session, msg_seq = head["session_id"], head["msg_seq_in"]
        if not msg_seq or session not in self._sessions:
            return False
        if msg_seq <= self._last_in.get(session, 0):
            return True
        self._last_in[session] = msg_seq
        return False

    def _check_answer(self, record: bytes, values: dict[str, Any], events: list[dict[str, Any]]) -> None:
        number = int.from_bytes(record[16:18], "little")
        if FIRST_CLIENT_KIND <= number <= LAST_CLIENT_KIND and self._is_repeat(record):
            assert not events, "a repeat has no event"
            return
        if number == CommandKind.MASS_CANCEL:
            self._check_mass_cancel(values, events)
        if number not in ANSWERS:
            return
        kinds = ANSWERS[CommandKind(number)]
        told = [e for e in events if e["kind"] < K.ORDER_ATTACHED or e["kind"] in kinds]
        if number in (CommandKind.QUOTE, CommandKind.PLACE_TWAP):
            assert len([e for e in told if e["kind"] in kinds and e.get("contra_order_id", 0) == 0]) == 1
            return
        assert told, "no answer"
        superseded = told[0]["reason"] == Reason.MODIFY_SUPERSEDED  # answers an earlier modify
        first, *rest = told[superseded:]
        assert first["kind"] in kinds
        answers = [e for e in rest if e["kind"] in kinds and e["order_id"] == first["order_id"]]
        # Modifies that waited for this very order end with it; that answers them, not the command at hand.
        assert all(e["reason"] == Reason.CANNOT_MODIFY_NO_SUCH_ORDER for e in answers), "answered twice"

    def _check_mass_cancel(self, values: dict[str, Any], events: list[dict[str, Any]]) -> None:
        if events and events[0]["kind"] == K.MASS_CANCEL_REJECTED:
            assert len(events) == 1
            return
        self._mass_cancels[values["session_id"]] += 1
        if events and events[-1]["kind"] == K.MASS_CANCEL_DONE:  # from beginning to end in this command
            cause = Reason.CANCELLED if values["session_id"] else Reason.CANCELLED_ADMIN
            cancelled = [e for e in events if e["kind"] == K.ORDER_CANCELLED and e["reason"] == cause]
            assert events[-1]["affected_count"] == len(cancelled)

    def _check_bounds(self, events: list[dict[str, Any]]) -> None:
        """Each of these costs a step at least."""
        steps = [e for e in events if e["kind"] in (K.ORDER_EXPIRED, K.ORDER_STATUS, K.ORDER_TRIGGERED)]
        steps += [e for e in events if e["reason"] == Reason.CANCELLED_DISCONNECT and e["kind"] == K.ORDER_CANCELLED]
        steps += [e for e in events if e["kind"] == K.ORDER_RESTATED and e["reason"] == Reason.REJECTED_REDUCE_ONLY]
        assert len(steps) <= self._limits.work_steps_max

    def _check_book(self, instrument: int) -> None:
        """A book is never left crossed."""
        live = [o for o in self.orders.values() if o.instrument == instrument and o.state == OrderState.LIVE]
        bids = [o.price_e8 for o in live if o.side == Side.BUY and o.order_type in PRICED]
        asks = [o.price_e8 for o in live if o.side == Side.SELL and o.order_type in PRICED]
        assert not bids or not asks or max(bids) < min(asks), f"instrument {instrument} is crossed"
        assert all(o.order_type in PRICED for o in live), "a MARKET order or a fired stop rests"

    # ---- one event

    def _event(self, event: dict[str, Any], command: dict[str, Any]) -> None:
        kind = event["kind"]
        if kind == K.SESSION_STATE:
            session = event["session_id"]
            entered = sum(order.session == session for order in self.orders.values())
            assert event["open_orders"] == entered
        elif kind == K.ORDER_STATUS_END:
            assert event["open_orders"] == self._statuses.pop(event["session_id"], 0)
        elif kind == K.MASS_CANCEL_DONE and event["reason"] == Reason.ACK:
            self._mass_cancels[event["session_id"]] -= 1
        elif kind == K.CONFIG_SET and event["command_kind"] == CommandKind.SET_SESSION:
            self._sessions.add(int.from_bytes(event["body"][:4], "little"))
        elif kind in (K.QUOTE_SET, K.MMP_TRIPPED):
            self._quote(event)
        elif kind == K.POSITION_CHANGED:
            self._position_changed(event)
        elif "order_state" in event:
            self._statuses[event["session_id"]] += kind == K.ORDER_STATUS
            self._order_event(event, command)

    def _order_event(self, event: dict[str, Any], command: dict[str, Any]) -> None:
        kind, order_id = event["kind"], event["order_id"]
        if kind in REFUSALS and event["order_state"] in (0, OrderState.REJECTED):  # of no order that it may know
            assert event["cum_quantity_e8"] == event["leaves_quantity_e8"] == 0
            self._check_position(event)
            return
        if kind == K.REPLACE_REJECTED and event["order_state"] not in OPEN:
            assert event["reason"] == Reason.CANNOT_MODIFY_NO_SUCH_ORDER, "a modify that waited for the order"
            assert order_id in self._ended
            return
        if kind == K.ORDER_FILLED and event["liquidity"] == Liquidity.NONE:
            self._transferred(event)
            return
        if kind == K.ORDER_PENDING or (kind == K.ORDER_NEW and order_id not in self.orders):
            self._enter(event, command)
        order = self.orders[order_id]
        self._touched.add(order.instrument)
        self._change(event, command, order)
        self._check_order(event, order)
        self._check_position(event)
        if event["order_state"] not in OPEN:
            del self.orders[order_id]
            self._ended.add(order_id)

    def _change(self, event: dict[str, Any], command: dict[str, Any], order: Held) -> None:
        """What the event says of the order beside what it shows."""
        kind = event["kind"]
        if kind == K.ORDER_FILLED:
            self._filled(event, order)
        elif kind == K.ORDER_REPLACED:
            order.price_e8, order.quantity_e8 = event["price_e8"], event["quantity_e8"]
            order.client_id = event["client_order_id"]
            order.pending = None
        elif kind == K.ORDER_REPLACE_PENDING:
            order.pending = command["quantity_e8"], command["price_e8"]
        elif kind == K.REPLACE_REJECTED:
            if command.get("kind") != CommandKind.REPLACE or event["reason"] == Reason.MODIFY_SUPERSEDED:
                order.pending = None  # it was the one that waited
        elif kind == K.ORDER_RESTATED:
            grows = event["reason"] == Reason.ACK  # a half of a pair
            assert (event["quantity_e8"] > order.quantity_e8) == grows
            assert event["quantity_e8"] != order.quantity_e8
            order.quantity_e8 = event["quantity_e8"]
        elif kind in (K.ORDER_NEW, K.ORDER_TRIGGERED):  # reduce-only is clipped here
            assert event["quantity_e8"] <= order.quantity_e8
            order.quantity_e8 = event["quantity_e8"]

    def _enter(self, event: dict[str, Any], command: dict[str, Any]) -> None:
        seq, number = parts_of_id(event["order_id"])
        if number == 0:
            assert seq == event["seq"], "an order's id is the number of its command"
            assert (event["session_id"], event["account_id"]) == (command["session_id"], command["account_id"])
        elif event["order_flags"] & OrderFlag.VENUE:
            assert (seq, number >= FIRST_VENUE_NUMBER) == (event["seq"], True)
        else:
            assert seq == parts_of_id(event["contra_order_id"])[0], "a half is numbered after its parent"
            assert 0 < number < FIRST_VENUE_NUMBER
            assert number % 2 == (event["order_type"] == OrderType.TAKE_PROFIT)
        self.orders[event["order_id"]] = Held(
            event["session_id"], event["account_id"], event["instrument_id"], event["side"], event["order_type"],
            event["price_e8"], event["quantity_e8"], 0, event["order_state"], event["client_order_id"],
            event["order_flags"],
        )  # fmt: skip

    def _quote(self, event: dict[str, Any]) -> None:
        """What an account quotes in an instrument now is what is open."""
        for side, name in ((Side.BUY, "bid"), (Side.SELL, "ask")):
            order_id, price, leaves = (event[f"{name}_{what}"] for what in ("order_id", "price_e8", "leaves_e8"))
            if order_id and order_id not in self.orders:
                assert parts_of_id(order_id) == (event["seq"], side)
                self.orders[order_id] = Held(
                    event["session_id"], event["account_id"], event["instrument_id"], int(side), int(OrderType.ALO),
                    price, leaves, 0, int(OrderState.LIVE), "", int(OrderFlag.QUOTE),
                )  # fmt: skip
            elif order_id:
                order = self.orders[order_id]
                order.price_e8, order.quantity_e8 = price, order.cum_e8 + leaves
            assert (leaves > 0) == (order_id != 0)
            open_ones = [
                order_id
                for order_id, order in self.orders.items()
                if order.flags & OrderFlag.QUOTE
                and (order.account, order.instrument, order.side) == (event["account_id"], event["instrument_id"], side)
            ]
            assert open_ones == ([order_id] if order_id else []), "one quote a side"
        self._touched.add(event["instrument_id"])
        self._check_position(event)

    def _transferred(self, event: dict[str, Any]) -> None:
        """A position changes hands off the book: the giver's event, then the taker's."""
        seq, number = parts_of_id(event["order_id"])
        assert (seq, number >= FIRST_VENUE_NUMBER) == (event["seq"], True)
        assert event["trade_kind"] in (TradeKind.DLP_TRANSFER, TradeKind.ADL)
        assert event["fee_micro"] == 0
        other, self._fill = self._fill, None
        signed = event["last_quantity_e8"] * (1 if event["side"] == Side.BUY else -1)
        self._move(event["account_id"], event["instrument_id"], signed)
        if other is None:  # both are booked: its position is looked at when the other side is known
            self._fill = event
            return
        names = ("last_quantity_e8", "last_price_e8", "trade_kind")
        assert [event[name] for name in names] == [other[name] for name in names]
        assert (event["contra_order_id"], event["order_id"]) == (other["order_id"], other["contra_order_id"])
        assert {event["side"], other["side"]} == {Side.BUY, Side.SELL}
        self._check_position(other)
        self._check_position(event)
        self._touched.add(event["instrument_id"])

    def _move(self, account: int, instrument: int, signed: int) -> None:
        self.positions[account, instrument] += signed
        self._sums[instrument] += signed

    def _position_changed(self, event: dict[str, Any]) -> None:
        """By a split or a delisting, account by account: until all are done, positions do not sum to zero."""
        account, instrument = event["account_id"], event["instrument_id"]
        if event["change"] == PositionChange.LEVERAGE:
            self._check_position(event)
            return
        self._move(account, instrument, event["position_e8"] - self.positions[account, instrument])
        self._uneven.add(instrument)
        if self._sums[instrument] == 0:
            self._uneven.discard(instrument)

    def _check_order(self, event: dict[str, Any], order: Held) -> None:
        """The event shows the order as it is known, and quantities add up."""
        kind, state = event["kind"], event["order_state"]
        told = (event["account_id"], event["instrument_id"], event["side"], event["order_type"], event["price_e8"])
        assert told == (order.account, order.instrument, order.side, order.order_type, order.price_e8)
        assert (event["quantity_e8"], event["cum_quantity_e8"]) == (order.quantity_e8, order.cum_e8)
        assert 0 <= order.cum_e8 <= order.quantity_e8 > 0
        if state in OPEN:
            assert event["leaves_quantity_e8"] == order.quantity_e8 - order.cum_e8 > 0
        else:
            assert event["leaves_quantity_e8"] == 0
            assert (state == OrderState.FILLED) == (order.quantity_e8 == order.cum_e8)
        assert 0 <= event["display_quantity_e8"] <= event["leaves_quantity_e8"]
        if kind in (K.REPLACE_REJECTED, K.CANCEL_REJECTED, K.ORDER_STATUS, K.ORDER_REPLACE_PENDING):
            assert state == order.state, "nothing happened to the order"
        else:
            assert event["session_id"] == order.session, "the session that entered the order is told"
        names = (event["client_order_id"], event["orig_client_order_id"])
        assert order.client_id in names, "the order's own id is one of the two"
        order.state = state

    def _filled(self, event: dict[str, Any], order: Held) -> None:
        """Taker and maker have the same trade, within the limits of both."""
        lots, price = event["last_quantity_e8"], event["last_price_e8"]
        assert lots > 0
        order.cum_e8 += lots
        if event["liquidity"] == Liquidity.MAKER:
            taker = self._fill
            assert taker is not None
            assert (lots, price) == (taker["last_quantity_e8"], taker["last_price_e8"])
            assert (event["contra_order_id"], event["order_id"]) == (taker["order_id"], taker["contra_order_id"])
            assert event["side"] != taker["side"]
            assert price == order.price_e8, "a trade is at the resting order's price"
            self._fill = None
            return
        assert self._fill is None
        self._fill = event
        if order.order_type in PRICED:
            assert price <= order.price_e8 if order.side == Side.BUY else price >= order.price_e8
        maker = self.orders[event["contra_order_id"]]
        for side, account in ((order.side, order.account), (maker.side, maker.account)):
            self._move(account, order.instrument, lots if side == Side.BUY else -lots)

    def _check_position(self, event: dict[str, Any]) -> None:
        assert event["position_e8"] == self.positions.get((event["account_id"], event["instrument_id"]), 0)

    # ---- the end

    def finish(self, engine: Engine) -> None:
        """What is open and held is what was told, nothing more and nothing less; no work is under way any more."""
        assert not any(self._mass_cancels.values()), "a mass cancel is accepted and done once"
        assert not self._uneven
        state = parse_snapshot(engine.snapshot())
        lot_e8 = {}
        for row in state[Section.INSTRUMENT]:
            fields = COMMAND_BODIES[CommandKind.SET_INSTRUMENT].unpack(bytes(64) + row["config"])
            lot_e8[row["instrument_id"]] = fields["lot_size_e8"]
        rows = {row["order_id"]: row for row in state[Section.ORDER]}
        assert set(rows) == set(self.orders)
        for order_id, order in self.orders.items():
            row, lot = rows[order_id], lot_e8[order.instrument]
            told = (order.session, order.account, order.client_id, order.quantity_e8, order.cum_e8, order.state)
            assert told == (
                row["session_id"], row["account_id"], row["client_order_id"], row["quantity_lots"] * lot,
                row["cum_lots"] * lot, row["state"],
            )  # fmt: skip
        held = {(row["account_id"], row["instrument_id"]): row["position_lots"] for row in state[Section.POSITION]}
        for (account, instrument), position in self.positions.items():
            assert held[account, instrument] * lot_e8[instrument] == position
        for row in state[Section.SESSION]:
            assert row["session_seq"] == self._session_seqs[row["party_id"]]
