"""Everything that can be wrong with a study or a dataset on disk, found by reading it.

`verify_path` returns the problems as lines and the number of checks made; it changes nothing.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mexlab.atomic import leftovers, work_path
from mexlab.codes import codes_of
from mexlab.consent import SCOPES
from mexlab.errors import InputError, MexlabError
from mexlab.fingerprint import content_hash
from mexlab.participants import Participant
from mexlab.session import SelfReport, Session, file_sha256
from mexlab.study import Study
from mexlab.tables import (
    AU_TABLE,
    CLIP_FRAMES,
    CLIPS,
    INTERVALS,
    MOTION,
    PRESENTATION,
    SPLITS,
    TRUTH,
)
from mexlab.tablespec import TableSpec
from mexlab.timebase import NS_PER_S

T = TypeVar("T")

# What every dataset has beside its clips and frames; contact-sheet.jpg only where people agreed.
DATASET_FILES = ("README.md", "codebook.tsv", "croissant.json", "dataset.json", "splits.parquet")

SCENE_SLACK_NS = NS_PER_S // 2  # a scene may end so long after the last frame


def verify_path(path: Path) -> tuple[list[str], int]:
    """Problems and number of checks made. Raises InputError for neither a study nor a dataset."""
    if (path / "study.toml").is_file():
        found = list(_study_checks(Study.open(path)))
    elif (path / "dataset.json").is_file():
        found = list(_dataset_checks(path))
    else:
        what = "no such folder" if not path.exists() else "neither a study nor a dataset"
        raise InputError(what, path, "give a folder with study.toml or dataset.json")
    return [problem for problem in found if problem], len(found)


def _study_checks(study: Study) -> Iterator[str]:
    """One string a check, empty where all is well."""
    known: dict[str, Participant] = {}
    files: dict[str, Path] = {}
    for path in sorted(study.participants_path.glob("*.json")):
        participant, problem = _attempt(partial(Participant.read, path))
        yield problem or _participant_problem(path, participant)
        if participant:
            known[participant.participant] = participant
        name = _named_participant(path)
        if name and files.setdefault(name, path) != path:
            yield f"a second file of participant {name}; {path} and {files[name]}; keep one"
    hashes: dict[str, str] = {}
    for folder in (study.root, *(path for path in study.root.rglob("*") if path.is_dir())):
        yield from (
            f"left by an interrupted write; {path}; delete it" for path in leftovers(folder)
        )
    for session in study.sessions():
        yield from _session_checks(session, known, hashes)


def _session_checks(
    session: Session, known: dict[str, Participant], hashes: dict[str, str]
) -> Iterator[str]:
    header, problem = _attempt(lambda: session.header)
    yield problem
    if not header:
        return
    if header.session != session.id:
        yield f"session.json is of session {header.session}; {session.root}; rename the folder"
    if header.participant not in known:
        yield f"participant {header.participant} is not registered; {session.root}; register"
    elif "recorded" not in known[header.participant].scopes:
        yield (
            f"a recording without consent to being recorded; {session.root}; "
            "record the consent or delete the session"
        )
    if header.state == "open":
        yield f"session is open; {session.root}; close it with: collector recover STUDY"
        return  # its files are still growing
    yield _recording_problem(session, hashes)
    frames, problem = _attempt(session.frames)
    yield problem
    scenes, problem = _attempt(session.scenes)
    yield problem
    if frames is not None and scenes is not None:
        yield _scene_problem(session, frames["capture_ns"].to_numpy(), scenes.to_pylist())
    optional: list[tuple[Path, TableSpec]] = [
        (session.truth_path, TRUTH),
        (session.presentation_path, PRESENTATION),
        (session.motion_path, MOTION),
        (session.intervals_path, INTERVALS),
    ]
    optional += [(path, AU_TABLE) for path in session.analysis_path.glob("*/aus.parquet")]
    for path, spec in optional:
        if path.exists():
            table, problem = _attempt(partial(spec.read, path))
            yield problem
            if spec in (AU_TABLE, MOTION) and table is not None and frames is not None:
                same = np.array_equal(table["t_ns"].to_numpy(), frames["capture_ns"].to_numpy())
                yield "" if same else f"times differ from frames.parquet; {path}; analyse again"
    for path in (session.report_path, session.second_report_path):
        if path.exists():
            yield _attempt(partial(SelfReport.read, path))[1]
    for path in sorted(session.review_path.glob("*.jsonl")):
        yield _attempt(partial(codes_of, path))[1]
    if scenes is not None and session.intervals_path.exists():
        intervals, _ = _attempt(session.intervals)
        yield from _interval_problems(session, scenes.to_pylist(), intervals)


def _interval_problems(
    session: Session, scenes: list[dict[str, Any]], intervals: pa.Table | None
) -> Iterator[str]:
    """Every interval inside its scene, and one first-ranked interval a scene."""
    limits = {scene["scene"]: (scene["start_ns"], scene["end_ns"]) for scene in scenes}
    where = f"{session.intervals_path}; run annotate locate again"
    firsts: Counter[int] = Counter()
    for row in intervals.to_pylist() if intervals is not None else ():
        start, end = limits.get(row["scene"], (0, 0))
        firsts[row["scene"]] += row["rank"] == 1
        if not start <= row["start_ns"] < row["end_ns"] <= end:
            yield f"interval {row['interval_id']} does not lie in its scene; {where}"
    yield from (f"scene {s} has {n} first intervals; {where}" for s, n in firsts.items() if n != 1)


def _participant_problem(path: Path, participant: Participant | None) -> str:
    if participant is None:
        return ""
    unknown = {decision.scope for decision in participant.consents} - set(SCOPES)
    return f"unknown consent scope {sorted(unknown)[0]!r}; {path}; correct it" if unknown else ""


def _named_participant(path: Path) -> str:
    """The id inside a participant file, lower case, whatever the file is called."""
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["participant"]).lower()
    except (ValueError, KeyError, TypeError):
        return ""


def _recording_problem(session: Session, hashes: dict[str, str]) -> str:
    path = session.recording_path
    if not path.is_file():
        return f"no recording; {path}; restore it from a copy"
    digest = file_sha256(path)
    if digest != session.header.recording_sha256:
        return f"recording changed since the session closed; {path}; restore it from a copy"
    other = hashes.setdefault(digest, session.id)
    if other != session.id:
        return f"same recording as session {other}; {path}; delete one of the two sessions"
    return ""


def _scene_problem(
    session: Session, capture_ns: NDArray[np.int64], scenes: list[dict[str, Any]]
) -> str:
    where = session.scenes_path
    if not len(capture_ns):
        return f"no frame; {session.frames_path}; delete the session"
    ordered = sorted(scenes, key=lambda scene: scene["start_ns"])
    for before, after in pairwise(ordered):
        if after["start_ns"] < before["end_ns"]:
            return f"scenes {before['scene']} and {after['scene']} overlap; {where}; correct them"
    for scene in ordered:
        late = scene["end_ns"] > capture_ns[-1] + SCENE_SLACK_NS
        if late or not 0 <= scene["start_ns"] <= capture_ns[-1]:
            return f"scene {scene['scene']} lies outside the recording; {where}; correct it"
    return ""


def _dataset_checks(root: Path) -> Iterator[str]:
    unfinished = work_path(root)
    if unfinished.exists():
        yield f"an unfinished build, faces in it; {unfinished}; build again, or delete it"
    manifest = root / "manifest.sha256"
    if not manifest.is_file():
        yield f"no manifest; {manifest}; build the dataset again"
        return
    try:
        lines = manifest.read_text(encoding="utf-8").splitlines()
        digests = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    except ValueError:
        yield f"damaged manifest; {manifest}; build the dataset again"
        return
    yield from (_file_problem(root / name, digest) for name, digest in digests.items())
    listed = set(digests)
    for name in sorted({*DATASET_FILES} - listed):
        yield f"a file that every dataset has is not in the manifest; {root / name}; build again"
    present = {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}
    for name in sorted(present - listed - {manifest.name}):
        yield f"a file the manifest does not know; {root / name}; delete it or build again"
    tables = [*((path, CLIPS) for path in root.glob("clips/*.parquet"))]
    tables += [(path, CLIP_FRAMES) for path in root.glob("frames/*.parquet")]
    tables.append((root / "splits.parquet", SPLITS))
    for path, spec in tables:
        yield _attempt(partial(spec.read, path))[1]
    yield _split_problem(root)
    yield _content_problem(root)
    yield _sheet_problem(root)


def _content_problem(root: Path) -> str:
    """The header's hash against the tables themselves."""
    path = root / "dataset.json"
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))["content_hash"]
        found = content_hash(root)
    except (ValueError, KeyError, TypeError):
        return f"damaged dataset header; {path}; build the dataset again"
    except OSError:
        return ""  # a table is missing or damaged: already reported
    return "" if stated == found else f"content_hash is not that of the tables; {path}; build again"


