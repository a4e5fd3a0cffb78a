# Generated from engine/records.py by `make gen`. Do not edit.
from engine.records cimport (
    tick_t,
    set_venue_state_t,
    set_instrument_t,
    set_instrument_state_t,
    set_mark_t,
    set_broker_t,
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
    quote_t,
    quote_cancel_t,
    place_twap_t,
    close_position_t,
    set_leverage_t,
    set_mmp_t,
    reset_mmp_t,
    set_limit_t,
    kill_t,
    revive_t,
    set_trading_window_t,
    note_t,
    set_venue_risk_t,
    set_instrument_risk_t,
    set_account_risk_t,
    set_fee_t,
    deposit_t,
    withdraw_request_t,
    withdraw_done_t,
    withdraw_failed_t,
    transfer_t,
    house_transfer_t,
    set_feed_t,
    set_index_t,
    set_roll_weight_t,
    set_index_reference_t,
    price_t,
    set_manual_price_t,
    mark_pulse_t,
    calendar_change_t,
    funding_sample_t,
    funding_settle_t,
    split_t,
    schedule_delisting_t,
    delist_t,
    change_symbol_t,
    order_event_t,
    mass_event_t,
    session_event_t,
    config_event_t,
    attached_event_t,
    quote_event_t,
    account_event_t,
    position_event_t,
    entry_event_t,
    liquidation_event_t,
    limit_event_t,
    price_event_t,
    funding_event_t,
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
    snap_broker_t,
    snap_node_t,
    snap_venue_risk_t,
    snap_instrument_risk_t,
    snap_account_risk_t,
    snap_position_risk_t,
    snap_order_terms_t,
    snap_pending_terms_t,
    snap_feed_t,
    snap_feed_source_t,
    snap_calendar_t,
    snap_fee_t,
    snap_limit_t,
    snap_transfer_t,
    snap_mmp_t,
    snap_mmp_fill_t,
    snap_touched_t,
    snap_ranking_t,
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
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
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
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
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
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
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
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
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
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "mark_price_e8": <const char *> &row.mark_price_e8 - start,
        "oracle_price_e8": <const char *> &row.oracle_price_e8 - start,
    }


cdef inline tuple set_broker_layout():
    cdef set_broker_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_broker_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "party_id": <const char *> &row.party_id - start,
        "parent_id": <const char *> &row.parent_id - start,
        "status": <const char *> &row.status - start,
        "name": <const char *> row.name - start,
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
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
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
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
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
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
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
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
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
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
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
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
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
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
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
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
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
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
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
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
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
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
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
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "client_order_id": <const char *> row.client_order_id - start,
        "target_id": <const char *> &row.target_id - start,
        "scope": <const char *> &row.scope - start,
        "side": <const char *> &row.side - start,
    }


cdef inline tuple quote_layout():
    cdef quote_t row
    cdef const char *start = <const char *> &row
    return sizeof(quote_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "quote_id": <const char *> row.quote_id - start,
        "bid_price_e8": <const char *> &row.bid_price_e8 - start,
        "bid_quantity_e8": <const char *> &row.bid_quantity_e8 - start,
        "ask_price_e8": <const char *> &row.ask_price_e8 - start,
        "ask_quantity_e8": <const char *> &row.ask_quantity_e8 - start,
    }


cdef inline tuple quote_cancel_layout():
    cdef quote_cancel_t row
    cdef const char *start = <const char *> &row
    return sizeof(quote_cancel_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "quote_id": <const char *> row.quote_id - start,
    }


cdef inline tuple place_twap_layout():
    cdef place_twap_t row
    cdef const char *start = <const char *> &row
    return sizeof(place_twap_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "client_order_id": <const char *> row.client_order_id - start,
        "quantity_e8": <const char *> &row.quantity_e8 - start,
        "interval_ns": <const char *> &row.interval_ns - start,
        "slices": <const char *> &row.slices - start,
        "order_flags": <const char *> &row.order_flags - start,
        "side": <const char *> &row.side - start,
    }


cdef inline tuple close_position_layout():
    cdef close_position_t row
    cdef const char *start = <const char *> &row
    return sizeof(close_position_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "client_order_id": <const char *> row.client_order_id - start,
    }


cdef inline tuple set_leverage_layout():
    cdef set_leverage_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_leverage_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "leverage": <const char *> &row.leverage - start,
    }


cdef inline tuple set_mmp_layout():
    cdef set_mmp_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_mmp_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "window_ns": <const char *> &row.window_ns - start,
        "quantity_e8": <const char *> &row.quantity_e8 - start,
        "delta_micro": <const char *> &row.delta_micro - start,
        "freeze_ns": <const char *> &row.freeze_ns - start,
        "fills": <const char *> &row.fills - start,
    }


cdef inline tuple reset_mmp_layout():
    cdef reset_mmp_t row
    cdef const char *start = <const char *> &row
    return sizeof(reset_mmp_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
    }


