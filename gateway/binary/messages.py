"""The binary protocol's messages in plain Python: layouts, typed requests and reports, Soup packets.

For clients, tools and tests; the door itself uses the compiled codec (`_wire`), and a test holds both to the
published schema, config/sbe/perpgate-binary.xml. Everything inside a packet is little-endian; the packet's own length
is big-endian. Prices and quantities are int64 with eight decimals (`_e8`), times are nanoseconds since the Unix epoch,
a client order id of 0 is none.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import msgspec

from engine.records import CodFlag, EventKind, Liquidity, OrderFlag, OrderState, Reason

SCHEMA_ID = 100
VERSION = 0
INT64_NULL = -(2**63)
UINT64_NULL = 2**64 - 1
SOUP_HEADER = struct.Struct(">Hc")
SBE_HEADER = struct.Struct("<HHHH")  # blockLength, templateId, schemaId, version
_FORMATS = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q", "i64": "q"}


@dataclass(frozen=True, slots=True)
class Template:
    """One message: the root block's fields in wire order as (name, type), then the names of its var-data fields."""

    template_id: int
    name: str
    fields: tuple[tuple[str, str], ...]
    data: tuple[str, ...] = ()

    @property
    def block(self) -> struct.Struct:
        return struct.Struct("<" + "".join(_FORMATS[kind] for _, kind in self.fields))


class Request(msgspec.Struct, kw_only=True, frozen=True):
    """A message of the client. Field names and units are those of the schema; 0 or None means not given."""

    template: ClassVar[Template]


def _fields(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, kind) for name, _, kind in (word.partition(":") for word in text.split()))


_REQUEST = "client_seq:u64 sending_time_ns:u64 cl_ord_id:u64 "


class NewOrder(Request, kw_only=True, frozen=True):
    template = Template(
        1,
        "NewOrder",
        _fields(
            _REQUEST + "account_id:u32 instrument_id:u32 price_e8:i64 quantity_e8:i64 display_quantity_e8:i64 "
            "min_quantity_e8:i64 expire_time_ns:u64 take_profit_e8:i64 stop_loss_e8:i64 stp_group:u32 side:u8 "
            "order_type:u8 time_in_force:u8 stp_mode:u8 order_flags:u16"
        ),
    )
    cl_ord_id: int
    account_id: int
    instrument_id: int
    side: int
    quantity_e8: int
    price_e8: int | None = None  # limit, or trigger of a stop; None for MARKET
    order_type: int = 1
    time_in_force: int = 1
    display_quantity_e8: int | None = None  # None = all shown
    min_quantity_e8: int | None = None
    expire_time_ns: int | None = None
    take_profit_e8: int | None = None
    stop_loss_e8: int | None = None
    stp_group: int = 0
    stp_mode: int = 0
    order_flags: int = 0
    sending_time_ns: int | None = None


class ReplaceOrder(Request, kw_only=True, frozen=True):
    template = Template(
        2,
        "ReplaceOrder",
        _fields(
            _REQUEST + "orig_cl_ord_id:u64 order_id:u64 account_id:u32 instrument_id:u32 price_e8:i64 quantity_e8:i64 "
            "take_profit_e8:i64 stop_loss_e8:i64 side:u8 order_type:u8"
        ),
    )
    account_id: int
    quantity_e8: int  # the new total, what was filled included
    price_e8: int | None
    cl_ord_id: int = 0  # the id that the order has afterwards; 0 = it keeps its own
    orig_cl_ord_id: int = 0  # used when order_id is 0
    order_id: int = 0
    instrument_id: int = 0
    take_profit_e8: int | None = None
    stop_loss_e8: int | None = None
    side: int = 0
    order_type: int = 0
    sending_time_ns: int | None = None


class CancelOrder(Request, kw_only=True, frozen=True):
    template = Template(
        3,
        "CancelOrder",
        _fields(_REQUEST + "orig_cl_ord_id:u64 order_id:u64 account_id:u32 instrument_id:u32 side:u8"),
    )
    account_id: int
    cl_ord_id: int = 0
    orig_cl_ord_id: int = 0
    order_id: int = 0
    instrument_id: int = 0
    side: int = 0
    sending_time_ns: int | None = None


