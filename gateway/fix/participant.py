"""The sessions that may come through the FIX door, and what is known of each while the process runs.

`FixParticipant` is configuration; `Link` is one session's life: its numbers, its state machine, its present
connection. `Identities` finds the session of a first message by BeginString, CompIDs and SubIDs. Built by `app`, used
by the door and its connections.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.records import CodFlag, Scope
from gateway.fix import protocol
from gateway.fix._rules import Rules
from gateway.fix.credentials import Credentials
from gateway.fix.index import SequenceStore, wire_seq_in
from gateway.fix.session import Message, Profile, Session

if TYPE_CHECKING:
    from gateway.fix.connection import FixConnection

VERSIONS = {"FIX.4.2": 42, "FIX.4.4": 44, "FIXT.1.1": 50}


@dataclass(frozen=True, slots=True)
class FixParticipant:
    """One FIX session. sender, target: CompIDs as the participant sends them; its sub ids count when they are given.

    scope, node: the engine's node that the session acts for; default_account_id: of orders without Account, 0 = they
    are refused. reject_per_s, logout_per_s: messages per second beyond which orders are refused and the session is
    ended, 0 = unlimited.
    reset_time_s: seconds after midnight UTC at which both sides start again at 1; -1 = never.
    """

    session_id: int
    name: str
    profile: Profile
    credentials: Credentials
    scope: Scope = Scope.ACCOUNT
    node: int = 0
    default_account_id: int = 0
    sender_sub_id: str = ""
    target_sub_id: str = ""
    cod_flags: CodFlag = CodFlag.ON_LOSS | CodFlag.ON_LOGOUT
    cod_grace_ns: int = 0
    reject_per_s: int = 0
    logout_per_s: int = 0
    ignores_unknown_tags: bool = False
    decimals: int = 6
    reset_time_s: int = -1

    @property
    def version(self) -> int:
        """42, 44 or 50."""
        return VERSIONS[self.profile.begin_string]

    def identity(self) -> bytes:
        """Our CompIDs and sub ids as they stand in every header of ours."""
        fields = (
            (49, self.profile.target),
            (50, self.target_sub_id),
            (56, self.profile.sender),
            (57, self.sender_sub_id),
        )
        return b"".join(b"%d=%s\x01" % (tag, text.encode("ascii")) for tag, text in fields if text)


class Link:
    """A session while the process runs, connected or not."""

    def __init__(self, participant: FixParticipant, store: SequenceStore, rules: Rules) -> None:
        self.participant = participant
        self.store = store
        self.rules = rules
        self.session = Session(participant.profile, rules, next_in=store.next_in)
        self.connection: FixConnection | None = None
        self.next_session_seq: int = store.session_seq_base
        self.last_command_in = 0  # msg_seq_in of the last message that became a command
        self.answered_in = 0  # highest msg_seq_in that the journal is known to have
        self.password_hash = participant.credentials.password_hash
        self.is_leaving = False  # its numbers are being reset by schedule

    @property
    def epoch_in(self) -> int:
        return int(self.store.epoch_in)

    def seq_in(self, seq_num: int) -> int:
        """What the engine knows an inbound number by."""
        return wire_seq_in(self.epoch_in, seq_num)

    def reset_in(self) -> None:
        """The participant's numbers start again: the engine's go on."""
        self.store.epoch_in = self.epoch_in + 1
        self.store.next_in = 1

    def save(self) -> None:
        """Writes how far inbound numbers were consumed, as far as the journal has what they asked for."""
        if self.answered_in >= self.last_command_in:
            self.store.next_in = self.session.next_in


class Identities:
    """Sessions by what a first message says of itself. Raises ValueError when two sessions cannot be told apart."""

    def __init__(self, links: Iterable[Link]) -> None:
        self._links: dict[tuple[str, ...], Link] = {}
        for link in links:
            who = link.participant
            profile = who.profile
            key = (profile.begin_string, profile.sender, profile.target, who.sender_sub_id, who.target_sub_id)
            if key in self._links:
                raise ValueError(
                    f"FIX sessions {self._links[key].participant.name!r} and {who.name!r} have the same CompIDs"
                )
            self._links[key] = link

    def __iter__(self) -> Iterator[Link]:
        return iter(self._links.values())

    def find(self, message: Message) -> Link | None:
        """The session with exactly these sub ids first, then one that leaves them open."""
        base = (
            message.begin_string,
            message.get(protocol.SENDER_COMP_ID) or "",
            message.get(protocol.TARGET_COMP_ID) or "",
        )
        sender_sub = message.get(protocol.SENDER_SUB_ID) or ""
        target_sub = message.get(protocol.TARGET_SUB_ID) or ""
        for subs in ((sender_sub, target_sub), (sender_sub, ""), ("", target_sub), ("", "")):
            link = self._links.get((*base, *subs))
            if link is not None:
                return link
        return None
