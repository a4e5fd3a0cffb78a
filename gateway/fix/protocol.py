"""FIX numbers by name: the tags, codes and message types that the session layer and the control messages use.

Values are those of the FIX specification (volume 2 and 6; FIXT 1.1); tags of ours are in docs/fix. Constants only.
"""

from __future__ import annotations

from enum import IntEnum

ACCOUNT = 1
BEGIN_SEQ_NO = 7
CL_ORD_ID = 11
END_SEQ_NO = 16
MSG_SEQ_NUM = 34
NEW_SEQ_NO = 36
ORDER_ID = 37
POSS_DUP_FLAG = 43
REF_SEQ_NUM = 45
SENDER_COMP_ID = 49
SENDER_SUB_ID = 50
SENDING_TIME = 52
SIDE = 54
SYMBOL = 55
TARGET_COMP_ID = 56
TARGET_SUB_ID = 57
TEXT = 58
TRANSACT_TIME = 60
RAW_DATA_LENGTH = 95
RAW_DATA = 96
POSS_RESEND = 97
ENCRYPT_METHOD = 98
HEART_BT_INT = 108
TEST_REQ_ID = 112
ORIG_SENDING_TIME = 122
GAP_FILL_FLAG = 123
RESET_SEQ_NUM_FLAG = 141
REF_TAG_ID = 371
REF_MSG_TYPE = 372
SESSION_REJECT_REASON = 373
BUSINESS_REJECT_REF_ID = 379
BUSINESS_REJECT_REASON = 380
MASS_CANCEL_REQUEST_TYPE = 530
USERNAME = 553
PASSWORD = 554
NEXT_EXPECTED_MSG_SEQ_NUM = 789
NEW_PASSWORD = 925
DEFAULT_APPL_VER_ID = 1137
FIX50SP2_APPL_VER_ID = "9"
VENUE_REASON_CODE = 20001
RETRY_AFTER_MS = 20005

FIELD_MISSING_TEXT = "Conditionally required field missing ({})"  # j has no field for the tag
ROUTING = ((115, 128), (116, 129), (144, 145), (128, 115), (129, 116), (145, 144))  # of a message -> of its answer
ADMIN_TYPES = frozenset("012345A")
BUSINESS_REFERENCES = {"x": 320, "e": 324, "g": 335, "BE": 923, "i": 117, "Z": 117, "AF": 584, "UM": 20057}


class RejectReason(IntEnum):
    """SessionRejectReason (373)."""

    INVALID_TAG = 0
    REQUIRED_TAG_MISSING = 1
    TAG_NOT_OF_MESSAGE = 2
    UNDEFINED_TAG = 3
    TAG_WITHOUT_VALUE = 4
    VALUE_OUT_OF_RANGE = 5
    DATA_FORMAT = 6
    DECRYPTION = 7
    SIGNATURE = 8
    COMP_ID = 9
    SENDING_TIME = 10
    INVALID_MSG_TYPE = 11
    TAG_REPEATED = 13
    TAG_ORDER = 14
    GROUP_ORDER = 15
    GROUP_COUNT = 16
    OTHER = 99


REJECT_TEXTS: dict[int, str] = {
    RejectReason.INVALID_TAG: "Invalid tag number",
    RejectReason.REQUIRED_TAG_MISSING: "Required tag missing",
    RejectReason.TAG_NOT_OF_MESSAGE: "Tag not defined for this message type",
    RejectReason.UNDEFINED_TAG: "Undefined tag",
    RejectReason.TAG_WITHOUT_VALUE: "Tag specified without a value",
    RejectReason.VALUE_OUT_OF_RANGE: "Value is incorrect (out of range) for this tag",
    RejectReason.DATA_FORMAT: "Incorrect data format for value",
    RejectReason.DECRYPTION: "Decryption problem",
    RejectReason.SIGNATURE: "Signature problem",
    RejectReason.COMP_ID: "CompID problem",
    RejectReason.SENDING_TIME: "SendingTime accuracy problem",
    RejectReason.INVALID_MSG_TYPE: "Invalid MsgType",
    RejectReason.TAG_REPEATED: "Tag appears more than once",
    RejectReason.TAG_ORDER: "Tag specified out of required order",
    RejectReason.GROUP_ORDER: "Repeating group fields out of order",
    RejectReason.GROUP_COUNT: "Incorrect NumInGroup count for repeating group",
    RejectReason.OTHER: "The message has too many fields",
}


class BusinessReason(IntEnum):
    """BusinessRejectReason (380)."""

    OTHER = 0
    UNKNOWN_ID = 1
    UNKNOWN_SECURITY = 2
    UNSUPPORTED_TYPE = 3
    NOT_AVAILABLE = 4
    FIELD_MISSING = 5
    NOT_AUTHORIZED = 6
    THROTTLED = 8
    THROTTLED_DISCONNECT = 9


def _types(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FIX42 = _types("0 1 2 3 4 5 6 7 8 9 A B C D E F G H J K L M N P Q R S T V W X Y Z a b c d e f g h i j k l m")
_FIX44 = _FIX42 | _types(
    "n o p q r s t u v w x y z AA AB AC AD AE AF AG AH AI AJ AK AL AM AN AO AP AQ AR AS AT AU AV AW AX AY AZ "
    "BA BB BC BD BE BF BG BH"
)
_FIX50SP2 = _FIX44 | _types(
    "BI BJ BK BL BM BN BO BP BQ BR BS BT BU BV BW BX BY BZ CA CB CC CD CE CF CG CH CI CJ CK CL CM CN CO CP CQ CR CS CT "
    "CU CV CW CX CY CZ DA DB DC DD DE DF DG DH DI DJ DK DL DM DN DO DP"
)
_STANDARD = {"FIX.4.2": _FIX42, "FIX.4.4": _FIX44, "FIXT.1.1": _FIX50SP2}


def is_standard_type(begin_string: str, msg_type: str) -> bool:
    """The FIX specification of this version has the MsgType, whether or not we take it."""
    return msg_type in _STANDARD.get(begin_string, _FIX50SP2)
