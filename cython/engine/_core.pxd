# The compiled engine as the sequencer sees it, and what of it needs Python: buffers, matchers, errors.
from libc.stdint cimport uint16_t

from engine._restore cimport snapshot_t
from engine._state cimport state_t
from engine.records cimport command_t, set_instrument_t


cdef class Core:
    # One thread at a time. `state` is all there is but the matchers' objects, which `handles` keeps by instrument id.
    cdef state_t *state
    cdef readonly object info  # engine.api.EngineInfo
    cdef object find_matcher
    cdef dict handles
    cdef Py_ssize_t view_size  # bytes of the last batch's events
    cdef Py_ssize_t views  # of them that are in use

    cdef int _start(self) except -1
    cdef int _apply(self, commands) except -1
    cdef int _run(self, const command_t *commands, size_t count) except -1
    cdef int _run_one(self, const command_t *command) except -1
    cdef uint16_t _set_instrument(self, const set_instrument_t *command) except? 0xFFFF
    cdef object _find_matcher(self, const set_instrument_t *command)
    cdef int _open_book(self, const set_instrument_t *command, object loaded) except -1
    cdef int _restore(self, bytes snapshot) except -1
    cdef int _restore_instruments(self, const snapshot_t *parts) except -1
    cdef int _restore_books(self, const snapshot_t *parts) except -1
