"""Built twice, with one and two workers, in two folders: the same dataset."""

import shutil
from pathlib import Path

from child_builds import build_here

from benchmarks.building_study import write_recording, write_study
from mexlab.fingerprint import read_manifest


def test_one_and_two_workers_in_two_places_give_the_same_dataset(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    recording = write_recording(here / "a.mp4", 4.8, (320, 180))
    study = write_study(here / "study", [recording] * 3, sessions=2)
    shutil.copytree(study.root, there / "study")
    one, subjects = build_here(here / "study", here / "out", "--workers", "1")
    assert subjects == "3 built"
    assert build_here(there / "study", there / "out", "--workers", "2") == (one, subjects)
    # Not only the tables' content: every file is the same to the byte.
    assert read_manifest(there / "out") == read_manifest(here / "out")
    assert len(read_manifest(here / "out")) > 8
