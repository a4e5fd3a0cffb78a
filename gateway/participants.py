"""Who may log in, as what, and with which defaults. Built by `app` from the participants file; asked by the doors.

Passwords are kept as memory-hard hashes (`gateway.passwords`). Checking one takes tens of milliseconds by design: doors
call `verify` in a thread, never on the loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from engine.records import CodFlag
from gateway.passwords import hash_password, verify_password


@dataclass(frozen=True, slots=True)
class Participant:
    """One login of the binary door.

    session_id: the engine's session that it speaks for; one live connection at a time.
    cod_flags, cod_grace_ns: cancel on disconnect unless SessionOptions says otherwise.
    """

    username: str
    session_id: int
    password_hash: str = field(repr=False)
    name: str = ""
    cod_flags: CodFlag = CodFlag.ON_LOSS | CodFlag.ON_LOGOUT
    cod_grace_ns: int = 0


class Participants:
    """Logins by user name. Raises ValueError when a name or a session is used twice."""

    def __init__(self, participants: Iterable[Participant]) -> None:
        self._by_username: dict[str, Participant] = {}
        sessions: set[int] = set()
        for participant in participants:
            if participant.username in self._by_username or participant.session_id in sessions:
                raise ValueError(f"user {participant.username!r} or session {participant.session_id} is named twice")
            self._by_username[participant.username] = participant
            sessions.add(participant.session_id)
        self._decoy = hash_password("decoy")  # an unknown user costs what a known one costs: names cannot be probed

    def __len__(self) -> int:
        return len(self._by_username)

    def __iter__(self) -> Iterator[Participant]:
        return iter(self._by_username.values())

    def verify(self, username: str, password: bytes) -> Participant | None:
        """The participant when the password is right, else None. Blocks for the time of one hash; thread-safe."""
        participant = self._by_username.get(username)
        known = verify_password(password, participant.password_hash if participant else self._decoy)
        return participant if known and participant is not None else None
