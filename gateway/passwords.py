"""Password hashes of sessions: scrypt, as text that says its own parameters; and public keys as text.

    scrypt$LOG2_N$R$P$SALT$HASH      salt and hash in base64 without padding

`perpgate hash-password` makes them, `participants.toml` holds them, the login checks them. A check takes about 20 ms of
a core by design: logins are rate limited, and callers on an event loop run it in a thread.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os

PASSWORD_BYTES_MAX = 10  # SoupBinTCP's login field
LOG2_N, BLOCK_SIZE, PARALLEL = 13, 8, 1
SALT_BYTES, HASH_BYTES = 16, 32
PUBLIC_KEY_BYTES = 32  # of Ed25519
LOG2_N_MAX, BLOCK_SIZE_MAX, PARALLEL_MAX = 17, 16, 4  # a hash from a file must not be able to stall the venue


def check_password_text(password: str, bytes_max: int = PASSWORD_BYTES_MAX) -> None:
    """Raises ValueError unless it has 1 to bytes_max printable ASCII characters, no space at an end. The default fits a
    SoupBinTCP login."""
    if not 1 <= len(password) <= bytes_max or not password.isascii() or not password.isprintable():
        raise ValueError(f"a password has 1 to {bytes_max} printable ASCII characters")
    if password != password.strip():
        raise ValueError("a password may not begin or end with a space: the login field is padded with them")


def hash_password(password: str, salt: bytes | None = None, bytes_max: int = PASSWORD_BYTES_MAX) -> str:
    """The text for `password_hash`; `salt` is random unless given. Raises ValueError when it could not be sent."""
    check_password_text(password, bytes_max)
    salt = os.urandom(SALT_BYTES) if salt is None else salt
    digest = _scrypt(password.encode("ascii"), salt, LOG2_N, BLOCK_SIZE, PARALLEL)
    return f"scrypt${LOG2_N}${BLOCK_SIZE}${PARALLEL}${_text(salt)}${_text(digest)}"


def parse_hash(text: str) -> tuple[int, int, int, bytes, bytes]:
    """log2 n, r, p, salt, hash. Raises ValueError that says what is wrong."""
    parts = text.split("$")
    if len(parts) != 6 or parts[0] != "scrypt" or not all(part.isdecimal() for part in parts[1:4]):
        raise ValueError("is no password hash: make one with `perpgate hash-password`")
    log2_n, block_size, parallel = (int(part) for part in parts[1:4])
    if not (1 <= log2_n <= LOG2_N_MAX and 1 <= block_size <= BLOCK_SIZE_MAX and 1 <= parallel <= PARALLEL_MAX):
        raise ValueError("has scrypt parameters out of range: make one with `perpgate hash-password`")
    try:
        salt, digest = (base64.b64decode(part + "=" * (-len(part) % 4), validate=True) for part in parts[4:])
    except binascii.Error:
        raise ValueError("is a damaged password hash: make one with `perpgate hash-password`") from None
    if len(salt) < 8 or len(digest) != HASH_BYTES:
        raise ValueError("is a damaged password hash: make one with `perpgate hash-password`")
    return log2_n, block_size, parallel, salt, digest


def verify_password(password: bytes, text: str) -> bool:
    """True when `password` is the one that `text` was made of. Raises ValueError when `text` is no hash."""
    log2_n, block_size, parallel, salt, digest = parse_hash(text)
    return hmac.compare_digest(_scrypt(password, salt, log2_n, block_size, parallel), digest)


def _scrypt(password: bytes, salt: bytes, log2_n: int, block_size: int, parallel: int) -> bytes:
    memory = 128 * block_size * ((1 << log2_n) + parallel + 2)
    return hashlib.scrypt(
        password, salt=salt, n=1 << log2_n, r=block_size, p=parallel, maxmem=2 * memory, dklen=HASH_BYTES
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii").rstrip("=")


def parse_public_key(text: str) -> bytes:
    """The 32 bytes of an Ed25519 public key from base64. Raises ValueError that says what to write."""
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != PUBLIC_KEY_BYTES:
        raise ValueError("is no Ed25519 public key: write its 32 bytes in base64")
    return key
