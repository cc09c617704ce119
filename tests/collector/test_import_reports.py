"""`collector import-reports`: an export says the same as the form, or its rows are not used."""

import codecs
import csv
import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner

from collector.form.filling import FIRST, Filling, begin, questions_path
from collector.form.kinds import KINDS
from collector.reports.command import SYSTEMS, import_reports
from collector.reports.mapping import example
from mexlab.commandline import Group
from mexlab.emotions import EMOTIONS
from mexlab.events import read_events
from mexlab.session import SelfReport, Session
from mexlab.study import Study
from mexlab.tables import SCENES
from mexlab.timebase import NS_PER_S
from tests.conftest import refused, run_command
from tests.mexlab.test_study import add_session, register

EXPORTS = Path(__file__).parent / "exports"
SCENE_NS = 60 * NS_PER_S
GROUP = Group("collector", commands={"import-reports": import_reports})

# What two participants type into the form, by scene: the fields a browser sends, empty ones left
# out. P001 answers nearly everything, P002 passes over nearly everything.
P001 = {
    1: {"emotion": "neutral", "moment": "0:42", "seen_before": "yes"},
    2: {"emotion": "sadness", "moment_unknown": "yes", "seen_before": "no"},
    3: {"emotion": "surprise", "moment": "1:00", "seen_before": "unsure"},
    4: {"emotion": "fear", "moment": "0:05", "seen_before": "no"},
    5: {"emotion": "other", "emotion_text": 'nostalgia, "dulce"', "seen_before": "yes"},
    6: {"emotion": "happiness", "moment_unknown": "yes", "seen_before": "no"},
    7: {"emotion": "none", "moment": "0:00", "seen_before": "no"},
    0: {"attention": "2"},
}
WORDS = {
    1: 'Me reí 😀 y "lloré"; luego, nada',
    2: "line one\r\nline two\r\n\r\nline four",  # as browsers send line ends
    3: "שלום עולם — مرحبا",
    4: "=1+1",
    5: "<b>bold</b> & 'quotes'",
    7: "  blanks, kept\t ",
}
for scene in range(1, 8):
    fields = P001[scene]
    fields |= {f"intensity_{e}": str((scene + k) % 9) for k, e in enumerate(EMOTIONS)}
    fields |= {"valence": str(scene), "arousal": str(10 - scene), "words": WORDS.get(scene, "")}
    fields |= {"looked_away": "yes" if scene == 4 else "no"}
    fields |= {"tried_to_hide": "yes" if scene == 2 else "no"}
    fields |= {"moment_sure": "" if scene == 5 else str(scene % 5)}
P001[6] |= {"intensity_disgust": "", "intensity_anger": ""}
P002 = {
    1: {"emotion": "anger"},
    3: {"words": "لا شيء"},
    7: {"intensity_fear": "0", "moment_unknown": "yes"},
}


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """P001 and P002, each with a session of seven scenes of a minute."""
    made = Study.create(tmp_path / "study")
    for participant in ("P001", "P002"):
        add_participant(made, participant)
    return made


def add_participant(study: Study, participant: str, scenes: int = 7) -> Session:
    register(study, participant)
    session = add_session(study, participant)
    starts = [n * SCENE_NS for n in range(scenes)]
    rows = {"scene": range(1, scenes + 1), "emotion": EMOTIONS[:scenes], "start_ns": starts}
    rows |= {"end_ns": [start + SCENE_NS for start in starts]}
    SCENES.write(session.scenes_path, SCENES.build({k: list(v) for k, v in rows.items()}))
    return session


def typed(study: Study, session: Session, fields: dict[int, dict[str, str]]) -> SelfReport:
    """The report of somebody who fills in the form, page by page, and presses continue."""
    filling = begin(study, session, FIRST, "en")
    for number, step in enumerate(filling.steps):
        sent = fields.get(step.about[0], {})
        values = dict.fromkeys(step.answers)
        for question in step.page.questions:
            values |= KINDS[question.kind].parse(question, sent, step.item)
        filling = filling.save(number, values)
    return filling.finish().report


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SelfReport]:
    """What the form makes of the answers in the exports."""
    study = Study.create(tmp_path_factory.mktemp("typed") / "study")
    said = {"P001": P001, "P002": P002}
    return {name: typed(study, add_participant(study, name), said[name]) for name in said}


