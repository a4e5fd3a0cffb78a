"""Mutated FIX messages at three levels: framing and decoder, session state machine, a live venue's socket.

    python -m tests.property.fix_fuzz [--messages 1000000] [--seed N] [--level NAME]

What must hold: nothing crashes or raises; what is damaged consumes what FIX says and no more; the valid message behind
it is answered, unless the venue has ended the session; another session is not disturbed; memory stays flat. A failure
is printed with seed, number and the mutated bytes; the exit code is then 1.

`Fuzz` is one level with its counts; `tests/property/test_fix_fuzz.py` runs a bounded part of each.
"""

from __future__ import annotations

import argparse
import random
import socket
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from engine.batch import CommandBatch
from engine.records import COMMAND_HEADER_SIZE, CONFIG_EVENT, CommandKind, EventKind, pack_command
from gateway.fix import _inbound, _wire
from gateway.fix._directory import Directory
from gateway.fix._inbound import Inbound
from gateway.fix._rules import Rules
from gateway.fix.dictionary import load_session
from gateway.fix.inbound import TAKEN_TYPES
from gateway.fix.session import Disconnect, Now, Profile, ResetNumbers, Send, Session, State
from gateway.load import LoadPlan, LoadSession, run_load
from tests.fix_messages import SOH, fields_of, utc, wrap
from tests.live_venue import CENT, ONE, LiveVenue, live_venue

DICTIONARIES = Path(__file__).resolve().parents[2] / "config" / "fix"
SHARES = {"tokenizer": 0.6, "session": 0.35, "socket": 0.05}
MESSAGE_BYTES_MAX = 4_096
ANSWER_TIMEOUT_S = 20.0
GROUP = 8  # mutated messages between two that must be answered, over a socket
PROBES_MAX = 400  # together longer than the longest message: a BodyLength that is too long swallows some
GROWTH_KIB_MAX = 4 * 1024
LOAD_SECONDS = 1.0
STEP = 1_000_000  # numbers between probes: nothing that was sent before is above

CORPUS = (  # bodies; {n} is a fresh name
    "D|11={n}|55=AAPL-USD|54=1|38=1|40=2|44=90|59=1|60={t}",
    "D|11={n}|1=MAKER-1-ACCOUNT|55=AAPL-USD|54=2|38=2.5|40=2|44=700|59=3|18=6|60={t}",
    "D|11={n}|55=AAPL-USD|54=2|38=1|40=3|99=80|60={t}",
    "G|11={n}|41=o1|55=AAPL-USD|54=1|38=2|40=2|44=91|60={t}",
    "F|11={n}|41=o1|55=AAPL-USD|54=1|60={t}",
    "H|11=o1|55=AAPL-USD|54=1",
    "q|11={n}|530=7|60={t}",
    "AF|584={n}|585=7",
    "x|320={n}|559=4",
    "e|324={n}|55=AAPL-USD|263=0",
    "g|335={n}|263=0",
    "0",
    "0|112=x",
    "1|112={n}",
    "2|7=1|16=0",
    "4|123=Y|36={s}",
    "3|45=2|371=38|373=6|58=no",
    "j|45=2|372=8|380=0",
    "A|98=0|108=30",
    "A|98=0|108=30|95=5|96=a\x01=\x01b",
)
SPREAD_TAGS = (1, 7, 8, 9, 10, 11, 16, 34, 35, 36, 38, 43, 44, 49, 52, 54, 55, 56, 58, 89, 93, 96, 97, 115, 122, 123,
               141, 268, 453, 789, 5_000, 20_001, 99_999_999_999)  # fmt: skip
VALUES = ("", "0", "1", "-1", "+200.00", "002000.00", "1e5", "N", "Y", "99999999999999999999", "1.123456789", "\xff",
          "A" * 100, "20261301-00:00:00", "=", "|", " ", "8=FIX.4.4", "3", "10")  # fmt: skip


class FuzzFailure(AssertionError):
    """Something that must hold does not; the text has what is needed to repeat it."""


# ------------------------------------------------------------------------------------------------------ mutations


