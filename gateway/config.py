"""Configuration files to frozen, typed settings; anything that is not understood is an error that says what to write.

Three TOML files. The process file (`config/production.toml`, `config/demo.toml`) holds what one process needs to run
and names the two others: the market (instruments) and the participants (parties, sessions, password hashes). Nothing in
the process file changes what the engine decides; what does becomes journaled commands in `gateway.bootstrap`.

Prices, quantities and money are decimal text (`"0.01"`), never TOML floats; every other number carries its unit as the
last word of its key. Relative paths are taken from the directory of the file that names them. Called by `app`, the
command line and tests; opens nothing but these files and never looks at the environment.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from engine.records import parse_e8
from gateway.config_types import (
    MICRO_PER_E8,
    AssetClassName,
    ConfigError,
    Count,
    DecimalE8,
    DecimalMicro,
    Id,
    Name,
    Status,
    Table,
)
from gateway.operator.settings import Operator, OperatorDoorSettings, check_operator_door, check_operators
from gateway.passwords import parse_hash, parse_public_key
from gateway.risk_settings import RiskFile, check_risk

T = TypeVar("T")
BumpMs = Annotated[int, Meta(ge=0, le=60_000, description="delay of LIMIT orders and their modifies in ms; 0 = none")]
Band = Annotated[int, Meta(ge=0, le=999_999, description="price band around the mark in parts per million; 0 = none")]
Fills = Annotated[int, Meta(ge=1, le=1000, description="fills that one command may make")]
Matcher = Annotated[str, Meta(min_length=1, max_length=24, description="entry point, or a name from [matchers]")]


# ----------------------------------------------------------------------------------------------------- process


class Listen(Table, frozen=True, kw_only=True):
    binary: Annotated[str, Meta(description="address:port of the binary door; port 0 takes a free one")] = (
        "127.0.0.1:7001"
    )
    fix: Annotated[str | None, Meta(description="address:port of the FIX door; left out: there is none")] = None
    operator: Annotated[
        str | None,
        Meta(description="operators' door: path of a local socket, or address:port with [tls]; left out: none"),
    ] = None

    @property
    def binary_address(self) -> tuple[str, int]:
        """Host and port; `load_settings` has checked them."""
        return split_address(self.binary)

    @property
    def fix_address(self) -> tuple[str, int] | None:
        """Host and port, None without a FIX door."""
        return None if self.fix is None else split_address(self.fix)

    @property
    def operator_address(self) -> tuple[str, int] | None:
        """Host and port; None for a local socket, and without a door for operators."""
        name, _, port = (self.operator or "").rpartition(":")
        return split_address(self.operator) if self.operator and name and port.isdecimal() else None


class Data(Table, frozen=True, kw_only=True):
    directory: Annotated[str, Meta(description="journal, event log and snapshots; created when absent")]


class JournalSettings(Table, frozen=True, kw_only=True):
    durability: Annotated[
        Literal["fsync", "page-cache", "none"],
        Meta(description="participants are told after: the disk, the page cache, nothing (benchmarks only)"),
    ] = "fsync"
    segment_mib: Annotated[
        int, Meta(ge=1, le=4096, description="size of a journal segment, written through in advance")
    ] = 64


class Limits(Table, frozen=True, kw_only=True):
    """Capacities of the engine (`engine.api.EngineLimits`), all taken at start; exceeding one is a reason code."""

    orders_max: Count = 100_000
    orders_per_book_max: Count = 100_000
    pending_replaces_max: Count = 10_000
    positions_max: Count = 20_000
    instruments_max: Count = 256
    firms_max: Count = 256
    desks_max: Count = 1_024
    traders_max: Count = 4_096
    accounts_max: Count = 10_000
    sessions_max: Count = 4_096
    works_max: Count = 1_024
    work_steps_max: Count = 256
    risk_units_max: Count = 2_048
    brokers_max: Count = 64
    limits_max: Count = 16_384
    protections_max: Count = 4_096
    transfers_max: Count = 65_536
    providers_max: Count = 64
    feeds_max: Count = 1_024
    calendars_max: Annotated[int, Meta(ge=1, le=255)] = 64
    fee_tiers_max: Annotated[int, Meta(ge=1, le=255)] = 64


class EngineSettings(Table, frozen=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, description="entry point in perpgate.engines: core or reference")] = "core"
    limits: Limits = Limits()


class SnapshotSettings(Table, frozen=True, kw_only=True):
    interval_s: Annotated[
        int, Meta(ge=0, le=86_400, description="seconds between snapshots while running; 0 = only at an orderly end")
    ] = 300
    keep: Annotated[int, Meta(ge=1, le=1000, description="snapshots kept; older ones are deleted")] = 3


class Tls(Table, frozen=True, kw_only=True):
    certificate: Annotated[str, Meta(min_length=1, description="PEM file, chain included")]
    key: Annotated[str, Meta(min_length=1, description="PEM file of the private key")]
    client_ca: Annotated[
        str | None, Meta(description="PEM file: FIX clients may show a certificate of this authority; left out: none")
    ] = None


class FixSettings(Table, frozen=True, kw_only=True):
    """The FIX door; its address is listen.fix, its sessions are [[fix_session]] of the participants file."""

    dictionaries: Annotated[
        str | None, Meta(description="directory of FIX42.xml and the others; left out: those that are shipped")
    ] = None
    resend_messages: Annotated[
        int, Meta(ge=1_024, le=2**26, description="messages per session that can be sent again, a power of two")
    ] = 2**20
    slow_consumer_s: Annotated[
        int, Meta(ge=1, le=600, description="seconds that a resend may wait for a participant that does not read")
    ] = 30


class Login(Table, frozen=True, kw_only=True):
    timeout_s: Annotated[int, Meta(ge=1, le=300, description="seconds a connection may take to log in")] = 10
    attempts_per_minute: Annotated[
        int, Meta(ge=1, le=10_000, description="failed logins per address and user within 60 s")
    ] = 10
    connections_max: Annotated[int, Meta(ge=1, le=65_536, description="open connections, logged in or not")] = 1_024


class SessionSettings(Table, frozen=True, kw_only=True):
    heartbeat_s: Annotated[int, Meta(ge=1, le=60, description="seconds of silence of ours before a heartbeat")] = 1
    silence_s: Annotated[
        int, Meta(ge=2, le=600, description="seconds of silence of theirs before the connection is dropped")
    ] = 15
    queue_kib: Annotated[
        int, Meta(ge=64, le=1_048_576, description="unsent KiB per connection before a slow consumer is dropped")
    ] = 4_096


class Loop(Table, frozen=True, kw_only=True):
    busy_poll: Annotated[bool, Meta(description="never sleep: lower latency for one whole core")] = False


class Files(Table, frozen=True, kw_only=True):
    market: Annotated[str, Meta(min_length=1, description="instruments")]
    risk: Annotated[
        str | None, Meta(description="money, calendars, feeds, indices, margins; left out: none of it, marks are set")
    ] = None
    participants: Annotated[str, Meta(min_length=1, description="firms, desks, traders, accounts, sessions")]


class ProcessFile(Table, frozen=True, kw_only=True):
    files: Files
    data: Data
    listen: Listen = Listen()
    journal: JournalSettings = JournalSettings()
    engine: EngineSettings = EngineSettings()
    matchers: dict[str, str] = msgspec.field(default_factory=dict)
    snapshot: SnapshotSettings = SnapshotSettings()
    fix: FixSettings = FixSettings()
    operator_door: OperatorDoorSettings = OperatorDoorSettings()
    tls: Tls | None = None
    login: Login = Login()
    session: SessionSettings = SessionSettings()
    loop: Loop = Loop()


# ------------------------------------------------------------------------------------------------------ market


class InstrumentDefaults(Table, frozen=True, kw_only=True):
    """What an [[instrument]] gets that does not say it itself."""

    matcher: Matcher = "price_time"
    min_notional_usdc: DecimalMicro = DecimalMicro(10_000_000)
    speed_bump_ms: BumpMs = 100
    fills_max: Fills = 200
    bump_market: Annotated[bool, Meta(description="the speed bump also delays MARKET orders")] = False


class BandPpm(Table, frozen=True, kw_only=True):
    """Price band around the mark by class, parts per million; 0 = none (rulebook section 7)."""

    equity: Band = 100_000
    index: Band = 33_333
    commodity: Band = 50_000
    fx: Band = 20_000
    precious_metal: Band = 50_000


class Instrument(Table, frozen=True, kw_only=True):
    id: Id
    symbol: Annotated[str, Meta(min_length=1, max_length=16, pattern="^[!-~]+$")]
    asset_class: AssetClassName
    tick_size: DecimalE8
    lot_size: DecimalE8
    min_price: DecimalE8
    max_price: DecimalE8
    min_quantity: DecimalE8
    max_quantity: DecimalE8
    mark_price: DecimalE8 | None = None  # given to the engine while it has no mark of the instrument
    matcher: Matcher | None = None
    min_notional_usdc: DecimalMicro | None = None
    speed_bump_ms: BumpMs | None = None
    fills_max: Fills | None = None
    bump_market: bool | None = None
    band_ppm: Band | None = None


class MarketFile(Table, frozen=True, kw_only=True):
    instrument: Annotated[tuple[Instrument, ...], Meta(min_length=1)]
    defaults: InstrumentDefaults = InstrumentDefaults()
    band_ppm: BandPpm = BandPpm()


# ------------------------------------------------------------------------------------------------ participants


class Firm(Table, frozen=True, kw_only=True):
    id: Id
    name: Name
    status: Status = "active"


class Desk(Table, frozen=True, kw_only=True):
    id: Id
    firm: Id
    name: Name
    status: Status = "active"


class Trader(Table, frozen=True, kw_only=True):
    id: Id
    desk: Id
    name: Name
    weight_per_minute: Annotated[
        int, Meta(ge=0, le=1_000_000_000, description="message weight per 60 s in each of two buckets; 0 = unlimited")
    ] = 12_000
    status: Status = "active"


class Account(Table, frozen=True, kw_only=True):
    id: Id
    trader: Id
    name: Name
    stp_mode: Literal["cancel_passive", "cancel_aggressor", "cancel_both", "decrement"] = "cancel_passive"
    stp_group: Annotated[
        int, Meta(ge=0, lt=2**31, description="accounts of a group do not trade with each other; 0 = alone")
    ] = 0
    open_orders_max: Count = 1_000
    status: Status = "active"


class Session(Table, frozen=True, kw_only=True):
    id: Id
    name: Name
    scope: Literal["account", "trader", "desk", "firm"]
    node: Annotated[int, Meta(ge=1, le=2**31 - 1, description="id of the account, trader, desk or firm it acts for")]
    rights: Annotated[tuple[Literal["trade", "cancel", "prices"], ...], Meta(min_length=1)] = ("trade", "cancel")
    username: Annotated[
        str, Meta(min_length=1, max_length=6, pattern="^[!-~]+$", description="binary login, at most 6 characters")
    ]
    password_hash: Annotated[str, Meta(min_length=1, description="made by `perpgate hash-password`")]
    cancel_on_disconnect: tuple[Literal["loss", "logout", "account_scope"], ...] = ("loss", "logout")
    cod_grace_ms: Annotated[int, Meta(ge=0, le=3_600_000, description="wait before that cancel, in ms")] = 0
    status: Status = "active"


CompId = Annotated[str, Meta(min_length=1, max_length=32, pattern="^[!-~]+$")]
Digits = Literal[3, 6, 9]


class FixSession(Table, frozen=True, kw_only=True):
    """A session of the FIX door. Its id is of the same kind as that of a [[session]]: the engine's."""

    id: Id
    name: Name
    scope: Literal["account", "trader", "desk", "firm"]
    node: Annotated[int, Meta(ge=1, le=2**31 - 1, description="id of the account, trader, desk or firm it acts for")]
    rights: Annotated[tuple[Literal["trade", "cancel"], ...], Meta(min_length=1)] = ("trade", "cancel")
    version: Annotated[Literal["FIX.4.2", "FIX.4.4", "FIX.5.0SP2"], Meta(description="spoken on this session")]
    sender_comp_id: Annotated[CompId, Meta(description="SenderCompID (49) of the participant's messages")]
    target_comp_id: Annotated[CompId, Meta(description="TargetCompID (56) of the participant's messages")] = "PERPGATE"
    sender_sub_id: Annotated[str, Meta(max_length=32, pattern="^[!-~]*$", description="50; empty = any")] = ""
    target_sub_id: Annotated[str, Meta(max_length=32, pattern="^[!-~]*$", description="57; empty = any")] = ""
    username: Annotated[str, Meta(max_length=32, description="Username (553); empty = not looked at")] = ""
    password_hash: Annotated[str, Meta(description="made by `perpgate hash-password`")] = ""
    public_key: Annotated[str, Meta(description="Ed25519, 32 bytes in base64: the Logon is signed")] = ""
    certificate_sha256: Annotated[str, Meta(pattern="^([0-9a-fA-F]{64})?$", description="of the TLS client")] = ""
    networks: Annotated[tuple[str, ...], Meta(description='addresses it may come from, as "192.0.2.0/24"')] = ()
    default_account: Annotated[int, Meta(ge=0, description="account of orders without Account (1), 0 = none")] = 0
    cancel_on_disconnect: tuple[Literal["loss", "logout", "account_scope"], ...] = ("loss", "logout")
    cod_grace_ms: Annotated[int, Meta(ge=0, le=3_600_000, description="wait before that cancel, in ms")] = 0
    reject_per_s: Annotated[int, Meta(ge=0, description="messages per second beyond which orders are refused")] = 0
    logout_per_s: Annotated[int, Meta(ge=0, description="messages per second beyond which the session ends")] = 0
    heartbeat_min_s: Annotated[int, Meta(ge=1, le=3_600)] = 1
    heartbeat_max_s: Annotated[int, Meta(ge=1, le=3_600)] = 300
    sending_time_tolerance_s: Annotated[int, Meta(ge=1, le=86_400, description="SendingTime against our clock")] = 120
    unknown_tags: Annotated[Literal["reject", "ignore"], Meta(description="user-defined tags not of ours")] = "reject"
    timestamp_digits: Annotated[Digits, Meta(description="decimals of our timestamps")] = 6
    reset_time_utc: Annotated[
        str, Meta(pattern="^(([01][0-9]|2[0-3]):[0-5][0-9])?$", description="HH:MM of a daily reset; empty = never")
    ] = ""
    status: Status = "active"


