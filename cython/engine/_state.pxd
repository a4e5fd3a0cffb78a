# All state of the compiled engine: what there is, in which struct, and the operations that keep it consistent.
#
# One `state_t` holds tables of fixed capacity (EngineLimits), taken once; records are found by slot (1.., 0 = none)
# or, where ids are small and dense, by id. Prices are ticks, quantities lots. Nothing here decides anything:
# docs/engine.md and docs/risk.md have the rules, docs/engine-internals.md the reasons for each structure; the records
# of money, limits and prices are in _risk_state.pxd. Every table that knows an open order, a waiting modify, a stop or
# a timer is written in _state.pyx alone.
from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t, uint8_t
from libc.string cimport memset

from engine._risk_state cimport account_risk_t, instrument_risk_t, limited_t, position_risk_t, risk_t
from engine.heap cimport node_t
from engine.matcher cimport pg_matcher_api, pg_report
from engine.names cimport names_t
from engine.rate cimport bucket_t
from engine.records cimport (
    ORDER_FLAG_REDUCE_ONLY, ORDER_STATE_UNTRIGGERED, ORDER_TYPE_STOP_LOSS, ORDER_TYPE_TAKE_PROFIT, ORDER_TYPE_TWAP,
    SCOPE_ACCOUNT, SCOPE_BROKER, SCOPE_FIRM, SCOPE_VENUE, SIDE_SELL, event_t, set_instrument_t, snap_order_terms_t,
    snap_work_t,
)
from engine.table cimport ids_prefetch, ids_t

cdef enum:
    MAPPINGS_MAX = 64
    LEVELS = 5  # of the hierarchy, the venue not among them; lineages and links are indexed with `level_of(scope)`
    TRADER_LEVEL = 1
    DESK_LEVEL = 2
    FIRM_LEVEL = 3
    BROKER_LEVEL = 4
    VENUE_LEVEL = 5
    SEQ_BITS = 48  # of an order id: the command that made it; the number within that command is above them
    VENUE_ORDERS = 16384  # first number of the venue's own orders of a command


ctypedef struct limits_t:  # engine.api.EngineLimits
    uint32_t orders_max
    uint32_t orders_per_book_max
    uint32_t pending_replaces_max
    uint32_t positions_max
    uint32_t instruments_max
    uint32_t firms_max
    uint32_t desks_max
    uint32_t traders_max
    uint32_t accounts_max
    uint32_t sessions_max
    uint32_t works_max
    uint32_t work_steps_max
    uint32_t risk_units_max
    uint32_t brokers_max
    uint32_t limits_max
    uint32_t protections_max
    uint32_t transfers_max
    uint32_t providers_max
    uint32_t feeds_max
    uint32_t calendars_max
    uint32_t fee_tiers_max


# ---- parties, by id


ctypedef struct text32_t:
    char text[32]


ctypedef struct party_t:  # 32 bytes: a broker, firm, desk or trader
    uint32_t lineage[LEVELS]  # ids of the nodes at each level, here and above; 0 below, and where there is no broker
    uint32_t first_account  # the accounts at or below it in ascending order, linked by account_t.next_account
    uint32_t last_account
    uint8_t status  # PartyStatus, 0 = there is none of this id
    uint8_t spare[3]


ctypedef struct throttle_t:  # 40 bytes: of a trader
    int64_t limit_micro
    bucket_t general
    bucket_t cancel


ctypedef struct account_t:  # 64 bytes
    uint32_t lineage[LEVELS]
    uint32_t next_account[LEVELS]  # the next higher id of its trader, desk, firm, broker and the venue, in this order
    uint32_t stp_group  # as sent
    uint32_t open_orders_max  # as sent
    uint32_t open_orders
    uint32_t first_order  # its open orders in the order of their ids
    uint32_t last_order
    uint8_t status
    uint8_t stp_mode  # as sent
    uint8_t fee_tier  # that of its account_risk_t.row, beside what an order reads anyway
    uint8_t spare


ctypedef struct session_t:  # 64 bytes
    int64_t cod_grace_ns
    int64_t cod_due_ns  # NEVER_NS = no timer runs
    uint64_t last_msg_seq_in
    uint64_t session_seq
    uint32_t parent_id
    uint32_t open_orders  # that it entered
    uint16_t cod_flags
    uint8_t status
    uint8_t scope
    uint8_t connected
    uint8_t rights
    uint8_t spare[18]


