"""Reports from forms that already exist: an export of Google Forms, REDCap, Qualtrics, LimeSurvey.

Reads the export as MAP.toml says; writes report.json, and the questions beside it, into the session
of each participant whose rows are understood whole. Answers go the way of those typed into our own
form. Rows of everybody else are listed with the reason, and nothing of them is used.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from collector.form.filling import FIRST, NEEDED, Filling, Step, answers_path, questions_path, steps
from collector.form.instrument import Instrument, read_instrument
from collector.form.items import film_scenes
from collector.form.kinds import Value
from collector.reports.cells import answers, cell
from collector.reports.mapping import LONG, ReportMap, read_map
from collector.reports.people import (
    Amiss,
    NotUnderstood,
    Problem,
    Rows,
    by_participant,
    finished_at,
    language_of,
)
from collector.reports.rows import Export, Record, read_export
from mexlab.atomic import write_text
from mexlab.consent import withdrawn_at
from mexlab.errors import MexlabError
from mexlab.events import append_event
from mexlab.session import SelfReport, Session
from mexlab.study import Study

IMPORTED, THERE, UNUSED = "imported", "already there", "not used"


@dataclass(frozen=True)
class Outcome:
    """What became of one participant's rows; `participant` is empty where nobody is named."""

    participant: str
    rows: tuple[int, ...]
    state: str
    session: str = ""
    answers: int = 0
    scenes: int = 0
    problems: tuple[Problem, ...] = ()

    def __str__(self) -> str:
        rows = f"row{'s' * (len(self.rows) > 1)} {', '.join(map(str, self.rows))}"
        if self.state == THERE:
            return f"{self.participant}: already there ({rows})"
        about = f"{self.answers} answers about {self.scenes} scenes"
        return f"{self.participant}: {about} ({rows}) -> {self.session}"

    def listed(self) -> Iterator[str]:
        """A line for each row that is not used, and each reason."""
        who = f" ({self.participant})" if self.participant else ""
        for problem in self.problems:
            yield f"row {problem.row}{who}: {problem.reason}; {problem.remedy}"


@dataclass(frozen=True)
class Result:
    """What became of a whole export; `passed_over` are the rows that [only] leaves out."""

    outcomes: tuple[Outcome, ...]
    passed_over: tuple[int, ...]

    def rows(self, *states: str) -> int:
        """How many rows came to one of these ends."""
        return sum(len(outcome.rows) for outcome in self.outcomes if outcome.state in states)

    def __str__(self) -> str:
        text = f"{self.rows(IMPORTED)} of {self.rows(IMPORTED, THERE, UNUSED)} rows used"
        if there := self.rows(THERE):
            text += f", {there} already there"
        if self.passed_over:
            text += f"; passed over, as [only] says: {', '.join(map(str, self.passed_over))}"
        return text

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        used, there, unused = self.rows(IMPORTED), self.rows(THERE), self.rows(UNUSED)
        return {"used": used, "already_there": there, "not_used": unused, **asdict(self)}


@dataclass(frozen=True)
class Source:
    """An export, the map it is read by, and the questions it answers."""

    study: Study
    path: Path
    by: ReportMap
    export: Export
    instrument: Instrument
    questions: str

    @classmethod
    def read(cls, study: Study, path: Path, map_path: Path) -> Self:
        """Everything checked that concerns all rows. Raises MexlabError."""
        instrument = read_instrument(study.instrument_path)
        by = read_map(map_path, instrument)
        questions = study.instrument_path.read_text(encoding="utf-8")
        return cls(study, path, by, read_export(path, by), instrument, questions)


class Unsaved(Filling):
    """A form filled in without a file: an import is written once, whole."""

    def _kept(self, report: SelfReport) -> Self:
        return replace(self, report=report)


def import_reports(study: Study, path: Path, map_path: Path) -> Result:
    """Import every participant's rows. Raises MexlabError where map and file do not fit."""
    source = Source.read(study, path, map_path)
    sessions = {s.header.participant: s for s in study.counted_sessions()[0]}
    outcomes = []
    for participant, records in by_participant(source.export, source.by):
        if isinstance(participant, NotUnderstood):
            outcomes.append(_unused("", records, _of_all(records, participant)))
        else:
            outcomes.append(_outcome(source, participant, records, sessions.get(participant)))
    outcomes.sort(key=lambda outcome: outcome.rows)
    return Result(tuple(outcomes), source.export.passed_over)


def _outcome(
    source: Source, participant: str, records: tuple[Record, ...], session: Session | None
) -> Outcome:
    try:
        source.study.participant(participant)  # before a lock is made for somebody unknown
        with source.study.holding(participant):
            return _taken(source, participant, records, session)
    except Amiss as amiss:
        return _unused(participant, records, amiss.problems)
    except NotUnderstood as error:
        return _unused(participant, records, _of_all(records, error))
    except MexlabError as error:
        reason = NotUnderstood(error.what, error.remedy)
        return _unused(participant, records, _of_all(records, reason))


def _taken(
    source: Source, participant: str, records: tuple[Record, ...], session: Session | None
) -> Outcome:
    """Check the participant, read the rows, write the report. Raises what stands against it."""
    session = _open_to_reports(source.study, participant, session)
    rows = Rows.placed(records, source.export, source.by)
    report = _report(source, rows, session)
    numbers = tuple(record.number for record in records)
    place = answers_path(session, FIRST)
    if place.exists():
        if _contents(SelfReport.read(place)) == _contents(report):
            return Outcome(participant, numbers, THERE, session.id)
        reason = f"session {session.id} has another report already"
        raise NotUnderstood(reason, f"to take this one, move its {place.name} elsewhere")
    write_text(questions_path(session, FIRST), source.questions)
    report.write(place)
    last_ns = int(session.scenes()["end_ns"].to_numpy().max())
    came = {"system": source.by.system, "file": source.path.name, "rows": numbers}
    append_event(session.events_path, last_ns, "report-imported", **came)
    about = len({answer.scene for answer in report.answers} - {0})
    return Outcome(participant, numbers, IMPORTED, session.id, len(report.answers), about)


