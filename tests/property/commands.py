"""Random command sequences for engines: every kind, every field at its limits and beyond them, everything in flight.

A sequence is a function of its seed. The generator asks no engine anything: it remembers what it has sent, so that
cancels and modifies find orders often, and lets a few accounts trade within a few prices, so that everything meets
everything. What a sequence stresses is its shape. Commands are first made to be plausible; then a share of them gets
one field spoiled, whichever it is. Kept to is only what the schema promises of every record: text is ASCII and padded,
numbers and times follow on.
"""

from __future__ import annotations

import random
from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple

from engine.api import EngineLimits
from engine.records import (
    CLIENT_ORDER_ID_MAX,
    COMMAND_BODIES,
    COMMAND_SIZE,
    INT64_MAX,
    NEVER_NS,
    SCALE_E8,
    CodFlag,
    CommandKind,
    InstrumentState,
    OrderType,
    PartyStatus,
    Scope,
    Side,
    TimeInForce,
    VenueState,
)
from tests.scenario import START_NS

K = CommandKind
BUY = int(Side.BUY)
LIMIT, MARKET, ALO, STOP_LOSS, TAKE_PROFIT = (int(t) for t in OrderType if t != OrderType.TWAP)
GTC, DAY, GTD, IOC, FOK = (int(t) for t in TimeInForce)
ACTIVE, BLOCKED = int(PartyStatus.ACTIVE), int(PartyStatus.BLOCKED)
US, MS = 1_000, 1_000_000
KNOWN_MAX = 150  # orders remembered

# Commands of each kind in 1000; the rest are PLACE.
USUAL = {
    K.REPLACE: 170, K.CANCEL: 150, K.MASS_CANCEL: 10, K.TICK: 60, K.SET_MARK: 30, K.SESSION_LOGON: 12,
    K.SESSION_DISCONNECT: 10, K.SET_INSTRUMENT: 4, K.SET_INSTRUMENT_STATE: 3, K.SET_VENUE_STATE: 1,
    K.ROLL_BUSINESS_DATE: 3, K.SET_FIRM: 2, K.SET_DESK: 2, K.SET_TRADER: 3, K.SET_ACCOUNT: 5, K.SET_SESSION: 4,
}  # fmt: skip
ROOMY = EngineLimits(
    orders_max=400, orders_per_book_max=200, pending_replaces_max=60, positions_max=60, instruments_max=6, firms_max=4,
    desks_max=5, traders_max=6, accounts_max=12, sessions_max=20, works_max=8, work_steps_max=24,
)  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """What the sequences of one kind look like. Instruments differ: each draws its settings from the tuples."""

    limits: EngineLimits = ROOMY
    weights: dict[CommandKind, int] = field(default_factory=dict)  # where they differ from USUAL
    matchers: tuple[str, ...] = ("price_time", "pro_rata", "reference")
    accounts: int = 6
    middles: tuple[int, ...] = (30, 100, 1000)  # ticks around which an instrument trades
    steps: tuple[tuple[int, int], ...] = (
        (SCALE_E8, SCALE_E8),
        (10**6, 10**5),
        (5 * 10**4, 10**7),
        (10**10, 1),
    )  # tick, lot
    width_ticks: int = 8  # prices lie within so many around an instrument's middle
    lots_max: int = 12
    odd: float = 0.02  # share of commands with a spoiled field
    edge: float = 0.02  # share of prices and quantities at a limit or one beyond
    reduce_only: float = 0.12
    types: tuple[int, ...] = (LIMIT, LIMIT, LIMIT, LIMIT, LIMIT, MARKET, ALO, STOP_LOSS, TAKE_PROFIT)
    bumps_ns: tuple[int, ...] = (0,)
    bands_ppm: tuple[int, ...] = (0, 100_000, 300_000)
    rates_milli: tuple[int, ...] = (0,)
    fills_max: tuple[int, ...] = (2, 50, 1000)
    open_orders_max: tuple[int, ...] = (0, 40)
    steps_ns: tuple[int, ...] = (0, 0, 1, US, MS)  # from one command to the next
    start_ns: int = START_NS


