"""Snapshots: canonical, complete, refused when they are not sound (docs/engine.md section 6)."""

from __future__ import annotations

import hashlib
import random

import pytest

from engine.records import COMMAND_BODIES, CommandKind, OrderState, VenueState
from engine.snapshot_records import (
    MATCHER_SNAPSHOT_ROW,
    SECTION_HEADER,
    SNAP_ORDER,
    SNAPSHOT_LAYOUTS,
    Section,
    Work,
    parse_snapshot,
)
from tests.engines import ENGINES, SMALL, new_engine
from tests.property.commands import SHAPES, Commands
from tests.property.judge import split_records
from tests.scenario import MS, START_NS, Market


def test_the_snapshot_of_a_fresh_engine(engine_name: str) -> None:
    engine = new_engine(engine_name)
    sections = parse_snapshot(engine.snapshot())
    assert sections.pop(Section.VENUE) == [
        {"seq": 0, "timestamp_ns": 0, "business_date": 0, "state": VenueState.OPEN},
    ]
    assert list(sections) == list(Section)[1:]
    [venue] = sections.pop(Section.VENUE_RISK)  # its settings are the rule's defaults; nothing else is set
    assert not any(value for name, value in venue.items() if name != "config")
    assert not any(sections.values())
    assert engine.state_hash() == hashlib.sha256(engine.snapshot()).digest()


def rich(market: Market) -> Market:
    """Something in every section."""
    market.positions(A=5, B=-5)
    market.instrument(2, matcher="pro_rata", speed_bump_ns=50 * MS)
    market.trader(1, rate_limit_milli=10**9)
    market.given("""
        t=10 A logon ON_LOSS grace=30
        C logon ON_LOSS
        A sell a1 5@110 show=2 GTD=90 group=7 DECREMENT
        A sell s1 3@90 STOP_LOSS
        A sell s2 2@91 STOP_LOSS
        A buy a2 4@95 in=2 n=8
        C buy c1 9@90
        D sell d1 1@95 in=2
        t=60 TICK
        A replace a2 6@94 as a3 n=9
        B buy b1 1@93 in=2 IOC
        A disconnect LOSS
        mark 90
    """)
    return market


@pytest.fixture
def rich_market(new_market) -> Market:
    market = rich(new_market(work_steps_max=1))
    market.given("""
        D mass-cancel m ACCOUNT D n=3
        A sell a4 2@90
        roll 20260105
    """)
    return market


def test_every_section_of_a_rich_state(rich_market: Market) -> None:
    sections = parse_snapshot(rich_market.engine.snapshot())
    assert all(sections[s] for s in Section if s <= Section.BOOK), [s.name for s, rows in sections.items() if not rows]
    [session] = [row for row in sections[Section.SESSION] if row["party_id"] == 1]
    assert (session["connected"], session["cod_flags"], session["cod_due_ns"]) == (0, 1, START_NS + 90 * MS)
    orders = {row["client_order_id"]: row for row in sections[Section.ORDER]}
    assert orders["a1"]["stp_group"] == 7
    assert (orders["a1"]["stp_mode"], orders["a1"]["display_lots"]) == (4, 2)
    assert orders["a1"]["expire_ns"] == START_NS + 90 * MS
    assert orders["s1"]["stp_group"] == (1 << 31) + 1, "an account without a group is one by itself"
    assert orders["s1"]["stp_mode"] == 1
    assert orders["b1"]["state"] == OrderState.PENDING_NEW
    assert orders["b1"]["release_ns"] == START_NS + 110 * MS
    [pending] = sections[Section.PENDING_REPLACE]
    assert (pending["client_order_id"], pending["msg_seq_in"], pending["session_id"]) == ("a3", 9, 1)
    assert [row["work"] for row in sections[Section.WORK]] == [Work.MASS_CANCEL, Work.EXPIRE_DAY]
    assert sections[Section.TRIM] == [{"account_id": 1, "instrument_id": 1}]
    assert sections[Section.CASCADE] == [{"instrument_id": 1}]
    assert [number for number, _ in sections[Section.BOOK]] == [1, 2]


def test_rows_are_in_canonical_order(rich_market: Market) -> None:
    sections = parse_snapshot(rich_market.engine.snapshot())
    for section in (Section.FIRM, Section.DESK, Section.TRADER, Section.ACCOUNT, Section.SESSION):
        ids = [row["party_id"] for row in sections[section]]
        assert ids == sorted(ids)
    assert [row["order_id"] for row in sections[Section.ORDER]] == sorted(
        r["order_id"] for r in sections[Section.ORDER]
    )
    positions = [(row["account_id"], row["instrument_id"]) for row in sections[Section.POSITION]]
    assert positions == sorted(positions)


def test_the_book_is_bids_then_asks_best_first_in_time_order(market: Market) -> None:
    market.given("""
        A buy a1 1@99
        B buy b1 2@100
        C buy c1 3@100
        D sell d1 5@102 show=2
        A sell a2 1@101
        B replace b1 3@100
    """)
    [(_, data)] = parse_snapshot(market.engine.snapshot())[Section.BOOK]
    rows = [
        (r["side"], r["price_ticks"], r["leaves_lots"], r["shown_lots"]) for r in MATCHER_SNAPSHOT_ROW.iter_unpack(data)
    ]
    assert rows == [(1, 100, 3, 3), (1, 100, 3, 3), (1, 99, 1, 1), (2, 101, 1, 1), (2, 102, 5, 2)]
    ids = [row["order_id"] for row in MATCHER_SNAPSHOT_ROW.iter_unpack(data)]
    assert ids[:2] == [market.orders["c1"], market.orders["b1"]]