cdef inline tuple set_limit_layout():
    cdef set_limit_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_limit_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "value": <const char *> &row.value - start,
        "parameter": <const char *> &row.parameter - start,
        "node_id": <const char *> &row.node_id - start,
        "target_id": <const char *> &row.target_id - start,
        "soft_ppm": <const char *> &row.soft_ppm - start,
        "limit_flags": <const char *> &row.limit_flags - start,
        "limit_kind": <const char *> &row.limit_kind - start,
        "scope": <const char *> &row.scope - start,
        "target": <const char *> &row.target - start,
        "action": <const char *> &row.action - start,
    }


cdef inline tuple kill_layout():
    cdef kill_t row
    cdef const char *start = <const char *> &row
    return sizeof(kill_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "node_id": <const char *> &row.node_id - start,
        "scope": <const char *> &row.scope - start,
    }


cdef inline tuple revive_layout():
    cdef revive_t row
    cdef const char *start = <const char *> &row
    return sizeof(revive_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "node_id": <const char *> &row.node_id - start,
        "scope": <const char *> &row.scope - start,
        "node_flags": <const char *> &row.node_flags - start,
    }


cdef inline tuple set_trading_window_layout():
    cdef set_trading_window_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_trading_window_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "node_id": <const char *> &row.node_id - start,
        "scope": <const char *> &row.scope - start,
        "is_open": <const char *> &row.is_open - start,
    }


cdef inline tuple note_layout():
    cdef note_t row
    cdef const char *start = <const char *> &row
    return sizeof(note_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "text": <const char *> row.text - start,
    }


cdef inline tuple set_venue_risk_layout():
    cdef set_venue_risk_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_venue_risk_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "risk_flags": <const char *> &row.risk_flags - start,
        "mandatory_limits": <const char *> &row.mandatory_limits - start,
        "position_cap_open_ppm": <const char *> &row.position_cap_open_ppm - start,
        "position_cap_overnight_ppm": <const char *> &row.position_cap_overnight_ppm - start,
        "position_cap_weekend_ppm": <const char *> &row.position_cap_weekend_ppm - start,
        "interest_cap_open_ppm": <const char *> &row.interest_cap_open_ppm - start,
        "interest_cap_overnight_ppm": <const char *> &row.interest_cap_overnight_ppm - start,
        "interest_cap_weekend_ppm": <const char *> &row.interest_cap_weekend_ppm - start,
        "band_open_ppm": <const char *> &row.band_open_ppm - start,
        "band_overnight_ppm": <const char *> &row.band_overnight_ppm - start,
        "band_weekend_ppm": <const char *> &row.band_weekend_ppm - start,
        "spread_open_tenths": <const char *> &row.spread_open_tenths - start,
        "spread_overnight_tenths": <const char *> &row.spread_overnight_tenths - start,
        "spread_weekend_tenths": <const char *> &row.spread_weekend_tenths - start,
        "flow_cap_open_micro": <const char *> &row.flow_cap_open_micro - start,
        "flow_cap_overnight_micro": <const char *> &row.flow_cap_overnight_micro - start,
        "flow_cap_weekend_micro": <const char *> &row.flow_cap_weekend_micro - start,
        "total_interest_cap_micro": <const char *> &row.total_interest_cap_micro - start,
        "reserve_floor_micro": <const char *> &row.reserve_floor_micro - start,
        "repeat_window_ns": <const char *> &row.repeat_window_ns - start,
        "reserve_floor_ppm": <const char *> &row.reserve_floor_ppm - start,
        "fraction_account_id": <const char *> &row.fraction_account_id - start,
    }


cdef inline tuple set_instrument_risk_layout():
    cdef set_instrument_risk_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_instrument_risk_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "position_cap_micro": <const char *> &row.position_cap_micro - start,
        "interest_cap_micro": <const char *> &row.interest_cap_micro - start,
        "impact_notional_micro": <const char *> &row.impact_notional_micro - start,
        "maker_rate_e8": <const char *> &row.maker_rate_e8 - start,
        "taker_rate_e8": <const char *> &row.taker_rate_e8 - start,
        "product_group": <const char *> &row.product_group - start,
        "leverage_max": <const char *> &row.leverage_max - start,
        "leverage_ceiling": <const char *> &row.leverage_ceiling - start,
        "market_calendar_id": <const char *> &row.market_calendar_id - start,
        "risk_calendar_id": <const char *> &row.risk_calendar_id - start,
    }


cdef inline tuple set_account_risk_layout():
    cdef set_account_risk_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_account_risk_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "dlp_notional_max_micro": <const char *> &row.dlp_notional_max_micro - start,
        "home_session_id": <const char *> &row.home_session_id - start,
        "account_flags": <const char *> &row.account_flags - start,
        "fee_tier": <const char *> &row.fee_tier - start,
    }


cdef inline tuple set_fee_layout():
    cdef set_fee_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_fee_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "maker_rate_e8": <const char *> &row.maker_rate_e8 - start,
        "taker_rate_e8": <const char *> &row.taker_rate_e8 - start,
        "fee_tier": <const char *> &row.fee_tier - start,
    }


