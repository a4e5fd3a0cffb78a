"""The sections of quotes, risk and money in a snapshot, written and read (docs/risk.md section 16)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.records import COMMAND_BODY_SIZE, COMMAND_HEADER_SIZE, SET_INSTRUMENT_RISK, AccountFlag, NodeFlag, Scope
from engine.reference import exposures, limits
from engine.reference.constants import order_key
from engine.reference.instruments import Instrument
from engine.reference.nodes import Account, LimitRow, Party, Position
from engine.reference.quotes import Protection
from engine.reference.risk_commands import HEADER_FIELDS, SetInstrumentRisk
from engine.reference.state import Order, State
from engine.reference.venue import Calendar, Feed, TransferRow
from engine.snapshot_records import Section

Row = tuple[Any, ...]
_NO_CONFIG = bytes(COMMAND_BODY_SIZE)

# ---- writing


def rows(state: State) -> Iterable[tuple[Section, Iterable[Row]]]:
    """Rows in the order of their keys, without those that say nothing."""
    accounts, instruments = state.accounts.values(), sorted(state.instruments.items())
    positions = [position for _, position in sorted(state.positions.items())]
    orders = [state.orders[order_id] for order_id in sorted(state.orders, key=order_key)]
    yield Section.BROKER, ((b.party_id, b.parent_id, b.status, b.name) for _, b in sorted(state.brokers.items()))
    yield Section.NODE, _nodes(state)
    yield Section.VENUE_RISK, [_venue(state)]
    yield Section.INSTRUMENT_RISK, _said(1, (_instrument(i) for _, i in instruments))
    yield Section.ACCOUNT_RISK, _said(1, (_account(account) for account in accounts))
    yield Section.POSITION_RISK, _said(2, (_position(position) for position in positions))
    yield Section.ORDER_TERMS, _said(1, (_terms(order) for order in orders))
    yield (
        Section.PENDING_TERMS,
        _said(1, ((seq, p.take_profit_ticks, p.stop_loss_ticks) for seq, p in sorted(state.pending_replaces.items()))),
    )
    yield (
        Section.FEED,
        ((f.feed_id, len(f.prices), f.flag_ns, f.stale_ns, f.prints, f.name) for f in state.feeds.values()),
    )
    yield (
        Section.FEED_SOURCE,
        (
            (feed.feed_id, source, *price)
            for feed in state.feeds.values()
            for source, price in enumerate(feed.prices)
            if price is not None
        ),
    )
    yield (
        Section.CALENDAR,
        ((calendar_id, c.is_closed, c.risk_session) for calendar_id, c in sorted(state.calendars.items())),
    )
    yield Section.FEE, ((*key, *rates) for key, rates in state.fees.items())
    yield Section.LIMIT, (_limit(row) for row in state.rows.values())
    yield (
        Section.TRANSFER,
        ((t.transfer_id, t.amount_micro, t.account_id, t.kind, t.reason) for t in state.transfers.values()),
    )
    protected = [(p, p.protection) for p in positions if p.protection is not None]
    yield Section.MMP, (_protection(position, protection) for position, protection in protected)
    yield (
        Section.MMP_FILL,
        (
            (position.account_id, position.instrument_id, *fill)
            for position, protection in protected
            for fill in protection.fills
        ),
    )
    yield Section.TOUCHED, ((account.party_id,) for account in state.touched)
    yield Section.RANKING, ((key, -lots, account_id, last) for last, key, lots, account_id in state.ranking.rows)


def _said(keys: int, candidates: Iterable[Row]) -> Iterable[Row]:
    """Without the rows in which everything but the key is zero."""
    for row in candidates:
        if any(any(value) if isinstance(value, bytes) else value for value in row[keys:]):
            yield row


def _nodes(state: State) -> Iterable[Row]:
    tables = (
        (Scope.SESSION, state.sessions), (Scope.ACCOUNT, state.accounts), (Scope.TRADER, state.traders),
        (Scope.DESK, state.desks), (Scope.FIRM, state.firms), (Scope.VENUE, {0: state.venue}),
        (Scope.BROKER, state.brokers),
    )  # fmt: skip
    for scope, table in tables:
        for node_id, node in sorted(table.items()):
            if node.flags:
                yield node_id, node.flags, scope
    for instrument_id, instrument in sorted(state.instruments.items()):
        if instrument.is_killed:
            yield instrument_id, int(NodeFlag.KILLED), Scope.INSTRUMENT


def _venue(state: State) -> Row:
    risk, accrual, ranking = state.risk, state.accrual, state.ranking
    return (
        risk.config, *risk.house[1:], risk.pulses, risk.transfer_floor, accrual.epoch, accrual.instrument_id,
        accrual.cursor_id, risk.pass_cursor_id, accrual.numerator, accrual.denominator, accrual.price_ticks,
        accrual.fraction_parts, accrual.fraction_cost, risk.monitor_cursor, ranking.pulse, ranking.price_ticks,
        ranking.account_id, ranking.instrument_id, ranking.cursor_id, ranking.taken, ranking.side, ranking.round,
        accrual.kind, risk.pass_active, risk.pass_again, risk.monitors_active, risk.reserve_low,
    )  # fmt: skip


def _instrument(i: Instrument) -> Row:
    p, f = i.pricing, i.funding
    return (
        i.instrument_id, int(i.risk is not None), p.formula, p.roll_weight, p.source, i.risk_config or _NO_CONFIG,
        p.feed_a, p.feed_b, p.close_price_e8, p.settlement_price_e8, p.manual_price_e8, p.raw_q20, p.index_q20,
        p.oracle_q20, p.basis_q20, p.reference_q20, p.external_since_ns, p.prints, i.last_ticks,
        i.flow_average_micro, i.flow_sent_micro, f.weighted_ppb, f.settle_rate_ppt, f.settle_mark_ticks, p.delist_ns,
        p.oracle_sum_q20, p.oracle_count, f.samples, p.published_session, p.reopens,
    )  # fmt: skip


def _account(a: Account) -> Row:
    run = a.run
    return (
        a.party_id, a.home_session_id, a.dlp_notional_max_micro, a.account_flags, a.fee_tier, a.stage, a.epoch,
        a.deposits_micro, a.realised_micro, a.funding_micro, a.fees_micro, a.rewards_micro, a.settled_micro,
        a.hold_micro, run.start_ns, run.price_e8, run.quantity_e8, run.count, run.instrument_id, run.side,
        a.margin_called, a.in_deficit, a.swept,
    )  # fmt: skip


def _position(p: Position) -> Row:
    return (
        p.account_id, p.instrument_id, p.cost, p.realised_micro, p.funding_micro, p.slice_pulse, p.tried_pulse,
        p.leverage,
    )  # fmt: skip


def _terms(o: Order) -> Row:
    return (
        o.order_id, o.take_profit_ticks, o.stop_loss_ticks, o.edge_ticks, o.arms, o.slices, o.sliced, o.fee_tier,
        o.interval_ns, o.next_ns,
    )  # fmt: skip


def _limit(r: LimitRow) -> Row:
    return (
        r.node_id, r.target_id, r.scope, r.kind, r.target, r.owner, r.flags, r.action, r.warned, r.soft_ppm, r.date,
        r.value, r.parameter, r.base, r.peak, r.tripped,
    )  # fmt: skip


def _protection(position: Position, p: Protection) -> Row:
    return (
        position.account_id, position.instrument_id, p.window_ns, p.quantity_lots, p.delta_micro, p.freeze_ns,
        p.frozen_until_ns, p.fills_max,
    )  # fmt: skip


# ---- reading; a KeyError says that the snapshot names something that it does not hold


def read_brokers(sections: dict[Section, list[Row]], state: State) -> None:
    """Before the firms that have one."""
    for party_id, _, status, name in sections[Section.BROKER]:
        broker = state.brokers[party_id] = Party(party_id, Scope.BROKER, None)
        broker.status, broker.name = status, name


def read_positions(sections: dict[Section, list[Row]], state: State) -> None:
    """After the positions themselves, before the orders, whose fee tier may be their account's."""
    for row in sections[Section.ACCOUNT_RISK]:
        _read_account(state.accounts[row[0]], row)
    for account_id, instrument_id, cost, *rest in sections[Section.POSITION_RISK]:
        position = state.positions[account_id, instrument_id]
        exposures.move(state, position, 0, cost)
        position.realised_micro, position.funding_micro, position.slice_pulse = rest[:3]
        position.tried_pulse, position.leverage = rest[3:]


