"""The kinds of questions: what each asks for, and which answers it gives.

A kind reads the fields a browser sends, which are named like the answers but for the moment's, and
gives answers ready for the report. A new kind is a class here with its line in KINDS, and a
template of the same name in templates/kinds/.
"""

import re
from collections.abc import Mapping

from collector.form.instrument import Question
from collector.form.items import Item
from mexlab.errors import InputError
from mexlab.timebase import parse_moment

Value = str | int | float | None
LONGEST_TEXT = 100_000  # characters; more is no answer but an accident
END_SLACK_NS = 500_000_000  # a moment marked at the very end is rounded up
SAM = (1, 9)  # points of the self-assessment manikin (Bradley & Lang 1994)
MARKED, TYPED, UNKNOWN = "marked", "typed", "unknown"


class Misread(Exception):
    """An answer that cannot be taken; `words` names what to say (`collector.form.words`)."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field, self.words = field, words


class Kind:
    """One kind of question."""

    def problem(self, question: Question) -> str:
        """What keeps the question from being asked, or nothing."""
        return ""

    def answers(self, question: Question) -> tuple[str, ...]:
        """The names of its answers in the report."""
        return (question.id,)

    def names(self, question: Question) -> tuple[str, ...]:
        """The names of its fields."""
        return self.answers(question)

    def required(self, question: Question) -> tuple[str, ...]:
        """Those that somebody who goes on without them is reminded of, once."""
        return self.answers(question)

    def parse(
        self, question: Question, given: Mapping[str, str], item: Item | None
    ) -> dict[str, Value]:
        """The answers in the fields that are filled in, about an item. Raises Misread."""
        raise NotImplementedError

    def fields(
        self, question: Question, answers: Mapping[str, Value], item: Item | None, point: str = "."
    ) -> dict[str, str]:
        """The fields as they were filled in to give these answers; `point` is the decimal one."""
        found = ((name, answers.get(name)) for name in self.answers(question))
        return {name: str(value) for name, value in found if value is not None}


class Choice(Kind):
    """One of several options, perhaps with words of one's own."""

    def problem(self, question: Question) -> str:
        values = [option.value for option in question.options]
        if len(values) < 2 or len(set(values)) < len(values):
            return "a choice wants two or more different options"
        if question.expected and question.expected not in values:
            return "the expected answer is none of the options"
        if sum(option.asks for option in question.options) > 1:
            return "only one option may ask for words"
        return ""

    def answers(self, question: Question) -> tuple[str, ...]:
        asks = any(option.asks for option in question.options)
        return (question.id, f"{question.id}_text") if asks else (question.id,)

    def required(self, question: Question) -> tuple[str, ...]:
        return (question.id,)

    def parse(
        self, question: Question, given: Mapping[str, str], item: Item | None
    ) -> dict[str, Value]:
        value = given.get(question.id, "")
        if not value:
            return {}
        chosen = next((option for option in question.options if option.value == value), None)
        if chosen is None:
            raise Misread(question.id, "not_an_option")
        name = f"{question.id}_text"
        if name not in self.answers(question):
            return {question.id: value}
        words = _text(name, given) if chosen.asks else ""
        return {question.id: value, name: words or None}


class Scale(Kind):
    """A whole number between two ends."""

    def problem(self, question: Question) -> str:
        if question.low >= question.high:
            return "low is not below high"
        numbers = [str(n) for n in range(question.low, question.high + 1)]
        if question.expected and question.expected not in numbers:
            return "the expected answer is not on the scale"
        return ""

    def parse(
        self, question: Question, given: Mapping[str, str], item: Item | None
    ) -> dict[str, Value]:
        return _numbers(self.answers(question), given, question.low, question.high)


class Scales(Scale):
    """The same scale for each of the options."""

    def problem(self, question: Question) -> str:
        return super().problem(question) or ("" if question.options else "no option to ask about")

    def answers(self, question: Question) -> tuple[str, ...]:
        return tuple(f"{question.id}_{option.value}" for option in question.options)


