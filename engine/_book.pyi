from typing import Any

price_time: Any  # capsule named "perpgate.matcher.v1"
pro_rata: Any  # likewise
