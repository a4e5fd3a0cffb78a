"""Who and what there is: venue, hierarchy, sessions and instruments are set up, updated and checked here.

Called by `_core`; `_restore` uses the same checks of an instrument's configuration. An update keeps run-time state.
Nothing here touches an order; works that cancel or show orders are only queued.
"""

from libc.stdint cimport INT64_MAX, int64_t, uint16_t, uint32_t, uint64_t, uint8_t
from libc.string cimport memcmp, memcpy, memset

from engine._calendars cimport instrument_derive
from engine._cascades cimport latch
from engine._checks cimport due_after
from engine._events cimport write_config, write_session_state
from engine._risk_work cimport start_pass
from engine._state cimport (
    BROKER_LEVEL, account_add, account_t, cod_timer_set, find_instrument, find_lineage, find_session,
    has_room_for_work, instrument_t, level_of, party_t, risk_of_instrument, session_t, state_t, text32_t, work_add,
)
from engine.arith cimport mul_checked
from engine.levels cimport PRICE_LEVELS_MAX
from engine.matcher cimport pg_config
from engine.records cimport (
    ASSET_CLASS_EQUITY, ASSET_CLASS_PRECIOUS_METAL, COD_FLAG_ACCOUNT_SCOPE, COD_FLAG_ON_LOGOUT, COD_FLAG_ON_LOSS,
    COMMAND_KIND_ROLL_BUSINESS_DATE, COMMAND_KIND_SET_ACCOUNT, COMMAND_KIND_SET_BROKER, COMMAND_KIND_SET_DESK,
    COMMAND_KIND_SET_FIRM, COMMAND_KIND_SET_INSTRUMENT_STATE, COMMAND_KIND_SET_MARK, COMMAND_KIND_SET_SESSION,
    COMMAND_KIND_SET_TRADER, COMMAND_KIND_SET_VENUE_STATE, DISCONNECT_CAUSE_LOGOUT, DISCONNECT_CAUSE_LOSS,
    INSTRUMENT_FLAG_BUMP_MARKET, INSTRUMENT_STATE_ACTIVE, INSTRUMENT_STATE_DELISTED, LOGON_FLAG_ACCOUNTS,
    LOGON_FLAG_SNAPSHOT, PARTY_STATUS_ACTIVE, PARTY_STATUS_BLOCKED, REASON_ACK, REASON_BAD_SYMBOL,
    REASON_CANCELLED_DISCONNECT, REASON_EXPIRED, REASON_INVALID_PARAMETER, REASON_REJECTED_BUSY,
    REASON_REJECTED_CAPACITY, REASON_UNKNOWN_PARTY, SCOPE_ACCOUNT, SCOPE_BROKER, SCOPE_DESK, SCOPE_FIRM,
    SCOPE_SESSION, SCOPE_TRADER, SCOPE_VENUE, SESSION_RIGHT_CANCEL, SESSION_RIGHT_PRICES, SESSION_RIGHT_RISK,
    SESSION_RIGHT_TRADE, STP_MODE_DECREMENT, VENUE_STATE_CANCEL_ONLY, VENUE_STATE_OPEN, WORK_ACCOUNT_STATUS,
    WORK_CANCEL_ON_DISCONNECT, WORK_EXPIRE_DAY, WORK_ORDER_STATUS, command_header_t, command_t,
    roll_business_date_t, session_disconnect_t, session_logon_t, set_account_t, set_firm_t, set_instrument_state_t,
    set_instrument_t, set_mark_t, set_session_t, set_trader_t, snap_work_t,
)

cdef enum:
    FILLS_MAX = 1000
    BAND_PPM_MAX = 1000000
    STP_GROUPS_MAX = 0x80000000
    BUSINESS_DATE_MAX = 99991231

cdef int64_t RATE_LIMIT_MILLI_MAX = 1000000000000
cdef int64_t E8_PER_MICRO_SQUARED = 10000000000  # tick_e8 x lot_e8 per micro-USDC of tick value


# -------------------------------------------------------------------------------------------------------------- switch


