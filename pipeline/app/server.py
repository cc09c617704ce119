"""The dataset explorer behind the guard, until Ctrl-C. All state is on disk."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from mexlab.errors import MexlabError
from mexlab.web.guard import Guard
from mexlab.web.listening import Access, Certificate, listening
from mexlab.web.serving import Browse, Say, run
from pipeline.app import explorer, media, predict
from pipeline.app.asked import Room
from pipeline.app.rendering import ASSETS
from pipeline.app.shelf import Shelf

# Each page's module says what it answers: a further page is a line here.
ROUTES: Sequence[Callable[[Room], list[BaseRoute]]] = (
    explorer.routes,
    media.routes,
    predict.routes,
)


def build_app(shelf: Shelf, access: Access) -> ASGIApp:
    """The whole server of what is open."""
    room = Room(shelf)
    routes = [route for made in ROUTES for route in made(room)]
    routes.append(
        Route("/assets/{name}", lambda request: ASSETS.answer(request.path_params["name"]))
    )
    return Guard(None, Starlette(routes=routes), access)


def serve(
    shelf: Shelf,
    access: Access,
    say: Say,
    *,
    certificate: Certificate | None = None,
    browse: Browse | None = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM; `browse` is given the address to open.

    Says first which files of the datasets are damaged. Raises InputError where the address or the
    port cannot be had.
    """
    for problem in damaged(shelf):
        say(f"damaged {problem}")
    taken = listening(access.host, access.port)
    access = replace(access, port=taken.getsockname()[1])
    run(build_app(shelf, access), taken, access, say, certificate, browse)


def damaged(shelf: Shelf) -> list[MexlabError]:
    """What cannot be read of the datasets' clips and splits."""
    return [error for dataset in shelf.datasets for error in dataset.clips().damaged]
