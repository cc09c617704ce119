"""The sessions whose codes may go out or come in: those that count, of people who agreed."""

import click

from annotate.exchange.incoming import Stretch
from mexlab.errors import ConsentError
from mexlab.session import Session
from mexlab.study import Study

NEEDED = ("analysed",)  # scopes


def allowed_sessions(study: Study, session_id: str | None) -> list[Session]:
    """Says on stderr what is left out and why. Raises ConsentError where nothing is left."""
    sessions, left_out = study.counted_sessions()
    if session_id:
        sessions, left_out = [study.session(session_id)], []
    allowed, refused = study.consenting(sessions, NEEDED)
    for exclusion in (*left_out, *refused):
        click.echo(f"left out {exclusion}", err=True)
    if not allowed:
        raise ConsentError(
            "no session whose participant agreed to being analysed",
            study.participants_path,
            f"record consent with: collector participant {study.root} P --consent SCOPES",
        )
    return allowed


def stretches(session: Session) -> list[Stretch]:
    """The session's intervals on its clock, in ns."""
    return [
        Stretch(str(row["interval_id"]), int(row["start_ns"]), int(row["end_ns"]))
        for row in session.intervals().to_pylist()
    ]
