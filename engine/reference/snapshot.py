"""State to canonical bytes and back (docs/engine.md section 6): equal states give equal bytes in every engine.

The sections of risk and money are in `risk_snapshot.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.api import FindMatcher
from engine.records import NEVER_NS, Scope
from engine.reference import exposures, risk_snapshot
from engine.reference.commands import SetInstrument, Tick
from engine.reference.constants import LIVE, PENDING_NEW, UNTRIGGERED, order_key
from engine.reference.nodes import Account, Party, Session, Trader
from engine.reference.parties import OWN_BOOKS, Parties, find_book, instrument_fields, new_account
from engine.reference.rate import Bucket
from engine.reference.risk_commands import HEADER_FIELDS
from engine.reference.state import Order, PendingReplace, State, WorkItem
from engine.snapshot_records import (
    MATCHER_SNAPSHOT_ROW,
    SECTION_HEADER,
    SNAP_BOOK_HEADER,
    SNAPSHOT_LAYOUTS,
    Section,
)

Row = tuple[Any, ...]

# ---- writing


def write(state: State) -> bytes:
    parts: list[bytes] = []
    _pack(parts, _rows(state))
    parts.append(SECTION_HEADER.pack(section=int(Section.BOOK), rows=len(state.instruments)))
    for instrument_id in sorted(state.instruments):
        book = state.instruments[instrument_id].book.snapshot()
        parts.append(SNAP_BOOK_HEADER.pack(instrument_id=instrument_id, bytes=len(book)))
        parts.append(book + bytes(-len(book) % 8))
    _pack(parts, risk_snapshot.rows(state))
    return b"".join(parts)


def _pack(parts: list[bytes], sections: Iterable[tuple[Section, Iterable[Row]]]) -> None:
    for section, rows in sections:
        layout = SNAPSHOT_LAYOUTS[section]
        packed = [layout.pack_row(*row) for row in rows]
        parts.append(SECTION_HEADER.pack(section=int(section), row_size=layout.size, rows=len(packed)))
        parts += packed


def _rows(state: State) -> Iterable[tuple[Section, Iterable[Row]]]:
    yield Section.VENUE, [(state.seq, state.timestamp_ns, state.business_date, state.venue_state)]
    yield Section.FIRM, (_party(firm) for _, firm in sorted(state.firms.items()))
    yield Section.DESK, (_party(desk) for _, desk in sorted(state.desks.items()))
    yield Section.TRADER, (_trader(trader) for _, trader in sorted(state.traders.items()))
    yield Section.ACCOUNT, (_account(account) for account in state.accounts.values())
    yield Section.SESSION, (_session(session) for _, session in sorted(state.sessions.items()))
    yield (
        Section.INSTRUMENT,
        (
            (i.instrument_id, i.state, i.config, i.mark_ticks, i.oracle_price_e8, i.latch_low_ticks, i.latch_high_ticks)
            for _, i in sorted(state.instruments.items())
        ),
    )
    yield Section.POSITION, ((*key, position.lots) for key, position in sorted(state.positions.items()))
    yield Section.ORDER, (_order(state.orders[order_id]) for order_id in sorted(state.orders, key=order_key))
    yield Section.PENDING_REPLACE, (_pending(pending) for _, pending in sorted(state.pending_replaces.items()))
    yield Section.WORK, (_work(work) for work in state.works)
    yield Section.TRIM, ((position.account_id, position.instrument_id) for position in state.trim_queue)
    yield Section.CASCADE, ((instrument.instrument_id,) for instrument in state.cascade_queue)


def _party(party: Party | Session) -> Row:
    return party.party_id, party.parent_id, party.status, party.name


def _trader(trader: Trader) -> Row:
    general, cancel = trader.general, trader.cancel
    loads = (general.load_micro, general.time_ms, cancel.load_micro, cancel.time_ms)
    return *_party(trader), trader.rate_limit_milli, *loads


def _account(account: Account) -> Row:
    return *_party(account), account.stp_group, account.open_orders_max, account.stp_mode


def _session(session: Session) -> Row:
    return (
        *_party(session), session.rights, session.node_scope, session.connected, session.cod_flags,
        session.cod_grace_ns, session.cod_due_ns, session.last_msg_seq_in, session.session_seq,
    )  # fmt: skip


def _order(order: Order) -> Row:
    return (
        order.order_id, order.session_id, order.account.party_id, order.instrument.instrument_id, order.stp_group,
        order.client_order_id, order.price_ticks, order.quantity_lots, order.cum_lots, order.display_lots,
        order.min_lots, order.expire_ns, order.release_ns, order.side, order.order_type, order.time_in_force,
        order.stp_mode, order.flags, order.state,
    )  # fmt: skip


def _pending(pending: PendingReplace) -> Row:
    return (
        pending.seq, pending.order.order_id, pending.release_ns, pending.price_ticks, pending.quantity_lots,
        pending.client_order_id, pending.session_id, pending.msg_seq_in,
    )  # fmt: skip


def _work(work: WorkItem) -> Row:
    return (
        work.seq, work.affected_count, work.msg_seq_in, work.cursor_account_id, work.session_id, work.cursor_order_id,
        work.target_id, work.instrument_id, work.work, work.scope, work.side, work.reason, work.client_order_id,
    )  # fmt: skip


# ---- reading


def read(snapshot: bytes, state: State, parties: Parties, find_matcher: FindMatcher) -> None:
    """Fills an empty state. Raises ValueError when the bytes are no snapshot of this schema, or say what cannot be."""
    sections, books = _split(snapshot)
    try:
        risk_snapshot.read_brokers(sections, state)
        _read_parties(sections, state)
        _read_instruments(sections, books, state, parties, find_matcher)
        risk_snapshot.read_positions(sections, state)
        _read_orders(sections, state)
        _read_queues(sections, state)
        _read_books(books, state)
        risk_snapshot.read_rest(sections, state)
        _check_capacities(state)
    except (KeyError, IndexError) as error:
        raise ValueError(f"snapshot names something that it does not hold: {error}") from error


def _check_capacities(state: State) -> None:
    """Limits may have been lowered since the snapshot was written."""
    limits = state.limits
    for name, needed in (
        ("firms_max", max(state.firms, default=0)),
        ("desks_max", max(state.desks, default=0)),
        ("traders_max", max(state.traders, default=0)),
        ("accounts_max", max(state.accounts, default=0)),
        ("sessions_max", max(state.sessions, default=0)),
        ("instruments_max", max(state.instruments, default=0)),
        ("positions_max", len(state.positions)),
        ("orders_max", len(state.orders)),
        ("pending_replaces_max", len(state.pending_replaces)),
        ("works_max", len(state.works)),
        *risk_snapshot.capacities(state),
    ):
        if needed > getattr(limits, name):
            raise ValueError(f"the snapshot needs {name} of {needed}, this engine has {getattr(limits, name)}")


def _split(data: bytes) -> tuple[dict[Section, list[Row]], dict[int, bytes]]:
    """Rows of every section, and the books by instrument id."""
    sections: dict[Section, list[Row]] = {}
    books: dict[int, bytes] = {}
    offset = 0
    for expected in Section:
        number, row_size, count = _take(data, offset, SECTION_HEADER)
        offset += SECTION_HEADER.size
        if number != expected:
            raise ValueError(f"snapshot has section {number} where {expected.name} belongs")
        if expected is Section.BOOK:
            offset = _split_books(data, offset, count, books)
            continue
        layout = SNAPSHOT_LAYOUTS[expected]
        if row_size != layout.size:
            raise ValueError(f"{expected.name} rows have {row_size} bytes, this schema has {layout.size}")
        rows = []
        for _ in range(count):
            rows.append(_take(data, offset, layout))
            offset += layout.size
        sections[expected] = rows
    if offset != len(data) or len(sections[Section.VENUE]) != 1:
        raise ValueError("snapshot has no venue row, or bytes after its end")
    return sections, books


def _split_books(data: bytes, offset: int, count: int, books: dict[int, bytes]) -> int:
    for _ in range(count):
        instrument_id, size = _take(data, offset, SNAP_BOOK_HEADER)
        offset += SNAP_BOOK_HEADER.size
        books[instrument_id] = bytes(data[offset : offset + size])
        if len(books[instrument_id]) != size:
            raise ValueError("snapshot is truncated")
        offset += size + -size % 8
    return offset


def _take(data: bytes, offset: int, layout: Any) -> Row:
    if offset + layout.size > len(data):
        raise ValueError("snapshot is truncated")
    row: Row = layout.unpack_row(data, offset)
    return row


def _read_parties(sections: dict[Section, list[Row]], state: State) -> None:
    state.seq, state.timestamp_ns, state.business_date, state.venue_state = sections[Section.VENUE][0]
    for party_id, parent_id, status, name in sections[Section.FIRM]:
        firm = state.firms[party_id] = Party(party_id, Scope.FIRM, state.brokers[parent_id] if parent_id else None)
        firm.status, firm.name = status, name
    for party_id, parent_id, status, name in sections[Section.DESK]:
        desk = state.desks[party_id] = Party(party_id, Scope.DESK, state.firms[parent_id])
        desk.status, desk.name = status, name
    for party_id, parent_id, status, name, limit, *loads in sections[Section.TRADER]:
        trader = state.traders[party_id] = Trader(party_id, state.desks[parent_id])
        trader.status, trader.name, trader.rate_limit_milli = status, name, limit
        trader.general, trader.cancel = Bucket(loads[0], loads[1]), Bucket(loads[2], loads[3])
    for party_id, parent_id, status, name, *terms in sections[Section.ACCOUNT]:
        account = state.accounts[party_id] = new_account(state, party_id, parent_id)
        account.status, account.name = status, name
        account.stp_group, account.open_orders_max, account.stp_mode = terms
    for row in sections[Section.SESSION]:
        _read_session(row, state)


def _read_session(row: Row, state: State) -> None:
    party_id, parent_id, status, name, rights, scope, connected, cod_flags, grace, due, msg_seq_in, session_seq = row
    session = state.sessions[party_id] = Session(party_id, scope, state.nodes(scope)[parent_id])
    session.status, session.name, session.rights = status, name, rights
    session.connected, session.cod_flags, session.cod_grace_ns, session.cod_due_ns = connected, cod_flags, grace, due
    session.last_msg_seq_in, session.session_seq = msg_seq_in, session_seq
    if due != NEVER_NS:
        state.cod_timers.add((due, party_id))


def _read_instruments(
    sections: dict[Section, list[Row]],
    books: dict[int, bytes],
    state: State,
    parties: Parties,
    find_matcher: FindMatcher,
) -> None:
    for instrument_id, status, config, mark_ticks, oracle_price_e8, low, high in sections[Section.INSTRUMENT]:
        header = Tick._make((0,) * HEADER_FIELDS)._replace(instrument_id=instrument_id)
        fields = SetInstrument._make((*header, *instrument_fields(config)))
        factory = find_book(fields.matcher, find_matcher)
        if factory is None:
            raise ValueError(f"instrument {instrument_id} has a matcher that this engine does not know")
        instrument = parties.add_instrument(fields, factory)
        instrument.configure(config, fields)
        instrument.state = status
        instrument.mark_ticks, instrument.oracle_price_e8 = mark_ticks, oracle_price_e8
        instrument.latch_low_ticks, instrument.latch_high_ticks = low, high
    if sorted(books) != sorted(state.instruments):
        raise ValueError("snapshot does not have one book for each instrument")
    for account_id, instrument_id, lots in sections[Section.POSITION]:
        position = state.add_position(state.accounts[account_id], state.instruments[instrument_id].instrument_id)
        exposures.move(state, position, lots, 0)


def _read_orders(sections: dict[Section, list[Row]], state: State) -> None:
    terms = {row[0]: row[1:] for row in sections[Section.ORDER_TERMS]}
    for row in sections[Section.ORDER]:
        order_id, session_id, account_id, instrument_id, stp_group, client_order_id, *numbers = row
        account: Account = state.accounts[account_id]
        instrument = state.instruments[instrument_id]
        order = Order(order_id, session_id, account, instrument, state.positions[account_id, instrument_id])
        order.stp_group, order.client_order_id = stp_group, client_order_id
        order.price_ticks, order.quantity_lots, order.cum_lots, order.display_lots, order.min_lots = numbers[:5]
        order.expire_ns, order.release_ns, order.side, order.order_type, order.time_in_force = numbers[5:10]
        order.stp_mode, order.flags, order.state = numbers[10:]
        risk_snapshot.read_terms(order, terms.get(order_id))
        if not PENDING_NEW <= order.state <= UNTRIGGERED:
            raise ValueError(f"order {order_id} of the snapshot is not open")
        state.add_order(order)
    pairs = {row[0]: row[1:] for row in sections[Section.PENDING_TERMS]}
    for seq, order_id, release_ns, price_ticks, quantity_lots, *asker in sections[Section.PENDING_REPLACE]:
        pending = PendingReplace(seq, state.orders[order_id], release_ns, price_ticks, quantity_lots)
        pending.client_order_id, pending.session_id, pending.msg_seq_in = asker
        pending.take_profit_ticks, pending.stop_loss_ticks = pairs.get(seq, (0, 0))
        state.add_pending(pending)


def _read_queues(sections: dict[Section, list[Row]], state: State) -> None:
    for row in sections[Section.WORK]:
        seq, affected, msg_seq_in, cursor_account_id, session_id, cursor_order_id, target_id, instrument_id, *rest = row
        kind, scope, side, reason, client_order_id = rest
        work = WorkItem(kind, seq, session_id, msg_seq_in, reason)
        work.affected_count, work.cursor_account_id, work.cursor_order_id = affected, cursor_account_id, cursor_order_id
        work.target_id, work.instrument_id, work.scope, work.side = target_id, instrument_id, scope, side
        work.client_order_id = client_order_id
        state.works.append(work)
    for account_id, instrument_id in sections[Section.TRIM]:
        position = state.positions[account_id, instrument_id]
        position.in_trim_queue = True
        state.trim_queue.append(position)
    for (instrument_id,) in sections[Section.CASCADE]:
        state.cascade_queue.append(state.instruments[instrument_id])


def _read_books(books: dict[int, bytes], state: State) -> None:
    for instrument_id, data in sorted(books.items()):
        instrument = state.instruments[instrument_id]
        resting = [o for o in state.orders.values() if o.state == LIVE and o.instrument is instrument]
        instrument.book.restore(data, {order.order_id: order.account.party_id for order in resting})
        own = isinstance(instrument.book, tuple(OWN_BOOKS.values()))  # type: ignore[arg-type]
        for order in resting:
            order.shown_lots = min(order.display_lots or order.leaves_lots, order.leaves_lots)
        if own:
            for row in MATCHER_SNAPSHOT_ROW.iter_unpack(data):
                state.orders[row["order_id"]].shown_lots = row["shown_lots"]