cdef inline tuple deposit_layout():
    cdef deposit_t row
    cdef const char *start = <const char *> &row
    return sizeof(deposit_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "transfer_id": <const char *> &row.transfer_id - start,
        "amount_micro": <const char *> &row.amount_micro - start,
        "reference": <const char *> row.reference - start,
    }


cdef inline tuple withdraw_request_layout():
    cdef withdraw_request_t row
    cdef const char *start = <const char *> &row
    return sizeof(withdraw_request_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "transfer_id": <const char *> &row.transfer_id - start,
        "amount_micro": <const char *> &row.amount_micro - start,
        "reference": <const char *> row.reference - start,
    }


cdef inline tuple withdraw_done_layout():
    cdef withdraw_done_t row
    cdef const char *start = <const char *> &row
    return sizeof(withdraw_done_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "transfer_id": <const char *> &row.transfer_id - start,
    }


cdef inline tuple withdraw_failed_layout():
    cdef withdraw_failed_t row
    cdef const char *start = <const char *> &row
    return sizeof(withdraw_failed_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "transfer_id": <const char *> &row.transfer_id - start,
    }


cdef inline tuple transfer_layout():
    cdef transfer_t row
    cdef const char *start = <const char *> &row
    return sizeof(transfer_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "transfer_id": <const char *> &row.transfer_id - start,
        "amount_micro": <const char *> &row.amount_micro - start,
        "reference": <const char *> row.reference - start,
        "to_account_id": <const char *> &row.to_account_id - start,
    }


cdef inline tuple house_transfer_layout():
    cdef house_transfer_t row
    cdef const char *start = <const char *> &row
    return sizeof(house_transfer_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "transfer_id": <const char *> &row.transfer_id - start,
        "amount_micro": <const char *> &row.amount_micro - start,
        "reference": <const char *> row.reference - start,
        "from_house": <const char *> &row.from_house - start,
        "to_house": <const char *> &row.to_house - start,
    }


cdef inline tuple set_feed_layout():
    cdef set_feed_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_feed_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "feed_id": <const char *> &row.feed_id - start,
        "sources": <const char *> &row.sources - start,
        "flag_ns": <const char *> &row.flag_ns - start,
        "stale_ns": <const char *> &row.stale_ns - start,
        "name": <const char *> row.name - start,
    }


cdef inline tuple set_index_layout():
    cdef set_index_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_index_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "feed_a": <const char *> &row.feed_a - start,
        "feed_b": <const char *> &row.feed_b - start,
        "formula": <const char *> &row.formula - start,
    }


cdef inline tuple set_roll_weight_layout():
    cdef set_roll_weight_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_roll_weight_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "weight": <const char *> &row.weight - start,
    }


cdef inline tuple set_index_reference_layout():
    cdef set_index_reference_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_index_reference_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "close_price_e8": <const char *> &row.close_price_e8 - start,
        "settlement_price_e8": <const char *> &row.settlement_price_e8 - start,
    }


cdef inline tuple price_layout():
    cdef price_t row
    cdef const char *start = <const char *> &row
    return sizeof(price_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "feed_id": <const char *> &row.feed_id - start,
        "source": <const char *> &row.source - start,
        "price_e8": <const char *> &row.price_e8 - start,
        "source_ns": <const char *> &row.source_ns - start,
    }


cdef inline tuple set_manual_price_layout():
    cdef set_manual_price_t row
    cdef const char *start = <const char *> &row
    return sizeof(set_manual_price_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "price_e8": <const char *> &row.price_e8 - start,
    }


cdef inline tuple mark_pulse_layout():
    cdef mark_pulse_t row
    cdef const char *start = <const char *> &row
    return sizeof(mark_pulse_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
    }


cdef inline tuple calendar_change_layout():
    cdef calendar_change_t row
    cdef const char *start = <const char *> &row
    return sizeof(calendar_change_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "calendar_id": <const char *> &row.calendar_id - start,
        "is_open": <const char *> &row.is_open - start,
        "risk_session": <const char *> &row.risk_session - start,
    }


cdef inline tuple funding_sample_layout():
    cdef funding_sample_t row
    cdef const char *start = <const char *> &row
    return sizeof(funding_sample_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
    }


cdef inline tuple funding_settle_layout():
    cdef funding_settle_t row
    cdef const char *start = <const char *> &row
    return sizeof(funding_settle_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
    }


cdef inline tuple split_layout():
    cdef split_t row
    cdef const char *start = <const char *> &row
    return sizeof(split_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "numerator": <const char *> &row.numerator - start,
        "denominator": <const char *> &row.denominator - start,
    }


cdef inline tuple schedule_delisting_layout():
    cdef schedule_delisting_t row
    cdef const char *start = <const char *> &row
    return sizeof(schedule_delisting_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "settle_ns": <const char *> &row.settle_ns - start,
    }


cdef inline tuple delist_layout():
    cdef delist_t row
    cdef const char *start = <const char *> &row
    return sizeof(delist_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "price_e8": <const char *> &row.price_e8 - start,
    }


