"""Bounded risk work (docs/risk.md section 7): accounts that were touched, accruals, the passes of a pulse.

It has a budget of its own, `risk_units_max` units per command, so that no mass cancel holds up a liquidation.
"""

from __future__ import annotations

from engine.records import HouseAccount
from engine.reference.accruals import Accruals
from engine.reference.arithmetic import PPM
from engine.reference.liquidation import Liquidation
from engine.reference.monitors import Monitors
from engine.reference.nodes import Account
from engine.reference.risk_events import RiskEvents
from engine.reference.state import State

LOOK, BOOK, ACT = 1, 8, 64  # units: an account that needs nothing; a booking or a monitor; an action


class RiskWorks:
    def __init__(
        self, state: State, events: RiskEvents, accruals: Accruals, liquidation: Liquidation, monitors: Monitors
    ) -> None:
        self._state = state
        self._events = events
        self._accruals = accruals
        self._liquidation = liquidation
        self._monitors = monitors

    def start_pass(self) -> None:
        """Marks have moved: every account with a position is looked at, in the order of ids; then the monitors."""
        state, risk = self._state, self._state.risk
        if not state.has_money:
            return
        if risk.pass_active:
            risk.pass_again = 1
        else:
            risk.pass_active, risk.pass_cursor_id = 1, 0

    def start_monitors(self) -> None:
        risk = self._state.risk
        if self._state.has_money and self._state.monitors and not risk.monitors_active:
            risk.monitors_active, risk.monitor_cursor = 1, 0

    def watch_reserve(self) -> None:
        """An alarm when the reserve fund falls below its floor, and when it is above it again."""
        state, risk = self._state, self._state.risk
        if not state.has_money:
            return
        deposited = -risk.house[HouseAccount.BANK]
        floor = max(risk.terms.reserve_floor_micro, deposited * risk.terms.reserve_floor_ppm // PPM)
        low = int(risk.reserve_micro < floor)
        if low != risk.reserve_low:
            risk.reserve_low = low
            self._events.reserve_state(floor)

    def carry_on(self) -> None:
        """Each step comes from the first kind of work that waits. A step is begun while units are left."""
        units = self._state.limits.risk_units_max
        while units > 0:
            cost = self._step()
            if cost < 0:
                return
            units -= cost

    def _step(self) -> int:
        """The units that it has taken; -1 when nothing waits."""
        state = self._state
        if state.touched:
            return self._look_at_touched()
        if state.accrual.kind:
            return BOOK if self._accruals.advance() is not None else 0
        if state.risk.pass_active:
            return self._pass()
        if state.risk.monitors_active:
            return BOOK if self._monitors.advance() else 0
        return -1

    def _look_at_touched(self) -> int:
        account = self._state.touched[0]
        if self._look(account):
            return ACT
        self._state.touched.popleft()
        account.is_touched = False
        return LOOK

    def _look(self, account: Account) -> bool:
        self._accruals.settle(account)
        return self._liquidation.look(account)

    def _pass(self) -> int:
        risk = self._state.risk
        account_id = next(self._state.holders.irange(risk.pass_cursor_id, inclusive=(False, False)), None)
        if account_id is None:
            risk.pass_active, risk.pass_again, risk.pass_cursor_id = risk.pass_again, 0, 0
            return 0
        if self._look(self._state.holders[account_id]):
            return ACT
        risk.pass_cursor_id = account_id
        return LOOK
