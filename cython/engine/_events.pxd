# Writing event records: numbering, addressing, and what each kind of event carries (docs/engine.md sections 1 and 3).
#
# Each function writes one event and gives it back, so that the caller fills in what only he knows: display, last price
# and quantity, contra order, liquidity, client order ids of a request.
from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t, uint8_t
from libc.string cimport memset

from engine._state cimport asker_t, find_session, modify_t, session_t, state_t
from engine.arith cimport mul_checked, panic_unless
from engine.records cimport (
    cancel_t, command_header_t, command_t, event_t, mass_cancel_t, order_event_t, place_t, quote_event_t, replace_t,
    snap_work_t,
)


cdef inline event_t *event_begin(
    state_t *state, uint16_t kind, uint16_t reason, uint32_t session_id, uint32_t instrument_id
) noexcept nogil:
    """A zeroed event with its header, parties left out."""
    cdef event_t *event = &state.events[state.events_count]
    cdef session_t *session = find_session(state, session_id)
    panic_unless(state.events_count < state.events_capacity, "a command has more events than any can have")
    state.events_count += 1
    memset(event, 0, sizeof(event_t))
    event.header.seq = state.seq
    event.header.timestamp_ns = state.timestamp_ns
    event.header.event_index = state.event_index
    event.header.kind = kind
    event.header.reason = reason
    event.header.session_id = session_id
    event.header.instrument_id = instrument_id
    state.event_index += 1
    if session != NULL:
        session.session_seq += 1
        event.header.session_seq = session.session_seq
    if session_id == state.asker.session_id:
        event.header.msg_seq_in = state.asker.msg_seq_in
    return event


cdef inline void set_parties(event_t *event, const uint32_t *lineage) noexcept nogil:
    event.header.account_id = lineage[0]
    event.header.trader_id = lineage[1]
    event.header.desk_id = lineage[2]
    event.header.firm_id = lineage[3]


cdef inline int64_t in_e8(int64_t lots, int64_t lot_e8) noexcept nogil:
    """A position outgrows an event only when it is beyond every limit that a venue can have."""
    cdef int overflow = 0
    cdef int64_t quantity_e8 = mul_checked(lots, lot_e8, &overflow)
    panic_unless(not overflow, "a position is beyond the range of an event")
    return quantity_e8


# From here on events answer this message; gives back what they answered before.
cdef asker_t answer_to(state_t *state, uint32_t session_id, uint64_t msg_seq_in) noexcept nogil

# An event about a known order as it stands: to the session that entered it, or to another.
cdef order_event_t *write_order(state_t *state, uint16_t kind, uint16_t reason, uint32_t slot) noexcept nogil
cdef order_event_t *write_order_to(
    state_t *state, uint16_t kind, uint16_t reason, uint32_t slot, uint32_t session_id
) noexcept nogil
# Client order ids of an answer: the one that the request gives, or the order's own when it gives none; and the
# order's own before.
cdef void set_ids(state_t *state, order_event_t *event, uint32_t slot, const char *client_order_id) noexcept nogil

# Refusals. Without a known order the request is shown; a modify that waited is answered to the session that asked for
# it.
cdef void write_replace_rejected(
    state_t *state, uint16_t reason, uint32_t slot, const replace_t *replace, int64_t detail
) noexcept nogil
cdef void write_cancel_rejected(
    state_t *state, uint16_t reason, uint32_t slot, const cancel_t *cancel, int64_t detail
) noexcept nogil
cdef void write_modify_rejected(state_t *state, uint16_t reason, const modify_t *modify) noexcept nogil
cdef void write_place_rejected(
    state_t *state, uint16_t reason, const place_t *place, uint64_t order_id, int64_t detail
) noexcept nogil

# Attached pairs and quotes. ORDER_ATTACHED says what the order has now; QUOTE_SET and MMP_TRIPPED what the account
# quotes now in the position's instrument.
cdef void write_attached(state_t *state, uint32_t slot) noexcept nogil
cdef quote_event_t *write_quote(
    state_t *state, uint16_t kind, uint16_t reason, uint32_t session_id, uint32_t position
) noexcept nogil
cdef void write_quote_rejected(
    state_t *state, uint16_t reason, const command_header_t *head, const char *quote_id, int64_t detail
) noexcept nogil

# Everything else.
cdef void write_mass_rejected(state_t *state, uint16_t reason, const mass_cancel_t *request) noexcept nogil
cdef void write_mass_done(
    state_t *state, uint16_t kind, uint16_t reason, const snap_work_t *work, uint8_t scope, uint32_t target_id
) noexcept nogil
cdef void write_session_state(state_t *state, uint32_t session_id, uint32_t instrument_id) noexcept nogil
# ORDER_STATUS_END and ACCOUNT_STATUS_END.
cdef void write_status_end(state_t *state, uint16_t kind, const snap_work_t *work) noexcept nogil
# CONFIG_SET, or COMMAND_REJECTED when there is a reason.
cdef void write_config(state_t *state, uint16_t reason, const command_t *command) noexcept nogil
