"""The `py-feat` analyzer: Action Units, emotions, 68 landmarks and head pose by py-feat 2.

Pictures are decoded by us and handed over in chunks, so that neither system FFmpeg libraries nor
the whole recording in memory are needed. py-feat and its weights are loaded at the first picture:
opening is quick, and a recording that is analysed already never waits for them.
"""

import multiprocessing
import os
import platform
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from importlib.metadata import version
from types import ModuleType, TracebackType
from typing import Any, Self

import numpy as np

from annotate.analyzers.base import Kind, Observation
from annotate.models import LICENCES, Weights
from mexlab.emotions import AUS
from mexlab.errors import InputError
from mexlab.parallel import default_workers
from mexlab.vision.video import Image

MIN_SCORE = 0.5  # of RetinaFace, py-feat's own default
BATCH = {"cpu": 1, "cuda": 16, "mps": 4}  # on a processor a batch costs memory and gains nothing
# Our emotion -> its column in the tables of Detectorv1 and of Detectorv2.
EMOTION_COLUMNS: Mapping[str, tuple[str, str]] = {
    "neutral": ("neutral", "Neutral"),
    "sadness": ("sadness", "Sad"),
    "surprise": ("surprise", "Surprise"),
    "fear": ("fear", "Fear"),
    "disgust": ("disgust", "Disgust"),
    "anger": ("anger", "Anger"),
    "happiness": ("happiness", "Happy"),
}


class PyFeatAnalyzer:
    """Detectorv1 (XGBoost AU models, ResMaskNet) or Detectorv2 (one multitask network).

    Of several faces the largest is scored. Identity and gaze models stay off.
    """

    name = "py-feat"
    kind: Kind = "facs"
    chunk = 16

    def __init__(self, weights: Weights, detector: str, device: str) -> None:
        self._weights, self._variant, self._device = weights, detector, device
        self._undo = ExitStack()

    def provenance(self) -> dict[str, Any]:
        return {
            "tool": f"py-feat Detector{self._variant}",
            "version": version("py-feat"),
            "weights_sha256": self._digests,
            "settings": {
                "detector": self._variant,
                "device": self._device,
                "min_score": MIN_SCORE,
                "face": "largest",
            },
            "licence": LICENCES[self._variant],
        }

    def observe(self, images: Sequence[Image], first: int) -> list[Observation | None]:
        size = BATCH[self._detector.device.type]
        found: list[Observation | None] = []
        for start in range(0, len(images), size):
            found += self._batch(images[start : start + size])
        return found

    def _batch(self, images: Sequence[Image]) -> list[Observation | None]:
        """Frames without a face never reach the networks behind the face detector."""
        import torch

        pictures = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)
        largest = [_largest(found) for found in self._detector.detect_faces(pictures)]
        faces = [face for face in largest if face is not None]
        if not faces:
            return [None] * len(images)
        table = self._detector.forward(faces, _unscaled(pictures[: len(faces)]))
        rows = iter(table.to_dict("records"))
        return [None if face is None else _observation(face, next(rows)) for face in largest]

    @cached_property
    def _digests(self) -> dict[str, str]:
        return self._weights.digests()

    @cached_property
    def _detector(self) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # hints for people who call py-feat themselves
            feat = import_feat()
            self._undo.enter_context(_settings_of_torch())
            with _weights_from(self._weights, feat.detector):
                return _load(feat, self._variant, _device(self._device))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._undo.close()
        self.__dict__.pop("_detector", None)


def import_feat() -> Any:
    """py-feat, imported so that it leaves the process and its children as they were."""
    with _torchcodec_or_none(), _environment_kept("OMP_NUM_THREADS", "OMP_WAIT_POLICY"):
        # Threads that spin while they wait take seven times the time where cores are shared.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        import feat

    return feat


def _load(feat: Any, variant: str, device: str) -> Any:
    if variant == "v2":
        return feat.Detectorv2(device=device, identity_model=None)
    import torch
    from feat.utils.face_pose_mlp import pose_from_landmarks_mlp

    detector = feat.Detectorv1(device=device, identity_model=None, gaze_model=None)
    # py-feat loads its pose network at the first face, and silently goes without if it cannot.
    pose_from_landmarks_mlp(torch.zeros(1, 68, 2, device=detector.device))
    return detector


def _device(wanted: str) -> str:
    """`auto` is CUDA where torch has it; py-feat's own advises against Apple's GPU."""
    import torch

    cuda = torch.cuda.is_available()
    if wanted == "cuda" and not cuda:
        remedy = 'set device = "auto" in [analysis] of study.toml'
        raise InputError("torch finds no CUDA device here", "device", remedy)
    return ("cuda" if cuda else "cpu") if wanted == "auto" else wanted


