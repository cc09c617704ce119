"""A form being filled in: which question comes next, and every answer on disk before it is asked.

Reads the session's scenes or intervals; writes report.json (second-report.json) and, when the form
is begun, a copy of the questions beside it. Nothing is kept in memory: where somebody stands
follows from the answers, so that a form goes on wherever it was left, on any device.
"""

import random
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Self

from collector.form.instrument import EMOTION, INTENSITY, Instrument, Page, read_instrument
from collector.form.items import Item, face_intervals, face_items, film_scenes
from collector.form.kinds import KINDS, Misread, Value
from mexlab.atomic import write_text
from mexlab.consent import missing_scopes
from mexlab.errors import ConsentError, StudyError
from mexlab.session import Answer, SelfReport, Session
from mexlab.study import Study

FIRST, SECOND = "self-report", "second-pass"
FORMS = (FIRST, SECOND)
NEEDED = {FIRST: ("recorded",), SECOND: ("recorded", "analysed")}  # consent


@dataclass(frozen=True)
class Step:
    """One page to fill in, about an item; without one, about the whole sitting (scene 0)."""

    page: Page
    item: Item | None

    @property
    def about(self) -> tuple[int, str | None]:
        """Scene and interval that the answers name."""
        return (self.item.scene, self.item.interval) if self.item else (0, None)

    @property
    def answers(self) -> tuple[str, ...]:
        return tuple(name for q in self.page.questions for name in KINDS[q.kind].answers(q))

    def names(self, questions: Collection[str]) -> set[str]:
        """The answers that some of its questions give."""
        asked = (q for q in self.page.questions if q.id in questions)
        return {name for q in asked for name in KINDS[q.kind].answers(q)}

    @property
    def required(self) -> tuple[str, ...]:
        """What somebody who goes on without it is reminded of, once."""
        asked = (q for q in self.page.questions if not q.optional)
        return tuple(name for q in asked for name in KINDS[q.kind].required(q))


@dataclass(frozen=True)
class Given:
    """What a page was sent back with: answers by name, and what cannot be taken.

    `amiss` says by field which words tell why, `unread` which answers those fields would have
    given, `fields` the page as it was filled in, None where it shows what is on disk.
    """

    values: Mapping[str, Value]
    amiss: Mapping[str, str] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()
    fields: Mapping[str, str] | None = None

    @classmethod
    def read(cls, step: Step, sent: Mapping[str, str]) -> Self:
        """The fields of a page, each question by its kind."""
        values: dict[str, Value] = {}
        amiss: dict[str, str] = {}
        unread: set[str] = set()
        for question in step.page.questions:
            kind = KINDS[question.kind]
            try:
                values |= kind.parse(question, sent, step.item)
            except Misread as misread:
                amiss[misread.field] = misread.words
                unread.update(kind.answers(question))
        missing = tuple(n for n in step.required if n not in values and n not in unread)
        return cls(values, amiss, frozenset(unread), missing, sent)

    @classmethod
    def skipped(cls, step: Step) -> Self:
        """Every question of the page passed over."""
        return cls(dict.fromkeys(step.answers))

    def may_go_on(self, reminded: bool) -> bool:
        """Whether the next page comes: nothing amiss, and nothing left out unawares."""
        return not self.amiss and (reminded or not self.missing)


@dataclass(frozen=True)
class Filling:
    """A form with its questions and the answers so far."""

    study: Study
    session: Session
    form: str
    instrument: Instrument
    report: SelfReport
    steps: tuple[Step, ...]

    @classmethod
    def read(cls, study: Study, session: Session, form: str) -> Self:
        """The form as it stands on disk. Raises StudyError where it was not begun."""
        path, answers = questions_path(session, form), answers_path(session, form)
        if not (path.exists() and answers.exists()):
            raise StudyError(f"the form of {session.id} is not begun", answers, "make a new link")
        instrument = _questions(path, path.stat().st_mtime_ns)
        report = SelfReport.read(answers)
        if form == SECOND:
            items = face_items(session, report.intervals)
        else:
            items = film_scenes(study, session)
        return cls(study, session, form, instrument, report, steps(instrument, items))

    def next_step(self) -> int:
        """Where to go on: the first step with a question never answered; their number if none."""
        open_ = (n for n, step in enumerate(self.steps) if set(step.answers) - set(self.given(n)))
        return next(open_, len(self.steps))

    def given(self, number: int) -> dict[str, Value]:
        """The answers of a step; None is a question passed over."""
        return self.report.given(*self.steps[number].about)

    @property
    def finished(self) -> bool:
        return self.report.finished_at is not None

    def save(self, number: int, values: Mapping[str, Value]) -> Self:
        """These answers to a step, on disk."""
        step, report, now = self.steps[number], self.report, _now()
        before = self.given(number)
        for name, value in values.items():
            if name not in before or before[name] != value:
                scene, interval = step.about
                report = report.answering(Answer(scene, name, value, now, interval))
        return self._kept(_with_intensity(report, step, now))

    def finish(self) -> Self:
        """The participant is done; from now on the answers stay as they are."""
        return self._kept(replace(self.report, finished_at=_now()))

    def speak(self, language: str) -> Self:
        """Go on in another language."""
        return self._kept(replace(self.report, language=language))

    def _kept(self, report: SelfReport) -> Self:
        if report != self.report:
            report.write(answers_path(self.session, self.form))
        return replace(self, report=report)


