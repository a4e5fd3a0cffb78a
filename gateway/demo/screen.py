"""What the demo shows while it runs: a live panel in a terminal, a plain line now and then anywhere else."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from engine.records import SCALE_E8, Side, format_e8
from gateway.demo.player import FlowPlayer
from gateway.flow import Role

PLAIN_EVERY_S = 5.0
BAR_WIDTH = 40


class DemoScreen:
    """`with DemoScreen(stream, total) as screen`: `total` messages will be played; all goes to `stream`."""

    def __init__(self, stream: TextIO, total: int) -> None:
        self._console = Console(file=stream, highlight=False)
        self._total = total
        self._live = Live(console=self._console, refresh_per_second=8, transient=True, auto_refresh=False)
        self._is_live = self._console.is_terminal
        self._started_s = self._shown_s = time.monotonic()
        self._rates = _Rates()

    def __enter__(self) -> DemoScreen:
        if self._is_live:
            self._live.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._is_live:
            self._live.stop()

    def say(self, text: str) -> None:
        """A line that stays."""
        self._console.print(f"{time.monotonic() - self._started_s:6.1f} s  {text}", soft_wrap=True)

    def show(self, player: FlowPlayer, message_time_ns: int) -> None:
        """The state of the play; may be called as often as one likes."""
        now_s = time.monotonic()
        if now_s - self._shown_s < (0.125 if self._is_live else PLAIN_EVERY_S):
            return
        self._shown_s = now_s
        rates = self._rates.update(now_s, player)
        if self._is_live:
            self._live.update(self._panel(player, message_time_ns, rates), refresh=True)
        else:
            bid, ask = (_level(player, side) for side in (Side.BUY, Side.SELL))
            p50, p99 = _latency(player, 50), _latency(player, 99)
            self.say(
                f"{_clock(message_time_ns)}  {player.line:,} of {self._total:,} messages, {rates[0]:,.0f} requests/s, "
                f"{rates[1]:,.0f} reports/s, {bid} / {ask}, answered in {p50} (p99 {p99})"
            )

    def _panel(self, player: FlowPlayer, message_time_ns: int, rates: tuple[float, float]) -> RenderableType:
        bid, ask = (_level(player, side) for side in (Side.BUY, Side.SELL))
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim")
        table.add_column(min_width=28)
        table.add_column(style="dim")
        table.add_column()
        state = "" if player.is_connected else "  reconnecting"
        table.add_row("market time", _clock(message_time_ns) + state, "requests/s", f"{rates[0]:,.0f}")
        table.add_row("best bid", Text(bid, style="green"), "reports/s", f"{rates[1]:,.0f}")
        table.add_row("best ask", Text(ask, style="red"), "trades", f"{player.trades:,}")
        table.add_row("resting orders", f"{len(player.book.orders):,}", "answered in",
                      f"{_latency(player, 50)}, p99 {_latency(player, 99)}")  # fmt: skip
        bar = Table.grid(padding=(0, 2))
        bar.add_row(
            ProgressBar(self._total, player.line, width=BAR_WIDTH), f"{player.line:,} of {self._total:,} messages"
        )
        return Group(bar, table)


class _Rates:
    """Requests and reports per second between two looks."""

    def __init__(self) -> None:
        self._time_s, self._requests, self._reports = time.monotonic(), 0, 0

    def update(self, now_s: float, player: FlowPlayer) -> tuple[float, float]:
        elapsed_s = max(now_s - self._time_s, 1e-9)
        rates = (player.requests - self._requests) / elapsed_s, (player.reports - self._reports) / elapsed_s
        self._time_s, self._requests, self._reports = now_s, player.requests, player.reports
        return rates


def _level(player: FlowPlayer, side: Side) -> str:
    best = player.book.best(side)
    return "none" if best is None else f"{best[1] // SCALE_E8:,} at {format_e8(best[0], 2)}"


def _latency(player: FlowPlayer, percentile: float) -> str:
    """Of the maker's requests, by far the most."""
    latency = player.latency[Role.MAKER]
    value_ns = latency.get_value_at_percentile(percentile) if latency.get_total_count() else 0
    return f"{value_ns / 1_000:,.0f} us"


def _clock(time_ns: int) -> str:
    seconds = time_ns // 1_000_000_000
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
