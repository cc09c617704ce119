"""The same work on many things, in as many processes as asked, with one progress bar.

A user's mistake in one thing does not stop the others: it comes back as that thing's outcome.
"""

import multiprocessing
import os
import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from typing import Any, TypeVar

from mexlab.errors import MexlabError
from mexlab.progress import Progress

Task = TypeVar("Task")
Result = TypeVar("Result")
Report = Callable[[int], None]  # tells how many units were done since the last call
Work = Callable[[Task, Report], Result]

_reports: "multiprocessing.Queue[int] | None" = None  # set once in each worker process


def default_workers() -> int:
    """Processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def for_each(
    tasks: Sequence[Task], work: "Work[Task, Result]", workers: int, bar: Progress
) -> Iterator[tuple[Task, Result | MexlabError]]:
    """Yield (task, result) as they finish; a MexlabError is yielded in place of a result.

    `work` and the tasks must be picklable, since processes are spawned on every system alike.
    With one worker or one task all runs here, in order.
    """
    if workers <= 1 or len(tasks) <= 1:
        for task in tasks:
            yield task, _outcome(work, task, bar.advance)
        return
    context = multiprocessing.get_context("spawn")
    reports = context.Queue()
    with ProcessPoolExecutor(
        min(workers, len(tasks)), context, initializer=_receive, initargs=(reports,)
    ) as pool:
        waiting: dict[Future[Any], Task] = {
            pool.submit(_outcome_there, work, task): task for task in tasks
        }
        try:
            while waiting:
                done, _ = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                _drain(reports, bar)
                for future in done:
                    yield waiting.pop(future), future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    _drain(reports, bar)  # the last reports arrive when the workers have ended


def _receive(reports: "multiprocessing.Queue[int]") -> None:
    global _reports
    _reports = reports


def _outcome_there(work: "Work[Task, Result]", task: Task) -> Result | MexlabError:
    assert _reports is not None
    return _outcome(work, task, _reports.put)


def _outcome(work: "Work[Task, Result]", task: Task, report: Report) -> Result | MexlabError:
    try:
        return work(task, report)
    except MexlabError as error:
        return error


def _drain(reports: "multiprocessing.Queue[int]", bar: Progress) -> None:
    while True:
        try:
            bar.advance(reports.get_nowait())
        except queue.Empty:
            return
