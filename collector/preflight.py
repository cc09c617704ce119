"""`collector check`: a few seconds of the camera, and a look at everything else a session needs.

    camera ──> pictures ──> rate, light, face, sharpness, crop, encoding, bytes a second
    disk, displays, sound output                                     ──> a finding each

Nothing is kept but the preview picture, if one is asked for. What cannot be reached is a finding
too, so that one look shows everything there is to put right.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from collector import verdicts
from collector.cameras.base import Camera, CameraSettings, camera_from_spec
from collector.finding import FAIL, Finding
from collector.framing import Crop, as_recorded, choose_crop, cropped
from collector.growing import GrowingVideo, to_ticks
from mexlab.atomic import atomic_file
from mexlab.errors import MexlabError, ModelFileError, VideoError
from mexlab.model_files import find_landmarker
from mexlab.study import Study
from mexlab.timebase import NS_PER_S
from mexlab.vision.crop import interocular_px
from mexlab.vision.landmarker import Face, FaceLandmarker
from mexlab.vision.video import Image
from stimuli.player.displays import probe

LOOKED_AT = 9  # pictures a face is looked for in
ENCODED = 30  # frames of the trial encoding
COMPILATIONS = range(1, 9)
DEFAULT_MINUTES, DEFAULT_FILM_FPS = 30.0, 30.0  # where no compilation is built yet
RESERVE_BYTES = 200_000_000
FACE_AT_PX = 100  # between the eyes, where sharpness is measured


@dataclass(frozen=True)
class Preflight:
    """What was found; `ok` unless something fails. `preview` is the last picture, with the crop."""

    findings: tuple[Finding, ...]
    crop: Crop | None
    preview: Image | None

    @property
    def ok(self) -> bool:
        return all(finding.verdict != FAIL for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """{ok, findings, crop}; a finding as `Finding.to_json` says."""
        crop = asdict(self.crop) if self.crop else None
        return {"ok": self.ok, "findings": [f.to_json() for f in self.findings], "crop": crop}


@dataclass
class Filmed:
    """A few seconds of a camera: how many, how many different, and some of the pictures."""

    frames: int
    distinct: int
    seconds: float
    kept: list[av.VideoFrame]  # the first ones, in a row
    looked_at: list[Image]  # RGB, spread over the whole time


def check(
    study: Study | None, camera_spec: str, seconds: float = 3.0, offscreen: bool = False
) -> Preflight:
    """Look at everything. Raises InputError only for a camera or study that cannot be named."""
    settings = study.section("camera", CameraSettings) if study else CameraSettings()
    camera = camera_from_spec(camera_spec, settings)
    minutes, film_fps = _longest_film(study)
    findings: list[Finding] = []
    crop, preview, byte_rate = None, None, 0.0
    try:
        with camera:
            filmed = film(camera, seconds)
            findings += _camera_findings(camera, filmed)
        faces = _faces(study, filmed.looked_at)
        crop = choose_crop(faces, camera.width, camera.height) if settings.crop else None
        findings += _picture_findings(filmed, faces, crop)
        encoding_s, byte_rate = encoding_trial(filmed.kept, crop, camera.fps)
        recorded_s = len(filmed.kept) / camera.fps
        cores = os.cpu_count() or 1
        findings.append(verdicts.encoder_finding(encoding_s, recorded_s, cores))
        preview = drawn(filmed.looked_at[-1], crop, faces[-1])
    except MexlabError as error:
        name = "face model" if isinstance(error, ModelFileError) else "camera"
        findings.append(verdicts.failure(name, error))
    findings.append(_disk(study, byte_rate, minutes))
    findings += _stage_findings(study, film_fps, offscreen)
    return Preflight(tuple(findings), crop, preview)


def film(camera: Camera, seconds: float) -> Filmed:
    """Read an opened camera for so long. Raises MexlabError where it gives nothing."""
    apart = max(1, round(seconds * camera.fps / LOOKED_AT))
    filmed = Filmed(0, 0, 0.0, [], [])
    first_ns, checksum = 0, -1
    while filmed.seconds < seconds and (frame := camera.read()) is not None:
        first_ns = first_ns or frame.capture_ns
        filmed.seconds = (frame.capture_ns - first_ns) / NS_PER_S
        filmed.frames += 1
        now = zlib.crc32(frame.picture.planes[0])
        filmed.distinct += now != checksum
        checksum = now
        if len(filmed.kept) < ENCODED:
            filmed.kept.append(frame.picture)
        if filmed.frames % apart == 1 or apart == 1:
            filmed.looked_at.append(as_recorded(frame.picture).to_ndarray(format="rgb24"))
    if not filmed.frames:
        raise VideoError("the camera gives no picture", camera.spec, "plug it in again")
    return filmed


def _camera_findings(camera: Camera, filmed: Filmed) -> list[Finding]:
    return [
        verdicts.camera_finding(camera.spec, camera.width, camera.height, camera.description()),
        # The first picture opens the first interval.
        verdicts.rate_finding(filmed.distinct - 1, filmed.seconds, camera.fps),
    ]


def _faces(study: Study | None, pictures: Sequence[Image]) -> list[Face | None]:
    model = study.analysis.landmarker_model if study else ""
    with FaceLandmarker(find_landmarker(model, study.root if study else None)) as landmarker:
        return [landmarker.detect(picture) for picture in pictures]


def _picture_findings(
    filmed: Filmed, faces: Sequence[Face | None], crop: Crop | None
) -> list[Finding]:
    seen = [(p, f) for p, f in zip(filmed.looked_at, faces, strict=True) if f is not None]
    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture, _ in seen]
    parts = [face_part(g, face) for g, (_, face) in zip(grey, seen, strict=True)]
    whole = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in filmed.looked_at]
    values = np.concatenate([part.ravel() for part in parts or whole])
    light = verdicts.light_finding(
        float(values.mean()) / 255, float((values < 8).mean()), float((values > 250).mean())
    )
    iod = [float(interocular_px(face.landmarks)) for _, face in seen]
    height, width = filmed.looked_at[0].shape[:2]
    centres = [face.mesh.mean(axis=0) / (width, height) for _, face in seen]
    centre = np.median(centres, axis=0) if centres else (0.5, 0.5)
    sharp = [sharpness(part, px) for part, px in zip(parts, iod, strict=True)]
    return [
        light,
        *verdicts.face_findings(
            len(seen),
            len(faces),
            float(np.median(iod)) if iod else 0.0,
            (float(centre[0]), float(centre[1])),
            float(np.median(sharp)) if sharp else 0.0,
            crop,
        ),
    ]


def face_part(grey: NDArray[Any], face: Face) -> NDArray[np.uint8]:
    """The face's bounding box cut out of a grey picture, uint8 (h, w)."""
    left, top = np.maximum(face.mesh.min(axis=0), 0).astype(int)
    right, bottom = np.maximum(face.mesh.max(axis=0), 2).astype(int) + 1
    return np.asarray(grey[top:bottom, left:right], dtype=np.uint8)


