"""A build that leaks fails once, with every pair."""

from pathlib import Path

import pyarrow as pa
import pytest
from child_builds import OPTIONS
from click.testing import CliRunner

from benchmarks.building_study import write_recording, write_study
from mexlab.tables import SPLITS
from pipeline.cli import pipeline


def test_everything_on_two_sides_of_a_split_is_listed_in_one_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leaking(clips: pa.Table) -> pa.Table:
        ids, subjects = (clips[name].to_pylist() * 2 for name in ("clip_id", "subject"))
        roles = [role for role in ("train", "test") for _ in range(len(clips))]
        columns = {"clip_id": ids, "subject": subjects, "role": roles, "fold": [0] * len(ids)}
        return SPLITS.build({"protocol": ["mine"] * len(ids), **columns})

    monkeypatch.setattr("pipeline.build.standard", leaking)
    recording = write_recording(tmp_path / "a.mp4", 4.8, (320, 180))
    study = write_study(tmp_path / "study", [recording] * 2)
    command = ["build-dataset", str(study.root), str(tmp_path / "out"), *OPTIONS]
    result = CliRunner().invoke(pipeline, command)
    assert result.exit_code == 1
    leaks = [line for line in result.stderr.splitlines() if line.startswith("leak ")]
    clips = [f"clip {session.id}-s1" for session in study.sessions()]
    wanted = [*clips, "subject B001", "subject B002", "group one"]
    assert sorted(leaks) == sorted(
        f"leak {name} is both train and test in mine fold 0" for name in wanted
    )
    assert "(5 leaks: " in result.stderr.splitlines()[-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "study"]
