"""The weights of py-feat's detectors: which files each wants, where they lie, how they are fetched.

Reads and writes folders in the layout of the Hugging Face hub's cache, models--OWNER--NAME/
{refs/main, snapshots/REVISION/FILE}, as py-feat itself does. Nothing here imports feat, whose
import takes ten seconds: what is missing must be said at once.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mexlab.errors import InputError, ModelFileError
from mexlab.model_files import pyfeat_places

REACH_S = 5.0  # how long the hub may take to answer before it counts as out of reach
HUB = "https://huggingface.co/py-feat"


@dataclass(frozen=True)
class WeightFile:
    """One file of a repository on the hub; of several `names` py-feat takes the first there is."""

    repo: str
    names: tuple[str, ...]

    def find(self, folder: Path) -> Path | None:
        """Where it lies below `folder`, or None."""
        root = folder / f"models--{self.repo.replace('/', '--')}"
        try:
            revision = (root / "refs" / "main").read_text(encoding="utf-8").strip()
        except OSError:
            return None
        found = (root / "snapshots" / revision / name for name in self.names)
        return next((path for path in found if path.is_file()), None)

    def __str__(self) -> str:
        return f"{self.repo}/{self.names[0]}"


def _file(repo: str, *names: str) -> WeightFile:
    return WeightFile(f"py-feat/{repo}", names)


_FACES = _file("retinaface_r34", "model.safetensors", "retinaface_r34.safetensors")
DETECTORS: Mapping[str, tuple[WeightFile, ...]] = {
    "v1": (
        _FACES,
        _file("mobilefacenet", "mobilefacenet_model_best.pth.tar"),
        _file("xgb_au", "xgb_au_classifier_v2.skops", "xgb_au_classifier.skops"),
        _file("resmasknet", "config.json"),
        _file("resmasknet", "ResMaskNet_Z_resmasking_dropout1_rot30.pth"),
        _file("pose_mlp_v2", "pose_mlp_v2.safetensors"),
        _file("pose_mlp_v2", "pose_mlp_v2.json"),
    ),
    "v2": (_FACES, _file("face_multitask_v2", "face_multitask_v28.safetensors")),
}
LICENCES: Mapping[str, str] = {
    "v1": f"py-feat is MIT; the licence of each weight file stands on its page at {HUB}",
    "v2": "py-feat is MIT, but the multitask weights of detector v2 are for non-commercial use "
    f"only: see {HUB}/face_multitask_v2",
}


@dataclass(frozen=True)
class Weights:
    """The files of a detector that are all there; `files` by (repository, name asked for)."""

    folder: Path
    files: Mapping[tuple[str, str], Path]

    def digests(self) -> dict[str, str]:
        """SHA-256 in hex by repository/name, each file once."""
        return {f"{repo}/{path.name}": _digest(path) for (repo, _), path in self.files.items()}


def weight_folders(configured: str = "", base: Path | None = None) -> list[Path]:
    """Where to look: only in `configured` (relative to `base`) if given, else the usual places."""
    if not configured:
        return pyfeat_places()
    path = Path(configured).expanduser()
    return [path if path.is_absolute() or base is None else base / path]


def find_weights(detector: str, folders: list[Path]) -> Weights:
    """The detector's weights from the first folder that has them all.

    Raises ModelFileError with the ways to get them: on a connected machine, and without a network.
    """
    wanted = DETECTORS[detector]
    for folder in folders:
        found = {file: path for file in wanted if (path := file.find(folder))}
        if len(found) == len(wanted):
            files = {(file.repo, path.name): path for file, path in found.items()}
            return Weights(folder, files)
    missing = [file for file in wanted if not file.find(folders[0])]
    raise ModelFileError(
        f"py-feat's weights are not there ({len(missing)} of {len(wanted)} files of detector "
        f"{detector} are missing)",
        folders[0],
        f"where there is a network: annotate models fetch --detector {detector}, then carry that "
        "folder to the same place here; or use --analyzer landmarker, which needs none",
    )


def fetch(detector: str, folder: Path, say: Callable[[str], None]) -> int:
    """Download what is missing into `folder`; returns how many files came.

    Raises ModelFileError where the hub cannot be reached, at once, or breaks off.
    """
    missing = [file for file in DETECTORS[detector] if not file.find(folder)]
    if missing:
        _reach(folder)
    for number, file in enumerate(missing, start=1):
        say(f"fetching {number} of {len(missing)}: {file}")
        path = _download(file, folder)
        say(f"  {path.stat().st_size / 1e6:.1f} MB")
    return len(missing)


def _reach(folder: Path) -> None:
    """The hub's library tries for most of a minute; one question beforehand tells at once."""
    from huggingface_hub import constants, get_session

    if constants.is_offline_mode():
        raise InputError("the hub is switched off", "HF_HUB_OFFLINE", "unset it to fetch weights")
    try:
        get_session().head(constants.ENDPOINT, timeout=REACH_S)
    except Exception as error:
        raise _unreachable(error, constants.ENDPOINT, folder) from error


def _download(file: WeightFile, folder: Path) -> Path:
    from huggingface_hub import constants, hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    for name in file.names:
        try:
            return Path(hf_hub_download(file.repo, name, cache_dir=folder, etag_timeout=REACH_S))
        except Exception as error:
            renamed = isinstance(error, EntryNotFoundError)
            if renamed and not isinstance(error, LocalEntryNotFoundError):
                continue
            raise _unreachable(error, constants.ENDPOINT, folder) from error
    remedy = "update py-feat, or tell the makers of mexlab"
    raise ModelFileError(f"the hub has no file {' or '.join(file.names)}", file.repo, remedy)


def _unreachable(error: Exception, endpoint: str, folder: Path) -> Exception:
    """The line to end with, or the error itself where neither network nor disk is its cause.

    Which HTTP library the hub's is built on changes with its version, hence the module's name.
    """
    origin = type(error).__module__.partition(".")[0]
    if origin.startswith("http") or origin in ("requests", "huggingface_hub"):
        remedy = f"try again, or fetch on another computer and carry the folder over to {folder}"
        return ModelFileError(f"the hub cannot be reached, or refuses ({error})", endpoint, remedy)
    return error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
