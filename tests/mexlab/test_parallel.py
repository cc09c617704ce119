import os

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
