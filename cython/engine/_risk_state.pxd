# The records of money, limits and prices: what docs/risk.md adds to a venue, and where each lies.
#
# A section of the snapshot whose rows are seldom touched is kept as these rows (`snap_*_t`), so that its fields have
# the names and meanings of engine/snapshot_records.py; what an order's way reads has a record of its own in front of
# it. Each lies beside the record that it belongs to, under the same slot or id: orders, positions, accounts and
# instruments do not grow. Operations are in `_exposures` (positions and working orders along an account's path),
# `_limit_rows`, `_risk_tables` (transfers, protections, queues).
from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t, uint8_t

from engine.arith cimport i128
from engine.heap cimport node_t
from engine.records cimport (
    set_instrument_risk_t, set_venue_risk_t, snap_account_risk_t, snap_calendar_t, snap_feed_source_t, snap_feed_t,
    snap_instrument_risk_t, snap_limit_t, snap_mmp_fill_t, snap_mmp_t, snap_order_terms_t, snap_ranking_t,
    snap_transfer_t, snap_venue_risk_t,
)
from engine.table cimport ids_t

cdef enum:
    LIMIT_KINDS = 17  # LimitKind, from 1
    SOURCES_MAX = 8  # of a feed
    PROTECTION_FILLS_MAX = 64
    HOUSES = 7  # HouseAccount; ACCOUNT is none
    SCOPES = 8  # Scope, from 1, without INSTRUMENT


# ---- sessions and nodes


ctypedef struct limited_t:  # 128 bytes, of a session or node; orders read the first line
    i128 open_notional_micro  # true while it has a row of OPEN_NOTIONAL
    int64_t balance_micro  # true while it has a row of a loss kind; an account's is the sum of its parts
    uint32_t kinds  # 1 << LimitKind of each kind that it has rows of
    uint32_t rows  # slot of its heads, 0 = no row
    uint32_t open_orders  # true while it has a row of OPEN_ORDERS; sessions and accounts count theirs anyway
    uint32_t first_exposure  # those of a watched node above accounts, linked by exposure_t.next
    uint16_t flags  # NodeFlag
    uint8_t watched  # its exposures are kept: it has had a row that needs them
    uint8_t spare[5]
    uint64_t spare2[2]
    # Sums over its exposures at the marks, while it has rows of GROSS_NOTIONAL or NET_NOTIONAL; true when marks_epoch
    # is risk_t's.
    i128 gross_micro  # of the worse side of each instrument
    i128 long_micro  # of lots with bids
    i128 short_micro  # of asks less lots
    uint64_t marks_epoch
    uint64_t spare3


ctypedef struct heads_t:  # the first row of each kind; the others follow by limit_next, in key order
    uint32_t first[LIMIT_KINDS]


ctypedef struct exposure_t:  # 96 bytes: a watched node above accounts in one instrument
    uint64_t key  # exposure_key
    uint32_t next
    uint32_t instrument_id
    i128 lots  # of many accounts, which outgrow 64 bits
    i128 cost  # ticks x lots, signed like lots
    i128 kept_lots[2]  # working orders that are not reduce-only, by side


ctypedef struct crossing_t:  # a soft threshold that an order crosses, if it is accepted
    int64_t usage
    uint32_t row


# ---- accounts, positions, orders


ctypedef struct account_risk_t:  # 192 bytes: one line for orders, then what is booked
    uint32_t first_position  # by instrument, linked by position_t.next_of_account
    uint32_t held  # positions that are not flat
    uint32_t next_touched
    uint32_t path_kinds  # of all nodes of its path together, as of path_epoch
    uint64_t path_epoch
    uint16_t path_flags
    uint8_t is_touched
    uint8_t spare[37]
    snap_account_risk_t row
    uint64_t spare2


ctypedef struct position_risk_t:  # 64 bytes, beside position_t, which has cost, kept lots and values, leverage
    int64_t realised_micro
    int64_t funding_micro
    uint64_t slice_pulse
    uint64_t tried_pulse
    uint32_t protection  # slot
    uint32_t quotes[2]  # slots of orders, by side
    uint32_t above[5]  # exposures of the trader, desk, firm, broker and venue; 0 = that node is not watched


ctypedef struct protection_t:
    snap_mmp_t row
    uint32_t position  # slot; also links free slots
    uint32_t fills_count
    uint32_t next_tripped  # by the op under way, linked in the order in which they tripped
    uint32_t tripped_session_id  # whose quote it was
    uint8_t is_tripped
    snap_mmp_fill_t fills[PROTECTION_FILLS_MAX]  # oldest first; ids are written with the snapshot


