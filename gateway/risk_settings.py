"""The risk file: money, calendars, feeds, indices, margins, caps. What it says becomes journaled commands.

`gateway.config` reads it, `gateway.risk_bootstrap` turns it into commands, `gateway.schedule` keeps its calendars and
rolls. Every key is one of a command in docs/risk.md section 2; the rulebook's numbers are the defaults.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta

from gateway.calendars import Calendar, CalendarError, dates_of, windows_of, zone_of
from gateway.config_types import AssetClassName, DecimalE8, DecimalMicro, Id, Name, Ppm, Table
from gateway.price_feed import PriceSource, RandomWalk, read_prices

MICRO = 1_000_000
RateE8 = Annotated[int, Meta(ge=-1_000_000, le=10_000_000, description="1e-8 of the notional: 50_000 are 5 bp")]
Tenths = Annotated[int, Meta(ge=0, le=10, description="tenths of 1 / leverage_max")]
Leverage = Annotated[int, Meta(ge=1, le=200)]
Windows = tuple[str, ...]
Formula = Literal["feed", "product", "quotient", "roll", "basis"]


def _usdc(amount: int) -> DecimalMicro:
    return DecimalMicro(amount * MICRO)


class PerSession(Table, frozen=True, kw_only=True):
    """Parts of the configured number in each risk session."""

    open: Ppm = 1_000_000
    overnight: Ppm = 1_000_000
    weekend: Ppm = 1_000_000


class TenthsPerSession(Table, frozen=True, kw_only=True):
    open: Tenths = 1
    overnight: Tenths = 2
    weekend: Tenths = 3


class UsdcPerSession(Table, frozen=True, kw_only=True):
    open: DecimalMicro = _usdc(100_000)
    overnight: DecimalMicro = _usdc(50_000)
    weekend: DecimalMicro = _usdc(10_000)


class VenueRisk(Table, frozen=True, kw_only=True):
    """SET_VENUE_RISK."""

    money: Annotated[bool, Meta(description="accounts have cash and margin; never taken away again")] = True
    position_cap_ppm: PerSession = PerSession(overnight=500_000, weekend=100_000)
    interest_cap_ppm: PerSession = PerSession(overnight=500_000, weekend=100_000)
    band_part_ppm: PerSession = PerSession(overnight=700_000, weekend=500_000)
    spread_tenths: TenthsPerSession = TenthsPerSession()
    flow_cap_usdc_per_s: UsdcPerSession = UsdcPerSession()
    total_interest_cap_usdc: DecimalMicro = _usdc(2_000_000_000)
    reserve_floor_usdc: DecimalMicro = _usdc(50_000)
    reserve_floor_ppm: Annotated[Ppm, Meta(description="of net deposits")] = 1_000
    repeat_window_ms: Annotated[int, Meta(ge=0, le=3_600_000, description="of identical orders in a row")] = 0
    fraction_account: Annotated[int, Meta(ge=0, description="a house account that takes fractions of splits")] = 0


class CalendarTable(Table, frozen=True, kw_only=True):
    id: Id
    name: Name
    time_zone: Annotated[str, Meta(description="of the tz database, as America/New_York")]
    hours: Annotated[Windows, Meta(description='external hours, as "mon-fri 09:30 - 16:00"; left out: always')] = ()
    overnight: Annotated[Windows, Meta(description="when the risk session is OVERNIGHT")] = ()
    weekend: Annotated[Windows, Meta(description="when it is WEEKEND; it beats overnight")] = ()
    holidays: Annotated[tuple[str, ...], Meta(description="local dates without external hours, 2026-12-25")] = ()

    def calendar(self) -> Calendar:
        """Raises CalendarError."""
        return Calendar(
            self.id,
            zone_of(self.time_zone),
            windows_of(self.hours),
            windows_of(self.overnight),
            windows_of(self.weekend),
            dates_of(self.holidays),
        )


class Feed(Table, frozen=True, kw_only=True):
    id: Id
    name: Name
    sources: Annotated[int, Meta(ge=1, le=8, description="whose median counts")] = 1
    flag_ms: Annotated[int, Meta(ge=1, le=86_400_000, description="a price as old as that is flagged")] = 5_000
    stale_ms: Annotated[int, Meta(ge=1, le=86_400_000, description="an older one is not used")] = 30_000
    start_price: Annotated[DecimalE8, Meta(description="where a random walk of [prices] begins")] = DecimalE8(0)


class PriceStandIn(Table, frozen=True, kw_only=True):
    """Prices without an oracle, for tests and demonstrations: a file, or a walk of the feeds with a start price."""

    csv: Annotated[str, Meta(description="file with second,feed,source,price; empty: a random walk")] = ""
    seed: Annotated[int, Meta(ge=0, description="of the walk")] = 1
    step_ppm: Annotated[Ppm, Meta(description="largest step of a second")] = 100


class ClassRisk(Table, frozen=True, kw_only=True):
    """SET_INSTRUMENT_RISK of the instruments of a class that do not say otherwise."""

    leverage_max: Leverage
    leverage_ceiling: Annotated[int, Meta(ge=0, le=200, description="that an operator may grant; 0 = the same")] = 0
    position_cap_usdc: DecimalMicro
    interest_cap_usdc: DecimalMicro
    impact_notional_usdc: DecimalMicro
    maker_rate_e8: RateE8
    taker_rate_e8: RateE8
    product_group: Annotated[int, Meta(ge=0, le=2**31 - 1, description="that limits may name; 0 = none")] = 0
    market_calendar: Annotated[int, Meta(ge=0, description="id of the [[calendar]] of external hours; 0 = always")]
    risk_calendar: Annotated[int, Meta(ge=0, description="id of the [[calendar]] of risk sessions; 0 = always OPEN")]


class ClassTables(Table, frozen=True, kw_only=True):
    equity: ClassRisk | None = None
    index: ClassRisk | None = None
    commodity: ClassRisk | None = None
    fx: ClassRisk | None = None
    precious_metal: ClassRisk | None = None


class InstrumentRisk(Table, frozen=True, kw_only=True):
    """An instrument's index, and where it differs from its class."""

    id: Annotated[int, Meta(ge=1, le=2**31 - 1, description="of an [[instrument]] of the market file")]
    formula: Annotated[Formula | None, Meta(description="of its index; left out: SET_MARK gives the mark")] = None
    feed: Annotated[int, Meta(ge=0, description="id of a [[feed]]")] = 0
    second_feed: Annotated[int, Meta(ge=0, description="of product, quotient (the divisor) and roll")] = 0
    roll_calendar: Annotated[int, Meta(ge=0, description="whose business days a roll follows; 0 = by hand")] = 0
    leverage_max: Leverage | None = None
    leverage_ceiling: Leverage | None = None
    position_cap_usdc: DecimalMicro | None = None
    interest_cap_usdc: DecimalMicro | None = None
    impact_notional_usdc: DecimalMicro | None = None
    maker_rate_e8: RateE8 | None = None
    taker_rate_e8: RateE8 | None = None
    product_group: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    market_calendar: Annotated[int, Meta(ge=0)] | None = None
    risk_calendar: Annotated[int, Meta(ge=0)] | None = None


