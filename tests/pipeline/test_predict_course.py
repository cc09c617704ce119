"""Judging in one pass: samples as in training, every frame once, little held."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from located_video import ANALYZER, Case, located_case
from random_run import write_run

from pipeline.clips import ClipPlan
from pipeline.form.dataset import Dataset, DatasetHeader, Subject, finish, write_subject
from pipeline.frames.clip_rows import clips_table
from pipeline.frames.session import session_clips
from pipeline.frames.settings import BuildSettings
from pipeline.predict.course import AHEAD_TICKS, Course
from pipeline.predict.film import corners
from pipeline.predict.judge import BATCH, Judge
from pipeline.predict.locating import new_study, session_of
from pipeline.predict.moments import moments_of
from pipeline.predict.people import People
from pipeline.predict.run import report_of
from pipeline.predict.samples import REACH_TICKS, flow_sample, interval_samples
from pipeline.predict.tables import frames_table, intervals_table
from pipeline.splits import loso
from pipeline.training.cache import load_samples
from pipeline.training.data import choose_clips
from pipeline.training.run import Run

INTERVALS_MS = [(100, 400, 600, 900, 1200), (1500, 1700, 1900, 2300, 2900)]
MODELS = [
    ("incep-cbam", "flow", "apex"),
    ("incep-cbam", "flow-strain", "apex"),
    ("incep-cbam", "flow", "all"),
    ("vit", "rgb", "apex"),
    ("lstm", "flow", "apex"),
    ("lstm", "rgb", "apex"),
]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return located_case(tmp_path_factory.mktemp("case"), 96, INTERVALS_MS)


def course_of(case: Case, run: Path) -> Course:
    judge = Judge.of(run)
    return Course(case.looked, moments_of(case.looked, case.located, judge.settings), judge)


@pytest.fixture(scope="module")
def trained_on(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The same intervals as a dataset, by what `build-dataset` uses; twice, for two subjects."""
    root = tmp_path_factory.mktemp("trained") / "dataset"
    labels = zip(case.session.intervals().to_pylist(), ("happiness", "anger"), strict=True)
    plans = [
        ClipPlan(row["interval_id"], row, label, "target", ("positive", "negative")[n])
        for n, (row, label) in enumerate(labels)
    ]
    tables = []
    for subject in ("A", "B"):
        made = list(
            session_clips(case.session, ANALYZER, plans, BuildSettings(), subject, "hand", quiet)
        )
        clips = _named(clips_table([clip.row for clip in made]), subject)
        frames = _named(pa.concat_tables([clip.frames for clip in made]), subject)
        write_subject(root, subject, clips, [frames])
        tables.append(clips)
    everybody = {name: Subject(("training",), name) for name in ("A", "B")}
    finish(root, DatasetHeader("private", everybody), loso(pa.concat_tables(tables)))
    return Dataset.open(root)


def quiet(_: int) -> None:
    """Nobody watches."""


def _named(table: pa.Table, subject: str) -> pa.Table:
    ids = [f"{subject}-{name}" for name in table["clip_id"].to_pylist()]
    for name, values in (("clip_id", ids), ("subject", [subject] * len(ids))):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(name), pa.array(values, pa.string()))
    return table


@pytest.mark.parametrize(("model", "input_", "frames"), MODELS)
def test_an_interval_is_shown_as_in_training(
    case: Case, trained_on: Dataset, tmp_path: Path, model: str, input_: str, frames: str
) -> None:
    judge = Judge.of(write_run(tmp_path / "run", model, input_, frames))
    clips = choose_clips([trained_on], 7)
    samples = load_samples([trained_on], clips, judge.kind, tmp_path / "cache")
    moments = moments_of(case.looked, case.located, judge.settings)
    assert len(moments.events) == 2
    for number, event in enumerate(moments.events):
        for frame in case.looked.video.frames():
            if frame.index in event.clip.needed:
                event.clip.take(frame.index, frame)
        event.clip.settle()
        shown = interval_samples(event.clip, judge.kind)
        rows = samples.frames_of(np.flatnonzero(samples.clip == number))
        assert len(rows) == len(shown)
        np.testing.assert_array_equal(samples.values[rows].astype(np.float32), shown)


@pytest.mark.parametrize(("model", "input_", "frames"), MODELS)
def test_every_frame_and_interval_is_judged(
    case: Case, tmp_path: Path, model: str, input_: str, frames: str
) -> None:
    course = course_of(case, write_run(tmp_path / "run", model, input_, frames, classes=3))
    shown = [tick for tick, _ in course.pictures(lambda frame: frame.rgb())]
    assert shown == list(range(64))  # 96 frames at 30 Hz are 3.2 s
    np.testing.assert_allclose(course.chances.sum(axis=1), 1, atol=1e-5)
    assert len(np.unique(course.chances[REACH_TICKS:, 0])) > 5
    rows = intervals_table(course.moments.events, course.judge.classes).to_pylist()
    assert [row["onset_frame"] for row in rows] == [12, 51]
    assert [row["apex_frame"] for row in rows] == [18, 57]
    for row in rows:
        chances = {name: row[f"p_{name}"] for name in course.judge.classes}
        assert sum(chances.values()) == pytest.approx(1, abs=1e-5)
        assert row["predicted"] == max(chances, key=chances.get)


def test_a_frame_is_judged_by_the_flow_of_the_quarter_second_before(
    case: Case, tmp_path: Path
) -> None:
    course = course_of(case, write_run(tmp_path / "run"))
    list(course.pictures(lambda frame: frame.rgb()))
    ticks, tick = course.moments.ticks, 30
    source = ticks.times.source_frame
    frames = {f.index: f for f in case.looked.video.frames() if f.index in source}
    pair = frames[int(source[tick - REACH_TICKS])], frames[int(source[tick])]
    sample = flow_sample(ticks.crop(tick), *pair, course.judge.kind, ticks.settings)
    expected = course.judge.frames(sample[None])[0]
    np.testing.assert_allclose(course.chances[tick], expected, atol=1e-5)


