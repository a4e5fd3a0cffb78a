"""The table of rules: its notation, its agreement with engine and standard, and the files made of it."""

from pathlib import Path

import pytest

from engine.records import CHECK_ORDER, InstrumentState, Reason, Scope, StpMode, VenueState
from gateway.fix import dictionary
from gateway.fix.reasons import FIX_REASONS, VERSION_COLUMN, FixReason, code_table
from gateway.fix.rules import __main__ as generate
from gateway.fix.rules.fields import BULK_FIELDS, FIELDS, MARKET_FIELDS, ORDER_FIELDS, SESSION_FIELDS
from gateway.fix.rules.messages import MESSAGES, STANDARD_MSG_TYPES, inbound
from gateway.fix.rules.model import Presence, RulesError, Version, Way, field, members_of, versions
from gateway.fix.rules.write_tags import constant

DIRECTORY = Path(__file__).parents[2] / "config" / "fix"
V42, V44, V50 = Version


def values(tag: int, version: Version = V50) -> dict[str, str]:
    return {v.text: v.name for v in FIELDS[tag].values_in(version)}


def test_versions_notation():
    assert versions("") == {V42, V44, V50}
    assert versions("@44+") == {V44, V50}
    assert versions("42-44") == {V42, V44}
    assert versions("50") == {V50}
    with pytest.raises(RulesError, match="43"):
        versions("@43")


def test_members_notation():
    first, group, last = members_of("""
        11 Y text of it
        136 N
            137 Y@42/N
            138 C@44+ when
        58 N@42-44
    """)
    assert (first.tag, first.meaning, dict(first.presence)) == (11, "text of it", dict.fromkeys(Version, Presence("Y")))
    amount, currency = group.members
    assert amount.presence == {V42: Presence.REQUIRED, V44: Presence.OPTIONAL, V50: Presence.OPTIONAL}
    assert currency.presence == {V44: Presence.CONDITIONAL, V50: Presence.CONDITIONAL}
    assert V50 not in last.presence
    assert [m.tag for m in group.walk()] == [136, 137, 138]


@pytest.mark.parametrize("text", ["11 X", "        11 Y\n    58 N"])
def test_members_that_cannot_be_read(text):
    with pytest.raises(RulesError):
        members_of(text)


def test_values_notation():
    made = field(1, "X", "CHAR", "", "A ALPHA @44+ text of it\nB BETA")
    assert [(v.text, v.name, v.meaning, v.versions) for v in made.values] == [
        ("A", "ALPHA", "text of it", {V44, V50}),
        ("B", "BETA", "", set(Version)),
    ]


def test_no_tag_and_no_message_is_defined_twice():
    assert len(FIELDS) == len(SESSION_FIELDS + ORDER_FIELDS + BULK_FIELDS + MARKET_FIELDS)
    assert len({m.msg_type for m in MESSAGES}) == len(MESSAGES)
    assert len({f.name for f in FIELDS.values()}) == len(FIELDS)


def test_every_field_is_used_and_every_used_field_is_there():
    files = [dictionary.load(DIRECTORY / name) for names in dictionary.FILES.values() for name in names]
    assert {tag for f in files for tag in f.fields} == set(FIELDS)


def test_tags_of_ours_lie_in_the_bilateral_range():
    ours = {tag for tag in FIELDS if tag > 9_999}
    assert ours == {f.tag for f in FIELDS.values() if f.is_ours}
    assert all(20_000 <= tag <= 39_999 for tag in ours)


def test_generated_files_are_current(capsys):
    assert generate.main(["--check"]) == 0, capsys.readouterr().out
    assert generate.main([]) == 2


def test_constants_read_like_the_fields():
    assert [constant(n) for n in ("ClOrdID", "MMPWindowMs", "AvgPx", "NoMiscFees", "CODTimeoutWindow")] == [
        "CL_ORD_ID", "MMP_WINDOW_MS", "AVG_PX", "NO_MISC_FEES", "COD_TIMEOUT_WINDOW",
    ]  # fmt: skip


def test_messages_of_the_issue_are_offered():
    everywhere = {
        "D", "F", "G", "q", "H", "AF", "i", "Z", "x", "e", "g", "BE", "8", "9", "r", "j", "b", "AI", "y", "f", "h", "B",
        "BF",
    }  # fmt: skip
    for version in Version:
        assert everywhere <= {m.msg_type for m in MESSAGES if version in m.versions}
    assert {m.msg_type for m in MESSAGES if V50 in m.versions and V44 not in m.versions} == {"CA", "BZ"}


def test_inbound_messages():
    assert set(inbound(V42)) >= {"0", "1", "2", "3", "4", "5", "A", "D", "F", "G", "q", "H", "AF", "j"}
    assert not set(inbound(V50)) & {m.msg_type for m in MESSAGES if m.way is Way.OUT}


def test_backports_are_those_that_the_standard_lacks():
    for message in MESSAGES:
        if message.msg_type.startswith("U"):
            continue
        lacking = {v for v in message.versions if message.msg_type not in STANDARD_MSG_TYPES[v]}
        assert message.backported == lacking, message.msg_type


def test_no_session_message_needs_an_application_field():
    session = {m.tag for message in MESSAGES if message.session for m in message.walk()}
    application = {f.tag for f in ORDER_FIELDS + BULK_FIELDS + MARKET_FIELDS}
    assert not session & application