def answers(report: SelfReport) -> set[tuple[int, str, str | float | None, str]]:
    return {(a.scene, a.question, a.value, type(a.value).__name__) for a in report.answers}


def map_of(system: str, folder: Path, *changes: tuple[str, str]) -> Path:
    """The map shipped for a system, with changes that must find their place."""
    text = example(system)
    for old, new in changes:
        assert text.count(old) >= 1, old
        text = text.replace(old, new)
    path = folder / "map.toml"
    path.write_text(text, encoding="utf-8")
    return path


def table_of(system: str) -> list[list[str]]:
    text = (EXPORTS / f"{system}.csv").read_bytes().decode("utf-8-sig")
    separator = ";" if system == "limesurvey" else ","
    return list(csv.reader(StringIO(text, newline=""), delimiter=separator))


def saved(
    path: Path, table: list[list[str]], separator: str = ",", encoding: str = "utf-8"
) -> Path:
    out = StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows(table)
    path.write_bytes(out.getvalue().encode(encoding))
    return path


def small(folder: Path, *rows: str, head: str = "who,s1 felt,s2 felt,s1 words,s2 words") -> Path:
    path = folder / "small.csv"
    path.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return path


SMALL = """
system = "ours"
layout = "wide"
participant = "who"
language = "es"
[answers]
emotion = "s{scene} felt"
words = "s{scene} words"
"""


def small_map(folder: Path, text: str = SMALL) -> Path:
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    return path


def took(study: Study, export: Path, map_path: Path) -> str:
    return run_command(GROUP, "import-reports", study.root, export, "--map", map_path)


