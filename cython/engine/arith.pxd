# Integer arithmetic of the compiled engine: products and divisions of money, prices and rates go through here, in 128 bits
# and with a named rounding; an invariant that fails in a nogil function stops the process, because an exception there would be lost.
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
     * infinity, CEIL = towards plus infinity (rulebook section 1). The divisor is > 0. *overflow is set, never cleared. */
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
    static inline int64_t pg_add(int64_t a, int64_t b, int *overflow) { return pg_narrow((pg_i128)a + b, overflow); }
    static inline void pg_panic_unless(int ok, const char *what) {
        if (!ok) { fprintf(stderr, "perpgate: invariant broken: %s\\n", what); fflush(stderr); abort(); }
    }
    #endif
    """
    int64_t mul_div_down "pg_mul_div_down"(int64_t a, int64_t b, int64_t d, int *overflow) noexcept nogil
    int64_t mul_div_floor "pg_mul_div_floor"(int64_t a, int64_t b, int64_t d, int *overflow) noexcept nogil
    int64_t mul_div_ceil "pg_mul_div_ceil"(int64_t a, int64_t b, int64_t d, int *overflow) noexcept nogil
    int64_t mul_div_up "pg_mul_div_up"(int64_t a, int64_t b, int64_t d, int *overflow) noexcept nogil
    int64_t mul_div_near "pg_mul_div_near"(int64_t a, int64_t b, int64_t d, int *overflow) noexcept nogil
    int64_t mul_checked "pg_mul"(int64_t a, int64_t b, int *overflow) noexcept nogil
    int64_t add_checked "pg_add"(int64_t a, int64_t b, int *overflow) noexcept nogil
    void panic_unless "pg_panic_unless"(bint ok, const char *what) noexcept nogil
