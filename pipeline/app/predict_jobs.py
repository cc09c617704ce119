"""Predictions being made: videos that were dropped, one after the other, each by the command.

Everything lies in one temporary folder of this server, which goes when the server ends; a video
goes as soon as it is judged. What a server that was killed left behind, the next one removes.
"""

import atexit
import os
import queue
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from mexlab.errors import InputError

_PREFIX = "mexlab-predictions-"
_COMMAND = (sys.executable, "-c", "from pipeline.cli import main; main()", "predict")
_COUNTED = re.compile(r"^(\w+).*: (\d+) of (\d+) ")
_ERROR = "error: "
ENDING_S = 10.0
KEPT_LINES = 60


@dataclass(frozen=True)
class Refusal:
    """What the command said; where is left out: it is this server's own folder."""

    what: str
    remedy: str

    @classmethod
    def of(cls, line: str) -> "Refusal":
        """From `error: what; where; what to do`."""
        what, _, rest = line.removeprefix(_ERROR).strip().partition("; ")
        return cls(what, rest.partition("; ")[2])


@dataclass
class Job:
    """One video. `state` is coming, waiting, working, done or failed."""

    id: str
    name: str
    run: Path
    folder: Path
    state: str = "coming"
    stage: str = ""  # the first word of the command's last line: looking, analysing, judging …
    part: float = 0.0  # of the stage, in [0, 1]
    error: "Refusal | None" = None
    _process: "subprocess.Popen[str] | None" = field(default=None, repr=False)

    @property
    def video(self) -> Path:
        return self.folder / self.name

    @property
    def out(self) -> Path:
        return self.folder / "prediction"


class Jobs:
    """The videos of one server, judged one at a time in a thread."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._waiting: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._home: Path | None = None
        self._closed = False

    def all(self) -> list[Job]:
        """Newest first."""
        return [*reversed(self._jobs.values())]

    def get(self, number: str) -> Job:
        """Raises InputError for none."""
        if number not in self._jobs:
            raise InputError("no such prediction", number, "drop the video again")
        return self._jobs[number]

    def coming(self, run: Path, name: str) -> Job:
        """Room for a video that is about to be sent."""
        with self._lock:
            if self._home is None:
                self._home = _home()
                atexit.register(self.close)
                threading.Thread(target=self._work, daemon=True).start()
            number = secrets.token_hex(6)
            folder = self._home / number
        folder.mkdir()
        job = self._jobs[number] = Job(number, _plain(name), run, folder)
        return job

    def start(self, job: Job) -> None:
        """The video is there: judge it when those before it are done."""
        job.state = "waiting"
        self._waiting.put(job)

    def forget(self, job: Job) -> None:
        """Remove everything of it, also while it is being made."""
        self._jobs.pop(job.id, None)
        _end(job._process)
        shutil.rmtree(job.folder, ignore_errors=True)

    def close(self) -> None:
        """End what runs and remove the folder."""
        self._closed = True
        self._waiting.put(None)
        for job in self.all():
            self.forget(job)
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)

    def _work(self) -> None:
        while (job := self._waiting.get()) is not None and not self._closed:
            if job.id in self._jobs:
                self._judge(job)

    def _judge(self, job: Job) -> None:
        job.state = "working"
        command = [*_COMMAND, str(job.run), str(job.video), "--out", str(job.out)]
        with subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C is the server's: it ends this one in its own way
        ) as process:
            job._process = process
            assert process.stderr is not None
            said: deque[str] = deque(maxlen=KEPT_LINES)
            for line in process.stderr:
                said.append(line)
                _follow(job, line)
        job._process = None
        job.video.unlink(missing_ok=True)
        if process.returncode and not job.error:
            sys.stderr.writelines(said)  # a bug keeps its traceback
            job.error = Refusal("the command failed", "see the server's messages")
        job.state = "failed" if process.returncode else "done"


def _follow(job: Job, line: str) -> None:
    if line.startswith(_ERROR):
        job.error = Refusal.of(line)
    elif counted := _COUNTED.match(line):
        job.stage, done, total = counted[1], int(counted[2]), int(counted[3])
        job.part = done / max(total, 1)


def _plain(name: str) -> str:
    """A file's name that any disk takes: no folders, nothing odd, not too long."""
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[^\w.\- ]", "_", last).strip(". ")[-80:] or "video"


def _home() -> Path:
    base = Path(tempfile.gettempdir())
    for left in base.glob(f"{_PREFIX}*-*"):
        number = left.name.removeprefix(_PREFIX).partition("-")[0]
        if number.isdecimal() and not psutil.pid_exists(int(number)):
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))


def _end(process: "subprocess.Popen[str] | None") -> None:
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(ENDING_S)
    except subprocess.TimeoutExpired:
        process.kill()
