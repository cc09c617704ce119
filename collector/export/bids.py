"""An export's BIDS part: description, participants, phenotype/ (a file a form), and beh/ by scene.

Follows https://bids-specification.readthedocs.io 1.10. Every table has a JSON file that describes
its columns; n/a stands for what is not there. phenotype/ has a row a participant, and columns named
scene1_emotion; sub-LABEL/beh/ has a row a scene, since a BIDS participant wants a folder with data.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from collector.export.codebook import ATTENTION, PARTICIPANTS, SELF_REPORTS, Variable
from collector.export.gathering import Gathered, Subject, Told, scenes_seen, word
from collector.export.readme import readme
from collector.form.filling import FIRST, FORMS, SECOND
from mexlab import __version__
from mexlab.errors import InputError
from mexlab.spreadsheet_safe import Cell, tsv_text

BIDS_VERSION = "1.10.0"
DESCRIPTION = "dataset_description.json"
GENERATOR = "mexlab"
TOOLS = {FIRST: "self_report", SECOND: "second_pass"}  # file names
BEH = "task-film_beh"
TASK = {
    "TaskName": "film",
    "TaskDescription": "A film of brief scenes, meant to elicit one emotion each, was watched "
    "while a camera recorded the face; then the participant reported on each scene.",
}
_OURS = re.compile(
    rf"README|\.bidsignore|{DESCRIPTION}|participants\.(tsv|json)|{BEH}\.json"
    r"|(participants|self-reports|second-reports|codebook)\.csv"
    rf"|phenotype/\w+\.(tsv|json)|sub-[A-Za-z0-9]+/beh/sub-[A-Za-z0-9]+_{BEH}\.tsv"
)
_BY_NAME = {variable.name: variable for variable in SELF_REPORTS}
_SESSION, _LANGUAGE = _BY_NAME["session"], replace(_BY_NAME["language"], name="form_language")
_SCENE = tuple(_BY_NAME[name] for name in ("position", "scene", "target"))
_FINISHED = Variable("finished_at", "text", "Fin del cuestionario (ISO 8601)", "End of the form")
_START = Variable("start_ns", "number", "Comienzo en la grabación", "Start", units="ns")
_END = Variable("end_ns", "number", "Final en la grabación, excluido", "End, excluded", units="ns")


@dataclass(frozen=True)
class Entry:
    """One cell of a report's row; columns stand in the order of `place`."""

    place: tuple[int, int, int]
    column: Variable
    value: Cell


def foreign_file(folder: Path) -> str | None:
    """A file that no export of ours has put there; None for a former export as it was."""
    try:
        values = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        ours = values["GeneratedBy"][0]["Name"] == GENERATOR
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        ours = False
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return next((name for name in files if not (ours and _OURS.fullmatch(name))), None)


def bids_files(gathered: Gathered) -> dict[str, str]:
    """The text of each file, by its path in the dataset. Raises InputError for two alike labels."""
    ids = labels(gathered)
    rows = [[ids[s.person.participant], *s.cells().values()] for s in gathered.subjects]
    files = {
        DESCRIPTION: _json(_description(gathered)),
        "README": readme(gathered),
        ".bidsignore": "*.csv\n",
        "participants.tsv": tsv_text(["participant_id", *(v.name for v in PARTICIPANTS)], rows),
        "participants.json": _json(_described(PARTICIPANTS)),
    }
    for form in FORMS:
        files |= _phenotypes(gathered, form, ids)
    return files | _behaviour(gathered, ids)


def labels(gathered: Gathered) -> dict[str, str]:
    """sub-LABEL of each participant: letters and digits only."""
    found: dict[str, str] = {}
    seen: dict[str, str] = {}
    for subject in gathered.subjects:
        name = subject.person.participant
        label = re.sub("[^A-Za-z0-9]", "", name)
        other = seen.setdefault(label.lower(), name)  # some systems do not tell a from A
        if other != name:
            what = f"{other} and {name} would both be sub-{label} in BIDS"
            raise InputError(what, gathered.study.participants_path, "rename one of them")
        found[name] = f"sub-{label}"
    return found


def _description(gathered: Gathered) -> dict[str, Any]:
    study = gathered.study
    ethics = {"EthicsApprovals": [study.settings.ethics_id]} if study.settings.ethics_id else {}
    made = {"Name": GENERATOR, "Version": __version__, "Description": "collector export"}
    return {
        "Name": study.settings.title or study.root.resolve().name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        **ethics,
        "GeneratedBy": [made],
    }


def _phenotypes(gathered: Gathered, form: str, ids: Mapping[str, str]) -> dict[str, str]:
    """A table and its description for each instrument and version that was used.

    Each has a row for every participant, as BIDS validators want it.
    """
    instruments, told = gathered.instruments(form), gathered.told(form)
    files: dict[str, str] = {}
    for named, variables in instruments.items():
        stem = re.sub(r"[^a-z0-9]+", "_", "_".join([TOOLS[form], *named]).lower())
        stem = TOOLS[form] if len(instruments) == 1 else stem
        while f"phenotype/{stem}.tsv" in files:
            stem += "_"  # names that differ only in signs
        own = {s.person.participant: t for s, t in told if t.questions == named}
        entries = {name: list(_entries(one, list(variables))) for name, one in own.items()}
        every = sorted((e for row in entries.values() for e in row), key=lambda e: e.place)
        columns = {entry.column.name: entry.column for entry in every}
        rows = []
        for name, label in ids.items():
            cells = {entry.column.name: entry.value for entry in entries.get(name, ())}
            rows.append([label, *map(cells.get, columns)])
        tool = _tool(next(iter(own.values()))) | _described(columns.values())
        files[f"phenotype/{stem}.tsv"] = tsv_text(["participant_id", *columns], rows)
        files[f"phenotype/{stem}.json"] = _json(tool)
    return files


