"""What the explorer reads: filters from the columns there are, and no more than what is shown."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mexlab.consent import decide
from mexlab.errors import ConsentError, InputError, StudyError, TableError
from mexlab.study import Study
from mexlab.tables import CLIP_FRAMES, CLIPS
from mexlab.web.chunk import unpacked
from mexlab.web.listening import Access
from pipeline.app.counts import counts
from pipeline.app.facets import EMPTY, filters
from pipeline.app.frames import FramesFile
from pipeline.app.origin import origin, study_beside
from pipeline.app.reading import OpenDataset
from pipeline.app.server import build_app
from pipeline.app.shelf import open_shelf
from pipeline.form.dataset import DatasetHeader, Subject, finish, frames_path, write_subject
from pipeline.splits import loso
from tests.pipeline.explorer_study import traced
from tests.pipeline.synthetic_dataset import clip_row, frame_row, table, write_dataset
from tests.pipeline.test_app_access import here


@pytest.fixture(scope="module")
def small(small_dataset):
    return OpenDataset(small_dataset)


def found(opened, **query):
    clips = opened.clips()
    return filters(clips, query).rows(clips)


def test_filters_meet_at_once(small):
    everything = small.clips().rows
    for query, fits in (
        ({"subject": "P002"}, lambda row: row["subject"] == "P002"),
        ({"label": "anger"}, lambda row: row["target"] == "anger"),
        ({"label3": "positive"}, lambda row: row["target"] == "happiness"),
        ({"label3": EMPTY}, lambda row: row["target"] == "neutral"),
        ({"kind": "micro", "subject": "P001"}, lambda row: row["clip_id"][:4] == "P001"
         and row["target"] != "neutral"),
        ({"q": "p003-1"}, lambda row: row["clip_id"].startswith("P003-1")),
        ({"split": "loso 0", "role": "test"}, lambda row: row["group"] == "face-a"),
        ({"split": "loso 0", "role": "train"}, lambda row: row["group"] != "face-a"),
        ({"split": "loso 1"}, lambda row: row["group"] == "face-b"),
        ({"subject": "nobody"}, lambda row: False),
    ):  # fmt: skip
        assert found(small, **query) == [row for row in everything if fits(row)], query
    assert found(small) == everything
    assert len(everything) == 40


def test_numbers_have_a_lowest_and_a_highest_value(tmp_path):
    opened = OpenDataset(measured(tmp_path, {"sharpness": [1.5, 2.5, None, 4.1]}))
    chosen = filters(opened.clips(), {"sharpness.min": "2,5", "sharpness.max": "x"})
    (span,) = (span for span in chosen.ranges if span.name == "sharpness")
    assert (span.low, span.high) == (1.5, pytest.approx(4.1))
    assert span.amiss
    assert [row["sharpness"] for row in chosen.rows(opened.clips())] == [2.5, pytest.approx(4.1)]
    assert len(found(opened, **{"sharpness.max": "4.1"})) == 3  # cells are float32
    assert len(found(opened)) == 4


def measured(root, columns):
    """A dataset whose clips have these columns beside what must be there, as other makers may."""
    root = write_dataset(root / "dataset", {"P001": "P001", "P002": "P002"})
    count = len(next(iter(columns.values())))
    for path in (root / "clips").glob("*.parquet"):
        own = {"clip_id": [f"{path.stem}-{n}" for n in range(1, count + 1)]}
        table = pa.table({**own, "subject": [path.stem] * count, **columns})
        pq.write_table(table, path)
    (root / "clips" / "P002.parquet").unlink()
    return root


def test_filters_are_made_from_the_columns_there_are(tmp_path):
    columns = {"light": ["dim", "good", "dim", None], "glasses": [True, False, None, True]}
    opened = OpenDataset(measured(tmp_path, {**columns, "age": [20.0, 30.0, 30.0, 44.0]}))
    chosen = filters(opened.clips(), {"glasses": "yes", "light": "dim"})
    assert [choice.name for choice in chosen.choices] == ["light", "glasses"]
    assert [span.name for span in chosen.ranges] == ["age"]
    assert dict(chosen.choices[0].values) == {"dim": 2, "good": 1, EMPTY: 1}
    assert len(chosen.rows(opened.clips())) == 1
    app = build_app(open_shelf([opened.root], None), Access("127.0.0.1", 8780))
    for path in ("/data/1", "/data/1/clip/P001-1", "/data/1/clip/P001-1/rows"):
        assert here(app, path)[0] == 200, path


def test_counts_equal_a_count_of_the_rows(small):
    rows = small.clips().rows
    told = counts(rows, "target")
    for subject in told.subjects:
        for value in told.values:
            own = [r for r in rows if r["subject"] == subject and r["target"] == value]
            assert told.number.get((subject, value), 0) == len(own) == 2
    assert told.of_subject("P001") == 10
    assert sum(map(told.of_value, told.values)) == len(rows)
    assert counts(rows, "no such column").by == "label"
    assert counts([], "label").subjects == []


def test_frames_are_the_clips_own_whatever_their_order(tmp_path):
    chance = np.random.default_rng(1)
    clips = [clip_row("P001", "P001", scene, "anger", chance) for scene in (1, 2, 3)]
    rows = [frame_row(clip, frame, chance) for frame in range(4) for clip in clips]
    path = tmp_path / "frames.parquet"
    pq.write_table(table(CLIP_FRAMES, rows), path, row_group_size=5)
    file = FramesFile(path)
    for clip in clips:
        own = [row for row in rows if row["clip_id"] == clip["clip_id"]]
        read = file.rows(clip["clip_id"], ("frame", "t_ns", "image.bytes"))
        assert read["frame"].to_pylist() == [0, 1, 2, 3]
        assert [image["bytes"] for image in read["image"].to_pylist()] == [
            row["image"]["bytes"] for row in own
        ]
        part = file.rows(clip["clip_id"], ("t_ns",), slice(2, 4))
        assert part["t_ns"].to_pylist() == [row["t_ns"] for row in own[2:]]
    with pytest.raises(InputError, match="no frames of this clip"):
        file.rows("nobody", ("frame",))


def test_what_is_sent_is_what_lies_in_the_file(small, small_dataset):
    app = build_app(open_shelf([small_dataset], None), Access("127.0.0.1", 8780))
    rows = [r for r in small_rows(small_dataset, "P003") if r["clip_id"] == "P003-4"]
    base = "/data/1/clip/P003-4"
    sent = unpacked(here(app, f"{base}/frames/face/0")[2])
    assert sent == {n: row["image"]["bytes"] for n, row in enumerate(rows)}
    flow = np.frombuffer(here(app, f"{base}/flow")[2], "<f4").reshape(5, -1)
    assert np.array_equal(flow[:4], np.array([row["flow"] for row in rows], np.float32))
    apex = small.apex_flow(small.clip("P003-4"))
    assert np.array_equal(flow[4], np.array(apex.as_py(), np.float32))
    told = json.loads(here(app, f"{base}/rows")[2])
    assert told["seconds"] == [0.0, 0.05, 0.1, 0.15]
    assert told["source_frame"] == [row["source_frame"] for row in rows]
    assert np.allclose(told["aus"], [row["aus"] for row in rows])
    picture = here(app, f"{base}/picture")
    assert picture[2] == rows[2]["image"]["bytes"]  # the apex
    assert picture[1]["content-type"] == "image/jpeg"


def small_rows(root, subject):
    return pq.read_table(frames_path(root, subject)).to_pylist()


FRAMES = 20_000


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Four people, 100 clips of 50 frames each."""
    root = tmp_path_factory.mktemp("large") / "dataset"
    chance = np.random.default_rng(0)
    noise = [frame_row(clip_row("P001", "P001", 1, "fear", chance), 0, chance) for _ in range(7)]
    everyone = []
    for subject in ("P001", "P002", "P003", "P004"):
        clips = [clip_row(subject, subject, scene, "fear", chance) for scene in range(1, 101)]
        everyone.append(table(CLIPS, clips))
        parts = (table(CLIP_FRAMES, list(fifty(clip, noise))) for clip in clips)
        write_subject(root, subject, everyone[-1], parts)
    people = {name: Subject((), name) for name in ("P001", "P002", "P003", "P004")}
    finish(root, DatasetHeader("private", people), loso(pa.concat_tables(everyone)))
    return root


