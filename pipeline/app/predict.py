"""The prediction page: drop a video, watch what a run's network says of it, take the files along.

/predict                a run to choose, a place to drop a video, what was dropped before
/predict/send?run=&name=   the video itself, as the body of a POST
/predict/ID             how far it is; then the face, the curves, the intervals
/predict/ID/state       how far it is, for the page's script
/predict/ID/forget      remove everything of it

The pictures, curves and files are `predict_media`'s. Nothing is kept when the server ends.
"""

import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from mexlab.errors import InputError
from mexlab.web.asking import NOT_FOUND, TOO_LARGE, to
from pipeline.app import predict_media
from pipeline.app.asked import Answering, Asked, Room, endpoint, language_of
from pipeline.app.predict_jobs import Job, Jobs
from pipeline.app.predict_media import CHUNK, Films
from pipeline.app.predict_words import PREDICT_WORDS
from pipeline.app.rendering import speaker, spoken
from pipeline.app.shelf import OpenRun

LARGEST_VIDEO = 4_000_000_000  # bytes
COLOURS = {
    "neutral": "#6e6e6e", "sadness": "#0072b2", "surprise": "#e69f00", "fear": "#cc79a7",
    "disgust": "#009e73", "anger": "#d55e00", "happiness": "#56b4e9",
    "positive": "#009e73", "negative": "#d55e00",
}  # fmt: skip


def routes(room: Room) -> list[BaseRoute]:
    jobs, films = Jobs(), Films()

    def route(path: str, answer: Callable[..., Response], method: str = "GET") -> Route:
        bound: Answering = partial(answer, jobs)
        return Route(path, endpoint(room, bound), methods=[method])

    def pictures(_: Jobs, asked: Asked) -> Response:
        job = jobs.get(asked.path["id"])
        return films.chunk(job, summary(job), asked.path["part"])

    return [
        route("/predict", choose),
        Route("/predict/send", sending(room, jobs), methods=["POST"]),
        route("/predict/{id}", one),
        route("/predict/{id}/state", state),
        route("/predict/{id}/forget", forget, "POST"),
        route("/predict/{id}/frames/picture/{part}", pictures),
        route("/predict/{id}/curves", curves),
        route("/predict/{id}/file/{name}", file),
    ]


def usable(room: Room) -> list[tuple[int, OpenRun]]:
    """The open runs that have a network, under their numbers."""
    numbered = enumerate(room.shelf.runs, start=1)
    return [(number, run) for number, run in numbered if run.run.checkpoint_path.is_file()]


def choose(jobs: Jobs, asked: Asked) -> Response:
    given = {"words": spoken(asked.language, PREDICT_WORDS)}
    return asked.page(
        "predict.html", here="predict", runs=usable(asked.room), jobs=jobs.all(), given=given
    )


def sending(room: Room, jobs: Jobs) -> Callable[[Request], Awaitable[Response]]:
    """Takes a video block by block: it is too large to be held."""

    async def send(request: Request) -> Response:
        query, say = request.query_params, speaker(language_of(request))
        run = next((r for n, r in usable(room) if str(n) == query.get("run")), None)
        if run is None:
            return JSONResponse({"error": say("predict_gone")}, NOT_FOUND)
        job = await run_in_threadpool(jobs.coming, run.run.root, query.get("name", ""))
        try:
            whole = await _written(request, job)
        except ClientDisconnect:
            whole = False
        if not whole:
            await run_in_threadpool(jobs.forget, job)
            return JSONResponse({"error": say("predict_too_large")}, TOO_LARGE)
        jobs.start(job)
        return JSONResponse({"to": f"/predict/{job.id}"}, 201)

    return send


async def _written(request: Request, job: Job) -> bool:
    size = 0
    with job.video.open("wb") as file_:
        async for block in request.stream():
            size += len(block)
            if size > LARGEST_VIDEO:
                return False
            await run_in_threadpool(file_.write, block)
    return size > 0


def one(jobs: Jobs, asked: Asked) -> Response:
    """The prediction, or how far it is."""
    job = jobs.get(asked.path["id"])
    words = spoken(asked.language, PREDICT_WORDS)
    base = f"/predict/{job.id}"
    if job.state != "done":
        given: dict[str, Any] = {"words": words, "base": base}
        return asked.page("predict_wait.html", here="predict", job=job, given=given)
    done = summary(job)
    moments = ("onset", "apex", "offset")
    intervals = [
        {"start": row["start_ns"] / 1e9, "end": row["end_ns"] / 1e9, "predicted": row["predicted"],
         **{name: row[f"{name}_ns"] / 1e9 for name in moments}}
        for row in done["intervals"]
    ]  # fmt: skip
    given = {
        "words": words,
        "base": base,
        "frames": done["counts"]["frames"],
        "chunk": CHUNK,
        "classes": done["run"]["classes"],
        "colours": COLOURS,
        "intervals": intervals,
    }
    files = predict_media.FILES
    return asked.page(
        "prediction.html", here="predict", job=job, done=done, given=given, files=files
    )


def state(jobs: Jobs, asked: Asked) -> Response:
    job = jobs.get(asked.path["id"])
    return JSONResponse({"state": job.state, "stage": job.stage, "part": job.part})


def forget(jobs: Jobs, asked: Asked) -> Response:
    jobs.forget(jobs.get(asked.path["id"]))
    return to("/predict")


def curves(jobs: Jobs, asked: Asked) -> Response:
    job = jobs.get(asked.path["id"])
    return predict_media.curves(job, summary(job)["run"]["classes"])


def file(jobs: Jobs, asked: Asked) -> Response:
    return predict_media.file(jobs.get(asked.path["id"]), asked.path["name"])


def summary(job: Job) -> dict[str, Any]:
    """prediction.json. Raises InputError where it is not finished."""
    if job.state != "done":
        raise InputError("not finished", job.id, "wait until it is")
    found: dict[str, Any] = json.loads((job.out / "prediction.json").read_text(encoding="utf-8"))
    return found
