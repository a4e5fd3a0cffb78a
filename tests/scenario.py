"""Scenarios: commands and the events they cause, as lines of text.

    market.play('''
        B sell b1 5@101
            NEW     b1  5@101
        A buy a1 3@101 IOC
            NEW     a1  3@101
            FILLED  a1  3@101  leaves=0  TAKER  pos=3
            FILLED  b1  3@101  leaves=2  MAKER  pos=-3
    ''')

A line at the left is a command, the lines below it that stand further to the right are its events: all of them, in
order. An event line says what it cares about: kind, client order id, `quantity@price` (of a fill: the last one), the
reason (none means the ordinary one: ACK, or CANCELLED and EXPIRED of the events of that name), the liquidity, and
`key=value` for anything else, by the short names of `SHORT` or by the field's own name.

Commands                                                     (`t=250` in front of any: at 250 ms; else no time passes)
    A buy|sell NAME QUANTITY[@PRICE] [OPTION...]             a PLACE, without price MARKET IOC, else LIMIT GTC;
                                                             the name is the client order id, `-` is none
    A replace NAME QUANTITY@PRICE [as NEW] [OPTION...]       by order id; by client order id after `by-client`
    A cancel NAME [as REQUEST] [OPTION...]                   likewise
    A mass-cancel NAME SCOPE [TARGET] [buy|sell] [OPTION...]
    A logon [CodFlag...] [SNAPSHOT] [grace=MS]               A disconnect LOSS|LOGOUT
    mark PRICE [oracle=PRICE] [in=ID]                        state STATE [in=ID]      venue STATE
    roll YYYYMMDD                                            tick                     KIND field=value...
                                                             RECORD HEX
Options of orders are the words of OrderType, TimeInForce (`GTD=MS`), StpMode, `REDUCE_ONLY`, and `min= show= group=
in= via=` (another session) `n=` (msg_seq_in) or any field of the record.

The market: accounts A and B belong to trader 1, C to trader 2, both to desk 1, D to trader 3 of desk 2, all of firm 1;
E to trader 4, desk 3, firm 2. Each account has a session of its name; TRADER1, DESK1, FIRM1 and FIRM2 are sessions of
those nodes; VENUE is session 0.
"""

from __future__ import annotations

import re
import struct
import textwrap
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from engine.api import Engine
from engine.layout import Field
from engine.records import (
    COMMAND_BODIES,
    CONFIG_EVENT,
    EVENT_HEADER,
    EVENT_SIZE,
    MASS_EVENT,
    ORDER_EVENT,
    SCALE_E8,
    SESSION_EVENT,
    CodFlag,
    CommandKind,
    DisconnectCause,
    EventKind,
    InstrumentState,
    Liquidity,
    LogonFlag,
    OrderFlag,
    OrderState,
    OrderType,
    Reason,
    Scope,
    Side,
    StpMode,
    TimeInForce,
    VenueState,
    event_layout,
    format_e8,
    pack_command,
    parse_e8,
    unpack_event,
)

START_NS = 1_800_000_000 * 10**9  # when every scenario begins
MS = 10**6

ACCOUNTS = {"A": 1, "B": 2, "C": 3, "D": 4, "E": 5}
SESSIONS = {**ACCOUNTS, "TRADER1": 11, "DESK1": 12, "FIRM1": 13, "FIRM2": 14, "VENUE": 0}
_TRADER_OF = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4}  # account -> trader
_DESK_OF = {1: 1, 2: 1, 3: 2, 4: 3}  # trader -> desk
_FIRM_OF = {1: 1, 2: 1, 3: 2}  # desk -> firm
_NODES = {"TRADER1": (Scope.TRADER, 1), "DESK1": (Scope.DESK, 1), "FIRM1": (Scope.FIRM, 1), "FIRM2": (Scope.FIRM, 2)}

