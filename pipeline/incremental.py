"""A dataset made subject by subject: what is finished is kept, what is unchanged is taken over.

    .OUT.building/        beside OUT while it is made (mexlab.atomic.work_folder)
        INPUTS/           a finished subject: clips/ and frames/ as in a dataset, outcome.json
    OUT/provenance.json   subject -> INPUTS, and its outcome

INPUTS is a digest of everything that a subject's two files depend on: the files they are made
from, the settings, the packages and the code that make them, the processor. Whatever differs, the
subject is made anew. It is not part of the content hash, which is of the tables alone.
"""

import hashlib
import json
import platform
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2

from mexlab.atomic import atomic_folder, discard, link_file, write_json
from mexlab.codes import coder_files
from mexlab.fingerprint import read_manifest
from mexlab.session import Session, file_sha256

PROVENANCE = "provenance.json"
SCHEMA_VERSION = 1
PACKAGES = ("mexlab", "av", "mediapipe", "numpy", "opencv-python", "pyarrow", "scikit-image")

_OUTCOME = "outcome.json"
_TABLES = ("clips", "frames")
# Packages that no frame of a dataset passes through.
_NOT_MAKING = {"app", "predict", "templates", "training", "web"}
_HOW = {"built": "built", "finished": "finished by an earlier run", "unchanged": "unchanged"}


class Parts:
    """The subjects of a dataset in the making, by name; `inputs` maps each to its digest."""

    def __init__(self, work: Path, inputs: Mapping[str, str]) -> None:
        self.work, self.inputs = work, inputs
        self._how: dict[str, str] = {}

    @classmethod
    def begin(cls, work: Path, out: Path, inputs: Mapping[str, str]) -> "Parts":
        """What stands already: finished in `work`, or unchanged in the dataset at `out`.

        What `work` has of other inputs goes.
        """
        parts = cls(work, inputs)
        wanted = {parts.path(subject) for subject in inputs}
        for path in work.iterdir():
            if path.is_dir() and path not in wanted:
                discard(path)
        parts._how = {s: "finished" for s in inputs if parts.path(s).is_dir()}
        for subject in parts._taken_over(out):
            parts._how[subject] = "unchanged"
        return parts

    def path(self, subject: str) -> Path:
        """The folder of a finished subject."""
        return self.work / self.inputs[subject]

    def stands(self, subject: str) -> bool:
        """Whether nothing is to be done for this subject."""
        return subject in self._how

    def outcome(self, subject: str) -> Any:
        """What its maker had to say besides the tables."""
        return json.loads((self.path(subject) / _OUTCOME).read_text(encoding="utf-8"))

    def with_clips(self) -> list[str]:
        """The finished subjects of which there is any clip, sorted."""
        return sorted(s for s in self.inputs if self._table(s, "clips").is_file())

    def gather(self, folder: Path) -> None:
        """All subjects' files into the dataset `folder`, and its provenance."""
        subjects = {}
        for subject in self.with_clips():
            subjects[subject] = {"inputs": self.inputs[subject], "outcome": self.outcome(subject)}
            for name in _TABLES:
                link_file(self._table(subject, name), folder / name / f"{subject}.parquet")
        write_json(folder / PROVENANCE, {"schema_version": SCHEMA_VERSION, "subjects": subjects})

    def say(self) -> None:
        """How many subjects came from where, on stderr."""
        counts = Counter(self._how.get(subject, "built") for subject in self.inputs)
        told = ", ".join(f"{counts[how]} {words}" for how, words in _HOW.items() if counts[how])
        print(f"subjects: {told}", file=sys.stderr, flush=True)

    def _table(self, subject: str, name: str) -> Path:
        return self.path(subject) / name / f"{subject}.parquet"

    def _taken_over(self, out: Path) -> Iterator[str]:
        """Link the subjects that `out` has of the same inputs, whole as its manifest says."""
        digests = read_manifest(out)
        for subject, (inputs, outcome) in _provenance(out).items():
            files = [f"{name}/{subject}.parquet" for name in _TABLES]
            if self.inputs.get(subject) != inputs or self.stands(subject):
                continue
            if not all(_is_whole(out / name, digests.get(name)) for name in files):
                continue
            with finished_part(self.path(subject), outcome) as part:
                for name in files:
                    link_file(out / name, part / name)
            yield subject


@contextmanager
def finished_part(path: Path, outcome: Any) -> Iterator[Path]:
    """Yield a folder for a subject's files that becomes `path`; `outcome` is JSON, or a mutable
    object that will be when the block ends.
    """
    with atomic_folder(path) as part:
        yield part
        write_json(part / _OUTCOME, outcome)


def digest_of(**inputs: Any) -> str:
    """Hex SHA-256 of JSON values, paths among them."""
    text = json.dumps(inputs, sort_keys=True, ensure_ascii=False, default=_as_text)
    return hashlib.sha256(text.encode()).hexdigest()


def session_inputs(session: Session, analyzer: str) -> dict[str, str | None]:
    """File of the session -> SHA-256, None where there is none; the recording's as its header says.

    All files that a clip depends on, by way of its plan or of its frames.
    """
    paths = [
        session.frames_path,
        session.scenes_path,
        session.intervals_path,
        session.aus_path(analyzer),
        session.motion_path,
        session.report_path,
        session.truth_path,
        *coder_files(session.review_path).values(),
    ]
    header = session.header
    return {
        header.recording: header.recording_sha256,
        "modality": header.modality,
        **file_digests(session.root, paths),
    }


def file_digests(root: Path, paths: Iterable[Path]) -> dict[str, str | None]:
    """Path below `root` -> SHA-256, None where there is no such file."""
    return {
        path.relative_to(root).as_posix(): file_sha256(path) if path.is_file() else None
        for path in sorted(paths)
    }


@cache
def made_with() -> dict[str, str]:
    """Packages, our own code and the processor: what decides the bytes besides the inputs."""
    code = hashlib.sha256()
    for package in ("mexlab", "pipeline"):
        root = Path(str(sys.modules[package].__file__)).parent
        for path in sorted(root.rglob("*.py")):
            if _NOT_MAKING.isdisjoint(path.relative_to(root).parts):
                code.update(path.read_bytes())
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "code": code.hexdigest(),
        "processor": f"{platform.system()} {platform.machine()} {cv2.getCPUFeaturesLine()}",
    }


def _provenance(out: Path) -> dict[str, tuple[str, Any]]:
    """Subject -> (inputs, outcome); empty where there is none that this program can read."""
    try:
        values = json.loads((out / PROVENANCE).read_text(encoding="utf-8"))
        if values["schema_version"] != SCHEMA_VERSION:
            return {}
        entries = values["subjects"].items()
        return {subject: (entry["inputs"], entry["outcome"]) for subject, entry in entries}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # all subjects are made anew


def _is_whole(path: Path, digest: str | None) -> bool:
    return digest is not None and path.is_file() and file_sha256(path) == digest


def _as_text(value: Any) -> str:
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} in the inputs of a subject")
