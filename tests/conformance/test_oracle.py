"""Prices from outside over the binary door: the venue's clock turns them into the oracle that orders are held to."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.records import CommandKind, EventKind, Reason
from gateway.client import (
    BinaryClient,
    CommandResult,
    NewOrder,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    SessionState,
    SourcePrice,
)
from tests.live_venue import CONFIG, ONE, LiveVenue

pytestmark = pytest.mark.conformance
BUY, LIMIT, IOC = 1, 1, 4
RISK = """
[venue]
money = false

[[calendar]]
id = 1
name = "always open"
time_zone = "UTC"

[[feed]]
id = 1
name = "AAPL in USD"
sources = 2
stale_ms = 3_600_000

[class_risk.equity]
leverage_max = 10
position_cap_usdc = "1000000000"
interest_cap_usdc = "0"
impact_notional_usdc = "10000"
maker_rate_e8 = 0
taker_rate_e8 = 0
market_calendar = 1
risk_calendar = 1

[[instrument]]
id = 1
formula = "feed"
feed = 1
"""


def with_prices(directory: Path) -> LiveVenue:
    """The demo's venue with a risk file, where LOAD1 is the oracle."""
    (directory / "risk.toml").write_text(RISK)
    participants = directory / "participants.toml"
    text = (CONFIG / "demo-participants.toml").read_text()
    start = text.index('name = "LOAD-1"\nscope')
    participants.write_text(text[:start] + text[start:].replace('"trade", "cancel"', '"prices"', 1))
    venue = LiveVenue(directory, participants=str(participants))
    config = venue.config.read_text()
    venue.config.write_text(config.replace("[data]", 'risk = "risk.toml"\n\n[data]', 1))
    return venue


async def outcome(client: BinaryClient, number: int, price_e8: int) -> OrderRejected | OrderCancelled:
    """What becomes of an IOC order that meets nobody."""
    client.place(
        NewOrder(
            cl_ord_id=number, account_id=2, instrument_id=1, side=BUY, order_type=LIMIT, time_in_force=IOC,
            price_e8=price_e8, quantity_e8=ONE,
        )
    )  # fmt: skip
    while True:
        report = await client.next_report()
        if isinstance(report, OrderRejected | OrderCancelled):
            return report
        assert isinstance(report, OrderAccepted)


def test_a_price_becomes_the_oracle_and_the_mark(tmp_path: Path) -> None:
    async def scenario(venue: LiveVenue) -> None:
        oracle, taker = venue.client("LOAD1"), venue.client("TAKER")
        await oracle.connect()
        await taker.connect()
        assert isinstance(await oracle.next_report(), SessionState)
        assert isinstance(await taker.next_report(), SessionState)
        oracle.send(SourcePrice(feed_id=9, source_price_e8=600 * ONE, source_time_ns=1))
        refused = await oracle.next_report()
        assert isinstance(refused, CommandResult)
        assert (refused.command_kind, refused.reason) == (CommandKind.PRICE, Reason.INVALID_PARAMETER)
        taker.send(SourcePrice(feed_id=1, source_price_e8=600 * ONE, source_time_ns=1))
        refused = await taker.next_report()
        assert isinstance(refused, CommandResult)
        assert (refused.event_kind, refused.reason) == (EventKind.COMMAND_REJECTED, Reason.PERMISSION_DENIED)
        oracle.send(SourcePrice(feed_id=1, source=1, source_price_e8=600 * ONE, source_time_ns=2))
        # Until the next pulse there is no oracle, so no price is too low; from then on half of it is the least.
        number = 1
        while (await outcome(taker, number, ONE)).reason != Reason.PRICE_LESS_THAN_MIN_PRICE:
            number += 1
        assert (await outcome(taker, number + 1, 300 * ONE)).reason == Reason.IOC_CANCELLED
        await oracle.logout()
        await taker.logout()

    venue = with_prices(tmp_path)
    try:
        venue.start()
        asyncio.run(asyncio.wait_for(scenario(venue), 20))
        venue.stop()
    finally:
        venue.kill()
    [book] = venue.replay()["books"]
    assert book["mark"] == "600"
