"""Writes event records in place, at the end of the batch's events.

Called by every room that does something. Whether something happens is not decided here; `events_make_room` has seen
to it that there is a place for each event.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t, uint8_t
from libc.string cimport memcpy

from engine._state cimport (
    account_of, account_t, asker_t, find_account, find_lineage, instrument_of, instrument_t, leaves_of, modify_t,
    order_t, position_find, position_t, session_t, state_t, terms_of_order,
)
from engine.names cimport NAME_SIZE
from engine.records cimport (
    EVENT_KIND_CANCEL_REJECTED, EVENT_KIND_COMMAND_REJECTED, EVENT_KIND_CONFIG_SET, EVENT_KIND_MASS_CANCEL_REJECTED,
    EVENT_KIND_ORDER_ATTACHED, EVENT_KIND_ORDER_REJECTED, EVENT_KIND_QUOTE_REJECTED, EVENT_KIND_REPLACE_REJECTED,
    EVENT_KIND_SESSION_STATE, ORDER_STATE_REJECTED, REASON_ACK, cancel_t, command_header_t, command_t, event_t,
    mass_cancel_t, order_event_t, place_t, quote_event_t, replace_t, snap_order_terms_t, snap_work_t,
)


cdef asker_t answer_to(state_t *state, uint32_t session_id, uint64_t msg_seq_in) noexcept nogil:
    cdef asker_t before = state.asker
    state.asker.session_id = session_id
    state.asker.msg_seq_in = msg_seq_in
    return before


# -------------------------------------------------------------------------------------------------------- order events


cdef order_event_t *write_order_to(
    state_t *state, uint16_t kind, uint16_t reason, uint32_t slot, uint32_t session_id
) noexcept nogil:
    cdef const order_t *order = &state.orders[slot]
    cdef const position_t *position = &state.positions[order.position]
    cdef uint32_t instrument_id = instrument_of(position)
    cdef const instrument_t *instrument = &state.instruments[instrument_id]
    cdef int64_t lot_e8 = instrument.config.lot_size_e8
    cdef event_t *written = event_begin(state, kind, reason, session_id, instrument_id)
    cdef order_event_t *event = &written.order
    set_parties(written, state.accounts[order.account_id].lineage)
    event.order_id = order.order_id
    memcpy(event.client_order_id, state.terms[slot].client_order_id, NAME_SIZE)
    event.price_e8 = order.price_ticks * instrument.config.tick_size_e8
    event.quantity_e8 = order.quantity_lots * lot_e8
    event.cum_quantity_e8 = order.cum_lots * lot_e8
    event.leaves_quantity_e8 = leaves_of(order) * lot_e8
    event.position_e8 = in_e8(position.lots, lot_e8)
    event.side = order.side
    event.order_type = order.order_type
    event.time_in_force = order.time_in_force
    event.order_flags = order.flags
    event.order_state = order.state
    return event


cdef order_event_t *write_order(state_t *state, uint16_t kind, uint16_t reason, uint32_t slot) noexcept nogil:
    return write_order_to(state, kind, reason, slot, state.orders[slot].session_id)


cdef void set_ids(state_t *state, order_event_t *event, uint32_t slot, const char *client_order_id) noexcept nogil:
    memcpy(event.orig_client_order_id, state.terms[slot].client_order_id, NAME_SIZE)
    if client_order_id[0]:
        memcpy(event.client_order_id, client_order_id, NAME_SIZE)


cdef void set_account(state_t *state, event_t *event, uint32_t account_id, uint32_t instrument_id) noexcept nogil:
    """Parties and position of an event without an order, as far as they are known."""
    cdef const account_t *account = find_account(state, account_id)
    cdef uint32_t position
    if account == NULL:
        return
    set_parties(event, account.lineage)
    position = position_find(state, account_id, instrument_id)
    if position:
        event.order.position_e8 = in_e8(
            state.positions[position].lots, state.instruments[instrument_id].config.lot_size_e8
        )


cdef order_event_t *write_unknown(
    state_t *state, uint16_t kind, uint16_t reason, const command_header_t *head
) noexcept nogil:
    """The refusal of a request that found no order, or none that its session may know of."""
    cdef event_t *event = event_begin(state, kind, reason, head.session_id, head.instrument_id)
    set_account(state, event, head.account_id, head.instrument_id)
    return &event.order


cdef void write_replace_rejected(
    state_t *state, uint16_t reason, uint32_t slot, const replace_t *replace, int64_t detail
) noexcept nogil:
    """`slot` 0: no order that may be shown."""
    cdef order_event_t *event
    if slot:
        event = write_order_to(state, EVENT_KIND_REPLACE_REJECTED, reason, slot, replace.session_id)
        set_ids(state, event, slot, replace.client_order_id)
    else:
        event = write_unknown(state, EVENT_KIND_REPLACE_REJECTED, reason, <const command_header_t *> replace)
        event.order_id = replace.order_id
        memcpy(event.client_order_id, replace.client_order_id, NAME_SIZE)
        memcpy(event.orig_client_order_id, replace.orig_client_order_id, NAME_SIZE)
        event.side = replace.side
        event.order_type = replace.order_type
    event.detail = detail


cdef void write_cancel_rejected(
    state_t *state, uint16_t reason, uint32_t slot, const cancel_t *cancel, int64_t detail
) noexcept nogil:
    cdef order_event_t *event
    if slot:
        event = write_order_to(state, EVENT_KIND_CANCEL_REJECTED, reason, slot, cancel.session_id)
        set_ids(state, event, slot, cancel.client_order_id)
    else:
        event = write_unknown(state, EVENT_KIND_CANCEL_REJECTED, reason, <const command_header_t *> cancel)
        event.order_id = cancel.order_id
        memcpy(event.client_order_id, cancel.client_order_id, NAME_SIZE)
        memcpy(event.orig_client_order_id, cancel.orig_client_order_id, NAME_SIZE)
        event.side = cancel.side
    event.detail = detail


cdef void write_modify_rejected(state_t *state, uint16_t reason, const modify_t *modify) noexcept nogil:
    cdef asker_t before = answer_to(state, modify.session_id, modify.msg_seq_in)
    cdef order_event_t *event = write_order_to(
        state, EVENT_KIND_REPLACE_REJECTED, reason, modify.order, modify.session_id
    )
    set_ids(state, event, modify.order, modify.client_order_id)
    state.asker = before


cdef void write_place_rejected(
    state_t *state, uint16_t reason, const place_t *place, uint64_t order_id, int64_t detail
) noexcept nogil:
    """Terms as sent; `order_id` when only the matcher refused it, else 0."""
    cdef event_t *written = event_begin(state, EVENT_KIND_ORDER_REJECTED, reason, place.session_id, place.instrument_id)
    cdef order_event_t *event = &written.order
    set_account(state, written, place.account_id, place.instrument_id)
    event.order_id = order_id
    memcpy(event.client_order_id, place.client_order_id, NAME_SIZE)
    event.price_e8 = place.price_e8
    event.quantity_e8 = place.quantity_e8
    event.detail = detail
    event.side = place.side
    event.order_type = place.order_type
    event.time_in_force = place.time_in_force
    event.order_flags = place.order_flags
    event.order_state = ORDER_STATE_REJECTED


# ------------------------------------------------------------------------------------------------------- pairs, quotes


cdef void write_attached(state_t *state, uint32_t slot) noexcept nogil:
    cdef const order_t *order = &state.orders[slot]
    cdef const snap_order_terms_t *terms = terms_of_order(state, slot)
    cdef uint32_t instrument_id = instrument_of(&state.positions[order.position])
    cdef int64_t tick_e8 = state.instruments[instrument_id].config.tick_size_e8
    cdef event_t *written = event_begin(state, EVENT_KIND_ORDER_ATTACHED, REASON_ACK, order.session_id, instrument_id)
    set_parties(written, state.accounts[order.account_id].lineage)
    written.attached.order_id = order.order_id
    memcpy(written.attached.client_order_id, state.terms[slot].client_order_id, NAME_SIZE)
    written.attached.take_profit_e8 = terms.take_profit_ticks * tick_e8
    written.attached.stop_loss_e8 = terms.stop_loss_ticks * tick_e8


cdef quote_event_t *write_quote(
    state_t *state, uint16_t kind, uint16_t reason, uint32_t session_id, uint32_t position
) noexcept nogil:
    cdef const position_t *record = &state.positions[position]
    cdef const instrument_t *instrument = &state.instruments[instrument_of(record)]
    cdef int64_t tick_e8 = instrument.config.tick_size_e8, lot_e8 = instrument.config.lot_size_e8
    cdef event_t *written = event_begin(state, kind, reason, session_id, instrument_of(record))
    cdef quote_event_t *event = &written.quote
    cdef const uint32_t *quotes = state.risk.positions[position].quotes
    set_parties(written, state.accounts[account_of(record)].lineage)
    if quotes[0]:
        event.bid_order_id = state.orders[quotes[0]].order_id
        event.bid_price_e8 = state.orders[quotes[0]].price_ticks * tick_e8
        event.bid_leaves_e8 = leaves_of(&state.orders[quotes[0]]) * lot_e8
    if quotes[1]:
        event.ask_order_id = state.orders[quotes[1]].order_id
        event.ask_price_e8 = state.orders[quotes[1]].price_ticks * tick_e8
        event.ask_leaves_e8 = leaves_of(&state.orders[quotes[1]]) * lot_e8
    event.position_e8 = in_e8(record.lots, lot_e8)
    return event


cdef void write_quote_rejected(
    state_t *state, uint16_t reason, const command_header_t *head, const char *quote_id, int64_t detail
) noexcept nogil:
    cdef const account_t *account = find_account(state, head.account_id)
    cdef event_t *written = event_begin(
        state, EVENT_KIND_QUOTE_REJECTED, reason, head.session_id, head.instrument_id
    )
    if account != NULL:
        set_parties(written, account.lineage)
    memcpy(written.quote.quote_id, quote_id, NAME_SIZE)
    written.quote.detail = detail


# -------------------------------------------------------------------------------------------------------- other events


cdef void write_mass_rejected(state_t *state, uint16_t reason, const mass_cancel_t *request) noexcept nogil:
    cdef event_t *written = event_begin(
        state, EVENT_KIND_MASS_CANCEL_REJECTED, reason, request.session_id, request.instrument_id
    )
    memcpy(written.mass.client_order_id, request.client_order_id, NAME_SIZE)
    written.mass.target_id = request.target_id
    written.mass.scope = request.scope
    written.mass.side = request.side


cdef void write_mass_done(
    state_t *state, uint16_t kind, uint16_t reason, const snap_work_t *work, uint8_t scope, uint32_t target_id
) noexcept nogil:
    cdef asker_t before = answer_to(state, work.session_id, work.msg_seq_in)
    cdef event_t *written = event_begin(
        state, kind, reason, work.session_id, work.instrument_id
    )
    memcpy(written.mass.client_order_id, work.client_order_id, NAME_SIZE)
    written.mass.affected_count = work.affected_count
    written.mass.target_id = target_id
    written.mass.scope = scope
    written.mass.side = work.side
    state.asker = before


cdef void write_session_state(state_t *state, uint32_t session_id, uint32_t instrument_id) noexcept nogil:
    cdef const session_t *session = &state.sessions[session_id]
    cdef event_t *written = event_begin(state, EVENT_KIND_SESSION_STATE, REASON_ACK, session_id, instrument_id)
    set_parties(written, find_lineage(state, session.scope, session.parent_id))
    written.session.last_msg_seq_in = session.last_msg_seq_in
    written.session.open_orders = session.open_orders
    written.session.cod_grace_ns = session.cod_grace_ns
    written.session.cod_flags = session.cod_flags


cdef void write_status_end(state_t *state, uint16_t kind, const snap_work_t *work) noexcept nogil:
    cdef const session_t *session = &state.sessions[work.session_id]
    cdef asker_t before = answer_to(state, work.session_id, work.msg_seq_in)
    cdef event_t *written = event_begin(state, kind, REASON_ACK, work.session_id, 0)
    set_parties(written, find_lineage(state, session.scope, session.parent_id))
    written.session.open_orders = work.affected_count
    state.asker = before


cdef void write_config(state_t *state, uint16_t reason, const command_t *command) noexcept nogil:
    cdef uint16_t kind = EVENT_KIND_COMMAND_REJECTED if reason else EVENT_KIND_CONFIG_SET
    cdef event_t *written = event_begin(state, kind, reason, command.header.session_id, command.header.instrument_id)
    written.config.command_kind = command.header.kind
    memcpy(written.config.body, command.tick.body_reserved, sizeof(written.config.body))
