"""Who may be exported to an audience, and what they said: the input of `collector export`.

Reads participants, the sessions that count, scenes, reports and the questions they were given to;
writes nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from collector.export.codebook import Variable, undescribed, variables
from collector.form.filling import FIRST, FORMS, SECOND, answers_path, questions_path
from collector.form.instrument import Instrument, read_instrument
from mexlab.consent import AUDIENCES, SCOPES, missing_scopes, withdrawn_at
from mexlab.errors import ConsentError
from mexlab.participants import Participant
from mexlab.session import Answer, SelfReport, Session
from mexlab.spreadsheet_safe import Cell
from mexlab.study import Exclusion, Study


@dataclass(frozen=True)
class Told:
    """One form's report. `scenes`: by number, the place in the order seen and the film's emotion.

    `instrument` is None where the study does not have the questions, as after an import.
    """

    session: Session
    form: str
    report: SelfReport
    instrument: Instrument | None
    scenes: dict[int, tuple[int, str]]

    @property
    def questions(self) -> tuple[str, str]:
        """Id and version of the instrument."""
        return self.report.instrument, self.report.version

    @cached_property
    def described(self) -> dict[str, Variable]:
        """What the answers mean: those the instrument can give, then others in the report."""
        known = variables(self.instrument) if self.instrument else {}
        given = dict.fromkeys(answer.question for answer in self.report.answers)
        return known | {name: undescribed(name) for name in given if name not in known}

    @cached_property
    def answers(self) -> tuple[Answer, ...]:
        """The last answer to each question, in the order seen and asked; the whole sitting last."""
        last = {(a.scene, a.interval, a.question): a for a in self.report.answers}
        moments, asked = [*self.report.intervals], [*self.described]

        def place(answer: Answer) -> tuple[int, int, int, int]:
            seen = self.scenes.get(answer.scene, (len(self.scenes) + answer.scene, ""))[0]
            moment = moments.index(answer.interval) if answer.interval in moments else -1
            return (answer.scene == 0, seen, moment, asked.index(answer.question))

        return tuple(sorted(last.values(), key=place))

    @property
    def reported(self) -> str:
        """`yes`, `part` or `no`; a report from elsewhere is all that will come."""
        if self.report.finished_at or not questions_path(self.session, self.form).exists():
            return "yes"
        return "part" if self.report.answers else "no"

    @property
    def attention_passed(self) -> bool | None:
        """Whether the attention checks that came up were answered as asked; None if none did."""
        checks = {name: v.expected for name, v in self.described.items() if v.expected}
        asked = [a for a in self.answers if a.question in checks]
        return all(str(a.value) == checks[a.question] for a in asked) if asked else None


@dataclass(frozen=True)
class Subject:
    """A participant, the sessions that count, the oldest first, and what was reported."""

    person: Participant
    sessions: tuple[Session, ...]
    first: Told | None
    second: Told | None

    @property
    def session(self) -> Session | None:
        """The session to speak of: the one reported on, else the latest."""
        return self.first.session if self.first else (self.sessions or (None,))[-1]

    def cells(self) -> dict[str, Cell]:
        """The participant by column of PARTICIPANTS; None where nothing is on file."""
        person, first, about = self.person, self.first, self.person.demographics
        return {
            "participant": person.participant,
            "language": person.language,
            **{name: word(about.get(name)) for name in ("gender", "age_band", "glasses", "beard")},
            "simulated": word(person.simulated),
            **{f"consent_{scope}": word(scope in person.scopes) for scope in SCOPES},
            "sessions": " ".join(session.id for session in self.sessions) or None,
            "compilation": self.session.header.compilation if self.session else None,
            "reported": first.reported if first else "no",
            "attention_passed": word(first.attention_passed if first else None),
        }


@dataclass(frozen=True)
class Gathered:
    """Everything an export holds, and what it leaves out."""

    study: Study
    audience: str
    subjects: tuple[Subject, ...]
    left_out: tuple[Exclusion, ...]

    def told(self, form: str) -> list[tuple[Subject, Told]]:
        """The reports in one of the forms."""
        of = ((s, s.first if form == FIRST else s.second) for s in self.subjects)
        return [(subject, told) for subject, told in of if told]

    def instruments(self, form: str) -> dict[tuple[str, str], dict[str, Variable]]:
        """What answers mean, by the instrument's id and version."""
        found: dict[tuple[str, str], dict[str, Variable]] = {}
        for _, told in self.told(form):
            found.setdefault(told.questions, {}).update(told.described)
        return found

    def notices(self) -> Iterator[str]:
        """Instruments that were changed without a new version: their codebook is the last one's."""
        for form in FORMS:
            seen: dict[tuple[str, str], Instrument] = {}
            for _, told in self.told(form):
                before = told.instrument and seen.setdefault(told.questions, told.instrument)
                if before != told.instrument:
                    name = " ".join(told.questions)
                    yield f"{told.session.id}: {name} had other questions before"


