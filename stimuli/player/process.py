"""The parent's handle on a player process: orders go in, events come out; no Qt is imported here.

    with PlayerProcess(showing) as player:    # instructions are on the screen
        ...                                   # event "ready"
        player.play(log, zero_ns)             # "film", "pause", "resume", "marker", "abort", "end"
        ...                                   # "closing" if there is a closing clip, "closed"

Every event carries its moment on the host clock. "error" {what, where, remedy} may come at any
time; "exit" {code, and what, where, remedy if it was not asked for} always comes last.
"""

import json
import queue
import subprocess
import threading
from collections import deque
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mexlab.clock import host_ns
from stimuli.player.launch import PlayerError, check_display, command, environment, explain

START_S = 60.0  # a cold disk may take its time over Qt
CLOSE_S = 3.0
NOISE_LINES = 60  # of the player's standard error, kept to explain a failure


@dataclass(frozen=True)
class PlayerSettings:
    """[player] of study.toml. `closing_clip` is relative to stimuli/; empty means none."""

    display: int = field(default=0, metadata={"low": 0})
    closing_clip: str = ""


@dataclass(frozen=True)
class Showing:
    """What to show and where. `log` and `zero_ns` may come later, with `PlayerProcess.play`.

    `window` is (x, y, width, height) in px of the desktop; without it the film fills `display`.
    Without `ready_key` the player is ready as soon as its window is open.
    """

    film: Path
    log: Path | None = None
    zero_ns: int = 0  # host clock at session time 0
    language: str = "en"
    display: int = 0
    offscreen: bool = False
    ready_key: bool = True
    closing_clip: Path | None = None
    window: tuple[int, int, int, int] | None = None

    def to_json(self) -> dict[str, Any]:
        paths = {"film": self.film, "log": self.log, "closing_clip": self.closing_clip}
        return asdict(self) | {name: str(p.resolve()) if p else None for name, p in paths.items()}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        paths = {
            name: Path(value[name]) if value[name] else None for name in ("log", "closing_clip")
        }
        window = tuple(value["window"]) if value["window"] else None
        return cls(**value | paths | {"film": Path(value["film"]), "window": window})


@dataclass(frozen=True)
class PlayerEvent:
    """Something that happened in the player, at `host_ns` on the host clock."""

    event: str
    host_ns: int
    details: dict[str, Any] = field(default_factory=dict)


class PlayerProcess:
    """A player of its own. Entering starts it and raises MexlabError where it cannot show."""

    def __init__(self, showing: Showing) -> None:
        self.showing = showing
        self.events: queue.Queue[PlayerEvent] = queue.Queue()
        self._process: subprocess.Popen[str] | None = None
        self._threads: list[threading.Thread] = []
        self._noise: deque[str] = deque(maxlen=NOISE_LINES)
        self._up: queue.Queue[PlayerEvent] = queue.Queue()  # up, or what came instead
        self._started = self._closing = False

    def start(self) -> None:
        """Start the process and wait for its window. Raises MexlabError where it cannot show."""
        check_display(self.showing.offscreen)
        self._process = subprocess.Popen(
            command(),
            env=environment(offscreen=self.showing.offscreen),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        for reading in (self._read_noise, self._read_events):
            thread = threading.Thread(target=reading, args=(self._process,), daemon=True)
            thread.start()
            self._threads.append(thread)
        self._send(self.showing.to_json())
        try:
            first = self._up.get(timeout=START_S)
        except queue.Empty:
            first = PlayerEvent("exit", host_ns(), {"what": "the player does not start"})
        if first.event != "up":
            self.close()
            told = first.details
            where, remedy = told.get("where", "stimuli.player"), told.get("remedy", "try again")
            raise PlayerError(told["what"], where, remedy)

    def play(self, log: Path | None = None, zero_ns: int | None = None) -> None:
        """Start the film; its rows go to `log`, in session time, ns since `zero_ns`."""
        log = log or self.showing.log
        zero_ns = self.showing.zero_ns if zero_ns is None else zero_ns
        self._order("play", log=str(log.resolve()) if log else None, zero_ns=zero_ns)

    def pause(self) -> None:
        self._order("pause")

    def resume(self) -> None:
        self._order("resume")

    def marker(self, note: str = "") -> None:
        """A marker in the events, with what the operator noted."""
        self._order("marker", note=note)

    def abort(self) -> None:
        """End the film at once; nothing happens where it has ended."""
        self._order("abort")

    def close(self) -> None:
        """End the process, politely first. Its last event is in the queue afterwards."""
        process = self._process
        if process is None:
            return
        self._closing = True
        self._order("close")
        with suppress(OSError):
            process.stdin.close()  # type: ignore[union-attr]
        for harder in (process.terminate, process.kill):
            with suppress(subprocess.TimeoutExpired):
                process.wait(CLOSE_S)
                break
            harder()
        for thread in self._threads:
            thread.join(CLOSE_S)
        self._process = None

    def _order(self, do: str, **details: Any) -> None:
        self._send({"do": do, **details})

    def _send(self, value: dict[str, Any]) -> None:
        """A player that has ended hears nothing; its "exit" says so."""
        if self._process and self._process.stdin:
            with suppress(OSError, ValueError):
                self._process.stdin.write(json.dumps(value) + "\n")
                self._process.stdin.flush()

    def _read_noise(self, process: "subprocess.Popen[str]") -> None:
        assert process.stderr
        self._noise.extend(process.stderr)

    def _read_events(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout
        explained = False
        for line in process.stdout:
            event = PlayerEvent(**json.loads(line))
            explained = explained or event.event == "error"
            self._hand_on(event)
        code = process.wait()
        self._threads[0].join(CLOSE_S)
        details: dict[str, Any] = {"code": code}
        if not self._closing and not explained:
            why = explain(code, "".join(self._noise))
            details |= {"what": why.what, "where": why.where, "remedy": why.remedy}
        self._hand_on(PlayerEvent("exit", host_ns(), details))

    def _hand_on(self, event: PlayerEvent) -> None:
        if not self._started:
            self._started = True
            self._up.put(event)
        if event.event != "up":
            self.events.put(event)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()
