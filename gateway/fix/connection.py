"""One TCP connection of the FIX door: bytes in, bytes out, and the session's actions carried out. Decisions are
elsewhere.

Per read the loop calls `get_buffer` and `buffer_updated`; as long as a session trades in order, the compiled decoder
writes its orders into the batch and nothing more happens in Python. Every other message goes to the session's state
machine (`session`), whose actions this class performs: encode, resend, deliver, close.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, cast

from engine import records
from engine.records import CommandKind, DisconnectCause, LogonFlag
from gateway._router import GAP, OVERFLOWN, UNKNOWN
from gateway.fix import protocol
from gateway.fix._inbound import BATCH_FULL, DECODED, GARBLED, LOGOUT_LEVEL, MESSAGE, REJECT_LEVEL, Inbound
from gateway.fix._outlet import MESSAGE_BYTES_MAX, FixOutlet
from gateway.fix._wire import SESSION_FAULT, FixMessage
from gateway.fix.logon import Options
from gateway.fix.outflow import Outflow
from gateway.fix.participant import Link
from gateway.fix.protocol import BusinessReason
from gateway.fix.session import Action, Deliver, Disconnect, Now, Resend, ResetNumbers, Send, Session, State
from gateway.session import DisconnectReason

if TYPE_CHECKING:
    from gateway.fix.door import FixDoor

HIGH_WATER_BYTES = 65_536
ORDER_TYPES = frozenset("DFG")
CANCELS = frozenset(("F", "q", "CA", "Z"))  # a throttled participant may still take risk off
_REASONS = {
    OVERFLOWN: DisconnectReason.SLOW_CONSUMER,
    GAP: DisconnectReason.EVENT_GAP,
    UNKNOWN: DisconnectReason.SESSION_UNKNOWN,
}


class FixConnection(asyncio.BufferedProtocol):
    """Made by the door for each accepted connection."""

    def __init__(self, door: FixDoor) -> None:
        config = door.config
        self._door = door
        self._batch = door.ports.batch
        self._wake = door.ports.wake
        self._inbound = Inbound(config.receive_bytes, config.message_bytes_max)
        self._received = self._inbound.received
        self.get_buffer_space = self._inbound.space
        self._transport: asyncio.Transport | None = None
        self._fd = -1
        self._outlet: FixOutlet | None = None
        self._outflow: Outflow | None = None
        self._login: asyncio.Task[None] | None = None
        self._is_parked = False
        self._awaits_answers: FixMessage | None = None  # a possible duplicate, until all before it were answered
        self._wants_snapshot = False
        self.link: Link | None = None
        self.peer = ""
        self.certificate: bytes | None = None
        self.is_closed = False
        self.connected_s = self.heard_s = door.ports.clock()
        self.closed_s = 0.0
        self._messages_heard = 0

    # ---------------------------------------------------------------------------------------- the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        limit = self._door.config.output_bytes_max
        self._transport.set_write_buffer_limits(high=min(HIGH_WATER_BYTES, limit // 4))
        peer = transport.get_extra_info("peername")
        self.peer = str(peer[0]) if peer else ""
        sock = transport.get_extra_info("socket")
        tls = transport.get_extra_info("ssl_object")
        if tls is not None:
            self.certificate = tls.getpeercert(binary_form=True)
        elif sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._fd = sock.fileno()
        self._door.opened(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self.get_buffer_space()

    def buffer_updated(self, nbytes: int) -> None:
        stop = self._received(nbytes, self._batch)
        if stop == DECODED:
            self._wake()
        elif stop:
            self._stopped(stop)

    def pause_writing(self) -> None:
        if self._outflow is not None:
            self._outflow.pause()

    def resume_writing(self) -> None:
        if self._outflow is not None:
            self._outflow.resume()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave(DisconnectReason.CLOSED_BY_PEER)
        self._inbound.release()
        self._transport = None
        # These point back here: without them the memory is free at once, however many connections a second come and go.
        self._outlet = self._outflow = self._login = None
        self._door.closed(self)

    # -------------------------------------------------------------------------------------------------- logon

    def _first_message(self, message: FixMessage) -> None:
        transport = self._transport
        assert transport is not None
        transport.pause_reading()
        self._login = asyncio.get_running_loop().create_task(self._door.log_in(self, message))

    def refuse(self, text: str) -> None:
        """Closes without a word: nobody has been recognised."""
        self.drop(DisconnectReason.LOGIN_REFUSED, text)

    def accept(self, link: Link, message: FixMessage, options: Options) -> None:
        """The participant is who it says: what remains is the session protocol's to decide."""
        door, who = self._door, link.participant
        transport = self._transport
        assert transport is not None
        self.link = link
        link.connection = self
        outlet = FixOutlet(
            who.session_id, door.config.output_bytes_max, MESSAGE_BYTES_MAX, self, door.ports.clock,
            who.profile.begin_string.encode("ascii"), who.identity(), link.store, door.directory,
            door.reasons[who.version], options.decimals, options.user_tags,
        )  # fmt: skip
        outlet.connect(transport, self._fd)
        outlet.start_at(link.next_session_seq)
        outlet.set_repeats_until(door.repeats_until(link))
        self._outlet = outlet
        self._outflow = Outflow(door.ports, outlet, door.config.output_bytes_max, self.outlet_stopped)
        self._begin_inbound(link)
        session = link.session
        if options.refusal:
            actions = session.refuse_logon(options.refusal)
        else:
            actions = session.on_logon(message, door.now(), outlet.next_out, options.answer(who))
        for action in actions:
            self._perform(action)
        if self.is_closed or session.state is not State.LOGGED_ON:
            return
        door.ports.router.attach(outlet)
        self._submit_logon(options)
        self._sync_in()
        self._flush()
        self._outflow.start()
        self._is_parked = True  # nothing has been read since the Logon
        self._wait_for_room()

    def _begin_inbound(self, link: Link) -> None:
        who = link.participant
        profile = who.profile
        self._inbound.begin(
            who.session_id, profile.begin_string.encode("ascii"), profile.sender.encode("ascii"),
            profile.target.encode("ascii"), link.rules, self._door.directory, who.default_account_id,
            profile.tolerance_ns, who.reject_per_s, who.logout_per_s,
        )  # fmt: skip

    def _submit_logon(self, options: Options) -> None:
        assert self.link is not None
        self._door.inlet.submit(
            records.pack_command(
                CommandKind.SESSION_LOGON,
                session_id=self.link.participant.session_id,
                cod_flags=int(options.cod_flags),
                cod_grace_ns=options.cod_grace_ns,
                logon_flags=int(LogonFlag.SNAPSHOT) if options.snapshot else 0,
            )
        )

    # -------------------------------------------------------------------------------------------- in session

    @property
    def _session(self) -> Session:
        assert self.link is not None
        return self.link.session

    def _sync_in(self) -> None:
        """The decoder goes on where the state machine is."""
        assert self.link is not None
        self._inbound.next_in = self._session.next_in
        self._inbound.epoch_in = self.link.epoch_in
        self._inbound.is_fast = self._session.is_ordinary and not self.is_closed

    def _stopped(self, stop: int) -> None:
        """The decoder needs us; goes on until it does not, or until there is no room."""
        while stop and not self.is_closed:
            if stop & DECODED:
                self._wake()
            if stop & GARBLED:
                self.refuse("the first message is garbled")
                return
            if stop & BATCH_FULL or (self.link is not None and self._has_no_room()):
                self._park()
                break
            if not stop & MESSAGE:
                break
            message = self._inbound.take()
            assert message is not None
            if self.link is None:
                self._first_message(message)
                return
            self._session.next_in = self._inbound.next_in
            self._take(message, self._inbound.level)
            if self._is_parked or self.is_closed:
                break
            stop = self._received(0, self._batch)
        self._flush()

    def _has_no_room(self) -> bool:
        return self._batch.is_full or self._door.inlet.is_blocked

    def _take(self, message: FixMessage, level: int) -> None:
        """One message through the state machine, and those that were kept for it."""
        door, session, outlet = self._door, self._session, self._outlet
        assert outlet is not None
        if level == LOGOUT_LEVEL and session.state is State.LOGGED_ON:
            self._perform(session.business_reject(message, *self._throttle_words(BusinessReason.THROTTLED_DISCONNECT)))
            actions = session.end("too many messages per second", door.now())
        else:
            actions = session.on_message(message, door.now(), outlet.next_out)
        for action in actions:
            self._perform(action, level)
        self._take_kept()
        self._sync_in()

    def _take_kept(self) -> None:
        door, outlet = self._door, self._outlet
        assert outlet is not None
        while not self.is_closed and self._awaits_answers is None:
            if self._has_no_room():
                self._park()
                return
            actions = self._session.on_queue(door.now(), outlet.next_out)
            if actions is None:
                return
            for action in actions:
                self._perform(action)

    def _park(self) -> None:
        """Nothing is read until there is room for a command."""
        if self._is_parked or self._transport is None or self.is_closed:
            return
        self._is_parked = True
        self._transport.pause_reading()
        self._wait_for_room()

    def _wait_for_room(self) -> None:
        if self._has_no_room():
            self._door.inlet.wait(self._go_on)
        else:
            asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        """There is room: what was kept, what is here, then what comes."""
        if self.is_closed or self._transport is None or self._awaits_answers is not None:
            return
        self._is_parked = False
        self._session.next_in = self._inbound.next_in
        self.heard_s = self._door.ports.clock()  # it may have spoken while nobody read
        self._take_kept()
        self._sync_in()
        if not self._is_parked:
            self._stopped(self._received(0, self._batch))
        if not self._is_parked and not self.is_closed:
            self._transport.resume_reading()

    # ------------------------------------------------------------------------------------------------- actions

    def _perform(self, action: Action, level: int = 0) -> None:
        if self.is_closed or self._outlet is None or self.link is None:
            return
        if isinstance(action, Send):
            self._send(action)
        elif isinstance(action, Deliver):
            self._deliver(cast(FixMessage, action.message), level)
        elif isinstance(action, Resend):
            self._resend(action)
        elif isinstance(action, ResetNumbers):
            self._outlet.reset_out()
            self.link.reset_in()
            self._inbound.next_in = 1
        elif isinstance(action, Disconnect):
            self.drop(action.reason, action.text)

    def send(self, message: Send) -> None:
        """A control message of the door's, behind everything encoded before."""
        self._perform(message)
        self._flush()

    def _send(self, send: Send) -> None:
        assert self._outflow is not None
        if not self._outflow.send(send):
            self.drop(DisconnectReason.SLOW_CONSUMER, "too many answers wait for a resend")

    def _resend(self, wanted: Resend) -> None:
        assert self._outflow is not None
        if not self._outflow.resend(wanted):
            for action in self._session.end("too many ResendRequests at a time", self._door.now()):
                self._perform(action)

    def _deliver(self, message: FixMessage, level: int) -> None:
        """An application message in order."""
        session = self._session
        if level == REJECT_LEVEL and message.msg_type not in CANCELS:
            self._perform(session.business_reject(message, *self._throttle_words(BusinessReason.THROTTLED)))
        elif message.poss_resend and message.msg_type in ("D", "G"):
            self._awaits_answers = message
            self._is_parked = True
            if self._transport is not None:
                self._transport.pause_reading()
            self.answers_came()
        elif message.msg_type in ORDER_TYPES:
            self._order(message)
        else:
            self._door.desk.take(self, message)

    def _order(self, message: FixMessage) -> None:
        session = self._session
        fault = self._inbound.submit(message.raw, message.seq_num or 0, self._batch)
        if fault is None:
            self._wake()
            return
        kind, reason, tag = fault
        if kind == SESSION_FAULT:
            self._perform(session.reject(message, reason, tag))
        else:
            self._perform(session.business_reject(message, reason, protocol.FIELD_MISSING_TEXT.format(tag)))

    def answers_came(self) -> None:
        """A message marked PossResend waits until every order before it was answered: only then is it known what it
        repeats."""
        message, outlet = self._awaits_answers, self._outlet
        if message is None or outlet is None or self.is_closed:
            return
        if max(outlet.answered_in, self.link.answered_in if self.link else 0) < self._inbound.last_command_in:
            return
        self._awaits_answers = None
        if not self._door.desk.answer_repeat(self, message):
            self._order(message)
        asyncio.get_running_loop().call_soon(self._go_on)

    def submit(self, command: bytes) -> None:
        """A command that Python translated; there is room for it."""
        self._batch.append(command)
        self._wake()

    def note_command(self, message: FixMessage) -> int:
        """The `msg_seq_in` of a message that becomes a command in Python."""
        assert self.link is not None
        seq_in = self.link.seq_in(message.seq_num or 0)
        self.link.last_command_in = max(self.link.last_command_in, seq_in)
        return seq_in

    @property
    def outlet(self) -> FixOutlet:
        assert self._outlet is not None
        return self._outlet

    def _throttle_words(self, reason: BusinessReason) -> tuple[int, str, tuple[tuple[int, str | int], ...]]:
        assert self.link is not None
        who = self.link.participant
        text = f"RATE_LIMITED: at most {who.reject_per_s} messages per second"
        more = ((protocol.VENUE_REASON_CODE, int(records.Reason.RATE_LIMITED)), (protocol.RETRY_AFTER_MS, 1000))
        return (int(reason) if who.version == 50 else int(BusinessReason.OTHER)), text, more

    # ---------------------------------------------------------------------------------------------- time, the end

    def _flush(self) -> None:
        if self._outlet is not None and not self.is_closed:
            self._outlet.flush()

    def outlet_stopped(self, state: int) -> None:
        """The outlet cannot go on; called by the outlet."""
        self.drop(_REASONS[state], abort=state == OVERFLOWN)

    def tick(self, now: Now) -> None:
        """A few times per second: heartbeats, silence, logons that do not come, closes that do not end."""
        config = self._door.config
        if self._inbound.messages != self._messages_heard:
            self._messages_heard = self._inbound.messages
            self.heard_s = now.mono_s
        if self.is_closed:
            if now.mono_s - self.closed_s > config.linger_s and self._transport is not None:
                self._transport.abort()
        elif self._outlet is None or self.link is None:
            if now.mono_s - self.connected_s > config.login_timeout_s:
                self.drop(DisconnectReason.LOGIN_TIMEOUT)
        else:
            self._tick_session(now)

    def _tick_session(self, now: Now) -> None:
        outlet, link = self._outlet, self.link
        assert outlet is not None
        assert link is not None
        self._session.next_in = self._inbound.next_in
        self.answers_came()
        self.save()
        blocked_since_s = self._outflow.blocked_since_s if self._outflow is not None else None
        if blocked_since_s is not None and now.mono_s - blocked_since_s > self._door.config.slow_consumer_s:
            self.drop(DisconnectReason.SLOW_CONSUMER, abort=True)
            return
        heard_s = now.mono_s if self._is_parked else self.heard_s
        for action in self._session.on_tick(now, heard_s, outlet.last_sent_s):
            self._perform(action)
        self._flush()

    def save(self) -> None:
        """Puts into the session's file what a restart has to know."""
        link, outlet = self.link, self._outlet
        if link is None or outlet is None:
            return
        link.last_command_in = max(link.last_command_in, self._inbound.last_command_in)
        link.answered_in = max(link.answered_in, outlet.answered_in)
        if link.connection is self and self._session.state is not State.AWAIT_LOGON:
            link.next_session_seq = outlet.next_seq
            link.store.session_seq_base = outlet.next_seq
            link.save()

    def end_session(self, text: str) -> None:
        """The venue ends the session with a Logout."""
        if self.link is None or self.is_closed:
            self.drop(DisconnectReason.SESSION_ENDED)
            return
        for action in self._session.end(text, self._door.now()):
            self._perform(action)
        self._flush()

    def drop(self, reason: DisconnectReason, text: str = "", abort: bool = False) -> None:
        """Ends the connection once, behind what was encoded."""
        if self.is_closed or self._transport is None:
            return
        if self._outlet is not None and not abort:
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
        link, outlet = self.link, self._outlet
        if link is not None and outlet is not None:
            was_in_session = self._door.ports.router.is_attached(outlet.session_id) and link.connection is self
            if link.session.state is not State.AWAIT_LOGON:
                link.session.next_in = max(link.session.next_in, self._inbound.next_in)
            if self._awaits_answers is not None:  # consumed, and never carried out: the participant sends it again
                link.session.next_in = self._awaits_answers.seq_num or link.session.next_in
            self.save()
            outlet.disconnect()
            self._door.ports.router.detach(outlet)
            if link.connection is self:
                link.connection = None
                link.session.disconnected()
            if was_in_session:
                cause = DisconnectCause.LOGOUT if reason is DisconnectReason.LOGOUT else DisconnectCause.LOSS
                self._door.inlet.submit(
                    records.pack_command(
                        CommandKind.SESSION_DISCONNECT, session_id=link.participant.session_id, cause=int(cause)
                    )
                )
        self.is_closed = True
        self.closed_s = self._door.ports.clock()
        if self._outflow is not None:
            self._outflow.close()
        self._door.left(self, reason, text)
