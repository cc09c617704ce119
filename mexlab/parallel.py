"""The same work on many things, in as many processes as asked, with one progress bar.

A user's mistake in one thing does not stop the others: it comes back as that thing's outcome.
Workers end with their parent, whatever ended it.
"""

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from mexlab.errors import InputError, MexlabError
from mexlab.progress import Progress

Task = TypeVar("Task")
Result = TypeVar("Result")
Report = Callable[[int], None]  # tells how many units were done since the last call
Work = Callable[[Task, Report], Result]
# For glibc, which reads it when a process starts: keep large blocks that are freed for the next
# picture. Given back and taken anew page by page, they make processes side by side wait for the
# kernel.
KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**40)}

Outcomes = Generator[tuple[Task, Result | MexlabError], None, None]

_reports: "multiprocessing.Queue[int] | None" = None  # set once in each worker process


def default_workers() -> int:
    """Processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def for_each(
    tasks: Sequence[Task], work: "Work[Task, Result]", workers: int, bar: Progress
) -> "Outcomes[Task, Result]":
    """Yield (task, result) as they finish; a MexlabError is yielded in place of a result.

    `work` and the tasks must be picklable, since processes are spawned on every system alike.
    With one worker or one task all runs here, in order. Use it in `contextlib.closing`, so that
    the workers are gone before what they write into is. Raises InputError if a worker was killed.
    """
    if workers <= 1 or len(tasks) <= 1:
        for task in tasks:
            yield task, _outcome(work, task, bar.advance)
        return
    for name, value in KEEP_MEMORY.items():
        os.environ.setdefault(name, value)
    context = multiprocessing.get_context("spawn")
    reports = context.Queue()
    with ProcessPoolExecutor(
        min(workers, len(tasks)), context, initializer=_begin, initargs=(reports,)
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
        except BrokenProcessPool as error:
            what = "a worker process was killed, perhaps for want of memory"
            raise InputError(what, "--workers", "use fewer workers") from error
        finally:
            if waiting:
                _stop(pool)
    _drain(reports, bar)  # the last reports arrive when the workers have ended


def _stop(pool: ProcessPoolExecutor) -> None:
    """End the workers now: what they were writing is not wanted any more."""
    for child in multiprocessing.active_children():
        child.terminate()
    pool.shutdown(wait=True, cancel_futures=True)  # the pool itself has to see them gone


def _begin(reports: "multiprocessing.Queue[int]") -> None:
    """A worker's first act: where to report, and whose end is its own."""
    global _reports
    _reports = reports
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C ends
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


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
