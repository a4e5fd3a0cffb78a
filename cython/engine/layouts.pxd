# Generated from engine/records.py by `make gen`. Do not edit.
from engine.records cimport (
    tick_t,
    set_venue_state_t,
    set_instrument_t,
    set_instrument_state_t,
    set_mark_t,
    set_firm_t,
    set_desk_t,
    set_trader_t,
    set_account_t,
    set_session_t,
    roll_business_date_t,
    session_logon_t,
    session_disconnect_t,
    place_t,
    replace_t,
    cancel_t,
    mass_cancel_t,
    order_event_t,
    mass_event_t,
    session_event_t,
    config_event_t,
    section_header_t,
    snap_venue_t,
    snap_firm_t,
    snap_desk_t,
    snap_trader_t,
    snap_account_t,
    snap_session_t,
    snap_instrument_t,
    snap_position_t,
    snap_order_t,
    snap_pending_replace_t,
    snap_work_t,
    snap_trim_t,
    snap_cascade_t,
    snap_book_header_t,
    matcher_snapshot_row_t,
)


cdef inline tuple tick_layout():
    cdef tick_t row
    cdef const char *start = <const char *> &row
    return sizeof(tick_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
    }


cdef inline tuple set_venue_state_layout():
    cdef set_venue_state_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_venue_state_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "state": <const char *> &row.state - start,
    }


cdef inline tuple set_instrument_layout():
    cdef set_instrument_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_instrument_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "symbol": <const char *> row.symbol - start,
        "matcher": <const char *> row.matcher - start,
        "tick_size_e8": <const char *> &row.tick_size_e8 - start,
        "lot_size_e8": <const char *> &row.lot_size_e8 - start,
        "min_price_e8": <const char *> &row.min_price_e8 - start,
        "max_price_e8": <const char *> &row.max_price_e8 - start,
        "min_quantity_e8": <const char *> &row.min_quantity_e8 - start,
        "max_quantity_e8": <const char *> &row.max_quantity_e8 - start,
        "min_notional_micro": <const char *> &row.min_notional_micro - start,
        "speed_bump_ns": <const char *> &row.speed_bump_ns - start,
        "band_ppm": <const char *> &row.band_ppm - start,
        "fills_max": <const char *> &row.fills_max - start,
        "flags_instrument": <const char *> &row.flags_instrument - start,
        "asset_class": <const char *> &row.asset_class - start,
    }


cdef inline tuple set_instrument_state_layout():
    cdef set_instrument_state_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_instrument_state_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "state": <const char *> &row.state - start,
    }


cdef inline tuple set_mark_layout():
    cdef set_mark_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_mark_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "mark_price_e8": <const char *> &row.mark_price_e8 - start,
        "oracle_price_e8": <const char *> &row.oracle_price_e8 - start,
    }


cdef inline tuple set_firm_layout():
    cdef set_firm_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_firm_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "party_id": <const char *> &row.party_id - start,
        "parent_id": <const char *> &row.parent_id - start,
        "status": <const char *> &row.status - start,
        "name": <const char *> row.name - start,
    }


cdef inline tuple set_desk_layout():
    cdef set_desk_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_desk_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "party_id": <const char *> &row.party_id - start,
        "parent_id": <const char *> &row.parent_id - start,
        "status": <const char *> &row.status - start,
        "name": <const char *> row.name - start,
    }


cdef inline tuple set_trader_layout():
    cdef set_trader_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_trader_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "party_id": <const char *> &row.party_id - start,
        "parent_id": <const char *> &row.parent_id - start,
        "status": <const char *> &row.status - start,
        "name": <const char *> row.name - start,
        "rate_limit_milli": <const char *> &row.rate_limit_milli - start,
    }


cdef inline tuple set_account_layout():
    cdef set_account_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_account_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "party_id": <const char *> &row.party_id - start,
        "parent_id": <const char *> &row.parent_id - start,
        "status": <const char *> &row.status - start,
        "name": <const char *> row.name - start,
        "stp_group": <const char *> &row.stp_group - start,
        "open_orders_max": <const char *> &row.open_orders_max - start,
        "stp_mode": <const char *> &row.stp_mode - start,
    }