ORDINARY = {EventKind.ORDER_CANCELLED: Reason.CANCELLED, EventKind.ORDER_EXPIRED: Reason.EXPIRED}
REFUSALS = {
    EventKind.ORDER_REJECTED, EventKind.REPLACE_REJECTED, EventKind.CANCEL_REJECTED, EventKind.MASS_CANCEL_REJECTED,
    EventKind.COMMAND_REJECTED,
}  # fmt: skip
# Events whose client order id is the order's own, so that the name tells which order it has to be.
_OWN_NAME = {
    EventKind.ORDER_PENDING, EventKind.ORDER_NEW, EventKind.ORDER_FILLED, EventKind.ORDER_EXPIRED,
    EventKind.ORDER_TRIGGERED, EventKind.ORDER_RESTATED, EventKind.ORDER_STATUS,
}  # fmt: skip

# The short names of event fields: key -> (field, what its text means)
SHORT: dict[str, tuple[str, str]] = {
    "qty": ("quantity_e8", "decimal"),
    "price": ("price_e8", "decimal"),
    "cum": ("cum_quantity_e8", "decimal"),
    "leaves": ("leaves_quantity_e8", "decimal"),
    "show": ("display_quantity_e8", "decimal"),
    "pos": ("position_e8", "decimal"),
    "last": ("last_quantity_e8", "decimal"),
    "orig": ("orig_client_order_id", "text"),
    "id": ("order_id", "order"),
    "contra": ("contra_order_id", "order"),
    "state": ("order_state", "state"),
    "to": ("session_id", "session"),
    "n": ("msg_seq_in", "number"),
    "in": ("instrument_id", "number"),
    "retry": ("detail", "number"),
    "count": ("affected_count", "number"),
    "open": ("open_orders", "number"),
}


EVENT_HEADER_NAMES = [field.name for field in EVENT_HEADER]
_SHOWN = (ORDER_EVENT, MASS_EVENT, SESSION_EVENT, CONFIG_EVENT)  # by their columns and short names alone


class ScenarioError(AssertionError):
    """The events are not the expected ones; the text shows both."""