def sharpness(part: NDArray[np.uint8], iod_px: float) -> float:
    """Variance of the Laplacian, at the same size of the face for every camera."""
    scale = FACE_AT_PX / max(iod_px, 1.0)
    size = (max(8, round(part.shape[1] * scale)), max(8, round(part.shape[0] * scale)))
    same = cv2.resize(part, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    # A sensor's noise is sharp too: smooth it away before asking for edges.
    return float(cv2.Laplacian(cv2.GaussianBlur(same, (0, 0), 1.0), cv2.CV_64F).var())


def encoding_trial(
    pictures: Sequence[av.VideoFrame], crop: Crop | None, fps: float
) -> tuple[float, float]:
    """CPU seconds of cutting and encoding these pictures, and bytes a second of what came of it."""
    first = cropped(pictures[0], crop)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trial.mp4"
        video = GrowingVideo(path, first.width, first.height, fps)
        begun = time.thread_time()
        for number, picture in enumerate(pictures):
            video.write(cropped(picture, crop), to_ticks(round(number * NS_PER_S / fps)))
        spent = time.thread_time() - begun
        video.close()
        return spent, path.stat().st_size / (len(pictures) / fps)


def drawn(picture: Image, crop: Crop | None, face: Face | None) -> Image:
    """The picture with the recorded part framed and the face's points on it."""
    shown = picture.copy()
    for x, y in face.landmarks if face else ():
        cv2.circle(shown, (round(float(x)), round(float(y))), 1, (255, 220, 0), -1)
    if crop:
        corner = (crop.x + crop.width - 1, crop.y + crop.height - 1)
        cv2.rectangle(shown, (crop.x, crop.y), corner, (0, 200, 0), 2)
    return shown


def write_preview(picture: Image, path: Path) -> None:
    """Write a PNG."""
    with atomic_file(path) as temporary:
        encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1]
        temporary.write_bytes(encoded.tobytes())


