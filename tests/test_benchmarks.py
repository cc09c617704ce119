"""The benchmarks run, on little; their figures are for a quiet machine."""

import cv2
import numpy as np

from benchmarks.analyse import analysis_loop, bare_loop, make_session, peak_memory_bytes
from benchmarks.warped.muscles import most_moved
from benchmarks.warped.render import Rendering
from benchmarks.warped.script import Settings, write_script
from benchmarks.warped.stills import STILLS, make_person
from benchmarks.warped_faces import make_study
from mexlab.model_files import find_landmarker
from mexlab.study import Study
from mexlab.verify import verify_path
from mexlab.vision.landmarker import FaceLandmarker


def test_the_analysis_benchmark_measures_both_loops_and_memory(tmp_path):
    root, name = make_session(tmp_path / "study", 1.0)
    session = Study.open(root).session(name)
    assert session.frames().num_rows == 30
    assert bare_loop(session.recording_path) > 0
    assert analysis_loop(root, name) > 0
    assert len(session.aus("landmarker")) == 30
    assert peak_memory_bytes(root, name) > 10**7


def test_warped_faces_make_a_valid_study_with_its_truth(tmp_path):
    settings = Settings(amplitude_iod=0.05, scene_s=2.5, blinks=1)
    study = make_study(tmp_path / "study", 1, 3, settings)
    assert verify_path(study.root)[0] == []
    (session,) = study.sessions()
    scenes = session.scenes().to_pylist()
    truth = session.truth().to_pylist()
    assert [scene["scene"] for scene in scenes] == [1, 2, 3, 4, 5, 6, 7]
    assert scenes[0]["emotion"] == "neutral"
    labels = {scene["scene"]: scene["emotion"] for scene in scenes}
    events = [row for row in truth if row["kind"] == "micro"]
    assert 3 <= len(events) <= 4  # half of seven
    assert all(row["emotion"] == labels[row["scene"]] != "neutral" for row in events)
    assert all(0.2e9 <= row["offset_ns"] - row["onset_ns"] <= 0.5e9 for row in events)
    assert all(row["onset_ns"] < row["apex_ns"] < row["offset_ns"] for row in truth)
    assert sum(row["kind"] == "blink" for row in truth) == 7
    assert np.diff(session.frames()["capture_ns"].to_numpy()).std() > 3e6  # ns: times jitter


def test_a_warped_face_moves_as_far_as_asked_and_only_then():
    settings = Settings(amplitude_iod=0.05, scene_s=2.5, empty_fraction=1 / 7, idle_iod=0, noise=0)
    with FaceLandmarker(find_landmarker()) as landmarker:
        person = make_person(STILLS[1], np.random.default_rng(1), landmarker)
    script = write_script(settings, 0, 1)
    face = Rendering(person, script, settings, np.random.default_rng(1))
    rest = cv2.cvtColor(face.frame(0), cv2.COLOR_RGB2GRAY)
    columns, rows = np.round(person.mesh).astype(int).T
    assert len(script.happenings) == 6
    for event in script.happenings:
        number = int(np.argmin(np.abs(script.capture_ns - event.apex_ns)))
        apex = cv2.cvtColor(face.frame(number), cv2.COLOR_RGB2GRAY)
        flow = cv2.calcOpticalFlowFarneback(rest, apex, None, 0.5, 4, 13, 5, 7, 1.5, 0)
        _, moved_iod = most_moved(flow[rows, columns] / person.frame.iod_px)
        assert 0.75 < moved_iod / (0.05 * event.level(int(script.capture_ns[number]))) < 1.1
        before = int(np.searchsorted(script.capture_ns, event.onset_ns)) - 1
        assert np.array_equal(face.frame(before), face.frame(0))