class RiskFile(Table, frozen=True, kw_only=True):
    venue: VenueRisk = VenueRisk()
    calendar: tuple[CalendarTable, ...] = ()
    feed: tuple[Feed, ...] = ()
    class_risk: ClassTables = ClassTables()
    instrument: tuple[InstrumentRisk, ...] = ()
    prices: PriceStandIn | None = None
    pulses: Annotated[bool, Meta(description="the venue sends mark pulses and funding by its clock")] = True

    def calendars(self) -> list[Calendar]:
        """Those of the file, which `check_risk` has found to be sound."""
        return [table.calendar() for table in self.calendar]


def price_source(risk: RiskFile, directory: Path) -> PriceSource | None:
    """What stands in for an oracle; None without [prices]. Raises PriceFileError."""
    if risk.prices is None:
        return None
    if risk.prices.csv:
        return read_prices(directory / risk.prices.csv)
    starts = {feed.id: int(feed.start_price) for feed in risk.feed if feed.start_price}
    return RandomWalk(risk.prices.seed, risk.prices.step_ppm, starts)


_OWN = tuple(ClassRisk.__struct_fields__)


def instrument_risk(risk: RiskFile, instrument_id: int, asset_class: AssetClassName) -> ClassRisk | None:
    """What counts for an instrument: its own numbers, else its class's. None when neither says anything."""
    own = next((row for row in risk.instrument if row.id == instrument_id), None)
    base: ClassRisk | None = getattr(risk.class_risk, asset_class)
    if base is None:
        return None
    values: dict[str, Any] = {name: getattr(base, name) for name in _OWN}
    if own is not None:
        values.update({name: getattr(own, name) for name in _OWN if getattr(own, name) is not None})
    return ClassRisk(**{**values, "leverage_ceiling": max(values["leverage_ceiling"], values["leverage_max"])})