def fifty(clip, noise):
    for frame in range(50):
        row = noise[frame % len(noise)]
        own = {"clip_id": clip["clip_id"], "subject": clip["subject"], "frame": frame}
        yield {**row, **own, "t_ns": clip["start_ns"] + frame * 50_000_000}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts the bytes a process reads")
def test_of_twenty_thousand_frames_only_those_looked_at_are_read(large):
    size = sum(path.stat().st_size for path in large.rglob("*.parquet"))
    rows = sum(pq.read_metadata(path).num_rows for path in (large / "frames").glob("*"))
    assert rows == FRAMES
    app = build_app(open_shelf([large], None), Access("127.0.0.1", 8780))
    base = "/data/1/clip/P003-57"
    costs = {
        path: read_bytes(app, path)
        for path in ("/data/1", "/data/1?label=fear", base, f"{base}/rows", f"{base}/flow",
                     f"{base}/frames/face/0", f"{base}/frames/face/2", f"{base}/picture")
    }  # fmt: skip
    assert costs["/data/1"] < size / 40  # no frames, none of the flow
    assert costs["/data/1?label=fear"] < 1000  # what is known is not read again
    assert costs[base] < size / 100
    assert costs[f"{base}/flow"] < size / 20  # its row groups
    assert costs[f"{base}/frames/face/0"] < size / 20
    assert costs[f"{base}/frames/face/2"] < 1000  # the clip's pictures are there by now
    assert sum(costs.values()) < size / 8


