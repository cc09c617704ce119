"""The instrument: what participants are asked, from one TOML file that a laboratory edits.

    id, version, es, en                    its name, and the version that every report carries
    [[page]]   id, es, en, after_scene     asked about each scene; with after_scene once, after it
      [[page.question]]   id, kind, es, en and what the kind wants (`collector.form.kinds`)
        [[page.question.option]]   value, es, en

Everything people read stands there in each language. The file is checked whole when it is read.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from mexlab.emotions import EMOTIONS
from mexlab.errors import InputError
from mexlab.settings import from_mapping, read_toml
from mexlab.study_settings import LANGUAGES

T = TypeVar("T")
REPORTABLE = (*EMOTIONS, "other", "none")  # values of the question `emotion`
EMOTION = "emotion"  # the question that later stages take a clip's label from
INTENSITY = "intensity"  # of the strongest emotion; follows from the intensities of all
MOMENT = "moment_ns"  # where later stages look for a movement
OF_THE_PAGE = ("act", "reminded", "shown")  # fields that every page of the form has
_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Option:
    """One answer to choose. `asks` wants words of one's own with it, such as for `other`.

    Where options are shuffled, those with `last` keep their place behind the others.
    """

    value: str
    es: str
    en: str
    asks: bool = False
    last: bool = False


@dataclass(frozen=True)
class Question:
    """One question; which of the fields below `en` count depends on its kind.

    A scale runs from `low` to `high`, its ends named in words; `expected` makes it an attention
    check; `shuffle` gives each participant an order of the options of its own; who leaves out an
    `optional` one is not reminded.
    """

    id: str
    kind: str
    es: str
    en: str
    hint_es: str = ""
    hint_en: str = ""
    low: int = 0
    high: int = 8
    low_es: str = ""
    low_en: str = ""
    high_es: str = ""
    high_en: str = ""
    expected: str = ""
    shuffle: bool = False
    optional: bool = False
    options: tuple[Option, ...] = ()

    def text(self, language: str, part: str = "") -> str:
        """The question in a language, or its `hint`, `low` or `high` part."""
        return str(getattr(self, f"{part}_{language}" if part else language))


@dataclass(frozen=True)
class Page:
    """Questions shown together. With `after_scene` N once, after the Nth scene; else for each."""

    id: str
    es: str
    en: str
    after_scene: int = field(default=0, metadata={"low": 0})
    questions: tuple[Question, ...] = ()

    def text(self, language: str) -> str:
        return str(getattr(self, language))


@dataclass(frozen=True)
class Instrument:
    """All the questions, in order."""

    id: str
    version: str
    es: str
    en: str
    pages: tuple[Page, ...] = ()

    def text(self, language: str) -> str:
        return str(getattr(self, language))

    def questions(self) -> Iterator[tuple[Page, Question]]:
        for page in self.pages:
            for question in page.questions:
                yield page, question


def read_instrument(path: Path) -> Instrument:
    """Read and check a file. Raises InputError or StudyError with the place and what to do."""
    from collector.form.kinds import KINDS

    if not path.is_file():
        remedy = "correct [forms] in study.toml, or put the file there"
        raise InputError("no such instrument", path, remedy)
    tables = read_toml(path)
    pages = tuple(_page(table, path) for table in _tables(tables, "page", path))
    instrument = _made(Instrument, tables, {"pages": pages}, "page", path)
    if not pages or not all(page.questions for page in pages):
        raise InputError("a page without a question", path, "give every [[page]] a question")
    for page, question in instrument.questions():
        where = f"{path}, page {page.id!r}, question {question.id!r}"
        if question.kind not in KINDS:
            raise InputError(f"unknown kind {question.kind!r}", where, f"use: {', '.join(KINDS)}")
        reason = KINDS[question.kind].problem(question) or _unfit(question)
        if reason:
            raise InputError(reason, where, "correct the question")
    _unique(instrument, path)
    return instrument


def _unfit(question: Question) -> str:
    """What keeps later stages from understanding the answers that they read, or nothing."""
    if question.id == EMOTION:
        known = {option.value for option in question.options} <= set(REPORTABLE)
        fits = question.kind == "choice" and known
        return "" if fits else f"{EMOTION} is a choice of: {', '.join(REPORTABLE)}"
    if question.id == INTENSITY:
        fits = question.kind in ("scale", "scales") and question.low >= 0 and question.high <= 8
        return "" if fits else f"{INTENSITY} is a scale within 0 to 8"
    return f"{MOMENT} is what a moment answers" if question.id == MOMENT else ""


def _unique(instrument: Instrument, path: Path) -> None:
    """No two pages, answers or fields of one name: one would overwrite the other."""
    from collector.form.kinds import KINDS

    kinds = [(KINDS[question.kind], question) for _, question in instrument.questions()]
    answers = [name for kind, question in kinds for name in kind.answers(question)]
    sent = [*OF_THE_PAGE, *(name for kind, question in kinds for name in kind.names(question))]
    for names in ([page.id for page in instrument.pages], answers, sent):
        name, times = Counter(names).most_common(1)[0]
        if times > 1:
            raise InputError(f"{name!r} stands there {times} times", path, "use each name once")


def _page(table: Mapping[str, Any], path: Path) -> Page:
    where = f"{path}, page {table.get('id', '?')!r}"
    questions = tuple(_question(entry, where) for entry in _tables(table, "question", where))
    return _made(Page, table, {"questions": questions}, "question", where)


def _question(table: Mapping[str, Any], where: str) -> Question:
    where = f"{where}, question {table.get('id', '?')!r}"
    options = tuple(_made(Option, o, {}, "", where) for o in _tables(table, "option", where))
    return _made(Question, table, {"options": options}, "option", where)


def _made(
    kind: type[T], table: Mapping[str, Any], parts: Mapping[str, Any], below: str, where: str | Path
) -> T:
    """`kind` from its own keys of the table, checked, with `parts` already made from those below.

    Raises InputError for a text that one of the languages lacks.
    """
    own = {key: value for key, value in table.items() if key != below}
    made = from_mapping(kind, own, where)
    for name in ("id", "value"):
        given = getattr(made, name, None)
        if given is not None and kind is not Instrument and not _ID.fullmatch(given):
            remedy = "use small letters, digits and _, a letter first"
            raise InputError(f"{given!r} cannot name anything", where, remedy)
    for part in fields(made):  # type: ignore[arg-type]
        stem, _, language = part.name.rpartition("_")
        if language not in LANGUAGES:
            continue
        texts = [getattr(made, f"{stem}_{each}" if stem else each) for each in LANGUAGES]
        required = part.default is MISSING
        if not all(texts) and (required or any(texts)):
            what = f"no text {f'{stem}_{language}' if stem else language!r} in every language"
            raise InputError(what, where, f"write it in: {', '.join(LANGUAGES)}")
    return replace(made, **parts)  # type: ignore[type-var]


def _tables(table: Mapping[str, Any], name: str, where: str | Path) -> list[dict[str, Any]]:
    """The [[name]] tables below one."""
    found = table.get(name, [])
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise InputError(f"{name} is no list of tables", where, f"write [[{name}]]")
    return found