def gather(study: Study, audience: str) -> Gathered:
    """Those who granted what the audience needs; the latest session with a report speaks for each.

    Raises ConsentError where there is nobody.
    """
    needed = AUDIENCES[audience]
    counted, left_out = study.counted_sessions()
    sessions, refused = study.consenting(counted, needed)
    people = study.participants()
    allowed = {p.participant for p in people if not missing_scopes(p.consents, needed)}
    known = {person.participant for person in people}
    left_out = [e for e in left_out if e.subject in allowed or e.subject not in known]
    left_out += [e for e in refused if e.subject in allowed or e.subject not in known]
    left_out += [_refusal(p, needed) for p in people if p.participant not in allowed]
    if not allowed:
        reasons = "; ".join(map(str, left_out[:3])) or "nobody is registered"
        remedy = f"record consent with: collector participant {study.root} P --consent SCOPES"
        raise ConsentError(f"nobody may be exported ({reasons})", study.root, remedy)
    subjects = [_subject(study, p, sessions) for p in people if p.participant in allowed]
    return Gathered(study, audience, tuple(subjects), tuple(left_out))


def word(value: object) -> str | None:
    """What stands on file, in the words of the codebook."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if value is None else str(value)


def _refusal(person: Participant, needed: Sequence[str]) -> Exclusion:
    missing = ", ".join(missing_scopes(person.consents, needed))
    at = withdrawn_at(person.consents)
    reason = f"withdrew on {at[:10]}" if at else f"no consent to being {missing}"
    return Exclusion(person.participant, "", None, reason)


def _subject(study: Study, person: Participant, sessions: Sequence[Session]) -> Subject:
    own = [s for s in sessions if s.header.participant == person.participant]
    own.sort(key=lambda session: session.header.started_at)
    return Subject(person, tuple(own), _told(study, own, FIRST), _told(study, own, SECOND))


def _told(study: Study, sessions: Sequence[Session], form: str) -> Told | None:
    """The report in the latest of the sessions that has one."""
    for session in reversed(sessions):
        if answers_path(session, form).exists():
            report = SelfReport.read(answers_path(session, form))
            instrument = _instrument(study, session, form, report)
            return Told(session, form, report, instrument, scenes_seen(session))
    return None


def _instrument(study: Study, session: Session, form: str, report: SelfReport) -> Instrument | None:
    """The questions the form was begun with, else the study's own if the report names them."""
    own = study.second_instrument_path if form == SECOND else study.instrument_path
    copy = questions_path(session, form)
    if copy.exists():
        return read_instrument(copy)
    found = read_instrument(own) if own.is_file() else None
    named = (report.instrument, report.version)
    return found if found and (found.id, found.version) == named else None


def scenes_seen(session: Session) -> dict[int, tuple[int, str]]:
    """By a scene's number: its place in the order seen, and the emotion it is for."""
    if not session.scenes_path.exists():
        return {}
    rows = sorted(session.scenes().to_pylist(), key=lambda row: row["start_ns"])
    return {row["scene"]: (place, row["emotion"]) for place, row in enumerate(rows, start=1)}
