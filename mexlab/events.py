"""events.jsonl of a session: what happened and when, one JSON object a line, only ever appended.

`{"t_ns": session time, "at": wall clock, "event": name, ...}`. Names: start, film, scene, pause,
resume, marker, drop, silent, size, repeat, warning, abort, end, recovered.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def append_event(path: Path, t_ns: int, event: str, **details: Any) -> None:
    """Add one line. Raises OSError where the disk is full."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = json.dumps({"t_ns": t_ns, "at": at, "event": event, **details}, ensure_ascii=False)
    with path.open("ab", buffering=0) as file:
        file.write(f"{line}\n".encode())


def read_events(path: Path) -> Iterator[dict[str, Any]]:
    """Every whole line, oldest first; a line that a crash tore is passed over."""
    for line in path.read_bytes().split(b"\n") if path.is_file() else ():
        try:
            yield json.loads(line)
        except ValueError:
            continue
