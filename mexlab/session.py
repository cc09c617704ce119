"""A session on disk: everything one participant did in one sitting, and the owner of its paths.

Properties ending in `_path` name files that may or may not exist yet; methods read tables. Times
are int64 nanoseconds since session start; t = 0 is the wall-clock moment `header.started_at`.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mexlab.atomic import write_json
from mexlab.emotions import EMOTIONS
from mexlab.errors import InputError, StudyError
from mexlab.participants import read_header
from mexlab.settings import from_mapping
from mexlab.tables import AU_TABLE, FRAMES, INTERVALS, MOTION, PRESENTATION, SCENES, TRUTH
from mexlab.timebase import shown_frame

SCHEMA_VERSION = 1
STATES = ("open", "closed", "aborted", "recovered")
COMPLETE = ("closed", "recovered")
MODALITIES = ("colour", "grey", "infrared")


@dataclass(frozen=True)
class SessionHeader:
    """session.json. `source` is recorded, imported or simulated; `sync` the calibration, if any."""

    session: str
    participant: str
    started_at: str
    recording: str
    recording_sha256: str
    source: str
    modality: str = field(default="colour", metadata={"choices": MODALITIES})
    state: str = field(default="closed", metadata={"choices": STATES})
    compilation: int | None = None
    camera: dict[str, Any] = field(default_factory=dict)
    player: dict[str, Any] = field(default_factory=dict)
    sync: dict[str, Any] = field(default_factory=dict)
    software: dict[str, str] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION


class Session:
    """A session folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._header: SessionHeader | None = None

    @property
    def id(self) -> str:
        return self.root.name

    @property
    def header_path(self) -> Path:
        return self.root / "session.json"

    @property
    def recording_path(self) -> Path:
        return self.root / self.header.recording

    @property
    def frames_path(self) -> Path:
        return self.root / "frames.parquet"

    @property
    def presentation_path(self) -> Path:
        return self.root / "presentation.parquet"

    @property
    def growing_recording_path(self) -> Path:
        """The recording while it is made; on closing it becomes `recording_path`."""
        return self.root / "webcam.growing.mp4"

    @property
    def frame_log_path(self) -> Path:
        """frames.parquet while it is made (`mexlab.rowlog`)."""
        return self.root / "frames.log"

    @property
    def presentation_log_path(self) -> Path:
        """presentation.parquet while it is made; the player writes it."""
        return self.root / "presentation.log"

    @property
    def lock_path(self) -> Path:
        """Says which process is recording; gone when the session is closed."""
        return self.root / "session.lock"

    @property
    def scenes_path(self) -> Path:
        return self.root / "scenes.parquet"

    @property
    def events_path(self) -> Path:
        return self.root / "events.jsonl"

    @property
    def report_path(self) -> Path:
        return self.root / "report.json"

    @property
    def instrument_path(self) -> Path:
        """The questions that this form was begun with, whatever the study's file says later."""
        return self.root / "instrument.toml"

    @property
    def access_path(self) -> Path:
        """Hashes of the keys that open this participant's form."""
        return self.root / "form-access.json"

    @property
    def second_report_path(self) -> Path:
        """What the participant said of the own face, apart from the first report."""
        return self.root / "second-report.json"

    @property
    def second_instrument_path(self) -> Path:
        return self.root / "second-instrument.toml"

    @property
    def truth_path(self) -> Path:
        return self.root / "truth.parquet"

    @property
    def analysis_path(self) -> Path:
        return self.root / "analysis"

    def analyzer_path(self, analyzer: str) -> Path:
        """Folder of one analyzer's results."""
        return self.analysis_path / analyzer

    def aus_path(self, analyzer: str) -> Path:
        return self.analyzer_path(analyzer) / "aus.parquet"

    def provenance_path(self, analyzer: str) -> Path:
        return self.analyzer_path(analyzer) / "provenance.json"

    def parts_path(self, analyzer: str) -> Path:
        """What an analysis under way has finished so far."""
        return self.analysis_path / f".{analyzer}.growing"

    @property
    def motion_path(self) -> Path:
        return self.analysis_path / "motion.parquet"

    @property
    def intervals_path(self) -> Path:
        return self.analysis_path / "intervals.parquet"

    @property
    def plots_path(self) -> Path:
        return self.analysis_path / "plots"

    @property
    def review_path(self) -> Path:
        return self.root / "review"

    def codes_path(self, coder: str) -> Path:
        """What one coder did (`mexlab.codes`)."""
        return self.review_path / f"{coder}.jsonl"

    @property
    def header(self) -> SessionHeader:
        """The typed header, read once."""
        if self._header is None:
            values = read_header(self.header_path, SCHEMA_VERSION, "session")
            try:
                header = from_mapping(SessionHeader, values, self.header_path)
            except InputError as error:
                what = f"not a session file: {error.what}"
                raise StudyError(what, self.header_path, "restore it from a copy") from error
            self._check_identity(header)
            self._header = header
        return self._header

    def _check_identity(self, header: SessionHeader) -> None:
        """Folder, session and participant must agree: consent hangs on whose session it is."""
        where, remedy = self.header_path, "restore it, or rename the folder to what it was"
        if header.session != self.id:
            raise StudyError(f"session.json is of session {header.session}", where, remedy)
        if not self.id.startswith(f"{header.participant}-"):
            raise StudyError(f"session.json is of participant {header.participant}", where, remedy)
        if Path(header.recording).name != header.recording:
            raise StudyError("the recording lies elsewhere", where, "restore it from a copy")

    def write_header(self, header: SessionHeader) -> None:
        """Write session.json atomically."""
        write_json(self.header_path, asdict(header))
        self._header = header

    def frames(self) -> pa.Table:
        return FRAMES.read(self.frames_path)

    def scenes(self) -> pa.Table:
        return SCENES.read(self.scenes_path)

    def aus(self, analyzer: str) -> pa.Table:
        return AU_TABLE.read(self.aus_path(analyzer))

    def motion(self) -> pa.Table:
        return MOTION.read(self.motion_path)

    def intervals(self) -> pa.Table:
        return INTERVALS.read(self.intervals_path)

    def presentation(self) -> pa.Table:
        return PRESENTATION.read(self.presentation_path)

    def film_frames(self) -> NDArray[np.int64]:
        """The film frame on the screen in each recorded picture, int64[frames]; -1 for none."""
        shown = self.presentation()
        return shown_frame(
            self.frames()["capture_ns"].to_numpy(),
            shown["stimulus_frame"].to_numpy(),
            shown["shown_ns"].to_numpy(),
            int(self.header.sync.get("delay_ns", 0)),
        )

    def truth(self) -> pa.Table:
        return TRUTH.read(self.truth_path)

    def report(self) -> "SelfReport | None":
        """The participant's answers, or None where no form was filled in."""
        return SelfReport.read(self.report_path) if self.report_path.exists() else None