class MassCancel(Request, kw_only=True, frozen=True):
    template = Template(4, "MassCancel", _fields(_REQUEST + "target_id:u32 instrument_id:u32 scope:u8 side:u8"))
    scope: int
    target_id: int
    cl_ord_id: int = 0
    instrument_id: int = 0
    side: int = 0
    sending_time_ns: int | None = None


class SessionOptions(Request, kw_only=True, frozen=True):
    template = Template(5, "SessionOptions", _fields("cod_grace_ns:i64 cod_flags:u16 logon_flags:u16"))
    cod_flags: int = int(CodFlag.ON_LOSS | CodFlag.ON_LOGOUT)
    cod_grace_ns: int = 0
    logon_flags: int = 0


class SourcePrice(Request, kw_only=True, frozen=True):
    """The price of a feed from one of its sources. Taken in silence; CommandResult tells of a refusal."""

    template = Template(
        6,
        "SourcePrice",
        _fields("client_seq:u64 sending_time_ns:u64 feed_id:u32 source:u32 source_price_e8:i64 source_time_ns:u64"),
    )
    feed_id: int
    source_price_e8: int
    source_time_ns: int  # one that is older than the source's last is refused
    source: int = 0
    sending_time_ns: int | None = None


REQUESTS: tuple[type[Request], ...] = (NewOrder, ReplaceOrder, CancelOrder, MassCancel, SessionOptions, SourcePrice)

# ------------------------------------------------------------------------------------------------------- reports

_REPORT = "event_seq:u64 timestamp_ns:u64 event_index:u32 reason:u16 event_kind:u8 order_state:u8 client_seq:u64 "
_ORDER = (
    _REPORT + "cl_ord_id:u64 order_id:u64 account_id:u32 instrument_id:u32 price_e8:i64 quantity_e8:i64 "
    "cum_quantity_e8:i64 leaves_quantity_e8:i64 position_e8:i64 side:u8 order_type:u8 time_in_force:u8 liquidity:u8 "
    "order_flags:u16 trade_kind:u8 reserved:u8 "
)
_TEXT = ("cl_ord_id_text",)
_TEXTS = ("cl_ord_id_text", "orig_cl_ord_id_text")


class Report(msgspec.Struct, frozen=True):
    """What every message of the venue begins with; (`event_seq`, `event_index`) names the event in every feed."""

    template: ClassVar[Template]
    event_seq: int  # number of the command that caused it
    timestamp_ns: int
    event_index: int
    reason: Reason
    event_kind: EventKind
    order_state: int  # OrderState after the event; 0 where there is no order
    client_seq: int  # of the message that it answers, 0 when unsolicited


class OrderReport(Report, frozen=True):
    """An order as it stands after the event."""

    cl_ord_id: int
    order_id: int
    account_id: int
    instrument_id: int
    price_e8: int | None
    quantity_e8: int
    cum_quantity_e8: int
    leaves_quantity_e8: int
    position_e8: int
    side: int
    order_type: int
    time_in_force: int
    liquidity: Liquidity
    order_flags: OrderFlag
    trade_kind: int
    reserved: int

    @property
    def is_gone(self) -> bool:
        """The order ended with this event."""
        return self.order_state in (OrderState.FILLED, OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REJECTED)


def _order(template_id: int, name: str, more: str = "", data: tuple[str, ...] = _TEXT) -> Template:
    return Template(template_id, name, _fields(_ORDER + more), data)


class OrderAccepted(OrderReport, frozen=True):
    """ORDER_NEW, or ORDER_PENDING while the order waits in the speed bump."""

    template = _order(101, "OrderAccepted", "display_quantity_e8:i64")
    display_quantity_e8: int
    cl_ord_id_text: str


class OrderRejected(OrderReport, frozen=True):
    template = _order(102, "OrderRejected", "detail:i64")
    detail: int  # RATE_LIMITED: retry after milliseconds
    cl_ord_id_text: str


class OrderFilled(OrderReport, frozen=True):
    template = _order(
        103,
        "OrderFilled",
        "display_quantity_e8:i64 last_price_e8:i64 last_quantity_e8:i64 contra_order_id:u64 fee_micro:i64 "
        "realised_pnl_micro:i64",
    )
    display_quantity_e8: int
    last_price_e8: int
    last_quantity_e8: int
    contra_order_id: int
    fee_micro: int
    realised_pnl_micro: int
    cl_ord_id_text: str


