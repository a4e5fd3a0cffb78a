"""Ops and reports of matchers as bytes and as rows, and a generator of ops that meets every rule often."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.api import MatchOp, MatchReport

OP = struct.Struct("<QqqqqIIBBBBB11x")
REPORT = struct.Struct("<QqqqqqIBB10x")
PLACE, CANCEL, REPLACE = 1, 2, 3
BUY, SELL = 1, 2
REST, POST_ONLY, IOC, FOK = 1, 2, 3, 4
PASSIVE, AGGRESSOR, BOTH, DECREMENT = 1, 2, 3, 4
RESTED, FILL, CANCELLED, REPLACED, REDUCED, REFUSED = 1, 2, 3, 4, 5, 6
ASKED, STP, IOC_REST, FOK_KILLED, MIN_KILLED, SWEEP_LIMIT, REDUCE_LIMIT, WOULD_CROSS, UNKNOWN, NO_CAPACITY = range(10)


class Report(NamedTuple):
    """`pg_report`."""

    order_id: int
    price_ticks: int
    lots: int
    leaves_lots: int
    shown_lots: int
    taker_leaves_lots: int
    owner: int
    kind: int
    reason: int


def pack_op(op: MatchOp, action: int) -> bytes:
    return OP.pack(
        op.order_id, op.price_ticks, op.leaves_lots, op.display_lots, op.min_lots, op.owner, op.stp_group, action,
        op.side, op.execution, op.stp_mode, op.flags,
    )  # fmt: skip


def pack_reports(reports: list[MatchReport]) -> bytes:
    return b"".join(
        REPORT.pack(
            r.order_id, r.price_ticks, r.lots, r.leaves_lots, r.shown_lots, r.taker_leaves_lots, r.owner, r.kind,
            r.reason,
        )
        for r in reports
    )  # fmt: skip


def unpack_reports(data: bytes) -> list[Report]:
    return [Report(*row) for row in REPORT.iter_unpack(data)]


@dataclass
class OpsMix:
    """What a run of generated ops looks like. Prices lie in `price_ticks` .. `price_ticks + price_span - 1`."""

    price_ticks: int = 1
    price_span: int = 12
    lots_max: int = 30
    owners: int = 5
    replace_share: float = 0.15
    cancel_share: float = 0.25
    recent: int = 200  # cancels and replaces name one of the last so many ids
    ids: list[int] = field(default_factory=list)


def generate_ops(rng: random.Random, mix: OpsMix, count: int, first_id: int = 1) -> Iterator[tuple[int, MatchOp]]:
    """(action, op): every kind of order, ids of dead and unknown orders among them; an id is placed once."""
    next_id = first_id
    roll = rng.random
    for _ in range(count):
        pick = roll()
        known = mix.ids[-mix.recent :]
        price_ticks = mix.price_ticks + int(roll() * mix.price_span)
        lots = 1 + int(roll() * mix.lots_max)
        stp_mode = 1 + int(roll() * 4)
        if known and pick < mix.cancel_share:
            yield CANCEL, MatchOp(known[int(roll() * len(known))])
            continue
        if known and pick < mix.cancel_share + mix.replace_share:
            order_id = known[int(roll() * len(known))]
            execution = POST_ONLY if roll() < 0.3 else REST
            owner = order_id % mix.owners + 1
            yield REPLACE, MatchOp(order_id, price_ticks, lots, 0, 0, owner, 0, 0, execution, stp_mode)
            continue
        next_id += 1 + int(roll() * 3)
        owner = next_id % mix.owners + 1
        execution = (REST, REST, REST, POST_ONLY, IOC, FOK)[int(roll() * 6)]
        if execution <= POST_ONLY:
            mix.ids.append(next_id)
        display_lots = 1 + int(roll() * lots) if roll() < 0.25 else 0
        min_lots = 1 + int(roll() * lots) if roll() < 0.3 else 0
        group = owner if roll() < 0.6 else 0
        flags = 1 if roll() < 0.15 else 0
        yield PLACE, MatchOp(
            next_id, price_ticks, lots, display_lots, min_lots, owner, group, 1 + int(roll() * 2), execution, stp_mode,
            flags,
        )  # fmt: skip
