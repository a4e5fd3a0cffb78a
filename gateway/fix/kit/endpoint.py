"""Whom the kit talks to and as whom: one participant session, from command-line options or a TOML file."""

from __future__ import annotations

import base64
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from gateway.fix.dictionary import FILES, Dictionary, DictionaryError, load_session
from gateway.fix.rules.model import Version
from gateway.fix.rules.write_xml import dictionaries

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "fix"
BEGIN_STRINGS = {"4.2": "FIX.4.2", "4.4": "FIX.4.4", "5.0SP2": "FIXT.1.1"}
SOH = "\x01"
HEARTBEAT_S_MAX = 300


class KitError(Exception):
    """The kit cannot do it; the text says what is wrong and what to do."""


class VenueUnreachable(KitError):
    """There is no connection or no session to be had."""


@dataclass(frozen=True, slots=True)
class Tls:
    """ca: PEM file of the authority that signed the venue's certificate; None = the system's. certificate, key: the
    participant's own, when the venue wants one. server_name: name in the venue's certificate, "" = the host."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    server_name: str = ""

    def context(self) -> ssl.SSLContext:
        """TLS 1.3 only. Raises KitError when a file cannot be used."""
        try:
            context = ssl.create_default_context(cafile=str(self.ca) if self.ca else None)
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            if self.certificate is not None:
                context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            raise KitError(f"TLS: {error}; check --tls-ca, --tls-certificate and --tls-key") from None
        return context


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A session at a venue.

    version: "4.2", "4.4" or "5.0SP2". username and password, or private_key (PEM file, Ed25519) for signature logon.
    heartbeat_s: HeartBtInt. dictionaries: directory of the XML files, None = those of this package.
    """

    host: str
    port: int
    version: str
    sender_comp_id: str
    target_comp_id: str
    sender_sub_id: str = ""
    account: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    private_key: Path | None = None
    heartbeat_s: int = 30
    tls: Tls | None = None
    dictionaries: Path | None = None

    def __post_init__(self) -> None:
        if self.version not in BEGIN_STRINGS:
            raise KitError(f"FIX version {self.version!r} is not spoken: write {', '.join(BEGIN_STRINGS)}")
        if not 1 <= self.heartbeat_s <= HEARTBEAT_S_MAX:
            raise KitError(f"a heartbeat interval of {self.heartbeat_s} s is not allowed: write 1 to {HEARTBEAT_S_MAX}")

    @property
    def begin_string(self) -> str:
        return BEGIN_STRINGS[self.version]

    @property
    def fix_version(self) -> Version:
        return {"4.2": Version.FIX42, "4.4": Version.FIX44, "5.0SP2": Version.FIX50SP2}[self.version]

    @property
    def dictionary_directory(self) -> Path:
        return self.dictionaries or SHIPPED

    def dictionary(self) -> Dictionary:
        """The dictionary of the version. Raises KitError."""
        try:
            return load_session(self.begin_string, self.dictionary_directory)
        except DictionaryError as error:
            raise KitError(f"{error}; `perpgate fix dictionaries DIRECTORY` writes them anew") from None

    def signature(self, seq: int, sending_time: str) -> str:
        """Base64 Ed25519 signature of a Logon: 35, 49, 56, 34 and 52 as sent, joined by SOH. Raises KitError."""
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        assert self.private_key is not None
        try:
            key = load_pem_private_key(self.private_key.read_bytes(), None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KitError(f"{self.private_key}: {error}; a PEM file without password is expected") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise KitError(f"{self.private_key}: is no Ed25519 key: make one with `openssl genpkey -algorithm ed25519`")
        payload = SOH.join(("A", self.sender_comp_id, self.target_comp_id, str(seq), sending_time))
        return base64.b64encode(key.sign(payload.encode("ascii"))).decode("ascii")

    def credentials(self, seq: int, sending_time: str) -> list[tuple[int, str]]:
        """The fields of a Logon that prove who we are."""
        if self.private_key is not None:
            signature = self.signature(seq, sending_time)
            return [(95, str(len(signature))), (96, signature)]
        if self.username or self.password:
            return [(553, self.username), (554, self.password)]
        return []


def write_dictionaries(directory: Path) -> list[Path]:
    """The data dictionaries of this version of the venue, for the participant's own engine."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in dictionaries().items():
        (directory / name).write_text(text)
        written.append(directory / name)
    assert {path.name for path in written} == {name for names in FILES.values() for name in names}
    return written