class OrderCancelled(OrderReport, frozen=True):
    template = _order(104, "OrderCancelled", "orig_cl_ord_id:u64 contra_order_id:u64", _TEXTS)
    orig_cl_ord_id: int
    contra_order_id: int
    cl_ord_id_text: str
    orig_cl_ord_id_text: str


class OrderExpired(OrderReport, frozen=True):
    template = _order(105, "OrderExpired")
    cl_ord_id_text: str


class OrderReplaced(OrderReport, frozen=True):
    """ORDER_REPLACED, or ORDER_REPLACE_PENDING while the change waits in the speed bump."""

    template = _order(106, "OrderReplaced", "orig_cl_ord_id:u64 display_quantity_e8:i64", _TEXTS)
    orig_cl_ord_id: int
    display_quantity_e8: int
    cl_ord_id_text: str
    orig_cl_ord_id_text: str


class ReplaceRejected(OrderReport, frozen=True):
    template = _order(107, "ReplaceRejected", "orig_cl_ord_id:u64 detail:i64", _TEXTS)
    orig_cl_ord_id: int
    detail: int
    cl_ord_id_text: str
    orig_cl_ord_id_text: str


class CancelRejected(OrderReport, frozen=True):
    template = _order(108, "CancelRejected", "orig_cl_ord_id:u64 detail:i64", _TEXTS)
    orig_cl_ord_id: int
    detail: int
    cl_ord_id_text: str
    orig_cl_ord_id_text: str


class OrderTriggered(OrderReport, frozen=True):
    template = _order(109, "OrderTriggered")
    cl_ord_id_text: str


class OrderRestated(OrderReport, frozen=True):
    template = _order(110, "OrderRestated", "contra_order_id:u64 display_quantity_e8:i64")
    contra_order_id: int
    display_quantity_e8: int
    cl_ord_id_text: str


class OrderStatus(OrderReport, frozen=True):
    """One open order of the snapshot that was asked for at logon."""

    template = _order(111, "OrderStatus", "display_quantity_e8:i64")
    display_quantity_e8: int
    cl_ord_id_text: str


_SESSION = _fields(_REPORT + "last_client_seq:u64 open_orders:u64 cod_grace_ns:i64 cod_flags:u16")
_MASS = _fields(_REPORT + "cl_ord_id:u64 affected_count:u64 target_id:u32 instrument_id:u32 scope:u8 side:u8")


class SessionState(Report, frozen=True):
    """Answer to a login and to SessionOptions: what is in force."""

    template = Template(130, "SessionState", _SESSION)
    last_client_seq: int  # highest clientSeq that the engine took from this session
    open_orders: int
    cod_grace_ns: int
    cod_flags: CodFlag


class OrderStatusEnd(Report, frozen=True):
    template = Template(112, "OrderStatusEnd", _SESSION)
    last_client_seq: int
    open_orders: int  # OrderStatus messages sent
    cod_grace_ns: int
    cod_flags: CodFlag


class MassCancelDone(Report, frozen=True):
    template = Template(120, "MassCancelDone", _MASS, _TEXT)
    cl_ord_id: int
    affected_count: int
    target_id: int
    instrument_id: int
    scope: int
    side: int
    cl_ord_id_text: str


class MassCancelRejected(Report, frozen=True):
    template = Template(121, "MassCancelRejected", _MASS, _TEXT)
    cl_ord_id: int
    affected_count: int
    target_id: int
    instrument_id: int
    scope: int
    side: int
    cl_ord_id_text: str


class CommandResult(Report, frozen=True):
    """A session command (SessionOptions) that was refused, or one of the venue's own that took effect."""

    template = Template(140, "CommandResult", _fields(_REPORT + "command_kind:u16"))
    command_kind: int


REPORTS: tuple[type[Report], ...] = (
    OrderAccepted, OrderRejected, OrderFilled, OrderCancelled, OrderExpired, OrderReplaced, ReplaceRejected,
    CancelRejected, OrderTriggered, OrderRestated, OrderStatus, OrderStatusEnd, MassCancelDone, MassCancelRejected,
    SessionState, CommandResult,
)  # fmt: skip

# -------------------------------------------------------------------------------------------------------- codecs

