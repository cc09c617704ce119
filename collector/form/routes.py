"""The form's pages, served: every answer saved before the next question shows.

    /form/FORM/SESSION/open/TOKEN    the link; starting uses it up and leaves the device its key
    /form/FORM/SESSION               where this form was left
    /form/FORM/SESSION/3             the third page to fill in; POST saves it
    /form/FORM/SESSION/3/still, /film, /face     pictures of what it asks about
    /form/FORM/SESSION/end, /withdraw

Whoever has no key for a form is refused, whatever the address. Nothing is kept between requests.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from collector.form import links
from collector.form.filling import FORMS, Filling, Given, Step, begin, check_consent
from collector.form.pages import (
    Refused,
    closed,
    end_page,
    problem_page,
    question_page,
    render,
    welcome_page,
)
from collector.form.pictures import excerpt, still
from mexlab.consent import withdrawn_at
from mexlab.errors import ConsentError, MexlabError
from mexlab.session import Session
from mexlab.study import Study
from mexlab.study_settings import LANGUAGES
from mexlab.web import asking
from mexlab.web.asking import NOT_FOUND, to

COOKIE = "mexlab_form"
KEPT_S = 12 * 3600  # how long a device may go on with a form
LARGEST_BODY = 4_000_000  # bytes; a text of the longest kind in emoji stays far below
ANY = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
NO_CONTENT = 204


@dataclass(frozen=True)
class Asked:
    """A request to one form, after the door: whose it is, what was sent."""

    study: Study
    session: Session
    form: str
    path: Mapping[str, str]
    sent: Mapping[str, str]
    key: str
    secure: bool

    def check_key(self) -> None:
        """Raise Refused for whoever has no key to this form, and after a withdrawal."""
        if not links.opens(self.session, self.form, self.key):
            raise Refused(closed("closed_text", self.study.settings.languages))
        if withdrawn_at(self.study.participant(self.session.header.participant).consents):
            raise Refused(render("withdrawn.html", self.language, status_code=403))

    def filling(self) -> Filling:
        """The form, for whoever holds its key and while there is consent. Raises Refused."""
        self.check_key()
        check_consent(self.study, self.session, self.form)
        return Filling.read(self.study, self.session, self.form)

    @property
    def language(self) -> str:
        """The language the form is filled in with; the person's own where that is not known."""
        try:
            return Filling.read(self.study, self.session, self.form).report.language
        except MexlabError:
            own = self.study.participant(self.session.header.participant).language
            return own if own in LANGUAGES else LANGUAGES[0]

    @property
    def number(self) -> int:
        """Which step the address names, from 0; pages count from 1. Raises Refused for no page."""
        text = self.path["number"]
        if not re.fullmatch("[0-9]{1,4}", text):
            raise Refused(closed("closed_text", self.study.settings.languages))
        return int(text) - 1

    def step(self) -> Step:
        """The step whose pictures are asked for, once it has been reached. Raises Refused."""
        filling = self.filling()
        if not _reached(filling, self.number):
            raise Refused(Response(status_code=NOT_FOUND))
        return filling.steps[self.number]

    def to(self, place: str | int = "") -> Response:
        """On to another page of the form."""
        return to(f"{self.base}/{place}".rstrip("/"))

    @property
    def base(self) -> str:
        return links.form_path(self.session, self.form)


Answering = Callable[[Asked], Response]


def form_routes(study: Study) -> list[BaseRoute]:
    """The routes of all forms of a study, to be mounted at the root."""

    def route(path: str, answer: Answering, method: str) -> Route:
        return Route(path, _endpoint(study, answer), methods=[method])

    base = links.ROOT + "/{form}/{session}"
    opening = base + "/open/{token}"
    return [
        route(opening, _welcome, "GET"),
        route(opening, _start, "POST"),
        route(base, _resume, "GET"),
        route(base + "/end", _end, "GET"),
        route(base + "/end", _finish, "POST"),
        route(base + "/withdraw", _ask_withdrawal, "GET"),
        route(base + "/withdraw", _withdraw, "POST"),
        route(base + "/{number}", _question, "GET"),
        route(base + "/{number}", _answer, "POST"),
        route(base + "/{number}/still", _still, "GET"),
        route(base + "/{number}/film", _film, "GET"),
        route(base + "/{number}/face", _face, "GET"),
        Route("/{rest:path}", _nowhere(study), methods=ANY),
    ]


def _nowhere(study: Study) -> Callable[[Request], Response]:
    """Every other address: refused like a form without its key, and like one that is not there."""
    return lambda _: closed("closed_text", study.settings.languages)


def _endpoint(study: Study, answer: Answering) -> Callable[[Request], Awaitable[Response]]:
    """The request read, the answer made in a thread of its own, mistakes said in words."""
    return asking.endpoint(partial(_answered, study, answer), LARGEST_BODY)


def _answered(study: Study, answer: Answering, request: Request, body: bytes) -> Response:
    path, languages = request.path_params, study.settings.languages
    session = next((s for s in study.sessions() if s.id == path["session"]), None)
    if session is None or path["form"] not in FORMS:
        return closed("closed_text", languages)
    sent = asking.form_fields(body)
    key, secure = request.cookies.get(COOKIE, ""), request.url.scheme == "https"
    try:
        return answer(Asked(study, session, path["form"], path, sent, key, secure))
    except Refused as refused:
        return refused.page
    except ConsentError:
        return closed("refused_text", languages)
    except MexlabError as error:
        return problem_page(error, languages)
    except OSError as error:
        return problem_page(asking.disk_problem(error, str(study.root)), languages)


