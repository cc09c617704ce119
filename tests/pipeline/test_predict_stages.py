"""Other stages as commands: their words, their end."""

import os
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest

from mexlab.errors import MexlabError
from mexlab.signals import ended_by_signals
from pipeline.predict.stages import run_stage

SAYS = "import sys; print('a result'); print('7 of 9', file=sys.stderr)"
REFUSES = "import sys; sys.exit('error: no model; here; fetch it')"
BREAKS = "raise ValueError('a bug')"
SLEEPS = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"


def test_progress_passes_on_and_results_do_not(capfd: pytest.CaptureFixture[str]) -> None:
    run_stage(["python", "-c", SAYS])
    out, err = capfd.readouterr()
    assert (out, err) == ("", "7 of 9\n")


def test_a_refusal_keeps_its_words(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MexlabError) as refused:
        run_stage(["python", "-c", REFUSES])
    assert str(refused.value) == "no model; here; fetch it"
    assert capfd.readouterr().err == ""


def test_a_bug_is_told_with_its_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MexlabError, match="python -c failed"):
        run_stage(["python", "-c", BREAKS])
    assert "ValueError: a bug" in capfd.readouterr().err


def test_what_breaks_it_off_ends_the_command_too(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    before = {child.pid for child in psutil.Process().children()}

    def end_soon() -> None:
        while not begun.exists():
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end_soon).start()
    with pytest.raises(KeyboardInterrupt), ended_by_signals():
        run_stage(["python", "-c", SLEEPS, begun])
    assert {child.pid for child in psutil.Process().children()} <= before
