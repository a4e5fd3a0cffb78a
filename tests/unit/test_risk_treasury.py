"""Deposits, withdrawals, transfers, house movements: once and once only (docs/risk.md section 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.records import CommandKind, EntryKind, EventKind, HouseAccount, Reason
from tests.risk_market import USDC, VENUE, RiskMarket, of_kind

K, R = CommandKind, Reason


def send(venue: RiskMarket, kind: CommandKind, **fields: Any) -> tuple[Reason, list[dict[str, Any]]]:
    events = venue.send(kind, **fields)
    [answer] = of_kind(events, EventKind.CONFIG_SET, EventKind.COMMAND_REJECTED)
    return answer["reason"], of_kind(events, EventKind.ACCOUNT_ENTRY, EventKind.HOUSE_ENTRY)


DEPOSIT = {"transfer_id": 10, "account_id": 1, "amount_micro": 5, "reference": "wire 7"}


def test_a_deposit_and_its_repeat(venue: RiskMarket) -> None:
    reason, [entry] = send(venue, K.DEPOSIT, **DEPOSIT)
    assert reason == R.ACK
    assert (entry["amount_micro"], entry["balance_micro"], entry["transfer_id"]) == (5, 5, 10)
    assert (entry["entry"], entry["house"], entry["house_balance_micro"]) == (EntryKind.DEPOSIT, HouseAccount.BANK, -5)
    assert (entry["reference"], entry["session_id"], entry["account_id"]) == ("wire 7", 1, 1)
    assert send(venue, K.DEPOSIT, **DEPOSIT) == (R.ACK, [])
    assert venue.status("A")["balance_micro"] == 5


@pytest.mark.parametrize(
    "other", [{"amount_micro": 6}, {"account_id": 2}, {"kind": K.WITHDRAW_REQUEST}], ids=lambda other: next(iter(other))
)
def test_a_number_that_means_two_things(venue: RiskMarket, other: dict[str, Any]) -> None:
    send(venue, K.DEPOSIT, **DEPOSIT)
    fields = {**DEPOSIT, **other}
    kind = fields.pop("kind", K.DEPOSIT)
    assert send(venue, kind, **fields) == (R.INVALID_PARAMETER, [])


def test_a_refusal_is_remembered_too(venue: RiskMarket) -> None:
    request = {**DEPOSIT, "transfer_id": 11}
    assert send(venue, K.WITHDRAW_REQUEST, **request)[0] == R.INSUFFICIENT_FUNDS
    send(venue, K.DEPOSIT, **DEPOSIT)
    assert send(venue, K.WITHDRAW_REQUEST, **request)[0] == R.INSUFFICIENT_FUNDS
    assert send(venue, K.WITHDRAW_REQUEST, **{**request, "transfer_id": 12})[0] == R.ACK


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"transfer_id": 0}, R.INVALID_PARAMETER), ({"account_id": 31}, R.UNKNOWN_PARTY),
        ({"amount_micro": 0}, R.INVALID_PARAMETER), ({"amount_micro": -1}, R.INVALID_PARAMETER),
        ({"amount_micro": 2**60 + 1}, R.INVALID_PARAMETER), ({"amount_micro": 2**60}, R.ACK),
    ],
)  # fmt: skip
def test_what_is_not_taken_up_may_come_again(venue: RiskMarket, fields: dict[str, Any], reason: Reason) -> None:
    assert send(venue, K.DEPOSIT, **{**DEPOSIT, **fields})[0] == reason
    if reason and fields.get("transfer_id", 10):
        assert send(venue, K.DEPOSIT, **DEPOSIT)[0] == R.ACK


def test_all_deposits_together_have_a_bound(venue: RiskMarket) -> None:
    send(venue, K.DEPOSIT, **{**DEPOSIT, "amount_micro": 2**60})
    assert send(venue, K.DEPOSIT, **{**DEPOSIT, "transfer_id": 11})[0] == R.REJECTED_NUMERIC_RANGE


def test_without_money_nothing_moves(new_venue: Callable[..., RiskMarket]) -> None:
    venue = new_venue(risk_flags=0)
    assert send(venue, K.DEPOSIT, **DEPOSIT)[0] == R.INVALID_PARAMETER


def test_a_withdrawal_that_is_done(venue: RiskMarket) -> None:
    venue.deposit("A", 10)
    reason, [entry] = send(venue, K.WITHDRAW_REQUEST, transfer_id=50, account_id=1, amount_micro=4 * USDC)
    assert (reason, entry["hold_micro"], entry["house"]) == (R.ACK, 4 * USDC, HouseAccount.IN_FLIGHT)
    reason, [own, house] = send(venue, K.WITHDRAW_DONE, transfer_id=50)
    assert (reason, own["amount_micro"], own["hold_micro"], own["balance_micro"]) == (R.ACK, 0, 0, 6 * USDC)
    assert (house["from_house"], house["house"], house["amount_micro"]) == (
        HouseAccount.IN_FLIGHT, HouseAccount.BANK, 4 * USDC,
    )  # fmt: skip
    assert house["house_balance_micro"] == -6 * USDC
    assert send(venue, K.WITHDRAW_DONE, transfer_id=50) == (R.ACK, [])
    assert send(venue, K.WITHDRAW_FAILED, transfer_id=50) == (R.UNKNOWN_TRANSFER, [])
    assert send(venue, K.WITHDRAW_REQUEST, transfer_id=50, account_id=1, amount_micro=4 * USDC) == (R.ACK, [])


def test_a_withdrawal_that_fails(venue: RiskMarket) -> None:
    venue.deposit("A", 10)
    send(venue, K.WITHDRAW_REQUEST, transfer_id=50, account_id=1, amount_micro=4 * USDC)
    reason, [entry] = send(venue, K.WITHDRAW_FAILED, transfer_id=50)
    assert (reason, entry["entry"]) == (R.ACK, EntryKind.WITHDRAWAL_RETURNED)
    assert (entry["hold_micro"], entry["balance_micro"]) == (0, 10 * USDC)
    assert send(venue, K.WITHDRAW_FAILED, transfer_id=50) == (R.ACK, [])


@pytest.mark.parametrize("kind", [K.WITHDRAW_DONE, K.WITHDRAW_FAILED])
def test_the_end_of_what_was_never_asked_for(venue: RiskMarket, kind: CommandKind) -> None:
    send(venue, K.DEPOSIT, **DEPOSIT)
    send(venue, K.WITHDRAW_REQUEST, transfer_id=11, account_id=1, amount_micro=6)
    for transfer in (10, 11, 12):
        assert send(venue, kind, transfer_id=transfer) == (R.UNKNOWN_TRANSFER, [])


def test_transfers_within_a_firm(venue: RiskMarket) -> None:
    venue.deposit("A", 10)
    transfer = {"transfer_id": 50, "account_id": 1, "amount_micro": 4 * USDC}
    reason, [out, into] = send(venue, K.TRANSFER, **transfer, to_account_id=4)
    assert reason == R.ACK
    assert (out["account_id"], out["amount_micro"], out["counter_account_id"]) == (1, -4 * USDC, 4)
    assert (into["account_id"], into["amount_micro"], into["counter_account_id"]) == (4, 4 * USDC, 1)
    for target, reason in ((1, R.INVALID_PARAMETER), (5, R.INVALID_PARAMETER), (30, R.UNKNOWN_PARTY)):
        assert send(venue, K.TRANSFER, **{**transfer, "transfer_id": 51}, to_account_id=target)[0] == reason
    more = {**transfer, "amount_micro": 6 * USDC + 1, "transfer_id": 52}
    assert send(venue, K.TRANSFER, **more, to_account_id=4)[0] == R.INSUFFICIENT_FUNDS


def test_unrealised_gains_do_not_leave(venue: RiskMarket) -> None:
    for name in "AB":
        venue.deposit(name, 1_000)
    venue.mark(25_000)
    venue.trade("A", "B", 1_000, 25_000)
    venue.mark(26_000)
    status = venue.status("A")
    assert (status["unrealised_micro"], status["withdrawable_micro"]) == (10 * USDC, 1_000 * USDC - 26 * USDC)
    status = venue.status("B")  # losses do
    assert status["withdrawable_micro"] == 1_000 * USDC - 10 * USDC - 26 * USDC


# ---- house accounts


@pytest.mark.parametrize(
    ("source", "target", "account", "reason"),
    [
        (5, 2, 0, R.ACK), (5, 1, 0, R.INVALID_PARAMETER), (2, 5, 0, R.INSUFFICIENT_FUNDS),
        (1, 0, 1, R.INSUFFICIENT_FUNDS), (1, 0, 0, R.INVALID_PARAMETER), (5, 2, 1, R.INVALID_PARAMETER),
        (3, 2, 0, R.INVALID_PARAMETER), (2, 2, 0, R.INVALID_PARAMETER), (9, 9, 0, R.INVALID_PARAMETER),
        (5, 2, 30, R.UNKNOWN_PARTY),
    ],
)  # fmt: skip
def test_movements_of_the_house(venue: RiskMarket, source: int, target: int, account: int, reason: Reason) -> None:
    fields = {"transfer_id": 9, "account_id": account, "amount_micro": 7, "from_house": source, "to_house": target}
    assert send(venue, K.HOUSE_TRANSFER, **fields)[0] == reason


def test_the_house_pays_rewards_and_compensation(venue: RiskMarket) -> None:
    for name in "AB":
        venue.deposit(name, 1_000)
    venue.risk(maker_rate_e8=100_000, taker_rate_e8=100_000)
    venue.mark(25_000)
    venue.trade("A", "B", 1_000, 25_000)  # 0.25 USDC each
    fees = 2 * 250_000
    move = {"transfer_id": 90, "account_id": 1, "amount_micro": fees, "from_house": 1, "to_house": 0}
    assert send(venue, K.HOUSE_TRANSFER, **{**move, "operator_id": 7})[0] == R.APPROVAL_REQUIRED
    reason, [entry] = send(venue, K.HOUSE_TRANSFER, **move)
    assert (reason, entry["entry"], entry["house_balance_micro"]) == (R.ACK, EntryKind.REWARD, 0)
    assert venue.status("A")["rewards_micro"] == fees
    venue.top_up(5)
    reason, [entry] = send(venue, K.HOUSE_TRANSFER, **{**move, "transfer_id": 91, "from_house": 2})
    assert (reason, entry["entry"], venue.status("A")["settled_micro"]) == (R.ACK, EntryKind.HOUSE, fees)


# ---- what is remembered


def test_the_oldest_end_is_forgotten_first_and_never_repeated(new_venue: Callable[..., RiskMarket]) -> None:
    venue = new_venue(limits={"transfers_max": 3})
    for transfer in (1, 2, 3):
        send(venue, K.DEPOSIT, **{**DEPOSIT, "transfer_id": transfer})
    assert send(venue, K.WITHDRAW_REQUEST, transfer_id=4, account_id=1, amount_micro=1)[0] == R.ACK  # forgets 1
    assert send(venue, K.DEPOSIT, **{**DEPOSIT, "transfer_id": 1})[0] == R.TRANSFER_TOO_OLD
    assert send(venue, K.DEPOSIT, **{**DEPOSIT, "transfer_id": 2})[0] == R.ACK
    for transfer in (5, 6):
        assert send(venue, K.DEPOSIT, **{**DEPOSIT, "transfer_id": transfer})[0] == R.ACK
    assert send(venue, K.WITHDRAW_DONE, transfer_id=4)[0] == R.ACK  # a request in flight is never forgotten
    assert venue.status("A")["balance_micro"] == 5 * 5 - 1


def test_a_table_full_of_requests(new_venue: Callable[..., RiskMarket]) -> None:
    venue = new_venue(limits={"transfers_max": 2})
    send(venue, K.DEPOSIT, **DEPOSIT)
    for transfer in (11, 12):
        assert send(venue, K.WITHDRAW_REQUEST, transfer_id=transfer, account_id=1, amount_micro=1)[0] == R.ACK
    assert send(venue, K.DEPOSIT, **{**DEPOSIT, "transfer_id": 13})[0] == R.REJECTED_CAPACITY
    assert send(venue, K.WITHDRAW_FAILED, transfer_id=11)[0] == R.ACK
    assert send(venue, K.DEPOSIT, **{**DEPOSIT, "transfer_id": 13})[0] == R.ACK


# ---- the switch


def test_money_is_turned_on_only_while_nothing_is_open_and_never_off(new_venue: Callable[..., RiskMarket]) -> None:
    venue = new_venue(risk_flags=0)
    venue.mark(25_000)
    venue.order("A", "buy", 5, 25_000)  # nobody has paid in anything

    def switch(flags: int) -> Reason:
        return send(venue, K.SET_VENUE_RISK, **{**VENUE, "risk_flags": flags})[0]

    assert switch(1) == R.REJECTED_BUSY
    venue.order("B", "sell", 5, 25_000)
    assert switch(1) == R.REJECTED_BUSY
    venue.order("A", "sell", 5, 25_000)
    venue.order("B", "buy", 5, 25_000)
    assert switch(1) == R.ACK
    assert venue.outcome("A", "buy", 5, 25_000) == R.FAILED_MARGIN_CHECK
    assert switch(0) == R.INVALID_PARAMETER
