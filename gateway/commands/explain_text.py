"""What `perpgate explain` found, as text; the same values as its JSON, decimals instead of units."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.records import format_e8
from gateway.commands.outcome import print_pairs, print_table
from gateway.record_text import COLUMNS, format_time, table_row

MICRO_PER_E8 = 100
WHY = {  # of what ends or changes an order beyond its owner's own requests
    "CANCELLED_STP": "it would have traded with the same owner (self-trade prevention)",
    "IOC_CANCELLED": "immediate-or-cancel: nothing could be filled",
    "FOK_CANCELLED": "fill-or-kill: not all of it could be filled at once",
    "MIN_QUANTITY_CANCELLED": "its minimum quantity could not be filled at once",
    "SWEEP_LIMIT_CANCELLED": "one command may not make more fills",
    "CANCELLED_DISCONNECT": "its session was lost or logged out (cancel on disconnect)",
    "EXPIRED": "its time is over",
    "CANCELLED": "its owner cancelled it",
    "CANCELLED_ADMIN": "the venue's operator cancelled it",
    "CANCELLED_LIQUIDATION": "its account is being liquidated: open orders go first",
    "CANCELLED_KILL": "a kill switch covers it",
    "CANCELLED_LIMIT": "a loss limit of its account or of a node above was breached",
    "CANCELLED_PAIR": "the other half of its pair has fired",
    "CANCELLED_MMP": "market-maker protection has tripped",
}
STAGES = {  # what was compared to come there
    "MARGIN_CALL": (("equity_micro", "<", "position_margin_micro"),),
    "MARGIN_RESTORED": (("equity_micro", ">=", "position_margin_micro"),),
    "CANCELLING": (("equity_micro", "<=", "maintenance_micro"),),
    "REDUCING": (("close_out_micro", "<", "equity_micro"), ("equity_micro", "<=", "maintenance_micro")),
    "TAKEOVER": (("equity_micro", "<=", "close_out_micro"),),
    "ADL": (("reserve_micro", "", ""), ("equity_micro", "", "")),
    "SLICE": (("close_out_micro", "<", "equity_micro"), ("equity_micro", "<", "position_margin_micro")),
}


def print_order(found: dict[str, Any]) -> None:
    print_table(COLUMNS, [table_row(found["command"]), *(table_row(event) for event in found["events"][:20])])
    by = found["command"]
    print_pairs(_who(by), "")
    for number, look in enumerate(found["checks"], 1):
        print(f"\nchecks{f' {number}' if len(found['checks']) > 1 else ''}: {look['reason']}")
        _print_checks(look)
    if not found["checks"]:
        print(
            "\nno check was reached: "
            + ", ".join({event["reason"] for event in found["events"]} or {"nothing happened"})
        )
    if found["life"]:
        print("\nwhat happened to it")
        print_table(COLUMNS, [table_row(event) for event in found["life"]])
        _print_end(found)


def _print_end(found: dict[str, Any]) -> None:
    last = found["life"][-1]
    text = WHY.get(last["reason"], "")
    cause = next((command for command in found["causes"] if command["seq"] == last["seq"]), None)
    if text:
        print(f"\n{last['reason']}: {text}")
    if cause is not None:
        print(f"caused by command {cause['seq']}, {cause['kind']} of session {cause['session_id']}")
        print_pairs(_who(cause), "")


def _who(command: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, str(command.get(name) or "")) for name in ("operator_id", "approver_id", "case_id")]


def _print_checks(look: dict[str, Any]) -> None:
    rows = []
    for check in look["checks"]:
        if check["result"] == "not reached":
            rows.append((check["check"], check["result"], ""))
            break
        rows.append((check["check"], check["result"], _numbers(check.get("numbers", {}))))
        rows += [("", "", _limit(row)) for row in check.get("limits", ())]
    if not look["checks"]:
        rows = [(row["reason"], "failed" if row["failed"] else "passed", _limit(row)) for row in look["rows"]]
    print_table([("check", "left"), ("result", "left"), ("compared", "left")], rows)


def _limit(row: dict[str, Any]) -> str:
    sign = ">" if row["failed"] else "<="
    usage = f"usage {_of_limit(row, 'usage')} {sign} " if "usage" in row else ""
    target = f" target {row['target']}:{row['target_id']}" if row["target"] else ""
    return f"limit of {row['node']}{target} set by {row['owner']}: {usage}{_of_limit(row, 'value')}"


def _of_limit(row: dict[str, Any], name: str) -> str:
    """Value or usage of a row in the unit of its kind (docs/risk.md section 8)."""
    kind = row["reason"].removeprefix("LIMIT_")
    if kind in ("ORDER_QUANTITY", "POSITION"):
        return _decimal("_e8", row.get(name, ""))
    if kind.endswith("_NOTIONAL") or kind in ("CREDIT", "DAILY_LOSS", "DRAWDOWN"):
        return _decimal("_micro", row.get(name, ""))
    return str(row.get(name, ""))


def print_account(found: dict[str, Any]) -> None:
    print_pairs(
        [
            ("account", str(found["account_id"])),
            ("after command", str(found["seq"])),
            *((name.removesuffix("_micro").replace("_", " "), _decimal(name, value)) for name, value in _flat(found)),
            ("stage", found["stage"]),
            ("open orders", str(found["open_orders"])),
            (
                "flags",
                ", ".join(f"{node['node']}: {','.join(node['flags'])}" for node in found["path"] if node["flags"]),
            ),
        ]
    )
    _print_positions(found["positions"])
    if found["limits"]:
        print("\nlimits")
        rows = [
            (row["kind"], row["node"], row["owner"], _of_limit(row, "value"), _of_limit(row, "usage"))
            for row in found["limits"]
        ]
        columns = [("kind", "left"), ("node", "left"), ("owner", "left"), ("value", "right"), ("usage", "right")]
        print_table(columns, rows)


def _flat(found: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    yield from found["parts"].items()
    for name, value in found.items():
        if name.endswith("_micro"):
            yield name, value


def print_liquidation(found: dict[str, Any]) -> None:
    step = found["step"]
    print_pairs(
        [
            ("event", f"{step['seq']}.{step['event_index']} at {format_time(step['timestamp_ns'])}"),
            ("account", str(found["account_id"])),
            ("step", found["stage"]),
            *((name.removesuffix("_micro").replace("_", " "), _decimal(name, value)) for name, value in _micros(found)),
            ("price", _decimal("_e8", step["price_e8"]) if step["price_e8"] else ""),
            ("quantity", _decimal("_e8", step["quantity_e8"]) if step["quantity_e8"] else ""),
            ("because", " and ".join(_compared(found, *test) for test in STAGES.get(found["stage"], ()))),
            ("command", f"{found['command']['seq']}, {found['command']['kind']}"),
        ]
    )
    _print_positions(found["positions"])


def _micros(found: dict[str, Any]) -> Iterable[tuple[str, int]]:
    return ((name, value) for name, value in found.items() if name.endswith("_micro"))


def _compared(found: dict[str, Any], left: str, sign: str, right: str) -> str:
    first = f"{left.removesuffix('_micro').replace('_', ' ')} {_decimal(left, found[left])}"
    if not sign:
        return first
    return f"{first} {sign} {right.removesuffix('_micro').replace('_', ' ')} {_decimal(right, found[right])}"


def _print_positions(positions: list[dict[str, Any]]) -> None:
    if not positions:
        return
    names = list(dict.fromkeys(name for row in positions for name in row))
    headings = [(name.removesuffix("_e8").removesuffix("_micro").replace("_", " "), "right") for name in names]
    print()
    print_table(headings, [[_decimal(name, row.get(name, "")) for name in names] for row in positions])


def _numbers(numbers: dict[str, Any]) -> str:
    return " ".join(
        f"{name.removesuffix('_e8').removesuffix('_micro')}={_decimal(name, value)}" for name, value in numbers.items()
    )


def _decimal(name: str, value: Any) -> str:
    """Decimal text of a value whose name ends in its unit."""
    if isinstance(value, bool) or not isinstance(value, int):
        return ",".join(map(str, value)) or "none" if isinstance(value, list) else str(value)
    if name.endswith("_e8"):
        return format_e8(value)
    return format_e8(value * MICRO_PER_E8) if name.endswith("_micro") else str(value)
