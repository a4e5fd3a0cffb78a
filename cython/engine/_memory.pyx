"""Memory of the compiled engine: every table is taken here, once, when an engine is opened.

Called by `_core`. What an order may touch is touched here too, so that no page is taken on its way; tables of parties,
prices and limits get their pages as they are configured. It says what an engine has that nothing has happened in.
"""

from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free

from engine._risk_state cimport (
    account_risk_t, bits_t, crossing_t, exposure_t, fee_t, feed_t, heads_t, instrument_risk_t, limited_t,
    position_risk_t, protection_t, provider_t, risk_t,
)
from engine._state cimport (
    LEVELS, MAPPINGS_MAX, account_t, instrument_t, limits_t, mapping_t, modify_t, order_t, party_t, position_t,
    session_t, state_t, terms_t, text32_t, throttle_t,
)
from engine.arith cimport panic_unless
from engine.heap cimport node_t
from engine.matcher cimport PG_REPORTS_MAX, pg_report
from engine.records cimport (
    SCOPE_BROKER, SCOPE_SESSION, SCOPE_VENUE, TRADE_KIND_NORMAL, VENUE_STATE_OPEN, event_t, set_venue_risk_t,
    snap_calendar_t, snap_limit_t, snap_order_terms_t, snap_ranking_t, snap_transfer_t, snap_work_t,
)
from engine.table cimport ids_capacity, ids_t, pages_give, pages_grow, pages_take

cdef enum:
    PPM = 1000000
    EVENTS_PER_REPORT = 8  # a fill: two events, and for each order the end of a modify and a pair
    EVENTS_PER_STEP = 8  # besides those that reports make
    EVENTS_PER_LOOK = 8  # at an account, without the bookings of an accrual
    UNITS_PER_ACTION = 64  # of risk work
    ROWS_PER_ACTION = 64  # counterparties of a deleveraging
    EVENTS_AHEAD = 8192  # room kept ready beyond the largest command


cdef void *take(state_t *state, uint64_t rows, size_t row_size, bint touched) noexcept nogil:
    """Zeroed memory for rows 0..rows that state_close gives back; NULL when there is none."""
    cdef mapping_t *mapping = &state.mappings[state.mappings_count]
    panic_unless(state.mappings_count < MAPPINGS_MAX, "more mappings than the state has places for")
    mapping.size = (rows + 1) * row_size
    mapping.pages = pages_take(mapping.size, touched)
    if mapping.pages == NULL:
        return NULL
    state.mappings_count += 1
    return mapping.pages


cdef bint take_ids(state_t *state, ids_t *ids, uint64_t rows) noexcept nogil:
    ids.capacity = ids_capacity(rows)
    ids.entries = <uint64_t *> take(state, ids.capacity, sizeof(uint64_t), True)
    return ids.entries != NULL


cdef bint take_nodes(state_t *state) noexcept nogil:
    """What all sessions and nodes have, by scope."""
    cdef const limits_t *limits = &state.limits
    cdef uint32_t[8] maxima
    cdef uint32_t scope
    maxima = [
        0, limits.sessions_max, limits.accounts_max, limits.traders_max, limits.desks_max, limits.firms_max, 0,
        limits.brokers_max,
    ]
    for scope in range(SCOPE_SESSION, SCOPE_BROKER + 1):
        state.risk.limited[scope] = <limited_t *> take(state, maxima[scope], sizeof(limited_t), False)
        if state.risk.limited[scope] == NULL:
            return False
        if scope == SCOPE_VENUE:
            continue
        state.names[scope - SCOPE_SESSION] = <text32_t *> take(state, maxima[scope], sizeof(text32_t), False)
        if state.names[scope - SCOPE_SESSION] == NULL:
            return False
    return True


