"""Rate limits: two decaying buckets per trader, in integers (docs/engine.md section 2, rulebook section 13)."""

from __future__ import annotations

import random
from decimal import Decimal, localcontext

import pytest

from engine.reference.rate import DECAY_MS_MAX, DECAY_Q32, Bucket, decay, retry_ms
from engine.snapshot_records import SNAP_TRADER, Section, parse_snapshot
from tests.engines import new_engine
from tests.scenario import MS, START_NS, Market
from tests.source.tree import ROOT

LIMIT_MILLI = 12_000_000  # 12,000 weight units


def test_the_table_is_the_exponential() -> None:
    """T[k] = round(exp(-2^k / 60000) * 2^32), computed with 60 digits."""
    lines = [line for line in (ROOT / "tests/vectors/rate_table.txt").read_text().splitlines() if line[:1].isdigit()]
    assert len(DECAY_Q32) == len(lines) == 21
    with localcontext() as context:
        context.prec = 60
        for k, (line, factor) in enumerate(zip(lines, DECAY_Q32, strict=True)):
            exact = (Decimal(-(2**k)) / 60_000).exp() * 2**32
            assert factor == int(exact.to_integral_value()) == int(line.split()[-1])


def with_load(market: Market, engine_name: str, load_micro: int) -> Market:
    """The same market with this load in both buckets of trader 1, as of now."""
    trader = parse_snapshot(market.engine.snapshot())[Section.TRADER][0]
    time_ms = market.time_ns // MS
    loads = {"general_load_micro": load_micro, "cancel_load_micro": load_micro}
    times = {"general_time_ms": time_ms, "cancel_time_ms": time_ms}
    data = market.engine.snapshot().replace(SNAP_TRADER.pack(**trader), SNAP_TRADER.pack(**trader | loads | times))
    market.engine = new_engine(engine_name, market.engine.info.limits)
    market.engine.restore(data)
    return market


def test_tv_32(market: Market, engine_name: str) -> None:
    """Load 11,999.5 of 12,000: a message of weight 1 is refused with a retry after 3 ms, and then passes."""
    market.trader(1, rate_limit_milli=LIMIT_MILLI)
    market.given("A buy a1 1@100")
    market = with_load(market, engine_name, 11_999_500_000)
    market.play("""
        A buy a2 1@99
            REJECTED          a2  RATE_LIMITED  retry=3
        A cancel a1
            CANCEL_REJECTED   a1  RATE_LIMITED  retry=3
        t=2 A replace a1 1@99
            REPLACE_REJECTED  a1  RATE_LIMITED  retry=1
        t=3 A buy a2 1@99
            NEW               a2
        A cancel a1
            CANCELLED         a1
    """)


