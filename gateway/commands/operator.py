"""`perpgate operator ...`: what the people who run a venue do to it, over the operators' door."""

from __future__ import annotations

import argparse
import getpass
import ssl
import sys
from pathlib import Path
from typing import Any

import msgspec

from gateway.commands.options import read_settings
from gateway.commands.outcome import EPILOG, ExitCode, Refusal, add_json, print_json, print_pairs, print_table
from gateway.config import split_address
from gateway.operator.client import (
    LoginRefusedError,
    OperatorClient,
    OperatorError,
    make_key,
    read_key,
)
from gateway.operator.desk import SHOWABLE
from gateway.operator.operations import OPERATIONS, Operation
from gateway.operator.parameters import Parameter, Switch
from gateway.operator.protocol import Answer, Approve, Outcome, Perform, Refuse, Request, Show

DESCRIPTION = """\
Asks a running venue's door for operators (listen.operator). Every operation is journaled with its operator, with the
second one who approved it, and with the reason that is given; what needs four eyes becomes a proposal that another
operator approves or refuses.

  perpgate operator keygen alice.pem                     makes a key, prints the text for the participants file
  perpgate operator kill --at operator.sock --as ALICE --key alice.pem --scope firm --node 3 --reason "runaway quoting"
  perpgate operator show proposals --at operator.sock --as BOB --key bob.pem
  perpgate operator approve 1795658880123456 --at operator.sock --as BOB --key bob.pem"""

ALL = "all"
EXITS = {Outcome.REJECTED: ExitCode.NO, Outcome.REFUSED: ExitCode.REFUSED}


def configure(parser: argparse.ArgumentParser) -> None:
    common = _common()
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, summary: str) -> argparse.ArgumentParser:
        options: dict[str, Any] = {
            "help": summary,
            "epilog": EPILOG,
            "description": f"{summary[:1].upper()}{summary[1:]}.",
        }
        return actions.add_parser(
            name, parents=[common], formatter_class=argparse.RawDescriptionHelpFormatter, **options
        )

    for operation in OPERATIONS.values():
        who = f"[{operation.role}{', four eyes' if operation.is_approved else ''}]"
        sub = add(operation.name, f"{operation.summary} {who}")
        sub.add_argument("--reason", required=True, metavar="TEXT", help="why: 1 to 128 characters, journaled")
        sub.add_argument(
            "--case", type=int, default=0, metavar="N", help="case that it belongs to (default: a new one)"
        )
        for parameter in operation.parameters:
            _add_parameter(sub, operation, parameter)
    approve = add("approve", "carries out what another operator has proposed")
    approve.add_argument("proposal", type=int, metavar="PROPOSAL", help="its number, as `show proposals` prints it")
    refuse = add("refuse", "ends a proposal without carrying it out")
    refuse.add_argument("proposal", type=int, metavar="PROPOSAL", help="its number, as `show proposals` prints it")
    refuse.add_argument("--reason", required=True, metavar="TEXT", help="why: 1 to 128 characters, journaled")
    show = add("show", "prints what is set, or what waits for a second operator")
    show.add_argument("what", choices=SHOWABLE, metavar="WHAT", help=f"one of {', '.join(SHOWABLE)}")
    keygen = actions.add_parser("keygen", help="makes an operator's key; needs no venue", epilog=EPILOG)
    keygen.add_argument("file", type=Path, help="private key, made with mode 0600; never overwritten")
    add_json(keygen)


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    where = common.add_argument_group("connection")
    where.add_argument("--at", metavar="PLACE", help="path of the local socket, or HOST:PORT, which takes --ca")
    where.add_argument("--config", type=Path, metavar="FILE", help="process file of the venue, instead of --at")
    where.add_argument("--as", dest="name", required=True, metavar="NAME", help="operator that you are")
    where.add_argument("--key", type=Path, metavar="FILE", help="your private key (perpgate operator keygen)")
    where.add_argument("--password", action="store_true", help="ask for your password; from a pipe: its first line")
    where.add_argument("--ca", type=Path, metavar="FILE", help="PEM file of the venue's certificate or its authority")
    add_json(common)
    return common