class Market:
    """An engine with a few parties and one instrument (tick 1, lot 1, so that prices and quantities are plain numbers);
    `bare` leaves them out."""

    def __init__(self, engine: Engine, bare: bool = False) -> None:
        self.engine = engine
        self.time_ns = START_NS
        self.orders: dict[str, int] = {}  # name -> order id
        self._session_seqs: dict[int, int] = {}
        self._log: list[str] = []  # all lines so far, for the failure text
        if not bare:
            self._set_up()

    def _set_up(self) -> None:
        for firm in (1, 2):
            self.configure(CommandKind.SET_FIRM, party_id=firm, status=1, name=f"firm {firm}")
        for desk, firm in _FIRM_OF.items():
            self.configure(CommandKind.SET_DESK, party_id=desk, parent_id=firm, status=1)
        for trader in _DESK_OF:
            self.trader(trader)
        for name in ACCOUNTS:
            self.account(name)
            self.session(name)
        for name in _NODES:
            self.session(name)
        self.instrument()

    # ---- configuration

    def configure(self, kind: CommandKind, **fields: Any) -> None:
        """A command of the venue that has to be accepted."""
        events = self.send(kind, **fields)
        if [event["kind"] for event in events] != [EventKind.CONFIG_SET]:
            raise ScenarioError(f"{kind.name} {fields} gave " + ", ".join(self.show(event) for event in events))

    def trader(self, trader: int, **fields: Any) -> None:
        values = {"party_id": trader, "parent_id": _DESK_OF[trader], "status": 1, **fields}
        self.configure(CommandKind.SET_TRADER, **values)

    def account(self, name: str, **fields: Any) -> None:
        account = ACCOUNTS[name]
        values = {"party_id": account, "parent_id": _TRADER_OF[account], "status": 1, **fields}
        self.configure(CommandKind.SET_ACCOUNT, **values)

    def session(self, name: str, **fields: Any) -> None:
        scope, node = _NODES.get(name, (Scope.ACCOUNT, ACCOUNTS.get(name, 0)))
        values = {"party_id": SESSIONS[name], "parent_id": node, "scope": int(scope), "rights": 3, "status": 1}
        values |= fields
        self.configure(CommandKind.SET_SESSION, **values)

    def instrument(self, instrument: int = 1, **fields: Any) -> None:
        """SET_INSTRUMENT, see `instrument_fields`."""
        self.configure(CommandKind.SET_INSTRUMENT, instrument_id=instrument, **instrument_fields(instrument, **fields))

    def positions(self, price: str = "100", **lots: int) -> None:
        """Trades of instrument 1 on an empty book that leave each account with these lots; they add up to 0."""
        assert not sum(lots.values())
        sellers = {name: -signed for name, signed in lots.items() if signed < 0}
        for buyer, wanted in lots.items():
            for seller, left in sellers.items():
                traded = min(max(wanted, 0), left)
                if traded:
                    self.given(f"{seller} sell - {traded}@{price}")
                    self.given(f"{buyer} buy - {traded}@{price} FOK")
                    sellers[seller] -= traded
                    wanted -= traded

    # ---- sending

    def send(self, kind: CommandKind, **fields: Any) -> list[dict[str, Any]]:
        """Applies one command record and returns its events, whose headers are checked."""
        return self.apply(pack_command(kind, **fields))

    def apply(self, record: bytes) -> list[dict[str, Any]]:
        """Like `send`; number and time of the record are filled in."""
        events = split(self.engine.apply(struct.pack("<Qq", self.engine.seq + 1, self.time_ns) + record[16:]))
        for index, event in enumerate(events):
            session = event["session_id"]
            header = (event["seq"], event["timestamp_ns"], event["event_index"])
            assert header == (self.engine.seq, self.time_ns, index), f"header of {event}"
            if event["session_seq"]:
                self._session_seqs[session] = self._session_seqs.get(session, 0) + 1
            assert event["session_seq"] == (self._session_seqs.get(session, 0)), f"session_seq of {event}"
        return events

    def run(self, line: str) -> list[dict[str, Any]]:
        """Carries out one command line and returns its events."""
        self._log.append(line)
        words = line.split()
        if words[0].startswith("t="):
            self.time_ns = START_NS + int(Decimal(words.pop(0)[2:]) * MS)
        if words[0] == "RECORD":
            events = self.apply(bytes.fromhex(words[1]))
        else:
            kind, fields, name = _command_of(words, self.orders)
            events = self.send(kind, **fields)
            if kind == CommandKind.PLACE and events and events[0]["kind"] != EventKind.ORDER_REJECTED:
                self.orders[name] = self.engine.seq
        self._log += ["    " + self.show(event) for event in events]
        return events

    def given(self, script: str) -> None:
        """Command lines only, none of which may be refused."""
        for line in _lines(script):
            for event in self.run(line.strip()):
                if event["kind"] in REFUSALS:
                    raise ScenarioError(f"{line.strip()}: {self.show(event)}")

    def play(self, script: str) -> None:
        """Command lines and their event lines, see the module's text. Raises ScenarioError."""
        for command, expected in _steps(script):
            events = self.run(command)
            problems = [f"{len(events)} events instead of {len(expected)}"] if len(events) != len(expected) else []
            for line, event in zip(expected, events, strict=False):
                problems += [f"{line.strip()}: {text}" for text in self.differences(line, event)]
            if problems:
                log = "\n".join(self._log)
                raise ScenarioError(f"after {command!r}\n" + "\n".join(problems) + f"\n\nwhat happened:\n{log}")

    # ---- event lines

    def differences(self, line: str, event: dict[str, Any]) -> Iterator[str]:
        """What an event line says and the event does not."""
        word, *columns = line.split()
        kind = _event_kind(word)
        if event["kind"] != kind:
            yield f"the event is {self.show(event)}"
            return
        reason = ORDINARY.get(kind, Reason.ACK)
        for column in columns:
            if column in Reason.__members__:
                reason = Reason[column]
            elif column in Liquidity.__members__:
                yield from _unequal("liquidity", event["liquidity"], Liquidity[column])
            elif "=" in column:
                yield from self._unequal_key(event, *column.split("=", 1))
            elif "@" in column:
                yield from _unequal("quantity@price", _terms(event), column)
            else:
                yield from _unequal("client order id", event["client_order_id"], "" if column == "-" else column)
                if event["kind"] in _OWN_NAME and column in self.orders and "  id=" not in line:
                    yield from _unequal("order id", event["order_id"], self.orders[column])
        yield from _unequal("reason", event["reason"].name, reason.name)

    def _unequal_key(self, event: dict[str, Any], key: str, text: str) -> Iterator[str]:
        field, meaning = key, "text" if isinstance(event.get(key), str) else "number"
        if key not in event:
            field, meaning = SHORT.get(key, (key, meaning))
        if field not in event:
            raise KeyError(f"{key}: {event['kind'].name} has no such field")
        readers: dict[str, Callable[[str], Any]] = {
            "decimal": parse_e8,
            "text": lambda t: "" if t == "-" else t,
            "order": lambda t: self.orders[t] if t in self.orders else int(t),
            "state": lambda t: int(OrderState[t]),
            "session": lambda t: SESSIONS[t] if t in SESSIONS else int(t),
            "number": int,
        }
        expected = readers[meaning](text)
        if event[field] != expected:
            yield f"{key} is {_text(event[field], meaning)}"

    def show(self, event: dict[str, Any]) -> str:
        """An event as a line: what is not zero, in the columns of an event line."""
        kind, reason = event["kind"], event["reason"]
        words = [kind.name.removeprefix("ORDER_")]
        if "client_order_id" in event:
            words.append(event["client_order_id"] or "-")
        is_order = "order_state" in event
        if is_order:
            words.append(_terms(event))
        if reason != ORDINARY.get(kind, Reason.ACK):
            words.append(reason.name)
        if event.get("liquidity"):
            words.append(Liquidity(event["liquidity"]).name)
        for key, (field, meaning) in SHORT.items():
            value = event.get(field)
            if not value or key in ("qty", "price", "last"):
                continue
            words.append(f"{key}={_text(value, meaning, self.orders)}")
        if event_layout(kind) not in _SHOWN:
            words += [f"{name}={event[name]}" for name in _own_fields(kind) if event[name]]
        return "  ".join(words)


