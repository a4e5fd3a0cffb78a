"""The operators' side of the door: connects, proves who it is, asks one thing after the other. Blocking, no event loop.

Called by `perpgate operator` and tests; imports nothing of the venue but the protocol.
"""

from __future__ import annotations

import base64
import socket
import ssl
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from gateway.operator.protocol import PROTOCOL, Answer, Greeting, Login, Outcome, Request, login_text

TIMEOUT_S = 30.0
KEY_MODE = 0o600


class OperatorError(Exception):
    """The door cannot be reached, does not let in, or does not answer; the text says what to do."""


class LoginRefusedError(OperatorError):
    """The door is there and says no."""


class OperatorClient:
    """`with OperatorClient(place, "ALICE", key=...) as client: client.ask(Show(what="limits"))`

    place: path of a local socket, or (host, port), which takes `tls`. timeout_s: for connecting and for each answer.
    """

    def __init__(
        self,
        place: Path | tuple[str, int],
        operator: str,
        *,
        key: Ed25519PrivateKey | None = None,
        password: str = "",
        tls: ssl.SSLContext | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._place = place
        self._operator = operator
        self._key = key
        self._password = password
        self._tls = tls
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None
        self._received = b""
        self.welcome: Answer | None = None

    def __enter__(self) -> Self:
        try:
            self._socket = self._connect()
            self._login()
        except OSError as error:
            self.close()
            raise OperatorError(
                f"{self._name}: {error.strerror or error}: is the venue up, with listen.operator?"
            ) from None
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def ask(self, request: Request) -> Answer:
        """The door's answer. Raises OperatorError when none comes: it may have been carried out all the same."""
        try:
            return self._exchange(msgspec.json.encode(request))
        except TimeoutError:
            raise OperatorError(
                f"{self._name}: no answer within {self._timeout_s:.0f} s; it may still be carried out: look with "
                "`perpgate inspect` before it is asked again"
            ) from None
        except OSError as error:
            raise OperatorError(f"{self._name}: {error.strerror or error}: the connection is gone") from None

    @property
    def _name(self) -> str:
        return str(self._place) if isinstance(self._place, Path) else f"{self._place[0]}:{self._place[1]}"

    def _connect(self) -> socket.socket:
        if isinstance(self._place, Path):
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(self._timeout_s)
            connection.connect(str(self._place))
            return connection
        if self._tls is None:
            raise OperatorError(f"{self._name}: an address takes TLS: name the certificate with --ca")
        plain = socket.create_connection(self._place, self._timeout_s)
        return self._tls.wrap_socket(plain, server_hostname=self._place[0])

    def _login(self) -> None:
        line = self._read()
        try:
            greeting = msgspec.json.decode(line, type=Greeting)
        except msgspec.DecodeError:
            answer = msgspec.json.decode(line, type=Answer)
            raise LoginRefusedError(f"{self._name}: {answer.text}") from None
        if greeting.protocol != PROTOCOL:
            raise OperatorError(f"{self._name}: speaks protocol {greeting.protocol}, this perpgate {PROTOCOL}")
        signature = ""
        if self._key is not None:
            text = login_text(self._operator, base64.b64decode(greeting.challenge))
            signature = base64.b64encode(self._key.sign(text)).decode()
        login = Login(operator=self._operator, password=self._password, signature=signature)
        answer = self._exchange(msgspec.json.encode(login))
        if answer.outcome is not Outcome.WELCOME:
            raise LoginRefusedError(f"{self._name}: {answer.text}")
        self.welcome = answer

    def _exchange(self, line: bytes) -> Answer:
        assert self._socket is not None, "use the client as a context manager"
        self._socket.sendall(line + b"\n")
        return msgspec.json.decode(self._read(), type=Answer)

    def _read(self) -> bytes:
        assert self._socket is not None
        while b"\n" not in self._received:
            data = self._socket.recv(65_536)
            if not data:
                raise OperatorError(f"{self._name}: the door has closed the connection")
            self._received += data
        line, _, self._received = self._received.partition(b"\n")
        return line


def make_key(path: Path) -> str:
    """A new private key in `path`, readable by its owner alone; returns the text for `public_key`.

    Raises FileExistsError: keys are never overwritten.
    """
    key = Ed25519PrivateKey.generate()
    path.touch(KEY_MODE, exist_ok=False)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return public_text(key)


def public_text(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def read_key(path: Path) -> Ed25519PrivateKey:
    """Raises OperatorError when it is no key, or others can read it."""
    try:
        mode = path.stat().st_mode & 0o777
        if mode & 0o077:
            raise OperatorError(f"{path}: others can read it (mode {mode:04o}): chmod 600 {path}")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise OperatorError(f"{path}: {error.strerror}") from None
    except (ValueError, TypeError):
        raise OperatorError(f"{path}: is no private key: make one with `perpgate operator keygen FILE`") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise OperatorError(f"{path}: is no Ed25519 key: make one with `perpgate operator keygen FILE`")
    return key
