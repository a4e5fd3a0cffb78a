"""What one connection sends, in the order that FIX wants: answers, events as they happen, and numbers sent again.

Three sources share the outlet. Events come from the router as they are released, or from the event log while the
connection catches up; a resend holds both back until it has ended, and answers of the session wait with them, so that
their numbers follow. Made by the connection at logon; it decides nothing about messages.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.fix import protocol
from gateway.fix._outlet import MESSAGE_BYTES_MAX, FixOutlet
from gateway.fix.outbound import encode_fields
from gateway.fix.resend import Resender
from gateway.fix.session import Message, Resend, Send
from gateway.session import CatchUp, DoorPorts

REPLAY_EVENTS_MAX = 256
DEFERRED_MAX = 256


def routing_of(message: Message | None) -> bytes:
    """OnBehalfOf and DeliverTo fields of an answer: those of the message, turned round; empty ones are left out."""
    if message is None:
        return b""
    turned = ((there, message.get(here)) for here, there in protocol.ROUTING)
    return encode_fields(tuple((tag, value[:32]) for tag, value in turned if value))


class Outflow:
    """`start()` after the Logon was answered; `close()` once, at the end.

    output_bytes_max: of the outlet. stopped: called with the outlet's state when the outlet cannot go on.
    """

    def __init__(
        self, ports: DoorPorts, outlet: FixOutlet, output_bytes_max: int, stopped: Callable[[int], None]
    ) -> None:
        self.outlet = outlet
        self._ports = ports
        self._events_max = max(16, min(REPLAY_EVENTS_MAX, output_bytes_max // 4 // MESSAGE_BYTES_MAX))
        self._stopped = stopped
        self._may_write = True
        self._deferred: list[Send] = []
        self._catch_up: CatchUp | None = None
        self._resender: Resender | None = Resender(ports, outlet, lambda: self._may_write, self._resent)

    def start(self) -> None:
        """Events from where the session left off, unless a resend comes first."""
        if self._resender is not None and not self._resender.is_busy:
            self._resent()

    def send(self, send: Send) -> bool:
        """A message of the session; a Logout overtakes a resend, everything else waits for its end. False when too
        many wait already."""
        if self._resender is not None and self._resender.is_busy and send.msg_type != "5":
            if len(self._deferred) >= DEFERRED_MAX:
                return False
            self._deferred.append(send)
            return True
        body = encode_fields(send.fields)
        self.outlet.send(send.msg_type.encode("ascii"), body, routing_of(send.answers), send.keep)
        return True

    def resend(self, wanted: Resend) -> bool:
        """Numbers that the participant asks for again. False when too many ranges wait already."""
        assert self._resender is not None
        self.outlet.hold()
        if self._catch_up is not None:
            self._catch_up.cancel()
            self._catch_up = None
        return self._resender.add(wanted.begin, wanted.end)

    def flush(self) -> None:
        """Writes what was encoded."""
        self.outlet.flush()

    def pause(self) -> None:
        """The participant does not read."""
        self._may_write = False

    def resume(self) -> None:
        """It reads again."""
        self._may_write = True
        if self._resender is not None:
            self._resender.resume()
        if self._catch_up is not None:
            self._catch_up.resume()

    @property
    def blocked_since_s(self) -> float | None:
        """Since when something waits for the participant to read; None when nothing does."""
        waits = (part.blocked_since_s for part in (self._resender, self._catch_up) if part is not None)
        return min((since_s for since_s in waits if since_s is not None), default=None)

    def close(self) -> None:
        """Nothing more is sent. Lets go of what points back here, so that the memory is free at once."""
        for part in (self._resender, self._catch_up):
            if part is not None:
                part.cancel()
        self._resender = self._catch_up = None

    def _resent(self) -> None:
        """Nothing is being sent again: what waited goes out, then events from where they were held."""
        deferred, self._deferred = self._deferred, []
        for send in deferred:
            self.send(send)
        if self._resender is None:  # the outlet was full, and the connection has ended
            return
        self._catch_up = CatchUp(self._ports, self.outlet, lambda: self._may_write, self._stopped, self._events_max)
        self._catch_up.start()
        self.outlet.flush()
