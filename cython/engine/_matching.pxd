# Between an order and the book: ops for matchers, what their reports mean, and how an order ends (docs/engine.md
# section 3).
#
# Matchers are called here alone, through pg_matcher_api, one op at a time. The `owner` of an op is the order's slot,
# so that a report leads to its order without a search. A fill is booked in one place, `fill`.
from libc.stdint cimport int64_t, uint16_t, uint32_t, uint8_t

from engine._state cimport state_t
from engine.matcher cimport pg_host
from engine.records cimport order_event_t, place_t


ctypedef struct change_t:  # what a modify gives an order
    int64_t total_lots
    const char *client_order_id  # empty keeps the order's own
    uint32_t price_ticks
    uint32_t take_profit_ticks  # of the attached pair that it has from then on, 0 = none
    uint32_t stop_loss_ticks


# What a book asks back while it works on an op.
cdef void fill_host(state_t *state, pg_host *host) noexcept nogil

# Sends a LIVE order to its book. `entry` is its PLACE when it comes straight from there, NULL after a speed bump or a
# trigger.
cdef void activate(state_t *state, uint32_t slot, const place_t *entry) noexcept nogil

# Likewise an IOC of the venue's own, whose fills are of this TradeKind.
cdef void activate_venue_order(state_t *state, uint32_t slot, uint8_t trade_kind) noexcept nogil
# Sends a slice of a TWAP to its book: an IOC whose rest is left to later slices. It may be the end of the TWAP.
cdef void match_slice(state_t *state, uint32_t slot, int64_t lots, int64_t limit_ticks) noexcept nogil
# ORDER_ATTACHED of an order that has a pair.
cdef void tell_pair(state_t *state, uint32_t slot) noexcept nogil

# Gives a LIVE order new terms on the book; ORDER_REPLACED and what follows. False, and nothing done, when an ALO
# would cross.
cdef bint replace_resting(state_t *state, uint32_t slot, const change_t *change) noexcept nogil
# The order's new terms, and ORDER_REPLACED.
cdef void take_terms(state_t *state, uint32_t slot, const change_t *change) noexcept nogil

# Quotes come and change without an event of their own. The Reason when the book refuses: a new quote never was then,
# one that should change is still as it was.
cdef uint16_t activate_quote(state_t *state, uint32_t slot) noexcept nogil
cdef uint16_t replace_quote(state_t *state, uint32_t slot, uint32_t price_ticks, int64_t total_lots) noexcept nogil

# A position whose untriggered stops no longer fit it joins the trim queue.
cdef void trim_later(state_t *state, uint32_t position) noexcept nogil

# Ends an order with ORDER_CANCELLED or ORDER_EXPIRED, and a modify that waits for it; `end_order` when the book does
# not hold it any more, `withdraw` takes it off first. The event is given back for what the caller has to add.
cdef order_event_t *end_order(state_t *state, uint32_t slot, uint16_t kind, uint16_t reason) noexcept nogil
cdef order_event_t *withdraw(state_t *state, uint32_t slot, uint16_t kind, uint16_t reason) noexcept nogil
