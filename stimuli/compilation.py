"""A built film compilation: compilation-N.mp4 and, in compilation-N.json, what was measured in it.

Reads and writes compilation-N.json; reads the film and the clips only to hash them. The JSON keeps
a fingerprint of all that the film was made from, so that a film older than its clips or its
protocol is not shown unawares. Times are int64 ns from the film's first frame, on the film's own
clock (media time); scenes are half-open, [start_ns, end_ns).
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from mexlab.atomic import write_json
from mexlab.errors import InputError, StudyError
from mexlab.session import file_sha256
from mexlab.settings import from_mapping
from mexlab.study import Study
from stimuli.protocol import CompilationPlan, Protocol

SCHEMA_VERSION = 1
BUILD_VERSION = 1  # raised when the same plan would make another film


@dataclass(frozen=True)
class FilmScene:
    """One scene of a film, [start_ns, end_ns) on the film's own clock (media time)."""

    scene: int
    emotion: str
    start_ns: int
    end_ns: int


@dataclass(frozen=True)
class ClipState:
    """A clip as it was when its scene was built; size and time spare hashing it again."""

    clip: str
    sha256: str
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, folder: Path, clip: str, known: Sequence[Self] = ()) -> Self:
        """The clip as it is now; its hash from `known` if size and time are still the same."""
        path = folder / clip
        status = path.stat()
        for state in known:
            if (state.clip, state.size, state.mtime_ns) == (
                clip,
                status.st_size,
                status.st_mtime_ns,
            ):
                return state
        return cls(clip, file_sha256(path), status.st_size, status.st_mtime_ns)


@dataclass(frozen=True, kw_only=True)
class FilmFacts:
    """What compilation-N.json says of the film as a whole."""

    number: int
    sha256: str
    fps: float
    frames: int
    duration_ns: int
    width: int
    height: int
    placeholder: bool
    fingerprint: str
    software: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Compilation(FilmFacts):
    """compilation-N.json. `loudness_lufs` is null where a scene is silent."""

    film: Path
    scenes: tuple[FilmScene, ...]
    clips: tuple[ClipState, ...] = ()  # one a scene; none of a placeholder
    loudness_lufs: tuple[float | None, ...] = ()

    def write(self, path: Path) -> None:
        """Write compilation-N.json, atomically."""
        clips = [asdict(clip) for clip in self.clips] or [{} for _ in self.scenes]
        loudness = self.loudness_lufs or (None,) * len(self.scenes)
        scenes = [
            asdict(scene) | {"loudness_lufs": lufs} | clip
            for scene, lufs, clip in zip(self.scenes, loudness, clips, strict=True)
        ]
        left = ("clips", "loudness_lufs", "scenes")
        facts = {key: value for key, value in asdict(self).items() if key not in left}
        facts["film"] = self.film.name
        write_json(path, {"schema_version": SCHEMA_VERSION, **facts, "scenes": scenes})

    @classmethod
    def read(cls, path: Path) -> Self:
        """One compilation-N.json as it stands. Raises StudyError if damaged or too new."""
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            if values.pop("schema_version") != SCHEMA_VERSION:
                raise ValueError("of another version")
            rows, film = values.pop("scenes"), path.parent / values.pop("film")
            return cls(
                **vars(from_mapping(FilmFacts, values, path)),
                film=film,
                scenes=tuple(_part(FilmScene, row, path) for row in rows),
                clips=tuple(_part(ClipState, row, path) for row in rows if "clip" in row),
                loudness_lufs=tuple(row["loudness_lufs"] for row in rows),
            )
        except (ValueError, KeyError, TypeError, AttributeError, InputError) as error:
            what = f"damaged compilation file: {getattr(error, 'what', error)}"
            raise StudyError(what, path, build_remedy(path.parent.parent)) from error


def read_compilation(study: Study, number: int) -> Compilation:
    """A built compilation that is what the protocol and the clips say.

    Raises StudyError, with the command that builds it, for one not built, damaged, or older than
    its clips or its protocol. Clips that are not on this computer are not asked for.
    """
    path, remedy = study.compilation_path(number), build_remedy(study.root)
    if not path.is_file():
        raise StudyError(f"compilation {number} is not built", path, remedy)
    built = Compilation.read(path)
    if built.number != number:
        raise StudyError(f"this file describes compilation {built.number}", path, remedy)
    if not built.film.is_file():
        raise StudyError(f"the film of compilation {number} is missing", built.film, remedy)
    if file_sha256(built.film) != built.sha256:
        what = f"the film of compilation {number} is not the one that was measured"
        raise StudyError(what, built.film, remedy)
    reason = outdated(built, Protocol.read(study))
    if reason:
        raise StudyError(f"compilation {number} is older than {reason}", path, remedy)
    return built


def outdated(built: Compilation, protocol: Protocol) -> str:
    """What a built compilation is older than, in words; empty if it is up to date.

    A placeholder depends on the order of the emotions only.
    """
    plan = protocol.plan(built.number)
    if built.placeholder:
        same = tuple(scene.emotion for scene in built.scenes) == plan.targets
        return "" if same else "the protocol's order of emotions"
    for before in built.clips:
        if (protocol.folder / before.clip).is_file():
            now = ClipState.of(protocol.folder, before.clip, built.clips)
            if now.sha256 != before.sha256:
                return f"its clips: {before.clip} has changed"
    same = film_fingerprint(protocol, plan, built.clips) == built.fingerprint
    return "" if same else "the protocol"


def film_fingerprint(protocol: Protocol, plan: CompilationPlan, clips: Sequence[ClipState]) -> str:
    """SHA-256 of everything that a film is made from: settings, plan and clips' contents."""
    scenes = [[s.target, s.clip, s.start_s, s.end_s] for s in plan.scenes]
    hashes = [clip.sha256 for clip in clips]
    return fingerprint_of([asdict(protocol.settings), scenes, hashes])


def fingerprint_of(content: Any) -> str:
    """SHA-256 of plain values as JSON, with the version of the building code."""
    return sha256(json.dumps([BUILD_VERSION, content]).encode()).hexdigest()


def build_remedy(study: Path) -> str:
    """What to do about a compilation that cannot be used."""
    return f"build it with: mexlab stimuli build {study}"


def _part(kind: type[Any], row: dict[str, Any], where: Path) -> Any:
    return from_mapping(kind, {name: row[name] for name in kind.__dataclass_fields__}, where)
