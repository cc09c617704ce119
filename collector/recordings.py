"""Import of one existing recording: the video becomes a session of the study.

Reads a video and what was parsed of SCENES.csv and REPORT.csv; writes a session folder
(webcam.EXT, session.json, frames.parquet, scenes.parquet, report.json) and registers the
participant. Everything is checked before the first byte is written, and the folder appears whole
or not at all.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Self

from collector.registration import consent_notices, enrolled, on_file, participant_id
from collector.report_csv import SceneReport, read_report, self_report
from collector.scenes import Scene, fit_scenes, remarks
from collector.survey import Survey, survey
from mexlab import __version__
from mexlab.consent import parse_scopes
from mexlab.errors import InputError, VideoError
from mexlab.participants import Participant
from mexlab.progress import Progress
from mexlab.session import Session, SessionHeader, file_sha256
from mexlab.study import Study
from mexlab.tables import FRAMES, SCENES
from mexlab.timebase import NS_PER_S
from mexlab.vision.video import Video

COPY_BLOCK_BYTES = 1 << 20
EARLIEST_YEAR = 1990  # cameras without a set clock say 1904, 1970 or 1980


@dataclass(frozen=True)
class Recording:
    """An existing recording and everything given with it, already parsed and checked.

    `participant` may be `next`; `granted` None means that no decision on consent was given;
    `modality` None means: look at the pictures.
    """

    video: Path
    participant: str
    scenes: tuple[Scene, ...]
    reports: tuple[SceneReport, ...] | None = None
    granted: tuple[str, ...] | None = None
    modality: str | None = None
    compilation: int | None = None

    @cached_property
    def sha256(self) -> str:
        """Of the video's bytes, in hex. Raises VideoError if there is no such file."""
        if not self.video.is_file():
            raise VideoError("no such video", self.video, "check the path")
        return file_sha256(self.video)


@dataclass(frozen=True)
class Imported:
    """What an import made, for the person who asked for it."""

    session: str
    participant: str
    folder: str
    frames: int
    seconds: float
    fps: float
    variable_rate: bool
    dropped: int
    modality: str
    scenes: int
    notices: tuple[str, ...]

    @classmethod
    def of(
        cls,
        header: SessionHeader,
        folder: Path,
        seen: Survey,
        scenes: int,
        notices: Sequence[str],
    ) -> Self:
        return cls(
            session=header.session,
            participant=header.participant,
            folder=str(folder),
            frames=len(seen.times_ns),
            seconds=seen.shown_until_ns / NS_PER_S,
            fps=seen.rate_hz,
            variable_rate=seen.variable_rate,
            dropped=int(seen.dropped_before.sum()),
            modality=header.modality,
            scenes=scenes,
            notices=tuple(notices),
        )

    def __str__(self) -> str:
        rate = "variable, median" if self.variable_rate else "at"
        return (
            f"{self.session}: {self.frames} frames, {self.seconds:.2f} s {rate} "
            f"{self.fps:.3f} fps, {self.modality}, {self.scenes} scenes"
        )


def checked_recording(
    study: Study,
    video: Path,
    participant: str,
    scenes: Sequence[Scene],
    report: Path | None = None,
    consent: str | None = None,
    modality: str | None = None,
    compilation: int | None = None,
) -> Recording:
    """What was given, parsed. Raises InputError for an id, a report or a scope that cannot be."""
    participant_id(study, participant)
    return Recording(
        video,
        participant,
        tuple(scenes),
        tuple(read_report(report, scenes)) if report else None,
        None if consent is None else parse_scopes(consent),
        modality,
        compilation,
    )


def session_holding(study: Study, sha256: str) -> Session | None:
    """The session whose recording has this hash, if the study has one."""
    found = (s for s in study.sessions() if s.header.recording_sha256 == sha256)
    return next(found, None)


