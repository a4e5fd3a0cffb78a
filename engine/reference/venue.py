"""What there is once per venue: risk settings, ledger accounts, feeds, calendars, and the risk work under way."""

from __future__ import annotations

from engine.records import COMMAND_HEADER_SIZE, SET_VENUE_RISK, CommandKind, HouseAccount, VenueRiskFlag
from engine.reference.risk_commands import HEADER_FIELDS, SetVenueRisk

HOUSES = len(HouseAccount)  # ACCOUNT among them, always 0
SOURCES_MAX = 8

DEFAULT_RISK = SET_VENUE_RISK.pack(
    position_cap_open_ppm=1_000_000, position_cap_overnight_ppm=500_000, position_cap_weekend_ppm=100_000,
    interest_cap_open_ppm=1_000_000, interest_cap_overnight_ppm=500_000, interest_cap_weekend_ppm=100_000,
    band_open_ppm=1_000_000, band_overnight_ppm=700_000, band_weekend_ppm=500_000,
    spread_open_tenths=1, spread_overnight_tenths=2, spread_weekend_tenths=3,
    flow_cap_open_micro=100_000_000_000, flow_cap_overnight_micro=50_000_000_000,
    flow_cap_weekend_micro=10_000_000_000, total_interest_cap_micro=2_000_000_000_000_000,
    reserve_floor_micro=50_000_000_000, reserve_floor_ppm=1_000,
)[COMMAND_HEADER_SIZE:]  # fmt: skip


class VenueRisk:
    """SET_VENUE_RISK and the counters of the venue. A triple is indexed by RiskSession."""

    def __init__(self) -> None:
        self.house = [0] * HOUSES
        self.pulses = 0
        self.pass_active = 0
        self.pass_again = 0
        self.pass_cursor_id = 0
        self.monitors_active = 0
        self.monitor_cursor = 0
        self.reserve_low = 0
        self.transfer_floor = 0
        self.configure(DEFAULT_RISK)

    def configure(self, config: bytes) -> None:
        """`config` is the body of a SET_VENUE_RISK."""
        self.config = config
        row = SET_VENUE_RISK.unpack_row(bytes(COMMAND_HEADER_SIZE) + config, 0)
        terms = self.terms = SetVenueRisk._make(row[HEADER_FIELDS:])
        self.has_money = bool(terms.risk_flags & VenueRiskFlag.MONEY)
        self.position_cap_ppm = terms[2:5]
        self.interest_cap_ppm = terms[5:8]
        self.band_ppm = terms[8:11]
        self.spread_tenths = terms[11:14]
        self.flow_cap_micro = terms[14:17]

    @property
    def reserve_micro(self) -> int:
        return self.house[HouseAccount.RESERVE]


class Calendar:
    __slots__ = ("is_closed", "risk_session")

    def __init__(self) -> None:
        self.is_closed = 0
        self.risk_session = 0


class Feed:
    """`prices` has (price_e8, time_ns of the command, source_ns) for each source, None before its first."""

    __slots__ = ("feed_id", "flag_ns", "name", "prices", "prints", "stale_ns")

    def __init__(self, feed_id: int) -> None:
        self.feed_id = feed_id
        self.name = bytes(32)
        self.flag_ns = 0
        self.stale_ns = 0
        self.prints = 0
        self.prices: list[tuple[int, int, int] | None] = []


class Accrual:
    """What every account is booked once for: a funding settlement, a split, a delisting. At most one is under way."""

    __slots__ = (
        "cursor_id", "denominator", "epoch", "fraction_cost", "fraction_parts", "instrument_id", "kind", "numerator",
        "price_ticks",
    )  # fmt: skip

    def __init__(self) -> None:
        self.kind = 0  # CommandKind, 0 = none
        self.epoch = 0
        self.cursor_id = 0
        self.instrument_id = 0
        self.numerator = 0
        self.denominator = 0
        self.price_ticks = 0
        self.fraction_parts = 0
        self.fraction_cost = 0


class Ranking:
    """Counterparties of a deleveraging in order (docs/risk.md section 11). `rows` are (last, key_ppm, -lots, account
    id), ascending; `taken` of them are used up in this round."""

    __slots__ = (
        "account_id", "cursor_id", "instrument_id", "price_ticks", "pulse", "round", "rows", "side", "taken"
    )  # fmt: skip

    def __init__(self) -> None:
        self.start(0, 0, 0)

    def start(self, instrument_id: int, side: int, pulse: int) -> None:
        self.instrument_id = instrument_id
        self.side = side
        self.pulse = pulse
        self.round = 0
        self.cursor_id = 0
        self.taken = 0
        self.account_id = 0  # whose position is being deleveraged, and at which price
        self.price_ticks = 0
        self.rows: list[tuple[int, int, int, int]] = []


class TransferRow:
    """A movement of money that was asked for, and how it was first answered."""

    __slots__ = ("account_id", "amount_micro", "kind", "reason", "transfer_id")

    def __init__(
        self, transfer_id: int, kind: CommandKind | int, account_id: int, amount_micro: int, reason: int
    ) -> None:
        self.transfer_id = transfer_id
        self.kind = int(kind)
        self.account_id = account_id
        self.amount_micro = amount_micro
        self.reason = reason