_CHURN = {k: 20 for k in USUAL if k.name.startswith(("SET_", "SESSION_")) and k != K.SET_VENUE_STATE}
STOPPY = (LIMIT, LIMIT, LIMIT, MARKET, STOP_LOSS, STOP_LOSS, STOP_LOSS, TAKE_PROFIT, TAKE_PROFIT, TAKE_PROFIT)
SHAPES = {
    "everything": Shape(bumps_ns=(0, 0, 2 * MS)),
    "book": Shape(
        types=(LIMIT, LIMIT, LIMIT, ALO), odd=0.001, edge=0.001, width_ticks=20, reduce_only=0.03, bands_ppm=(0,),
        weights={K.SET_MARK: 2}, matchers=("price_time",),
    ),
    "pro rata": Shape(types=(LIMIT, LIMIT, ALO, MARKET), odd=0.002, width_ticks=3, matchers=("pro_rata",)),
    "bump": Shape(
        bumps_ns=(MS, 3 * MS, 20 * MS), bands_ppm=(40_000,), width_ticks=14, weights={K.REPLACE: 300, K.TICK: 90}
    ),
    "stops": Shape(
        limits=replace(ROOMY, work_steps_max=3), types=STOPPY, weights={K.SET_MARK: 90, K.CANCEL: 40}, lots_max=6
    ),
    "works": Shape(
        limits=replace(ROOMY, works_max=3, work_steps_max=4),
        weights={K.MASS_CANCEL: 50, K.SESSION_LOGON: 60, K.SESSION_DISCONNECT: 60, K.ROLL_BUSINESS_DATE: 12},
    ),
    "full": Shape(
        limits=replace(
            ROOMY, orders_max=14, orders_per_book_max=6, pending_replaces_max=2, positions_max=9, works_max=1,
            accounts_max=6, sessions_max=10, instruments_max=3, firms_max=2, desks_max=3, traders_max=4,
        ),
        weights={K.CANCEL: 60, K.REPLACE: 300}, bumps_ns=(0, 9 * MS, 9 * MS), open_orders_max=(0, 3, 5),
    ),
    "rates": Shape(
        rates_milli=(0, 2_500, 10_000, 30_000), weights={K.CANCEL: 200, K.MASS_CANCEL: 30},
        steps_ns=(0, MS, MS, 100 * MS, 3_000 * MS, 40_000 * MS),
    ),
    "wrong": Shape(odd=0.3, edge=0.2, bumps_ns=(0, MS), weights=_CHURN),
    "end of time": Shape(start_ns=INT64_MAX - 4_000 * MS, steps_ns=(0, 1, US), bumps_ns=(MS, 5_000 * MS)),
}  # fmt: skip


@dataclass(slots=True)
class Instrument:
    """What the generator knows of an instrument it has set; prices in ticks, quantities in lots."""

    instrument_id: int
    symbol: bytes
    matcher: bytes
    tick_e8: int
    lot_e8: int
    min_ticks: int
    max_ticks: int
    min_lots: int
    max_lots: int
    fills_max: int
    middle_ticks: int
    mark_ticks: int = 0
    oracle_e8: int = 0
    band_ppm: int = 0
    bump_ns: int = 0


class Known(NamedTuple):
    """An order that was sent: it may be open."""

    order_id: int
    session: int
    account: int
    instrument: Instrument
    side: int
    order_type: int
    client_id: bytes