def mutate(random_: random.Random, data: bytes) -> bytes:
    """One to three faults: a byte changed, dropped, doubled, or a stretch cut out or repeated."""
    changed = bytearray(data)
    for _ in range(random_.randrange(1, 4)):
        at = random_.randrange(len(changed))
        kind = random_.randrange(5)
        if kind == 0:
            changed[at] = random_.choice((0, 1, 45, 48, 57, 61, 255, random_.randrange(256)))
        elif kind == 1 and len(changed) > 1:
            del changed[at]
        elif kind == 2:
            changed.insert(at, changed[at])
        elif kind == 3 and len(changed) > 8:
            del changed[at : at + random_.randrange(1, 8)]
        else:
            changed[at:at] = changed[at : at + random_.randrange(1, 20)]
    return bytes(changed)


def mutate_fields(random_: random.Random, message: bytes) -> bytes:
    """One to three fields dropped, repeated, moved, renamed, given another value or put in; length and checksum are
    right again, so that what is behind the framing has to judge it."""
    (_, begin), _, *fields, _ = fields_of_raw(message)
    for _ in range(random_.choice((1, 1, 1, 2, 3))):
        at = random_.randrange(len(fields)) if fields else 0
        kind = random_.randrange(6)
        if kind == 0 and len(fields) > 1:
            del fields[at]
        elif kind == 1 and fields:
            fields.insert(random_.randrange(len(fields) + 1), fields[at])
        elif kind == 2 and fields:
            fields.insert(random_.randrange(len(fields)), fields.pop(at))
        elif kind == 3 and fields:
            fields[at] = (random_.choice(SPREAD_TAGS), fields[at][1])
        elif kind == 4 and fields:
            fields[at] = (fields[at][0], random_.choice(VALUES))
        else:
            fields.insert(at, (random_.choice(SPREAD_TAGS), random_.choice(VALUES)))
    return wrap(begin, SOH.join(f"{tag}={value}" for tag, value in fields))


def fields_of_raw(message: bytes) -> list[tuple[int, str]]:
    """As `fields_of`; raw data with a delimiter inside stay one field."""
    return fields_of(message.replace(b"a\x01=\x01b", b"a_=_b"))


def compose(begin: str, sender: str, target: str, text: str, seq: int, **header: str) -> bytes:
    """A valid message."""
    msg_type, _, body = text.partition("|")
    head = {"t34": str(seq), "t49": sender, "t52": utc(), "t56": target, **header}
    fields = [f"{tag[1:]}={value}" for tag, value in head.items()]
    return wrap(begin, "|".join([f"35={msg_type}", *fields, *([body] if body else [])]))


class Fuzz:
    """One level: `go(count)` mutates so many messages. `counts` says what became of them."""

    name = ""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.number = 0
        self.counts: Counter[str] = Counter()
        self.last = b""

    def go(self, count: int) -> None:
        """Raises FuzzFailure."""
        raise NotImplementedError

    def text(self) -> str:
        """A body of the corpus, its names and times filled in."""
        name = f"o{self.random.randrange(50)}"
        return self.random.choice(CORPUS).format(n=name, t=utc(), s=self.random.randrange(99))

    def mutated(self, message: bytes) -> bytes:
        self.number += 1
        how = mutate if self.random.random() < 0.3 else mutate_fields
        self.last = how(self.random, message)
        return self.last

    def need(self, holds: bool, what: str) -> None:
        if not holds:
            raise FuzzFailure(f"{self.name}, seed {self.seed}, message {self.number}: {what}\n{self.last!r}")


# ------------------------------------------------------------------------------------------- framing and decoder