cdef inline tuple change_symbol_layout():
    cdef change_symbol_t row
    cdef const char *start = <const char *> &row
    return sizeof(change_symbol_t), {
        "seq": <const char *> &row.seq - start,
        "timestamp_ns": <const char *> &row.timestamp_ns - start,
        "kind": <const char *> &row.kind - start,
        "flags": <const char *> &row.flags - start,
        "session_id": <const char *> &row.session_id - start,
        "msg_seq_in": <const char *> &row.msg_seq_in - start,
        "sent_ns": <const char *> &row.sent_ns - start,
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "operator_id": <const char *> &row.operator_id - start,
        "approver_id": <const char *> &row.approver_id - start,
        "case_id": <const char *> &row.case_id - start,
        "symbol": <const char *> row.symbol - start,
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


cdef inline tuple attached_event_layout():
    cdef attached_event_t row
    cdef const char *start = <const char *> &row
    return sizeof(attached_event_t), {
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
        "take_profit_e8": <const char *> &row.take_profit_e8 - start,
        "stop_loss_e8": <const char *> &row.stop_loss_e8 - start,
    }


cdef inline tuple quote_event_layout():
    cdef quote_event_t row
    cdef const char *start = <const char *> &row
    return sizeof(quote_event_t), {
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
        "quote_id": <const char *> row.quote_id - start,
        "bid_order_id": <const char *> &row.bid_order_id - start,
        "ask_order_id": <const char *> &row.ask_order_id - start,
        "bid_price_e8": <const char *> &row.bid_price_e8 - start,
        "bid_leaves_e8": <const char *> &row.bid_leaves_e8 - start,
        "ask_price_e8": <const char *> &row.ask_price_e8 - start,
        "ask_leaves_e8": <const char *> &row.ask_leaves_e8 - start,
        "position_e8": <const char *> &row.position_e8 - start,
        "frozen_until_ns": <const char *> &row.frozen_until_ns - start,
        "detail": <const char *> &row.detail - start,
        "bid_reason": <const char *> &row.bid_reason - start,
        "ask_reason": <const char *> &row.ask_reason - start,
    }


cdef inline tuple account_event_layout():
    cdef account_event_t row
    cdef const char *start = <const char *> &row
    return sizeof(account_event_t), {
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
        "balance_micro": <const char *> &row.balance_micro - start,
        "deposits_micro": <const char *> &row.deposits_micro - start,
        "realised_micro": <const char *> &row.realised_micro - start,
        "funding_micro": <const char *> &row.funding_micro - start,
        "fees_micro": <const char *> &row.fees_micro - start,
        "rewards_micro": <const char *> &row.rewards_micro - start,
        "settled_micro": <const char *> &row.settled_micro - start,
        "hold_micro": <const char *> &row.hold_micro - start,
        "unrealised_micro": <const char *> &row.unrealised_micro - start,
        "equity_micro": <const char *> &row.equity_micro - start,
        "position_margin_micro": <const char *> &row.position_margin_micro - start,
        "order_margin_micro": <const char *> &row.order_margin_micro - start,
        "maintenance_micro": <const char *> &row.maintenance_micro - start,
        "close_out_micro": <const char *> &row.close_out_micro - start,
        "available_micro": <const char *> &row.available_micro - start,
        "withdrawable_micro": <const char *> &row.withdrawable_micro - start,
        "open_orders": <const char *> &row.open_orders - start,
        "stage": <const char *> &row.stage - start,
        "account_flags": <const char *> &row.account_flags - start,
    }


cdef inline tuple position_event_layout():
    cdef position_event_t row
    cdef const char *start = <const char *> &row
    return sizeof(position_event_t), {
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
        "position_e8": <const char *> &row.position_e8 - start,
        "cost_micro": <const char *> &row.cost_micro - start,
        "mark_price_e8": <const char *> &row.mark_price_e8 - start,
        "unrealised_micro": <const char *> &row.unrealised_micro - start,
        "realised_micro": <const char *> &row.realised_micro - start,
        "funding_micro": <const char *> &row.funding_micro - start,
        "initial_margin_micro": <const char *> &row.initial_margin_micro - start,
        "position_margin_micro": <const char *> &row.position_margin_micro - start,
        "maintenance_micro": <const char *> &row.maintenance_micro - start,
        "close_out_micro": <const char *> &row.close_out_micro - start,
        "open_bid_e8": <const char *> &row.open_bid_e8 - start,
        "open_ask_e8": <const char *> &row.open_ask_e8 - start,
        "leverage": <const char *> &row.leverage - start,
        "change": <const char *> &row.change - start,
    }


cdef inline tuple entry_event_layout():
    cdef entry_event_t row
    cdef const char *start = <const char *> &row
    return sizeof(entry_event_t), {
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
        "amount_micro": <const char *> &row.amount_micro - start,
        "balance_micro": <const char *> &row.balance_micro - start,
        "hold_micro": <const char *> &row.hold_micro - start,
        "house_balance_micro": <const char *> &row.house_balance_micro - start,
        "transfer_id": <const char *> &row.transfer_id - start,
        "rate_ppt": <const char *> &row.rate_ppt - start,
        "price_e8": <const char *> &row.price_e8 - start,
        "position_e8": <const char *> &row.position_e8 - start,
        "reference": <const char *> row.reference - start,
        "counter_account_id": <const char *> &row.counter_account_id - start,
        "entry": <const char *> &row.entry - start,
        "house": <const char *> &row.house - start,
        "from_house": <const char *> &row.from_house - start,
    }


cdef inline tuple liquidation_event_layout():
    cdef liquidation_event_t row
    cdef const char *start = <const char *> &row
    return sizeof(liquidation_event_t), {
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
        "equity_micro": <const char *> &row.equity_micro - start,
        "initial_margin_micro": <const char *> &row.initial_margin_micro - start,
        "maintenance_micro": <const char *> &row.maintenance_micro - start,
        "close_out_micro": <const char *> &row.close_out_micro - start,
        "reserve_micro": <const char *> &row.reserve_micro - start,
        "amount_micro": <const char *> &row.amount_micro - start,
        "mark_price_e8": <const char *> &row.mark_price_e8 - start,
        "price_e8": <const char *> &row.price_e8 - start,
        "quantity_e8": <const char *> &row.quantity_e8 - start,
        "position_e8": <const char *> &row.position_e8 - start,
        "order_id": <const char *> &row.order_id - start,
        "stage": <const char *> &row.stage - start,
    }


cdef inline tuple limit_event_layout():
    cdef limit_event_t row
    cdef const char *start = <const char *> &row
    return sizeof(limit_event_t), {
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
        "value": <const char *> &row.value - start,
        "usage": <const char *> &row.usage - start,
        "parameter": <const char *> &row.parameter - start,
        "node_id": <const char *> &row.node_id - start,
        "target_id": <const char *> &row.target_id - start,
        "soft_ppm": <const char *> &row.soft_ppm - start,
        "node_flags": <const char *> &row.node_flags - start,
        "scope": <const char *> &row.scope - start,
        "limit_kind": <const char *> &row.limit_kind - start,
        "target": <const char *> &row.target - start,
        "action": <const char *> &row.action - start,
        "owner": <const char *> &row.owner - start,
    }


cdef inline tuple price_event_layout():
    cdef price_event_t row
    cdef const char *start = <const char *> &row
    return sizeof(price_event_t), {
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
        "mark_price_e8": <const char *> &row.mark_price_e8 - start,
        "index_price_e8": <const char *> &row.index_price_e8 - start,
        "oracle_price_e8": <const char *> &row.oracle_price_e8 - start,
        "lower_band_e8": <const char *> &row.lower_band_e8 - start,
        "upper_band_e8": <const char *> &row.upper_band_e8 - start,
        "last_price_e8": <const char *> &row.last_price_e8 - start,
        "open_interest_e8": <const char *> &row.open_interest_e8 - start,
        "funding_rate_ppt": <const char *> &row.funding_rate_ppt - start,
        "source": <const char *> &row.source - start,
        "risk_session": <const char *> &row.risk_session - start,
        "state": <const char *> &row.state - start,
        "flagged": <const char *> &row.flagged - start,
    }


cdef inline tuple funding_event_layout():
    cdef funding_event_t row
    cdef const char *start = <const char *> &row
    return sizeof(funding_event_t), {
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
        "rate_ppt": <const char *> &row.rate_ppt - start,
        "premium_ppb": <const char *> &row.premium_ppb - start,
        "mark_price_e8": <const char *> &row.mark_price_e8 - start,
        "index_price_e8": <const char *> &row.index_price_e8 - start,
        "open_interest_e8": <const char *> &row.open_interest_e8 - start,
        "residue_micro": <const char *> &row.residue_micro - start,
        "samples": <const char *> &row.samples - start,
        "epoch": <const char *> &row.epoch - start,
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


cdef inline tuple snap_broker_layout():
    cdef snap_broker_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_broker_t), {
        "party_id": <const char *> &row.party_id - start,
        "parent_id": <const char *> &row.parent_id - start,
        "status": <const char *> &row.status - start,
        "name": <const char *> row.name - start,
    }


cdef inline tuple snap_node_layout():
    cdef snap_node_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_node_t), {
        "node_id": <const char *> &row.node_id - start,
        "node_flags": <const char *> &row.node_flags - start,
        "scope": <const char *> &row.scope - start,
    }