cdef void configure(state_t *state, const command_t *command) noexcept nogil:
    cdef uint16_t kind = command.header.kind
    cdef uint16_t reason = REASON_INVALID_PARAMETER
    if kind == COMMAND_KIND_SET_VENUE_STATE:
        reason = set_venue_state(state, command)
    elif kind == COMMAND_KIND_ROLL_BUSINESS_DATE:
        reason = roll_business_date(state, &command.roll_business_date)
    elif kind == COMMAND_KIND_SET_BROKER:
        reason = set_broker(state, &command.set_firm)
    elif kind == COMMAND_KIND_SET_FIRM:
        reason = set_firm(state, &command.set_firm)
    elif kind == COMMAND_KIND_SET_DESK:
        reason = set_desk(state, &command.set_firm)
    elif kind == COMMAND_KIND_SET_TRADER:
        reason = set_trader(state, &command.set_trader)
    elif kind == COMMAND_KIND_SET_ACCOUNT:
        reason = set_account(state, &command.set_account)
    elif kind == COMMAND_KIND_SET_SESSION:
        reason = set_session(state, &command.set_session)
    elif kind == COMMAND_KIND_SET_INSTRUMENT_STATE:
        reason = set_instrument_state(state, &command.set_instrument_state)
    elif kind == COMMAND_KIND_SET_MARK:
        reason = set_mark(state, &command.set_mark)
    write_config(state, reason, command)
    if kind == COMMAND_KIND_SET_MARK and not reason:
        latch(state, command.header.instrument_id)
        start_pass(state)


# --------------------------------------------------------------------------------------------------------------- venue


cdef uint16_t set_venue_state(state_t *state, const command_t *command) noexcept nogil:
    if not VENUE_STATE_OPEN <= command.set_venue_state.state <= VENUE_STATE_CANCEL_ONLY:
        return REASON_INVALID_PARAMETER
    state.venue_state = command.set_venue_state.state
    return REASON_ACK


cdef uint16_t roll_business_date(state_t *state, const roll_business_date_t *command) noexcept nogil:
    cdef snap_work_t *work
    if not state.business_date < command.business_date <= BUSINESS_DATE_MAX:
        return REASON_INVALID_PARAMETER
    if not has_room_for_work(state):
        return REASON_REJECTED_CAPACITY
    state.business_date = command.business_date
    work = work_add(state, WORK_EXPIRE_DAY)
    work.seq = command.seq
    work.session_id = command.session_id
    work.msg_seq_in = command.msg_seq_in
    work.reason = REASON_EXPIRED
    work.scope = SCOPE_VENUE
    return REASON_ACK


# ----------------------------------------------------------------------------------------------------------- hierarchy


cdef inline uint16_t check_party(const set_firm_t *command, uint32_t id_max, bint valid) noexcept nogil:
    """What SET_BROKER, FIRM, DESK, TRADER, ACCOUNT and SESSION have in common, parent left out; their bodies begin
    alike."""
    if command.party_id == 0 or not PARTY_STATUS_ACTIVE <= command.status <= PARTY_STATUS_BLOCKED or not valid:
        return REASON_INVALID_PARAMETER
    return REASON_REJECTED_CAPACITY if command.party_id > id_max else REASON_ACK


cdef inline uint8_t parent_scope(uint8_t scope) noexcept nogil:
    return SCOPE_BROKER if scope == SCOPE_FIRM else scope + 1


cdef inline uint16_t check_parent(
    const state_t *state, uint8_t scope, const set_firm_t *command, uint8_t status, const uint32_t *lineage
) noexcept nogil:
    """The node above exists and is that of the existing party, whose status and lineage these are."""
    if find_lineage(state, parent_scope(scope), command.parent_id) == NULL:
        return REASON_UNKNOWN_PARTY
    if status and lineage[level_of(parent_scope(scope))] != command.parent_id:
        return REASON_INVALID_PARAMETER
    return REASON_ACK


cdef inline void set_name(state_t *state, uint8_t scope, const set_firm_t *command) noexcept nogil:
    memcpy(state.names[scope - SCOPE_SESSION][command.party_id].text, command.name, sizeof(text32_t))


cdef void set_node(state_t *state, uint8_t scope, party_t *party, const set_firm_t *command) noexcept nogil:
    """A broker, firm, desk or trader: its place when it is new, status and name in any case."""
    if party.status == 0:
        if command.parent_id:
            memcpy(party.lineage, find_lineage(state, parent_scope(scope), command.parent_id), sizeof(party.lineage))
        party.lineage[level_of(scope)] = command.party_id
    party.status = command.status
    set_name(state, scope, command)


cdef uint16_t set_broker(state_t *state, const set_firm_t *command) noexcept nogil:
    cdef uint16_t reason = check_party(command, state.limits.brokers_max, command.parent_id == 0)
    if not reason:
        set_node(state, SCOPE_BROKER, &state.brokers[command.party_id], command)
    return reason


