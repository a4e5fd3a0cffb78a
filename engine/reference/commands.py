"""Commands as named tuples: the fields of the layouts in `engine.records`, in their order, text as padded bytes.

Those of risk and money, whose header and body are two tuples, are in `risk_commands.py`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from engine.records import COMMAND_BODIES, CommandKind

EMPTY_ID = bytes(40)  # a client order id that was not given


class Tick(NamedTuple):
    seq: int
    timestamp_ns: int
    kind: int
    flags: int
    session_id: int
    msg_seq_in: int
    sent_ns: int
    account_id: int
    instrument_id: int
    operator_id: int
    approver_id: int
    case_id: int


class SetState(NamedTuple):
    """SET_VENUE_STATE and SET_INSTRUMENT_STATE."""

    seq: int
    timestamp_ns: int
    kind: int
    flags: int
    session_id: int
    msg_seq_in: int
    sent_ns: int
    account_id: int
    instrument_id: int
    operator_id: int
    approver_id: int
    case_id: int
    state: int


class SetInstrument(NamedTuple):
    seq: int
    timestamp_ns: int
    kind: int
    flags: int
    session_id: int
    msg_seq_in: int
    sent_ns: int
    account_id: int
    instrument_id: int
    operator_id: int
    approver_id: int
    case_id: int
    symbol: bytes
    matcher: bytes
    tick_size_e8: int
    lot_size_e8: int
    min_price_e8: int
    max_price_e8: int
    min_quantity_e8: int
    max_quantity_e8: int
    min_notional_micro: int
    speed_bump_ns: int
    band_ppm: int
    fills_max: int
    flags_instrument: int
    asset_class: int


class SetMark(NamedTuple):
    seq: int
    timestamp_ns: int
    kind: int
    flags: int
    session_id: int
    msg_seq_in: int
    sent_ns: int
    account_id: int
    instrument_id: int
    operator_id: int
    approver_id: int
    case_id: int
    mark_price_e8: int
    oracle_price_e8: int


class SetNode(NamedTuple):
    """SET_BROKER, SET_FIRM and SET_DESK."""

    seq: int
    timestamp_ns: int
    kind: int
    flags: int
    session_id: int
    msg_seq_in: int
    sent_ns: int
    account_id: int
    instrument_id: int
    operator_id: int
    approver_id: int
    case_id: int
    party_id: int
    parent_id: int
    status: int
    name: bytes


class SetTrader(NamedTuple):
    seq: int
    timestamp_ns: int
    kind: int
    flags: int
    session_id: int
    msg_seq_in: int
    sent_ns: int
    account_id: int
    instrument_id: int
    operator_id: int
    approver_id: int
    case_id: int
    party_id: int
    parent_id: int
    status: int
    name: bytes
    rate_limit_milli: int


class SetAccount(NamedTuple):
    seq: int
    timestamp_ns: int
    kind: int
    flags: int
    session_id: int
    msg_seq_in: int
    sent_ns: int
    account_id: int
    instrument_id: int
    operator_id: int
    approver_id: int
    case_id: int
    party_id: int
    parent_id: int
    status: int
    name: bytes
    stp_group: int
    open_orders_max: int
    stp_mode: int


class SetSession(NamedTuple):
    seq: int
    timestamp_ns: int
    kind: int
    flags: int
    session_id: int
    msg_seq_in: int
    sent_ns: int
    account_id: int
    instrument_id: int
    operator_id: int
    approver_id: int
    case_id: int
    party_id: int
    parent_id: int
    status: int
    name: bytes
    rights: int
    scope: int


class RollBusinessDate(NamedTuple):
    seq: int
    timestamp_ns: int
    kind: int
    flags: int
    session_id: int
    msg_seq_in: int
    sent_ns: int
    account_id: int
    instrument_id: int
    operator_id: int
    approver_id: int
    case_id: int
    business_date: int


class SessionLogon(NamedTuple):
    seq: int
    timestamp_ns: int
    kind: int
    flags: int
    session_id: int
    msg_seq_in: int
    sent_ns: int
    account_id: int
    instrument_id: int
    operator_id: int
    approver_id: int
    case_id: int
    cod_grace_ns: int
    cod_flags: int
    logon_flags: int


class SessionDisconnect(NamedTuple):
    seq: int
    timestamp_ns: int
    kind: int
    flags: int
    session_id: int
    msg_seq_in: int
    sent_ns: int
    account_id: int
    instrument_id: int
    operator_id: int
    approver_id: int
    case_id: int
    cause: int


class Place(NamedTuple):
    seq: int
    timestamp_ns: int
    kind: int
    flags: int
    session_id: int
    msg_seq_in: int
    sent_ns: int
    account_id: int
    instrument_id: int
    operator_id: int
    approver_id: int
    case_id: int
    client_order_id: bytes
    price_e8: int
    quantity_e8: int
    display_quantity_e8: int
    min_quantity_e8: int
    expire_ns: int
    take_profit_e8: int
    stop_loss_e8: int
    side: int
    order_type: int
    time_in_force: int
    stp_mode: int
    order_flags: int
    stp_group: int


class Replace(NamedTuple):
    seq: int
    timestamp_ns: int
    kind: int
    flags: int
    session_id: int
    msg_seq_in: int
    sent_ns: int
    account_id: int
    instrument_id: int
    operator_id: int
    approver_id: int
    case_id: int
    client_order_id: bytes
    orig_client_order_id: bytes
    order_id: int
    price_e8: int
    quantity_e8: int
    take_profit_e8: int
    stop_loss_e8: int
    side: int
    order_type: int


class Cancel(NamedTuple):
    seq: int
    timestamp_ns: int
    kind: int
    flags: int
    session_id: int
    msg_seq_in: int
    sent_ns: int
    account_id: int
    instrument_id: int
    operator_id: int
    approver_id: int
    case_id: int
    client_order_id: bytes
    orig_client_order_id: bytes
    order_id: int
    side: int


class MassCancel(NamedTuple):
    seq: int
    timestamp_ns: int
    kind: int
    flags: int
    session_id: int
    msg_seq_in: int
    sent_ns: int
    account_id: int
    instrument_id: int
    operator_id: int
    approver_id: int
    case_id: int
    client_order_id: bytes
    target_id: int
    scope: int
    side: int


COMMAND_TYPES: dict[CommandKind, Any] = {
    CommandKind.TICK: Tick,
    CommandKind.SET_VENUE_STATE: SetState,
    CommandKind.SET_INSTRUMENT: SetInstrument,
    CommandKind.SET_INSTRUMENT_STATE: SetState,
    CommandKind.SET_MARK: SetMark,
    CommandKind.SET_BROKER: SetNode,
    CommandKind.SET_FIRM: SetNode,
    CommandKind.SET_DESK: SetNode,
    CommandKind.SET_TRADER: SetTrader,
    CommandKind.SET_ACCOUNT: SetAccount,
    CommandKind.SET_SESSION: SetSession,
    CommandKind.ROLL_BUSINESS_DATE: RollBusinessDate,
    CommandKind.SESSION_LOGON: SessionLogon,
    CommandKind.SESSION_DISCONNECT: SessionDisconnect,
    CommandKind.PLACE: Place,
    CommandKind.REPLACE: Replace,
    CommandKind.CANCEL: Cancel,
    CommandKind.MASS_CANCEL: MassCancel,
}
for _kind, _type in COMMAND_TYPES.items():
    if _type._fields != COMMAND_BODIES[_kind].names:
        raise ImportError(f"{_type.__name__} does not have the fields of {_kind.name} in engine/records.py")
