"""One TCP connection of the binary door: bytes in, bytes out, login state. Meaning is elsewhere.

Per read the loop calls `get_buffer` and `buffer_updated`, and nothing more happens in Python: the compiled decoder
writes commands into the batch and the sequencer is woken. Everything else here is per connection, not per message.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, cast

from engine import records
from engine.records import CommandKind, DisconnectCause
from gateway._router import GAP, OVERFLOWN, UNKNOWN
from gateway.binary._wire import BATCH_FULL, DECODED, FAULT, LOGOUT, REPORT_BYTES, BinaryOutlet, Inbound
from gateway.participants import Participant
from gateway.session import CatchUp, DisconnectReason

if TYPE_CHECKING:
    from gateway.binary.door import BinaryDoor

HEARTBEAT = b"\x00\x01H"
END_OF_SESSION = b"\x00\x01Z"
REJECT_NOT_AUTHORISED = b"\x00\x02JA"
REJECT_SESSION = b"\x00\x02JS"
LOGIN_BYTES = 46
REPLAY_EVENTS_MAX = 256
HIGH_WATER_BYTES = 65_536
_REASONS = {
    OVERFLOWN: DisconnectReason.SLOW_CONSUMER,
    GAP: DisconnectReason.EVENT_GAP,
    UNKNOWN: DisconnectReason.SESSION_UNKNOWN,
}
_TEXTS = {
    DisconnectReason.EVENT_GAP: "the venue cannot continue your stream of events; log in again, or call the venue",
    DisconnectReason.SESSION_UNKNOWN: "the login is configured, its session is not; call the venue",
}


def debug_packet(text: str) -> bytes:
    """A Soup debug packet: free text that clients show and ignore."""
    data = text.encode("ascii", "replace")[:1_000]
    return (len(data) + 1).to_bytes(2, "big") + b"+" + data


class BinaryConnection(asyncio.BufferedProtocol):
    """Made by the door for each accepted connection."""

    def __init__(self, door: BinaryDoor) -> None:
        config = door.config
        self._door = door
        self._batch = door.ports.batch
        self._wake = door.ports.wake
        self._inbound = Inbound(config.receive_bytes, config.packet_bytes_max)
        self._received = self._inbound.received
        self.get_buffer_space = self._inbound.space
        self._transport: asyncio.Transport | None = None
        self._fd = -1
        self._outlet: BinaryOutlet | None = None
        self._catch_up: CatchUp | None = None
        self._login: asyncio.Task[None] | None = None
        self._may_write = True
        self._is_in_session = False
        self._is_parked = False
        self.participant: Participant | None = None
        self.peer = ""
        self.is_closed = False
        self.connected_s = self.heard_s = door.ports.clock()
        self.closed_s = 0.0
        self.heard = False

    # ---------------------------------------------------------------------------------------- the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        limit = self._door.config.output_bytes_max
        self._transport.set_write_buffer_limits(high=min(HIGH_WATER_BYTES, limit // 4))
        peer = transport.get_extra_info("peername")
        self.peer = str(peer[0]) if peer else ""
        sock = transport.get_extra_info("socket")
        if sock is not None and transport.get_extra_info("sslcontext") is None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._fd = sock.fileno()
        self._door.opened(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self.get_buffer_space()

    def buffer_updated(self, nbytes: int) -> None:
        self.heard = True
        if self._is_in_session:
            stop = self._received(nbytes, self._batch)
            if stop == DECODED:
                self._wake()
            elif stop:
                self._stopped(stop)
            return
        self._inbound.commit(nbytes)
        if self._login is None and not self.is_closed:
            self._take_login()

    def pause_writing(self) -> None:
        self._may_write = False

    def resume_writing(self) -> None:
        self._may_write = True
        if self._catch_up is not None:
            self._catch_up.resume()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave(DisconnectReason.CLOSED_BY_PEER)
        self._inbound.release()
        self._transport = None
        self._door.closed(self)

    # -------------------------------------------------------------------------------------------------- login

    def _take_login(self) -> None:
        try:
            packet = self._inbound.next_packet()
        except ValueError as error:
            self.drop(DisconnectReason.PROTOCOL_FAULT, text=str(error))
            return
        if packet is None:
            return
        kind, payload = packet
        if kind != b"L" or len(payload) != LOGIN_BYTES:
            text = f"the first packet must be a Login Request of {LOGIN_BYTES} bytes, it was {kind!r} of {len(payload)}"
            self.drop(DisconnectReason.PROTOCOL_FAULT, text=text)
            return
        transport = self._transport
        assert transport is not None
        transport.pause_reading()
        self._login = asyncio.get_running_loop().create_task(self._door.log_in(self, payload))

    def reject(self, packet: bytes) -> None:
        """Answers the login with a Login Rejected packet and closes."""
        self.drop(DisconnectReason.LOGIN_REFUSED, packet=packet)

    def accept(self, participant: Participant, answer: bytes, start_seq: int) -> None:
        """The login stands: answer it, send from `start_seq` on, and take messages."""
        door, transport = self._door, self._transport
        assert transport is not None
        limit = door.config.output_bytes_max
        outlet = BinaryOutlet(participant.session_id, limit, REPORT_BYTES, self, door.ports.clock)
        outlet.connect(transport, self._fd)
        outlet.start_at(start_seq)
        door.ports.router.attach(outlet)
        self.participant, self._outlet = participant, outlet
        outlet.write(answer)
        events_max = max(16, min(REPLAY_EVENTS_MAX, limit // 4 // REPORT_BYTES))
        self._catch_up = CatchUp(door.ports, outlet, lambda: self._may_write, self.outlet_stopped, events_max)
        self._inbound.begin(participant.session_id)
        self._is_in_session = True
        door.inlet.submit(
            records.pack_command(
                CommandKind.SESSION_LOGON,
                session_id=participant.session_id,
                cod_flags=int(participant.cod_flags),
                cod_grace_ns=participant.cod_grace_ns,
            )
        )
        self._catch_up.start()
        self._is_parked = True
        if door.inlet.is_blocked:
            door.inlet.wait(self._go_on)
        else:
            self._go_on()

    # -------------------------------------------------------------------------------------------- in session

    def _stopped(self, stop: int) -> None:
        if stop & DECODED:
            self._wake()
        if stop & BATCH_FULL:
            if not self._is_parked and self._transport is not None:
                self._is_parked = True
                self._transport.pause_reading()
                self._door.inlet.wait(self._go_on)
        elif stop & LOGOUT:
            self.drop(DisconnectReason.LOGOUT)
        elif stop & FAULT:
            self.drop(DisconnectReason.PROTOCOL_FAULT, text=self._inbound.fault_text())

    def _go_on(self) -> None:
        """There is room in the batch: decode what is here, then read again."""
        self._is_parked = False
        self.heard = True  # it may have spoken while nobody read
        if self.is_closed or self._transport is None:
            return
        stop = self._received(0, self._batch)
        if stop & BATCH_FULL:
            self._is_parked = True
            self._door.inlet.wait(self._go_on)
        if stop & DECODED:
            self._wake()
        if stop & (LOGOUT | FAULT):
            self._stopped(stop & ~DECODED)
        elif not self._is_parked:
            self._transport.resume_reading()

    def outlet_stopped(self, state: int) -> None:
        """The outlet cannot go on; called by the outlet."""
        reason = _REASONS[state]
        self.drop(reason, text=_TEXTS.get(reason, ""), abort=state == OVERFLOWN)

    def tick(self, now_s: float) -> None:
        """A few times per heartbeat: heartbeats, silence, logins that do not come, closes that do not end."""
        config = self._door.config
        if self.heard:
            self.heard = False
            self.heard_s = now_s
        if self.is_closed:
            if now_s - self.closed_s > config.linger_s and self._transport is not None:
                self._transport.abort()
        elif self._outlet is None:
            if now_s - self.connected_s > config.login_timeout_s:
                self.drop(DisconnectReason.LOGIN_TIMEOUT)
        elif now_s - self.heard_s > config.silence_s and not self._is_parked:
            self.drop(DisconnectReason.SILENCE, abort=True)
        elif self._catch_up is not None and now_s - (self._catch_up.blocked_since_s or now_s) > config.silence_s:
            self.drop(DisconnectReason.SLOW_CONSUMER, abort=True)
        elif now_s - self._outlet.last_sent_s >= config.heartbeat_s:
            self._outlet.write(HEARTBEAT)

    def end_session(self) -> None:
        """The venue ends the Soup session: everything released is sent, then End of Session."""
        self.drop(DisconnectReason.SESSION_ENDED, packet=END_OF_SESSION)

    def drop(self, reason: DisconnectReason, packet: bytes = b"", text: str = "", abort: bool = False) -> None:
        """Ends the connection once; a text goes to the participant as a debug packet."""
        if self.is_closed or self._transport is None:
            return
        if text:
            packet = debug_packet(f"{reason}: {text}")
        if packet and self._outlet is not None:
            self._outlet.write(packet)
        elif packet:
            self._transport.write(packet)
        elif self._outlet is not None and not abort:
            self._outlet.flush()
        if self.is_closed:  # the last flush found the participant too slow
            return
        transport = self._transport
        self._leave(reason, text)
        if abort:
            transport.abort()
        else:
            transport.close()

    def _leave(self, reason: DisconnectReason, text: str = "") -> None:
        """Frees the session and tells the engine, once."""
        if self.is_closed:
            return
        self.is_closed = True
        self.closed_s = self._door.ports.clock()
        if self._catch_up is not None:
            self._catch_up.cancel()
        if self._outlet is not None:
            self._outlet.disconnect()
            self._door.ports.router.detach(self._outlet)
        if self.participant is not None:
            cause = DisconnectCause.LOGOUT if reason is DisconnectReason.LOGOUT else DisconnectCause.LOSS
            self._door.inlet.submit(
                records.pack_command(
                    CommandKind.SESSION_DISCONNECT, session_id=self.participant.session_id, cause=int(cause)
                )
            )
        self._door.left(self, reason, text)