ctypedef struct provider_t:  # who may take over a position, and how much of it
    i128 rest  # of the division that gave the share
    int64_t capacity_lots
    int64_t share_lots
    uint32_t account_id


# ---- instruments, the venue


ctypedef struct rates_t:  # of one leverage, parts per million
    uint32_t initial
    uint32_t maintenance
    uint32_t close_out


ctypedef struct instrument_risk_t:
    i128 interest_micro  # value(long lots x mark): its part of risk_t.interest_micro
    int64_t long_lots  # of all accounts
    int64_t lots_max  # at the highest price they are worth MONEY_MAX
    int64_t position_cap_micro  # of leverage_max in the session in force
    int64_t interest_cap_micro  # in the session in force; 0 = none
    int64_t flow_cap_micro  # likewise
    uint32_t band_ppm  # likewise; 0 = none
    uint32_t spread_ppm  # of liquidation orders, likewise
    uint32_t mark_ticks  # that all of this was worked out with
    uint8_t session  # RiskSession in force
    uint8_t is_market_open
    uint8_t is_killed
    uint8_t has_caps  # a SET_INSTRUMENT_RISK is in force
    set_instrument_risk_t config  # the SET_INSTRUMENT_RISK in force, its header zeroed; counts when row.has_risk
    snap_instrument_risk_t row  # its `config` is written with the snapshot alone


ctypedef struct fee_t:  # of a tier in an instrument
    int64_t maker_rate_e8
    int64_t taker_rate_e8
    uint8_t is_set
    uint8_t spare[7]


ctypedef struct feed_t:
    snap_feed_t row  # feed_id 0 = there is none
    snap_feed_source_t sources[SOURCES_MAX]  # price_e8 0 = none yet


ctypedef struct bits_t:  # a set of small ids: one bit each, and one for each word that has any
    uint64_t *words
    uint64_t *groups


# ---- the whole


ctypedef struct risk_t:
    # venue
    set_venue_risk_t config  # the SET_VENUE_RISK in force, its header zeroed
    snap_venue_risk_t venue  # its `config` is written with the snapshot alone
    uint8_t has_money
    i128 interest_micro  # open interest of all instruments at their marks
    rates_t rates[256]  # by leverage; [0] is not used
    # nodes and limits
    limited_t *limited[SCOPES]  # by scope and id; the venue's is [SCOPE_VENUE][0]
    uint64_t path_epoch  # grows when flags or kinds of any node change
    uint32_t any_kinds  # 1 << LimitKind of each kind of which there is a row
    uint8_t keeps_sums  # a node has been watched: exposures and open notional are kept up to date
    uint32_t flagged  # sessions and nodes whose flags are not 0
    uint32_t rows_of_kind[LIMIT_KINDS]
    snap_limit_t *limits
    uint32_t *limit_next  # of the same node and kind; also links free slots
    heads_t *heads
    uint32_t limits_count
    uint32_t free_limit
    uint32_t used_limits
    uint32_t free_heads
    uint32_t used_heads
    uint32_t *monitors  # rows of loss kinds in key order
    uint32_t monitors_count
    exposure_t *exposures
    ids_t exposure_ids
    uint32_t used_exposures
    uint64_t marks_epoch  # grows when any mark changes
    # accounts, positions, orders, by the slots and ids of their records
    account_risk_t *accounts
    position_risk_t *positions
    snap_order_terms_t *order_terms  # counts when order_t.has_terms
    bits_t holders  # accounts with a position that is not flat
    bits_t *instrument_holders  # the same by instrument
    uint32_t first_touched
    uint32_t last_touched
    uint32_t providers_count  # accounts with DLP
    bits_t providers
    provider_t *takers  # of the takeover under way
    protection_t *protections
    uint32_t protections_count
    uint32_t free_protection
    uint32_t used_protections
    uint32_t first_tripped
    uint32_t last_tripped
    # instruments, prices
    instrument_risk_t *instruments
    fee_t *fees  # fee_of
    feed_t *feeds
    snap_calendar_t *calendars  # calendar_id 0 = never heard of
    # transfers
    snap_transfer_t *transfers
    ids_t transfer_ids
    node_t *transfer_nodes
    uint32_t forgettable  # heap of those that are no requests in flight, lowest number first
    uint32_t transfers_count
    uint32_t free_transfer
    uint32_t used_transfers
    # deleveraging
    snap_ranking_t *ranking
    uint32_t ranking_count
    # the command at hand
    crossing_t *crossed  # what its verdict has noted
    uint32_t *met
    uint32_t venue_orders  # that the venue itself has made in it
