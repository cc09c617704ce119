"""Pictures, flow and AU scores of a clip, as bytes; only the columns asked for are read.

/data/1/clip/CLIP/picture                  the clip's apex, or its middle, as it lies in the file
/data/1/clip/CLIP/frames/face/NUMBER       a chunk of the dataset's pictures (`mexlab.web.chunk`)
/data/1/clip/CLIP/frames/source/NUMBER     the same frames as the recording has them, whole
/data/1/clip/CLIP/rows                     a line a frame: times, source frame, AU scores, …
/data/1/clip/CLIP/flow                     float32 (frames + 1, 2, 28, 28), little-endian: from
                                           the frame before; last, from onset to apex
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from mexlab.errors import InputError, MexlabError, StudyError
from mexlab.session import Session
from mexlab.tables import FLOW_LENGTH, matrix
from mexlab.timebase import NS_PER_S
from mexlab.web.chunk import packed
from pipeline.app.asked import Answering, Asked, Room, endpoint
from pipeline.app.frames import values
from pipeline.app.origin import holds, session_of

CHUNK = 16  # frames
BYTES = "application/octet-stream"
TYPES = {b"\xff": "image/jpeg", b"\x89": "image/png", b"R": "image/webp"}  # by first byte
ROW = ("frame", "t_ns", "step_ms", "source_frame", "source_error_ms", "repeated", "gap", "aus")


def routes(room: Room) -> list[BaseRoute]:
    def route(path: str, answer: Answering) -> Route:
        return Route("/data/{number}/clip/{clip}" + path, endpoint(room, answer))

    return [
        route("/picture", picture),
        route("/frames/face/{part}", faces),
        route("/frames/source/{part}", sources),
        route("/rows", rows),
        route("/flow", flow),
    ]


def picture(asked: Asked) -> Response:
    encoded = asked.dataset.picture(asked.clip)
    return Response(encoded, media_type=TYPES.get(encoded[:1], BYTES))


def faces(asked: Asked) -> Response:
    pictures = asked.dataset.pictures(asked.clip)
    first = _first(asked, len(pictures))
    return Response(packed(first, pictures[first : first + CHUNK]), media_type=BYTES)


def sources(asked: Asked) -> Response:
    """Raises StudyError where no study is at hand, ConsentError after a withdrawal."""
    file, clip = asked.dataset.frames(asked.clip), asked.clip
    first = _first(asked, file.count(clip["clip_id"]))
    part = slice(first, first + CHUNK)
    column = file.rows(clip["clip_id"], ("source_frame",), part)["source_frame"]
    numbers = [int(number) for number in column.to_numpy()]
    pictures = asked.room.recordings.pictures(_session(asked), numbers)
    return Response(packed(first, pictures), media_type=BYTES)


def rows(asked: Asked) -> Response:
    """Times in s from the clip's start beside the columns; NaN is null.

    `matches`: whether the study's recording has that frame at that time; where a study is at hand.
    """
    file, clip = asked.dataset.frames(asked.clip), asked.clip
    known = [name for name in ROW if name in file.names]
    table = file.rows(clip["clip_id"], known)
    seconds = _seconds(table, clip)
    plain = {name: table[name].to_pylist() for name in known}
    plain["aus"] = [_finite(scores) for scores in plain.get("aus", ())]
    return JSONResponse({**plain, "seconds": seconds.tolist(), **_matches(asked, plain)})


def flow(asked: Asked) -> Response:
    """Zeros for what the dataset does not have."""
    file, clip = asked.dataset.frames(asked.clip), asked.clip
    count = file.count(clip["clip_id"])
    fields = np.zeros((count + 1, FLOW_LENGTH), "<f4")
    if "flow" in file.names:
        fields[:-1] = matrix(file.rows(clip["clip_id"], ("flow",))["flow"])
    apex = asked.dataset.apex_flow(clip)
    if apex is not None and apex.is_valid:
        fields[-1] = np.asarray(apex.as_py(), "<f4")
    return Response(fields.tobytes(), media_type=BYTES)


def _matches(asked: Asked, plain: dict[str, list[Any]]) -> dict[str, list[bool]]:
    try:
        capture_ns = _session(asked).frames()["capture_ns"].to_numpy()
    except MexlabError:
        return {}  # the page itself says what is wrong with the study
    if not {"source_frame", "t_ns"} <= plain.keys():
        return {}
    pairs = zip(plain["source_frame"], plain["t_ns"], strict=True)
    return {"matches": [holds(capture_ns, frame, t_ns) for frame, t_ns in pairs]}


def _session(asked: Asked) -> Session:
    study = asked.room.shelf.study_of(asked.dataset)
    if study is None:
        raise StudyError("no study is at hand", "--study", "start with --study STUDY")
    return session_of(study, asked.clip)


def _first(asked: Asked, count: int) -> int:
    """The first frame of the chunk in the address. Raises InputError beyond the clip."""
    part = asked.path["part"]
    first = int(part) * CHUNK if part.isdecimal() and len(part) < 6 else count
    if first >= count:
        raise InputError("no such chunk", part, "ask for frames of the clip")
    return first


def _seconds(table: pa.Table, clip: dict[str, Any]) -> NDArray[np.float64]:
    if "t_ns" not in table.column_names:
        return np.arange(len(table)) / 20
    t_ns = values(table, "t_ns").astype(np.int64)
    start = clip.get("start_ns")
    return np.asarray((t_ns - (t_ns[0] if start is None else start)) / NS_PER_S)


def _finite(scores: list[float | None] | None) -> list[float | None]:
    return [None if score is None or score != score else score for score in scores or ()]
