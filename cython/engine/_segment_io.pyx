"""Journal segments as bytes on their way to the disk. What is written is the journal's business; nothing here reads it.

`SegmentWriter` takes records from the loop's thread into a ring of memory and returns at once; a thread without any
part in the interpreter writes and syncs whatever has gathered, then raises its watermark and an eventfd. The
interpreter's lock is never waited for, so a busy loop does not delay a commit, and a slow disk never stalls the loop.
`MappedSegment` is the other way: the loop copies a record into the page cache itself. `fill_zeros` and `content_end`
serve the segment files.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.errno cimport EAGAIN, EDQUOT, EFBIG, EINTR, EIO, ENOSPC, errno
from libc.signal cimport SIGKILL
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcmp, memcpy, memset
from posix.signal cimport kill, sigfillset, sigset_t
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, nanosleep, timespec
from posix.types cimport off_t
from posix.unistd cimport close, fdatasync, getpid, read, write

import os

cdef extern from "<pthread.h>" nogil:
    int pthread_create(pthread_t *thread, const void *attributes, void *(*main)(void *) noexcept nogil, void *argument)
    int pthread_join(pthread_t thread, void **result)
    int pthread_mutex_init(pthread_mutex_t *lock, const void *attributes)
    int pthread_mutex_lock(pthread_mutex_t *lock)
    int pthread_mutex_unlock(pthread_mutex_t *lock)
    int pthread_mutex_destroy(pthread_mutex_t *lock)
    int pthread_cond_init(pthread_cond_t *condition, const void *attributes)
    int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *lock)
    int pthread_cond_signal(pthread_cond_t *condition)
    int pthread_cond_broadcast(pthread_cond_t *condition)
    int pthread_cond_destroy(pthread_cond_t *condition)

cdef extern from "<signal.h>" nogil:
    int SIG_SETMASK
    int pthread_sigmask(int how, const sigset_t *mask, sigset_t *before)

cdef extern from "<unistd.h>" nogil:
    ssize_t pwrite(int fd, const void *data, size_t size_bytes, off_t offset)
    ssize_t pread(int fd, void *data, size_t size_bytes, off_t offset)

cdef extern from "<sys/eventfd.h>" nogil:
    int EFD_CLOEXEC
    int EFD_NONBLOCK
    int eventfd(unsigned int value, int flags)

cdef extern from "<sys/mman.h>" nogil:
    int PROT_READ
    int PROT_WRITE
    int MAP_SHARED
    void *MAP_FAILED
    void *mmap(void *address, size_t size_bytes, int protection, int flags, int fd, off_t offset)
    int munmap(void *address, size_t size_bytes)

WRITE_FAILED = STAGE_WRITE
SYNC_FAILED = STAGE_SYNC
FAILPOINTS = {
    "append-queued": FAILPOINT_QUEUED,
    "append-torn": FAILPOINT_TORN,
    "append-written": FAILPOINT_WRITTEN,
    "append-synced": FAILPOINT_SYNCED,
}

cdef enum:
    JOBS_MAX = 1 << 16
    RETRY_NS = 50_000_000  # between two tries of a write that found no space
    CHUNK_BYTES = 1 << 20

cdef uint8_t zeros[CHUNK_BYTES]


# ------------------------------------------------------------------------------------------------ the thread


cdef inline int64_t now_ns() noexcept nogil:
    cdef timespec t
    clock_gettime(CLOCK_MONOTONIC, &t)
    return <int64_t> t.tv_sec * 1_000_000_000 + t.tv_nsec


cdef inline bint is_no_space(int code) noexcept nogil:
    # EFBIG is a limit on file sizes that an operator can raise, EDQUOT a quota: like a full disk, they pass.
    return code == ENOSPC or code == EDQUOT or code == EFBIG


cdef inline void pass_failpoint(writer_t *w, int point) noexcept nogil:
    if w.failpoint == point:
        w.failpoint_hits -= 1
        if w.failpoint_hits == 0:
            kill(getpid(), SIGKILL)


cdef int write_all(int fd, const uint8_t *data, uint64_t size_bytes, int64_t offset, uint64_t *done) noexcept nogil:
    """Writes until everything is written or an error other than an interruption comes; `done` counts on. errno or 0."""
    cdef ssize_t n
    while done[0] < size_bytes:
        n = pwrite(fd, data + done[0], size_bytes - done[0], offset + <int64_t> done[0])
        if n > 0:
            done[0] += <uint64_t> n
        elif n == 0:
            return EIO
        elif errno != EINTR:
            return errno
    return 0


cdef int write_piece(writer_t *w, int fd, const uint8_t *data, uint64_t size_bytes, int64_t offset) noexcept nogil:
    """One contiguous piece. A disk without space is waited for: nothing is lost by it, the bytes are still in the
    ring."""
    cdef uint64_t done = 0
    cdef int code
    cdef timespec pause
    pause.tv_sec = 0
    pause.tv_nsec = RETRY_NS
    while True:
        code = write_all(fd, data, size_bytes, offset, &done)
        if not is_no_space(code):
            w.stalled = 0
            return code
        w.stalled = code
        notify(w)
        if w.is_stopping:
            return code
        nanosleep(&pause, NULL)


cdef int write_group(writer_t *w, uint64_t first, uint64_t end) noexcept nogil:
    """Jobs [first, end), which lie in one file one after the other: one write, or two where the ring wraps, and one
    sync."""
    cdef job_t *job = &w.jobs[first & (w.jobs_max - 1)]
    cdef job_t *last = &w.jobs[(end - 1) & (w.jobs_max - 1)]
    cdef uint64_t size_bytes = last.start + last.size_bytes - job.start
    cdef uint64_t at = job.start & (w.ring_bytes - 1)
    cdef uint64_t before_wrap = w.ring_bytes - at
    cdef int64_t began_ns
    cdef uint64_t done = 0
    pass_failpoint(w, FAILPOINT_QUEUED)
    if before_wrap > size_bytes:
        before_wrap = size_bytes
    if w.failpoint == FAILPOINT_TORN and w.failpoint_hits == 1:
        write_all(job.fd, w.ring + at, before_wrap // 2, job.offset, &done)
    pass_failpoint(w, FAILPOINT_TORN)
    w.error = write_piece(w, job.fd, w.ring + at, before_wrap, job.offset)
    if w.error == 0 and before_wrap < size_bytes:
        w.error = write_piece(w, job.fd, w.ring, size_bytes - before_wrap, job.offset + <int64_t> before_wrap)
    if w.error != 0:
        w.stage = STAGE_WRITE
        return w.error
    pass_failpoint(w, FAILPOINT_WRITTEN)
    if w.syncs:
        began_ns = now_ns()
        if fdatasync(job.fd) != 0:
            w.error = errno
            w.stage = STAGE_SYNC
            return w.error
        began_ns = now_ns() - began_ns
        w.sync_ns_total += began_ns
        if began_ns > w.sync_ns_max:
            w.sync_ns_max = began_ns
    pass_failpoint(w, FAILPOINT_SYNCED)
    return 0


cdef void notify(writer_t *w) noexcept nogil:
    cdef uint64_t one = 1
    if write(w.event_fd, &one, sizeof(one)) < 0 and errno != EAGAIN:
        w.error = errno  # cannot happen to an eventfd of ours; the loop would wait for ever, so it counts as a failure
        w.stage = STAGE_WRITE


cdef void *writer_main(void *argument) noexcept nogil:
    cdef writer_t *w = <writer_t *> argument
    cdef uint64_t first, end
    cdef int fd
    pthread_mutex_lock(&w.lock)
    while w.error == 0:
        while w.head_job == w.tail_job and not w.is_stopping:
            pthread_cond_wait(&w.more, &w.lock)
        if w.head_job == w.tail_job:
            break
        first = w.tail_job
        fd = w.jobs[first & (w.jobs_max - 1)].fd
        end = first + 1
        while end != w.head_job and w.jobs[end & (w.jobs_max - 1)].fd == fd:
            end += 1
        pthread_mutex_unlock(&w.lock)
        write_group(w, first, end)
        pthread_mutex_lock(&w.lock)
        if w.error == 0:
            w.groups += 1
            w.tail_job = end
            w.tail_bytes = w.jobs[(end - 1) & (w.jobs_max - 1)].start + w.jobs[(end - 1) & (w.jobs_max - 1)].size_bytes
            w.durable_position = w.jobs[(end - 1) & (w.jobs_max - 1)].position
            w.durable_seq = w.jobs[(end - 1) & (w.jobs_max - 1)].seq
        pthread_cond_broadcast(&w.done)
        notify(w)
    w.is_running = False
    pthread_cond_broadcast(&w.done)
    pthread_mutex_unlock(&w.lock)
    return NULL


# ------------------------------------------------------------------------------------------------ for Python


cdef class SegmentWriter:
    """`SegmentWriter(queue_bytes, syncs, position, seq, failpoint, failpoint_hits)`: the thread and the ring before it.

    queue_bytes: a power of two, what may wait for the disk. syncs: fdatasync after each write. position, seq: what is
    durable at the start. A write or sync error stops the thread for good and stays in `error`; a disk without space
    does not: the thread waits and tries again.
    """

    def __cinit__(
        self, uint64_t queue_bytes, bint syncs, uint64_t position, uint64_t seq, int failpoint, uint32_t hits
    ):
        if queue_bytes == 0 or queue_bytes & (queue_bytes - 1):
            raise ValueError(f"the queue has a power of two as its size, not {queue_bytes} bytes")
        self.c = <writer_t *> calloc(1, sizeof(writer_t))
        if self.c == NULL:
            raise MemoryError()
        self.c.event_fd = -1
        self.c.ring = <uint8_t *> malloc(queue_bytes)
        self.c.jobs = <job_t *> calloc(JOBS_MAX, sizeof(job_t))
        if self.c.ring == NULL or self.c.jobs == NULL:
            raise MemoryError()
        memset(self.c.ring, 0, queue_bytes)
        self.c.ring_bytes = queue_bytes
        self.c.jobs_max = JOBS_MAX
        self.c.durable_position = position
        self.c.durable_seq = seq
        self.c.syncs = syncs
        self.c.failpoint = failpoint
        self.c.failpoint_hits = hits
        self.c.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)
        if self.c.event_fd < 0:
            raise OSError(errno, os.strerror(errno))
        self._start_thread()

    def _start_thread(self):
        """Signals are for the interpreter's thread: the new one blocks them all."""
        cdef sigset_t all_signals, before
        cdef int code
        pthread_mutex_init(&self.c.lock, NULL)
        pthread_cond_init(&self.c.more, NULL)
        pthread_cond_init(&self.c.done, NULL)
        sigfillset(&all_signals)
        pthread_sigmask(SIG_SETMASK, &all_signals, &before)
        self.c.is_running = True
        code = pthread_create(&self.c.thread, NULL, writer_main, self.c)
        pthread_sigmask(SIG_SETMASK, &before, NULL)
        if code != 0:
            self.c.is_running = False
            raise OSError(code, os.strerror(code))
        self.is_started = True

    def __dealloc__(self):
        if self.c == NULL:
            return
        if self.is_started:
            self._join()
            pthread_cond_destroy(&self.c.done)
            pthread_cond_destroy(&self.c.more)
            pthread_mutex_destroy(&self.c.lock)
        if self.c.event_fd >= 0:
            close(self.c.event_fd)
        free(self.c.jobs)
        free(self.c.ring)
        free(self.c)

    cdef void _copy_in(self, uint64_t at, const uint8_t *source, uint64_t size_bytes) noexcept nogil:
        cdef uint64_t start = at & (self.c.ring_bytes - 1)
        cdef uint64_t before_wrap = self.c.ring_bytes - start
        if before_wrap > size_bytes:
            before_wrap = size_bytes
        memcpy(self.c.ring + start, source, before_wrap)
        memcpy(self.c.ring, source + before_wrap, size_bytes - before_wrap)

    @property
    def event_fd(self):
        """Readable when the watermark, the space or the error has changed; `clear_event` makes it unreadable."""
        return self.c.event_fd

    def clear_event(self):
        cdef uint64_t count
        read(self.c.event_fd, &count, sizeof(count))

    @property
    def durable_seq(self):
        """Last command that the thread is done with."""
        cdef uint64_t value
        pthread_mutex_lock(&self.c.lock)
        value = self.c.durable_seq
        pthread_mutex_unlock(&self.c.lock)
        return value

    @property
    def durable_position(self):
        """Last record that the thread is done with."""
        cdef uint64_t value
        pthread_mutex_lock(&self.c.lock)
        value = self.c.durable_position
        pthread_mutex_unlock(&self.c.lock)
        return value

    @property
    def room_bytes(self):
        """What can be appended now; 0 also when the thread has failed."""
        cdef uint64_t room = 0
        pthread_mutex_lock(&self.c.lock)
        if self.c.error == 0 and self.c.head_job - self.c.tail_job + 4 < self.c.jobs_max:
            room = self.c.ring_bytes - (self.c.head_bytes - self.c.tail_bytes)
        pthread_mutex_unlock(&self.c.lock)
        return room

    @property
    def error(self):
        """(errno, WRITE_FAILED or SYNC_FAILED) of what stopped the thread; (0, 0) while it runs well."""
        return self.c.error, self.c.stage

    @property
    def stalled(self):
        """errno of a write that waits for space, else 0."""
        return self.c.stalled

    @property
    def statistics(self):
        """(groups written, ns spent in fdatasync, longest fdatasync in ns) since the start."""
        return self.c.groups, self.c.sync_ns_total, self.c.sync_ns_max

    def append(self, int fd, int64_t offset, bytes header not None, bytes body not None, bytes digest not None,
               uint64_t position, uint64_t seq):
        """Copies the three pieces into the ring, to be written at `offset`. The caller has looked at `room_bytes`.

        Raises BufferError when there is no room.
        """
        cdef uint64_t sizes[3]
        cdef uint64_t at = self.c.head_bytes
        cdef uint64_t size_bytes
        cdef job_t *job
        sizes[0] = <uint64_t> PyBytes_GET_SIZE(header)
        sizes[1] = <uint64_t> PyBytes_GET_SIZE(body)
        sizes[2] = <uint64_t> PyBytes_GET_SIZE(digest)
        size_bytes = sizes[0] + sizes[1] + sizes[2]
        if self.room_bytes < size_bytes:
            raise BufferError(f"{size_bytes} bytes do not fit the queue before the disk")
        self._copy_in(at, <const uint8_t *> PyBytes_AS_STRING(header), sizes[0])
        self._copy_in(at + sizes[0], <const uint8_t *> PyBytes_AS_STRING(body), sizes[1])
        self._copy_in(at + sizes[0] + sizes[1], <const uint8_t *> PyBytes_AS_STRING(digest), sizes[2])
        pthread_mutex_lock(&self.c.lock)
        job = &self.c.jobs[self.c.head_job & (self.c.jobs_max - 1)]
        job.fd = fd
        job.offset = offset
        job.start = at
        job.size_bytes = size_bytes
        job.position = position
        job.seq = seq
        self.c.head_bytes += size_bytes
        self.c.head_job += 1
        pthread_cond_signal(&self.c.more)
        pthread_mutex_unlock(&self.c.lock)

    def wait(self, uint64_t position):
        """Blocks until the record is durable; returns False when the thread stopped before."""
        cdef bint is_durable
        with nogil:
            pthread_mutex_lock(&self.c.lock)
            while self.c.durable_position < position and self.c.is_running and self.c.error == 0:
                pthread_cond_wait(&self.c.done, &self.c.lock)
            is_durable = self.c.durable_position >= position
            pthread_mutex_unlock(&self.c.lock)
        return is_durable

    def close(self):
        """Writes what waits, ends the thread, and returns `error`. A write that waits for space fails now."""
        with nogil:
            self._join()
        return self.error

    cdef void _join(self) noexcept nogil:
        pthread_mutex_lock(&self.c.lock)
        self.c.is_stopping = True
        pthread_cond_signal(&self.c.more)
        pthread_mutex_unlock(&self.c.lock)
        if self.is_joined:
            return
        self.is_joined = True
        pthread_join(self.c.thread, NULL)


