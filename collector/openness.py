"""Which session of a study is being recorded, and which one a crash left open.

Reads and writes session.lock: the host and the process that record. Another computer's lock, on a
shared disk or in a copied study, counts as live while its files still change.
"""

import json
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import psutil

from mexlab.atomic import write_json
from mexlab.errors import StudyError
from mexlab.session import Session
from mexlab.study import Study

SAME_S = 3.0  # between two readings of when a process began
QUIET_S = 60.0  # after which the files of another computer's session count as left


@dataclass(frozen=True)
class Lock:
    """The process that records: `created` tells it from a later one with the same number."""

    host: str
    pid: int
    created: float

    @classmethod
    def mine(cls) -> Self:
        return cls._of(psutil.Process())

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """A process of this computer; None where it has ended already."""
        try:
            return cls._of(psutil.Process(pid))
        except psutil.NoSuchProcess:
            return None

    @classmethod
    def _of(cls, process: psutil.Process) -> Self:
        return cls(platform.node(), process.pid, _created(process))

    def write(self, session: Session) -> None:
        write_json(session.lock_path, asdict(self))


def open_sessions(study: Study) -> list[Session]:
    """Sessions whose header says open, or that a crash left without one."""
    return [s for s in study.sessions() if s.lock_path.exists() or _says_open(s)]


def is_live(session: Session) -> bool:
    """Whether some process is still recording it."""
    return _live(session.lock_path)


def _live(path: Path) -> bool:
    """Whether the process of a lock still runs."""
    try:
        lock = Lock(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return False
    if lock.host != platform.node():
        return abs(time.time() - _last_change(path.parent)) < QUIET_S
    return runs_here(lock)


def runs_here(lock: Lock) -> bool:
    """Whether a process of this computer still runs: it, not one that got its number later."""
    try:
        process = psutil.Process(lock.pid)
        ended = process.status() == psutil.STATUS_ZOMBIE  # ended, and its parent has not looked
        return not ended and abs(_created(process) - lock.created) < SAME_S
    except psutil.NoSuchProcess:
        return False


def _created(process: psutil.Process) -> float:
    """When it began, s since the computer did: a wall clock that is set moves both alike."""
    return process.create_time() - psutil.boot_time()


@contextmanager
def only_recorder(study: Study) -> Iterator[None]:
    """One recording at a time in a study; raises StudyError for a second, or for an open session.

    Reads and writes STUDY/recording.lock, which is made by one system call or not at all.
    """
    path = study.recording_lock_path
    for _ in range(2):
        try:
            with path.open("x", encoding="utf-8") as file:
                json.dump(asdict(Lock.mine()), file)
            break
        except FileExistsError:
            if _live(path):
                remedy = "wait until it ends, or abort it there"
                raise StudyError("a session is being recorded", path, remedy) from None
            path.unlink(missing_ok=True)  # of a process that is no more
    try:
        refuse_if_open(study)
        yield
    finally:
        path.unlink(missing_ok=True)


def refuse_if_open(study: Study) -> None:
    """Raise StudyError if the study has an open session: one participant at a time."""
    for session in open_sessions(study):
        if is_live(session):
            what, remedy = "a session is being recorded", "wait until it ends, or abort it there"
        else:
            what = "a crash left a session open"
            remedy = f"close it with: collector recover {study.root}"
        raise StudyError(what, session.root, remedy)


def _says_open(session: Session) -> bool:
    """By its header; one that cannot be read is for `mexlab verify` to tell."""
    try:
        return session.header.state == "open"
    except StudyError:
        return False


def _last_change(folder: Path) -> float:
    return max((path.stat().st_mtime for path in folder.iterdir()), default=0.0)
