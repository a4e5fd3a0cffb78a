"""The table as pages under docs/fix: messages, fields, reasons, versions, and the steps in certification.md."""

from __future__ import annotations

from collections.abc import Iterator

from engine.records import CHECK_ORDER, Reason
from gateway.fix.kit.certification import SECTIONS, steps
from gateway.fix.reasons import FIX_REASONS, Codes, FixReason
from gateway.fix.rules import examples
from gateway.fix.rules.fields import FIELDS
from gateway.fix.rules.messages import HEADER, MESSAGES, TRAILER
from gateway.fix.rules.model import EVERY, Field, Member, Message, Presence, RulesError, Version, Way

_NOTE = "<!-- Generated from gateway/fix/rules by `make gen`. Do not edit. -->"
_BEGIN, _END = "<!-- generated: steps -->\n", "<!-- end of steps -->\n"
_SHORT = {Version.FIX42: "4.2", Version.FIX44: "4.4", Version.FIX50SP2: "5.0SP2"}
_WAYS = {Way.IN: "from the participant", Way.OUT: "from the venue", Way.BOTH: "both ways"}
_VERSION_HEAD = " | ".join(_SHORT.values())

_MESSAGES_HEAD = """\
# FIX messages

Every message of the venue with its fields. **Y** is required, **C** required under the condition in the last column,
**N** optional; a dash means that the version does not have the field. A message that lacks a Y is answered by 35=3,
one that lacks a C by 35=j with 380=5. Members of a group are indented by arrows; the first one begins each entry.
Values are in [fields.md](fields.md), codes of refusals in [reasons.md](reasons.md), messages as they go over the wire
in [examples.md](examples.md).

"""
_FIELDS_HEAD = """\
# FIX fields

Types are those of the FIX specification. Tags from 20000 on are the venue's own; 35002 and 35003 follow an older
convention. A participant that cannot take user-defined tags logs on with 20013=N and gets none.

"""
_REASONS_HEAD = """\
# Reason codes

Every refusal and every change that nobody asked for names its reason twice: 58 Text begins with the constant, 20001
VenueReasonCode has its number. Both are stable. The standard codes beside them are the nearest value that each version
has: a single code is that of every version, three are those of 4.2 / 4.4 / 5.0SP2. A dash means that the reason does
not occur there.

- **103** OrdRejReason: 35=8 with 39=8
- **102** CxlRejReason: 35=9
- **378** ExecRestatementReason: 35=8 with 150=4 unasked, or 150=D
- **532** MassCancelRejectReason and **1376** MassActionRejectReason: 35=r and 35=BZ that refuse

| 20001 | 58 begins with | meaning | what to do | 103 | 102 | 378 | 532, 1376 |
|---|---|---|---|---|---|---|---|
"""


def pages() -> dict[str, str]:
    """File name under docs/fix to text."""
    return {
        name: "\n".join([_NOTE, *lines]) + "\n"
        for name, lines in (
            ("messages.md", _messages()),
            ("fields.md", _fields()),
            ("reasons.md", _reasons()),
            ("versions.md", _differences()),
            ("examples.md", examples.page()),
        )
    }


def _ranges(versions: frozenset[Version]) -> str:
    return "all" if versions == EVERY else ", ".join(_SHORT[v] for v in sorted(versions))


# ------------------------------------------------------------------------------------------------------- messages


def _messages() -> Iterator[str]:
    yield from _MESSAGES_HEAD.splitlines()
    yield "| MsgType | message | sent | versions | back-ported to |"
    yield "|---|---|---|---|---|"
    for message in MESSAGES:
        back = ", ".join(_SHORT[v] for v in sorted(message.backported)) if not _is_ours(message) else "ours"
        yield (
            f"| `{message.msg_type}` | [{message.name}](#{_anchor(message)}) | {_WAYS[message.way]} "
            f"| {_ranges(message.versions)} | {back or ''} |"
        )
    yield ""
    yield "## Header and trailer"
    yield ""
    yield "BeginString is FIX.4.2, FIX.4.4 or FIXT.1.1. 8, 9 and 35 are the first three fields, 10 is the last; the"
    yield "rest of the header comes before the body in any order."
    yield ""
    yield from _member_table(HEADER + TRAILER)
    for message in MESSAGES:
        yield ""
        yield f"## {message.name} (35={message.msg_type})"
        yield ""
        yield f"{_WAYS[message.way].capitalize()}. {message.meaning}"
        if message.versions != EVERY:
            yield f"Only in {_ranges(message.versions)}."
        if message.backported and not _is_ours(message):
            yield f"Back-ported to {', '.join(_SHORT[v] for v in sorted(message.backported))}."
        yield ""
        yield from _member_table(message.members)


