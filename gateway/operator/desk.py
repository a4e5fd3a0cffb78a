"""What an operator's request means: roles, four eyes, the case that says why, the command, its answer.

One operation becomes two records in the journal: the NOTE with the operator's reason under a case number, and the
command with operator, approver and case in its header. Nothing here decides about the venue: what the engine refuses is
REJECTED with its reason, and what it wants approved (APPROVAL_REQUIRED) becomes a proposal.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import structlog

from engine.records import EVENT_SIZE, CommandKind, EventKind, Reason, pack_command, unpack_event
from gateway.operator.board import VIEWS, Board
from gateway.operator.credentials import Operator
from gateway.operator.operations import OPERATIONS, Operation
from gateway.operator.parameters import ParameterError, read
from gateway.operator.proposals import Proposal, ProposalBook
from gateway.operator.protocol import REASON_BYTES_MAX, Answer, Approve, Outcome, Perform, Refuse, Request, Show
from gateway.record_text import event_fields, format_time

EVENTS_SHOWN_MAX = 64
PROPOSALS_MAX = 1_024
_SHOWN = frozenset(
    (EventKind.CONFIG_SET, EventKind.COMMAND_REJECTED, EventKind.NODE_CHANGED, EventKind.ACCOUNT_ENTRY,
     EventKind.HOUSE_ENTRY, EventKind.RESERVE_STATE, EventKind.INSTRUMENT_STATE, EventKind.MARK_CHANGED,
     EventKind.MASS_CANCEL_DONE, EventKind.MASS_CANCEL_REJECTED, EventKind.POSITION_CHANGED)
)  # fmt: skip
_REFUSALS = (EventKind.COMMAND_REJECTED, EventKind.CANCEL_REJECTED, EventKind.MASS_CANCEL_REJECTED)
_GOES_ON = "the orders that are left are cancelled by the commands that follow"
log = structlog.get_logger("operator")

Submit = Callable[[bytes], "asyncio.Future[bytes]"]


class RefusedError(Exception):
    """The door does not do it; the text says what to do."""


@dataclass(frozen=True, slots=True)
class DeskConfig:
    """approved: operations that need a second person beyond what the rule wants. proposal_ns: how long one is open."""

    approved: frozenset[str] = frozenset()
    proposal_ns: int = 3_600 * 10**9


class Desk:
    """submit: `Sequencer.submit`. clock_ns: wall clock, for case numbers and expiry."""

    def __init__(
        self,
        config: DeskConfig,
        operators: Iterable[Operator],
        board: Board,
        submit: Submit,
        clock_ns: Callable[[], int],
    ) -> None:
        self.board = board
        self._config = config
        self._operators = {operator.operator_id: operator for operator in operators}
        self._submit = submit
        self._clock_ns = clock_ns
        self._proposals = ProposalBook(PROPOSALS_MAX)
        self._last_number = 0
        self._changes = asyncio.Lock()  # a partial change starts from what the last one has left

    async def handle(self, operator: Operator, request: Request) -> Answer:
        """The answer; a refusal is one too."""
        try:
            if isinstance(request, Perform):
                return await self._perform(operator, request)
            if isinstance(request, Approve):
                return await self._approve(operator, request)
            if isinstance(request, Refuse):
                return await self._refuse(operator, request)
            return self._show(request)
        except (RefusedError, ParameterError) as error:
            return Answer(outcome=Outcome.REFUSED, text=str(error))
        except BufferError:
            return Answer(outcome=Outcome.REFUSED, text="the venue is busy with commands of its own: try again")

    # ---- operations

    async def _perform(self, operator: Operator, request: Perform) -> Answer:
        operation = OPERATIONS.get(request.operation)
        if operation is None:
            raise RefusedError(f"there is no operation {request.operation!r}: see `perpgate operator --help`")
        _need_role(operator, operation)
        _check_reason(request.reason)
        values = read(operation.parameters, request.parameters)
        operation.fields(values)  # what depends on several parameters is refused now, not when it is approved
        if not 0 <= request.case < 2**63:
            raise RefusedError(f"case: {request.case} is no case number; leave it out for a new one")
        case_id = request.case or self._number()
        proposal = Proposal(
            self._number(), operation, request.parameters, values, operator, request.reason, case_id,
            self._clock_ns() + self._config.proposal_ns,
        )  # fmt: skip
        if operation.is_approved or operation.name in self._config.approved:
            await self._note(operator, case_id, request.reason)
            return self._propose(proposal)
        answer = await self._carry_out(proposal, None)
        if answer.reason == Reason.APPROVAL_REQUIRED.name:
            return self._propose(proposal)
        return answer

    def _propose(self, proposal: Proposal) -> Answer:
        if not self._proposals.has_room(self._clock_ns()):
            raise RefusedError(f"{PROPOSALS_MAX} proposals are open: approve or refuse some of them first")
        self._proposals.add(proposal)
        name, who = proposal.operation.name, proposal.proposer
        log.info("proposed", proposal=proposal.number, operation=name, operator=who.name, parameters=proposal.given)
        return Answer(
            outcome=Outcome.PROPOSED, operation=name, proposal=proposal.number, case_id=proposal.case_id,
            operator_id=who.operator_id,
            text=f"another operator with the role {proposal.operation.role} has to approve it: "
            f"perpgate operator approve {proposal.number}",
        )  # fmt: skip

    async def _approve(self, operator: Operator, request: Approve) -> Answer:
        proposal = self._find(request.proposal)
        _need_role(operator, proposal.operation)
        if operator.operator_id == proposal.proposer.operator_id:
            raise RefusedError(f"proposal {proposal.number} is your own: another operator has to approve it")
        self._proposals.take(proposal.number)
        return await self._carry_out(proposal, operator)

    async def _refuse(self, operator: Operator, request: Refuse) -> Answer:
        """By whom it may be approved, or by the one who made it."""
        proposal = self._find(request.proposal)
        if operator.operator_id != proposal.proposer.operator_id:
            _need_role(operator, proposal.operation)
        _check_reason(request.reason)
        self._proposals.take(proposal.number)
        await self._note(operator, proposal.case_id, f"not done: {request.reason}"[:REASON_BYTES_MAX])
        log.info("proposal_refused", proposal=proposal.number, operator=operator.name, text=request.reason)
        return Answer(
            outcome=Outcome.WITHDRAWN, operation=proposal.operation.name, proposal=proposal.number,
            case_id=proposal.case_id, operator_id=operator.operator_id,
        )  # fmt: skip

    def _find(self, number: int) -> Proposal:
        proposal = self._proposals.get(number, self._clock_ns())
        if proposal is None:
            raise RefusedError(f"proposal {number} is not open (any more): see `perpgate operator show proposals`")
        return proposal

    async def _carry_out(self, proposal: Proposal, approver: Operator | None) -> Answer:
        """The command, and with a first try its case's NOTE before it; waits until what it did is released."""
        operation, proposer = proposal.operation, proposal.proposer
        approver_id = approver.operator_id if approver is not None else 0
        async with self._changes:
            fields = operation.fields(proposal.values)
            if operation.changes:
                fields = {**self.board.settings(operation.kind, fields), **fields}
            record = _pack(
                operation.kind, fields, operator_id=proposer.operator_id, approver_id=approver_id,
                case_id=proposal.case_id,
            )  # fmt: skip
            if approver is None:
                self._submit_note(proposer, proposal.case_id, proposal.reason)
            events = await self._submit(record)
            answer = _answer(events, proposal, approver_id)
            if operation.kind == CommandKind.SET_ACCOUNT_RISK and answer.outcome is Outcome.DONE:
                self.board.carried_out(record)
        log.info(
            "operation", operation=operation.name, outcome=answer.outcome, reason=answer.reason, seq=answer.seq,
            operator=proposer.name, approver=approver.name if approver else "", case_id=proposal.case_id,
        )  # fmt: skip
        return answer

    async def _note(self, operator: Operator, case_id: int, text: str) -> None:
        await self._submit_note(operator, case_id, text)

    def _submit_note(self, operator: Operator, case_id: int, text: str) -> asyncio.Future[bytes]:
        return self._submit(_pack(CommandKind.NOTE, {"text": text}, operator_id=operator.operator_id, case_id=case_id))

    def _number(self) -> int:
        """Cases and proposals: microseconds since 1970, each once."""
        self._last_number = max(self._last_number + 1, self._clock_ns() // 1_000)
        return self._last_number

    # ---- questions

    def _show(self, request: Show) -> Answer:
        if request.what == "proposals":
            rows = tuple(_proposal_row(proposal) for proposal in self._proposals.open(self._clock_ns()))
        elif request.what == "operators":
            rows = tuple(
                {"operator": o.operator_id, "name": o.name, "roles": sorted(o.roles)} for o in self._operators.values()
            )
        elif request.what in VIEWS:
            rows = self.board.show(request.what)
        else:
            raise RefusedError(f"what: {request.what!r} is unknown, write one of {', '.join(SHOWABLE)}")
        return Answer(outcome=Outcome.SHOWN, rows=rows)


SHOWABLE = (*VIEWS, "proposals", "operators")


def _need_role(operator: Operator, operation: Operation) -> None:
    if operation.role not in operator.roles:
        raise RefusedError(
            f"{operation.name} needs the role {operation.role}, {operator.name} has "
            f"{', '.join(sorted(operator.roles))}: ask an operator who has it"
        )


def _check_reason(text: str) -> None:
    if not text.strip() or not text.isascii() or not text.isprintable() or len(text) > REASON_BYTES_MAX:
        raise RefusedError(f"reason: say why in 1 to {REASON_BYTES_MAX} printable ASCII characters; it is journaled")


def _pack(kind: CommandKind, fields: dict[str, Any], **header: int) -> bytes:
    try:
        return pack_command(kind, **fields, **header)
    except (struct.error, ValueError) as error:
        raise RefusedError(f"a parameter does not fit the command {kind.name}: {error}") from None


def _answer(events: bytes, proposal: Proposal, approver_id: int) -> Answer:
    """From the command's own events: its CONFIG_SET or COMMAND_REJECTED, or what stands for them."""
    unpacked = [(at, unpack_event(events, at)) for at in range(0, len(events), EVENT_SIZE)]
    refusal = next((event for _, event in unpacked if event["kind"] in _REFUSALS), None)
    shown = [event_fields(events, at) for at, event in unpacked if event["kind"] in _SHOWN][:EVENTS_SHOWN_MAX]
    reason = refusal["reason"] if refusal else Reason.ACK
    goes_on = proposal.operation.kind == CommandKind.MASS_CANCEL and not shown
    return Answer(
        outcome=Outcome.REJECTED if refusal else Outcome.DONE,
        text=REMEDIES.get(reason, "") if refusal else _GOES_ON if goes_on else "",
        operation=proposal.operation.name,
        reason=reason.name,
        seq=unpacked[0][1]["seq"] if unpacked else 0,
        case_id=proposal.case_id,
        operator_id=proposal.proposer.operator_id,
        approver_id=approver_id,
        events=tuple(shown),
        events_total=len(unpacked),
    )


REMEDIES = {
    Reason.UNKNOWN_PARTY: "there is no such account, node or session: look at the participants file",
    Reason.BAD_SYMBOL: "there is no such instrument: see `perpgate operator show instruments`",
    Reason.INVALID_PARAMETER: "a value is out of its range: docs/risk.md section 2 has the ranges",
    Reason.REJECTED_BUSY: "the same kind of work is under way, or orders are open: cancel them, or try again soon",
    Reason.INSUFFICIENT_FUNDS: "there is less than that: `perpgate explain --account` shows what is withdrawable",
    Reason.REJECTED_CAPACITY: "a table of the engine is full: raise its limit in engine.limits at the next start",
    Reason.UNKNOWN_TRANSFER: "no such withdrawal is in flight: check the transfer_id",
    Reason.TRANSFER_TOO_OLD: "the outcome of that transfer_id is not remembered: use a larger one for a new movement",
    Reason.USER_IN_LIQUIDATION: "the account is being liquidated: its money cannot leave",
    Reason.REJECTED_NUMERIC_RANGE: "the amount is beyond what the venue's integers are meant for",
    Reason.REJECTED_NO_RISK_CONFIGURATION: "give the instrument its settings with instrument-risk first",
    Reason.REJECTED_LEVERAGE_IN_USE: "the account has a position or open orders in the instrument",
    Reason.NO_SUCH_ORDER: "the order is not open",
}


def _proposal_row(proposal: Proposal) -> dict[str, Any]:
    return {
        "proposal": proposal.number, "operation": proposal.operation.name, "parameters": proposal.given,
        "proposed_by": proposal.proposer.name, "role": str(proposal.operation.role), "reason": proposal.reason,
        "case_id": proposal.case_id, "expires": format_time(proposal.expires_ns),
    }  # fmt: skip
