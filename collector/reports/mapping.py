"""MAP.toml: where in another form's export the answers to our questions stand, and in what words.

    system, layout, header_rows      whose export; one row a participant (wide) or a scene (long)
    participant, language, finished  columns about whoever answered
    [answers]                        our answer -> column, with {scene} where each scene has its own
    [values.ANSWER]                  cell -> our value
    [only]                           column -> cells of rows to read; the others are passed over

Reads the map and checks it against the instrument; the maps shipped in collector/reports/maps/
explain every line. Nothing is guessed: what the map does not say stops the import.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from collector.form.instrument import Instrument, Page, Question
from collector.form.kinds import KINDS, TYPED, UNKNOWN, Misread
from collector.scenes import SCENES_PER_COMPILATION
from mexlab.errors import InputError
from mexlab.settings import from_mapping, read_toml
from mexlab.study_settings import LANGUAGES

WIDE, LONG = "wide", "long"
SCENE = "{scene}"
SCENES = range(1, SCENES_PER_COMPILATION + 1)
REST = "*"  # in [values]: any other words; in [only]: any cell that is not empty
CLOCK, HOURS, SECONDS = "mm:ss", "h:mm:ss", "seconds"


@dataclass(frozen=True)
class ReportMap:
    """A map. A column is named as in the header, but for runs of blanks; cells likewise."""

    system: str
    layout: str = field(metadata={"choices": (WIDE, LONG)})
    participant: str
    answers: dict[str, str]
    header_rows: int = field(default=1, metadata={"low": 1, "high": 9})
    participant_pattern: str = ""
    language: str = ""
    language_column: str = ""
    scene: str = ""
    finished: str = ""
    finished_format: str = ""
    time_zone: str = ""
    moments: str = field(default=CLOCK, metadata={"choices": (CLOCK, HOURS, SECONDS)})
    empty: tuple[str, ...] = ()
    only: dict[str, tuple[str, ...]] = field(default_factory=dict)
    languages: dict[str, str] = field(default_factory=dict)
    scenes: dict[str, int] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)

    def column(self, answer: str, scene: int) -> str:
        """The column of an answer about a scene; of one about the whole sitting for scene 0."""
        return self.answers[answer].replace(SCENE, str(scene))

    def about_rows(self) -> Iterator[str]:
        """The columns that are not answers."""
        once = (self.participant, self.language_column, self.scene, self.finished, *self.only)
        return (column for column in once if column)

    def mapped(self, question: Question) -> tuple[str, ...]:
        """Those answers of a question that the other form asked for.

        The scales of a `scales` question were asked one by one; elsewhere the parts belong together
        and the first stands for all.
        """
        kind = KINDS[question.kind]
        names = kind.answers(question)
        if kind.required(question) == names:
            return tuple(name for name in names if name in self.answers)
        return names if names[0] in self.answers else ()

    def asked(self, question: Question) -> tuple[str, ...]:
        """Those answers of a question that have a column."""
        return tuple(
            name for name in KINDS[question.kind].answers(question) if name in self.answers
        )

    def table(self, question: Question, answer: str) -> dict[str, str]:
        """How the cells of an answer read; the scales of one question share a table."""
        shared = self.values.get(question.id, {}) if answer in _scales(question) else {}
        return self.values.get(answer, shared)


def read_map(path: Path, instrument: Instrument) -> ReportMap:
    """Read and check. Raises InputError or StudyError with the place and what to do."""
    if not path.is_file():
        remedy = "print one to start from with: collector import-reports --example SYSTEM"
        raise InputError("no such map", path, remedy)
    tables = read_toml(path)
    for name in ("answers", "languages", "scenes", "only", "values"):
        if not isinstance(tables.get(name, {}), dict):
            raise InputError(f"{name} is no table", path, f"write [{name}]")
    answers = _texts(tables.get("answers", {}), f"{path} [answers]")
    parts = {
        "answers": {name: tidy(column) for name, column in answers.items()},
        "languages": _texts(tables.get("languages", {}), f"{path} [languages]"),
        "scenes": {tidy(key): number for key, number in tables.get("scenes", {}).items()},
        "only": _rows_to_read(tables.get("only", {}), path),
        "values": {
            name: _texts(table, f"{path} [values.{name}]")
            for name, table in tables.get("values", {}).items()
        },
    }
    head = {key: _tidied(value) for key, value in tables.items()}
    read = from_mapping(ReportMap, {**head, **parts}, path)
    _check_head(read, path)
    _check_answers(read, instrument, path)
    _check_values(read, instrument, path)
    return read


def example(system: str) -> str:
    """The map shipped for a system."""
    return (files("collector.reports") / "maps" / f"{system}.toml").read_text(encoding="utf-8")


def tidy(text: str) -> str:
    """Without blanks around it, and with single ones within: as people compare headers."""
    return " ".join(text.split())


def _tidied(value: Any) -> Any:
    """A setting that names a column or cells, as these are compared."""
    if isinstance(value, list):
        return [_tidied(item) for item in value]
    return tidy(value) if isinstance(value, str) else value


def _texts(table: Any, where: str) -> dict[str, str]:
    """A table of texts; whole numbers serve as texts."""
    if not isinstance(table, dict) or any(type(v) not in (str, int) for v in table.values()):
        raise InputError("not a table of texts", where, 'write lines like: "cell" = "value"')
    return {tidy(key): str(value) for key, value in table.items()}


def _rows_to_read(table: Mapping[str, Any], path: Path) -> dict[str, tuple[str, ...]]:
    lists = {key: cells if isinstance(cells, list) else [cells] for key, cells in table.items()}
    if any(type(cell) is not str for cells in lists.values() for cell in cells):
        remedy = 'write the cells in quotes, like: Finished = ["1", "True"]'
        raise InputError("not texts", f"{path} [only]", remedy)
    return {tidy(key): tuple(map(tidy, cells)) for key, cells in lists.items()}


def _check_head(read: ReportMap, path: Path) -> None:
    if not read.participant:
        raise InputError("no participant column", path, 'write: participant = "COLUMN"')
    if bool(read.language) == bool(read.language_column):
        remedy = 'write one of: language = "es", language_column = "COLUMN"'
        raise InputError("not one language, or column of it", path, remedy)
    if {read.language or LANGUAGES[0], *read.languages.values()} - set(LANGUAGES):
        raise InputError("unknown language", path, f"use: {', '.join(LANGUAGES)}")
    if bool(read.scene) != (read.layout == LONG):
        remedy = "name the column of the scene's number in a long export, and only there"
        raise InputError(f"a {read.layout} export and scene = {read.scene!r}", path, remedy)
    if any(type(number) is not int or number not in SCENES for number in read.scenes.values()):
        what = f"a scene that is none of {SCENES[0]} to {SCENES[-1]}"
        raise InputError(what, f"{path} [scenes]", 'write lines like: "First film" = 1')
    try:
        groups = re.compile(read.participant_pattern).groups
    except re.error as error:
        what = f"participant_pattern: {error}"
        raise InputError(what, path, "correct the expression") from error
    if groups > 1:
        remedy = "put the part that is the participant's number in (), once"
        raise InputError("participant_pattern has several groups", path, remedy)
    _check_times(read, path)


def _check_times(read: ReportMap, path: Path) -> None:
    if bool(read.finished) != bool(read.finished_format):
        remedy = 'write both, like: finished_format = "%Y-%m-%d %H:%M:%S"'
        raise InputError("one of finished and finished_format alone", path, remedy)
    try:
        some_day = datetime(2026, 11, 23, 10, 15).astimezone()
        day = datetime.strptime(some_day.strftime(read.finished_format), read.finished_format)
        if read.finished and day.date() != some_day.date():
            raise ValueError("no whole date in it")
    except ValueError as error:
        remedy = 'write it like "%d/%m/%Y %H:%M:%S"'
        raise InputError(f"finished_format: {error}", path, remedy) from error
    try:
        ZoneInfo(read.time_zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError) as error:
        remedy = "write a name like Europe/Madrid or UTC"
        raise InputError(f"no time zone {read.time_zone!r}", path, remedy) from error


def _check_answers(read: ReportMap, instrument: Instrument, path: Path) -> None:
    """Every answer is one that the instrument has, in one column, or one for each scene."""
    where = f"{path} [answers]"
    known = {name: (page, question) for page, question, name in _answers(instrument)}
    if not read.answers:
        raise InputError("no answer", where, f"name columns of: {', '.join(known)}")
    for name, column in read.answers.items():
        if name not in known:
            what = f"instrument {instrument.id} has no answer {name!r}"
            raise InputError(what, where, f"use: {', '.join(known)}")
        page, question = known[name]
        each = read.layout == WIDE and not page.after_scene
        if (SCENE in column) != each:
            remedy = f"write {SCENE} in it" if each else f"write it without {SCENE}"
            asked = "about each scene" if each else "in one column"
            raise InputError(f"{name} is asked {asked}", where, remedy)
        if name not in read.mapped(question):
            first = KINDS[question.kind].answers(question)[0]
            raise InputError(f"{name} without {first}", where, f"name the column of {first} too")


def _check_values(read: ReportMap, instrument: Instrument, path: Path) -> None:
    """Every table is about an answer in the map, and gives values that the answer can have."""
    known = {name: question for _, question, name in _answers(instrument) if name in read.answers}
    for question in list(known.values()):
        if set(_scales(question)) & set(known):
            known[question.id] = question
    for name, table in read.values.items():
        where = f"{path} [values.{name}]"
        if name not in known or not _translated(known[name], name):
            able = [n for n, question in known.items() if _translated(question, n)]
            raise InputError("no such answer to translate", where, f"use: {', '.join(able)}")
        for cell, value in table.items():
            if not _possible(known[name], name, cell, value, read):
                remedy = "use the values of the instrument, or an empty one for no answer"
                raise InputError(f"{value!r} is no value of {name}", where, remedy)


def _possible(question: Question, name: str, cell: str, value: str, read: ReportMap) -> bool:
    asking = {option.value for option in question.options if option.asks}
    if cell == REST:  # the words of whoever found no option, in the column of the options
        return value in asking and f"{name}_text" not in read.answers
    if not value:
        return True
    if question.kind == "moment":
        return value in ((UNKNOWN,) if name.endswith("_ns") else (TYPED, UNKNOWN))
    answer = next(iter(_scales(question)), name)
    try:
        return answer in KINDS[question.kind].parse(question, {answer: value}, None)
    except Misread:
        return False


def _answers(instrument: Instrument) -> Iterator[tuple[Page, Question, str]]:
    for page, question in instrument.questions():
        for name in KINDS[question.kind].answers(question):
            yield page, question, name


def _scales(question: Question) -> tuple[str, ...]:
    """The answers of a question that asks for several numbers."""
    kind = KINDS[question.kind]
    names = kind.answers(question)
    return names if kind.required(question) == names != (question.id,) else ()


def _translated(question: Question, answer: str) -> bool:
    """Whether the answer is one of set values; words of one's own are taken as they are."""
    return question.kind != "text" and answer != f"{question.id}_text"
