"""A QuickFIX initiator, unchanged and with its own validation on, behind a small blocking interface.

QuickFIX calls back from threads of its own; what it says is put into one queue in order and nothing else happens there.
"""

from __future__ import annotations

import queue
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.fix.dictionary import FILES
from gateway.fix.kit.endpoint import Endpoint, KitError, VenueUnreachable
from gateway.fix.kit.relay import TlsRelay
from gateway.fix.kit.requests import Body
from gateway.fix.kit.wire import FixMessage, encode, parse

try:
    import quickfix
except ImportError:  # the extra is not installed
    quickfix = None

RECONNECT_INTERVAL_S = 1


def has_quickfix() -> bool:
    """Whether the package is installed."""
    return quickfix is not None


def require_quickfix() -> None:
    """Raises KitError when the package is not there."""
    if not has_quickfix():
        raise KitError(
            "the quickfix package is missing: pip install 'perpgate[fix-kit]' (it is compiled, about 6 minutes)"
        )


@dataclass(frozen=True, slots=True)
class Said:
    """Something that QuickFIX told. kind: logon, logout, in (either level), out (application messages)."""

    kind: str
    message: FixMessage | None = None


@dataclass
class InitiatorOptions:
    """logon: further fields of the Logon, such as (35002, "0"). reset: 141=Y with each logon. directory: where QuickFIX
    keeps its store and log; the numbers of a session live there. next_expected: 789 instead of resend requests."""

    directory: Path
    logon: Body = field(default_factory=list)
    reset: bool = False
    next_expected: bool = False


