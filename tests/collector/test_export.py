"""`collector export`: who is in it, what stands there, and that it all comes back as said."""

import csv
import json
import shutil
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from click.testing import CliRunner

from collector.export.command import export
from collector.form.filling import FIRST, Filling, begin
from mexlab.commandline import Group
from mexlab.consent import SCOPES, decide
from mexlab.participants import Participant
from mexlab.session import Answer, SelfReport, Session
from mexlab.spreadsheet_safe import unescaped, unguarded
from mexlab.study import Study
from mexlab.tables import SCENES
from tests.collector.spreadsheet_readings import formulas
from tests.conftest import refused, run_command
from tests.mexlab.test_study import NOON, add_session, register

collector = Group("collector")
collector.add_command(export)

SHOWN = {1: "neutral", 3: "fear", 2: "sadness", 4: "happiness"}  # in the order seen
WORDS = {
    1: '=HYPERLINK("http://x";"y") "quoted"; =1+1\n+2\n\t@x 😀 👩‍👩‍👧',
    3: "lo que sentí: «miedo»; " + "ñandú, =1; " * 900,  # some 10,000 characters
    2: "שלום، مرحبا‏ -5 <script>alert('x')</script>&amp;\u202e",
    4: "-5",
}
SITTING = "n/a"


def with_scenes(session: Session) -> Session:
    rows = [
        {"scene": scene, "emotion": emotion, "start_ns": n * 10**10, "end_ns": (n + 1) * 10**10}
        for n, (scene, emotion) in enumerate(SHOWN.items())
    ]
    SCENES.write(session.scenes_path, pa.Table.from_pylist(rows, schema=SCENES.schema))
    return session


def fill(study: Study, session: Session, steps: int | None = None, attention: int = 2) -> Filling:
    """Answer the form's first pages; what is not set here is passed over."""
    filling = begin(study, with_scenes(session), FIRST, "en")
    for number, step in enumerate(filling.steps[:steps]):
        scene, _ = step.about
        given = {
            "emotion": "other",
            "emotion_text": "'=mixed",
            "intensity_fear": 7,
            "valence": 1,
            "moment_ns": 4_123_456_789,
            "moment_how": "typed",
            "words": WORDS.get(scene),
            "attention": attention,
        }
        filling = filling.save(number, {name: given.get(name) for name in step.answers})
    return filling.finish() if steps is None else filling


def look_again(study: Study, session: Session) -> None:
    """A second report, as the form leaves it."""
    source = study.second_instrument_path.read_text(encoding="utf-8")
    session.second_instrument_path.write_text(source, encoding="utf-8")
    answers = (
        Answer(3, "emotion", "fear", "t2", "b"),
        Answer(1, "words", "=1", "t1", "a"),
        Answer(1, "emotion", None, "t1", "a"),
    )
    intervals = {"a": [1, 3_000_000_001], "b": [11 * 10**9, 13 * 10**9]}
    report = SelfReport("mexlab-second-pass", "1.0", "es", answers, {}, intervals, "t3")
    report.write(session.second_report_path)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """P001 finished, P-002 began and failed the check, P003 from elsewhere, others left out."""
    study = Study.create(tmp_path_factory.mktemp("export") / "study")
    about = {"gender": "woman", "age_band": "25-34", "glasses": True, "beard": False}
    person = Participant("P001", "en", demographics=about)
    study.save_participant(person.deciding(decide(SCOPES, "paper")))
    for name in ("P-002", "P003", "P005"):
        register(study, name)
    add_session(study, "P001")
    later = add_session(study, "P001", NOON + timedelta(hours=1))
    fill(study, later)
    look_again(study, later)
    fill(study, add_session(study, "P-002"), steps=21, attention=3)
    elsewhere = (
        Answer(1, "emotion", "fear", "t1"),
        Answer(1, "words", "", "t1"),
        Answer(1, "share", 0.1, "t1"),
        Answer(1, "emotion", "none", "t2"),
        Answer(0, "words", SITTING, "t3"),
    )
    imported = with_scenes(add_session(study, "P003"))
    SelfReport("import", "1", "es", elsewhere).write(imported.report_path)
    register(study, "P004", scopes=("recorded",))
    fill(study, add_session(study, "P004"))
    register(study, "P006")
    fill(study, add_session(study, "P006"))
    study.withdraw("P006")
    return study


