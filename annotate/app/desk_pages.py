"""Who codes here, what is left to do, and the coding page itself."""

from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from annotate.app.acts import item_state
from annotate.app.asked import CODER_COOKIE, Asked
from annotate.app.rendering import render, spoken
from annotate.coding.desk import Show
from mexlab.codes import CONFIDENCES, INTENSITIES, check_coder
from mexlab.emotions import AUS, EMOTIONS
from mexlab.errors import InputError
from mexlab.web.asking import LANGUAGE_COOKIE, back_to, to

SHOWS = ("unreviewed", "begun", "low-quality", "disagreement", "submitted", "training", "all")


def who(asked: Asked) -> Response:
    """Ask for the coder's name; with --coder there is nothing to ask."""
    if asked.room.coder:
        return to("/")
    return _who_page(asked, asked.cookies.get(CODER_COOKIE, ""), "")


def enter(asked: Asked) -> Response:
    """Remember in this browser who codes in it."""
    name = str(asked.sent.get("coder", "")).strip()
    if asked.room.coder:
        return to("/")
    try:
        check_coder(name)
    except InputError as error:
        return _who_page(asked, name, error.remedy)
    return asked.remember(to("/"), CODER_COOKIE, name)


def _who_page(asked: Asked, name: str, amiss: str) -> Response:
    status = 422 if amiss else 200
    context = chrome(asked, "who") | {"name": name, "amiss": amiss}
    return render("who.html", asked.language, status, **context)


def speak(asked: Asked) -> Response:
    """Choose the language, and back to the page where that was done."""
    response = back_to(str(asked.sent.get("back", "/")))
    language = str(asked.sent.get("language", ""))
    known = language in asked.languages
    return asked.remember(response, LANGUAGE_COOKIE, language) if known else response


def queue(asked: Asked) -> Response:
    """What is left to do, as a field of clips in this coder's order."""
    desk, show = asked.desk(), asked.show
    everything = desk.items()
    wanted = desk.queue(show)
    number = {item.key: place for place, item in enumerate(everything, 1)}
    clips = [(item.key, number[item.key], desk.state(item)) for item in wanted]
    begun = next((key for key, _, state in clips if state == "begun"), None)
    return render(
        "queue.html",
        asked.language,
        **chrome(asked, "queue"),
        clips=clips,
        go_on=begun or next((key for key, _, state in clips if state == "new"), None),
        begun=begun is not None,
        counts=desk.counts(),
        total=len(everything),
        shows=SHOWS,
        show=show,
        query=query_of(show),
        scenes=sorted({item.scene for item in everything}),
        participants=sorted({item.participant for item in everything}),
        left_out=len(desk.left_out),
    )


def coding(asked: Asked) -> Response:
    """The page on which a clip is coded; its script asks for everything else."""
    desk = asked.desk()
    item = asked.item(desk)
    return render(
        "coding.html",
        asked.language,
        **chrome(asked, "coding"),
        state=item_state(asked, desk, item, counted=True),
        query=query_of(asked.show),
        words=spoken(asked.language),
        emotions=EMOTIONS,
        aus=AUS,
        intensities=INTENSITIES,
        confidences=CONFIDENCES,
        mode="final" if asked.query.get("mode") == "final" and desk.adjudicator else "code",
    )


def query_of(show: Show) -> str:
    """The part of the queue, for addresses: ?show=… or nothing."""
    parts = {"show": show.show, "scene": show.scene, "participant": show.participant}
    given = {name: value for name, value in parts.items() if value is not None}
    return f"?{urlencode(given)}"


def chrome(asked: Asked, here: str) -> dict[str, Any]:
    """What the head of every page shows."""
    coder = asked.room.coder or asked.cookies.get(CODER_COOKIE, "")
    try:
        adjudicator = bool(coder) and asked.desk().adjudicator
    except InputError:
        coder, adjudicator = "", False
    return {
        "coder": coder,
        "fixed": asked.room.coder is not None,
        "adjudicator": adjudicator,
        "here": here,
        "place": asked.place,
        "languages": asked.languages,
    }
