"""`perpgate hash-password`: a password to the text for `password_hash` in the participants file."""

from __future__ import annotations

import argparse
import getpass
import sys

from gateway.commands.outcome import ExitCode, Refusal, add_json, print_json
from gateway.passwords import PASSWORD_BYTES_MAX, check_password_text, hash_password

OPERATOR_BYTES_MIN, OPERATOR_BYTES_MAX = 12, 128
DESCRIPTION = f"""\
Reads a password and prints the text for `password_hash` of a [[session]] in the participants file.

The password is asked for twice without being shown; from a pipe the first line is taken. It is never an argument,
because everybody on the machine can see those. The binary login takes 1 to {PASSWORD_BYTES_MAX} characters, an
operator's {OPERATOR_BYTES_MIN} to {OPERATOR_BYTES_MAX}."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--operator", action="store_true", help="for an [[operator]] instead of a [[session]]")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    password = _ask() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    bytes_max = OPERATOR_BYTES_MAX if options.operator else PASSWORD_BYTES_MAX
    try:
        check_password_text(password, bytes_max)
        if options.operator and len(password) < OPERATOR_BYTES_MIN:
            raise ValueError(f"an operator's password has at least {OPERATOR_BYTES_MIN} characters")
    except ValueError as error:
        raise Refusal(f"{error}; choose another one") from None
    text = hash_password(password, bytes_max=bytes_max)
    if options.json:
        print_json({"password_hash": text})
    else:
        print(text)
    return ExitCode.OK


def _ask() -> str:
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise Refusal("the two are not the same; nothing was made, try again")
    return password
