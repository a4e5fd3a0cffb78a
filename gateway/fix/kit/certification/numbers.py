"""Section N: message numbers, gaps, repetitions, resets, garbled bytes."""

from __future__ import annotations

import contextlib

from gateway.fix.kit.certification.context import Context, Disconnected, require
from gateway.fix.kit.certification.step import Section
from gateway.fix.kit.requests import utc_now
from gateway.fix.kit.wire import encode

STEPS = Section("N", "Numbers")
_LATER = "20990101-00:00:00.000"


@STEPS.step(1, "Number too high")
def number_too_high(ctx: Context) -> None:
    """Exactly one ResendRequest asks for everything from the gap on."""
    peer, gap = ctx.peer, ctx.numbers.out
    peer.send("0", seq=gap + 2)
    peer.send("0", seq=gap + 3)
    asked = ctx.expect("2")
    require((asked.get(7), asked.get(16)) == (str(gap), "0"), f"7={gap} 16=0 are expected: {asked.to_text()}")
    peer.expect_silence(0.3)
    peer.send("4", [(123, "Y"), (36, str(gap + 4))], header=[(43, "Y"), (122, utc_now())], seq=gap)
    ctx.numbers.out = gap + 4
    ctx.alive()


@STEPS.step(2, "Messages ahead of a gap are kept")
def messages_ahead_of_a_gap(ctx: Context) -> None:
    """A message that came early is processed once the gap is filled."""
    peer, gap = ctx.peer, ctx.numbers.out
    name = ctx.next_id()
    peer.send("1", [(112, name)], seq=gap + 1)
    ctx.expect("2", t7=str(gap))
    peer.send("4", [(123, "Y"), (36, str(gap + 1))], header=[(43, "Y"), (122, utc_now())], seq=gap)
    ctx.numbers.out = gap + 2
    ctx.expect("0", t112=name)
    ctx.alive()


@STEPS.step(3, "Number too low")
def number_too_low(ctx: Context) -> None:
    """Without 43=Y the venue logs out and names both numbers."""
    ours = ctx.numbers.out
    ctx.peer.send("0", seq=ours - 1)
    goodbye = ctx.expect("5")
    text = goodbye.get(58)
    require(str(ours) in text and str(ours - 1) in text, f"58 should name both numbers: {goodbye.to_text()}")
    ctx.peer.close()


@STEPS.step(4, "Repetition of what was taken")
def repetition(ctx: Context) -> None:
    """With 43=Y and 122 a number that was taken is passed over."""
    ctx.peer.send("0", seq=ctx.numbers.out - 1, header=[(43, "Y"), (122, utc_now())])
    ctx.alive()


@STEPS.step(5, "Repetition without OrigSendingTime")
def repetition_without_time(ctx: Context) -> None:
    """373=1 with 371=122."""
    ctx.peer.send("0", header=[(43, "Y")])
    ctx.expect_reject(1, 122)
    ctx.alive()


@STEPS.step(6, "OrigSendingTime after SendingTime")
def repetition_from_the_future(ctx: Context) -> None:
    """373=10."""
    ctx.peer.send("0", header=[(43, "Y"), (122, _LATER)])
    ctx.expect_reject(10)
    ctx.peer.close()


@STEPS.step(7, "Resend of session messages")
def resend_of_session_messages(ctx: Context) -> None:
    """They are not repeated: one gap fill with 43=Y covers them, under their first number."""
    ctx.relogon(reset=True)
    ctx.alive()
    ctx.alive()
    last = ctx.numbers.expected
    ctx.peer.send("2", [(7, "1"), (16, "0")])
    fill = ctx.expect("4")
    require(fill.seq == 1 and fill.get(43) == "Y" and fill.get(123) == "Y", f"34=1 43=Y 123=Y: {fill.to_text()}")
    require(fill.get(36) == str(last), f"36 should be {last}: {fill.to_text()}")
    ctx.numbers.expected = last
    ctx.alive()


