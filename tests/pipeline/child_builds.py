"""`pipeline build-dataset` in a process of its own that is killed, or whose disk is full.

Processes are forked from a server that has everything loaded, so that a child builds at once.
"""

import multiprocessing
import os
import resource
import signal
import sys
import time
from pathlib import Path

from click.testing import CliRunner

from pipeline.cli import pipeline

OPTIONS = ("--fps", "5", "--size", "64", "--workers", "1")  # small, and little but what is new
CHANGES = ("os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir")
LINES, COUNT = "lines.txt", "count.txt"

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["pipeline.build", "pipeline.audit"])


def build_here(study: Path, out: Path, *more: str) -> tuple[str, str]:
    """Content hash of the dataset built in this process, and what stderr said of subjects."""
    result = CliRunner().invoke(
        pipeline, ["build-dataset", str(study), str(out), *OPTIONS, *more], catch_exceptions=False
    )
    assert result.exit_code == 0, result.stderr
    (subjects,) = [line for line in result.stderr.splitlines() if line.startswith("subjects: ")]
    return result.stdout.split()[-1], subjects.removeprefix("subjects: ")


def child_build(study: Path, out: Path, **how: int) -> "multiprocessing.process.BaseProcess":
    """A process that builds, about to begin when this returns.

    It kills itself before change number `kill_at` of a folder; no file may exceed `most_bytes`.
    What it prints lies beside `out`, and how many changes there were.
    """
    lines = out.with_name(LINES)
    lines.unlink(missing_ok=True)
    process = _context.Process(target=_build, args=(str(study), str(out)), kwargs=how)
    process.start()
    while not lines.exists():
        assert process.is_alive()
        time.sleep(0.001)
    return process


def _build(study: str, out: str, kill_at: int = 0, most_bytes: int = 0) -> None:
    lines = os.open(Path(out).with_name(LINES), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(lines, 1)
    os.dup2(lines, 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    if most_bytes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    changes = 0

    def hook(event: str, _: object) -> None:
        nonlocal changes
        if event in CHANGES:
            changes += 1
            if changes == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    try:
        pipeline(["build-dataset", study, out, *OPTIONS])
    finally:
        sys.stderr.flush()
        Path(out).with_name(COUNT).write_text(str(changes))