def _add_parameter(parser: argparse.ArgumentParser, operation: Operation, parameter: Parameter) -> None:
    flag = f"--{parameter.name.replace('_', '-')}"
    if isinstance(parameter.kind, Switch) and parameter.default is False:
        parser.add_argument(flag, dest=f"p_{parameter.name}", action="store_const", const=True, help=parameter.help)
        return
    hint = parameter.kind.hint
    if operation.name == "instrument-state" and parameter.name == "instrument":
        hint += f"; {ALL}: each of them, one command each"
    parser.add_argument(
        flag,
        dest=f"p_{parameter.name}",
        required=parameter.is_required,
        metavar="VALUE",
        help=f"{parameter.help}: {hint}",
    )


def run(options: argparse.Namespace) -> int:
    if options.action == "keygen":
        return _keygen(options)
    try:
        with _client(options) as client:
            answers = [client.ask(request) for request in _requests(options, client)]
    except LoginRefusedError as error:
        raise Refusal(str(error)) from None
    except OperatorError as error:
        raise Refusal(str(error), ExitCode.UNAVAILABLE) from None
    for answer in answers:
        if options.json:
            print_json({"event": "operator_answer", **msgspec.to_builtins(answer)})
        else:
            _print(answer)
    return max(EXITS.get(answer.outcome, ExitCode.OK) for answer in answers)


def _keygen(options: argparse.Namespace) -> int:
    try:
        public_key = make_key(options.file)
    except OSError as error:
        raise Refusal(f"{options.file}: {error.strerror}; name another file") from None
    if options.json:
        print_json({"event": "key_made", "file": str(options.file), "public_key": public_key})
    else:
        print(f'public_key = "{public_key}"')
    return ExitCode.OK


def _client(options: argparse.Namespace) -> OperatorClient:
    place = _place(options)
    tls = None
    if not isinstance(place, Path):
        try:
            tls = ssl.create_default_context(cafile=str(options.ca) if options.ca else None)
        except (OSError, ssl.SSLError) as error:
            raise Refusal(f"--ca {options.ca}: cannot be used: {error}") from None
    try:
        key = read_key(options.key) if options.key else None
    except OperatorError as error:
        raise Refusal(str(error)) from None
    return OperatorClient(place, options.name, key=key, password=_password() if options.password else "", tls=tls)


def _place(options: argparse.Namespace) -> Path | tuple[str, int]:
    base, text = Path(), options.at
    if text is None:
        if options.config is None:
            raise Refusal("say where the venue is: --at PLACE, or --config FILE of its process file")
        text = read_settings(options.config).process.listen.operator
        base = options.config.resolve().parent
        if text is None:
            raise Refusal(f"{options.config}: listen.operator is not set: the venue has no door for operators")
    try:
        return split_address(text) if ":" in text and "/" not in text else base / text
    except ValueError as error:
        raise Refusal(str(error)) from None


def _password() -> str:
    return getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def _requests(options: argparse.Namespace, client: OperatorClient) -> list[Request]:
    if options.action == "show":
        return [Show(what=options.what)]
    if options.action == "approve":
        return [Approve(proposal=options.proposal)]
    if options.action == "refuse":
        return [Refuse(proposal=options.proposal, reason=options.reason)]
    given = {name[2:]: value for name, value in vars(options).items() if name.startswith("p_") and value is not None}

    def perform(parameters: dict[str, Any]) -> Perform:
        return Perform(operation=options.action, parameters=parameters, reason=options.reason, case=options.case)

    if options.action == "instrument-state" and given["instrument"] == ALL:
        rows = client.ask(Show(what="instruments")).rows
        return [perform({**given, "instrument": row["instrument"]}) for row in rows if row["state"] != "delisted"]
    return [perform(given)]


def _print(answer: Answer) -> None:
    if answer.outcome is Outcome.SHOWN:
        _print_rows(answer.rows)
        return
    pairs = [
        ("outcome", f"{answer.outcome}{f': {answer.reason}' if answer.outcome is Outcome.REJECTED else ''}"),
        ("operation", answer.operation),
        ("command", str(answer.seq or "")),
        ("case", str(answer.case_id or "")),
        ("operator", str(answer.operator_id or "")),
        ("approver", str(answer.approver_id or "")),
        ("proposal", str(answer.proposal or "")),
        ("events", str(answer.events_total or "")),
        ("note", answer.text),
    ]
    print_pairs(pairs)


def _print_rows(rows: tuple[dict[str, Any], ...]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    if len(rows) == 1 and len(names) > 12:
        print_pairs([(name, str(value)) for name, value in rows[0].items()])
        return
    table = [[_text(row.get(name, "")) for name in names] for row in rows]
    print_table([(name.replace("_", " "), "left") for name in names], table)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name}={item}" for name, item in value.items())
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