def begin(study: Study, session: Session, form: str, language: str) -> Filling:
    """The form, begun if it was not. Raises StudyError where there is nothing to ask about.

    A report that did not come from this form (typed in elsewhere, simulated) is left alone.
    """
    questions, answers = questions_path(session, form), answers_path(session, form)
    if answers.exists() and questions.exists():
        return Filling.read(study, session, form)
    if answers.exists():
        remedy = "see it with: collector export"
        raise StudyError(f"{session.id} has a report from elsewhere", answers, remedy)
    source = study.second_instrument_path if form == SECOND else study.instrument_path
    instrument = read_instrument(source)
    intervals = face_intervals(session) if form == SECOND else {}
    if form == SECOND and not intervals:
        remedy = "run annotate analyse and annotate locate first"
        raise StudyError("no interval of the face to look at", session.intervals_path, remedy)
    if form == FIRST and not session.scenes_path.exists():
        raise StudyError("no scene to ask about", session.scenes_path, "record the session again")
    write_text(questions, source.read_text(encoding="utf-8"))
    order = dict(_orders(instrument))
    SelfReport(instrument.id, instrument.version, language, (), order, intervals).write(answers)
    return Filling.read(study, session, form)


def questions_path(session: Session, form: str) -> Path:
    """The copy of the questions that a form was begun with."""
    return session.second_instrument_path if form == SECOND else session.instrument_path


def answers_path(session: Session, form: str) -> Path:
    return session.second_report_path if form == SECOND else session.report_path


def check_consent(study: Study, session: Session, form: str) -> None:
    """Raise ConsentError where the participant has not allowed what the form rests on."""
    person = study.participant(session.header.participant)
    if missing := missing_scopes(person.consents, NEEDED[form]):
        what = f"no consent to being {' and '.join(missing)}"
        raise ConsentError(what, person.participant, "record it on the page Consent")


def steps(instrument: Instrument, items: tuple[Item, ...]) -> tuple[Step, ...]:
    """Every page for every item, and those asked once after theirs; late ones after the last."""
    found: list[Step] = []
    for number, item in enumerate(items, start=1):
        found += [Step(page, item) for page in instrument.pages if not page.after_scene]
        once = (page for page in instrument.pages if page.after_scene)
        found += [Step(p, None) for p in once if min(p.after_scene, len(items)) == number]
    return tuple(found)


@lru_cache(maxsize=64)
def _questions(path: Path, _changed_ns: int) -> Instrument:
    """Read once while the file stays the same: every page asks for it."""
    return read_instrument(path)


def _orders(instrument: Instrument) -> Iterator[tuple[str, list[str]]]:
    """A random order of the options of every question that wants one."""
    for _, question in instrument.questions():
        if question.shuffle:
            free = [option.value for option in question.options if not option.last]
            random.SystemRandom().shuffle(free)
            yield question.id, free + [o.value for o in question.options if o.last]


def _with_intensity(report: SelfReport, step: Step, now: str) -> SelfReport:
    """The intensity of the strongest emotion, as later stages read it, follows from all of them."""
    given = report.given(*step.about)
    rated = [name for name in given if name.startswith(f"{INTENSITY}_")]
    strongest = given.get(f"{INTENSITY}_{given.get(EMOTION)}")
    if INTENSITY in step.answers or not rated or given.get(INTENSITY, "") == strongest:
        return report
    scene, interval = step.about
    return report.answering(Answer(scene, INTENSITY, strongest, now, interval))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
