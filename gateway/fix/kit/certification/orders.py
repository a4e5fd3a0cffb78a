"""Section O: order entry, changes, cancels, and refusals with their reasons."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from gateway.fix.kit import requests as rq
from gateway.fix.kit.certification.context import Context, require, text_of
from gateway.fix.kit.certification.step import Section
from gateway.fix.kit.wire import FixMessage
from gateway.fix.reasons import code_table

STEPS = Section("O", "Orders")


def _refused(ctx: Context, cl_ord_id: str, name: str) -> FixMessage:
    """The rejection of an order: 150=8, 39=8, the reason in 58, 20001 and 103."""
    report = ctx.expect("8", t11=cl_ord_id, t150="8", t39="8")
    ctx.expect_reason(report, name)
    number = int(report.get(20001))
    code = code_table("ord_rej", ctx.endpoint.begin_string)[number]
    require(report.get(103) == str(code), f"103 should be {code}: {report.to_text()}")
    return report


def _cancel_refused(ctx: Context, request_id: str, name: str, to: str) -> FixMessage:
    message = ctx.expect("9", t11=request_id)
    require(message.get(434) == to, f"434 should be {to}: {message.to_text()}")
    ctx.expect_reason(message, name)
    code = code_table("cxl_rej", ctx.endpoint.begin_string)[int(message.get(20001))]
    require(message.get(102) == str(code), f"102 should be {code}: {message.to_text()}")
    return message


@STEPS.step(1, "Limit order")
def limit_order(ctx: Context) -> None:
    """150=A first when the instrument has a speed bump, then 150=0 with the terms as sent."""
    cl_ord_id = ctx.place()
    if ctx.instrument.bump_s:
        pending = ctx.expect("8", t11=cl_ord_id)
        require(pending.get(150) == "A" and pending.get(39) == "A", f"150=A 39=A first: {pending.to_text()}")
    report = ctx.expect("8", t11=cl_ord_id, t150="0")
    sent = {55: ctx.symbol, 54: rq.BUY, 38: ctx.quantity(), 44: ctx.bid, 151: ctx.quantity(), 14: "0", 39: "0"}
    wrong = {tag: report.get(tag) for tag, value in sent.items() if report.get(tag) != value}
    require(not wrong, f"expected {sent}: {report.to_text()}")
    require(report.get(37).isdecimal() and report.get(17) != "0", f"37 and 17: {report.to_text()}")


@STEPS.step(2, "Cancel")
def cancel(ctx: Context) -> None:
    """150=4 with our request in 11 and the order's id in 41."""
    order = ctx.rest()
    request = ctx.next_id()
    ctx.send(ctx.requests.cancel(request, order.get(11), ctx.symbol, rq.BUY))
    report = ctx.expect("8", t150="4", t11=request)
    require((report.get(41), report.get(151)) == (order.get(11), "0"), f"41 and 151=0: {report.to_text()}")


@STEPS.step(3, "Cancel by OrderID")
def cancel_by_order_id(ctx: Context) -> None:
    """37 alone names the order."""
    order = ctx.rest()
    request = ctx.next_id()
    ctx.send(ctx.requests.cancel(request, "", ctx.symbol, rq.BUY, order_id=order.get(37)))
    ctx.expect("8", t150="4", t37=order.get(37))


@STEPS.step(4, "Change of price and quantity")
def replace(ctx: Context) -> None:
    """150=E first when there is a speed bump, then 150=5 with the new terms."""
    order = ctx.rest()
    request, quantity = ctx.next_id(), ctx.quantity(2)
    ctx.send(ctx.requests.replace(request, order.get(11), ctx.symbol, rq.BUY, quantity, price=_lower(ctx)))
    report = ctx.expect("8", t150="5", t11=request)
    require(
        (report.get(41), report.get(38), report.get(44)) == (order.get(11), quantity, _lower(ctx)),
        f"41, 38 and 44: {report.to_text()}",
    )
    require(report.get(37) == order.get(37), f"37 stays: {report.to_text()}")


@STEPS.step(5, "Cancel under the new id")
def cancel_after_replace(ctx: Context) -> None:
    """After a change 41 is the new ClOrdID, and the old one finds nothing."""
    order = ctx.rest()
    changed = ctx.next_id()
    ctx.send(ctx.requests.replace(changed, order.get(11), ctx.symbol, rq.BUY, ctx.quantity(2), price=ctx.bid))
    ctx.expect("8", t150="5", t11=changed)
    wrong, right = ctx.next_id(), ctx.next_id()
    ctx.send(ctx.requests.cancel(wrong, order.get(11), ctx.symbol, rq.BUY))
    _cancel_refused(ctx, wrong, "NO_SUCH_ORDER", "1")
    ctx.send(ctx.requests.cancel(right, changed, ctx.symbol, rq.BUY))
    ctx.expect("8", t150="4", t11=right)


