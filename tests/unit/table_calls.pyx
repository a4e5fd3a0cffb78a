"""heap.pxd, names.pxd and rate.pxd of the compiled engine for Python. Compiled by test_tables.py."""

from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from engine.heap cimport heap_add, heap_remove, node_t
from engine.names cimport NAME_SIZE, names_add, names_find, names_remove, names_t
from engine.rate cimport bucket_t, bucket_take, decay as decay_of, retry_ms as retry_ms_of
from engine.table cimport ids_capacity


cdef bint key_is_before(const void *of, uint32_t a, uint32_t b) noexcept nogil:
    cdef const int64_t *keys = <const int64_t *> of
    return keys[a] < keys[b] if keys[a] != keys[b] else a < b


cdef class Heap:
    """Slots 1..capacity with a key each; equal keys leave by slot."""

    cdef node_t *nodes
    cdef int64_t *keys
    cdef uint32_t root
    cdef uint32_t capacity

    def __cinit__(self, uint32_t capacity):
        self.capacity = capacity
        self.nodes = <node_t *> calloc(capacity + 1, sizeof(node_t))
        self.keys = <int64_t *> calloc(capacity + 1, sizeof(int64_t))
        if self.nodes == NULL or self.keys == NULL:
            raise MemoryError()

    def __dealloc__(self):
        free(self.nodes)
        free(self.keys)

    def add(self, uint32_t slot, int64_t key):
        self.keys[slot] = key
        heap_add(self.nodes, &self.root, slot, self.keys, key_is_before)

    def remove(self, uint32_t slot):
        heap_remove(self.nodes, &self.root, slot, self.keys, key_is_before)

    @property
    def first(self):
        """Slot, 0 when it is empty."""
        return self.root

    def check(self):
        """Slots in the heap; AssertionError when order, ranks or parents are wrong, or node 0 has got a rank."""
        cdef node_t node
        assert self.nodes[0].rank == 0
        assert self.root == 0 or self.nodes[self.root].parent == 0
        found = []
        left = [self.root] if self.root else []
        while left:
            slot = left.pop()
            found.append(slot)
            node = self.nodes[slot]
            assert self.nodes[node.left].rank >= self.nodes[node.right].rank
            assert node.rank == self.nodes[node.right].rank + 1
            for child in (node.left, node.right):
                if child:
                    assert self.nodes[child].parent == slot
                    assert key_is_before(self.keys, slot, child)
                    left.append(child)
        return found


cdef class Names:
    """Rows 1..capacity of (account, name)."""

    cdef names_t names
    cdef char *texts
    cdef uint32_t *accounts
    cdef uint64_t *entries

    def __cinit__(self, uint32_t capacity):
        self.texts = <char *> calloc(capacity + 1, NAME_SIZE)
        self.accounts = <uint32_t *> calloc(capacity + 1, sizeof(uint32_t))
        self.names.ids.capacity = ids_capacity(capacity)
        self.entries = <uint64_t *> calloc(self.names.ids.capacity, sizeof(uint64_t))
        if self.texts == NULL or self.accounts == NULL or self.entries == NULL:
            raise MemoryError()
        self.names.ids.entries = self.entries
        self.names.texts = self.texts
        self.names.texts_step = NAME_SIZE
        self.names.accounts = <const char *> self.accounts
        self.names.accounts_step = sizeof(uint32_t)

    def __dealloc__(self):
        free(self.texts)
        free(self.accounts)
        free(self.entries)

    def add(self, uint32_t slot, uint32_t account_id, bytes name):
        padded = name.ljust(NAME_SIZE, b"\0")
        memcpy(self.texts + slot * NAME_SIZE, <const char *> padded, NAME_SIZE)
        self.accounts[slot] = account_id
        names_add(&self.names, slot)

    def find(self, uint32_t account_id, bytes name):
        padded = name.ljust(NAME_SIZE, b"\0")
        return names_find(&self.names, account_id, padded)

    def remove(self, uint32_t slot):
        names_remove(&self.names, slot)

    def longest_run(self):
        """Entries in use side by side, at most."""
        longest = run = 0
        for n in range(self.names.ids.capacity):
            run = run + 1 if self.entries[n] else 0
            longest = max(longest, run)
        return longest


def decay(int64_t load_micro, uint64_t elapsed_ms):
    return decay_of(load_micro, elapsed_ms)


def retry_ms(int64_t load_micro, int64_t target_micro):
    return retry_ms_of(load_micro, target_micro)


def take(int64_t load_micro, int64_t time_ms, int64_t limit_micro, int64_t weight_micro, int64_t timestamp_ns):
    """(retry, load, time) of a bucket after a message."""
    cdef bucket_t bucket
    bucket.load_micro = load_micro
    bucket.time_ms = time_ms
    retry = bucket_take(&bucket, limit_micro, weight_micro, timestamp_ns)
    return retry, bucket.load_micro, bucket.time_ms