class TokenizerFuzz(Fuzz):
    """Damage before three good messages, cut at random places, into framing and the decoder of orders."""

    name = "tokenizer"

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._rules = Rules(load_session("FIX.4.4", DICTIONARIES).tables(TAKEN_TYPES[44]))
        self._directory = directory()

    def go(self, count: int) -> None:
        good = [compose("FIX.4.4", "MM", "VENUE", self.text(), 2 + i) for i in range(64)]
        behind = [compose("FIX.4.4", "MM", "VENUE", f"1|112=behind{i}", 3 + i) for i in range(3)]
        for number in range(count):
            if number % 4_096 == 0:
                good = [compose("FIX.4.4", "MM", "VENUE", self.text(), 2) for _ in range(64)]
            bad = self.mutated(self.random.choice(good))
            if number % 2:
                self._frame(bad, behind)
            else:
                self._decode(bad, behind)

    def _frame(self, bad: bytes, behind: list[bytes]) -> None:
        messages, _, rest = _wire.split_stream(bad + b"".join(behind), MESSAGE_BYTES_MAX)
        arrived = messages[-1:] == behind[-1:]
        self.need(arrived or rest > 0, "the message behind is lost")
        self.counts["arrived" if arrived else "waits"] += 1
        for raw in messages:
            try:
                self.need(_wire.parse(raw).raw == raw, "is read as something else")
            except ValueError:
                self.counts["garbled"] += 1

    def _decode(self, bad: bytes, behind: list[bytes]) -> None:
        """In two pieces, into a decoder that may take orders by itself."""
        inbound, batch = Inbound(1 << 16, MESSAGE_BYTES_MAX), CommandBatch(8)
        inbound.begin(9, b"FIX.4.4", b"MM", b"VENUE", self._rules, self._directory, 5, 120 * 10**9, 0, 0)
        inbound.next_in, inbound.is_fast = 2, True
        stream = bad + b"".join(behind)
        cut = self.random.randrange(len(stream))
        taken = []
        for piece in (stream[:cut], stream[cut:]):
            stop = inbound.feed(piece, batch)
            while stop & _inbound.MESSAGE:
                message = inbound.take()
                assert message is not None
                taken.append(message)
                if message.msg_type == "D" and message.raw == bad:
                    before = len(batch)
                    fault = inbound.submit(bad, 2, batch)
                    self.need((fault is None) == (len(batch) == before + 1), "is neither a command nor a refusal")
                inbound.next_in = (message.seq_num or 0) % 2**63 + 1
                stop = inbound.feed(b"", batch)
        self.need(len(batch) <= 2, "became more than one command")
        self.counts["command" if len(batch) else "no command"] += 1
        self.need(bool(taken) or inbound.waiting_bytes > 0, "the messages behind are lost")


def directory() -> Directory:
    """One instrument and one account."""
    made = Directory(8, 8, 8, 8, 8)
    for kind, body in (
        (CommandKind.SET_INSTRUMENT, {"symbol": "AAPL-USD"}),
        (CommandKind.SET_ACCOUNT, {"party_id": 5, "name": "MAKER-1-ACCOUNT"}),
    ):
        packed = pack_command(kind, **body)[COMMAND_HEADER_SIZE:]
        event = {"kind": int(EventKind.CONFIG_SET), "instrument_id": 3, "command_kind": int(kind), "body": packed}
        made.observe(CONFIG_EVENT.pack(**event))
    return made


# ----------------------------------------------------------------------------------------- session state machine


class SessionFuzz(Fuzz):
    """Mutated messages into the state machine, with numbers that are mostly the expected one; after each a TestRequest
    with the expected number, which is answered as long as the session lives."""

    name = "session"
    profile = Profile("FIX.4.4", "MM", "VENUE", queue_messages_max=50, queue_bytes_max=10_000)

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._rules = Rules(load_session("FIX.4.4", DICTIONARIES).tables(TAKEN_TYPES[44]))
        self._session: Session
        self._out = 1
        self._log_on()

    def go(self, count: int) -> None:
        for _ in range(count):
            seq = max(1, self._session.next_in + self.random.choice((0, 0, 0, 0, 0, 0, 1, 3, -1)))
            message = self._read(self.mutated(self._compose(self.text(), seq)))
            if message is not None and self._give(message):
                self._probe()
            if self._session.state is not State.LOGGED_ON:
                self.counts["sessions ended"] += 1
                self._log_on()

    def _compose(self, text: str, seq: int) -> bytes:
        return compose("FIX.4.4", "MM", "VENUE", text, seq)

    def _read(self, raw: bytes) -> _wire.FixMessage | None:
        try:
            return _wire.parse(raw)
        except ValueError:
            self.counts["garbled"] += 1
            return None

    def _log_on(self) -> None:
        self._session, self._out = Session(self.profile, self._rules), 1
        logon = self._read(self._compose("A|98=0|108=30", 1))
        assert logon is not None
        self._session.on_logon(logon, self._now(), 1)
        self._out += 1

    def _now(self) -> Now:
        return Now(time.time_ns(), time.monotonic())

    def _give(self, message: _wire.FixMessage) -> bool:
        """Whether the session still lives."""
        session, before = self._session, self._session.next_in
        actions = session.on_message(message, self._now(), self._out)
        while (kept := session.on_queue(self._now(), self._out)) is not None:
            actions = [*actions, *kept]
        kinds = Counter(a.msg_type if isinstance(a, Send) else type(a).__name__ for a in actions)
        self._out += sum(isinstance(a, Send) for a in actions)
        if any(isinstance(a, ResetNumbers) for a in actions):
            self._out = 2
        else:
            self.need(session.next_in >= before, f"the expected number went back from {before} to {session.next_in}")
        self.need(kinds["2"] <= 1, "asks for the same gap twice")
        self.need(len(session._queue) <= self.profile.queue_messages_max, "keeps more than it may")
        self.need(session._queue_bytes <= self.profile.queue_bytes_max + MESSAGE_BYTES_MAX, "keeps more than it may")
        self.counts.update(f"35={kind}" if len(kind) < 3 else kind for kind in kinds)
        return session.state is State.LOGGED_ON and not any(isinstance(a, Disconnect) for a in actions)

    def _probe(self) -> None:
        request = self._read(self._compose(f"1|112=probe{self.number}", self._session.next_in))
        assert request is not None
        actions = self._session.on_message(request, self._now(), self._out)
        answered = [a for a in actions if isinstance(a, Send) and dict(a.fields).get(112) == f"probe{self.number}"]
        self.need(len(answered) == 1, f"the TestRequest behind is not answered: {actions}")
        self._out += 1