# ---- instruments, by id


ctypedef struct instrument_t:
    set_instrument_t config  # the SET_INSTRUMENT in force, its header zeroed
    const pg_matcher_api *api
    void *book
    int64_t tick_value_micro
    int64_t lowest_price_e8  # of min_price and the range around the oracle price
    int64_t highest_price_e8
    int64_t lowest_in_band_ticks  # as low as can be without a mark or a band
    int64_t highest_in_band_ticks
    uint32_t market_limit_ticks[2]  # of a BUY and a SELL without a price; of no use before there is a mark
    int64_t mark_ticks
    int64_t oracle_price_e8
    int64_t latch_low_ticks  # range of the cascade under way; 0 = there is none, and it is not in the queue
    int64_t latch_high_ticks
    uint32_t low_stops  # heaps of untriggered stops: those that fire at or below their trigger, highest trigger first
    uint32_t high_stops  # and those that fire at or above it, lowest first
    uint32_t next_in_cascade
    uint8_t state  # InstrumentState, 0 = there is none of this id
    uint8_t in_cascade
    uint8_t spare[2]


# ---- orders and what belongs to them, by slot


ctypedef struct link_t:
    uint32_t next
    uint32_t prev


ctypedef union by_state_t:
    int64_t release_ns  # PENDING_NEW: when the speed bump lets it go
    int64_t shown_lots  # LIVE: on the book, as of the matcher's last report
    link_t stops  # UNTRIGGERED: neighbours among its position's stops of its type and side


ctypedef struct order_t:  # 64 bytes: what checks and matching read
    uint64_t order_id
    int64_t quantity_lots  # total
    int64_t cum_lots
    uint32_t price_ticks  # limit or trigger; 0 for MARKET
    uint32_t account_id
    uint32_t position  # slot
    uint32_t session_id
    uint32_t stp_group  # resolved
    uint32_t next  # slots of the neighbours among its account's orders; `next` also links free slots
    uint32_t prev
    uint32_t modify  # slot of the modify that waits for it in the speed bump
    uint8_t side
    uint8_t order_type
    uint8_t time_in_force
    uint8_t stp_mode  # resolved
    uint8_t flags
    uint8_t state  # OrderState
    uint8_t fee_tier  # of its account when it was entered
    uint8_t has_terms  # risk_t.order_terms has something to say: a pair, a MARKET order's edge, a TWAP


ctypedef struct terms_t:  # 64 bytes: the rest of an order
    char client_order_id[40]
    int64_t expire_ns  # GTD only
    int64_t slice_lots  # display quantity; of an IOC, which is never displayed, the minimum quantity
    by_state_t by_state


ctypedef struct modify_t:  # 96 bytes: a REPLACE that waits in the speed bump
    char client_order_id[40]  # as sent: empty keeps the order's own
    uint64_t seq
    int64_t release_ns
    int64_t quantity_lots
    uint64_t msg_seq_in
    uint32_t account_id
    uint32_t order  # slot; also links free slots
    uint32_t price_ticks
    uint32_t session_id
    uint32_t take_profit_ticks  # of the attached pair that the order has from then on, 0 = none
    uint32_t stop_loss_ticks


ctypedef struct position_t:  # 128 bytes: one account in one instrument
    uint64_t key  # account id << 32 | instrument id
    int64_t lots  # signed
    int64_t reduce_only_lots[2]  # leaves of its PENDING_NEW and LIVE reduce-only orders by side, stops not counted
    int64_t stop_lots[2]  # totals of its untriggered STOP_LOSS, TAKE_PROFIT, both sides
    int64_t moved_lots  # by fills that the matcher has reported in the op under way and that are not booked yet
    uint32_t next_in_trim
    uint8_t in_trim
    uint8_t leverage  # 0 = the instrument's default
    uint8_t spare[2]
    uint32_t last_stop[4]  # slots: the youngest stop of each type and side, by stop_index
    int64_t cost  # ticks x lots, signed like lots; 0 while the venue has no money
    int64_t kept_lots[2]  # working orders that are not reduce-only, by side
    int64_t kept_value[2]  # ticks x lots
    uint32_t next_of_account  # slot of the account's record in the next higher instrument
    uint32_t open_orders


