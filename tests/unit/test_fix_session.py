"""The FIX session state machine by itself: messages and time in, actions out. Cases over sockets: tests/conformance."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.fix import _wire
from gateway.fix._rules import Rules
from gateway.fix.dictionary import load_session
from gateway.fix.inbound import TAKEN_TYPES
from gateway.fix.session import Action, Deliver, Disconnect, Now, Profile, Resend, ResetNumbers, Send, Session, State
from gateway.session import DisconnectReason
from tests.fix_messages import order, utc, wrap

DICTIONARIES = Path(__file__).resolve().parents[2] / "config" / "fix"
RULES = Rules(load_session("FIX.4.4", DICTIONARIES).tables(TAKEN_TYPES[44]))


@dataclass
class Peer:
    """A session and a counterparty without a wire between them: `out` is what the venue's numbers would be."""

    session: Session = field(default_factory=lambda: Session(Profile("FIX.4.4", "MM", "VENUE"), RULES))
    out: int = 1
    mono_s: float = 1_000.0

    def now(self) -> Now:
        return Now(_wire.parse_timestamp(utc().encode()), self.mono_s)

    def message(self, text: str, seq: int, **header: str) -> _wire.FixMessage:
        msg_type, _, body = text.partition("|")
        head = {"t34": str(seq), "t49": "MM", "t52": utc(), "t56": "VENUE", **header}
        fields = [f"{tag[1:]}={value}" for tag, value in head.items()]
        return _wire.parse(wrap("FIX.4.4", "|".join([f"35={msg_type}", *fields, body])))

    def logon(self, seq: int = 1, more: str = "") -> list[Action]:
        return self.count(self.session.on_logon(self.message(f"A|98=0|108=30{more}", seq), self.now(), self.out))

    def give(self, text: str, seq: int, **header: str) -> list[Action]:
        """One message, and what was kept for it."""
        actions = self.session.on_message(self.message(text, seq, **header), self.now(), self.out)
        while (kept := self.session.on_queue(self.now(), self.out)) is not None:
            actions = [*actions, *kept]
        return self.count(actions)

    def count(self, actions: list[Action]) -> list[Action]:
        for action in actions:
            if isinstance(action, ResetNumbers):
                self.out = 1
            self.out += isinstance(action, Send)
        return actions


def kinds(actions: list[Action]) -> list[str]:
    """Actions in short: the MsgType of a Send, else the name."""
    return [a.msg_type if isinstance(a, Send) else type(a).__name__ for a in actions]


def text_of(action: Action) -> str:
    assert isinstance(action, Send)
    return str(dict(action.fields).get(58, ""))


@pytest.fixture
def peer() -> Peer:
    made = Peer()
    assert kinds(made.logon()) == ["A"]
    return made


def test_ordinary_while_nothing_is_missing(peer: Peer) -> None:
    assert peer.session.is_ordinary
    assert kinds(peer.give(order("a"), 2)) == ["Deliver"]
    assert peer.session.next_in == 3
    assert kinds(peer.give("0", 9)) == ["2"]
    assert not peer.session.is_ordinary


def test_one_resend_request_per_gap_and_a_new_one_for_the_next(peer: Peer) -> None:
    assert kinds(peer.give("0", 5)) == ["2"]
    assert kinds(peer.give("0", 6)) == []
    assert kinds(peer.give("4|123=Y|36=5", 2)) == []
    assert (peer.session.next_in, peer.session.is_ordinary) == (7, True)
    assert kinds(peer.give("0", 9)) == ["2"]


def test_what_was_kept_is_delivered_in_order(peer: Peer) -> None:
    peer.give(order("c"), 4)
    peer.give(order("b"), 3)
    actions = peer.give(order("a"), 2)
    assert [a.message.get(11) for a in actions if isinstance(a, Deliver)] == ["a", "b", "c"]


def test_a_copy_of_a_kept_message_changes_nothing(peer: Peer) -> None:
    peer.give(order("c"), 4)
    peer.give(order("other"), 4, t43="Y", t122=utc(-1))
    actions = peer.give("4|123=Y|36=4", 2)
    assert [a.message.get(11) for a in actions if isinstance(a, Deliver)] == ["c"]


def test_a_refused_message_is_consumed_and_a_wrong_copy_is_not(peer: Peer) -> None:
    assert kinds(peer.give("0|999=x", 2)) == ["3"]
    assert peer.session.next_in == 3
    assert kinds(peer.give("0", 2, t43="Y")) == ["3"]
    assert peer.session.next_in == 3