# ---------------------------------------------------------------------------------------------------- live socket


class SocketFuzz(Fuzz):
    """Against a venue in a process of its own, over one connection after the other and in all versions; a bystander
    trades all the while."""

    name = "socket"
    versions = (("FIX.4.2", "MAKER42"), ("FIX.4.4", "MAKER44"), ("FIXT.1.1", "MAKER50"))

    def __init__(self, seed: int, venue: LiveVenue) -> None:
        super().__init__(seed)
        assert venue.process is not None
        self._process = venue.process
        self._bystander = Wire(self._process.fix_port, "FIX.4.4", "TAKER44")
        self._trades = 0
        self.memory_kib: list[int] = []

    def go(self, count: int) -> None:
        version = 0
        until = self.number + count
        while self.number < until:
            begin, sender = self.versions[version % len(self.versions)]
            version += 1
            with Wire(self._process.fix_port, begin, sender) as wire:
                self.counts["connections"] += 1
                while self.number < until and self._group(wire):
                    pass
            self._trade()
            if version % 50 == 0:
                self.memory_kib.append(self._anonymous_kib())
        self.memory_kib.append(self._anonymous_kib())
        self.need(self._process.exit_code is None, "the venue has died")
        grown_kib = self.memory_kib[-1] - self.memory_kib[0]
        self.need(grown_kib <= GROWTH_KIB_MAX, f"the venue's anonymous memory grew by {grown_kib:,} KiB")

    def close(self) -> None:
        self._bystander.close()

    def _group(self, wire: Wire) -> bool:
        """Some mutated messages in random pieces and one that must be answered. False when the venue ended it."""
        stream = b""
        for _ in range(GROUP):
            stream += self.mutated(wire.compose(self.text()))
        self.last = stream
        try:
            while stream:
                size = self.random.randrange(1, len(stream) + 1)
                wire.send(stream[:size])
                stream = stream[size:]
            for attempt in range(PROBES_MAX):
                if wire.probe(0.01 if attempt else 0.05):
                    self.counts["probes answered"] += 1
                    return True
        except OSError:
            self.counts["connections ended by the venue"] += 1
            return False
        self.need(False, "the TestRequest behind is not answered and the connection stands")
        return False

    def _trade(self) -> None:
        """The bystander's order is entered and cancelled."""
        self._trades += 1
        name = f"b{self._trades}"
        line = self._bystander
        line.send(line.compose(f"D|11={name}|55=AAPL-USD|54=1|38=1|40=2|44=80|59=1|60={utc()}"))
        line.send(line.compose(f"F|11=c{name}|41={name}|55=AAPL-USD|54=1|60={utc()}"))
        self.need(line.wait_for(f"11=c{name}\x01", ANSWER_TIMEOUT_S), "the bystander's order is not answered")
        self.counts["orders of the bystander"] += 1

    def _anonymous_kib(self) -> int:
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("RssAnon")))


