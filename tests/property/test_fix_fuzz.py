"""A bounded part of `python -m tests.property.fix_fuzz`, with a seed of its own each time; `make fuzz` runs a million.

`PERPGATE_FUZZ_MESSAGES` sets how many messages in all.
"""

from __future__ import annotations

import os
import random

import pytest

from gateway.fix._wire import split_stream
from tests.property import fix_fuzz
from tests.property.fix_fuzz import SHARES, FuzzFailure, SessionFuzz, TokenizerFuzz, compose, mutate_fields

MESSAGES = int(os.environ.get("PERPGATE_FUZZ_MESSAGES", "30000"))


@pytest.mark.parametrize("level", ["tokenizer", "session", pytest.param("socket", marks=pytest.mark.conformance)])
def test_mutated_messages_do_no_harm(level: str) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    fuzz = fix_fuzz.run(level, int(MESSAGES * SHARES[level]), seed)
    assert fuzz.number >= int(MESSAGES * SHARES[level])
    wanted = {"tokenizer": ("arrived", "command"), "session": ("Deliver", "35=3", "35=j", "35=2", "35=5")}
    assert all(fuzz.counts[kind] for kind in wanted.get(level, ("probes answered", "orders of the bystander")))


def test_fields_are_mutated_behind_a_right_frame() -> None:
    random_ = random.Random(1)
    good = compose("FIX.4.4", "MM", "VENUE", "D|11=a|55=AAPL-USD|54=1|38=1|40=2|44=90|59=1", 2)
    made = [mutate_fields(random_, good) for _ in range(500)]
    assert all(split_stream(m, 4_096) == ([m], 0, 0) for m in made)
    assert len(set(made)) > 400


def test_what_is_lost_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fuzz fails when framing loses a message or the session does not answer."""
    monkeypatch.setattr("gateway.fix._wire.split_stream", lambda data, _: ([], 0, 0))
    with pytest.raises(FuzzFailure, match="tokenizer, seed 1, message 2: the message behind is lost"):
        TokenizerFuzz(1).go(2)
    fuzz = SessionFuzz(1)
    monkeypatch.setattr("gateway.fix.session.Session._in_order", lambda *_: [])
    with pytest.raises(FuzzFailure, match="the TestRequest behind is not answered"):
        fuzz.go(100)