cdef inline tuple set_session_layout():
    cdef set_session_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_session_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "party_id": <const char *> &row.party_id - start,
        "parent_id": <const char *> &row.parent_id - start,
        "status": <const char *> &row.status - start,
        "name": <const char *> row.name - start,
        "rights": <const char *> &row.rights - start,
        "scope": <const char *> &row.scope - start,
    }


cdef inline tuple roll_business_date_layout():
    cdef roll_business_date_t row
    cdef const char *start = <const char *> &row
    return sizeof(roll_business_date_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "business_date": <const char *> &row.business_date - start,
    }


cdef inline tuple session_logon_layout():
    cdef session_logon_t row
    cdef const char *start = <const char *> &row
    return sizeof(session_logon_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "cod_grace_ns": <const char *> &row.cod_grace_ns - start,
        "cod_flags": <const char *> &row.cod_flags - start,
        "logon_flags": <const char *> &row.logon_flags - start,
    }


cdef inline tuple session_disconnect_layout():
    cdef session_disconnect_t row
    cdef const char *start = <const char *> &row
    return sizeof(session_disconnect_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "cause": <const char *> &row.cause - start,
    }


cdef inline tuple place_layout():
    cdef place_t row
    cdef const char *start = <const char *> &row
    return sizeof(place_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "client_order_id": <const char *> row.client_order_id - start,
        "price_e8": <const char *> &row.price_e8 - start,
        "quantity_e8": <const char *> &row.quantity_e8 - start,
        "display_quantity_e8": <const char *> &row.display_quantity_e8 - start,
        "min_quantity_e8": <const char *> &row.min_quantity_e8 - start,
        "expire_ns": <const char *> &row.expire_ns - start,
        "take_profit_e8": <const char *> &row.take_profit_e8 - start,
        "stop_loss_e8": <const char *> &row.stop_loss_e8 - start,
        "side": <const char *> &row.side - start,
        "order_type": <const char *> &row.order_type - start,
        "time_in_force": <const char *> &row.time_in_force - start,
        "stp_mode": <const char *> &row.stp_mode - start,
        "order_flags": <const char *> &row.order_flags - start,
        "stp_group": <const char *> &row.stp_group - start,
    }


cdef inline tuple replace_layout():
    cdef replace_t row
    cdef const char *start = <const char *> &row
    return sizeof(replace_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "client_order_id": <const char *> row.client_order_id - start,
        "orig_client_order_id": <const char *> row.orig_client_order_id - start,
        "order_id": <const char *> &row.order_id - start,
        "price_e8": <const char *> &row.price_e8 - start,
        "quantity_e8": <const char *> &row.quantity_e8 - start,
        "take_profit_e8": <const char *> &row.take_profit_e8 - start,
        "stop_loss_e8": <const char *> &row.stop_loss_e8 - start,
        "side": <const char *> &row.side - start,
        "order_type": <const char *> &row.order_type - start,
    }


cdef inline tuple cancel_layout():
    cdef cancel_t row
    cdef const char *start = <const char *> &row
    return sizeof(cancel_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "client_order_id": <const char *> row.client_order_id - start,
        "orig_client_order_id": <const char *> row.orig_client_order_id - start,
        "order_id": <const char *> &row.order_id - start,
        "side": <const char *> &row.side - start,
    }


cdef inline tuple mass_cancel_layout():
    cdef mass_cancel_t row
    cdef const char *start = <const char *> &row
    return sizeof(mass_cancel_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "client_order_id": <const char *> row.client_order_id - start,
        "target_id": <const char *> &row.target_id - start,
        "scope": <const char *> &row.scope - start,
        "side": <const char *> &row.side - start,
    }


