"""What random sequences of a venue with money look like (`risk_commands.py`), and the parts that they are made of.

A part is what one room of docs/risk.md adds: its commands, and what else makes the room work. An engine that has some
rooms alone is judged by sequences that are made of those parts alone; `PARTS` says which there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from engine.records import CommandKind
from tests.property.commands import ALO, LIMIT, MARKET, MS, ROOMY, STOP_LOSS, TAKE_PROFIT, US, Shape

K = CommandKind
SECOND = 1_000 * MS
FEEDS = 4

PARTS: dict[str, tuple[CommandKind, ...]] = {
    "settings": (
        K.SET_VENUE_RISK, K.SET_INSTRUMENT_RISK, K.SET_ACCOUNT_RISK, K.SET_FEE, K.SET_BROKER, K.CALENDAR_CHANGE, K.NOTE,
    ),
    "money": (
        K.DEPOSIT, K.WITHDRAW_REQUEST, K.WITHDRAW_DONE, K.WITHDRAW_FAILED, K.TRANSFER, K.HOUSE_TRANSFER,
    ),
    "limits": (K.SET_LIMIT, K.KILL, K.REVIVE, K.SET_TRADING_WINDOW),
    "losses": (K.MARK_PULSE,),  # rows of DAILY_LOSS and DRAWDOWN
    "prices": (
        K.SET_FEED, K.SET_INDEX, K.SET_ROLL_WEIGHT, K.SET_INDEX_REFERENCE, K.PRICE, K.SET_MANUAL_PRICE, K.MARK_PULSE,
    ),
    "funding": (K.FUNDING_SAMPLE, K.FUNDING_SETTLE),
    "corporate": (K.SPLIT, K.SCHEDULE_DELISTING, K.DELIST, K.CHANGE_SYMBOL),
    "quotes": (K.QUOTE, K.QUOTE_CANCEL, K.SET_MMP, K.RESET_MMP),
    "twap": (K.PLACE_TWAP, K.CLOSE_POSITION),
    "leverage": (K.SET_LEVERAGE,),
    "pairs": (),  # take-profit and stop-loss of orders
    "status": (),  # logons that ask for accounts
    "liquidation": (),  # accounts that run out of money, providers, loss limits that flatten
}  # fmt: skip
EVERYTHING = frozenset(PARTS)
_NEEDS = {"losses": ("limits", "money"), "funding": ("money", "prices"), "liquidation": ("money",)}


def parts_of(text: str) -> frozenset[str]:
    """`all`, or names of PARTS separated by commas, with the parts that they need; `settings` is always one of them.

    Raises ValueError for a name that is none.
    """
    names = set(PARTS) if text == "all" else {"settings", *text.split(",")}
    if names - set(PARTS):
        raise ValueError(f"{', '.join(sorted(names - set(PARTS)))}: parts are all, {', '.join(PARTS)}")
    for name in list(names):
        names.update(_NEEDS.get(name, ()))
    return frozenset(names)


# Commands of each kind in 1000, beside those of `commands.USUAL`.
RISKY = {
    K.PRICE: 20, K.MARK_PULSE: 40, K.DEPOSIT: 10, K.WITHDRAW_REQUEST: 6, K.WITHDRAW_DONE: 4, K.WITHDRAW_FAILED: 3,
    K.TRANSFER: 4, K.HOUSE_TRANSFER: 3, K.SET_LIMIT: 3, K.KILL: 1, K.REVIVE: 2, K.SET_TRADING_WINDOW: 1, K.NOTE: 1,
    K.SET_VENUE_RISK: 1, K.SET_INSTRUMENT_RISK: 2, K.SET_ACCOUNT_RISK: 2, K.SET_FEE: 1, K.SET_FEED: 1, K.SET_INDEX: 1,
    K.SET_ROLL_WEIGHT: 1, K.SET_INDEX_REFERENCE: 1, K.SET_MANUAL_PRICE: 1, K.CALENDAR_CHANGE: 3, K.FUNDING_SAMPLE: 20,
    K.FUNDING_SETTLE: 1, K.SPLIT: 1, K.SCHEDULE_DELISTING: 1, K.DELIST: 1, K.CHANGE_SYMBOL: 1, K.QUOTE: 40,
    K.QUOTE_CANCEL: 4, K.PLACE_TWAP: 4, K.CLOSE_POSITION: 6, K.SET_LEVERAGE: 3, K.SET_MMP: 3, K.RESET_MMP: 2,
    K.SET_BROKER: 1,
}  # fmt: skip
MONEY = replace(ROOMY, risk_units_max=200, limits_max=40, transfers_max=30, protections_max=4, feeds_max=FEEDS)
LEAVING = {K.DEPOSIT: 16, K.WITHDRAW_REQUEST: 40, K.WITHDRAW_DONE: 12}  # accounts keep little more than their margin
FEW_STOPS = (LIMIT,) * 7 + (MARKET, ALO, STOP_LOSS, TAKE_PROFIT)


@dataclass(frozen=True)
class RiskShape(Shape):
    needs: tuple[str, ...] = ()  # parts without which it has no point
    types: tuple[int, ...] = FEW_STOPS
    steps: tuple[tuple[int, int], ...] = ((10**8, 10**8), (10**7, 10**9))  # one tick value
    bands_ppm: tuple[int, ...] = (0, 0, 300_000)
    money: bool = True
    safe: bool = False  # nothing happens that could liquidate an account, poor as it may be
    deposit_tenths: tuple[int, int] = (4, 30)  # an account's first deposit, in tenths of the largest usual order
    caps_orders: tuple[int, ...] = (30, 100, 1_000)  # position caps, in such orders
    interests_orders: tuple[int, ...] = (0, 0, 20, 60)  # open-interest caps, likewise; 0 = none
    leverages: tuple[int, ...] = (5, 10, 20)
    priced: tuple[int, ...] = (3,)  # instruments with an index
    stale_s: tuple[int, ...] = (2, 60, 600)
    walk_ppm: int = 0  # usual step of a mark or price from the last one; 0 = anywhere within the width
    jumps: float = 0.05  # share of steps that are ten times as large
    clock: int = 0  # seconds of a day in 1000 commands: prices, sample, pulse, what the calendar says
    lean: float = 0.0  # share of orders that take, into the account's direction; of quotes that providers make
    quote_lots: int = 5  # at most, on each side
    focus: float = 0.0  # share of orders and quotes that go to instrument 1
    has_reserve: bool = True  # sometimes, from the start
    has_providers: bool = True  # sometimes; else those accounts make the market alone
    again: float = 0.03  # share of orders that repeat the last one
    pairs: float = 0.1  # share of orders with take-profit or stop-loss
    risky: dict[CommandKind, int] = field(default_factory=dict)  # where the weights differ from RISKY


_STEPS = (0, US, MS, 300 * MS)
RISK_SHAPES = {
    "money": RiskShape(limits=MONEY, bumps_ns=(0, 0, 2 * MS), steps_ns=_STEPS, width_ticks=4),
    "margin": RiskShape(  # marks stand still and every account is poor: refusals, no liquidation
        limits=MONEY, needs=("money",), safe=True, leverages=(1, 2, 3), middles=(100, 1_000), width_ticks=2, odd=0,
        edge=0, bumps_ns=(0, 2 * MS), deposit_tenths=(2, 20), priced=(), weights={K.SET_MARK: 0},
        risky={K.SET_INSTRUMENT_RISK: 0, K.SET_FEE: 0, K.SPLIT: 0, K.DELIST: 0, K.FUNDING_SAMPLE: 0},
    ),
    "crashes": RiskShape(  # money leaves as soon as it is free, marks run away
        limits=replace(MONEY, risk_units_max=65), needs=("liquidation",), middles=(1_000,), width_ticks=5,
        walk_ppm=9_000, jumps=0.1, deposit_tenths=(1, 4), lean=0.6, leverages=(10, 20), caps_orders=(1_000, 10_000),
        interests_orders=(0,), bands_ppm=(0,), types=(LIMIT, LIMIT, LIMIT, LIMIT, MARKET, ALO), reduce_only=0.05,
        steps_ns=(0, MS, SECOND), weights={K.SET_MARK: 90, K.CANCEL: 60, K.REPLACE: 60},
        risky={**LEAVING, K.PRICE: 30, K.SET_LIMIT: 0, K.SET_FEED: 0, K.HOUSE_TRANSFER: 1},
    ),
    "thin": RiskShape(  # closing far from the mark costs more than there is
        limits=MONEY, needs=("liquidation",), middles=(1_000,), width_ticks=700, deposit_tenths=(1, 4), reduce_only=0.4,
        leverages=(10, 20), caps_orders=(10_000,), interests_orders=(0,), bands_ppm=(0,), edge=0,
        types=(LIMIT, LIMIT, MARKET), steps_ns=(0, MS), weights={K.SET_MARK: 10},
        has_reserve=False, risky={**LEAVING, K.HOUSE_TRANSFER: 0, K.SET_LIMIT: 0, K.QUOTE: 10},
    ),
    "crowd": RiskShape(  # more holders of a side than one step of a ranking takes
        limits=replace(
            MONEY, accounts_max=410, sessions_max=420, positions_max=1_200, orders_max=1_500, orders_per_book_max=800,
            risk_units_max=600,
        ),
        needs=("liquidation",), accounts=400, middles=(1_000,), width_ticks=5, walk_ppm=9_000, jumps=0.1,
        deposit_tenths=(1, 1), lean=0.85, focus=0.9, has_providers=False, quote_lots=60, leverages=(10, 20),
        caps_orders=(10_000,), interests_orders=(0,),
        bands_ppm=(0,), types=(LIMIT,), reduce_only=0, odd=0.005, edge=0.005, open_orders_max=(0,), fills_max=(1000,),
        matchers=("price_time",), steps_ns=(0, MS, SECOND),
        weights={K.SET_MARK: 40, K.CANCEL: 20, K.REPLACE: 20, K.TICK: 40},
        risky={
            K.QUOTE: 150, K.SET_LIMIT: 0, K.KILL: 0, K.DEPOSIT: 30, K.WITHDRAW_REQUEST: 15, K.SET_VENUE_RISK: 0,
            K.DELIST: 0, K.SPLIT: 0, K.SET_TRADING_WINDOW: 0,
        },
    ),
    "slowly": RiskShape(
        limits=replace(MONEY, risk_units_max=1, work_steps_max=3), weights={K.TICK: 300}, steps_ns=(0, MS, 200 * MS),
        middles=(1_000,), width_ticks=5, walk_ppm=6_000, jumps=0.1, lean=0.6, deposit_tenths=(1, 4),
        risky={**LEAVING, K.FUNDING_SAMPLE: 60, K.FUNDING_SETTLE: 6, K.SPLIT: 6, K.DELIST: 3},
    ),
    "funding": RiskShape(
        limits=MONEY, needs=("funding",), risky={K.FUNDING_SAMPLE: 250, K.FUNDING_SETTLE: 3, K.PRICE: 60},
        steps_ns=(0, MS, 400 * MS), bands_ppm=(0,), stale_s=(600,), priced=(2, 3),
    ),
    "limits": RiskShape(
        limits=MONEY, needs=("limits",), risky={K.SET_LIMIT: 60, K.KILL: 5, K.REVIVE: 12}, again=0.25,
        weights={K.ROLL_BUSINESS_DATE: 12}, deposit_tenths=(200, 600), steps_ns=(0, MS, 100 * MS),
        rates_milli=(0, 0, 0, 60_000), interests_orders=(0, 6, 20), bumps_ns=(0, 0, 2 * MS),
    ),
    "quotes": RiskShape(
        limits=MONEY, needs=("quotes",), risky={K.QUOTE: 250, K.QUOTE_CANCEL: 20, K.SET_MMP: 12, K.RESET_MMP: 8},
        deposit_tenths=(200, 600), bands_ppm=(0,),
    ),
    "schedules": RiskShape(
        limits=MONEY, needs=("twap",), risky={K.PLACE_TWAP: 40, K.CLOSE_POSITION: 20}, weights={K.TICK: 150},
        deposit_tenths=(100, 400), steps_ns=(0, MS, 10 * SECOND), pairs=0.3,
    ),
    "feeds": RiskShape(
        limits=MONEY, needs=("prices",), steps=Shape.steps, priced=(2, 3), stale_s=(1, 2, 5), walk_ppm=4_000,
        steps_ns=(0, MS, 500 * MS), deposit_tenths=(200, 600),
        risky={
            K.PRICE: 250, K.MARK_PULSE: 120, K.SET_FEED: 4, K.SET_INDEX: 6, K.SET_ROLL_WEIGHT: 6, K.CALENDAR_CHANGE: 12,
            K.SET_INDEX_REFERENCE: 6, K.SET_MANUAL_PRICE: 4, K.SCHEDULE_DELISTING: 2,
        },
    ),
    "corporate": RiskShape(
        limits=replace(MONEY, risk_units_max=20), needs=("corporate",), deposit_tenths=(100, 400), priced=(2, 3),
        risky={K.SPLIT: 8, K.SCHEDULE_DELISTING: 3, K.DELIST: 3, K.CHANGE_SYMBOL: 4}, steps_ns=(0, MS, 300 * MS),
    ),
    "days": RiskShape(
        limits=replace(MONEY, risk_units_max=80), needs=("prices",), clock=100, priced=(2, 3), stale_s=(3,),
        walk_ppm=900, middles=(1_000,), width_ticks=5, deposit_tenths=(1, 4), lean=0.5, steps_ns=(0, 0, MS),
        weights={K.SET_MARK: 4},
        risky={
            **LEAVING, K.PRICE: 0, K.MARK_PULSE: 0, K.FUNDING_SAMPLE: 0, K.FUNDING_SETTLE: 0, K.CALENDAR_CHANGE: 0,
            K.SET_LIMIT: 6,
        },
    ),
    "huge": RiskShape(  # the largest tick value: some orders reach the venue's integers
        limits=MONEY, needs=("liquidation",), steps=((10**8, 9 * 10**10),), middles=(100_000,), width_ticks=2_000,
        lots_max=1_500, interests_orders=(0,), caps_orders=(10_000,), deposit_tenths=(3, 8), edge=0.05,
    ),
    "no money": RiskShape(limits=MONEY, steps=Shape.steps, money=False, steps_ns=(0, MS, 300 * MS)),
    "full tables": RiskShape(
        limits=replace(
            MONEY, orders_max=20, positions_max=9, limits_max=6, transfers_max=4, protections_max=1, works_max=1,
            providers_max=1, accounts_max=6, sessions_max=12, brokers_max=1,
        ),
        open_orders_max=(0, 3, 5),
        risky={K.DEPOSIT: 30, K.SET_LIMIT: 30, K.SET_MMP: 20, K.SET_ACCOUNT_RISK: 12},
    ),
    "wrong with money": RiskShape(limits=MONEY, steps=Shape.steps, odd=0.25, edge=0.2, pairs=0.4),
}  # fmt: skip
