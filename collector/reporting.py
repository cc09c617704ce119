"""Which sessions have a form to fill in, and how far each has come.

Reads sessions, participants and forms; writes nothing. A session has one if it counts, or was
broken off after its first scene, and its participant allows what the form rests on. Simulated
sessions have answers of their own; a report that came from elsewhere is left alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from collector.form.filling import NEEDED, SECOND, Filling, answers_path, questions_path
from collector.form.items import face_intervals
from mexlab.consent import missing_scopes, withdrawn_at
from mexlab.errors import MexlabError
from mexlab.participants import Participant
from mexlab.session import Session
from mexlab.study import Study

WAITING, NOT_BEGUN, BEGUN, FINISHED = "waiting", "not begun", "begun", "finished"
WITHDRAWN, DAMAGED = "withdrawn", "damaged"
STATES = (NOT_BEGUN, BEGUN, WAITING, DAMAGED, FINISHED, WITHDRAWN)
OPENS = (NOT_BEGUN, BEGUN)  # the states in which somebody can fill it in


@dataclass(frozen=True)
class Reportable:
    """One session's form. `page` of `pages` counts from 1 while it is begun; else both are 0.

    `waiting` is a second pass whose session was not analysed yet; `problem` says why it is damaged.
    """

    session: Session
    person: Participant
    form: str
    state: str
    page: int = 0
    pages: int = 0
    problem: MexlabError | None = None

    @property
    def withdrawn(self) -> str | None:
        """When the person took back everything."""
        return withdrawn_at(self.person.consents)


def reportable(study: Study, form: str) -> list[Reportable]:
    """Every session that has such a form, the newest first."""
    found = [
        standing(study, session, form)
        for session in _recorded(study)
        if _may_be_asked(study, session, form)
    ]
    return sorted(found, key=lambda one: one.session.header.started_at, reverse=True)


def standing(study: Study, session: Session, form: str) -> Reportable:
    """How far the form of a session has come."""
    person = study.participant(session.header.participant)
    if withdrawn_at(person.consents):
        return Reportable(session, person, form, WITHDRAWN)
    try:
        if not answers_path(session, form).exists():
            waits = form == SECOND and not face_intervals(session)
            return Reportable(session, person, form, WAITING if waits else NOT_BEGUN)
        filling = Filling.read(study, session, form)
    except MexlabError as error:
        return Reportable(session, person, form, DAMAGED, problem=error)
    if filling.finished:
        return Reportable(session, person, form, FINISHED)
    pages = len(filling.steps)
    page = min(filling.next_step() + 1, pages)
    return Reportable(session, person, form, BEGUN, page, pages)


def _recorded(study: Study) -> Iterator[Session]:
    """Sessions that count, and broken-off ones in which a scene was shown."""
    counted = {session.id for session in study.counted_sessions()[0]}
    for session in study.sessions():
        if session.header.source == "simulated" or not session.scenes_path.exists():
            continue
        aborted = session.header.state == "aborted" and session.scenes().num_rows
        if session.id in counted or aborted:
            yield session


def _may_be_asked(study: Study, session: Session, form: str) -> bool:
    """Whether the form is ours to show; of somebody who withdrew it is shown that they did."""
    elsewhere = answers_path(session, form).exists() and not questions_path(session, form).exists()
    if elsewhere or not study.participant_path(session.header.participant).is_file():
        return False
    person = study.participant(session.header.participant)
    allowed = not missing_scopes(person.consents, NEEDED[form])
    return not person.simulated and (allowed or withdrawn_at(person.consents) is not None)
