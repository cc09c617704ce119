"""Building a dataset from real recordings: right to the frame, complete in what it leaves out."""

import io
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import datasets
import numpy as np
import pytest
from PIL import Image

from mexlab.consent import decide
from mexlab.emotions import EMOTIONS
from mexlab.session import Answer, SelfReport
from mexlab.study import Study
from mexlab.tables import INTERVALS, matrix
from mexlab.vision.crop import face_crop
from mexlab.vision.video import Video
from pipeline.cli import pipeline
from pipeline.form.dataset import Dataset
from tests.conftest import refused, run_command


@pytest.fixture(scope="module")
def built(located_study, tmp_path_factory):
    """The dataset of the three real recordings. Read only."""
    out = tmp_path_factory.mktemp("built") / "dataset"
    run_command(pipeline, "build-dataset", located_study.root, out, "--workers", 2)
    return Dataset.open(out)


@pytest.fixture
def study(located_study, tmp_path):
    shutil.copytree(located_study.root, tmp_path / "study")
    return Study.open(tmp_path / "study")


def test_every_frame_is_the_recorded_frame_nearest_in_time(built, located_study):
    capture = located_study.session("R001").frames()["capture_ns"].to_numpy()
    clips = {row["clip_id"]: row for row in built.clips().to_pylist()}
    rows = built.frames("R001", ["clip_id", "frame", "t_ns", "source_frame", "source_error_ms"])
    assert len(rows) == sum(c["n_frames"] for c in clips.values() if c["subject"] == "R001") > 100
    for row in rows.to_pylist():
        clip = clips[row["clip_id"]]
        tick = clip["start_ns"] + row["frame"] * 50_000_000
        distance = np.abs(capture - tick)
        assert row["source_frame"] == int(distance.argmin())  # argmin takes the earlier of two
        assert row["t_ns"] == capture[row["source_frame"]]
        assert row["source_error_ms"] == pytest.approx((row["t_ns"] - tick) / 1e6, abs=1e-3)
        assert tick < clip["end_ns"]


def test_every_scene_of_the_real_video_gave_one_interval_of_2_to_4_seconds(built):
    rows = [row for row in built.clips().to_pylist() if row["subject"] == "R001"]
    assert sorted(row["scene"] for row in rows) == [1, 2, 3]
    for row in rows:
        assert 2.0 <= (row["end_ns"] - row["start_ns"]) / 1e9 <= 4.0
        assert row["n_frames"] == np.ceil((row["end_ns"] - row["start_ns"]) / 50_000_000)
        if row["onset"] is not None:
            assert 0 <= row["onset"] <= row["apex"] <= row["offset"] < row["n_frames"]


def test_the_pictures_are_those_frames(built, located_study):
    """Crops of a clip, made anew from the recording, match row by row and not one row off."""
    session = located_study.session("R001")
    rows = [row for row in built.frames("R001").to_pylist() if row["clip_id"].endswith("-s3")]
    sources = [row["source_frame"] for row in rows]
    landmarks = matrix(session.aus("landmarker")["landmarks"].take(sources)).reshape(-1, 68, 2)
    crop = face_crop(landmarks, size=224, margin=1.3)
    pictures = Video(session.recording_path).pick(sources)
    made = [crop.apply(pictures[source]).astype(int) for source in sources]
    stored = [np.array(Image.open(io.BytesIO(row["image"]["bytes"]))).astype(int) for row in rows]
    own = [np.abs(a - b).mean() for a, b in zip(made, stored, strict=True)]
    next_one = [np.abs(a - b).mean() for a, b in zip(made[1:], stored[:-1], strict=True)]
    assert max(own) < 2.0
    assert np.mean(next_one) > 1.5 * np.mean(own)


def test_it_loads_with_no_loading_code(built, tmp_path):
    loaded = datasets.load_dataset(str(built.root), cache_dir=str(tmp_path))["train"]
    row = loaded[0]
    assert isinstance(row["image"], Image.Image)
    assert row["image"].size == (224, 224)
    assert loaded.features["label"].int2str(row["label"]) in EMOTIONS
    assert len(row["flow"]) == 2 * 28 * 28


def test_what_is_left_out_stands_in_the_header_and_the_card(built):
    reasons = {(e.session[:4], e.scene): e.reason for e in built.header.exclusions}
    assert set(reasons) >= {("R003", 1), ("R003", 2), ("R002", 2)}
    assert "no face" in reasons["R003", 1]
    assert "R003" in (built.root / "README.md").read_text(encoding="utf-8")
    assert "R003" not in built.subjects