@pytest.mark.parametrize("other", ENGINES)
def test_a_restored_engine_goes_on_like_the_original(rich_market: Market, other: str) -> None:
    original = rich_market.engine
    restored = new_engine(other, original.info.limits)
    restored.restore(original.snapshot())
    assert (restored.seq, restored.next_due_ns) == (original.seq, original.next_due_ns)
    copy = Market(restored, bare=True)
    copy.time_ns, copy.orders = rich_market.time_ns, dict(rich_market.orders)
    copy._session_seqs = dict(rich_market._session_seqs)
    script = """
        tick
        tick
        tick
        A buy a2 1@50
        B buy b9 3@110
        t=90 tick
        t=100 tick
        t=150 tick
        A cancel a1
        FIRM1 logon SNAPSHOT
        tick
    """
    for line in script.split("\n"):
        if line.strip():
            assert copy.run(line.strip()) == rich_market.run(line.strip())
    assert restored.state_hash() == original.state_hash()


@pytest.mark.parametrize("shape", ["everything", "works", "full"])
def test_snapshot_and_tail_are_the_full_replay(engine_name: str, shape: str) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    commands = Commands(seed, shape)
    records = split_records([commands.take(800)])
    replayed = new_engine(engine_name, commands.limits)
    events = [replayed.apply(record) for record in records]
    at = random.Random(seed).randrange(1, 800)
    before = new_engine(engine_name, commands.limits)
    before.apply(b"".join(records[:at]))
    after = new_engine(engine_name, commands.limits)
    after.restore(before.snapshot())
    assert [after.apply(record) for record in records[at:]] == events[at:]
    assert after.snapshot() == replayed.snapshot()


def test_a_snapshot_changes_nothing(rich_market: Market) -> None:
    before = rich_market.engine.snapshot()
    assert rich_market.engine.snapshot() == before
    assert rich_market.engine.state_hash() == hashlib.sha256(before).digest()


def test_only_a_fresh_engine_is_restored(market: Market) -> None:
    snapshot = market.engine.snapshot()
    with pytest.raises(ValueError, match="fresh"):
        market.engine.restore(snapshot)
    assert market.engine.snapshot() == snapshot


def damaged(snapshot: bytes) -> dict[str, bytes]:
    """Bytes that are no snapshot, by what is wrong with them."""
    first = SECTION_HEADER.unpack(snapshot, 0)
    return {
        "empty": b"",
        "cut in the middle": snapshot[: len(snapshot) // 2],
        "cut by a byte": snapshot[:-1],
        "with something behind": snapshot + bytes(8),
        "of another schema": SECTION_HEADER.pack(**first | {"row_size": first["row_size"] + 8}) + snapshot[16:],
        "with an unknown section": SECTION_HEADER.pack(**first | {"section": 99}) + snapshot[16:],
        "with sections missing": snapshot[16 + SNAPSHOT_LAYOUTS[Section.VENUE].size :],
        "with too many rows": SECTION_HEADER.pack(**first | {"rows": 1 << 40}) + snapshot[16:],
    }


@pytest.mark.parametrize("what", damaged(new_engine("reference").snapshot()))
def test_what_is_no_snapshot(rich_market: Market, engine_name: str, what: str) -> None:
    """It is refused, and the engine is as new: it takes the sound snapshot afterwards."""
    snapshot = rich_market.engine.snapshot()
    engine = new_engine(engine_name, rich_market.engine.info.limits)
    with pytest.raises(ValueError, match=r"snapshot|schema"):
        engine.restore(damaged(snapshot)[what])
    assert engine.seq == 0
    engine.restore(snapshot)
    assert engine.snapshot() == snapshot


def test_a_snapshot_that_does_not_fit_the_limits(engine_name: str, rich_market: Market) -> None:
    small = {"work_steps_max": 1, "accounts_max": 3}
    engine = new_engine(engine_name, type(SMALL)(**small))
    with pytest.raises(ValueError, match=r"snapshot|schema"):
        engine.restore(rich_market.engine.snapshot())


def test_a_book_that_does_not_agree_with_the_orders(engine_name: str, market: Market) -> None:
    """An order of the ORDER section is gone, its row of the book is there."""
    market.given("A buy a1 1@100")
    snapshot = market.engine.snapshot()
    [order] = parse_snapshot(snapshot)[Section.ORDER]
    header = SECTION_HEADER.pack(section=Section.ORDER, row_size=SNAP_ORDER.size, rows=1)
    empty = SECTION_HEADER.pack(section=Section.ORDER, row_size=SNAP_ORDER.size, rows=0)
    spoiled = snapshot.replace(header + SNAP_ORDER.pack(**order), empty)
    assert spoiled != snapshot
    with pytest.raises(ValueError, match=r"snapshot|schema"):
        new_engine(engine_name).restore(spoiled)


@pytest.mark.parametrize("shape", SHAPES)
def test_equal_states_give_equal_bytes_however_they_came_about(engine_name: str, shape: str) -> None:
    """A restored engine has other slots, tables and history; its snapshots stay those of the original for good."""
    commands = Commands(11, shape)
    engine = new_engine(engine_name, commands.limits)
    for _ in range(6):
        engine.apply(commands.take(150))
        copy = new_engine(engine_name, commands.limits)
        copy.restore(engine.snapshot())
        more = commands.take(60)
        assert copy.apply(more) == engine.apply(more)
        assert copy.snapshot() == engine.snapshot()
        engine = copy


def test_the_configuration_is_kept_byte_for_byte(market: Market) -> None:
    rows = parse_snapshot(market.engine.snapshot())[Section.INSTRUMENT]
    fields = COMMAND_BODIES[CommandKind.SET_INSTRUMENT].unpack(bytes(64) + rows[0]["config"])
    assert (fields["symbol"], fields["matcher"], fields["fills_max"]) == ("TEST1-USD", "price_time", 100)
