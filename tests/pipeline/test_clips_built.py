"""A coders' decision on its way into a dataset built from real recordings."""

import shutil

import numpy as np
import pytest

from mexlab.emotions import EMOTIONS
from mexlab.study import Study
from mexlab.tables import matrix
from mexlab.timebase import resampling_plan
from mexlab.vision.crop import face_crop
from mexlab.vision.flow import FLOW_METHODS, reduced
from mexlab.vision.planes import face_of
from mexlab.vision.video import Video
from pipeline.cli import pipeline
from pipeline.form.dataset import Dataset
from tests.annotate.coded import code
from tests.conftest import run_command


@pytest.fixture
def study(located_study, tmp_path):
    shutil.copytree(located_study.root, tmp_path / "study")
    return Study.open(tmp_path / "study")


def decide_on(session, scene, **marks):
    """Two coders agree about the scene's interval."""
    for coder in ("ana", "ben"):
        code(session, coder, f"{session.id}-s{scene}-r1", {"verdict": "adjust", **marks})


def built(study, out, **labels):
    """The dataset under these settings of [labels]."""
    text = study.settings_path.read_text()
    for name, (old, new) in labels.items():
        assert f'{name} = "{old}"' in text
        text = text.replace(f'{name} = "{old}"', f'{name} = "{new}"')
    study.settings_path.write_text(text)
    run_command(pipeline, "build-dataset", study.root, out)
    return Dataset.open(out)


def test_a_coded_clip_carries_its_code_to_the_frame(study, tmp_path):
    session = study.session("R001")
    times = session.frames()["capture_ns"].to_numpy()
    located = next(row for row in session.intervals().to_pylist() if row["scene"] == 3)
    exported = resampling_plan(times, located["start_ns"], located["end_ns"], 20).source_frame
    between = np.setdiff1d(np.arange(exported[0], exported[-1]), exported)
    onset = int(between[len(between) // 2])  # a frame that the clip leaves out
    apex, offset = onset + 5, onset + 10
    decide_on(session, 3, onset=onset, apex=apex, offset=offset, emotion="surprise")
    dataset = built(study, tmp_path / "out", policy=("reported", "coded"))
    (clip,) = dataset.clips().to_pylist()
    assert (clip["scene"], clip["coded"], clip["coders"]) == (3, "surprise", 2)
    assert (EMOTIONS[clip["label"]], clip["label_source"]) == ("surprise", "coded")
    assert clip["start_ns"] <= times[onset] < times[offset] < clip["end_ns"]
    rows = dataset.frames("R001", ["frame", "t_ns", "source_frame"]).to_pylist()
    assert onset not in {row["source_frame"] for row in rows}
    for name, frame in (("onset", onset), ("apex", apex), ("offset", offset)):
        away = [abs(row["t_ns"] - times[frame]) for row in rows]
        assert away[clip[name]] == min(away) < 50_000_000
    assert clip["duration_ms"] == pytest.approx((times[offset] - times[onset]) / 1e6, abs=1e-3)

    sources = np.unique([row["source_frame"] for row in rows])
    landmarks = matrix(session.aus("landmarker")["landmarks"].take(sources)).reshape(-1, 68, 2)
    crop = face_crop(landmarks, size=224, margin=1.3)
    wanted = (onset, apex)
    frames = {f.index: f for f in Video(session.recording_path).frames() if f.index in wanted}
    faces = [face_of(crop, frames[index]).luma for index in (onset, apex)]
    flow = reduced(FLOW_METHODS["farneback"](*faces), crop.iod_px).ravel()
    assert clip["apex_flow"] == pytest.approx(flow.astype(np.float16).tolist(), abs=1e-2)
    assert np.abs(flow).max() > 0.1

    assert dataset.header.counts["labels_from_coded"] == 1
    assert any("no final or agreed code" in e.reason for e in dataset.header.exclusions)
    card = (dataset.root / "README.md").read_text(encoding="utf-8")
    assert "Coded by people: 1 of 1." in card


def test_one_decision_changes_that_clip_and_no_other(study, tmp_path):
    before = built(study, tmp_path / "before", intervals=("located", "not-rejected"))
    for coder in ("ana", "ben"):
        interval_id = f"{study.session('R001').id}-s3-r1"
        code(study.session("R001"), coder, interval_id, {"verdict": "reject"})
    after = built(study, tmp_path / "after")
    kept = [row for row in before.clips().to_pylist() if row["clip_id"][-3:] != "-s3"]
    assert len(kept) == before.clips().num_rows - 1 >= 2
    assert after.clips().to_pylist() == kept
    assert after.frames("R002").equals(before.frames("R002"))
    assert any("coders found nothing expressed" in e.reason for e in after.header.exclusions)
