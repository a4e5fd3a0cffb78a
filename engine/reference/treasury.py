"""Deposits, withdrawals, transfers (docs/risk.md section 3): the clearing side's movements, each carried out once."""

from __future__ import annotations

from collections.abc import Callable

from engine.records import CommandKind, EntryKind, HouseAccount, Reason, Scope
from engine.reference.accruals import Accruals
from engine.reference.arithmetic import MONEY_MAX
from engine.reference.ledger import Ledger
from engine.reference.margin import Figures
from engine.reference.monitors import shift
from engine.reference.nodes import Account
from engine.reference.risk_commands import Header, HouseTransfer, Movement, Transfer, WithdrawEnd
from engine.reference.risk_events import RiskEvents
from engine.reference.state import State
from engine.reference.venue import TransferRow

_ALLOWED = (  # HOUSE_TRANSFER: from, to
    (HouseAccount.BANK, HouseAccount.RESERVE),
    (HouseAccount.RESERVE, HouseAccount.BANK),
    (HouseAccount.FEES, HouseAccount.BANK),
    (HouseAccount.FEES, HouseAccount.RESERVE),
    (HouseAccount.FEES, HouseAccount.ACCOUNT),
    (HouseAccount.RESERVE, HouseAccount.ACCOUNT),
)
_REQUEST, _DONE, _FAILED = (
    int(CommandKind.WITHDRAW_REQUEST), int(CommandKind.WITHDRAW_DONE), int(CommandKind.WITHDRAW_FAILED)
)  # fmt: skip
_NOT_TAKEN_UP = (Reason.INVALID_PARAMETER, Reason.UNKNOWN_PARTY)  # may be sent again under the same number


