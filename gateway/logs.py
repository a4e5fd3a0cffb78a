"""Logs of the control plane: structured, on standard error, one line per event. Per-order facts are in the journal."""

from __future__ import annotations

import sys
from typing import Literal, TextIO

import structlog

Format = Literal["auto", "console", "logfmt", "json"]


def configure_logs(form: Format, stream: TextIO | None = None) -> None:
    """`auto`: for people when `stream` (default: standard error) is a terminal, else logfmt."""
    stream = sys.stderr if stream is None else stream
    if form == "auto":
        form = "console" if stream.isatty() else "logfmt"
    renderers: dict[str, structlog.typing.Processor] = {
        "console": structlog.dev.ConsoleRenderer(colors=stream.isatty()),
        "logfmt": structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False),
        "json": structlog.processors.JSONRenderer(),
    }
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderers[form],
        ],
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
