"""events.jsonl of a session: what happened and when, one JSON object a line, only ever appended.

`{"t_ns": session time, "at": wall clock, "event": name, ...}`. Names: start; of the film: film,
pause, resume, marker, abort, end, closing, closed; of the recording: warning, size, steps; of the
session: stop, scene-cut, session-closed, recovered, report-imported.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Any


def append_event(path: Path, t_ns: int, event: str, **details: Any) -> None:
    """Add one line. Raises OSError where the disk is full."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    append_line(path, {"t_ns": t_ns, "at": at, "event": event, **details})


def append_line(path: Path, values: dict[str, Any]) -> None:
    """Add one JSON object by one system call, after ending a line that a crash tore."""
    line = json.dumps(values, ensure_ascii=False)
    with path.open("a+b", buffering=0) as file:
        torn = file.tell() and _last_byte(file) != b"\n"
        data = (b"\n" if torn else b"") + f"{line}\n".encode()
        if file.write(data) != len(data):
            raise OSError(28, "No space left on device", str(path))


def _last_byte(file: "FileIO") -> bytes:
    file.seek(-1, 2)
    return file.read(1)


def read_events(path: Path) -> Iterator[dict[str, Any]]:
    """Every whole line, oldest first; a line that a crash tore is passed over."""
    for line in path.read_bytes().split(b"\n") if path.is_file() else ():
        try:
            yield json.loads(line)
        except ValueError:
            continue