def _is_ours(message: Message) -> bool:
    return message.msg_type.startswith("U")


def _anchor(message: Message) -> str:
    return f"{message.name.lower()}-35{message.msg_type.lower()}"


def _member_table(members: tuple[Member, ...]) -> Iterator[str]:
    yield f"| tag | field | {_VERSION_HEAD} | meaning |"
    yield "|---|---|---|---|---|---|"
    yield from _member_rows(members, "")


def _member_rows(members: tuple[Member, ...], arrows: str) -> Iterator[str]:
    for member in members:
        field = FIELDS[member.tag]
        presence = " | ".join(member.presence.get(v, "-") for v in Version)
        yield f"| {member.tag} | {arrows}{_name(field)} | {presence} | {_meaning(field, member)} |"
        yield from _member_rows(member.members, arrows + "→ ")


def _name(field: Field) -> str:
    return f"[{field.name}](fields.md#{field.tag}-{field.name.lower()})" if field.values else field.name


def _meaning(field: Field, member: Member) -> str:
    if not member.meaning:
        return _escape(field.meaning)
    conditional = Presence.CONDITIONAL in member.presence.values()
    return _escape(f"{field.meaning}. *{'Required: ' if conditional else ''}{member.meaning}*")


def _escape(text: str) -> str:
    return text.replace("|", "\\|")


# --------------------------------------------------------------------------------------------------------- fields


def _fields() -> Iterator[str]:
    yield from _FIELDS_HEAD.splitlines()
    yield "| tag | field | type | meaning |"
    yield "|---|---|---|---|"
    for field in FIELDS.values():
        yield f"| {field.tag} | {_linked(field)} | {_type(field)} | {_escape(field.meaning)} |"
    yield ""
    yield "# Values"
    for field in FIELDS.values():
        if not field.values:
            continue
        yield ""
        yield f"## {field.tag} {field.name}"
        yield ""
        yield f"{field.meaning}."
        yield ""
        yield "| value | name | versions | meaning |"
        yield "|---|---|---|---|"
        for value in field.values:
            yield f"| `{value.text}` | {value.name} | {_ranges(value.versions)} | {_escape(value.meaning)} |"


def _linked(field: Field) -> str:
    names = "".join(f", {name} in {_SHORT[version]}" for version, name in field.names.items())
    linked = f"[{field.name}](#{field.tag}-{field.name.lower()})" if field.values else field.name
    return linked + names


def _type(field: Field) -> str:
    return field.type + "".join(f", {kind} in {_SHORT[version]}" for version, kind in field.types.items())


# -------------------------------------------------------------------------------------------------------- reasons


def _reasons() -> Iterator[str]:
    yield from _REASONS_HEAD.splitlines()
    for reason in sorted(FIX_REASONS):
        yield _reason_row(reason, FIX_REASONS[reason])
    yield ""
    yield "## Which reason, when several apply"
    yield ""
    yield "The checks run in this order and the first that fails decides; those of the book come last."
    yield ""
    yield from (f"{number}. {reason.name}" for number, reason in enumerate(CHECK_ORDER, 1))
    yield ""
    yield "## Messages that are refused before the engine sees them"
    yield ""
    yield "| message | field | code | when |"
    yield "|---|---|---|---|"
    for message, tag in (("35=3 Reject", 373), ("35=j BusinessMessageReject", 380)):
        for value in FIELDS[tag].values:
            where = "" if value.versions == EVERY else f" (from {_ranges(value.versions)})"
            text = value.meaning or value.name.replace("_", " ").lower()
            yield f"| {message} | {tag} | {value.text}{where} | {text} |"
    yield ""
    yield "35=3 names the tag in 371 and the message in 45 and 372. The message has used its number and had no effect."


