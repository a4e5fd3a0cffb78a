"""Who may log on to a FIX session: address, certificate, signature or password. The door asks; nothing here speaks FIX.

At rest there are public keys, memory-hard hashes and certificate fingerprints only. A signature is Ed25519 over the
values of MsgType, SenderCompID, TargetCompID, MsgSeqNum and SendingTime as they were sent, joined by SOH; it counts
once, because the SendingTime of a signed Logon must be later than that of the last one. Passwords are checked in a
thread by the caller.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.fix import protocol
from gateway.fix.session import Message
from gateway.passwords import hash_password, verify_password

if TYPE_CHECKING:
    from gateway.fix.participant import Link

SIGNED_TAGS = (35, protocol.SENDER_COMP_ID, protocol.TARGET_COMP_ID, protocol.MSG_SEQ_NUM, protocol.SENDING_TIME)


class Refusal(StrEnum):
    """Why a Logon was refused: for the log and the counters. The participant is not told which it was."""

    WRONG_ADDRESS = "WRONG_ADDRESS"
    WRONG_CERTIFICATE = "WRONG_CERTIFICATE"
    NO_CREDENTIALS = "NO_CREDENTIALS"
    WRONG_USERNAME = "WRONG_USERNAME"
    WRONG_PASSWORD = "WRONG_PASSWORD"
    WRONG_SIGNATURE = "WRONG_SIGNATURE"
    REPLAYED_SIGNATURE = "REPLAYED_SIGNATURE"
    STALE_SIGNATURE = "STALE_SIGNATURE"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a session's Logon has to show; everything that is given is asked for, of key and password one is enough.

    networks: addresses that it may come from, empty = any. certificate_sha256: fingerprint of the TLS client
    certificate, in hex.
    public_key: 32 bytes, empty = no signature. signature_window_ns: how far SendingTime of a signed Logon may be off.
    """

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    certificate_sha256: str = ""
    username: str = ""
    password_hash: str = field(default="", repr=False)
    public_key: bytes = b""
    signature_window_ns: int = 30_000_000_000

    def check_connection(self, peer: str, certificate: bytes | None) -> Refusal | None:
        """Address and certificate (DER, None = none was shown)."""
        if self.networks:
            try:
                address = ip_address(peer)
            except ValueError:
                return Refusal.WRONG_ADDRESS
            if not any(address in network for network in self.networks):
                return Refusal.WRONG_ADDRESS
        if self.certificate_sha256:
            shown = hashlib.sha256(certificate).hexdigest() if certificate else ""
            if not hmac.compare_digest(shown, self.certificate_sha256.lower()):
                return Refusal.WRONG_CERTIFICATE
        return None

    @property
    def wants_secret(self) -> bool:
        """A signature or a password; without either the address or the certificate is the credential."""
        return bool(self.public_key or self.password_hash)

    def has_password(self, logon: Message) -> bool:
        """The Logon shows a password that has to be checked, slowly."""
        return bool(self.password_hash) and logon.get(protocol.RAW_DATA) is None

    def check_password(self, logon: Message, password_hash: str) -> Refusal | None:
        """Blocks for the time of one memory-hard hash; safe in a thread. password_hash: the one in force."""
        password, username = logon.get(protocol.PASSWORD), logon.get(protocol.USERNAME)
        if password is None:
            return Refusal.NO_CREDENTIALS
        is_right = verify_password(password.encode("latin-1"), password_hash)
        if self.username and username is not None and username != self.username:
            return Refusal.WRONG_USERNAME
        return None if is_right else Refusal.WRONG_PASSWORD

    def check_signature(self, logon: Message, wall_ns: int, last_logon_ns: int) -> Refusal | None:
        """last_logon_ns: SendingTime of the last signed Logon that was accepted."""
        signature, sent_ns = logon.get(protocol.RAW_DATA), logon.time_ns(protocol.SENDING_TIME)
        if signature is None or sent_ns is None or not self.public_key:
            return Refusal.NO_CREDENTIALS
        try:
            key = Ed25519PublicKey.from_public_bytes(self.public_key)
            key.verify(base64.b64decode(signature, validate=True), signed_text(logon))
        except (InvalidSignature, binascii.Error, ValueError):
            return Refusal.WRONG_SIGNATURE
        if abs(wall_ns - sent_ns) > self.signature_window_ns:
            return Refusal.STALE_SIGNATURE
        return Refusal.REPLAYED_SIGNATURE if sent_ns <= last_logon_ns else None


def signed_text(logon: Message) -> bytes:
    """What the signature of a Logon covers."""
    return b"\x01".join((logon.get(tag) or "").encode("latin-1") for tag in SIGNED_TAGS)


class PasswordFile:
    """Hashes of passwords that participants changed themselves, beside the configuration that the operator writes.

    A changed hash counts as long as the configuration still has the one that it took the place of: the operator's
    next word wins.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()

    def in_force(self, link: Link) -> str:
        """The hash that a session's password is checked against. Raises ValueError when the file is damaged."""
        configured = link.participant.credentials.password_hash
        entry = self._read().get(str(link.participant.session_id))
        return entry["hash"] if entry and entry["replaces"] == configured else configured

    def change(self, link: Link, password: str) -> str:
        """Hashes and keeps a new password; returns the hash. Blocks for the hash and the disk; safe in a thread."""
        made = hash_password(password, bytes_max=len(password))
        with self._lock:
            entries = self._read()
            configured = link.participant.credentials.password_hash
            entries[str(link.participant.session_id)] = {"replaces": configured, "hash": made}
            draft = self._path.with_suffix(".draft")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(json.dumps(entries, indent=1).encode("ascii"))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        return made

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            entries: dict[str, dict[str, str]] = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except ValueError:
            raise ValueError(
                f"{self._path}: is damaged: restore it, or delete it to go back to the configured ones"
            ) from None
        return entries
