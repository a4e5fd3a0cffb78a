"""gateway.record_text: commands and events in words."""

from __future__ import annotations

import json

import pytest

from engine.records import (
    CONFIG_EVENT,
    ORDER_EVENT,
    SET_TRADER,
    CommandKind,
    EventKind,
    Reason,
    pack_command,
    parse_e8,
)
from gateway.record_text import COLUMNS, command_fields, event_fields, format_time, parse_time, table_row

T = 1_795_600_000_123_456_789


def test_a_command_has_names_for_its_numbers() -> None:
    record = pack_command(
        CommandKind.PLACE, seq=7, timestamp_ns=T, session_id=3, account_id=4, instrument_id=5, client_order_id="abc",
        price_e8=parse_e8("585.33"), quantity_e8=parse_e8("18"), side=1, order_type=3, time_in_force=1, order_flags=1,
        min_quantity_e8=parse_e8("0.5"),
    )  # fmt: skip
    fields = command_fields(record)
    assert fields["kind"] == "PLACE"
    assert (fields["side"], fields["order_type"], fields["time_in_force"]) == ("BUY", "ALO", "GTC")
    assert fields["order_flags"] == ["REDUCE_ONLY"]
    assert fields["price_e8"] == 58_533_000_000
    assert json.loads(json.dumps(fields)) == fields
    row = table_row(fields)
    assert len(row) == len(COLUMNS)
    assert row[:3] == ("7", "2026-11-25T09:46:40.123456789Z", "> PLACE")
    assert row[7:12] == ("abc", "BUY", "585.33", "18", "")
    assert "min_quantity=0.5" in row[12]
    assert "order_flags=REDUCE_ONLY" in row[12]


def test_an_event_has_its_index_and_reason() -> None:
    record = ORDER_EVENT.pack(
        seq=9, timestamp_ns=T, event_index=2, kind=int(EventKind.ORDER_REJECTED), reason=int(Reason.RATE_LIMITED),
        session_id=3, detail=250, side=2, order_state=7,
    )  # fmt: skip
    row = table_row(event_fields(record))
    assert row[0] == "9.2"
    assert row[2] == "ORDER_REJECTED"
    assert row[8] == "SELL"
    assert "reason=RATE_LIMITED" in row[12]
    assert "detail=250" in row[12]


def test_a_configuration_event_shows_the_commands_body() -> None:
    command = pack_command(CommandKind.SET_TRADER, party_id=8, parent_id=2, status=1, name="T8", rate_limit_milli=5)
    event = CONFIG_EVENT.pack(
        seq=1, kind=int(EventKind.CONFIG_SET), command_kind=int(CommandKind.SET_TRADER), body=command[64:]
    )
    body = event_fields(event)["body"]
    assert body["name"] == "T8"
    assert body["status"] == "ACTIVE"
    assert body["rate_limit_milli"] == 5
    assert "seq" not in body
    assert SET_TRADER.size == len(command)


def test_undefined_numbers_stay_numbers() -> None:
    fields = command_fields(pack_command(CommandKind.PLACE, seq=1, side=77, order_type=99))
    assert (fields["side"], fields["order_type"]) == (77, 99)


def test_states_are_named_by_their_command() -> None:
    assert command_fields(pack_command(CommandKind.SET_VENUE_STATE, state=2))["state"] == "CANCEL_ONLY"
    assert command_fields(pack_command(CommandKind.SET_INSTRUMENT_STATE, state=2))["state"] == "HALTED"


@pytest.mark.parametrize(
    "text",
    ["2026-11-25T09:46:40.123456789Z", "2026-11-25T10:46:40.123456789+01:00", "2026-11-25 09:46:40.123456789", str(T)],
)
def test_times_are_read(text: str) -> None:
    assert parse_time(text) == T


def test_times_without_fraction_and_round_trip() -> None:
    assert parse_time("1970-01-01") == 0
    assert parse_time("1970-01-01T00:00:01.5Z") == 1_500_000_000
    assert parse_time(format_time(T)) == T
    with pytest.raises(ValueError, match="nine decimals"):
        parse_time("1970-01-01T00:00:01.0123456789Z")
    with pytest.raises(ValueError, match="noon"):
        parse_time("noon")
