"""A training under way: the hidden folder `.RUN.training` beside the run that it becomes.

plan.json            what is trained on what: another command finds out that this is not its own
cache/               the samples (pipeline.training.cache)
folds/S-F.npz        what a finished fold said, and how it got there
folds/S-F.safetensors          the state after the last epoch of one that is not finished
folds/S-F.model.safetensors    its network, where that is kept

The same command takes it up again after a kill; it goes when the run folder stands. It holds
faces: whoever gives up a training deletes it.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from mexlab.atomic import atomic_file, write_json
from mexlab.errors import InputError
from pipeline.training.cost import Cost


class Diverged(InputError):
    """The loss is not a number any more; nothing of such a training is worth keeping."""


@dataclass(frozen=True)
class Result:
    """What one network said of its test clips (or samples), and its training.

    `chances` float32[tested, classes]; `loss` and `accuracy` have one value an epoch.
    """

    chances: NDArray[np.float32]
    loss: list[float]
    accuracy: list[float]
    cost: Cost

    def write(self, path: Path) -> None:
        """One npz file, atomically."""
        with atomic_file(path) as temporary:
            np.savez(
                temporary,
                chances=self.chances,
                loss=self.loss,
                accuracy=self.accuracy,
                cost=json.dumps(vars(self.cost)),
            )

    @classmethod
    def read(cls, path: Path) -> "Result":
        """The result as written."""
        with np.load(path) as file:
            loss, accuracy = (file[name].tolist() for name in ("loss", "accuracy"))
            return cls(file["chances"], loss, accuracy, Cost(**json.loads(str(file["cost"]))))


@dataclass(frozen=True)
class WorkFolder:
    """The folder of an unfinished training; owns the names of the files in it."""

    root: Path

    @classmethod
    def beside(cls, out: Path) -> "WorkFolder":
        """That of the run `out`."""
        out = out.resolve()
        return cls(out.with_name(f".{out.name}.training"))

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    def result_path(self, job: str) -> Path:
        return self.root / "folds" / f"{job}.npz"

    def state_path(self, job: str) -> Path:
        return self.root / "folds" / f"{job}.safetensors"

    def model_path(self, job: str) -> Path:
        return self.root / "folds" / f"{job}.model.safetensors"

    @contextmanager
    def held(self, plan: dict[str, Any]) -> Iterator[bool]:
        """Hold the folder for a training of `plan`; yields whether one is taken up again.

        It goes on success, when the training diverged, and when it failed before any epoch was
        trained. Raises InputError if a training of something else lies here, or one is at work.
        """
        (self.root / "folds").mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.root / ".lock")
        try:
            lock.acquire(blocking=False)
        except Timeout as error:
            what = "another process is at work on this training"
            raise InputError(what, self.root, "wait for it, or choose another --out") from error
        useless = True
        try:
            yield self._claim(plan)
        except Diverged:
            raise
        except BaseException:  # whatever ended it: what it has done so far is worth keeping
            useless = self._is_of(plan) and not any((self.root / "folds").iterdir())
            raise
        finally:
            lock.release()
            if useless:
                shutil.rmtree(self.root)

    def _claim(self, plan: dict[str, Any]) -> bool:
        """Is a training of this plan here? If none is, this one's plan is written."""
        path = self.root / "plan.json"
        if not path.is_file():
            write_json(path, plan)
            return False
        if not self._is_of(plan):
            changed = ", ".join(self._changes(plan)) if self._standing() else "its plan is damaged"
            what = f"an unfinished training of something else is here ({changed})"
            raise InputError(what, self.root, "delete that folder, or choose another --out")
        return True

    def _is_of(self, plan: dict[str, Any]) -> bool:
        return bool(self._standing() == json.loads(json.dumps(plan)))

    def _changes(self, plan: dict[str, Any]) -> list[str]:
        standing, wanted = self._standing(), json.loads(json.dumps(plan))
        return sorted(k for k in {*wanted, *standing} if standing.get(k) != wanted.get(k))

    def _standing(self) -> dict[str, Any]:
        try:
            found = json.loads((self.root / "plan.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}
