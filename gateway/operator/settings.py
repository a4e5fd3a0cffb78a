"""The operators' part of the configuration: [operator_door] of the process file, [[operator]] of the participants file.

For `gateway.config`, which reads the files. At rest there are user ids, public keys and memory-hard hashes only.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Annotated, Literal

from msgspec import Meta

from gateway.config_types import NAME_BYTES_MAX, Id, Status, Table
from gateway.operator.operations import OPERATIONS
from gateway.passwords import parse_hash, parse_public_key


class OperatorDoorSettings(Table, frozen=True, kw_only=True):
    """The operators' door; its place is listen.operator, who may come in are [[operator]] of the participants file."""

    socket_mode: Annotated[
        str, Meta(pattern="^0[0-7]{3}$", description="permissions of the local socket; 0660 admits its group too")
    ] = "0600"
    proposal_minutes: Annotated[
        int, Meta(ge=1, le=10_080, description="minutes after which a proposal that nobody approved is gone")
    ] = 60
    idle_s: Annotated[int, Meta(ge=10, le=86_400, description="seconds of silence before a connection is closed")] = 600
    approve: Annotated[
        tuple[str, ...], Meta(description="operations that need a second operator beyond those that always do")
    ] = ()


class Operator(Table, frozen=True, kw_only=True):
    """Somebody who runs the venue: logs in to the operators' door. The id is in the journal with what was done."""

    id: Id
    name: Annotated[str, Meta(min_length=1, max_length=NAME_BYTES_MAX, pattern="^[!-~]+$")]
    roles: Annotated[tuple[Literal["viewer", "risk", "market", "treasury"], ...], Meta(min_length=1)]
    unix_uid: Annotated[int, Meta(ge=0)] | None = None  # user on the local socket; alone it is the credential
    public_key: Annotated[str, Meta(description="Ed25519, 32 bytes in base64: `perpgate operator keygen`")] = ""
    password_hash: Annotated[str, Meta(description="made by `perpgate hash-password --operator`")] = ""
    status: Status = "active"


def check_operator_door(door: OperatorDoorSettings, has_address: bool, has_tls: bool) -> Iterable[str]:
    """What is wrong with it, in words."""
    if has_address and not has_tls:
        yield 'listen.operator: an address takes [tls], add the table; or name a local socket, such as "operator.sock"'
    for name in door.approve:
        if name not in OPERATIONS:
            near = difflib.get_close_matches(name, OPERATIONS, n=1)
            yield f"operator_door.approve: there is no operation {name!r}, write {near[0] if near else 'deposit'!r}"


def check_operators(rows: tuple[Operator, ...]) -> Iterable[str]:
    """Names and credentials are each one's own, and everybody shows something: four eyes are worth nothing when two
    operators are the same person with the same key."""
    names: set[str] = set()
    credentials: set[str | int] = set()
    for index, row in enumerate(rows):
        where = f"operator[{index}]"
        is_uid_alone = not row.public_key and not row.password_hash
        credential = row.unix_uid if is_uid_alone else row.public_key
        if row.status == "active" and credential in credentials:
            key = "unix_uid" if is_uid_alone else "public_key"
            yield f"{where}.{key}: it is another operator's too, and each needs one of his own"
        if row.status == "active" and credential is not None and credential != "":
            credentials.add(credential)
        if row.name in names:
            yield f"{where}.name: {row.name!r} is used twice"
        names.add(row.name)
        if not row.public_key and not row.password_hash and row.unix_uid is None:
            yield f"{where}: has no credentials: give public_key, password_hash or unix_uid"
        for key, parse in (("password_hash", parse_hash), ("public_key", parse_public_key)):
            try:
                if getattr(row, key):
                    parse(getattr(row, key))
            except ValueError as error:
                yield f"{where}.{key}: {error}"