def _entries(told: Told, asked: list[str]) -> Iterator[Entry]:
    """One report as cells of a row: about the form, each scene or moment, and the sitting."""
    report = told.report
    yield Entry((0, 0, 0), _SESSION, told.session.id)
    yield Entry((0, 0, 1), _LANGUAGE, report.language)
    yield Entry((0, 0, 2), _FINISHED, report.finished_at)
    yield Entry((0, 0, 3), ATTENTION, word(told.attention_passed))
    moments = {name: number for number, name in enumerate(report.intervals, start=1)}
    if told.form == FIRST:
        for scene, (position, target) in told.scenes.items():
            yield Entry((1, scene, 0), _about(_SCENE[0], "scene", scene, last=True), position)
            yield Entry((1, scene, 1), _about(_SCENE[2], "scene", scene, last=True), target)
    for answer in told.answers:
        column, place = told.described[answer.question], 9 + asked.index(answer.question)
        if answer.interval in moments:
            number = moments[answer.interval]
            for at, (about, value) in enumerate(_moment(told, answer.interval, answer.scene)):
                yield Entry((1, number, at), _about(about, "moment", number, last=True), value)
            yield Entry((1, number, place), _about(column, "moment", number), answer.value)
        elif answer.scene:
            yield Entry(
                (1, answer.scene, place), _about(column, "scene", answer.scene), answer.value
            )
        else:
            yield Entry((2, 0, place), replace(column, name=f"sitting_{column.name}"), answer.value)


def _moment(told: Told, interval: str, scene: int) -> list[tuple[Variable, Cell]]:
    start_ns, end_ns = told.report.intervals[interval]
    return [(_SCENE[1], scene), (_START, start_ns), (_END, end_ns)]


def _about(column: Variable, what: str, number: int, *, last: bool = False) -> Variable:
    """The column for one scene or moment: scene1_NAME for answers, NAME_scene1 for the rest.

    So no question, whatever a laboratory names it, meets a column of ours.
    """
    name = f"{column.name}_{what}{number}" if last else f"{what}{number}_{column.name}"
    es = {"scene": "Escena", "moment": "Momento"}[what]
    texts = f"{es} {number}: {column.es}", f"{what.capitalize()} {number}: {column.en}"
    return replace(column, name=name, es=texts[0], en=texts[1])


def _behaviour(gathered: Gathered, ids: Mapping[str, str]) -> dict[str, str]:
    """The first reports again, a row a scene: easier to analyse, and a folder a participant."""
    variables = {n: v for found in gathered.instruments(FIRST).values() for n, v in found.items()}
    asked = {a.question for _, told in gathered.told(FIRST) for a in told.answers if a.scene}
    answers = [replace(v, name=f"answer_{n}") for n, v in variables.items() if n in asked]
    columns = (*_SCENE, *answers)
    files = {f"{BEH}.json": _json(TASK | _described(columns))}
    for subject in gathered.subjects:
        label = ids[subject.person.participant]
        rows = [[row.get(column.name) for column in columns] for row in _scene_rows(subject)]
        text = tsv_text([column.name for column in columns], rows)
        files[f"{label}/beh/{label}_{BEH}.tsv"] = text
    return files


def _scene_rows(subject: Subject) -> Iterator[dict[str, Cell]]:
    told = subject.first
    scenes = scenes_seen(subject.session) if subject.session else {}
    unplaced = {a.scene for a in told.answers if a.scene} - set(scenes) if told else set()
    for scene in (*scenes, *sorted(unplaced)):
        position, target = scenes.get(scene, (None, None))
        given = told.report.given(scene) if told else {}
        answers = {f"answer_{question}": value for question, value in given.items()}
        yield {"position": position, "scene": scene, "target": target, **answers}


def _tool(told: Told) -> dict[str, Any]:
    asked = told.instrument
    title = _both(asked.es, asked.en) if asked else "A report from elsewhere"
    text = f"{title} ({told.report.instrument}, version {told.report.version})"
    return {"MeasurementToolMetadata": {"Description": text}}


def _described(columns: Iterable[Variable]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column in columns:
        found[column.name] = {"Description": _both(column.es, column.en)}
        if column.levels:
            levels = {value: _both(*labels) for value, labels in column.levels.items()}
            found[column.name]["Levels"] = levels
        if column.units:
            found[column.name]["Units"] = column.units
        if column.expected:
            found[column.name]["Expected"] = column.expected
    return found


def _both(es: str, en: str) -> str:
    """English first, as BIDS is; once where the languages agree."""
    return en if es == en else f"{en} / {es}"


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