class Treasury:
    def __init__(self, state: State, ledger: Ledger, accruals: Accruals, events: RiskEvents) -> None:
        self._state = state
        self._ledger = ledger
        self._accruals = accruals
        self._events = events

    # ---- commands

    def deposit(self, head: Header, body: Movement) -> Reason:
        return self._once(head, body, self._deposit)

    def withdraw(self, head: Header, body: Movement) -> Reason:
        return self._once(head, body, self._withdraw)

    def transfer(self, head: Header, body: Transfer) -> Reason:
        return self._once(head, body, self._transfer)

    def house_transfer(self, head: Header, body: HouseTransfer) -> Reason:
        return self._once(head, body, self._house_transfer)

    def end_withdrawal(self, head: Header, body: WithdrawEnd) -> Reason:
        """WITHDRAW_DONE and WITHDRAW_FAILED; a repeat of what a request has come to is answered ACK."""
        row = self._state.transfers.get(body.transfer_id)
        if row is None or row.reason or row.kind not in (_REQUEST, _DONE, _FAILED):
            return Reason.UNKNOWN_TRANSFER
        if row.kind != _REQUEST:
            return Reason.ACK if row.kind == head.kind else Reason.UNKNOWN_TRANSFER
        row.kind = head.kind
        account: Account = self._state.accounts[row.account_id]
        self._accruals.settle(account)
        account.hold_micro -= row.amount_micro
        if head.kind == _DONE:
            self._events.account_entry(
                account, EntryKind.WITHDRAWAL_DONE, 0, HouseAccount.IN_FLIGHT, transfer_id=row.transfer_id
            )
            self._ledger.move_house(
                HouseAccount.IN_FLIGHT, HouseAccount.BANK, row.amount_micro, EntryKind.WITHDRAWAL_DONE, row.transfer_id
            )
        else:
            self._ledger.enter(
                account, "deposits", row.amount_micro, HouseAccount.IN_FLIGHT, EntryKind.WITHDRAWAL_RETURNED,
                transfer_id=row.transfer_id,
            )  # fmt: skip
            self._flow(account, row.amount_micro)
        return Reason.ACK

    # ---- once and once only

    def _once(
        self, head: Header, body: Movement | Transfer | HouseTransfer, act: Callable[[Account | None, object], Reason]
    ) -> Reason:
        """A number that is known is answered as it was at first."""
        state = self._state
        known: TransferRow | None = state.transfers.get(body.transfer_id)
        if known is not None:
            kind = _REQUEST if known.kind in (_DONE, _FAILED) else known.kind
            same = (kind, known.account_id, known.amount_micro) == (head.kind, head.account_id, body.amount_micro)
            return Reason(known.reason) if same else Reason.INVALID_PARAMETER
        if body.transfer_id <= state.risk.transfer_floor:
            return Reason.TRANSFER_TOO_OLD if body.transfer_id else Reason.INVALID_PARAMETER
        account: Account | None = state.accounts.get(head.account_id)
        if account is None and (head.account_id or not isinstance(body, HouseTransfer)):
            return Reason.UNKNOWN_PARTY
        if not 0 < body.amount_micro <= MONEY_MAX or not state.has_money:
            return Reason.INVALID_PARAMETER
        if not self._has_room():
            return Reason.REJECTED_CAPACITY
        if account is not None:
            self._accruals.settle(account)
        reason = act(account, body)
        if reason not in _NOT_TAKEN_UP:
            self._make_room()
            row = TransferRow(body.transfer_id, head.kind, head.account_id, body.amount_micro, reason)
            state.transfers[body.transfer_id] = row
        return reason

    def _has_room(self) -> bool:
        return len(self._state.transfers) < self._state.limits.transfers_max or self._oldest() is not None

    def _oldest(self) -> TransferRow | None:
        """The lowest number that can be forgotten: not a request in flight."""
        for row in self._state.transfers.values():
            if row.kind != _REQUEST or row.reason:
                found: TransferRow = row
                return found
        return None

    def _make_room(self) -> None:
        if len(self._state.transfers) < self._state.limits.transfers_max:
            return
        row = self._oldest()
        if row is not None:
            del self._state.transfers[row.transfer_id]
            self._state.risk.transfer_floor = max(self._state.risk.transfer_floor, row.transfer_id)

    # ---- what each does

    def _deposit(self, account: Account | None, body: object) -> Reason:
        assert account is not None
        assert isinstance(body, Movement)
        if body.amount_micro - self._state.risk.house[HouseAccount.BANK] > MONEY_MAX:
            return Reason.REJECTED_NUMERIC_RANGE
        self._enter(account, body.amount_micro, HouseAccount.BANK, EntryKind.DEPOSIT, body)
        return Reason.ACK

    def _withdraw(self, account: Account | None, body: object) -> Reason:
        assert account is not None
        assert isinstance(body, Movement)
        reason = self._may_leave(account, body.amount_micro)
        if not reason:
            account.hold_micro += body.amount_micro
            self._enter(account, -body.amount_micro, HouseAccount.IN_FLIGHT, EntryKind.WITHDRAWAL, body)
        return reason

    def _transfer(self, account: Account | None, body: object) -> Reason:
        assert account is not None
        assert isinstance(body, Transfer)
        to: Account | None = self._state.accounts.get(body.to_account_id)
        if to is None:
            return Reason.UNKNOWN_PARTY
        if to is account or to.lineage[Scope.FIRM] != account.lineage[Scope.FIRM]:
            return Reason.INVALID_PARAMETER
        reason = self._may_leave(account, body.amount_micro)
        if reason:
            return reason
        self._accruals.settle(to)
        self._enter(account, -body.amount_micro, HouseAccount.BANK, EntryKind.TRANSFER_OUT, body, to)
        self._enter(to, body.amount_micro, HouseAccount.BANK, EntryKind.TRANSFER_IN, body, account)
        return Reason.ACK

    def _house_transfer(self, account: Account | None, body: object) -> Reason:
        assert isinstance(body, HouseTransfer)
        if (body.from_house, body.to_house) not in _ALLOWED:
            return Reason.INVALID_PARAMETER
        to_account = body.to_house == HouseAccount.ACCOUNT
        if to_account != (account is not None):
            return Reason.INVALID_PARAMETER
        source, target = HouseAccount(body.from_house), HouseAccount(body.to_house)
        house = self._state.risk.house
        if source == HouseAccount.BANK:
            if body.amount_micro - house[HouseAccount.BANK] > MONEY_MAX:
                return Reason.REJECTED_NUMERIC_RANGE
        elif house[source] < body.amount_micro:
            return Reason.INSUFFICIENT_FUNDS
        if account is None:
            self._ledger.move_house(
                source, target, body.amount_micro, EntryKind.HOUSE, body.transfer_id, body.reference
            )
            return Reason.ACK
        reward = source == HouseAccount.FEES
        part, entry = ("rewards", EntryKind.REWARD) if reward else ("settled", EntryKind.HOUSE)
        self._ledger.post(account, part, body.amount_micro, source)
        self._events.account_entry(
            account, entry, body.amount_micro, source, transfer_id=body.transfer_id, reference=body.reference
        )
        self._flow(account, body.amount_micro)
        return Reason.ACK

    def _may_leave(self, account: Account, amount_micro: int) -> Reason:
        if account.stage:
            return Reason.USER_IN_LIQUIDATION
        if amount_micro > Figures(self._state, account).withdrawable:
            return Reason.INSUFFICIENT_FUNDS
        return Reason.ACK

    def _enter(
        self,
        account: Account,
        amount: int,
        house: HouseAccount,
        entry: EntryKind,
        body: Movement | Transfer,
        counter: Account | None = None,
    ) -> None:
        self._ledger.post(account, "deposits", amount, house)
        self._events.account_entry(
            account, entry, amount, house, transfer_id=body.transfer_id, reference=body.reference,
            counter_account_id=counter.party_id if counter else 0,
        )  # fmt: skip
        self._flow(account, amount)

    def _flow(self, account: Account, amount: int) -> None:
        """Money that comes or goes is neither profit nor loss."""
        shift(self._state, account, amount)
        self._state.touch(account)
