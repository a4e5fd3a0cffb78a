"""The compiled codec: packets to command records, event records to packets, and everything that is neither."""

import random
import struct

import pytest

from engine import records
from engine.batch import CommandBatch
from engine.records import CommandKind, EventKind, Reason
from gateway.binary import _wire, messages
from gateway.binary.messages import (
    CancelOrder,
    MassCancel,
    NewOrder,
    ReplaceOrder,
    SessionOptions,
    SourcePrice,
    encode_request,
)

NEW = NewOrder(
    cl_ord_id=1, account_id=9, instrument_id=7, side=1, order_type=3, price_e8=1_234_500, quantity_e8=1_000,
    order_flags=1,
)  # fmt: skip
ALL = (
    SessionOptions(cod_flags=3, cod_grace_ns=5_000_000_000, logon_flags=1),
    NewOrder(
        cl_ord_id=2**64 - 1, account_id=1, instrument_id=2, side=2, order_type=1, time_in_force=3,
        price_e8=3, quantity_e8=4,
        display_quantity_e8=5, min_quantity_e8=6, expire_time_ns=7, take_profit_e8=8, stop_loss_e8=9, stp_group=10,
        stp_mode=4, order_flags=1, sending_time_ns=11,
    ),
    ReplaceOrder(
        cl_ord_id=12, orig_cl_ord_id=13, order_id=14, account_id=15, instrument_id=16, price_e8=17, quantity_e8=18,
        take_profit_e8=19, stop_loss_e8=20, side=1, order_type=2, sending_time_ns=21,
    ),
    CancelOrder(cl_ord_id=22, orig_cl_ord_id=23, order_id=24, account_id=25, instrument_id=26, side=2,
    sending_time_ns=27),
    MassCancel(cl_ord_id=28, target_id=29, instrument_id=30, scope=2, side=1, sending_time_ns=31),
    SourcePrice(feed_id=32, source=33, source_price_e8=34, source_time_ns=35, sending_time_ns=36),
)  # fmt: skip


def fresh(capacity: int = 4096) -> tuple[_wire.Inbound, CommandBatch]:
    inbound = _wire.Inbound(16_384, 4_096)
    inbound.begin(77)
    return inbound, CommandBatch(capacity)


def taken(batch: CommandBatch) -> list[dict]:
    data = batch.take(1, 0)
    return [records.unpack_command(data, i) for i in range(0, len(data), records.COMMAND_SIZE)]


def stream() -> bytes:
    return b"".join(encode_request(request, i) for i, request in enumerate(ALL))


def test_new_order_is_these_bytes():
    expected = bytes.fromhex(
        "006b 55"  # Soup, big-endian length 107 = type 1 + header 8 + block 98
        "6200 0100 6400 0000"  # blockLength 98, templateId 1, schemaId 100, version 0
        "0300000000000000 ffffffffffffffff 0100000000000000"  # clientSeq 3, sendingTime null, clOrdId 1
        "09000000 07000000 44d6120000000000 e803000000000000"  # account, instrument, price, quantity
        "0000000000000080 0000000000000080 ffffffffffffffff 0000000000000080 0000000000000080"
        "00000000 01 03 01 00 0100"  # stpGroup, side, type, TIF, stpMode, flags
    )
    assert encode_request(NEW, 3) == expected
    inbound, batch = fresh()
    assert inbound.feed(expected, batch) == _wire.DECODED
    (command,) = taken(batch)
    assert command == {
        "seq": 1, "timestamp_ns": 0, "kind": CommandKind.PLACE, "flags": 0, "session_id": 77,
        "msg_seq_in": 3, "sent_ns": 0, "operator_id": 0, "approver_id": 0, "case_id": 0,
        "account_id": 9, "instrument_id": 7, "client_order_id": "1", "price_e8": 1_234_500, "quantity_e8": 1_000,
        "display_quantity_e8": 0, "min_quantity_e8": 0, "expire_ns": 0, "take_profit_e8": 0,
        "stop_loss_e8": 0, "side": 1,
        "order_type": 3, "time_in_force": 1, "stp_mode": 0, "order_flags": 1, "stp_group": 0,
    }  # fmt: skip