def listed(study: Study, export: Path, map_path: Path) -> list[str]:
    """What is said of the rows that are not used, which are all."""
    arguments = ["import-reports", study.root, export, "--map", map_path]
    result = CliRunner().invoke(GROUP, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 1, result.output
    *lines, error = result.stderr.splitlines()
    assert error.startswith("error: no row used; ")
    assert not list(study.sessions_path.glob("*/report.json"))
    assert not list(study.sessions_path.glob("*/instrument.toml"))
    return lines


def report_of(study: Study, participant: str) -> SelfReport:
    report = study.session(participant).report()
    assert report is not None
    return report


# The same as typing it in


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_export_says_the_same_as_the_form(
    tmp_path: Path, study: Study, reports: dict[str, SelfReport], system: str
) -> None:
    map_path = map_of(system, tmp_path)
    out = took(study, EXPORTS / f"{system}.csv", map_path)
    assert "rows used" in out
    for participant, ours in reports.items():
        report = report_of(study, participant)
        assert answers(report) == answers(ours)
        assert (report.instrument, report.version) == (ours.instrument, ours.version)
        assert (report.language, report.option_order) == ("en", {})
        session = study.session(participant)
        assert questions_path(session, FIRST).read_text() == study.instrument_path.read_text()
        filling = Filling.read(study, session, FIRST)
        assert filling.finished
        assert filling.next_step() == len(filling.steps)
        came = [e for e in read_events(session.events_path) if e["event"] == "report-imported"]
        assert [event["file"] for event in came] == [f"{system}.csv"]
    assert len(answers(report_of(study, "P001"))) == 7 * 19 + 1


def test_what_is_compared_is_what_was_meant(reports: dict[str, SelfReport]) -> None:
    """The reference itself: moments, words, passed-over questions and the derived intensity."""
    report = reports["P001"]
    assert report.answer(1, "moment_ns") == 42 * NS_PER_S
    assert (report.answer(2, "moment_ns"), report.answer(2, "moment_how")) == (None, "unknown")
    assert report.answer(2, "words") == "line one\nline two\n\nline four"
    assert report.answer(5, "emotion_text") == 'nostalgia, "dulce"'
    assert report.answer(6, "intensity") == report.answer(6, "intensity_happiness") == 3
    assert report.given(6)["intensity_anger"] is None
    assert report.given(5)["moment_how"] is None
    assert report.answer(0, "attention") == 2


@pytest.mark.parametrize("system", SYSTEMS)
def test_times_and_rows_of_the_export(tmp_path: Path, study: Study, system: str) -> None:
    out = run_command(
        GROUP,
        *("import-reports", study.root, EXPORTS / f"{system}.csv"),
        *("--map", map_of(system, tmp_path), "--json"),
    )
    result = json.loads(out)
    by_name = {outcome["participant"]: outcome for outcome in result["outcomes"]}
    assert by_name["P001"]["state"] == by_name["P002"]["state"] == "imported"
    assert "not registered" in by_name["P999"]["problems"][0]["reason"]
    long = system == "redcap"
    assert (result["used"], result["not_used"]) == ((16, 8) if long else (2, 1))
    passed_over = {"redcap": [2, 11, 20], "qualtrics": [4], "limesurvey": [2]}
    assert result["passed_over"] == passed_over.get(system, [])
    report = report_of(study, "P001")
    last = "10:22:42" if long else "10:15:42"
    assert report.finished_at == f"2026-11-23T{last}+01:00"
    first = {a.answered_at for a in report.answers if a.scene == 1}
    assert first == {f"2026-11-23T{'10:16:42' if long else last}+01:00"}


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_maps_shipped_are_printed(system: str) -> None:
    assert run_command(GROUP, "import-reports", "--example", system) == example(system)
    usage = CliRunner().invoke(GROUP, ["import-reports"])
    assert usage.exit_code == 2
    assert "--example" in usage.stderr


def test_an_export_read_twice_is_already_there(tmp_path: Path, study: Study) -> None:
    map_path = map_of("google-forms", tmp_path)
    took(study, EXPORTS / "google-forms.csv", map_path)
    before = {path: path.read_bytes() for path in study.sessions_path.rglob("*.*")}
    out = took(study, EXPORTS / "google-forms.csv", map_path)
    assert "P001: already there (row 2)" in out
    assert "0 of 3 rows used, 2 already there" in out
    assert {path: path.read_bytes() for path in study.sessions_path.rglob("*.*")} == before


def test_another_report_is_left_alone(tmp_path: Path, study: Study) -> None:
    typed(study, study.session("P001"), P002)
    before = study.session("P001").report_path.read_bytes()
    begun = begin(study, study.session("P002"), FIRST, "es").report
    lines = refused_rows(study, EXPORTS / "google-forms.csv", map_of("google-forms", tmp_path))
    assert sum("has another report already; to take this one, move" in x for x in lines) == 2
    assert study.session("P001").report_path.read_bytes() == before
    assert report_of(study, "P002") == begun


def refused_rows(study: Study, export: Path, map_path: Path) -> list[str]:
    arguments = ["import-reports", study.root, export, "--map", map_path]
    result = CliRunner().invoke(GROUP, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 1, result.output
    return result.stderr.splitlines()[:-1]


# Files as they come


@pytest.mark.parametrize(
    ("separator", "encoding"),
    [
        (",", "utf-8-sig"),
        (";", "utf-8"),
        (";", "utf-8-sig"),
        ("\t", "utf-8"),
        ("\t", "utf-16"),
    ],
)
@pytest.mark.parametrize("system", SYSTEMS)
def test_separators_and_marks(
    tmp_path: Path,
    study: Study,
    reports: dict[str, SelfReport],
    system: str,
    separator: str,
    encoding: str,
) -> None:
    path = saved(tmp_path / "export.csv", table_of(system), separator, encoding)
    marked = path.read_bytes().startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE))
    assert marked == (encoding != "utf-8")
    took(study, path, map_of(system, tmp_path))
    assert answers(report_of(study, "P001")) == answers(reports["P001"])


def test_line_ends_within_cells_are_those_of_the_form(
    tmp_path: Path, study: Study, reports: dict[str, SelfReport]
) -> None:
    table = [[cell.replace("\n", "\r\n") for cell in row] for row in table_of("google-forms")]
    path = saved(tmp_path / "excel.csv", table)
    assert b"line one\r\nline two" in path.read_bytes()
    took(study, path, map_of("google-forms", tmp_path))
    assert answers(report_of(study, "P001")) == answers(reports["P001"])


def test_a_file_in_latin_1_is_named(tmp_path: Path, study: Study) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes("who,s1 felt,s1 words\nP001,fear,año\n".encode("latin-1"))
    error = refused(GROUP, "import-reports", study.root, path, "--map", small_map(tmp_path))
    assert error == f"error: not UTF-8 text; {path} row 2; save it as CSV UTF-8"


