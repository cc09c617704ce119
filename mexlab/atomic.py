"""Files that appear whole or not at all: write to a temporary neighbour, fsync, rename."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil


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
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    aside = path.with_name(f".{path.name}.{os.getpid()}.old")
    for stale in leftovers(path.parent, path.name):
        if stale.suffix == ".old" and not path.exists():
            stale.replace(path)  # killed between the two renames: this is the only whole one
        else:
            shutil.rmtree(stale)
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


def _sync(path: Path) -> None:
    # Windows lets fsync only on a handle open for writing, hence r+b.
    with path.open("r+b") as file:
        os.fsync(file.fileno())
