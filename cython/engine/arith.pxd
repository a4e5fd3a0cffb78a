# Integer arithmetic of the compiled engine: products and divisions of money, prices and rates go through here, in 128
# bits and with a named rounding. A product of `i128` is exact when one factor is cast to i128 before the multiplication; C
# takes both factors at their own width otherwise. `narrow` and `add_checked` find what has outgrown 64 bits. An
# invariant that fails in a nogil function stops the process, because an exception there would be lost.
from libc.stdint cimport int64_t

cdef extern from *:
    """
    #include <stdint.h>
    #include <stdio.h>
    #include <stdlib.h>
    #ifndef PERPGATE_ARITH
    #define PERPGATE_ARITH
    typedef __int128 pg_i128;
    /* DOWN = towards zero, UP = away from zero, NEAR = nearest with ties away from zero, FLOOR = towards minus
     * infinity, CEIL = towards plus infinity (rulebook section 1). The divisor is > 0. *overflow is set, never
     * cleared. */
    static inline int64_t pg_narrow(pg_i128 v, int *overflow) {
        if (v > INT64_MAX || v < INT64_MIN) { *overflow = 1; return 0; }
        return (int64_t)v;
    }
    static inline int64_t pg_mul_div_down(int64_t a, int64_t b, int64_t d, int *overflow) {
        return pg_narrow((pg_i128)a * b / d, overflow);
    }
    static inline int64_t pg_mul_div_floor(int64_t a, int64_t b, int64_t d, int *overflow) {
        pg_i128 p = (pg_i128)a * b, q = p / d;
        return pg_narrow(p % d < 0 ? q - 1 : q, overflow);
    }
    static inline int64_t pg_mul_div_ceil(int64_t a, int64_t b, int64_t d, int *overflow) {
        pg_i128 p = (pg_i128)a * b, q = p / d;
        return pg_narrow(p % d > 0 ? q + 1 : q, overflow);
    }
    static inline int64_t pg_mul_div_up(int64_t a, int64_t b, int64_t d, int *overflow) {
        pg_i128 p = (pg_i128)a * b, q = p / d;
        return pg_narrow(p % d == 0 ? q : (p < 0 ? q - 1 : q + 1), overflow);
    }
    static inline int64_t pg_mul_div_near(int64_t a, int64_t b, int64_t d, int *overflow) {
        pg_i128 p = (pg_i128)a * b;
        return pg_narrow((p < 0 ? p - d / 2 : p + d / 2) / d, overflow);
    }
    static inline int64_t pg_mul(int64_t a, int64_t b, int *overflow) { return pg_narrow((pg_i128)a * b, overflow); }
    /* The same roundings of a 128-bit number. Most fit into 64 bits, where a division takes a fifth of the time. */
    #define PG_MONEY_MAX ((int64_t)1 << 60)
    #define PG_IN_64(n) ((n) == (int64_t)(n))
    static inline pg_i128 pg_quotient(pg_i128 n, pg_i128 d) {
        return PG_IN_64(n) && PG_IN_64(d) ? (pg_i128)((int64_t)n / (int64_t)d) : n / d;
    }
    static inline pg_i128 pg_div_down(pg_i128 n, pg_i128 d) { return pg_quotient(n, d); }
    static inline pg_i128 pg_div_floor(pg_i128 n, pg_i128 d) {
        pg_i128 q = pg_quotient(n, d);
        return q * d > n ? q - 1 : q;
    }
    static inline pg_i128 pg_div_ceil(pg_i128 n, pg_i128 d) {
        pg_i128 q = pg_quotient(n, d);
        return q * d < n ? q + 1 : q;
    }
    static inline pg_i128 pg_div_up(pg_i128 n, pg_i128 d) { return n < 0 ? pg_div_floor(n, d) : pg_div_ceil(n, d); }
    static inline pg_i128 pg_div_near(pg_i128 n, pg_i128 d) {
        return pg_quotient(n < 0 ? n - d / 2 : n + d / 2, d);
    }
    static inline pg_i128 pg_size(pg_i128 n) { return n < 0 ? -n : n; }
    static inline int64_t pg_clamp(pg_i128 n) {
        return n > INT64_MAX ? INT64_MAX : n < -INT64_MAX ? -INT64_MAX : (int64_t)n;
    }
    static inline int64_t pg_add(int64_t a, int64_t b, int *overflow) { return pg_narrow((pg_i128)a + b, overflow); }
    static inline void pg_panic_unless(int ok, const char *what) {
        if (!ok) { fprintf(stderr, "perpgate: invariant broken: %s\\n", what); fflush(stderr); abort(); }
    }
    #endif
    """
    ctypedef long long i128 "pg_i128"  # 128 bits; for Cython the widest integer there is
    const int64_t MONEY_MAX "PG_MONEY_MAX"  # micro-USDC (docs/risk.md section 1)
    i128 div_down "pg_div_down"(i128 n, i128 d) noexcept nogil
    i128 div_up "pg_div_up"(i128 n, i128 d) noexcept nogil
    i128 div_near "pg_div_near"(i128 n, i128 d) noexcept nogil
    i128 div_floor "pg_div_floor"(i128 n, i128 d) noexcept nogil
    i128 div_ceil "pg_div_ceil"(i128 n, i128 d) noexcept nogil
    i128 size_of_i128 "pg_size"(i128 n) noexcept nogil  # without the sign
    int64_t narrow "pg_narrow"(i128 n, int *overflow) noexcept nogil
    int64_t clamp "pg_clamp"(i128 n) noexcept nogil  # to +-(2^63 - 1), as far as usages of limits count
    int64_t mul_div_down "pg_mul_div_down"(int64_t a, int64_t b, int64_t d, int *overflow) noexcept nogil
    int64_t mul_div_floor "pg_mul_div_floor"(int64_t a, int64_t b, int64_t d, int *overflow) noexcept nogil
    int64_t mul_div_ceil "pg_mul_div_ceil"(int64_t a, int64_t b, int64_t d, int *overflow) noexcept nogil
    int64_t mul_div_up "pg_mul_div_up"(int64_t a, int64_t b, int64_t d, int *overflow) noexcept nogil
    int64_t mul_div_near "pg_mul_div_near"(int64_t a, int64_t b, int64_t d, int *overflow) noexcept nogil
    int64_t mul_checked "pg_mul"(int64_t a, int64_t b, int *overflow) noexcept nogil
    int64_t add_checked "pg_add"(int64_t a, int64_t b, int *overflow) noexcept nogil
    void panic_unless "pg_panic_unless"(bint ok, const char *what) noexcept nogil