class Initiator:
    """One session over QuickFIX. `said` is everything it told, in order."""

    def __init__(self, endpoint: Endpoint, options: InitiatorOptions) -> None:
        require_quickfix()
        self.endpoint = endpoint
        self.said: queue.Queue[Said] = queue.Queue()
        self.rejected_by_us: list[FixMessage] = []
        self._options = options
        self._relay = TlsRelay(endpoint) if endpoint.tls else None
        options.directory.mkdir(parents=True, exist_ok=True)
        path = options.directory / "quickfix.cfg"
        path.write_text(self._settings())
        self._application = _application(self)
        settings = quickfix.SessionSettings(str(path))
        directory = endpoint.dictionary_directory
        self._dictionaries = [quickfix.DataDictionary(str(directory / name)) for name in FILES[endpoint.begin_string]]
        self._store = quickfix.FileStoreFactory(settings)
        self._log = quickfix.FileLogFactory(settings)
        self._initiator: Any = quickfix.SocketInitiator(self._application, self._store, settings, self._log)
        self.session_id: Any = quickfix.SessionID(
            endpoint.begin_string, endpoint.sender_comp_id, endpoint.target_comp_id
        )

    # ------------------------------------------------------------------------------------------- connection

    def start(self, timeout_s: float = 10.0) -> FixMessage:
        """Connects and logs on; the venue's Logon. Raises VenueUnreachable with the venue's words when it refuses."""
        self._initiator.start()
        return self._wait_for_logon(timeout_s)

    def stop(self) -> None:
        """Logs out and ends. QuickFIX knows sessions by name in one place for the whole process: the object has to go,
        or the next one of the same session would send through this one."""
        self._initiator.stop()
        self._initiator = None
        if self._relay:
            self._relay.stop()

    def keep_numbers(self) -> None:
        """Later logons go on from the numbers that were reached, whatever `reset` said."""
        quickfix.Session.lookupSession(self.session_id).setResetOnLogon(False)

    def drop(self) -> None:
        """Drops the line without a Logout; QuickFIX connects again by itself after a second."""
        quickfix.Session.lookupSession(self.session_id).disconnect()

    def reconnected(self, timeout_s: float = 10.0) -> FixMessage:
        """Waits for the logon after `drop`."""
        return self._wait_for_logon(timeout_s)

    def _wait_for_logon(self, timeout_s: float) -> FixMessage:
        """The venue's Logon, once QuickFIX says that the session is on: before that it would lose what it is given."""
        deadline_s = time.monotonic() + timeout_s
        answer, words = None, ""
        while (left_s := deadline_s - time.monotonic()) > 0:
            try:
                said = self.said.get(timeout=left_s)
            except queue.Empty:
                break
            if said.kind == "logon" and answer is not None:
                return answer
            if said.kind == "in" and said.message is not None:
                answer = said.message if said.message.msg_type == "A" else answer
                words = said.message.get(58) or words
        reason = f": {words}" if words else f"; see the log in {self._options.directory}"
        raise VenueUnreachable(f"no logon at {self.endpoint.host}:{self.endpoint.port} within {timeout_s:g} s{reason}")

    # --------------------------------------------------------------------------------------------- messages

    def send(self, msg_type: str, body: Body) -> None:
        """Hands a message to QuickFIX, which gives it number and time. Raises KitError when there is no session."""
        head: Body = [(8, self.endpoint.begin_string), (35, msg_type), (49, "-"), (56, "-"), (34, "1"), (52, "-")]
        data = encode(head + body).decode("latin-1")
        message = quickfix.Message()
        message.setString(data, False, *self._dictionaries)
        if not quickfix.Session.sendToTarget(message, self.session_id):
            raise KitError("there is no session to send on")

    def expect(self, msg_type: str, timeout_s: float = 5.0, **values: str) -> FixMessage:
        """The next message from the venue of a type with these values (`t150="0"`). Raises KitError."""
        wanted = {int(name.removeprefix("t")): value for name, value in values.items()}
        deadline_s = time.monotonic() + timeout_s
        seen: list[str] = []
        while True:
            try:
                said = self.said.get(timeout=max(0.001, deadline_s - time.monotonic()))
            except queue.Empty:
                raise KitError(f"no 35={msg_type} {wanted} within {timeout_s:g} s; came: {'; '.join(seen)}") from None
            message = said.message
            if said.kind != "in" or message is None:
                continue
            if message.msg_type == msg_type and all(message.get(tag) == value for tag, value in wanted.items()):
                return message
            seen.append(message.to_text()[:300])

    def _settings(self) -> str:
        endpoint, options = self.endpoint, self._options
        port = self._relay.port if self._relay else endpoint.port
        host = "127.0.0.1" if self._relay else endpoint.host
        lines = [
            "[DEFAULT]",
            "ConnectionType=initiator",
            f"ReconnectInterval={RECONNECT_INTERVAL_S}",
            f"FileStorePath={options.directory}",
            f"FileLogPath={options.directory}",
            "NonStopSession=Y",
            "UseDataDictionary=Y",
            "ValidateUserDefinedFields=Y",
            "ValidateFieldsOutOfOrder=Y",
            "ValidateFieldsHaveValues=Y",
            "TimestampPrecision=6",
            f"ResetOnLogon={'Y' if options.reset else 'N'}",
            f"SendNextExpectedMsgSeqNum={'Y' if options.next_expected else 'N'}",
            "[SESSION]",
            f"BeginString={endpoint.begin_string}",
            f"SenderCompID={endpoint.sender_comp_id}",
            f"TargetCompID={endpoint.target_comp_id}",
            f"SocketConnectHost={host}",
            f"SocketConnectPort={port}",
            f"HeartBtInt={endpoint.heartbeat_s}",
        ]
        files = [str(endpoint.dictionary_directory / name) for name in FILES[endpoint.begin_string]]
        if len(files) == 1:
            lines.append(f"DataDictionary={files[0]}")
        else:
            lines += ["DefaultApplVerID=9", f"TransportDataDictionary={files[0]}", f"AppDataDictionary={files[1]}"]
        return "\n".join(lines) + "\n"

    # ------------------------------------------------------------------------- called by QuickFIX's threads

    def on_admin_out(self, message: Any) -> None:
        """A session message is about to go: a Logon gets its credentials."""
        header = message.getHeader()
        self.set_sub_id(header)
        kind = header.getField(35)
        if kind == "A":
            fields = self.endpoint.credentials(int(header.getField(34)), header.getField(52)) + self._options.logon
            for tag, value in fields:
                message.setField(quickfix.StringField(tag, value))
        if kind == "3":
            self.rejected_by_us.append(parse(message.toString().encode("latin-1")))

    def set_sub_id(self, header: Any) -> None:
        if self.endpoint.sender_sub_id:
            header.setField(quickfix.StringField(50, self.endpoint.sender_sub_id))

    def on_message(self, kind: str, message: Any) -> None:
        self.said.put(Said(kind, parse(message.toString().encode("latin-1"))))


def _application(initiator: Initiator) -> Any:
    """QuickFIX's Application; a class of its own because the base class exists only when the package does."""

    class Application(quickfix.Application):  # type: ignore[misc]
        def onCreate(self, session_id: Any) -> None:
            pass

        def onLogon(self, session_id: Any) -> None:
            initiator.said.put(Said("logon"))

        def onLogout(self, session_id: Any) -> None:
            initiator.said.put(Said("logout"))

        def toAdmin(self, message: Any, session_id: Any) -> None:
            initiator.on_admin_out(message)

        def fromAdmin(self, message: Any, session_id: Any) -> None:
            initiator.on_message("in", message)

        def toApp(self, message: Any, session_id: Any) -> None:
            initiator.set_sub_id(message.getHeader())
            initiator.on_message("out", message)

        def fromApp(self, message: Any, session_id: Any) -> None:
            initiator.on_message("in", message)

    return Application()
