"""py-feat behind the analyzer interface.

Its weights cannot be had here. Tests called wiring run the whole command on weights with the true
architectures and random values: they show that all is connected, not that a score is right.
"""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from annotate.analyzers import pyfeat
from annotate.analyzers.pyfeat import EMOTION_COLUMNS, PyFeatAnalyzer, emotions_of, import_feat
from annotate.cli import annotate
from annotate.models import Weights, find_weights
from benchmarks.pyfeat_weights import write_detector_v1, write_detector_v2
from collector.cli import collector
from mexlab.emotions import AUS, EMOTIONS
from mexlab.errors import InputError
from mexlab.study import Study
from mexlab.tables import AU_TABLE
from mexlab.vision.video import Video
from tests.conftest import refused, run_command
from tests.videos import encode, py_feat_video

PICTURES = 6  # of the real clip's 72; all of them in benchmarks/pyfeat_wiring.py


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """Beside other work, threads that wait for each other cost more than they give."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A folder with random weights of both detectors."""
    folder = tmp_path_factory.mktemp("weights")
    import_feat()
    write_detector_v1(folder)
    write_detector_v2(folder)
    return folder


@pytest.fixture(scope="module")
def pictures():
    """uint8 (360, 640, 3) each: a smile rising, from py-feat's own single_face.mp4."""
    frames = Video(py_feat_video("single_face.mp4")).frames()
    return [frame.rgb() for frame in frames if frame.index % 12 == 0][:PICTURES]


@pytest.fixture(scope="module")
def study(tmp_path_factory, pictures):
    """A study with one session, from its template; its analyzer is the template's. Read only."""
    root = tmp_path_factory.mktemp("pyfeat") / "study"
    made = Study.create(root)
    film = encode(root.parent / "smile.mp4", pictures)
    scenes = root.parent / "scenes.csv"
    scenes.write_text("scene,emotion,start_s,end_s\n1,happiness,0,0.2\n")
    importing = ("--participant", "R001", "--scenes", scenes, "--consent", "all")
    run_command(collector, "import", root, film, *importing)
    return made


@pytest.fixture(scope="module")
def wired(study, weights):
    """The study analysed by the command a person types."""
    text = study.settings_path.read_text()
    text = text.replace('pyfeat_weights = ""', f"pyfeat_weights = {json.dumps(str(weights))}")
    study.settings_path.write_text(text)
    run_command(annotate, "analyse", study.root)
    return Study.open(study.root)


def test_wiring_the_whole_command_writes_a_valid_table(wired):
    session = wired.session("R001")
    rows = AU_TABLE.read(session.aus_path("py-feat")).to_pylist()
    assert [row["frame"] for row in rows] == list(range(PICTURES))
    for row in rows:
        assert row["face"]
        assert 0.5 < row["score"] <= 1
        assert all(0 <= row[au] <= 1 for au in AUS)
        assert sum(row[emotion] for emotion in EMOTIONS) == pytest.approx(1, abs=1e-4)
        assert row["intensity"] == pytest.approx(sum(row[au] for au in AUS), rel=1e-4)
        assert np.isfinite([row["pitch"], row["roll"], row["yaw"]]).all()
        points = np.array(row["landmarks"]).reshape(68, 2)
        middle = np.array([row["box_x"] + row["box_w"] / 2, row["box_y"] + row["box_h"] / 2])
        assert np.abs(points.mean(axis=0) - middle).max() < row["box_w"] / 4
    assert any(len({row[au] for row in rows}) > 1 for au in AUS)


def test_wiring_the_table_says_what_made_it(wired, weights):
    session = wired.session("R001")
    assert AU_TABLE.metadata(session.aus_path("py-feat"))["kind"] == "facs"
    made = json.loads(session.provenance_path("py-feat").read_text())
    assert made["tool"] == "py-feat Detectorv1"
    assert made["version"].startswith("2.")
    assert made["settings"] == {
        "detector": "v1", "device": "auto", "min_score": 0.5, "face": "largest"
    }  # fmt: skip
    files = find_weights("v1", [weights]).files
    assert set(made["weights_sha256"]) == {
        f"{repo}/{path.name}" for (repo, _), path in files.items()
    }
    assert all(len(digest) == 64 for digest in made["weights_sha256"].values())