def read_terms(order: Order, row: Row | None) -> None:
    """Of an order without a row everything is zero, the fee tier too."""
    order.fee_tier = 0
    if row is not None:
        order.take_profit_ticks, order.stop_loss_ticks, order.edge_ticks, order.arms = row[:4]
        order.slices, order.sliced, order.fee_tier, order.interval_ns, order.next_ns = row[4:]


def read_rest(sections: dict[Section, list[Row]], state: State) -> None:
    _read_venue(sections[Section.VENUE_RISK], state)
    for row in sections[Section.INSTRUMENT_RISK]:
        _read_instrument(state.instruments[row[0]], row)
    for node_id, flags, scope in sections[Section.NODE]:
        if scope == Scope.INSTRUMENT:
            state.instruments[node_id].is_killed = 1
            continue
        node = state.limited(scope, node_id)
        if node is None:
            raise KeyError((scope, node_id))
        node.flags = flags
    for feed_id, sources, flag_ns, stale_ns, prints, name in sections[Section.FEED]:
        feed = state.feeds[feed_id] = Feed(feed_id)
        feed.flag_ns, feed.stale_ns, feed.prints, feed.name = flag_ns, stale_ns, prints, name
        feed.prices = [None] * sources
    for feed_id, source, *price in sections[Section.FEED_SOURCE]:
        state.feeds[feed_id].prices[source] = tuple(price)
    for calendar_id, is_closed, risk_session in sections[Section.CALENDAR]:
        calendar = state.calendars[calendar_id] = Calendar()
        calendar.is_closed, calendar.risk_session = is_closed, risk_session
    for instrument_id, tier, maker, taker in sections[Section.FEE]:
        state.fees[instrument_id, tier] = (maker, taker)
    for row in sections[Section.LIMIT]:
        _read_limit(row, state)
    for transfer_id, amount, account_id, kind, reason in sections[Section.TRANSFER]:
        state.transfers[transfer_id] = TransferRow(transfer_id, kind, account_id, amount, reason)
    _read_protections(sections, state)
    for (account_id,) in sections[Section.TOUCHED]:
        account: Account = state.accounts[account_id]
        account.is_touched = True
        state.touched.append(account)
    state.ranking.rows = [(last, key, -lots, account) for key, lots, account, last in sections[Section.RANKING]]


