"""A live venue is killed with SIGKILL, at named points and at random instants under load, and started again.

After every start: the recovered state is that of a full replay; every session goes on with its next report; what was
acknowledged is there, once; what was not answered is answered after the client has sent it again.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from engine import failpoints
from engine.api import load_engine
from engine.recovery import replay
from gateway.engine_room import journal_directory
from gateway.load import LoadError, LoadPlan, LoadSession, run_load
from gateway.venue_process import VenueProcessError
from tests.crash.witness import Witness
from tests.live_venue import CENT, ENGINE, ONE, LiveVenue, live_venue

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]

RANDOM_KILLS = 10  # in each of the tests below
SEEDS = (1, 2) if "PERPGATE_CRASH_SEED" not in os.environ else (int(os.environ["PERPGATE_CRASH_SEED"]),)
FSYNC_ONLY = {"append-queued", "append-written", "append-synced"}
AT_START = {"fence-written"}
AT_STOP = {"snapshot-torn", "snapshot-unnamed", "snapshot-named"}
AT_ROLL = {"roll-closed", "fill-torn", "fill-unnamed"}
HITS = {**dict.fromkeys(AT_START | AT_STOP | {"roll-closed"}, 1), "fill-torn": 7, "fill-unnamed": 7}  # else 5 to 60


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[LiveVenue]:
    with live_venue(tmp_path, segment_mib=1, snapshot_interval_s=1) as made:
        yield made


def check_state(venue: LiveVenue, ready: dict) -> None:  # type: ignore[type-arg]
    """The state that the venue says it recovered is the one that its journal gives from the first command on."""
    make_engine = partial(load_engine, ENGINE)
    replayed = replay(journal_directory(venue.data), make_engine, until_seq=ready["seq"])
    assert replayed.state_hash.hex() == ready["state_hash"]


async def come_back(venue: LiveVenue, witnesses: list[Witness]) -> None:
    """A start after a crash, with everything that has to hold after it."""
    ready = await asyncio.to_thread(venue.start)
    for witness in witnesses:
        await witness.connect()
    await asyncio.gather(*(witness.settle() for witness in witnesses), asyncio.to_thread(check_state, venue, ready))


async def end(venue: LiveVenue, witnesses: list[Witness]) -> None:
    """An orderly end; the history as a whole gives its state."""
    for witness in witnesses:
        await witness.log_out()
    stopped = await asyncio.to_thread(venue.stop)
    replayed = await asyncio.to_thread(venue.replay)
    assert (replayed["seq"], replayed["state_hash"]) == (stopped["seq"], stopped["state_hash"])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("durability", ["page-cache", "fsync"])
def test_kills_at_random_instants_under_load(venue: LiveVenue, durability: str, seed: int) -> None:
    print(f"seed {seed}: PERPGATE_CRASH_SEED={seed} repeats it")
    rng = random.Random(f"{seed} {durability}")
    witnesses = [Witness(venue, user, random.Random(f"{seed} {user}")) for user in ("MAKER", "TAKER")]

    async def scenario() -> None:
        start = partial(venue.start, "--durability", durability)
        await asyncio.to_thread(start)
        for witness in witnesses:
            await witness.connect()
        for _ in range(RANDOM_KILLS):
            await asyncio.gather(*(witness.settle() for witness in witnesses))
            asyncio.get_running_loop().call_later(rng.uniform(0.0, 0.25), venue.kill)
            await asyncio.gather(*(witness.trade() for witness in witnesses))
            await come_back(venue, witnesses)
        await end(venue, witnesses)

    asyncio.run(scenario())
    assert min(witness.reports for witness in witnesses) > RANDOM_KILLS


def points() -> list[tuple[str, str]]:
    """Every named point with the durability in which it is passed."""
    return [(name, "fsync" if name in FSYNC_ONLY else "page-cache") for name in failpoints.POINTS]


@pytest.mark.parametrize(("point", "durability"), points(), ids=[name for name, _ in points()])
def test_kill_at_a_named_point(venue: LiveVenue, point: str, durability: str) -> None:
    witnesses = [Witness(venue, user, random.Random(f"{point} {user}")) for user in ("MAKER", "TAKER")]
    hits = HITS.get(point) or random.Random(point).randint(5, 60)
    environment = {failpoints.VARIABLE: f"{point}:{hits}:{failpoints.CONFIRMATION}"}
    start = partial(venue.start, "--durability", durability)

    async def scenario() -> None:
        if point in AT_START:
            await asyncio.to_thread(start)
            for witness in witnesses:
                await witness.connect()
            asyncio.get_running_loop().call_later(0.1, venue.kill)
            await asyncio.gather(*(witness.trade() for witness in witnesses))
            with pytest.raises(VenueProcessError, match=f"exit code {-signal.SIGKILL} before it said 'ready'"):
                await asyncio.to_thread(start, environment=environment)
        elif await asyncio.to_thread(survives, partial(start, environment=environment)):
            await reach(venue, point, witnesses)
            assert venue.process is not None
            assert await asyncio.to_thread(venue.process.wait, 30) == -signal.SIGKILL, venue.log[-2_000:]
        venue.kill()
        await come_back(venue, witnesses)
        await end(venue, witnesses)

    asyncio.run(scenario())


def survives(start: Callable[[], object]) -> bool:
    """A start with an armed point; False when that was passed before the venue was ready."""
    try:
        start()
    except VenueProcessError as error:
        if f"exit code {-signal.SIGKILL} before it said 'ready'" not in str(error):
            raise
        return False
    return True


async def reach(venue: LiveVenue, point: str, witnesses: list[Witness]) -> None:
    """Makes a running venue pass the point that is armed in it."""
    if point in AT_ROLL:
        with pytest.raises(LoadError):
            await asyncio.to_thread(run_load, fill_of_segments(venue))
        return
    for witness in witnesses:
        await witness.connect()
    if point in AT_STOP:
        assert venue.process is not None
        await asyncio.gather(*(witness.settle() for witness in witnesses))
        os.kill(venue.process.pid, signal.SIGTERM)
    await asyncio.gather(*(witness.trade() for witness in witnesses))


def fill_of_segments(venue: LiveVenue) -> LoadPlan:
    """More commands than the segments hold that are ready at the start."""
    sessions = tuple(LoadSession(username=f"LOAD{n}", password=f"load-{n}", account=n + 2) for n in (1, 2))
    return LoadPlan(
        host="127.0.0.1", port=venue.port, sessions=sessions, instrument_id=1, mid_price_e8=58_500 * CENT, tick_e8=CENT,
        lot_e8=ONE, window=64, seconds=60, depth=50,
    )  # fmt: skip
