"""The cells about one scene, taken as if they had been typed into the form.

Cells become the fields that a browser would send, and `collector.form.kinds` reads those. A kind
whose answers are spread over several cells has a function in READERS.
"""

import re
from collections.abc import Callable, Mapping

from collector.form.instrument import Question
from collector.form.items import Item
from collector.form.kinds import KINDS, TYPED, UNKNOWN, Misread, Value
from collector.reports.mapping import HOURS, REST, SECONDS, ReportMap, tidy
from collector.reports.people import NotUnderstood

Cells = Mapping[str, str]  # by the name of the answer, as they stand in the file; "" for none
_HOURS = re.compile(r"(\d{1,2}):([0-5]?\d):([0-5]\d(?:[.,]\d+)?)")
_SECONDS = re.compile(r"(\d{1,5})([.,]\d+)?")
REASONS = {
    "not_an_option": "is none of the answers",
    "not_on_the_scale": "is no whole number on the scale",
    "not_a_moment": "is no moment",
    "after_the_end": "is after the end of the scene",
    "too_long": "is too long",
}


def answers(by: ReportMap, question: Question, cells: Cells, item: Item | None) -> dict[str, Value]:
    """Every answer that the other form asked for; None for one that was passed over.

    Raises NotUnderstood, its reason beginning with the column's answer.
    """
    asked = by.mapped(question)
    if not asked:
        return {}
    given = {name: cell(by, question, name, cells.get(name, "")) for name in asked}
    fields = READERS.get(question.kind, _plain)(by, question, given)
    try:
        values = KINDS[question.kind].parse(question, fields, item)
    except Misread as misread:
        reason = REASONS.get(misread.words, misread.words.replace("_", " "))
        text = fields.get(misread.field, "")
        shown = text if len(text) < 40 else f"{text[:40]}…"
        remedy = "correct the cell, or name it in the map"
        raise NotUnderstood(f"{misread.field} {shown!r} {reason}", remedy) from None
    return {**dict.fromkeys(asked), **values}


def cell(by: ReportMap, question: Question, answer: str, text: str) -> str:
    """The cell; nothing where it, or the map, says that nothing was answered."""
    table = by.table(question, answer)
    silent = tidy(text) in by.empty or table.get(tidy(text)) == ""
    return "" if silent else text


def _plain(by: ReportMap, question: Question, given: Cells) -> dict[str, str]:
    if question.kind == "text":
        return dict(given)
    return {name: _value(by, question, name, text) for name, text in given.items()}


def _choice(by: ReportMap, question: Question, given: Cells) -> dict[str, str]:
    """The option, and words beside it, or in its place where the map has a value for the rest."""
    chosen, words_name = given[question.id], f"{question.id}_text"
    words = given.get(words_name, "")
    table = by.table(question, question.id)
    if REST in table and tidy(chosen) and tidy(chosen) not in table:
        return {question.id: table[REST], words_name: chosen}
    value = _value(by, question, question.id, chosen)
    if words and value not in {option.value for option in question.options if option.asks}:
        reason = f"{words_name} has words, but {question.id} is {value or 'empty'}"
        raise NotUnderstood(reason, "correct one of the two cells")
    return {question.id: value, words_name: words}


def _moment(by: ReportMap, question: Question, given: Cells) -> dict[str, str]:
    """The moment as mm:ss, or that it is not known, said in its cell or in one beside it."""
    ns, how = KINDS[question.kind].answers(question)
    text = tidy(given[ns])
    said = {_value(by, question, how, given[how])} - {""}
    if by.table(question, ns).get(text) == UNKNOWN:
        said, text = said | {UNKNOWN}, ""
    if said - {TYPED if text else UNKNOWN}:
        reason = f"{how} is {' and '.join(sorted(said))}, but {ns} is {text or 'empty'}"
        raise NotUnderstood(reason, "correct one of the two cells")
    if not text:
        return {f"{question.id}_unknown": "yes"} if said else {}
    return {question.id: _clock(by, text, ns)}


READERS: dict[str, Callable[[ReportMap, Question, Cells], dict[str, str]]] = {
    "choice": _choice,
    "moment": _moment,
}


def _value(by: ReportMap, question: Question, answer: str, text: str) -> str:
    """What a cell means. Where the map has a table it must name every cell."""
    text, table = tidy(text), by.table(question, answer)
    if text and table and text not in table:
        remedy = f"correct the cell, or name it under [values.{answer}] in the map"
        raise NotUnderstood(f"{answer} {text!r} is not in the map", remedy)
    return table.get(text, text)


def _clock(by: ReportMap, text: str, answer: str) -> str:
    """A moment as the form takes it, mm:ss, from h:mm:ss or seconds where the map says so."""
    if by.moments == HOURS and (match := _HOURS.fullmatch(text)):
        return f"{int(match[1]) * 60 + int(match[2])}:{match[3]}"
    if by.moments == SECONDS and (match := _SECONDS.fullmatch(text)):
        minutes, seconds = divmod(int(match[1]), 60)
        return f"{minutes}:{seconds:02d}{match[2] or ''}"
    if by.moments in (HOURS, SECONDS):
        remedy = "correct the cell, or moments in the map"
        raise NotUnderstood(f"{answer} {text!r} is not {by.moments}", remedy)
    return text