def test_every_field_of_every_message_arrives():
    inbound, batch = fresh()
    assert inbound.feed(stream(), batch) == _wire.DECODED
    options, place, replace, cancel, mass, price = taken(batch)
    assert (options["kind"], options["cod_flags"], options["cod_grace_ns"], options["logon_flags"]) == (
        20,
        3,
        5 * 10**9,
        1,
    )
    assert (place["client_order_id"], place["sent_ns"], place["msg_seq_in"]) == (str(2**64 - 1), 11, 1)
    names = "price_e8 quantity_e8 display_quantity_e8 min_quantity_e8 expire_ns take_profit_e8 stop_loss_e8 stp_group"
    assert [place[n] for n in names.split()] == list(range(3, 11))
    assert [place[n] for n in ("side", "order_type", "time_in_force", "stp_mode", "order_flags")] == [2, 1, 3, 4, 1]
    assert (replace["client_order_id"], replace["orig_client_order_id"], replace["order_id"]) == ("12", "13", 14)
    names = "account_id instrument_id price_e8 quantity_e8 take_profit_e8 stop_loss_e8 side order_type sent_ns"
    assert [replace[n] for n in names.split()] == [15, 16, 17, 18, 19, 20, 1, 2, 21]
    assert (cancel["client_order_id"], cancel["orig_client_order_id"], cancel["order_id"]) == ("22", "23", 24)
    assert [cancel[n] for n in ("account_id", "instrument_id", "side", "sent_ns")] == [25, 26, 2, 27]
    assert (mass["client_order_id"], mass["target_id"], mass["instrument_id"]) == ("28", 29, 30)
    assert [mass[n] for n in ("scope", "side", "sent_ns", "msg_seq_in")] == [2, 1, 31, 4]
    names = "kind feed_id source price_e8 source_ns sent_ns msg_seq_in"
    assert [price[n] for n in names.split()] == [CommandKind.PRICE, 32, 33, 34, 35, 36, 5]


def test_split_at_every_byte_and_byte_by_byte():
    data = stream()
    inbound, batch = fresh()
    inbound.feed(data, batch)
    whole = batch.take(1, 0)
    for cut in range(len(data) + 1):
        inbound, batch = fresh()
        inbound.feed(data[:cut], batch)
        inbound.feed(data[cut:], batch)
        assert batch.take(1, 0) == whole
    inbound, batch = fresh()
    for i in range(len(data)):
        inbound.feed(data[i : i + 1], batch)
    assert batch.take(1, 0) == whole


def test_unknown_enumeration_values_are_the_engines_to_refuse():
    inbound, batch = fresh()
    odd = NewOrder(cl_ord_id=1, account_id=1, instrument_id=1, side=9, order_type=200, time_in_force=77, quantity_e8=-1)
    assert inbound.feed(encode_request(odd, 1), batch) == _wire.DECODED
    (command,) = taken(batch)
    assert [command[n] for n in ("side", "order_type", "time_in_force", "quantity_e8")] == [9, 200, 77, -1]


def test_a_newer_clients_longer_block_is_skipped_over():
    packet = bytearray(encode_request(NEW, 1))
    packet += b"\xaa" * 40
    struct.pack_into(">H", packet, 0, len(packet) - 2)
    struct.pack_into("<H", packet, 3, 98 + 40)
    struct.pack_into("<H", packet, 9, 1)
    inbound, batch = fresh()
    assert (
        inbound.feed(bytes(packet) + encode_request(CancelOrder(account_id=1, order_id=5), 2), batch) == _wire.DECODED
    )
    assert [c["kind"] for c in taken(batch)] == [CommandKind.PLACE, CommandKind.CANCEL]


def _packet(offset: int = 0, layout: str = "", value: int = 0, extra: bytes = b"", cut: int = 0) -> bytes:
    packet = bytearray(encode_request(NEW, 1))
    if layout:
        struct.pack_into(layout, packet, offset, value)
    packet = packet[: len(packet) - cut] + extra
    if extra or cut:
        struct.pack_into(">H", packet, 0, len(packet) - 2)
    return bytes(packet)