def _longest_film(study: Study | None) -> tuple[float, float]:
    """Minutes of the longest built compilation and its frame rate, or defaults."""
    minutes, fps = 0.0, DEFAULT_FILM_FPS
    paths = [study.compilation_path(number) for number in COMPILATIONS] if study else []
    for path in (path for path in paths if path.is_file()):
        try:
            film = json.loads(path.read_text(encoding="utf-8"))
            if film["duration_ns"] / NS_PER_S / 60 > minutes:
                minutes, fps = film["duration_ns"] / NS_PER_S / 60, float(film["fps"])
        except (ValueError, KeyError, TypeError):
            continue  # `mexlab stimuli check` says what is wrong with it
    return minutes or DEFAULT_MINUTES, fps


def _disk(study: Study | None, byte_rate: float, minutes: float) -> Finding:
    free = shutil.disk_usage(study.root if study else Path.cwd()).free
    needed = RESERVE_BYTES + 2 * round(byte_rate * minutes * 60)
    return verdicts.disk_finding(free, needed, minutes)


def _stage_findings(study: Study | None, film_fps: float, offscreen: bool) -> list[Finding]:
    """Display and sound, asked of a process of the player's kind."""
    wanted = 0
    if study:
        from stimuli.player.process import PlayerSettings

        wanted = study.section("player", PlayerSettings).display
    try:
        there = probe(offscreen=offscreen)
    except MexlabError as error:
        return [verdicts.failure("display", error)]
    volume, muted = sound_level()
    return [
        verdicts.display_finding(there.displays, wanted, film_fps),
        verdicts.sound_finding(there.audio, volume, muted),
    ]


def sound_level() -> tuple[float | None, bool]:
    """Volume 0..1 of the default output and whether it is muted; (None, False) if nobody tells."""
    if shutil.which("wpctl"):
        return parse_wpctl(_said("wpctl", "get-volume", "@DEFAULT_AUDIO_SINK@"))
    if shutil.which("pactl"):
        volume = _said("pactl", "get-sink-volume", "@DEFAULT_SINK@")
        return parse_pactl(volume, _said("pactl", "get-sink-mute", "@DEFAULT_SINK@"))
    return None, False


def parse_wpctl(said: str) -> tuple[float | None, bool]:
    """`Volume: 0.40 [MUTED]`."""
    words = said.split()
    volume = float(words[1]) if len(words) > 1 and words[0] == "Volume:" else None
    return volume, "[MUTED]" in words


def parse_pactl(volume: str, mute: str) -> tuple[float | None, bool]:
    """`Volume: front-left: 26214 /  40% / -23.88 dB, …` and `Mute: no`."""
    percent = next((word for word in volume.split() if word.endswith("%")), None)
    return (None if percent is None else int(percent[:-1]) / 100), mute.split()[-1:] == ["yes"]


def _said(*command: str) -> str:
    """What a command printed; nothing where it failed. In English, to be understood."""
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=5, check=False, env=environment
    )
    return done.stdout
