"""The matching core alone, driven from C through the exported function table, beside a std::map book in the same run.

`matching` is generated flow (native/flow.c) in five shapes and one with cold cancels; `matching-flow` is a recorded
hour of the format that the repository ships a sample of.
"""

from __future__ import annotations

import ctypes
import statistics
from collections.abc import Callable
from ctypes import POINTER, Structure, c_int, c_size_t, c_uint32, c_uint64, c_void_p, pointer
from dataclasses import dataclass
from functools import cache
from typing import Any

from engine.api import MATCHER_CAPSULE, load_matcher
from tests.bench import native
from tests.bench.harness import Options, Report, Target, benchmark, median_ratio, pinned, rounds, say
from tests.matcher_ops import OP

MESSAGES = 2_000_000
BATCH = 64  # ops to a call
ORDERS_MAX = 1 << 18
FILLS_MAX = 1000
PRICE_LEVELS = 1 << 21


class Config(Structure):
    """`pg_config`."""

    _fields_ = [(name, c_uint32) for name in
                ("struct_size", "instrument_id", "price_levels", "orders_max", "fills_max", "reserved")]  # fmt: skip


class Host(Structure):
    """`pg_host`."""

    _fields_ = [("context", c_void_p), ("reduce_cap", c_void_p)]


class Shape(Structure):
    """`flow_shape` of native/flow.c, which says what the fields mean."""

    _fields_ = [
        *((name, c_uint64) for name in ("seed", "base_ticks", "spread_ticks", "cancel_age_min")),
        *(
            (name, c_uint32)
            for name in ("new_permille", "cancel_permille", "taker_permille", "path", "amplitude_permille", "reserved")
        ),
    ]


class Facts(Structure):
    """`flow_facts` of native/flow.c."""

    _fields_ = [(name, c_uint64) for name in
                ("fills", "level_changes", "live_max", "cancel_age_sum", "cancels", "price_min_ticks",
                 "price_max_ticks")]  # fmt: skip


class DriveResult(Structure):
    """`drive_result` of native/drive.c."""

    _fields_ = [(name, c_uint64) for name in ("wall_ns", "cpu_ns", "reports", "digest")]


@dataclass(frozen=True)
class Flow:
    """Packed ops: `resting` that make the book, then `count` that are measured."""

    ops: ctypes.Array[Any]
    resting: int
    count: int
    price_levels: int


STATIC, DRIFT, SWING, CRASH = range(4)
# name -> (path, amplitude in per mille, orders that rest, mean distance from the mid in ticks, least age of a cancel)
SHAPES = {
    "static": (STATIC, 0, 2_000, 20_000, 0),
    "drifting": (DRIFT, 200, 2_000, 20_000, 0),
    "swinging by 25 %": (SWING, 250, 2_000, 20_000, 0),
    "swinging by 40 %": (SWING, 400, 2_000, 20_000, 0),
    "flash crash": (CRASH, 300, 2_000, 20_000, 0),
    "cold cancels": (STATIC, 0, 50_000, 20_000, 10_000),
}
COLD = "cold cancels"


@cache
def drive_library() -> ctypes.CDLL:
    return native.load("drive.c")


def host() -> Host:
    return Host(None, ctypes.cast(drive_library().no_reduce_cap, c_void_p).value)


def config(price_levels: int) -> Config:
    return Config(ctypes.sizeof(Config), 1, price_levels, ORDERS_MAX, FILLS_MAX, 0)


def table_of(name: str) -> int:
    """Address of a matcher's function table: out of the capsule that the engine exports, or out of a shared library."""
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype = c_void_p
    get_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    loaded = load_matcher(name)  # keeps what the capsule points to
    return int(get_pointer(loaded.capsule, MATCHER_CAPSULE.encode()))


def generate(shape: str) -> tuple[Flow, Facts]:
    path, amplitude_permille, live, spread_ticks, age = SHAPES[shape]
    parameters = Shape(20_120_621, 1_000_000, spread_ticks, age, 500, 410, 66, path, amplitude_permille)
    ops = ctypes.create_string_buffer((live + MESSAGES) * OP.size)
    facts = Facts()
    generator = native.load("flow.c").flow_generate
    generator.argtypes = [
        c_void_p,
        POINTER(Config),
        POINTER(Host),
        POINTER(Shape),
        c_void_p,
        c_size_t,
        c_size_t,
        c_void_p,
    ]
    failed = generator(
        table_of("price_time"), pointer(config(PRICE_LEVELS)), pointer(host()), pointer(parameters), ops, live,
        MESSAGES,
        pointer(facts),
    )  # fmt: skip
    if failed:
        raise MemoryError("no memory for the flow")
    return Flow(ops, live, MESSAGES, PRICE_LEVELS), facts


def drive(table: int, flow: Flow, batch: int = BATCH, with_digest: bool = False) -> DriveResult:
    result = DriveResult()
    function = drive_library().drive
    function.argtypes = [
        c_void_p,
        POINTER(Config),
        POINTER(Host),
        c_void_p,
        c_size_t,
        c_size_t,
        c_size_t,
        c_int,
        c_void_p,
    ]
    failed = function(
        table, pointer(config(flow.price_levels)), pointer(host()), flow.ops, flow.resting, flow.count, batch,
        int(with_digest), pointer(result),
    )  # fmt: skip
    if failed:
        raise MemoryError("no memory for the book")
    return result


def rate_of(table: int, flow: Flow, batch: int = BATCH) -> Callable[[], float]:
    """One pass: million messages per second of the thread's own time, which is wall time on a quiet machine."""
    return lambda: flow.count * 1e3 / drive(table, flow, batch).cpu_ns


@benchmark("matching")
def matching(options: Options) -> Report:
    """Five shapes and cold cancels; both books get the same bytes and have to give the same reports."""
    ours, peer = table_of("price_time"), table_of(f"lib:{native.build('map_book.cpp')}")
    report = Report(
        f"Matching core from C, {MESSAGES:,} messages a shape, {BATCH} to a call, million messages/s of CPU time",
        ("shape", "perpgate", "std::map", "ratio", "level changes %", "messages per fill", "cancel age", "live max"),
    )
    for shape in SHAPES:
        say(f"   {shape}")
        flow, facts = generate(shape)
        with pinned(options.cpu):
            if drive(ours, flow, with_digest=True).digest != drive(peer, flow, with_digest=True).digest:
                raise AssertionError(f"{shape}: the two books do not report the same")
            figures = rounds({"perpgate": rate_of(ours, flow), "std::map": rate_of(peer, flow)}, options.rounds)
        rates = {name: statistics.median(values) for name, values in figures.items()}
        report.rows.append((
            shape, rates["perpgate"], rates["std::map"], median_ratio(figures["perpgate"], figures["std::map"]),
            round(100 * facts.level_changes / MESSAGES), MESSAGES / facts.fills,
            round(facts.cancel_age_sum / facts.cancels), facts.live_max,
        ))  # fmt: skip
    hot = [row for row in report.rows if row[0] != COLD]
    [cold] = [row for row in report.rows if row[0] == COLD]
    report.targets = [
        Target("worst of the five shapes", min(row[1] for row in hot), 15, True, "million messages/s"),
        Target("with cold cancels", cold[1], 10, True, "million messages/s"),
        Target("worst ratio to the std::map book, five shapes", min(row[3] for row in hot), 4, True, "times"),
    ]
    report.notes = [
        "both books behind the same function table, all reports byte-equal (checked in an unmeasured pass)",
        "cancel age: mean number of messages between an order and its cancel",
    ]
    return report