@pytest.mark.parametrize(
    ("packet", "name", "place"),
    [
        (_packet(0, ">H", 0), "PACKET_LENGTH", 0),
        (_packet(0, ">H", 5000), "PACKET_LENGTH", 0),
        (_packet(2, "B", ord("Q")), "PACKET_TYPE", 2),
        (messages.login_request("MM01", "x"), "PACKET_TYPE", 2),
        (messages.soup_packet(b"U"), "TRUNCATED", 3),
        (messages.soup_packet(b"U", bytes(7)), "TRUNCATED", 10),
        (_packet(cut=1), "TRUNCATED", 108),
        (_packet(7, "<H", 101), "SCHEMA", 7),
        (_packet(5, "<H", 99), "TEMPLATE", 5),
        (_packet(5, "<H", 101), "TEMPLATE", 5),
        (_packet(3, "<H", 97), "BLOCK_LENGTH", 3),
        (_packet(3, "<H", 99), "BLOCK_LENGTH", 3),
        (_packet(extra=b"\0"), "TRAILING_BYTES", 109),
        (_packet(11, "<Q", 0), "CLIENT_SEQ", 11),
        (_packet(11, "<Q", 2**64 - 1), "CLIENT_SEQ", 11),
    ],
)
def test_structural_faults_name_their_place_and_what_came_before_counts(packet, name, place):
    inbound, batch = fresh()
    before = encode_request(SessionOptions(), 0)
    assert inbound.feed(before + packet, batch) == _wire.DECODED | _wire.FAULT
    assert len(batch) == 1
    assert inbound.fault_name == name
    assert f"at byte {place} of packet 2 (stream byte {len(before) + place})" in inbound.fault_text()
    assert inbound.feed(encode_request(NEW, 2), batch) == _wire.FAULT  # nothing is decoded behind a fault
    assert len(batch) == 1


def test_client_seq_must_rise():
    for second in (5, 4):
        inbound, batch = fresh()
        assert inbound.feed(encode_request(NEW, 5) + encode_request(NEW, second), batch) == _wire.DECODED | _wire.FAULT
        assert inbound.fault_name == "CLIENT_SEQ"
    inbound, batch = fresh()
    assert inbound.feed(encode_request(NEW, 5) + encode_request(NEW, 2**64 - 2), batch) == _wire.DECODED
    assert inbound.last_client_seq == 2**64 - 2


@pytest.mark.parametrize("first", [encode_request(NEW, 1), encode_request(SessionOptions())])
def test_session_options_come_first_and_once(first):
    inbound, batch = fresh()
    assert inbound.feed(first + encode_request(SessionOptions()), batch) == _wire.DECODED | _wire.FAULT
    assert inbound.fault_name == "OPTIONS_LATE"


def test_full_batch_stops_at_the_message_and_goes_on_there():
    inbound, batch = fresh(capacity=2)
    data = b"".join(encode_request(NEW, i) for i in range(1, 6))
    assert inbound.feed(data, batch) == _wire.DECODED | _wire.BATCH_FULL
    assert [c["msg_seq_in"] for c in taken(batch)] == [1, 2]
    assert inbound.received(0, batch) == _wire.DECODED | _wire.BATCH_FULL
    assert [c["msg_seq_in"] for c in taken(batch)] == [3, 4]
    assert inbound.received(0, batch) == _wire.DECODED
    assert [c["msg_seq_in"] for c in taken(batch)] == [5]


def test_heartbeats_and_debug_packets_are_passed_over_and_logout_stops():
    inbound, batch = fresh()
    data = messages.soup_packet(b"R") + messages.soup_packet(b"+", b"hello") + encode_request(NEW, 1)
    assert (
        inbound.feed(data + messages.soup_packet(b"O") + encode_request(NEW, 2), batch) == _wire.DECODED | _wire.LOGOUT
    )
    assert len(batch) == 1
    assert inbound.packets == 4


