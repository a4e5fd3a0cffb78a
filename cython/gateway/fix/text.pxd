# FIX text to integers and back: decimals in the global scale of 1e-8, counts, UTC timestamps. The one place of the
# FIX door where text becomes a price, a quantity or a time. Every function is told the length and never reads beyond
# it.
from libc.stdint cimport INT64_MAX, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

cdef enum:  # what became of a text
    TEXT_OK = 0
    TEXT_FORMAT = 1  # not a text of the type (SessionRejectReason 6)
    TEXT_RANGE = 2  # of the type, but with more digits than we keep (SessionRejectReason 5)

cdef enum:
    NUMBER_BYTES_MAX = 21  # of what put_u64, put_i64 write
    DECIMAL_BYTES_MAX = 21  # of what put_e8 writes
    TIMESTAMP_BYTES_MAX = 27  # of what put_utc writes
    E8_DECIMALS = 8
    NS_PER_S = 1000000000

cdef extern from *:
    """
    #include <string.h>
    #include <stdint.h>
    #include <time.h>
    #ifndef PERPGATE_FIX_TEXT
    #define PERPGATE_FIX_TEXT
    static const char pg_digits[201] =
        "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
        "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";
    static inline int64_t pg_now_ns(void) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    }
    static inline void pg_put2(uint8_t *p, uint32_t v) { memcpy(p, pg_digits + 2 * v, 2); }
    #endif
    """
    int64_t now_ns "pg_now_ns"() noexcept nogil  # of the system's clock
    void put2 "pg_put2"(uint8_t *target, uint32_t value) noexcept nogil  # 0..99 as two digits


cdef inline int text_to_u64(const uint8_t *text, size_t length, uint64_t *value) noexcept nogil:
    """Digits only, leading zeros allowed; below 2 ** 63."""
    cdef uint64_t found = 0
    cdef size_t i
    cdef uint32_t digit
    if length == 0:
        return TEXT_FORMAT
    for i in range(length):
        digit = <uint32_t> text[i] - 48
        if digit > 9:
            return TEXT_FORMAT
        if found > (<uint64_t> INT64_MAX - digit) // 10:
            return TEXT_RANGE
        found = found * 10 + digit
    value[0] = found
    return TEXT_OK


cdef inline int text_to_e8(const uint8_t *text, size_t length, int64_t *value) noexcept nogil:
    """Optional minus, digits, at most one point with digits on at least one side of it. Digits beyond the eighth
    decimal must be zeros: nothing is rounded."""
    cdef uint64_t found = 0
    cdef size_t i = 0
    cdef int decimals = -1  # before the point
    cdef int digits = 0
    cdef uint32_t digit
    cdef bint is_negative = length > 0 and text[0] == 45
    cdef int status = TEXT_OK
    if is_negative:
        i = 1
    while i < length:
        digit = <uint32_t> text[i] - 48
        if digit <= 9:
            digits += 1
            if decimals >= E8_DECIMALS:
                if digit:
                    status = TEXT_RANGE
            elif found > (<uint64_t> INT64_MAX - digit) // 10:
                status = TEXT_RANGE
            else:
                found = found * 10 + digit
                if decimals >= 0:
                    decimals += 1
        elif text[i] == 46 and decimals < 0:
            decimals = 0
        else:
            return TEXT_FORMAT
        i += 1
    if digits == 0:
        return TEXT_FORMAT
    if decimals < 0:
        decimals = 0
    while decimals < E8_DECIMALS and status == TEXT_OK:
        if found > <uint64_t> INT64_MAX // 10:
            status = TEXT_RANGE
        else:
            found *= 10
            decimals += 1
    if status != TEXT_OK:
        return TEXT_RANGE
    value[0] = -<int64_t> found if is_negative else <int64_t> found
    return TEXT_OK


cdef inline int64_t days_from_civil(int64_t year, uint32_t month, uint32_t day) noexcept nogil:
    """Days since 1970-01-01 of a Gregorian date (years counted from March, so that the leap day comes last)."""
    cdef int64_t y = year - 1 if month <= 2 else year
    cdef int64_t era = y // 400
    cdef int64_t year_of_era = y - era * 400
    cdef int64_t day_of_year = (153 * (<int64_t> month + (9 if month <= 2 else -3)) + 2) // 5 + day - 1
    return era * 146097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719468


cdef inline int _two(const uint8_t *text) noexcept nogil:
    cdef uint32_t a = <uint32_t> text[0] - 48
    cdef uint32_t b = <uint32_t> text[1] - 48
    return -1 if a > 9 or b > 9 else <int> (a * 10 + b)


