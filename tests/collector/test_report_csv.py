"""REPORT.csv: the participant's answers, and those that cannot be."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.report_csv import REPORTABLE, SceneReport, read_report, self_report
from collector.scenes import Scene
from mexlab.errors import InputError
from mexlab.session import SelfReport
from mexlab.timebase import NS_PER_S

HEADER = "scene,emotion,intensity,moment\n"
SCENES = [
    Scene(1, "neutral", 0, 65 * NS_PER_S, ""),
    Scene(3, "fear", 65 * NS_PER_S, 75 * NS_PER_S, ""),
]


def report_csv(folder: Path, text: str) -> Path:
    path = folder / "report.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_answers_and_silence(tmp_path: Path) -> None:
    text = HEADER + "3,happiness,8,00:03.5\n1,none,,\n"
    reports = read_report(report_csv(tmp_path, text), SCENES)
    assert reports == [
        SceneReport(3, "happiness", 8, 3_500_000_000),
        SceneReport(1, "none", None, None),
    ]
    written = self_report(reports, "es")
    assert (written.instrument, written.version, written.language) == ("import", "1", "es")
    assert [(a.scene, a.question, a.value) for a in written.answers] == [
        (3, "emotion", "happiness"),
        (3, "intensity", 8),
        (3, "moment_ns", 3_500_000_000),
        (1, "emotion", "none"),
    ]


def test_a_row_of_silence_gives_no_answer(tmp_path: Path) -> None:
    reports = read_report(report_csv(tmp_path, HEADER + "1,,,\n"), SCENES)
    assert self_report(reports, "en").answers == ()


def test_report_json_comes_back(tmp_path: Path) -> None:
    reports = read_report(report_csv(tmp_path, HEADER + "1,other,0,01:05\n"), SCENES)
    written = self_report(reports, "en")
    written.write(tmp_path / "report.json")
    assert SelfReport.read(tmp_path / "report.json") == written
    assert written.answer(1, "intensity") == 0


@pytest.mark.parametrize(
    ("row", "what", "remedy"),
    [
        ("3,fear,5,00:10.1", "moment 00:10.1 is impossible: scene 3 lasts 10 s", "mm:ss"),
        ("1,fear,5,01:06", "impossible: scene 1 lasts 65 s", "mm:ss"),
        ("1,fear,5,65", "moment '65' is not mm:ss", "01:05"),
        ("1,fear,5,00:61", "moment '00:61' is not mm:ss", "01:05"),
        ("1,fear,5,-00:01", "moment '-00:01' is not mm:ss", "01:05"),
        ("2,fear,5,00:01", "scene 2 is not in the recording", "1, 3"),
        ("8,fear,5,00:01", "scene '8'", "1 to 7"),
        (",fear,5,00:01", "scene is empty", "fill"),
        ("1,joy,5,00:01", "unknown emotion 'joy'", "happiness, other, none"),
        ("1,fear,9,00:01", "intensity '9'", "from 0 to 8"),
        ("1,fear,-1,00:01", "intensity '-1'", "from 0 to 8"),
        ("1,fear,4.5,00:01", "intensity '4.5'", "whole number"),
    ],
)
def test_what_cannot_be_names_its_row(tmp_path: Path, row: str, what: str, remedy: str) -> None:
    path = report_csv(tmp_path, f"{HEADER}{row}\n")
    with pytest.raises(InputError) as caught:
        read_report(path, SCENES)
    assert what in caught.value.what
    assert caught.value.where == f"{path} row 2"
    assert remedy in caught.value.remedy


def test_a_scene_is_reported_once(tmp_path: Path) -> None:
    path = report_csv(tmp_path, HEADER + "1,fear,5,\n1,anger,5,\n")
    with pytest.raises(InputError, match=r"scene 1 is reported twice; .*report\.csv row 3"):
        read_report(path, SCENES)


def test_the_end_of_a_scene_is_a_possible_moment(tmp_path: Path) -> None:
    (report,) = read_report(report_csv(tmp_path, HEADER + "3,fear,1,00:10\n"), SCENES)
    assert report.moment_ns == 10 * NS_PER_S


@given(
    emotion=st.none() | st.sampled_from(REPORTABLE),
    intensity=st.none() | st.integers(0, 8),
    tenths=st.none() | st.integers(0, 650),
)
def test_every_possible_answer_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    emotion: str | None,
    intensity: int | None,
    tenths: int | None,
) -> None:
    moment = "" if tenths is None else f"{tenths // 600:02d}:{tenths % 600 / 10:04.1f}"
    cells = ("1", emotion or "", "" if intensity is None else str(intensity), moment)
    path = report_csv(tmp_path_factory.mktemp("csv"), HEADER + ",".join(cells))
    at_ns = None if tenths is None else tenths * NS_PER_S // 10
    assert read_report(path, SCENES) == [SceneReport(1, emotion, intensity, at_ns)]


@given(cells=st.lists(st.text(max_size=8), min_size=4, max_size=4))
def test_no_cells_do_more_than_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str]
) -> None:
    path = tmp_path_factory.mktemp("csv") / "report.csv"
    path.write_text(HEADER + ",".join(cells), encoding="utf-8", newline="")
    try:
        (report,) = read_report(path, SCENES)
    except InputError:
        return
    assert report.scene in (1, 3)
