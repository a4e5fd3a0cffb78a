"""What an engine's caller may rely on: batches, numbers, times, what is refused as our own fault (engine/api.py)."""

from __future__ import annotations

import pytest

from engine.api import UnknownPluginError, load_engine
from engine.records import COMMAND_SIZE, EVENT_SIZE, INT64_MAX, NEVER_NS, CommandKind, pack_command
from tests.engines import SMALL, new_engine
from tests.property.commands import Commands
from tests.property.judge import split_records


def tick(seq: int, timestamp_ns: int) -> bytes:
    return pack_command(CommandKind.TICK, seq=seq, timestamp_ns=timestamp_ns)


def state(seq: int, value: int, timestamp_ns: int = 5) -> bytes:
    return pack_command(CommandKind.SET_VENUE_STATE, seq=seq, timestamp_ns=timestamp_ns, state=value)


def test_a_fresh_engine(engine_name: str) -> None:
    engine = new_engine(engine_name)
    assert (engine.seq, engine.next_due_ns) == (0, NEVER_NS)
    assert (engine.info.name, engine.info.limits) == (engine_name, SMALL)
    assert engine.info.version
    assert engine.apply(b"") == b""


def test_engines_are_found_by_name(engine_name: str) -> None:
    engine = load_engine(engine_name, SMALL)
    assert (engine.info.name, engine.info.limits) == (engine_name, SMALL)
    with pytest.raises(UnknownPluginError, match=f"no 'nonesuch' in perpgate.engines; there are: .*{engine_name}"):
        load_engine("nonesuch", SMALL)


def test_a_batch_gives_the_events_of_its_commands_in_order(engine_name: str) -> None:
    engine = new_engine(engine_name)
    events = engine.apply(state(1, 2) + tick(2, 6) + state(3, 9, 6) + state(4, 1, 7))
    assert len(events) == 3 * EVENT_SIZE
    assert [int.from_bytes(events[i : i + 8], "little") for i in range(0, len(events), EVENT_SIZE)] == [1, 3, 4]
    assert engine.seq == 4


def test_how_commands_are_batched_makes_no_difference(engine_name: str) -> None:
    data = Commands(3, "everything").take(900)
    limits = Commands(3, "everything").limits
    whole, single = new_engine(engine_name, limits), new_engine(engine_name, limits)
    assert whole.apply(data) == b"".join(single.apply(record) for record in split_records([data]))
    assert whole.state_hash() == single.state_hash()
    assert whole.next_due_ns == single.next_due_ns


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_buffer_is_taken(engine_name: str, kind: type) -> None:
    engine = new_engine(engine_name)
    data = kind(bytearray(tick(1, 5) + tick(2, 5)))
    assert engine.apply(data) == b""
    assert engine.seq == 2


@pytest.mark.parametrize("size", [1, COMMAND_SIZE - 1, COMMAND_SIZE + 1, 2 * COMMAND_SIZE - 8])
def test_a_batch_that_is_not_whole_commands(engine_name: str, size: int) -> None:
    engine = new_engine(engine_name)
    with pytest.raises(ValueError, match=str(size)):
        engine.apply((tick(1, 5) + tick(2, 5))[:size])
    assert engine.seq == 0, "nothing of it was applied"


@pytest.mark.parametrize("seq", [0, 1, 3, 2**64 - 1])
def test_a_number_that_does_not_follow(engine_name: str, seq: int) -> None:
    engine = new_engine(engine_name)
    engine.apply(tick(1, 5))
    with pytest.raises(ValueError, match=str(seq)):
        engine.apply(tick(seq, 5))
    assert engine.seq == 1
    engine.apply(tick(2, 5))


def test_a_time_that_goes_back(engine_name: str) -> None:
    engine = new_engine(engine_name)
    engine.apply(tick(1, 5))
    with pytest.raises(ValueError, match="4"):
        engine.apply(tick(2, 4))
    engine.apply(tick(2, 5))
    engine.apply(tick(3, INT64_MAX))
    engine.apply(tick(4, INT64_MAX))


def test_the_events_before_a_bad_command_are_not_kept_for_later(engine_name: str) -> None:
    """The caller stops: what was applied before is in the state, its events are gone with the exception."""
    engine = new_engine(engine_name)
    with pytest.raises(ValueError, match="7"):
        engine.apply(state(1, 2) + tick(7, 5))
    assert engine.apply(tick(engine.seq + 1, 5)) == b""


def test_events_are_bytes_of_their_own(engine_name: str) -> None:
    """What one call returned is not changed by the next."""
    engine = new_engine(engine_name)
    first = engine.apply(state(1, 2))
    copy = bytes(first)
    engine.apply(state(2, 1))
    assert isinstance(first, bytes)
    assert first == copy


def test_two_engines_share_nothing(engine_name: str) -> None:
    one, two = new_engine(engine_name), new_engine(engine_name)
    one.apply(state(1, 2))
    assert two.seq == 0
    assert one.state_hash() != two.state_hash()


def test_a_time_before_the_epoch_is_a_time(engine_name: str) -> None:
    engine = new_engine(engine_name)
    with pytest.raises(ValueError, match="-1"):
        engine.apply(tick(1, -1))
    engine.apply(tick(1, 0))
