"""`collector recover STUDY`: closes what a crash left open.

The recording is cut after its last whole frame and made an ordinary MP4, the tables are written
from the growing logs, and the header says recovered. Closing again after a second crash is fine.
"""

import shutil
from collections.abc import Iterator

from collector.closing import close_session
from collector.openness import is_live, open_sessions
from mexlab.session import Session
from mexlab.study import Study


def recover_study(study: Study) -> Iterator[str]:
    """Close every open session that nobody records any more; yields a line for each."""
    for session in open_sessions(study):
        if is_live(session):
            yield f"{session.id}: is being recorded now, left alone"
        else:
            yield recover_session(session)


def recover_session(session: Session) -> str:
    """Close one session; one in which not a frame was recorded is removed.

    Raises StudyError, touching nothing, where the recording is large and yet no frame of it whole.
    """
    header = session.header
    state = "recovered" if header.state == "open" else header.state
    closed = close_session(session, header, state)
    if closed:
        return str(closed)
    shutil.rmtree(session.root)
    return f"{session.id}: no frame was recorded, removed"
