"""A study on disk: one folder with study.toml, participants/ and sessions/.

The study owns the rules that span sessions: who consented to what, which sessions count, which
numbers this station hands out; its paths stand in `mexlab.study_paths`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, Self, TypeVar

from filelock import FileLock, Timeout

from mexlab.atomic import atomic_folder, write_text
from mexlab.consent import WITHDRAWAL, decide, missing_scopes
from mexlab.errors import InputError, StudyError
from mexlab.participants import Participant, check_participant_id
from mexlab.session import COMPLETE, Session
from mexlab.settings import from_mapping, read_toml
from mexlab.study_paths import StudyPaths
from mexlab.study_settings import (
    LANGUAGES,
    SCHEMA_VERSION,
    SECTIONS,
    AnalysisSettings,
    FormSettings,
    LabelSettings,
    StudySettings,
)

T = TypeVar("T")

STATION_BLOCK = 1000  # participant numbers one station may hand out
HOLD_S = 10.0  # how long a change waits for another one about the same person


@dataclass(frozen=True)
class Exclusion:
    """Something left out, and why, for the person who looks for it."""

    subject: str
    session: str
    scene: int | None
    reason: str

    def __str__(self) -> str:
        scene = f" scene {self.scene}" if self.scene is not None else ""
        return f"{self.session or self.subject}{scene}: {self.reason}"


class Study(StudyPaths):
    """A study folder. `Study.open` checks it, `Study.create` makes it."""

    def __init__(self, root: Path, tables: dict[str, Any]) -> None:
        super().__init__(root)
        self._tables = tables
        head = {key: value for key, value in tables.items() if not isinstance(value, dict)}
        self.settings = from_mapping(StudySettings, head, self.settings_path)
        unknown = {key for key, value in tables.items() if isinstance(value, dict)} - set(SECTIONS)
        if unknown:
            what = f"unknown table [{min(unknown)}]"
            raise InputError(what, self.settings_path, f"use one of: {', '.join(SECTIONS)}")
        if not self.settings.languages or set(self.settings.languages) - set(LANGUAGES):
            remedy = f"list one or more of: {', '.join(LANGUAGES)}"
            raise InputError("unknown or no languages", self.settings_path, remedy)

    @classmethod
    def open(cls, root: Path) -> Self:
        """Open an existing study. Raises StudyError if it is none or newer than this program."""
        path = root / "study.toml"
        if not path.is_file():
            remedy = f"check the path or make one with: mexlab new {root}"
            raise StudyError("no such study" if not root.exists() else "not a study", root, remedy)
        tables = read_toml(path)
        version = tables.get("schema_version")
        if not isinstance(version, int):
            raise StudyError("no schema_version", path, f"add: schema_version = {SCHEMA_VERSION}")
        if version > SCHEMA_VERSION:
            what = f"study schema version {version} is newer than {SCHEMA_VERSION}"
            raise StudyError(what, path, "update mexlab to read it")
        return cls(root, tables)

    @classmethod
    def create(cls, root: Path) -> Self:
        """Make a new study folder from the templates. Raises InputError if something is there."""
        if root.exists() and (not root.is_dir() or any(root.iterdir())):
            raise InputError("there is something already", root, "choose a new folder")
        if root.exists():
            _lay_down(root)  # an empty folder, perhaps the one the user stands in, stays the same
        else:
            with atomic_folder(root) as folder:
                _lay_down(folder)
        return cls.open(root)

    @property
    def instrument_path(self) -> Path:
        """The self-report's questions; the ones shipped, where the study has none of its own."""
        return self._own_or_shipped(self.forms.instrument, "self-report.toml")

    @property
    def second_instrument_path(self) -> Path:
        """The questions about the own face; the ones shipped, where the study has none."""
        return self._own_or_shipped(self.forms.second_instrument, "second-pass.toml")

    @property
    def consent_text_path(self) -> Path:
        """The consent form; the one shipped, where the study has none of its own."""
        return self._own_or_shipped(self.forms.consent, "consent.toml")

    def _own_or_shipped(self, name: str, template: str) -> Path:
        own = self.root / name
        if own.is_file() or name != f"forms/{template}":
            return own
        return Path(str(files("mexlab") / "templates" / template))

    @property
    def forms(self) -> FormSettings:
        return self.section("forms", FormSettings)

    @property
    def analysis(self) -> AnalysisSettings:
        return self.section("analysis", AnalysisSettings)

    @property
    def labels(self) -> LabelSettings:
        return self.section("labels", LabelSettings)

    def section(self, name: str, kind: type[T]) -> T:
        """The table [name] of study.toml as the frozen dataclass `kind`, defaults filled in."""
        return from_mapping(kind, self._tables.get(name, {}), f"{self.settings_path} [{name}]")

    # Participants

    def participant(self, participant: str) -> Participant:
        """Read one participant. Raises StudyError if not registered."""
        path = self.participant_path(participant)
        if not path.is_file():
            raise StudyError(
                f"participant {participant} is not registered",
                path,
                f"register with: collector participant {self.root} {participant}",
            )
        return Participant.read(path)

    def participants(self) -> list[Participant]:
        """Every registered participant, by id."""
        return [Participant.read(path) for path in sorted(self.participants_path.glob("*.json"))]

    def save_participant(self, participant: Participant) -> None:
        """Write the file; an id that differs only in case from another's is refused."""
        self.check_case(participant.participant)
        participant.write(self.participant_path(participant.participant))

    @contextmanager
    def holding(self, participant: str) -> Iterator[None]:
        """Nobody else changes what this person has said or decided while the block runs.

        Raises StudyError where another program holds it for longer than HOLD_S.
        """
        self.check_case(participant)  # two locks that some systems take for one
        lock = self.participant_path(participant).with_name(f".{participant}.lock")
        try:
            with FileLock(lock, timeout=HOLD_S):
                yield
        except Timeout as error:
            remedy = "wait, or close the other program"
            raise StudyError(f"another program works on {participant}", lock, remedy) from error

    def withdraw(self, participant: str) -> Participant:
        """Add the refusal of every scope; from then on every stage leaves the person out."""
        with self.holding(participant):
            person = self.participant(participant).deciding(decide((), WITHDRAWAL))
            self.save_participant(person)
        return person

    def check_case(self, participant: str) -> None:
        """Raise InputError for an id that some systems cannot tell from another's."""
        name = self.participant_path(participant).name
        for other in self.participants_path.glob("*.json"):
            if other.name.lower() == name.lower() and other.name != name:
                raise InputError(
                    f"participant id differs from {other.stem} only in upper and lower case",
                    participant,
                    "choose another id",
                )

    def next_participant_id(self) -> str:
        """The next free pseudonym of this station's block: P001 … at station 1, P1001 … at 2."""
        first = (self.settings.station - 1) * STATION_BLOCK + 1
        for number in range(first, first + STATION_BLOCK - 1):
            participant = f"P{number:03d}"
            if not self.participant_path(participant).exists():
                return participant
        raise StudyError("this station's block of numbers is used up", self.root, "raise station")

    # Sessions

    def session(self, session_id: str) -> Session:
        """One session by its id, a participant's by the participant's, or by a unique beginning.

        Of several sessions of a participant the last is meant. Raises StudyError if there is none.
        """
        found = [s for s in self.sessions() if s.id == session_id]
        found = found or [s for s in self.sessions() if s.header.participant == session_id][-1:]
        found = found or [s for s in self.sessions() if s.id.startswith(session_id)]
        if len(found) != 1:
            many = "several sessions begin with" if found else "no session"
            where = self.sessions_path
            raise StudyError(f"{many} {session_id!r}", where, "give the name of a folder there")
        return found[0]

    def sessions(self) -> list[Session]:
        """Every session, oldest first within a participant; unfinished writes are not sessions."""
        folders = self.sessions_path.iterdir() if self.sessions_path.is_dir() else ()
        return [
            Session(path)
            for path in sorted(folders)
            if path.is_dir() and not path.name.startswith(".")
        ]

    def counted_sessions(self) -> tuple[list[Session], list[Exclusion]]:
        """Sessions that count, and those that do not with the reason.

        A participant's last complete session counts; with `sessions = "all"` each complete one.
        With `aborted = true` an aborted one counts where the participant has no complete one.
        """
        complete, excluded = [], []
        sessions = self.sessions()
        served = {s.header.participant for s in sessions if s.header.state in COMPLETE}
        for session in sessions:
            state, participant = session.header.state, session.header.participant
            asked = state == "aborted" and self.settings.aborted and participant not in served
            if state in COMPLETE or asked:
                complete.append(session)
            else:
                reason = f"state is {state}, not complete"
                excluded.append(Exclusion(participant, session.id, None, reason))
        if self.settings.sessions == "all":
            return complete, excluded
        # A session that went to its end by itself is not displaced by what a crash left of another.
        by_worth = sorted(complete, key=lambda s: (s.header.state == "closed", s.header.started_at))
        last = {s.header.participant: s for s in by_worth}
        for session in complete:
            if last[session.header.participant] is not session:
                reason = "the participant has a later complete session"
                excluded.append(Exclusion(session.header.participant, session.id, None, reason))
        return sorted(last.values(), key=lambda s: s.id), excluded

    def consenting(
        self, sessions: Sequence[Session], needed: Sequence[str]
    ) -> tuple[list[Session], list[Exclusion]]:
        """Sessions whose participants granted all of `needed`, and the others with the reason."""
        allowed, excluded = [], []
        for session in sessions:
            name = session.header.participant
            person = self.participant(name) if self._registered(name) else None
            missing = missing_scopes(person.consents if person else (), needed)
            if person and person.simulated and session.header.source != "simulated":
                reason = "a real recording under a simulated participant, who consents to all"
                excluded.append(Exclusion(name, session.id, None, reason))
            elif missing:
                reason = f"no consent to being {', '.join(missing)}"
                excluded.append(Exclusion(name, session.id, None, reason))
            else:
                allowed.append(session)
        return allowed, excluded

    @contextmanager
    def new_session(self, participant: str, started_at: datetime) -> Iterator[Session]:
        """A session folder to fill; it appears whole when the block ends, or not at all.

        Named participant-date-time; a second session within the same second gets the next one.
        """
        check_participant_id(participant)
        while (path := self._session_path(participant, started_at)).exists():
            started_at += timedelta(seconds=1)
        with atomic_folder(path) as folder:
            yield NewSession(folder, path.name)

    def _session_path(self, participant: str, started_at: datetime) -> Path:
        return self.sessions_path / f"{participant}-{started_at:%Y%m%dT%H%M%S}"

    def _registered(self, participant: str) -> bool:
        return self.participant_path(participant).is_file()


def _lay_down(folder: Path) -> None:
    """The contents of a new study; study.toml, which makes it one, last."""
    templates = files("mexlab") / "templates"
    for name in ("participants", "sessions"):
        (folder / name).mkdir()
    for name, target in (
        ("protocol.toml", "stimuli/protocol.toml"),
        ("self-report.toml", "forms/self-report.toml"),
        ("second-pass.toml", "forms/second-pass.toml"),
        ("consent.toml", "forms/consent.toml"),
        ("study.toml", "study.toml"),
    ):
        write_text(folder / target, (templates / name).read_text(encoding="utf-8"))


class NewSession(Session):
    """A session still under its temporary folder name; `id` is the name it will have."""

    def __init__(self, root: Path, session_id: str) -> None:
        super().__init__(root)
        self._id = session_id

    @property
    def id(self) -> str:
        return self._id