# ---- the whole


ctypedef struct mapping_t:
    void *pages
    size_t size


ctypedef struct asker_t:  # the message that events answer: theirs is the number when they go to its session
    uint64_t msg_seq_in
    uint32_t session_id


ctypedef struct match_t:  # the op that a matcher is at work on
    uint32_t taker  # slot, 0 = none
    size_t counted  # reports of it that are in the positions' moved_lots
    uint8_t trade_kind  # of its fills


ctypedef struct state_t:
    limits_t limits
    # venue
    uint64_t seq
    int64_t timestamp_ns
    uint32_t business_date
    uint8_t venue_state
    # parties
    party_t *brokers
    party_t *firms
    party_t *desks
    party_t *traders
    throttle_t *throttles
    account_t *accounts
    session_t *sessions
    text32_t *names[7]  # of sessions, accounts, traders, desks, firms, nobody, brokers (`scope - 1`), by id
    uint32_t first_account
    uint32_t last_account
    instrument_t *instruments
    # orders
    order_t *orders
    terms_t *terms
    ids_t order_ids
    names_t order_names
    uint32_t open_orders
    uint32_t free_order
    uint32_t used_orders  # slots ever used
    # modifies
    modify_t *modifies
    names_t modify_names
    uint32_t waiting_modifies
    uint32_t free_modify
    uint32_t used_modifies
    # positions
    position_t *positions
    ids_t position_ids
    uint32_t positions_count
    # what waits for a time; nodes of modifies follow those of orders
    node_t *nodes
    node_t *session_nodes
    uint32_t releases
    uint32_t expiries
    uint32_t cod_timers
    uint32_t slices  # TWAPs by the time of their next slice
    # bounded work
    snap_work_t *works  # a ring
    uint32_t works_first
    uint32_t works_count
    uint32_t visit_next  # slot of the order that the first work looks at next; 0 = the account at the cursor is done
    uint32_t first_in_trim
    uint32_t last_in_trim
    uint32_t first_in_cascade
    uint32_t last_in_cascade
    uint32_t steps_left
    # the command at hand and its events
    asker_t asker
    uint32_t event_index
    event_t *events
    size_t events_count
    size_t events_capacity
    size_t events_max  # that one command cannot exceed
    # matching
    match_t match
    pg_report *reports
    size_t reports_capacity
    uint32_t fills_max  # the highest of all instruments
    risk_t risk
    # memory
    mapping_t mappings[MAPPINGS_MAX]
    uint32_t mappings_count


# ---- looking things up


cdef inline const account_t *find_account(const state_t *state, uint32_t account_id) noexcept nogil:
    """NULL when there is none of this id; likewise below."""
    if account_id > state.limits.accounts_max or state.accounts[account_id].status == 0:
        return NULL
    return &state.accounts[account_id]


cdef inline uint64_t position_key(uint32_t account_id, uint32_t instrument_id) noexcept nogil:
    return <uint64_t> account_id << 32 | instrument_id


cdef inline void position_prefetch(const state_t *state, uint32_t account_id, uint32_t instrument_id) noexcept nogil:
    ids_prefetch(&state.position_ids, position_key(account_id, instrument_id))


cdef inline session_t *find_session(const state_t *state, uint32_t session_id) noexcept nogil:
    if session_id > state.limits.sessions_max or state.sessions[session_id].status == 0:
        return NULL
    return &state.sessions[session_id]


cdef inline instrument_t *find_instrument(const state_t *state, uint32_t instrument_id) noexcept nogil:
    if instrument_id > state.limits.instruments_max or state.instruments[instrument_id].state == 0:
        return NULL
    return &state.instruments[instrument_id]


cdef inline uint32_t level_of(uint8_t scope) noexcept nogil:
    """Of a node's scope: ACCOUNT 0, TRADER 1, DESK 2, FIRM 3, BROKER 4, VENUE 5."""
    if scope <= SCOPE_FIRM:
        return scope - SCOPE_ACCOUNT
    return BROKER_LEVEL if scope == SCOPE_BROKER else VENUE_LEVEL


