"""Configuration and sessions: SET_*, ROLL_BUSINESS_DATE, SESSION_* (docs/engine.md sections 2 and 5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.api import FindMatcher, Matcher, MatcherConfig, MatchReport
from engine.records import (
    COMMAND_HEADER_SIZE,
    COMMAND_SIZE,
    INT64_MAX,
    NEVER_NS,
    SET_INSTRUMENT,
    AssetClass,
    CodFlag,
    CommandKind,
    DisconnectCause,
    EventKind,
    InstrumentFlag,
    InstrumentState,
    LogonFlag,
    PartyStatus,
    Reason,
    Scope,
    SessionRight,
    StpMode,
    VenueState,
)
from engine.reference.book import PriceTimeBook, ProRataBook
from engine.reference.cascades import latch
from engine.reference.checks import STP_GROUPS_MAX, due_ns
from engine.reference.commands import (
    RollBusinessDate,
    SessionDisconnect,
    SessionLogon,
    SetAccount,
    SetInstrument,
    SetMark,
    SetNode,
    SetSession,
    SetState,
    SetTrader,
)
from engine.reference.events import Events
from engine.reference.instruments import Instrument
from engine.reference.nodes import Account, Party, Session, Trader
from engine.reference.risk_commands import HEADER_FIELDS
from engine.reference.state import State, WorkItem
from engine.snapshot_records import Work

RATE_LIMIT_MILLI_MAX = 10**12
PRICE_LEVELS_MAX = 1 << 24
FILLS_MAX = 1_000
BAND_PPM_MAX = 1_000_000
BUSINESS_DATE_MAX = 9999_12_31
E8_PER_MICRO_SQUARED = 10**10  # tick_e8 x lot_e8 per micro-USDC of tick value

# All defined flags, as plain ints: `~` of an IntFlag gives the other defined flags, not the undefined ones.
_RIGHTS = int(SessionRight.TRADE | SessionRight.CANCEL | SessionRight.RISK | SessionRight.PRICES)
_INSTRUMENT_FLAGS = int(InstrumentFlag.BUMP_MARKET)
_COD_FLAGS = int(CodFlag.ON_LOSS | CodFlag.ON_LOGOUT | CodFlag.ACCOUNT_SCOPE)
_LOGON_FLAGS = int(LogonFlag.SNAPSHOT | LogonFlag.ACCOUNTS)

OWN_BOOKS: dict[str, Callable[[MatcherConfig, Any], Matcher]] = {
    "price_time": PriceTimeBook,
    "reference": PriceTimeBook,
    "pro_rata": ProRataBook,
}
ReduceCap = Callable[[int, int, Sequence[MatchReport]], int]


def find_book(name: bytes, find_matcher: FindMatcher) -> Callable[[MatcherConfig, Any], Matcher] | None:
    """The class of a matcher that is written in Python, by its padded name; None when there is none."""
    try:
        text = name.rstrip(b"\0").decode("ascii")
    except UnicodeDecodeError:
        return None
    if text in OWN_BOOKS:
        return OWN_BOOKS[text]
    try:
        return find_matcher(text).factory
    except LookupError:
        return None


class Parties:
    def __init__(
        self,
        state: State,
        events: Events,
        find_matcher: FindMatcher,
        reduce_cap: ReduceCap,
        start_pass: Callable[[], None],
    ) -> None:
        self._state = state
        self._events = events
        self._start_pass = start_pass
        self._find_matcher = find_matcher
        self._reduce_cap = reduce_cap
        self._handlers: dict[int, Callable[[Any, bytes], Reason]] = {
            CommandKind.SET_VENUE_STATE: self._set_venue_state,
            CommandKind.SET_INSTRUMENT: self._set_instrument,
            CommandKind.SET_INSTRUMENT_STATE: self._set_instrument_state,
            CommandKind.SET_MARK: self._set_mark,
            CommandKind.SET_BROKER: self._set_broker,
            CommandKind.SET_FIRM: self._set_firm,
            CommandKind.SET_DESK: self._set_desk,
            CommandKind.SET_TRADER: self._set_trader,
            CommandKind.SET_ACCOUNT: self._set_account,
            CommandKind.SET_SESSION: self._set_session,
            CommandKind.ROLL_BUSINESS_DATE: self._roll_business_date,
        }

    def configure(self, command: Any, record: bytes | memoryview) -> None:
        """A SET_* or ROLL_* command and its 192 bytes: CONFIG_SET or COMMAND_REJECTED with a copy of the body."""
        body = bytes(record[COMMAND_HEADER_SIZE:COMMAND_SIZE])
        reason = self._handlers[command.kind](command, body)
        kind = EventKind.COMMAND_REJECTED if reason else EventKind.CONFIG_SET
        self._events.config(kind, reason, command.kind, command.session_id, command.instrument_id, body)
        if command.kind == CommandKind.SET_MARK and not reason:
            latch(self._state, self._state.instruments[command.instrument_id])
            self._start_pass()

    # ---- venue

    def _set_venue_state(self, command: SetState, body: bytes) -> Reason:
        if not VenueState.OPEN <= command.state <= VenueState.CANCEL_ONLY:
            return Reason.INVALID_PARAMETER
        self._state.venue_state = command.state
        return Reason.ACK

    def _roll_business_date(self, command: RollBusinessDate, body: bytes) -> Reason:
        if not self._state.business_date < command.business_date <= BUSINESS_DATE_MAX:
            return Reason.INVALID_PARAMETER
        if not self.has_room_for_work():
            return Reason.REJECTED_CAPACITY
        self._state.business_date = command.business_date
        work = WorkItem(Work.EXPIRE_DAY, command.seq, command.session_id, command.msg_seq_in, Reason.EXPIRED)
        work.scope = Scope.VENUE
        self._state.works.append(work)
        return Reason.ACK

    def has_room_for_work(self, works: int = 1) -> bool:
        return len(self._state.works) + works <= self._state.limits.works_max

    # ---- firms, desks, traders, accounts, sessions

    def _set_broker(self, command: SetNode, body: bytes) -> Reason:
        state = self._state
        reason = _check_party(command, state.limits.brokers_max, command.parent_id == 0)
        if reason:
            return reason
        broker = state.brokers.get(command.party_id)
        if broker is None:
            broker = state.brokers[command.party_id] = Party(command.party_id, Scope.BROKER, None)
        return _take_common(broker, command)

    def _set_firm(self, command: SetNode, body: bytes) -> Reason:
        """Its parent is its clearing broker, 0 when it has none."""
        state = self._state
        firm = state.firms.get(command.party_id)
        parents = state.brokers if command.parent_id else {0: None}
        reason = _check_child(command, state.limits.firms_max, parents, firm)
        if reason:
            return reason
        if firm is None:
            broker = state.brokers.get(command.parent_id)
            firm = state.firms[command.party_id] = Party(command.party_id, Scope.FIRM, broker)
        return _take_common(firm, command)

    def _set_desk(self, command: SetNode, body: bytes) -> Reason:
        state = self._state
        desk = state.desks.get(command.party_id)
        reason = _check_child(command, state.limits.desks_max, state.firms, desk)
        if reason:
            return reason
        if desk is None:
            desk = Party(command.party_id, Scope.DESK, state.firms[command.parent_id])
            state.desks[command.party_id] = desk
        return _take_common(desk, command)

    def _set_trader(self, command: SetTrader, body: bytes) -> Reason:
        state = self._state
        trader = state.traders.get(command.party_id)
        valid = 0 <= command.rate_limit_milli <= RATE_LIMIT_MILLI_MAX
        reason = _check_child(command, state.limits.traders_max, state.desks, trader, valid)
        if reason:
            return reason
        if trader is None:
            trader = state.traders[command.party_id] = Trader(command.party_id, state.desks[command.parent_id])
        trader.rate_limit_milli = command.rate_limit_milli
        return _take_common(trader, command)

    def _set_account(self, command: SetAccount, body: bytes) -> Reason:
        state = self._state
        account = state.accounts.get(command.party_id)
        valid = command.stp_mode <= StpMode.DECREMENT and command.stp_group < STP_GROUPS_MAX
        reason = _check_child(command, state.limits.accounts_max, state.traders, account, valid)
        if reason:
            return reason
        if account is None:
            account = state.accounts[command.party_id] = new_account(state, command.party_id, command.parent_id)
        account.stp_group = command.stp_group
        account.open_orders_max = command.open_orders_max
        account.stp_mode = command.stp_mode
        return _take_common(account, command)

    def _set_session(self, command: SetSession, body: bytes) -> Reason:
        state = self._state
        valid = Scope.ACCOUNT <= command.scope <= Scope.BROKER and command.scope != Scope.VENUE
        valid = valid and not command.rights & ~_RIGHTS
        reason = _check_party(command, state.limits.sessions_max, valid)
        if reason:
            return reason
        node = state.nodes(command.scope).get(command.parent_id)
        if node is None:
            return Reason.UNKNOWN_PARTY
        session = state.sessions.get(command.party_id)
        if session is None:
            session = state.sessions[command.party_id] = Session(command.party_id, command.scope, node)
        elif (session.node_scope, session.parent_id) != (command.scope, command.parent_id):
            return Reason.INVALID_PARAMETER
        session.rights = command.rights
        return _take_common(session, command)

    # ---- instruments

    def _set_instrument(self, command: SetInstrument, body: bytes) -> Reason:
        state = self._state
        if command.instrument_id == 0 or command.flags_instrument & ~_INSTRUMENT_FLAGS:
            return Reason.INVALID_PARAMETER
        if command.instrument_id > state.limits.instruments_max:
            return Reason.REJECTED_CAPACITY
        if not _is_sound(command):
            return Reason.INVALID_PARAMETER
        factory = find_book(command.matcher, self._find_matcher)
        if factory is None:
            return Reason.UNKNOWN_MATCHER
        instrument = state.instruments.get(command.instrument_id)
        if instrument is None:
            instrument = self.add_instrument(command, factory)
        elif not _same_for_good(command, instrument):
            return Reason.INVALID_PARAMETER
        instrument.configure(body, command)
        return Reason.ACK

    def add_instrument(self, fields: SetInstrument, factory: Callable[[MatcherConfig, Any], Matcher]) -> Instrument:
        levels = fields.max_price_e8 // fields.tick_size_e8 + 1
        config = MatcherConfig(fields.instrument_id, levels, self._state.limits.orders_per_book_max, fields.fills_max)
        instrument = Instrument(fields.instrument_id, factory(config, self._reduce_cap))
        self._state.instruments[fields.instrument_id] = instrument
        return instrument

    def _set_instrument_state(self, command: SetState, body: bytes) -> Reason:
        instrument = self._state.instruments.get(command.instrument_id)
        if instrument is None:
            return Reason.BAD_SYMBOL
        if not InstrumentState.ACTIVE <= command.state <= InstrumentState.DELISTED:
            return Reason.INVALID_PARAMETER
        if self._state.accrual.instrument_id == command.instrument_id:
            return Reason.REJECTED_BUSY
        instrument.state = command.state
        return Reason.ACK

    def _set_mark(self, command: SetMark, body: bytes) -> Reason:
        instrument = self._state.instruments.get(command.instrument_id)
        if instrument is None:
            return Reason.BAD_SYMBOL
        ticks, rest = divmod(command.mark_price_e8, instrument.tick_e8)
        sound = not rest and 0 < ticks < PRICE_LEVELS_MAX and command.oracle_price_e8 >= 0
        if not sound or instrument.is_priced:
            return Reason.INVALID_PARAMETER
        if self._state.accrual.instrument_id == command.instrument_id:
            return Reason.REJECTED_BUSY
        instrument.mark_ticks = ticks
        instrument.oracle_price_e8 = command.oracle_price_e8
        return Reason.ACK

    # ---- sessions coming and going

    def logon(self, command: SessionLogon, record: bytes | memoryview) -> None:
        session = self._state.sessions.get(command.session_id)
        wanted = [
            work
            for flag, work in ((LogonFlag.SNAPSHOT, Work.ORDER_STATUS), (LogonFlag.ACCOUNTS, Work.ACCOUNT_STATUS))
            if command.logon_flags & flag
        ]
        if session is None:
            self.refuse(Reason.UNKNOWN_PARTY, command, record)
        elif command.cod_grace_ns < 0 or command.cod_flags & ~_COD_FLAGS or command.logon_flags & ~_LOGON_FLAGS:
            self.refuse(Reason.INVALID_PARAMETER, command, record)
        elif wanted and not self.has_room_for_work(len(wanted)):
            self.refuse(Reason.REJECTED_CAPACITY, command, record)
        else:
            session.connected = 1
            session.cod_flags = command.cod_flags
            session.cod_grace_ns = command.cod_grace_ns
            self.set_cod_timer(session, NEVER_NS)
            self._events.session_state(session, command.instrument_id)
            for kind in wanted:
                work = WorkItem(kind, command.seq, session.party_id, command.msg_seq_in, Reason.ACK)
                work.scope, work.target_id = session.node_scope, session.parent_id
                self._state.works.append(work)

    def disconnect(self, command: SessionDisconnect, record: bytes | memoryview) -> None:
        session = self._state.sessions.get(command.session_id)
        if session is None:
            self.refuse(Reason.UNKNOWN_PARTY, command, record)
            return
        if not DisconnectCause.LOSS <= command.cause <= DisconnectCause.LOGOUT:
            self.refuse(Reason.INVALID_PARAMETER, command, record)
            return
        flag = CodFlag.ON_LOSS if command.cause == DisconnectCause.LOSS else CodFlag.ON_LOGOUT
        covered = bool(session.connected and session.cod_flags & flag)
        if covered and session.cod_grace_ns == 0:
            if not self.has_room_for_work():
                self.refuse(Reason.REJECTED_CAPACITY, command, record)
                return
            self.cancel_on_disconnect(session, command.seq, command.msg_seq_in)
        elif covered:
            self.set_cod_timer(session, due_ns(command.timestamp_ns, session.cod_grace_ns))
        session.connected = 0

    def set_cod_timer(self, session: Session, due: int) -> None:
        """NEVER_NS stops it."""
        if session.cod_due_ns != NEVER_NS:
            self._state.cod_timers.remove((session.cod_due_ns, session.party_id))
        session.cod_due_ns = due
        if due != NEVER_NS:
            self._state.cod_timers.add((due, session.party_id))

    def cancel_on_disconnect(self, session: Session, seq: int, msg_seq_in: int) -> None:
        work = WorkItem(Work.CANCEL_ON_DISCONNECT, seq, session.party_id, msg_seq_in, Reason.CANCELLED_DISCONNECT)
        if session.cod_flags & CodFlag.ACCOUNT_SCOPE:
            work.scope, work.target_id = session.node_scope, session.parent_id
        else:
            work.scope, work.target_id = int(Scope.SESSION), session.party_id
        self._state.works.append(work)

    def refuse(self, reason: Reason, command: Any, record: bytes | memoryview) -> None:
        """COMMAND_REJECTED: nothing happened."""
        body = bytes(record[COMMAND_HEADER_SIZE:COMMAND_SIZE])
        self._events.config(
            EventKind.COMMAND_REJECTED, reason, command.kind, command.session_id, command.instrument_id, body
        )


def new_account(state: State, account_id: int, trader_id: int) -> Account:
    """Not yet in the table; everything above it exists."""
    trader = state.traders[trader_id]
    desk = state.desks[trader.parent_id]
    firm = state.firms[desk.parent_id]
    broker = state.brokers.get(firm.parent_id)
    above = (trader, desk, firm) if broker is None else (trader, desk, firm, broker)
    account = Account(account_id, trader, above, state.venue)
    account.epoch = state.accrual.epoch
    return account


def _check_party(command: Any, id_max: int, valid: bool) -> Reason:
    status_known = PartyStatus.ACTIVE <= command.status <= PartyStatus.BLOCKED
    if command.party_id == 0 or not status_known or not valid:
        return Reason.INVALID_PARAMETER
    return Reason.REJECTED_CAPACITY if command.party_id > id_max else Reason.ACK


def _check_child(command: Any, id_max: int, parents: Any, existing: Party | None, valid: bool = True) -> Reason:
    reason = _check_party(command, id_max, valid)
    if reason:
        return reason
    if command.parent_id not in parents:
        return Reason.UNKNOWN_PARTY
    if existing is not None and existing.parent_id != command.parent_id:
        return Reason.INVALID_PARAMETER
    return Reason.ACK


def _take_common(party: Party | Session, command: Any) -> Reason:
    party.status = command.status
    party.name = command.name
    return Reason.ACK


def _is_sound(command: SetInstrument) -> bool:
    tick, lot = command.tick_size_e8, command.lot_size_e8
    if not command.symbol.rstrip(b"\0") or tick < 1 or lot < 1:
        return False
    if tick * lot > INT64_MAX or tick * lot % E8_PER_MICRO_SQUARED:
        return False
    return (
        _is_range(command.min_price_e8, command.max_price_e8, tick)
        and command.max_price_e8 // tick < PRICE_LEVELS_MAX
        and _is_range(command.min_quantity_e8, command.max_quantity_e8, lot)
        and command.min_notional_micro >= 0
        and command.speed_bump_ns >= 0
        and command.band_ppm < BAND_PPM_MAX
        and 1 <= command.fills_max <= FILLS_MAX
        and AssetClass.EQUITY <= command.asset_class <= AssetClass.PRECIOUS_METAL
    )


def _is_range(low_e8: int, high_e8: int, step_e8: int) -> bool:
    return low_e8 % step_e8 == 0 and high_e8 % step_e8 == 0 and step_e8 <= low_e8 <= high_e8


def _same_for_good(command: SetInstrument, instrument: Instrument) -> bool:
    """Symbol, matcher, tick, lot, max price and fills_max never change."""
    old = SetInstrument._make((*command[:HEADER_FIELDS], *instrument_fields(instrument.config)))
    names = ("symbol", "matcher", "tick_size_e8", "lot_size_e8", "max_price_e8", "fills_max")
    return all(getattr(old, name) == getattr(command, name) for name in names)


def instrument_fields(body: bytes) -> tuple[Any, ...]:
    """The fields of a SET_INSTRUMENT's body, without its header's."""
    return SET_INSTRUMENT.unpack_row(bytes(COMMAND_HEADER_SIZE) + body, 0)[HEADER_FIELDS:]
