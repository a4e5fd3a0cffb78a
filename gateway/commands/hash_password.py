"""`perpgate hash-password`: a password to the text for `password_hash` in the participants file."""

from __future__ import annotations

import argparse
import getpass
import sys

from gateway.commands.outcome import ExitCode, Refusal, add_json, print_json
from gateway.passwords import PASSWORD_BYTES_MAX, check_password_text, hash_password

DESCRIPTION = f"""\
Reads a password and prints the text for `password_hash` of a [[session]] in the participants file.

The password is asked for twice without being shown; from a pipe the first line is taken. It is never an argument,
because everybody on the machine can see those. The binary login takes 1 to {PASSWORD_BYTES_MAX} characters."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    password = _ask() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    try:
        check_password_text(password)
    except ValueError as error:
        raise Refusal(f"{error}; choose another one") from None
    text = hash_password(password)
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