Row = list[Any]  # the values of a command record behind its kind, in the order of its layout
_PARENT = 7  # of a party's row
_PAIRS = ("take_profit_e8", "stop_loss_e8")  # `risk_commands.py` gives orders these
_SPOILABLE = {
    kind: [(i, f) for i, f in enumerate(f for f in layout.fields if not f.is_padding) if i > 2 and f.name not in _PAIRS]
    for kind, layout in COMMAND_BODIES.items()
}
_ODD = {
    "u8": (0, 1, 2, 3, 4, 5, 6, 7, 255),
    "u16": (0, 1, 2, 3, 4, 7, 8, 0x8000, 0xFFFF),
    "u32": (0, 1, 2, 3, 7, 99, (1 << 31) - 1, 1 << 31, (1 << 32) - 1),
    "u64": (0, 1, 2, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1),
    "i64": (
        0, 1, -1, 1 << 32, SCALE_E8, -SCALE_E8, 3 * SCALE_E8 + 1, INT64_MAX, INT64_MAX - 7, -INT64_MAX, -INT64_MAX - 1,
    ),
}  # fmt: skip
_ODD_TEXT = (b"", b"x", b"price_time", b"pro_rata", b"nonesuch", b"c1", b"z" * 16)
_LONG_ID = b"i" * CLIENT_ORDER_ID_MAX


