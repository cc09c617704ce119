"""Which session of a study is being recorded, and which one a crash left open.

Reads and writes session.lock: the host and the process that record. Another computer's lock, on a
shared disk or in a copied study, counts as live while its files still change.
"""

import json
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import psutil

from mexlab.atomic import write_json
from mexlab.errors import StudyError
from mexlab.session import Session
from mexlab.study import Study

QUIET_S = 60.0  # after which the files of another computer's session count as left


@dataclass(frozen=True)
class Lock:
    """The process that records: `created` tells it from a later one with the same number."""

    host: str
    pid: int
    created: float

    @classmethod
    def mine(cls) -> Self:
        process = psutil.Process()
        return cls(platform.node(), process.pid, process.create_time())

    def write(self, session: Session) -> None:
        write_json(session.lock_path, asdict(self))


def open_sessions(study: Study) -> list[Session]:
    """Sessions whose header says open, or that a crash left without one."""
    return [s for s in study.sessions() if s.lock_path.exists() or _says_open(s)]


def is_live(session: Session) -> bool:
    """Whether some process is still recording it."""
    try:
        lock = Lock(**json.loads(session.lock_path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return False
    if lock.host != platform.node():
        return time.time() - _last_change(session.root) < QUIET_S
    try:
        # The same process, not one that got its number later; clocks are told apart by a second.
        return abs(psutil.Process(lock.pid).create_time() - lock.created) < 1
    except psutil.NoSuchProcess:
        return False


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
    return session.header_path.exists() and session.header.state == "open"


def _last_change(folder: Path) -> float:
    return max((path.stat().st_mtime for path in folder.iterdir()), default=0.0)