def test_frames_without_a_face_have_no_chances_and_no_crop(tmp_path: Path) -> None:
    case = located_case(tmp_path, 60, [], faceless=range(20, 40))
    for name, model in (("frames", "incep-cbam"), ("sequences", "lstm")):
        course = course_of(case, write_run(tmp_path / name, model))
        list(course.pictures(lambda frame: frame.rgb()))
        rows = frames_table(course).to_pylist()
        hidden = [row["source_frame"] in range(20, 40) for row in rows]
        assert sum(hidden) in (13, 14)
        assert [row["p_fear"] is None for row in rows] == hidden
        assert [row["crop_side"] is None for row in rows] == hidden
        assert [not row["face"] for row in rows] == hidden


@pytest.mark.parametrize("apex_ms", [1400, 1500])
def test_a_movement_that_goes_out_of_sight_is_no_interval(tmp_path: Path, apex_ms: int) -> None:
    """Its apex would be judged by whatever is where the face was until 1.3 s."""
    seen, hidden = (0, 200, 400, 600, 1200), (600, 900, apex_ms, 1700, 2000)
    case = located_case(tmp_path, 60, [seen, hidden], faceless=range(40, 60))
    moments = moments_of(case.looked, case.located, BuildSettings())
    assert [event.row["apex_ns"] for event in moments.events] == [400_000_000]
    assert (moments.faceless, moments.still_scenes, moments.full_scenes) == (1, 0, 0)


def test_a_face_overlooked_in_one_frame_is_still_there(tmp_path: Path) -> None:
    case = located_case(tmp_path, 36, [(0, 200, 400, 600, 1200)], faceless=range(12, 13))
    (event,) = moments_of(case.looked, case.located, BuildSettings()).events
    assert event.frames["apex"] == 12


def test_an_interval_is_cut_with_the_padding_of_training(case: Case) -> None:
    (event, _) = moments_of(case.looked, case.located, BuildSettings(padding_s=0.1)).events
    t_ns = event.clip.times.t_ns
    assert t_ns[0] == pytest.approx(300e6, abs=17e6)  # onset at 400 ms
    assert t_ns[-1] == pytest.approx(950e6, abs=17e6)  # offset at 900 ms, and the end is open
    assert (event.row["start_ns"], event.row["end_ns"]) == (100_000_000, 1_200_000_000)


@pytest.mark.parametrize(("seconds", "scenes"), [(0, 1), (10, 1), (299.9, 1), (300, 2), (700, 3)])
def test_a_long_recording_is_several_scenes_of_one_length(
    case: Case, tmp_path: Path, seconds: float, scenes: int
) -> None:
    times = np.unique(np.linspace(0, seconds * 1e9, 50).astype(np.int64))
    looked = replace(case.looked, times_ns=times)
    rows = session_of(new_study(tmp_path / "study"), looked, "0" * 64).scenes().to_pylist()
    assert len(rows) == scenes
    assert rows[0]["start_ns"] == 0
    assert rows[-1]["end_ns"] == looked.end_ns
    assert [row["end_ns"] for row in rows[:-1]] == [row["start_ns"] for row in rows[1:]]
    lengths = [row["end_ns"] - row["start_ns"] for row in rows]
    assert max(lengths) - min(lengths) <= looked.end_ns - times[-1] + 1


def test_what_a_reader_must_know_is_said(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_run(tmp_path / "control", build=asdict(BuildSettings()))
    settings = Run(root).read_json("settings")
    Run(root).write_json("settings", {**settings, "shuffle_labels": True})
    judge = Judge.of(root)
    face = np.array([0, 0, 50, 50], float)
    again = People.of([[face], [], [face + 200]])
    looked = replace(case.looked, people=again)
    moments = replace(moments_of(looked, case.located, judge.settings), full_scenes=1, faceless=2)
    said = report_of(looked, case.located, moments, judge)
    assert [line.split(":")[0] for line in said.warnings] == [
        "a control, not a model",
        "lost from sight and found elsewhere (1)",
        "intervals come from proxies of Action Units, not from FACS codes",
    ]
    assert [entry["what"] for entry in said.skipped] == [
        "2 intervals",
        "intervals beyond 50 in 5 minutes",
    ]
    told = capsys.readouterr().err.splitlines()
    assert told == [f"warning: {line}" for line in said.warnings]


def test_few_pictures_are_held_however_long_the_recording(tmp_path: Path) -> None:
    case = located_case(tmp_path, 270, [(3000, 3500, 4000, 4500, 7000)])
    course = course_of(case, write_run(tmp_path / "run"))
    made = most = 0

    def shrink(_: object) -> np.ndarray:
        nonlocal made
        made += 1
        return np.zeros((1, 1, 3), np.uint8)

    for tick, _ in course.pictures(shrink):
        most = max(most, made - tick)
    assert made == 180
    assert 80 <= most <= 80 + AHEAD_TICKS + BATCH  # the interval of 4 s, the curve, a batch


def test_the_crop_follows_the_face_but_not_from_frame_to_frame(case: Case) -> None:
    ticks = moments_of(case.looked, case.located, BuildSettings()).ticks
    middles = np.array([corners(ticks.crop(tick)).mean(axis=0) for tick in range(len(ticks))])
    faces = ticks.landmarks.mean(axis=1)
    steps = [np.abs(np.diff(each, axis=0)).max() for each in (middles, faces)]
    assert 0 < steps[0] < steps[1]
    assert (np.abs(middles - faces).max(axis=1) < 0.2 * 300).all()