cdef uint16_t set_firm(state_t *state, const set_firm_t *command) noexcept nogil:
    """Its parent is its clearing broker, 0 when it has none."""
    cdef uint16_t reason = check_party(command, state.limits.firms_max, True)
    cdef party_t *firm
    if reason:
        return reason
    firm = &state.firms[command.party_id]
    if command.parent_id:
        reason = check_parent(state, SCOPE_FIRM, command, firm.status, firm.lineage)
    elif firm.status and firm.lineage[BROKER_LEVEL]:
        reason = REASON_INVALID_PARAMETER
    if not reason:
        set_node(state, SCOPE_FIRM, firm, command)
    return reason


cdef uint16_t set_desk(state_t *state, const set_firm_t *command) noexcept nogil:
    cdef uint16_t reason = check_party(command, state.limits.desks_max, True)
    cdef party_t *desk
    if reason:
        return reason
    desk = &state.desks[command.party_id]
    reason = check_parent(state, SCOPE_DESK, command, desk.status, desk.lineage)
    if not reason:
        set_node(state, SCOPE_DESK, desk, command)
    return reason


cdef uint16_t set_trader(state_t *state, const set_trader_t *command) noexcept nogil:
    cdef const set_firm_t *common = <const set_firm_t *> command
    cdef bint valid = 0 <= command.rate_limit_milli <= RATE_LIMIT_MILLI_MAX
    cdef uint16_t reason = check_party(common, state.limits.traders_max, valid)
    cdef party_t *trader
    if reason:
        return reason
    trader = &state.traders[command.party_id]
    reason = check_parent(state, SCOPE_TRADER, common, trader.status, trader.lineage)
    if not reason:
        set_node(state, SCOPE_TRADER, trader, common)
        state.throttles[command.party_id].limit_micro = command.rate_limit_milli * 1000
    return reason


cdef uint16_t set_account(state_t *state, const set_account_t *command) noexcept nogil:
    cdef const set_firm_t *common = <const set_firm_t *> command
    cdef bint valid = command.stp_mode <= STP_MODE_DECREMENT and command.stp_group < <uint32_t> STP_GROUPS_MAX
    cdef uint16_t reason = check_party(common, state.limits.accounts_max, valid)
    cdef account_t *account
    if reason:
        return reason
    account = &state.accounts[command.party_id]
    reason = check_parent(state, SCOPE_ACCOUNT, common, account.status, account.lineage)
    if reason:
        return reason
    if account.status == 0:
        account_add(state, command.party_id, command.parent_id)
    account.status = command.status
    account.stp_group = command.stp_group
    account.open_orders_max = command.open_orders_max
    account.stp_mode = command.stp_mode
    set_name(state, SCOPE_ACCOUNT, common)
    return REASON_ACK


cdef uint16_t set_session(state_t *state, const set_session_t *command) noexcept nogil:
    cdef const set_firm_t *common = <const set_firm_t *> command
    cdef bint valid = SCOPE_ACCOUNT <= command.scope <= SCOPE_BROKER and command.scope != SCOPE_VENUE
    cdef uint32_t known = SESSION_RIGHT_TRADE | SESSION_RIGHT_CANCEL | SESSION_RIGHT_RISK | SESSION_RIGHT_PRICES
    cdef uint16_t reason
    cdef session_t *session
    valid = valid and not command.rights & ~known
    reason = check_party(common, state.limits.sessions_max, valid)
    if reason:
        return reason
    if find_lineage(state, command.scope, command.parent_id) == NULL:
        return REASON_UNKNOWN_PARTY
    session = &state.sessions[command.party_id]
    if session.status and (session.scope != command.scope or session.parent_id != command.parent_id):
        return REASON_INVALID_PARAMETER
    if session.status == 0:
        session.scope = command.scope
        session.parent_id = command.parent_id
        session.cod_due_ns = INT64_MAX
    session.status = command.status
    session.rights = <uint8_t> command.rights
    set_name(state, SCOPE_SESSION, common)
    return REASON_ACK


# --------------------------------------------------------------------------------------------------------- instruments


cdef inline bint is_range(int64_t low_e8, int64_t high_e8, int64_t step_e8) noexcept nogil:
    return low_e8 % step_e8 == 0 and high_e8 % step_e8 == 0 and step_e8 <= low_e8 <= high_e8


