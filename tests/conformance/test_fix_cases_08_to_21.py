"""The FIX session-level test cases 8 to 21 against the door, over sockets: each test carries the case's number.

Numbers and conditions are those of the FIX Trading Community's session-layer test cases and of the acceptance cases
that acceptors are usually measured by; scripts are our own. Every case runs for FIX 4.2, 4.4 and FIXT 1.1 unless it
concerns one version.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.fix_messages import FixClient, utc, wrap
from tests.fix_script import Play, d, ping, play, reason, session_id
from tests.fix_venue import FixVenue

__all__ = ["play", "session_id"]  # fixtures
pytestmark = pytest.mark.conformance


# --------------------------------------------------------------------------------------------------- 8: resends


def test_8_admin_messages_become_one_gap_fill(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        for _ in range(3):
            await ping(client)
        client.send("2|7=2|16=4")
        fill = await client.expect("4", t34="2", t36="5", t123="Y", t43="Y")
        assert fill[122] < fill[52]
        assert (await ping(client))[34] == "5"

    play(script)


def test_8_admin_and_application_messages(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        await ping(client)  # 2
        originals = {}
        for name in ("a", "b"):  # 3, 4
            client.send(d(client, t11=name))
            originals[name] = await client.expect("8", t11=name)
        await ping(client)  # 5
        client.send(d(client, t11="c"))  # 6
        originals["c"] = await client.expect("8", t11="c")
        await ping(client)  # 7
        client.send("2|7=1|16=0")
        await client.expect("4", t34="1", t36="3", t123="Y")
        for seq, name in (("3", "a"), ("4", "b")):
            again = await client.expect("8", t34=seq, t43="Y", t11=name)
            assert again[122] == originals[name][52]
            body = {tag: v for tag, v in again.all if tag not in (9, 10, 43, 52, 122)}
            assert body == {tag: v for tag, v in originals[name].all if tag not in (9, 10, 52)}
        await client.expect("4", t34="5", t36="6")
        await client.expect("8", t34="6", t43="Y", t11="c")
        await client.expect("4", t34="7", t36="8")
        client.send("2|7=3|16=3")
        await client.expect("8", t34="3", t11="a")
        assert (await ping(client))[34] == "8"

    play(script)


@pytest.mark.parametrize(("wanted", "tag"), [("7=99|16=0", "7"), ("7=0|16=0", "7"), ("7=2|16=1", "16")])
def test_8_resend_request_for_what_never_was(play: Play, wanted: str, tag: str) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        await ping(client)
        client.send(f"2|{wanted}")
        await client.expect("3", t371=tag, t372="2", t373="5")

    play(script)


def test_8_business_rejects_are_sent_again(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send("E|66=1")
        first = await client.expect("j", t34="2")
        client.send("2|7=1|16=0")
        await client.expect("4", t34="1", t36="2")
        again = await client.expect("j", t34="2", t43="Y", t45="2", t380="3")
        assert again[122] == first[52]

    play(script)


# --------------------------------------------------------------------------------------- 10, 11: sequence reset


def test_10_gap_fill_with_the_expected_number(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send("4|36=20|123=Y", 2)
        client.next_out = 20
        assert (await ping(client))[34] == "2"

    play(script)


def test_10_gap_fill_with_a_number_too_high(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send("4|36=20|123=Y", 10)
        client.send("1|112=HELLO", 20)
        await client.expect("2", t34="2", t7="2", t16="0")
        assert (await client.log_out(2))[34] == "3"

    play(script)


def test_10_gap_fill_with_a_number_too_low(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send("4|36=20|123=Y", 1, t43="Y", t122=utc(-1))
        await ping(client)
        client.send("4|36=20|123=Y", 1)
        await client.expect("5", t34="3", t58="MsgSeqNum too low, expecting 3 but received 1")
        await client.closed()

    play(script)


def test_10_gap_fill_that_goes_back_is_rejected(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send("4|36=1|123=Y", 2)
        await client.expect("3", t45="2", t372="4", t373="5")

    play(script)


@pytest.mark.parametrize("flag", ["", "|123=N"])
@pytest.mark.parametrize("seq", [0, 2, 77])
def test_11a_sequence_reset_forward_ignores_its_own_number(play: Play, flag: str, seq: int) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send(f"4|36=20{flag}", seq)
        client.next_out = 20
        assert (await ping(client))[34] == "2"

    play(script)


def test_11b_sequence_reset_to_the_expected_number(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send("4|36=2", 0)
        assert (await ping(client))[34] == "2"

    play(script)


@pytest.mark.parametrize("flag", ["", "|123=N"])
def test_11c_sequence_reset_backward_is_rejected_and_moves_nothing(play: Play, flag: str) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send(f"4|36=1{flag}", 0)
        await client.expect("3", t34="2", t45="0", t371="", t372="4", t373="5")
        assert (await ping(client))[34] == "3"

    play(script)


# ------------------------------------------------------------------------------------------------- 13: logout


def test_13b_logout_is_answered_and_closed(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        assert (await client.log_out())[34] == "2"

    play(script)


@pytest.mark.parametrize("seq", [1, 50])
def test_13_logout_is_answered_whatever_its_number(play: Play, seq: int) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        assert (await client.log_out(seq))[34] == "2"

    play(script)


def test_13_venue_that_closes_waits_for_the_answer(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        stopping = asyncio.create_task(venue.fix.stop("maintenance"))
        await client.expect("5", t34="2", t58="maintenance")
        client.send(d(client))  # in flight: neither taken nor consumed
        client.send("5")
        await client.closed()
        await stopping
        venue.fix.stop = lambda: asyncio.sleep(0)  # type: ignore[method-assign,assignment,misc]

    play(script)


# ------------------------------------------------------------------------------------------- 14: bad messages

BAD_FIELDS = [
    ("14a_999", "0|999=HI", "999", 0),
    ("14a_0", "0|0=HI", "0", 0),
    ("14a_minus_1", "0|-1=HI", "-1", 0),
    ("14a_5000", "0|5000=HI", "5000", 0),
    ("14c_not_of_the_message", "0|55=MSFT", "55", 2),
    ("14d_empty", "1|112=", "112", 4),
    ("14e_enumeration", "D|11=ID|21=4|40=2|44=1|54=1|38=1|55=AAPL-USD|60={utc}", "21", 5),
    ("14e_side", "D|11=ID|40=2|44=1|54=X|38=1|55=AAPL-USD|60={utc}", "54", 5),
    ("14f_plus", "D|11=ID|40=1|54=1|38=+200.00|55=AAPL-USD|60={utc}", "38", 6),
    ("14f_time", "D|11=ID|40=1|54=1|38=1|55=AAPL-USD|60=20261301-00:00:00", "60", 6),
    ("14f_too_many_digits", "D|11=ID|40=2|44=1.000000001|54=1|38=1|55=AAPL-USD|60={utc}", "44", 5),
    ("14h_repeated", "D|11=ID|40=1|40=2|54=1|38=200.00|55=AAPL-USD|60={utc}", "40", 13),
    ("14i_group_count", "D|11=ID|40=1|54=1|38=200.00|55=AAPL-USD|386=3|336=PRE|336=AFTER|60={utc}", "386", 16),
    ("14i_group_without_entries", "D|11=ID|40=1|54=1|38=200.00|55=AAPL-USD|386=1|60={utc}", "386", 16),
]


@pytest.mark.parametrize(("text", "tag", "code"), [b[1:] for b in BAD_FIELDS], ids=[b[0] for b in BAD_FIELDS])
def test_14_bad_fields_are_rejected_and_consumed(play: Play, text: str, tag: str, code: int) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        words = text.replace("{utc}", utc())
        if client.begin != "FIXT.1.1" and words.startswith("D") and "21=" not in words:
            words = words.replace("|40=", "|21=1|40=", 1)
        client.send(words)
        await client.expect("3", t34="2", t45="2", t371=tag, t372=words[0], **reason(client, code))
        assert (await ping(client))[34] == "3"

    play(script)


def test_14b_required_field_missing_in_header_and_body(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send("0", t56=None)
        await client.expect("3", t34="2", t371="56", t372="0", t373="1")
        client.send(d(client, t55=""))
        await client.expect("3", t34="3", t371="55", t372="D", t373="1")

    play(script)


def test_14d_empty_target_comp_id(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send("0", t56="")
        await client.expect("3", t34="2", t371="56", t372="0", t373="4", t58="Tag specified without a value")

    play(script)


def test_14f_leading_zeros_are_a_number(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send(d(client, t38="002.000000000"))
        assert (await client.expect("8", t150="0"))[38] == "2"

    play(script)


@pytest.mark.parametrize("first", ["11=id|40=2|44=90|54=1|38=1|55=AAPL-USD|60={utc}", "55=AAPL-USD"])
def test_14g_header_field_after_the_body(play: Play, first: str) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        rest = "" if "60=" in first else f"|11=id|40=2|44=90|54=1|38=1|60={utc()}"
        body = f"35=D|{first.replace('{utc}', utc())}|34=2|49={client.sender}|52={utc()}|56=VENUE{rest}"
        client.send_raw(wrap(client.begin, body))
        await client.expect("3", t34="2", t371="34", t372="D", **reason(client, 14))

    play(script)


def test_14_long_client_id_is_rejected(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send(d(client, t11="x" * 37))
        await client.expect("3", t371="11", t372="D", t373="5")
        client.send(d(client, t11="x" * 36))
        await client.expect("8", t11="x" * 36, t150="0")

    play(script)


# ------------------------------------------------------------------------------- 15 to 21, and what acceptors get wrong


def test_15_fields_in_any_order(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        tail = "" if client.begin == "FIXT.1.1" else "|21=3"
        body = (
            f"35=D|49={client.sender}|34=2|56=VENUE|52={utc()}|44=90|40=2|38=1|55=AAPL-USD|60={utc()}|54=1{tail}|11=id"
        )
        client.send_raw(wrap(client.begin, body))
        await client.expect("8", t11="id", t150="0")

    play(script)


def test_19a_possible_resend_of_a_known_order_is_not_executed_again(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send(d(client, t11="one"))
        first = await client.expect("8", t11="one", t150="0")
        client.send(d(client, t11="one"), t97="Y")
        again = await client.expect("8", t11="one", t37=first[37], t17="0")
        assert again[39] == "0"
        client.send("F|11=x|41=one|55=AAPL-USD|54=1|60=" + utc())
        await client.expect("8", t150="4")
        client.send(d(client, t11="one"), t97="Y")  # it has ended, and is known all the same
        await client.expect("8", t11="one", t39="4", t17="0")

    play(script)


def test_19b_possible_resend_of_a_new_order_is_executed(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send(d(client, t11="one"), t97="Y")
        await client.expect("8", t11="one", t150="0")
        assert (await ping(client))[34] == "3"

    play(script)


def test_20_simultaneous_resend_requests(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        for name in ("a", "b"):
            client.send(d(client, t11=name))
            await client.expect("8", t11=name)
        client.send("0", 7)
        await client.expect("2", t34="4", t7="4", t16="0")
        client.send("2|7=2|16=3", 8)
        await client.expect("8", t34="2", t43="Y", t11="a")
        await client.expect("8", t34="3", t43="Y", t11="b")
        for seq in (4, 5, 6):
            client.send("0", seq, t43="Y", t122=utc(-1))
        client.next_out = 9
        assert (await ping(client))[34] == "5"

    play(script)


def test_21_group_count_of_zero_is_legal(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send(d(client, t386="0"))
        await client.expect("8", t150="0")

    play(script)


def test_kept_messages_follow_a_gap_that_a_rejected_message_filled(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send("1|112=HELLO1", 3)
        await client.expect("2", t34="2", t7="2", t16="0")
        client.send("0|112=x|112=y", 2, t43="Y", t122=utc(-1))
        await client.expect("3", t34="3", t45="2")
        await client.expect("0", t34="4", t112="HELLO1")
        client.next_out = 4
        assert (await ping(client, "HELLO2"))[34] == "5"

    play(script)


def test_logon_with_reset_in_session(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send(d(client, t11="before"))
        await client.expect("8", t11="before")
        client.next_out = 1
        answer = await client.log_on("98=0|108=30|141=Y")
        assert (answer[34], answer[141]) == ("1", "Y")
        assert (await ping(client))[34] == "2"
        client.send(d(client, t11="after"))  # the engine's numbers go on: it is no repeat
        await client.expect("8", t11="after", t34="3", t150="0")

    play(script)


def test_reverse_routing_on_answers(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send("0|999=x", t115="JCD", t116="CS", t144="BOSTON")
        await client.expect("3", t128="JCD", t129="CS", t145="BOSTON", t115="")
        client.send("0|999=x", t128="JCD", t129="CS")
        await client.expect("3", t115="JCD", t116="CS", t128="")
        client.send("0", t115="")
        await client.expect("3", t371="115", t373="4", t128="")

    play(script)


def test_too_many_messages_ahead_of_a_gap_end_the_session(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        for seq in range(10, 16):
            client.send("0", seq)
        await client.expect("2")
        assert "message 2 was asked for" in (await client.expect("5"))[58]
        await client.closed()

    play(script, queue_messages_max=5)


def test_throttle_rejects_and_then_ends(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        answer = await client.log_on()
        assert (answer[1610], answer[1611], answer[1613]) == ("2", "2", "3")
        for i in range(8):
            client.send(d(client, t11=f"o{i}"))
        messages = await client.rest()
        kinds = [message[35] for message in messages]
        assert {(m[20001], m[20005]) for m in messages if m[35] == "j"} == {("97", "1000")}
        assert (kinds.count("8"), kinds.count("5")) == (2, 1)  # the Logon was the first of three
        assert kinds.count("j") >= 3

    play(script, reject_per_s=3, logout_per_s=6, logout_timeout_s=0.5)