def test_tv_32_weight_five() -> None:
    """No message of the engine weighs 5; the numbers are those of the rulebook's recipe."""
    bucket = Bucket(11_999_500_000, START_NS // MS)
    assert bucket.take(LIMIT_MILLI * 1000, 5_000_000, START_NS) == 23
    assert bucket.take(LIMIT_MILLI * 1000, 1_000_000, START_NS) == 3


def test_a_mass_cancel_weighs_two(market: Market, engine_name: str) -> None:
    market.trader(1, rate_limit_milli=LIMIT_MILLI)
    market = with_load(market, engine_name, 11_998_000_001)
    market.play("""
        A mass-cancel m1 ACCOUNT A
            MASS_CANCEL_REJECTED  m1  RATE_LIMITED
        A cancel 999
            CANCEL_REJECTED       -   NO_SUCH_ORDER
        A cancel 999
            CANCEL_REJECTED       -   RATE_LIMITED  retry=1
    """)


def test_a_message_up_to_the_limit_passes(market: Market) -> None:
    market.trader(1, rate_limit_milli=2_000)
    market.play("""
        A buy a1 1@100
            NEW       a1
        A buy a2 1@100
            NEW       a2
        A buy a3 1@100
            REJECTED  a3  RATE_LIMITED
    """)


def test_a_refused_message_costs_nothing(market: Market) -> None:
    market.trader(1, rate_limit_milli=1_000)
    market.given("A buy a1 1@100")
    retries = [market.run("A buy a2 1@100")[0]["detail"] for _ in range(50)]
    assert retries == [retries[0]] * 50


def test_the_hint_is_the_first_moment_that_passes(market: Market) -> None:
    market.trader(1, rate_limit_milli=2_500)
    market.given("""
        A buy a1 1@100
        A buy a2 1@100
    """)
    [event] = market.run("A buy a3 1@100")
    retry = event["detail"]
    assert retry > 1
    market.time_ns = START_NS + (retry - 1) * MS
    [event] = market.run("A buy a3 1@100")
    assert (event["reason"].name, event["detail"]) == ("RATE_LIMITED", 1)
    market.time_ns = START_NS + retry * MS
    market.given("A buy a3 1@100")


def test_a_limit_below_one_message_never_passes(market: Market) -> None:
    market.trader(1, rate_limit_milli=999)
    market.play(f"""
        A buy a1 1@100
            REJECTED  a1  RATE_LIMITED  retry={2**21}
    """)


def test_the_buckets_are_apart(market: Market) -> None:
    market.trader(1, rate_limit_milli=1_000)
    market.play("""
        A buy a1 1@100
            NEW               a1
        A cancel a1
            CANCELLED         a1
        A buy a2 1@100
            REJECTED          a2  RATE_LIMITED
        A cancel a1
            CANCEL_REJECTED   -   RATE_LIMITED
    """)


def test_all_accounts_and_sessions_of_a_trader_share_them(market: Market) -> None:
    market.trader(1, rate_limit_milli=2_000)
    market.play("""
        A buy a1 1@100
            NEW       a1
        B buy b1 1@100 via=DESK1
            NEW       b1
        A buy a2 1@100 via=TRADER1
            REJECTED  a2  RATE_LIMITED
        C buy c1 1@100
            NEW       c1
    """)


def test_other_refusals_count_when_they_come_after_this_check(market: Market) -> None:
    market.trader(1, rate_limit_milli=2_000)
    market.play("""
        A buy a1 1@5000
            REJECTED          a1  PRICE_GREATER_THAN_MAX_PRICE
        B buy a1 1@100 via=A
            REJECTED          a1  PERMISSION_DENIED
        A replace 999 1@100
            REPLACE_REJECTED  -   CANNOT_MODIFY_NO_SUCH_ORDER
        A buy a2 1@100
            REJECTED          a2  RATE_LIMITED
    """)


def test_a_venue_without_space_refuses_before_it_counts(market: Market) -> None:
    market.trader(1, rate_limit_milli=1_000)
    market.given("venue CANCEL_ONLY")
    market.play("""
        A buy a1 1@100
            REJECTED  a1  REJECTED_JOURNAL_FULL
        venue OPEN
            CONFIG_SET
        A buy a1 1@100
            NEW       a1
    """)


def test_no_limit_no_bucket(market: Market) -> None:
    market.given("A buy a1 1@100")
    row = parse_snapshot(market.engine.snapshot())[Section.TRADER][0]
    assert (row["general_load_micro"], row["general_time_ms"]) == (0, 0)
    market.trader(1, rate_limit_milli=5_000)
    market.given("A cancel a1")
    row = parse_snapshot(market.engine.snapshot())[Section.TRADER][0]
    assert (row["general_load_micro"], row["general_time_ms"]) == (0, 0)
    assert (row["cancel_load_micro"], row["cancel_time_ms"]) == (1_000_000, START_NS // MS)


def test_the_time_is_stored_even_when_the_message_is_refused(market: Market) -> None:
    market.trader(1, rate_limit_milli=1_000)
    market.given("A buy a1 1@100")
    market.run("t=7.9 A buy a2 1@100")
    row = parse_snapshot(market.engine.snapshot())[Section.TRADER][0]
    assert row["general_time_ms"] == START_NS // MS + 7
    assert row["general_load_micro"] == decay(1_000_000, 7)


def test_the_venue_is_not_counted(market: Market) -> None:
    market.trader(1, rate_limit_milli=1)
    market.trader(2, rate_limit_milli=1)
    market.given("D buy d1 1@100")
    market.play("""
        VENUE cancel d1
            CANCELLED             d1  CANCELLED_ADMIN
        VENUE mass-cancel m1 ACCOUNT A
            MASS_CANCEL_DONE      m1
    """)


@pytest.mark.parametrize(
    ("session", "target", "counted"),
    [
        ("A", "ACCOUNT A", True),
        ("A", "SESSION A", True),
        ("TRADER1", "TRADER 1", True),
        ("TRADER1", "SESSION TRADER1", True),
        ("DESK1", "TRADER 1", True),
        ("DESK1", "ACCOUNT B", True),
        ("DESK1", "DESK 1", False),
        ("DESK1", "SESSION DESK1", False),
        ("FIRM1", "FIRM 1", False),
        ("FIRM1", "SESSION FIRM1", False),
    ],
)
def test_whose_bucket_a_mass_cancel_uses(market: Market, session: str, target: str, counted: bool) -> None:
    """That of the trader of its target, if the target has one."""
    market.trader(1, rate_limit_milli=1)
    [event] = market.run(f"{session} mass-cancel m1 {target}")
    assert (event["reason"].name == "RATE_LIMITED") == counted


def test_a_cancel_of_an_unknown_order_uses_the_headers_account(market: Market) -> None:
    market.trader(1, rate_limit_milli=1_000)
    market.play("""
        A cancel 999
            CANCEL_REJECTED  -  NO_SUCH_ORDER
        A cancel 999
            CANCEL_REJECTED  -  RATE_LIMITED
    """)


def test_a_cancel_of_a_known_order_uses_the_orders_account(market: Market) -> None:
    market.trader(1, rate_limit_milli=1)
    market.given("C buy c1 1@100")
    market.play("""
        A cancel c1 via=DESK1
            CANCELLED  c1
    """)


def test_changing_the_limit_keeps_the_load(market: Market) -> None:
    market.trader(1, rate_limit_milli=1_000)
    market.given("A buy a1 1@100")
    market.trader(1, rate_limit_milli=2_000)
    market.play("""
        A buy a2 1@100
            NEW       a2
        A buy a3 1@100
            REJECTED  a3  RATE_LIMITED
    """)


def test_a_load_of_long_ago_is_gone(market: Market, engine_name: str) -> None:
    market.trader(1, rate_limit_milli=10**12)
    market = with_load(market, engine_name, 10**15)
    market.time_ns += (DECAY_MS_MAX - 1) * MS
    market.given("A buy a1 1@100")
    row = parse_snapshot(market.engine.snapshot())[Section.TRADER][0]
    assert row["general_load_micro"] == decay(10**15, DECAY_MS_MAX - 1) + 1_000_000
    market.time_ns += DECAY_MS_MAX * MS
    market.given("A buy a2 1@100")
    row = parse_snapshot(market.engine.snapshot())[Section.TRADER][0]
    assert row["general_load_micro"] == 1_000_000


def test_hints_at_random_loads(engine_name: str) -> None:
    """The hint is the first r at which the message passes; it is looked for by trying all of them."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    for _ in range(12):
        limit_milli = rng.choice((5_000, 5_001, 200_000, LIMIT_MILLI, 10**12))
        load = limit_milli * 1000 - rng.randrange(1_200_000)
        assert hint(engine_name, limit_milli, load) == first_that_passes(limit_milli * 1000, load)


def hint(engine_name: str, limit_milli: int, load_micro: int) -> int:
    """What the engine says to a PLACE; 0 when it passes."""
    market = Market(new_engine(engine_name))
    market.trader(1, rate_limit_milli=limit_milli)
    market = with_load(market, engine_name, load_micro)
    return int(market.run("A buy - 1@100")[0]["detail"])


def first_that_passes(limit_micro: int, load_micro: int) -> int:
    """By doing it, a millisecond after the other."""
    if load_micro + 1_000_000 <= limit_micro:
        return 0
    steps = range(1, DECAY_MS_MAX)
    return next((r for r in steps if decay(load_micro, r) + 1_000_000 <= limit_micro), DECAY_MS_MAX)


def test_retry_agrees_with_trying_every_millisecond() -> None:
    rng = random.Random(5)
    for _ in range(8):
        load = rng.randrange(10**9)
        target = rng.randrange(load // 3, load)
        assert retry_ms(load, target) == next(r for r in range(1, DECAY_MS_MAX) if decay(load, r) <= target)
