"""The client's commands as text: their list, and how words become orders and fields.

One command per line. A comment begins with `#` at the start of the line or between spaces, so that `cancel #1045` can
name an order. Holds no state and sends nothing.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field

from gateway.fix.kit import requests as rq
from gateway.fix.kit.requests import Body

WAIT_S = 5.0

HELP = """\
buy|sell SYMBOL QUANTITY @PRICE [option ...]     limit order; without @PRICE a market order (ioc)
    alo reduce ioc fok day gtc                   post-only, reduce-only, time in force (gtc when none is given)
    gtd=TIME stop=PRICE touch=PRICE              until a UTC time, stop-loss, take-profit trigger
    tp=PRICE sl=PRICE display=Q min=Q            attached prices, shown and minimum quantity
    stp=GROUP mode=aggressor|passive|both|decrement   self-trade prevention
    id=CLORDID account=NAME                      own id, another account
cancel ORDER                                     ORDER: ClOrdID, or # and the venue's id
replace ORDER [QUANTITY] [@PRICE] [id=CLORDID]   what is not given stays
cancel-all [SYMBOL] [buy|sell] [node]            of the account; node: of everything the session acts for
status ORDER | orders [SYMBOL] | open            ask for one, ask for all open ones, list those known here
instruments [SYMBOL] | state SYMBOL | venue      security list, security status, trading session status
wait [MSGTYPE] [TAG=VALUE ...] [within SECONDS]  until such a message comes; it fails after 5 s
wait logon|logout [within SECONDS]               until the session is on again, or off
pause SECONDS                                    do nothing, reports are printed
raw MSGTYPE TAG=VALUE ...                        any message, body fields as they are
drop | quit | help                               drop the line (it comes back), log out and end
"""


class ScriptError(Exception):
    """A command cannot be understood or failed."""


@dataclass
class Ticket:
    """The options of an order command."""

    order_type: str
    time_in_force: str
    cl_ord_id: str = ""
    account: str = ""
    stop_price: str = ""
    display_quantity: str = ""
    instructions: list[str] = field(default_factory=list)
    more: Body = field(default_factory=list)


_TIMES = {"ioc": rq.IOC, "fok": rq.FOK, "day": rq.DAY, "gtc": rq.GTC}
_INSTRUCTIONS = {"alo": rq.POST_ONLY, "reduce": rq.REDUCE_ONLY}
_TAGS = {"tp": 20030, "sl": 20031, "min": 110, "stp": 2362}
_MODES = {"aggressor": "1", "passive": "2", "both": "3", "decrement": "4"}


def parse_options(words: list[str], *, has_price: bool) -> Ticket:
    """Options of an order command. Raises ScriptError for one that is unknown."""
    ticket = Ticket(rq.LIMIT if has_price else rq.MARKET, rq.GTC if has_price else rq.IOC)
    for word in words:
        name, equals, value = word.partition("=")
        if word in _TIMES:
            ticket.time_in_force = _TIMES[word]
        elif word in _INSTRUCTIONS:
            ticket.instructions.append(_INSTRUCTIONS[word])
        elif not equals or not value:
            raise ScriptError(f"{word!r} is no option of an order; `help` lists them")
        elif name in _TAGS:
            ticket.more.append((_TAGS[name], value))
        else:
            _named_option(ticket, name, value)
    return ticket


def _named_option(ticket: Ticket, name: str, value: str) -> None:
    if name in ("stop", "touch"):
        ticket.order_type = rq.STOP if name == "stop" else rq.TOUCH
        ticket.stop_price, ticket.time_in_force = value, rq.GTC
    elif name == "gtd":
        ticket.time_in_force = rq.GTD
        ticket.more.append((126, value))
    elif name == "mode" and value in _MODES:
        ticket.more.append((2964, _MODES[value]))
    elif name == "display":
        ticket.display_quantity = value
    elif name == "id":
        ticket.cl_ord_id = value
    elif name == "account":
        ticket.account = value
    else:
        raise ScriptError(f"{name}={value} is no option of an order; `help` lists them")


def split_price(words: list[str]) -> tuple[str, list[str]]:
    """`@PRICE` or `@ PRICE` anywhere among the words; the price and the rest."""
    for index, word in enumerate(words):
        if word.startswith("@"):
            if word != "@":
                return word[1:], words[:index] + words[index + 1 :]
            if index + 1 == len(words):
                raise ScriptError("there is no price after @")
            return words[index + 1], words[:index] + words[index + 2 :]
    return "", words


def split_within(words: list[str]) -> tuple[float, list[str]]:
    """`within SECONDS` at the end; the seconds and the rest."""
    if "within" not in words:
        return WAIT_S, words
    at = words.index("within")
    if at + 2 != len(words):
        raise ScriptError("`within SECONDS` comes last")
    return parse_seconds(words[at + 1]), words[:at]


def parse_seconds(text: str) -> float:
    """Raises ScriptError for what is no number from 0 to a day."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 86_400:
        raise ScriptError(f"{text!r} is no number of seconds from 0 to 86400")
    return value


def parse_fields(words: list[str]) -> Body:
    """TAG=VALUE each. Raises ScriptError."""
    fields = []
    for word in words:
        tag, equals, value = word.partition("=")
        if not tag.isdecimal() or not equals or not value:
            raise ScriptError(f"{word!r} is no field: write TAG=VALUE")
        fields.append((int(tag), value))
    return fields


def split_words(text: str) -> list[str]:
    """Words of a line, quotes as in a shell. Raises ScriptError."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ScriptError(f"{error}: quotes come in pairs") from None
    if words and words[0].startswith("#"):
        return []
    return words[: words.index("#")] if "#" in words else words
