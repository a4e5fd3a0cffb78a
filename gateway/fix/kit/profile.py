"""Profiles: whom the kit talks to and as whom, from options and from files.

A profile is a TOML file with the keys of the options (`host`, `port`, `version`, `sender`, `target`, ...), so that a
firm keeps one file per session; options given on the command line win. Secrets come from files or are asked for, never
from arguments.
"""

from __future__ import annotations

import argparse
import getpass
import sys
import tomllib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from gateway.fix.kit.endpoint import Endpoint, KitError, Tls


class Profile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One session of a participant, as a profile file holds it. Paths are relative to the file."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65_535)] = 7002
    version: str = "4.4"
    sender: str = ""
    target: str = "PERPGATE"
    sender_sub_id: str = ""
    account: str = ""
    username: str = ""
    password_file: str = ""
    key: str = ""
    heartbeat_s: Annotated[int, Meta(ge=1, le=300)] = 30
    tls: bool = False
    tls_ca: str = ""
    tls_certificate: str = ""
    tls_key: str = ""
    tls_name: str = ""
    dictionaries: str = ""


OPTION_HELP = {
    "host": "address of the venue's FIX door",
    "port": "its port",
    "version": "4.2, 4.4 or 5.0SP2",
    "sender": "SenderCompID (49): yours",
    "target": "TargetCompID (56): the venue's",
    "sender_sub_id": "SenderSubID (50), when the session has one",
    "account": "Account (1) of requests; may be left out when the session has one account",
    "username": "Username (553) of a password logon; the password is asked for unless --password-file names it",
    "password_file": "file whose first line is the password",
    "key": "PEM file of the Ed25519 private key of a signature logon",
    "heartbeat_s": "HeartBtInt (108) in seconds",
    "tls": "connect with TLS 1.3",
    "tls_ca": "PEM file of the authority of the venue's certificate (default: the system's)",
    "tls_certificate": "PEM file of your certificate, when the venue wants one",
    "tls_key": "PEM file of its key",
    "tls_name": "name in the venue's certificate (default: the host)",
    "dictionaries": "directory of the data dictionaries (default: those shipped)",
}
_PATHS = ("password_file", "key", "tls_ca", "tls_certificate", "tls_key", "dictionaries")


def add_session_options(parser: argparse.ArgumentParser) -> None:
    """The options that say whom to talk to and as whom."""
    group = parser.add_argument_group("session")
    group.add_argument("--profile", type=Path, metavar="FILE", help="TOML file with these options as keys")
    defaults = Profile()
    for name, text in OPTION_HELP.items():
        default = getattr(defaults, name)
        option = "--" + name.replace("_", "-")
        shown = f"{text} (default: {default})" if default not in ("", False) and "(default" not in text else text
        if isinstance(default, bool):
            group.add_argument(option, action="store_const", const=True, help=shown)
        else:
            group.add_argument(option, type=type(default), metavar="X", help=shown)


def endpoint_of(options: argparse.Namespace) -> Endpoint:
    """The session that the options and the profile name. Raises KitError."""
    profile = read_profile(options.profile) if options.profile else Profile()
    for name in OPTION_HELP:
        given = getattr(options, name)
        if given is not None:
            setattr(profile, name, given)
    return endpoint_from(profile)


def read_profile(path: Path) -> Profile:
    """A profile file, its paths resolved. Raises KitError naming file and key."""
    try:
        profile = msgspec.convert(tomllib.loads(path.read_text()), Profile)
    except OSError as error:
        raise KitError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise KitError(f"{path}: is not TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise KitError(f"{path}: {error}; the keys are {', '.join(Profile.__struct_fields__)}") from None
    for name in _PATHS:
        if getattr(profile, name):
            setattr(profile, name, str(path.parent / getattr(profile, name)))
    return profile


def endpoint_from(profile: Profile) -> Endpoint:
    """The session of a profile; asks for the password when it has to. Raises KitError."""
    if not profile.sender:
        raise KitError("who are you? Give --sender (your CompID), or a --profile that has it")
    tls = None
    if profile.tls:
        tls = Tls(
            ca=_path(profile.tls_ca),
            certificate=_path(profile.tls_certificate),
            key=_path(profile.tls_key),
            server_name=profile.tls_name,
        )
    return Endpoint(
        host=profile.host,
        port=profile.port,
        version=profile.version,
        sender_comp_id=profile.sender,
        target_comp_id=profile.target,
        sender_sub_id=profile.sender_sub_id,
        account=profile.account,
        username=profile.username,
        password=_password(profile),
        private_key=_path(profile.key),
        heartbeat_s=profile.heartbeat_s,
        tls=tls,
        dictionaries=_path(profile.dictionaries),
    )


def _path(text: str) -> Path | None:
    return Path(text) if text else None


def _password(profile: Profile) -> str:
    if profile.password_file:
        try:
            return Path(profile.password_file).read_text().partition("\n")[0]
        except OSError as error:
            raise KitError(f"{profile.password_file}: cannot be read: {error.strerror}") from None
    if profile.username and not profile.key:
        if not sys.stdin.isatty():
            raise KitError("there is no terminal to ask for the password: name a file with --password-file")
        return getpass.getpass(f"Password of {profile.username}: ")
    return ""
