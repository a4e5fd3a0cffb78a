"""cython/engine/arith.pxd for Python: each function as (result, overflow). Compiled by test_arith.py."""

from libc.stdint cimport int64_t

from engine.arith cimport (
    add_checked, mul_checked, mul_div_ceil, mul_div_down, mul_div_floor, mul_div_near, mul_div_up, panic_unless,
)


def down(int64_t a, int64_t b, int64_t d):
    cdef int overflow = 0
    cdef int64_t result = mul_div_down(a, b, d, &overflow)
    return result, overflow


def up(int64_t a, int64_t b, int64_t d):
    cdef int overflow = 0
    cdef int64_t result = mul_div_up(a, b, d, &overflow)
    return result, overflow


def near(int64_t a, int64_t b, int64_t d):
    cdef int overflow = 0
    cdef int64_t result = mul_div_near(a, b, d, &overflow)
    return result, overflow


def floor(int64_t a, int64_t b, int64_t d):
    cdef int overflow = 0
    cdef int64_t result = mul_div_floor(a, b, d, &overflow)
    return result, overflow


def ceil(int64_t a, int64_t b, int64_t d):
    cdef int overflow = 0
    cdef int64_t result = mul_div_ceil(a, b, d, &overflow)
    return result, overflow


def mul(int64_t a, int64_t b):
    cdef int overflow = 0
    cdef int64_t result = mul_checked(a, b, &overflow)
    return result, overflow


def add(int64_t a, int64_t b):
    cdef int overflow = 0
    cdef int64_t result = add_checked(a, b, &overflow)
    return result, overflow


def add_to_overflowed(int64_t a, int64_t b):
    """The flag is set already: it is never cleared."""
    cdef int overflow = 1
    cdef int64_t result = add_checked(a, b, &overflow)
    return result, overflow


def panic(bint ok, bytes what):
    panic_unless(ok, what)
