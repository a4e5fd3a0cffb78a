"""Section C: cancel on disconnect as chosen at logon, and its receipt."""

from __future__ import annotations

import time

from gateway.fix.kit import requests as rq
from gateway.fix.kit.certification.context import Context, Disconnected, require
from gateway.fix.kit.certification.step import Section
from gateway.fix.kit.requests import Body
from gateway.fix.kit.wire import FixMessage

STEPS = Section("C", "Cancel on disconnect")


def _status(ctx: Context, order: FixMessage) -> str:
    """39 of an order as a status request tells it: 8 = not there."""
    request = ctx.requests.order_status(order.get(11), ctx.symbol, rq.BUY, order_id=order.get(37))
    ctx.send(request)
    while True:
        report = ctx.expect("8")
        if report.get(17) == "0":
            return report.get(39)


def _rest_with(ctx: Context, choice: Body) -> FixMessage:
    """Logs on with that choice and rests an order."""
    answer = ctx.relogon(choice)
    for tag, value in choice:
        require(answer.get(tag) == value, f"{tag} should be echoed as {value}: {answer.to_text()}")
    return ctx.rest()


@STEPS.step(1, "On loss of the line")
def on_loss(ctx: Context) -> None:
    """35002=1: after reconnecting, 150=4 with CANCELLED_DISCONNECT and a receipt with the count are there."""
    order = _rest_with(ctx, [(35002, "1")])
    ctx.peer.close()
    _expect_receipt(ctx, order)


@STEPS.step(2, "Not on logout")
def not_on_logout(ctx: Context) -> None:
    """35002=1: a Logout leaves the order on the book."""
    order = _rest_with(ctx, [(35002, "1")])
    ctx.peer.logout(ctx.plan.wait_s)
    ctx.relogon()
    require(_status(ctx, order) == "0", "the order should be open")


@STEPS.step(3, "On logout")
def on_logout(ctx: Context) -> None:
    """35002=2: the Logout cancels the order."""
    order = _rest_with(ctx, [(35002, "2")])
    ctx.peer.logout(ctx.plan.wait_s)
    _expect_receipt(ctx, order)


@STEPS.step(4, "Never")
def never(ctx: Context) -> None:
    """35002=0: the order outlives the line."""
    order = _rest_with(ctx, [(35002, "0")])
    ctx.peer.close()
    ctx.relogon([(35002, "0")])
    require(_status(ctx, order) == "0", "the order should be open")


@STEPS.step(5, "Back within the grace")
def within_the_grace(ctx: Context) -> None:
    """35003: a session that is back in time keeps its orders."""
    order = _rest_with(ctx, [(35002, "3"), (35003, "60000")])
    ctx.peer.close()
    ctx.relogon()
    require(_status(ctx, order) == "0", "the order should be open")


@STEPS.step(6, "Back after the grace")
def after_the_grace(ctx: Context) -> None:
    """35003: after it the orders are cancelled."""
    order = _rest_with(ctx, [(35002, "3"), (35003, "300")])
    ctx.peer.close()
    time.sleep(0.8)
    _expect_receipt(ctx, order)


@STEPS.step(7, "A grace of nothing")
def grace_of_nothing(ctx: Context) -> None:
    """35003=0 is refused with a Logout that says so."""
    ctx.peer.logout(ctx.plan.wait_s)
    try:
        ctx.relogon([(35003, "0")])
    except Disconnected as error:
        require("35003" in str(error), f"58 should name 35003: {error}")
        ctx.start_over()
        return
    require(False, "the Logon was let in")


def _expect_receipt(ctx: Context, order: FixMessage) -> None:
    """Reconnects and reads the cancel and its receipt, repeated or live."""
    mark = len(ctx.log)
    ctx.relogon()
    ctx.alive()
    came = [line for line in ctx.log[mark:] if line.startswith("< ")]
    cancels = [line for line in came if f"|37={order.get(37)}|" in line and "|150=4|" in line]
    require(len(cancels) == 1 and "|58=CANCELLED_DISCONNECT" in cancels[0], f"one 150=4 with its reason; came {came}")
    kind = "|35=BZ|" if ctx.endpoint.begin_string == "FIXT.1.1" else "|35=r|"
    receipts = [line for line in came if kind in line and "|11=" not in line]
    require(len(receipts) == 1 and "|533=1|" in receipts[0], f"one receipt with 533=1; came {came}")
