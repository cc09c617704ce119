"""What the figures draw on: a session's tables, as far as they are there, and what is not.

Reads aus.parquet of one analyzer, motion.parquet, intervals.parquet, scenes and frames. Writes
nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from annotate.motion_table import motion_beside
from mexlab.emotions import AUS, EMOTIONS
from mexlab.errors import TableError
from mexlab.session import Session
from mexlab.tables import AU_TABLE, INTERVALS
from mexlab.timebase import nearest

# What a recording may lack; `Recording.lacks` says why.
SCORES: Final = "AU scores"
EMOTION_SCORES: Final = "emotion scores"
LANDMARKS: Final = "landmarks"
LOCATED: Final = "intervals"
MOTION_TRACK: Final = "motion track"
NEUTRAL_SCENE: Final = "neutral scene"

Row = dict[str, Any]


@dataclass(frozen=True)
class Recording:
    """One session as an analyzer sees it.

    `t_ns` int64[frames] are the frames' times; `intervals` the first-ranked ones in the order of
    the scenes; `lacks` maps what is not there to the reason; `note` says whose scores these are.
    """

    session: Session
    analyzer: str
    t_ns: NDArray[np.int64]
    scenes: list[Row]
    intervals: list[Row]
    aus: pa.Table | None
    motion: pa.Table | None
    lacks: dict[str, str]
    note: str

    @property
    def stamp(self) -> str:
        """What stands on every picture."""
        return f"{self.session.id}; {self.note}"

    def scores(self) -> pa.Table:
        """The AU table, for a figure that stands only where there is one."""
        assert self.aus is not None
        return self.aus

    @cached_property
    def emotions(self) -> tuple[str, ...]:
        """The emotions that the analyzer scored."""
        return self._scored(EMOTIONS)

    @cached_property
    def units(self) -> tuple[str, ...]:
        """The Action Units that the analyzer scored."""
        return self._scored(AUS)

    @cached_property
    def face(self) -> NDArray[np.bool_]:
        """bool[frames]: where a face was found, with its landmarks if the analyzer gives any."""
        found = np.asarray(self.scores()["face"].to_numpy(zero_copy_only=False), dtype=bool)
        if LANDMARKS in self.lacks:
            return found
        given = self.scores()["landmarks"].is_valid().to_numpy(zero_copy_only=False)
        return np.asarray(found & given, dtype=bool)

    def landmarks(self, frame: int) -> NDArray[np.float64] | None:
        """The 68 points of a frame, (68, 2) px, or None."""
        points = self.scores()["landmarks"][frame].as_py() if self.aus is not None else None
        return None if points is None else np.asarray(points, dtype=np.float64).reshape(68, 2)

    def peak_frame(self, interval: Row) -> int:
        """The frame with a face that is nearest to the apex, or to the middle without one."""
        moment = interval["apex_ns"]
        if moment is None:
            moment = (interval["start_ns"] + interval["end_ns"]) // 2
        return self.face_near(moment)

    def face_near(self, t_ns: int) -> int:
        """The frame with a face that is nearest to a time."""
        seen = np.flatnonzero(self.face)
        return int(seen[nearest(self.t_ns[seen], [t_ns])[0]])

    def inside(self, start_ns: int, end_ns: int) -> NDArray[np.bool_]:
        """bool[frames]: those in [start_ns, end_ns)."""
        return (self.t_ns >= start_ns) & (self.t_ns < end_ns)

    def _scored(self, names: tuple[str, ...]) -> tuple[str, ...]:
        aus = self.aus
        return () if aus is None else tuple(n for n in names if aus[n].null_count < len(aus))


def read_recording(session: Session, analyzer: str) -> Recording:
    """Everything there is of a session; a table that is damaged raises TableError."""
    path = session.aus_path(analyzer)
    aus = session.aus(analyzer) if path.exists() else None
    t_ns = session.frames()["capture_ns"].to_numpy()
    if aus is not None and not np.array_equal(aus["t_ns"].to_numpy(), t_ns):
        what, remedy = "the AU table is of other frames", "run: annotate analyse STUDY"
        raise TableError(what, path, remedy)
    motion = None if aus is None else motion_beside(session, aus)
    located = session.intervals().to_pylist() if session.intervals_path.exists() else None
    intervals = sorted(
        (row for row in located or () if row["rank"] == 1), key=lambda row: int(row["scene"])
    )
    scenes = session.scenes().to_pylist()
    lacks = dict(_scores_lacking(session, analyzer, aus))
    if not intervals:
        lacks[LOCATED] = (
            "no scene shows a face in half of its frames"
            if located is not None
            else "none located yet: run annotate locate"
        )
    if motion is None:
        lacks[MOTION_TRACK] = "none yet: run annotate analyse"
    if not any(scene["emotion"] == "neutral" for scene in scenes):
        lacks[NEUTRAL_SCENE] = "the calmest frame of the recording stands in"
    return Recording(
        session, analyzer, t_ns, scenes, intervals, aus, motion, lacks, _note(session, analyzer)
    )


def headline(interval: Row) -> str:
    """A scene's three evidences, never mixed: what the film meant, what was said, what was seen."""
    said = f"reported {interval['reported']}" if interval["reported"] else "no report"
    kind = "nothing happened"
    if interval["kind"] != "none":
        kind = f"{interval['kind']}, {interval['duration_ms']:.0f} ms"
    return (
        f"Scene {interval['scene']}: film {interval['target']}, {said}, "
        f"expressed {interval['expressed']} ({kind})"
    )


def _scores_lacking(
    session: Session, analyzer: str, aus: pa.Table | None
) -> Iterator[tuple[str, str]]:
    if aus is None:
        others = sorted(p.parent.name for p in session.analysis_path.glob("*/aus.parquet"))
        there = f" (there are those of {', '.join(others)}: --analyzer)" if others else ""
        reason = f"none of {analyzer}{there}: run annotate analyse"
        yield from ((thing, reason) for thing in (SCORES, EMOTION_SCORES, LANDMARKS))
        return
    if not any(aus["face"].to_pylist()):
        reason = "no frame shows a face"
        yield from ((thing, reason) for thing in (SCORES, EMOTION_SCORES, LANDMARKS))
        return
    if all(aus[emotion].null_count == len(aus) for emotion in EMOTIONS):
        yield EMOTION_SCORES, f"{analyzer} gives none"
    if aus["landmarks"].null_count == len(aus):
        yield LANDMARKS, f"{analyzer} gives none"


def _note(session: Session, analyzer: str) -> str:
    """Whose scores these are, and what they are not."""
    path = session.aus_path(analyzer)
    scored = f"analyzer: {analyzer}"
    if not path.exists():
        scored = "not analysed"
    elif AU_TABLE.metadata(path).get("kind") == "proxy":
        scored += " (AU proxies, not FACS coding)"
    if session.intervals_path.exists():
        by = INTERVALS.metadata(session.intervals_path).get("analyzer", analyzer)
        scored += f"; intervals located with {by}" if by != analyzer else ""
    return scored
