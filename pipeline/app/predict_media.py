"""Pictures, curves and files of a finished prediction, as bytes.

/predict/ID/frames/picture/NUMBER   a chunk of the annotated video's pictures (`mexlab.web.chunk`)
/predict/ID/curves                  seconds, probabilities and source frames, a line each
/predict/ID/file/NAME               one of the four files, to keep
"""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from starlette.responses import FileResponse, JSONResponse, Response

from mexlab.errors import InputError
from mexlab.timebase import NS_PER_S
from mexlab.vision.seeking import FrameReader
from mexlab.web.chunk import packed
from mexlab.web.once import OnceCache
from pipeline.app.predict_jobs import Job
from pipeline.frames.encoding import IMAGE_FORMATS

CHUNK = 16  # pictures
FILES = {
    "annotated.mp4": "video/mp4",
    "frames.parquet": "application/vnd.apache.parquet",
    "intervals.parquet": "application/vnd.apache.parquet",
    "prediction.json": "application/json",
}
OPEN_FILMS = 3


class Films:
    """Annotated videos of one server; several threads may ask."""

    def __init__(self) -> None:
        self._open: OnceCache[_Film] = OnceCache(OPEN_FILMS, lambda _: 1, lambda film: film.close())

    def chunk(self, job: Job, summary: dict[str, Any], part: str) -> Response:
        """Raises InputError beyond the last picture."""
        frames = summary["counts"]["frames"]
        first = int(part) * CHUNK if part.isdecimal() and len(part) < 6 else frames
        if first >= frames:
            raise InputError("no such chunk", part, "ask for frames of the video")
        film = self._open.get(job.id, lambda: _Film(job.out / "annotated.mp4", summary))
        pictures = film.pictures(first, min(first + CHUNK, frames))
        return Response(packed(first, pictures), media_type="application/octet-stream")


class _Film:
    def __init__(self, path: Path, summary: dict[str, Any]) -> None:
        step_ns = round(NS_PER_S / summary["annotated"]["fps"])
        times_ns = np.arange(summary["counts"]["frames"], dtype=np.int64) * step_ns
        self._box = summary["annotated"]["picture"]
        self._reader = FrameReader(path, times_ns)
        self._lock = threading.Lock()

    def pictures(self, first: int, end: int) -> list[bytes]:
        left, top, width, height = self._box
        encode = IMAGE_FORMATS["jpeg"].encode
        with self._lock:
            seen = [frame.rgb() for frame in self._reader.window(first, end)]
        faces = (image[top : top + height, left : left + width, ::-1] for image in seen)
        return [encode(np.ascontiguousarray(face)) for face in faces]

    def close(self) -> None:
        with self._lock:
            self._reader.close()


def curves(job: Job, classes: list[str]) -> Response:
    """null where no face is seen."""
    columns = ["t_ns", "source_frame", *(f"p_{name}" for name in classes)]
    table = pq.read_table(job.out / "frames.parquet", columns=columns)
    return JSONResponse(
        {
            "seconds": (table["t_ns"].to_numpy() / NS_PER_S).round(6).tolist(),
            "source_frame": table["source_frame"].to_pylist(),
            "chances": [table[f"p_{name}"].to_pylist() for name in classes],
        }
    )


def file(job: Job, name: str) -> Response:
    """To keep, under a name that says of which video it is. Raises InputError for any other."""
    if name not in FILES or not (job.out / name).is_file():
        raise InputError("no such file", name, "choose one that the page offers")
    kept = f"{Path(job.name).stem}-{name}"
    return FileResponse(job.out / name, media_type=FILES[name], filename=kept)