def test_a_cell_that_looks_like_a_formula_stays_as_it_is(tmp_path: Path, study: Study) -> None:
    words = '=HYPERLINK("http://x")|@+-'
    quoted = words.replace('"', '""')
    took(study, small(tmp_path, f'P001,fear,,"{quoted}",'), small_map(tmp_path))
    assert report_of(study, "P001").answer(1, "words") == words


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("", "empty file"),
        ("\n \n", "empty file"),
        ("who,s1 felt,s1 words\n", "no row to read"),
        ('who,s1 felt,s1 words\nP001,"fear,x\n', "not CSV"),
        ("name,s1 felt,s1 words\nP001,fear,x\n", "no column 'who'"),
        ("who,s1 felt\nP001,fear\n", "no column 's1 words'"),
        ("who,felt\nP001,fear\n", "no column 's1 felt'"),
        ("who,s1 felt,s1 words,s2 words\nP001,fear,,\n", "no column 's2 felt'"),
        ("who,s1 felt,s1 felt,s1 words\nP001,fear,,\n", "column 's1 felt' stands there 2 times"),
    ],
)
def test_a_file_that_does_not_fit_the_map(
    tmp_path: Path, study: Study, content: str, what: str
) -> None:
    path = tmp_path / "export.csv"
    path.write_text(content)
    error = refused(GROUP, "import-reports", study.root, path, "--map", small_map(tmp_path))
    assert error.startswith(f"error: {what}")
    assert str(path) in error


# Maps that cannot be


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('emotion = "s', 'feeling = "s', "instrument mexlab-self-report has no answer 'feeling'"),
        ('emotion = "s{scene} felt"', 'emotion = "felt"', "emotion is asked about each scene"),
        ("[answers]", '[answers]\nattention = "check {scene}"', "attention is asked in one column"),
        ("[answers]", '[answers]\nmoment_how = "{scene}"', "moment_how without moment_ns"),
        ('emotion = "s{scene} felt"', 'emotion_text = "{scene}"', "emotion_text without emotion"),
        ('"s{scene} words"\n', '"s{scene} words"\n[values.emotion]\n"x" = "sad"\n', "'sad' is no"),
        ('"s{scene} words"\n', '"s{scene} words"\n[values.words]\n"x" = "y"\n', "no such answer"),
        ('"s{scene} words"\n', '"s{scene} words"\n[values.valence]\n"x" = 1\n', "no such answer"),
        ('"s{scene} words"\n', '"s{scene} words"\n[values.emotion]\n"*" = "none"\n', "'none' is"),
        ('"wide"', '"broad"', "setting 'layout' is 'broad'"),
        ('"wide"', '"long"', "a long export and scene = ''"),
        ('language = "es"', 'language = "de"', "unknown language"),
        ('language = "es"', "", "not one language, or column of it"),
        ('system = "ours"', 'systm = "ours"', "unknown setting 'systm'"),
        ('"who"', '"who"\nparticipant_pattern = "P("', "participant_pattern: "),
        ('"who"', '"who"\nfinished = "when"', "one of finished and finished_format alone"),
        ('"who"', '"who"\nfinished = "t"\nfinished_format = "%H:%M"', "finished_format: no whole"),
        ('"who"', '"who"\ntime_zone = "Madrid"', "no time zone 'Madrid'"),
        ('"who"', '"who"\nonly = {who = 1}', "not texts"),
        ('"who"', '"who"\nscenes = {last = 8}', "a scene that is none of 1 to 7"),
        ("[answers]", "[answers", "not valid TOML"),
    ],
)
def test_a_map_that_cannot_be_is_one_line(
    tmp_path: Path, study: Study, old: str, new: str, what: str
) -> None:
    assert old in SMALL
    path = small_map(tmp_path, SMALL.replace(old, new))
    export = small(tmp_path, "P001,fear,,,")
    error = refused(GROUP, "import-reports", study.root, export, "--map", path)
    assert error.startswith(f"error: {what}"), error
    assert str(path) in error
    assert not study.session("P001").report_path.exists()


def test_a_map_that_is_not_there(tmp_path: Path, study: Study) -> None:
    export, nowhere = small(tmp_path, "P001,fear,,,"), tmp_path / "no.toml"
    error = refused(GROUP, "import-reports", study.root, export, "--map", nowhere)
    assert error.startswith(f"error: no such map; {nowhere}; ")


# Rows that are not used


