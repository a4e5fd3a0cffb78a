"""The FIX session protocol of an acceptor as a state machine: messages and time in, actions out. No I/O, no clock.

One object per session, for as long as the process lives; a connection drives it from Logon to the end. It decides
what the session layer decides (who may speak, which number is next, what is asked for again, when to give up) and
nothing about orders: application messages that are in order come out as `Deliver`. Sources: FIX 4.2 and 4.4 volume 2,
FIXT 1.1, and the FIX Trading Community's session-level test cases, whose numbers the unit tests carry.

What is not obvious:
- A message ahead of a gap is kept and judged when its turn comes; one ResendRequest goes out per gap, up to "infinity".
- Logout and ResendRequest are answered whatever their number; SequenceReset in reset mode has none.
- A message that is refused was received: its number is consumed. A garbled one was not.
- A Logon that cannot be read or believed is closed without a message: nothing is said to a stranger, and no number of
  the session is used up. A Logon with wrong numbers is told which ones were expected.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

from gateway.fix import protocol
from gateway.fix.protocol import BusinessReason, RejectReason
from gateway.session import DisconnectReason

TEST_REQUEST_AFTER = 1.2  # heartbeat intervals of silence
SILENCE_AFTER = 2.4
TEST_REQUEST_ID = "TEST"


class Now(NamedTuple):
    """The present: wall clock for SendingTime, a clock that never jumps for intervals."""

    wall_ns: int
    mono_s: float


class Message(Protocol):
    """What the state machine reads of a message; `gateway.fix._wire.FixMessage` has it."""

    @property
    def raw(self) -> bytes: ...
    @property
    def begin_string(self) -> str: ...
    @property
    def msg_type(self) -> str: ...
    @property
    def seq_num(self) -> int | None: ...
    @property
    def poss_dup(self) -> bool: ...
    @property
    def poss_resend(self) -> bool: ...
    def get(self, tag: int, /) -> str | None: ...
    def number(self, tag: int, /) -> int | None: ...
    def time_ns(self, tag: int, /) -> int | None: ...


class State(StrEnum):
    AWAIT_LOGON = "AWAIT_LOGON"  # no connection, or one that has not logged on
    LOGGED_ON = "LOGGED_ON"
    LOGOUT_SENT = "LOGOUT_SENT"  # by us: waiting for the answer


# -------------------------------------------------------------------------------------------------------- actions

Fields = tuple[tuple[int, str | int], ...]


@dataclass(frozen=True, slots=True)
class Send:
    """A message of ours with its body. answers: the message that it answers, whose routing fields it turns round."""

    msg_type: str
    fields: Fields
    answers: Message | None = None
    keep: bool = False  # an application message: a resend repeats it


@dataclass(frozen=True, slots=True)
class Deliver:
    """An application message in order, of a type that participants may send; its fields have been checked."""

    message: Message


@dataclass(frozen=True, slots=True)
class Resend:
    """Send the numbers begin..end again; both are numbers that were used."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class ResetNumbers:
    """Outbound numbers start again at 1 before anything else is sent; the inbound ones have been."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Close the connection behind what was sent."""

    reason: DisconnectReason
    text: str = ""


Action = Send | Deliver | Resend | ResetNumbers | Disconnect


# -------------------------------------------------------------------------------------------------------- session


@dataclass(frozen=True, slots=True)
class Profile:
    """What is agreed with the participant. sender, target: CompIDs as the participant sends them (49, 56).

    heartbeat_min_s, heartbeat_max_s bound HeartBtInt of the Logon. queue_*: messages kept ahead of a gap.
    """

    begin_string: str
    sender: str
    target: str
    tolerance_ns: int = 120_000_000_000
    heartbeat_min_s: int = 1
    heartbeat_max_s: int = 300
    queue_messages_max: int = 10_000
    queue_bytes_max: int = 8 * 1024 * 1024
    logout_timeout_s: float = 2.0


class Rules(Protocol):
    """The dictionary; `gateway.fix._rules.Rules` is one."""

    def fault_of(self, raw: bytes, /) -> tuple[int, int] | None: ...
    def knows(self, msg_type: str, /) -> bool: ...
    def takes(self, msg_type: str, /) -> bool: ...


