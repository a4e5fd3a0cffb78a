"""Records the examples of docs/fix/examples from a live venue: `python -m tests.fix_examples --write`.

Starts a venue with the sessions of `tests.fix_kit_venue` and plays the same conversation in each version, as two
participants. tests/conformance/test_fix_kit.py plays it again and compares messages and fields with the recordings.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from gateway.fix.kit import requests as rq
from gateway.fix.kit.certification.check import checker
from gateway.fix.kit.certification.context import CheckedPeer, Context, Plan
from gateway.fix.kit.endpoint import Endpoint
from gateway.fix.kit.peer import Numbers
from gateway.fix.kit.requests import utc_now
from gateway.fix.rules.examples import FILES, RECORDINGS, Example, read, write
from gateway.fix.rules.model import Version
from tests.fix_kit_venue import PRICE, SYMBOL, KitVenue

Part = Callable[[Context], None]
_PARTS: list[tuple[str, Part]] = []


def part(title: str) -> Callable[[Part], Part]:
    """Adds a piece of the conversation; one without a title is played and not kept."""

    def add(play: Part) -> Part:
        _PARTS.append((title, play))
        return play

    return add


@part("Logon with reset")
def _logon(ctx: Context) -> None:
    ctx.relogon([(35002, "3"), (35003, "5000"), (20010, "1")], reset=True)


@part("TestRequest and Heartbeat")
def _test_request(ctx: Context) -> None:
    ctx.peer.send("1", [(112, "ping-1")])
    ctx.expect("0")


@part("Instruments")
def _instruments(ctx: Context) -> None:
    ctx.send(ctx.requests.security_list("list-1", ctx.symbol))
    ctx.expect("y")


@part("State of the instrument and of the venue")
def _states(ctx: Context) -> None:
    ctx.send(ctx.requests.security_status("state-1", ctx.symbol))
    ctx.expect("f")
    ctx.send(ctx.requests.session_status("venue-1"))
    ctx.expect("h")


@part("Limit order through the speed bump")
def _limit(ctx: Context) -> None:
    ctx.send(ctx.requests.order("c1", ctx.symbol, rq.BUY, ctx.quantity(), price=ctx.bid))
    ctx.expect("8", t150="0")


@part("Post-only order that shows a part of itself")
def _post_only(ctx: Context) -> None:
    request = ctx.requests.order(
        "c2", ctx.symbol, rq.SELL, ctx.quantity(4), price=ctx.offer, exec_inst="6", display_quantity=ctx.quantity()
    )
    ctx.send(request)
    ctx.expect("8", t150="0")


@part("Change of price and quantity")
def _replace(ctx: Context) -> None:
    ctx.send(ctx.requests.replace("c3", "c1", ctx.symbol, rq.BUY, ctx.quantity(2), price=ctx.price(Decimal("0.96"))))
    ctx.expect("8", t150="5")


@part("State of one order")
def _status(ctx: Context) -> None:
    ctx.send(ctx.requests.order_status("c3", ctx.symbol, rq.BUY))
    ctx.expect("8")


@part("All open orders")
def _mass_status(ctx: Context) -> None:
    ctx.send(ctx.requests.mass_status("all-1"))
    ctx.expect("8", t912="Y")


@part("Cancel")
def _cancel(ctx: Context) -> None:
    ctx.send(ctx.requests.cancel("c4", "c3", ctx.symbol, rq.BUY))
    ctx.expect("8", t150="4")


@part("Cancel of an order that is not open")
def _cancel_reject(ctx: Context) -> None:
    ctx.send(ctx.requests.cancel("c5", "c3", ctx.symbol, rq.BUY))
    ctx.expect("9")


@part("Order refused: post-only would trade")
def _reject(ctx: Context) -> None:
    ctx.send(ctx.requests.order("c6", ctx.symbol, rq.BUY, ctx.quantity(), price=ctx.offer, exec_inst="6"))
    ctx.expect("8", t150="8")


@part("Immediate or cancel that finds nothing")
def _ioc(ctx: Context) -> None:
    ctx.send(ctx.requests.order("c7", ctx.symbol, rq.BUY, ctx.quantity(), price=ctx.bid, time_in_force=rq.IOC))
    ctx.expect("8", t150="4")


@part("Self-trade prevention")
def _stp(ctx: Context) -> None:
    order = ctx.requests.order(
        "c8", ctx.symbol, rq.BUY, ctx.quantity(), price=ctx.offer, time_in_force=rq.IOC, more=[(2964, "1")]
    )
    ctx.send(order)
    ctx.expect("8", t11="c8", t150="4")


@part("Mass cancel")
def _mass_cancel(ctx: Context) -> None:
    ctx.send(ctx.requests.mass_cancel("c9", symbol=ctx.symbol))
    ctx.expect("r")


@part("Open orders when there is none")
def _no_orders(ctx: Context) -> None:
    ctx.send(ctx.requests.mass_status("all-2"))
    ctx.expect("UL")


@part("Mass action")
def _mass_action(ctx: Context) -> None:
    if ctx.version is Version.FIX50SP2:
        ctx.send(ctx.requests.mass_action("c10"))
        ctx.expect("BZ")


@part("Trade as maker")
def _maker(ctx: Context) -> None:
    ctx.send(ctx.requests.order("c11", ctx.symbol, rq.BUY, ctx.quantity(2), price=ctx.bid, exec_inst="6"))
    ctx.expect("8", t150="0")
    with _counterparty(ctx) as other:
        quantity, price = ctx.quantity(), ctx.bid
        requests = rq.Requests(other.endpoint.fix_version, other.endpoint.account)
        other.send(*requests.order("b1", ctx.symbol, rq.SELL, quantity, price=price, time_in_force=rq.IOC))
        ctx.expect("8", t39="1")


@part("Reduce-only market order, taker")
def _taker(ctx: Context) -> None:
    with _counterparty(ctx) as other:
        requests = rq.Requests(other.endpoint.fix_version, other.endpoint.account)
        other.send(*requests.order("b2", ctx.symbol, rq.BUY, ctx.quantity(), price=ctx.price(), exec_inst="6"))
        other.expect("8", t150="0")
        order = ctx.requests.order(
            "c12", ctx.symbol, rq.SELL, ctx.quantity(), order_type=rq.MARKET, time_in_force=rq.IOC, exec_inst="E"
        )
        ctx.send(order)
        ctx.expect("8", t11="c12", t39="2")


@part("Message that breaks the dictionary")
def _session_reject(ctx: Context) -> None:
    _, body = ctx.requests.order("c13", ctx.symbol, "9", ctx.quantity(), price=ctx.bid)
    ctx.send(("D", body))
    ctx.expect("3")


@part("Limit order without a price")
def _business_reject(ctx: Context) -> None:
    ctx.send(ctx.requests.order("c14", ctx.symbol, rq.BUY, ctx.quantity()))
    ctx.expect("j")


@part("Gap: the venue asks, we fill")
def _gap(ctx: Context) -> None:
    number = ctx.numbers.out
    ctx.peer.send("0", seq=number + 1)
    ctx.expect("2")
    ctx.peer.send("4", [(123, "Y"), (36, str(number + 2))], seq=number, header=[(43, "Y"), (122, utc_now())])
    ctx.numbers.out = number + 2


@part("Gap: we ask, the venue repeats and fills")
def _resend(ctx: Context) -> None:
    last = ctx.numbers.expected - 1
    ctx.peer.send("2", [(7, str(last - 3)), (16, "0")])
    seen = last - 4
    while seen < last:
        message = ctx.peer.receive()
        seen = int(message.get(36)) - 1 if message.msg_type == "4" else message.seq


@part("Change of the password")
def _password(ctx: Context) -> None:
    request = [(923, "pw-1"), (924, "3"), (553, "ALPHA"), (554, "not-the-password"), (925, "another-one")]
    ctx.send(("BE", request))
    ctx.expect("BF")


@part("")
def _nothing_open(ctx: Context) -> None:
    ctx.clean()


@part("Cancel on disconnect and its receipt")
def _cod(ctx: Context) -> None:
    ctx.relogon([(35002, "1"), (20010, "1")])
    ctx.rest()
    ctx.peer.close()
    ctx.connect()
    ctx.expect("BZ" if ctx.version is Version.FIX50SP2 else "r")


@part("Snapshot of open orders at logon")
def _snapshot(ctx: Context) -> None:
    ctx.rest()
    ctx.peer.logout()
    ctx.connect([(20011, "Y")])
    ctx.expect("UL")


@part("Logout")
def _logout(ctx: Context) -> None:
    ctx.peer.logout()


@contextmanager
def _counterparty(ctx: Context) -> Iterator[CheckedPeer]:
    """The second participant, whose messages are not recorded."""
    assert ctx.plan.counterparty is not None
    peer = CheckedPeer(ctx.plan.counterparty, Numbers(), [], check=checker(ctx.plan.counterparty))
    peer.logon(reset=True)
    try:
        yield peer
    finally:
        peer.logout()


def converse(endpoint: Endpoint, counterparty: Endpoint) -> tuple[Example, ...]:
    """Plays the conversation; what went over the wire, in parts."""
    with tempfile.TemporaryDirectory() as directory:
        plan = Plan(SYMBOL, PRICE, Path(directory), counterparty)
        ctx = Context(endpoint, endpoint.dictionary(), plan, checker(endpoint), hides_secrets=False)
        text = ""
        try:
            for title, play in _PARTS:
                mark = len(ctx.log)
                play(ctx)
                text += f"# {title}\n" + "".join(f"{line}\n" for line in _kept(ctx.log[mark:]) if title)
            ctx.relogon()
            ctx.clean()
            ctx.peer.logout()
        finally:
            ctx.peer.close()
    return tuple(read(text, "conversation"))


def _kept(log: list[str]) -> Iterator[str]:
    """Messages; not the Logons that were closed without a word, because the line before them still counted as live."""
    for line, following in pairwise([*log, ""]):
        was_ignored = "|35=A|" in line and following.startswith("- ")
        if line[0] in "<>" and not was_ignored:
            yield line


def main(argv: list[str]) -> int:
    if argv != ["--write"]:
        print("usage: python -m tests.fix_examples --write")
        return 2
    with tempfile.TemporaryDirectory() as directory, KitVenue(Path(directory)) as venue:
        RECORDINGS.mkdir(parents=True, exist_ok=True)
        for version, name in FILES.items():
            path = RECORDINGS / name
            path.write_text(write(converse(venue.endpoint(version), venue.counterparty)))
            print(f"wrote docs/fix/examples/{name}; `make gen` renews the page")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