@pytest.fixture(scope="module")
def out(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out") / "new" / "export"
    run_command(collector, "export", study.root, folder)
    return folder


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def tsv(path: Path) -> list[dict[str, str | None]]:
    """As BIDS tools read it: lines, tabs, n/a."""
    header, *lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    names = header.split("\t")
    rows = [line.split("\t") for line in lines]
    assert {len(row) for row in rows} <= {len(names)}
    meant = [[None if c == "n/a" else unescaped(unguarded(c)) for c in row] for row in rows]
    return [dict(zip(names, row, strict=True)) for row in meant]


def said(study: Study, name: str) -> dict[tuple[int, str], object]:
    report = study.session(name).report()
    assert report
    return {(a.scene, a.question): a.value for a in report.answers}


def test_every_answer_comes_back(study: Study, out: Path) -> None:
    rows = table(out / "self-reports.csv")
    for name in ("P001", "P-002", "P003"):
        own = [row for row in rows if row["participant"] == name]
        read: dict[tuple[int, str], object] = {}
        for row in own:
            value: object = unguarded(row["value"])
            if row["kind"] == "number":
                value = json.loads(row["value"])
            elif row["kind"] == "none":
                assert value == ""
                value = None
            read[int(row["scene"]), row["question"]] = value
        assert len(own) == len(read)
        assert read == said(study, name)
    assert said(study, "P001")[2, "words"] == WORDS[2]


def test_pandas_reads_the_same(out: Path) -> None:
    read = pd.read_csv(out / "self-reports.csv", dtype=str, keep_default_na=False)
    rows = table(out / "self-reports.csv")
    assert read.to_dict("records") == rows
    words = read[(read.question == "words") & (read.participant == "P001")]
    assert [unguarded(value) for value in words.value] == list(WORDS.values())
    options = {"sep": "\t", "na_values": ["n/a"], "keep_default_na": False}
    wide = pd.read_csv(out / "phenotype/self_report_mexlab_self_report_1_0.tsv", **options)
    cell = wide.set_index("participant_id").loc["sub-P001", "scene1_words"]
    assert unescaped(unguarded(cell)) == WORDS[1]
    assert wide.scene1_moment_ns.dropna().tolist() == [4_123_456_789] * 2


def test_rows_stand_in_the_order_seen_with_the_scene_they_are_about(out: Path) -> None:
    rows = [row for row in table(out / "self-reports.csv") if row["participant"] == "P001"]
    seen = dict.fromkeys((row["scene"], row["position"], row["target"]) for row in rows)
    assert list(seen) == [
        *(("1", "1", "neutral"), ("3", "2", "fear")),
        *(("2", "3", "sadness"), ("4", "4", "happiness"), ("0", "0", "")),
    ]
    first = [row["question"] for row in rows if row["scene"] == "1"]
    assert first[:3] == ["emotion", "emotion_text", "intensity_neutral"]
    assert {row["session"] for row in rows} == {"P001-20261123T130000"}


def test_no_file_has_a_formula_in_it(out: Path) -> None:
    files = [path for path in out.rglob("*") if path.suffix in (".csv", ".tsv")]
    assert len(files) > 8
    for path in files:
        with path.open(encoding="utf-8", newline="") as file:
            assert not formulas(file.read()), path


def test_a_spreadsheet_knows_the_encoding_and_bids_needs_no_mark(out: Path) -> None:
    for path in out.rglob("*.?sv"):
        assert path.read_bytes().startswith(b"\xef\xbb\xbf") == (path.suffix == ".csv")
        assert (b"\r\n" in path.read_bytes()) == (path.suffix == ".csv")


def test_participants_with_what_is_known_of_them(out: Path) -> None:
    rows = {row["participant"]: row for row in table(out / "participants.csv")}
    assert list(rows) == ["P-002", "P001", "P003", "P005"]
    first = rows["P001"]
    about = [first[name] for name in ("language", "gender", "age_band", "glasses", "beard")]
    assert about == ["en", "woman", "25-34", "yes", "no"]
    assert (first["consent_training"], first["simulated"]) == ("yes", "no")
    assert first["sessions"] == "P001-20261123T130000"
    assert [row["reported"] for row in rows.values()] == ["part", "yes", "yes", "no"]
    assert [row["attention_passed"] for row in rows.values()] == ["no", "yes", "", ""]
    assert (rows["P005"]["sessions"], rows["P005"]["gender"]) == ("", "")


def test_the_second_report_stands_apart(out: Path) -> None:
    rows = table(out / "second-reports.csv")
    assert [(r["interval"], r["question"], r["value"], r["kind"]) for r in rows] == [
        ("a", "emotion", "", "none"),
        ("a", "words", "'=1", "text"),
        ("b", "emotion", "fear", "text"),
    ]
    assert (rows[0]["interval_start_ns"], rows[0]["interval_end_ns"]) == ("1", "3000000001")
    (wide,) = [r for r in tsv(out / "phenotype/second_pass.tsv") if r["session"]]
    assert (wide["moment1_words"], wide["moment2_emotion"]) == ("=1", "fear")
    assert (wide["scene_moment2"], wide["end_ns_moment1"]) == ("3", "3000000001")


def test_without_second_reports_there_is_no_file_of_them(study: Study, tmp_path: Path) -> None:
    copy = tmp_path / "study"
    shutil.copytree(study.root, copy)
    Study.open(copy).session("P001").second_report_path.unlink()
    run_command(collector, "export", copy, tmp_path / "out")
    assert not (tmp_path / "out/second-reports.csv").exists()
    assert not list((tmp_path / "out/phenotype").glob("second*"))


def test_the_codebook_explains_every_column_and_question(out: Path) -> None:
    rows = table(out / "codebook.csv")
    explained = {(row["file"], row["of"], row["name"]) for row in rows if row["es"] and row["en"]}
    for path in out.glob("*.csv"):
        if path.name != "codebook.csv":
            assert {(path.name, "column", name) for name in table(path)[0]} <= explained
    for name in ("self-reports.csv", "second-reports.csv"):
        assert {(name, "question", row["question"]) for row in table(out / name)} <= explained
    own = [row for row in rows if row["instrument"] == "mexlab-self-report"]
    levels = {(r["name"], r["value"]): (r["value_es"], r["value_en"]) for r in own if r["value"]}
    assert levels["emotion", "disgust"] == ("Asco", "Disgust")
    assert levels["valence", "9"] == ("muy agradable", "very pleasant")
    assert levels["moment_how", "unknown"] == ("no lo sabe", "not known")
    heads = {row["name"]: row for row in own if not row["value"]}
    assert (heads["moment_ns"]["units"], heads["attention"]["expected"]) == ("ns", "2")
    assert "nanosegundos desde el comienzo" in heads["moment_ns"]["es"]
    assert heads["intensity_fear"]["en"].endswith("Fear")
    assert {row["file"] for row in rows if row["of"] == "note"} == {"*.csv", "*.tsv"}


def test_bids_tables_are_described_and_keep_to_it(out: Path) -> None:
    inherited = {"task-film_beh": out / "task-film_beh.json"}
    tables = [out / "participants.tsv", *(out / "phenotype").glob("*.tsv"), *out.glob("sub-*/*/*")]
    assert len(tables) == 1 + 3 + 4
    for path in tables:
        own = path.with_suffix(".json")
        columns = json.loads(inherited.get(path.stem.partition("_")[2], own).read_text())
        if path.parent == out / "phenotype":
            assert columns["MeasurementToolMetadata"].keys() == {"Description"}
        for row in tsv(path):
            for name in row.keys() - {"participant_id"}:
                about, value = columns[name], row[name]
                assert about["Description"]
                assert value is None or value in about.get("Levels", [value]), name
                assert value is None or "Units" not in about or value.lstrip("-").isdigit(), name


@pytest.mark.parametrize("tool", ["mexlab_self_report_1_0", "import_1"])
def test_phenotype_has_a_row_a_participant(study: Study, out: Path, tool: str) -> None:
    people = [row["participant_id"] for row in tsv(out / "participants.tsv")]
    assert people == ["sub-P002", "sub-P001", "sub-P003", "sub-P005"]
    rows = {row["participant_id"]: row for row in tsv(out / f"phenotype/self_report_{tool}.tsv")}
    assert list(rows) == people
    told = {"mexlab_self_report_1_0": ("P-002", "P001"), "import_1": ("P003",)}[tool]
    for name in told:
        row = rows[f"sub-{name.replace('-', '')}"]
        for (scene, question), value in said(study, name).items():
            cell = row[f"scene{scene}_{question}" if scene else f"sitting_{question}"]
            assert cell == (None if value is None else str(value))
    assert set(rows["sub-P005"].values()) == {"sub-P005", None}


def test_behaviour_has_a_row_a_scene(study: Study, out: Path) -> None:
    rows = tsv(out / "sub-P001/beh/sub-P001_task-film_beh.tsv")
    assert [(row["position"], row["scene"], row["target"]) for row in rows] == [
        (str(place), str(scene), target) for place, (scene, target) in enumerate(SHOWN.items(), 1)
    ]
    assert [row["answer_words"] for row in rows] == list(WORDS.values())
    assert tsv(out / "sub-P005/beh/sub-P005_task-film_beh.tsv") == []


def test_the_dataset_says_what_it_is(out: Path) -> None:
    described = json.loads((out / "dataset_description.json").read_text())
    assert described["Name"] == "study"
    assert described["GeneratedBy"][0]["Name"] == "mexlab"
    assert described["BIDSVersion"] >= "1.10"
    readme = (out / "README").read_text()
    assert "Consent asked for: recorded, analysed." in readme
    assert "Of 6 participants, those 4 who gave it" in readme
    assert r"\t \n \r \" and \\ stand for tab" in readme


def test_who_is_left_out_is_said(study: Study, tmp_path: Path) -> None:
    command = ["export", str(study.root), str(tmp_path / "out")]
    result = CliRunner().invoke(collector, command, catch_exceptions=False)
    assert "4 participants, 3 self-reports, 1 second reports; 3 left out" in result.stdout
    lines = result.stderr.splitlines()
    assert "left out P004: no consent to being analysed" in lines
    assert any(line.startswith("left out P006: withdrew on 20") for line in lines)
    assert any("P001-20261123T120000: the participant has a later" in line for line in lines)
    everything = "".join(p.read_text() for p in (tmp_path / "out").rglob("*") if p.is_file())
    assert "P004" not in everything
    assert "P006" not in everything


def test_the_audience_decides(study: Study, tmp_path: Path) -> None:
    copy = tmp_path / "study"
    shutil.copytree(study.root, copy)
    register(Study.open(copy), "P001", scopes=("recorded", "analysed", "shared"))
    for audience, there in (("research", True), ("public", False)):
        folder = tmp_path / audience
        run_command(collector, "export", copy, folder, "--audience", audience)
        names = [row["participant"] for row in table(folder / "participants.csv")]
        assert ("P001" in names) == there
        assert "P003" in names


def test_nobody_to_export_leaves_nothing(tmp_path: Path) -> None:
    study, folder = Study.create(tmp_path / "study"), tmp_path / "out"
    assert "nobody is registered" in refused(collector, "export", study.root, folder)
    register(study, "P001", scopes=("recorded",))
    line = refused(collector, "export", study.root, folder)
    assert "nobody may be exported (P001: no consent to being analysed)" in line
    assert "collector participant" in line
    assert not folder.exists()


def test_only_a_former_export_is_replaced(study: Study, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    assert "(notes.txt)" in refused(collector, "export", study.root, folder)
    (folder / "notes.txt").unlink()
    run_command(collector, "export", study.root, folder)
    (folder / "participants.csv").write_text("edited")
    run_command(collector, "export", study.root, folder)
    assert len(table(folder / "participants.csv")) == 4
    (folder / "phenotype/notes.txt").write_text("mine")
    assert "(phenotype/notes.txt)" in refused(collector, "export", study.root, folder)
    assert "folder of the study" in refused(
        collector, "export", study.root, study.sessions_path / "out"
    )
    assert "a file of that name" in refused(
        collector, "export", study.root, folder / "participants.csv"
    )


def test_two_labels_alike_are_refused(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "study")
    register(study, "P-01")
    register(study, "p01")
    line = refused(collector, "export", study.root, tmp_path / "out")
    assert "P-01 and p01 would both be sub-p01" in line
    assert not (tmp_path / "out").exists()


def test_questions_changed_without_a_new_version_are_noticed(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "study")
    register(study, "P001")
    register(study, "P002")
    fill(study, add_session(study, "P001"), steps=1)
    text = study.instrument_path.read_text(encoding="utf-8")
    study.instrument_path.write_text(text.replace('"Disgust"', '"Distaste"'), encoding="utf-8")
    fill(study, add_session(study, "P002"), steps=1)
    command = ["export", str(study.root), str(tmp_path / "out")]
    result = CliRunner().invoke(collector, command, catch_exceptions=False)
    assert result.exit_code == 0
    assert "P002-20261123T120000: mexlab-self-report 1.0 had other questions" in result.stderr


def test_of_several_sessions_the_latest_with_a_report_speaks(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "study")
    study.settings_path.write_text('schema_version = 1\nsessions = "all"')
    study = Study.open(study.root)
    register(study, "P001")
    for hour in range(3):
        session = with_scenes(add_session(study, "P001", NOON + timedelta(hours=hour)))
        if hour < 2:
            fill(study, session, steps=1)
    run_command(collector, "export", study.root, tmp_path / "out")
    (row,) = table(tmp_path / "out/participants.csv")
    assert len(row["sessions"].split()) == 3
    sessions = {row["session"] for row in table(tmp_path / "out/self-reports.csv")}
    assert sessions == {"P001-20261123T130000"}
    assert (tmp_path / "out/phenotype/self_report.tsv").exists()
