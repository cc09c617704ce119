"""The leak audit: nobody's face on two sides of a split, under whatever name.

Reads a finished dataset and the sessions it came from; writes nothing. `refuse_leaks` fails the
build with every leak found. Looked for, always between people of different groups, since splits
keep a group together:

    one recording under two ids    same SHA-256; or same start and as many frames
    one clip under two ids         a clip or session name that two subjects share
    one picture under two ids      any two exported frames whose files are equal byte for byte
    pictures that look alike       first, apex and last frames of clips: perceptual hashes that
                                   differ in MAX_BITS of 64 at most, and whose 32 x 32 thumbnails
                                   correlate at MIN_CORRELATION or more
    two sides of a split           a subject, group or clip that a fold has in two roles

Measured on a hundred faces of 25 px, enlarged to 224 (scikit-image's subset of LFW): recompressed,
scaled or brightened, a picture differs in 2 bits at most and correlates at 0.9995; shifted by 1 px,
in 4 and at 0.995; by 2 px it may be missed. Two different people: 10 bits or more, 0.87 or less;
each blended with 70 % of the common mean, down to 2 bits, but 0.966 or less.

What it cannot do: know a person again. Of two moments of one recording, 24 frames apart, 0 to 13 %
are found alike (three videos). A second recording of somebody, or another part of a recording that
was cut or trimmed and has lost its start time, passes.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mexlab.errors import MexlabError
from mexlab.session import Session
from pipeline.form.dataset import Dataset, column, frames_path
from pipeline.phash import close_pairs, correlations, phash, thumbnail
from pipeline.splits import overlaps

MAX_BITS = 4
MIN_CORRELATION = 0.985
MIN_CONTRAST = 2.0  # standard deviation in grey levels; a picture with less shows nobody
LISTED = 20
_BATCH_ROWS = 256

FrameKey = tuple[str, int]  # clip_id, frame


class LeakError(MexlabError):
    """The dataset would put one person on two sides of a split. `leaks` has a line for each."""

    def __init__(self, what: str, where: str | Path, remedy: str, leaks: Sequence[str]) -> None:
        super().__init__(what, where, remedy)
        self.leaks = tuple(leaks)
        self.args = (what, str(where), remedy, self.leaks)  # what a copy is made from

    def lines(self) -> list[str]:
        """The first leaks, and how many more there are."""
        more = len(self.leaks) - LISTED
        return [*self.leaks[:LISTED], *([f"and {more} more"] if more > 0 else [])]


@dataclass
class _Pictures:
    """What the audit keeps of a dataset's pictures."""

    first_of: dict[bytes, FrameKey] = field(default_factory=dict)  # digest -> where first seen
    same: list[tuple[FrameKey, FrameKey]] = field(default_factory=list)
    keys: list[FrameKey] = field(default_factory=list)  # of the frames hashed
    thumbs: list[NDArray[np.uint8]] = field(default_factory=list)


def refuse_leaks(root: Path, out: Path, sessions: Iterable[Session] = ()) -> None:
    """Raise LeakError if the dataset at `root`, which is to be `out`, leaks."""
    leaks = find_leaks(root, sessions)
    if leaks:
        number = f"{len(leaks)} leak{'s' if len(leaks) > 1 else ''}"
        raise LeakError(
            f"one person under two ids or on two sides of a split ({number}: {leaks[0]})",
            out,
            "leave out one of the two, or give both one id, and build again",
            leaks,
        )


def find_leaks(root: Path, sessions: Iterable[Session] = ()) -> list[str]:
    """A line for each leak of the dataset at `root`; `sessions` are those it was built from."""
    dataset = Dataset.open(root)
    clips = dataset.clips()
    group_of = dict(zip(column(clips, "subject"), column(clips, "group"), strict=True))
    return [
        *_shared_recordings(sessions, group_of),
        *_shared_names(clips, group_of),
        *_shared_pictures(dataset, clips, group_of),
        *overlaps(dataset.splits(), clips),
    ]


def _shared_recordings(sessions: Iterable[Session], group_of: Mapping[str, str]) -> Iterator[str]:
    """Sessions of two people that are one recording, by its bytes or by when it was made."""
    seen: dict[tuple[Any, ...], Session] = {}
    for session in sessions:
        traces = {("hold the same recording", session.header.recording_sha256)}
        if start := _start(session):
            frames = pq.read_metadata(session.frames_path).num_rows
            traces.add((f"start in the same instant and have {frames} frames each", start))
        for trace in sorted(traces):
            other = seen.setdefault(trace, session)
            one, two = other.header.participant, session.header.participant
            if group_of.get(one, one) != group_of.get(two, two):
                yield f"{one} and {two}: sessions {other.id} and {session.id} {trace[0]}"
                break  # the same bytes start in the same instant


def _start(session: Session) -> str | None:
    """When the recording began; None where only its file's date says so, which copies share."""
    if session.header.camera.get("started_at_from") == "file time":
        return None
    try:
        return str(datetime.fromisoformat(session.header.started_at).timestamp())
    except ValueError:
        return None