class Sam(Scale):
    """A nine-point self-assessment manikin (Bradley & Lang 1994); the pictures are ours."""

    def problem(self, question: Question) -> str:
        return ""  # the ends are the pictures' own

    def parse(
        self, question: Question, given: Mapping[str, str], item: Item | None
    ) -> dict[str, Value]:
        return _numbers(self.answers(question), given, *SAM)


class Moment(Kind):
    """A moment of the scene: marked in the film, typed as mm:ss, or not known.

    Answers ID_ns, from the start of the scene, and ID_how: marked, typed or unknown. Fields: ID the
    moment as text, ID_mark the text that was marked, ID_unknown.
    """

    def answers(self, question: Question) -> tuple[str, ...]:
        return (f"{question.id}_ns", f"{question.id}_how")

    def names(self, question: Question) -> tuple[str, ...]:
        return (question.id, f"{question.id}_mark", f"{question.id}_unknown")

    def required(self, question: Question) -> tuple[str, ...]:
        return (f"{question.id}_how",)

    def parse(
        self, question: Question, given: Mapping[str, str], item: Item | None
    ) -> dict[str, Value]:
        ns, how = self.answers(question)
        text = given.get(question.id, "").strip()
        if given.get(f"{question.id}_unknown"):
            return {ns: None, how: UNKNOWN}
        if not text:
            return {}
        try:
            moment_ns = parse_moment(text.replace(",", "."), question.id)
        except InputError:
            raise Misread(question.id, "not_a_moment") from None
        if item is not None:
            if moment_ns > item.lasts_ns + END_SLACK_NS:
                raise Misread(question.id, "after_the_end")
            moment_ns = item.in_session(moment_ns)
        return {ns: moment_ns, how: MARKED if given.get(f"{question.id}_mark") == text else TYPED}

    def fields(
        self, question: Question, answers: Mapping[str, Value], item: Item | None, point: str = "."
    ) -> dict[str, str]:
        ns, how = (answers.get(name) for name in self.answers(question))
        if how == UNKNOWN:
            return {f"{question.id}_unknown": "yes"}
        if not isinstance(ns, int):
            return {}
        text = moment_text(item.in_film(ns) if item else ns, point)
        return {question.id: text} | ({f"{question.id}_mark": text} if how == MARKED else {})


class Text(Kind):
    """Free words."""

    def required(self, question: Question) -> tuple[str, ...]:
        return ()

    def parse(
        self, question: Question, given: Mapping[str, str], item: Item | None
    ) -> dict[str, Value]:
        words = _text(question.id, given)
        return {question.id: words} if words else {}


KINDS: dict[str, Kind] = {
    "choice": Choice(),
    "scale": Scale(),
    "scales": Scales(),
    "valence": Sam(),
    "arousal": Sam(),
    "moment": Moment(),
    "text": Text(),
}


def moment_text(moment_ns: int, point: str = ".") -> str:
    """m:ss, with as many decimals as there are milliseconds."""
    minutes, ms = divmod(round(moment_ns / 1_000_000), 60_000)
    seconds = f"{ms / 1000:06.3f}".rstrip("0").rstrip(".")
    return f"{minutes}:{seconds}".replace(".", point)


def _numbers(
    names: tuple[str, ...], given: Mapping[str, str], low: int, high: int
) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name in names:
        text = given.get(name, "").strip()
        if not text:
            continue
        if not re.fullmatch("-?[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise Misread(name, "not_on_the_scale")
        found[name] = int(text)
    return found


def _text(name: str, given: Mapping[str, str]) -> str:
    """As it was typed; browsers send line ends as CR LF whatever they were."""
    text = given.get(name, "").replace("\r\n", "\n")
    if len(text) > LONGEST_TEXT:
        raise Misread(name, "too_long")
    return text