def test_flow_and_steps_are_consistent(built):
    frames = built.frames("R001", ["frame", "step_ms", "flow"]).to_pylist()
    for row in frames:
        flow = np.array(row["flow"], dtype=np.float32)
        if row["frame"] == 0:
            assert row["step_ms"] == 0
            assert not flow.any()
        else:
            assert 0 < row["step_ms"] < 100
            assert np.isfinite(flow).all()
    assert any(np.abs(row["flow"]).max() > 0.5 for row in frames)


def test_any_number_of_workers_gives_the_same_content(built, located_study, tmp_path):
    run_command(pipeline, "build-dataset", located_study.root, tmp_path / "one", "--workers", 1)
    assert Dataset.open(tmp_path / "one").header.content_hash == built.header.content_hash


def test_verify_finds_nothing_and_then_a_changed_byte(built, tmp_path):
    mexlab = Path(sys.executable).parent / "mexlab"
    copy = tmp_path / "copy"
    shutil.copytree(built.root, copy)
    done = subprocess.run([mexlab, "verify", copy], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    card = copy / "README.md"
    card.write_text(card.read_text(encoding="utf-8") + "!", encoding="utf-8")
    (copy / "clips" / "R001.parquet").unlink()
    done = subprocess.run([mexlab, "verify", copy], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "changed since it was built" in done.stdout
    assert "missing file" in done.stdout


def test_the_policy_decides_the_label_and_says_from_where(study, tmp_path):
    answers = [Answer(1, "emotion", "anger", "now"), Answer(2, "emotion", "other", "now")]
    SelfReport("test", "1", "en", tuple(answers)).write(study.session("R001").report_path)
    from annotate.cli import annotate

    run_command(annotate, "locate", study.root)
    run_command(pipeline, "build-dataset", study.root, tmp_path / "reported")
    reported = Dataset.open(tmp_path / "reported")
    labels = {
        (row["subject"], row["scene"]): (row["label"], row["label_source"])
        for row in reported.clips().to_pylist()
    }
    assert labels["R001", 1] == (EMOTIONS.index("anger"), "reported")
    assert ("R001", 2) not in labels
    assert ("R001", 3) not in labels
    assert labels["R002", 1] == (EMOTIONS.index("neutral"), "target")
    assert reported.header.counts["labels_from_target"] == 1
    text = study.settings_path.read_text().replace('policy = "reported"', 'policy = "target"')
    study.settings_path.write_text(text)
    run_command(pipeline, "build-dataset", study.root, tmp_path / "target")
    assert set(Dataset.open(tmp_path / "target").clips()["label_source"].to_pylist()) == {"target"}


def test_consent_decides_who_is_in(study, tmp_path):
    only = ("recorded", "analysed")
    study.save_participant(study.participant("R001").deciding(decide(only, "e-mail")))
    run_command(pipeline, "build-dataset", study.root, tmp_path / "a", "--audience", "research")
    shared = Dataset.open(tmp_path / "a")
    assert shared.subjects == ["R002"]
    assert any("no consent to being shared" in e.reason for e in shared.header.exclusions)
    told = "".join(path.read_text(encoding="utf-8") for path in shared.root.glob("*.*[nv]"))
    assert "no consent to being shared" in told
    assert "R001" not in told  # nobody who is not in it, by whatever name
    assert str(study.root) not in told
    run_command(pipeline, "build-dataset", study.root, tmp_path / "b")
    assert Dataset.open(tmp_path / "b").header.subjects["R001"].scopes == only


def test_nothing_to_export_is_one_line_and_leaves_nothing(study, tmp_path):
    for participant in study.participants():
        study.save_participant(participant.deciding(decide((), "e-mail")))
    line = refused(pipeline, "build-dataset", study.root, tmp_path / "out")
    assert "nothing to export" in line
    assert "no consent" in line
    assert sorted(p.name for p in tmp_path.iterdir()) == ["study"]


def test_a_study_not_yet_located_says_what_to_run(analysed_study, tmp_path):
    line = refused(pipeline, "build-dataset", analysed_study.root, tmp_path / "out")
    assert "annotate locate" in line


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [("--fps", "fast", "not a frame rate"), ("--flow", "magic", "no flow method 'magic'")],
)
def test_wrong_options_are_named(located_study, tmp_path, option, value, message):
    line = refused(pipeline, "build-dataset", located_study.root, tmp_path / "out", option, value)
    assert message in line


def test_something_else_is_never_overwritten(located_study, tmp_path):
    (tmp_path / "thesis.docx").touch()
    assert "something other than a dataset" in refused(
        pipeline, "build-dataset", located_study.root, tmp_path
    )
    assert (tmp_path / "thesis.docx").exists()


def test_the_native_rate_keeps_every_frame(located_study, tmp_path):
    run_command(pipeline, "build-dataset", located_study.root, tmp_path / "n", "--fps", "native")
    frames = Dataset.open(tmp_path / "n").frames("R001", ["clip_id", "source_frame"]).to_pylist()
    for before, after in pairwise(frames):
        if before["clip_id"] == after["clip_id"]:
            assert after["source_frame"] == before["source_frame"] + 1


def test_a_policy_that_needs_coders_finds_nothing_before_they_have_coded(study, tmp_path):
    text = study.settings_path.read_text().replace('policy = "reported"', 'policy = "coded"')
    study.settings_path.write_text(text)
    assert "no final or agreed code: 0 of 2 coders submitted one" in refused(
        pipeline, "build-dataset", study.root, tmp_path / "o"
    )


def test_intervals_located_blind_still_take_the_reports_labels(study, tmp_path):
    from annotate.cli import annotate

    answers = [Answer(3, "emotion", "surprise", "now")]
    SelfReport("test", "1", "en", tuple(answers)).write(study.session("R001").report_path)
    run_command(annotate, "locate", study.root, "--blind")
    run_command(pipeline, "build-dataset", study.root, tmp_path / "out")
    rows = Dataset.open(tmp_path / "out").clips().to_pylist()
    third = next(row for row in rows if (row["subject"], row["scene"]) == ("R001", 3))
    assert (third["reported"], third["label_source"]) == ("surprise", "reported")


def test_a_rebuild_replaces_a_dataset_and_nothing_else(study, tmp_path):
    out = tmp_path / "out"
    run_command(pipeline, "build-dataset", study.root, out)
    run_command(pipeline, "build-dataset", study.root, out)
    (out / "notes.txt").touch()
    assert "notes.txt" in refused(pipeline, "build-dataset", study.root, out)
    assert (out / "notes.txt").exists()


def test_a_dataset_is_not_built_into_the_studys_own_folders(study):
    line = refused(pipeline, "build-dataset", study.root, study.sessions_path / "zzz")
    assert "a folder of the study" in line


def test_one_damaged_session_leaves_the_others(study, tmp_path):
    study.session("R002").intervals_path.write_bytes(b"rubbish")
    run_command(pipeline, "build-dataset", study.root, tmp_path / "out")
    built = Dataset.open(tmp_path / "out")
    assert built.subjects == ["R001"]
    assert any("damaged intervals" in e.reason for e in built.header.exclusions)


def test_a_clip_that_shows_no_face_is_left_out_with_its_reason(study, tmp_path):
    session = study.session("R002")
    aus = session.aus("landmarker")
    t_ns, face = aus["t_ns"].to_numpy(), np.array(aus["face"].to_pylist())
    hidden = int(t_ns[np.flatnonzero(~face)[-1]])
    rows = [row for row in session.intervals().to_pylist() if row["rank"] == 1]
    rows[0] |= {"start_ns": hidden - 10**8, "end_ns": hidden + 1, "onset_ns": None}
    rows[0] |= {"apex_ns": None, "offset_ns": None}
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    INTERVALS.write(
        session.intervals_path, INTERVALS.build(columns), INTERVALS.metadata(session.intervals_path)
    )
    run_command(pipeline, "build-dataset", study.root, tmp_path / "out")
    reasons = [e.reason for e in Dataset.open(tmp_path / "out").header.exclusions]
    assert "no face in the interval" in reasons


def test_verify_names_an_unfinished_build(built, tmp_path):
    from mexlab.verify import verify_path

    copy = tmp_path / "copy"
    shutil.copytree(built.root, copy)
    assert verify_path(copy)[0] == []
    (tmp_path / ".copy.building" / "R001").mkdir(parents=True)
    (problem,) = verify_path(copy)[0]
    assert "an unfinished build" in problem
    assert ".copy.building" in problem


def test_verify_recomputes_the_content_hash(built, tmp_path):
    from mexlab.fingerprint import write_manifest
    from mexlab.verify import verify_path

    copy = tmp_path / "copy"
    shutil.copytree(built.root, copy)
    header = copy / "dataset.json"
    header.write_text(header.read_text().replace(built.header.content_hash, "0" * 64))
    write_manifest(copy)
    assert any("content_hash is not that of the tables" in p for p in verify_path(copy)[0])
