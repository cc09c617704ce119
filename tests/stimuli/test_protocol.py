"""The protocol: its template, and every mistake a person can make in it, each named."""

import pytest
from film_clips import HEAD, make_clip, seven, write_protocol

from mexlab.emotions import EMOTIONS
from mexlab.errors import InputError, StudyError
from mexlab.study import Study
from stimuli.check import check_protocol
from stimuli.cli import stimuli
from stimuli.protocol import FilmSettings, Protocol
from tests.conftest import refused, run_command
from tests.videos import even_times, write_video

CLIPS = ["a.mp4"] * 7


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Two seconds of pictures without sound."""
    path = tmp_path_factory.mktemp("clips") / "a.mp4"
    return write_video(path, even_times(50)).read_bytes()


@pytest.fixture
def study(tmp_path, clip):
    made = Study.create(tmp_path / "study")
    (made.stimuli_path / "a.mp4").write_bytes(clip)
    write_protocol(made, seven(CLIPS))
    return made


def problems(study):
    return [str(problem) for problem in check_protocol(Protocol.read(study)).problems]


def only_problem(study):
    """The one line that all eight compilations have in common, as it is for the first."""
    lines = problems(study)
    assert len(lines) == 8
    return lines[0]


def changed(study, row, **fields):
    """All compilations with one scene changed."""
    names = ("target", "clip", "start_s", "end_s", "more")
    rows = seven(CLIPS)
    rows[row] = tuple({**dict(zip(names, rows[row], strict=True)), **fields}.values())
    write_protocol(study, rows)


# The template


def test_the_template_is_a_latin_square_and_one_mirrored_row(tmp_path):
    plans = Protocol.read(Study.create(tmp_path / "study")).plans
    assert [plan.number for plan in plans] == list(range(1, 9))
    rows = [plan.targets for plan in plans]
    assert all(sorted(row) == sorted(EMOTIONS) for row in rows)
    for position in range(7):
        assert {row[position] for row in rows[:7]} == set(EMOTIONS)
    assert rows[7] in [row[::-1] for row in rows[:7]]
    assert len(set(rows)) == 8


def test_the_template_names_the_defaults(tmp_path):
    assert Protocol.read(Study.create(tmp_path / "study")).settings == FilmSettings(1)


@pytest.mark.parametrize(
    ("fps", "rate"),
    [(30.0, "30"), (25.0, "25"), (29.97, "30000/1001"), (23.976, "24000/1001"), (12.5, "25/2")],
)
def test_frame_rates_are_what_films_mean_by_them(fps, rate):
    assert str(FilmSettings(1, fps=fps).rate) == rate


# Problems


def test_nothing_is_wrong_with_a_good_protocol(study):
    assert problems(study) == []


def test_a_missing_clip(study):
    changed(study, 2, clip="gone.mp4")
    line = only_problem(study)
    assert "no such clip" in line
    assert "compilation 1 scene 3" in line


def test_an_end_past_the_clip(study):
    changed(study, 0, end_s=2.2)
    assert "end_s 2.2 is past the clip's end at 1.96 s" in only_problem(study)


@pytest.mark.parametrize("end_s", [0.5, 0.2])
def test_an_end_not_after_the_start(study, end_s):
    changed(study, 0, end_s=end_s)
    assert f"end_s {end_s} is not after start_s 0.5" in only_problem(study)


def test_a_start_before_the_clip(study):
    changed(study, 0, start_s=-1.0)
    assert "before the clip" in only_problem(study)


def test_an_emotion_twice_and_no_neutral(study):
    changed(study, 0, target="fear")
    lines = problems(study)
    assert len(lines) == 16
    assert "target fear stands there 2 times" in lines[0]
    assert "no neutral scene" in lines[1]


def test_an_unknown_emotion(study):
    changed(study, 6, target="joy")
    assert "unknown emotion 'joy'" in only_problem(study)


def test_six_scenes(study):
    write_protocol(study, seven(CLIPS)[:-1])
    assert "6 scenes, not 7" in only_problem(study)


def test_a_compilation_missing_and_another_twice(study):
    write_protocol(study, seven(CLIPS), numbers=(1, 2, 3, 4, 5, 6, 6, 9))
    lines = problems(study)
    assert len(lines) == 4
    for words in ("6 stands there 2 times", "7 is missing", "8 is missing", "9 is not one of"):
        assert sum(words in line for line in lines) == 1


def test_a_file_that_is_no_video(study):
    (study.stimuli_path / "text.mp4").write_text("not a film")
    changed(study, 0, clip="text.mp4")
    assert "not a video" in only_problem(study)


def test_a_sound_without_pictures(study):
    make_clip(study.stimuli_path / "b.wav", "sine", seconds=1)
    changed(study, 0, clip="b.wav")
    assert "no video in this clip" in only_problem(study)


def test_an_unknown_dub(study):
    changed(study, 0, more=', dub = "klingon", rights = "own"')
    assert "unknown dub 'klingon'" in only_problem(study)


def test_no_rights_note_and_no_sound_are_notices_only(study):
    changed(study, 3, more="")
    found = check_protocol(Protocol.read(study))
    assert found.problems == []
    assert sum("no rights note for scenes 4" in notice for notice in found.notices) == 8
    assert sum("has no sound" in notice for notice in found.notices) == 56


def test_check_names_every_problem_and_exits_1(study):
    assert run_command(stimuli, "check", study.root).endswith("56 scenes, 0 problems\n")
    from click.testing import CliRunner

    changed(study, 0, target="joy", clip="gone.mp4", start_s=3.0)
    result = CliRunner().invoke(stimuli, ["check", str(study.root)])
    assert result.exit_code == 1
    *lines, last = result.stdout.splitlines()
    assert last == "8 compilations, 56 scenes, 32 problems"
    assert len(lines) == 32
    assert all(line.count("; ") >= 2 for line in lines)


# What cannot be read at all is one error line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("schema_version = ", "not valid TOML"),
        ("width = 1280", "no setting 'schema_version'"),
        ("schema_version = 99", "newer"),
        (HEAD + "colour = 1", "unknown setting 'colour'"),
        (HEAD.replace("fps = 25", 'fps = "25"'), "'fps' is '25', not float"),
        (HEAD.replace("160", "161"), "'width' is odd"),
        (HEAD.replace("0.6", "0.1"), "'washout_s' is 0.1"),
        (HEAD + "compilation = 3", "not a list of tables"),
        (HEAD + "[[compilation]]\nnumber = '1'", "number is '1'"),
        (HEAD + "[[compilation]]\nnumber = 1\nscenes = [{ target = 1 }]", "no 'clip'"),
        (HEAD + "[[compilation]]\nnumber = 1\nfilms = []", "unknown setting 'films'"),
    ],
)
def test_a_malformed_protocol_is_one_line(study, text, words):
    study.protocol_path.write_text(text)
    for command in ("check", "build"):
        assert words in refused(stimuli, command, study.root)


def test_no_protocol_at_all(study):
    study.protocol_path.unlink()
    with pytest.raises(StudyError, match="no protocol"):
        Protocol.read(study)


def test_building_stops_before_the_first_film_and_says_how_many_problems(study):
    changed(study, 0, clip="gone.mp4")
    line = refused(stimuli, "build", study.root)
    assert "7 more: mexlab stimuli check" in line
    assert not study.film_path(1).exists()


def test_the_plan_of_a_number_that_is_not_there(study):
    write_protocol(study, seven(CLIPS), numbers=(1, 1))
    for number in (1, 2):
        with pytest.raises(InputError, match="describe each compilation once"):
            Protocol.read(study).plan(number)
