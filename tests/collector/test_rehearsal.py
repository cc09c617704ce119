"""A full rehearsal: `collector run` on a simulated participant, and the stages behind it."""

import json

import pytest

from annotate.cli import annotate
from collector.cli import collector
from mexlab.cli import mexlab
from mexlab.study import Study
from mexlab.tables import CLIPS
from pipeline.cli import pipeline
from stimuli.cli import stimuli
from stimuli.compilation import read_compilation
from tests.conftest import run_command, use_landmarker

SCENE_S = 5


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory):
    """A study with one rehearsed session, by the commands a person types. Read only."""
    root = tmp_path_factory.mktemp("rehearsal") / "study"
    use_landmarker(Study.create(root))
    building = ("--placeholder", "--scene-s", SCENE_S, "--compilation", 4)
    run_command(stimuli, "build", root, *building)
    sitting = ("--participant", "T001", "--compilation", 4, "--camera", "simulated:5")
    run_command(collector, "run", root, *sitting, "--offscreen")
    return Study.open(root)


def test_the_session_is_whole(rehearsed):
    session = rehearsed.session("T001")
    film = read_compilation(rehearsed, 4)
    assert session.header.state == "closed"
    assert session.header.source == "simulated"
    assert session.header.compilation == 4
    assert session.header.camera["recorder"]["dropped"] == 0
    assert session.header.player["sha256"] == film.sha256
    assert "0 problems" in run_command(mexlab, "verify", rehearsed.root)
    assert sorted(path.name for path in session.root.iterdir()) == [
        "events.jsonl", "frames.parquet", "presentation.parquet", "report.json", "scenes.parquet",
        "session.json", "truth.parquet", "webcam.mp4",
    ]  # fmt: skip


def test_scenes_are_where_the_player_showed_them(rehearsed):
    session = rehearsed.session("T001")
    film = read_compilation(rehearsed, 4)
    shown = session.presentation()
    begun = shown["shown_ns"][0].as_py() - shown["media_ns"][0].as_py()
    scenes = session.scenes().to_pylist()
    assert [s["emotion"] for s in scenes] == [s.emotion for s in film.scenes]
    for scene, measured in zip(scenes, film.scenes, strict=True):
        # A player that keeps time shows them there; its rows say so to within two of its frames.
        assert abs(scene["start_ns"] - begun - measured.start_ns) < 67_000_000
        assert abs(scene["end_ns"] - begun - measured.end_ns) < 67_000_000
    assert (session.film_frames() >= 0).sum() > 29 * film.duration_ns // 10**9


def test_one_true_event_a_scene_lies_in_it_and_was_reported(rehearsed):
    session = rehearsed.session("T001")
    scenes = {s["scene"]: s for s in session.scenes().to_pylist()}
    events = [e for e in session.truth().to_pylist() if e["kind"] == "micro"]
    assert [e["scene"] for e in events] == [
        n for n in sorted(scenes) if scenes[n]["emotion"] != "neutral"
    ]
    for event in events:
        scene = scenes[event["scene"]]
        assert event["emotion"] == scene["emotion"]
        assert scene["start_ns"] < event["onset_ns"] < event["offset_ns"] < scene["end_ns"]
    report = session.report()
    assert [report.answer(n, "emotion") for n in sorted(scenes)] == [
        scenes[n]["emotion"] for n in sorted(scenes)
    ]


def test_the_stages_behind_it_find_its_true_events(rehearsed, tmp_path):
    run_command(annotate, "analyse", rehearsed.root)
    run_command(annotate, "locate", rehearsed.root, "--blind")
    total = json.loads(run_command(mexlab, "score", rehearsed.root, "--json"))["total"]
    assert total["events"] == 6
    assert total["apex_hits"] >= 5
    out = tmp_path / "dataset"
    run_command(pipeline, "build-dataset", rehearsed.root, out)
    (path,) = out.glob("clips/*.parquet")
    assert CLIPS.read(path, ["scene"]).num_rows == 7
    assert "0 problems" in run_command(mexlab, "verify", out)