def _shared_names(clips: pa.Table, group_of: Mapping[str, str]) -> Iterator[str]:
    for name in ("clip_id", "session"):
        owner: dict[str, str] = {}
        pairs = dict.fromkeys(zip(column(clips, name), column(clips, "subject"), strict=True))
        for value, subject in pairs:
            one = owner.setdefault(value, subject) if value is not None else subject
            if group_of[one] != group_of[subject]:
                yield f"{one} and {subject}: {name.removesuffix('_id')} {value} is of both"


def _shared_pictures(
    dataset: Dataset, clips: pa.Table, group_of: Mapping[str, str]
) -> Iterator[str]:
    """A line for each two subjects who share a picture, or have some that look alike."""
    subject_of = dict(zip(column(clips, "clip_id"), column(clips, "subject"), strict=True))
    pictures = _Pictures()
    looked_at = _looked_at(clips)
    for subject in dataset.subjects:
        _take(pictures, dataset.root, subject, looked_at, subject_of, group_of)
    same: Counter[tuple[str, str]] = Counter()
    example: dict[tuple[str, str], str] = {}
    for one, two in pictures.same:
        pair = (subject_of[one[0]], subject_of[two[0]])
        same[pair] += 1
        example.setdefault(pair, f"{_named(one)} and {_named(two)}")
    for (one_id, two_id), count in same.items():
        many = "1 picture is" if count == 1 else f"{count} pictures are"
        yield f"{one_id} and {two_id}: {many} the same, as {example[one_id, two_id]}"
    yield from _alike(pictures, subject_of, group_of, set(same))


def _looked_at(clips: pa.Table) -> set[FrameKey]:
    """First, apex (or middle) and last frame of every clip."""
    found: set[FrameKey] = set()
    for clip_id, apex, count in zip(
        *(column(clips, name) for name in ("clip_id", "apex", "n_frames")), strict=True
    ):
        middle = count // 2 if apex is None else apex
        found |= {(clip_id, 0), (clip_id, middle), (clip_id, count - 1)}
    return found


def _take(
    pictures: _Pictures,
    root: Path,
    subject: str,
    looked_at: set[FrameKey],
    subject_of: Mapping[str, str],
    group_of: Mapping[str, str],
) -> None:
    """Add a subject's pictures, a few rows in memory at a time."""
    with pq.ParquetFile(frames_path(root, subject)) as file:
        for batch in file.iter_batches(_BATCH_ROWS, columns=["clip_id", "frame", "image"]):
            for row in batch.to_pylist():
                key, encoded = (row["clip_id"], row["frame"]), row["image"]["bytes"]
                digest = hashlib.sha256(encoded).digest()
                first = pictures.first_of.setdefault(digest, key)
                again = group_of[subject_of[first[0]]] != group_of[subject]
                grey = _shown(encoded) if again or key in looked_at else None
                if grey is None:
                    continue
                if again:
                    pictures.same.append((first, key))
                if key in looked_at:
                    pictures.keys.append(key)
                    pictures.thumbs.append(thumbnail(grey))


def _shown(encoded: bytes) -> NDArray[np.uint8] | None:
    """The picture in grey, uint8 (height, width); None where it is of one shade all over."""
    grey = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_GRAYSCALE)
    if grey is None or float(grey.std()) < MIN_CONTRAST:
        return None
    return np.asarray(grey, dtype=np.uint8)


def _alike(
    pictures: _Pictures,
    subject_of: Mapping[str, str],
    group_of: Mapping[str, str],
    known: set[tuple[str, str]],
) -> Iterator[str]:
    """A line for each two subjects, but those `known` to share pictures, with frames alike."""
    if not pictures.keys:
        return
    subjects = [subject_of[clip] for clip, _ in pictures.keys]
    number = {group: n for n, group in enumerate(sorted(set(group_of.values())))}
    hashes = np.array([phash(thumb) for thumb in pictures.thumbs], dtype=np.uint64)
    groups = np.array([number[group_of[name]] for name in subjects], dtype=np.int64)
    pairs = close_pairs(hashes, groups, MAX_BITS)
    r = correlations(np.stack(pictures.thumbs), pairs)
    found: dict[tuple[str, str], list[tuple[float, int, int]]] = {}
    for (i, j), like in zip(pairs.tolist(), r.tolist(), strict=True):
        pair = (subjects[i], subjects[j])
        if like >= MIN_CORRELATION and pair not in known:
            found.setdefault(pair, []).append((like, i, j))
    for (one, two), hits in found.items():
        like, i, j = max(hits)
        bits = int(np.bitwise_count(hashes[i] ^ hashes[j]))
        yield (
            f"{one} and {two}: {len(hits)} pairs of frames look alike, most of all "
            f"{_named(pictures.keys[i])} and {_named(pictures.keys[j])} "
            f"({bits} of 64 bits, r {like:.4f})"
        )


def _named(key: FrameKey) -> str:
    return f"frame {key[1]} of {key[0]}"
