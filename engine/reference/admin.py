"""Commands of the operator, the clearing side, the oracle and the clock (docs/risk.md section 2): who may send which,
what needs a second person, and the answer, CONFIG_SET or COMMAND_REJECTED."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.records import COMMAND_HEADER_SIZE, COMMAND_SIZE, CommandKind, EventKind, PartyStatus, Reason, SessionRight
from engine.reference.corporate import Corporate
from engine.reference.events import Events
from engine.reference.funding import Funding
from engine.reference.leverage import Leverage
from engine.reference.operator import Operator, is_approved
from engine.reference.prices import Prices
from engine.reference.quotes import Quotes
from engine.reference.risk_commands import Header
from engine.reference.risk_config import RiskConfig
from engine.reference.risk_work import RiskWorks
from engine.reference.state import State
from engine.reference.treasury import Treasury

_SILENT = (
    CommandKind.PRICE,
    CommandKind.MARK_PULSE,
    CommandKind.FUNDING_SAMPLE,
)  # no CONFIG_SET: they come all the time
_OWN_PERMISSION = (  # others are session 0's
    CommandKind.SET_LEVERAGE, CommandKind.SET_MMP, CommandKind.RESET_MMP, CommandKind.SET_LIMIT, CommandKind.KILL,
    CommandKind.REVIVE, CommandKind.SET_TRADING_WINDOW, CommandKind.PRICE,
)  # fmt: skip
_APPROVED = (CommandKind.HOUSE_TRANSFER, CommandKind.SET_MANUAL_PRICE, CommandKind.SPLIT, CommandKind.DELIST)


@dataclass(frozen=True, slots=True)
class Rooms:
    """Where each command is carried out."""

    treasury: Treasury
    config: RiskConfig
    operator: Operator
    prices: Prices
    funding: Funding
    corporate: Corporate
    leverage: Leverage
    quotes: Quotes
    works: RiskWorks


class Admin:
    def __init__(self, state: State, events: Events, rooms: Rooms) -> None:
        self._state = state
        self._events = events
        self._rooms = rooms
        treasury, config, operator, prices = rooms.treasury, rooms.config, rooms.operator, rooms.prices
        corporate, quotes = rooms.corporate, rooms.quotes
        self._handlers: dict[int, Callable[[Header, Any], Reason]] = {
            CommandKind.SET_LEVERAGE: rooms.leverage.set,
            CommandKind.SET_MMP: quotes.set_mmp,
            CommandKind.RESET_MMP: lambda head, body: quotes.reset_mmp(head),
            CommandKind.SET_LIMIT: operator.set_limit,
            CommandKind.KILL: operator.kill,
            CommandKind.REVIVE: operator.revive,
            CommandKind.SET_TRADING_WINDOW: operator.set_trading_window,
            CommandKind.NOTE: operator.note,
            CommandKind.SET_ACCOUNT_RISK: config.set_account_risk,
            CommandKind.SET_FEE: config.set_fee,
            CommandKind.CALENDAR_CHANGE: config.calendar_change,
            CommandKind.DEPOSIT: treasury.deposit,
            CommandKind.WITHDRAW_REQUEST: treasury.withdraw,
            CommandKind.WITHDRAW_DONE: treasury.end_withdrawal,
            CommandKind.WITHDRAW_FAILED: treasury.end_withdrawal,
            CommandKind.TRANSFER: treasury.transfer,
            CommandKind.HOUSE_TRANSFER: treasury.house_transfer,
            CommandKind.SET_FEED: prices.set_feed,
            CommandKind.SET_INDEX: prices.set_index,
            CommandKind.SET_ROLL_WEIGHT: prices.set_roll_weight,
            CommandKind.SET_INDEX_REFERENCE: prices.set_index_reference,
            CommandKind.PRICE: prices.price,
            CommandKind.SET_MANUAL_PRICE: prices.set_manual_price,
            CommandKind.MARK_PULSE: lambda head, body: self._pulse(),
            CommandKind.FUNDING_SAMPLE: lambda head, body: self._sample(),
            CommandKind.FUNDING_SETTLE: lambda head, body: rooms.funding.settle(),
            CommandKind.SPLIT: corporate.split,
            CommandKind.SCHEDULE_DELISTING: corporate.schedule_delisting,
            CommandKind.DELIST: corporate.delist,
            CommandKind.CHANGE_SYMBOL: corporate.change_symbol,
        }

    def handle(self, head: Header, body: Any, record: memoryview) -> None:
        """The answer is the command's last event; what it starts (passes, cancels) comes after it."""
        config = bytes(record[COMMAND_HEADER_SIZE:COMMAND_SIZE])
        reason = self._check_sender(head)
        if not reason and head.kind in _APPROVED and not is_approved(head):
            reason = Reason.APPROVAL_REQUIRED
        if not reason:
            reason = self._carry_out(head, body, config)
        if reason or head.kind not in _SILENT:
            kind = EventKind.COMMAND_REJECTED if reason else EventKind.CONFIG_SET
            self._events.config(kind, reason, head.kind, head.session_id, head.instrument_id, config)

    def _carry_out(self, head: Header, body: Any, config: bytes) -> Reason:
        if head.kind == CommandKind.SET_VENUE_RISK:
            return self._rooms.config.set_venue_risk(head, body, config)
        if head.kind == CommandKind.SET_INSTRUMENT_RISK:
            return self._rooms.config.set_instrument_risk(head, body, config)
        return self._handlers[head.kind](head, body)

    def _check_sender(self, head: Header) -> Reason:
        if head.session_id == 0 or (head.kind in _OWN_PERMISSION and head.kind != CommandKind.PRICE):
            return Reason.ACK
        session = self._state.sessions.get(head.session_id)
        if head.kind == CommandKind.PRICE and session is not None and session.status == PartyStatus.ACTIVE:
            return Reason.ACK if session.rights & SessionRight.PRICES else Reason.PERMISSION_DENIED
        return Reason.PERMISSION_DENIED

    def _pulse(self) -> Reason:
        self._rooms.prices.pulse()
        self._rooms.works.start_pass()
        self._rooms.works.start_monitors()
        self._rooms.works.watch_reserve()
        return Reason.ACK

    def _sample(self) -> Reason:
        self._rooms.funding.sample()
        return Reason.ACK
