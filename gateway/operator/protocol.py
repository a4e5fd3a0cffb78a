"""What is said on an operator's connection: one JSON object a line, requests answered one by one.

    door      {"venue": "perpgate", "protocol": 1, "challenge": "..."}
    operator  {"operator": "ALICE", "signature": "..."}        or "password", or neither (the socket's user)
    door      {"outcome": "welcome", "operator_id": 1, "roles": ["risk"]}
    operator  {"do": "operation", "operation": "kill", "parameters": {"scope": "firm", "node": 3}, "reason": "..."}
    door      {"outcome": "done", "seq": 1234, "case_id": 1795658880123456, "events": [...]}

Shared by the door and its client. Every answer has an `outcome`; what was not done has a `text` that says what to do.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

VENUE, PROTOCOL = "perpgate", 1
LINE_BYTES_MAX = 65_536
CHALLENGE_BYTES = 32
REASON_BYTES_MAX = 128  # the NOTE's text


class Outcome(StrEnum):
    """What became of a request."""

    WELCOME = "welcome"
    DONE = "done"
    PROPOSED = "proposed"  # a second operator has to approve it
    WITHDRAWN = "withdrawn"  # a proposal will not become a command
    SHOWN = "shown"
    REJECTED = "rejected"  # the engine's answer, with its reason code
    REFUSED = "refused"  # the door's answer: nothing was journaled


class Greeting(msgspec.Struct, frozen=True, kw_only=True):
    venue: str
    protocol: int
    challenge: str


class Login(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    operator: str
    password: str = ""
    signature: str = ""

    def __repr__(self) -> str:
        return f"Login({self.operator!r})"  # secrets do not get into a log by accident


class Perform(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="operation", tag_field="do"):
    """An operation of the table. case: an existing case that it belongs to, 0 = a new one."""

    operation: str
    parameters: dict[str, Any] = {}
    reason: str
    case: int = 0


class Approve(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="approve", tag_field="do"):
    proposal: int


class Refuse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="refuse", tag_field="do"):
    proposal: int
    reason: str


class Show(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="show", tag_field="do"):
    what: str


Request = Perform | Approve | Refuse | Show


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`seq`: of the command. `reason`: of the engine's answer. `events`: what it did beyond cancelled orders, at most
    EVENTS_SHOWN_MAX of `events_total`."""

    outcome: Outcome
    text: str = ""
    operation: str = ""
    reason: str = ""
    seq: int = 0
    case_id: int = 0
    operator_id: int = 0
    approver_id: int = 0
    proposal: int = 0
    roles: tuple[str, ...] = ()
    rows: tuple[dict[str, Any], ...] = ()
    events: tuple[dict[str, Any], ...] = ()
    events_total: int = 0


def login_text(operator: str, challenge: bytes) -> bytes:
    """What an operator's Ed25519 key signs: it counts for one connection."""
    return b"perpgate operator login\n" + challenge + operator.encode("ascii", "replace")
