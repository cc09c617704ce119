"""What a coder's wish comes to: the acts to be written, or an InputError. Pure.

The rules stand in `annotate.coding.desk`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NoReturn

from annotate.coding.items import Suggestion, Window
from mexlab.codes import MARKS, MOMENTS, REFUSALS, Act, Code, Value, standing
from mexlab.emotions import AUS
from mexlab.errors import InputError

JUDGEMENTS = (*MARKS, *AUS)  # marks that say something is there to be coded
Marks = Mapping[str, Value]


@dataclass(frozen=True)
class Sight:
    """What a coder has before her when she acts: the frames, and the suggestion if it is shown."""

    window: Window
    suggestion: Suggestion | None
    adjudicator: bool


@dataclass(frozen=True)
class Wish:
    """What a page asks for about the item of `key`, which errors name."""

    key: str
    act: str
    field: str | None = None
    value: Value = None


def gesture(wish: Wish, done: Sequence[Act], sight: Sight) -> list[Act]:
    """The acts that the wish comes to, `interval_id` being the key; none where nothing changes.

    `done` is what the coder did about this interval before. Raises InputError.
    """
    Act(wish.act, wish.key, wish.field, wish.value)  # raises for what can never be
    left = standing(done)
    code = Code.of("", done)
    if wish.act == "set":
        marks = {str(act.field): act.value for act in left if act.act == "set"}
        changed = {
            name: value
            for name, value in _sets(wish, marks, sight).items()
            if marks.get(name) != value
        }
        return [Act("set", wish.key, name, value) for name, value in changed.items()]
    if wish.act == "undo":
        return [Act("undo", wish.key)] if left else []
    if wish.act == "unblind":
        return [] if code.revealed else [Act("unblind", wish.key)]
    if wish.act == "submit":
        _check_submit(wish, code, sight)
        same = code.submitted == (wish.value or "code")
        return [] if same else [Act("submit", wish.key, value=wish.value)]
    return _refuse(wish, f"{wish.act} is no act of a coder", "it is logged when it happens")


def _sets(wish: Wish, marks: Marks, sight: Sight) -> dict[str, Value]:
    """The marks that setting one of them comes to."""
    name, value = str(wish.field), wish.value
    if name == "verdict":
        return {**_taken_over(wish, sight), "verdict": value}
    if name not in JUDGEMENTS:
        return {name: value}
    changed: dict[str, Value] = {}
    if marks.get("verdict") in REFUSALS:
        changed = dict.fromkeys((*(m for m in JUDGEMENTS if m in marks), "verdict"))
    elif marks.get("verdict") == "accept" and name in MARKS and marks.get(name) != value:
        changed = {"verdict": "adjust"}
    changed[name] = value
    if name in MOMENTS and value is not None:
        _check_moment(wish, {**marks, **changed}, sight.window)
    return changed


def _taken_over(wish: Wish, sight: Sight) -> dict[str, Value]:
    """The suggestion's marks, where the verdict is to accept it."""
    if wish.value not in ("accept", "adjust"):
        return {}
    if sight.suggestion is None:
        _refuse(wish, f"no suggestion to {wish.value}", "mark onset, apex, offset and emotion")
    if sight.suggestion.apex is None:
        remedy = "confirm with reject, or mark what you see"
        _refuse(wish, "the suggestion is that nothing happened", remedy)
    if wish.value == "adjust":
        return {}
    return {
        **{name: getattr(sight.suggestion, name) for name in MOMENTS},
        "emotion": sight.suggestion.expressed,
    }


def _check_moment(wish: Wish, marks: Marks, window: Window) -> None:
    if wish.value not in window:
        what = f"{wish.field} {wish.value} is outside frames {window.first}-{window.last}"
        _refuse(wish, what, "mark a frame that is shown")
    known = [(name, frame) for name in MOMENTS if type(frame := marks.get(name)) is int]
    for (before, early), (after, late) in pairwise(known):
        if early > late:
            what = f"{before} {early} would be after {after} {late}"
            _refuse(wish, what, "move or take away the other one first")


def _check_submit(wish: Wish, code: Code, sight: Sight) -> None:
    if wish.value and not sight.adjudicator:
        remedy = "name the coder under adjudicators in study.toml [review]"
        _refuse(wish, f"only an adjudicator submits a {wish.value} code", remedy)
    if code.missing:
        what = f"no {', '.join(code.missing)} marked"
        _refuse(wish, what, "mark what is missing, or say reject or uncodable")


def _refuse(wish: Wish, what: str, remedy: str) -> NoReturn:
    raise InputError(what, wish.key, remedy)