@dataclass(slots=True)
class Session:
    """Give each message to `on_message`, then call `on_queue` until it gives None; call `on_tick` a few times a second.

    next_in: expected MsgSeqNum. Between messages its owner may move it on (messages that were taken elsewhere).
    """

    profile: Profile
    rules: Rules
    next_in: int = 1
    state: State = State.AWAIT_LOGON
    heartbeat_s: int = 0
    _queue: dict[int, Message | None] = field(default_factory=dict)  # None: was answered when it came
    _queue_bytes: int = 0
    _gap_until: int = 0  # numbers up to this one were asked for
    _test_sent_s: float = 0.0
    _logout_sent_s: float = 0.0

    @property
    def is_ordinary(self) -> bool:
        """In session, nothing missing, nothing kept: the next number may be taken without asking."""
        return self.state is State.LOGGED_ON and not self._queue and self.next_in > self._gap_until

    def disconnected(self) -> None:
        """The connection is gone: what was kept will be asked for again."""
        self.state = State.AWAIT_LOGON
        self._clear_queue()
        self._test_sent_s = 0.0

    # --------------------------------------------------------------------------------------------------- logon

    def on_logon(self, message: Message, now: Now, next_out: int, more: Fields = ()) -> list[Action]:
        """The first message of a connection whose credentials stand. more: further fields of the answer."""
        refusal = self._logon_refusal(message, now)
        if refusal is not None:
            return [Disconnect(DisconnectReason.LOGIN_REFUSED, refusal)]
        seq_num = message.seq_num
        assert seq_num is not None
        heartbeat_s = message.number(protocol.HEART_BT_INT) or 0
        if not self.profile.heartbeat_min_s <= heartbeat_s <= self.profile.heartbeat_max_s:
            low, high = self.profile.heartbeat_min_s, self.profile.heartbeat_max_s
            return self._give_up(DisconnectReason.LOGIN_REFUSED, f"HeartBtInt must be {low} to {high} seconds")
        actions: list[Action] = []
        is_reset = message.get(protocol.RESET_SEQ_NUM_FLAG) == "Y"
        if is_reset:
            self._reset_in()
            next_out = 1
            actions.append(ResetNumbers())
        expected_out = message.number(protocol.NEXT_EXPECTED_MSG_SEQ_NUM)
        if expected_out is not None and not is_reset and expected_out > next_out:
            text = f"NextExpectedMsgSeqNum too high, expecting at most {next_out} but received {expected_out}"
            return self._give_up(DisconnectReason.PROTOCOL_FAULT, text)
        if seq_num < self.next_in:
            return self._too_low(seq_num)
        self.state = State.LOGGED_ON
        self.heartbeat_s = heartbeat_s
        self._test_sent_s = 0.0
        gap = self._take_logon_number(seq_num, asks=expected_out is None)
        actions.append(Send("A", self._logon_fields(message, is_reset) + more, message))
        actions += gap
        if expected_out is not None and not is_reset and expected_out < next_out:
            actions.append(Resend(max(1, expected_out), next_out))  # our Logon included: it is filled over
        return actions

    def refuse_logon(self, text: str) -> list[Action]:
        """The participant is who it says, and asks for something that it cannot have."""
        return self._give_up(DisconnectReason.LOGIN_REFUSED, text)

    def _logon_refusal(self, message: Message, now: Now) -> str | None:
        if message.msg_type != "A":
            return f"the first message is MsgType {message.msg_type}, it must be a Logon"
        fault = self.rules.fault_of(message.raw)
        if fault is not None:
            return f"Logon: {protocol.REJECT_TEXTS.get(fault[0], 'refused')} ({fault[1]})"
        if message.seq_num is None or message.seq_num < 1:
            return "Logon without MsgSeqNum"
        if not self._is_on_time(message, now):
            return "Logon: SendingTime accuracy problem"
        return None

    def _take_logon_number(self, seq_num: int, asks: bool) -> list[Action]:
        """Consumes a Logon's number; one that is too high opens a gap, which the peer may fill by itself."""
        if seq_num == self.next_in:
            self.next_in += 1
            return []
        self._queue[seq_num] = None
        self._gap_until = seq_num - 1
        return [self._resend_request()] if asks else []

    def _logon_fields(self, message: Message, is_reset: bool) -> Fields:
        fields: list[tuple[int, str | int]] = [(protocol.ENCRYPT_METHOD, 0), (protocol.HEART_BT_INT, self.heartbeat_s)]
        if is_reset:
            fields.append((protocol.RESET_SEQ_NUM_FLAG, "Y"))
        if message.get(protocol.NEXT_EXPECTED_MSG_SEQ_NUM) is not None:
            fields.append((protocol.NEXT_EXPECTED_MSG_SEQ_NUM, self.next_in))
        if self.profile.begin_string == "FIXT.1.1":
            fields.append((protocol.DEFAULT_APPL_VER_ID, protocol.FIX50SP2_APPL_VER_ID))
        return tuple(fields)

    # ------------------------------------------------------------------------------------------------ messages

    def on_message(self, message: Message, now: Now, next_out: int) -> list[Action]:
        """A whole message in session."""
        if self.state is State.LOGOUT_SENT:
            return self._while_leaving(message)
        if message.begin_string != self.profile.begin_string:
            return [self._logout("Incorrect BeginString", now)]
        seq_num = message.seq_num
        if seq_num is None:
            return self._give_up(DisconnectReason.PROTOCOL_FAULT, "MsgSeqNum (34) is missing or is no number")
        wrong = self._identity_fault(message, now)
        if wrong is not None:
            if seq_num == self.next_in:
                self.next_in += 1
            return [self._reject(message, wrong, 0), self._logout(protocol.REJECT_TEXTS[wrong], now)]
        if message.msg_type == "5":
            return self._logout_received(message)
        if message.msg_type == "4" and message.get(protocol.GAP_FILL_FLAG) != "Y":
            return self._sequence_reset(message)
        if message.msg_type == "A" and message.get(protocol.RESET_SEQ_NUM_FLAG) == "Y":
            return self._reset_in_session(message)
        if message.msg_type == "2" and seq_num > self.next_in:
            return self._resend_request_early(message, next_out)
        if seq_num > self.next_in:
            return self._ahead(message)
        if seq_num < self.next_in:
            return self._behind(message, now)
        return self._in_order(message, now, next_out)

    def on_queue(self, now: Now, next_out: int) -> list[Action] | None:
        """The next message that was kept, now that its turn has come; None when there is none."""
        while self.next_in in self._queue and self.state is State.LOGGED_ON:
            message = self._queue.pop(self.next_in)
            if message is None:
                self.next_in += 1
                continue
            self._queue_bytes -= len(message.raw)
            return self._in_order(message, now, next_out)
        return None

    def _in_order(self, message: Message, now: Now, next_out: int) -> list[Action]:
        """The message with the expected number: it is consumed whatever is wrong with it."""
        seq_num = self.next_in
        self.next_in += 1
        msg_type = message.msg_type
        if not self.rules.takes(msg_type):
            return [self._unknown_type(message)]
        fault = self.rules.fault_of(message.raw) or self._poss_dup_fault(message)
        if fault is not None:
            refused: list[Action] = [self._reject(message, *fault)]
            if fault[0] == RejectReason.SENDING_TIME:
                refused.append(self._logout(protocol.REJECT_TEXTS[fault[0]], now))
            return refused
        if msg_type == "1":
            return [Send("0", ((protocol.TEST_REQ_ID, message.get(protocol.TEST_REQ_ID) or ""),), message)]
        if msg_type == "2":
            return self._answer_resend_request(message, next_out)
        if msg_type == "4":
            return self._gap_fill(message, seq_num)
        if msg_type == "A":
            self.heartbeat_s = message.number(protocol.HEART_BT_INT) or self.heartbeat_s
            return [Send("A", self._logon_fields(message, False), message)]
        if msg_type in protocol.ADMIN_TYPES:
            return []
        return [Deliver(message)]

    def _ahead(self, message: Message) -> list[Action]:
        """A number above the expected one: kept until the gap is filled."""
        seq_num = message.seq_num
        assert seq_num is not None
        profile = self.profile
        if len(self._queue) >= profile.queue_messages_max or self._queue_bytes >= profile.queue_bytes_max:
            text = f"message {self.next_in} was asked for and did not come; log on again"
            return self._give_up(DisconnectReason.PROTOCOL_FAULT, text)
        if seq_num not in self._queue:
            self._queue[seq_num] = message
            self._queue_bytes += len(message.raw)
        return self._ask_for_gap(seq_num)

    def _ask_for_gap(self, seq_num: int) -> list[Action]:
        if self.next_in <= self._gap_until:
            return []  # asked for already
        self._gap_until = seq_num - 1
        return [self._resend_request()]

    def _behind(self, message: Message, now: Now) -> list[Action]:
        """A number that was consumed: a copy of a message that we have, or a peer that has lost count."""
        assert message.seq_num is not None
        if not message.poss_dup:
            return self._too_low(message.seq_num)
        fault = self._poss_dup_fault(message)
        if fault is None:
            return []
        actions: list[Action] = [self._reject(message, *fault)]
        if fault[0] == RejectReason.SENDING_TIME:
            actions.append(self._logout(protocol.REJECT_TEXTS[fault[0]], now))
        return actions

    def _while_leaving(self, message: Message) -> list[Action]:
        """Our Logout is out: only its answer matters. Other messages are not consumed, so nothing is lost by it."""
        if message.msg_type != "5":
            return []
        if message.seq_num == self.next_in:
            self.next_in += 1
        return [Disconnect(DisconnectReason.LOGOUT)]

    # --------------------------------------------------------------------------------------- single message types

    def _logout_received(self, message: Message) -> list[Action]:
        if message.seq_num == self.next_in:
            self.next_in += 1
        return [Send("5", (), message), Disconnect(DisconnectReason.LOGOUT)]

    def _sequence_reset(self, message: Message) -> list[Action]:
        """Reset mode: the peer says what comes next, and its own number means nothing."""
        fault = self.rules.fault_of(message.raw)
        if fault is not None:
            return [self._reject(message, *fault)]
        new_seq_no = message.number(protocol.NEW_SEQ_NO) or 0
        if new_seq_no < self.next_in:
            return [self._reject(message, RejectReason.VALUE_OUT_OF_RANGE, 0)]
        self._move_to(new_seq_no)
        return []

    def _gap_fill(self, message: Message, seq_num: int) -> list[Action]:
        new_seq_no = message.number(protocol.NEW_SEQ_NO) or 0
        if new_seq_no <= seq_num:
            return [self._reject(message, RejectReason.VALUE_OUT_OF_RANGE, protocol.NEW_SEQ_NO)]
        self._move_to(new_seq_no)
        return []

    def _move_to(self, next_in: int) -> None:
        self.next_in = next_in
        for seq_num in [n for n in self._queue if n < next_in]:
            message = self._queue.pop(seq_num)
            self._queue_bytes -= len(message.raw) if message is not None else 0

    def _reset_in_session(self, message: Message) -> list[Action]:
        """Logon with ResetSeqNumFlag while logged on: both sides start again at 1."""
        fault = self.rules.fault_of(message.raw)
        if fault is not None:
            return [self._reject(message, *fault)]
        assert message.seq_num is not None
        self._reset_in()
        self.heartbeat_s = message.number(protocol.HEART_BT_INT) or self.heartbeat_s
        gap = self._take_logon_number(message.seq_num, asks=True)
        return [ResetNumbers(), Send("A", self._logon_fields(message, True), message), *gap]

    def _resend_request_early(self, message: Message, next_out: int) -> list[Action]:
        """A ResendRequest ahead of a gap of ours: answered at once, or the peers would wait for each other for ever."""
        assert message.seq_num is not None
        fault = self.rules.fault_of(message.raw)
        if fault is not None:
            return self._ahead(message)  # judged when its turn comes
        self._queue[message.seq_num] = None
        return [*self._answer_resend_request(message, next_out), *self._ask_for_gap(message.seq_num)]

    def _answer_resend_request(self, message: Message, next_out: int) -> list[Action]:
        begin = message.number(protocol.BEGIN_SEQ_NO) or 0
        end = message.number(protocol.END_SEQ_NO) or 0
        if not 1 <= begin < next_out:
            return [self._reject(message, RejectReason.VALUE_OUT_OF_RANGE, protocol.BEGIN_SEQ_NO)]
        if end and end < begin:
            return [self._reject(message, RejectReason.VALUE_OUT_OF_RANGE, protocol.END_SEQ_NO)]
        return [Resend(begin, min(end, next_out - 1) if end else next_out - 1)]

    # ----------------------------------------------------------------------------------------------- own initiative

    def on_tick(self, now: Now, heard_s: float, sent_s: float) -> list[Action]:
        """Time passes. heard_s, sent_s: when a whole message was received and sent last (`Now.mono_s`)."""
        if self.state is State.LOGOUT_SENT:
            if now.mono_s - self._logout_sent_s < self.profile.logout_timeout_s:
                return []
            return [Disconnect(DisconnectReason.PROTOCOL_FAULT, "no answer to our Logout")]
        if self.state is not State.LOGGED_ON:
            return []
        actions: list[Action] = []
        silence_s = now.mono_s - heard_s
        if silence_s >= SILENCE_AFTER * self.heartbeat_s and self._test_sent_s > heard_s:
            return [Disconnect(DisconnectReason.SILENCE, f"nothing heard for {silence_s:.1f} s")]
        if silence_s >= TEST_REQUEST_AFTER * self.heartbeat_s and self._test_sent_s <= heard_s:
            self._test_sent_s = now.mono_s
            actions.append(Send("1", ((protocol.TEST_REQ_ID, TEST_REQUEST_ID),)))
        elif now.mono_s - sent_s >= self.heartbeat_s:
            actions.append(Send("0", ()))
        return actions

    def end(self, text: str, now: Now) -> list[Action]:
        """The venue ends the session: Logout, then the answer or a time-out."""
        return [self._logout(text, now)] if self.state is State.LOGGED_ON else []

    def reject(self, message: Message, reason: int, tag: int) -> Send:
        """Session-level Reject of a message whose fields could not be translated."""
        return self._reject(message, reason, tag)

    def business_reject(self, message: Message, reason: int, text: str, more: Fields = ()) -> Send:
        """BusinessMessageReject: the message was read, and cannot be served."""
        fields: list[tuple[int, str | int]] = [
            (protocol.REF_SEQ_NUM, message.seq_num or 0),
            (protocol.REF_MSG_TYPE, message.msg_type),
        ]
        reference = message.get(protocol.BUSINESS_REFERENCES.get(message.msg_type, protocol.CL_ORD_ID))
        if reference:
            fields.append((protocol.BUSINESS_REJECT_REF_ID, reference))
        fields += [(protocol.BUSINESS_REJECT_REASON, reason), (protocol.TEXT, text)]
        return Send("j", (*fields, *more), message, keep=True)

    # ------------------------------------------------------------------------------------------------------ parts

    def _reset_in(self) -> None:
        self.next_in = 1
        self._clear_queue()

    def _clear_queue(self) -> None:
        self._queue.clear()
        self._queue_bytes = 0
        self._gap_until = 0

    def _is_on_time(self, message: Message, now: Now) -> bool:
        sent_ns = message.time_ns(protocol.SENDING_TIME)
        return sent_ns is None or abs(now.wall_ns - sent_ns) <= self.profile.tolerance_ns

    def _identity_fault(self, message: Message, now: Now) -> int | None:
        """A CompID of somebody else, or a clock that is off. Absent and empty fields are the dictionary's to refuse."""
        sender, target = message.get(protocol.SENDER_COMP_ID), message.get(protocol.TARGET_COMP_ID)
        if (sender and sender != self.profile.sender) or (target and target != self.profile.target):
            return RejectReason.COMP_ID
        return None if self._is_on_time(message, now) else RejectReason.SENDING_TIME

    def _poss_dup_fault(self, message: Message) -> tuple[int, int] | None:
        if not message.poss_dup:
            return None
        first_ns, sent_ns = message.time_ns(protocol.ORIG_SENDING_TIME), message.time_ns(protocol.SENDING_TIME)
        if message.get(protocol.ORIG_SENDING_TIME) is None and message.msg_type != "4":
            return RejectReason.REQUIRED_TAG_MISSING, protocol.ORIG_SENDING_TIME
        if first_ns is not None and sent_ns is not None and first_ns > sent_ns:
            return RejectReason.SENDING_TIME, 0
        return None

    def _unknown_type(self, message: Message) -> Send:
        msg_type = message.msg_type
        if self.rules.knows(msg_type) or protocol.is_standard_type(self.profile.begin_string, msg_type):
            return self.business_reject(message, BusinessReason.UNSUPPORTED_TYPE, "Unsupported Message Type")
        return self._reject(message, RejectReason.INVALID_MSG_TYPE, 0)

    def _reject(self, message: Message, reason: int, tag: int) -> Send:
        fields: list[tuple[int, str | int]] = [(protocol.REF_SEQ_NUM, message.seq_num or 0)]
        if tag or reason == RejectReason.INVALID_TAG:
            fields.append((protocol.REF_TAG_ID, tag))
        fields.append((protocol.REF_MSG_TYPE, message.msg_type))
        if self.profile.begin_string != "FIX.4.2" or reason <= RejectReason.INVALID_MSG_TYPE:
            fields.append((protocol.SESSION_REJECT_REASON, reason))
        fields.append((protocol.TEXT, protocol.REJECT_TEXTS.get(reason, "Other")))
        return Send("3", tuple(fields), message)

    def _resend_request(self) -> Send:
        return Send("2", ((protocol.BEGIN_SEQ_NO, self.next_in), (protocol.END_SEQ_NO, 0)))

    def _logout(self, text: str, now: Now) -> Send:
        self.state = State.LOGOUT_SENT
        self._logout_sent_s = now.mono_s
        return Send("5", ((protocol.TEXT, text),))

    def _too_low(self, seq_num: int) -> list[Action]:
        text = f"MsgSeqNum too low, expecting {self.next_in} but received {seq_num}"
        return self._give_up(DisconnectReason.PROTOCOL_FAULT, text)

    def _give_up(self, reason: DisconnectReason, text: str) -> list[Action]:
        """A fault after which nothing can be believed: say it, and close without waiting for an answer."""
        self.state = State.LOGOUT_SENT
        return [Send("5", ((protocol.TEXT, text),)), Disconnect(reason, text)]
