"""Why an order was taken or refused, why an account was liquidated, what an account is worth: the numbers behind it.

`Watcher` observes one command while the engine carries it out: every limit row that a check compares goes through its
verdicts, and what the other checks look at is noted before they do. The outcome is the engine's own; nothing here
decides, and the rules do not know that they are watched. Read by `ReferenceEngine.explain`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine.records import (
    CHECK_ORDER,
    InstrumentState,
    LimitKind,
    LiquidationStage,
    NodeFlag,
    Reason,
    RiskSession,
    Scope,
    VenueState,
)
from engine.reference import calendars, margin
from engine.reference.arithmetic import MONEY_MAX
from engine.reference.checks import OPEN_ORDERS_MAX_DEFAULT, is_taken, may_trade, notional_of_micro
from engine.reference.commands import Place, Replace
from engine.reference.constants import BUY, MARKET, REDUCE_ONLY, STOPS
from engine.reference.instruments import Instrument
from engine.reference.limits import REASONS, Verdict, executions, gross_micro, nodes_of
from engine.reference.margin import Figures
from engine.reference.nodes import Account, Limited, LimitRow, Position, Session
from engine.reference.rate import GENERAL_WEIGHT_MICRO, decay
from engine.reference.reducing import reduce_only_room
from engine.reference.replace_checks import replacement
from engine.reference.risk import Proposal, margin_needed
from engine.reference.state import Order, State

Numbers = dict[str, Any]
R = Reason
_AFTER_REDUCING = CHECK_ORDER[CHECK_ORDER.index(R.REJECTED_REDUCE_ONLY) + 1 :]
_NOT_OF_REPLACE = {
    R.REJECTED_DUPLICATE_CLORDID, R.BAD_SYMBOL, R.INVALID_ORDER_TYPE, R.INVALID_TIME_IN_FORCE, R.INVALID_MIN_QUANTITY,
    R.INVALID_DISPLAY_QUANTITY, R.REJECTED_TOO_MANY_OPEN_ORDERS, R.LIMIT_OPEN_ORDERS, R.LIMIT_REPEATED_ORDERS,
    R.REJECTED_CAPACITY,
}  # fmt: skip


def _replace_order() -> tuple[Reason, ...]:
    """CHECK_ORDER as a REPLACE meets it (docs/risk.md section 8)."""
    order = [reason for reason in CHECK_ORDER if reason not in _NOT_OF_REPLACE]
    at = order.index(R.REJECTED_STALE) + 1
    order[at:at] = [R.CANNOT_MODIFY_NO_SUCH_ORDER, R.REJECTED_DUPLICATE_CLORDID]
    at = order.index(R.QUANTITY_GREATER_THAN_MAX_QUANTITY) + 1
    order[at:at] = [R.CANNOT_MODIFY_PARTIAL_FILL]
    at = order.index(R.INVALID_TAKEPROFIT_PRICE)
    order[at:at] = [R.INVALID_ORDER_TYPE]
    return (*order, R.REJECTED_CAPACITY)


REPLACE_ORDER = _replace_order()


@dataclass(slots=True)
class Look:
    """One pass of the checks: what was compared row by row, and how it ended."""

    numbers: dict[Reason, Numbers] = field(default_factory=dict)
    rows: list[Numbers] = field(default_factory=list)
    verdict: Verdict | None = None
    only_reduces: bool = False


class _WatchedVerdict(Verdict):
    """Notes every row that is compared."""

    __slots__ = ("look",)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        look.verdict = self

    def exceeds(self, node: Limited, row: LimitRow, usage: int) -> Reason:
        reason = super().exceeds(node, row, usage)
        self.look.rows.append(row_numbers(row, usage, bool(reason)))
        return reason

    def fail(self, reason: Reason, detail: int = 0) -> Reason:
        if reason == R.LIMIT_ORDER_TO_TRADE and self.row is not None:  # compared by its check itself
            self.look.rows.append(row_numbers(self.row, self.usage, True))
        return super().fail(reason, detail)


class Watcher:
    """`state.Observer` of one command; a PLACE or REPLACE gets the numbers of every check."""

    def __init__(self, state: State, command: Any) -> None:
        self.looks: list[Look] = []
        self.liquidations: list[Numbers] = []
        self._state = state
        self._command = command

    def new_verdict(self) -> Verdict:
        look = Look()
        if not self.looks and isinstance(self._command, Place | Replace):
            subject = Subject.of(self._state, self._command)
            look.numbers = {reason: numbers(subject) for reason, numbers in NUMBERS.items()}
            look.only_reduces = subject.only_reduces
        self.looks.append(look)
        return _WatchedVerdict(look)

    def liquidation(self, account: Account, stage: int) -> None:
        figures = Figures(self._state, account)
        self.liquidations.append(
            {
                "account_id": account.party_id, "stage": LiquidationStage(stage).name, **figures_numbers(figures),
                "reserve_micro": self._state.risk.reserve_micro, "positions": positions_numbers(self._state, account),
            }
        )  # fmt: skip

    def checks(self) -> list[Numbers]:
        """Per pass of the checks: the outcome, and each check with its result and its numbers."""
        return [self._check_list(look) for look in self.looks]

    def _check_list(self, look: Look) -> Numbers:
        reason = look.verdict.reason if look.verdict is not None else R.ACK
        order = REPLACE_ORDER if isinstance(self._command, Replace) else CHECK_ORDER
        listed: list[Numbers] = []
        if look.numbers:
            listed = _in_order(order, look, reason)
        return {"reason": reason.name, "checks": listed, "rows": look.rows}


def _in_order(order: tuple[Reason, ...], look: Look, failed: Reason) -> list[Numbers]:
    """The published order up to the check that failed; what comes after it was not looked at."""
    rows: dict[str, list[Numbers]] = {}
    for row in look.rows:
        rows.setdefault(row["reason"], []).append(row)
    listed: list[Numbers] = []
    is_over = False
    for reason in order:
        result = "passed"
        if is_over:
            result = "not reached"
        elif reason == failed:
            result, is_over = "failed", True
        elif look.only_reduces and reason in _AFTER_REDUCING:
            result = "skipped: the order only reduces"
        entry: Numbers = {"check": reason.name, "result": result}
        if result in ("passed", "failed"):
            entry["numbers"] = look.numbers.get(reason, {})
            entry["limits"] = rows.get(reason.name, [])
        listed.append(entry)
    return listed


# ------------------------------------------------------------------------------------- what each check looks at


@dataclass(slots=True)
class Subject:
    """An order or a modify before its checks. Fields that a modify does not have are 0; `instrument` None: unknown."""

    state: State
    command: Place | Replace
    account: Account
    session: Session | None
    instrument: Instrument | None
    order: Order | None
    side: int
    order_type: int
    only_reduces: bool

    @classmethod
    def of(cls, state: State, command: Place | Replace) -> Subject:
        order = None
        if isinstance(command, Replace):
            order = _find(state, command)
            account = order.account if order else state.accounts[command.account_id]
            instrument = order.instrument if order else state.instruments.get(command.instrument_id)
            side, order_type = (order.side, order.order_type) if order else (command.side, command.order_type)
            reducing = order is not None and (bool(order.flags & REDUCE_ONLY) or order.is_stop)
        else:
            account, instrument = state.accounts[command.account_id], state.instruments.get(command.instrument_id)
            side, order_type = command.side, command.order_type
            reducing = bool(command.order_flags & REDUCE_ONLY) or order_type in STOPS
        session = state.sessions.get(command.session_id)
        return cls(state, command, account, session, instrument, order, side, order_type, reducing)

    @property
    def ticks(self) -> int:
        """The price at which it could trade at worst."""
        assert self.instrument is not None
        if self.order_type == MARKET:
            return calendars.edge_ticks(self.state, self.instrument, self.side)
        return int(self.command.price_e8 // self.instrument.tick_e8)

    @property
    def proposal(self) -> Proposal:
        assert self.instrument is not None
        lots = self.command.quantity_e8 // self.instrument.lot_e8
        if self.order is not None:
            return replacement(self.session, self.order, lots, self.ticks)
        lots = 0 if self.only_reduces else lots
        return Proposal(self.session, self.account, self.instrument, self.side, lots, self.ticks)


def _find(state: State, replace: Replace) -> Order | None:
    if replace.order_id:
        return state.orders.get(replace.order_id)
    account: Account | None = state.accounts.get(replace.account_id)
    return account.client_ids.get(replace.orig_client_order_id) if account is not None else None


def _permission(s: Subject) -> Numbers:
    session = s.session
    return {
        "session": s.command.session_id, "rights": session.rights if session else 0,
        "may_trade": may_trade(s.state, s.command.session_id, s.account.party_id) is not None,
    }  # fmt: skip


def _killed(s: Subject) -> Numbers:
    killed = [node_name(node) for node in nodes_of(s.session, s.account) if node.is_killed]
    if s.instrument is not None and s.instrument.is_killed:
        killed.append(f"INSTRUMENT {s.instrument.instrument_id}")
    return {"killed": killed}


def _rate(s: Subject) -> Numbers:
    trader = s.account.trader
    bucket = trader.general
    return {
        "trader": trader.party_id, "limit_micro": trader.rate_limit_milli * 1_000,
        "load_micro": decay(bucket.load_micro, s.state.timestamp_ns // 1_000_000 - bucket.time_ms),
        "weight_micro": GENERAL_WEIGHT_MICRO,
    }  # fmt: skip


def _age(s: Subject) -> Numbers:
    sent_ns = s.command.sent_ns
    return {"sent_ns": sent_ns, "age_ns": s.state.timestamp_ns - sent_ns if sent_ns else 0}


def _client_id(s: Subject) -> Numbers:
    text = s.command.client_order_id
    return {"client_order_id": text.rstrip(b"\0").decode("ascii", "replace"), "is_taken": is_taken(s.account, text)}


def _mandatory(s: Subject) -> Numbers:
    wanted = s.state.risk.terms.mandatory_limits
    return {"mandatory": [kind.name for kind in LimitKind if wanted >> kind & 1]}


def _type(s: Subject) -> Numbers:
    flags = s.command.order_flags if isinstance(s.command, Place) else 0
    return {"order_type": s.order_type, "side": s.side, "order_flags": flags}


def _time_in_force(s: Subject) -> Numbers:
    if not isinstance(s.command, Place):
        return {}
    return {"time_in_force": s.command.time_in_force, "expire_ns": s.command.expire_ns}


def _of_instrument(numbers: Callable[[Subject, Instrument], Numbers]) -> Callable[[Subject], Numbers]:
    """Numbers that need one: a message about an instrument that is not there has none."""
    return lambda s: numbers(s, s.instrument) if s.instrument is not None else {}


def _quantity(s: Subject, i: Instrument) -> Numbers:
    return {
        "quantity_e8": s.command.quantity_e8, "lot_e8": i.lot_e8, "min_quantity_e8": i.min_quantity_e8,
        "max_quantity_e8": i.max_quantity_e8,
    }  # fmt: skip


def _parts(s: Subject) -> Numbers:
    if not isinstance(s.command, Place):
        return {}
    return {"min_quantity_e8": s.command.min_quantity_e8, "display_quantity_e8": s.command.display_quantity_e8}


def _price(s: Subject, i: Instrument) -> Numbers:
    return {
        "price_e8": s.command.price_e8, "tick_e8": i.tick_e8, "min_price_e8": i.min_price_e8,
        "max_price_e8": i.max_price_e8, "oracle_price_e8": i.oracle_price_e8,
    }  # fmt: skip


def _mark(s: Subject, i: Instrument) -> Numbers:
    return {"mark_price_e8": i.mark_ticks * i.tick_e8}


def _band(s: Subject, i: Instrument) -> Numbers:
    state, ppm = s.state, calendars.band_ppm(s.state, i)
    if not ppm or not i.mark_ticks:
        return {"band_ppm": ppm, **_mark(s, i)}
    return {
        "price_e8": s.command.price_e8, **_mark(s, i), "band_ppm": ppm,
        "highest_buy_e8": calendars.highest_buy_ticks(state, i) * i.tick_e8,
        "lowest_sell_e8": calendars.lowest_sell_ticks(state, i) * i.tick_e8, "session": session_name(state, i),
    }  # fmt: skip


def _pair(s: Subject, i: Instrument) -> Numbers:
    against = i.mark_ticks * i.tick_e8 if s.order_type == MARKET else s.command.price_e8
    return {
        "take_profit_e8": s.command.take_profit_e8, "stop_loss_e8": s.command.stop_loss_e8, "against_e8": against,
    }  # fmt: skip


def _notional(s: Subject, i: Instrument) -> Numbers:
    notional = notional_of_micro(i, s.order_type, s.command.price_e8, s.command.quantity_e8)
    return {"notional_micro": notional, "min_notional_micro": i.min_notional_micro}


def _room(s: Subject) -> Numbers:
    limits = s.state.limits
    return {
        "open_orders": len(s.account.orders), "open_orders_max": s.account.open_orders_max or OPEN_ORDERS_MAX_DEFAULT,
        "orders": len(s.state.orders), "orders_max": limits.orders_max, "positions": len(s.state.positions),
        "positions_max": limits.positions_max,
    }  # fmt: skip


def _reducing(s: Subject, i: Instrument) -> Numbers:
    if not s.only_reduces:
        return {"reduce_only": False}
    position = s.account.positions.get(i.instrument_id)
    lots, room = (position.lots, max(0, reduce_only_room(position, s.side))) if position is not None else (0, 0)
    return {"reduce_only": True, "position_e8": lots * i.lot_e8, "room_e8": room * i.lot_e8}


def _flags(flag: NodeFlag) -> Callable[[Subject], Numbers]:
    return lambda s: {"nodes": [node_name(node) for node in nodes_of(s.session, s.account) if node.flags & flag]}


def _range(s: Subject, i: Instrument) -> Numbers:
    p = s.proposal
    lots = abs(p.position.lots) + p.position.bid_lots + p.position.ask_lots + p.more_lots
    return {"worst_micro": i.value_micro(lots * i.max_ticks), "money_max_micro": MONEY_MAX}


def _cap(s: Subject, i: Instrument) -> Numbers:
    if i.risk is None:
        return {}
    p = s.proposal
    leverage = p.position.leverage or i.risk.leverage_max
    lots = p.position.lots + p.position.bid_lots if s.side == BUY else p.position.ask_lots - p.position.lots
    return {
        "value_micro": i.mark_value_micro(lots + p.more_lots), "leverage": leverage,
        "position_cap_micro": calendars.position_cap_micro(s.state, i, leverage), "session": session_name(s.state, i),
    }  # fmt: skip


def _interest(s: Subject, i: Instrument) -> Numbers:
    if i.risk is None:
        return {}
    increase = s.proposal.increase_lots
    return {
        "open_interest_micro": i.mark_value_micro(i.long_lots), "increase_micro": i.mark_value_micro(increase),
        "interest_cap_micro": calendars.interest_cap_micro(s.state, i), "session": session_name(s.state, i),
    }  # fmt: skip


def _total_interest(s: Subject, i: Instrument) -> Numbers:
    total = sum(each.mark_value_micro(each.long_lots) for each in s.state.instruments.values())
    return {
        "open_interest_micro": total, "increase_micro": i.mark_value_micro(s.proposal.increase_lots),
        "total_interest_cap_micro": s.state.risk.terms.total_interest_cap_micro,
    }  # fmt: skip


def _margin(s: Subject, i: Instrument) -> Numbers:
    if not s.state.has_money or i.risk is None:
        return {"money": False}
    figures = Figures(s.state, s.account)
    more, needed = margin_needed(s.state, s.proposal)
    return {
        **figures_numbers(figures), "required_more_micro": more, "open_loss_and_fee_micro": needed - more,
        "needed_micro": needed,
    }  # fmt: skip


NUMBERS: dict[Reason, Callable[[Subject], Numbers]] = {
    R.PERMISSION_DENIED: _permission,
    R.REJECTED_JOURNAL_FULL: lambda s: {"venue_state": VenueState(s.state.venue_state).name},
    R.REJECTED_KILLED: _killed,
    R.RATE_LIMITED: _rate,
    R.REJECTED_STALE: _age,
    R.CANNOT_MODIFY_NO_SUCH_ORDER: lambda s: {"order_is_open": s.order is not None},
    R.REJECTED_DUPLICATE_CLORDID: _client_id,
    R.BAD_SYMBOL: lambda s: {"instrument": s.command.instrument_id, "is_known": s.instrument is not None},
    R.REJECTED_NO_RISK_CONFIGURATION: _of_instrument(
        lambda s, i: {"money": s.state.has_money, "has_risk_settings": i.risk is not None}
    ),
    R.REJECTED_MARKET_CLOSED: _of_instrument(
        lambda s, i: {"state": InstrumentState(i.state).name, "only_reduces": s.only_reduces}
    ),
    R.USER_IN_LIQUIDATION: lambda s: {"stage": LiquidationStage(s.account.stage).name},
    R.REJECTED_NO_LIMIT: _mandatory,
    R.INVALID_ORDER_TYPE: _type,
    R.INVALID_TIME_IN_FORCE: _time_in_force,
    R.INVALID_TICK_SIZE_PRECISION_QUANTITY: _of_instrument(_quantity),
    R.QUANTITY_LESS_THAN_MIN_QUANTITY: _of_instrument(_quantity),
    R.QUANTITY_GREATER_THAN_MAX_QUANTITY: _of_instrument(_quantity),
    R.CANNOT_MODIFY_PARTIAL_FILL: _of_instrument(
        lambda s, i: {
            "quantity_e8": s.command.quantity_e8,
            "filled_e8": s.order.cum_lots * i.lot_e8 if s.order else 0,
        }
    ),
    R.INVALID_MIN_QUANTITY: _parts,
    R.INVALID_DISPLAY_QUANTITY: _parts,
    R.INVALID_TICK_SIZE_PRECISION_PRICE: _of_instrument(_price),
    R.REJECTED_NO_REFERENCE_PRICE: _of_instrument(_mark),
    R.PRICE_LESS_THAN_MIN_PRICE: _of_instrument(_price),
    R.PRICE_GREATER_THAN_MAX_PRICE: _of_instrument(_price),
    R.REJECTED_GREATER_THAN_MAX_PRICE_BAND: _of_instrument(_band),
    R.REJECTED_LESS_THAN_MIN_PRICE_BAND: _of_instrument(_band),
    R.INVALID_TAKEPROFIT_PRICE: _of_instrument(_pair),
    R.INVALID_STOPLOSS_PRICE: _of_instrument(_pair),
    R.REJECTED_PRICE_TOLERANCE: _of_instrument(_mark),
    R.REJECTED_LESS_THAN_MIN_NOTIONAL: _of_instrument(_notional),
    R.REJECTED_TOO_MANY_OPEN_ORDERS: _room,
    R.REJECTED_CAPACITY: _room,
    R.REJECTED_REDUCE_ONLY: _of_instrument(_reducing),
    R.REJECTED_LOCKED: _flags(NodeFlag.LOCKED),
    R.REJECTED_TRADING_WINDOW: _flags(NodeFlag.WINDOW_CLOSED),
    R.REJECTED_NUMERIC_RANGE: _of_instrument(_range),
    R.REJECTED_WOULD_BREACH_MAX_NOTIONAL: _of_instrument(_cap),
    R.REJECTED_OPEN_INTEREST_LIMIT: _of_instrument(_interest),
    R.REJECTED_TOTAL_OPEN_INTEREST_LIMIT: _of_instrument(_total_interest),
    R.FAILED_MARGIN_CHECK: _of_instrument(_margin),
}


# ---------------------------------------------------------------------------------------------------- an account


def account_numbers(state: State, account: Account) -> Numbers:
    """What it is worth and bound by, at the present marks (docs/risk.md sections 4 and 8)."""
    figures = Figures(state, account)
    return {
        "account_id": account.party_id,
        "parts": {
            f"{part}_micro": getattr(account, f"{part}_micro")
            for part in ("deposits", "realised", "funding", "fees", "rewards", "settled", "hold")
        },
        **figures_numbers(figures),
        "withdrawable_micro": figures.withdrawable,
        "stage": LiquidationStage(account.stage).name,
        "open_orders": len(account.orders),
        "path": [
            {"node": node_name(node), "flags": [flag.name for flag in NodeFlag if node.flags & flag]}
            for node in account.path
        ],
        "positions": positions_numbers(state, account),
        "limits": [
            {**row_numbers(row, _usage(state, account, node, row), False), "kind": LimitKind(row.kind).name}
            for node in account.path
            for rows in node.limits.values()
            for row in rows
        ],
    }


def _usage(state: State, account: Account, node: Any, row: LimitRow) -> int | None:
    """What is used of a row now, without any order; None for what only an order has."""
    if row.kind == LimitKind.OPEN_ORDERS:
        return int(node.open_orders)
    if row.kind == LimitKind.OPEN_NOTIONAL:
        return int(node.open_notional_micro)
    if row.kind == LimitKind.EXECUTIONS:
        return executions(state, row)
    if row.kind == LimitKind.CREDIT:
        return Figures(state, account).required
    if row.kind == LimitKind.GROSS_NOTIONAL and node.exposures:
        traded = state.instruments[next(iter(node.exposures))]
        return gross_micro(state, node, row, traded, 0, 0)
    if row.kind in (LimitKind.DAILY_LOSS, LimitKind.DRAWDOWN):
        return (row.base if row.kind == LimitKind.DAILY_LOSS else row.peak) - margin.node_equity_micro(state, node)
    return None


def figures_numbers(figures: Figures) -> Numbers:
    return {
        "balance_micro": figures.balance, "unrealised_micro": figures.unrealised, "equity_micro": figures.equity,
        "required_micro": figures.required, "position_margin_micro": figures.position_margin,
        "maintenance_micro": figures.maintenance, "close_out_micro": figures.close_out,
        "available_micro": figures.available,
    }  # fmt: skip


def positions_numbers(state: State, account: Account) -> list[Numbers]:
    """Records that are not flat, or have working orders."""
    found = []
    for instrument_id, position in sorted(account.positions.items()):
        if position.lots or position.bid_lots or position.ask_lots:
            found.append(_position(state.instruments[instrument_id], position))
    return found


def _position(instrument: Instrument, position: Position) -> Numbers:
    numbers: Numbers = {
        "instrument_id": instrument.instrument_id,
        "position_e8": position.lots * instrument.lot_e8,
        "mark_price_e8": instrument.mark_ticks * instrument.tick_e8,
        "cost_micro": instrument.value_micro(position.cost),
        "open_bid_e8": position.bid_lots * instrument.lot_e8,
        "open_ask_e8": position.ask_lots * instrument.lot_e8,
    }
    if instrument.risk is not None:
        numbers |= {
            "unrealised_micro": margin.unrealised_micro(instrument, position),
            "required_micro": margin.required_micro(instrument, position),
            "position_margin_micro": margin.position_margin_micro(instrument, position),
            "maintenance_micro": margin.maintenance_micro(instrument, position),
            "close_out_micro": margin.close_out_micro(instrument, position),
            "leverage": position.leverage or instrument.risk.leverage_max,
        }
    return numbers


def row_numbers(row: LimitRow, usage: int | None, failed: bool) -> Numbers:
    reason = REASONS.get(LimitKind(row.kind))
    numbers: Numbers = {
        "reason": reason.name if reason is not None else LimitKind(row.kind).name,
        "node": f"{Scope(row.scope).name} {row.node_id}", "owner": Scope(row.owner).name, "target": row.target,
        "target_id": row.target_id, "value": row.value, "parameter": row.parameter, "failed": failed,
    }  # fmt: skip
    if usage is not None:
        numbers["usage"] = usage
    return numbers


def node_name(node: Limited) -> str:
    return f"{Scope(node.scope).name} {node.party_id}"


def session_name(state: State, instrument: Instrument) -> str:
    return RiskSession(calendars.risk_session(state, instrument)).name
