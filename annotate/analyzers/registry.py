"""The analyzers by name, each opened for a study, and what a person who chooses one should know."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from annotate.analyzers.base import Analyzer
from mexlab.errors import InputError
from mexlab.parallel import default_workers
from mexlab.study import Study


@dataclass(frozen=True)
class Source:
    """What an analyzer is opened for: a study and, to read another tool's work, a CSV file.

    `frames` is how many the recording has, where that is known.
    """

    study: Study
    csv: Path | None = None
    frames: int | None = None


def _landmarker(source: Source) -> Analyzer:
    from annotate.analyzers.landmarker import LandmarkerAnalyzer
    from mexlab.model_files import find_landmarker

    study = source.study
    return LandmarkerAnalyzer(find_landmarker(study.analysis.landmarker_model, study.root))


def _pyfeat(source: Source) -> Analyzer:
    from annotate.analyzers.pyfeat import PyFeatAnalyzer
    from annotate.models import find_weights, weight_folders

    settings = source.study.analysis
    folders = weight_folders(settings.pyfeat_weights, source.study.root)
    weights = find_weights(settings.pyfeat_detector, folders)
    return PyFeatAnalyzer(weights, settings.pyfeat_detector, settings.device)


def _openface(source: Source) -> Analyzer:
    from annotate.analyzers.openface import OpenFaceAnalyzer

    if source.csv is None:
        remedy = "name one session and its file: --session ID --analyzer openface --csv FILE"
        raise InputError("openface reads a CSV file that OpenFace 2 has written", "--csv", remedy)
    return OpenFaceAnalyzer(source.csv, source.frames)


ANALYZERS: dict[str, Callable[[Source], Analyzer]] = {
    "py-feat": _pyfeat,
    "landmarker": _landmarker,
    "openface": _openface,
}
READS_CSV = ("openface",)
MEMORY_BYTES = {"py-feat": 3_000_000_000}  # of one process, at 1280x720


def open_analyzer(
    name: str, study: Study, csv: Path | None = None, frames: int | None = None
) -> Analyzer:
    """The analyzer `name`, ready to observe. Raises InputError for an unknown name.

    `csv` is for one that reads what another tool made; `frames`, if known, must agree with it.
    """
    if name not in ANALYZERS:
        known = ", ".join(ANALYZERS)
        raise InputError(f"no analyzer {name!r}", "--analyzer", f"use one of: {known}")
    if csv is not None and name not in READS_CSV:
        remedy = f"leave it out, or use --analyzer {' or '.join(READS_CSV)}"
        raise InputError(f"the analyzer {name} reads no CSV file", "--csv", remedy)
    return ANALYZERS[name](Source(study, csv, frames))


def fitting_workers(name: str) -> int:
    """Sessions at a time: all cores, or as many as fit into the memory that is free."""
    fit = psutil.virtual_memory().available // MEMORY_BYTES.get(name, 1)
    return max(1, min(default_workers(), fit))


def notice(name: str, study: Study) -> str:
    """What a person who chose this analyzer should know, in a line; empty for nothing."""
    from annotate.models import LICENCES

    notices = {
        "landmarker": "AU columns are proxies, not FACS coding",
        "openface": "without landmarks in the file there is no motion table, and brief movements "
        "are found much worse",
        "py-feat": LICENCES[study.analysis.pyfeat_detector],
    }
    return f"{name}: {notices[name]}" if name in notices else ""
