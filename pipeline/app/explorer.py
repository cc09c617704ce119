"""The explorer's pages: what is open, a dataset with its filters, a clip.

/                          what is open
/data/1?subject=P001       the clips of a dataset that a filter lets through, and their counts
/data/1/clip/CLIP?…        one of them; the query goes along, for the way back and the next one
/language                  the language of these pages
"""

from collections.abc import Mapping
from functools import partial
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mexlab.emotions import AUS
from mexlab.errors import MexlabError
from mexlab.study_settings import LANGUAGES
from mexlab.web.asking import LANGUAGE_COOKIE, back_to, remember, to
from pipeline.app.asked import Answering, Asked, Room, clip_address, endpoint
from pipeline.app.clip import seconds, told
from pipeline.app.counts import counts
from pipeline.app.facets import filters, word
from pipeline.app.media import CHUNK
from pipeline.app.rendering import spoken
from pipeline.app.words_clip import CLIP_WORDS

PAGE_CLIPS = 48  # on one page of the list


def routes(room: Room) -> list[BaseRoute]:
    def route(path: str, answer: Answering, method: str = "GET") -> Route:
        return Route(path, endpoint(room, answer), methods=[method])

    return [
        route("/", home),
        route("/language", speak, "POST"),
        route("/data/{number}", dataset),
        route("/data/{number}/clip/{clip}", clip),
    ]


def home(asked: Asked) -> Response:
    """What is open; a single dataset opens by itself."""
    shelf = asked.room.shelf
    if len(shelf.datasets) == 1 and not shelf.runs:
        return to("/data/1")
    return asked.page("home.html", here="explorer", shelf=shelf)


def speak(asked: Asked) -> Response:
    """Choose the language, and back to the page where that was done."""
    response = back_to(str(asked.sent.get("back", "/")))
    language = str(asked.sent.get("language", ""))
    if language not in LANGUAGES:
        return response
    return remember(response, LANGUAGE_COOKIE, language, asked.secure)


def dataset(asked: Asked) -> Response:
    """Filters, counts and a page of the clips that the filters let through."""
    opened = asked.dataset
    clips = opened.clips()
    chosen = filters(clips, asked.query)
    rows = chosen.rows(clips)
    pages = max(1, -(-len(rows) // PAGE_CLIPS))
    page = min(max(_whole(asked.query.get("page", "")), 1), pages)
    return asked.page(
        "dataset.html",
        here="explorer",
        dataset=opened,
        number=asked.path["number"],
        several=len(asked.room.shelf.datasets) + len(asked.room.shelf.runs) > 1,
        clips=clips,
        filters=chosen,
        found=len(rows),
        counts=counts(rows, asked.query.get("by", "")),
        shown=rows[(page - 1) * PAGE_CLIPS : page * PAGE_CLIPS],
        page=page,
        pages=pages,
        query=query_of(asked.query, page=None),
        word=word,
        address=partial(clip_address, asked.path["number"]),
        with_=lambda **changes: query_of(asked.query, **changes),
    )


def clip(asked: Asked) -> Response:
    """A clip: its script asks for pictures, flow and AU scores; what is known of it stands here."""
    opened, row = asked.dataset, asked.clip
    clips = opened.clips()
    rows = filters(clips, asked.query).rows(clips)
    place = next((n for n, one in enumerate(rows) if one["clip_id"] == row["clip_id"]), None)
    beside = [] if place is None else [
        rows[n]["clip_id"] if 0 <= n < len(rows) else None for n in (place - 1, place + 1)
    ]  # fmt: skip
    try:
        frames, problem = opened.frames(row).count(row["clip_id"]), None
    except MexlabError as error:
        frames, problem = 0, error
    address = partial(clip_address, asked.path["number"])
    return asked.page(
        "clip.html",
        here="explorer",
        dataset=opened,
        number=asked.path["number"],
        clip=row,
        told=told(asked, opened, row),
        word=word,
        seconds=seconds,
        problem=problem,
        nth=place,
        found=len(rows),
        before=address(beside[0]) if beside and beside[0] else None,
        after=address(beside[1]) if beside and beside[1] else None,
        query=query_of(asked.query),
        aus=AUS,
        given={
            "base": address(row["clip_id"]),
            "frames": frames,
            "chunk": CHUNK,
            "aus": AUS,
            "moments": {name: row.get(name) for name in ("onset", "apex", "offset")},
            "words": spoken(asked.language, CLIP_WORDS),
        },
    )


def query_of(query: Mapping[str, str], **changes: object) -> str:
    """The filter for addresses: ?label=anger&… or nothing; a parameter of None is taken away."""
    merged = {**query, **changes}
    given = {name: value for name, value in merged.items() if value not in (None, "")}
    return f"?{urlencode(given)}" if given else ""


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 1