def test_wiring_a_second_run_keeps_the_table_without_loading_anything(wired, monkeypatch):
    monkeypatch.setattr(pyfeat, "import_feat", None)
    assert "kept: already analysed" in run_command(annotate, "analyse", wired.root)


def test_wiring_the_scores_are_what_pyfeat_itself_gives(weights, pictures, capfd):
    """For the largest of the faces that its own detect() finds in the same picture."""
    with PyFeatAnalyzer(find_weights("v1", [weights]), "v1", "cpu") as analyzer:
        (ours,) = analyzer.observe(pictures[:1], 0)
        tensor = torch.from_numpy(pictures[0]).permute(2, 0, 1)[None]
        theirs = analyzer._detector.detect(tensor, data_type="tensor", progress_bar=False)
    sizes = theirs["FaceRectWidth"] * theirs["FaceRectHeight"]
    assert len(theirs) > 1
    row = theirs.loc[sizes.idxmax()]
    assert [ours.aus[au] for au in AUS] == pytest.approx([row[au] for au in AUS], abs=1e-5)
    assert ours.emotions == pytest.approx({name: row[name] for name in EMOTIONS}, abs=1e-5)
    assert ours.score == pytest.approx(row["FaceScore"])
    assert ours.landmarks[:, 0] == pytest.approx([row[f"x_{n}"] for n in range(68)])
    turned = np.degrees([row["Pitch"], -row["Roll"], -row["Yaw"]])
    assert [ours.pitch, ours.roll, ours.yaw] == pytest.approx(turned.tolist(), abs=1e-4)


def test_wiring_the_second_detector_gives_the_same_kind_of_observation(weights, pictures):
    with PyFeatAnalyzer(find_weights("v2", [weights]), "v2", "cpu") as analyzer:
        first, _ = analyzer.observe(pictures[:2], 0)
    assert set(first.aus) == set(AUS)
    assert all(0 <= score <= 1 for score in first.aus.values())
    assert sum(first.emotions[emotion] for emotion in EMOTIONS) == pytest.approx(1)
    assert first.landmarks.shape == (68, 2)
    assert np.isfinite([first.pitch, first.roll, first.yaw]).all()


