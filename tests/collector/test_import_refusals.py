"""What `collector import` refuses: one line with the remedy, exit 1, nothing left behind."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from collector.cli import collector
from collector.recordings import checked_recording, import_recording
from collector.scenes import read_scenes
from mexlab.consent import SCOPES, decide
from mexlab.errors import VideoError
from mexlab.participants import Participant
from mexlab.study import Study
from tests.videos import cut, even_times, write_video

SCENES = "scene,emotion,start_s,end_s\n1,neutral,0,1\n2,happiness,1,1.9\n"


def tree(root: Path) -> dict[str, bytes]:
    """Every path under root, hidden ones too, with the bytes of files."""
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else b"folder"
        for path in root.rglob("*")
    }


@pytest.fixture
def study(tmp_path: Path) -> Study:
    made = Study.create(tmp_path / "study")
    made.save_participant(Participant("P001"))
    return made


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return write_video(tmp_path / "a.mp4", even_times(50))


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    path = tmp_path / "scenes.csv"
    path.write_text(SCENES)
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(collector, ["import", *map(str, arguments)])


def assert_refused(study: Study, *arguments: str | Path, says: tuple[str, ...]) -> None:
    """One line on stderr, nothing on stdout, exit 1, and the study's folder as it was."""
    before = tree(study.root)
    result = run(study.root, *arguments)
    lines = result.stderr.splitlines()
    assert (result.exit_code, result.stdout, len(lines)) == (1, "", 1), result.output
    assert lines[0].startswith("error: ")
    assert lines[0].count("; ") >= 2
    for words in says:
        assert words in lines[0]
    assert tree(study.root) == before


@pytest.mark.parametrize("participant", ["P001", "P777"])
@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("1,fear,0,1\n2,fear,0.5,1.5\n", ("row 3", "overlap")),
        ("1,fear,1,0.5\n", ("row 2", "start_s before end_s")),
        ("1,fear,0,3\n", ("row 2", "ends at 3 s", "1.96 s")),
        ("1,fear,2.1,2.2\n", ("row 2", "starts at 2.1 s")),
        ("1,joy,0,1\n", ("row 2", "neutral, sadness, surprise")),
        ('1,fear,0,"1,5"\n', ("row 2", "end_s", "write 1.5")),
    ],
)
def test_scenes_that_cannot_be(
    study: Study, video: Path, scenes: Path, rows: str, says: tuple[str, ...], participant: str
) -> None:
    scenes.write_text(f"scene,emotion,start_s,end_s\n{rows}")
    assert_refused(
        study,
        video,
        *("--participant", participant, "--scenes", scenes, "--consent", "all"),
        says=("scenes.csv", *says),
    )


def test_a_missing_column(study: Study, video: Path, scenes: Path) -> None:
    scenes.write_text("scene,emotion,start_s\n1,fear,0\n")
    options = ("--participant", "P001", "--scenes", scenes)
    assert_refused(study, video, *options, says=("no column end_s", "scenes.csv row 1"))


def test_an_impossible_moment(tmp_path: Path, study: Study, video: Path, scenes: Path) -> None:
    report = tmp_path / "report.csv"
    report.write_text("scene,emotion,intensity,moment\n1,fear,3,00:02\n")
    options = ("--participant", "P001", "--scenes", scenes, "--report", report)
    assert_refused(study, video, *options, says=("00:02 is impossible", "report.csv row 2"))


@pytest.mark.parametrize("participant", ["../P001", "a/b", "a\\b", "", ".", "P 1", "P001\n"])
def test_a_participant_id_that_is_no_plain_name(
    study: Study, video: Path, scenes: Path, participant: str
) -> None:
    options = ("--participant", participant, "--scenes", scenes)
    assert_refused(study, video, *options, says=("not a plain name", "P001"))


def test_an_id_that_differs_in_case(study: Study, video: Path, scenes: Path) -> None:
    options = ("--participant", "p001", "--scenes", scenes)
    assert_refused(study, video, *options, says=("upper and lower case", "P001"))


def test_an_unknown_scope(study: Study, video: Path, scenes: Path) -> None:
    options = ("--participant", "P001", "--scenes", scenes, "--consent", "everything")
    assert_refused(study, video, *options, says=("'everything'", "recorded, analysed"))


def test_a_simulated_participant_lends_nobody_its_consent(
    study: Study, video: Path, scenes: Path
) -> None:
    simulated = Participant("S001", simulated=True).deciding(decide(SCOPES, "simulated"))
    study.save_participant(simulated)
    options = ("--participant", "S001", "--scenes", scenes)
    assert_refused(study, video, *options, says=("S001 is simulated", "another participant"))


def text_file(folder: Path) -> Path:
    path = folder / "notes.mp4"
    path.write_text("no video at all\n" * 100)
    return path