def test_mutated_input_never_harms_and_a_good_stream_still_decodes():
    rng = random.Random(20_260_824)
    data = stream()
    batch = CommandBatch(64)
    inbound = _wire.Inbound(16_384, 4_096)
    faults = 0
    for _ in range(100_000):
        inbound = _wire.Inbound(8_192, 4_096)
        inbound.begin(1)
        mutated = bytearray(data)
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(len(mutated))
            action = rng.random()
            if action < 0.5:
                mutated[place] ^= 1 << rng.randrange(8)
            elif action < 0.7:
                mutated[place] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
            elif action < 0.85:
                del mutated[place : place + rng.randint(1, 9)]
            else:
                mutated[place:place] = rng.randbytes(rng.randint(1, 9))
        stop = inbound.feed(bytes(mutated), batch)
        assert stop in (0, 1, 4, 5, 8, 9)
        assert bool(stop & _wire.FAULT) == bool(inbound.fault_text())
        faults += bool(stop & _wire.FAULT)
        assert len(batch) <= len(ALL)
        batch.take(1, 0)
    assert faults > 20_000
    inbound = _wire.Inbound(8_192, 4_096)
    inbound.begin(2)
    assert inbound.feed(data, batch) == _wire.DECODED
    assert len(batch) == len(ALL)


# ------------------------------------------------------------------------------------------------------ outbound


def order_event(kind: EventKind, **values) -> bytes:
    defaults = dict(
        seq=1001, timestamp_ns=1_700_000_000_000_000_000, event_index=2, kind=int(kind), reason=0, session_id=77,
        instrument_id=7, session_seq=5, account_id=9, trader_id=3, desk_id=2, firm_id=1, msg_seq_in=44, order_id=1001,
        client_order_id="123", price_e8=10, quantity_e8=20, cum_quantity_e8=5, leaves_quantity_e8=15,
        display_quantity_e8=6, last_price_e8=11, last_quantity_e8=5, contra_order_id=999, fee_micro=-3,
        realised_pnl_micro=-4, position_e8=-20, detail=12, side=2, order_type=1, time_in_force=1, liquidity=1,
        order_flags=1, order_state=2, trade_kind=1, orig_client_order_id="122",
    )  # fmt: skip
    return records.ORDER_EVENT.pack(**{**defaults, **values})


def packets(data: bytes) -> list[tuple[bytes, bytes]]:
    out = []
    while data:
        length, kind = messages.SOUP_HEADER.unpack_from(data)
        out.append((kind, data[3 : 2 + length]))
        data = data[2 + length :]
    return out


def test_order_accepted_is_these_bytes():
    event = order_event(EventKind.ORDER_NEW)
    assert _wire.encode_events(event) == bytes.fromhex(
        "007a 53"  # length 122 = type 1 + header 8 + block 112 + empty text 1
        "7000 6500 6400 0000"
        # event, time, index, reason, kind, state
        "e903000000000000 00001ed1fe8c9717 02000000 0000 02 02 2c00000000000000"
        "7b00000000000000 e903000000000000 09000000 07000000"  # clOrdId 123, orderId, account, instrument
        "0a00000000000000 1400000000000000 0500000000000000 0f00000000000000 ecffffffffffffff"
        "02 01 01 01 0100 01 00 0600000000000000 00"
    ).replace(bytes.fromhex("00001ed1fe8c9717"), struct.pack("<q", 1_700_000_000_000_000_000))


ORDER_KINDS = [kind for kind in EventKind if kind <= EventKind.ORDER_STATUS]


@pytest.mark.parametrize("kind", ORDER_KINDS)
def test_every_order_event_gives_one_packet_with_its_fields(kind):
    event = order_event(kind, reason=int(Reason.CANCELLED_STP))
    ((soup, payload),) = packets(_wire.encode_events(event))
    report = messages.decode_report(payload)
    source = records.unpack_event(event)
    assert soup == b"S"
    assert (report.event_seq, report.client_seq, report.event_kind, report.reason) == (
        1001,
        44,
        kind,
        Reason.CANCELLED_STP,
    )
    shared = set(report.__struct_fields__) & set(source) - {"reserved"}
    assert len(shared) >= 17
    assert {n: getattr(report, n) for n in shared} == {n: source[n] for n in shared}
    assert report.cl_ord_id == 123
    if hasattr(report, "orig_cl_ord_id"):
        assert report.orig_cl_ord_id == 122