class Commands:
    """One sequence: `take(n)` gives the next n records. `limits` are those of the engines that apply it."""

    def __init__(self, seed: int, shape: str | Shape = "") -> None:
        """`shape` is the name of one, or one of the caller's own; without, the seed picks one."""
        rng = random.Random(seed)
        self.shape = shape if isinstance(shape, Shape) else SHAPES[shape or rng.choice(list(SHAPES))]
        self.limits = self.shape.limits
        self.seq = 0
        self.time_ns = self.shape.start_ns
        self._rng = rng
        self._roll = rng.random
        self._known: list[Known] = []
        self._msg_seqs: dict[int, int] = {}
        self._later: list[tuple[int, int, CommandKind, Row]] = []  # what was switched off is soon switched on again
        self._date = 20260101
        self._client_ids = [b"", *(b"c%d" % i for i in range(200)), _LONG_ID]
        self._instruments: list[Instrument] = []
        self._sessions_of: dict[int, list[int]] = {}  # account -> sessions that may act for it
        self._makers: list[Callable[[], tuple[CommandKind, Row]]] = self._make_table()
        self._first = self._set_up()

    def _make_table(self) -> list[Callable[[], tuple[CommandKind, Row]]]:
        makers = {
            K.REPLACE: self._replace, K.CANCEL: self._cancel, K.MASS_CANCEL: self._mass_cancel, K.TICK: self._tick,
            K.SET_MARK: self._mark, K.SESSION_LOGON: self._logon, K.SESSION_DISCONNECT: self._disconnect,
            K.SET_INSTRUMENT: self._update_instrument, K.SET_INSTRUMENT_STATE: self._instrument_state,
            K.SET_VENUE_STATE: self._venue_state, K.ROLL_BUSINESS_DATE: self._roll_date, K.SET_FIRM: self._firm,
            K.SET_DESK: self._desk, K.SET_TRADER: self._trader, K.SET_ACCOUNT: self._account,
            K.SET_SESSION: self._session,
        }  # fmt: skip
        table: list[Callable[[], tuple[CommandKind, Row]]] = []
        for kind, weight in {**USUAL, **self.shape.weights}.items():
            table += [makers[kind]] * weight
        return table + [self._place] * (1000 - len(table))

    # ---- giving out

    def take(self, count: int) -> bytes:
        """The next `count` records, numbered and stamped."""
        records = []
        roll, makers, steps = self._roll, self._makers, self.shape.steps_ns
        odd = self.shape.odd
        for _ in range(count):
            self.seq += 1
            self.time_ns = min(self.time_ns + steps[int(roll() * len(steps))], INT64_MAX)
            if self._first:
                kind, row = self._first.pop()
            elif self._later and self._later[0][0] <= self.seq:
                _, _, kind, row = self._later.pop(0)
            else:
                kind, row = makers[int(roll() * 1000)]()
                if roll() < odd:
                    records.append(self._spoiled(kind, row))
                    continue
            records.append(COMMAND_BODIES[kind].pack_row(self.seq, self.time_ns, kind, *row))
        return b"".join(records)

    def _spoiled(self, kind: CommandKind, row: Row) -> bytes:
        """The record with one strange field, or with a kind that there is not."""
        rng = self._rng
        number = rng.choice((0, 13, 49, 255, 0xFFFF)) if self._roll() < 0.02 else int(kind)
        index, spoiled = rng.choice(_SPOILABLE[kind])
        value = row[index - 3]
        if spoiled.is_text:
            row[index - 3] = rng.choice(_ODD_TEXT)[: spoiled.width]
        elif self._roll() < 0.4 and 0 < value < 127:
            row[index - 3] = value + rng.choice((-1, 1))
        else:
            row[index - 3] = rng.choice(_ODD[spoiled.kind])
        return COMMAND_BODIES[kind].pack_row(self.seq, self.time_ns, number, *row)

    def _undo_later(self, kind: CommandKind, row: Row) -> None:
        insort(self._later, (self.seq + 2 + int(self._roll() * 40), self.seq, kind, row), key=lambda entry: entry[:2])

    # ---- the parties and instruments of the sequence

    _brokers_of: ClassVar[dict[int, int]] = {1: 0, 2: 0}  # firms' parents
    _more_nodes: ClassVar[list[tuple[Scope, int]]] = []  # of sessions beyond the usual

    def _set_up(self) -> list[tuple[CommandKind, Row]]:
        """Firms 1 and 2, desks 1 to 3, traders 1 to 4, accounts spread over them; a session for each account, numbered
        like it, then one for a trader, a desk and both firms. Last first: `take` pops them."""
        count = self.shape.accounts
        self._parents = {  # of each node
            Scope.FIRM: dict(self._brokers_of),
            Scope.DESK: {1: 1, 2: 1, 3: 2},
            Scope.TRADER: {1: 1, 2: 1, 3: 2, 4: 3},
            Scope.ACCOUNT: {account: 1 + (account - 1) % 4 for account in range(1, count + 1)},
        }
        nodes = [(Scope.ACCOUNT, account) for account in range(1, count + 1)]
        nodes += [(Scope.TRADER, 1), (Scope.DESK, 1), (Scope.FIRM, 1), (Scope.FIRM, 2), *self._more_nodes]
        self._nodes = dict(enumerate(nodes, 1))  # session -> what it is bound to
        for account in range(1, count + 1):
            self._sessions_of[account] = [s for s, node in self._nodes.items() if node in self._lineage(account)]
        commands = [(K.SET_FIRM, self._party_row(Scope.FIRM, firm)) for firm in (1, 2)]
        commands += [(K.SET_DESK, self._party_row(Scope.DESK, desk)) for desk in (1, 2, 3)]
        commands += [self._trader(trader) for trader in (1, 2, 3, 4)]
        commands += [self._account(account) for account in range(1, count + 1)]
        commands += [(K.SET_SESSION, self._session_row(session)) for session in self._nodes]
        for number in range(1, 4):
            self._instruments.append(self._new_instrument(number))
            commands.append((K.SET_INSTRUMENT, self._instrument_row(self._instruments[-1])))
        return commands[::-1]

    def _lineage(self, account: int) -> list[tuple[Scope, int]]:
        trader = self._parents[Scope.ACCOUNT][account]
        desk = self._parents[Scope.TRADER][trader]
        return [
            (Scope.ACCOUNT, account), (Scope.TRADER, trader), (Scope.DESK, desk),
            (Scope.FIRM, self._parents[Scope.DESK][desk]),
        ]  # fmt: skip

    def _head(self, session: int = 0, account: int = 0, instrument: int = 0) -> Row:
        """The header after kind: flags, session, msg_seq_in, sent time, account, instrument, and nobody's case."""
        return [0, session, 0, 0, account, instrument, 0, 0, 0]

    def _party_row(self, scope: Scope, party: int, status: int = ACTIVE) -> Row:
        return [*self._head(), party, self._parents[scope].get(party, 1), status, b"party%d" % party]

    def _session_row(self, session: int, status: int = ACTIVE, rights: int = 3) -> Row:
        scope, node = self._nodes.get(session, (Scope.ACCOUNT, 1))
        return [*self._head(), session, node, status, b"session", rights, int(scope)]

    def _new_instrument(self, number: int) -> Instrument:
        rng, shape = self._rng, self.shape
        tick, lot = rng.choice(shape.steps)
        middle = rng.choice(shape.middles)
        return Instrument(
            number,
            b"SYM%d-USD" % number,
            rng.choice(shape.matchers).encode(),
            tick,
            lot,
            min_ticks=rng.choice((1, middle // 2)),
            max_ticks=middle * 2,
            min_lots=rng.choice((1, 1, 2)),
            max_lots=rng.choice((shape.lots_max, 4 * shape.lots_max)),
            fills_max=rng.choice(shape.fills_max),
            middle_ticks=middle,
        )

    def _instrument_row(self, instrument: Instrument) -> Row:
        rng, shape = self._rng, self.shape
        instrument.band_ppm = rng.choice(shape.bands_ppm)
        instrument.bump_ns = rng.choice(shape.bumps_ns)
        tick_value = instrument.tick_e8 * instrument.lot_e8 // 10**10
        notional = rng.choice((0, 0, instrument.middle_ticks * 2 * tick_value + rng.choice((-1, 0, 1))))
        return [
            *self._head(instrument=instrument.instrument_id),
            instrument.symbol,
            instrument.matcher,
            instrument.tick_e8,
            instrument.lot_e8,
            instrument.min_ticks * instrument.tick_e8,
            instrument.max_ticks * instrument.tick_e8,
            instrument.min_lots * instrument.lot_e8,
            instrument.max_lots * instrument.lot_e8,
            notional,
            instrument.bump_ns,
            instrument.band_ppm,
            instrument.fills_max,
            rng.choice((0, 1)),
            rng.choice((1, 2, 3, 4, 5)),
        ]

    # ---- orders

    def _who(self) -> tuple[int, int]:
        """An account and, mostly, a session that may act for it."""
        roll = self._roll
        account = 1 + int(roll() * self.shape.accounts)
        pick = roll()
        if pick < 0.8:
            return account, account
        if pick < 0.97:
            sessions = self._sessions_of[account]
            return account, sessions[int(roll() * len(sessions))]
        if pick < 0.985:
            return 1 + int(roll() * (self.limits.accounts_max + 1)), len(self._nodes) - 1
        return account, int(roll() * (len(self._nodes) + 2))

    def _msg_seq(self, session: int) -> int:
        """Mostly none; else the session's next number, sometimes an old one or a jump."""
        pick = self._roll()
        if pick < 0.75:
            return 0
        last = self._msg_seqs.get(session, 0)
        if pick < 0.78:
            return last
        self._msg_seqs[session] = last + (1 if pick < 0.98 else 5)
        return self._msg_seqs[session]

    def _some_client_id(self) -> bytes:
        ids = self._client_ids
        return ids[int(self._roll() * len(ids))] if self._roll() < 0.6 else b""

    def _price(self, instrument: Instrument, side: int) -> int:
        roll, shape = self._roll, self.shape
        if roll() < shape.edge:
            return self._edge_price(instrument)
        width = shape.width_ticks
        lean = width // 4 if side == BUY else -(width // 4)
        ticks = instrument.middle_ticks - width // 2 - lean + int(roll() * width)
        return ticks * instrument.tick_e8

    def _edge_price(self, instrument: Instrument) -> int:
        rng, mark, band = self._rng, instrument.mark_ticks, instrument.band_ppm
        edges = (
            instrument.min_ticks, instrument.max_ticks, mark * (1_000_000 + band) // 1_000_000,
            -(-mark * (1_000_000 - band) // 1_000_000), instrument.oracle_e8 // (2 * instrument.tick_e8),
            3 * instrument.oracle_e8 // (2 * instrument.tick_e8), 0,
        )  # fmt: skip
        return (rng.choice(edges) + rng.choice((-1, 0, 1))) * instrument.tick_e8 + rng.choice((0, 0, 0, 1, -1))

    def _quantity(self, instrument: Instrument, lots_max: int) -> int:
        roll, lot = self._roll, instrument.lot_e8
        if roll() < self.shape.edge:
            edges = (instrument.min_lots, instrument.max_lots, 0, 1)
            return (self._rng.choice(edges) + self._rng.choice((-1, 0, 1))) * lot + self._rng.choice((0, 0, 0, 1, -1))
        return (1 + int(roll() * lots_max)) * lot

    def _tif(self, order_type: int) -> int:
        pick = self._roll()
        if pick < 0.02:
            return int(pick * 300)
        if order_type == MARKET:
            return IOC if pick < 0.6 else FOK
        if order_type == ALO:
            return (GTC, DAY, GTD)[int(pick * 3)]
        return (GTC, GTC, GTC, GTC, GTC, GTC, DAY, GTD, IOC, FOK)[int(pick * 10)]

    def _place(self) -> tuple[CommandKind, Row]:
        roll, shape = self._roll, self.shape
        account, session = self._who()
        instrument = self._instruments[int(roll() * 3)]
        side = 1 + int(roll() * 2)
        order_type = shape.types[int(roll() * len(shape.types))]
        stop = order_type >= STOP_LOSS
        tif = self._tif(order_type)
        quantity = self._quantity(instrument, 3 if stop else shape.lots_max)
        client_id = self._some_client_id()
        display = minimum = expire = stp_mode = group = 0
        if tif <= GTD and not stop and roll() < 0.15:
            display = (1 + int(roll() * 4)) * instrument.lot_e8
        if tif == IOC and roll() < 0.3:
            minimum = (1 + int(roll() * 5)) * instrument.lot_e8
        if tif == GTD:
            expire = min(self.time_ns + (0, 1, US, 3 * MS, 40 * MS)[int(roll() * 5)], INT64_MAX)
        if roll() < 0.4:
            stp_mode = int(roll() * 5)
            group = int(roll() * 4)
        flags = 1 if roll() < shape.reduce_only else 0
        row = [
            0, session, self._msg_seq(session), 0, account, instrument.instrument_id, 0, 0, 0,
            client_id, self._price(instrument, side), quantity, display, minimum, expire, 0, 0, side, order_type, tif,
            stp_mode, flags, group,
        ]  # fmt: skip
        if tif <= GTD or stop or roll() < 0.1:  # it may come to rest
            known = self._known
            known.append(Known(self.seq, session, account, instrument, side, order_type, client_id))
            if len(known) > 2 * KNOWN_MAX:
                del known[:KNOWN_MAX]
        return K.PLACE, row

    def _pick(self) -> tuple[Known, int, int, bytes]:
        """An order that may be open, the session that asks, and how the order is named: by its id, or by client id."""
        roll, known = self._roll, self._known
        if not known:
            return Known(7, 1, 1, self._instruments[0], 1, 1, b""), 1, 7, b""
        order = known[-1 - int(roll() ** 2 * len(known))]
        session = order.session if roll() < 0.95 else int(roll() * (len(self._nodes) + 2))
        pick = roll()
        if pick < 0.75:
            return order, session, order.order_id, b""
        if pick < 0.97:
            return order, session, 0, order.client_id
        return order, session, self.seq + int(roll() * 3) - 1, b""

    def _replace(self) -> tuple[CommandKind, Row]:
        roll = self._roll
        order, session, order_id, orig = self._pick()
        instrument = order.instrument
        quantity = self._quantity(instrument, self.shape.lots_max if roll() < 0.7 else 3)
        side = order.side if roll() < 0.5 else 0
        if roll() < 0.02:
            side = 3 - order.side
        order_type = order.order_type if roll() < 0.5 else 0
        return K.REPLACE, [
            0, session, self._msg_seq(session), 0, order.account,
            instrument.instrument_id if roll() < 0.9 else int(roll() * 4), 0, 0, 0, self._some_client_id(), orig,
            order_id, self._price(instrument, order.side), quantity, 0, 0, side, order_type,
        ]  # fmt: skip

    def _cancel(self) -> tuple[CommandKind, Row]:
        roll = self._roll
        order, session, order_id, orig = self._pick()
        side = order.side if roll() < 0.5 else int(roll() * 2.1)
        if roll() < 0.03:
            session = 0
        return K.CANCEL, [
            0, session, self._msg_seq(session), 0, order.account, order.instrument.instrument_id if roll() < 0.5 else 0,
            0, 0, 0, self._some_client_id(), orig, order_id, side,
        ]  # fmt: skip

    def _mass_cancel(self) -> tuple[CommandKind, Row]:
        roll = self._roll
        session = 1 + int(roll() * len(self._nodes)) if roll() < 0.9 else 0
        scope = int(Scope.SESSION) + int(roll() * 6)
        if scope == Scope.SESSION and roll() < 0.8:
            target = session
        elif roll() < 0.6 and session and self._nodes[session][0] == Scope.ACCOUNT and scope != Scope.VENUE:
            scope, target = int(Scope.ACCOUNT), session
        else:
            target = int(roll() * 8)
        instrument = int(roll() * 4.1) if roll() < 0.3 else 0
        side = int(roll() * 3) if roll() < 0.4 else 0
        return K.MASS_CANCEL, [
            *self._head(session, 0, instrument)[:2], self._msg_seq(session), 0, 0, instrument, 0, 0, 0,
            self._some_client_id(), target, scope, side,
        ]  # fmt: skip

    # ---- time, marks, states, sessions

    def _tick(self) -> tuple[CommandKind, Row]:
        return K.TICK, self._head()

    def _mark(self) -> tuple[CommandKind, Row]:
        roll, shape = self._roll, self.shape
        instrument = self._instruments[int(roll() * 3)]
        if roll() < 0.3:
            middle = instrument.middle_ticks + int(roll() * 3) - 1
            instrument.middle_ticks = min(max(middle, shape.width_ticks), instrument.max_ticks - shape.width_ticks)
        spread = shape.width_ticks if roll() < 0.8 else 6 * shape.width_ticks
        mark = max(1, instrument.middle_ticks - spread // 2 + int(roll() * spread))
        oracle = 0 if roll() < 0.7 else instrument.middle_ticks * instrument.tick_e8 * (4 + int(roll() * 8)) // 8
        instrument.mark_ticks, instrument.oracle_e8 = mark, oracle
        return K.SET_MARK, [*self._head(instrument=instrument.instrument_id), mark * instrument.tick_e8, oracle]

    def _instrument_state(self) -> tuple[CommandKind, Row]:
        instrument = 1 + int(self._roll() * 3)
        state = self._rng.choice(list(InstrumentState))
        if state != InstrumentState.ACTIVE:
            self._undo_later(K.SET_INSTRUMENT_STATE, [*self._head(instrument=instrument), int(InstrumentState.ACTIVE)])
        return K.SET_INSTRUMENT_STATE, [*self._head(instrument=instrument), int(state)]

    def _venue_state(self) -> tuple[CommandKind, Row]:
        self._undo_later(K.SET_VENUE_STATE, [*self._head(), int(VenueState.OPEN)])
        return K.SET_VENUE_STATE, [*self._head(), int(VenueState.CANCEL_ONLY) if self._roll() < 0.8 else 3]

    def _roll_date(self) -> tuple[CommandKind, Row]:
        self._date += self._rng.choice((0, 1, 1, 1))
        return K.ROLL_BUSINESS_DATE, [*self._head(), self._date]

    def _logon(self) -> tuple[CommandKind, Row]:
        rng, roll = self._rng, self._roll
        session = 1 + int(roll() * len(self._nodes))
        grace = rng.choice((0, 0, 1, 2 * MS, 30 * MS, NEVER_NS))
        return K.SESSION_LOGON, [*self._head(session), grace, int(roll() * 2 * CodFlag.ACCOUNT_SCOPE), int(roll() * 2)]

    def _disconnect(self) -> tuple[CommandKind, Row]:
        return K.SESSION_DISCONNECT, [*self._head(1 + int(self._roll() * len(self._nodes))), 1 + int(self._roll() * 2)]

    # ---- configuration in flight

    def _update_instrument(self) -> tuple[CommandKind, Row]:
        roll = self._roll
        if roll() < 0.15:  # one more, in whatever place is free
            instrument = self._new_instrument(4 + int(roll() * 2))
            if roll() < 0.1:
                instrument.matcher = b"nonesuch"
            return K.SET_INSTRUMENT, self._instrument_row(instrument)
        return K.SET_INSTRUMENT, self._instrument_row(self._instruments[int(roll() * 3)])

    def _status(self) -> int:
        return ACTIVE if self._roll() < 0.7 else BLOCKED

    def _some_party(self, scope: Scope) -> int:
        """Mostly one that exists; else any number up to a little beyond the limit."""
        parents = self._parents[scope]
        if self._roll() < 0.85:
            return self._rng.choice(list(parents))
        return int(self._roll() * (max(parents) + 3))

    def _firm(self) -> tuple[CommandKind, Row]:
        return self._simple_party(K.SET_FIRM, Scope.FIRM)

    def _desk(self) -> tuple[CommandKind, Row]:
        return self._simple_party(K.SET_DESK, Scope.DESK)

    def _simple_party(self, kind: CommandKind, scope: Scope) -> tuple[CommandKind, Row]:
        party, status = self._some_party(scope), self._status()
        if status == BLOCKED:
            self._undo_later(kind, self._party_row(scope, party))
        return kind, self._elsewhere(self._party_row(scope, party, status))

    def _elsewhere(self, row: Row) -> Row:
        """Sometimes below another parent, which may not exist."""
        if self._roll() < 0.05:
            row[_PARENT] = self._rng.choice((0, 1, 2, 9))
        return row

    def _trader(self, trader: int = 0) -> tuple[CommandKind, Row]:
        status = ACTIVE if trader else self._status()
        trader = trader or self._some_party(Scope.TRADER)
        rate = [self._rng.choice(self.shape.rates_milli)]
        if status == BLOCKED:
            self._undo_later(K.SET_TRADER, self._party_row(Scope.TRADER, trader) + rate)
        row = self._party_row(Scope.TRADER, trader, status) + rate
        return K.SET_TRADER, self._elsewhere(row) if self.seq else row

    def _account(self, account: int = 0) -> tuple[CommandKind, Row]:
        status = ACTIVE if account else self._status()
        account = account or self._some_party(Scope.ACCOUNT)
        rng = self._rng
        own = [rng.choice((0, 0, 1, 2)), rng.choice(self.shape.open_orders_max), rng.choice((0, 0, 1, 2, 3, 4))]
        if status == BLOCKED:
            self._undo_later(K.SET_ACCOUNT, self._party_row(Scope.ACCOUNT, account) + own)
        row = self._party_row(Scope.ACCOUNT, account, status) + own
        return K.SET_ACCOUNT, self._elsewhere(row) if self.seq else row

    def _session(self) -> tuple[CommandKind, Row]:
        session = self._rng.choice(list(self._nodes)) if self._roll() < 0.9 else int(self._roll() * 24)
        status, rights = self._status(), 3 if self._roll() < 0.6 else int(self._roll() * 4)
        if status == BLOCKED or rights != 3:
            self._undo_later(K.SET_SESSION, self._session_row(session))
        return K.SET_SESSION, self._elsewhere(self._session_row(session, status, rights))


def split_commands(records: bytes) -> list[bytes]:
    return [records[offset : offset + COMMAND_SIZE] for offset in range(0, len(records), COMMAND_SIZE)]