cdef bint take_parties(state_t *state) noexcept nogil:
    cdef const limits_t *limits = &state.limits
    state.brokers = <party_t *> take(state, limits.brokers_max, sizeof(party_t), False)
    state.firms = <party_t *> take(state, limits.firms_max, sizeof(party_t), False)
    state.desks = <party_t *> take(state, limits.desks_max, sizeof(party_t), False)
    state.traders = <party_t *> take(state, limits.traders_max, sizeof(party_t), False)
    state.throttles = <throttle_t *> take(state, limits.traders_max, sizeof(throttle_t), False)
    state.accounts = <account_t *> take(state, limits.accounts_max, sizeof(account_t), False)
    state.sessions = <session_t *> take(state, limits.sessions_max, sizeof(session_t), False)
    state.session_nodes = <node_t *> take(state, limits.sessions_max, sizeof(node_t), False)
    state.instruments = <instrument_t *> take(state, limits.instruments_max, sizeof(instrument_t), False)
    return (
        take_nodes(state) and state.brokers != NULL and state.firms != NULL and state.desks != NULL
        and state.traders != NULL and state.throttles != NULL and state.accounts != NULL and state.sessions != NULL
        and state.session_nodes != NULL
        and state.instruments != NULL
    )


cdef bint take_orders(state_t *state) noexcept nogil:
    cdef const limits_t *limits = &state.limits
    cdef uint64_t orders = <uint64_t> limits.orders_max + 1  # the venue's own one at a time, see venue_slot
    cdef uint64_t waiting_max = <uint64_t> limits.orders_max + limits.pending_replaces_max
    state.orders = <order_t *> take(state, orders, sizeof(order_t), True)
    state.terms = <terms_t *> take(state, orders, sizeof(terms_t), True)
    state.modifies = <modify_t *> take(state, limits.pending_replaces_max, sizeof(modify_t), True)
    state.positions = <position_t *> take(state, limits.positions_max, sizeof(position_t), True)
    state.nodes = <node_t *> take(state, waiting_max, sizeof(node_t), True)
    state.works = <snap_work_t *> take(state, limits.works_max, sizeof(snap_work_t), True)
    if (
        state.orders == NULL or state.terms == NULL or state.modifies == NULL or state.positions == NULL
        or state.nodes == NULL or state.works == NULL
    ):
        return False
    state.order_names.texts = <const char *> state.terms
    state.order_names.texts_step = sizeof(terms_t)
    state.order_names.accounts = <const char *> &state.orders[0].account_id
    state.order_names.accounts_step = sizeof(order_t)
    state.modify_names.texts = <const char *> state.modifies
    state.modify_names.texts_step = sizeof(modify_t)
    state.modify_names.accounts = <const char *> &state.modifies[0].account_id
    state.modify_names.accounts_step = sizeof(modify_t)
    return (
        take_ids(state, &state.order_ids, orders)
        and take_ids(state, &state.order_names.ids, limits.orders_max)
        and take_ids(state, &state.modify_names.ids, limits.pending_replaces_max)
        and take_ids(state, &state.position_ids, limits.positions_max)
    )


# ---- money, limits, prices


cdef bint take_bits(state_t *state, bits_t *bits, uint64_t sets) noexcept nogil:
    """So many sets of account ids, each after the other; `bits` is the first."""
    cdef uint64_t words = words_of_ids(state.limits.accounts_max), groups = words_of_ids(words)
    bits.words = <uint64_t *> take(state, sets * words, sizeof(uint64_t), False)
    bits.groups = <uint64_t *> take(state, sets * groups, sizeof(uint64_t), False)
    return bits.words != NULL and bits.groups != NULL


cdef inline uint64_t words_of_ids(uint64_t id_max) noexcept nogil:
    return id_max // 64 + 1


cdef bint take_holders(state_t *state) noexcept nogil:
    cdef risk_t *risk = &state.risk
    cdef uint64_t words = words_of_ids(state.limits.accounts_max), groups = words_of_ids(words)
    cdef uint64_t n
    risk.instrument_holders = <bits_t *> take(state, state.limits.instruments_max, sizeof(bits_t), False)
    if risk.instrument_holders == NULL or not take_bits(state, &risk.holders, 1):
        return False
    if not take_bits(state, &risk.instrument_holders[0], <uint64_t> state.limits.instruments_max + 1):
        return False
    for n in range(1, <uint64_t> state.limits.instruments_max + 1):
        risk.instrument_holders[n].words = risk.instrument_holders[0].words + n * words
        risk.instrument_holders[n].groups = risk.instrument_holders[0].groups + n * groups
    return True