def capacities(state: State) -> tuple[tuple[str, int], ...]:
    """What of EngineLimits the restored state needs."""
    return (
        ("brokers_max", max(state.brokers, default=0)),
        ("limits_max", len(state.rows)),
        ("protections_max", state.protections),
        ("transfers_max", len(state.transfers)),
        ("providers_max", sum(1 for a in state.accounts.values() if a.account_flags & AccountFlag.DLP)),
        ("feeds_max", max(state.feeds, default=0)),
        ("calendars_max", max(state.calendars, default=0)),
        ("fee_tiers_max", max((tier for _, tier in state.fees), default=0)),
    )


def _read_venue(section: list[Row], state: State) -> None:
    if len(section) != 1:
        raise ValueError("snapshot has no row of VENUE_RISK, or more than one")
    risk, accrual, ranking = state.risk, state.accrual, state.ranking
    config, *numbers = section[0]
    risk.configure(config)
    risk.house[1:] = numbers[:6]
    risk.pulses, risk.transfer_floor, accrual.epoch, accrual.instrument_id = numbers[6:10]
    accrual.cursor_id, risk.pass_cursor_id, accrual.numerator, accrual.denominator = numbers[10:14]
    accrual.price_ticks, accrual.fraction_parts, accrual.fraction_cost, risk.monitor_cursor = numbers[14:18]
    ranking.pulse, ranking.price_ticks, ranking.account_id, ranking.instrument_id = numbers[18:22]
    ranking.cursor_id, ranking.taken, ranking.side, ranking.round = numbers[22:26]
    accrual.kind, risk.pass_active, risk.pass_again, risk.monitors_active, risk.reserve_low = numbers[26:]


