"""Section Q: what can be asked for."""

from __future__ import annotations

from gateway.fix.kit import requests as rq
from gateway.fix.kit.certification.context import Context, require
from gateway.fix.kit.certification.step import Section
from gateway.fix.kit.wire import FixMessage

STEPS = Section("Q", "Queries")


def _is_status(ctx: Context, report: FixMessage) -> bool:
    return report.get(17) == "0" and (report.get(20) == "3" if ctx.is_42 else report.get(150) == "I")


@STEPS.step(1, "Instruments")
def instruments(ctx: Context) -> None:
    """Every instrument with tick, lot and limits."""
    ctx.send(ctx.requests.security_list(ctx.next_id()))
    entries: list[FixMessage] = []
    while True:
        answer = ctx.expect("y")
        entries += answer.entries(146, 55)
        if answer.get(893, "Y") == "Y":
            break
    require(any(entry.get(55) == ctx.symbol for entry in entries), f"{ctx.symbol} should be among them")
    lacking = [entry.get(55) for entry in entries if not {969, 561, 562} <= {tag for tag, _ in entry.fields}]
    require(not lacking, f"without 969, 561 or 562: {lacking}")


@STEPS.step(2, "An instrument that is not there")
def instrument_not_there(ctx: Context) -> None:
    """560=2 and no entry."""
    ctx.send(ctx.requests.security_list(ctx.next_id(), "NO-SUCH-USD"))
    answer = ctx.expect("y")
    require(answer.get(560) == "2", f"560 should be 2: {answer.to_text()}")


@STEPS.step(3, "State of an instrument")
def security_status(ctx: Context) -> None:
    """35=f with 326."""
    request = ctx.next_id()
    ctx.send(ctx.requests.security_status(request, ctx.symbol))
    answer = ctx.expect("f", t324=request)
    require(answer.get(55) == ctx.symbol and 326 in answer, f"55 and 326: {answer.to_text()}")


@STEPS.step(4, "State of the venue")
def session_status(ctx: Context) -> None:
    """35=h with 340."""
    request = ctx.next_id()
    ctx.send(ctx.requests.session_status(request))
    require(340 in ctx.expect("h", t335=request), "340 should be there")


@STEPS.step(5, "State of an order")
def order_status(ctx: Context) -> None:
    """A status report with the order's terms."""
    order = ctx.rest()
    ctx.send(ctx.requests.order_status(order.get(11), ctx.symbol, rq.BUY))
    report = ctx.expect("8", t37=order.get(37))
    require(_is_status(ctx, report), f"a status report is expected: {report.to_text()}")
    same = all(report.get(tag) == order.get(tag) for tag in (11, 55, 54, 38, 44, 151, 39))
    require(same, f"the order's terms are expected: {report.to_text()}")


@STEPS.step(6, "State of an order that is not there")
def order_status_unknown(ctx: Context) -> None:
    """A status report with 39=8."""
    request = ctx.next_id()
    ctx.send(ctx.requests.order_status(request, ctx.symbol, rq.BUY))
    report = ctx.expect("8", t11=request)
    require((report.get(39), report.get(37)) == ("8", "NONE"), f"39=8 37=NONE: {report.to_text()}")


@STEPS.step(7, "All open orders")
def mass_status(ctx: Context) -> None:
    """One status report each; the last has 912=Y and their count in 911."""
    ids = {ctx.rest().get(37) for _ in range(3)}
    request = ctx.next_id()
    ctx.send(ctx.requests.mass_status(request))
    reports = [ctx.expect("8", t584=request) for _ in ids]
    require({report.get(37) for report in reports} == ids, "each open order once")
    require([report.get(912, "N") for report in reports] == ["N", "N", "Y"], "912=Y on the last alone")
    require(reports[-1].get(911) == "3", f"911 should be 3: {reports[-1].to_text()}")


@STEPS.step(8, "All open orders when there is none")
def mass_status_empty(ctx: Context) -> None:
    """35=UL with 911=0."""
    request = ctx.next_id()
    ctx.send(ctx.requests.mass_status(request))
    require(ctx.expect("UL", t584=request).get(911) == "0", "911 should be 0")


@STEPS.step(9, "Mass cancel of an instrument")
def mass_cancel_symbol(ctx: Context) -> None:
    """150=4 for each order, then 35=r with 531=1 and the count."""
    orders = {ctx.rest().get(37) for _ in range(2)}
    request = ctx.next_id()
    ctx.send(ctx.requests.mass_cancel(request, symbol=ctx.symbol))
    cancelled = {ctx.expect("8", t150="4").get(37) for _ in orders}
    answer = ctx.expect("r", t11=request)
    require(cancelled == orders, "each order once")
    require((answer.get(531), answer.get(533)) == ("1", "2"), f"531=1 533=2: {answer.to_text()}")


@STEPS.step(10, "Mass cancel of a side")
def mass_cancel_side(ctx: Context) -> None:
    """Orders of the other side stay."""
    buy, sell = ctx.rest(rq.BUY), ctx.rest(rq.SELL)
    request = ctx.next_id()
    ctx.send(ctx.requests.mass_cancel(request, side=rq.SELL))
    ctx.expect("8", t150="4", t37=sell.get(37))
    require(ctx.expect("r", t11=request).get(533) == "1", "533 should be 1")
    ctx.send(ctx.requests.order_status(buy.get(11), ctx.symbol, rq.BUY))
    require(ctx.expect("8", t37=buy.get(37)).get(39) == "0", "the other side's order should be open")


@STEPS.step(11, "Mass cancel of an instrument that is not there")
def mass_cancel_unknown(ctx: Context) -> None:
    """531=0 with 532=1."""
    request = ctx.next_id()
    ctx.send(ctx.requests.mass_cancel(request, symbol="NO-SUCH-USD"))
    answer = ctx.expect("r", t11=request)
    require((answer.get(531), answer.get(532)) == ("0", "1"), f"531=0 532=1: {answer.to_text()}")


@STEPS.step(12, "Mass action", only="50")
def mass_action(ctx: Context) -> None:
    """150=4 for each order, then 35=BZ with 1375=2 and the count."""
    ctx.rest()
    request = ctx.next_id()
    ctx.send(ctx.requests.mass_action(request, symbol=ctx.symbol))
    answer = ctx.expect("BZ", t11=request)
    require((answer.get(1375), answer.get(533)) == ("2", "1"), f"1375=2 533=1: {answer.to_text()}")