cdef bint take_limits(state_t *state) noexcept nogil:
    """Rows of limits, and the exposures that they look at: at most one for each level above an account's position."""
    cdef risk_t *risk = &state.risk
    cdef uint32_t rows = state.limits.limits_max
    risk.limits = <snap_limit_t *> take(state, rows, sizeof(snap_limit_t), False)
    risk.limit_next = <uint32_t *> take(state, rows, sizeof(uint32_t), False)
    risk.heads = <heads_t *> take(state, rows, sizeof(heads_t), False)
    risk.monitors = <uint32_t *> take(state, rows, sizeof(uint32_t), False)
    risk.crossed = <crossing_t *> take(state, rows, sizeof(crossing_t), False)
    risk.met = <uint32_t *> take(state, rows, sizeof(uint32_t), False)
    risk.exposures = <exposure_t *> take(
        state, <uint64_t> LEVELS * state.limits.positions_max, sizeof(exposure_t), False
    )
    risk.exposure_ids.capacity = ids_capacity(<uint64_t> LEVELS * state.limits.positions_max)
    risk.exposure_ids.entries = <uint64_t *> take(state, risk.exposure_ids.capacity, sizeof(uint64_t), False)
    if risk.exposure_ids.entries == NULL:
        return False
    return (
        risk.limits != NULL and risk.limit_next != NULL and risk.heads != NULL and risk.monitors != NULL
        and risk.exposures != NULL and risk.crossed != NULL and risk.met != NULL
    )


cdef bint take_risk(state_t *state) noexcept nogil:
    cdef const limits_t *limits = &state.limits
    cdef risk_t *risk = &state.risk
    cdef uint64_t fees = (<uint64_t> limits.instruments_max + 1) * (limits.fee_tiers_max + 1)
    risk.accounts = <account_risk_t *> take(state, limits.accounts_max, sizeof(account_risk_t), False)
    risk.positions = <position_risk_t *> take(state, limits.positions_max, sizeof(position_risk_t), True)
    risk.order_terms = <snap_order_terms_t *> take(
        state, <uint64_t> limits.orders_max + 1, sizeof(snap_order_terms_t), False  # few orders have any
    )
    risk.takers = <provider_t *> take(state, limits.providers_max, sizeof(provider_t), False)
    risk.protections = <protection_t *> take(state, limits.protections_max, sizeof(protection_t), False)
    risk.instruments = <instrument_risk_t *> take(state, limits.instruments_max, sizeof(instrument_risk_t), False)
    risk.fees = <fee_t *> take(state, fees, sizeof(fee_t), False)
    risk.feeds = <feed_t *> take(state, limits.feeds_max, sizeof(feed_t), False)
    risk.calendars = <snap_calendar_t *> take(state, limits.calendars_max, sizeof(snap_calendar_t), False)
    risk.transfers = <snap_transfer_t *> take(state, limits.transfers_max, sizeof(snap_transfer_t), False)
    risk.transfer_nodes = <node_t *> take(state, limits.transfers_max, sizeof(node_t), False)
    risk.ranking = <snap_ranking_t *> take(state, limits.accounts_max, sizeof(snap_ranking_t), False)
    return (
        take_limits(state) and take_holders(state) and take_ids(state, &risk.transfer_ids, limits.transfers_max)
        and risk.accounts != NULL and risk.positions != NULL and risk.order_terms != NULL
        and risk.protections != NULL and risk.instruments != NULL and risk.fees != NULL and risk.feeds != NULL
        and risk.calendars != NULL and risk.transfers != NULL and risk.transfer_nodes != NULL
        and risk.ranking != NULL and risk.takers != NULL and take_bits(state, &risk.providers, 1)
    )


cdef void fill_defaults(set_venue_risk_t *config) noexcept nogil:
    """What a venue has before its first SET_VENUE_RISK (docs/risk.md section 2)."""
    config.position_cap_open_ppm = PPM
    config.position_cap_overnight_ppm = PPM // 2
    config.position_cap_weekend_ppm = PPM // 10
    config.interest_cap_open_ppm = PPM
    config.interest_cap_overnight_ppm = PPM // 2
    config.interest_cap_weekend_ppm = PPM // 10
    config.band_open_ppm = PPM
    config.band_overnight_ppm = 700000
    config.band_weekend_ppm = PPM // 2
    config.spread_open_tenths = 1
    config.spread_overnight_tenths = 2
    config.spread_weekend_tenths = 3
    config.flow_cap_open_micro = 100000 * <int64_t> PPM
    config.flow_cap_overnight_micro = 50000 * <int64_t> PPM
    config.flow_cap_weekend_micro = 10000 * <int64_t> PPM
    config.total_interest_cap_micro = 2000000000 * <int64_t> PPM
    config.reserve_floor_micro = 50000 * <int64_t> PPM
    config.reserve_floor_ppm = 1000


