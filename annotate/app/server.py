"""The review pages behind the guard, until Ctrl-C. All state is on disk."""

from dataclasses import replace
from functools import partial

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from annotate.app import acts, desk_pages, others, pictures
from annotate.app.asked import Answering, Room, endpoint
from annotate.app.media import Media
from annotate.app.rendering import ASSETS
from annotate.coding.items import items_of
from mexlab.codes import check_coder
from mexlab.consensus import ReviewSettings
from mexlab.study import Study
from mexlab.web.guard import Guard
from mexlab.web.listening import Access, Certificate, listening
from mexlab.web.serving import Browse, Say, run


def build_app(
    study: Study, access: Access, coder: str | None = None, analyzer: str | None = None
) -> ASGIApp:
    """The whole server of a study. Raises InputError for a name that no coder can have."""
    settings = study.section("review", ReviewSettings)
    media = Media(analyzer or study.analysis.analyzer)
    room = Room(study, media, check_coder(coder) if coder else None, settings)
    return Guard(None, Starlette(routes=_routes(room)), access)


def serve(
    study: Study,
    access: Access,
    say: Say,
    *,
    coder: str | None = None,
    analyzer: str | None = None,
    certificate: Certificate | None = None,
    browse: Browse | None = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM; `browse` is given the address to open.

    Says first which sessions have nothing to code, and why: the pages tell their number only.
    Raises InputError where the address or the port cannot be had.
    """
    for exclusion in items_of(study, study.section("review", ReviewSettings))[1]:
        say(f"left out {exclusion}")
    taken = listening(access.host, access.port)
    access = replace(access, port=taken.getsockname()[1])
    run(build_app(study, access, coder, analyzer), taken, access, say, certificate, browse)


def _routes(room: Room) -> list[BaseRoute]:
    def route(path: str, answer: Answering, method: str = "GET") -> Route:
        return Route(path, endpoint(room, answer), methods=[method])

    act = partial(acts.act, doing=acts.Doing())
    return [
        route("/", desk_pages.queue),
        route("/who", desk_pages.who),
        route("/who", desk_pages.enter, "POST"),
        route("/language", desk_pages.speak, "POST"),
        route("/code/{key}", desk_pages.coding),
        route("/item/{key}", acts.see),
        route("/item/{key}", act, "POST"),
        route("/item/{key}/next", acts.following),
        route("/item/{key}/frames/{view}/{number}", pictures.frames),
        route("/item/{key}/neutral/{view}", pictures.neutral),
        route("/item/{key}/times", pictures.times),
        route("/item/{key}/curves", pictures.curves),
        route("/adjudication", others.adjudication),
        route("/adjudication/{key}", others.decide, "POST"),
        route("/item/{key}/history", others.past),
        route("/agreement", others.agreement),
        route("/agreement.csv", others.agreement_csv),
        route("/training", others.training),
        Route("/assets/{name}", lambda request: ASSETS.answer(request.path_params["name"])),
    ]
