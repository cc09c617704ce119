"""`collector import --batch`: a folder of old recordings at once, and again after a break."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from collector.cli import collector
from mexlab.study import Study
from tests.videos import cut, even_times, write_video

HEADER = "video,participant,scenes,report,consent,modality\n"


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study.create(tmp_path / "study")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three recordings of different length, scenes and a report."""
    made = tmp_path / "old recordings"
    made.mkdir()
    for number in (1, 2, 3):
        write_video(made / f"{number}.mp4", even_times(40 + number))
    (made / "scenes.csv").write_text("scene,emotion,start_s,end_s\n1,fear,0,1\n")
    (made / "report.csv").write_text("scene,emotion,intensity,moment\n1,fear,3,00:01\n")
    return made


def run(study: Study, folder: Path, rows: str, *options: str) -> Result:
    """The batch of these rows, from a working directory that is not its folder."""
    path = folder / "sessions.csv"
    path.write_text(HEADER + rows)
    arguments = ["import", str(study.root), "--batch", str(path), *options]
    return CliRunner().invoke(collector, arguments)


def participants(study: Study) -> list[str]:
    return [session.header.participant for session in study.sessions()]


def test_each_row_becomes_a_session(study: Study, folder: Path) -> None:
    rows = "1.mp4,P001,scenes.csv,report.csv,all,infrared\n2.mp4,next,scenes.csv,,none,\n"
    result = run(study, folder, rows)
    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) == 2
    first, second = study.sessions()
    assert (first.header.participant, first.header.modality) == ("P001", "infrared")
    assert (second.header.participant, second.header.modality) == ("P002", "colour")
    assert first.report() is not None
    assert second.report() is None
    assert len(study.participant("P001").scopes) == 6
    assert study.participant("P002").scopes == ()
    assert len(study.participant("P002").consents) == 6


def test_without_the_optional_columns(study: Study, folder: Path) -> None:
    path = folder / "sessions.csv"
    path.write_text(f"participant;scenes;video\nP009;scenes.csv;{folder / '1.mp4'}\n")
    arguments = ["import", str(study.root), "--batch", str(path)]
    assert CliRunner().invoke(collector, arguments).exit_code == 0
    assert participants(study) == ["P009"]


def test_a_broken_off_batch_goes_on(study: Study, folder: Path) -> None:
    assert run(study, folder, "1.mp4,P001,scenes.csv,,all,\n").exit_code == 0
    decisions = len(study.participant("P001").consents)
    rows = "1.mp4,P001,scenes.csv,,all,\n2.mp4,P002,scenes.csv,,all,\n"
    result = run(study, folder, rows)
    assert result.exit_code == 0
    assert "row 2 passed over: already session P001-" in result.stderr
    assert participants(study) == ["P001", "P002"]
    assert len(study.participant("P001").consents) == decisions


def test_the_recording_of_another_person_is_not_passed_over(study: Study, folder: Path) -> None:
    run(study, folder, "1.mp4,P001,scenes.csv,,all,\n")
    result = run(study, folder, "1.mp4,P002,scenes.csv,,all,\n")
    assert result.exit_code == 1
    assert "row 2 not imported: this recording is in the study already" in result.stderr
    assert participants(study) == ["P001"]


def test_a_row_that_fails_does_not_stop_the_others(study: Study, folder: Path) -> None:
    cut(folder / "2.mp4", 0.5)
    rows = "".join(
        f"{video},{person},scenes.csv,,all,\n"
        for video, person in (("1.mp4", "P001"), ("cut-2.mp4", "P002"), ("3.mp4", "P003"))
    )
    result = run(study, folder, rows)
    assert result.exit_code == 1
    assert participants(study) == ["P001", "P003"]
    assert not study.participant_path("P002").exists()
    assert f"{folder / 'sessions.csv'} row 3 not imported: not a video" in result.stderr
    last = result.stderr.splitlines()[-1]
    assert last.startswith("error: 1 of 3 recordings not imported; ")
    assert "sessions.csv" in last


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("absent.mp4,P002,scenes.csv,,,", ("no such video", "absent.mp4")),
        ("2.mp4,../P002,scenes.csv,,,", ("not a plain name",)),
        ("2.mp4,,scenes.csv,,,", ("participant is empty",)),
        ("2.mp4,P002,absent.csv,,,", ("no such file", "absent.csv")),
        ("2.mp4,P002,report.csv,,,", ("no column start_s", "report.csv row 1")),
        ("2.mp4,P002,scenes.csv,scenes.csv,,", ("no column intensity", "scenes.csv row 1")),
        ("2.mp4,P002,scenes.csv,,everything,", ("no consent scope 'everything'",)),
        ("2.mp4,P002,scenes.csv,,,sepia", ("unknown modality 'sepia'", "infrared")),
        ("./1.mp4,P002,scenes.csv,,,", ("another row", "row 2")),
    ],
)
def test_every_row_is_checked_before_the_first_is_imported(
    study: Study, folder: Path, row: str, says: tuple[str, ...]
) -> None:
    before = sorted(study.root.rglob("*"))
    result = run(study, folder, f"1.mp4,P001,scenes.csv,,all,\n{row}\n")
    (line,) = result.stderr.splitlines()
    assert (result.exit_code, result.stdout) == (1, "")
    assert line.startswith("error: ")
    assert f"{folder / 'sessions.csv'} row 3" in line
    for words in says:
        assert words in line
    assert sorted(study.root.rglob("*")) == before


def test_json_says_what_became_of_each_row(study: Study, folder: Path) -> None:
    run(study, folder, "1.mp4,P001,scenes.csv,,all,\n")
    rows = "1.mp4,P001,scenes.csv,,all,\n2.mp4,P002,scenes.csv,,all,\n"
    result = run(study, folder, rows, "--json")
    skipped, imported = json.loads(result.stdout)
    assert skipped["skipped"].startswith("P001-")
    assert imported["imported"]["frames"] == 42
    assert imported["error"] is None
