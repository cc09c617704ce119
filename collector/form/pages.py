"""The form's pages as HTML: templates filled in, everything that people wrote escaped.

One page is one file for the browser: style and script stand in it, so that nothing is served to
whoever has no key. Reads templates/; writes nothing.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from collector.form import links
from collector.form.filling import SECOND, Filling, Given, Step
from collector.form.instrument import Option, Question
from collector.form.kinds import KINDS, SAM, moment_text
from collector.form.manikin import manikin
from collector.form.words import WORDS
from mexlab.errors import MexlabError
from mexlab.timebase import NS_PER_S
from mexlab.web.language import NAMES, Speaker

FORBIDDEN, BROKEN, UNPROCESSABLE = 403, 500, 422
POINT = {"es": ",", "en": "."}  # of decimals

_TEMPLATES = Environment(
    loader=PackageLoader("collector.form"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Refused(Exception):
    """The request ends here, with this page."""

    def __init__(self, page: Response) -> None:
        super().__init__(page.status_code)
        self.page = page


@dataclass(frozen=True)
class Asking:
    """A question with what its template needs: the words, the options' order, the fields."""

    question: Question
    language: str
    order: Sequence[str]
    fields: Mapping[str, str]
    amiss: Mapping[str, str]
    missing: Sequence[str]
    again: bool  # shown once more because of what was sent

    def text(self, part: str = "") -> str:
        return self.question.text(self.language, part)

    @property
    def options(self) -> list[Option]:
        """In this participant's order."""
        by_value = {option.value: option for option in self.question.options}
        ordered = [value for value in self.order if value in by_value]
        return [by_value[value] for value in dict.fromkeys([*ordered, *by_value])]

    def label(self, option: Option) -> str:
        return str(getattr(option, self.language))

    @property
    def points(self) -> range:
        own = (self.question.low, self.question.high)
        low, high = SAM if self.question.kind in ("valence", "arousal") else own
        return range(low, high + 1)

    def end(self, point: int) -> str:
        """What an end of the scale means; nothing between the ends."""
        part = {self.points[0]: "low", self.points[-1]: "high"}.get(point)
        return self.text(part) if part else ""

    @property
    def answered(self) -> bool:
        """Whether the page shows an answer, which emptying it then takes back."""
        id_ = self.question.id
        filled = any(v and (n == id_ or n.startswith(f"{id_}_")) for n, v in self.fields.items())
        return filled or id_ in self.fields.get("shown", "").split()

    @property
    def wrong(self) -> str:
        """Which words say what is amiss; nothing where all is well."""
        names = KINDS[self.question.kind].names(self.question)
        return next((self.amiss[name] for name in names if name in self.amiss), "")

    @property
    def described(self) -> Markup:
        """The attributes that tie a field to its hint and to what is amiss."""
        notes = {"hint": self.text("hint"), "amiss": self.wrong or (self.left_out and self.again)}
        ids = " ".join(f"q-{self.question.id}-{name}" for name, there in notes.items() if there)
        invalid = ' aria-invalid="true"' if self.wrong else ""
        return Markup(f' aria-describedby="{ids}"{invalid}' if ids else "")

    @property
    def left_out(self) -> bool:
        return bool(set(self.missing) & set(KINDS[self.question.kind].answers(self.question)))

    def picture(self, point: int) -> Markup:
        """The manikin of a point; drawn by us, so no escaping."""
        return Markup(manikin(self.question.kind, point))


def render(template: str, language: str, status_code: int = 200, **context: Any) -> Response:
    """A page in a language. Scripts and styles run only where this page put them."""
    nonce = secrets.token_urlsafe(12)
    say = Speaker(language, WORDS)
    html = _TEMPLATES.get_template(template).render(say=say, nonce=nonce, names=NAMES, **context)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; "
        "img-src 'self' data:; media-src 'self'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(html, status_code, {"content-security-policy": policy})


def welcome_page(form: str, languages: Sequence[str]) -> Response:
    """What comes, in each language; the button of one chooses it."""
    speakers = {language: Speaker(language, WORDS) for language in languages}
    in_ = speakers.__getitem__
    return render("welcome.html", languages[0], form=form, languages=languages, in_=in_)


def question_page(filling: Filling, number: int, given: Given) -> Response:
    """One step to fill in, with what was said before or what is amiss now."""
    step, language = filling.steps[number], filling.report.language
    point = POINT[language]
    fields = _as_filled_in(step, given, point) if given.fields is None else given.fields
    again = given.fields is not None
    orders, amiss, missing = filling.report.option_order, given.amiss, given.missing
    askings = [
        Asking(q, language, orders.get(q.id, ()), fields, amiss, missing, again)
        for q in step.page.questions
    ]
    return render(
        "question.html",
        language,
        status_code=UNPROCESSABLE if again else 200,
        title=step.page.text(language),
        askings=askings,
        given=given,
        number=number,
        count=len(filling.steps),
        base=links.form_path(filling.session, filling.form),
        item=step.item,
        moment=_moment_words(step, point),
        place=_place(filling, number),
        film=step.item is not None and step.item.source is not None and not step.item.interval,
    )


def end_page(filling: Filling) -> Response:
    """After the last question, and after it is finished."""
    template = "thanks.html" if filling.finished else "end.html"
    base = links.form_path(filling.session, filling.form)
    return render(template, filling.report.language, base=base, count=len(filling.steps))


def closed(text: str, languages: Sequence[str]) -> Response:
    """No key, or no consent: in each language, since nobody has chosen one."""
    speakers = [Speaker(language, WORDS) for language in languages]
    return render("closed.html", languages[0], FORBIDDEN, speakers=speakers, text=text, detail="")


def problem_page(error: MexlabError, languages: Sequence[str]) -> Response:
    """Something in the study must be put right; the detail is for whoever is called."""
    speakers = [Speaker(language, WORDS) for language in languages]
    detail = f"{error.what}; {error.remedy}"  # no path: participants read this
    return render(
        "closed.html", languages[0], BROKEN, speakers=speakers, text="broken_text", detail=detail
    )


def _as_filled_in(step: Step, given: Given, point: str) -> Mapping[str, str]:
    """The fields that gave the answers on disk."""
    fields: dict[str, str] = {}
    for question in step.page.questions:
        fields |= KINDS[question.kind].fields(question, given.values, step.item, point)
    return fields


def _place(filling: Filling, number: int) -> str:
    """Which scene or moment a step is about, in words."""
    say, item = Speaker(filling.report.language, WORDS), filling.steps[number].item
    if item is None:
        return say("whole")
    items = list(dict.fromkeys(step.item for step in filling.steps if step.item))
    key = "moment_of" if filling.form == SECOND else "scene_of"
    return say(key, number=items.index(item) + 1, count=len(items))


def _moment_words(step: Step, point: str) -> dict[str, Any]:
    """The scene's length for the player: in s, and in words."""
    if step.item is None:
        return {}
    shown_ns = step.item.end_ns - step.item.start_ns
    return {
        "start_s": step.item.start_ns / NS_PER_S,
        "end_s": step.item.end_ns / NS_PER_S,
        "length_s": shown_ns / NS_PER_S,
        "length": moment_text(round(step.item.lasts_ns / NS_PER_S) * NS_PER_S),
        "point": point,
    }
