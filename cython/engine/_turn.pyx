"""The part of `engine.sequencer.Sequencer` that every batch passes: stamp, journal, engine, gate.

It is the sequencer's base class and has no life of its own; the venue's own commands, timers, low space and the end
are in Python. Calls go to the interfaces of `engine.api`, `Journal` and `ReleasedEvents`, whoever is behind them.
"""

from cpython.bytes cimport PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint64_t

from engine.batch cimport CommandBatch
from engine.records cimport COMMAND_SIZE, EVENT_SIZE

import struct

from engine import failpoints
from engine.records import CommandKind, pack_command

_STAMP = struct.Struct("<Qq")
_UNSTAMPED_TICK = pack_command(CommandKind.TICK)[_STAMP.size :]


cdef class SequencerCounters:
    """Since the start; for metrics."""

    cdef public int64_t turns  # records journaled
    cdef public int64_t commands
    cdef public int64_t ticks
    cdef public int64_t events
    cdef public int64_t released_events
    cdef public int64_t releases
    cdef public int64_t waits_for_gate  # times that the batch was left alone because too much waits to become durable
    cdef public int64_t waits_for_journal  # or because the journal or the event log had no room
    cdef public int64_t waits_for_ration  # or because space is low and has to last
    cdef public int64_t gate_bytes_peak


cdef class Gated:
    """Events that are not durable yet. answers: futures of the venue's own commands that caused them, or None."""

    cdef readonly uint64_t seq
    cdef readonly bytes events
    cdef readonly list answers

    def __init__(self, uint64_t seq, bytes events, list answers):
        self.seq = seq
        self.events = events
        self.answers = answers


cdef class Turn:
    """See `engine.sequencer.Sequencer`."""

    cdef public object _engine, _journal, _event_log, _loop, _clock_ns, _release_events, _room_available, _failed
    cdef public CommandBatch _batch
    cdef public SequencerCounters counters
    cdef public uint64_t next_ordinal  # of the next event, released or not
    cdef public object _own  # deque of the venue's own commands
    cdef public object _gate  # deque of Gated
    cdef public int64_t _gate_bytes, _gate_bytes_max
    cdef public object _turn_handle  # a turn is scheduled
    cdef public object _idle  # future of somebody who waits until nothing is left to do, or None
    cdef public int64_t _stamp_ns, _timer_due_ns, _ration_until_ns
    cdef public bint _is_rationing  # space is low
    cdef public bint _is_blocked  # the last turn found no room
    cdef public bint _is_log_full  # the event log could not write everything
    cdef public bint _is_stopped

    def wake(self):
        """There may be something to do: one turn is scheduled, however often it is called before."""
        if self._turn_handle is None and not self._is_stopped:
            self._turn_handle = self._loop.call_soon(self._turn)

    def _turn(self):
        cdef Py_ssize_t waiting
        self._turn_handle = None
        self._is_blocked = False
        try:
            if self._own:
                self._take_own()
            waiting = self._batch.count
            if self._take(waiting) and waiting:
                self._room_available()
            if not self._is_blocked:
                self._arm()
        except Exception as error:
            self._is_stopped = True
            self._failed("the turn of the sequencer failed", error)
        if self._idle is not None:
            self._tell_idle()

    cdef bint _take(self, Py_ssize_t waiting) except -1:
        """The doors' batch, and a TICK before it when one is due: what was due first is first, also when both come in
        the same turn. False: there was nothing, or it has to wait."""
        cdef int64_t stamp_ns = self._stamp()
        cdef int64_t due_ns = self._engine.next_due_ns
        cdef uint64_t seq
        if not waiting and due_ns > stamp_ns:
            return False
        if not self._has_room(waiting + (due_ns <= stamp_ns)):
            return False
        if stamp_ns < self._ration_until_ns:
            # Space is low and has to last: the doors' commands wait, so that refused orders do not use up what cancels
            # need.
            self.counters.waits_for_ration += 1
            return False
        seq = self._engine.seq + 1
        if due_ns <= stamp_ns:
            self.counters.ticks += 1
            tick = _STAMP.pack(seq, stamp_ns) + _UNSTAMPED_TICK
            self._put(tick + self._batch.take(seq + 1, stamp_ns), stamp_ns, None)
        else:
            self._put(self._batch.take(seq, stamp_ns), stamp_ns, None)
        return True

    cpdef int64_t _stamp(self) except -1:
        cdef int64_t now_ns = self._clock_ns()
        if now_ns > self._stamp_ns:
            self._stamp_ns = now_ns
        return self._stamp_ns

    cpdef bint _has_room(self, Py_ssize_t count) except -1:
        """Whether what so many commands produce has somewhere to go. If not, a progress of the journal brings the next
        turn."""
        if self._gate_bytes >= self._gate_bytes_max:
            self.counters.waits_for_gate += 1
        elif self._is_log_full or not self._journal.has_room(count * COMMAND_SIZE):
            self.counters.waits_for_journal += 1
        else:
            return True
        self._is_blocked = True
        return False

    cpdef int _put(self, bytes commands, int64_t stamp_ns, list answers) except -1:
        """Commands into the journal and through the engine, their events behind the gate or, when they are durable
        already, out."""
        cdef SequencerCounters counters = self.counters
        cdef bytes events
        cdef uint64_t seq, durable_seq
        cdef Py_ssize_t count
        self._journal.append(commands, stamp_ns)
        if failpoints.ARMED:
            failpoints.hit("batch-journaled")
        events = self._engine.apply(commands)
        if failpoints.ARMED:
            failpoints.hit("batch-applied")
        seq = self._engine.seq
        count = PyBytes_GET_SIZE(events) // EVENT_SIZE
        counters.turns += 1
        counters.commands += PyBytes_GET_SIZE(commands) // COMMAND_SIZE
        counters.events += count
        self.next_ordinal += count
        if self._is_rationing:
            self._ration(stamp_ns, PyBytes_GET_SIZE(commands))
        durable_seq = self._journal.durable_seq
        if answers is None and not self._gate and durable_seq >= seq:
            self._let_out(events)
            return 0
        self._gate.append(Gated(seq, events, answers))
        self._gate_bytes += PyBytes_GET_SIZE(events)
        if self._gate_bytes > counters.gate_bytes_peak:
            counters.gate_bytes_peak = self._gate_bytes
        self._release()
        return 0

    cpdef int _let_out(self, bytes events) except -1:
        """Durable events: into the log, so that a session that catches up finds them, then to everybody; the log is
        written when they have been served."""
        event_log = self._event_log
        self.counters.releases += 1
        if not events:
            return 0
        if event_log is not None:
            event_log.append(events)
        if failpoints.ARMED:
            failpoints.hit("events-logged")
        self._release_events(events)
        if failpoints.ARMED:
            failpoints.hit("events-routed")
        if event_log is not None:
            self._is_log_full = not event_log.flush()
        self.counters.released_events += PyBytes_GET_SIZE(events) // EVENT_SIZE
        return 0

    cdef int _arm(self) except -1:
        """Makes the next turn come when there is something to do."""
        cdef int64_t due_ns = self._engine.next_due_ns
        if self._ration_until_ns > self._stamp_ns and (self._batch.count or due_ns < self._ration_until_ns):
            due_ns = self._ration_until_ns
        if self._own or due_ns == 0:
            self.wake()  # call_soon lets the loop look at its sockets in between
        elif due_ns < self._timer_due_ns:  # else the timer that runs comes first, and looks again
            self._set_timer(due_ns)
        return 0