def test_every_reason_has_its_codes():
    assert set(FIX_REASONS) == set(Reason)
    for reason, row in FIX_REASONS.items():
        assert isinstance(row, FixReason)
        assert row.meaning, reason
        assert row.remedy, reason


@pytest.mark.parametrize(
    ("column", "tag"), [("ord_rej", 103), ("cxl_rej", 102), ("restatement", 378), ("mass_cancel_rej", 532)]
)
@pytest.mark.parametrize("version", Version)
def test_codes_are_values_of_their_version(column, tag, version):
    table = code_table(column, version.begin_string)
    assert len(table) == max(Reason) + 1
    allowed = values(tag, version)
    assert {str(table[reason]) for reason in Reason} <= set(allowed)
    assert all(table[n] == -1 for n in range(len(table)) if n not in set(Reason))


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize(
    ("column", "tag", "where", "doors_own"),
    [
        ("ord_rej", 103, {"order"}, {"5"}),  # 5: a status request for an order that is not there
        ("cxl_rej", 102, {"change", "cancel"}, set()),
        ("restatement", 378, {"unasked"}, set()),
        ("mass_cancel_rej", 532, {"mass"}, {"0"}),  # 0: a request type that is not offered
    ],
)
def test_every_code_of_a_refusal_is_used(column, tag, where, doors_own, version):
    """A value that no reason leads to would be a promise that nothing keeps."""
    table = code_table(column, version.begin_string)
    used = {str(table[reason]) for reason, row in FIX_REASONS.items() if where & set(row.occurs.split())}
    assert set(values(tag, version)) - doors_own <= used


def test_occurrences_are_of_the_known_kinds():
    kinds = {"order", "change", "cancel", "mass", "unasked"}
    assert all(set(row.occurs.split()) <= kinds for row in FIX_REASONS.values())
    assert {r for r in CHECK_ORDER if "order" not in FIX_REASONS[r].occurs} == set()


def test_rulebook_section_14():
    """The FIX column of the rulebook's table, where the version has the value."""
    by_version = {v: (code_table("ord_rej", v.begin_string), code_table("cxl_rej", v.begin_string)) for v in Version}
    ord50, cxl50 = by_version[V50]
    expected = {
        Reason.REJECTED: 99, Reason.INVALID_ORDER_TYPE: 11, Reason.BAD_SYMBOL: 1, Reason.PRICE_LESS_THAN_MIN_PRICE: 16,
        Reason.PRICE_GREATER_THAN_MAX_PRICE: 16, Reason.FAILED_MARGIN_CHECK: 99,
        Reason.INVALID_TICK_SIZE_PRECISION_PRICE: 18, Reason.INVALID_TICK_SIZE_PRECISION_QUANTITY: 13,
        Reason.QUANTITY_LESS_THAN_MIN_QUANTITY: 13, Reason.QUANTITY_GREATER_THAN_MAX_QUANTITY: 13,
        Reason.REJECTED_GREATER_THAN_MAX_PRICE_BAND: 16, Reason.REJECTED_LESS_THAN_MIN_PRICE_BAND: 16,
        Reason.INVALID_TIME_IN_FORCE: 11, Reason.REJECTED_WOULD_BREACH_MAX_NOTIONAL: 3,
        Reason.REJECTED_MARKET_CLOSED: 2, Reason.REJECTED_FAILED_TO_PROCESS: 99, Reason.INVALID_TAKEPROFIT_PRICE: 99,
        Reason.INVALID_STOPLOSS_PRICE: 99, Reason.REJECTED_TOO_MANY_OPEN_ORDERS: 3,
        Reason.REJECTED_OPEN_INTEREST_LIMIT: 3, Reason.REJECTED_TOTAL_OPEN_INTEREST_LIMIT: 3,
        Reason.REJECTED_LESS_THAN_MIN_NOTIONAL: 13, Reason.USER_IN_LIQUIDATION: 99, Reason.PERMISSION_DENIED: 99,
        Reason.REJECTED_ALO_WOULD_CROSS: 99, Reason.REJECTED_REDUCE_ONLY: 99, Reason.REJECTED_DUPLICATE_CLORDID: 6,
        Reason.RATE_LIMITED: 99,
    }  # fmt: skip
    assert {reason: ord50[reason] for reason in expected} == expected
    cancels = {
        Reason.NO_SUCH_ORDER: 1, Reason.CANNOT_MODIFY_PARTIAL_FILL: 0, Reason.CANNOT_MODIFY_ALO_WOULD_CROSS: 99,
        Reason.CANNOT_MODIFY_NO_SUCH_ORDER: 1,
    }  # fmt: skip
    assert {reason: cxl50[reason] for reason in cancels} == cancels


def test_version_columns():
    assert [VERSION_COLUMN[v.begin_string] for v in Version] == [0, 1, 2]


@pytest.mark.parametrize(("tag", "enum"), [(20043, InstrumentState), (20044, VenueState)])
def test_states_are_the_engines(tag, enum):
    assert values(tag) == {str(int(m)): m.name for m in enum}


def test_scopes_and_stp_modes_cover_the_engines():
    assert values(20020) == {str(int(m)): m.name for m in Scope if m not in (Scope.VENUE, Scope.INSTRUMENT)}
    assert len(values(2964)) == len(StpMode)


def test_values_fit_the_compiled_tables():
    assert all(len(v.text) <= dictionary.VALUE_BYTES_MAX for f in FIELDS.values() for v in f.values)
