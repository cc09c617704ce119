"""Coders' submitted codes of a study as arrays, one row an interval, one column a coder.

Reads review/*.jsonl, frames.parquet and intervals.parquet of the sessions that count and whose
participants agreed to being analysed. What counts is a coder's own judgement: the code as it was
submitted first. Adjudicators' final and gold codes are decisions about coders' codes, not another
coder's, and never count; unless asked, neither does a code made with sight of what is hidden
(report, target, suggestion, others), since it is not independent.

Where a coder rejects an interval, or calls it uncodable, there is an agreement on that to be had,
and no emotion, AU or moment to compare.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotate.agreement.resample import Array
from mexlab.codes import INTENSITIES, MOMENTS, REFUSALS, Code, acts_of, coder_files
from mexlab.emotions import AUS, EMOTIONS
from mexlab.errors import InputError, StudyError
from mexlab.session import Session
from mexlab.study import Study
from mexlab.timebase import NS_PER_MS

NEEDED = ("analysed",)  # scopes
JUDGEMENTS = ("expression", *REFUSALS)  # accept and adjust depend on what was suggested


@dataclass(frozen=True)
class Ratings:
    """What the coders said; -1 and nan where one said nothing.

    `verdict` and `emotion` int64 (intervals, coders), places in JUDGEMENTS, EMOTIONS; `intensity`
    float64 (intervals, coders, AUs): 0 absent, A-E 1-5; `moment_ms` float64 (intervals, coders, 3):
    onset, apex, offset by the frames' capture times; `start_ms` float64 (intervals,): nan where the
    interval is not in the table any more. `left_out`: one line for each thing not counted.
    """

    coders: tuple[str, ...]
    participants: tuple[str, ...]
    verdict: NDArray[np.int64]
    emotion: NDArray[np.int64]
    intensity: Array
    moment_ms: Array
    start_ms: Array
    left_out: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.participants)


def ratings(study: Study, coders: Sequence[str] = (), blind: bool = True) -> Ratings:
    """The study's first submissions; of `coders` if named, only blind ones with `blind`.

    Raises InputError for a coder who has no code, StudyError where fewer than two coders are left.
    """
    counted, uncounted = study.counted_sessions()
    sessions, refused = study.consenting(counted, NEEDED)
    left_out = [f"left out {exclusion}" for exclusion in (*uncounted, *refused)]
    by_session = {session.id: session for session in sessions}
    codes: dict[tuple[str, str], dict[str, Code]] = {}
    passed_over: Counter[str] = Counter()
    known = set()
    for session in sessions:
        for code in _codes(session):
            known.add(code.coder)
            if coders and code.coder not in coders:
                continue
            if reason := _not_counted(code, blind):
                passed_over[f"{code.coder}: {{}} {reason}"] += 1
            else:
                codes.setdefault((session.id, code.interval_id), {})[code.coder] = code
    left_out += [line.format(number) for line, number in sorted(passed_over.items())]
    names = tuple(coders) or tuple(sorted({name for found in codes.values() for name in found}))
    _check(study, names, known, left_out)
    return _arrays(by_session, codes, names, tuple(left_out))


def _codes(session: Session) -> Iterator[Code]:
    """Each code as it was submitted first, or as it stands where it never was."""
    for coder, path in coder_files(session.review_path).items():
        for acts in acts_of(path).values():
            yield Code.first(coder, acts) or Code.of(coder, acts)


def _not_counted(code: Code, blind: bool) -> str | None:
    if code.submitted is None:
        return "not submitted"
    if code.final:
        return "final, by an adjudicator"
    if blind and (code.unblinded or code.suggested):
        return "not made blind (--all counts them)"
    return None


def _check(study: Study, names: Sequence[str], known: set[str], left_out: Sequence[str]) -> None:
    unknown = sorted(set(names) - known)
    if unknown:
        there = ", ".join(sorted(known)) or "none"
        raise InputError(f"no codes by {unknown[0]}", "--coders", f"coders are: {there}")
    if len(set(names)) < 2:
        reason = f" ({'; '.join(left_out)})" if left_out else ""
        what = f"agreement takes two coders, submitted codes have {len(set(names))}{reason}"
        raise StudyError(what, study.root, "let a second one code: annotate review --coder NAME")


def _arrays(
    sessions: Mapping[str, Session],
    codes: Mapping[tuple[str, str], Mapping[str, Code]],
    coders: tuple[str, ...],
    left_out: tuple[str, ...],
) -> Ratings:
    shape = (len(codes), len(coders))
    found = Ratings(
        coders,
        tuple(sessions[session].header.participant for session, _ in codes),
        np.full(shape, -1),
        np.full(shape, -1),
        np.full((*shape, len(AUS)), np.nan),
        np.full((*shape, len(MOMENTS)), np.nan),
        np.full(len(codes), np.nan),
        left_out,
    )
    times: dict[str, Array] = {}
    starts: dict[str, dict[str, int]] = {}
    for row, ((name, interval_id), by_coder) in enumerate(codes.items()):
        if name not in times:
            times[name] = sessions[name].frames()["capture_ns"].to_numpy() / NS_PER_MS
            starts[name] = _starts(sessions[name])
        found.start_ms[row] = starts[name].get(interval_id, np.nan) / NS_PER_MS
        for column, coder in enumerate(coders):
            if coder in by_coder:
                _fill(found, (row, column), by_coder[coder], times[name], sessions[name])
    return found


def _starts(session: Session) -> dict[str, int]:
    if not session.intervals_path.is_file():
        return {}
    return {str(row["interval_id"]): row["start_ns"] for row in session.intervals().to_pylist()}


def _fill(
    found: Ratings, place: tuple[int, int], code: Code, times_ms: Array, session: Session
) -> None:
    verdict = JUDGEMENTS[0] if code.codable else str(code.verdict)
    found.verdict[place] = JUDGEMENTS.index(verdict)
    if not code.codable:
        return
    if code.emotion is not None:
        found.emotion[place] = EMOTIONS.index(code.emotion)
    found.intensity[place] = [
        INTENSITIES.index(code.aus[au]) + 1 if au in code.aus else 0 for au in AUS
    ]
    for position, moment in enumerate(MOMENTS):
        frame = getattr(code, moment)
        if frame is None:
            continue
        if frame >= len(times_ms):
            what = f"{code.coder} marked frame {frame}, the recording has {len(times_ms)}"
            raise StudyError(what, session.codes_path(code.coder), "restore it from a copy")
        found.moment_ms[(*place, position)] = times_ms[frame]
