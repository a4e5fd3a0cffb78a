"""Random command sequences of a venue with money: everything of docs/risk.md, on top of what `commands.py` does.

Accounts are poor enough that margin refuses, marks move enough that accounts are liquidated, and budgets are small
enough that passes, accruals and rankings are interrupted by other commands. Whatever happens, money adds up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from engine.records import (
    COMMAND_BODIES,
    NEVER_NS,
    AccountFlag,
    CommandKind,
    IndexFormula,
    InstrumentState,
    LimitKind,
    LimitTarget,
    Scope,
)
from tests.property.commands import ALO, LIMIT, MARKET, MS, ROOMY, US, Commands, Instrument, Row, Shape
from tests.risk_market import VENUE

K = CommandKind
SECOND = 1_000 * MS
FRACTION_ACCOUNT, PROVIDERS = 6, (4, 5)
FEEDS = 4

# Commands of each kind in 1000, beside those of `commands.USUAL`.
RISKY = {
    K.PRICE: 20, K.MARK_PULSE: 40, K.DEPOSIT: 8, K.WITHDRAW_REQUEST: 6, K.WITHDRAW_DONE: 3, K.WITHDRAW_FAILED: 2,
    K.TRANSFER: 4, K.HOUSE_TRANSFER: 3, K.SET_LIMIT: 2, K.KILL: 1, K.REVIVE: 2, K.SET_TRADING_WINDOW: 1, K.NOTE: 1,
    K.SET_VENUE_RISK: 1, K.SET_INSTRUMENT_RISK: 2, K.SET_ACCOUNT_RISK: 2, K.SET_FEE: 1, K.SET_FEED: 1, K.SET_INDEX: 1,
    K.SET_ROLL_WEIGHT: 1, K.SET_INDEX_REFERENCE: 1, K.SET_MANUAL_PRICE: 1, K.CALENDAR_CHANGE: 3, K.FUNDING_SAMPLE: 20,
    K.FUNDING_SETTLE: 1, K.SPLIT: 1, K.SCHEDULE_DELISTING: 1, K.DELIST: 1, K.CHANGE_SYMBOL: 1, K.QUOTE: 40,
    K.QUOTE_CANCEL: 4, K.PLACE_TWAP: 4, K.CLOSE_POSITION: 6, K.SET_LEVERAGE: 3, K.SET_MMP: 3, K.RESET_MMP: 2,
    K.SET_BROKER: 1,
}  # fmt: skip
MONEY = replace(ROOMY, risk_units_max=200, limits_max=40, transfers_max=30, protections_max=4, feeds_max=FEEDS)


@dataclass(frozen=True)
class RiskShape(Shape):
    deposit_tenths: tuple[int, int] = (4, 30)  # an account's first deposit, in tenths of the largest usual order
    caps_orders: tuple[int, ...] = (30, 100, 1_000)  # position caps, in such orders
    money: bool = True
    pairs: float = 0.1  # share of orders with take-profit or stop-loss
    risky: dict[CommandKind, int] = field(default_factory=dict)  # where the weights differ from RISKY


RISK_SHAPES = {
    "money": RiskShape(limits=MONEY, bumps_ns=(0, 0, 2 * MS), steps_ns=(0, US, MS, 300 * MS)),
    "crashes": RiskShape(
        limits=replace(MONEY, risk_units_max=65), weights={K.SET_MARK: 120}, width_ticks=24, deposit_tenths=(2, 6),
        risky={K.PRICE: 60, K.MARK_PULSE: 90, K.DEPOSIT: 1, K.WITHDRAW_REQUEST: 2, K.SET_LIMIT: 0, K.SET_FEED: 0},
        reduce_only=0.05, types=(LIMIT, LIMIT, LIMIT, LIMIT, MARKET, ALO), caps_orders=(1_000, 10_000),
        steps_ns=(0, MS, SECOND), bands_ppm=(0,),
    ),
    "slowly": RiskShape(
        limits=replace(MONEY, risk_units_max=1, work_steps_max=3), weights={K.TICK: 300}, steps_ns=(0, MS, 200 * MS),
        risky={K.FUNDING_SAMPLE: 60, K.FUNDING_SETTLE: 4, K.SPLIT: 6, K.DELIST: 3},
    ),
    "funding": RiskShape(
        limits=MONEY, risky={K.FUNDING_SAMPLE: 250, K.FUNDING_SETTLE: 3, K.PRICE: 60}, steps_ns=(0, MS, 400 * MS),
        bands_ppm=(0,),
    ),
    "limits": RiskShape(
        limits=MONEY, risky={K.SET_LIMIT: 60, K.KILL: 5, K.REVIVE: 12}, weights={K.ROLL_BUSINESS_DATE: 12},
        deposit_tenths=(200, 600), steps_ns=(0, MS, 100 * MS),
    ),
    "quotes": RiskShape(
        limits=MONEY, risky={K.QUOTE: 250, K.QUOTE_CANCEL: 20, K.SET_MMP: 12, K.RESET_MMP: 8},
        deposit_tenths=(200, 600), bands_ppm=(0,),
    ),
    "no money": RiskShape(limits=MONEY, money=False, steps_ns=(0, MS, 300 * MS)),
    "full tables": RiskShape(
        limits=replace(
            MONEY, orders_max=20, positions_max=9, limits_max=6, transfers_max=4, protections_max=1, works_max=1,
            providers_max=1, accounts_max=6, sessions_max=10,
        ),
        risky={K.DEPOSIT: 30, K.SET_LIMIT: 30, K.SET_MMP: 20, K.SET_ACCOUNT_RISK: 12},
    ),
    "wrong": RiskShape(limits=MONEY, odd=0.25, edge=0.2, pairs=0.4),
}  # fmt: skip


class RiskCommands(Commands):
    """One sequence: `take(n)` gives the next n records."""

    shape: RiskShape

    def __init__(self, seed: int, shape: str | RiskShape = "") -> None:
        """As `Commands`; without a shape the seed picks one."""
        self._transfer = 0
        self._transfers: list[int] = []
        names = list(RISK_SHAPES)
        found = shape if isinstance(shape, RiskShape) else RISK_SHAPES[shape or names[seed % len(names)]]
        super().__init__(seed, found)

    def _make_table(self) -> list[Callable[[], tuple[CommandKind, Row]]]:
        """RISKY as it is weighted, and what is left of 1000 in the proportions of the other commands."""
        named = {K.PRICE: self._source_price, K.TRANSFER: self._transfer_between}
        table: list[Callable[[], tuple[CommandKind, Row]]] = []
        for kind, weight in {**RISKY, **self.shape.risky}.items():
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
        return self._instruments[int(self._roll() * 3)]

    def _people(self) -> dict[str, int]:
        """Mostly the venue's configuration, sometimes an operator, with or without a second person."""
        pick = self._roll()
        if pick < 0.6:
            return {}
        return {"operator_id": 7, "approver_id": 8 if pick < 0.85 else int(self._roll() * 9), "case_id": 3}

    def _worth_micro(self, instrument: Instrument) -> int:
        """An order of the largest usual size."""
        tick_value = instrument.tick_e8 * instrument.lot_e8 // 10**10
        return instrument.middle_ticks * self.shape.lots_max * tick_value

    # ---- what there is at the start; `take` pops from the end

    def _set_up(self) -> list[tuple[CommandKind, Row]]:
        first = super()._set_up()[::-1]
        for feed in range(1, FEEDS + 1):
            first.append((K.SET_FEED, self._set_feed(feed)[1]))
        for instrument in self._instruments:
            first.append((K.SET_INSTRUMENT_RISK, self._set_instrument_risk(instrument)[1]))
        first.append((K.SET_INDEX, self._row(K.SET_INDEX, instrument=3, feed_a=1, formula=int(IndexFormula.FEED))))
        for account in (*PROVIDERS, FRACTION_ACCOUNT):
            first.append((K.SET_ACCOUNT_RISK, self._account_risk_row(account)))
        first.append((K.SET_VENUE_RISK, self._venue_row()))
        for account in range(1, self.shape.accounts + 1):
            first.append(self._deposit(account))
        for instrument in self._instruments[:2]:
            mark = instrument.middle_ticks * instrument.tick_e8
            first.append((K.SET_MARK, [*self._head(instrument=instrument.instrument_id), mark, 0]))
        first.append((K.PRICE, self._price_row(1, 0)))
        first.append((K.MARK_PULSE, self._head()))
        return first[::-1]

    def _venue_row(self, **fields: Any) -> Row:
        rng = self._rng
        terms = {
            **VENUE, "risk_flags": int(self.shape.money), "fraction_account_id": FRACTION_ACCOUNT,
            "repeat_window_ns": rng.choice((0, 50 * MS)), "reserve_floor_micro": rng.choice((0, 10**6)),
            "total_interest_cap_micro": rng.choice((0, 10**12)),
            **{f"flow_cap_{s}_micro": rng.choice((10**5, 10**7, 10**9)) for s in ("open", "overnight", "weekend")},
            **fields,
        }  # fmt: skip
        return self._row(K.SET_VENUE_RISK, **terms)

    # ---- orders

    def _place(self) -> tuple[CommandKind, Row]:
        kind, row = super()._place()
        if self._roll() < 0.1:
            row[3] = self.time_ns - int(self._roll() * 3 * MS)  # sent_ns
        if self._roll() < self.shape.pairs:
            names = COMMAND_BODIES[K.PLACE].names[3:]
            price, side = row[names.index("price_e8")], row[names.index("side")]
            step = self._any_instrument().tick_e8 * (1 + int(self._roll() * 3)) * (1 if side == 1 else -1)
            if self._roll() < 0.7:
                row[names.index("take_profit_e8")] = max(0, price + step)
            if self._roll() < 0.7:
                row[names.index("stop_loss_e8")] = max(0, price - step)
        return kind, row

    def _logon(self) -> tuple[CommandKind, Row]:
        kind, row = super()._logon()
        row[-1] = int(self._roll() * 4)
        return kind, row

    def _quote(self) -> tuple[CommandKind, Row]:
        account, session = self._who()
        instrument = self._any_instrument()
        low, high = sorted((self._price(instrument, 1), self._price(instrument, 2)))
        sides = self._roll()
        return K.QUOTE, self._row(
            K.QUOTE, session, account, instrument.instrument_id, quote_id=b"q%d" % (self.seq % 50),
            bid_price_e8=low, bid_quantity_e8=self._quantity(instrument, 5) if sides < 0.9 else 0,
            ask_price_e8=high + instrument.tick_e8 * (self._roll() < 0.9),
            ask_quantity_e8=self._quantity(instrument, 5) if sides > 0.1 else 0,
        )  # fmt: skip

    def _quote_cancel(self) -> tuple[CommandKind, Row]:
        account, session = self._who()
        return K.QUOTE_CANCEL, self._row(
            K.QUOTE_CANCEL, session if self._roll() < 0.9 else 0, account, int(self._roll() * 4.1), quote_id=b"qc"
        )

    def _place_twap(self) -> tuple[CommandKind, Row]:
        account, session = self._who()
        instrument = self._any_instrument()
        slices = self._rng.choice((1, 2, 3, 5))
        return K.PLACE_TWAP, self._row(
            K.PLACE_TWAP, session, account, instrument.instrument_id, client_order_id=self._some_client_id(),
            quantity_e8=slices * self._quantity(instrument, 3) + self._rng.choice((0, 0, instrument.lot_e8)),
            interval_ns=self._rng.choice((30, 30, 60, 29)) * SECOND, slices=slices,
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

    def _next_transfer(self) -> int:
        """Mostly a new number, sometimes one of before or one long gone."""
        if self._transfers and self._roll() < 0.15:
            return self._rng.choice(self._transfers)
        self._transfer += 1 + int(self._roll() * 2)
        self._transfers.append(self._transfer)
        return self._transfer

    def _amount(self) -> int:
        worth = self._worth_micro(self._any_instrument())
        low, high = self.shape.deposit_tenths
        return (worth * low + int(self._roll() * worth * (high - low))) // 10 + int(self._roll() * 3)

    def _deposit(self, account: int = 0) -> tuple[CommandKind, Row]:
        return K.DEPOSIT, self._row(
            K.DEPOSIT, account=account or 1 + int(self._roll() * (self.shape.accounts + 1)),
            transfer_id=self._next_transfer(), amount_micro=self._amount(), reference=b"ref",
        )  # fmt: skip

    def _withdraw_request(self) -> tuple[CommandKind, Row]:
        return K.WITHDRAW_REQUEST, self._row(
            K.WITHDRAW_REQUEST, account=1 + int(self._roll() * self.shape.accounts),
            transfer_id=self._next_transfer(), amount_micro=self._amount() // self._rng.choice((1, 4, 20)),
        )  # fmt: skip

    def _withdraw_done(self) -> tuple[CommandKind, Row]:
        return K.WITHDRAW_DONE, self._row(K.WITHDRAW_DONE, transfer_id=self._rng.choice(self._transfers[-20:] or [1]))

    def _withdraw_failed(self) -> tuple[CommandKind, Row]:
        return K.WITHDRAW_FAILED, self._row(
            K.WITHDRAW_FAILED, transfer_id=self._rng.choice(self._transfers[-20:] or [1])
        )

    def _transfer_between(self) -> tuple[CommandKind, Row]:
        return K.TRANSFER, self._row(
            K.TRANSFER, account=1 + int(self._roll() * self.shape.accounts), transfer_id=self._next_transfer(),
            amount_micro=self._amount() // 8, to_account_id=1 + int(self._roll() * (self.shape.accounts + 1)),
        )  # fmt: skip

    def _house_transfer(self) -> tuple[CommandKind, Row]:
        source, target = self._rng.choice(((5, 2), (5, 2), (2, 5), (1, 5), (1, 2), (1, 0), (2, 0), (3, 1)))
        return K.HOUSE_TRANSFER, self._row(
            K.HOUSE_TRANSFER, account=1 if target == 0 or self._roll() < 0.1 else 0,
            transfer_id=self._next_transfer(), amount_micro=1 + self._amount() // 8, from_house=source,
            to_house=target, **self._people(),
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
        kind = rng.choice(list(LimitKind))
        scope, node = self._some_node()
        target = rng.choice((0, 0, 1, 2))
        worth = self._worth_micro(instrument)
        values = {
            LimitKind.ORDER_QUANTITY: 6 * instrument.lot_e8, LimitKind.PRICE_TOLERANCE: 90_000,
            LimitKind.MESSAGE_AGE: MS, LimitKind.OPEN_ORDERS: 12, LimitKind.REPEATED_ORDERS: 3,
            LimitKind.EXECUTIONS: 5, LimitKind.ORDER_TO_TRADE: 4, LimitKind.POSITION: 12 * instrument.lot_e8,
            LimitKind.CONCENTRATION: 400_000,
        }  # fmt: skip
        loss = kind in (LimitKind.DAILY_LOSS, LimitKind.DRAWDOWN)
        fields = {
            "value": int(values.get(kind, worth) * rng.choice((1, 1, 2, 4))), "limit_kind": int(kind), "scope": scope,
            "node_id": node, "target": target, "soft_ppm": rng.choice((0, 500_000, 800_000)),
            "parameter": rng.choice((0, 20 * MS, 3)) if kind in (8, 9, 15) else 0,
            "limit_flags": rng.choice((0, 0, 0, 1, 2, 4)) if loss else rng.choice((0, 0, 0, 0, 1)),
            "action": rng.choice((0, 1, 2)) if loss else 0,
            "target_id": {LimitTarget.ALL: 0, LimitTarget.INSTRUMENT: instrument.instrument_id}.get(target, 1),
        }  # fmt: skip
        session = 0 if self._roll() < 0.7 else 1 + int(self._roll() * len(self._nodes))
        return K.SET_LIMIT, self._row(K.SET_LIMIT, session, **fields, **self._people())

    def _kill(self) -> tuple[CommandKind, Row]:
        scope, node = self._some_node()
        if self._roll() < 0.2:
            scope, node = int(Scope.INSTRUMENT), self._any_instrument().instrument_id
        flags = self._row(K.REVIVE, scope=scope, node_id=node, node_flags=1)
        self._undo_later(K.REVIVE, flags)
        return K.KILL, self._row(K.KILL, scope=scope, node_id=node, **self._people())

    def _revive(self) -> tuple[CommandKind, Row]:
        scope, node = self._some_node()
        return K.REVIVE, self._row(
            K.REVIVE, scope=scope, node_id=node, node_flags=self._rng.choice((1, 4, 5, 2)), **self._people()
        )

    def _set_trading_window(self) -> tuple[CommandKind, Row]:
        scope, node = self._some_node()
        self._undo_later(K.SET_TRADING_WINDOW, self._row(K.SET_TRADING_WINDOW, scope=scope, node_id=node, is_open=1))
        return K.SET_TRADING_WINDOW, self._row(K.SET_TRADING_WINDOW, scope=scope, node_id=node, **self._people())

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
        largest = rng.choice((5, 10, 20))
        return K.SET_INSTRUMENT_RISK, self._row(
            K.SET_INSTRUMENT_RISK, instrument=instrument.instrument_id,
            position_cap_micro=worth * rng.choice(self.shape.caps_orders),
            interest_cap_micro=worth * rng.choice((0, 60, 600)), impact_notional_micro=max(1, worth // 8),
            maker_rate_e8=rng.choice((-10_000, 0, 20_000)), taker_rate_e8=rng.choice((10_000, 50_000)),
            product_group=rng.choice((0, 1)), leverage_max=largest,
            leverage_ceiling=largest + rng.choice((0, 3)), market_calendar_id=rng.choice((0, 0, 1)),
            risk_calendar_id=rng.choice((0, 0, 1)),
        )  # fmt: skip

    def _account_risk_row(self, account: int) -> Row:
        flags = AccountFlag.DLP if account in PROVIDERS else AccountFlag.HOUSE if account == FRACTION_ACCOUNT else 0
        return self._row(
            K.SET_ACCOUNT_RISK, account=account, home_session_id=account if account <= self.shape.accounts else 0,
            account_flags=int(flags), fee_tier=self._rng.choice((0, 0, 1, 2)),
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
        return K.SET_BROKER, self._row(K.SET_BROKER, party_id=1, status=1 if self._roll() < 0.8 else 2, name=b"broker")

    # ---- prices and time

    def _set_feed(self, feed: int = 0) -> tuple[CommandKind, Row]:
        return K.SET_FEED, self._row(
            K.SET_FEED, feed_id=feed or 1 + int(self._roll() * (FEEDS + 1)), sources=1 + int(self._roll() * 3),
            flag_ns=SECOND, stale_ns=self._rng.choice((2, 60, 600)) * SECOND, name=b"feed",
        )  # fmt: skip

    def _set_index(self) -> tuple[CommandKind, Row]:
        two = self._roll() < 0.3
        return K.SET_INDEX, self._row(
            K.SET_INDEX, instrument=3, feed_a=1, feed_b=2 if two else 0,
            formula=int(IndexFormula.ROLL if two else self._rng.choice((1, 1, 5))),
        )  # fmt: skip

    def _set_roll_weight(self) -> tuple[CommandKind, Row]:
        return K.SET_ROLL_WEIGHT, self._row(K.SET_ROLL_WEIGHT, instrument=3, weight=int(self._roll() * 12))

    def _set_index_reference(self) -> tuple[CommandKind, Row]:
        price = self._instruments[2].middle_ticks * self._instruments[2].tick_e8
        return K.SET_INDEX_REFERENCE, self._row(
            K.SET_INDEX_REFERENCE, instrument=3, close_price_e8=price, settlement_price_e8=price
        )

    def _set_manual_price(self) -> tuple[CommandKind, Row]:
        price = self._instruments[2].middle_ticks * self._instruments[2].tick_e8
        self._undo_later(K.SET_MANUAL_PRICE, self._row(K.SET_MANUAL_PRICE, instrument=3))
        return K.SET_MANUAL_PRICE, self._row(K.SET_MANUAL_PRICE, instrument=3, price_e8=price, **self._people())

    def _price_row(self, feed: int, source: int) -> Row:
        instrument, width = self._instruments[2], self.shape.width_ticks
        ticks = max(1, instrument.middle_ticks - width // 2 + int(self._roll() * width))
        price = ticks * instrument.tick_e8 + int(self._roll() * instrument.tick_e8)
        return self._row(K.PRICE, feed_id=feed, source=source, price_e8=price, source_ns=self.time_ns)

    def _source_price(self) -> tuple[CommandKind, Row]:
        return K.PRICE, self._price_row(1 if self._roll() < 0.8 else 2, int(self._roll() * 3.1))

    def _mark_pulse(self) -> tuple[CommandKind, Row]:
        return K.MARK_PULSE, self._head()

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
        return K.SCHEDULE_DELISTING, self._row(K.SCHEDULE_DELISTING, instrument=3, settle_ns=settle)

    def _delist(self) -> tuple[CommandKind, Row]:
        instrument = self._any_instrument()
        price = self._rng.choice((0, instrument.middle_ticks)) * instrument.tick_e8
        row = self._row(K.DELIST, instrument=instrument.instrument_id, price_e8=price, **self._people())
        return self._halt_first(instrument.instrument_id, K.DELIST, row, ends_active=True)

    def _change_symbol(self) -> tuple[CommandKind, Row]:
        return K.CHANGE_SYMBOL, self._row(K.CHANGE_SYMBOL, instrument=int(self._roll() * 4), symbol=b"NEW-USD")