cdef bint is_sound(const set_instrument_t *config) noexcept nogil:
    cdef int64_t tick = config.tick_size_e8, lot = config.lot_size_e8
    cdef int overflow = 0
    cdef int64_t value
    if config.symbol[0] == 0 and is_zero(config.symbol, sizeof(config.symbol)):
        return False
    if tick < 1 or lot < 1:
        return False
    value = mul_checked(tick, lot, &overflow)
    if overflow or value % E8_PER_MICRO_SQUARED:
        return False
    if not is_range(config.min_price_e8, config.max_price_e8, tick):
        return False
    if config.max_price_e8 // tick >= PRICE_LEVELS_MAX:
        return False
    return (
        is_range(config.min_quantity_e8, config.max_quantity_e8, lot)
        and config.min_notional_micro >= 0
        and config.speed_bump_ns >= 0
        and config.band_ppm < BAND_PPM_MAX
        and 1 <= config.fills_max <= FILLS_MAX
        and ASSET_CLASS_EQUITY <= config.asset_class <= ASSET_CLASS_PRECIOUS_METAL
    )


cdef bint is_zero(const char *data, size_t size) noexcept nogil:
    cdef size_t n
    for n in range(size):
        if data[n]:
            return False
    return True


cdef uint16_t check_instrument(const state_t *state, const set_instrument_t *command) noexcept nogil:
    if command.instrument_id == 0 or command.flags_instrument & ~INSTRUMENT_FLAG_BUMP_MARKET:
        return REASON_INVALID_PARAMETER
    if command.instrument_id > state.limits.instruments_max:
        return REASON_REJECTED_CAPACITY
    return REASON_ACK if is_sound(command) else REASON_INVALID_PARAMETER


cdef uint16_t check_fixed(const state_t *state, const set_instrument_t *command) noexcept nogil:
    """Symbol, matcher, tick, lot, max price and fills_max of an instrument that exists never change."""
    cdef const set_instrument_t *old = &state.instruments[command.instrument_id].config
    if find_instrument(state, command.instrument_id) == NULL:
        return REASON_ACK
    if (
        memcmp(old.symbol, command.symbol, sizeof(old.symbol))
        or memcmp(old.matcher, command.matcher, sizeof(old.matcher))
        or old.tick_size_e8 != command.tick_size_e8 or old.lot_size_e8 != command.lot_size_e8
        or old.max_price_e8 != command.max_price_e8 or old.fills_max != command.fills_max
    ):
        return REASON_INVALID_PARAMETER
    return REASON_ACK


