"""A session's codes as an ELAN document, EAF 3.0 (`annotate.exchange.tiers` names the tiers).

Order of elements and attributes follow the description of the format: The EAF format version 3.0,
Max Planck Institute for Psycholinguistics. Times are ms of the media file.
"""

import mimetypes
import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

from annotate.exchange.media_times import MediaTimes
from annotate.exchange.notation import aus_text, xml_text
from annotate.exchange.state import state_of, state_text
from annotate.exchange.tiers import INTERVAL, SPANS, VALUES, TierName
from mexlab.codes import CONFIDENCES, VERDICTS, Code
from mexlab.emotions import EMOTIONS
from mexlab.session import Session

SESSION_PROPERTY = "mexlab.session"
SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation"
LANGUAGE = {  # "und": the vocabularies are words of no particular language
    "LANG_DEF": "http://cdb.iso.org/lg/CDB-00130975-001",
    "LANG_ID": "und",
    "LANG_LABEL": "undetermined (und)",
}
VOCABULARIES = {
    "emotion": EMOTIONS,
    "verdict": VERDICTS,
    "confidence": tuple(map(str, CONFIDENCES)),
}
CONSTRAINTS = (
    (
        "Time_Subdivision",
        "Time subdivision of parent annotation's time interval, no time gaps allowed within this "
        "interval",
    ),
    (
        "Symbolic_Subdivision",
        "Symbolic subdivision of a parent annotation. Annotations refering to the same parent are "
        "ordered",
    ),
    ("Symbolic_Association", "1-1 association with a parent annotation"),
    (
        "Included_In",
        "Time alignable annotations within the parent annotation's time interval, gaps are allowed",
    ),
)


@dataclass(frozen=True)
class Placed:
    """A code with its stretch of the film in ms: the interval, and all of its marks."""

    code: Code
    start_ms: int
    end_ms: int


def place(code: Code, interval_ns: tuple[int, int] | None, times: MediaTimes) -> Placed | None:
    """Where a code lies; None for one that has neither an interval nor a mark."""
    ends = [times.of_clock(t_ns) for t_ns in interval_ns or ()]
    for frame in (code.onset, code.apex, code.offset):
        if frame is not None:
            ends += [times.begin(frame), times.end(frame)]
    return Placed(code, min(ends), max(max(ends), min(ends) + 1)) if ends else None


def spans_ms(code: Code, times: MediaTimes) -> dict[str, tuple[int, int]]:
    """Tier kind -> [begin, end) in ms, for the moments that were marked."""
    onset, offset = code.onset, code.offset
    single = {"onset": onset, "apex": code.apex, "offset": offset}
    found = {}
    if onset is not None and offset is not None and onset <= offset:
        begin = times.begin(onset)
        found["expression"] = (begin, max(times.begin(offset), begin + 1))
        single = {"apex": code.apex}
    for kind, frame in single.items():
        if frame is not None:
            found[kind] = (times.begin(frame), times.end(frame))
    return found


def values(code: Code) -> dict[str, str]:
    """Tier kind -> text, for what was said of the interval."""
    said = {
        "emotion": code.emotion or "",
        "AUs": aus_text(code.aus),
        "verdict": code.verdict or "",
        "confidence": str(code.confidence or ""),
        "comment": code.comment,
        "state": state_text(state_of(code)),
    }
    return {kind: text for kind, text in said.items() if text}


def document(
    session: Session, codes: Mapping[str, Sequence[Placed]], times: MediaTimes, folder: Path
) -> str:
    """The text of the file, for coder -> codes; `folder` is where the file will lie."""
    return _Document(session, times).text(codes, folder)


