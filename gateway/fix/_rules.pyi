from gateway.fix.dictionary import Tables

INVALID_TAG: int
REQUIRED_TAG_MISSING: int
TAG_NOT_OF_MESSAGE: int
TAG_WITHOUT_VALUE: int
VALUE_OUT_OF_RANGE: int
DATA_FORMAT: int
SIGNATURE: int
COMP_ID: int
SENDING_TIME: int
INVALID_MSG_TYPE: int
TAG_REPEATED: int
TAG_ORDER: int
GROUP_ORDER: int
GROUP_COUNT: int
OTHER: int

class Rules:
    ignores_unknown_tags: bool
    def __init__(self, tables: Tables, ignores_unknown_tags: bool = False) -> None: ...
    def knows(self, msg_type: str) -> bool: ...
    def takes(self, msg_type: str) -> bool: ...
    def fault_of(self, raw: bytes) -> tuple[int, int] | None: ...
