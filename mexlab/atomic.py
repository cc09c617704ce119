"""Files and folders that appear whole or not at all: write to a neighbour, fsync, rename.

Long work keeps what it has finished in a work folder beside its result, and goes on from there.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from mexlab.errors import InputError, MexlabError

_LOCK = "lock"


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it over `path` on success, remove it otherwise.

    The temporary name keeps the suffix, because encoders choose their format by it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for stale in leftovers(path.parent, path.stem):
        stale.unlink()
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes `path` on success, replacing what was there.

    The old folder is moved aside before the new one takes its name, and removed last, so that at
    every moment one whole folder exists.
    """
    path = path.resolve()  # "." has no name, and a link must stay a link
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary, aside = _beside(path, "tmp"), _beside(path, "old")
    clear_leftovers(path)
    temporary.mkdir()
    try:
        yield temporary
        if path.exists():
            path.replace(aside)
        temporary.replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        if path.exists():
            shutil.rmtree(aside, ignore_errors=True)
        elif aside.exists():
            aside.replace(path)


@contextmanager
def work_folder(path: Path) -> Iterator[Path]:
    """Yield `.NAME.building` beside `path`; what an interrupted block finished is still in it.

    Held by one process at a time. It goes when the block ends, and with a user's mistake; anything
    else leaves what does not begin with a dot, which is why folders of it are best made by
    `atomic_folder`. Raises InputError where another process holds it.
    """
    path = path.resolve()
    work = work_path(path)
    work.mkdir(parents=True, exist_ok=True)
    lock = FileLock(work / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        what = "another process is writing this"
        raise InputError(what, path, "wait until that ends") from None
    keep = False
    try:
        clear_leftovers(path)
        clear_leftovers(work)
        _clear_unfinished(work)
        yield work
    except MexlabError:
        raise
    except BaseException:
        keep = True
        raise
    finally:
        if keep:
            _clear_unfinished(work)
        if not keep or {found.name for found in work.iterdir()} <= {_LOCK}:
            discard(work)
        lock.release()
        if not keep and work.exists():
            shutil.rmtree(work, ignore_errors=True)  # some systems do not remove an open lock


def work_path(path: Path) -> Path:
    """Where long work towards `path` keeps what it has finished."""
    path = path.resolve()
    return path.with_name(f".{path.name}.building")


def discard(folder: Path) -> None:
    """Remove a folder in one step: killed half-way, no half of it stands under its name."""
    gone = _beside(folder, "tmp")
    try:
        folder.replace(gone)
    except PermissionError:
        gone = folder  # held open by somebody, which not every system lets move
    shutil.rmtree(gone, ignore_errors=True)


def link_file(source: Path, target: Path) -> None:
    """The same file under a second name, or a copy where the disk knows no hard links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        with atomic_file(target) as temporary:
            shutil.copyfile(source, temporary)


def clear_leftovers(path: Path) -> None:
    """Remove what killed processes left beside `path`, and put back what they had moved aside."""
    own = [found for kind in ("tmp", "old") if (found := _beside(path, kind)).exists()]
    # A number is used again, always so in containers: under this process's own it is stale too.
    for stale in [*leftovers(path.parent, path.name), *own]:
        if stale.suffix == ".old" and not path.exists():
            stale.replace(path)  # killed between the two renames: this is the only whole one
        else:
            shutil.rmtree(stale)


def leftovers(folder: Path, name: str = "") -> list[Path]:
    """Temporary files and folders that a process killed half-way left in `folder`.

    Only those of `name`, if it is given; what a living process is writing does not count.
    """
    pattern = re.compile(rf"\.{re.escape(name) if name else '.+'}\.(\d+)\.(tmp|old)(\.[^.]+)?")
    found = ((path, pattern.fullmatch(path.name)) for path in folder.iterdir())
    return [path for path, match in found if match and not psutil.pid_exists(int(match[1]))]


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with `\\n` line ends, atomically."""
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write indented JSON, atomically; non-ASCII letters stay readable."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def _beside(path: Path, kind: str) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.{kind}")


def _clear_unfinished(work: Path) -> None:
    for path in work.glob(".*"):
        shutil.rmtree(path, ignore_errors=True)


def _sync(path: Path) -> None:
    # Windows lets fsync only on a handle open for writing, hence r+b.
    with path.open("r+b") as file:
        os.fsync(file.fileno())