def instrument_fields(instrument: int, **fields: Any) -> dict[str, Any]:
    """The body of a SET_INSTRUMENT: a plain instrument, changed by `fields`, of which `tick`, `lot`, `min_price`,
    `max_price`, `min_quantity` and `max_quantity` are decimal text."""
    values: dict[str, Any] = {
        "symbol": f"TEST{instrument}-USD", "matcher": "price_time", "tick_size_e8": SCALE_E8, "lot_size_e8": SCALE_E8,
        "min_price_e8": SCALE_E8, "max_price_e8": 1000 * SCALE_E8, "min_quantity_e8": SCALE_E8,
        "max_quantity_e8": 1000 * SCALE_E8, "fills_max": 100, "asset_class": 1,
    }  # fmt: skip
    long = {"tick": "tick_size_e8", "lot": "lot_size_e8"}
    for name, value in fields.items():
        if name in values or name in COMMAND_BODIES[CommandKind.SET_INSTRUMENT].names:
            values[name] = value
        else:
            values[long.get(name, name + "_e8")] = parse_e8(value)
    return values


def _own_fields(kind: EventKind) -> list[str]:
    """What an event of risk and money has besides header, client order id and what has a short name."""
    short = {field for key, (field, _) in SHORT.items() if key not in ("qty", "price", "last")}
    known = {*EVENT_HEADER_NAMES, *short, "client_order_id"}
    return [name for name in event_layout(kind).names if name not in known]


def split(events: bytes) -> list[dict[str, Any]]:
    """Event records as dicts."""
    return [unpack_event(events, offset) for offset in range(0, len(events), EVENT_SIZE)]


def _event_kind(word: str) -> EventKind:
    for name in (word, "ORDER_" + word):
        if name in EventKind.__members__:
            return EventKind[name]
    raise ValueError(f"{word} is no event kind")


def _terms(event: dict[str, Any]) -> str:
    kind = "last_" if event["kind"] == EventKind.ORDER_FILLED else ""
    return f"{format_e8(event[kind + 'quantity_e8'])}@{format_e8(event[kind + 'price_e8'])}"


def _text(value: Any, meaning: str, orders: dict[str, int] | None = None) -> str:
    if meaning == "decimal":
        return format_e8(value)
    if meaning == "state":
        return OrderState(value).name
    if meaning == "session":
        return next((name for name, session in SESSIONS.items() if session == value), str(value))
    if meaning == "order" and orders:
        return next((name for name, order_id in orders.items() if order_id == value), str(value))
    return str(value) or "-"


def _unequal(what: str, value: Any, expected: Any) -> Iterator[str]:
    if value != expected:
        yield f"{what} is {value or '-'}, not {expected or '-'}"