def test_the_process_is_afterwards_as_it_was(weights, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr(pyfeat, "default_workers", lambda: 3)
    before = torch.get_num_threads(), torch.is_grad_enabled()
    assert before[1]
    with PyFeatAnalyzer(find_weights("v2", [weights]), "v2", "cpu") as analyzer:
        assert analyzer._detector.device.type == "cpu"
        if sys.platform != "darwin":
            assert torch.get_num_threads() == 3
    assert (torch.get_num_threads(), torch.is_grad_enabled()) == before
    assert "OMP_NUM_THREADS" not in os.environ


class Detector:
    """py-feat's detector, cut down: picture n has the faces that `boxes[n]` lists."""

    device = torch.device("cpu")

    def __init__(self, boxes):
        self.boxes = iter(boxes)
        self.asked = []

    def detect_faces(self, pictures):
        return [self._found(next(self.boxes)) for _ in pictures]

    def _found(self, boxes):
        rows = torch.tensor(boxes or [[float("nan")] * 4])
        scores = torch.tensor([0.6 + 0.1 * n for n in range(len(rows))])
        return {"boxes": rows, "scores": scores, "image_size": (9, 9)}

    def forward(self, faces, batch):
        self.asked.append(len(faces))
        assert len(batch["Image"]) == len(batch["Scale"]) == len(faces)
        assert all(len(face["boxes"]) == len(face["scores"]) == 1 for face in faces)
        names = [*AUS, *EMOTION_COLUMNS, *(f"{a}_{n}" for a in "xy" for n in range(68))]
        table = pd.DataFrame(0.5, index=range(len(faces)), columns=names)
        table["AU12"] = [float(face["boxes"][0, 0]) / 100 for face in faces]
        radians = {"Pitch": 0.1, "Roll": 0.2, "Yaw": 0.3}
        return table.assign(**radians)


def scored(boxes, monkeypatch, batch=2):
    monkeypatch.setitem(pyfeat.BATCH, "cpu", batch)
    analyzer = PyFeatAnalyzer(Weights(Path(), {}), "v1", "cpu")
    analyzer.__dict__["_detector"] = detector = Detector(boxes)
    found = analyzer.observe([np.zeros((9, 9, 3), np.uint8)] * len(boxes), 0)
    return found, detector.asked


def test_each_picture_gets_its_own_largest_face(monkeypatch):
    small, large = [10.0, 0.0, 20.0, 10.0], [30.0, 10.0, 60.0, 50.0]
    found, asked = scored([[small], [], [small, large], [large, small], []], monkeypatch)
    assert [face and face.aus["AU12"] for face in found] == [
        pytest.approx(0.1), None, pytest.approx(0.3), pytest.approx(0.3), None
    ]  # fmt: skip
    assert [face and face.score for face in found[:3]] == [
        pytest.approx(0.6), None, pytest.approx(0.7)
    ]  # fmt: skip
    assert found[2].box == (30, 10, 30, 40)
    assert asked == [1, 2]  # a batch without a face asks nothing


def test_angles_are_degrees_to_the_images_right(monkeypatch):
    ((face,), _) = scored([[[0.0, 0.0, 9.0, 9.0]]], monkeypatch)
    assert (face.pitch, face.roll, face.yaw) == pytest.approx(
        (np.degrees(0.1), -np.degrees(0.2), -np.degrees(0.3))
    )


def test_emotions_of_both_detectors_get_our_names_and_sum_to_one():
    one = dict(zip(("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"),
                   (0.1, 0.0, 0.0, 0.6, 0.0, 0.1, 0.2), strict=True))  # fmt: skip
    assert emotions_of(one) == pytest.approx({**one})
    two = {"Neutral": 0.2, "Happy": 0.4, "Sad": 0.1, "Surprise": 0.1, "Fear": 0.0,
           "Disgust": 0.0, "Anger": 0.0, "Contempt": 0.2}  # fmt: skip
    assert emotions_of(two)["happiness"] == pytest.approx(0.5)
    assert set(emotions_of(two)) == set(EMOTIONS)
    assert emotions_of({name: float("nan") for name in two}) == {}


def test_pyfeat_is_imported_where_torchcodec_cannot_be(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchcodec"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torchcodec", None)  # importing it raises ImportError
    with pyfeat._torchcodec_or_none():
        from torchcodec.decoders import VideoDecoder

        assert VideoDecoder is None
    assert sys.modules["torchcodec"] is None
    assert "torchcodec.decoders" not in sys.modules


def test_a_device_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pyfeat._device("auto") == "cpu"
    with pytest.raises(InputError, match=r"no CUDA device.*study\.toml"):
        pyfeat._device("cuda")


@pytest.mark.parametrize("detector", ["v1", "v2"])
def test_weights_that_are_missing_end_in_a_line_within_two_seconds(study, detector, tmp_path):
    root = tmp_path / "study"
    root.mkdir()
    for path in ("participants", "sessions"):
        (root / path).symlink_to(study.root / path)
    settings = Study.create(tmp_path / "fresh").settings_path.read_text()
    (root / "study.toml").write_text(settings.replace('= "v1"', f'= "{detector}"'))
    command = [Path(sys.executable).parent / "annotate", "analyse", root]
    environment = {**os.environ, "MEXLAB_CACHE": str(tmp_path / "empty")}
    before = os.times()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    after = os.times()
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"annotate models fetch --detector {detector}" in done.stderr
    assert "--analyzer landmarker" in done.stderr
    assert str(tmp_path / "empty") in done.stderr
    # Of the processor: on the wall it is the same where nothing else runs, since nothing waits.
    assert after.children_user + after.children_system < 2 + (
        before.children_user + before.children_system
    )


def test_choosing_it_says_its_licence_once(wired, capsys):
    with suppress(SystemExit):
        annotate(["analyse", str(wired.root), "--analyzer", "py-feat"])
    assert capsys.readouterr().err.count("py-feat is MIT") == 1


def test_it_reads_no_csv(study):
    line = refused(annotate, "analyse", study.root, "--session", "R001", "--csv", "some.csv")
    assert "the analyzer py-feat reads no CSV file" in line
