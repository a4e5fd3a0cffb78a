# May it? The checks of orders in the published order (docs/engine.md section 4, records.CHECK_ORDER), one function
# each.
#
# Each gives a Reason, ACK when it passes. None changes state but the rate bucket, which counts a message when it is
# reached and passes. What a check had to look up anyway is handed on in `entry_t`, so that nothing is looked up
# twice.
from libc.stdint cimport int64_t, uint16_t, uint32_t, uint8_t

from engine._limits cimport proposal_t, verdict_t
from engine._state cimport account_t, instrument_t, position_t, session_t, state_t
from engine.arith cimport i128
from engine.records cimport command_header_t, place_t, replace_t


ctypedef struct entry_t:  # a new order, or new terms of one, as the checks found it
    proposal_t proposal
    verdict_t verdict
    int64_t price_ticks  # 0 for MARKET
    int64_t quantity_lots  # total, of a reduce-only order no more than there is to reduce


# The whole list for a PLACE whose session may trade for its account; that for a REPLACE once the order is found, after
# `check_gate`. The verdict has begun.
cdef uint16_t check_place(state_t *state, const place_t *place, entry_t *entry) noexcept nogil
cdef uint16_t check_replace(
    state_t *state, uint32_t slot, const replace_t *replace, entry_t *entry
) noexcept nogil

# Parts of the list that quotes, schedules and closing orders share with PLACE. *price_ticks is the price in ticks.
# The gate, a free client order id and a known instrument; begins the proposal. `check_market`: may the account trade
# the instrument now, whatever the order's terms are?
cdef uint16_t check_message(
    state_t *state, const command_header_t *header, const char *client_order_id, proposal_t *proposal,
    verdict_t *verdict,
) noexcept nogil
cdef uint16_t check_market(state_t *state, const proposal_t *proposal, verdict_t *verdict) noexcept nogil
cdef uint16_t check_quantity(const instrument_t *instrument, bint stop, int64_t quantity_e8) noexcept nogil
cdef uint16_t check_price(
    const state_t *state, const instrument_t *instrument, uint8_t order_type, uint8_t side, int64_t price_e8,
    int64_t *price_ticks
) noexcept nogil
cdef uint16_t check_notional(const instrument_t *instrument, bint reducing, i128 notional_micro) noexcept nogil
# Room for one more order; `position` 0 when a record has to be made.
cdef uint16_t check_room(const state_t *state, const account_t *account, uint32_t position) noexcept nogil
# One more stop of `lots`, when `besides` of those there are do not count.
cdef bint stop_fits(
    const position_t *position, uint8_t side, uint8_t order_type, int64_t lots, int64_t besides
) noexcept nogil
# Is a client order id taken by an open order of the account, or by a modify of one that waits?
cdef bint is_taken(const state_t *state, uint32_t account_id, const char *client_order_id) noexcept nogil

# Permissions (docs/engine.md section 2).
cdef bint may_trade(const state_t *state, uint32_t session_id, const account_t *account) noexcept nogil
cdef bint may_cancel(const state_t *state, uint32_t session_id, const account_t *account) noexcept nogil
cdef bint may_cancel_at_all(const session_t *session) noexcept nogil
cdef bint covers(const session_t *session, const uint32_t *lineage) noexcept nogil

# The general bucket of a trader, for a setting that a participant sends.
cdef uint16_t check_setting_rate(state_t *state, uint32_t trader_id) noexcept nogil
# The cancel bucket of an account's or a mass cancel's trader.
cdef uint16_t check_cancel_rate(
    state_t *state, uint32_t trader_id, int64_t weight_micro, int64_t *retry_ms
) noexcept nogil

# Looked at again when an order or a modify leaves the speed bump.
cdef uint16_t check_market_open(const instrument_t *instrument, bint reducing) noexcept nogil
cdef uint16_t check_band(const instrument_t *instrument, uint8_t side, int64_t price_ticks) noexcept nogil
cdef uint16_t clip_replace(const state_t *state, uint32_t slot, int64_t *total_lots) noexcept nogil

# Is it the order that a request means? 0 = not given.
cdef bint is_meant(const state_t *state, uint32_t slot, uint32_t instrument_id, uint8_t side) noexcept nogil
# Lots that one more reduce-only order on `side` may have, 0 or less when none; `besides` lots are not counted.
cdef int64_t reduce_only_room(const position_t *position, uint8_t side, int64_t besides) noexcept nogil
# Do all untriggered stops of the position still fit it?
cdef bint stops_fit(const position_t *position) noexcept nogil
# A time beyond int64 is NEVER_NS.
cdef int64_t due_after(int64_t timestamp_ns, int64_t delay_ns) noexcept nogil