@STEPS.step(6, "Cancel of an unknown order")
def cancel_unknown(ctx: Context) -> None:
    """35=9 with 434=1, 37=NONE and 39=8."""
    request = ctx.next_id()
    ctx.send(ctx.requests.cancel(request, ctx.next_id(), ctx.symbol, rq.BUY))
    message = _cancel_refused(ctx, request, "NO_SUCH_ORDER", "1")
    require((message.get(37), message.get(39)) == ("NONE", "8"), f"37=NONE 39=8: {message.to_text()}")


@STEPS.step(7, "Change of an unknown order")
def replace_unknown(ctx: Context) -> None:
    """35=9 with 434=2."""
    request = ctx.next_id()
    ctx.send(ctx.requests.replace(request, ctx.next_id(), ctx.symbol, rq.BUY, ctx.quantity(), price=ctx.bid))
    _cancel_refused(ctx, request, "CANNOT_MODIFY_NO_SUCH_ORDER", "2")


@STEPS.step(8, "ClOrdID that is open already")
def duplicate_id(ctx: Context) -> None:
    """REJECTED_DUPLICATE_CLORDID, 103=6."""
    order = ctx.rest()
    ctx.send(ctx.requests.order(order.get(11), ctx.symbol, rq.BUY, ctx.quantity(), price=ctx.bid))
    _refused(ctx, order.get(11), "REJECTED_DUPLICATE_CLORDID")


@STEPS.step(9, "PossResend of a known order")
def poss_resend(ctx: Context) -> None:
    """With 97=Y and a ClOrdID that is open nothing is entered a second time."""
    order = ctx.rest()
    ctx.send(ctx.requests.order(order.get(11), ctx.symbol, rq.BUY, ctx.quantity(), price=ctx.bid), t97="Y")
    ctx.alive()
    request = ctx.next_id()
    ctx.send(ctx.requests.mass_cancel(request))
    require(ctx.expect("r", t11=request).get(533) == "1", "one order should be open")


@STEPS.step(10, "Unknown instrument")
def unknown_symbol(ctx: Context) -> None:
    """BAD_SYMBOL, 103=1."""
    cl_ord_id = ctx.next_id()
    ctx.send(ctx.requests.order(cl_ord_id, "NO-SUCH-USD", rq.BUY, ctx.quantity(), price=ctx.bid))
    _refused(ctx, cl_ord_id, "BAD_SYMBOL")


@STEPS.step(11, "Unknown account")
def unknown_account(ctx: Context) -> None:
    """PERMISSION_DENIED."""
    cl_ord_id = ctx.next_id()
    _, body = ctx.requests.order(cl_ord_id, ctx.symbol, rq.BUY, ctx.quantity(), price=ctx.bid)
    ctx.send(("D", [*[(t, v) for t, v in body if t != 1], (1, "NO-SUCH-ACCOUNT")]))
    _refused(ctx, cl_ord_id, "PERMISSION_DENIED")


@STEPS.step(12, "Price between ticks")
def price_between_ticks(ctx: Context) -> None:
    """INVALID_TICK_SIZE_PRECISION_PRICE."""
    half = text_of(Decimal(ctx.bid) + ctx.instrument.tick / 2)
    _refused(ctx, ctx.place(price=half), "INVALID_TICK_SIZE_PRECISION_PRICE")


@STEPS.step(13, "Quantity between lots")
def quantity_between_lots(ctx: Context) -> None:
    """INVALID_TICK_SIZE_PRECISION_QUANTITY."""
    half = text_of(Decimal(ctx.quantity()) + ctx.instrument.lot / 2)
    _refused(ctx, ctx.place(quantity=half), "INVALID_TICK_SIZE_PRECISION_QUANTITY")


@STEPS.step(14, "Post-only")
def post_only(ctx: Context) -> None:
    """It rests at once and 18=6 is echoed."""
    report = ctx.rest(exec_inst="6")
    require(report.get(18) == "6", f"18 should be 6: {report.to_text()}")