def read_bytes(app, path):
    """How many bytes of files answering takes; the page must answer."""
    counted = psutil.Process().io_counters
    before = counted().read_chars
    assert here(app, path)[0] == 200, path
    return counted().read_chars - before


def test_a_dataset_made_again_is_read_again(tmp_path):
    root = write_dataset(tmp_path / "dataset")
    opened = OpenDataset(root)
    before = opened.pictures(opened.clip("P001-1"))
    assert opened.clips() is opened.clips()
    rows = [r for r in small_rows(root, "P001") if r["clip_id"] != "P001-2"]
    changed = [{**row, "image": {"bytes": b"\xff\xd8new", "path": "x"}} for row in rows]
    pq.write_table(table(CLIP_FRAMES, changed), frames_path(root, "P001"))
    assert len(before) == 4
    assert opened.pictures(opened.clip("P001-1")) == [b"\xff\xd8new"] * 4
    (root / "clips" / "P001.parquet").unlink()
    with pytest.raises(InputError, match="no such clip"):
        opened.clip("P001-1")


def test_damaged_files_are_told_apart_from_missing_ones(tmp_path):
    root = write_dataset(tmp_path / "dataset")
    opened = OpenDataset(root)
    clip = opened.clip("P001-1")
    frames_path(root, "P001").write_bytes(b"nothing")
    with pytest.raises(TableError, match=r"damaged; frames/P001\.parquet"):
        opened.pictures(clip)
    frames_path(root, "P001").unlink()
    with pytest.raises(TableError, match=r"missing; frames/P001\.parquet"):
        opened.pictures(clip)
    (root / "splits.parquet").write_bytes(b"nothing")
    assert [error.where for error in opened.clips().damaged] == [f"{root.name}/splits.parquet"]
    assert len(opened.clips().rows) == 40


@pytest.fixture(scope="module")
def trace(tmp_path_factory):
    return traced(tmp_path_factory.mktemp("origin"))


def coded_clip(dataset):
    (clip,) = found(OpenDataset(dataset), subject="P001", scene="2")
    return clip


def test_a_study_is_found_beside_its_dataset_and_not_beside_anothers(trace, tmp_path):
    study, dataset = trace
    rows = OpenDataset(dataset).clips().rows
    assert study_beside(dataset, rows).root == study.root
    Study.create(tmp_path / "other")
    assert study_beside(tmp_path / "dataset", rows) is None
    assert study_beside(dataset, [{**row, "source": "elsewhere"} for row in rows]) is None
    assert study_beside(dataset, [{**row, "session": None} for row in rows]) is None


