# Commands of quotes, risk and money that are answered by CONFIG_SET or COMMAND_REJECTED: who may send which, what needs
# a second person, and the room that carries each out (docs/risk.md section 2).
from engine._state cimport state_t
from engine.records cimport command_header_t, command_t


# False when no room takes this kind; nothing has happened then.
cdef bint administer(state_t *state, const command_t *command) noexcept nogil

cdef inline bint is_approved(const command_header_t *header) noexcept nogil:
    """By a second person; the venue's own configuration needs none."""
    if header.session_id == 0 and header.operator_id == 0:
        return True
    return header.approver_id != 0 and header.approver_id != header.operator_id