cdef pg_config book_config(const state_t *state, const set_instrument_t *config) noexcept nogil:
    cdef pg_config book
    memset(&book, 0, sizeof(book))
    book.struct_size = sizeof(book)
    book.instrument_id = config.instrument_id
    book.price_levels = <uint32_t> (config.max_price_e8 // config.tick_size_e8 + 1)
    book.orders_max = state.limits.orders_per_book_max
    book.fills_max = config.fills_max
    return book


cdef void set_instrument(state_t *state, const set_instrument_t *command) noexcept nogil:
    """Takes a checked configuration; a new instrument has its book already and is ACTIVE without a mark."""
    cdef instrument_t *instrument = &state.instruments[command.instrument_id]
    instrument.config = command[0]
    memset(&instrument.config, 0, sizeof(command_header_t))
    instrument.tick_value_micro = command.tick_size_e8 * command.lot_size_e8 // E8_PER_MICRO_SQUARED
    if instrument.state == 0:
        instrument.state = INSTRUMENT_STATE_ACTIVE
    instrument_derive(state, command.instrument_id)


cdef uint16_t set_instrument_state(state_t *state, const set_instrument_state_t *command) noexcept nogil:
    cdef instrument_t *instrument = find_instrument(state, command.instrument_id)
    if instrument == NULL:
        return REASON_BAD_SYMBOL
    if not INSTRUMENT_STATE_ACTIVE <= command.state <= INSTRUMENT_STATE_DELISTED:
        return REASON_INVALID_PARAMETER
    if state.risk.venue.accrual_instrument_id == command.instrument_id:
        return REASON_REJECTED_BUSY
    instrument.state = command.state
    return REASON_ACK


cdef uint16_t set_mark(state_t *state, const set_mark_t *command) noexcept nogil:
    cdef instrument_t *instrument = find_instrument(state, command.instrument_id)
    cdef int64_t ticks
    if instrument == NULL:
        return REASON_BAD_SYMBOL
    ticks = command.mark_price_e8 // instrument.config.tick_size_e8
    if command.mark_price_e8 <= 0 or ticks * instrument.config.tick_size_e8 != command.mark_price_e8:
        return REASON_INVALID_PARAMETER
    if ticks >= PRICE_LEVELS_MAX or command.oracle_price_e8 < 0:
        return REASON_INVALID_PARAMETER
    if risk_of_instrument(state, command.instrument_id).row.formula:  # priced: marks come from pulses
        return REASON_INVALID_PARAMETER
    if state.risk.venue.accrual_instrument_id == command.instrument_id:
        return REASON_REJECTED_BUSY
    instrument.mark_ticks = ticks
    instrument.oracle_price_e8 = command.oracle_price_e8
    instrument_derive(state, command.instrument_id)
    return REASON_ACK


# ------------------------------------------------------------------------------------------- sessions coming and going


cdef void logon(state_t *state, const command_t *command) noexcept nogil:
    cdef const session_logon_t *terms = &command.session_logon
    cdef session_t *session = find_session(state, terms.session_id)
    cdef uint16_t known = COD_FLAG_ON_LOSS | COD_FLAG_ON_LOGOUT | COD_FLAG_ACCOUNT_SCOPE
    cdef bint orders = terms.logon_flags & LOGON_FLAG_SNAPSHOT != 0
    cdef bint accounts = terms.logon_flags & LOGON_FLAG_ACCOUNTS != 0
    if session == NULL:
        write_config(state, REASON_UNKNOWN_PARTY, command)
        return
    if (
        terms.cod_grace_ns < 0 or terms.cod_flags & ~known
        or terms.logon_flags & ~(LOGON_FLAG_SNAPSHOT | LOGON_FLAG_ACCOUNTS)
    ):
        write_config(state, REASON_INVALID_PARAMETER, command)
        return
    if state.works_count + orders + accounts > state.limits.works_max:
        write_config(state, REASON_REJECTED_CAPACITY, command)
        return
    session.connected = True
    session.cod_flags = terms.cod_flags
    session.cod_grace_ns = terms.cod_grace_ns
    cod_timer_set(state, terms.session_id, INT64_MAX)
    write_session_state(state, terms.session_id, terms.instrument_id)
    if orders:
        start_status(state, terms, WORK_ORDER_STATUS)
    if accounts:
        start_status(state, terms, WORK_ACCOUNT_STATUS)


cdef void start_status(state_t *state, const session_logon_t *terms, uint8_t kind) noexcept nogil:
    cdef const session_t *session = &state.sessions[terms.session_id]
    cdef snap_work_t *work = work_add(state, kind)
    work.seq = terms.seq
    work.session_id = terms.session_id
    work.msg_seq_in = terms.msg_seq_in
    work.scope = session.scope
    work.target_id = session.parent_id


cdef void disconnect(state_t *state, const command_t *command) noexcept nogil:
    cdef const session_disconnect_t *terms = &command.session_disconnect
    cdef session_t *session = find_session(state, terms.session_id)
    cdef uint16_t flag = COD_FLAG_ON_LOSS if terms.cause == DISCONNECT_CAUSE_LOSS else COD_FLAG_ON_LOGOUT
    cdef bint covered
    if session == NULL:
        write_config(state, REASON_UNKNOWN_PARTY, command)
        return
    if not DISCONNECT_CAUSE_LOSS <= terms.cause <= DISCONNECT_CAUSE_LOGOUT:
        write_config(state, REASON_INVALID_PARAMETER, command)
        return
    covered = session.connected and session.cod_flags & flag
    if covered and session.cod_grace_ns == 0:
        if not has_room_for_work(state):
            write_config(state, REASON_REJECTED_CAPACITY, command)
            return
        cancel_on_disconnect(state, terms.session_id, terms.seq, terms.msg_seq_in)
    elif covered:
        cod_timer_set(state, terms.session_id, due_after(state.timestamp_ns, session.cod_grace_ns))
    session.connected = False


cdef void cancel_on_disconnect(state_t *state, uint32_t session_id, uint64_t seq, uint64_t msg_seq_in) noexcept nogil:
    cdef const session_t *session = &state.sessions[session_id]
    cdef snap_work_t *work = work_add(state, WORK_CANCEL_ON_DISCONNECT)
    work.seq = seq
    work.session_id = session_id
    work.msg_seq_in = msg_seq_in
    work.reason = REASON_CANCELLED_DISCONNECT
    if session.cod_flags & COD_FLAG_ACCOUNT_SCOPE:
        work.scope = session.scope
        work.target_id = session.parent_id
    else:
        work.scope = SCOPE_SESSION
        work.target_id = session_id