# ---- scripts and command lines


def _lines(script: str) -> list[str]:
    return [line.split("#")[0].rstrip() for line in textwrap.dedent(script).splitlines() if line.split("#")[0].strip()]


def _steps(script: str) -> Iterator[tuple[str, list[str]]]:
    command, expected = "", []
    for line in _lines(script):
        if line[0] == " ":
            expected.append(line)
            continue
        if command:
            yield command, expected
        command, expected = line, []
    if command:
        yield command, expected


Command = tuple[CommandKind, dict[str, Any], str]


def _command_of(words: list[str], orders: dict[str, int]) -> Command:
    """What, with which fields, and the order's name."""
    if words[0] in CommandKind.__members__:
        kind = CommandKind[words[0]]
        fields = dict(_raw(kind, word) for word in words[1:])
        return kind, fields, str(fields.get("client_order_id", "-"))
    return _party_command(words, orders) if words[0] in SESSIONS else _venue_command(words)


def _raw(kind: CommandKind, word: str) -> tuple[str, Any]:
    """`field=value`: integers, text as it is, binary text as `x:` and hexadecimal digits."""
    name, value = word.split("=", 1)
    field = next(f for f in COMMAND_BODIES[kind].fields if f.name == name)
    if not field.is_text:
        return name, int(value)
    return name, bytes.fromhex(value[2:]) if value.startswith("x:") else value


def _venue_command(words: list[str]) -> Command:
    verb, *rest = words
    options = dict(word.split("=", 1) for word in rest if "=" in word)
    instrument = int(options.get("in", 1))
    if verb == "mark":
        fields = {"mark_price_e8": parse_e8(rest[0]), "oracle_price_e8": parse_e8(options.get("oracle", "0"))}
        return CommandKind.SET_MARK, {"instrument_id": instrument, **fields}, "-"
    if verb == "state":
        state = int(InstrumentState[rest[0]])
        return CommandKind.SET_INSTRUMENT_STATE, {"instrument_id": instrument, "state": state}, "-"
    if verb == "venue":
        return CommandKind.SET_VENUE_STATE, {"state": int(VenueState[rest[0]])}, "-"
    if verb == "roll":
        return CommandKind.ROLL_BUSINESS_DATE, {"business_date": int(rest[0])}, "-"
    if verb == "tick":
        return CommandKind.TICK, {}, "-"
    raise ValueError(f"{' '.join(words)}: what is {verb}?")


def _party_command(words: list[str], orders: dict[str, int]) -> Command:
    actor, verb, *rest = words
    fields: dict[str, Any] = {"session_id": SESSIONS[actor], "account_id": ACCOUNTS.get(actor, 0)}
    if verb in ("buy", "sell"):
        kind, name = CommandKind.PLACE, rest[0]
        fields |= _place(verb, rest)
        rest = rest[2:]
    elif verb in ("replace", "cancel"):
        kind = CommandKind[verb.upper()]
        name = "-"
        fields["instrument_id"] = 0
        rest = _target(kind, fields, rest, orders)
    elif verb == "mass-cancel":
        kind, name = CommandKind.MASS_CANCEL, rest[0]
        rest = _mass(fields, rest)
    else:
        kind, name = CommandKind["SESSION_" + verb.upper()], "-"
        fields["account_id"] = 0
    for word in rest:
        _option(kind, fields, word)
    return kind, fields, name


def _place(verb: str, rest: list[str]) -> dict[str, Any]:
    quantity, _, price = rest[1].partition("@")
    return {
        "client_order_id": "" if rest[0] == "-" else rest[0],
        "instrument_id": 1,
        "side": int(Side[verb.upper()]),
        "quantity_e8": parse_e8(quantity),
        "price_e8": parse_e8(price or "0"),
        "order_type": int(OrderType.LIMIT if price else OrderType.MARKET),
        "time_in_force": int(TimeInForce.GTC if price else TimeInForce.IOC),
    }