@pytest.mark.parametrize(
    ("row", "line"),
    [
        (",fear,,,", "row 2: no participant in 'who'; fill the cell in"),
        ("P777,fear,,,", "row 2 (P777): participant P777 is not registered; register with: "),
        ("p 1,fear,,,", "row 2 (p 1): participant id 'p 1' is not a plain name; "),
        ("P003,fear,,,", "row 2 (P003): no complete session; record or import it first"),
        ("P004,fear,,,", "row 2 (P004): no consent to being recorded; record the consent with: "),
        ("P005,fear,,,", "row 2 (P005): the participant has withdrawn; "),
        ("P006,fear,,,x", "row 2 (P006): no scene 2 in the session; "),
        ("P001,Fear,,,", "row 2 (P001): scene 1: emotion 'Fear' is none of the answers; "),
        ("P001,fear,,", "row 2 (P001): 4 cells under 5 columns; "),
        ("P001,fear,,a,b,c", "row 2 (P001): 6 cells under 5 columns; "),
    ],
)
def test_a_row_that_is_not_understood(tmp_path: Path, study: Study, row: str, line: str) -> None:
    register(study, "P003")
    add_participant(study, "P004")
    register(study, "P004", scopes=("analysed",))
    add_participant(study, "P005")
    study.withdraw("P005")
    add_participant(study, "P006", scenes=1)
    lines = listed(study, small(tmp_path, row), small_map(tmp_path))
    assert len(lines) == 1
    assert lines[0].startswith(line)


def test_a_row_cut_short_is_never_passed_over(tmp_path: Path, study: Study) -> None:
    map_path = small_map(
        tmp_path, SMALL.replace("[answers]", '[only]\n"s2 words" = "*"\n[answers]')
    )
    lines = listed(study, small(tmp_path, "P001,fear", "P002,fear,,,"), map_path)
    assert lines == ["row 2 (P001): 2 cells under 5 columns; export it again, or quote the text"]


def test_a_scene_that_was_not_seen_may_be_empty(tmp_path: Path, study: Study) -> None:
    add_participant(study, "P006", scenes=1)
    took(study, small(tmp_path, "P006,fear,,yes,"), small_map(tmp_path))
    assert {(s, q, v) for s, q, v, _ in answers(report_of(study, "P006"))} == {
        (1, "emotion", "fear"),
        (1, "emotion_text", None),
        (1, "words", "yes"),
    }
    took(study, small(tmp_path, "P001,fear,,,"), small_map(tmp_path))
    assert {scene for scene, *_ in answers(report_of(study, "P001"))} == {1, 2}