def test_what_a_study_knows_of_a_clip(trace):
    study, dataset = trace
    clip = coded_clip(dataset)
    known = origin(study, clip)
    assert known.session.id == clip["session"]
    assert known.interval["target"] == "fear"
    assert [code.coder for code in known.codes] == ["ana", "ben"]
    assert known.counted.submitted == "agreed"
    assert [(a.question, a.value) for a in known.answers] == [
        ("emotion", "disgust"),
        ("intensity_fear", 3),
        ("moment_ns", 1_250_000_000),
    ]
    assert known.answers[0].option["es"] == "Asco"
    assert all(answer.asked.keys() == {"es", "en"} for answer in known.answers)
    with pytest.raises(StudyError, match="no such session"):
        origin(study, {**clip, "session": "P009-20200101T000000"})


def test_somebody_who_has_withdrawn_is_not_looked_up(tmp_path):
    study, dataset = traced(tmp_path)
    clip = coded_clip(dataset)
    app = build_app(open_shelf([dataset], study), Access("127.0.0.1", 8780))
    base = f"/data/1/clip/{clip['clip_id']}"
    assert here(app, f"{base}/frames/source/0")[0] == 200
    person = study.participant("P001")
    study.save_participant(person.deciding(decide((), "withdrawal")))
    with pytest.raises(ConsentError, match="no consent"):
        origin(study, clip)
    assert here(app, f"{base}/frames/source/0")[0] == 403
    body = here(app, base)[2].decode()
    assert "borre a esta persona" in body
    assert "seen by ana" not in body
    assert "webcam.mp4" not in body


def test_a_draft_is_its_coders_own(tmp_path):
    study, dataset = traced(tmp_path)
    clip = coded_clip(dataset)
    path = study.session("P001").codes_path("ana")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if '"submit"' not in line))
    known = origin(study, clip)
    assert [code.coder for code in known.codes] == ["ben"]
    assert known.counted is None


def test_an_imported_corpus_leads_back_to_its_sheet(tmp_path):
    root = write_dataset(tmp_path / "dataset")
    (root / "annotations.csv").write_text(
        "clip_id,row,file,emotion\nP001-1,14,EP02_01f,repression\n"
    )
    app = build_app(open_shelf([root], None), Access("127.0.0.1", 8780))
    assert "repression" in here(app, "/data/1/clip/P001-1")[2].decode()
    assert "repression" not in here(app, "/data/1/clip/P001-2")[2].decode()


def test_a_run_opens_its_dataset_and_says_what_it_predicted(tmp_path):
    root = write_dataset(tmp_path / "dataset")
    run = tmp_path / "run"
    run.mkdir()
    (run / "metrics.json").write_text("{}")
    gone = {"path": str(tmp_path / "gone"), "content_hash": "x"}
    settings = {"model": "m", "classes": 3, "protocol": "loso"}
    used = [{"path": str(root), "content_hash": "y"}, gone]
    (run / "settings.json").write_text(json.dumps({**settings, "datasets": used}))
    chances = {"p_positive": [0.2, 0.4], "p_negative": [0.7, 0.3], "p_surprise": [0.1, 0.3]}
    told = {"clip_id": ["P001-2"] * 2, "truth": [0, 0], "predicted": [1, 0], **chances}
    pq.write_table(pa.table(told), run / "predictions.parquet")
    shelf = open_shelf([run, root, Path(root)], None)
    assert len(shelf.datasets) == 1
    (said,) = shelf.predictions(shelf.datasets[0], "P001-2")
    assert (said.truth, said.predicted) == ("positive", "negative")  # the mean over both seeds
    assert said.chances["negative"] == pytest.approx(0.5)
    assert shelf.predictions(shelf.datasets[0], "P001-1") == []
    app = build_app(shelf, Access("127.0.0.1", 8780))
    english = {"accept-language": "en"}
    assert "wrong: positive" in here(app, "/data/1/clip/P001-2", **english)[2].decode()
    home = here(app, "/", **english)[2].decode()
    assert "run" in home
    assert "dataset" in home


def test_nothing_open_says_how_to_open_something():
    app = build_app(open_shelf([], None), replace(Access("127.0.0.1", 1), port=8780))
    status, _, body = here(app, "/")
    assert status == 200
    assert b"pipeline app my-dataset" in body