def _target(kind: CommandKind, fields: dict[str, Any], rest: list[str], orders: dict[str, int]) -> list[str]:
    """`[by-client] NAME [QUANTITY@PRICE] [as ID]`; returns what is left."""
    if rest[0] == "by-client":
        rest = rest[1:]
        fields["orig_client_order_id"] = rest[0]
    elif rest[0] in orders:
        fields["order_id"] = orders[rest[0]]
    else:
        fields["order_id"] = int(rest[0])
    rest = rest[1:]
    if kind == CommandKind.REPLACE:
        quantity, price = rest[0].split("@")
        fields |= {"quantity_e8": parse_e8(quantity), "price_e8": parse_e8(price)}
        rest = rest[1:]
    if rest[:1] == ["as"]:
        fields["client_order_id"] = rest[1]
        if kind == CommandKind.REPLACE and fields.get("order_id"):
            orders.setdefault(rest[1], fields["order_id"])
        rest = rest[2:]
    return rest


def _mass(fields: dict[str, Any], rest: list[str]) -> list[str]:
    name, scope, *rest = rest
    fields |= {"client_order_id": "" if name == "-" else name, "scope": int(Scope[scope]), "account_id": 0}
    if rest and re.fullmatch(r"\d+|[A-Z]+\d?", rest[0]):
        target, *rest = rest
        fields["target_id"] = int(target) if target.isdigit() else SESSIONS[target]
    if rest and rest[0] in ("buy", "sell"):
        fields["side"] = int(Side[rest[0].upper()])
        rest = rest[1:]
    return rest


_WORDS: dict[str, tuple[str, int]] = {
    **{t.name: ("order_type", int(t)) for t in OrderType},
    **{t.name: ("time_in_force", int(t)) for t in TimeInForce},
    **{m.name: ("stp_mode", int(m)) for m in StpMode},
    **{c.name: ("cause", int(c)) for c in DisconnectCause},
    "REDUCE_ONLY": ("order_flags", int(OrderFlag.REDUCE_ONLY)),
}
_KEYS: dict[str, tuple[str, Callable[[str], int]]] = {
    "min": ("min_quantity_e8", parse_e8),
    "show": ("display_quantity_e8", parse_e8),
    "group": ("stp_group", int),
    "in": ("instrument_id", int),
    "via": ("session_id", lambda name: SESSIONS[name]),
    "account": ("account_id", lambda name: ACCOUNTS[name] if name in ACCOUNTS else int(name)),
    "n": ("msg_seq_in", int),
    "grace": ("cod_grace_ns", lambda ms: int(Decimal(ms) * MS)),
}


def _option(kind: CommandKind, fields: dict[str, Any], word: str) -> None:
    key, equals, value = word.partition("=")
    if kind == CommandKind.SESSION_LOGON and word in CodFlag.__members__:
        fields["cod_flags"] = fields.get("cod_flags", 0) | int(CodFlag[word])
    elif kind == CommandKind.SESSION_LOGON and word in LogonFlag.__members__:
        fields["logon_flags"] = int(LogonFlag[word])
    elif key == "GTD" and equals:
        fields |= {"time_in_force": int(TimeInForce.GTD), "expire_ns": START_NS + int(Decimal(value) * MS)}
    elif word in _WORDS:
        fields[_WORDS[word][0]] = _WORDS[word][1]
    elif key in _KEYS:
        name, read = _KEYS[key]
        fields[name] = read(value)
    else:
        name, number = _raw(kind, word)
        fields[name] = number


def raw_line(record: bytes) -> str:
    """A command record as a line from which `Market.run` makes it again."""
    number, time_ns = struct.unpack_from("<H", record, 16)[0], struct.unpack_from("<q", record, 8)[0]
    when = f"t={Decimal(time_ns - START_NS) / MS:f}"
    if number not in set(CommandKind):
        return f"{when} RECORD {record.hex()}"
    kind = CommandKind(number)
    words = [when, kind.name]
    for field, value in zip(_valued(kind), COMMAND_BODIES[kind].unpack_row(record, 0), strict=True):
        if field.is_text:
            value = value.rstrip(b"\0")
            value = value.decode() if re.fullmatch(rb"[\w.-]*", value) else f"x:{value.hex()}"
        if value and field.name not in ("seq", "timestamp_ns", "kind"):
            words.append(f"{field.name}={value}")
    return " ".join(words)


def _valued(kind: CommandKind) -> list[Field]:
    return [field for field in COMMAND_BODIES[kind].fields if not field.is_padding]
