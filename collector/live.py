"""How a recording goes, for whoever watches from another process, and what they tell it to do.

`collector run` writes STUDY/recording.json every second and reads STUDY/recording.orders, lines as
an operator types them at the terminal. Both are files, so that the operator's pages may be closed,
killed and started again while the recording goes on.
"""

import json
import os
import platform
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from collector.openness import Lock, runs_here
from mexlab.errors import InputError, StudyError
from mexlab.settings import from_mapping
from mexlab.study import Study

STAGES = ("starting", "camera", "ready", "film", "closing", "over")
OUTCOMES = ("closed", "aborted", "refused")
LATEST_WARNINGS = 5


@dataclass(frozen=True)
class Live:
    """recording.json. Times of the film in s; `outcome` and `message` stand there once it is over.

    `outcome` is closed or aborted as the session's state, or refused where none was made.
    """

    host: str
    pid: int
    created: float
    participant: str
    compilation: int
    at: str
    stage: str = "camera"
    session: str = ""
    scene: int = 0
    scenes: int = 0
    played_s: float = 0.0
    film_s: float = 0.0
    fps: float = 0.0
    dropped: int = 0
    paused: bool = False
    warnings: tuple[str, ...] = ()
    outcome: str = ""
    message: str = ""


def read_live(study: Study) -> Live | None:
    """How the running recording goes, or how the last one ended; None before the first.

    One whose process is gone without a word is over, with the last line it printed.
    """
    try:
        values = json.loads(study.live_path.read_text(encoding="utf-8"))
        live = from_mapping(Live, values, study.live_path)
    except FileNotFoundError:
        return None
    except (ValueError, AttributeError, InputError) as error:
        remedy = "delete it: it only shows how the last recording went"
        raise StudyError(f"damaged: {error}", study.live_path, remedy) from error
    if live.stage == "over" or is_running(live):
        return live
    outcome = "aborted" if live.session else "refused"
    return replace(live, stage="over", outcome=outcome, message=_last_words(study))


def is_running(live: Live) -> bool:
    """Whether its process still records; of another computer's, by what the file says."""
    if live.host != platform.node():
        return live.stage != "over"
    return live.stage != "over" and runs_here(Lock(live.host, live.pid, live.created))


def give_order(study: Study, line: str) -> None:
    """Tell the running recording: p (pause, go on), `m NOTE` (marker) or abort."""
    with study.orders_path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(" ".join(line.split()) + "\n")


def start_run(
    study: Study,
    participant: str,
    camera: str,
    compilation: int | None = None,
    offscreen: bool = False,
) -> None:
    """Start `collector run` as a process that outlives this one; `read_live` tells how it goes.

    Raises StudyError while another recording runs.
    """
    with FileLock(
        study.live_path.with_name(".recording.start.lock")
    ):  # of two presses at once one is told
        live = read_live(study)
        if live and is_running(live):
            what = f"a session of {live.participant} is being recorded"
            raise StudyError(what, study.live_path, "wait until it ends, or abort it")
        _launch(study, participant, camera, compilation, offscreen)


def _launch(
    study: Study, participant: str, camera: str, compilation: int | None, offscreen: bool
) -> None:
    command = [sys.executable, "-m", "collector", "run", str(study.root), "--no-form"]
    command += ["--participant", participant, "--camera", camera]
    command += ["--compilation", str(compilation)] if compilation else []
    command += ["--offscreen"] if offscreen else []
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS}
    with study.run_log_path.open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, **apart
        )
    if lock := Lock.of(process.pid):
        Board(study, participant, compilation or 0, lock).show(stage="starting")


def _last_words(study: Study) -> str:
    """The last line a run printed, without the word error before it."""
    if not study.run_log_path.is_file():
        return ""
    lines = study.run_log_path.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.removeprefix("error: ") for line in reversed(lines) if line.strip()), "")


class Board:
    """Writes recording.json while a session is recorded."""

    def __init__(self, study: Study, participant: str, compilation: int, lock: Lock) -> None:
        self._path = study.live_path
        self._live = Live(lock.host, lock.pid, lock.created, participant, compilation, at=_now())

    def show(self, **changes: Any) -> None:
        """Change what is shown; a full disk or a reader in the way must not stop a recording."""
        self._live = replace(self._live, at=_now(), **changes)
        temporary = self._path.with_name(f".{self._path.stem}.{os.getpid()}.tmp.json")
        with suppress(OSError):
            temporary.write_text(json.dumps(asdict(self._live)), encoding="utf-8")
            temporary.replace(self._path)

    def warn(self, message: str) -> None:
        """Add a warning; the latest few are shown."""
        self.show(warnings=(*self._live.warnings, message)[-LATEST_WARNINGS:])

    def over(self, message: str, outcome: str = "") -> None:
        """The last word, if none was said yet; without a session's state, what broke it off."""
        broken_off = "aborted" if self._live.session else "refused"
        if self._live.stage != "over":
            self.show(stage="over", outcome=outcome or broken_off, message=message)


class OrderFile:
    """The lines added to recording.orders since the recording began."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        path.unlink(missing_ok=True)

    def lines(self) -> list[str]:
        """Whole new lines, oldest first."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._read)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._read += len(whole) + len(newline)
        return whole.decode("utf-8", errors="replace").splitlines()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