@STEPS.step(8, "Resend that asks for too much")
def resend_too_much(ctx: Context) -> None:
    """A ResendRequest beyond the last number is answered up to the last."""
    last = ctx.numbers.expected
    ctx.peer.send("2", [(7, str(last - 1)), (16, str(last + 1000))])
    fill = ctx.expect("4")
    require(fill.get(36) == str(last), f"36 should be {last}: {fill.to_text()}")
    ctx.numbers.expected = last
    ctx.alive()


@STEPS.step(9, "SequenceReset forwards")
def reset_forwards(ctx: Context) -> None:
    """In reset mode 34 is ignored and 36 becomes the next number."""
    target = ctx.numbers.out + 10
    ctx.peer.send("4", [(123, "N"), (36, str(target))], seq=1)
    ctx.numbers.out = target
    ctx.alive()


@STEPS.step(10, "SequenceReset backwards")
def reset_backwards(ctx: Context) -> None:
    """373=5, and the expected number stays."""
    ctx.peer.send("4", [(36, str(ctx.numbers.out - 1))], seq=ctx.numbers.out)
    ctx.expect_reject(5)
    ctx.alive()


@STEPS.step(11, "Wrong CheckSum")
def wrong_checksum(ctx: Context) -> None:
    """The message is passed over and its number is not taken."""
    data = _heartbeat(ctx)
    wrong = (int(data[-4:-1]) + 1) % 256
    ctx.peer.send_bytes(data[:-4] + f"{wrong:03d}\x01".encode("ascii"))
    ctx.alive()


@STEPS.step(12, "CheckSum 256")
def checksum_256(ctx: Context) -> None:
    """No CheckSum is above 255: passed over."""
    ctx.peer.send_bytes(_heartbeat(ctx)[:-4] + b"256\x01")
    ctx.alive()


@STEPS.step(13, "Wrong BodyLength")
def wrong_body_length(ctx: Context) -> None:
    """The message is passed over and its number is not taken."""
    data = _heartbeat(ctx)
    start = data.index(b"9=") + 2
    end = data.index(b"\x01", start)
    ctx.peer.send_bytes(data[:start] + str(int(data[start:end]) - 3).encode("ascii") + data[end:])
    ctx.alive()


@STEPS.step(14, "Junk before a message")
def junk_before_a_message(ctx: Context) -> None:
    """Bytes before 8= are passed over."""
    name = ctx.next_id()
    fields = [*ctx.peer.header("1", ctx.numbers.out, utc_now()), (112, name)]
    ctx.peer.send_bytes(b"junk\x01" + encode(fields))
    ctx.numbers.out += 1
    ctx.expect("0", t112=name)


@STEPS.step(15, "Another BeginString")
def another_begin_string(ctx: Context) -> None:
    """The connection ends."""
    fields = ctx.peer.header("0", ctx.numbers.out, utc_now())
    other = "FIX.4.4" if ctx.endpoint.begin_string != "FIX.4.4" else "FIX.4.2"
    ctx.peer.send_fields([(8, other), *fields[1:]])
    ctx.peer.expect_disconnect(3 * ctx.plan.wait_s)
    ctx.start_over()


@STEPS.step(16, "Another SenderCompID")
def another_comp_id(ctx: Context) -> None:
    """373=9, then Logout."""
    fields = [(t, "SOMEONE-ELSE" if t == 49 else v) for t, v in ctx.peer.header("0", ctx.numbers.out, utc_now())]
    ctx.peer.send_fields(fields)
    ctx.numbers.out += 1
    ctx.expect_reject(9)
    _expect_logout(ctx)


@STEPS.step(17, "SendingTime off")
def sending_time_off(ctx: Context) -> None:
    """373=10, then Logout."""
    ctx.peer.send("0", sending_time="20200101-00:00:00.000")
    ctx.expect_reject(10)
    _expect_logout(ctx)


def _expect_logout(ctx: Context) -> None:
    ctx.expect("5")
    with contextlib.suppress(Disconnected):
        ctx.peer.send("5")
    ctx.peer.close()


def _heartbeat(ctx: Context) -> bytes:
    return encode(ctx.peer.header("0", ctx.numbers.out, utc_now()))
