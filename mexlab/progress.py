"""Progress on stderr: a bar on a terminal, a plain line now and then elsewhere."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

PLAIN_INTERVAL_S = 10.0  # between two lines in a log file


class Progress:
    """`with Progress("analysing P001", total=472, unit="frames") as bar: bar.advance()`.

    `total` None means unknown. Rates are in units per second.
    """

    def __init__(self, label: str, total: int | None = None, unit: str = "") -> None:
        self.label, self.total, self.unit = label, total, unit
        self.done = 0
        self._said = -1
        self._started = self._spoken = time.monotonic()
        self._bar = _terminal_bar() if sys.stderr.isatty() else None
        self._task = self._bar.add_task(label, total=total) if self._bar else None

    def advance(self, count: int = 1) -> None:
        """Count `count` more units as done."""
        self.done += count
        if self._bar and self._task is not None:
            self._bar.update(self._task, advance=count)
        elif time.monotonic() - self._spoken >= PLAIN_INTERVAL_S:
            self._spoken = time.monotonic()
            self._say()

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()
        elif kind is None and self._said != self.done:
            self._say()

    def _say(self) -> None:
        self._said = self.done
        seconds = max(time.monotonic() - self._started, 1e-9)
        of = f" of {self.total}" if self.total else ""
        rate = f"{self.done / seconds:.0f}/s"
        print(f"{self.label}: {self.done}{of} {self.unit} ({rate})", file=sys.stderr, flush=True)


def _terminal_bar() -> "Bar":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    return Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
