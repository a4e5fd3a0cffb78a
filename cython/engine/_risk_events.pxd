# Event records of money, limits and nodes (docs/risk.md section 15). As in `_events`, each function writes one event
# and gives it back where the caller has more to say. Events about an account go to its home session; those about the
# house and nodes to session 0.
from libc.stdint cimport int64_t, uint16_t, uint32_t, uint8_t

from engine._margin cimport figures_t
from engine._state cimport state_t
from engine.records cimport entry_event_t, limit_event_t, liquidation_event_t, position_event_t, snap_limit_t

# After the booking: the balances are those that it left.
cdef entry_event_t *write_account_entry(
    state_t *state, uint32_t account_id, uint8_t entry, int64_t amount_micro, uint8_t house, uint32_t instrument_id
) noexcept nogil
cdef entry_event_t *write_house_entry(
    state_t *state, uint8_t entry, int64_t amount_micro, uint8_t from_house, uint8_t to_house, uint32_t instrument_id
) noexcept nogil
# The reserve fund fell below its floor, or rose above it again.
cdef void write_reserve_state(state_t *state, int64_t floor_micro) noexcept nogil

cdef void write_account_status(state_t *state, uint32_t account_id, uint32_t session_id) noexcept nogil
cdef position_event_t *write_position_status(state_t *state, uint32_t position, uint32_t session_id) noexcept nogil
# POSITION_CHANGED with a PositionChange.
cdef void write_position_changed(state_t *state, uint32_t position, uint8_t change) noexcept nogil

# A step of a liquidation; `position` 0 when it is about the whole account.
cdef liquidation_event_t *write_liquidation(
    state_t *state, uint32_t account_id, uint8_t stage, const figures_t *figures, uint32_t position
) noexcept nogil

# A row with its numbers: LIMIT_REFUSED, LIMIT_WARNED, LIMIT_CLEARED, NODE_CHANGED of a loss row. `lineage` may be NULL.
cdef limit_event_t *write_limit(
    state_t *state, uint16_t kind, uint16_t reason, const snap_limit_t *row, int64_t usage, uint32_t session_id,
    const uint32_t *lineage, uint32_t instrument_id,
) noexcept nogil
# NODE_CHANGED of a kill switch or trading window.
cdef void write_node_changed(
    state_t *state, uint8_t scope, uint32_t node_id, uint16_t flags, uint16_t reason
) noexcept nogil