def _reason_row(reason: Reason, row: FixReason) -> str:
    columns = (
        (row.ord_rej, {"order"}),
        (row.cxl_rej, {"change", "cancel"}),
        (row.restatement, {"unasked"}),
        (row.mass_cancel_rej, {"mass"}),
    )
    cells = (_codes(codes) if where & set(row.occurs.split()) else "-" for codes, where in columns)
    return f"| {int(reason)} | `{reason.name}` | {row.meaning} | {row.remedy} | {' | '.join(cells)} |"


def _codes(codes: Codes) -> str:
    return str(codes[0]) if len(set(codes)) == 1 else " / ".join(str(code) for code in codes)


# ----------------------------------------------------------------------------------------------------- differences


def _differences() -> Iterator[str]:
    yield "# Differences between FIX 4.2, 4.4 and 5.0 SP2"
    yield ""
    yield "One order model in three dialects. What is not listed here is the same in all of them."
    yield ""
    yield "## Messages"
    yield ""
    yield "| MsgType | message | 4.2 | 4.4 | 5.0SP2 |"
    yield "|---|---|---|---|---|"
    for message in MESSAGES:
        if message.versions != EVERY or (message.backported and not _is_ours(message)):
            cells = (
                "-" if v not in message.versions else "back-ported" if v in message.backported else "yes"
                for v in Version
            )
            yield f"| `{message.msg_type}` | {message.name} | {' | '.join(cells)} |"
    yield ""
    yield "## Fields of a message that differ"
    yield ""
    yield f"| message | tag | field | {_VERSION_HEAD} |"
    yield "|---|---|---|---|---|---|"
    header = Message("", "header", Way.BOTH, True, "", HEADER, EVERY, frozenset())
    for message in (header, *MESSAGES):
        for member in message.walk():
            letters = {member.presence.get(v, "-") for v in message.versions}
            if len(letters) > 1:
                presence = " | ".join(member.presence.get(v, "-") if v in message.versions else "" for v in Version)
                yield f"| {message.name} | {member.tag} | {FIELDS[member.tag].name} | {presence} |"
    yield ""
    yield "## Names and types"
    yield ""
    yield "| tag | field | differs |"
    yield "|---|---|---|"
    for field in FIELDS.values():
        for what, changed in (("name", field.names), ("type", field.types)):
            for version, text in changed.items():
                yield f"| {field.tag} | {field.name} | {what} in {_SHORT[version]}: {text} |"
    yield ""
    yield "## Values"
    yield ""
    yield f"| tag | field | value | {_VERSION_HEAD} | meaning |"
    yield "|---|---|---|---|---|---|---|"
    for field in FIELDS.values():
        for value in field.values:
            if value.versions != EVERY and len(field.values) > 1:
                offered = " | ".join("yes" if v in value.versions else "-" for v in Version)
                text = value.meaning or value.name.replace("_", " ").lower()
                yield f"| {field.tag} | {field.name} | `{value.text}` | {offered} | {text} |"


# -------------------------------------------------------------------------------------------------- certification


def certification_page(current: str) -> str:
    """The page with its list of steps renewed; the rest of it is written by hand. Raises RulesError without markers."""
    before, begin, rest = current.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise RulesError(f"docs/fix/certification.md lacks {_BEGIN.strip()} or {_END.strip()}")
    return before + begin + "\n".join(_steps()) + "\n" + end + after


def _steps() -> Iterator[str]:
    for section in SECTIONS:
        yield ""
        yield f"### {section.STEPS.letter}: {section.STEPS.title}"
        yield ""
        yield "| step | what | the venue has to |"
        yield "|---|---|---|"
        for step in section.STEPS.steps:
            where = "" if step.versions == EVERY else f" ({_ranges(step.versions)} only)"
            yield f"| {step.number} | {step.title}{where} | {_escape(step.expectation)} |"
    yield ""
    yield f"{len(steps())} steps."