cdef inline tuple snap_venue_risk_layout():
    cdef snap_venue_risk_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_venue_risk_t), {
        "config": <const char *> row.config - start,
        "fees_micro": <const char *> &row.fees_micro - start,
        "reserve_micro": <const char *> &row.reserve_micro - start,
        "clearing_micro": <const char *> &row.clearing_micro - start,
        "in_flight_micro": <const char *> &row.in_flight_micro - start,
        "bank_micro": <const char *> &row.bank_micro - start,
        "funding_micro": <const char *> &row.funding_micro - start,
        "pulses": <const char *> &row.pulses - start,
        "transfer_floor": <const char *> &row.transfer_floor - start,
        "accrual_epoch": <const char *> &row.accrual_epoch - start,
        "accrual_instrument_id": <const char *> &row.accrual_instrument_id - start,
        "accrual_cursor_id": <const char *> &row.accrual_cursor_id - start,
        "pass_cursor_id": <const char *> &row.pass_cursor_id - start,
        "split_numerator": <const char *> &row.split_numerator - start,
        "split_denominator": <const char *> &row.split_denominator - start,
        "accrual_price_ticks": <const char *> &row.accrual_price_ticks - start,
        "fraction_parts": <const char *> &row.fraction_parts - start,
        "fraction_cost": <const char *> &row.fraction_cost - start,
        "monitor_cursor": <const char *> &row.monitor_cursor - start,
        "ranking_pulse": <const char *> &row.ranking_pulse - start,
        "ranking_price_ticks": <const char *> &row.ranking_price_ticks - start,
        "ranking_account_id": <const char *> &row.ranking_account_id - start,
        "ranking_instrument_id": <const char *> &row.ranking_instrument_id - start,
        "ranking_cursor_id": <const char *> &row.ranking_cursor_id - start,
        "ranking_taken": <const char *> &row.ranking_taken - start,
        "ranking_side": <const char *> &row.ranking_side - start,
        "ranking_round": <const char *> &row.ranking_round - start,
        "accrual_kind": <const char *> &row.accrual_kind - start,
        "pass_active": <const char *> &row.pass_active - start,
        "pass_again": <const char *> &row.pass_again - start,
        "monitors_active": <const char *> &row.monitors_active - start,
        "reserve_low": <const char *> &row.reserve_low - start,
    }


