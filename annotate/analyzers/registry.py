"""The analyzers by name, each opened for a study."""

from collections.abc import Callable

from annotate.analyzers.base import Analyzer
from mexlab.errors import InputError
from mexlab.study import Study


def _landmarker(study: Study) -> Analyzer:
    from annotate.analyzers.landmarker import LandmarkerAnalyzer
    from mexlab.model_files import find_landmarker

    return LandmarkerAnalyzer(find_landmarker(study.analysis.landmarker_model, study.root))


ANALYZERS: dict[str, Callable[[Study], Analyzer]] = {"landmarker": _landmarker}


def open_analyzer(name: str, study: Study) -> Analyzer:
    """The analyzer `name`, ready to observe. Raises InputError for an unknown name."""
    if name not in ANALYZERS:
        known = ", ".join(ANALYZERS)
        raise InputError(f"no analyzer {name!r}", "--analyzer", f"use one of: {known}")
    return ANALYZERS[name](study)
