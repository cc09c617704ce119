"""What the clip page says beside the pictures: the dataset's own word, then the study's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mexlab.errors import MexlabError
from mexlab.study import Study
from mexlab.timebase import NS_PER_S
from pipeline.app.asked import Asked
from pipeline.app.facets import FIRST, HIDDEN, KNOWN, NAMED
from pipeline.app.origin import Origin, origin
from pipeline.app.reading import OpenDataset, Row, Side
from pipeline.app.shelf import Prediction

WORDS_OF_A_CLIP = ("target", "reported", "expressed", "coded", "label", "label3")


@dataclass(frozen=True)
class Told:
    """`state` of the study: there, none (not at hand), sheet (a corpus, no study) or refused."""

    state: str
    origin: Origin | None
    error: MexlabError | None
    sheet: Mapping[str, str]
    sides: Sequence[Side]
    predictions: Sequence[Prediction]
    others: Mapping[str, Any]  # columns that have no place of their own on the page

    @property
    def pictures(self) -> bool:
        """Whether the frames of the recording can be shown."""
        return self.origin is not None


def told(asked: Asked, dataset: OpenDataset, clip: Row) -> Told:
    """Everything; a damaged file of the study leaves that part out and says so."""
    shelf = asked.room.shelf
    sheet = dataset.sheet.get(clip["clip_id"], {})
    state, found, error = _studied(shelf.study_of(dataset), clip, bool(sheet))
    sides = dataset.clips().sides.get(clip["clip_id"], ())
    predictions = shelf.predictions(dataset, clip["clip_id"])
    return Told(state, found, error, sheet, sides, predictions, _others(clip))


def _studied(
    study: Study | None, clip: Row, is_sheet: bool
) -> tuple[str, Origin | None, MexlabError | None]:
    if not clip.get("session"):
        return ("sheet" if is_sheet else "none"), None, None
    if study is None:
        return "none", None, None
    try:
        return "there", origin(study, clip), None
    except MexlabError as error:
        return "refused", None, error


def _others(clip: Row) -> Mapping[str, Any]:
    placed = {*FIRST, *KNOWN, *HIDDEN, *NAMED, "n_frames", "duration_ms", "source_hz", "coders"}
    return {name: value for name, value in clip.items() if name not in placed - {"rate"}}


def seconds(at_ns: int | None) -> float | None:
    """Of the session's clock."""
    return None if at_ns is None else at_ns / NS_PER_S