@contextmanager
def _weights_from(weights: Weights, detector: ModuleType) -> Iterator[None]:
    """py-feat asks the hub for each file when it loads; meanwhile the folder answers.

    So nothing is downloaded unasked, no network is waited for, and the weights may lie where a
    new environment leaves them alone. `detector` is py-feat's module that bound the hub's function
    when it was imported; the others import it where they call it.
    """
    import huggingface_hub
    from huggingface_hub.errors import EntryNotFoundError

    def answer(repo_id: str, filename: str, **_: Any) -> str:
        try:
            return str(weights.files[repo_id, filename])
        except KeyError:
            raise EntryNotFoundError(f"{repo_id} has no {filename}") from None

    original = huggingface_hub.hf_hub_download
    for module in (huggingface_hub, detector):
        setattr(module, original.__name__, answer)
    try:
        yield
    finally:
        for module in (huggingface_hub, detector):
            setattr(module, original.__name__, original)


@contextmanager
def _torchcodec_or_none() -> Iterator[None]:
    """py-feat imports torchcodec for decoding, which we do ourselves.

    Some releases of it cannot be imported without the system's FFmpeg libraries: then an empty
    module stands in while py-feat is imported.
    """
    try:
        import torchcodec.decoders  # noqa: F401
    except (ImportError, OSError, RuntimeError):
        decoders = ModuleType("torchcodec.decoders")
        decoders.VideoDecoder = None  # type: ignore[attr-defined]
        standing_in = {"torchcodec": ModuleType("torchcodec"), decoders.__name__: decoders}
        before = {name: sys.modules[name] for name in standing_in if name in sys.modules}
        sys.modules.update(standing_in)
        try:
            yield
        finally:
            for name in standing_in:
                del sys.modules[name]
            sys.modules.update(before)
    else:
        yield


@contextmanager
def _environment_kept(*names: str) -> Iterator[None]:
    """Importing feat sets OMP_NUM_THREADS, which every process started later would inherit."""
    before = {name: os.environ[name] for name in names if name in os.environ}
    try:
        yield
    finally:
        for name in names:
            os.environ.pop(name, None)
        os.environ.update(before)


@contextmanager
def _settings_of_torch() -> Iterator[None]:
    """All cores for a process that works alone; afterwards torch is as it was.

    feat holds torch to one thread, since on macOS two OpenMP runtimes in a process may crash:
    there it stays so, and where the user has said OMP_NUM_THREADS. Its face detector switches
    gradients off for the whole process.
    """
    import torch

    threads, gradients = torch.get_num_threads(), torch.is_grad_enabled()
    alone = multiprocessing.parent_process() is None
    if platform.system() != "Darwin" and "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(default_workers() if alone else 1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_grad_enabled(gradients)


def _largest(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """The largest face of a picture as py-feat's own record of one face, or None.

    py-feat stands a row of NaN for a picture without a face.
    """
    boxes = found["boxes"].detach().cpu().numpy()
    if not len(boxes) or np.isnan(boxes).any():
        return None
    at = int(np.argmax((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])))
    per_face = ("faces", "boxes", "new_boxes", "poses", "scores", "resmasknet_faces")
    return {k: v[at : at + 1] if k in per_face else v for k, v in found.items()}


def _unscaled(pictures: Any) -> dict[str, Any]:
    """What py-feat's loader would say of pictures that it neither padded nor scaled."""
    import torch

    zeros = torch.zeros(len(pictures))
    padding = dict.fromkeys(("Left", "Top", "Right", "Bottom"), zeros)
    return {"Image": pictures, "Scale": torch.ones(len(pictures)), "Padding": padding}


def _observation(face: Mapping[str, Any], row: Mapping[Any, Any]) -> Observation:
    """One row of py-feat's table as ours.

    Its pose is in radians with the turn and the tilt to the subject's right positive, which is the
    image's left. Its `FaceRect` is the crop; the box here is the face detector's.
    """
    left, top, right, bottom = face["boxes"][0].tolist()
    points = [(row[f"x_{n}"], row[f"y_{n}"]) for n in range(68)]
    pitch, roll, yaw = np.degrees([row["Pitch"], -row["Roll"], -row["Yaw"]]).tolist()
    return Observation(
        score=float(face["scores"][0]),
        box=(left, top, right - left, bottom - top),
        aus={au: float(np.clip(row[au], 0, 1)) for au in AUS if np.isfinite(row.get(au, np.nan))},
        emotions=emotions_of(row),
        pitch=pitch,
        roll=roll,
        yaw=yaw,
        landmarks=np.array(points, dtype=np.float32),
    )


def emotions_of(row: Mapping[Any, Any]) -> dict[str, float]:
    """The seven emotions, summing to one, from either detector's columns; others are left out."""
    scores = {
        emotion: float(row[column])
        for emotion, columns in EMOTION_COLUMNS.items()
        for column in columns
        if column in row
    }
    total = sum(scores.values())
    if not np.isfinite(total) or total <= 0:
        return {}
    return {emotion: score / total for emotion, score in scores.items()}
