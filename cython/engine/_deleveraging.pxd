# Liquidation, stage 3 (docs/risk.md section 11): what nobody has taken over is netted against ranked counterparties, at
# the price that leaves the liquidated account at zero.
from libc.stdint cimport uint32_t

from engine._margin cimport figures_t
from engine._state cimport state_t


# A part of the ranking, or one transfer. False when nothing more can be done before the next pulse.
cdef bint deleverage(state_t *state, uint32_t account_id, const figures_t *figures) noexcept nogil
