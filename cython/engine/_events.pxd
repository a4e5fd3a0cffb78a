# Writing event records: numbering, addressing, and what each kind of event carries (docs/engine.md sections 1 and 3).
#
# Each function writes one event and gives it back, so that the caller fills in what only he knows: display, last price
# and quantity, contra order, liquidity, client order ids of a request.
from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t, uint8_t

from engine._state cimport asker_t, modify_t, state_t
from engine.records cimport cancel_t, command_t, mass_cancel_t, order_event_t, place_t, replace_t, snap_work_t


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

# Everything else.
cdef void write_mass_rejected(state_t *state, uint16_t reason, const mass_cancel_t *request) noexcept nogil
cdef void write_mass_done(
    state_t *state, uint16_t reason, const snap_work_t *work, uint8_t scope, uint32_t target_id
) noexcept nogil
cdef void write_session_state(state_t *state, uint32_t session_id, uint32_t instrument_id) noexcept nogil
cdef void write_status_end(state_t *state, const snap_work_t *work) noexcept nogil
# CONFIG_SET, or COMMAND_REJECTED when there is a reason.
cdef void write_config(state_t *state, uint16_t reason, const command_t *command) noexcept nogil
