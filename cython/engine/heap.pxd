# The heap of everything that waits its turn: stops by trigger, releases, expiries and disconnect timers by due time.
#
# A leftist heap whose nodes lie beside the records that wait, so that it is never full, takes no memory of its own
# and lets any record leave early. The first is known at once; joining, adding and removing take O(log n) steps,
# always. Whoever keeps a heap gives its order: `is_before` is total (ties end with an id), so the same records leave
# in the same order however they came in.
from libc.stdint cimport uint32_t


ctypedef struct node_t:  # 16 bytes; slots of other nodes, 0 = none. Node 0 stands for "none" and keeps rank 0
    uint32_t left
    uint32_t right
    uint32_t parent
    uint32_t rank  # nodes on the way down its right-hand side; the left child's is never below the right child's


ctypedef bint (*is_before_t)(const void *of, uint32_t a, uint32_t b) noexcept nogil


cdef inline uint32_t heap_rank(node_t *nodes, uint32_t slot) noexcept nogil:
    """Puts the child of the higher rank to the left; returns the rank that the node has then."""
    cdef uint32_t right = nodes[slot].right
    if nodes[nodes[slot].left].rank < nodes[right].rank:
        nodes[slot].right = nodes[slot].left
        nodes[slot].left = right
    return nodes[nodes[slot].right].rank + 1


cdef inline uint32_t heap_join(
    node_t *nodes, uint32_t a, uint32_t b, const void *of, is_before_t is_before
) noexcept nogil:
    """One heap of two, given by their roots (0 = empty): their right-hand sides are merged, then ranked from below."""
    cdef uint32_t root = 0, last = 0
    while a and b:
        if is_before(of, b, a):
            a, b = b, a
        nodes[a].parent = last
        if last:
            nodes[last].right = a
        else:
            root = a
        last = a
        a = nodes[a].right
    a |= b
    nodes[a].parent = last
    if last == 0:
        return a
    nodes[last].right = a
    while last:
        nodes[last].rank = heap_rank(nodes, last)
        last = nodes[last].parent
    return root


cdef inline void heap_add(
    node_t *nodes, uint32_t *root, uint32_t slot, const void *of, is_before_t is_before
) noexcept nogil:
    nodes[slot].left = 0
    nodes[slot].right = 0
    nodes[slot].rank = 1
    root[0] = heap_join(nodes, root[0], slot, of, is_before)


cdef inline void heap_remove(
    node_t *nodes, uint32_t *root, uint32_t slot, const void *of, is_before_t is_before
) noexcept nogil:
    """Takes out any node. Above it ranks are set right as far as they change, which is O(log n) nodes."""
    cdef uint32_t parent = nodes[slot].parent
    cdef uint32_t rest = heap_join(nodes, nodes[slot].left, nodes[slot].right, of, is_before)
    cdef uint32_t rank
    nodes[rest].parent = parent
    if parent == 0:
        root[0] = rest
    elif nodes[parent].left == slot:
        nodes[parent].left = rest
    else:
        nodes[parent].right = rest
    while parent:
        rank = heap_rank(nodes, parent)
        if rank == nodes[parent].rank:
            return
        nodes[parent].rank = rank
        parent = nodes[parent].parent
