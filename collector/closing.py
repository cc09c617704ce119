"""Closing a session: what grew while it was recorded becomes its finished files.

Reads the growing recording, frames.log and presentation.log; writes webcam.mp4, the frames, scenes
and presentation tables and the header. The growing files go only when the header stands, so that a
crash in the middle loses nothing: closing again does the rest. `run` and `recover` both end here.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from collector.align import Aligned, align_scenes
from collector.growing import finish, packet_ticks, ticks_to_ns
from collector.recorder import BALLAST, FRAME_COLUMNS
from mexlab.events import append_event
from mexlab.rowlog import read_rows
from mexlab.session import Session, SessionHeader, file_sha256
from mexlab.tables import FRAMES, PRESENTATION, SCENES
from mexlab.timebase import NS_PER_S, Nanoseconds, dropped_before
from stimuli.compilation import FilmScene

PRESENTATION_COLUMNS = tuple(PRESENTATION.schema.names)


@dataclass(frozen=True)
class Closed:
    """What a closed session holds, for the person who waits for it."""

    session: str
    state: str
    frames: int
    seconds: float
    scenes: int
    cut: tuple[int, ...]

    def __str__(self) -> str:
        line = f"{self.session}: {self.state}, {self.frames} frames, {self.seconds:.1f} s, "
        line += f"{self.scenes} scenes"
        numbers = ", ".join(map(str, self.cut))
        return f"{line}; not shown to the end: scene {numbers}" if self.cut else line


def film_details(scenes: tuple[FilmScene, ...], fps: float) -> dict[str, Any]:
    """What the header must say of the film, so that its scenes can be placed after a crash."""
    return {
        "fps": fps,
        "scenes": [
            {"scene": s.scene, "emotion": s.emotion, "start_ns": s.start_ns, "end_ns": s.end_ns}
            for s in scenes
        ],
    }


def close_session(session: Session, header: SessionHeader, state: str) -> Closed | None:
    """Finish the session's files and write `header` with `state`; None if it has no frame.

    `header.player["film"]` is what `film_details` gave, `header.sync` the calibration or empty.
    """
    (session.root / BALLAST).unlink(missing_ok=True)
    if session.growing_recording_path.exists():
        finish(session.growing_recording_path, session.recording_path)
    frames = _frames(session)
    if not len(frames):
        return None
    FRAMES.write(session.frames_path, frames)
    shown = PRESENTATION.build(read_rows(session.presentation_log_path, PRESENTATION_COLUMNS))
    PRESENTATION.write(session.presentation_path, shown)
    capture = frames["capture_ns"].to_numpy()
    aligned = _aligned(header, shown, capture)
    scenes = {name: [getattr(s, name) for s in aligned.scenes] for name in SCENES.schema.names}
    SCENES.write(session.scenes_path, SCENES.build(scenes))
    last = int(capture[-1])
    for number in aligned.cut:
        append_event(session.events_path, last, "scene-cut", scene=number)
    append_event(session.events_path, last, "session-closed", state=state)
    digest = file_sha256(session.recording_path)
    session.write_header(replace(header, state=state, recording_sha256=digest))
    clear_away(session)
    seconds = (last - int(capture[0])) / NS_PER_S
    return Closed(session.id, state, len(capture), seconds, len(aligned.scenes), aligned.cut)


def clear_away(session: Session) -> None:
    """Remove what a closed session needs no more; the lock first: nobody closes it again."""
    logs = (session.frame_log_path, session.presentation_log_path)
    for path in (session.lock_path, *logs, session.root / BALLAST):
        path.unlink(missing_ok=True)


def _frames(session: Session) -> pa.Table:
    """The frame table of exactly the frames that the recording holds."""
    if not session.recording_path.exists():
        return FRAMES.empty()
    pts = [ticks_to_ns(tick) for tick in packet_ticks(session.recording_path)]
    rows = read_rows(session.frame_log_path, FRAME_COLUMNS)
    captures = rows.get("capture_ns") or [0]
    captured = dict(zip(rows.get("pts_ns", ()), captures, strict=False))
    lost = dict(zip(rows.get("pts_ns", ()), rows.get("dropped_before", ()), strict=False))
    # A frame whose row is lost (the power failed between two syncs) still has its time in the file.
    capture: Nanoseconds = np.array([captured.get(t, captures[0] + t) for t in pts], np.int64)
    dropped = np.array([lost.get(t, 0) for t in pts], np.int16)
    return FRAMES.build(
        {
            "frame": np.arange(len(pts)),
            "capture_ns": capture,
            "pts_ns": pts,
            "dropped_before": np.maximum(dropped, dropped_before(capture)),
        }
    )


def _aligned(header: SessionHeader, shown: pa.Table, capture_ns: Nanoseconds) -> Aligned:
    film = header.player["film"]
    return align_scenes(
        [FilmScene(**scene) for scene in film["scenes"]],
        shown["media_ns"].to_numpy(),
        shown["shown_ns"].to_numpy(),
        capture_ns,
        round(NS_PER_S / film["fps"]),
        int(header.sync.get("delay_ns", 0)),
    )