_E = TypeVar("_E", Reason, EventKind, Liquidity)
_REQUEST_BLOCKS = {cls: cls.template.block for cls in REQUESTS}
_REPORT_CODECS = {cls.template.template_id: (cls, cls.template.block, len(cls.template.data)) for cls in REPORTS}
_ORDER_NAMES = [name for name, _ in OrderAccepted.template.fields]
_PRICE_INDEX = _ORDER_NAMES.index("price_e8")
_LIQUIDITY_INDEX = _ORDER_NAMES.index("liquidity")


class ProtocolError(Exception):
    """Bytes that are not what the protocol allows; the text says which and where."""


def soup_packet(kind: bytes, payload: bytes = b"") -> bytes:
    """A SoupBinTCP packet: big-endian length of type and payload, type, payload."""
    return SOUP_HEADER.pack(len(payload) + 1, kind) + payload


def login_request(user: str, password: str, session: str = "", sequence: int = 1) -> bytes:
    """The Login Request packet; a blank session is the current one. Raises ValueError when a text is too long."""
    fields = []
    for name, text, width in (("user", user, 6), ("password", password, 10)):
        if len(text.encode("ascii")) > width:
            raise ValueError(f"{name} has more than {width} characters")
        fields.append(text.encode("ascii").ljust(width))
    fields += [session.encode("ascii").rjust(10), str(sequence).encode("ascii").rjust(20)]
    if [len(f) for f in fields] != [6, 10, 10, 20]:
        raise ValueError("session has at most 10 and sequence at most 20 characters")
    return soup_packet(b"L", b"".join(fields))


def encode_request(request: Request, client_seq: int = 0) -> bytes:
    """The unsequenced packet of a request; `client_seq` is ignored for SessionOptions, which has none."""
    template = request.template
    row = []
    for name, kind in template.fields:
        value = client_seq if name == "client_seq" else getattr(request, name)
        if value is None:
            value = INT64_NULL if kind == "i64" else UINT64_NULL
        row.append(value)
    block = _REQUEST_BLOCKS[type(request)].pack(*row)
    header = SBE_HEADER.pack(len(block), template.template_id, SCHEMA_ID, VERSION)
    return soup_packet(b"U", header + block)


def decode_report(message: bytes | memoryview) -> Report | None:
    """The report in a sequenced packet's payload; None for a template that this version does not know.

    Longer blocks of newer venues are skipped over. Raises ProtocolError when the bytes are no message of this schema.
    """
    if len(message) < SBE_HEADER.size:
        raise ProtocolError(f"message has {len(message)} bytes, less than its header")
    block_length, template_id, schema_id, _version = SBE_HEADER.unpack_from(message)
    if schema_id != SCHEMA_ID:
        raise ProtocolError(f"schemaId is {schema_id}, not {SCHEMA_ID}")
    known = _REPORT_CODECS.get(template_id)
    if known is None:
        return None
    cls, block, texts = known
    if block_length < block.size or len(message) < SBE_HEADER.size + block_length:
        raise ProtocolError(f"blockLength {block_length} of template {template_id} does not fit")
    row: list[Any] = list(block.unpack_from(message, SBE_HEADER.size))
    offset = SBE_HEADER.size + block_length
    for _ in range(texts):
        length = message[offset] if offset < len(message) else -1
        text = bytes(message[offset + 1 : offset + 1 + length])
        if length < 0 or len(text) != length:
            raise ProtocolError(f"var-data of template {template_id} is cut at byte {offset}")
        row.append(text.decode("ascii"))
        offset += 1 + length
    row[3] = _known(Reason, row[3])
    row[4] = _known(EventKind, row[4])
    if issubclass(cls, OrderReport):
        if row[_PRICE_INDEX] == INT64_NULL:
            row[_PRICE_INDEX] = None
        row[_LIQUIDITY_INDEX] = _known(Liquidity, row[_LIQUIDITY_INDEX])
        row[_LIQUIDITY_INDEX + 1] = OrderFlag(row[_LIQUIDITY_INDEX + 1])
    elif cls in (SessionState, OrderStatusEnd):
        row[-1] = CodFlag(row[-1])
    return cls(*row)


def _known(enum: type[_E], value: int) -> _E | int:
    """The member, or the bare number when the venue is newer than this module."""
    return enum._value2member_map_.get(value, value)  # type: ignore[return-value]