def import_recording(study: Study, recording: Recording) -> Imported:
    """Make a session of the recording. Raises MexlabError, leaving the study as it was."""
    person = on_file(study, participant_id(study, recording.participant), recording.granted)
    _refuse_simulated(person, recording.video)
    _refuse_second_import(study, recording)
    video = Video(recording.video)
    label = f"importing {recording.video.name}"
    with Progress(label, total=video.frame_count_hint, unit="frames") as bar:
        seen = survey(video, bar)
        scenes = fit_scenes(recording.scenes, seen.times_ns, seen.shown_until_ns)
        header = _write_session(study, recording, person, video, seen, scenes)
    notices = [*remarks(recording.scenes, scenes), *consent_notices(study, person)]
    return Imported.of(header, study.sessions_path / header.session, seen, len(scenes), notices)


def _write_session(
    study: Study,
    recording: Recording,
    person: Participant,
    video: Video,
    seen: Survey,
    scenes: Sequence[Scene],
) -> SessionHeader:
    """The session folder and the participant's file: both, or neither."""
    started_at, started_at_from = _start_of(video)
    with enrolled(study, person), study.new_session(person.participant, started_at) as session:
        recorded = _copy_verified(recording, session)
        _write_tables(session, seen, scenes)
        if recording.reports is not None:
            self_report(recording.reports, person.language).write(session.report_path)
        header = SessionHeader(
            session=session.id,
            participant=person.participant,
            started_at=started_at.isoformat(timespec="milliseconds"),
            recording=recorded,
            recording_sha256=recording.sha256,
            source="imported",
            modality=recording.modality or ("grey" if seen.grey else "colour"),
            compilation=recording.compilation,
            camera={**_camera(video, seen), "started_at_from": started_at_from},
            software={"mexlab": __version__, "av": version("av")},
        )
        session.write_header(header)
    return header


def _refuse_simulated(person: Participant, video: Path) -> None:
    # A simulated participant holds every scope: a real face must not slip in under that.
    if person.simulated:
        what = f"participant {person.participant} is simulated"
        raise InputError(what, video, "give a recording of a person another participant id")


def _refuse_second_import(study: Study, recording: Recording) -> None:
    earlier = session_holding(study, recording.sha256)
    if earlier:
        raise InputError(
            f"this recording is in the study already, as session {earlier.id}",
            recording.video,
            "import another recording, or delete that session first",
        )


def _start_of(video: Video) -> tuple[datetime, str]:
    """When the recording began, in UTC, and where that is known from."""
    try:
        stated = datetime.fromisoformat(video.created_at or "")
    except ValueError:
        stated = None
    if stated and stated.year >= EARLIEST_YEAR:
        # Containers write UTC; some leave the zone out.
        return stated.astimezone(UTC) if stated.tzinfo else stated.replace(tzinfo=UTC), "container"
    return datetime.fromtimestamp(video.path.stat().st_mtime, UTC), "file time"


def _camera(video: Video, seen: Survey) -> dict[str, object]:
    """What is known of the camera: the file it left. Its name only, since a path may tell more."""
    return {
        "file": video.path.name,
        "width": video.width,
        "height": video.height,
        "rotation": video.rotation,
        "codec": video.codec,
        "pixel_format": video.pixel_format,
        "fps": round(seen.rate_hz, 6),
        "variable_rate": seen.variable_rate,
    }


def _copy_verified(recording: Recording, session: Session) -> str:
    """Copy the video byte for byte into the session and return its name there.

    Raises VideoError if the bytes are not those that were hashed before.
    """
    name = f"webcam{recording.video.suffix.lower()}"
    digest = hashlib.sha256()
    with recording.video.open("rb") as source, (session.root / name).open("wb") as copy:
        while block := source.read(COPY_BLOCK_BYTES):
            digest.update(block)
            copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
    if digest.hexdigest() != recording.sha256:
        raise VideoError("the file changed while it was imported", recording.video, "try again")
    return name


def _write_tables(session: Session, seen: Survey, scenes: Sequence[Scene]) -> None:
    """frames.parquet and scenes.parquet. An imported frame is known by its time stamp only."""
    frames = {
        "frame": range(len(seen.times_ns)),
        "capture_ns": seen.times_ns,
        "pts_ns": seen.times_ns,
        "dropped_before": seen.dropped_before,
    }
    columns = {name: [getattr(scene, name) for scene in scenes] for name in SCENES.schema.names}
    FRAMES.write(session.frames_path, FRAMES.build(frames))
    SCENES.write(session.scenes_path, SCENES.build(columns))
