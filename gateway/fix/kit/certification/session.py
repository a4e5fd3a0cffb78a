"""Section S: who may come in, heartbeats, the way out."""

from __future__ import annotations

import dataclasses

from gateway.fix.kit.certification.context import Context, Disconnected, NoMessage, Skipped, require
from gateway.fix.kit.certification.step import Section
from gateway.fix.kit.peer import Numbers, Peer

STEPS = Section("S", "Session")
_SHORT = 1  # HeartBtInt of the steps that wait for silence, seconds
_STALE = "20200101-00:00:00.000"


def _refused(peer: Peer, timeout_s: float) -> list[str]:
    """MsgTypes that came before the venue closed the connection."""
    return [message.msg_type for message in peer.expect_disconnect(timeout_s)]


@STEPS.step(1, "Logon with reset")
def logon_with_reset(ctx: Context) -> None:
    """The answer has 141=Y, number 1, our 108, and says which cancel on disconnect is in force."""
    answer = ctx.relogon(reset=True)
    require(answer.get(141) == "Y" and answer.seq == 1, f"141=Y and 34=1 are expected: {answer.to_text()}")
    require(answer.get(108) == str(ctx.endpoint.heartbeat_s), f"108 should be ours: {answer.to_text()}")
    require(answer.get(35002) in ("0", "1", "2", "3"), f"35002 should be there: {answer.to_text()}")
    ctx.alive()


@STEPS.step(2, "Logon that goes on")
def logon_that_goes_on(ctx: Context) -> None:
    """After a Logout both sides' numbers go on where they were."""
    ctx.peer.logout(ctx.plan.wait_s)
    expected, ours = ctx.numbers.expected, ctx.numbers.out
    answer = ctx.relogon()
    require(answer.seq == expected, f"34 should be {expected}: {answer.to_text()}")
    require(ctx.numbers.out == ours + 1, "our number should have gone on by one")
    ctx.alive()


@STEPS.step(3, "Logon with NextExpectedMsgSeqNum")
def logon_with_next_expected(ctx: Context) -> None:
    """With 789 on both sides nothing is asked for again."""
    ctx.peer.logout(ctx.plan.wait_s)
    answer = ctx.relogon([(789, str(ctx.numbers.expected))])
    require(answer.get(789) == str(ctx.numbers.out), f"789 should be {ctx.numbers.out}: {answer.to_text()}")
    ctx.alive()


@STEPS.step(4, "Reset within the session")
def reset_within_the_session(ctx: Context) -> None:
    """A Logon with 141=Y and number 1 on a live session is answered as number 1, and both sides go on from there."""
    peer = ctx.peer
    answer = peer.logon(reset=True, timeout_s=ctx.plan.wait_s)
    require(answer.get(141) == "Y" and answer.seq == 1, f"141=Y and 34=1 are expected: {answer.to_text()}")
    ctx.numbers.expected = 2
    ctx.alive()


@STEPS.step(5, "Heartbeats in silence")
def heartbeats_in_silence(ctx: Context) -> None:
    """After 108 seconds without a message the venue sends a Heartbeat."""
    ctx.relogon(heartbeat_s=_SHORT)
    ctx.peer.expect("0", 3 * _SHORT)


@STEPS.step(6, "TestRequest is answered")
def test_request_is_answered(ctx: Context) -> None:
    """The Heartbeat has our 112."""
    ctx.alive()


@STEPS.step(7, "The venue asks when we are silent")
def venue_asks(ctx: Context) -> None:
    """A TestRequest comes after 1.2 intervals of silence; answered, the session stays."""
    ctx.relogon(heartbeat_s=_SHORT)
    ctx.peer.expect("1", 4 * _SHORT)
    ctx.alive()


@STEPS.step(8, "The venue gives up a dead line")
def venue_gives_up(ctx: Context) -> None:
    """A TestRequest without answer ends the connection within two more intervals."""
    ctx.relogon(heartbeat_s=_SHORT)
    ctx.peer.answers_test_requests = False
    ctx.peer.expect("1", 4 * _SHORT)
    ctx.peer.expect_disconnect(4 * _SHORT)


