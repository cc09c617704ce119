"""`collector participant`: who is registered, and what was decided."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from collector.cli import collector
from collector.registration import enrolled, on_file
from mexlab.consent import SCOPES
from mexlab.study import Study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study.create(tmp_path / "study")


def run(study: Study, *arguments: str) -> Result:
    return CliRunner().invoke(collector, ["participant", str(study.root), *arguments])


def test_registered_without_a_decision(study: Study) -> None:
    result = run(study, "P007")
    assert result.exit_code == 0
    assert "P007: registered" in result.stdout
    assert "missing means no" in result.stdout
    person = study.participant("P007")
    assert (person.language, person.consents, person.demographics) == ("es", (), {})


def test_what_is_said_stands_on_file(study: Study) -> None:
    result = run(
        study,
        *("P007", "--language", "en", "--gender", "undisclosed", "--age-band", "25-34"),
        *("--glasses", "--no-beard", "--consent", "recorded,analysed"),
    )
    assert result.exit_code == 0
    assert "yes: recorded, analysed" in result.stdout
    assert "no:  shared, excerpts, published, training" in result.stdout
    person = study.participant("P007")
    assert person.language == "en"
    assert person.demographics == {
        "gender": "undisclosed",
        "age_band": "25-34",
        "glasses": True,
        "beard": False,
    }
    assert [decision.scope for decision in person.consents] == list(SCOPES)
    assert {decision.how for decision in person.consents} == {"paper"}


def test_decisions_are_added_and_the_latest_counts(study: Study) -> None:
    run(study, "P007", "--consent", "all", "--gender", "woman")
    first = study.participant("P007").consents
    assert run(study, "P007", "--consent", "none").exit_code == 0
    person = study.participant("P007")
    assert person.consents[: len(SCOPES)] == first
    assert len(person.consents) == 2 * len(SCOPES)
    assert person.scopes == ()
    assert person.demographics == {"gender": "woman"}


def test_looking_adds_nothing(study: Study) -> None:
    run(study, "P007", "--consent", "all")
    before = study.participant_path("P007").read_bytes()
    result = run(study, "P007")
    assert "P007: on file" in result.stdout
    assert study.participant_path("P007").read_bytes() == before


@pytest.mark.parametrize(
    ("station", "first", "second"), [(1, "P001", "P002"), (2, "P1001", "P1002")]
)
def test_next_takes_the_station_s_numbers(
    study: Study, station: int, first: str, second: str
) -> None:
    settings = study.settings_path.read_text()
    study.settings_path.write_text(settings.replace("station = 1 ", f"station = {station} "))
    assert run(study, "next").stdout.startswith(f"{first}: registered")
    assert run(study, "next").stdout.startswith(f"{second}: registered")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("../P007",), "not a plain name"),
        (("P007", "--consent", "recorded,all"), "no consent scope 'all'"),
        (("p001",), "upper and lower case"),
    ],
)
def test_refusals_write_nothing(study: Study, arguments: tuple[str, ...], says: str) -> None:
    run(study, "P001")
    before = sorted(study.root.rglob("*"))
    result = run(study, *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert sorted(study.root.rglob("*")) == before


def test_a_newer_file_is_left_alone(study: Study) -> None:
    path = study.participant_path("P007")
    path.write_text(json.dumps({"schema_version": 99, "participant": "P007"}))
    before = path.read_bytes()
    result = run(study, "P007", "--consent", "all")
    assert result.exit_code == 1
    assert "99 is newer" in result.stderr
    assert path.read_bytes() == before


def test_an_enrolment_that_fails_never_was(study: Study) -> None:
    run(study, "P001")
    before = study.participant_path("P001").read_bytes()
    for name in ("P001", "P002"):
        with pytest.raises(KeyboardInterrupt), enrolled(study, on_file(study, name, SCOPES)):
            assert study.participant(name).scopes == SCOPES
            raise KeyboardInterrupt
    assert study.participant_path("P001").read_bytes() == before
    assert not study.participant_path("P002").exists()
