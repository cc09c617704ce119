"""One coder's desk: the queue, what may be seen, and every act, checked and saved at once.

How a code comes about:

- Blind (the usual case), a coder marks onset, apex, offset and emotion, and AUs, confidence and a
  comment if she likes; or says `reject` (nothing is expressed here) or `uncodable` (it cannot be
  judged). There is nothing to accept or adjust, so those two verdicts are refused.
- Where the suggestion is in sight, the verdict `accept` takes its moments and emotion over in one
  gesture, which one undo takes back; changing one of them turns it into `adjust`. A suggestion
  that nothing happened is confirmed with `reject`.
- A mark after reject or uncodable takes that verdict back and begins afresh.
- Submitting needs reject or uncodable, or all of onset, apex, offset and emotion. From then on
  everything is in sight; marks may still change, are flagged unblinded, and need a new submit.

Nothing that `seen` returns before the submission says which session, scene, participant or film it
is; errors about an act name the item's key. Reads tables and coders' files, writes the coder's own.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from annotate.coding import reading
from annotate.coding.items import (
    NEEDED,
    Item,
    Suggestion,
    Window,
    draw,
    items_of,
    suggestion_of,
    window_of,
)
from annotate.coding.quality import low_quality
from annotate.coding.rules import Sight, Wish, gesture
from mexlab.codes import Act, Code, Value, append_act, check_coder, coder_files, now, standing
from mexlab.consensus import ReviewSettings, differences
from mexlab.errors import ConsentError, InputError
from mexlab.study import Exclusion, Study

STATES = ("new", "begun", "submitted")


@dataclass(frozen=True)
class Show:
    """What a queue is to hold, of SHOWS: unreviewed (not submitted by this coder), begun,
    submitted, low-quality, disagreement (of the items this coder has submitted; of all for an
    adjudicator), training (with a gold answer; those not submitted first), or all.

    A scene number is a hint at the film: pass `scene_known=True` to `CodingDesk.seen` then.
    """

    show: str = "unreviewed"
    scene: int | None = None
    participant: str | None = None


@dataclass(frozen=True)
class Revealed:
    """What is hidden until the coder has submitted or asked for it.

    `others`: other coders' submitted codes, final and gold ones included, by coder.
    """

    session: str
    participant: str
    scene: int
    target: str
    reported: str | None
    others: tuple[Code, ...]


@dataclass(frozen=True)
class Seen:
    """What this coder may see of an item now; all of it may go to the browser.

    In codes, `interval_id` is the item's key. `state` is one of STATES. `low`: reasons of
    `quality.REASONS`. `moved`: a mark lies outside the window, since the interval was located
    anew. What a submission still wants is `code.missing`. `suggestion` None: not in sight.
    """

    key: str
    window: Window
    code: Code
    state: str
    low: tuple[str, ...]
    moved: bool
    suggestion: Suggestion | None
    revealed: Revealed | None


class CodingDesk:
    """A study before one coder. Keeps nothing that is not on disk; what it reads, it caches."""

    def __init__(self, study: Study, coder: str) -> None:
        """Raises InputError for a name that cannot be a file's, or differs from another coder's
        only in upper and lower case."""
        self.study, self.coder = study, check_coder(coder)
        self.settings = study.section("review", ReviewSettings)
        self.left_out: list[Exclusion] = []  # sessions with nothing to code, after `items`
        self._known: dict[str, Item] = {}
        self._check_case()

    @property
    def adjudicator(self) -> bool:
        """Whether this coder may submit final and gold codes."""
        return self.coder in self.settings.adjudicators

    def items(self) -> list[Item]:
        """Everything to be coded, in this coder's own order: random, and the same every time.

        So that coders do not tire of the same items at the same time.
        """
        found, self.left_out = items_of(self.study, self.settings)
        self._known = {item.key: item for item in found}
        return sorted(found, key=lambda item: self._draw("order", item))

    def item(self, key: str) -> Item:
        """The item of that key, as it is on disk now.

        Raises InputError where there is none (any more), ConsentError as `check` does.
        """
        if key not in self._known:
            self.items()
        if known := self._known.get(key):
            self.check(known)
            for row in reading.interval_rows(known.session):
                if row["interval_id"] == known.interval_id:
                    return replace(known, row=row)
        raise InputError("no such item any more", key, "go on to the next one")

    def queue(self, show: Show | None = None) -> list[Item]:
        """The items of that kind, in this coder's order. Raises InputError for an unknown kind."""
        show = show or Show()
        if show.show not in SHOWS:
            raise InputError(f"no queue {show.show!r}", "queue", f"use one of: {', '.join(SHOWS)}")
        belongs = SHOWS[show.show]
        chosen = [
            item
            for item in self.items()
            if show.scene in (None, item.scene)
            and show.participant in (None, item.participant)
            and belongs(self, item)
        ]
        if show.show == "training":
            chosen.sort(key=lambda item: self.state(item) == "submitted")
        return chosen

    def state(self, item: Item) -> str:
        """How far this coder is with it, of STATES."""
        if self._code(item).submitted:
            return "submitted"
        return "begun" if standing(self._done(item)) else "new"

    def counts(self) -> Mapping[str, int]:
        """State -> number of items."""
        found = Counter(self.state(item) for item in self.items())
        return {state: found[state] for state in STATES}

    def check(self, item: Item) -> None:
        """Raise ConsentError where it may not be looked at any more; pictures need it, too."""
        remedy = "go on to the next one"
        if not item.session.header_path.is_file():
            raise ConsentError("the session has been taken away", item.key, remedy)
        _, refused = self.study.consenting([item.session], NEEDED)
        if refused:
            raise ConsentError(refused[0].reason, item.key, remedy)

    def seen(self, item: Item, scene_known: bool = False) -> Seen:
        """What may be seen now. A suggestion that the study shows is logged before it is given.

        Raises ConsentError as `check` does.
        """
        self.check(item)
        if self._to_show(item, self._done(item), scene_known):
            self._write(item, lambda done: self._to_show(item, done, scene_known))
        done = self._done(item)
        code = replace(Code.of(self.coder, done), interval_id=item.key)
        sight = self._sight(item, done)
        low = low_quality(item.session, self.study.analysis.analyzer, self.settings)
        return Seen(
            item.key,
            sight.window,
            code,
            self.state(item),
            low.get(item.interval_id, ()),
            any(frame not in sight.window for frame in code.moments),
            sight.suggestion,
            self._revealed(item) if code.revealed else None,
        )

    def act(self, item: Item, act: str, field: str | None = None, value: Value = None) -> Code:
        """Do `set` (field, value), `undo`, `submit` (value None, final or gold) or `unblind`.

        On disk when it returns the code, whose `interval_id` is the key. Undo with nothing left
        to undo, a mark that stands already and a second equal submit change nothing. Safe from
        several browsers and processes at once. Raises InputError for what cannot be, ConsentError
        as `check` does.
        """
        wish = Wish(item.key, act, field, value)
        self._write(item, lambda done: gesture(wish, done, self._sight(item, done)))
        return replace(self._code(item), interval_id=item.key)

    def _write(self, item: Item, wanted: Callable[[Sequence[Act]], Sequence[Act]]) -> None:
        """Append what is wanted in view of what was done before, as one gesture.

        Held against other browsers of this coder, and against a withdrawal half-way.
        """
        with self.study.holding(item.participant):
            self.check(item)
            done = self._done(item)
            unblinded, at = Code.of(self.coder, done).revealed, now()
            for act in wanted(done):
                act = replace(act, interval_id=item.interval_id, unblinded=unblinded, at=at)
                append_act(item.session.codes_path(self.coder), act)

    def _done(self, item: Item) -> Sequence[Act]:
        return reading.acts(item.session, self.coder).get(item.interval_id, ())

    def _code(self, item: Item) -> Code:
        return Code.of(self.coder, self._done(item))

    def _others(self, item: Item) -> list[Code]:
        """Other coders' submitted codes of it."""
        everybody = reading.codes_about(item.session, item.interval_id)
        return [code for code in everybody if code.submitted and code.coder != self.coder]

    def _sight(self, item: Item, done: Sequence[Act]) -> Sight:
        window = window_of(item, self.coder, self.study.settings.seed, self.settings)
        revealed = Code.of(self.coder, done).revealed
        if revealed:  # what others marked in their windows may be marked here
            window = window.including(f for other in self._others(item) for f in other.moments)
        visible = revealed or _was_shown(done, "suggestion")
        return Sight(window, suggestion_of(item) if visible else None, self.adjudicator)

    def _to_show(self, item: Item, done: Sequence[Act], scene_known: bool) -> list[Act]:
        """What is still to be logged as shown, before the coder has done anything.

        A hint that she chose the scene, and the suggestion in the part of her items where the
        study shows it.
        """
        if any(act.act in ("set", "submit", "unblind") for act in done):
            return []
        chance = {"never": 0.0, "half": 0.5, "always": 1.0}[self.settings.suggestion]
        shown = {"scene": scene_known, "suggestion": self._draw("suggestion", item) < chance}
        return [
            Act("shown", item.key, value=name)
            for name, yes in shown.items()
            if yes and not _was_shown(done, name)
        ]

    def _revealed(self, item: Item) -> Revealed:
        others = tuple(replace(code, interval_id=item.key) for code in self._others(item))
        row = item.row
        return Revealed(
            item.session.id, item.participant, item.scene, row["target"], row["reported"], others
        )

    def _draw(self, purpose: str, item: Item) -> float:
        return draw(self.study.settings.seed, purpose, self.coder, item.interval_id)

    def _check_case(self) -> None:
        for session in self.study.sessions():
            for other in coder_files(session.review_path):
                if other != self.coder and other.lower() == self.coder.lower():
                    what = f"coder {self.coder!r} differs from {other!r} only in case"
                    raise InputError(what, "--coder", f"use {other}, or another name")

    # What belongs to which queue

    def _is_low(self, item: Item) -> bool:
        analyzer = self.study.analysis.analyzer
        return bool(low_quality(item.session, analyzer, self.settings).get(item.interval_id))

    def _is_disputed(self, item: Item) -> bool:
        about = reading.codes_about(item.session, item.interval_id)
        codes = [code for code in about if code.submitted]
        if not self.adjudicator and all(code.coder != self.coder for code in codes):
            return False  # that others differ says something about them
        if len(codes) < 2 or any(code.final for code in codes):
            return False
        return bool(differences(codes, reading.capture_times(item.session), self.settings))

    def _is_training(self, item: Item) -> bool:
        return any(code.submitted == "gold" for code in self._others(item))


SHOWS: Mapping[str, Callable[[CodingDesk, Item], bool]] = {
    "unreviewed": lambda desk, item: desk.state(item) != "submitted",
    "begun": lambda desk, item: desk.state(item) == "begun",
    "submitted": lambda desk, item: desk.state(item) == "submitted",
    "low-quality": CodingDesk._is_low,
    "disagreement": CodingDesk._is_disputed,
    "training": CodingDesk._is_training,
    "all": lambda desk, item: True,
}


def _was_shown(done: Sequence[Act], name: str) -> bool:
    return any(act.act == "shown" and act.value == name for act in done)
