"""Where each participant stands, from what lies on disk: consented, recorded, reported, analysed,
reviewed, withdrawn; and what comes next. Reads the study; writes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collector.form.filling import FIRST, Filling
from mexlab.consent import withdrawn_at
from mexlab.errors import MexlabError
from mexlab.participants import Participant
from mexlab.session import COMPLETE, SelfReport, Session
from mexlab.study import Study


@dataclass(frozen=True)
class Reported:
    """How far a self-report has come, in pages of the form; one from elsewhere has no pages."""

    begun: bool = False
    finished: bool = False
    elsewhere: bool = False
    damaged: bool = False
    page: int = 0
    pages: int = 0

    @property
    def complete(self) -> bool:
        """Whether there is nothing left to ask."""
        return self.finished or self.elsewhere


@dataclass(frozen=True)
class Sitting:
    """One session: its state, and what was made of it. `counts` by the study's rules."""

    session: Session
    counts: bool
    reported: Reported
    analysed: bool
    reviewed: bool

    @property
    def state(self) -> str:
        return self.session.header.state

    @property
    def complete(self) -> bool:
        return self.state in COMPLETE


@dataclass(frozen=True)
class Standing:
    """One participant, with every sitting, the oldest first."""

    person: Participant
    sittings: tuple[Sitting, ...]

    @property
    def withdrawn(self) -> str | None:
        """When the person took back everything."""
        return withdrawn_at(self.person.consents)

    @property
    def decided(self) -> bool:
        """Whether anything was decided, be it no."""
        return bool(self.person.consents)

    @property
    def consented(self) -> bool:
        """Whether the person may be recorded."""
        return "recorded" in self.person.scopes

    @property
    def shown(self) -> Sitting | None:
        """The sitting to speak of: the one that counts, else the last."""
        counted = [sitting for sitting in self.sittings if sitting.counts] or self.sittings
        return counted[-1] if counted else None

    @property
    def counted(self) -> tuple[Sitting, ...]:
        """The sittings that count; none where the person does not allow it."""
        return tuple(s for s in self.sittings if s.counts) if self.consented else ()

    @property
    def recorded(self) -> bool:
        return any(sitting.complete for sitting in self.sittings)

    @property
    def reported(self) -> Reported:
        return self.shown.reported if self.shown else Reported()

    @property
    def analysed(self) -> bool:
        return any(sitting.analysed for sitting in self.sittings)

    @property
    def reviewed(self) -> bool:
        return any(sitting.reviewed for sitting in self.sittings)

    @property
    def next_step(self) -> str:
        """`consent`, `run` or `self-report`; empty where nothing is left to do with the person."""
        if not self.decided:
            return "consent"
        if not self.consented or self.person.simulated:
            return ""
        if not (self.recorded or self.counted):
            return "run"
        return "" if self.reported.complete else "self-report"


def roster(study: Study, people: Iterable[Participant]) -> list[Standing]:
    """Where these people stand, in their order. Raises StudyError for what is damaged."""
    counted = {session.id for session in study.counted_sessions()[0]}
    of: dict[str, list[Session]] = {}
    for session in study.sessions():
        of.setdefault(session.header.participant, []).append(session)
    return [
        Standing(
            person,
            tuple(_sitting(study, s, s.id in counted) for s in of.get(person.participant, ())),
        )
        for person in people
    ]


def real(standings: Sequence[Standing]) -> list[Standing]:
    """Those of people, not of simulated participants."""
    return [standing for standing in standings if not standing.person.simulated]


def reported(study: Study, session: Session) -> Reported:
    """How far the session's first report has come."""
    if not session.report_path.exists():
        return Reported()
    try:
        finished = SelfReport.read(session.report_path).finished_at
        if not session.instrument_path.exists():
            return Reported(begun=True, elsewhere=True)
        if finished:
            return Reported(begun=True, finished=True)
        filling = Filling.read(study, session, FIRST)
    except MexlabError:
        return Reported(begun=True, damaged=True)  # the page Self-report says what is wrong
    return Reported(True, page=filling.next_step(), pages=len(filling.steps))


def _sitting(study: Study, session: Session, counts: bool) -> Sitting:
    folder, review = session.analysis_path, session.review_path
    analyzers = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return Sitting(
        session,
        counts,
        reported(study, session),
        analysed=any(session.aus_path(name).is_file() for name in analyzers if name[0] != "."),
        reviewed=review.is_dir() and any(p.is_file() for p in review.glob("[!.]*")),
    )
