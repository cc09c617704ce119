"""The benchmark of building runs, on little, and prints its lines; its figures are for a quiet
machine.
"""

import re
from pathlib import Path

import pytest

from benchmarks.building import peak_bytes, script, speed, workers
from benchmarks.building_study import write_recording, write_study

TINY = [(192, 108)]


def test_speed_and_script_compare_the_same_frames(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """That both loops make as many frames is asserted inside."""
    assert all(ratio > 0 for ratio in speed(tmp_path, 4.8, TINY, 1))
    assert all(ratio > 0 for ratio in script(tmp_path, 4.8, TINY, 1))
    one, two = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"speed: at 192x108, build-dataset runs at \d\.\d\d of a bare .*", one)
    assert re.fullmatch(r"script: at 192x108, [\d.]+ times the frames per CPU second .*", two)


def test_workers_and_memory_measure_what_they_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert workers(tmp_path, 2.4, 2, 1) > 0
    assert re.fullmatch(
        r"workers: two do [\d.]+ times what one does \([\d.]+\)\n", capsys.readouterr().out
    )
    recording = write_recording(tmp_path / "a.mp4", 2.4, TINY[0])
    assert peak_bytes(write_study(tmp_path / "peak", [recording]).root) > 5 * 10**7