# ---- what can be wrong, beyond types and ranges


def check_risk(risk: RiskFile, classes: Mapping[int, AssetClassName]) -> Iterable[str]:
    """`classes`: the market's instruments. Yields what is wrong and what to write."""
    calendars = {0} | {table.id for table in risk.calendar}
    for index, table in enumerate(risk.calendar):
        try:
            table.calendar()
        except CalendarError as error:
            yield f"calendar[{index}]: {error}"
    for index, feed in enumerate(risk.feed):
        if feed.stale_ms < feed.flag_ms:
            yield f"feed[{index}].stale_ms: must not be below flag_ms"
    for name in ClassTables.__struct_fields__:
        table_of_class = getattr(risk.class_risk, name)
        if table_of_class is not None:
            yield from _check_numbers(table_of_class, f"class_risk.{name}", calendars)
    seen: set[int] = set()
    for index, row in enumerate(risk.instrument):
        where = f"instrument[{index}]"
        if row.id not in classes:
            yield f"{where}.id: the market file has no [[instrument]] with id {row.id}"
            continue
        if row.id in seen:
            yield f"{where}.id: {row.id} is there twice"
        seen.add(row.id)
        numbers = instrument_risk(risk, row.id, classes[row.id])
        if numbers is None:
            yield f"{where}: its class has no table: write [class_risk.{classes[row.id]}]"
            continue
        yield from _check_numbers(numbers, where, calendars)
        yield from _check_index(row, where, {feed.id for feed in risk.feed}, calendars)


def _check_numbers(numbers: ClassRisk, where: str, calendars: set[int]) -> Iterable[str]:
    if numbers.leverage_ceiling and not numbers.leverage_max <= numbers.leverage_ceiling < 2 * numbers.leverage_max:
        yield f"{where}.leverage_ceiling: must be at least leverage_max and below twice that"
    if numbers.maker_rate_e8 + numbers.taker_rate_e8 < 0 or numbers.taker_rate_e8 < 0:
        yield f"{where}: a rebate must not be more than the taker's rate, which is not negative"
    for key in ("position_cap_usdc", "impact_notional_usdc"):
        if getattr(numbers, key) <= 0:
            yield f"{where}.{key}: must be above 0"
    for key in ("market_calendar", "risk_calendar"):
        if getattr(numbers, key) not in calendars:
            yield f"{where}.{key}: there is no [[calendar]] with id {getattr(numbers, key)}"


def _check_index(row: InstrumentRisk, where: str, feeds: set[int], calendars: set[int]) -> Iterable[str]:
    takes_two = row.formula in ("product", "quotient", "roll")
    if row.formula is None:
        if row.feed or row.second_feed:
            yield f'{where}.formula: missing, write formula = "feed"'
        return
    if row.feed not in feeds:
        yield f"{where}.feed: there is no [[feed]] with id {row.feed}"
    if takes_two != bool(row.second_feed):
        yield f"{where}.second_feed: is for product, quotient and roll, and needed there"
    elif takes_two and row.second_feed not in feeds:
        yield f"{where}.second_feed: there is no [[feed]] with id {row.second_feed}"
    if row.roll_calendar not in calendars:
        yield f"{where}.roll_calendar: there is no [[calendar]] with id {row.roll_calendar}"
