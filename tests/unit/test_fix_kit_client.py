"""The client's commands, against a line that only notes what was sent."""

import json
import queue
from pathlib import Path

import pytest

from gateway.fix.dictionary import load_session
from gateway.fix.kit.client import Client
from gateway.fix.kit.endpoint import Endpoint, KitError
from gateway.fix.kit.initiator import Said
from gateway.fix.kit.orders import OrderBook, report_line
from gateway.fix.kit.script import ScriptError, parse_options, split_words
from gateway.fix.kit.wire import FixMessage

DICTIONARY = load_session("FIX.4.4", Path(__file__).parents[2] / "config" / "fix")


class NotingLine:
    """Keeps what is sent; `arrive` plays the venue."""

    def __init__(self):
        self.said = queue.Queue()
        self.sent = []
        self.drops = 0

    def send(self, msg_type, body):
        if msg_type == "broken":
            raise KitError("there is no session to send on")
        self.sent.append((msg_type, [(t, v) for t, v in body if t != 60]))

    def drop(self):
        self.drops += 1

    def arrive(self, *fields):
        self.said.put(Said("in", FixMessage(fields)))


def endpoint(version="4.4"):
    return Endpoint("127.0.0.1", 1, version, "ALPHA", "PERPGATE", account="ALPHA-A1")


@pytest.fixture
def line():
    return NotingLine()


@pytest.fixture
def printed():
    return []


@pytest.fixture
def client(line, printed):
    return Client(line, endpoint(), DICTIONARY, printed.append, json.dumps)


def report(**changes):
    fields = {
        8: "FIX.4.4", 35: "8", 34: "2", 37: "1045", 11: "c1", 17: "1045-0", 150: "0", 39: "0", 1: "ALPHA-A1",
        55: "AAPL-USD", 54: "1", 38: "2.5", 40: "2", 44: "254.04", 151: "2.5", 14: "0", 6: "0",
    }  # fmt: skip
    fields.update({int(k[1:]): v for k, v in changes.items()})
    return tuple(fields.items())


def test_orders_become_messages(client, line):
    client.execute("buy AAPL-USD 2.5 @254.04 alo id=c1")
    client.execute("sell AAPL-USD 1 @ 255 ioc reduce id=c2 account=OTHER")
    client.execute("buy AAPL-USD 3 id=c3   # a market order")
    assert line.sent == [
        ("D", [(11, "c1"), (1, "ALPHA-A1"), (55, "AAPL-USD"), (54, "1"), (40, "2"), (38, "2.5"), (44, "254.04"),
               (59, "1"), (18, "6")]),
        ("D", [(11, "c2"), (1, "OTHER"), (55, "AAPL-USD"), (54, "2"), (40, "2"), (38, "1"), (44, "255"), (59, "3"),
               (18, "E")]),
        ("D", [(11, "c3"), (1, "ALPHA-A1"), (55, "AAPL-USD"), (54, "1"), (40, "1"), (38, "3"), (59, "3")]),
    ]  # fmt: skip


def test_version_specific_fields(line, printed):
    Client(line, endpoint("4.2"), DICTIONARY, printed.append, json.dumps).execute("buy X 1 @1 display=1 id=a")
    Client(line, endpoint("5.0SP2"), DICTIONARY, printed.append, json.dumps).execute("buy X 1 @1 display=1 id=a")
    first, second = (dict(body) for _, body in line.sent)
    assert (first[21], first[111], 1138 in first) == ("1", "1", False)
    assert (second.get(21), second[1138], 111 in second) == (None, "1", False)


def test_options_of_an_order():
    ticket = parse_options(["gtd=20250101-00:00:00", "tp=2", "sl=1", "stp=7", "mode=both", "alo"], has_price=True)
    assert (ticket.order_type, ticket.time_in_force, ticket.instructions) == ("2", "6", ["6"])
    assert ticket.more == [(126, "20250101-00:00:00"), (20030, "2"), (20031, "1"), (2362, "7"), (2964, "3")]
    stop = parse_options(["stop=99"], has_price=False)
    assert (stop.order_type, stop.stop_price, stop.time_in_force) == ("3", "99", "1")
    assert parse_options(["touch=99"], has_price=False).order_type == "J"
    for wrong in ("quick", "mode=none", "colour=red", "tp="):
        with pytest.raises(ScriptError, match="no option of an order"):
            parse_options([wrong], has_price=True)


def test_own_ids_are_never_used_twice(client, line):
    for _ in range(3):
        client.execute("buy AAPL-USD 1 @1")
    assert len({dict(body)[11] for _, body in line.sent}) == 3


def test_cancel_and_replace_use_what_the_reports_said(client, line):
    line.arrive(*report())
    client.execute("cancel c1")
    client.execute("cancel #1045")
    client.execute("replace c1 3 @253 id=c9")
    client.execute("replace c1 @252 id=c10")
    cancels = [dict(body) for kind, body in line.sent if kind == "F"]
    assert [(c[41], c[37], c[55], c[54]) for c in cancels] == [("c1", "1045", "AAPL-USD", "1")] * 2
    replaces = [dict(body) for kind, body in line.sent if kind == "G"]
    assert [(r[11], r[38], r[44], r[40]) for r in replaces] == [("c9", "3", "253", "2"), ("c10", "2.5", "252", "2")]


