"""A small study with coders' codes, written the way the review pages write them."""

from datetime import UTC, datetime, timedelta

import numpy as np

from mexlab.codes import Act, append_act
from mexlab.consent import SCOPES, decide
from mexlab.participants import Participant
from mexlab.session import SessionHeader
from mexlab.study import Study
from mexlab.tables import FRAMES, INTERVALS
from mexlab.timebase import NS_PER_S

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HZ = 30


def frame_times(frames=600, hz=HZ, jitter=0.0, seed=0):
    """int64 ns, strictly rising; `jitter` as a share of the step."""
    rng = np.random.default_rng(seed)
    steps = (1 + jitter * rng.uniform(-1, 1, frames)) * NS_PER_S / hz
    return np.cumsum(np.round(steps).astype(np.int64)) - round(steps[0])


def new_study(root, sessions=1, intervals=3, pts_ns=None, capture_ns=None, scopes=SCOPES):
    """Each session has `intervals` of 2 s, 3 s apart, ids SESSION-s1-r1 …"""
    study = Study.create(root)
    for number in range(1, sessions + 1):
        person = f"P{number:03d}"
        study.save_participant(Participant(person).deciding(decide(scopes, "paper")))
        with study.new_session(person, NOON + timedelta(days=number)) as session:
            header = SessionHeader(session.id, person, "", "webcam.mp4", "00", "imported")
            session.write_header(header)
            capture = frame_times(120 * intervals) if capture_ns is None else capture_ns
            write_frames(session, capture, capture if pts_ns is None else pts_ns)
            write_intervals(session, [(3 * k, 3 * k + 2) for k in range(intervals)])
    return study


def write_frames(session, capture_ns, pts_ns):
    count = len(capture_ns)
    columns = {"frame": np.arange(count), "capture_ns": capture_ns, "pts_ns": pts_ns}
    table = FRAMES.build({**columns, "dropped_before": np.zeros(count, dtype=np.int16)})
    FRAMES.write(session.frames_path, table)


def write_intervals(session, spans_s):
    rows = [
        {
            "interval_id": f"{session.id}-s{number}-r1",
            "scene": number,
            "target": "happiness",
            "expressed": "happiness",
            "start_ns": round(start * NS_PER_S),
            "end_ns": round(end * NS_PER_S),
            "intensity": 1.0,
            "prominence": 1.0,
            "rank": 1,
            "evidence": "peak",
            "kind": "macro",
        }
        for number, (start, end) in enumerate(spans_s, start=1)
    ]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    INTERVALS.write(session.intervals_path, INTERVALS.build(columns))


def ids(session):
    return session.intervals()["interval_id"].to_pylist()


def code(session, coder, interval, marks, submit="code", unblinded=False, suggested=False):
    """Append what a coder does about the interval of this place; `submit` None leaves it open."""
    interval_id = ids(session)[interval] if isinstance(interval, int) else interval
    path = session.codes_path(coder)
    if suggested:
        append_act(path, Act("shown", interval_id, value="suggestion"))
    for name, value in marks.items():
        append_act(path, Act("set", interval_id, name, value, unblinded))
    if submit:
        value = None if submit == "code" else submit
        append_act(path, Act("submit", interval_id, value=value))