cdef inline tuple snap_instrument_risk_layout():
    cdef snap_instrument_risk_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_instrument_risk_t), {
        "instrument_id": <const char *> &row.instrument_id - start,
        "has_risk": <const char *> &row.has_risk - start,
        "formula": <const char *> &row.formula - start,
        "roll_weight": <const char *> &row.roll_weight - start,
        "source": <const char *> &row.source - start,
        "config": <const char *> row.config - start,
        "feed_a": <const char *> &row.feed_a - start,
        "feed_b": <const char *> &row.feed_b - start,
        "close_price_e8": <const char *> &row.close_price_e8 - start,
        "settlement_price_e8": <const char *> &row.settlement_price_e8 - start,
        "manual_price_e8": <const char *> &row.manual_price_e8 - start,
        "raw_q20": <const char *> &row.raw_q20 - start,
        "index_q20": <const char *> &row.index_q20 - start,
        "oracle_q20": <const char *> &row.oracle_q20 - start,
        "basis_q20": <const char *> &row.basis_q20 - start,
        "reference_q20": <const char *> &row.reference_q20 - start,
        "external_since_ns": <const char *> &row.external_since_ns - start,
        "prints": <const char *> &row.prints - start,
        "last_ticks": <const char *> &row.last_ticks - start,
        "flow_average_micro": <const char *> &row.flow_average_micro - start,
        "flow_sent_micro": <const char *> &row.flow_sent_micro - start,
        "weighted_ppb": <const char *> &row.weighted_ppb - start,
        "settle_rate_ppt": <const char *> &row.settle_rate_ppt - start,
        "settle_mark_ticks": <const char *> &row.settle_mark_ticks - start,
        "delist_ns": <const char *> &row.delist_ns - start,
        "oracle_sum_q20": <const char *> &row.oracle_sum_q20 - start,
        "oracle_count": <const char *> &row.oracle_count - start,
        "samples": <const char *> &row.samples - start,
        "published_session": <const char *> &row.published_session - start,
        "reopens": <const char *> &row.reopens - start,
    }


cdef inline tuple snap_account_risk_layout():
    cdef snap_account_risk_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_account_risk_t), {
        "account_id": <const char *> &row.account_id - start,
        "home_session_id": <const char *> &row.home_session_id - start,
        "dlp_notional_max_micro": <const char *> &row.dlp_notional_max_micro - start,
        "account_flags": <const char *> &row.account_flags - start,
        "fee_tier": <const char *> &row.fee_tier - start,
        "stage": <const char *> &row.stage - start,
        "accrual_epoch": <const char *> &row.accrual_epoch - start,
        "deposits_micro": <const char *> &row.deposits_micro - start,
        "realised_micro": <const char *> &row.realised_micro - start,
        "funding_micro": <const char *> &row.funding_micro - start,
        "fees_micro": <const char *> &row.fees_micro - start,
        "rewards_micro": <const char *> &row.rewards_micro - start,
        "settled_micro": <const char *> &row.settled_micro - start,
        "hold_micro": <const char *> &row.hold_micro - start,
        "run_start_ns": <const char *> &row.run_start_ns - start,
        "run_price_e8": <const char *> &row.run_price_e8 - start,
        "run_quantity_e8": <const char *> &row.run_quantity_e8 - start,
        "run_count": <const char *> &row.run_count - start,
        "run_instrument_id": <const char *> &row.run_instrument_id - start,
        "run_side": <const char *> &row.run_side - start,
        "margin_called": <const char *> &row.margin_called - start,
        "in_deficit": <const char *> &row.in_deficit - start,
        "swept": <const char *> &row.swept - start,
    }