class Wire:
    """A session over a blocking socket, its numbers begun anew: it sends anything and looks for what it wants."""

    def __init__(self, port: int, begin: str, sender: str) -> None:
        self._begin, self._sender = begin, sender
        self._seq, self._probes = 1, 0
        self._heard = b""
        more = "|1137=9" if begin == "FIXT.1.1" else ""
        until_s = time.monotonic() + ANSWER_TIMEOUT_S
        while True:  # the venue may not have seen yet that the last connection is gone
            self._seq = 1
            self._socket = socket.create_connection(("127.0.0.1", port), ANSWER_TIMEOUT_S)
            try:
                self.send(self.compose(f"A|98=0|108=60|141=Y{more}"))
                if self.wait_for("35=A\x01", ANSWER_TIMEOUT_S):
                    return
            except OSError:
                if time.monotonic() > until_s:
                    raise
            self._socket.close()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def compose(self, text: str) -> bytes:
        """The next message."""
        seq, self._seq = self._seq, self._seq + 1
        return compose(self._begin, self._sender, "PERPGATE", text, seq)

    def send(self, data: bytes) -> None:
        self._socket.settimeout(ANSWER_TIMEOUT_S)
        self._socket.sendall(data)

    def probe(self, timeout_s: float) -> bool:
        """Moves the venue's expected number beyond everything sent, and asks whether it is there."""
        self._probes += 1
        self._seq = self._probes * STEP + 1
        reset = compose(self._begin, self._sender, "PERPGATE", f"4|36={self._seq}", self._seq)
        self.send(reset + self.compose(f"1|112=probe{self._probes}x"))
        return self.wait_for(f"112=probe{self._probes}x\x01", timeout_s)

    def wait_for(self, text: str, timeout_s: float) -> bool:
        """Reads until the text has come. Raises OSError when the venue ends the session before, by a Logout too: then
        it waits for ours and answers nothing else."""
        wanted, until_s = text.encode("latin-1"), time.monotonic() + timeout_s
        while wanted not in self._heard:
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                return False
            self._socket.settimeout(left_s)
            try:
                data = self._socket.recv(1 << 20)
            except TimeoutError:
                return False
            self._heard += data
            if not data or b"\x0135=5\x01" in self._heard:
                raise ConnectionResetError
        self._heard = self._heard[self._heard.index(wanted) + len(wanted) :]
        return True


def touch_memory(venue: LiveVenue) -> None:
    """Many orders come and go: tables that were taken at the start are written to, and do not count as growth later."""
    session = LoadSession(username="LOAD1", password="load-1", account=3)
    run_load(
        LoadPlan(
            host="127.0.0.1", port=venue.port, sessions=(session,), instrument_id=1, mid_price_e8=300 * ONE,
            tick_e8=CENT, lot_e8=ONE, window=1_000, seconds=LOAD_SECONDS, warm_up_s=0.1,
        )
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------------- command


def run(level: str, count: int, seed: int) -> Fuzz:
    """One level. Raises FuzzFailure."""
    if level != SocketFuzz.name:
        fuzz = {TokenizerFuzz.name: TokenizerFuzz, SessionFuzz.name: SessionFuzz}[level](seed)
        fuzz.go(count)
        return fuzz
    with tempfile.TemporaryDirectory(prefix="perpgate-fuzz-") as name, live_venue(Path(name)) as venue:
        venue.start()
        touch_memory(venue)
        live = SocketFuzz(seed, venue)
        try:
            live.go(count)
        finally:
            live.close()
        return live


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.property.fix_fuzz", description="Mutated FIX messages.")
    parser.add_argument("--messages", type=int, default=1_000_000, help="in all (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--level", choices=SHARES, help="only this one")
    options = parser.parse_args(arguments)
    shares = {options.level: 1.0} if options.level else SHARES
    print(f"seed {options.seed}")
    for level, share in shares.items():
        began_s = time.monotonic()
        try:
            fuzz = run(level, int(options.messages * share), options.seed)
        except FuzzFailure as failure:
            print(f"FAILED {failure}")
            return 1
        seconds = time.monotonic() - began_s
        print(f"{level}: {fuzz.number:,} mutated messages in {seconds:.0f} s, nothing failed")
        print("   " + ", ".join(f"{name} {count:,}" for name, count in fuzz.counts.most_common()))
        if isinstance(fuzz, SocketFuzz):
            early, late = fuzz.memory_kib[0], fuzz.memory_kib[-1]
            print(f"   anonymous memory of the venue: {early:,} KiB early, {late:,} KiB at the end")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