def sound(folder: Path) -> Path:
    import av
    import numpy as np

    path = folder / "sound.mp4"
    with av.open(path, "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 44100), np.float32), "fltp", "mono")
        frame.rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def front_indexed(folder: Path) -> Path:
    whole = write_video(folder / "a.mp4", even_times(100), muxer={"movflags": "faststart"})
    return cut(whole, 0.7)


def cut_matroska(folder: Path) -> Path:
    return cut(write_video(folder / "a.mkv", even_times(100)), 0.6)


def cut_webm(folder: Path) -> Path:
    return cut(write_video(folder / "a.webm", even_times(100), codec="libvpx-vp9"), 0.6)


def cut_avi(folder: Path) -> Path:
    path = folder / "a.avi"
    how = {"codec": "mjpeg", "pixel_format": "yuvj420p", "ticks_hz": 25}
    return cut(write_video(path, even_times(100), **how), 0.6)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: folder / "absent.mp4", "no such video"),
        (lambda folder: folder, "no such video"),
        (text_file, "not a video"),
        (sound, "sound without a picture"),
        (lambda folder: cut(write_video(folder / "a.mp4", even_times(50)), 0.9), "cut off"),
        (front_indexed, "truncated"),
        (cut_matroska, "truncated"),
        (cut_webm, "truncated"),
        (cut_avi, "truncated"),
        (lambda folder: write_video(folder / "a.mp4", [0]), "single picture"),
    ],
    ids=["absent", "folder", "text", "sound", "plain", "mp4", "mkv", "webm", "avi", "picture"],
)
@pytest.mark.parametrize("participant", ["P001", "P777"])
def test_what_is_no_whole_video(
    tmp_path: Path,
    study: Study,
    scenes: Path,
    make: Callable[[Path], Path],
    says: str,
    participant: str,
) -> None:
    scenes.write_text("scene,emotion,start_s,end_s\n1,neutral,0,0.5\n")
    bad = make(tmp_path)
    options = ("--participant", participant, "--scenes", scenes, "--consent", "all")
    assert_refused(study, bad, *options, says=(says, str(bad)))


def test_the_same_recording_twice(tmp_path: Path, study: Study, video: Path, scenes: Path) -> None:
    first = run(study.root, video, "--participant", "P001", "--scenes", scenes)
    assert first.exit_code == 0
    copy = tmp_path / "other-name.mp4"
    copy.write_bytes(video.read_bytes())
    (session,) = study.sessions()
    options = ("--participant", "P002", "--scenes", scenes)
    assert_refused(study, copy, *options, says=(session.id, "other-name.mp4"))


def test_a_compilation_that_is_not_built(study: Study, video: Path) -> None:
    options = ("--participant", "P001", "--compilation", "2", "--starts-at", "1")
    assert_refused(study, video, *options, says=("compilation-2.json", "--scenes"))


@pytest.mark.parametrize("starts_at", ["nan", "inf"])
def test_a_start_that_is_no_time(study: Study, video: Path, starts_at: str) -> None:
    (study.root / "stimuli" / "compilation-2.json").write_text('{"scenes": []}')
    options = ("--participant", "P001", "--compilation", "2", "--starts-at", starts_at)
    assert_refused(study, video, *options, says=("--starts-at", "12.5"))


def test_no_such_study(tmp_path: Path, video: Path, scenes: Path) -> None:
    result = run(tmp_path / "none", video, "--participant", "P001", "--scenes", scenes)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: no such study; ")
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--participant", "P001"),
        ("--participant", "P001", "--scenes", "s.csv", "--compilation", "1", "--starts-at", "0"),
        ("--participant", "P001", "--compilation", "1"),
        ("--participant", "P001", "--starts-at", "1"),
        ("--participant", "P001", "--batch", "b.csv"),
    ],
)
def test_options_that_do_not_go_together_are_a_usage_error(
    study: Study, video: Path, options: tuple[str, ...]
) -> None:
    result = run(study.root, video, *options)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr


@pytest.mark.parametrize("participant", ["P001", "P777"])
def test_a_file_that_changes_meanwhile_leaves_nothing(
    study: Study, video: Path, scenes: Path, participant: str
) -> None:
    """The copy is made, found to be of other bytes than were hashed, and taken back."""
    recording = checked_recording(
        study, video, participant, read_scenes(scenes), consent="recorded"
    )
    assert len(recording.sha256) == 64
    with video.open("ab") as file:
        file.write(b"\x00\x00\x00\x08free")  # an empty box: still the same pictures
    before = tree(study.root)
    with pytest.raises(VideoError, match="changed while it was imported"):
        import_recording(study, recording)
    assert tree(study.root) == before