cdef class MappedSegment:
    """`MappedSegment(fd, size_bytes)`: a segment in the page cache. What is stored here outlives the process, not the
    machine."""

    def __cinit__(self, int fd, uint64_t size_bytes):
        cdef void *address = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
        if address == MAP_FAILED:
            raise OSError(errno, os.strerror(errno))
        self.bytes = <uint8_t *> address
        self.size_bytes = size_bytes

    def __dealloc__(self):
        self._unmap()

    cdef void _unmap(self) noexcept nogil:
        if self.bytes != NULL:
            munmap(self.bytes, self.size_bytes)
        self.bytes = NULL
        self.size_bytes = 0

    def close(self):
        """Gives the mapping up; the bytes stay in the page cache."""
        with nogil:
            self._unmap()

    def store(self, uint64_t offset, bytes header not None, bytes body not None, bytes digest not None):
        """Copies the three pieces to `offset`, one after the other. Raises ValueError beyond the segment."""
        cdef uint64_t sizes[3]
        sizes[0] = <uint64_t> PyBytes_GET_SIZE(header)
        sizes[1] = <uint64_t> PyBytes_GET_SIZE(body)
        sizes[2] = <uint64_t> PyBytes_GET_SIZE(digest)
        if offset > self.size_bytes or sizes[0] + sizes[1] + sizes[2] > self.size_bytes - offset:
            raise ValueError("the record does not fit the segment")
        memcpy(self.bytes + offset, PyBytes_AS_STRING(header), sizes[0])
        memcpy(self.bytes + offset + sizes[0], PyBytes_AS_STRING(body), sizes[1])
        memcpy(self.bytes + offset + sizes[0] + sizes[1], PyBytes_AS_STRING(digest), sizes[2])