def _open_to_reports(study: Study, participant: str, session: Session | None) -> Session:
    """The session of somebody who allows it. Raises MexlabError or NotUnderstood."""
    if withdrawn_at(study.participant(participant).consents):
        raise NotUnderstood("the participant has withdrawn", "delete the row from the export")
    if session is None:
        raise NotUnderstood("no complete session", "record or import it first")
    _, refused = study.consenting([session], NEEDED[FIRST])
    if refused:
        command = f"collector participant {study.root} {participant} --consent SCOPES"
        raise NotUnderstood(refused[0].reason, f"record the consent with: {command}")
    if not session.scenes_path.exists():
        raise NotUnderstood(f"session {session.id} has no scenes", "record the session again")
    return session


def _report(source: Source, rows: Rows, session: Session) -> SelfReport:
    """The answers, given to the form page by page. Raises Amiss and NotUnderstood."""
    form, problems = _form(source, rows, session), _strayed(source, rows, session)
    for number, step in enumerate(form.steps):
        if step.item and step.item.scene not in rows.scenes:
            continue  # the export does not ask about this scene
        try:
            form = form.save(number, _answers(source.by, rows, step))
        except Amiss as amiss:
            problems += amiss.problems
    if problems:
        raise Amiss(problems)
    if all(answer.value is None for answer in form.report.answers):
        raise NotUnderstood("nothing is answered", "delete the row from the export")
    return _dated(form.finish().report, source.by, rows)


def _form(source: Source, rows: Rows, session: Session) -> Unsaved:
    """An empty form of this session."""
    instrument, language = source.instrument, language_of(rows.records, source.by)
    origin = f"{source.by.system}: {source.path.name}"
    report = SelfReport(instrument.id, instrument.version, language, (), source=origin)
    asked = steps(instrument, film_scenes(source.study, session))
    return Unsaved(source.study, session, FIRST, instrument, report, asked)


def _answers(by: ReportMap, rows: Rows, step: Step) -> dict[str, Value]:
    """What the rows say to one page. Raises Amiss, with every question's problem."""
    found: dict[str, Value] = {}
    problems = []
    scene, _ = step.about
    for question in step.page.questions:
        try:
            cells = {name: rows.cell(by, name, scene) for name in by.asked(question)}
            found |= answers(by, question, cells, step.item)
        except NotUnderstood as error:
            where = f"scene {scene}: " if scene else ""
            problems.append(Problem(rows.row(scene), f"{where}{error.reason}", error.remedy))
    if problems:
        raise Amiss(problems)
    return found


def _strayed(source: Source, rows: Rows, session: Session) -> list[Problem]:
    """What is said about scenes that the session has not, or about none in particular."""
    by, problems = source.by, []
    there = set(session.scenes()["scene"].to_pylist())
    for scene in sorted(set(rows.scenes) - there):
        if by.layout == LONG or _says(source, rows.scenes[scene], scene):
            remedy = (
                f"leave the scene out, or import the session that shows it: {session.id} does not"
            )
            problems.append(Problem(rows.row(scene), f"no scene {scene} in the session", remedy))
    placed = {record.number for record in rows.scenes.values()}
    for record in rows.records:
        if record.number not in placed and _says(source, record, 0):
            what, remedy = "answers about a scene, but no scene", f"fill in {by.scene!r}"
            problems.append(Problem(record.number, what, remedy))
    return problems


def _says(source: Source, record: Record, scene: int) -> bool:
    """Whether a row answers anything that is asked about each scene."""
    by = source.by
    return any(
        cell(by, question, name, record.cells[by.column(name, scene)]).strip()
        for page, question in source.instrument.questions()
        for name in by.asked(question)
        if not page.after_scene
    )


def _dated(report: SelfReport, by: ReportMap, rows: Rows) -> SelfReport:
    """With the times that the rows give, where they give any. Raises NotUnderstood."""
    sent = {record.number: finished_at(record, by) for record in rows.records}
    known = sorted((moment for moment in sent.values() if moment), key=datetime.timestamp)
    if not known:
        return report
    dated = [
        replace(answer, answered_at=(sent[rows.row(answer.scene)] or known[-1]).isoformat())
        for answer in report.answers
    ]
    return replace(report, answers=tuple(dated), finished_at=known[-1].isoformat())


def _contents(report: SelfReport) -> tuple[object, ...]:
    """What makes two reports the same, whenever they were given."""
    said = {(a.scene, a.interval, a.question, a.value) for a in report.answers}
    return report.instrument, report.version, report.language, bool(report.finished_at), said


def _of_all(records: Sequence[Record], error: NotUnderstood) -> list[Problem]:
    return [Problem(record.number, error.reason, error.remedy) for record in records]


def _unused(participant: str, records: tuple[Record, ...], problems: list[Problem]) -> Outcome:
    """Nothing is used; rows without a problem of their own say which row has one."""
    bad = problems[0].row
    own = {problem.row for problem in problems}
    others = [
        Problem(record.number, f"row {bad} of the same participant is amiss", f"correct row {bad}")
        for record in records
        if record.number not in own
    ]
    every = tuple(sorted([*problems, *others], key=lambda problem: problem.row))
    return Outcome(participant, tuple(r.number for r in records), UNUSED, problems=every)
