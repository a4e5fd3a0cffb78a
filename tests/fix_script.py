"""Scripts of a raw FIX client against a fresh venue, for each version: what conformance tests share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import uvloop

from tests.fix_messages import FixClient, Received, order
from tests.fix_venue import FixVenue, participant

VERSIONS = {1: "fix42", 2: "fix44", 3: "fixt11"}
Script = Callable[[FixVenue, FixClient], Awaitable[None]]
Play = Callable[..., None]


@pytest.fixture(params=VERSIONS, ids=VERSIONS.values())
def session_id(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def play(tmp_path: Path, session_id: int) -> Play:
    """Runs a script against a fresh venue, with a client that is connected and not logged on."""

    def run(script: Script, session_id: int = session_id, **changes: object) -> None:
        async def scenario() -> None:
            people = tuple(participant(i, **changes) for i in (1, 2, 3, 4))
            async with FixVenue(tmp_path, people) as venue:
                await script(venue, await venue.connect(session_id))

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(asyncio.wait_for(scenario(), 20))

    return run


def d(client: FixClient, **fields: str) -> str:
    """An order in the client's version (21 exists before 5.0 only)."""
    return order(**({"t21": ""} if client.begin == "FIXT.1.1" else {}), **fields)


def number_of(client: FixClient) -> int:
    """The session of a client of the test venue."""
    return int(client.sender.removeprefix("MM"))


def with_appl(client: FixClient, text: str) -> str:
    return f"{text}|1137=9" if client.begin == "FIXT.1.1" else text


def reason(client: FixClient, code: int) -> dict[str, str]:
    """SessionRejectReason; FIX 4.2 has none above 11."""
    return {"t373": "" if client.begin == "FIX.4.2" and code > 11 else str(code)}


async def ping(client: FixClient, text: str = "HELLO") -> Received:
    """The session is alive, and the numbers are what the client thinks."""
    client.send(f"1|112={text}")
    return await client.expect("0", t112=text)