def fill_zeros(int fd, uint64_t offset, uint64_t end):
    """Writes zeros over [offset, end) and syncs after each MiB, so that commits of other files wait little behind it.

    Raises OSError. The interpreter is not held up.
    """
    cdef uint64_t at = offset
    cdef uint64_t size_bytes, done
    cdef int code = 0
    with nogil:
        while at < end and code == 0:
            size_bytes = end - at if end - at < CHUNK_BYTES else CHUNK_BYTES
            done = 0
            code = write_all(fd, zeros, size_bytes, <int64_t> at, &done)
            if code == 0 and fdatasync(fd) != 0:
                code = errno
            at += size_bytes
    if code != 0:
        raise OSError(code, os.strerror(code))


def content_end(int fd, uint64_t offset, uint64_t end):
    """Where the last byte of [offset, end) that is not zero ends; `offset` when all are zero. Raises OSError."""
    cdef uint8_t *chunk = <uint8_t *> malloc(CHUNK_BYTES)
    cdef uint64_t at = offset
    cdef uint64_t found = offset
    cdef ssize_t n = 1
    cdef ssize_t i
    cdef int code = 0
    if chunk == NULL:
        raise MemoryError()
    with nogil:
        while at < end and n > 0:
            n = pread(fd, chunk, end - at if end - at < CHUNK_BYTES else CHUNK_BYTES, <off_t> at)
            if n < 0:
                code = errno
                break
            if memcmp(chunk, zeros, <size_t> n) != 0:
                i = n - 1
                while chunk[i] == 0:
                    i -= 1
                found = at + <uint64_t> i + 1
            at += <uint64_t> n
        free(chunk)
    if code != 0:
        raise OSError(code, os.strerror(code))
    return found