@pytest.mark.parametrize(
    ("text", "number", "sent"),
    [
        ("", 0, ""), ("1", 1, ""), ("0", 0, "0"), ("007", 0, "007"), ("ABC-9", 0, "ABC-9"), ("-5", 0, "-5"),
        (str(2**64 - 1), 2**64 - 1, ""), (str(2**64), 0, str(2**64)), ("9" * 36, 0, "9" * 36), ("x" * 36, 0, "x" * 36),
    ],
)  # fmt: skip
def test_client_order_ids_are_numbers_or_text(text, number, sent):
    for kind in (EventKind.ORDER_NEW, EventKind.ORDER_CANCELLED):
        event = order_event(kind, client_order_id=text, orig_client_order_id=text)
        ((_, payload),) = packets(_wire.encode_events(event))
        report = messages.decode_report(payload)
        assert (report.cl_ord_id, report.cl_ord_id_text) == (number, sent)
        if kind is EventKind.ORDER_CANCELLED:
            assert (report.orig_cl_ord_id, report.orig_cl_ord_id_text) == (number, sent)


def test_no_price_is_null():
    ((_, payload),) = packets(_wire.encode_events(order_event(EventKind.ORDER_NEW, price_e8=0, order_type=2)))
    assert messages.decode_report(payload).price_e8 is None


def test_session_mass_and_command_events():
    head = dict(seq=7, timestamp_ns=8, session_id=77, session_seq=1)
    state = records.SESSION_EVENT.pack(
        **head, kind=30, last_msg_seq_in=9, open_orders=10, cod_grace_ns=11, cod_flags=3, msg_seq_in=0
    )
    end = records.SESSION_EVENT.pack(**head, kind=14, last_msg_seq_in=9, open_orders=2)
    done = records.MASS_EVENT.pack(
        **head,
        kind=20,
        client_order_id="5",
        affected_count=6,
        target_id=7,
        scope=2,
        side=1,
        instrument_id=8,
        msg_seq_in=3,
    )
    refused = records.MASS_EVENT.pack(**head, kind=21, reason=81, client_order_id="FIX-1")
    config = records.CONFIG_EVENT.pack(**head, kind=41, reason=91, command_kind=20)
    found = [messages.decode_report(p) for _, p in packets(_wire.encode_events(state + end + done + refused + config))]
    assert [type(r).__name__ for r in found] == [
        "SessionState", "OrderStatusEnd", "MassCancelDone", "MassCancelRejected", "CommandResult",
    ]  # fmt: skip
    assert (found[0].last_client_seq, found[0].open_orders, found[0].cod_grace_ns, found[0].cod_flags) == (
        9,
        10,
        11,
        3,
    )
    assert (found[2].cl_ord_id, found[2].affected_count, found[2].target_id, found[2].instrument_id) == (5, 6, 7, 8)
    assert (found[2].scope, found[2].side, found[2].client_seq) == (2, 1, 3)
    assert (found[3].reason, found[3].cl_ord_id_text) == (Reason.PERMISSION_DENIED, "FIX-1")
    assert (found[4].reason, found[4].command_kind) == (Reason.INVALID_PARAMETER, 20)


def test_longest_report_fits_its_bound():
    longest = max(
        len(_wire.encode_events(order_event(kind, client_order_id="x" * 36, orig_client_order_id="y" * 36)))
        for kind in ORDER_KINDS
    )
    assert longest <= _wire.REPORT_BYTES
    assert (
        len(_wire.encode_events(order_event(EventKind.ORDER_CANCELLED, client_order_id="x" * 40))) <= _wire.REPORT_BYTES
    )


def test_partial_event_records_are_refused():
    with pytest.raises(ValueError, match="whole events"):
        _wire.encode_events(bytes(255))


def test_inbound_checks_its_sizes():
    with pytest.raises(ValueError, match="two packets"):
        _wire.Inbound(100, 4_096)
    inbound, batch = fresh()
    with pytest.raises(BufferError, match="free"):
        inbound.feed(bytes(20_000), batch)