@STEPS.step(15, "Post-only that would trade")
def post_only_crossing(ctx: Context) -> None:
    """REJECTED_ALO_WOULD_CROSS; the price is never changed."""
    ctx.rest(rq.SELL, exec_inst="6")
    _refused(ctx, ctx.place(rq.BUY, price=ctx.offer, exec_inst="6"), "REJECTED_ALO_WOULD_CROSS")


@STEPS.step(16, "Reduce-only without a position to reduce")
def reduce_only(ctx: Context) -> None:
    """REJECTED_REDUCE_ONLY on at least one side."""
    names = [ctx.place(side, exec_inst="E") for side in (rq.BUY, rq.SELL)]
    first = [ctx.expect("8", t11=name).get(58) for name in names]
    require(any(text.startswith("REJECTED_REDUCE_ONLY") for text in first), f"58 were {first}")


@STEPS.step(17, "Immediate or cancel")
def immediate_or_cancel(ctx: Context) -> None:
    """Without anything to trade with: 150=4 with IOC_CANCELLED."""
    report = ctx.expect("8", t11=ctx.place(time_in_force=rq.IOC), t150="4")
    ctx.expect_reason(report, "IOC_CANCELLED")


@STEPS.step(18, "Fill or kill")
def fill_or_kill(ctx: Context) -> None:
    """Without enough to trade with: 150=4 with FOK_CANCELLED."""
    report = ctx.expect("8", t11=ctx.place(time_in_force=rq.FOK), t150="4")
    ctx.expect_reason(report, "FOK_CANCELLED")


@STEPS.step(19, "Good till date")
def good_till_date(ctx: Context) -> None:
    """150=C at the time of 126."""
    end = rq.utc_text(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1 + ctx.instrument.bump_s))
    order = ctx.rest(time_in_force=rq.GTD, more=[(126, end)])
    report = ctx.peer.expect("8", 2 + ctx.plan.wait_s, t150="C", t11=order.get(11))
    require(report.get(39) == "C", f"39 should be C: {report.to_text()}")


@STEPS.step(20, "Good till a date that has passed")
def good_till_past(ctx: Context) -> None:
    """INVALID_TIME_IN_FORCE."""
    past = [(126, "20200101-00:00:00.000")]
    _refused(ctx, ctx.place(time_in_force=rq.GTD, more=past), "INVALID_TIME_IN_FORCE")


@STEPS.step(21, "Market order that would rest")
def market_order_that_would_rest(ctx: Context) -> None:
    """40=1 with 59=1: INVALID_TIME_IN_FORCE."""
    cl_ord_id = ctx.next_id()
    ctx.send(ctx.requests.order(cl_ord_id, ctx.symbol, rq.BUY, ctx.quantity(), order_type=rq.MARKET))
    _refused(ctx, cl_ord_id, "INVALID_TIME_IN_FORCE")


@STEPS.step(22, "Shown quantity")
def shown_quantity(ctx: Context) -> None:
    """A resting order shows what was asked for."""
    report = ctx.rest(quantity=ctx.quantity(3), display_quantity=ctx.quantity())
    require(report.get(151) == ctx.quantity(3), f"151 should be the whole: {report.to_text()}")


@STEPS.step(23, "Longest ClOrdID")
def longest_id(ctx: Context) -> None:
    """36 characters are taken and echoed, 37 are refused."""
    base = ctx.next_id()
    longest = base + "x" * (36 - len(base))
    ctx.send(ctx.requests.order(longest, ctx.symbol, rq.BUY, ctx.quantity(), price=ctx.bid))
    ctx.expect("8", t11=longest, t150="0")
    ctx.send(ctx.requests.order(longest + "x", ctx.symbol, rq.BUY, ctx.quantity(), price=ctx.bid))
    ctx.expect_reject(5, 11)


@STEPS.step(24, "Self-trade prevention")
def self_trade(ctx: Context) -> None:
    """An order of ours never trades with another of ours: 150=4 with CANCELLED_STP and the other order in 20003."""
    resting = ctx.rest(rq.SELL)
    ctx.place(rq.BUY, price=ctx.offer, more=[(2964, "2")])
    report = ctx.expect("8", t150="4", t37=resting.get(37))
    ctx.expect_reason(report, "CANCELLED_STP")
    require(20003 in report, f"20003 should name the other order: {report.to_text()}")


def _lower(ctx: Context) -> str:
    return text_of(Decimal(ctx.bid) - ctx.instrument.tick)
