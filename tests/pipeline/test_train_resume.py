"""A training killed with SIGKILL in its fifth fold ends as one that nobody disturbed."""

import dataclasses
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from synthetic_dataset import write_dataset

from mexlab.errors import InputError
from pipeline.training.checkpoint import Checkpoint, write_tensors
from pipeline.training.data import Samples
from pipeline.training.epochs import Curves, FileStore
from pipeline.training.loop import Seen, fit
from pipeline.training.network import network_of
from pipeline.training.optimise import make_optimiser
from pipeline.training.run import Run
from pipeline.training.settings import TrainSettings
from pipeline.training.train import train_run
from pipeline.training.work import WorkFolder

PEOPLE = {f"P{n:03d}": f"face-{n}" for n in range(6)}
SETTINGS = TrainSettings(preset="tiny", epochs=4, batch_size=16, device="cpu").resolved()
MACHINE = {
    *("train_seconds", "images_per_second", "cpu_percent", "memory_percent", "peak_memory_bytes")
}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("resume") / "dataset", PEOPLE)


@pytest.fixture(scope="module")
def undisturbed(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("resume") / "undisturbed"
    train_run([dataset], SETTINGS, out)
    return Run.open(out)


def _said(run: Run) -> dict[str, Any]:
    metrics = run.read_json("metrics")
    assert set(metrics) > MACHINE
    return {name: value for name, value in metrics.items() if name not in MACHINE}


def _start(dataset: Path, out: Path) -> "subprocess.Popen[str]":
    words = ["-c", "from pipeline.cli import main; main()", "train", dataset, "--out", out]
    words += ["--preset", "tiny", "--epochs", 4, "--batch-size", 16, "--device", "cpu"]
    command = [sys.executable, *map(str, words), "--workers", "1"]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def test_killed_in_fold_five_it_ends_as_if_it_had_not_been(
    dataset: Path, undisturbed: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "killed"
    state = WorkFolder.beside(out).state_path("0-004")
    child = _start(dataset, out)
    try:
        deadline = time.monotonic() + 200
        while not state.is_file():
            assert child.poll() is None, child.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.0005)
        child.send_signal(signal.SIGSTOP)  # so that it cannot go on while we look
        assert state.is_file()  # fold five has an epoch behind it, and is not finished
    finally:
        child.kill()
        child.communicate()
    assert not out.exists()
    done = sorted(path.name for path in state.parent.glob("*.npz"))
    assert done == ["0-000.npz", "0-001.npz", "0-002.npz", "0-003.npz"]

    train_run([dataset], SETTINGS, out)
    said = capfd.readouterr().err
    assert "4 networks are trained already" in said
    assert "fold 4 of 6" not in said
    assert "fold 5 of 6" in said
    assert _said(Run.open(out)) == _said(undisturbed)
    _same_run(out, undisturbed.root)
    assert [path.name for path in tmp_path.iterdir()] == ["killed"]


def test_folds_side_by_side_say_the_same(dataset: Path, undisturbed: Run, tmp_path: Path) -> None:
    train_run([dataset], SETTINGS, tmp_path / "two", workers=2)
    assert _said(Run.open(tmp_path / "two")) == _said(undisturbed)
    _same_run(tmp_path / "two", undisturbed.root)


def _same_run(one: Path, other: Path) -> None:
    for name in ("predictions.parquet", "curves.parquet"):
        assert pq.read_table(one / name).equals(pq.read_table(other / name))
    models = [Checkpoint.load(run / "model.safetensors").model for run in (one, other)]
    for mine, yours in zip(*(model.parameters() for model in models), strict=True):
        assert torch.equal(mine, yours)


class _Killed(BaseException):
    """What ends a process that cannot clean up."""


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"optimiser": "adamw", "learning_rate": 1e-3, "flip": True, "shift_px": 2},
        {"model": "lstm", "epochs": 3},
        {"patience": 2, "epochs": 6, "learning_rate": 0.2},
    ],
    ids=["sgd", "adamw and augmentation", "lstm", "early stop"],
)
def test_an_epoch_s_state_is_all_the_next_one_needs(tmp_path: Path, change: dict[str, Any]) -> None:
    settings = dataclasses.replace(SETTINGS, **change)
    samples, rows, inner = _samples(settings.model == "lstm")
    how = (samples, rows, settings, (3, 1), inner if settings.patience else None)
    whole = fit(*how)

    def stop_after_two(seen: Seen) -> None:
        if seen.epoch == 2:
            raise _Killed

    with pytest.raises(_Killed):
        fit(*how, watch=stop_after_two, store=_EveryEpoch(tmp_path / "state.safetensors"))
    epochs: list[int] = []
    store = _EveryEpoch(tmp_path / "state.safetensors")
    resumed = fit(*how, watch=lambda seen: epochs.append(seen.epoch), store=store)
    assert epochs[:1] == [3]
    assert resumed.loss == whole.loss
    assert resumed.accuracy == whole.accuracy
    for mine, yours in zip(resumed.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(mine, yours)


class _EveryEpoch(FileStore):
    """However long writing takes."""

    def keep(self, *state: Any) -> None:
        self._not_before = 0.0
        super().keep(*state)


def _samples(sequences: bool) -> tuple[Samples, np.ndarray, np.ndarray]:
    chance = np.random.default_rng(0)
    count = 24
    spans = np.stack([np.arange(count) * 3, 1 + np.arange(count) % 3], axis=1)
    values = chance.normal(size=(3 * count, 2, 28, 28)).astype(np.float16)
    labels = np.arange(count) % 3
    samples = Samples(values, np.arange(count), labels, spans if sequences else None)
    return samples, np.arange(18), np.arange(18, 24)


def test_slow_writing_is_not_done_every_epoch(tmp_path: Path) -> None:
    model = network_of(SETTINGS)
    optimiser = make_optimiser(model, SETTINGS)
    store = FileStore(tmp_path / "state.safetensors")
    store.keep(model, optimiser, Curves([1.0], [0.5]))
    store.keep(model, optimiser, Curves([1.0, 0.9], [0.5, 0.6]))  # a fiftieth is not over yet
    assert FileStore(store.path).restore(model, optimiser).loss == [1.0]


def test_another_command_does_not_take_it_up(dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    work = WorkFolder.beside(out)
    with pytest.raises(_Killed), work.held({"epochs": 4, "datasets": ["x"]}):
        work.result_path("0-000").touch()
        raise _Killed
    says = r"an unfinished training of something else is here \(.*datasets.*\); .*\.run\.training"
    with pytest.raises(InputError, match=says):
        train_run([dataset], SETTINGS, out)
    assert work.result_path("0-000").is_file()
    plan = (work.root / "plan.json").read_text()
    (work.root / "plan.json").write_text(plan[:-5])
    with pytest.raises(InputError, match=r"is here \(its plan is damaged\)"):
        train_run([dataset], SETTINGS, out)
    (work.root / "plan.json").write_text(plan)
    with work.held({"epochs": 4, "datasets": ["x"]}) as begun:
        assert begun
        held = work.held({"epochs": 4, "datasets": ["x"]})
        with pytest.raises(InputError, match="another process is at work"), held:
            pytest.fail("held twice")
    assert not work.root.exists()


def test_a_checkpoint_for_something_else_is_refused(undisturbed: Run, tmp_path: Path) -> None:
    path = undisturbed.checkpoint_path
    classes = ("positive", "negative", "surprise")
    loaded = Checkpoint.load(path, "flow", classes)
    content = undisturbed.read_json("settings")["datasets"][0]["content_hash"]
    assert loaded.description["datasets"] == [content]
    with pytest.raises(InputError, match="a network for input flow, not rgb"):
        Checkpoint.load(path, "rgb")
    with pytest.raises(InputError, match="for classes positive/negative/surprise, not neutral/"):
        Checkpoint.load(path, "flow", ("neutral", "sadness"))
    (tmp_path / "junk.safetensors").write_bytes(b"junk")
    about = loaded.description | {"mean": [0, 0], "scale": [1, 1]}
    write_tensors(tmp_path / "half.safetensors", {}, about)
    with pytest.raises(InputError, match="not a checkpoint of this program"):
        Checkpoint.load(tmp_path / "junk.safetensors")
    with pytest.raises(InputError, match="the weights are not those of incep-cbam tiny"):
        Checkpoint.load(tmp_path / "half.safetensors")
