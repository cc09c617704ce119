"""The protocol: eight compilations of seven scenes, as stimuli/protocol.toml names them.

Reads protocol.toml into frozen dataclasses. What is not TOML, or of a wrong type, ends here;
what is well-formed and wrong (a missing clip, an emotion twice) is `stimuli.check`'s business.
Times are seconds on the clip's own clock, scenes half-open, [start_s, end_s).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

from mexlab.errors import InputError, StudyError
from mexlab.settings import from_mapping, read_toml
from mexlab.study import Study

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class FilmSettings:
    """The head of protocol.toml: the form every compilation is built in."""

    schema_version: int
    width: int = field(default=1280, metadata={"low": 64, "high": 7680})  # px, even
    height: int = field(default=720, metadata={"low": 64, "high": 4320})  # px, even
    fps: float = field(default=30.0, metadata={"low": 1.0, "high": 120.0})
    washout_s: float = field(default=5.0, metadata={"low": 0.5, "high": 600.0})
    loudness_lufs: float = field(default=-23.0, metadata={"low": -40.0, "high": -10.0})

    @property
    def rate(self) -> Fraction:
        """Frames per second as ffmpeg takes it; 29.97 and 23.976 mean 30000/1001 and 24000/1001."""
        ntsc = Fraction(round(self.fps * 1.001) * 1000, 1001)
        return ntsc if abs(float(ntsc) - self.fps) < 0.005 else Fraction(str(self.fps))

    def frames(self, seconds: float) -> int:
        """Whole frames nearest to a length."""
        return round(seconds * self.rate)

    @property
    def washout_frames(self) -> int:
        return self.frames(self.washout_s)


@dataclass(frozen=True)
class SceneClip:
    """One scene: which part of which clip, what it is meant to elicit, and where it is from."""

    target: str
    clip: str  # relative to stimuli/
    start_s: float
    end_s: float
    battery: str = ""
    category: str = ""
    dub: str = ""
    rights: str = ""


@dataclass(frozen=True)
class CompilationPlan:
    """One compilation as planned; `where` names its place in the protocol."""

    number: int
    scenes: tuple[SceneClip, ...]
    where: str

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(scene.target for scene in self.scenes)

    def numbered(self) -> Iterator[tuple[int, SceneClip]]:
        """The scenes with their numbers, from 1."""
        return enumerate(self.scenes, start=1)


@dataclass(frozen=True)
class Protocol:
    """protocol.toml as it stands; clips count from `folder`."""

    path: Path
    settings: FilmSettings
    plans: tuple[CompilationPlan, ...]

    @classmethod
    def read(cls, study: Study) -> Self:
        """Raises StudyError or InputError for a file that is not there, not TOML or ill-typed."""
        path = study.protocol_path
        if not path.is_file():
            remedy = "put it back; a new study has a template of it"
            raise StudyError("there is no protocol", path, remedy)
        tables = read_toml(path)
        entries = tables.pop("compilation", [])
        version = tables.get("schema_version")
        if type(version) is int and version > SCHEMA_VERSION:
            what = f"protocol schema version {version} is newer than {SCHEMA_VERSION}"
            raise StudyError(what, path, "update mexlab to read it")
        settings = from_mapping(FilmSettings, tables, path)
        for name in ("width", "height"):
            if getattr(settings, name) % 2:
                raise InputError(f"setting {name!r} is odd", path, "choose an even number of px")
        listed = _tables(entries, "compilation", path)
        return cls(path, settings, tuple(_plan(entry, path) for entry in listed))

    @property
    def folder(self) -> Path:
        return self.path.parent

    def clip_path(self, scene: SceneClip) -> Path:
        return self.folder / scene.clip

    def plan(self, number: int) -> CompilationPlan:
        """The plan of one compilation. Raises InputError if it is not there exactly once."""
        found = [plan for plan in self.plans if plan.number == number]
        if len(found) != 1:
            what = f"compilation {number} stands there {len(found)} times"
            raise InputError(what, self.path, "describe each compilation once")
        return found[0]


def _plan(entry: dict[str, Any], path: Path) -> CompilationPlan:
    number = entry.get("number")
    if type(number) is not int:
        raise InputError(f"a compilation's number is {number!r}", path, "number it 1 to 8")
    where = f"{path} compilation {number}"
    unknown = set(entry) - {"number", "scenes"}
    if unknown:
        raise InputError(f"unknown setting {min(unknown)!r}", where, "use number and scenes")
    scenes = _tables(entry.get("scenes", []), "scenes", where)
    return CompilationPlan(
        number,
        tuple(_scene(s, f"{where} scene {k}") for k, s in enumerate(scenes, start=1)),
        where,
    )


def _scene(entry: dict[str, Any], where: str) -> SceneClip:
    blank = [
        f.name for f in fields(SceneClip) if f.name in ("target", "clip") and not entry.get(f.name)
    ]
    if blank:
        raise InputError(f"no {blank[0]!r}", where, "fill it in")
    return from_mapping(SceneClip, entry, where)


def _tables(value: Any, name: str, where: str | Path) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InputError(f"{name!r} is not a list of tables", where, "write it as in the template")
    return value