@STEPS.step(9, "Logout is answered")
def logout_is_answered(ctx: Context) -> None:
    """A Logout comes back and the connection ends."""
    ctx.peer.send("5")
    ctx.expect("5")
    ctx.peer.close()


@STEPS.step(10, "First message is no Logon")
def first_message_is_no_logon(ctx: Context) -> None:
    """The connection is closed without a message."""
    ctx.peer.logout(ctx.plan.wait_s)
    peer = ctx.new_peer()
    peer.connect(ctx.plan.wait_s)
    peer.send("0", seq=ctx.numbers.out)
    came = _refused(peer, ctx.plan.wait_s)
    require(not came, f"no message is expected, came 35={came}")


@STEPS.step(11, "Second connection of a live session")
def second_connection(ctx: Context) -> None:
    """It is closed without a message, and the first goes on undisturbed."""
    ctx.alive()
    second = Peer(ctx.endpoint, Numbers(ctx.numbers.out, ctx.numbers.expected), ctx.log)
    second.connect(ctx.plan.wait_s)
    try:
        second.logon(timeout_s=ctx.plan.wait_s)
    except Disconnected:
        second.close()
    else:
        second.close()
        require(False, "the second connection was let in")
    ctx.alive()


@STEPS.step(12, "Wrong credentials")
def wrong_credentials(ctx: Context) -> None:
    """The Logon is refused and the session keeps its numbers."""
    endpoint = ctx.endpoint
    if endpoint.private_key is not None or not endpoint.password:
        raise Skipped("the session has no password")
    ctx.peer.logout(ctx.plan.wait_s)
    wrong = dataclasses.replace(endpoint, password=endpoint.password + "x")
    peer = Peer(wrong, Numbers(ctx.numbers.out, ctx.numbers.expected), ctx.log)
    _expect_refusal(peer, ctx.plan.wait_s)
    _again(ctx)


@STEPS.step(13, "Forged signature")
def forged_signature(ctx: Context) -> None:
    """A signature of another time is refused."""
    if ctx.endpoint.private_key is None:
        raise Skipped("the session has no key")
    ctx.peer.logout(ctx.plan.wait_s)
    peer = Peer(ctx.endpoint, Numbers(ctx.numbers.out, ctx.numbers.expected), ctx.log)
    peer.connect(ctx.plan.wait_s)
    peer.send("A", peer.logon_body(ctx.numbers.out, _STALE))
    require("A" not in _refused(peer, ctx.plan.wait_s), "the Logon was let in")
    _again(ctx)


@STEPS.step(14, "Unknown SenderCompID")
def unknown_comp_id(ctx: Context) -> None:
    """The Logon is refused."""
    unknown = dataclasses.replace(ctx.endpoint, sender_comp_id="NOBODY-AT-ALL")
    _expect_refusal(Peer(unknown, Numbers(), ctx.log), ctx.plan.wait_s)


@STEPS.step(15, "Logon with a wrong clock")
def logon_with_wrong_clock(ctx: Context) -> None:
    """A Logon whose SendingTime is far off is refused."""
    ctx.peer.logout(ctx.plan.wait_s)
    peer = Peer(ctx.endpoint, Numbers(ctx.numbers.out, ctx.numbers.expected), ctx.log)
    peer.connect(ctx.plan.wait_s)
    peer.send("A", peer.logon_body(ctx.numbers.out, _STALE), sending_time=_STALE)
    require("A" not in _refused(peer, ctx.plan.wait_s), "the Logon was let in")
    ctx.start_over()


def _expect_refusal(peer: Peer, timeout_s: float) -> None:
    try:
        peer.logon(timeout_s=timeout_s)
    except Disconnected:
        peer.close()
        return
    except NoMessage:
        pass
    peer.close()
    require(False, "the Logon was let in")


def _again(ctx: Context) -> None:
    """The right logon still works; a refused one may have used a number, so it starts over."""
    ctx.start_over()
    ctx.relogon()
    ctx.alive()
