"""What `pipeline build-dataset` is measured against: a bare loop, and the script people write.

Both take the clips of a session as (rows of source frames, crop) and make their pictures and flows.
"""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from mexlab.study import Study
from mexlab.tables import matrix
from mexlab.timebase import resampling_plan
from mexlab.vision.crop import FaceCrop, face_crop
from mexlab.vision.flow import farneback, reduced
from mexlab.vision.planes import face_of
from mexlab.vision.video import Frame, Grey

FPS = 20
SIZE = 224
FLOW_SIDE = 28


@dataclass(frozen=True)
class Wanted:
    """A clip to make: its source frames in order, onset and apex among them, and its crop."""

    frames: Sequence[int]
    apex_pair: tuple[int, int]
    crop: FaceCrop


def wanted_clips(study: Study, analyzer: str) -> tuple[Path, list[Wanted]]:
    """The recording of the study's only session, and what build-dataset makes of it."""
    (session,) = study.sessions()
    capture_ns = session.frames()["capture_ns"].to_numpy()
    landmarks = matrix(session.aus(analyzer)["landmarks"]).reshape(-1, 68, 2)
    clips = []
    for row in session.intervals().to_pylist():
        plan = resampling_plan(capture_ns, row["start_ns"], row["end_ns"], FPS)
        frames = plan.source_frame
        pair = [int(frames[np.abs(plan.t_ns - row[f"{m}_ns"]).argmin()]) for m in ("onset", "apex")]
        crop = face_crop(landmarks[np.unique(frames)], SIZE)
        clips.append(Wanted(frames.tolist(), (pair[0], pair[1]), crop))
    return session.recording_path, clips


def bare_loop(recording: Path, clips: Sequence[Wanted]) -> int:
    """Decode, pick, crop, flow, encode, with nothing around them; returns how many frames.

    What it makes is thrown away; the clips must follow each other without overlap.
    """
    cv2.setNumThreads(1)
    waiting = iter(clips)
    clip: Wanted | None = next(waiting)
    greys: dict[int, Grey] = {}
    made = 0
    with av.open(recording) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for index, picture in enumerate(container.decode(stream)):
            if clip is None:
                break
            if index in clip.frames:
                face = face_of(clip.crop, Frame(index, 0, picture))
                cv2.imencode(".jpg", face.bgr, (cv2.IMWRITE_JPEG_QUALITY, 95))
                if greys:
                    before = greys[max(greys)]
                    reduced(farneback(before, face.luma), clip.crop.iod_px).astype(np.float16)
                greys[index] = face.luma
                made += 1
            if index == clip.frames[-1]:
                first, second = (greys[number] for number in clip.apex_pair)
                reduced(farneback(first, second), clip.crop.iod_px).astype(np.float16)
                greys.clear()
                clip = next(waiting, None)
    return made


def usual_script(recording: Path, crop: FaceCrop, folder: Path) -> int:
    """ffmpeg to PNG files at 20 fps, then OpenCV: read, crop, flow, write; how many frames.

    The face is cut out by a fixed square and scaled: no face is sought.
    """
    pictures, out = folder / "png", folder / "out"
    for path in (pictures, out):
        path.mkdir(parents=True)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-threads", "1", "-i", recording]
    subprocess.run([*command, "-vf", f"fps={FPS}", pictures / "%06d.png"], check=True)
    left, top, side = square_of(crop)
    before: Grey | None = None
    paths = sorted(pictures.iterdir())
    for path in paths:
        image = cv2.imread(str(path))
        assert image is not None
        face = cv2.resize(image[top : top + side, left : left + side], (SIZE, SIZE))
        cv2.imwrite(str(out / f"{path.stem}.jpg"), face, (cv2.IMWRITE_JPEG_QUALITY, 95))
        grey = np.asarray(cv2.cvtColor(face, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
        if before is not None:
            field = farneback(before, grey)
            cells = [cv2.resize(part, (FLOW_SIDE, FLOW_SIDE)) for part in field]
            np.save(out / f"{path.stem}.npy", np.stack(cells))
        before = grey
    shutil.rmtree(folder)
    return len(paths)


def square_of(crop: FaceCrop) -> tuple[int, int, int]:
    """Left, top and side in px of the recording, about where the crop is."""
    inverse = cv2.invertAffineTransform(crop.matrix)
    corners: NDArray[np.float64] = np.array([[0, 0], [crop.size, crop.size]]) @ inverse[:, :2].T
    (left, top), (right, _) = np.maximum(0, corners + inverse[:, 2])
    return round(left), round(top), round(right - left)