def _read_instrument(i: Instrument, row: Row) -> None:
    p, f = i.pricing, i.funding
    _, has_risk, p.formula, p.roll_weight, p.source, config, p.feed_a, p.feed_b, *numbers = row
    if has_risk:
        fields = SET_INSTRUMENT_RISK.unpack_row(bytes(COMMAND_HEADER_SIZE) + config, 0)
        i.risk, i.risk_config = SetInstrumentRisk._make(fields[HEADER_FIELDS:]), config
    p.close_price_e8, p.settlement_price_e8, p.manual_price_e8, p.raw_q20, p.index_q20 = numbers[:5]
    p.oracle_q20, p.basis_q20, p.reference_q20, p.external_since_ns, p.prints, i.last_ticks = numbers[5:11]
    i.flow_average_micro, i.flow_sent_micro, f.weighted_ppb, f.settle_rate_ppt, f.settle_mark_ticks = numbers[11:16]
    p.delist_ns, p.oracle_sum_q20, p.oracle_count, f.samples, p.published_session, p.reopens = numbers[16:]


def _read_account(a: Account, row: Row) -> None:
    _, a.home_session_id, a.dlp_notional_max_micro, a.account_flags, a.fee_tier, a.stage, a.epoch, *numbers = row
    a.deposits_micro, a.realised_micro, a.funding_micro, a.fees_micro, a.rewards_micro, a.settled_micro = numbers[:6]
    a.hold_micro, a.run.start_ns, a.run.price_e8, a.run.quantity_e8, a.run.count = numbers[6:11]
    a.run.instrument_id, a.run.side, a.margin_called, a.in_deficit, a.swept = numbers[11:]
    balance = sum(numbers[:6]) - 2 * a.fees_micro
    for node in a.path:
        node.balance_micro += balance


def _read_limit(row: Row, state: State) -> None:
    node_id, target_id, scope, kind, target, owner, *numbers = row
    limit = LimitRow(scope, node_id, kind, target, target_id, owner)
    limit.flags, limit.action, limit.warned, limit.soft_ppm, limit.date = numbers[:5]
    limit.value, limit.parameter, limit.base, limit.peak, limit.tripped = numbers[5:]
    state.rows[limit.key] = limit
    limits.enlist(state, limit)


def _read_protections(sections: dict[Section, list[Row]], state: State) -> None:
    for account_id, instrument_id, *terms in sections[Section.MMP]:
        protection = Protection()
        state.positions[account_id, instrument_id].protection = protection
        protection.window_ns, protection.quantity_lots, protection.delta_micro, protection.freeze_ns = terms[:4]
        protection.frozen_until_ns, protection.fills_max = terms[4:]
        state.protections += 1
    for account_id, instrument_id, *fill in sections[Section.MMP_FILL]:
        known = state.positions[account_id, instrument_id].protection
        if known is None:
            raise KeyError((account_id, instrument_id))
        known.fills.append((fill[0], fill[1], fill[2]))