cdef inline tuple snap_position_risk_layout():
    cdef snap_position_risk_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_position_risk_t), {
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "cost": <const char *> &row.cost - start,
        "realised_micro": <const char *> &row.realised_micro - start,
        "funding_micro": <const char *> &row.funding_micro - start,
        "slice_pulse": <const char *> &row.slice_pulse - start,
        "tried_pulse": <const char *> &row.tried_pulse - start,
        "leverage": <const char *> &row.leverage - start,
    }


cdef inline tuple snap_order_terms_layout():
    cdef snap_order_terms_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_order_terms_t), {
        "order_id": <const char *> &row.order_id - start,
        "take_profit_ticks": <const char *> &row.take_profit_ticks - start,
        "stop_loss_ticks": <const char *> &row.stop_loss_ticks - start,
        "edge_ticks": <const char *> &row.edge_ticks - start,
        "arms": <const char *> &row.arms - start,
        "slices": <const char *> &row.slices - start,
        "sliced": <const char *> &row.sliced - start,
        "fee_tier": <const char *> &row.fee_tier - start,
        "interval_ns": <const char *> &row.interval_ns - start,
        "next_ns": <const char *> &row.next_ns - start,
    }


cdef inline tuple snap_pending_terms_layout():
    cdef snap_pending_terms_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_pending_terms_t), {
        "seq": <const char *> &row.seq - start,
        "take_profit_ticks": <const char *> &row.take_profit_ticks - start,
        "stop_loss_ticks": <const char *> &row.stop_loss_ticks - start,
    }


cdef inline tuple snap_feed_layout():
    cdef snap_feed_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_feed_t), {
        "feed_id": <const char *> &row.feed_id - start,
        "sources": <const char *> &row.sources - start,
        "flag_ns": <const char *> &row.flag_ns - start,
        "stale_ns": <const char *> &row.stale_ns - start,
        "prints": <const char *> &row.prints - start,
        "name": <const char *> row.name - start,
    }


cdef inline tuple snap_feed_source_layout():
    cdef snap_feed_source_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_feed_source_t), {
        "feed_id": <const char *> &row.feed_id - start,
        "source": <const char *> &row.source - start,
        "price_e8": <const char *> &row.price_e8 - start,
        "time_ns": <const char *> &row.time_ns - start,
        "source_ns": <const char *> &row.source_ns - start,
    }


cdef inline tuple snap_calendar_layout():
    cdef snap_calendar_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_calendar_t), {
        "calendar_id": <const char *> &row.calendar_id - start,
        "is_closed": <const char *> &row.is_closed - start,
        "risk_session": <const char *> &row.risk_session - start,
    }


cdef inline tuple snap_fee_layout():
    cdef snap_fee_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_fee_t), {
        "instrument_id": <const char *> &row.instrument_id - start,
        "fee_tier": <const char *> &row.fee_tier - start,
        "maker_rate_e8": <const char *> &row.maker_rate_e8 - start,
        "taker_rate_e8": <const char *> &row.taker_rate_e8 - start,
    }


cdef inline tuple snap_limit_layout():
    cdef snap_limit_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_limit_t), {
        "node_id": <const char *> &row.node_id - start,
        "target_id": <const char *> &row.target_id - start,
        "scope": <const char *> &row.scope - start,
        "limit_kind": <const char *> &row.limit_kind - start,
        "target": <const char *> &row.target - start,
        "owner": <const char *> &row.owner - start,
        "limit_flags": <const char *> &row.limit_flags - start,
        "action": <const char *> &row.action - start,
        "warned": <const char *> &row.warned - start,
        "soft_ppm": <const char *> &row.soft_ppm - start,
        "date": <const char *> &row.date - start,
        "value": <const char *> &row.value - start,
        "parameter": <const char *> &row.parameter - start,
        "base": <const char *> &row.base - start,
        "peak": <const char *> &row.peak - start,
        "tripped": <const char *> &row.tripped - start,
    }


cdef inline tuple snap_transfer_layout():
    cdef snap_transfer_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_transfer_t), {
        "transfer_id": <const char *> &row.transfer_id - start,
        "amount_micro": <const char *> &row.amount_micro - start,
        "account_id": <const char *> &row.account_id - start,
        "kind": <const char *> &row.kind - start,
        "reason": <const char *> &row.reason - start,
    }


cdef inline tuple snap_mmp_layout():
    cdef snap_mmp_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_mmp_t), {
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "window_ns": <const char *> &row.window_ns - start,
        "quantity_lots": <const char *> &row.quantity_lots - start,
        "delta_micro": <const char *> &row.delta_micro - start,
        "freeze_ns": <const char *> &row.freeze_ns - start,
        "frozen_until_ns": <const char *> &row.frozen_until_ns - start,
        "fills": <const char *> &row.fills - start,
    }


