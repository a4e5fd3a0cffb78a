"""Writes event records: numbering, addressing and what each kind of event carries (docs/engine.md sections 1 and 3)."""

from __future__ import annotations

from collections.abc import Sequence

from engine.records import CONFIG_EVENT, MASS_EVENT, ORDER_EVENT, SESSION_EVENT, EventKind, OrderState, Reason
from engine.reference.commands import EMPTY_ID, Cancel, MassCancel, Place, Replace
from engine.reference.nodes import Party, Session
from engine.reference.state import Order, PendingReplace, State, WorkItem

NOBODY = (0, 0, 0, 0)  # account, trader, desk and firm of an event without a party


class Events:
    """The events of one batch. `begin` before each command, `take` at the end."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._records: list[bytes] = []
        self._seq = 0
        self._timestamp_ns = 0
        self._index = 0
        self._asker_id = 0
        self._msg_seq_in = 0

    def begin(self, seq: int, timestamp_ns: int, session_id: int, msg_seq_in: int) -> None:
        self._seq = seq
        self._timestamp_ns = timestamp_ns
        self._index = 0
        self._asker_id = session_id
        self._msg_seq_in = msg_seq_in

    def take(self) -> bytes:
        records, self._records = self._records, []
        return b"".join(records)

    def answer_to(self, session_id: int, msg_seq_in: int) -> tuple[int, int]:
        """From here on events answer this message instead; gives back what they answered before."""
        before = self._asker_id, self._msg_seq_in
        self._asker_id, self._msg_seq_in = session_id, msg_seq_in
        return before

    def add(self, record: bytes) -> None:
        self._records.append(record)

    def head(self, kind: int, reason: int, session_id: int, instrument_id: int, ids: Sequence[int]) -> tuple[int, ...]:
        """The header of the next event."""
        session = self._state.sessions.get(session_id)
        number = 0
        if session is not None:
            session.session_seq += 1
            number = session.session_seq
        index = self._index
        self._index = index + 1
        msg_seq_in = self._msg_seq_in if session_id == self._asker_id else 0
        return (
            self._seq, self._timestamp_ns, index, kind, reason, session_id, instrument_id, number, *ids, msg_seq_in,
        )  # fmt: skip

    # ---- order events

    def order(
        self,
        kind: EventKind,
        reason: Reason,
        order: Order,
        *,
        to: int | None = None,
        client_order_id: bytes | None = None,
        orig: bytes = EMPTY_ID,
        display_lots: int = 0,
        last_ticks: int = 0,
        last_lots: int = 0,
        contra: int = 0,
        fee_micro: int = 0,
        realised_micro: int = 0,
        detail: int = 0,
        liquidity: int = 0,
        trade_kind: int = 0,
    ) -> None:
        """An event about a known order as it stands, to the session that entered it or `to` another."""
        instrument = order.instrument
        tick, lot = instrument.tick_e8, instrument.lot_e8
        head = self.head(
            kind, reason, order.session_id if to is None else to, instrument.instrument_id, order.account.ids
        )
        self._records.append(
            ORDER_EVENT.pack_row(
                *head,
                order.order_id,
                order.client_order_id if client_order_id is None else client_order_id,
                orig,
                order.price_ticks * tick,
                order.quantity_lots * lot,
                order.cum_lots * lot,
                order.leaves_lots * lot,
                display_lots * lot,
                last_ticks * tick,
                last_lots * lot,
                contra,
                fee_micro,
                realised_micro,
                order.position.lots * lot,
                detail,
                order.side,
                order.order_type,
                order.time_in_force,
                liquidity,
                order.flags,
                order.state,
                trade_kind,
            )
        )

    def answer(self, kind: EventKind, reason: Reason, order: Order, request: Replace | Cancel, detail: int = 0) -> None:
        """The refusal of a request about a known order, to the session that asked."""
        self.order(
            kind, reason, order, to=request.session_id, client_order_id=_given(request.client_order_id, order),
            orig=order.client_order_id, detail=detail,
        )  # fmt: skip

    def modify_rejected(self, reason: Reason, pending: PendingReplace) -> None:
        """The end of a modify that waited in the speed bump; it answers the message that asked for it."""
        before = self.answer_to(pending.session_id, pending.msg_seq_in)
        order = pending.order
        self.order(
            EventKind.REPLACE_REJECTED, reason, order, to=pending.session_id,
            client_order_id=_given(pending.client_order_id, order), orig=order.client_order_id,
        )  # fmt: skip
        self.answer_to(*before)

    def unknown_order(self, kind: EventKind, reason: Reason, request: Replace | Cancel, detail: int = 0) -> None:
        """The refusal of a request that found no order, or none that the session may know of."""
        ids, position_e8 = self._account_of(request.account_id, request.instrument_id)
        head = self.head(kind, reason, request.session_id, request.instrument_id, ids)
        order_type = request.order_type if isinstance(request, Replace) else 0
        self._records.append(
            ORDER_EVENT.pack_row(
                *head, request.order_id, request.client_order_id, request.orig_client_order_id,
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, position_e8, detail, request.side, order_type, 0, 0, 0, 0, 0,
            )
        )  # fmt: skip

    def place_rejected(self, reason: Reason, place: Place, order_id: int = 0, detail: int = 0) -> None:
        """ORDER_REJECTED: terms as sent; `order_id` when only the matcher refused it."""
        ids, position_e8 = self._account_of(place.account_id, place.instrument_id)
        head = self.head(EventKind.ORDER_REJECTED, reason, place.session_id, place.instrument_id, ids)
        self._records.append(
            ORDER_EVENT.pack_row(
                *head, order_id, place.client_order_id, EMPTY_ID, place.price_e8, place.quantity_e8,
                0, 0, 0, 0, 0, 0, 0, 0, position_e8, detail, place.side, place.order_type, place.time_in_force, 0,
                place.order_flags, OrderState.REJECTED, 0,
            )
        )  # fmt: skip

    def _account_of(self, account_id: int, instrument_id: int) -> tuple[tuple[int, ...], int]:
        account = self._state.accounts.get(account_id)
        if account is None:
            return NOBODY, 0
        position = account.positions.get(instrument_id)
        if position is None:
            return account.ids, 0
        return account.ids, position.lots * self._state.instruments[instrument_id].lot_e8

    # ---- other events

    def mass_rejected(self, reason: Reason, request: MassCancel) -> None:
        head = self.head(EventKind.MASS_CANCEL_REJECTED, reason, request.session_id, request.instrument_id, NOBODY)
        self._records.append(
            MASS_EVENT.pack_row(*head, request.client_order_id, 0, request.target_id, request.scope, request.side)
        )

    def mass_done(self, kind: EventKind, reason: Reason, work: WorkItem, scope: int, target_id: int) -> None:
        """MASS_CANCEL_DONE and QUOTE_CANCELLED."""
        before = self.answer_to(work.session_id, work.msg_seq_in)
        head = self.head(kind, reason, work.session_id, work.instrument_id, NOBODY)
        self._records.append(
            MASS_EVENT.pack_row(*head, work.client_order_id, work.affected_count, target_id, scope, work.side)
        )
        self.answer_to(*before)

    def session_state(self, session: Session, instrument_id: int) -> None:
        ids = session.node.ids
        head = self.head(EventKind.SESSION_STATE, Reason.ACK, session.party_id, instrument_id, ids)
        self._records.append(
            SESSION_EVENT.pack_row(
                *head, session.last_msg_seq_in, session.open_orders, session.cod_grace_ns, session.cod_flags
            )
        )

    def status_end(self, kind: EventKind, work: WorkItem, node: Party) -> None:
        """ORDER_STATUS_END and ACCOUNT_STATUS_END."""
        before = self.answer_to(work.session_id, work.msg_seq_in)
        head = self.head(kind, Reason.ACK, work.session_id, 0, node.ids)
        self._records.append(SESSION_EVENT.pack_row(*head, 0, work.affected_count, 0, 0))
        self.answer_to(*before)

    def config(
        self, kind: EventKind, reason: Reason, command_kind: int, session_id: int, instrument_id: int, body: bytes
    ) -> None:
        head = self.head(kind, reason, session_id, instrument_id, NOBODY)
        self._records.append(CONFIG_EVENT.pack_row(*head, command_kind, body))


def _given(client_order_id: bytes, order: Order) -> bytes:
    """The id that a request gives, or the order's own when it gives none."""
    return client_order_id if client_order_id[0] else order.client_order_id
