"""Section T: trades with a second session of the firm's own."""

from __future__ import annotations

from decimal import Decimal

from gateway.fix.kit import requests as rq
from gateway.fix.kit.certification.check import checker
from gateway.fix.kit.certification.context import CheckedPeer, Context, Skipped, require, text_of
from gateway.fix.kit.certification.step import Section
from gateway.fix.kit.peer import Numbers
from gateway.fix.kit.requests import Requests
from gateway.fix.kit.wire import FixMessage

STEPS = Section("T", "Trades")


class _Counterparty:
    """The second session, logged on for one step."""

    def __init__(self, ctx: Context) -> None:
        if ctx.plan.counterparty is None:
            raise Skipped("no counterparty session was given")
        self._ctx = ctx
        self._endpoint = ctx.plan.counterparty
        self.peer = CheckedPeer(self._endpoint, Numbers(), ctx.log, check=checker(self._endpoint))
        self.requests = Requests(self._endpoint.fix_version, self._endpoint.account)

    def __enter__(self) -> _Counterparty:
        self.peer.logon(reset=True, timeout_s=self._ctx.plan.wait_s)
        return self

    def __exit__(self, *_: object) -> None:
        self.peer.send(*self.requests.mass_cancel(self._ctx.next_id()))
        self.peer.expect("r", self._ctx.plan.wait_s)
        self.peer.logout(self._ctx.plan.wait_s)

    def order(self, side: str, quantity: str, price: str, time_in_force: str, exec_inst: str = "") -> str:
        ctx, cl_ord_id = self._ctx, self._ctx.next_id()
        request = self.requests.order(
            cl_ord_id, ctx.symbol, side, quantity, price=price, time_in_force=time_in_force, exec_inst=exec_inst
        )
        self.peer.send(*request)
        return cl_ord_id

    def expect(self, msg_type: str, **values: str) -> FixMessage:
        return self.peer.expect(msg_type, self._ctx.plan.wait_s, **values)


def _is_fill(ctx: Context, report: FixMessage, status: str) -> bool:
    return report.get(39) == status and report.get(150) == (status if ctx.is_42 else "F")


def _check_fill(ctx: Context, report: FixMessage, quantity: str, price: str, liquidity: str) -> None:
    expected = {32: quantity, 31: price, 851: liquidity, 136: "1", 138: "USDC"}
    wrong = {tag: report.get(tag) for tag, value in expected.items() if report.get(tag) != value}
    require(not wrong, f"expected {expected}: {report.to_text()}")
    require(880 in report and (704 in report or 705 in report), f"880 and 704 or 705: {report.to_text()}")


@STEPS.step(1, "Maker")
def maker(ctx: Context) -> None:
    """Our resting order is filled: 851=1, with fee, trade id and position."""
    with _Counterparty(ctx) as other:
        quantity, price = ctx.quantity(), ctx.bid
        order = ctx.rest(rq.BUY, exec_inst="6")
        theirs = other.order(rq.SELL, quantity, price, rq.IOC)
        fill = ctx.expect("8", t37=order.get(37), t39="2")
        require(_is_fill(ctx, fill, "2"), f"a whole fill: {fill.to_text()}")
        _check_fill(ctx, fill, quantity, price, "1")
        across = other.expect("8", t11=theirs, t39="2")
        require(across.get(880) == fill.get(880), "880 should be the same on both sides")
    _flatten(ctx)


@STEPS.step(2, "Taker")
def taker(ctx: Context) -> None:
    """Our arriving order trades at the resting price: 851=2."""
    with _Counterparty(ctx) as other:
        quantity, price = ctx.quantity(), ctx.bid
        other.order(rq.BUY, quantity, price, rq.GTC, "6")
        other.expect("8", t150="0")
        ours = ctx.place(rq.SELL, price=_below(ctx, price), quantity=quantity, time_in_force=rq.IOC)
        fill = ctx.expect("8", t11=ours, t39="2")
        _check_fill(ctx, fill, quantity, price, "2")
    _flatten(ctx)


@STEPS.step(3, "Partial fill, then cancel")
def partial_fill(ctx: Context) -> None:
    """39=1 with 14 and 151, then 150=4 for what is left, 14 kept."""
    with _Counterparty(ctx) as other:
        order = ctx.rest(rq.BUY, quantity=ctx.quantity(3), exec_inst="6")
        other.order(rq.SELL, ctx.quantity(), ctx.bid, rq.IOC)
        fill = ctx.expect("8", t37=order.get(37), t39="1")
        require(_is_fill(ctx, fill, "1"), f"a partial fill: {fill.to_text()}")
        require((fill.get(14), fill.get(151)) == (ctx.quantity(), ctx.quantity(2)), f"14, 151: {fill.to_text()}")
        request = ctx.next_id()
        ctx.send(ctx.requests.cancel(request, order.get(11), ctx.symbol, rq.BUY))
        gone = ctx.expect("8", t150="4", t11=request)
        require((gone.get(14), gone.get(151)) == (ctx.quantity(), "0"), f"14, 151=0: {gone.to_text()}")
    _flatten(ctx)


@STEPS.step(4, "Change after a partial fill")
def change_after_fill(ctx: Context) -> None:
    """38 is the new total: below what was filled it is refused, above it the difference is open."""
    with _Counterparty(ctx) as other:
        order = ctx.rest(rq.BUY, quantity=ctx.quantity(3), exec_inst="6")
        other.order(rq.SELL, ctx.quantity(2), ctx.bid, rq.IOC)
        ctx.expect("8", t37=order.get(37), t39="1")
        request = ctx.next_id()
        ctx.send(ctx.requests.replace(request, order.get(11), ctx.symbol, rq.BUY, ctx.quantity(2), price=ctx.bid))
        ctx.expect_reason(ctx.expect("9", t11=request), "CANNOT_MODIFY_PARTIAL_FILL")
        request = ctx.next_id()
        ctx.send(ctx.requests.replace(request, order.get(11), ctx.symbol, rq.BUY, ctx.quantity(4), price=ctx.bid))
        report = ctx.expect("8", t150="5", t11=request)
        require(report.get(151) == ctx.quantity(2), f"151 should be {ctx.quantity(2)}: {report.to_text()}")
    _flatten(ctx)


def _below(ctx: Context, price: str) -> str:
    return text_of(Decimal(price) - ctx.instrument.tick)


def _flatten(ctx: Context) -> None:
    """Gives back what a step bought or sold: a run leaves no position. The counterparty takes the other side."""
    ctx.clean()
    with _Counterparty(ctx) as other:
        for side, opposite in ((rq.SELL, rq.BUY), (rq.BUY, rq.SELL)):
            other.order(opposite, ctx.quantity(4), ctx.bid, rq.GTC, "6")
            other.expect("8", t150="0")
            ours = ctx.place(side, price=ctx.bid, quantity=ctx.quantity(4), time_in_force=rq.IOC, exec_inst="E")
            while ctx.expect("8", t11=ours).get(151) != "0":
                pass
            other.peer.send(*other.requests.mass_cancel(ctx.next_id()))
            other.expect("r")
