import multiprocessing
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from mexlab.errors import InputError
from mexlab.parallel import for_each
from mexlab.progress import Progress


def double(task, report):
    report(task)
    if task == 3:
        raise InputError("three", "here", "choose another")
    return 2 * task, os.getpid()


@pytest.mark.parametrize("workers", [1, 2])
def test_work_is_done_counted_and_a_mistake_comes_back(workers):
    with Progress("working") as bar:
        outcomes = dict(for_each([1, 2, 3, 4], double, workers, bar))
    assert bar.done == 10
    assert isinstance(outcomes[3], InputError)
    assert str(outcomes[3]) == "three; here; choose another"
    values = {task: outcome[0] for task, outcome in outcomes.items() if task != 3}
    assert values == {1: 2, 2: 4, 4: 8}
    here = {outcome[1] == os.getpid() for task, outcome in outcomes.items() if task != 3}
    assert here == {workers == 1}


def die(task, report):
    if task == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def test_a_killed_worker_is_one_line_with_a_remedy():
    with Progress("working") as bar, pytest.raises(InputError, match="use fewer workers"):
        list(for_each([1, 2, 3], die, 2, bar))


def sleep(task, report):
    time.sleep(60)


def test_leaving_early_ends_the_workers():
    started = time.monotonic()
    with Progress("working") as bar, closing(for_each([double, sleep], call, 2, bar)) as outcomes:
        next(outcomes)
    assert time.monotonic() - started < 30
    assert not multiprocessing.active_children()


def call(task, report):
    return task(1, report)


def test_workers_end_with_a_killed_parent(tmp_path):
    script = """
from tests.mexlab.test_parallel import sleep
from mexlab.parallel import for_each
from mexlab.progress import Progress
if __name__ == "__main__":
    with Progress("x") as bar:
        list(for_each([1, 2], sleep, 2, bar))
"""
    path = tmp_path / "parent.py"
    path.write_text(script)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    parent = subprocess.Popen([sys.executable, path], env=environment)
    deadline = time.monotonic() + 30
    children = []
    while len(children) < 3 and time.monotonic() < deadline:  # two workers and their tracker
        children = psutil.Process(parent.pid).children(recursive=True)
        time.sleep(0.1)
    time.sleep(3)  # the workers import what they need before they can watch
    parent.kill()
    parent.wait()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive
