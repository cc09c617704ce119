"""OpenFace 2's CSV files become AU tables, row for frame, in our units and signs."""

import json

import numpy as np
import pytest

from annotate.analyzers.openface import NEEDED, POINTS, POSE, OpenFaceAnalyzer
from annotate.cli import annotate
from collector.cli import collector
from mexlab.emotions import AUS, EMOTIONS
from mexlab.errors import InputError
from mexlab.installed import package_file
from mexlab.study import Study
from mexlab.tables import AU_TABLE
from tests.conftest import refused, run_command
from tests.videos import even_times, write_video

CARRIED = package_file("feat", "tests", "data", "OpenFace_Test.csv")
SIZE = (640, 480)
PICTURE = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)


def openface_csv(path, rows=3, pose=True, points=True, **cells):
    """A file as OpenFace writes it, spaces before the names; `cells` column -> one value a row."""
    columns = {name: [1.0] * rows for name in NEEDED}
    columns |= {f"{au}_r": [2.5] * rows for au in ("AU01", "AU12", "AU45")}
    columns |= {name: [0.0] * rows for name in (POSE if pose else ())}
    columns |= {name: [float(SIZE[1] / 3)] * rows for name in (POINTS if points else ())}
    columns |= {"frame": [float(n + 1) for n in range(rows)]} | cells
    lines = [", ".join(columns), *(", ".join(map(str, row)) for row in zip(*columns.values()))]  # noqa: B905
    path.write_text("\n".join(lines) + "\n")
    return path


def observed(path, frames=3):
    with OpenFaceAnalyzer(path, frames) as analyzer:
        return analyzer.observe([PICTURE] * frames, 0)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study with a session of 100 frames, as many as pyfeat's own OpenFace file has rows."""
    root = tmp_path_factory.mktemp("openface") / "study"
    Study.create(root)
    film = write_video(root.parent / "film.mp4", even_times(100), size=SIZE)
    scenes = root.parent / "scenes.csv"
    scenes.write_text("scene,emotion,start_s,end_s\n1,neutral,0,4\n")
    importing = ("--participant", "R001", "--scenes", scenes, "--consent", "all")
    run_command(collector, "import", root, film, *importing)
    return Study.open(root)


def analyse(run, study, csv, session="R001"):
    arguments = ("--session", session) if session else ()
    return run(annotate, "analyse", study.root, *arguments, "--analyzer", "openface", "--csv", csv)


def test_the_file_that_pyfeat_carries_gives_its_100_rows(study):
    assert "100 of 100 frames show a face" in analyse(run_command, study, CARRIED)
    session = study.session("R001")
    table = AU_TABLE.read(session.aus_path("openface"))
    assert len(table) == 100
    assert AU_TABLE.metadata(session.aus_path("openface"))["kind"] == "facs"
    first, *_ = table.to_pylist()
    # Read off the file by eye: AU12_r is 0 in all rows, AU04_r 0.2435 to 1.093.
    assert set(table["AU12"].to_pylist()) == {0.0}
    assert min(table["AU04"].to_pylist()) == pytest.approx(0.2435 / 5)
    assert max(table["AU04"].to_pylist()) == pytest.approx(1.093 / 5)
    assert first["score"] == pytest.approx(0.883333)
    assert first["landmarks"][0] == pytest.approx(277.276)
    assert first["landmarks"][2] == pytest.approx(278.163)
    assert (first["pitch"], first["yaw"], first["roll"]) == pytest.approx(
        (-17.0506, 3.6528, -1.1021), abs=1e-3
    )
    for row in (first, table.to_pylist()[-1]):
        assert all(row[emotion] is None for emotion in EMOTIONS)
        assert all(row[au] is None for au in ("AU11", "AU24", "AU28", "AU43"))
        known = [row[au] for au in AUS if row[au] is not None]
        assert row["intensity"] == pytest.approx(sum(known), rel=1e-4)
        assert len(known) == 16
    made = json.loads(session.provenance_path("openface").read_text())
    assert made["csv"] == "OpenFace_Test.csv"
    assert len(made["csv_sha256"]) == 64


def test_angles_have_our_signs(tmp_path):
    """In the file the face looks down, and its own 3D points say so too."""
    radians = {"pose_Rx": [0.1] * 3, "pose_Ry": [0.2] * 3, "pose_Rz": [0.3] * 3}
    face, *_ = observed(openface_csv(tmp_path / "a.csv", **radians))
    assert (face.pitch, face.yaw, face.roll) == pytest.approx(
        (-np.degrees(0.1), -np.degrees(0.2), np.degrees(0.3))
    )
    # Head pose from the carried file's 3D landmarks: x right, y down, z away from the camera.
    table = np.genfromtxt(CARRIED, delimiter=",", names=True)
    xyz = np.stack([[table[f"{axis}_{n}"] for n in range(68)] for axis in "XYZ"], axis=-1)
    across = xyz[45] - xyz[36]
    down = xyz[8] - xyz[27]
    forward = -np.cross(across, down)
    forward /= np.linalg.norm(forward, axis=1, keepdims=True)
    found = observed_carried()
    chin_up = -np.arcsin(forward[:, 1])
    turned_right = np.arctan2(forward[:, 0], -forward[:, 2])
    tilted_right = np.arctan2(across[:, 1], across[:, 0])
    for ours, theirs in (("pitch", chin_up), ("yaw", turned_right), ("roll", tilted_right)):
        angles = [getattr(face, ours) for face in found]
        assert np.corrcoef(angles, theirs)[0, 1] > 0.8, ours


def observed_carried():
    return observed(CARRIED, 100)


def test_intensities_are_fifths_and_stay_within_one(tmp_path):
    path = openface_csv(tmp_path / "a.csv", AU01_r=[0.0, 2.5, 5.5], AU12_r=[-0.1, "nan", 1.0])
    found = observed(path)
    assert [face.aus.get("AU01") for face in found] == [0, 0.5, 1]
    assert [face.aus.get("AU12") for face in found] == [0, None, pytest.approx(0.2)]
    assert set(found[0].aus) == {"AU01", "AU12"}  # its AU45 is a blink, no AU43


def test_a_frame_without_success_has_no_face(tmp_path):
    found = observed(openface_csv(tmp_path / "a.csv", success=[1, 0, 1], confidence=[0.9, 0.1, 1]))
    assert [face and face.score for face in found] == [0.9, None, 1]


def test_of_two_faces_the_more_confident_one_counts(tmp_path):
    path = openface_csv(
        tmp_path / "a.csv",
        rows=4,
        frame=[1, 2, 2, 3],
        confidence=[0.9, 0.4, 0.8, 0.9],
        AU01_r=[1, 2, 3, 4],
    )
    assert [face.aus["AU01"] for face in observed(path)] == pytest.approx([0.2, 0.6, 0.8])


def test_without_pose_and_landmarks_the_table_has_nulls(study, tmp_path):
    path = openface_csv(tmp_path / "aus-only.csv", rows=100, pose=False, points=False)
    analyse(run_command, study, path)
    rows = AU_TABLE.read(study.session("R001").aus_path("openface")).to_pylist()
    for name in ("landmarks", "pitch", "roll", "yaw", "box_x", "box_w"):
        assert {row[name] for row in rows} == {None}, name
    assert {row["AU01"] for row in rows} == {0.5}


@pytest.mark.parametrize(
    ("rows", "message"),
    [(99, "saw 99 frames, the recording has 100"), (101, "saw 101 frames, the recording has 100")],
)
def test_a_file_of_another_length_is_refused_and_leaves_no_table(study, tmp_path, rows, message):
    path = study.session("R001").aus_path("openface")
    before = path.read_bytes() if path.exists() else None
    line = analyse(refused, study, openface_csv(tmp_path / "other.csv", rows=rows))
    assert message in line
    assert "other.csv" in line
    assert (path.read_bytes() if path.exists() else None) == before


def test_frames_beyond_the_file_are_refused_without_a_count_too(tmp_path):
    with OpenFaceAnalyzer(openface_csv(tmp_path / "a.csv")) as analyzer:
        assert len(analyzer.observe([PICTURE] * 2, 1)) == 2
        with pytest.raises(InputError, match="saw 3 frames, the recording has 4 or more"):
            analyzer.observe([PICTURE] * 2, 2)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"frame": [1, 3, 4]}, "frame 2 is missing"),
        ({"frame": [0, 1, 2]}, "frame 1 is missing"),
        ({"confidence": [1, "high", 1]}, "column 'confidence' holds something that is no number"),
    ],
)
def test_a_damaged_file_says_where(tmp_path, cells, message):
    with pytest.raises(InputError, match=message):
        OpenFaceAnalyzer(openface_csv(tmp_path / "a.csv", **cells))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scene,emotion\n1,neutral\n", "not an OpenFace file: no column 'frame'"),
        ("frame,confidence,success\n1,1,1\n", r"no column 'AU01_r'.*-aus"),
        ("frame,confidence,success,AU01_r\n", "no rows"),
        ("a,b\n1\n", "not a CSV file"),
        ("", "not a CSV file"),
    ],
)
def test_what_is_no_openface_file_is_refused(tmp_path, text, message):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        OpenFaceAnalyzer(path)


def test_landmarks_outside_the_picture_are_of_another_recording(tmp_path):
    with OpenFaceAnalyzer(openface_csv(tmp_path / "a.csv")) as analyzer:
        small = np.zeros((90, 160, 3), np.uint8)
        with pytest.raises(InputError, match="frame 2 lies outside the 160x90 picture"):
            analyzer.observe([small], 1)


def test_mistakes_at_the_command_line_are_lines(study, tmp_path):
    assert "no such CSV file" in analyse(refused, study, tmp_path / "absent.csv")
    assert "name it with --session" in analyse(refused, study, CARRIED, session=None)
    line = refused(annotate, "analyse", study.root, "--analyzer", "openface")
    assert "--session ID --analyzer openface --csv FILE" in line
