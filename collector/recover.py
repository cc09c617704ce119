"""`collector recover STUDY`: closes what a crash left open.

The recording is cut after its last whole frame and made an ordinary MP4, the tables are written
from the growing logs, and the header says recovered, or aborted where that was asked for before
the crash. Closing again after a second crash is fine.
"""

import shutil
from collections.abc import Iterator

from collector.closing import clear_away, close_session
from collector.openness import is_live, open_sessions
from mexlab.errors import MexlabError, StudyError
from mexlab.events import append_event, read_events
from mexlab.session import Session
from mexlab.study import Study


def recover_study(study: Study) -> Iterator[str]:
    """Close every open session that nobody records any more; yields a line for each.

    One that cannot be closed leaves the others; the first such error is raised at the end.
    """
    failed: list[MexlabError] = []
    for session in open_sessions(study):
        if is_live(session):
            yield f"{session.id}: is being recorded now, left alone"
            continue
        try:
            yield recover_session(session)
        except MexlabError as error:
            failed.append(error)
            yield f"{session.id}: not closed: {error}"
    if failed:
        raise failed[0]


def recover_session(session: Session) -> str:
    """Close one session; one in which not a frame was recorded is removed."""
    header = session.header
    if header.state != "open":  # the crash came when the header stood already
        clear_away(session)
        return f"{session.id}: was {header.state}, tidied up"
    happened = list(read_events(session.events_path))
    ended = any(e["event"] == "abort" or e.get("state") == "aborted" for e in happened)
    closed = close_session(session, header, "aborted" if ended else "recovered")
    if closed:
        append_event(session.events_path, round(closed.seconds * 1e9), "recovered")
        return str(closed)
    damaged = session.growing_recording_path.with_suffix(".damaged.mp4")
    if damaged.exists():
        what, remedy = "no whole frame in a large recording", "move the folder out of the study"
        raise StudyError(what, damaged, remedy)
    shutil.rmtree(session.root)
    return f"{session.id}: no frame was recorded, removed"