cdef inline uint8_t scope_of(uint32_t level) noexcept nogil:
    if level <= FIRM_LEVEL:
        return <uint8_t> (SCOPE_ACCOUNT + level)
    return SCOPE_BROKER if level == BROKER_LEVEL else SCOPE_VENUE


cdef inline limited_t *limited_at(const state_t *state, const uint32_t *lineage, uint32_t level) noexcept nogil:
    """The node of a lineage at a level, VENUE_LEVEL included; NULL where the lineage has none."""
    if level == VENUE_LEVEL:
        return state.risk.limited[SCOPE_VENUE]
    if lineage[level] == 0:
        return NULL
    return &state.risk.limited[scope_of(level)][lineage[level]]


cdef inline account_risk_t *risk_of_account(const state_t *state, uint32_t account_id) noexcept nogil:
    return &state.risk.accounts[account_id]


cdef inline instrument_risk_t *risk_of_instrument(const state_t *state, uint32_t instrument_id) noexcept nogil:
    return &state.risk.instruments[instrument_id]


cdef inline position_risk_t *risk_of_position(const state_t *state, uint32_t slot) noexcept nogil:
    return &state.risk.positions[slot]


cdef inline snap_order_terms_t *terms_of_order(const state_t *state, uint32_t slot) noexcept nogil:
    """Fields of an order without has_terms are not to be read."""
    return &state.risk.order_terms[slot]


cdef inline snap_order_terms_t *terms_make(state_t *state, uint32_t slot) noexcept nogil:
    """Likewise, of an order that gets some now if it has none."""
    if not state.orders[slot].has_terms:
        memset(&state.risk.order_terms[slot], 0, sizeof(snap_order_terms_t))
        state.orders[slot].has_terms = True
    return &state.risk.order_terms[slot]


# ---- order ids


cdef inline uint64_t order_key(uint64_t order_id) noexcept nogil:
    """What orders are sorted by: the command, then the number within it."""
    return order_id << (64 - SEQ_BITS) | order_id >> SEQ_BITS


cdef inline uint64_t seq_of(uint64_t order_id) noexcept nogil:
    return order_id & ((<uint64_t> 1 << SEQ_BITS) - 1)


cdef inline uint32_t number_of(uint64_t order_id) noexcept nogil:
    return <uint32_t> (order_id >> SEQ_BITS)


cdef inline uint64_t numbered(uint64_t seq, uint32_t number) noexcept nogil:
    """The id of order `number` that belongs to command `seq`."""
    return seq | <uint64_t> number << SEQ_BITS


# ---- reading records


cdef inline uint32_t account_of(const position_t *position) noexcept nogil:
    return <uint32_t> (position.key >> 32)


cdef inline uint32_t instrument_of(const position_t *position) noexcept nogil:
    return <uint32_t> position.key


cdef inline int64_t size_of(const position_t *position) noexcept nogil:
    """Lots without the sign."""
    return position.lots if position.lots >= 0 else -position.lots


cdef inline bint reduces(const position_t *position, uint8_t side) noexcept nogil:
    """Would a trade on `side` make the position smaller?"""
    return position.lots > 0 if side == SIDE_SELL else position.lots < 0


cdef inline bint is_stop(const order_t *order) noexcept nogil:
    return ORDER_TYPE_STOP_LOSS <= order.order_type <= ORDER_TYPE_TAKE_PROFIT


cdef inline bint is_twap(const order_t *order) noexcept nogil:
    return order.order_type == ORDER_TYPE_TWAP


cdef inline bint is_open(const order_t *order) noexcept nogil:
    return order.state <= ORDER_STATE_UNTRIGGERED


cdef inline int64_t leaves_of(const order_t *order) noexcept nogil:
    """Open quantity in lots; 0 once the order is gone."""
    return order.quantity_lots - order.cum_lots if is_open(order) else 0


cdef inline bint counts_as_reduce_only(const order_t *order) noexcept nogil:
    """Are its leaves among its position's reduce_only_lots while it is PENDING_NEW or LIVE?"""
    return order.flags & ORDER_FLAG_REDUCE_ONLY and order.order_type < ORDER_TYPE_STOP_LOSS


cdef inline bint is_low_stop(const order_t *order) noexcept nogil:
    """Fires at mark <= trigger: SELL STOP_LOSS, BUY TAKE_PROFIT."""
    return (order.side == SIDE_SELL) == (order.order_type == ORDER_TYPE_STOP_LOSS)