@dataclass(frozen=True)
class Answer:
    """One answer; value None is a question passed over, or "I don't know".

    Fixed for later stages are the questions emotion, intensity (0-8, of the strongest one) and
    moment_ns (from the scene's start); an instrument may ask more. Scene 0 is the whole sitting;
    `interval` is set where an interval of the own face was judged.
    """

    scene: int
    question: str
    value: str | int | float | None
    answered_at: str
    interval: str | None = None

    def check(self, where: Path) -> None:
        """Raise InputError where the value cannot be an answer to its question."""
        number = self.value if type(self.value) in (int, float) else None
        fits = {
            "emotion": self.value in (*EMOTIONS, "other", "none"),
            "intensity": number is not None and 0 <= float(number) <= 8,
            "moment_ns": type(self.value) is int and self.value >= 0,
        }
        if self.value is not None and not fits.get(self.question, True):
            what = f"{self.value!r} is no {self.question} (scene {self.scene})"
            raise InputError(what, where, "correct it")


@dataclass(frozen=True)
class SelfReport:
    """report.json: which instrument asked, and every answer in the order given.

    `option_order` says in which order a question's options stood before this participant;
    `intervals` where the intervals that were judged lay, [start_ns, end_ns); `finished_at` is None
    while the form is still being filled in, or was left. `source` names where the answers came
    from, if not from our form.
    """

    instrument: str
    version: str
    language: str
    answers: tuple[Answer, ...]
    option_order: dict[str, list[str]] = field(default_factory=dict)
    intervals: dict[str, list[int]] = field(default_factory=dict)
    finished_at: str | None = None
    source: str = ""

    def given(self, scene: int, interval: str | None = None) -> dict[str, str | int | float | None]:
        """Every answer about a scene or an interval, by question; the last one counts."""
        about = (scene, interval)
        return {a.question: a.value for a in self.answers if (a.scene, a.interval) == about}

    def answer(self, scene: int, question: str) -> str | int | float | None:
        """The last answer to a question about a scene; None if it was not answered."""
        return self.given(scene).get(question)

    def answering(self, answer: Answer) -> Self:
        """The report with this answer, last, instead of an earlier one to the same question."""
        asked = (answer.scene, answer.question, answer.interval)
        kept = [a for a in self.answers if (a.scene, a.question, a.interval) != asked]
        return replace(self, answers=(*kept, answer))

    def write(self, path: Path) -> None:
        """Write the file atomically. Raises InputError for an answer that cannot be one."""
        for answer in self.answers:
            answer.check(path)  # what could not be read again is not written
        write_json(path, asdict(self))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read and check. Raises StudyError where it is damaged."""
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            answers = tuple(from_mapping(Answer, entry, path) for entry in values["answers"])
            report = from_mapping(cls, {**values, "answers": answers}, path)
            for answer in answers:
                answer.check(path)
            return report
        except (ValueError, KeyError, TypeError, AttributeError, InputError) as error:
            what = f"damaged self-report: {getattr(error, 'what', error)}"
            raise StudyError(what, path, "restore it from a copy") from error


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