class _Document:
    """Collects annotations and their time slots, then writes them in the order of the format."""

    def __init__(self, session: Session, times: MediaTimes) -> None:
        self._session, self._times = session, times
        self._slots: list[tuple[int, ET.Element, str]] = []
        self._annotations = 0

    def text(self, codes: Mapping[str, Sequence[Placed]], folder: Path) -> str:
        tiers = [
            tier
            for coder, placed in codes.items()
            for number, lane in enumerate(lanes(placed), start=1)
            for tier in self._tiers(coder, number, lane)
        ]
        slots = self._time_order()
        root = ET.Element(
            "ANNOTATION_DOCUMENT",
            {
                "AUTHOR": "mexlab",
                "DATE": datetime.now(UTC).isoformat(timespec="seconds"),
                "FORMAT": "3.0",
                "VERSION": "3.0",
                XSI: SCHEMA,
            },
        )
        root.append(self._header(folder))
        root.append(slots)
        root.extend(tiers)
        root.extend(_types())
        ET.SubElement(root, "LANGUAGE", LANGUAGE)
        for stereotype, description in CONSTRAINTS:
            ET.SubElement(
                root, "CONSTRAINT", {"STEREOTYPE": stereotype, "DESCRIPTION": description}
            )
        root.extend(_vocabularies())
        ET.indent(root, space="    ")
        return ET.tostring(root, "unicode", xml_declaration=False).join(
            ('<?xml version="1.0" encoding="UTF-8"?>\n', "\n")
        )

    def _header(self, folder: Path) -> ET.Element:
        recording = self._session.recording_path.resolve()
        header = ET.Element("HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
        media = {
            "MEDIA_URL": recording.as_uri(),
            "MIME_TYPE": mimetypes.guess_type(recording.name)[0] or "unknown",
        }
        if recording.anchor == folder.resolve().anchor:
            relative = Path(os.path.relpath(recording, folder.resolve()))
            media["RELATIVE_MEDIA_URL"] = f"./{relative.as_posix()}"
        ET.SubElement(header, "MEDIA_DESCRIPTOR", media)
        name = uuid.uuid5(uuid.NAMESPACE_URL, self._session.id)
        for key, value in (
            ("URN", f"urn:nl-mpi-tools-elan-eaf:{name}"),
            (SESSION_PROPERTY, self._session.id),
            ("lastUsedAnnotationId", str(self._annotations)),
        ):
            ET.SubElement(header, "PROPERTY", {"NAME": key}).text = value
        return header

    def _time_order(self) -> ET.Element:
        order = ET.Element("TIME_ORDER")
        for number, (ms, annotation, end) in enumerate(
            sorted(self._slots, key=lambda slot: slot[0]), start=1
        ):
            name = f"ts{number}"
            annotation.set(end, name)
            ET.SubElement(order, "TIME_SLOT", {"TIME_SLOT_ID": name, "TIME_VALUE": str(ms)})
        return order

    def _tiers(self, coder: str, lane: int, placed: Sequence[Placed]) -> list[ET.Element]:
        parent = str(TierName(coder, INTERVAL, lane))
        tiers = {INTERVAL: _tier(parent, coder, INTERVAL)}
        for kind in SPANS:
            tiers[kind] = _tier(str(TierName(coder, kind, lane)), coder, "moment", parent)
        for kind in VALUES:
            type_id = kind if kind in VOCABULARIES else "text"
            tiers[kind] = _tier(str(TierName(coder, kind, lane)), coder, type_id, parent)
        for item in placed:
            span = (item.start_ms, item.end_ms)
            owner = self._aligned(tiers[INTERVAL], span, item.code.interval_id)
            for kind, span in spans_ms(item.code, self._times).items():
                self._aligned(tiers[kind], span, kind)
            for kind, text in values(item.code).items():
                self._referring(tiers[kind], owner, kind, text)
        return list(tiers.values())

    def _aligned(self, tier: ET.Element, span: tuple[int, int], text: str) -> str:
        name = self._next()
        holder = ET.SubElement(tier, "ANNOTATION")
        annotation = ET.SubElement(holder, "ALIGNABLE_ANNOTATION", {"ANNOTATION_ID": name})
        for ms, end in zip(span, ("TIME_SLOT_REF1", "TIME_SLOT_REF2"), strict=True):
            self._slots.append((ms, annotation, end))
        ET.SubElement(annotation, "ANNOTATION_VALUE").text = xml_text(text)
        return name

    def _referring(self, tier: ET.Element, owner: str, kind: str, text: str) -> None:
        attributes = {"ANNOTATION_ID": self._next(), "ANNOTATION_REF": owner}
        if kind in VOCABULARIES:
            attributes["CVE_REF"] = _entry_id(kind, text)
        holder = ET.SubElement(tier, "ANNOTATION")
        annotation = ET.SubElement(holder, "REF_ANNOTATION", attributes)
        ET.SubElement(annotation, "ANNOTATION_VALUE").text = xml_text(text)

    def _next(self) -> str:
        self._annotations += 1
        return f"a{self._annotations}"


def lanes(placed: Iterable[Placed]) -> list[list[Placed]]:
    """The codes on as few tiers as hold them without overlap, by time on each; at least one."""
    found: list[list[Placed]] = [[]]
    for item in sorted(placed, key=lambda item: (item.start_ms, item.end_ms)):
        free = next((lane for lane in found if not lane or lane[-1].end_ms <= item.start_ms), None)
        if free is None:
            found.append([item])
        else:
            free.append(item)
    return found


def _tier(name: str, coder: str, type_id: str, parent: str = "") -> ET.Element:
    attributes = {"ANNOTATOR": coder, "LINGUISTIC_TYPE_REF": type_id, "TIER_ID": name}
    return ET.Element("TIER", attributes | ({"PARENT_REF": parent} if parent else {}))


def _types() -> Iterable[ET.Element]:
    kinds = {INTERVAL: ("true", ""), "moment": ("true", "Included_In")}
    kinds |= dict.fromkeys((*VOCABULARIES, "text"), ("false", "Symbolic_Association"))
    for name, (alignable, constraint) in kinds.items():
        attributes = {"GRAPHIC_REFERENCES": "false", "LINGUISTIC_TYPE_ID": name}
        attributes |= {"CONSTRAINTS": constraint} if constraint else {}
        attributes |= {"CONTROLLED_VOCABULARY_REF": name} if name in VOCABULARIES else {}
        yield ET.Element("LINGUISTIC_TYPE", attributes | {"TIME_ALIGNABLE": alignable})


def _vocabularies() -> Iterable[ET.Element]:
    for name, words in VOCABULARIES.items():
        vocabulary = ET.Element("CONTROLLED_VOCABULARY", {"CV_ID": name})
        ET.SubElement(vocabulary, "DESCRIPTION", {"LANG_REF": "und"})
        for word in words:
            entry = ET.SubElement(vocabulary, "CV_ENTRY_ML", {"CVE_ID": _entry_id(name, word)})
            ET.SubElement(entry, "CVE_VALUE", {"LANG_REF": "und"}).text = word
        yield vocabulary


def _entry_id(kind: str, word: str) -> str:
    return f"cveid_{kind}_{word}"
