"""A venue for the participant kit: `serve` in a process of its own, with the compiled engine and its journal.

Participant ALPHA has a session in each version (FIX 4.2 and 4.4 with a password, 5.0 SP2 with a signature), BRAVO one
in FIX 4.4 to trade with. One instrument, with a speed bump, a price band and a least order value.
"""

from __future__ import annotations

import base64
from decimal import Decimal
from pathlib import Path
from types import TracebackType

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from gateway.fix.kit.endpoint import Endpoint
from gateway.fix.rules.model import Version
from gateway.passwords import hash_password
from tests.live_venue import LiveVenue

SYMBOL, PRICE = "AAPL-USD", Decimal(254)
NAMES = {Version.FIX42: "4.2", Version.FIX44: "4.4", Version.FIX50SP2: "5.0SP2"}
_PASSWORD = "example-password"
_MARKET = """\
[[instrument]]
id = 1
symbol = "AAPL-USD"
asset_class = "equity"
tick_size = "0.01"
lot_size = "0.001"
min_price = "0.01"
max_price = "1000"
min_quantity = "0.001"
max_quantity = "5000"
mark_price = "254"
speed_bump_ms = 20
"""
_PARTY = """
[[firm]]
id = {id}
name = "{name}"

[[desk]]
id = {id}
firm = {id}
name = "{name}-MM"

[[trader]]
id = {id}
desk = {id}
name = "{name}-T1"
weight_per_minute = 0

[[account]]
id = {id}
trader = {id}
name = "{name}-A1"
"""
_SESSION = """
[[fix_session]]
id = {id}
name = "{comp_id}-FIX{id}"
scope = "account"
node = {node}
version = "FIX.{version}"
sender_comp_id = "{comp_id}"
networks = ["127.0.0.0/8"]
cancel_on_disconnect = []
"""


class KitVenue:
    """`with KitVenue(directory) as venue`: runs until the end of the block."""

    def __init__(self, directory: Path) -> None:
        self._key_path = directory / "alpha-key.pem"
        (directory / "kit-market.toml").write_text(_MARKET)
        (directory / "kit-participants.toml").write_text(self._participants())
        self._venue = LiveVenue(
            directory,
            market=str(directory / "kit-market.toml"),
            participants=str(directory / "kit-participants.toml"),
        )

    def __enter__(self) -> KitVenue:
        self._venue.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._venue.kill()

    @property
    def port(self) -> int:
        """The FIX door's."""
        return int(self._venue.ready["fix_port"])

    def endpoint(self, version: Version) -> Endpoint:
        """ALPHA's session of that version."""
        is_signed = version is Version.FIX50SP2
        return Endpoint(
            "127.0.0.1",
            self.port,
            NAMES[version],
            "ALPHA",
            "PERPGATE",
            account="ALPHA-A1",
            username="" if is_signed else "ALPHA",
            password="" if is_signed else _PASSWORD,
            private_key=self._key_path if is_signed else None,
        )

    @property
    def counterparty(self) -> Endpoint:
        """BRAVO's session."""
        return Endpoint("127.0.0.1", self.port, "4.4", "BRAVO", "PERPGATE", account="BRAVO-A1")

    def _participants(self) -> str:
        key = Ed25519PrivateKey.generate()
        self._key_path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public = base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
        secret = f'username = "ALPHA"\npassword_hash = "{hash_password(_PASSWORD, bytes_max=128)}"\n'
        sessions = (
            _SESSION.format(id=1, comp_id="ALPHA", node=1, version="4.2") + secret,
            _SESSION.format(id=2, comp_id="ALPHA", node=1, version="4.4") + secret,
            _SESSION.format(id=3, comp_id="ALPHA", node=1, version="5.0SP2") + f'public_key = "{public}"\n',
            _SESSION.format(id=4, comp_id="BRAVO", node=2, version="4.4"),
        )
        return _PARTY.format(id=1, name="ALPHA") + _PARTY.format(id=2, name="BRAVO") + "".join(sessions)
