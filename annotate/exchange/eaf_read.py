"""Codes out of an ELAN file: one that we wrote, one changed in ELAN since, or one made by hand.

Tiers of a coder are CODER/emotion and so forth (`annotate.exchange.tiers`), or emotion alone. An
annotation belongs to the interval it hangs on; where there is none, or the session has no interval
of that id, to the interval with the greatest overlap. A stretch on an emotion tier of its own gives
onset and offset where no expression tier does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from annotate.exchange.eaf_write import SESSION_PROPERTY
from annotate.exchange.incoming import Gathered, Stretch, best_match
from annotate.exchange.media_times import MediaTimes
from annotate.exchange.notation import plain_text
from annotate.exchange.tiers import INTERVAL, SPANS, VALUES, TierName
from mexlab.codes import MOMENTS
from mexlab.emotions import AUS
from mexlab.errors import InputError
from mexlab.timebase import overlap_ns

COVERS = {
    "expression": ("onset", "offset"),
    **{kind: (kind,) for kind in (*MOMENTS, "emotion", "verdict", "confidence", "comment")},
    "AUs": AUS,
}


@dataclass(frozen=True)
class Annotation:
    """[start, end) in ms, None where it hangs on another, `owner`, or has no time."""

    name: str
    text: str
    span: tuple[int, int] | None = None
    owner: str | None = None


@dataclass(frozen=True)
class Tier:
    """A tier as it stands in the file."""

    name: str
    annotator: str
    parent: str | None
    annotations: tuple[Annotation, ...]


@dataclass(frozen=True)
class EafFile:
    """The parts of a file that matter here; `session` "" where it does not say."""

    path: Path
    session: str
    tiers: tuple[Tier, ...]


def read_eaf(path: Path) -> EafFile:
    """Read a file. Raises InputError for one that is no ELAN document."""
    remedy = "open it in ELAN and save it again"
    try:
        root = ET.fromstring(path.read_bytes())
    except ET.ParseError as error:
        raise InputError(f"not an ELAN file ({error})", path, remedy) from error
    if root.tag != "ANNOTATION_DOCUMENT":
        raise InputError(f"not an ELAN file but <{root.tag}>", path, remedy)
    _check_clock(root, path)
    try:
        slots = {
            slot.attrib["TIME_SLOT_ID"]: int(slot.attrib["TIME_VALUE"])
            for slot in root.iterfind("TIME_ORDER/TIME_SLOT")
            if "TIME_VALUE" in slot.attrib
        }
        tiers = tuple(_tier(element, slots) for element in root.iterfind("TIER"))
    except (KeyError, ValueError) as error:
        raise InputError(f"damaged ELAN file ({error})", path, remedy) from error
    properties = {p.get("NAME"): p.text or "" for p in root.iterfind("HEADER/PROPERTY")}
    return EafFile(path, properties.get(SESSION_PROPERTY, ""), tiers)


def _check_clock(root: ET.Element, path: Path) -> None:
    """Raise InputError where the file's times are not ms of the film, or the film is shifted."""
    units = root.find("HEADER[@TIME_UNITS]")
    if units is not None and units.attrib["TIME_UNITS"] != "milliseconds":
        what = f"its times are {units.attrib['TIME_UNITS']}, not milliseconds"
        raise InputError(what, path, "save it in ELAN with milliseconds")
    for media in root.iterfind("HEADER/MEDIA_DESCRIPTOR"):
        if (origin := media.get("TIME_ORIGIN", "0").strip()) not in ("", "0"):
            what = f"the film is shifted by {origin} ms in ELAN (TIME_ORIGIN)"
            remedy = "set its offset to 0 there, and shift all annotations by as much"
            raise InputError(what, path, remedy)


def _tier(element: ET.Element, slots: Mapping[str, int]) -> Tier:
    annotations = []
    for found in element.iterfind("ANNOTATION/*"):
        name, text = found.attrib["ANNOTATION_ID"], found.findtext("ANNOTATION_VALUE") or ""
        ends = [slots.get(found.get(f"TIME_SLOT_REF{end}", "")) for end in (1, 2)]
        start, end = ends
        span = None if start is None or end is None else (start, end)
        annotations.append(Annotation(name, plain_text(text), span, found.get("ANNOTATION_REF")))
    attributes = element.attrib
    parent = attributes.get("PARENT_REF")
    return Tier(attributes["TIER_ID"], attributes.get("ANNOTATOR", ""), parent, tuple(annotations))


