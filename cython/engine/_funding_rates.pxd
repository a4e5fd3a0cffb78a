# The funding rate of a window (docs/risk.md section 12): pure arithmetic.
from libc.stdint cimport int64_t

from engine.arith cimport div_near, i128
from engine.records cimport snap_instrument_risk_t

cdef enum:
    DAMPING_PPB = 500000  # 5 basis points
    SAMPLES_MIN = 60
    SAMPLES_MAX = 1 << 16  # a window that nobody settles stops here
    PPT_PER_PPB = 10  # of the hourly rate: a hundredth of the damped mean, times a thousand
    PPB = 1000000000

cdef extern from *:
    """
    #define PG_PREMIUM_PPB_MAX ((int64_t)4000000000)
    """
    const int64_t PREMIUM_PPB_MAX "PG_PREMIUM_PPB_MAX"  # so that the weighted sum of a full window fits 64 bits


cdef inline int64_t premium_ppb(int64_t bid_q20, int64_t ask_q20, int64_t index_q20) noexcept nogil:
    """One sample. A missing impact price is 0 and contributes nothing."""
    cdef int64_t apart_q20 = 0
    cdef i128 premium
    if index_q20 == 0:  # splits have left nothing of it
        return 0
    if bid_q20 > index_q20:
        apart_q20 = bid_q20 - index_q20
    if 0 < ask_q20 < index_q20:
        apart_q20 -= index_q20 - ask_q20
    premium = div_near(<i128> apart_q20 * PPB, index_q20)
    if premium > PREMIUM_PPB_MAX:
        return PREMIUM_PPB_MAX
    return -PREMIUM_PPB_MAX if premium < -PREMIUM_PPB_MAX else <int64_t> premium


cdef inline int64_t mean_ppb(const snap_instrument_risk_t *window) noexcept nogil:
    """sum(k * P_k) / sum(k), newest heaviest; 0 without samples."""
    if window.samples == 0:
        return 0
    return <int64_t> div_near(2 * <i128> window.weighted_ppb, <i128> window.samples * (<i128> window.samples + 1))


cdef inline int64_t damped_ppb(int64_t mean) noexcept nogil:
    """The mean moved 5 bp towards zero, 0 within."""
    if mean > DAMPING_PPB:
        return mean - DAMPING_PPB
    return mean + DAMPING_PPB if mean < -DAMPING_PPB else 0


cdef inline int64_t rate_ppt(const snap_instrument_risk_t *window) noexcept nogil:
    """What a settlement now would charge per hour; 0 below 60 samples."""
    if window.samples < SAMPLES_MIN:
        return 0
    return damped_ppb(mean_ppb(window)) * PPT_PER_PPB
