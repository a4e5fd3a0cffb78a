"""Engines with a planted fault each, for the tests of the judge. `make` is what a Judge makes its engines with.

In a module of its own, because processes that run such an engine import it by name.
"""

from __future__ import annotations

import hashlib
import os
import struct

from engine.api import Engine, EngineInfo, EngineLimits
from engine.records import EVENT_SIZE, ORDER_EVENT, EventKind, Reason, unpack_event
from tests.engines import new_engine
from tests.scenario import split

_REASON_AT = 22
_FEE_AT = ORDER_EVENT.offset_of("fee_micro")


class Faulty:
    """The reference, whose events `spoil` changes."""

    def __init__(self, limits: EngineLimits) -> None:
        self._inner = new_engine("reference", limits)

    @property
    def info(self) -> EngineInfo:
        return self._inner.info

    @property
    def seq(self) -> int:
        return self._inner.seq

    @property
    def next_due_ns(self) -> int:
        return self._inner.next_due_ns

    def apply(self, commands: bytes | memoryview) -> bytes:
        return self.spoil(self._inner.apply(commands))

    def spoil(self, events: bytes) -> bytes:
        return events

    def snapshot(self) -> bytes:
        return self._inner.snapshot()

    def restore(self, snapshot: bytes) -> None:
        self._inner.restore(snapshot)

    def state_hash(self) -> bytes:
        return self._inner.state_hash()


class WrongReason(Faulty):
    def spoil(self, events: bytes) -> bytes:
        spoiled = bytearray(events)
        for offset in range(0, len(events), EVENT_SIZE):
            kind, reason = struct.unpack_from("<HH", events, offset + 20)
            if (kind, reason) == (EventKind.ORDER_CANCELLED, Reason.FOK_CANCELLED):
                struct.pack_into("<H", spoiled, offset + _REASON_AT, Reason.IOC_CANCELLED)
        return bytes(spoiled)


class Raises(Faulty):
    def spoil(self, events: bytes) -> bytes:
        if any(event["reason"] == Reason.FOK_CANCELLED for event in split(events)):
            raise ZeroDivisionError
        return events


class ForgetsOnRestore(Faulty):
    """Right until it is restored: then fill-or-kill kills are wrong."""

    restored = False

    def restore(self, snapshot: bytes) -> None:
        super().restore(snapshot)
        self.restored = True

    def spoil(self, events: bytes) -> bytes:
        return WrongReason.spoil(self, events) if self.restored else events  # type: ignore[arg-type]


class WrongFee(Faulty):
    """Takers pay one micro-USDC too much."""

    def spoil(self, events: bytes) -> bytes:
        spoiled = bytearray(events)
        for offset in range(0, len(events), EVENT_SIZE):
            if unpack_event(events, offset).get("fee_micro", 0) > 0:
                [fee] = struct.unpack_from("<q", events, offset + _FEE_AT)
                struct.pack_into("<q", spoiled, offset + _FEE_AT, fee + 1)
        return bytes(spoiled)


class WrongState(Faulty):
    """Events are right; the snapshot is not once a business date was rolled."""

    def snapshot(self) -> bytes:
        data = bytearray(self._inner.snapshot())
        if data[32:36] != bytes(4):  # the business date of the VENUE row, behind the section's header and seq and time
            data[36] ^= 1
        return bytes(data)

    def state_hash(self) -> bytes:
        return hashlib.sha256(self.snapshot()).digest()


class Dies(Faulty):
    def spoil(self, events: bytes) -> bytes:
        if any(event["reason"] == Reason.FOK_CANCELLED for event in split(events)):
            os.abort()
        return events


FAULTS: dict[str, type[Faulty]] = {
    fault.__name__: fault for fault in (WrongReason, Raises, ForgetsOnRestore, WrongFee, WrongState, Dies)
}


def make(name: str, limits: EngineLimits) -> Engine:
    return FAULTS[name](limits) if name in FAULTS else new_engine(name, limits)