def test_one_bad_row_does_not_stop_the_others(tmp_path: Path, study: Study) -> None:
    export = small(tmp_path, "P002,rage,fury,,", "", "P001,fear,,,")
    arguments = ["import-reports", study.root, export, "--map", small_map(tmp_path)]
    result = CliRunner().invoke(GROUP, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0
    assert [line.split(";")[0] for line in result.stderr.splitlines()] == [
        "row 2 (P002): scene 1: emotion 'rage' is none of the answers",
        "row 2 (P002): scene 2: emotion 'fury' is none of the answers",
    ]
    last = study.session("P001").id
    assert result.stdout.splitlines() == [
        f"P001: 6 answers about 2 scenes (row 4) -> {last}",
        "1 of 2 rows used",
    ]
    assert study.session("P002").report() is None


def test_two_rows_of_one_participant_are_both_left(tmp_path: Path, study: Study) -> None:
    lines = listed(study, small(tmp_path, "P001,fear,,,", "P001,fear,,,"), small_map(tmp_path))
    assert lines == [
        "row 2 (P001): row 3 is of the same participant too; keep the one that counts",
        "row 3 (P001): row 2 is of the same participant too; keep the one that counts",
    ]


def test_words_without_their_option_are_not_dropped(tmp_path: Path, study: Study) -> None:
    text = SMALL.replace("words = ", "emotion_text = ")
    lines = listed(study, small(tmp_path, "P001,fear,,rather awe,"), small_map(tmp_path, text))
    assert lines[0].startswith("row 2 (P001): scene 1: emotion_text has words, but emotion is fear")


MOMENTS = SMALL.replace('words = "s{scene} words"', 'moment_ns = "s{scene} words"')
HOW = MOMENTS.replace('emotion = "s{scene} felt"', 'moment_how = "s{scene} felt"')


@pytest.mark.parametrize(
    ("kind", "cell", "moment"),
    [
        ("mm:ss", "0:42", 42.0),
        ("mm:ss", "00:42.5", 42.5),
        ("mm:ss", "42", None),
        ("mm:ss", "01:01", None),
        ("h:mm:ss", "0:00:42", 42.0),
        ("h:mm:ss", "0:42", None),
        ("seconds", "42", 42.0),
        ("seconds", "7,25", 7.25),
        ("seconds", "-1", None),
        ("seconds", "61.5", None),
    ],
)
def test_moments_by_their_kind(
    tmp_path: Path, study: Study, kind: str, cell: str, moment: float | None
) -> None:
    map_path = small_map(tmp_path, MOMENTS.replace("[answers]", f'moments = "{kind}"\n[answers]'))
    export = small(tmp_path, f'P001,,,"{cell}",')
    if moment is None:
        assert len(listed(study, export, map_path)) == 1
    else:
        took(study, export, map_path)
        report = report_of(study, "P001")
        assert report.answer(1, "moment_ns") == round(moment * NS_PER_S)
        assert report.answer(1, "moment_how") == "typed"
        assert report.given(2)["moment_how"] is None


@pytest.mark.parametrize(
    ("how", "moment", "ends"),
    [
        ("unknown", "", "unknown"),
        ("typed", "0:10", "typed"),
        ("", "0:10", "typed"),
        ("unknown", "0:10", "moment_how is unknown, but moment_ns is 0:10"),
        ("typed", "", "moment_how is typed, but moment_ns is empty"),
    ],
)
def test_how_a_moment_is_known(
    tmp_path: Path, study: Study, how: str, moment: str, ends: str
) -> None:
    export, map_path = small(tmp_path, f"P001,{how},,{moment},"), small_map(tmp_path, HOW)
    if ends in ("typed", "unknown"):
        took(study, export, map_path)
        assert report_of(study, "P001").answer(1, "moment_how") == ends
    else:
        assert ends in listed(study, export, map_path)[0]


@pytest.mark.parametrize(
    ("pattern", "cell", "found"),
    [
        ("P[0-9]+", "P001", True),
        ("study-(P[0-9]+)", "study-P001", True),
        ("P[0-9]+", "xP001", False),
        ("(P[0-9]+)?.*", "anna", False),
    ],
)
def test_participants_by_their_pattern(
    tmp_path: Path, study: Study, pattern: str, cell: str, found: bool
) -> None:
    text = SMALL.replace('"who"', f'"who"\nparticipant_pattern = "{pattern}"')
    export = small(tmp_path, f"{cell},fear,,,")
    if found:
        assert "P001: 6 answers" in took(study, export, small_map(tmp_path, text))
    else:
        lines = listed(study, export, small_map(tmp_path, text))
        assert lines[0].startswith(f"row 2: {cell!r} does not fit participant_pattern; ")


@pytest.mark.parametrize(
    ("style", "zone", "cell", "moment"),
    [
        ("%d/%m/%Y %H:%M:%S", "Europe/Madrid", "23/7/2026 9:15:42", "2026-07-23T09:15:42+02:00"),
        ("%d/%m/%Y %H:%M:%S", "", "23/11/2026 9:15:42", "2026-11-23T09:15:42"),
        ("%Y/%m/%d %I:%M:%S %p %z", "", "2026/11/23 1:15:42 PM GMT+1", "2026-11-23T13:15:42+01:00"),
        ("%Y/%m/%d %I:%M:%S %p %z", "", "2026/11/23 1:15:42 PM GMT-3:30", "-03:30"),
        ("%m/%d/%Y %H:%M:%S", "UTC", "23/11/2026 9:15:42", None),
    ],
)
def test_times_as_they_are_written(
    tmp_path: Path, study: Study, style: str, zone: str, cell: str, moment: str | None
) -> None:
    times = f'finished = "when"\nfinished_format = "{style}"\ntime_zone = "{zone}"\n[answers]'
    map_path = small_map(tmp_path, SMALL.replace("[answers]", times))
    export = small(tmp_path, f"P001,fear,,{cell}", head="who,s1 felt,s1 words,when")
    if moment is None:
        assert f"'when' is {cell!r}, not {style}" in listed(study, export, map_path)[0]
    else:
        took(study, export, map_path)
        finished_at = report_of(study, "P001").finished_at
        assert finished_at is not None
        assert finished_at.endswith(moment)


def test_without_times_a_report_is_dated_now(tmp_path: Path, study: Study) -> None:
    before = datetime.now(UTC).isoformat(timespec="milliseconds")
    took(study, small(tmp_path, "P001,fear,,,"), small_map(tmp_path))
    report = report_of(study, "P001")
    moments = {answer.answered_at for answer in report.answers} | {report.finished_at or ""}
    assert min(moments) >= before


# Long exports


def redcap(tmp_path: Path, change: object) -> Path:
    """The example of REDCap with a cell or row of P001 changed; rows as in the file, from 0."""
    table = table_of("redcap")
    assert callable(change)
    change(table, table[0].index)
    return saved(tmp_path / "redcap.csv", table)


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (
            lambda t, at: t[5].__setitem__(at("redcap_repeat_instance"), "2"),
            ["row 5 (P001): row 6 is about scene 2 too", "row 6 (P001): row 5 is about scene 2"],
        ),
        (
            lambda t, at: t[5].__setitem__(at("redcap_repeat_instance"), "8"),
            ["row 6 (P001): 'redcap_repeat_instance' is '8', no scene"],
        ),
        (
            lambda t, at: t[5].__setitem__(at("redcap_repeat_instance"), ""),
            ["row 6 (P001): answers about a scene, but no scene"],
        ),
        (
            lambda t, at: t[5].__setitem__(at("attention"), "3"),
            ["row 3 (P001): different cells in 'attention'"],
        ),
        (
            lambda t, at: t[5].__setitem__(at("form_language"), "1"),
            ["row 3 (P001): different cells in 'form_language'"],
        ),
        (
            lambda t, at: t[2].__setitem__(at("form_language"), "3"),
            ["row 3 (P001): 'form_language' is '3', no language"],
        ),
        (
            lambda t, at: t[5].__setitem__(at("emotion"), "12"),
            ["row 6 (P001): scene 3: emotion '12' is not in the map"],
        ),
        (
            lambda t, at: t[5].__setitem__(at("int_fear"), "9"),
            ["row 6 (P001): scene 3: intensity_fear '9' is no whole number on the scale"],
        ),
        (
            lambda t, at: t[5].__setitem__(at("scene_report_timestamp"), "yesterday"),
            ["row 3 (P001): 'scene_report_timestamp' is 'yesterday'"],
        ),
    ],
)
def test_one_bad_row_leaves_out_all_of_the_participant(
    tmp_path: Path, study: Study, change: object, lines: list[str]
) -> None:
    export, map_path = redcap(tmp_path, change), map_of("redcap", tmp_path)
    arguments = ["import-reports", study.root, export, "--map", map_path]
    result = CliRunner().invoke(GROUP, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0  # P002 is used
    said = [line for line in result.stderr.splitlines() if "(P001)" in line]
    for line in lines:
        assert any(each.startswith(line) for each in said), said
    assert {int(line.split()[1]) for line in said} == set(range(3, 11))
    assert study.session("P001").report() is None
    assert report_of(study, "P002").answer(1, "emotion") == "anger"


def test_a_scene_without_a_row_was_not_asked_about(tmp_path: Path, study: Study) -> None:
    export = redcap(tmp_path, lambda table, _: table.pop(9))  # P001, scene 7
    took(study, export, map_of("redcap", tmp_path))
    assert {scene for scene, *_ in answers(report_of(study, "P001"))} == set(range(7))


def test_scenes_by_their_names(tmp_path: Path, study: Study) -> None:
    text = """
system = "ours"
layout = "long"
participant = "who"
language = "es"
scene = "film"
[scenes]
"The  first" = 1
"The second" = 2
[answers]
emotion = "felt"
"""
    map_path = small_map(tmp_path, text)
    head = "who,film,felt"
    took(study, small(tmp_path, "P001,The second,fear", "P001,The first,", head=head), map_path)
    report = report_of(study, "P001")
    assert report.answer(2, "emotion") == "fear"
    assert report.given(1) == {"emotion": None, "emotion_text": None}
    export = small(tmp_path, "P002,The third,fear", head=head)
    result = refused_rows(study, export, map_path)
    assert result[0].startswith("row 2 (P002): 'film' is 'The third', no scene; ")
