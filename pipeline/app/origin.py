"""Where a clip comes from: its recording, interval, coders' codes and the participant's answers.

The dataset names session, scene and source frames; the rest lies in the study, where one is at
hand: the one given, or the one the dataset was built from, in or beside its folder. Reads the
session's tables, review/ and report.json; writes nothing. Somebody who has withdrawn since the
dataset was built is not looked up.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mexlab.codes import Code, coder_files, codes_of
from mexlab.consensus import ReviewSettings, final_code
from mexlab.consent import AUDIENCES
from mexlab.errors import ConsentError, MexlabError, StudyError
from mexlab.session import Session
from mexlab.settings import read_toml
from mexlab.study import Study
from pipeline.app.reading import Row

_RANK = re.compile(r"-r(\d+)$")  # at the end of a clip's id; a first-ranked one has none


@dataclass(frozen=True)
class Answer:
    """An answer with its question and, where it is an option, the option's words, by language."""

    question: str
    value: str | int | float | None
    asked: Mapping[str, str]
    option: Mapping[str, str]


@dataclass(frozen=True)
class Origin:
    """A clip's session in the study. `counted` is the code that counts, if any does."""

    session: Session
    interval: Mapping[str, Any] | None
    codes: Sequence[Code]
    counted: Code | None
    answers: Sequence[Answer]


def holds(capture_ns: NDArray[np.int64], source_frame: int, t_ns: int) -> bool:
    """Whether that frame of a recording was taken at that time."""
    return 0 <= source_frame < len(capture_ns) and int(capture_ns[source_frame]) == t_ns


def study_beside(root: Path, clips: Sequence[Row]) -> Study | None:
    """The study in or beside whose folder a dataset lies and whose sessions it holds."""
    first = next((clip for clip in clips if clip.get("session")), None)
    if first is None:
        return None
    above = root.resolve().parent
    for folder in (above, *sorted(path for path in above.iterdir() if path.is_dir())):
        if not (folder / "study.toml").is_file() or not (folder / "sessions").is_dir():
            continue
        try:
            study = Study.open(folder)
        except MexlabError:
            continue  # whatever lies beside is not this page's business
        names = (study.settings.title or folder.name, folder.name)
        if first.get("source") in names and (study.sessions_path / first["session"]).is_dir():
            return study
    return None


def session_of(study: Study, clip: Row) -> Session:
    """The clip's session. Raises StudyError for none, ConsentError after a withdrawal."""
    name = clip.get("session") or ""
    found = [session for session in study.sessions() if session.id == name]
    if not found:
        remedy = "give the study that the dataset was built from with --study"
        raise StudyError("the study has no such session", name, remedy)
    _, refused = study.consenting(found, AUDIENCES["private"])
    if refused:
        remedy = "erase this person from the dataset too"
        raise ConsentError(f"since this dataset was built: {refused[0].reason}", name, remedy)
    return found[0]


def origin(study: Study, clip: Row) -> Origin:
    """All the study knows of a clip. Raises MexlabError as `session_of`, and for damaged files."""
    session = session_of(study, clip)
    capture_ns = session.frames()["capture_ns"].to_numpy()
    interval = _interval(session, clip)
    codes = _codes(session, str(interval["interval_id"])) if interval else []
    review = study.section("review", ReviewSettings)
    counted = final_code(codes, capture_ns, review) if codes else None
    return Origin(session, interval, codes, counted, _answers(study, session, clip))


def _interval(session: Session, clip: Row) -> Mapping[str, Any] | None:
    if not session.intervals_path.is_file():
        return None
    named = _RANK.search(clip["clip_id"])
    wanted = (clip.get("scene"), int(named[1]) if named else 1)
    rows = session.intervals().to_pylist()
    return next((row for row in rows if (row["scene"], row["rank"]) == wanted), None)


def _codes(session: Session, interval_id: str) -> list[Code]:
    """Submitted ones: a code under way is its coder's own."""
    found = [codes_of(path).get(interval_id) for path in coder_files(session.review_path).values()]
    return [code for code in found if code and code.submitted]


def _answers(study: Study, session: Session, clip: Row) -> list[Answer]:
    """In the order given, in the words of the form they were given in."""
    report = session.report()
    if report is None or clip.get("scene") is None:
        return []
    own = session.instrument_path
    asked = read_toml(own if own.is_file() else study.instrument_path)
    questions = {
        question["id"]: question
        for page in asked.get("page", ())
        for question in page.get("question", ())
    }
    given = report.given(int(clip["scene"]))
    return [_in_words(name, value, questions) for name, value in given.items()]


def _in_words(
    name: str, value: str | int | float | None, questions: Mapping[str, Mapping[str, Any]]
) -> Answer:
    """A scale for each option answers as QUESTION_OPTION, a moment as QUESTION_ns."""
    question = questions.get(name) or questions.get(name.removesuffix("_ns"))
    if question:
        chosen = [o for o in question.get("option", ()) if o.get("value") == value]
        return Answer(name, value, _texts(question), _texts(chosen[0]) if chosen else {})
    for known, asked in questions.items():
        for option in asked.get("option", ()):
            if name == f"{known}_{option.get('value')}":
                both = {lang: f"{asked[lang]} – {option[lang]}" for lang in _texts(option)}
                return Answer(name, value, both, {})
    return Answer(name, value, {}, {})


def _texts(entry: Mapping[str, Any]) -> Mapping[str, str]:
    return {language: str(entry[language]) for language in ("es", "en") if language in entry}