class ParticipantsFile(Table, frozen=True, kw_only=True):
    firm: Annotated[tuple[Firm, ...], Meta(min_length=1)]
    desk: tuple[Desk, ...] = ()
    trader: tuple[Trader, ...] = ()
    account: tuple[Account, ...] = ()
    session: tuple[Session, ...] = ()
    fix_session: tuple[FixSession, ...] = ()
    operator: tuple[Operator, ...] = ()


class Settings(msgspec.Struct, frozen=True):
    """Everything a process starts from, with the paths resolved."""

    path: Path
    process: ProcessFile
    market: MarketFile
    participants: ParticipantsFile
    risk: RiskFile | None
    data_directory: Path
    market_path: Path
    participants_path: Path


# ------------------------------------------------------------------------------------------------------ loading


def load_settings(path: Path) -> Settings:
    """The process file and the two that it names. Raises ConfigError: every finding of the first file that has any."""
    process = read_toml(path, ProcessFile)
    base = path.resolve().parent
    findings = list(_check_process(process, base))
    if findings:
        raise ConfigError("\n".join(f"{path}: {text}" for text in findings))
    market_path, participants_path = base / process.files.market, base / process.files.participants
    market = load_market(market_path, process.engine.limits)
    participants = load_participants(participants_path, process.engine.limits)
    risk = load_risk(base / process.files.risk, market, process.engine.limits) if process.files.risk else None
    return Settings(
        path, process, market, participants, risk, base / process.data.directory, market_path, participants_path
    )


