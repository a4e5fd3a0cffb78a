"""Random command sequences of a venue with money: everything of docs/risk.md, on top of what `commands.py` does.

Accounts are poor enough that margin refuses, marks move enough that accounts are liquidated, and budgets are small
enough that passes, accruals and rankings are interrupted by other commands. Whatever happens, money adds up. What the
sequences look like is in `risk_shapes.py`.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from engine.records import (
    COMMAND_BODIES,
    INT64_MAX,
    NEVER_NS,
    SCALE_E8,
    AccountFlag,
    CommandKind,
    IndexFormula,
    InstrumentState,
    LimitKind,
    LimitTarget,
    LogonFlag,
    RiskSession,
    Scope,
    SessionRight,
)
from tests.property.commands import ACTIVE, KNOWN_MAX, MS, Commands, Instrument, Known, Row
from tests.property.risk_shapes import EVERYTHING, FEEDS, PARTS, RISK_SHAPES, RISKY, SECOND, RiskShape
from tests.risk_market import VENUE

K = CommandKind
FRACTION_ACCOUNT, PROVIDERS = 6, (4, 5)
MONEY_MAX = 2**60
FEED_OF = {2: 4, 3: 1}  # instrument -> feed; feed 2 is another future on instrument 3, feed 3 an exchange rate
RATE_FEED = 3
DAY_S, HOUR_S = 240, 75  # of the generated calendar, in pulses
FOREVER_RICH = 200_000  # tenths of an order: nothing that a sequence does uses that up
_OWN_IDS = 48  # bits of an order id below its number

_LOSSES = (LimitKind.DAILY_LOSS, LimitKind.DRAWDOWN)
_TARGETED = (
    LimitKind.ORDER_QUANTITY, LimitKind.ORDER_NOTIONAL, LimitKind.PRICE_TOLERANCE, LimitKind.EXECUTIONS,
    LimitKind.ORDER_TO_TRADE, LimitKind.POSITION, LimitKind.GROSS_NOTIONAL, LimitKind.NET_NOTIONAL,
    LimitKind.CONCENTRATION,
)  # fmt: skip
_SESSION_KINDS = (
    LimitKind.ORDER_QUANTITY, LimitKind.ORDER_NOTIONAL, LimitKind.PRICE_TOLERANCE, LimitKind.MESSAGE_AGE,
    LimitKind.OPEN_ORDERS, LimitKind.ORDER_TO_TRADE,
)  # fmt: skip


class RiskCommands(Commands):
    """One sequence: `take(n)` gives the next n records."""

    shape: RiskShape
    _brokers_of: ClassVar[dict[int, int]] = {1: 1, 2: 0}
    _more_nodes: ClassVar[list[tuple[Scope, int]]] = [(Scope.BROKER, 1), (Scope.FIRM, 2)]

    def __init__(self, seed: int, shape: str | RiskShape = "", parts: frozenset[str] = EVERYTHING) -> None:
        """As `Commands`; without a shape the seed picks one of those that make sense with these parts."""
        self._transfer = 0
        self._transfers: list[int] = []
        self._movements: list[tuple[CommandKind, Row]] = []
        self._requests: list[int] = []
        self._second = 0
        self._last_place: Row = []
        self._parts = parts
        self._kinds = {kind for part in parts for kind in PARTS[part]}
        names = [name for name, found in RISK_SHAPES.items() if parts.issuperset(found.needs)]
        super().__init__(
            seed, shape if isinstance(shape, RiskShape) else RISK_SHAPES[shape or names[seed % len(names)]]
        )

    @property
    def _has_money(self) -> bool:
        return self.shape.money and "money" in self._parts

    @property
    def _priced(self) -> tuple[int, ...]:
        return self.shape.priced if "prices" in self._parts else ()

    def _make_table(self) -> list[Callable[[], tuple[CommandKind, Row]]]:
        """RISKY as it is weighted, and what is left of 1000 in the proportions of the other commands."""
        named = {K.PRICE: self._source_price, K.TRANSFER: self._transfer_between}
        table: list[Callable[[], tuple[CommandKind, Row]]] = [self._clock] * self.shape.clock
        for kind, weight in {**RISKY, **self.shape.risky}.items():
            if kind in self._kinds:
                table += [named.get(kind) or getattr(self, "_" + kind.name.lower())] * weight
        base = super()._make_table()
        left = 1000 - len(table)
        return table + [base[i * len(base) // left] for i in range(left)]

    # ---- rows

    def _row(self, kind: CommandKind, session: int = 0, account: int = 0, instrument: int = 0, **fields: Any) -> Row:
        """A row with zeros where nothing is said."""
        layout = COMMAND_BODIES[kind]
        values: dict[str, Any] = {"session_id": session, "account_id": account, "instrument_id": instrument, **fields}
        if session and K.PLACE <= kind < K.SET_LIMIT:
            values["msg_seq_in"] = self._msg_seq(session)
        blank = [b"" if f.is_text else 0 for f in layout.fields if not f.is_padding]
        row = [values.pop(name, zero) for name, zero in zip(layout.names, blank, strict=True)]
        assert not values, (kind, values)
        return row[3:]

    def _any_instrument(self) -> Instrument:
        if self._roll() < self.shape.focus:
            return self._instruments[0]
        return self._instruments[int(self._roll() * 3)]

    def _people(self) -> dict[str, int]:
        """Mostly the venue's configuration, sometimes an operator, with or without a second person."""
        pick = self._roll()
        if pick < 0.6:
            return {}
        return {"operator_id": 7, "approver_id": 8 if pick < 0.85 else int(self._roll() * 9), "case_id": 3}

    def _largest_worth_micro(self) -> int:
        return max(self._worth_micro(instrument) for instrument in self._instruments)

    def _worth_micro(self, instrument: Instrument) -> int:
        """An order of the largest usual size."""
        tick_value = instrument.tick_e8 * instrument.lot_e8 // 10**10
        return instrument.middle_ticks * self.shape.lots_max * tick_value

    def _spoiled(self, kind: CommandKind, row: Row) -> bytes:
        """What is asked for by a flag belongs to a part as well."""
        if kind == K.SESSION_LOGON and "status" not in self._parts:
            return COMMAND_BODIES[kind].pack_row(self.seq, self.time_ns, kind, *row)
        return super()._spoiled(kind, row)

    # ---- what there is at the start; `take` pops from the end

    def _set_up(self) -> list[tuple[CommandKind, Row]]:
        first = [(K.SET_BROKER, self._row(K.SET_BROKER, party_id=1, status=ACTIVE, name=b"broker"))]
        first += super()._set_up()[::-1]
        known = (PROVIDERS, PROVIDERS, PROVIDERS[:1], ()) if self.shape.has_providers else ((),)
        self._providers = self._rng.choice(known)
        is_rich = "liquidation" not in self._parts and not self.shape.safe
        self._is_rich = dict.fromkeys(range(1, self.shape.accounts + 1), is_rich)
        if (self._roll() < 0.5 or not self.shape.has_providers) and not self.shape.safe:
            self._is_rich.update(dict.fromkeys(PROVIDERS, True))
        if "prices" in self._parts:
            first += [self._set_feed(feed) for feed in range(1, FEEDS + 1)]
        first += [self._set_instrument_risk(instrument) for instrument in self._instruments]
        for number in self._priced:
            fields = {"feed_a": FEED_OF[number], "formula": int(IndexFormula.FEED)}
            first.append((K.SET_INDEX, self._row(K.SET_INDEX, instrument=number, **fields)))
        for account in (*PROVIDERS, FRACTION_ACCOUNT):
            first.append((K.SET_ACCOUNT_RISK, self._account_risk_row(account)))
        first.append((K.SET_VENUE_RISK, self._venue_row()))
        if self._has_money:
            first += [self._deposit(account) for account in range(1, self.shape.accounts + 1)]
            if self.shape.has_reserve and self._roll() < 0.5:
                first.append(self._top_up())
        for instrument in self._instruments:
            if instrument.instrument_id not in self._priced and (self._roll() < 0.9 or self.shape.safe):
                mark = instrument.middle_ticks * instrument.tick_e8
                first.append((K.SET_MARK, [*self._head(instrument=instrument.instrument_id), mark, 0]))
        if "prices" in self._parts:
            first += [(K.PRICE, self._price_row(feed, 0)) for feed in range(1, FEEDS + 1)]
            first.append((K.MARK_PULSE, self._head()))
        return first[::-1]

    def _lineage(self, account: int) -> list[tuple[Scope, int]]:
        nodes = super()._lineage(account)
        broker = self._brokers_of[nodes[-1][1]]
        return [*nodes, (Scope.BROKER, broker)] if broker else nodes

    def _session_row(self, session: int, status: int = ACTIVE, rights: int = 3) -> Row:
        """Sessions of whole firms and brokers have all rights; the oracle speaks through them."""
        scope, _ = self._nodes.get(session, (Scope.ACCOUNT, 1))
        if rights == 3 and scope in (Scope.DESK, Scope.FIRM, Scope.BROKER):
            rights |= SessionRight.RISK | SessionRight.PRICES
        return super()._session_row(session, status, rights)

    def _venue_row(self, **fields: Any) -> Row:
        rng = self._rng
        terms = {
            **VENUE, "risk_flags": int(self._has_money), "fraction_account_id": FRACTION_ACCOUNT,
            "repeat_window_ns": rng.choice((0, 500 * MS)), "reserve_floor_micro": rng.choice((0, 10**6)),
            "total_interest_cap_micro": min(MONEY_MAX, rng.choice((0, 0, 0, 6)) * self._largest_worth_micro()),
            **{
                f"flow_cap_{s}_micro": min(MONEY_MAX, self._largest_worth_micro() * rng.choice((1, 8, 1_000)) // 4)
                for s in ("open", "overnight", "weekend")
            },
            **fields,
        }  # fmt: skip
        return self._row(K.SET_VENUE_RISK, **terms)

    # ---- orders

    def _place(self) -> tuple[CommandKind, Row]:
        names = COMMAND_BODIES[K.PLACE].names[3:]
        if self._last_place and self._roll() < self.shape.again:
            row = list(self._last_place)
            row[names.index("client_order_id")], row[names.index("msg_seq_in")] = b"", 0
            return K.PLACE, row
        count = len(self._known)
        kind, row = super()._place()
        if len(self._known) > count and self._known[-1].order_type > 3 and self._roll() < 0.7:
            self._known.pop()  # most stops are refused: modifies and cancels are for orders
        if self._roll() < 0.1:
            row[3] = self.time_ns - int(self._roll() * 3 * MS)  # sent_ns
        if self._roll() < self.shape.focus:
            row[names.index("instrument_id")] = 1
        if self._roll() < self.shape.lean and row[4] not in PROVIDERS:
            self._take(row, names)
        if "pairs" in self._parts and self._roll() < self.shape.pairs:
            self._attach(row, names)
        self._last_place = row
        return kind, row

    def _take(self, row: Row, names: tuple[str, ...]) -> None:
        """A MARKET order that makes the account's position larger: odd accounts buy, even ones sell."""
        plain = {"min_quantity_e8": 0, "display_quantity_e8": 0, "expire_ns": 0, "order_flags": 0}
        side = 1 if row[4] % 2 else 2
        for name, value in {**plain, "side": side, "order_type": 2, "time_in_force": 4}.items():
            row[names.index(name)] = value

    def _attach(self, row: Row, names: tuple[str, ...]) -> None:
        """Mostly to orders that may have a pair."""
        order_type, flags = row[names.index("order_type")], row[names.index("order_flags")]
        if (order_type > 3 or flags) and self._roll() < 0.9:
            return
        price, side = row[names.index("price_e8")], row[names.index("side")]
        instrument = self._instruments[row[names.index("instrument_id")] - 1]
        away = instrument.tick_e8 * (1 + int(self._roll() * 4)) * (1 if side == 1 else -1)
        if self._roll() < 0.7:
            row[names.index("take_profit_e8")] = price + away + self._rng.choice((0,) * 20 + (1, -2 * away))
        if self._roll() < 0.7:
            row[names.index("stop_loss_e8")] = price - away + self._rng.choice((0,) * 20 + (1, 2 * away))
        if self._roll() < 0.5 and order_type == 1:  # halves get ids of their own: they may be cancelled and modified
            number = 1 + int(self._roll() * 2)
            known = Known(
                number << _OWN_IDS | self.seq, row[1], row[4], instrument, 3 - side, 5 if number == 1 else 4, b""
            )
            self._remember(known)

    def _remember(self, known: Known) -> None:
        self._known.append(known)
        if len(self._known) > 2 * KNOWN_MAX:
            del self._known[:KNOWN_MAX]

    def _replace(self) -> tuple[CommandKind, Row]:
        kind, row = super()._replace()
        if "pairs" in self._parts and self._roll() < self.shape.pairs:
            names = COMMAND_BODIES[K.REPLACE].names[3:]
            instrument, price = self._any_instrument(), row[names.index("price_e8")]
            away = self._rng.choice((-2, -1, 1, 2)) * instrument.tick_e8
            row[names.index("take_profit_e8")] = self._rng.choice((0, price + away))
            row[names.index("stop_loss_e8")] = self._rng.choice((0, price - away))
        return kind, row

    def _logon(self) -> tuple[CommandKind, Row]:
        kind, row = super()._logon()
        if "status" in self._parts and self._roll() < 0.5:
            row[-1] |= LogonFlag.ACCOUNTS
        return kind, row

    def _quote(self) -> tuple[CommandKind, Row]:
        account, session = self._who()
        if self._roll() < self.shape.lean:
            account = session = self._rng.choice(PROVIDERS)
        instrument = self._any_instrument()
        low, high = sorted((self._price(instrument, 1), self._price(instrument, 2)))
        sides = self._roll()
        if self._roll() < 0.3:
            side = 1 + int(self._roll() * 2)
            self._remember(Known(side << _OWN_IDS | self.seq, session, account, instrument, side, 3, b""))
        return K.QUOTE, self._row(
            K.QUOTE, session, account, instrument.instrument_id, quote_id=b"q%d" % (self.seq % 50),
            bid_price_e8=low, bid_quantity_e8=self._quantity(instrument, self.shape.quote_lots) if sides < 0.9 else 0,
            ask_price_e8=high + instrument.tick_e8 * (self._roll() < 0.9),
            ask_quantity_e8=self._quantity(instrument, self.shape.quote_lots) if sides > 0.1 else 0,
        )  # fmt: skip

    def _quote_cancel(self) -> tuple[CommandKind, Row]:
        account, session = self._who()
        return K.QUOTE_CANCEL, self._row(
            K.QUOTE_CANCEL, session if self._roll() < 0.9 else 0, account, int(self._roll() * 4.1), quote_id=b"qc"
        )

    def _place_twap(self) -> tuple[CommandKind, Row]:
        account, session = self._who()
        instrument = self._any_instrument()
        slices = self._rng.choice((1, 2, 3, 3, 5, 8))
        self._remember(Known(self.seq, session, account, instrument, 1, 6, b""))
        return K.PLACE_TWAP, self._row(
            K.PLACE_TWAP, session, account, instrument.instrument_id, client_order_id=self._some_client_id(),
            quantity_e8=slices * self._quantity(instrument, 3) + self._rng.choice((0, 0, instrument.lot_e8)),
            interval_ns=self._rng.choice((30, 30, 30, 60, 29)) * SECOND, slices=slices,
            side=1 + int(self._roll() * 2), order_flags=int(self._roll() < 0.3),
        )  # fmt: skip

    def _close_position(self) -> tuple[CommandKind, Row]:
        account, session = self._who()
        return K.CLOSE_POSITION, self._row(
            K.CLOSE_POSITION, session, account, int(self._roll() * 4.1), client_order_id=self._some_client_id()
        )

    def _set_leverage(self) -> tuple[CommandKind, Row]:
        account, session = self._who()
        return K.SET_LEVERAGE, self._row(
            K.SET_LEVERAGE, session if self._roll() < 0.8 else 0, account, int(self._roll() * 4.1),
            leverage=self._rng.choice((0, 1, 2, 3, 5, 10, 12, 20, 255)),
        )  # fmt: skip

    def _set_mmp(self) -> tuple[CommandKind, Row]:
        account, session = self._who()
        instrument, rng = self._any_instrument(), self._rng
        return K.SET_MMP, self._row(
            K.SET_MMP, session, account, instrument.instrument_id, window_ns=rng.choice((0, MS, 50 * MS, 400 * MS)),
            quantity_e8=rng.choice((0, 3, 8)) * instrument.lot_e8,
            delta_micro=rng.choice((0, self._worth_micro(instrument))),
            freeze_ns=rng.choice((0, MS, 90 * MS, NEVER_NS)), fills=rng.choice((0, 1, 2, 5, 64, 65)),
        )  # fmt: skip

    def _reset_mmp(self) -> tuple[CommandKind, Row]:
        account, session = self._who()
        return K.RESET_MMP, self._row(K.RESET_MMP, session, account, self._any_instrument().instrument_id)

    # ---- money

    def _movement(self, kind: CommandKind, **fields: Any) -> tuple[CommandKind, Row]:
        """Mostly a new one, sometimes one of before, word for word."""
        if self.seq and self._movements and self._roll() < 0.05:
            return self._rng.choice(self._movements[-10:])
        row = self._row(kind, transfer_id=self._next_transfer(), **fields)
        self._movements.append((kind, row))
        return kind, list(row)

    def _next_transfer(self) -> int:
        """Mostly a new number, sometimes one of before or one long gone."""
        if self.seq and self._transfers and self._roll() < 0.15:
            return self._rng.choice(self._transfers)
        self._transfer += 1 + int(self._roll() * 2)
        self._transfers.append(self._transfer)
        return self._transfer

    def _amount(self) -> int:
        """About an order."""
        worth = self._worth_micro(self._any_instrument())
        low, high = self.shape.deposit_tenths
        return (worth * low + int(self._roll() * worth * (high - low))) // 10 + int(self._roll() * 3)

    def _deposit(self, account: int = 0) -> tuple[CommandKind, Row]:
        first = account > 0
        account = account or self._payee()
        amount = self._amount() if first else max(1, self._amount() // self._rng.choice((2, 8, 40)))
        if first and self._is_rich[account]:
            amount = min(MONEY_MAX // 16, FOREVER_RICH // 10 * self._largest_worth_micro())
        return self._movement(K.DEPOSIT, account=account, amount_micro=amount, reference=b"ref")

    def _payee(self) -> int:
        """Now and then nobody; one of the accounts that came later only where it may run out of money."""
        if self._roll() < 0.02:
            return 99
        return 1 + int(self._roll() * (self.shape.accounts + 0.1 * ("liquidation" in self._parts)))

    def _top_up(self) -> tuple[CommandKind, Row]:
        """The reserve fund, from outside."""
        return self._movement(K.HOUSE_TRANSFER, amount_micro=self._largest_worth_micro(), from_house=5, to_house=2)

    def _withdraw_request(self) -> tuple[CommandKind, Row]:
        kind, row = self._movement(
            K.WITHDRAW_REQUEST, account=1 + int(self._roll() * self.shape.accounts),
            amount_micro=self._amount() // self._rng.choice((1, 4, 20)),
        )  # fmt: skip
        self._requests.append(self._transfers[-1])
        return kind, row

    def _withdraw_done(self) -> tuple[CommandKind, Row]:
        return K.WITHDRAW_DONE, self._row(K.WITHDRAW_DONE, transfer_id=self._some_request())

    def _withdraw_failed(self) -> tuple[CommandKind, Row]:
        return K.WITHDRAW_FAILED, self._row(K.WITHDRAW_FAILED, transfer_id=self._some_request())

    def _some_request(self) -> int:
        known = self._requests if self._roll() < 0.85 else self._transfers
        return self._rng.choice(known[-6:] or [1])

    def _transfer_between(self) -> tuple[CommandKind, Row]:
        return self._movement(
            K.TRANSFER, account=1 + int(self._roll() * self.shape.accounts), amount_micro=self._amount() // 8,
            to_account_id=self._payee(),
        )  # fmt: skip

    def _house_transfer(self) -> tuple[CommandKind, Row]:
        source, target = self._rng.choice(((5, 2), (5, 2), (2, 5), (1, 5), (1, 2), (1, 0), (2, 0), (2, 0), (3, 1)))
        amount = 1 + self._amount() // self._rng.choice((8, 1_000, 100_000))
        return self._movement(
            K.HOUSE_TRANSFER, account=1 if target == 0 or self._roll() < 0.1 else 0, amount_micro=amount,
            from_house=source, to_house=target, **self._people(),
        )  # fmt: skip

    # ---- the operator

    def _some_node(self) -> tuple[int, int]:
        scope = self._rng.choice((1, 2, 2, 3, 4, 5, 6, 7))
        if scope == Scope.VENUE:
            return scope, 0
        if scope == Scope.SESSION:
            return scope, 1 + int(self._roll() * len(self._nodes))
        return scope, 1 if scope == Scope.BROKER else self._some_party(Scope(scope))

    def _set_limit(self) -> tuple[CommandKind, Row]:
        rng, instrument = self._rng, self._any_instrument()
        kind = rng.choice([k for k in LimitKind if "losses" in self._parts or k not in _LOSSES])
        scope, node = self._some_node()
        if scope == Scope.SESSION and kind not in _SESSION_KINDS and self._roll() < 0.8:
            scope, node = int(Scope.ACCOUNT), 1 + int(self._roll() * self.shape.accounts)
        target = rng.choice((0, 0, 1, 2)) if kind in _TARGETED or self._roll() < 0.05 else 0
        loss = kind in _LOSSES
        worth = self._worth_micro(instrument)
        values = {
            LimitKind.ORDER_QUANTITY: 6 * instrument.lot_e8, LimitKind.PRICE_TOLERANCE: 90_000,
            LimitKind.MESSAGE_AGE: MS, LimitKind.OPEN_ORDERS: 8, LimitKind.REPEATED_ORDERS: 2,
            LimitKind.EXECUTIONS: 3, LimitKind.ORDER_TO_TRADE: 4, LimitKind.POSITION: 12 * instrument.lot_e8,
            LimitKind.CONCENTRATION: 200_000, LimitKind.CREDIT: worth // 2, LimitKind.DAILY_LOSS: worth // 8,
            LimitKind.DRAWDOWN: worth // 8,
        }  # fmt: skip
        parameters = {
            LimitKind.EXECUTIONS: (20 * MS, 500 * MS, 20 * MS, 0), LimitKind.ORDER_TO_TRADE: (0, 3, 10),
            LimitKind.DRAWDOWN: (0, worth),
        }  # fmt: skip
        flags = (0, 0, 0, 1, 2, 4 if kind == LimitKind.DRAWDOWN else 2) if loss else (0, 0, 0, 0, 1)
        fields = {
            "value": int(values.get(kind, worth) * rng.choice((1, 1, 2, 4))), "limit_kind": int(kind), "scope": scope,
            "node_id": node, "target": target, "soft_ppm": rng.choice((0, 500_000, 800_000)),
            "parameter": rng.choice(parameters.get(kind, (0,))), "limit_flags": rng.choice(flags),
            "action": rng.choice((0, 1, 2 if "liquidation" in self._parts else 1)) if loss else 0,
            "target_id": {LimitTarget.ALL: 0, LimitTarget.INSTRUMENT: instrument.instrument_id}.get(target, 1),
        }  # fmt: skip
        session = 0 if self._roll() < 0.6 else self._some_risk_session()
        return K.SET_LIMIT, self._row(K.SET_LIMIT, session, **fields, **self._people())

    def _some_risk_session(self) -> int:
        """Mostly one of those with right RISK, which come after the accounts'."""
        count = len(self._nodes)
        return count - int(self._roll() * 5) if self._roll() < 0.8 else 1 + int(self._roll() * count)

    def _kill(self) -> tuple[CommandKind, Row]:
        scope, node = self._some_node()
        if self._roll() < 0.2:
            scope, node = int(Scope.INSTRUMENT), self._any_instrument().instrument_id
        flags = self._row(K.REVIVE, scope=scope, node_id=node, node_flags=1)
        self._undo_later(K.REVIVE, flags)
        session = 0 if self._roll() < 0.7 else self._some_risk_session()
        return K.KILL, self._row(K.KILL, session, scope=scope, node_id=node, **self._people())

    def _revive(self) -> tuple[CommandKind, Row]:
        scope, node = self._some_node()
        if self._roll() < 0.2:
            scope, node = int(Scope.INSTRUMENT), self._any_instrument().instrument_id
        session = 0 if self._roll() < 0.7 else self._some_risk_session()
        return K.REVIVE, self._row(
            K.REVIVE, session, scope=scope, node_id=node, node_flags=self._rng.choice((1, 4, 5, 2)), **self._people()
        )

    def _set_trading_window(self) -> tuple[CommandKind, Row]:
        scope, node = self._some_node()
        self._undo_later(K.SET_TRADING_WINDOW, self._row(K.SET_TRADING_WINDOW, scope=scope, node_id=node, is_open=1))
        session = 0 if self._roll() < 0.7 else self._some_risk_session()
        return K.SET_TRADING_WINDOW, self._row(
            K.SET_TRADING_WINDOW, session, scope=scope, node_id=node, is_open=int(self._roll() < 0.2), **self._people()
        )

    def _note(self) -> tuple[CommandKind, Row]:
        return K.NOTE, self._row(K.NOTE, case_id=int(self._roll() * 3), operator_id=7, text=b"because")

    # ---- settings

    def _set_venue_risk(self) -> tuple[CommandKind, Row]:
        mandatory = self._rng.choice((0, 0, 0, 0, 1 << LimitKind.ORDER_NOTIONAL))
        if mandatory:
            self._undo_later(K.SET_VENUE_RISK, self._venue_row())
        return K.SET_VENUE_RISK, self._venue_row(mandatory_limits=mandatory)

    def _set_instrument_risk(self, instrument: Instrument | None = None) -> tuple[CommandKind, Row]:
        rng = self._rng
        instrument = instrument or self._any_instrument()
        worth = self._worth_micro(instrument)
        largest = rng.choice(self.shape.leverages)
        return K.SET_INSTRUMENT_RISK, self._row(
            K.SET_INSTRUMENT_RISK, instrument=instrument.instrument_id,
            position_cap_micro=min(MONEY_MAX, max(3 * 10**6, worth * rng.choice(self.shape.caps_orders))),
            interest_cap_micro=min(MONEY_MAX, worth * rng.choice(self.shape.interests_orders)),
            impact_notional_micro=max(1, worth // 8),
            maker_rate_e8=rng.choice((-10_000, 0, 20_000)), taker_rate_e8=rng.choice((10_000, 50_000)),
            product_group=rng.choice((0, 1)), leverage_max=largest,
            leverage_ceiling=largest + rng.choice((0, 3)), market_calendar_id=rng.choice((0, 0, 1)),
            risk_calendar_id=rng.choice((0, 0, 1)),
        )  # fmt: skip

    def _account_risk_row(self, account: int) -> Row:
        flags = (
            AccountFlag.DLP if account in self._providers else AccountFlag.HOUSE if account == FRACTION_ACCOUNT else 0
        )
        return self._row(
            K.SET_ACCOUNT_RISK, account=account, home_session_id=account if account <= self.shape.accounts else 0,
            account_flags=int(flags), fee_tier=self._rng.choice((0, 0, 1, 2)) if self._roll() < 0.95 else 65,
            dlp_notional_max_micro=self._rng.choice((0, self._worth_micro(self._instruments[0]))),
        )  # fmt: skip

    def _set_account_risk(self) -> tuple[CommandKind, Row]:
        return K.SET_ACCOUNT_RISK, self._account_risk_row(1 + int(self._roll() * (self.shape.accounts + 1)))

    def _set_fee(self) -> tuple[CommandKind, Row]:
        return K.SET_FEE, self._row(
            K.SET_FEE, instrument=int(self._roll() * 4), fee_tier=int(self._roll() * 4),
            maker_rate_e8=self._rng.choice((-20_000, 0, 10_000)), taker_rate_e8=self._rng.choice((0, 20_000, 80_000)),
        )  # fmt: skip

    def _set_broker(self) -> tuple[CommandKind, Row]:
        status, broker = self._status(), 1 if self._roll() < 0.9 else int(self._roll() * 70)
        if status != ACTIVE:
            self._undo_later(K.SET_BROKER, self._row(K.SET_BROKER, party_id=1, status=ACTIVE, name=b"broker"))
        return K.SET_BROKER, self._row(K.SET_BROKER, party_id=broker, status=status, name=b"broker")

    # ---- prices and time

    def _set_feed(self, feed: int = 0) -> tuple[CommandKind, Row]:
        return K.SET_FEED, self._row(
            K.SET_FEED, feed_id=feed or 1 + int(self._roll() * (FEEDS + 1)), sources=1 + int(self._roll() * 3),
            flag_ns=SECOND, stale_ns=self._rng.choice(self.shape.stale_s) * SECOND, name=b"feed",
        )  # fmt: skip

    def _some_priced(self) -> int:
        return self._rng.choice(self._priced or (3,)) if self._roll() < 0.95 else int(self._roll() * 5)

    def _set_index(self) -> tuple[CommandKind, Row]:
        formula = self._rng.choice((1, IndexFormula.BASIS, IndexFormula.ROLL, *IndexFormula))
        second = {IndexFormula.PRODUCT: RATE_FEED, IndexFormula.QUOTIENT: RATE_FEED, IndexFormula.ROLL: 2}
        number = self._some_priced()
        return K.SET_INDEX, self._row(
            K.SET_INDEX, instrument=number, feed_a=FEED_OF.get(number, 1) if self._roll() < 0.97 else 9,
            feed_b=second.get(formula, 0) if self._roll() < 0.95 else 2, formula=int(formula),
        )  # fmt: skip

    def _set_roll_weight(self) -> tuple[CommandKind, Row]:
        return K.SET_ROLL_WEIGHT, self._row(
            K.SET_ROLL_WEIGHT, instrument=self._some_priced(), weight=int(self._roll() * 12)
        )

    def _set_index_reference(self) -> tuple[CommandKind, Row]:
        number = self._some_priced()
        instrument = self._instruments[2 if not 1 <= number <= 3 else number - 1]
        price = instrument.middle_ticks * instrument.tick_e8
        return K.SET_INDEX_REFERENCE, self._row(
            K.SET_INDEX_REFERENCE, instrument=number, close_price_e8=price,
            settlement_price_e8=price + self._rng.choice((0, 1, -1)) * instrument.tick_e8 // 2,
        )  # fmt: skip

    def _set_manual_price(self) -> tuple[CommandKind, Row]:
        number = self._some_priced()
        instrument = self._instruments[2 if not 1 <= number <= 3 else number - 1]
        price = instrument.middle_ticks * instrument.tick_e8 + int(self._roll() * 2) * instrument.tick_e8 // 3
        self._undo_later(K.SET_MANUAL_PRICE, self._row(K.SET_MANUAL_PRICE, instrument=number))
        return K.SET_MANUAL_PRICE, self._row(K.SET_MANUAL_PRICE, instrument=number, price_e8=price, **self._people())

    def _mark(self) -> tuple[CommandKind, Row]:
        kind, row = super()._mark()
        if self._roll() < self.shape.focus:
            row[5] = 1
        number, names = row[5], COMMAND_BODIES[K.SET_MARK].names[3:]
        if self.shape.walk_ppm and row[names.index("mark_price_e8")] > 0 and 1 <= number <= 3:
            instrument = self._instruments[number - 1]
            self._walk(instrument)
            row[names.index("mark_price_e8")] = instrument.middle_ticks * instrument.tick_e8
            instrument.mark_ticks = instrument.middle_ticks
        return kind, row

    def _walk(self, instrument: Instrument) -> None:
        """The middle moves, now and then far; it turns back before the ends of the price range."""
        step = self._rng.gauss(0, 1) * self.shape.walk_ppm * (10 if self._roll() < self.shape.jumps else 1)
        middle = instrument.middle_ticks + round(instrument.middle_ticks * step / 1e6)
        low, high = instrument.max_ticks * 3 // 10, instrument.max_ticks * 8 // 10
        instrument.middle_ticks = min(max(middle, low), high)

    def _price_row(self, feed: int, source: int) -> Row:
        """Around the middle of the feed's instrument; the rate is near 1."""
        rng = self._rng
        if feed == RATE_FEED:
            price = SCALE_E8 + int(self._roll() * 3_000_000) - 1_500_000
        else:
            instrument = self._instruments[1 if feed == FEED_OF[2] else 2]
            if self.shape.walk_ppm:
                ticks = instrument.middle_ticks + rng.choice((0, 0, 1, -1))
            else:
                width = self.shape.width_ticks
                ticks = max(1, instrument.middle_ticks - width // 2 + int(self._roll() * width))
            price = ticks * instrument.tick_e8 + int(self._roll() * instrument.tick_e8)
        return self._row(K.PRICE, feed_id=feed, source=source, price_e8=price, source_ns=self.time_ns)

    def _source_price(self) -> tuple[CommandKind, Row]:
        feed = self._rng.choice((1, 1, 1, 1, 2, 3, 4, 4))
        if self.shape.walk_ppm and feed in (1, 4):
            self._walk(self._instruments[1 if feed == 4 else 2])
        row = self._price_row(feed if self._roll() < 0.99 else FEEDS + 1, int(self._roll() * 3.1))
        if self._roll() < 0.1:
            row[1] = 1 + int(self._roll() * len(self._nodes))  # an oracle's session
        if self._roll() < 0.03:
            row[-1] = max(0, row[-1] - SECOND)  # source_ns: an older price
        return K.PRICE, row

    def _mark_pulse(self) -> tuple[CommandKind, Row]:
        return K.MARK_PULSE, self._head()

    # ---- whole days

    def _clock(self) -> tuple[CommandKind, Row]:
        """The next second: what the calendar says, prices, a sample, on the hour funding, the pulse."""
        self._second += 1
        self.time_ns = min(self.time_ns + SECOND, INT64_MAX)
        commands = [entry for entry in self._second_of_the_day(self._second % DAY_S) if entry[0] in self._kinds]
        for offset, (kind, row) in enumerate(commands[1:], 1):
            insort(self._later, (self.seq + offset, self.seq + offset, kind, row), key=lambda entry: entry[:2])
        return commands[0] if commands else self._tick()

    def _second_of_the_day(self, second: int) -> Iterator[tuple[CommandKind, Row]]:
        """External hours from 0 to 119 with a dead feed from 60 to 79, then a night, every other one a weekend; the
        market opens with a gap."""
        is_open, dead = second < 120, 60 <= second < 80
        if second == 0:
            for number in self._priced:
                gap = self._rng.choice((-300_000, -60_000, -20_000, 20_000, 60_000, 300_000))
                instrument = self._instruments[number - 1]
                middle = instrument.middle_ticks * (1_000_000 + gap) // 1_000_000
                instrument.middle_ticks = min(max(middle, instrument.max_ticks // 5), instrument.max_ticks * 9 // 10)
        changes = {
            0: (1, RiskSession.OPEN), 120: (0, RiskSession.OPEN), 130: (0, RiskSession.OVERNIGHT),
            180: (0, RiskSession.WEEKEND if self._second // DAY_S % 2 else RiskSession.OVERNIGHT),
        }  # fmt: skip
        if second in changes:
            is_external, session = changes[second]
            yield (
                K.CALENDAR_CHANGE,
                self._row(K.CALENDAR_CHANGE, calendar_id=1, is_open=is_external, risk_session=int(session)),
            )
        if is_open and not dead:
            for number in self._priced:
                self._walk(self._instruments[number - 1])
                yield K.PRICE, self._price_row(FEED_OF[number], int(self._roll() * 2))
        yield K.FUNDING_SAMPLE, self._head()
        if second % HOUR_S == 0:
            yield K.FUNDING_SETTLE, self._head()
        yield K.MARK_PULSE, self._head()

    def _calendar_change(self) -> tuple[CommandKind, Row]:
        is_open = int(self._roll() < 0.6)
        return K.CALENDAR_CHANGE, self._row(
            K.CALENDAR_CHANGE, calendar_id=1, is_open=is_open, risk_session=self._rng.choice((0, 0, 0, 0, 1, 1, 2, 3))
        )

    def _funding_sample(self) -> tuple[CommandKind, Row]:
        return K.FUNDING_SAMPLE, self._head()

    def _funding_settle(self) -> tuple[CommandKind, Row]:
        return K.FUNDING_SETTLE, self._head()

    # ---- corporate actions, with what an operator does around them

    def _halt_first(self, instrument: int, kind: CommandKind, row: Row, ends_active: bool) -> tuple[CommandKind, Row]:
        """Halt, cancel everything, wait, act, reopen; others go on in between."""
        cancel = self._row(K.MASS_CANCEL, scope=int(Scope.VENUE), instrument=instrument)
        steps: list[tuple[CommandKind, Row]] = [(K.MASS_CANCEL, cancel)]
        steps += [(K.TICK, self._head())] * 12
        steps.append((kind, row))
        if ends_active:
            steps += [(K.TICK, self._head())] * 12
            active = [*self._head(instrument=instrument), int(InstrumentState.ACTIVE)]
            steps.append((K.SET_INSTRUMENT_STATE, active))
        for offset, (step, values) in enumerate(steps):
            self._later.append((self.seq + 1 + offset, self.seq + offset, step, values))
        self._later.sort(key=lambda entry: entry[:2])
        return K.SET_INSTRUMENT_STATE, [*self._head(instrument=instrument), int(InstrumentState.HALTED)]

    def _split(self) -> tuple[CommandKind, Row]:
        instrument = self._any_instrument().instrument_id
        up, under = self._rng.choice(((2, 1), (1, 2), (3, 2), (1, 3), (1, 1)))
        row = self._row(K.SPLIT, instrument=instrument, numerator=up, denominator=under, **self._people())
        return self._halt_first(instrument, K.SPLIT, row, ends_active=True)

    def _schedule_delisting(self) -> tuple[CommandKind, Row]:
        settle = self._rng.choice((0, self.time_ns + SECOND, self.time_ns + 5 * SECOND))
        return K.SCHEDULE_DELISTING, self._row(K.SCHEDULE_DELISTING, instrument=self._some_priced(), settle_ns=settle)

    def _delist(self) -> tuple[CommandKind, Row]:
        instrument = self._any_instrument()
        price = self._rng.choice((0, instrument.middle_ticks)) * instrument.tick_e8
        row = self._row(K.DELIST, instrument=instrument.instrument_id, price_e8=price, **self._people())
        return self._halt_first(instrument.instrument_id, K.DELIST, row, ends_active=True)

    def _change_symbol(self) -> tuple[CommandKind, Row]:
        return K.CHANGE_SYMBOL, self._row(K.CHANGE_SYMBOL, instrument=int(self._roll() * 4), symbol=b"NEW-USD")