cdef inline int text_to_utc_ns(const uint8_t *text, size_t length, int64_t *value) noexcept nogil:
    """`YYYYMMDD-HH:MM:SS` with nothing or one to nine decimals behind it, years 1970 to 2199; second 60 is a leap
    second."""
    cdef int century
    cdef int year
    cdef int month
    cdef int day
    cdef int hour
    cdef int minute
    cdef int second
    cdef uint64_t fraction = 0
    cdef size_t i
    cdef int limit
    if length < 17 or length == 18 or length > 27 or text[8] != 45 or text[11] != 58 or text[14] != 58:
        return TEXT_FORMAT
    century, year, month, day = _two(text), _two(text + 2), _two(text + 4), _two(text + 6)
    hour, minute, second = _two(text + 9), _two(text + 12), _two(text + 15)
    if century < 0 or year < 0 or month < 1 or month > 12 or day < 1 or hour < 0 or hour > 23:
        return TEXT_FORMAT
    if minute < 0 or minute > 59 or second < 0 or second > 60:
        return TEXT_FORMAT
    year += century * 100
    limit = 31
    if month == 2:
        limit = 29 if (year % 4 == 0 and year % 100 != 0) or year % 400 == 0 else 28
    elif month == 4 or month == 6 or month == 9 or month == 11:
        limit = 30
    if day > limit or year < 1970 or year > 2199:
        return TEXT_FORMAT
    if length > 17:
        if text[17] != 46 or text_to_u64(text + 18, length - 18, &fraction) != TEXT_OK:
            return TEXT_FORMAT
        for i in range(27 - length):
            fraction *= 10
    value[0] = ((days_from_civil(year, <uint32_t> month, <uint32_t> day) * 86400 + hour * 3600 + minute * 60 + second)
                * NS_PER_S + <int64_t> fraction)
    return TEXT_OK


cdef inline size_t put_u64(uint8_t *target, uint64_t value) noexcept nogil:
    """Digits without leading zeros; returns how many."""
    cdef uint8_t digits[20]
    cdef size_t first = 20
    while value >= 100:
        first -= 2
        put2(digits + first, <uint32_t> (value % 100))
        value //= 100
    if value >= 10:
        first -= 2
        put2(digits + first, <uint32_t> value)
    else:
        first -= 1
        digits[first] = <uint8_t> (48 + value)
    memcpy(target, digits + first, 20 - first)
    return 20 - first


cdef inline size_t put_i64(uint8_t *target, int64_t value) noexcept nogil:
    if value >= 0:
        return put_u64(target, <uint64_t> value)
    target[0] = 45
    return 1 + put_u64(target + 1, <uint64_t> 0 - <uint64_t> value)


cdef inline size_t put_scaled(uint8_t *target, int64_t value, uint64_t scale, int decimals) noexcept nogil:
    """Decimal text of value / scale (scale = 10 ** decimals), trailing zeros and a bare point left out."""
    cdef size_t n = 0
    cdef uint64_t magnitude = <uint64_t> value
    cdef uint64_t fraction
    cdef int i
    if value < 0:
        target[0] = 45
        n = 1
        magnitude = <uint64_t> 0 - magnitude
    n += put_u64(target + n, magnitude // scale)
    fraction = magnitude % scale
    if fraction == 0:
        return n
    while fraction % 10 == 0:
        fraction //= 10
        decimals -= 1
    target[n] = 46
    for i in range(decimals):
        target[n + decimals - i] = <uint8_t> (48 + fraction % 10)
        fraction //= 10
    return n + 1 + <size_t> decimals


cdef inline size_t put_e8(uint8_t *target, int64_t value_e8) noexcept nogil:
    return put_scaled(target, value_e8, 100_000_000, 8)


cdef inline size_t put_micro(uint8_t *target, int64_t value_micro) noexcept nogil:
    return put_scaled(target, value_micro, 1_000_000, 6)


ctypedef struct second_text_t:  # the last second that was written, for those who write many times within one
    int64_t second
    uint8_t text[17]


cdef inline void _write_second(second_text_t *cache, int64_t second) noexcept nogil:
    cdef int64_t days = second // 86400
    cdef uint32_t rest = <uint32_t> (second - days * 86400)
    cdef int64_t z = days + 719468
    cdef int64_t era = z // 146097
    cdef uint32_t doe = <uint32_t> (z - era * 146097)
    cdef uint32_t yoe = (doe - doe // 1460 + doe // 36524 - doe // 146096) // 365
    cdef uint32_t doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    cdef uint32_t mp = (5 * doy + 2) // 153
    cdef uint32_t month = mp + 3 if mp < 10 else mp - 9
    cdef uint32_t year = yoe + <uint32_t> era * 400 + (1 if month <= 2 else 0)
    cdef uint8_t *text = cache.text
    put2(text, year // 100)
    put2(text + 2, year % 100)
    put2(text + 4, month)
    put2(text + 6, doy - (153 * mp + 2) // 5 + 1)
    text[8] = 45
    put2(text + 9, rest // 3600)
    text[11] = 58
    put2(text + 12, rest // 60 % 60)
    text[14] = 58
    put2(text + 15, rest % 60)
    cache.second = second


cdef inline size_t put_utc(uint8_t *target, int64_t timestamp_ns, int decimals, second_text_t *cache) noexcept nogil:
    """UTCTimestamp of a time >= 0 with 3, 6 or 9 decimals (cut, not rounded). The cache starts zeroed."""
    cdef int64_t second = timestamp_ns // NS_PER_S
    cdef uint32_t fraction = <uint32_t> (timestamp_ns - second * NS_PER_S)
    cdef int i
    if second != cache.second or cache.text[8] != 45:
        _write_second(cache, second)
    memcpy(target, cache.text, 17)
    target[17] = 46
    for i in range(9 - decimals):
        fraction //= 10
    for i in range(decimals):
        target[17 + decimals - i] = <uint8_t> (48 + fraction % 10)
        fraction //= 10
    return 18 + <size_t> decimals
