"""QuickFIX (the PyPI package) as an initiator, for tests: unchanged, its own validation on, our dictionary files.

QuickFIX runs in threads of its own; `get` hands messages over to the test's event loop. Messages are shown as dicts
of first values.
"""

from __future__ import annotations

import asyncio
import itertools
import queue
from pathlib import Path
from typing import Any

import quickfix

DICTIONARIES = Path(__file__).resolve().parents[1] / "config" / "fix"
SOH = "\x01"
_FILES = {"FIX.4.2": "FIX42.xml", "FIX.4.4": "FIX44.xml"}


def as_dict(message: quickfix.Message) -> dict[int, str]:
    """First value of each tag."""
    found: dict[int, str] = {}
    for part in message.toString().rstrip(SOH).split(SOH):
        tag, _, value = part.partition("=")
        found.setdefault(int(tag), value)
    return found


class Application(quickfix.Application):
    """Keeps what comes; `admin` and `app` hold every message in order, `errors` what QuickFIX refused."""

    def __init__(self, logon_fields: dict[int, str]) -> None:
        super().__init__()
        self.logon_fields = logon_fields
        self.app: queue.Queue[dict[int, str]] = queue.Queue()
        self.admin: queue.Queue[dict[int, str]] = queue.Queue()
        self.logged_on: queue.Queue[bool] = queue.Queue()
        self.sent: list[str] = []

    def onCreate(self, session_id: quickfix.SessionID) -> None:
        pass

    def onLogon(self, session_id: quickfix.SessionID) -> None:
        self.logged_on.put(True)

    def onLogout(self, session_id: quickfix.SessionID) -> None:
        self.logged_on.put(False)

    def toAdmin(self, message: quickfix.Message, session_id: quickfix.SessionID) -> None:
        msg_type = message.getHeader().getField(35)
        if msg_type == "A":
            for tag, value in self.logon_fields.items():
                message.setField(tag, value)
        self.sent.append(msg_type)

    def toApp(self, message: quickfix.Message, session_id: quickfix.SessionID) -> None:
        self.sent.append(message.getHeader().getField(35))

    def fromAdmin(self, message: quickfix.Message, session_id: quickfix.SessionID) -> None:
        self.admin.put(as_dict(message))

    def fromApp(self, message: quickfix.Message, session_id: quickfix.SessionID) -> None:
        self.app.put(as_dict(message))


_numbers = itertools.count(1)


def fresh_sender() -> str:
    """A SenderCompID that no other session of this process has: QuickFIX cannot have two with the same."""
    return f"QF{next(_numbers)}"


class Initiator:
    """One QuickFIX session. The store in `directory` goes on where it was; `settings` are QuickFIX's own keys."""

    def __init__(
        self,
        directory: Path,
        port: int,
        begin: str,
        sender: str,
        logon: dict[int, str] | None = None,
        target: str = "VENUE",
        **settings: str,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        if begin == "FIXT.1.1":
            dictionary = {
                "DefaultApplVerID": "FIX.5.0SP2",
                "TransportDataDictionary": str(DICTIONARIES / "FIXT11.xml"),
                "AppDataDictionary": str(DICTIONARIES / "FIX50SP2.xml"),
            }
        else:
            dictionary = {"DataDictionary": str(DICTIONARIES / _FILES[begin])}
        keys = {
            "ConnectionType": "initiator", "ReconnectInterval": "1", "FileStorePath": str(directory / "store"),
            "FileLogPath": str(directory / "log"), "StartTime": "00:00:00", "EndTime": "00:00:00", "HeartBtInt": "30",
            "SocketConnectHost": "127.0.0.1", "SocketConnectPort": str(port), "UseDataDictionary": "Y", **dictionary,
            **settings,
        }  # fmt: skip
        text = "\n".join(
            ["[DEFAULT]", *(f"{k}={v}" for k, v in keys.items()), "[SESSION]", f"BeginString={begin}",
             f"SenderCompID={sender}", f"TargetCompID={target}", ""]
        )  # fmt: skip
        path = directory / "quickfix.cfg"
        path.write_text(text)
        self._settings = quickfix.SessionSettings(str(path))
        self.application = Application(logon or {})
        self.session_id = quickfix.SessionID(begin, sender, target)
        self.directory = directory
        self._store = quickfix.FileStoreFactory(self._settings)
        self._log = quickfix.FileLogFactory(self._settings)
        self._initiator = quickfix.SocketInitiator(self.application, self._store, self._settings, self._log)

    async def start(self, logged_on: bool = True, timeout_s: float = 20.0) -> None:
        """Connects; returns when the session is logged on."""
        self._initiator.start()
        while logged_on and not await self._take(self.application.logged_on, timeout_s):
            pass

    async def stop(self, force: bool = False) -> None:
        """Logout and end; force leaves without a word. What it used goes in the order that QuickFIX needs."""
        await asyncio.to_thread(self._initiator.stop, force)
        del self._initiator
        del self._store, self._log, self._settings

    async def logged_out(self, timeout_s: float = 20.0) -> None:
        while await self._take(self.application.logged_on, timeout_s):
            pass

    def send(self, msg_type: str, fields: dict[int, str] | list[tuple[int, str]], **header: str) -> None:
        """An application message."""
        message = quickfix.Message()
        message.getHeader().setField(35, msg_type)
        for tag, value in header.items():
            message.getHeader().setField(int(tag[1:]), value)
        for tag, value in fields.items() if isinstance(fields, dict) else fields:
            message.setField(tag, value)
        quickfix.Session.sendToTarget(message, self.session_id)

    async def get(self, timeout_s: float = 20.0) -> dict[int, str]:
        """The next application message."""
        return await self._take(self.application.app, timeout_s)

    async def expect(self, msg_type: str, timeout_s: float = 20.0, **fields: str) -> dict[int, str]:
        """The next application message must be of this type with these values."""
        message = await self.get(timeout_s)
        wanted = {35: msg_type, **{int(tag[1:]): value for tag, value in fields.items()}}
        wrong = {tag: (value, message.get(tag, "")) for tag, value in wanted.items() if message.get(tag, "") != value}
        assert not wrong, f"{wrong} in {message}"
        return message

    async def _take(self, source: queue.Queue[Any], timeout_s: float) -> Any:
        return await asyncio.to_thread(source.get, True, timeout_s)

    @property
    def session(self) -> quickfix.Session:
        return quickfix.Session.lookupSession(self.session_id)

    def messages(self) -> list[tuple[str, str]]:
        """QuickFIX's own log of messages: ("I" or "O", text with | for SOH)."""
        path = next((self.directory / "log").glob("FIX*.messages.current.log"))
        lines = path.read_text().splitlines()
        ours = f"{SOH}49={self.session_id.getSenderCompID().getString()}{SOH}"
        return [("O" if ours in line else "I", line.replace(SOH, "|")) for line in lines]

    def event_log(self) -> str:
        return next((self.directory / "log").glob("FIX*.event.current.log")).read_text()
