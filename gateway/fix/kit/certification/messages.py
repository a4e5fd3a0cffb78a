"""Section M: messages that break the dictionary, each refused with the reason that FIX has for it."""

from __future__ import annotations

from decimal import Decimal

from gateway.fix.kit import requests as rq
from gateway.fix.kit.certification.context import Context, require
from gateway.fix.kit.certification.step import Section
from gateway.fix.kit.requests import Body

STEPS = Section("M", "Messages")


def _order(ctx: Context, **changes: str) -> Body:
    """A good order with some fields changed; an empty text leaves the field out."""
    _, body = ctx.requests.order(ctx.next_id(), ctx.symbol, rq.BUY, ctx.quantity(), price=ctx.bid)
    changed = {int(name.removeprefix("t")): value for name, value in changes.items()}
    return [(tag, changed.get(tag, value)) for tag, value in body if changed.get(tag) != ""]


@STEPS.step(1, "MsgType that FIX does not have")
def unknown_type(ctx: Context) -> None:
    """35=3 with 373=11 and 372."""
    ctx.peer.send("ZZ")
    message = ctx.expect_reject(11)
    require(message.get(372) == "ZZ", f"372 should be ZZ: {message.to_text()}")
    ctx.alive()


@STEPS.step(2, "MsgType that the venue does not take")
def unsupported_type(ctx: Context) -> None:
    """35=j with 380=3."""
    ctx.peer.send("J")
    message = ctx.expect("j")
    require((message.get(380), message.get(372)) == ("3", "J"), f"380=3 372=J: {message.to_text()}")
    ctx.alive()


@STEPS.step(3, "Required tag missing")
def required_tag_missing(ctx: Context) -> None:
    """373=1 with the tag in 371."""
    ctx.peer.send("D", _order(ctx, t55=""))
    ctx.expect_reject(1, 55)


@STEPS.step(4, "Tag without a value")
def tag_without_value(ctx: Context) -> None:
    """373=4."""
    body = [(tag, "" if tag == 55 else value) for tag, value in _order(ctx)]
    ctx.peer.send("D", body)
    ctx.expect_reject(4, 55)


@STEPS.step(5, "Tag that the message does not have")
def tag_not_of_message(ctx: Context) -> None:
    """373=2."""
    ctx.peer.send("0", [(55, "X")])
    ctx.expect_reject(2, 55)


@STEPS.step(6, "Tag that the dictionary does not have")
def tag_unknown(ctx: Context) -> None:
    """373=0."""
    ctx.peer.send("0", [(4999, "X")])
    ctx.expect_reject(0, 4999)


@STEPS.step(7, "Value out of the enumeration")
def value_out_of_range(ctx: Context) -> None:
    """373=5."""
    ctx.peer.send("D", _order(ctx, t54="9"))
    ctx.expect_reject(5, 54)


@STEPS.step(8, "Number with a plus sign")
def number_with_plus(ctx: Context) -> None:
    """373=6."""
    ctx.peer.send("D", _order(ctx, t38="+1"))
    ctx.expect_reject(6, 38)


@STEPS.step(9, "Time that is none")
def time_that_is_none(ctx: Context) -> None:
    """373=6."""
    ctx.peer.send("D", _order(ctx, t60="today"))
    ctx.expect_reject(6, 60)


@STEPS.step(10, "Tag twice")
def tag_twice(ctx: Context) -> None:
    """373=13 (4.2: 371 and 58 only)."""
    ctx.peer.send("D", [*_order(ctx), (40, "2")])
    ctx.expect_reject(13, 40)


@STEPS.step(11, "Header field in the body")
def header_field_in_body(ctx: Context) -> None:
    """373=14 (4.2: 371 and 58 only) naming the late tag."""
    ctx.peer.send("D", [*_order(ctx), (57, "DESK")])
    ctx.expect_reject(14, 57)


@STEPS.step(12, "Wrong group count")
def wrong_group_count(ctx: Context) -> None:
    """373=16 (4.2: 371 and 58 only)."""
    ctx.peer.send("D", [*_order(ctx), (386, "3"), (336, "A"), (336, "B")])
    ctx.expect_reject(16, 386)


@STEPS.step(13, "Condition not met")
def condition_not_met(ctx: Context) -> None:
    """A limit order without 44 is 35=j with 380=5, and 58 names the tag."""
    ctx.peer.send("D", _order(ctx, t44=""))
    message = ctx.expect("j")
    require(message.get(380) == "5" and "(44)" in (message.get(58) or ""), f"380=5, 58 with (44): {message.to_text()}")


@STEPS.step(14, "A refused message uses its number")
def refused_message_uses_its_number(ctx: Context) -> None:
    """45 has the number of the refused message, and the next one is taken."""
    number = ctx.numbers.out
    ctx.peer.send("D", _order(ctx, t54="9"))
    message = ctx.expect_reject(5)
    require(message.get(45) == str(number), f"45 should be {number}: {message.to_text()}")
    ctx.alive()


@STEPS.step(15, "Decimals are echoed by value")
def leading_zeros(ctx: Context) -> None:
    """Leading and trailing zeros are allowed."""
    quantity = "000" + ctx.quantity() + ("0" if "." in ctx.quantity() else ".0")
    report = ctx.rest(quantity=quantity)
    require(Decimal(report.get(38)) == Decimal(quantity), f"38 should equal {quantity}: {report.to_text()}")
    ctx.clean()


@STEPS.step(16, "Routing fields come back")
def routing_fields(ctx: Context) -> None:
    """115 and 116 come back as 128 and 129."""
    ctx.send(ctx.requests.order_status(ctx.next_id(), ctx.symbol, rq.BUY), t115="CLIENT", t116="DESK")
    message = ctx.expect("8")
    require((message.get(128), message.get(129)) == ("CLIENT", "DESK"), f"128 and 129: {message.to_text()}")