cdef inline tuple snap_mmp_fill_layout():
    cdef snap_mmp_fill_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_mmp_fill_t), {
        "account_id": <const char *> &row.account_id - start,
        "instrument_id": <const char *> &row.instrument_id - start,
        "time_ns": <const char *> &row.time_ns - start,
        "lots": <const char *> &row.lots - start,
        "notional_micro": <const char *> &row.notional_micro - start,
    }


cdef inline tuple snap_touched_layout():
    cdef snap_touched_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_touched_t), {
        "account_id": <const char *> &row.account_id - start,
    }


cdef inline tuple snap_ranking_layout():
    cdef snap_ranking_t row
    cdef const char *start = <const char *> &row
    return sizeof(snap_ranking_t), {
        "key_ppm": <const char *> &row.key_ppm - start,
        "lots": <const char *> &row.lots - start,
        "account_id": <const char *> &row.account_id - start,
        "last": <const char *> &row.last - start,
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


cdef inline dict command_layouts():
    return {
        "tick": tick_layout(),
        "set_venue_state": set_venue_state_layout(),
        "set_instrument": set_instrument_layout(),
        "set_instrument_state": set_instrument_state_layout(),
        "set_mark": set_mark_layout(),
        "set_broker": set_broker_layout(),
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
        "quote": quote_layout(),
        "quote_cancel": quote_cancel_layout(),
        "place_twap": place_twap_layout(),
        "close_position": close_position_layout(),
        "set_leverage": set_leverage_layout(),
        "set_mmp": set_mmp_layout(),
        "reset_mmp": reset_mmp_layout(),
        "set_limit": set_limit_layout(),
        "kill": kill_layout(),
        "revive": revive_layout(),
        "set_trading_window": set_trading_window_layout(),
        "note": note_layout(),
        "set_venue_risk": set_venue_risk_layout(),
        "set_instrument_risk": set_instrument_risk_layout(),
        "set_account_risk": set_account_risk_layout(),
        "set_fee": set_fee_layout(),
        "deposit": deposit_layout(),
        "withdraw_request": withdraw_request_layout(),
        "withdraw_done": withdraw_done_layout(),
        "withdraw_failed": withdraw_failed_layout(),
        "transfer": transfer_layout(),
        "house_transfer": house_transfer_layout(),
        "set_feed": set_feed_layout(),
        "set_index": set_index_layout(),
        "set_roll_weight": set_roll_weight_layout(),
        "set_index_reference": set_index_reference_layout(),
        "price": price_layout(),
        "set_manual_price": set_manual_price_layout(),
        "mark_pulse": mark_pulse_layout(),
        "calendar_change": calendar_change_layout(),
        "funding_sample": funding_sample_layout(),
        "funding_settle": funding_settle_layout(),
        "split": split_layout(),
        "schedule_delisting": schedule_delisting_layout(),
        "delist": delist_layout(),
        "change_symbol": change_symbol_layout(),
    }


cdef inline dict event_layouts():
    return {
        "order_event": order_event_layout(),
        "mass_event": mass_event_layout(),
        "session_event": session_event_layout(),
        "config_event": config_event_layout(),
        "attached_event": attached_event_layout(),
        "quote_event": quote_event_layout(),
        "account_event": account_event_layout(),
        "position_event": position_event_layout(),
        "entry_event": entry_event_layout(),
        "liquidation_event": liquidation_event_layout(),
        "limit_event": limit_event_layout(),
        "price_event": price_event_layout(),
        "funding_event": funding_event_layout(),
    }


cdef inline dict snapshot_layouts():
    return {
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
        "snap_broker": snap_broker_layout(),
        "snap_node": snap_node_layout(),
        "snap_venue_risk": snap_venue_risk_layout(),
        "snap_instrument_risk": snap_instrument_risk_layout(),
        "snap_account_risk": snap_account_risk_layout(),
        "snap_position_risk": snap_position_risk_layout(),
        "snap_order_terms": snap_order_terms_layout(),
        "snap_pending_terms": snap_pending_terms_layout(),
        "snap_feed": snap_feed_layout(),
        "snap_feed_source": snap_feed_source_layout(),
        "snap_calendar": snap_calendar_layout(),
        "snap_fee": snap_fee_layout(),
        "snap_limit": snap_limit_layout(),
        "snap_transfer": snap_transfer_layout(),
        "snap_mmp": snap_mmp_layout(),
        "snap_mmp_fill": snap_mmp_fill_layout(),
        "snap_touched": snap_touched_layout(),
        "snap_ranking": snap_ranking_layout(),
        "snap_book_header": snap_book_header_layout(),
        "matcher_snapshot_row": matcher_snapshot_row_layout(),
    }


cdef inline dict compiled_layouts():
    """As engine.declarations.layout_table, from the compiled structs."""
    return {**command_layouts(), **event_layouts(), **snapshot_layouts()}
