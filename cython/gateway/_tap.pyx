"""Picks the events of a few kinds out of everything that is released, for read models in plain Python.

Looking costs a comparison per event; only what is picked becomes an object.
"""

from libc.stdint cimport uint16_t, uint64_t

from engine.records cimport EVENT_SIZE, event_t


cdef class EventTap:
    """`EventTap(kinds, take)`: a sink of the router; `take(event)` gets each event of these kinds, as EVENT_SIZE bytes,
    in order. It must not raise.

    Raises ValueError for a kind of 64 or more.
    """

    cdef uint64_t _mask
    cdef object _take

    def __cinit__(self, kinds, take):
        cdef uint64_t one = 1
        for kind in kinds:
            if not 0 <= int(kind) < 64:
                raise ValueError(f"event kind {int(kind)} is beyond the tap's 64")
            self._mask |= one << <int> int(kind)
        self._take = take

    def observe(self, bytes events):
        """One released batch, whole records."""
        cdef Py_ssize_t count = len(events) // EVENT_SIZE
        cdef Py_ssize_t i
        cdef const char *data = events
        cdef const event_t *records = <const event_t *> data
        cdef uint64_t mask = self._mask
        cdef uint16_t kind
        for i in range(count):
            kind = records[i].header.kind
            if kind < 64 and mask >> kind & 1:
                self._take(data[i * EVENT_SIZE : (i + 1) * EVENT_SIZE])
