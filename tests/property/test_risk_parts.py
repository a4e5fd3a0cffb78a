"""Sequences that are made of some parts alone cause no event of another part: an engine without it can be judged."""

from __future__ import annotations

import struct

import pytest

from engine.records import EVENT_SIZE, EventKind
from tests.engines import new_engine
from tests.property.risk_shapes import EVERYTHING, PARTS, RISK_SHAPES, parts_of
from tests.property.sequences import RiskSequences

E = EventKind
COMMANDS = 1_500
OWN_EVENTS = {  # events of one part alone, or of one of two
    ("money",): {E.ACCOUNT_ENTRY, E.HOUSE_ENTRY, E.RESERVE_STATE},
    ("limits",): {E.LIMIT_REFUSED, E.LIMIT_WARNED, E.LIMIT_CLEARED, E.NODE_CHANGED},
    ("prices", "corporate"): {E.MARK_CHANGED},
    ("funding",): {E.FUNDING_RATE, E.FUNDING_DONE},
    ("corporate", "leverage"): {E.POSITION_CHANGED},
    ("corporate", "prices"): {E.INSTRUMENT_STATE},
    ("quotes",): {E.QUOTE_SET, E.QUOTE_REJECTED, E.QUOTE_CANCELLED, E.MMP_TRIPPED},
    ("twap",): {E.TWAP_SLICED},
    ("pairs",): {E.ORDER_ATTACHED},
    ("status",): {E.ACCOUNT_STATUS, E.POSITION_STATUS, E.ACCOUNT_STATUS_END},
    ("liquidation",): {E.LIQUIDATION},
}


@pytest.mark.parametrize("part", PARTS)
def test_no_event_of_another_part(part: str) -> None:
    sequences = RiskSequences(parts_of(part))
    foreign = {
        kind for owners, kinds in OWN_EVENTS.items() if not sequences.parts.intersection(owners) for kind in kinds
    }
    for seed, shape in enumerate(sequences.names):
        commands = sequences(seed, shape)
        events = new_engine("reference", commands.limits).apply(commands.take(COMMANDS))
        kinds = {EventKind(struct.unpack_from("<H", events, at + 20)[0]) for at in range(0, len(events), EVENT_SIZE)}
        assert not kinds & foreign, f"shape {shape}, seed {seed}"


def test_names_of_parts() -> None:
    assert parts_of("all") == EVERYTHING
    assert parts_of("quotes") == {"settings", "quotes"}
    assert parts_of("funding,status") == {"settings", "money", "prices", "funding", "status"}
    with pytest.raises(ValueError, match="fundings: parts are all, settings, money"):
        parts_of("money,fundings")


def test_every_shape_needs_parts_that_there_are() -> None:
    assert all(set(shape.needs) <= EVERYTHING for shape in RISK_SHAPES.values())