cdef inline tuple order_event_layout():
    cdef order_event_t row
    cdef const char *start = <const char *> &row
    return sizeof(order_event_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "event_index": <const char *> &row.event_index - start,
        "kind": <const char *> &row.kind - start,
        "reason": <const char *> &row.reason - start,
        "session_id": <const char *> &row.session_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "session_seq": <const char *> &row.session_seq - start,
        "account_id": <const char *> &row.account_id - start,
        "trader_id": <const char *> &row.trader_id - start,
        "desk_id": <const char *> &row.desk_id - start,
        "firm_id": <const char *> &row.firm_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "order_id": <const char *> &row.order_id - start,
        "client_order_id": <const char *> row.client_order_id - start,
        "orig_client_order_id": <const char *> row.orig_client_order_id - start,
        "price_e8": <const char *> &row.price_e8 - start,
        "quantity_e8": <const char *> &row.quantity_e8 - start,
        "cum_quantity_e8": <const char *> &row.cum_quantity_e8 - start,
        "leaves_quantity_e8": <const char *> &row.leaves_quantity_e8 - start,
        "display_quantity_e8": <const char *> &row.display_quantity_e8 - start,
        "last_price_e8": <const char *> &row.last_price_e8 - start,
        "last_quantity_e8": <const char *> &row.last_quantity_e8 - start,
        "contra_order_id": <const char *> &row.contra_order_id - start,
        "fee_micro": <const char *> &row.fee_micro - start,
        "realised_pnl_micro": <const char *> &row.realised_pnl_micro - start,
        "position_e8": <const char *> &row.position_e8 - start,
        "detail": <const char *> &row.detail - start,
        "side": <const char *> &row.side - start,
        "order_type": <const char *> &row.order_type - start,
        "time_in_force": <const char *> &row.time_in_force - start,
        "liquidity": <const char *> &row.liquidity - start,
        "order_flags": <const char *> &row.order_flags - start,
        "order_state": <const char *> &row.order_state - start,
        "trade_kind": <const char *> &row.trade_kind - start,
    }


cdef inline tuple mass_event_layout():
    cdef mass_event_t row
    cdef const char *start = <const char *> &row
    return sizeof(mass_event_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "event_index": <const char *> &row.event_index - start,
        "kind": <const char *> &row.kind - start,
        "reason": <const char *> &row.reason - start,
        "session_id": <const char *> &row.session_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "session_seq": <const char *> &row.session_seq - start,
        "account_id": <const char *> &row.account_id - start,
        "trader_id": <const char *> &row.trader_id - start,
        "desk_id": <const char *> &row.desk_id - start,
        "firm_id": <const char *> &row.firm_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "client_order_id": <const char *> row.client_order_id - start,
        "affected_count": <const char *> &row.affected_count - start,
        "target_id": <const char *> &row.target_id - start,
        "scope": <const char *> &row.scope - start,
        "side": <const char *> &row.side - start,
    }


cdef inline tuple session_event_layout():
    cdef session_event_t row
    cdef const char *start = <const char *> &row
    return sizeof(session_event_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "event_index": <const char *> &row.event_index - start,
        "kind": <const char *> &row.kind - start,
        "reason": <const char *> &row.reason - start,
        "session_id": <const char *> &row.session_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "session_seq": <const char *> &row.session_seq - start,
        "account_id": <const char *> &row.account_id - start,
        "trader_id": <const char *> &row.trader_id - start,
        "desk_id": <const char *> &row.desk_id - start,
        "firm_id": <const char *> &row.firm_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "last_msg_seq_in": <const char *> &row.last_msg_seq_in - start,
        "open_orders": <const char *> &row.open_orders - start,
        "cod_grace_ns": <const char *> &row.cod_grace_ns - start,
        "cod_flags": <const char *> &row.cod_flags - start,
    }


cdef inline tuple config_event_layout():
    cdef config_event_t row
    cdef const char *start = <const char *> &row
    return sizeof(config_event_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "event_index": <const char *> &row.event_index - start,
        "kind": <const char *> &row.kind - start,
        "reason": <const char *> &row.reason - start,
        "session_id": <const char *> &row.session_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "session_seq": <const char *> &row.session_seq - start,
        "account_id": <const char *> &row.account_id - start,
        "trader_id": <const char *> &row.trader_id - start,
        "desk_id": <const char *> &row.desk_id - start,
        "firm_id": <const char *> &row.firm_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "command_kind": <const char *> &row.command_kind - start,
        "body": <const char *> row.body - start,
    }


cdef inline tuple section_header_layout():
    cdef section_header_t row
    cdef const char *start = <const char *> &row
    return sizeof(section_header_t), {
        "section": <const char *> &row.section - start,
        "row_size": <const char *> &row.row_size - start,
        "rows": <const char *> &row.rows - start,
    }


cdef inline tuple snap_venue_layout():
    cdef snap_venue_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_venue_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "business_date": <const char *> &row.business_date - start,
        "state": <const char *> &row.state - start,
    }