cdef void fill_rates(risk_t *risk) noexcept nogil:
    """Margin rates by leverage: ceil(1e6 / L), then two thirds, each rounded up (docs/risk.md section 4)."""
    cdef uint32_t leverage
    for leverage in range(1, 256):
        risk.rates[leverage].initial = (PPM + leverage - 1) // leverage
        risk.rates[leverage].maintenance = (2 * risk.rates[leverage].initial + 2) // 3
        risk.rates[leverage].close_out = (2 * risk.rates[leverage].maintenance + 2) // 3


# ---- life


cdef state_t *state_open(const limits_t *limits) noexcept nogil:
    cdef state_t *state = <state_t *> calloc(1, sizeof(state_t))
    if state == NULL:
        return NULL
    state.limits = limits[0]
    state.venue_state = VENUE_STATE_OPEN
    state.match.trade_kind = TRADE_KIND_NORMAL
    fill_defaults(&state.risk.config)
    fill_rates(&state.risk)
    if not take_parties(state) or not take_orders(state) or not take_risk(state) or not state_set_fills_max(state, 1):
        state_close(state)
        return NULL
    return state


cdef void state_close(state_t *state) noexcept nogil:
    cdef uint32_t n
    if state == NULL:
        return
    for n in range(state.mappings_count):
        pages_give(state.mappings[n].pages, state.mappings[n].size)
    pages_give(state.events, state.events_capacity * sizeof(event_t))
    free(state.reports)
    free(state)


cdef size_t events_max(const state_t *state) noexcept nogil:
    """Events that one command cannot exceed. Engine work: as many steps as it may take, each an op with as many reports
    as it may have, each the checks of an order with a warning for each limit, or an account with all its positions;
    and the ends of works, which take no step. Risk work: looks, actions, and an accrual's bookings of all positions."""
    cdef const limits_t *limits = &state.limits
    cdef size_t per_op = EVENTS_PER_REPORT * <size_t> PG_REPORTS_MAX(state.fills_max) + EVENTS_PER_STEP
    cdef size_t per_step = max(per_op + limits.limits_max, EVENTS_PER_STEP + limits.instruments_max)
    cdef size_t per_action = per_op + EVENTS_PER_STEP * <size_t> max(ROWS_PER_ACTION, limits.providers_max)
    cdef size_t actions = limits.risk_units_max // UNITS_PER_ACTION + 1
    cdef size_t looks = <size_t> EVENTS_PER_LOOK * limits.risk_units_max
    cdef size_t steps = <size_t> limits.work_steps_max + 1
    cdef size_t pulse = EVENTS_PER_STEP * <size_t> limits.instruments_max
    return (
        steps * per_step + limits.works_max + looks + actions * per_action + pulse
        + 2 * <size_t> limits.positions_max
    )


cdef bint events_grow(state_t *state) noexcept nogil:
    cdef size_t capacity = 2 * state.events_count + state.events_max + EVENTS_AHEAD
    cdef void *pages
    cdef size_t n
    if state.events == NULL:
        pages = pages_take(capacity * sizeof(event_t), False)
    else:
        pages = pages_grow(state.events, state.events_capacity * sizeof(event_t), capacity * sizeof(event_t))
    if pages == NULL:
        return False
    if state.events == NULL:
        for n in range(EVENTS_AHEAD):  # the largest command may never come, ordinary ones will
            (<event_t *> pages)[n].header.seq = 0
    state.events = <event_t *> pages
    state.events_capacity = capacity
    return True


cdef bint state_set_fills_max(state_t *state, uint32_t fills_max) noexcept nogil:
    cdef size_t capacity = PG_REPORTS_MAX(fills_max)
    cdef pg_report *reports
    if fills_max > state.fills_max:
        reports = <pg_report *> calloc(capacity, sizeof(pg_report))
        if reports == NULL:
            return False
        free(state.reports)
        state.reports = reports
        state.reports_capacity = capacity
        state.fills_max = fills_max
        state.events_max = events_max(state)
    return events_make_room(state)