def load_market(path: Path, limits: Limits) -> MarketFile:
    """Instruments. Raises ConfigError."""
    market = read_toml(path, MarketFile)
    _refuse(path, [*_check_ids("instrument", market.instrument, limits.instruments_max), *_check_market(market)])
    return market


def load_risk(path: Path, market: MarketFile, limits: Limits) -> RiskFile:
    """Money, calendars, feeds, indices and margins of the market's instruments. Raises ConfigError."""
    risk = read_toml(path, RiskFile)
    findings = [*_check_ids("calendar", risk.calendar, limits.calendars_max)]
    findings += _check_ids("feed", risk.feed, limits.feeds_max)
    _refuse(path, [*findings, *check_risk(risk, {item.id: item.asset_class for item in market.instrument})])
    return risk


def load_participants(path: Path, limits: Limits) -> ParticipantsFile:
    """Parties and sessions. Raises ConfigError."""
    parties = read_toml(path, ParticipantsFile)
    findings: list[str] = []
    for table, maximum in (
        ("firm", limits.firms_max), ("desk", limits.desks_max), ("trader", limits.traders_max),
        ("account", limits.accounts_max), ("session", limits.sessions_max),
    ):  # fmt: skip
        findings += _check_ids(table, getattr(parties, table), maximum)
    fix_findings = _check_fix_sessions(parties, limits.sessions_max)
    operator_findings = [*_check_ids("operator", parties.operator, 2**31 - 1), *check_operators(parties.operator)]
    _refuse(path, [*findings, *_check_parents(parties), *_check_sessions(parties), *fix_findings, *operator_findings])
    return parties