def test_resend_request_early_is_answered_and_counted_when_its_turn_comes(peer: Peer) -> None:
    peer.out = 10
    actions = peer.give("2|7=2|16=5", 4)
    assert actions[0] == Resend(2, 5)
    assert kinds(actions[1:]) == ["2"]
    peer.give("0", 2)
    peer.give("0", 3)
    assert peer.session.next_in == 5


@pytest.mark.parametrize(("end", "expected"), [("0", 9), ("5", 5), ("99", 9)])
def test_end_of_a_resend(peer: Peer, end: str, expected: int) -> None:
    peer.out = 10
    assert peer.give(f"2|7=3|16={end}", 2) == [Resend(3, expected)]


def test_reset_in_session_forgets_what_was_kept(peer: Peer) -> None:
    peer.give("0", 9)
    assert kinds(peer.give("A|98=0|108=30|141=Y", 1)) == ["ResetNumbers", "A"]
    assert (peer.session.next_in, peer.session.is_ordinary) == (2, True)


def test_logon_too_low_and_one_that_is_unreadable() -> None:
    peer = Peer(Session(Profile("FIX.4.4", "MM", "VENUE"), RULES, next_in=5))
    actions = peer.logon(1)
    assert kinds(actions) == ["5", "Disconnect"]
    assert text_of(actions[0]) == "MsgSeqNum too low, expecting 5 but received 1"
    peer.session.disconnected()
    actions = peer.session.on_logon(peer.message("A|98=0", 5), peer.now(), 1)
    assert kinds(actions) == ["Disconnect"]
    assert peer.session.state is State.AWAIT_LOGON


def test_disconnect_keeps_the_numbers_and_forgets_the_gap(peer: Peer) -> None:
    peer.give("0", 2)
    peer.give("0", 9)
    peer.session.disconnected()
    assert peer.session.next_in == 3
    assert kinds(peer.logon(3)) == ["A"]
    assert peer.session.is_ordinary


def test_heartbeats_test_request_and_silence(peer: Peer) -> None:
    session, start_s = peer.session, peer.mono_s
    heard_s = sent_s = start_s
    assert session.on_tick(Now(0, start_s + 29.9), heard_s, sent_s) == []
    assert kinds(session.on_tick(Now(0, start_s + 30), heard_s, sent_s)) == ["0"]
    asked_s = start_s + 36
    assert kinds(session.on_tick(Now(0, asked_s), heard_s, asked_s)) == ["1"]
    assert session.on_tick(Now(0, asked_s + 1), heard_s, asked_s) == []
    assert session.on_tick(Now(0, asked_s + 10), asked_s + 5, asked_s) == []  # it has answered
    [end] = session.on_tick(Now(0, start_s + 72.1), heard_s, start_s + 72)
    assert isinstance(end, Disconnect)
    assert end.reason is DisconnectReason.SILENCE


def test_our_logout_waits_for_its_answer_and_takes_nothing_else(peer: Peer) -> None:
    session = peer.session
    assert kinds(session.end("closing", peer.now())) == ["5"]
    assert peer.give(order("a"), 2) == []
    assert session.next_in == 2  # it will be sent again
    assert session.on_tick(Now(0, peer.mono_s + 1), 0, 0) == []
    assert kinds(session.on_tick(Now(0, peer.mono_s + 2.1), 0, 0)) == ["Disconnect"]
    assert kinds(peer.give("5", 2)) == ["Disconnect"]
    assert session.end("again", peer.now()) == []


def test_a_gap_that_is_never_filled_has_a_limit() -> None:
    peer = Peer(Session(Profile("FIX.4.4", "MM", "VENUE", queue_bytes_max=500), RULES))
    peer.logon()
    seen: list[str] = []
    for seq in range(5, 20):
        seen += kinds(peer.give("0", seq))
        if peer.session.state is not State.LOGGED_ON:
            break
    assert seen == ["2", "5", "Disconnect"]


def test_next_expected_rules() -> None:
    for expected, wanted in ((1, ["A"]), (3, ["5", "Disconnect"])):
        peer = Peer()
        assert kinds(peer.logon(1, f"|789={expected}")) == wanted
    peer = Peer(out=6)
    actions = peer.logon(1, "|789=4")
    assert kinds(actions) == ["A", "Resend"]
    assert actions[1] == Resend(4, 6)
    assert isinstance(actions[0], Send)
    assert dict(actions[0].fields)[789] == 2
