"""The FIX session-level test cases 1 to 7 against the door, over sockets: each test carries the case's number.

Numbers and conditions are those of the FIX Trading Community's session-layer test cases and of the acceptance cases
that acceptors are usually measured by; scripts are our own. Every case runs for FIX 4.2, 4.4 and FIXT 1.1 unless it
concerns one version.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.fix_messages import FixClient, utc, wrap
from tests.fix_script import Play, d, number_of, ping, play, session_id, with_appl
from tests.fix_venue import FixVenue

__all__ = ["play", "session_id"]  # fixtures
pytestmark = pytest.mark.conformance


# ------------------------------------------------------------------------------------------------------ 1: logon


def test_1a_logon_with_the_expected_number_is_answered(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        answer = await client.log_on()
        assert (answer[34], answer[98], answer[108], answer.get(141)) == ("1", "0", "30", None)
        assert (await ping(client))[34] == "2"
        assert (await client.log_out())[34] == "3"

    play(script)


def test_1a_logon_too_high_is_answered_first_and_then_asked_for(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        client.next_out = 5
        await client.log_on()
        await client.expect("2", t34="2", t7="1", t16="0")
        assert (await client.log_out())[34] == "3"

    play(script)


def test_1b_second_live_logon_is_closed_without_a_word(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        twin = await venue.connect(number_of(client))
        twin.send(with_appl(client, "A|98=0|108=30|141=Y"), 1)
        await twin.closed()
        assert (await ping(client))[34] == "2"  # the first one's numbers were not reset

    play(script)


@pytest.mark.parametrize("who", [{"t49": "STRANGER"}, {"t56": "OTHER"}])
def test_1c_unknown_comp_ids_are_closed_without_a_word(play: Play, who: dict[str, str]) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        client.send(with_appl(client, "A|98=0|108=30"), **who)
        await client.closed()

    play(script)


def test_1d_logon_with_a_bad_sending_time_is_closed(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        client.send(with_appl(client, "A|98=0|108=30"), t52="20010101-00:00:00")
        await client.closed()

    play(script)


def test_1d_logon_of_another_version_is_closed(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        client.begin = "FIX.4.1"
        client.send("A|98=0|108=30")
        await client.closed()

    play(script)


@pytest.mark.parametrize("damage", [{"length": 40}, {"check_sum": "256"}])
def test_1d_garbled_first_logon_is_closed(play: Play, damage: dict) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        body = f"35=A|34=1|49={client.sender}|52={utc()}|56=VENUE|98=0|108=30"
        client.send_raw(wrap(client.begin, with_appl(client, body), **damage))
        await client.closed()

    play(script)


def test_1e_first_message_that_is_no_logon_is_closed(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        client.send("0")
        await client.closed()

    play(script)


def test_1_fixt_logon_without_default_appl_ver_id_is_closed(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        client.send("A|98=0|108=30")
        await client.closed()

    play(script, session_id=3)


@pytest.mark.parametrize(("heartbeat", "words"), [("0", "HeartBtInt must be 1 to 300 seconds"), ("301", "HeartBtInt")])
def test_1_heartbeat_interval_out_of_range_is_told(play: Play, heartbeat: str, words: str) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        client.send(with_appl(client, f"A|98=0|108={heartbeat}"))
        assert words in (await client.expect("5"))[58]
        await client.closed()

    play(script)


def test_1_logon_with_reset_starts_both_sides_at_1(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        for _ in range(5):
            await ping(client)
        await client.log_out()
        again = await venue.connect(number_of(client))
        answer = await again.log_on("98=0|108=30|141=Y")
        assert (answer[34], answer[141]) == ("1", "Y")
        assert (await ping(again))[34] == "2"

    play(script)


def test_1_numbers_go_on_after_a_reconnect(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        await ping(client)
        client.abort()
        await asyncio.sleep(0)
        while any(link.connection for link in venue.fix.links):
            await asyncio.sleep(0.01)
        again = await venue.connect(number_of(client))
        again.next_out = client.next_out
        assert (await again.log_on())[34] == "3"
        assert (await again.log_out())[34] == "4"

    play(script)


def test_1_next_expected_too_high_is_told_and_closed(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        client.send(with_appl(client, "A|98=0|108=30|789=7"))
        assert (await client.expect("5"))[58].startswith("NextExpectedMsgSeqNum too high")
        await client.closed()

    play(script)


def test_1_next_expected_behind_is_resent_without_being_asked(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send(d(client, t11="one"))
        await client.expect("8", t11="one", t34="2")
        await client.log_out()
        again = await venue.connect(number_of(client))
        again.next_out = client.next_out
        answer = await again.log_on("98=0|108=30|789=2")
        assert (answer[34], answer[789]) == ("4", str(again.next_out))
        await again.expect("8", t34="2", t43="Y", t11="one")
        await again.expect("4", t34="3", t36="5", t123="Y")
        assert (await ping(again))[34] == "5"

    play(script)


def test_1_next_expected_with_a_logon_too_high_asks_for_nothing(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        client.next_out = 4
        assert (await client.log_on("98=0|108=30|789=1"))[789] == "1"
        client.send("4|123=Y|36=5", 1, t43="Y")
        assert (await ping(client))[34] == "2"

    play(script)


# --------------------------------------------------------------------------------------------- 2: received numbers


def test_2b_too_high_is_asked_for_once_and_kept(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        for _ in range(3):
            client.send("0")
        client.send("0", 10)
        client.send("1|112=KEPT", 11)
        await client.expect("2", t34="2", t7="5", t16="0")
        for seq in range(5, 10):
            client.send("0", seq)
        await client.expect("0", t34="3", t112="KEPT")
        client.next_out = 12
        assert (await client.log_out())[34] == "4"

    play(script)


def test_2c_too_low_is_told_and_closed(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        for _ in range(3):
            client.send("0")
        client.send("0", 2)
        await client.expect("5", t34="2", t58="MsgSeqNum too low, expecting 5 but received 2")
        await client.closed()

    play(script)


def test_2d_garbled_messages_consume_no_number(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send_raw(wrap(client.begin, f"35=0|34=2|4garbled9={client.sender}|52={utc()}|56=VENUE"))
        client.send("0")
        client.send_raw(wrap(client.begin, f"35=D|34=3|49garbled={client.sender}|52={utc()}|56=VENUE|11=x"))
        client.send("0", 4)
        await client.expect("2", t34="2", t7="3")
        client.send(d(client, t11="three"), 3)
        await client.expect("8", t34="3", t11="three")
        client.next_out = 5
        assert (await client.log_out())[34] == "4"

    play(script)


def test_2e_poss_dup_that_was_received_is_ignored(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send(d(client, t11="one"))
        await client.expect("8", t11="one")
        client.send(d(client, t11="one"), 2, t43="Y", t122=utc(-1))
        assert (await ping(client))[34] == "3"

    play(script)


def test_2e_poss_dup_that_was_not_received_is_processed(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send(d(client, t11="one"), t43="Y", t122=utc(-1))
        await client.expect("8", t11="one", t150="0")

    play(script)


def test_2f_poss_dup_with_orig_sending_time_too_late(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send("0")
        client.send("0", 2, t43="Y", t122=utc(10))
        await client.expect("3", t34="2", t45="2", t372="0", t373="10")
        await client.expect("5", t34="3")
        client.send("5")
        await client.closed()

    play(script)


def test_2g_poss_dup_without_orig_sending_time(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send("0")
        client.send("0", 2, t43="Y")
        await client.expect("3", t34="2", t45="2", t371="122", t372="0", t373="1", t58="Required tag missing")
        assert (await ping(client))[34] == "3"  # the number did not move

    play(script)


@pytest.mark.parametrize("answers", [True, False])
def test_2i_wrong_begin_string_ends_the_session(play: Play, answers: bool) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        right, client.begin = client.begin, "FIX.4.1"
        client.send("1|112=x")
        await client.expect("5", t34="2", t58="Incorrect BeginString")
        if answers:
            client.begin = right
            client.send("5")
        await client.closed()

    play(script, logout_timeout_s=0.3)


@pytest.mark.parametrize("who", [{"t49": "OTHER"}, {"t56": "OTHER"}, {"t49": "OTHER", "t56": "OTHER"}])
def test_2k_wrong_comp_id_is_rejected_then_logout(play: Play, who: dict[str, str]) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send(d(client), **who)
        await client.expect("3", t34="2", t45="2", t372="D", t373="9", t58="CompID problem")
        await client.expect("5", t34="3")
        client.send("5")
        await client.closed()

    play(script)


def test_2m_body_length_too_short_is_skipped(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        body = f"35=0|34=2|49={client.sender}|52={utc()}|56=VENUE"
        client.send_raw(wrap(client.begin, body, length=30))
        client.send("0", 3)
        await client.expect("2", t34="2", t7="2")
        client.send("0", 2, t43="Y", t122=utc(-1))
        client.next_out = 4
        assert (await ping(client))[34] == "3"

    play(script)


def test_2m_body_length_too_long_swallows_what_it_covers(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        body = f"35=0|34=2|49={client.sender}|52={utc()}|56=VENUE"
        client.send_raw(wrap(client.begin, body, length=len(body) + 12))
        client.send("0", 3)  # goes down with it
        client.send("0", 2)
        client.send("0", 3)
        client.next_out = 4
        assert (await ping(client))[34] == "2"

    play(script)


@pytest.mark.parametrize("offset_s", [-121, 121])
def test_2o_sending_time_out_of_range(play: Play, offset_s: int) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send("0", t52=utc(offset_s))
        await client.expect("3", t34="2", t45="2", t372="0", t373="10", t58="SendingTime accuracy problem")
        await client.expect("5", t34="3")
        client.send("5")
        await client.closed()

    play(script)


def test_2q_invalid_msg_type(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send("*")
        await client.expect("3", t45="2", t372="*", t373="11", t58="Invalid MsgType")
        assert (await ping(client))[34] == "3"

    play(script)


@pytest.mark.parametrize("msg_type", ["8", "S", "E"])
def test_2r_known_and_unsupported_msg_type(play: Play, msg_type: str) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send(f"{msg_type}|37=id|17=id")
        await client.expect("j", t45="2", t372=msg_type, t380="3", t58="Unsupported Message Type")

    play(script)


def test_2t_first_three_fields_out_of_order(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send_raw(
            f"35=0\x018={client.begin}\x019=10\x0134=2\x0149={client.sender}\x0156=VENUE\x0110=121\x01".encode()
        )
        await ping(client)
        client.send_raw(wrap(client.begin, f"34=3|35=0|49={client.sender}|52={utc()}|56=VENUE"))
        assert (await ping(client))[34] == "3"

    play(script)


def test_2_junk_before_a_message_is_skipped(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send_raw(b"GET / HTTP/1.1\r\n58=\x01108=\x01")
        assert (await ping(client))[34] == "2"

    play(script)


def test_2_missing_msg_seq_num_ends_the_session(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send("0", t34=None)
        assert "MsgSeqNum" in (await client.expect("5"))[58]
        await client.closed()

    play(script)


# -------------------------------------------------------------------------------------------- 3 to 7: admin messages


@pytest.mark.parametrize("check_sum", ["256", "12", "abc"])
def test_3b_wrong_check_sum_is_skipped(play: Play, check_sum: str) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send_raw(wrap(client.begin, f"35=0|34=2|49={client.sender}|52={utc()}|56=VENUE", check_sum=check_sum))
        assert (await ping(client))[34] == "2"

    play(script)


def test_4a_heartbeats_come_in_the_clients_interval(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        loop = asyncio.get_running_loop()
        await client.log_on("98=0|108=1")
        started = loop.time()
        await client.expect("0", t34="2", t112="")
        assert 0.9 < loop.time() - started < 2.0

    play(script)


def test_4b_test_request_is_answered(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        assert (await ping(client, "A-1"))[34] == "2"

    play(script)


def test_6_silence_is_asked_about_and_then_ended(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on("98=0|108=1")
        message = await client.get()
        while message[35] == "0":
            message = await client.get()
        assert (message[35], message[112]) == ("1", "TEST")
        client.send("0|112=TEST")
        message = await client.get()
        while message[35] == "0":
            message = await client.get()
        assert message[35] == "1"
        assert {m[35] for m in await client.rest()} <= {"0"}

    play(script)


def test_7_reject_is_taken(play: Play) -> None:
    async def script(venue: FixVenue, client: FixClient) -> None:
        await client.log_on()
        client.send("3|45=1|58=no")
        assert (await ping(client))[34] == "2"

    play(script)