def gather(file: EafFile, coder: str, stretches: Sequence[Stretch], times: MediaTimes) -> Gathered:
    """What the file says as the coder's codes. Raises InputError where it has no tier of theirs."""
    own, others = _own_tiers(file, coder)
    kinds = {name.kind for name, _ in own}
    covered = [mark for kind in kinds for mark in COVERS.get(kind, ())]
    spans_of_emotion = "expression" not in kinds
    if spans_of_emotion and any(n.kind == "emotion" and _aligned(t) for n, t in own):
        covered += ["onset", "offset"]
    gathered = Gathered(covered)
    gathered.problems += others
    intervals = _Intervals(file, own, stretches)
    for kind in (INTERVAL, *VALUES, *SPANS):
        for name, tier in own:
            for annotation in tier.annotations if name.kind == kind else ():
                where = f"{file.path.name}: {tier.name} {_shown(annotation, intervals)}"
                interval_id = intervals.of(annotation, tier)
                if interval_id is None:
                    gathered.unmatched(where)
                    continue
                _take(gathered, interval_id, kind, annotation, times, where, spans_of_emotion)
    return gathered


def _take(
    gathered: Gathered,
    interval_id: str,
    kind: str,
    annotation: Annotation,
    times: MediaTimes,
    where: str,
    spans_of_emotion: bool,
) -> None:
    """Put what one annotation says."""
    gathered.mention(interval_id)
    if kind in VALUES:
        gathered.put_text(interval_id, kind, annotation.text, where)
    if kind == "expression" and annotation.text.strip() not in ("", kind):
        gathered.put_text(interval_id, "emotion", annotation.text, where)
    if annotation.span is None:
        if kind in SPANS:
            gathered.problem(where, "it has no time")
        return
    begin, end = (times.frame(ms) for ms in annotation.span)
    if kind in MOMENTS:
        gathered.put(interval_id, kind, begin, where)
    elif kind == "expression" or (kind == "emotion" and spans_of_emotion):
        gathered.put(interval_id, "onset", begin, where)
        gathered.put(interval_id, "offset", end, where)


class _Intervals:
    """Which interval of the session an annotation is about."""

    def __init__(
        self, file: EafFile, own: Sequence[tuple[TierName, Tier]], stretches: Sequence[Stretch]
    ) -> None:
        self._by_name = {a.name: a for tier in file.tiers for a in tier.annotations}
        self._tiers = {tier.name: tier for name, tier in own if name.kind == INTERVAL}
        self._roots = {a.name for tier in self._tiers.values() for a in tier.annotations}
        self._stretches = stretches
        self._known = {stretch.interval_id for stretch in stretches}

    def of(self, annotation: Annotation, tier: Tier) -> str | None:
        """The interval's id; None where the annotation meets none."""
        owner = self._owner(annotation, tier)
        if owner.name in self._roots and owner.text in self._known:
            return owner.text
        span = annotation.span or self.span(annotation)
        return best_match(*span, self._stretches) if span else None

    def span(self, annotation: Annotation) -> tuple[int, int] | None:
        """When it is, by what it hangs on if it has no time itself."""
        seen: set[str] = set()
        found: Annotation | None = annotation
        while found and found.span is None and found.name not in seen:
            seen.add(found.name)
            found = self._by_name.get(found.owner or "")
        return found.span if found else None

    def _owner(self, annotation: Annotation, tier: Tier) -> Annotation:
        """The interval's annotation it hangs on, or itself."""
        seen: set[str] = set()
        found = annotation
        while found.owner in self._by_name and found.name not in seen:
            seen.add(found.name)
            found = self._by_name[found.owner]
        parent = self._tiers.get(tier.parent or "")
        if found.span and parent:
            start, end = found.span
            spans = [(overlap_ns(start, end, *a.span), a) for a in parent.annotations if a.span]
            most, around = max(spans, key=lambda pair: pair[0], default=(0, found))
            return around if most else found
        return found


def _own_tiers(file: EafFile, coder: str) -> tuple[list[tuple[TierName, Tier]], list[str]]:
    """The coder's tiers, and a line for each other coder or tier that holds annotations."""
    own, coders, strange = [], set(), []
    for tier in file.tiers:
        name = TierName.parse(tier.name)
        whose = name and (name.coder or tier.annotator or coder)
        if name and whose == coder:
            own.append((name, tier))
        elif whose:
            coders.add(whose)
        elif tier.annotations:
            strange.append(f"{file.path.name}: not imported: tier {tier.name}, no tier of codes")
    if not own:
        there = f"its tiers are of {', '.join(sorted(coders))}" if coders else "it has none"
        remedy = f"name tiers emotion, AUs, apex …, or {coder}/emotion; {there}"
        raise InputError(f"no tiers of {coder}", file.path, remedy)
    others = [f"{file.path.name}: not imported: tiers of {name}" for name in sorted(coders)]
    return own, others + strange


def _aligned(tier: Tier) -> bool:
    return any(annotation.span for annotation in tier.annotations)


def _shown(annotation: Annotation, intervals: _Intervals) -> str:
    span = intervals.span(annotation)
    when = f" at {span[0] / 1000:.3f}-{span[1] / 1000:.3f} s" if span else ""
    text = " ".join(annotation.text.split())
    return f"{text[:40]!r}{when}"