def read_toml(path: Path, kind: type[T]) -> T:
    """One file as `kind`. Raises ConfigError for syntax, unknown and missing keys, types and ranges."""
    try:
        with path.open("rb") as file:
            data = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not TOML: {error}") from None
    findings = list(_check_keys(data, msgspec.inspect.type_info(kind), ""))
    if findings:
        raise ConfigError("\n".join(f"{path}: {text}" for text in findings))
    try:
        return msgspec.convert(data, kind, dec_hook=_decode_decimal)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        key = where.rstrip("`").lstrip(".") or "the file"
        raise ConfigError(f"{path}: {key}: {what[:1].lower()}{what[1:]}") from None


def split_address(text: str) -> tuple[str, int]:
    """`host:port` or `[v6]:port`. Raises ValueError."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise ValueError(f'{text!r} is no address: write "127.0.0.1:7001" (port 0 takes a free one)')
    return host, int(port)


def _decode_decimal(kind: type, value: Any) -> Any:
    if kind not in (DecimalE8, DecimalMicro):
        raise NotImplementedError(kind)
    if not isinstance(value, str):
        raise ValueError(f'expected decimal text in quotes, write "{value}"')
    scaled = parse_e8(value)
    if scaled < 0:
        raise ValueError(f"{value!r} is negative")
    if kind is DecimalE8:
        return DecimalE8(scaled)
    if scaled % MICRO_PER_E8:
        raise ValueError(f"{value!r} has more than six decimals")
    return DecimalMicro(scaled // MICRO_PER_E8)


# ------------------------------------------------------------------------------------------- what can be wrong


def _check_keys(data: Any, kind: msgspec.inspect.Type, where: str) -> Iterable[str]:
    """Unknown and missing keys, with the nearest right one: msgspec would name only the first, and no remedy."""
    if isinstance(kind, msgspec.inspect.Metadata):
        yield from _check_keys(data, kind.type, where)
    elif isinstance(kind, msgspec.inspect.UnionType):
        for option in kind.types:
            if isinstance(option, msgspec.inspect.StructType) and isinstance(data, dict):
                yield from _check_keys(data, option, where)
    elif isinstance(kind, msgspec.inspect.VarTupleType) and isinstance(data, list):
        for index, item in enumerate(data):
            yield from _check_keys(item, kind.item_type, f"{where}[{index}]")
    elif isinstance(kind, msgspec.inspect.StructType) and isinstance(data, dict):
        yield from _check_table(data, kind, f"{where}." if where else "")


def _check_table(data: dict[str, Any], kind: msgspec.inspect.StructType, prefix: str) -> Iterable[str]:
    fields = {field.encode_name: field for field in kind.fields}
    for key in data:
        if key not in fields:
            yield f"{prefix}{key}: {_unknown_key(key, fields)}"
    for key, field in fields.items():
        if key in data:
            yield from _check_keys(data[key], field.type, f"{prefix}{key}")
        elif field.required:
            yield f"{prefix}{key}: missing, write {_example(field)}"


def _unknown_key(key: str, fields: dict[str, msgspec.inspect.Field]) -> str:
    with_unit = [name for name in fields if name.startswith(f"{key}_") and name.count("_") <= key.count("_") + 2]
    if with_unit:
        return f"lacks its unit, write {_example(fields[with_unit[0]])}"
    stem = key.rpartition("_")[0]
    other_unit = [name for name in fields if stem and name.rpartition("_")[0] == stem]
    near = other_unit or difflib.get_close_matches(key, fields, n=1)
    if near:
        return f"unknown key, write {_example(fields[near[0]])}"
    return f"unknown key, expected one of {', '.join(fields)}"


def _example(field: msgspec.inspect.Field) -> str:
    """A line to copy: `interval_s = 300 (seconds between snapshots)`."""
    key, kind, note = field.encode_name, field.type, ""
    if isinstance(kind, msgspec.inspect.UnionType):
        kind = next(option for option in kind.types if not isinstance(option, msgspec.inspect.NoneType))
    if isinstance(kind, msgspec.inspect.Metadata):
        schema = kind.extra_json_schema or {}
        note = f" ({schema['description']})" if "description" in schema else ""
        kind = kind.type
    if isinstance(field.default, (bool, int, str)) and not isinstance(kind, msgspec.inspect.CustomType):
        return f"{key} = {json.dumps(field.default)}{note}"
    if isinstance(kind, msgspec.inspect.CustomType):
        return f'{key} = "0.01" (decimal text){note}'
    if isinstance(kind, msgspec.inspect.LiteralType):
        return f"{key} = {' or '.join(repr(value) for value in kind.values)}{note}".replace("'", '"')
    if isinstance(kind, msgspec.inspect.StrType):
        return f'{key} = "..."{note}'
    if isinstance(kind, msgspec.inspect.StructType):
        return f"a table [{key}]"
    if isinstance(kind, msgspec.inspect.VarTupleType):
        return f"tables [[{key}]]" if isinstance(kind.item_type, msgspec.inspect.StructType) else f"{key} = [...]{note}"
    return f"{key} = 1{note}"


def _refuse(path: Path, findings: list[str]) -> None:
    if findings:
        raise ConfigError("\n".join(f"{path}: {text}" for text in findings))


def _check_process(process: ProcessFile, base: Path) -> Iterable[str]:
    try:
        split_address(process.listen.binary)
    except ValueError as error:
        yield f"listen.binary: {error}"
    try:
        process.listen.fix_address  # noqa: B018  # evaluated for its refusal
    except ValueError as error:
        yield f"listen.fix: {error}"
    has_address = process.listen.operator_address is not None
    yield from check_operator_door(process.operator_door, has_address, process.tls is not None)
    if process.fix.resend_messages & (process.fix.resend_messages - 1):
        yield "fix.resend_messages: must be a power of two"
    dictionaries = process.fix.dictionaries
    if dictionaries is not None and not (base / dictionaries).is_dir():
        yield f"fix.dictionaries: {base / dictionaries} is no directory: name the one with FIX42.xml, or leave it out"
    if process.tls is not None and process.tls.client_ca and not (base / process.tls.client_ca).is_file():
        yield f"tls.client_ca: {base / process.tls.client_ca} does not exist: name a PEM file, or leave the key out"
    if process.tls is not None:
        for key, name in (("certificate", process.tls.certificate), ("key", process.tls.key)):
            if not (base / name).is_file():
                yield f"tls.{key}: {base / name} does not exist: name a PEM file, or leave the table out"
    for name, library in process.matchers.items():
        if not (base / library).is_file():
            yield f"matchers.{name}: {base / library} does not exist: name a library that exports perpgate_matcher_v1"
    if process.session.silence_s <= process.session.heartbeat_s:
        yield "session.silence_s: must be above session.heartbeat_s"


def _check_ids(table: str, rows: tuple[Any, ...], maximum: int) -> Iterable[str]:
    seen: set[int] = set()
    for index, row in enumerate(rows):
        if row.id in seen:
            yield f"{table}[{index}].id: {row.id} is used twice"
        elif row.id > maximum:
            yield f"{table}[{index}].id: {row.id} is above engine.limits.{table}s_max = {maximum}"
        seen.add(row.id)


def _check_market(market: MarketFile) -> Iterable[str]:
    symbols: set[str] = set()
    for index, item in enumerate(market.instrument):
        where = f"instrument[{index}] ({item.symbol})"
        if item.symbol in symbols:
            yield f"{where}.symbol: is used twice"
        symbols.add(item.symbol)
        tick, lot = item.tick_size, item.lot_size
        if tick < 1 or lot < 1:
            yield f"{where}: tick_size and lot_size must be above 0"
            continue
        if tick * lot % 10**10:
            yield f"{where}: tick_size x lot_size must be a whole number of micro-USDC: make one of them larger"
        prices = (("min_price", item.min_price, tick), ("max_price", item.max_price, tick))
        quantities = (("min_quantity", item.min_quantity, lot), ("max_quantity", item.max_quantity, lot))
        for key, value, step in (*prices, *quantities):
            if value < step or value % step:
                yield f"{where}.{key}: must be a multiple of {'tick_size' if step is tick else 'lot_size'} above 0"
        if item.max_price < item.min_price or item.max_quantity < item.min_quantity:
            yield f"{where}: a maximum is below its minimum"
        if item.max_price // tick >= 2**24:
            yield f"{where}.max_price: {item.max_price // tick} ticks, must be below 16,777,216"
        if item.mark_price is not None and (item.mark_price < tick or item.mark_price % tick):
            yield f"{where}.mark_price: must be a multiple of tick_size above 0"


def _check_parents(parties: ParticipantsFile) -> Iterable[str]:
    ids = {table: {row.id for row in getattr(parties, table)} for table in ("firm", "desk", "trader", "account")}
    parents: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
        ("desk", "firm", parties.desk), ("trader", "desk", parties.trader), ("account", "trader", parties.account),
    )  # fmt: skip
    for table, parent, rows in parents:
        for index, row in enumerate(rows):
            if getattr(row, parent) not in ids[parent]:
                yield f"{table}[{index}].{parent}: there is no [[{parent}]] with id {getattr(row, parent)}"
    for table in ("session", "fix_session"):
        for index, session in enumerate(getattr(parties, table)):
            if session.node not in ids[session.scope]:
                yield f"{table}[{index}].node: there is no [[{session.scope}]] with id {session.node}"


def _check_sessions(parties: ParticipantsFile) -> Iterable[str]:
    users: set[str] = set()
    for index, session in enumerate(parties.session):
        if session.username in users:
            yield f"session[{index}].username: {session.username!r} is used twice"
        users.add(session.username)
        try:
            parse_hash(session.password_hash)
        except ValueError as error:
            yield f"session[{index}].password_hash: {error}"


def _check_fix_sessions(parties: ParticipantsFile, sessions_max: int) -> Iterable[str]:
    """CompIDs, credentials and numbers of [[fix_session]]; their ids are sessions', so no [[session]] may have them."""
    taken = {session.id: f"session[{index}]" for index, session in enumerate(parties.session)}
    identities: dict[tuple[str, ...], int] = {}
    accounts = {account.id for account in parties.account}
    for index, row in enumerate(parties.fix_session):
        where = f"fix_session[{index}]"
        if row.id in taken:
            yield f"{where}.id: {row.id} is {taken[row.id]}'s: sessions of both doors are numbered together"
        elif row.id > sessions_max:
            yield f"{where}.id: {row.id} is above engine.limits.sessions_max = {sessions_max}"
        taken[row.id] = where
        identity = (row.version, row.sender_comp_id, row.target_comp_id, row.sender_sub_id, row.target_sub_id)
        if identity in identities:
            yield f"{where}: has version, CompIDs and SubIDs of fix_session[{identities[identity]}]"
        identities[identity] = index
        if row.default_account and row.default_account not in accounts:
            yield f"{where}.default_account: there is no [[account]] with id {row.default_account}"
        if row.logout_per_s and row.reject_per_s > row.logout_per_s:
            yield f"{where}.logout_per_s: must not be below reject_per_s"
        if row.heartbeat_max_s < row.heartbeat_min_s:
            yield f"{where}.heartbeat_max_s: must not be below heartbeat_min_s"
        yield from _check_credentials(row, where)


def _check_credentials(row: FixSession, where: str) -> Iterable[str]:
    if not (row.password_hash or row.public_key or row.certificate_sha256 or row.networks):
        yield f"{where}: has no credentials: give public_key, password_hash, certificate_sha256 or networks"
    if row.password_hash:
        try:
            parse_hash(row.password_hash)
        except ValueError as error:
            yield f"{where}.password_hash: {error}"
    if row.public_key:
        try:
            parse_public_key(row.public_key)
        except ValueError as error:
            yield f"{where}.public_key: {error}"
    for text in row.networks:
        try:
            ip_network(text)
        except ValueError as error:
            yield f"{where}.networks: {error}"
