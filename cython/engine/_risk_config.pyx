"""Plain settings of risk: each command replaces all settings of its subject, or changes nothing and says why.

Called by `_admin`; `_restore_risk` uses the same bounds. What follows from a setting is worked out here at once, so
that orders read numbers.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t
from libc.string cimport memset

from engine._calendars cimport instrument_derive, instruments_derive
from engine._checks cimport covers
from engine._risk_state cimport fee_t
from engine._risk_tables cimport fee_of
from engine._state cimport (
    account_t, find_account, find_instrument, find_session, risk_of_account, risk_of_instrument, session_t, state_t,
)
from engine.arith cimport MONEY_MAX
from engine.bits cimport bits_clear, bits_set
from engine.records cimport (
    ACCOUNT_FLAG_DLP, ACCOUNT_FLAG_HOUSE, LIMIT_KIND_CREDIT, LIMIT_KIND_ORDER_QUANTITY, REASON_ACK, REASON_BAD_SYMBOL,
    REASON_INVALID_PARAMETER, REASON_REJECTED_BUSY, REASON_REJECTED_CAPACITY, REASON_UNKNOWN_PARTY,
    RISK_SESSION_WEEKEND, VENUE_RISK_FLAG_MONEY, calendar_change_t, command_header_t, command_t, set_account_risk_t,
    set_fee_t, set_instrument_risk_t, set_venue_risk_t, snap_account_risk_t, snap_calendar_t,
)

cdef enum:
    PPM = 1000000
    TENTHS_MAX = 10
    REBATE_E8_MAX = 1000000  # 1 %
    FEE_E8_MAX = 10000000  # 10 %


# --------------------------------------------------------------------------------------------------------------- venue


cdef inline bint are_parts(uint32_t a, uint32_t b, uint32_t c) noexcept nogil:
    return a <= PPM and b <= PPM and c <= PPM


cdef inline bint is_amount(int64_t micro) noexcept nogil:
    return 0 <= micro <= MONEY_MAX


cdef bint is_sound_venue(const set_venue_risk_t *config) noexcept nogil:
    cdef uint32_t kinds = (<uint32_t> 2 << LIMIT_KIND_CREDIT) - (<uint32_t> 1 << LIMIT_KIND_ORDER_QUANTITY)
    if config.risk_flags & ~VENUE_RISK_FLAG_MONEY or config.mandatory_limits & ~kinds:
        return False
    return (
        are_parts(config.position_cap_open_ppm, config.position_cap_overnight_ppm, config.position_cap_weekend_ppm)
        and are_parts(config.interest_cap_open_ppm, config.interest_cap_overnight_ppm, config.interest_cap_weekend_ppm)
        and are_parts(config.band_open_ppm, config.band_overnight_ppm, config.band_weekend_ppm)
        and config.reserve_floor_ppm <= PPM
        and config.spread_open_tenths <= TENTHS_MAX
        and config.spread_overnight_tenths <= TENTHS_MAX
        and config.spread_weekend_tenths <= TENTHS_MAX
        and is_amount(config.flow_cap_open_micro)
        and is_amount(config.flow_cap_overnight_micro)
        and is_amount(config.flow_cap_weekend_micro)
        and is_amount(config.total_interest_cap_micro)
        and is_amount(config.reserve_floor_micro)
        and config.repeat_window_ns >= 0
    )


cdef uint16_t check_fraction_account(const state_t *state, uint32_t account_id) noexcept nogil:
    if account_id == 0:
        return REASON_ACK
    if find_account(state, account_id) == NULL:
        return REASON_UNKNOWN_PARTY
    if not risk_of_account(state, account_id).row.account_flags & ACCOUNT_FLAG_HOUSE:
        return REASON_INVALID_PARAMETER
    return REASON_ACK


cdef bint has_positions(const state_t *state) noexcept nogil:
    cdef uint32_t n
    for n in range(1, state.positions_count + 1):
        if state.positions[n].lots:
            return True
    return False


cdef uint16_t set_venue_risk(state_t *state, const command_t *command) noexcept nogil:
    cdef const set_venue_risk_t *config = &command.set_venue_risk
    cdef bint money = config.risk_flags & VENUE_RISK_FLAG_MONEY
    cdef uint16_t reason
    if not is_sound_venue(config) or (state.risk.has_money and not money):
        return REASON_INVALID_PARAMETER
    reason = check_fraction_account(state, config.fraction_account_id)
    if reason:
        return reason
    if state.risk.venue.accrual_kind:
        return REASON_REJECTED_BUSY
    if money and not state.risk.has_money and (state.open_orders or has_positions(state)):
        return REASON_REJECTED_BUSY
    state.risk.config = config[0]
    memset(&state.risk.config, 0, sizeof(command_header_t))
    state.risk.has_money = money
    instruments_derive(state)
    return REASON_ACK


# --------------------------------------------------------------------------------------------------- instruments, fees


cdef bint are_rates(int64_t maker_e8, int64_t taker_e8) noexcept nogil:
    """A rebate is never more than the fee that pays for it."""
    return -REBATE_E8_MAX <= maker_e8 <= FEE_E8_MAX and 0 <= taker_e8 <= FEE_E8_MAX and maker_e8 + taker_e8 >= 0


cdef bint is_sound_instrument(const state_t *state, const set_instrument_risk_t *config) noexcept nogil:
    if not 1 <= config.leverage_max <= config.leverage_ceiling or config.leverage_ceiling > LEVERAGE_LARGEST:
        return False
    if config.leverage_ceiling >= 2 * <uint32_t> config.leverage_max:
        return False
    return (
        1 <= config.position_cap_micro <= MONEY_MAX
        and 1 <= config.impact_notional_micro <= MONEY_MAX
        and is_amount(config.interest_cap_micro)
        and are_rates(config.maker_rate_e8, config.taker_rate_e8)
        and config.market_calendar_id <= state.limits.calendars_max
        and config.risk_calendar_id <= state.limits.calendars_max
    )


cdef uint16_t set_instrument_risk(state_t *state, const command_t *command) noexcept nogil:
    cdef const set_instrument_risk_t *config = &command.set_instrument_risk
    cdef uint32_t instrument_id = config.instrument_id
    if find_instrument(state, instrument_id) == NULL:
        return REASON_BAD_SYMBOL
    if not is_sound_instrument(state, config):
        return REASON_INVALID_PARAMETER
    risk_of_instrument(state, instrument_id).config = config[0]
    memset(&risk_of_instrument(state, instrument_id).config, 0, sizeof(command_header_t))
    risk_of_instrument(state, instrument_id).row.has_risk = True
    instrument_derive(state, instrument_id)
    return REASON_ACK


cdef uint16_t set_fee(state_t *state, const command_t *command) noexcept nogil:
    cdef const set_fee_t *terms = &command.set_fee
    cdef fee_t *fee
    if find_instrument(state, terms.instrument_id) == NULL:
        return REASON_BAD_SYMBOL
    if terms.fee_tier == 0 or not are_rates(terms.maker_rate_e8, terms.taker_rate_e8):
        return REASON_INVALID_PARAMETER
    if terms.fee_tier > state.limits.fee_tiers_max:
        return REASON_REJECTED_CAPACITY
    fee = fee_of(state, terms.instrument_id, terms.fee_tier)
    fee.maker_rate_e8 = terms.maker_rate_e8
    fee.taker_rate_e8 = terms.taker_rate_e8
    fee.is_set = True
    return REASON_ACK


cdef uint16_t calendar_change(state_t *state, const command_t *command) noexcept nogil:
    cdef const calendar_change_t *change = &command.calendar_change
    cdef snap_calendar_t *calendar
    if change.calendar_id == 0 or change.is_open > 1 or change.risk_session > RISK_SESSION_WEEKEND:
        return REASON_INVALID_PARAMETER
    if change.calendar_id > state.limits.calendars_max:
        return REASON_REJECTED_CAPACITY
    calendar = &state.risk.calendars[change.calendar_id]
    calendar.calendar_id = change.calendar_id
    calendar.is_closed = 1 - change.is_open
    calendar.risk_session = change.risk_session
    instruments_derive(state)
    return REASON_ACK


# ----------------------------------------------------------------------------------------------------- accounts, notes


cdef uint16_t check_home(const state_t *state, uint32_t session_id, const account_t *account) noexcept nogil:
    cdef const session_t *session = find_session(state, session_id)
    if session_id == 0:
        return REASON_ACK
    if session == NULL:
        return REASON_UNKNOWN_PARTY
    return REASON_ACK if covers(session, account.lineage) else REASON_INVALID_PARAMETER


cdef uint16_t set_account_risk(state_t *state, const command_t *command) noexcept nogil:
    cdef const set_account_risk_t *terms = &command.set_account_risk
    cdef const account_t *account = find_account(state, terms.account_id)
    cdef snap_account_risk_t *row
    cdef bint is_provider = terms.account_flags & ACCOUNT_FLAG_DLP
    cdef bint was_provider
    cdef uint16_t reason
    if account == NULL:
        return REASON_UNKNOWN_PARTY
    if terms.account_flags & ~(ACCOUNT_FLAG_DLP | ACCOUNT_FLAG_HOUSE) or not is_amount(terms.dlp_notional_max_micro):
        return REASON_INVALID_PARAMETER
    if terms.fee_tier > state.limits.fee_tiers_max:
        return REASON_REJECTED_CAPACITY
    reason = check_home(state, terms.home_session_id, account)
    if reason:
        return reason
    row = &risk_of_account(state, terms.account_id).row
    was_provider = row.account_flags & ACCOUNT_FLAG_DLP
    if is_provider and not was_provider and state.risk.providers_count >= state.limits.providers_max:
        return REASON_REJECTED_CAPACITY
    state.risk.providers_count += <int> is_provider - <int> was_provider
    if is_provider:
        bits_set(&state.risk.providers, terms.account_id)
    else:
        bits_clear(&state.risk.providers, terms.account_id)
    row.home_session_id = terms.home_session_id
    row.dlp_notional_max_micro = terms.dlp_notional_max_micro
    row.account_flags = terms.account_flags
    row.fee_tier = terms.fee_tier
    state.accounts[terms.account_id].fee_tier = terms.fee_tier
    return REASON_ACK


cdef uint16_t note(state_t *state, const command_t *command) noexcept nogil:
    """The text itself is in the answer alone."""
    return REASON_ACK if command.header.case_id else REASON_INVALID_PARAMETER