def test_replacing_a_stop_moves_its_trigger(client, line):
    line.arrive(*[f for f in report(t40="3", t99="200") if f[0] != 44])
    client.execute("replace c1 @201 id=c2")
    body = dict(line.sent[-1][1])
    assert (body[99], body[40], 44 in body) == ("201", "3", False)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("buys AAPL-USD 1", "'buys' is no command: write one of buy, sell"),
        ("buy AAPL-USD", "write: buy SYMBOL QUANTITY"),
        ("buy AAPL-USD 1 @", "no price after @"),
        ("cancel c9", "no report has shown an order 'c9'"),
        ("cancel", "name an order"),
        ("state", "write: state SYMBOL"),
        ("raw", "write: raw MSGTYPE"),
        ("raw D 11", "'11' is no field"),
        ("raw broken", "there is no session"),
        ("wait 8 within soon", "'soon' is no number of seconds"),
        ("wait within 1 8", "`within SECONDS` comes last"),
        ("wait 8 within 0", "no such message within 0 s"),
        ('raw D 58="open', "quotes come in pairs"),
    ],
)
def test_what_cannot_be_done_is_said(client, text, says):
    with pytest.raises(ScriptError) as caught:
        client.execute(text)
    assert says in str(caught.value)


def test_other_requests(client, line):
    for text in ("cancel-all AAPL-USD buy", "cancel-all node", "orders", "instruments", "state X", "venue"):
        client.execute(text)
    kinds = [(kind, dict(body)) for kind, body in line.sent]
    assert [kind for kind, _ in kinds] == ["q", "q", "AF", "x", "e", "g"]
    assert (kinds[0][1][530], kinds[0][1][55], kinds[0][1][54], kinds[0][1][1]) == ("1", "AAPL-USD", "1", "ALPHA-A1")
    assert (kinds[1][1][530], 1 in kinds[1][1]) == ("7", False)
    client.execute('raw B 148="two words" 58=x')
    assert line.sent[-1] == ("B", [(148, "two words"), (58, "x")])


def test_wait_takes_messages_in_order(client, line):
    line.arrive(*report())
    line.arrive(*report(t150="F", t17="1046-0"))
    client.execute("wait 8 150=0")
    client.execute("wait 8 150=F 37=1045")
    line.said.put(Said("logon"))
    client.execute("wait logon")
    with pytest.raises(ScriptError, match="no such message"):
        client.execute("wait 8 within 0")


def test_a_script_stops_at_the_first_fault_and_names_the_line(client, line):
    with pytest.raises(ScriptError, match=r"line 3: cancel zzz: no report has shown"):
        client.run_script(["# comment", "buy X 1 @1", "cancel zzz", "buy X 2 @1"])
    assert len(line.sent) == 1


def test_quit_ends_a_script(client, line):
    client.run_script(["drop", "quit", "buy X 1 @1"])
    assert (line.drops, line.sent, client.is_over) == (1, [], True)


def test_heartbeats_are_not_printed_and_json_is_json(line, printed):
    client = Client(line, endpoint(), DICTIONARY, printed.append, json.dumps, as_json=True)
    line.arrive((8, "FIX.4.4"), (35, "0"))
    line.arrive(*report())
    line.said.put(Said("logout"))
    client.pump(0.0)
    shown = [json.loads(text) for text in printed]
    assert (shown[0]["message"], shown[0]["fields"]["ClOrdID"]) == ("ExecutionReport", "c1")
    assert shown[1:] == [{"event": "logout"}]


def test_open_orders_are_listed(client, line, printed):
    line.arrive(*report())
    line.arrive(*report(t37="1050", t11="c5", t17="1050-0", t39="4"))
    client.pump(0.0)
    printed.clear()
    client.execute("open")
    assert printed == ["c1  buy 2.5 of 2.5 AAPL-USD @ 254.04  #1045"]


def test_help_names_every_command(client, printed):
    client.execute("help")
    for name in ("buy", "cancel", "replace", "cancel-all", "status", "orders", "open", "instruments", "state", "venue",
                 "wait", "pause", "raw", "drop", "quit"):  # fmt: skip
        assert name in printed[0]


def test_comments():
    assert split_words("# all of it") == split_words("#all") == split_words("") == []
    assert split_words("cancel #12 # the rest") == ["cancel", "#12"]


def test_the_order_book_ignores_repetitions_and_follows_ids():
    book = OrderBook()
    assert book.apply(FixMessage(report()))
    assert not book.apply(FixMessage(report()))
    assert not book.apply(FixMessage(report(t37="NONE", t17="9-0", t39="8")))
    assert book.apply(FixMessage(report(t17="1046-0", t150="E", t11="c2", t41="c1", t39="E")))
    assert book.find("c2").cl_ord_id == "c1"
    assert book.apply(FixMessage(report(t17="1047-0", t150="5", t11="c2", t41="c1", t38="3")))
    assert book.find("c1") is book.find("c2")
    assert (book.find("#1045").cl_ord_id, book.find("#1045").quantity) == ("c2", "3")
    assert book.find("nothing") is None


def test_report_lines():
    assert report_line(FixMessage(report())) == (
        "NEW       c1  buy 2.5 AAPL-USD @ 254.04  order 1045  filled 0 leaves 2.5"
    )
    fill = report(t150="F", t39="1", t31="254.04", t32="1", t851="2", t137="0.12", t138="USDC", t43="Y", t54="2")
    assert report_line(FixMessage(fill)).startswith("FILL      c1  sell 2.5")
    assert report_line(FixMessage(fill)).endswith("last 1 @ 254.04 taker fee 0.12 USDC  (repeated)")
    assert report_line(FixMessage(report(t20="3"))).startswith("STATUS")
    assert report_line(FixMessage(report(t150="8", t58="BAD_SYMBOL"))).endswith("  BAD_SYMBOL")