cdef inline tuple snap_firm_layout():
    cdef snap_firm_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_firm_t), {
        "party_id": <const char *> &row.party_id - start,
        "parent_id": <const char *> &row.parent_id - start,
        "status": <const char *> &row.status - start,
        "name": <const char *> row.name - start,
    }


cdef inline tuple snap_desk_layout():
    cdef snap_desk_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_desk_t), {
        "party_id": <const char *> &row.party_id - start,
        "parent_id": <const char *> &row.parent_id - start,
        "status": <const char *> &row.status - start,
        "name": <const char *> row.name - start,
    }


cdef inline tuple snap_trader_layout():
    cdef snap_trader_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_trader_t), {
        "party_id": <const char *> &row.party_id - start,
        "parent_id": <const char *> &row.parent_id - start,
        "status": <const char *> &row.status - start,
        "name": <const char *> row.name - start,
        "rate_limit_milli": <const char *> &row.rate_limit_milli - start,
        "general_load_micro": <const char *> &row.general_load_micro - start,
        "general_time_ms": <const char *> &row.general_time_ms - start,
        "cancel_load_micro": <const char *> &row.cancel_load_micro - start,
        "cancel_time_ms": <const char *> &row.cancel_time_ms - start,
    }


cdef inline tuple snap_account_layout():
    cdef snap_account_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_account_t), {
        "party_id": <const char *> &row.party_id - start,
        "parent_id": <const char *> &row.parent_id - start,
        "status": <const char *> &row.status - start,
        "name": <const char *> row.name - start,
        "stp_group": <const char *> &row.stp_group - start,
        "open_orders_max": <const char *> &row.open_orders_max - start,
        "stp_mode": <const char *> &row.stp_mode - start,
    }


cdef inline tuple snap_session_layout():
    cdef snap_session_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_session_t), {
        "party_id": <const char *> &row.party_id - start,
        "parent_id": <const char *> &row.parent_id - start,
        "status": <const char *> &row.status - start,
        "name": <const char *> row.name - start,
        "rights": <const char *> &row.rights - start,
        "scope": <const char *> &row.scope - start,
        "connected": <const char *> &row.connected - start,
        "cod_flags": <const char *> &row.cod_flags - start,
        "cod_grace_ns": <const char *> &row.cod_grace_ns - start,
        "cod_due_ns": <const char *> &row.cod_due_ns - start,
        "last_msg_seq_in": <const char *> &row.last_msg_seq_in - start,
        "session_seq": <const char *> &row.session_seq - start,
    }


cdef inline tuple snap_instrument_layout():
    cdef snap_instrument_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_instrument_t), {
        "instrument_id": <const char *> &row.instrument_id - start,
        "state": <const char *> &row.state - start,
        "config": <const char *> row.config - start,
        "mark_ticks": <const char *> &row.mark_ticks - start,
        "oracle_price_e8": <const char *> &row.oracle_price_e8 - start,
        "latch_low_ticks": <const char *> &row.latch_low_ticks - start,
        "latch_high_ticks": <const char *> &row.latch_high_ticks - start,
    }


cdef inline tuple snap_position_layout():
    cdef snap_position_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_position_t), {
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "position_lots": <const char *> &row.position_lots - start,
    }


cdef inline tuple snap_order_layout():
    cdef snap_order_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_order_t), {
        "order_id": <const char *> &row.order_id - start,
        "session_id": <const char *> &row.session_id - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "stp_group": <const char *> &row.stp_group - start,
        "client_order_id": <const char *> row.client_order_id - start,
        "price_ticks": <const char *> &row.price_ticks - start,
        "quantity_lots": <const char *> &row.quantity_lots - start,
        "cum_lots": <const char *> &row.cum_lots - start,
        "display_lots": <const char *> &row.display_lots - start,
        "min_lots": <const char *> &row.min_lots - start,
        "expire_ns": <const char *> &row.expire_ns - start,
        "release_ns": <const char *> &row.release_ns - start,
        "side": <const char *> &row.side - start,
        "order_type": <const char *> &row.order_type - start,
        "time_in_force": <const char *> &row.time_in_force - start,
        "stp_mode": <const char *> &row.stp_mode - start,
        "order_flags": <const char *> &row.order_flags - start,
        "state": <const char *> &row.state - start,
    }


