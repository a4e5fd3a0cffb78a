"""Section E: QuickFIX as it is, with the published dictionaries and its own validation on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.fix.kit import requests as rq
from gateway.fix.kit.certification.context import Context, Skipped, require
from gateway.fix.kit.certification.step import Section
from gateway.fix.kit.endpoint import KitError
from gateway.fix.kit.initiator import Initiator, InitiatorOptions, require_quickfix
from gateway.fix.kit.requests import Body

STEPS = Section("E", "QuickFIX")


@contextmanager
def _quickfix(ctx: Context, logon: Body | None = None) -> Iterator[Initiator]:
    """A QuickFIX session with reset numbers, in place of the one of the other steps."""
    try:
        require_quickfix()
    except KitError as error:
        raise Skipped(str(error)) from None
    if ctx.peer.is_open:
        ctx.peer.logout(ctx.plan.wait_s)
    shutil.rmtree(ctx.plan.directory, ignore_errors=True)
    initiator = Initiator(ctx.endpoint, InitiatorOptions(ctx.plan.directory, logon or [], reset=True))
    try:
        initiator.start(2 * ctx.plan.wait_s)
        yield initiator
        require(not initiator.rejected_by_us, f"QuickFIX refused: {[m.to_text() for m in initiator.rejected_by_us]}")
    finally:
        initiator.stop()
        ctx.start_over()


@STEPS.step(1, "Logon and Logout")
def logon_and_logout(ctx: Context) -> None:
    """QuickFIX logs on with the published dictionary and refuses nothing."""
    with _quickfix(ctx) as session:
        session.send(*ctx.requests.session_status(ctx.next_id()))
        session.expect("h", ctx.plan.wait_s)


@STEPS.step(2, "Life of an order")
def life_of_an_order(ctx: Context) -> None:
    """Entry, change and cancel, each report valid for QuickFIX."""
    symbol, quantity, bid = ctx.symbol, ctx.quantity(), ctx.bid
    with _quickfix(ctx) as session:
        first, second, third = ctx.next_id(), ctx.next_id(), ctx.next_id()
        session.send(*ctx.requests.order(first, symbol, rq.BUY, quantity, price=bid))
        session.expect("8", ctx.plan.wait_s, t11=first, t150="0")
        session.send(*ctx.requests.replace(second, first, symbol, rq.BUY, ctx.quantity(2), price=bid))
        session.expect("8", ctx.plan.wait_s, t11=second, t150="5")
        session.send(*ctx.requests.cancel(third, second, symbol, rq.BUY))
        session.expect("8", ctx.plan.wait_s, t11=third, t150="4")


@STEPS.step(3, "Dropped line")
def dropped_line(ctx: Context) -> None:
    """QuickFIX reconnects, both sides go on from their numbers, and cancels of the disconnect are reported."""
    symbol, quantity, bid = ctx.symbol, ctx.quantity(), ctx.bid
    with _quickfix(ctx, [(35002, "3")]) as session:
        name = ctx.next_id()
        session.send(*ctx.requests.order(name, symbol, rq.BUY, quantity, price=bid))
        session.expect("8", ctx.plan.wait_s, t11=name, t150="0")
        session.keep_numbers()
        session.drop()
        session.reconnected(4 * ctx.plan.wait_s)
        session.expect("8", ctx.plan.wait_s, t11=name, t150="4")
