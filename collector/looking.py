"""One pre-flight look for a page: `collector check` as a process of its own, and what it found.

A camera's driver that hangs or dies must not take the operator's pages with it. Reads what the
command prints; its picture goes through a temporary file.
"""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from collector.finding import FAIL, WARN, Finding
from collector.live import is_running, read_live
from mexlab.errors import StudyError
from mexlab.study import Study

LOOKING_S = 120.0  # a camera that warms up slowly, and Qt's first start
WHERE = "collector check"


@dataclass(frozen=True)
class Look:
    """What was found at a moment (ISO); `picture` is a PNG with the crop framed, or None."""

    at: str
    camera: str
    offscreen: bool
    findings: tuple[Finding, ...]
    crop: tuple[int, int] | None
    picture: bytes | None

    def verdicts(self, verdict: str) -> list[Finding]:
        return [finding for finding in self.findings if finding.verdict == verdict]

    @property
    def worst(self) -> str:
        """The worst verdict of all, ok if there is none."""
        return next((v for v in (FAIL, WARN) if self.verdicts(v)), "ok")

    def value(self, finding: str, name: str) -> float | None:
        """A number behind a finding; None where it was not looked at."""
        found = (f.values.get(name) for f in self.findings if f.name == finding)
        return next(found, None)


def look(study: Study, camera: str, offscreen: bool, timeout_s: float = LOOKING_S) -> Look:
    """Look at everything a session needs. Raises StudyError for whatever keeps it from looking."""
    live = read_live(study)
    if live and is_running(live):
        what = f"a session of {live.participant} is being recorded"
        raise StudyError(what, study.live_path, "wait until it ends: the camera is busy")
    with tempfile.TemporaryDirectory() as folder:
        preview = Path(folder) / "preview.png"
        command = [sys.executable, "-m", "collector", "check", str(study.root), "--json"]
        command += [f"--camera={camera}", "--preview", str(preview)]
        command += ["--offscreen"] if offscreen else []
        answer = printed(command, timeout_s)
        picture = preview.read_bytes() if preview.is_file() else None
    return read_look(answer, camera, offscreen, picture)


def printed(command: list[str], timeout_s: float) -> str:
    """What the command printed as its result. Raises StudyError where it printed none."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "PYTHONUTF8": "1"},  # as it is read here, on every system
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        what, remedy = f"no answer within {timeout_s:.0f} s", "unplug the camera and plug it in"
        raise StudyError(what, WHERE, f"{remedy}, then look again") from error
    if not done.stdout.strip():
        last = next((x for x in reversed(done.stderr.splitlines()) if x.strip()), "")
        what, where, remedy = _parts(last.removeprefix("error: ").strip(), done.returncode)
        raise StudyError(what, where, remedy)
    return done.stdout


def _parts(line: str, status: int) -> tuple[str, str, str]:
    """What, where and what to do of the last line that a command printed."""
    parts = line.split("; ", 2)
    if len(parts) == 3:
        return parts[0], parts[1], parts[2]
    what = f"ended with status {status}" + (f": {line}" if line else "")
    return what, WHERE, "run it in a terminal to see more"


def read_look(answer: str, camera: str, offscreen: bool, picture: bytes | None) -> Look:
    """What the command's JSON says. Raises StudyError where it is none."""
    try:
        found = json.loads(answer)
        findings = tuple(Finding.from_json(entry) for entry in found["findings"])
        crop = (found["crop"]["width"], found["crop"]["height"]) if found["crop"] else None
    except (ValueError, KeyError, TypeError) as error:
        remedy = "run it in a terminal to see more"
        raise StudyError("its answer cannot be read", WHERE, remedy) from error
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Look(now, camera, offscreen, findings, crop, picture)