cdef inline tuple snap_pending_replace_layout():
    cdef snap_pending_replace_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_pending_replace_t), {
        "seq": <const char *> &row.seq - start,
        "order_id": <const char *> &row.order_id - start,
        "release_ns": <const char *> &row.release_ns - start,
        "price_ticks": <const char *> &row.price_ticks - start,
        "quantity_lots": <const char *> &row.quantity_lots - start,
        "client_order_id": <const char *> row.client_order_id - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
    }


cdef inline tuple snap_work_layout():
    cdef snap_work_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_work_t), {
        "seq": <const char *> &row.seq - start,
        "affected_count": <const char *> &row.affected_count - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "cursor_account_id": <const char *> &row.cursor_account_id - start,
        "session_id": <const char *> &row.session_id - start,
        "cursor_order_id": <const char *> &row.cursor_order_id - start,
        "target_id": <const char *> &row.target_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "work": <const char *> &row.work - start,
        "scope": <const char *> &row.scope - start,
        "side": <const char *> &row.side - start,
        "reason": <const char *> &row.reason - start,
        "client_order_id": <const char *> row.client_order_id - start,
    }


cdef inline tuple snap_trim_layout():
    cdef snap_trim_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_trim_t), {
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
    }


cdef inline tuple snap_cascade_layout():
    cdef snap_cascade_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_cascade_t), {
        "instrument_id": <const char *> &row.instrument_id - start,
    }


cdef inline tuple snap_book_header_layout():
    cdef snap_book_header_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_book_header_t), {
        "instrument_id": <const char *> &row.instrument_id - start,
        "bytes": <const char *> &row.bytes - start,
    }


cdef inline tuple matcher_snapshot_row_layout():
    cdef matcher_snapshot_row_t row
    cdef const char *start = <const char *> &row
    return sizeof(matcher_snapshot_row_t), {
        "order_id": <const char *> &row.order_id - start,
        "price_ticks": <const char *> &row.price_ticks - start,
        "leaves_lots": <const char *> &row.leaves_lots - start,
        "display_lots": <const char *> &row.display_lots - start,
        "shown_lots": <const char *> &row.shown_lots - start,
        "stp_group": <const char *> &row.stp_group - start,
        "side": <const char *> &row.side - start,
        "order_flags": <const char *> &row.order_flags - start,
    }


cdef inline dict compiled_layouts():
    """As engine.declarations.layout_table, from the compiled structs."""
    return {
        "tick": tick_layout(),
        "set_venue_state": set_venue_state_layout(),
        "set_instrument": set_instrument_layout(),
        "set_instrument_state": set_instrument_state_layout(),
        "set_mark": set_mark_layout(),
        "set_firm": set_firm_layout(),
        "set_desk": set_desk_layout(),
        "set_trader": set_trader_layout(),
        "set_account": set_account_layout(),
        "set_session": set_session_layout(),
        "roll_business_date": roll_business_date_layout(),
        "session_logon": session_logon_layout(),
        "session_disconnect": session_disconnect_layout(),
        "place": place_layout(),
        "replace": replace_layout(),
        "cancel": cancel_layout(),
        "mass_cancel": mass_cancel_layout(),
        "order_event": order_event_layout(),
        "mass_event": mass_event_layout(),
        "session_event": session_event_layout(),
        "config_event": config_event_layout(),
        "section_header": section_header_layout(),
        "snap_venue": snap_venue_layout(),
        "snap_firm": snap_firm_layout(),
        "snap_desk": snap_desk_layout(),
        "snap_trader": snap_trader_layout(),
        "snap_account": snap_account_layout(),
        "snap_session": snap_session_layout(),
        "snap_instrument": snap_instrument_layout(),
        "snap_position": snap_position_layout(),
        "snap_order": snap_order_layout(),
        "snap_pending_replace": snap_pending_replace_layout(),
        "snap_work": snap_work_layout(),
        "snap_trim": snap_trim_layout(),
        "snap_cascade": snap_cascade_layout(),
        "snap_book_header": snap_book_header_layout(),
        "matcher_snapshot_row": matcher_snapshot_row_layout(),
    }
