"""What a Logon chooses for its connection: cancel on disconnect, open-order snapshot, precision of times, tags of ours.

Tags are those of docs/fix: 35002, 35003 and 20010 to 20013. What is not said is the session's configuration. Pure
functions.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.records import CodFlag
from gateway.fix.participant import FixParticipant
from gateway.fix.session import Fields, Message

COD_TYPE = 35002
COD_WINDOW_MS = 35003
COD_SCOPE = 20010
SNAPSHOT = 20011
TIMESTAMP_PRECISION = 20012
USER_TAGS = 20013
COD_WINDOW_MS_MAX = 3_600_000
NS_PER_MS = 1_000_000
_COD_TYPES = CodFlag.ON_LOSS | CodFlag.ON_LOGOUT


@dataclass(frozen=True, slots=True)
class Options:
    """refusal: what the Logon asked for and cannot have, in words; empty = nothing."""

    cod_flags: CodFlag
    cod_grace_ns: int
    snapshot: bool
    decimals: int
    user_tags: bool
    refusal: str = ""

    @classmethod
    def of(cls, logon: Message, who: FixParticipant) -> Options:
        """The dictionary has checked types and enumerations; ranges are checked here."""
        cod_type, scope, window_ms = (logon.number(tag) for tag in (COD_TYPE, COD_SCOPE, COD_WINDOW_MS))
        flags = who.cod_flags
        if cod_type is not None:
            flags = (flags & ~_COD_TYPES) | CodFlag(cod_type & int(_COD_TYPES))
        if scope is not None:
            flags = flags | CodFlag.ACCOUNT_SCOPE if scope == 2 else flags & ~CodFlag.ACCOUNT_SCOPE
        refusal = ""
        if window_ms is not None and not 1 <= window_ms <= COD_WINDOW_MS_MAX:
            refusal = f"CODTimeoutWindow (35003) must be 1 to {COD_WINDOW_MS_MAX} ms; leave it out to cancel at once"
        grace_ns = who.cod_grace_ns if window_ms is None else window_ms * NS_PER_MS
        return cls(
            cod_flags=flags,
            cod_grace_ns=grace_ns,
            snapshot=logon.get(SNAPSHOT) == "Y",
            decimals=logon.number(TIMESTAMP_PRECISION) or who.decimals,
            user_tags=logon.get(USER_TAGS) != "N",
            refusal=refusal,
        )

    def answer(self, who: FixParticipant) -> Fields:
        """Further fields of our Logon: what is in force."""
        fields: list[tuple[int, str | int]] = []
        if self.user_tags:
            fields.append((COD_TYPE, int(self.cod_flags & _COD_TYPES)))
            if self.cod_grace_ns:
                fields.append((COD_WINDOW_MS, self.cod_grace_ns // NS_PER_MS))
            fields.append((COD_SCOPE, 2 if self.cod_flags & CodFlag.ACCOUNT_SCOPE else 1))
            fields += [(TIMESTAMP_PRECISION, self.decimals), (USER_TAGS, "Y")]
        limits = [(2, who.reject_per_s), (3, who.logout_per_s)]  # ThrottleAction: reject, disconnect
        limits = [(action, limit) for action, limit in limits if limit]
        if limits:
            fields.append((1610, len(limits)))
            for action, limit in limits:
                fields += [(1611, action), (1612, 0), (1613, limit), (1614, 1), (1615, 0)]
        return tuple(fields)