def _sheet_problem(root: Path) -> str:
    """Example pictures although nobody agreed to being shown."""
    path = root / "contact-sheet.jpg"
    try:
        header = json.loads((root / "dataset.json").read_text(encoding="utf-8"))
        scopes = [scope for who in header["subjects"].values() for scope in who["scopes"] or ()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""  # already reported
    if path.exists() and "excerpts" not in scopes:
        return f"faces of people who have not agreed to being shown; {path}; build again"
    return ""


def _split_problem(root: Path) -> str:
    """A subject or group on both sides of a fold."""
    groups: dict[str, str] = {}
    try:
        for path in root.glob("clips/*.parquet"):
            rows = CLIPS.read(path, ["subject", "group"]).to_pylist()
            groups |= {row["subject"]: row["group"] for row in rows}
        splits = SPLITS.read(root / "splits.parquet").to_pylist()
    except MexlabError:
        return ""  # already reported
    sides: dict[tuple[str, int, str], str] = {}
    for row in splits:
        key = (row["protocol"], row["fold"], groups.get(row["subject"], row["subject"]))
        side = "test" if row["role"] == "test" else "train"
        if sides.setdefault(key, side) != side:
            return (
                f"{row['subject']} stands on two sides of fold {row['fold']} of {row['protocol']}; "
                f"{root / 'splits.parquet'}; build the dataset again"
            )
    return ""


def _file_problem(path: Path, digest: str) -> str:
    if not path.is_file():
        return f"missing file; {path}; restore it from a copy"
    return (
        ""
        if file_sha256(path) == digest
        else f"changed since it was built; {path}; restore or build again"
    )


def _attempt(read: Callable[[], T]) -> tuple[T | None, str]:
    try:
        return read(), ""
    except MexlabError as error:
        return None, str(error)