# The link


def _welcome(asked: Asked) -> Response:
    """What comes; opening the link is a press of its own, since programs follow links too."""
    if links.opens(asked.session, asked.form, asked.key):
        return asked.to()
    languages = asked.study.settings.languages
    if not links.is_good(asked.session, asked.form, asked.path["token"]):
        return closed("closed_text", languages)
    check_consent(asked.study, asked.session, asked.form)
    own = asked.study.participant(asked.session.header.participant).language
    first = sorted(languages, key=lambda language: language != own)  # the participant's own
    return welcome_page(asked.form, first)


def _start(asked: Asked) -> Response:
    """The device that opens the link first is given the key."""
    check_consent(asked.study, asked.session, asked.form)
    person = asked.study.participant(asked.session.header.participant)
    languages = asked.study.settings.languages
    language = asked.sent.get("language", person.language)
    language = language if language in languages else languages[0]
    with asked.study.holding(person.participant):
        # Begun first: a form that cannot be must not use up the link.
        filling = begin(asked.study, asked.session, asked.form, language)
        key = links.open_link(asked.session, asked.form, asked.path["token"])
        if key is None:
            return closed("closed_text", languages)
        if not filling.finished:
            filling.speak(language)
    response = asked.to()
    response.set_cookie(
        COOKIE,
        key,
        max_age=KEPT_S,
        path=links.form_path(asked.session, asked.form),
        httponly=True,
        samesite="strict",
        secure=asked.secure,
    )
    return response


# The questions


def _resume(asked: Asked) -> Response:
    filling = asked.filling()
    return asked.to(_page(filling, len(filling.steps) if filling.finished else filling.next_step()))


def _question(asked: Asked) -> Response:
    filling = asked.filling()
    if not _reached(filling, asked.number):
        return asked.to()
    return question_page(filling, asked.number, Given(filling.given(asked.number)))


def _answer(asked: Asked) -> Response:
    """Save what a page says; then the next one, or this one again with what is amiss."""
    asked.filling()  # whoever may not answer need not wait for the lock
    with asked.study.holding(asked.session.header.participant):
        filling, number, sent = asked.filling(), asked.number, asked.sent
        if not _reached(filling, number):
            return asked.to()
        step = filling.steps[number]
        given = Given.skipped(step) if sent.get("act") == "skip" else Given.read(step, sent)
        onward = sent.get("act") != "stay" and given.may_go_on(sent.get("reminded") == "yes")
        # Who goes on has passed over the rest; who empties a field takes the answer back.
        # What another page, or a request that came late, has said meanwhile stays.
        before, own = filling.given(number), step.names(sent.get("shown", "").split())
        rest = {n for n in step.answers if n in own or (onward and n not in before)}
        passed = {n for n in rest if onward or before.get(n) is not None}
        passed -= set(given.values) | given.unread
        filling = filling.save(number, {**given.values, **dict.fromkeys(sorted(passed))})
    if sent.get("act") == "stay":
        return Response(status_code=NO_CONTENT)
    return asked.to(_page(filling, number + 1)) if onward else question_page(filling, number, given)


def _reached(filling: Filling, number: int) -> bool:
    """Whether a step may be answered: nobody goes past a question that was never asked."""
    last = min(filling.next_step(), len(filling.steps) - 1)
    return not filling.finished and 0 <= number <= last


def _page(filling: Filling, number: int) -> str | int:
    """Where a step stands in the address; behind the last one is the end."""
    return number + 1 if number < len(filling.steps) else "end"


# What they are about


def _still(asked: Asked) -> Response:
    item = asked.step().item
    if item is None or item.source is None or item.interval:
        return Response(status_code=NOT_FOUND)
    return Response(still(item.source, (item.start_ns + item.end_ns) // 2), media_type="image/jpeg")


def _film(asked: Asked) -> Response:
    item = asked.step().item
    if item is None or item.source is None or item.interval:
        return Response(status_code=NOT_FOUND)
    return FileResponse(item.source, media_type="video/mp4")  # answers Range


def _face(asked: Asked) -> Response:
    item = asked.step().item
    if item is None or item.source is None or not item.interval:
        return Response(status_code=NOT_FOUND)
    made = excerpt(item.source, item.start_ns, item.end_ns)
    return Response(made, media_type="video/mp4")


# The end


def _end(asked: Asked) -> Response:
    filling = asked.filling()
    if not filling.finished and filling.next_step() < len(filling.steps):
        return asked.to()
    return end_page(filling)


def _finish(asked: Asked) -> Response:
    with asked.study.holding(asked.session.header.participant):
        filling = asked.filling()
        if not filling.finished and filling.next_step() == len(filling.steps):
            filling.finish()
    return asked.to("end")


def _ask_withdrawal(asked: Asked) -> Response:
    asked.check_key()  # no more: whoever wants to leave may, whatever is wrong with the form
    return render("withdraw.html", asked.language, back=asked.base)


def _withdraw(asked: Asked) -> Response:
    """Take back every consent; each later stage asks for it and finds none."""
    asked.check_key()
    asked.study.withdraw(asked.session.header.participant)
    return asked.to()
