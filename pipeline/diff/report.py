"""A difference between two datasets in words, and as values for another program."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.diff.compare import Change, ClipChange, Difference
from pipeline.diff.frames import Gap

LISTED = 20  # of the same kind; --json has all


def as_values(difference: Difference) -> dict[str, Any]:
    """The difference as JSON takes it; a pair is [old, new] or [only in A, only in B]."""
    return {"same_content": difference.same_content, **dataclasses.asdict(difference)}


def diff_lines(difference: Difference) -> Iterator[str]:
    """The difference in plain lines, the content hash first."""
    old, new = difference.hashes
    yield f"same content: {old}" if difference.same_content else f"content {old} -> {new}"
    for title, changes in (
        ("", difference.header),
        ("setting ", difference.settings),
        ("software ", difference.software),
        ("group of ", difference.groups),
    ):
        yield from (f"{title}{key}: {_change(change)}" for key, change in changes.items())
    yield from _listed("consent of ", _consent(difference.consent))
    yield from _only("subject", difference.subjects)
    yield from _only("clip", difference.clips)
    yield from _only("left out", difference.exclusions)
    yield from _listed("changed clip ", [_clip(clip) for clip in difference.changed])
    if any(difference.splits):
        yield "splits: {} rows only in A, {} only in B".format(*difference.splits)
    if difference.cut_alike:
        yield f"{difference.cut_alike} clips are cut alike in both"
    yield from (_gap(gap) for gap in difference.gaps)


def _only(what: str, names: tuple[list[str], list[str]]) -> Iterator[str]:
    for side, own in zip("AB", names, strict=True):
        yield from _listed(f"{what} only in {side}: ", own)


def _listed(title: str, items: list[str]) -> Iterator[str]:
    yield from (f"{title}{item}" for item in items[:LISTED])
    if len(items) > LISTED:
        yield f"{title}and {len(items) - LISTED} more"


def _consent(changes: Mapping[str, Change]) -> list[str]:
    """What each subject gave and took back; an imported corpus has a licence in place of it."""
    lines = []
    for subject, (old, new) in changes.items():
        before, after = set(old or ()), set(new or ())
        given = [f"+{scope}" for scope in sorted(after - before)]
        taken = [f"-{scope}" for scope in sorted(before - after)]
        licensed = ["licence in A"] * (old is None) + ["licence in B"] * (new is None)
        lines.append(f"{subject}: {' '.join(given + taken + licensed)}")
    return lines


def _clip(clip: ClipChange) -> str:
    told = [f"{name} {_change(change)}" for name, change in clip.columns.items()]
    return f"{clip.clip_id}: {', '.join(told)}"


def _change(change: Change) -> str:
    old, new = ("none" if value is None else value for value in change)
    return f"{old} -> {new}"


def _gap(gap: Gap) -> str:
    frame = "" if gap.frame is None else f"frame {gap.frame} of "
    many = "1 clip" if gap.clips == 1 else f"{gap.clips} clips"

    how = "beyond subtraction" if gap.largest is None else f"by up to {gap.largest:.4g} {gap.unit}"
    return f"{gap.column} differs in {many}, {how.rstrip()} ({frame}{gap.clip_id})"