cdef inline uint32_t stop_index(uint8_t order_type, uint8_t side) noexcept nogil:
    """Into position_t.last_stop."""
    return 2 * <uint32_t> (order_type - ORDER_TYPE_STOP_LOSS) + (side == SIDE_SELL)


cdef inline bint has_queued_work(const state_t *state) noexcept nogil:
    return state.works_count or state.first_in_trim or state.first_in_cascade


cdef inline bint has_risk_work(const state_t *state) noexcept nogil:
    return (
        state.risk.first_touched or state.risk.venue.accrual_kind or state.risk.venue.pass_active
        or state.risk.venue.monitors_active
    )


cdef inline bint has_room_for_work(const state_t *state) noexcept nogil:
    return state.works_count < state.limits.works_max


cdef inline snap_work_t *first_work(const state_t *state) noexcept nogil:
    return &state.works[state.works_first]


cdef inline uint32_t venue_slot(const state_t *state) noexcept nogil:
    """Beyond those of participants: it holds the venue's own order while that is matched, so that no full table stands
    in the way of a liquidation."""
    return state.limits.orders_max + 1


cdef inline uint64_t venue_order_id(state_t *state) noexcept nogil:
    """For the next order or execution that the venue itself makes in this command."""
    state.risk.venue_orders += 1
    return numbered(state.seq, VENUE_ORDERS + state.risk.venue_orders - 1)


# ---- parties
cdef party_t *party_table(const state_t *state, uint8_t scope) noexcept nogil
cdef const uint32_t *find_lineage(const state_t *state, uint8_t scope, uint32_t party_id) noexcept nogil
cdef account_t *account_add(state_t *state, uint32_t account_id, uint32_t trader_id) noexcept nogil
cdef void cod_timer_set(state_t *state, uint32_t session_id, int64_t due_ns) noexcept nogil

# ---- orders
cdef uint32_t order_take(state_t *state) noexcept nogil
cdef void order_add(state_t *state, uint32_t slot) noexcept nogil
cdef void order_remove(state_t *state, uint32_t slot, uint8_t was) noexcept nogil
cdef void order_free(state_t *state, uint32_t slot) noexcept nogil
cdef void order_make_live(state_t *state, uint32_t slot) noexcept nogil
cdef void order_rename(state_t *state, uint32_t slot, const char *client_order_id) noexcept nogil
cdef void order_change(state_t *state, uint32_t slot, uint32_t price_ticks, int64_t quantity_lots) noexcept nogil
cdef void order_resize(state_t *state, uint32_t slot, int64_t quantity_lots) noexcept nogil
cdef uint32_t order_find(const state_t *state, uint64_t order_id) noexcept nogil
cdef void stop_add(state_t *state, uint32_t slot) noexcept nogil
cdef void stop_remove(state_t *state, uint32_t slot) noexcept nogil
cdef void stop_change(state_t *state, uint32_t slot, uint32_t trigger_ticks, int64_t quantity_lots) noexcept nogil

# A TWAP's next slice is due at another time.
cdef void slice_move(state_t *state, uint32_t slot, int64_t next_ns) noexcept nogil

# ---- modifies, positions, queues
cdef uint32_t modify_take(state_t *state) noexcept nogil
cdef void modify_add(state_t *state, uint32_t slot) noexcept nogil
cdef void modify_remove(state_t *state, uint32_t slot) noexcept nogil
cdef void modify_free(state_t *state, uint32_t slot) noexcept nogil
cdef uint32_t position_find(const state_t *state, uint32_t account_id, uint32_t instrument_id) noexcept nogil
cdef uint32_t position_add(state_t *state, uint32_t account_id, uint32_t instrument_id) noexcept nogil
cdef snap_work_t *work_add(state_t *state, uint8_t work) noexcept nogil
cdef void work_remove_first(state_t *state) noexcept nogil
cdef void trim_add(state_t *state, uint32_t position) noexcept nogil
cdef void trim_remove_first(state_t *state) noexcept nogil
cdef void cascade_add(state_t *state, uint32_t instrument_id) noexcept nogil
cdef void cascade_remove_first(state_t *state) noexcept nogil
