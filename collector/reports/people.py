"""One participant's rows of an export: what they say about which scene, when, in which language.

Reads nothing from the disk and writes nothing. What cannot be understood is a problem of its row,
with what to do; a row that has one is used for nothing.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from collector.reports.mapping import LONG, SCENES, ReportMap, tidy
from collector.reports.rows import Export, Record
from mexlab.study_settings import LANGUAGES

_ZONE = re.compile(r"(?:GMT|UTC)([+-])(\d{1,2})(?::?(\d\d))?$")  # as Google writes %z


class NotUnderstood(Exception):
    """Something in somebody's rows cannot be taken; `remedy` says what to do."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason, self.remedy = reason, remedy


@dataclass(frozen=True)
class Problem:
    """Why a row is not used, and what to do about it."""

    row: int
    reason: str
    remedy: str


class Amiss(Exception):
    """Some of somebody's rows have problems."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems


@dataclass(frozen=True)
class Rows:
    """All rows of one participant, and by scene the row about it."""

    records: tuple[Record, ...]
    scenes: dict[int, Record]

    @classmethod
    def placed(cls, records: tuple[Record, ...], export: Export, by: ReportMap) -> "Rows":
        """Raises Amiss where it is not clear which row is about which scene."""
        remedy = "export it again, or quote the text"
        if broken := [Problem(r.number, r.amiss, remedy) for r in records if r.amiss]:
            raise Amiss(broken)
        if by.layout == LONG:
            return cls(records, _by_scene(records, by))
        if len(records) > 1:
            raise Amiss(_twice(records, "is of the same participant", "keep the one that counts"))
        return cls(records, dict.fromkeys(export.scenes, records[0]))

    def cell(self, by: ReportMap, answer: str, scene: int) -> str:
        """A cell as it stands. Raises NotUnderstood where rows differ about the whole sitting."""
        column = by.column(answer, scene)
        return self.scenes[scene].cells[column] if scene else the_one(column, self.records, by)

    def row(self, scene: int) -> int:
        return (self.scenes[scene] if scene else self.records[0]).number


def by_participant(
    export: Export, by: ReportMap
) -> Iterator[tuple[str | NotUnderstood, tuple[Record, ...]]]:
    """Rows by whom they are of; each row of nobody by itself, with the reason."""
    groups: dict[str, list[Record]] = {}
    for record in export.records:
        try:
            groups.setdefault(participant_of(record, by), []).append(record)
        except NotUnderstood as error:
            yield error, (record,)
    for participant, records in groups.items():
        yield participant, tuple(records)


def participant_of(record: Record, by: ReportMap) -> str:
    """The participant's id. Raises NotUnderstood where the cell is none."""
    cell = record.cell(by.participant)
    if not cell:
        raise NotUnderstood(f"no participant in {by.participant!r}", "fill the cell in")
    if not by.participant_pattern:
        return cell
    match = re.fullmatch(by.participant_pattern, cell)
    if not match or not match[match.re.groups]:
        reason = f"{cell!r} does not fit participant_pattern"
        raise NotUnderstood(reason, "correct the cell, or the pattern in the map")
    return str(match[match.re.groups])


def scene_of(record: Record, by: ReportMap) -> int:
    """The scene a row of a long export is about; 0 where it names none. Raises NotUnderstood."""
    cell = record.cell(by.scene)
    if not cell:
        return 0
    named = by.scenes or {str(number): number for number in SCENES}
    if cell not in named:
        remedy = "correct the cell, or name it under [scenes] in the map"
        raise NotUnderstood(f"{by.scene!r} is {cell!r}, no scene", remedy)
    return named[cell]


def language_of(records: tuple[Record, ...], by: ReportMap) -> str:
    """The language of the form, one for all rows. Raises NotUnderstood."""
    if by.language:
        return by.language
    cell = tidy(the_one(by.language_column, records, by))
    language = by.languages.get(cell, "") if by.languages else cell
    if language not in LANGUAGES:
        reason = f"{by.language_column!r} is {cell!r}, no language" if cell else "no language"
        raise NotUnderstood(reason, "correct the cell, or name it under [languages] in the map")
    return language


def the_one(column: str, records: tuple[Record, ...], by: ReportMap) -> str:
    """What the rows say in a column that counts for all of them. Raises NotUnderstood."""
    found = {record.cells.get(column, "") for record in records}
    found = {cell for cell in found if tidy(cell) and tidy(cell) not in by.empty}
    if len(found) > 1:
        raise NotUnderstood(f"different cells in {column!r}", "make them the same in every row")
    return next(iter(found), "")


def finished_at(record: Record, by: ReportMap) -> datetime | None:
    """When a row was sent, None where it does not say. Raises NotUnderstood."""
    cell = record.cell(by.finished) if by.finished else ""
    if not cell or cell in by.empty:
        return None
    if "%z" in by.finished_format:
        cell = _ZONE.sub(lambda m: f"{m[1]}{m[2]:0>2}{m[3] or '00'}", cell)
    try:
        moment = datetime.strptime(cell, by.finished_format)
    except ValueError:
        reason = f"{by.finished!r} is {cell!r}, not {by.finished_format}"
        raise NotUnderstood(reason, "correct the cell, or finished_format in the map") from None
    if moment.tzinfo is None and by.time_zone:
        return moment.replace(tzinfo=ZoneInfo(by.time_zone))
    return moment


def _by_scene(records: tuple[Record, ...], by: ReportMap) -> dict[int, Record]:
    """The row about each scene; rows that name none are about the sitting alone."""
    found: dict[int, list[Record]] = {}
    problems: list[Problem] = []
    for record in records:
        try:
            found.setdefault(scene_of(record, by), []).append(record)
        except NotUnderstood as error:
            problems.append(Problem(record.number, error.reason, error.remedy))
    for scene, about in found.items():
        if scene and len(about) > 1:
            problems += _twice(about, f"is about scene {scene}", "keep the one that counts")
    if problems:
        raise Amiss(problems)
    return {scene: about[0] for scene, about in found.items() if scene}


def _twice(records: Sequence[Record], what: str, remedy: str) -> list[Problem]:
    """Each of the rows with the number of another one."""
    first, second = records[0].number, records[1].number
    return [
        Problem(r.number, f"row {second if r.number == first else first} {what} too", remedy)
        for r in records
    ]
