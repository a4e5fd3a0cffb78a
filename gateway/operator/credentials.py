"""Who an operator is: the user of the local socket, a key's signature over the connection's challenge, or a password.

At rest there are user ids, public keys and memory-hard hashes only. Passwords are checked in a thread by the caller.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.operator.operations import Role
from gateway.operator.protocol import Login, login_text
from gateway.passwords import verify_password


@dataclass(frozen=True, slots=True)
class Operator:
    """One [[operator]] of the participants file. unix_uid: -1 = any. Of key and password one is enough; with
    neither the local socket's user is the credential."""

    operator_id: int
    name: str
    roles: frozenset[Role]
    unix_uid: int = -1
    public_key: bytes = b""
    password_hash: str = field(default="", repr=False)

    def is_peer(self, peer_uid: int) -> bool:
        """The connection comes from the user that it has to come from. peer_uid: -1 = not a local socket."""
        return self.unix_uid in (-1, peer_uid)

    @property
    def wants_secret(self) -> bool:
        return bool(self.public_key or self.password_hash)

    def check_signature(self, login: Login, challenge: bytes) -> bool:
        if not self.public_key or not login.signature:
            return False
        try:
            signature = base64.b64decode(login.signature, validate=True)
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, login_text(self.name, challenge))
        except (InvalidSignature, ValueError):
            return False
        return True

    def check_password(self, login: Login) -> bool:
        """Blocks for the time of one memory-hard hash; safe in a thread."""
        if not self.password_hash or not login.password:
            return False
        return verify_password(login.password.encode("utf-8"), self.password_hash)
