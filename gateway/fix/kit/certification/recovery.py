"""Section R: what was missed comes once, and what was sent is not lost."""

from __future__ import annotations

from gateway.fix.kit import requests as rq
from gateway.fix.kit.certification.context import Context, require
from gateway.fix.kit.certification.step import Section

STEPS = Section("R", "Recovery")
_KEEP = [(35002, "0")]  # orders outlive the connection


@STEPS.step(1, "Resend of reports")
def resend_of_reports(ctx: Context) -> None:
    """43=Y, the first number, 122 with the first time, a new 52, the same content."""
    first = ctx.rest()
    number = first.seq
    ctx.peer.send("2", [(7, str(number)), (16, str(number))])
    again = ctx.expect("8", t34=str(number))
    require(again.get(43) == "Y" and again.get(122) == first.get(52), f"43=Y and 122: {again.to_text()}")
    header = {8, 9, 10, 34, 43, 52, 97, 122}
    same = [f for f in first.fields if f[0] not in header] == [f for f in again.fields if f[0] not in header]
    require(same, f"content should be as in {first.to_text()}: {again.to_text()}")
    ctx.alive()


@STEPS.step(2, "Resend over session messages")
def resend_over_session_messages(ctx: Context) -> None:
    """Reports are repeated one by one, session messages between them are filled."""
    start = ctx.numbers.expected
    ctx.rest()
    ctx.alive()
    ctx.rest()
    ctx.peer.send("2", [(7, str(start)), (16, "0")])
    expected, kinds = start, []
    last = ctx.numbers.expected
    while expected < last:
        message = ctx.peer.receive(ctx.plan.wait_s)
        require(message.seq == expected and message.get(43) == "Y", f"34={expected} 43=Y: {message.to_text()}")
        expected = int(message.get(36)) if message.msg_type == "4" else expected + 1
        kinds.append(message.msg_type)
    ctx.numbers.expected = max(ctx.numbers.expected, expected)
    require(kinds.count("8") >= 2 and "4" in kinds, f"reports and a gap fill are expected, came {kinds}")
    ctx.alive()


@STEPS.step(3, "Reports missed while away")
def reports_missed(ctx: Context) -> None:
    """What happens after the line was dropped is there after the next logon, once, with the numbers going on."""
    ctx.relogon(_KEEP)
    cl_ord_id = ctx.place()
    ctx.peer.close()
    ctx.relogon(_KEEP)

    def numbers() -> set[str]:
        """34 of every report, first or repeated, that the order is on the book."""
        news = [line for line in ctx.log if line.startswith("< ") and f"|11={cl_ord_id}|" in line and "|150=0|" in line]
        return {line.partition("|34=")[2].partition("|")[0] for line in news}

    while not numbers():  # the speed bump may hold it until after the logon
        ctx.peer.receive(ctx.plan.wait_s)
    ctx.alive()
    require(len(numbers()) == 1, f"150=0 of {cl_ord_id} came under the numbers {numbers()}")


@STEPS.step(4, "Missed reports with NextExpectedMsgSeqNum")
def missed_with_next_expected(ctx: Context) -> None:
    """With 789 in our Logon the venue repeats without being asked."""
    ctx.relogon(_KEEP)
    start = ctx.numbers.expected
    ctx.rest()
    ctx.peer.close()
    ctx.numbers.expected = start
    ctx.connect([*_KEEP, (789, str(start))])
    again = ctx.expect("8")
    require(again.get(43) == "Y" and again.seq == start, f"34={start} 43=Y: {again.to_text()}")
    while ctx.numbers.expected <= ctx.peer.highest:
        ctx.peer.receive(ctx.plan.wait_s)
    ctx.alive()


@STEPS.step(5, "Snapshot of open orders")
def snapshot(ctx: Context) -> None:
    """With 20011=Y every open order is reported after the logon, then 35=UL with the count."""
    ctx.relogon(_KEEP)
    ids = {ctx.rest().get(37), ctx.rest(rq.SELL).get(37)}
    ctx.peer.logout(ctx.plan.wait_s)
    ctx.connect([*_KEEP, (20011, "Y")])
    reported = {ctx.expect("8", t17="0").get(37) for _ in ids}
    require(reported == ids, f"open orders are {ids}, reported {reported}")
    require(ctx.expect("UL").get(911) == "2", "911 should be 2")
