"""Training end to end on a small dataset: it learns, judges honestly, repeats itself."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from mexlab.errors import ConsentError, InputError
from mexlab.progress import Progress
from pipeline.dataset import Dataset
from pipeline.training.checkpoint import Checkpoint
from pipeline.training.data import Normalisation, Samples, choose_clips, load_samples
from pipeline.training.metrics import evaluate
from pipeline.training.run import Run
from pipeline.training.train import (
    Fitted,
    TrainSettings,
    batch,
    class_weights,
    fit,
    predict_clips,
    train_run,
)

METRIC_KEYS = {
    *("uf1", "uar", "accuracy", "macro_precision", "macro_recall", "weighted_f1", "mse", "mae"),
    *("r2", "auc", "confusion", "classes", "folds", "seeds", "epochs", "train_loss"),
    *("train_accuracy", "train_seconds", "images_per_second", "cpu_percent", "memory_percent"),
    *("peak_memory_bytes", "parameters"),
}
QUICK = TrainSettings(preset="tiny", epochs=3, batch_size=16)


@pytest.fixture(scope="module")
def flow_run(small_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "flow"
    train_run([small_dataset], dataclasses.replace(QUICK, epochs=10), out)
    return out


def test_it_learns_what_the_flow_carries(flow_run: Path) -> None:
    metrics = Run.open(flow_run).read_json("metrics")
    assert metrics["uf1"] > 0.7
    assert metrics["uar"] > 0.7
    assert min(metrics["auc"]) > 0.8
    assert metrics["train_loss"][-1] < 0.5 * metrics["train_loss"][0]


def test_it_learns_what_the_pictures_carry_of_seven_classes(
    small_dataset: Path, tmp_path: Path
) -> None:
    settings = dataclasses.replace(QUICK, input="rgb", classes=7, epochs=5)
    metrics = train_run([small_dataset], settings, tmp_path / "run")
    assert metrics["uar"] > 0.7
    assert [metrics["auc"][absent] for absent in (3, 4)] == [None, None]  # fear, disgust
    assert np.sum(metrics["confusion"]) == 40
    assert json.loads((tmp_path / "run" / "metrics.json").read_text()) == metrics


def test_metrics_have_the_agreed_keys(flow_run: Path) -> None:
    metrics = Run.open(flow_run).read_json("metrics")
    assert set(metrics) == METRIC_KEYS
    assert metrics["classes"] == ["positive", "negative", "surprise"]
    assert metrics["seeds"] == [0]
    assert len(metrics["train_loss"]) == len(metrics["train_accuracy"]) == metrics["epochs"] == 10
    assert np.sum(metrics["confusion"]) == 32
    assert [fold["subject"] for fold in metrics["folds"]] == ["P001, P002", "P003", "P004"]
    assert sum(fold["correct"] for fold in metrics["folds"]) == np.trace(metrics["confusion"])


def test_run_folder_is_whole(flow_run: Path) -> None:
    assert sorted(path.name for path in flow_run.iterdir()) == [
        "confusion.png",
        "curves.png",
        "metrics.json",
        "model.safetensors",
        "predictions.parquet",
        "roc.png",
        "settings.json",
    ]
    settings = Run.open(flow_run).read_json("settings")
    assert settings["model"] == "incep-cbam"
    assert settings["left_out"] == {"no label among the 3 classes": 8}
    assert len(settings["datasets"][0]["content_hash"]) == 64


def test_predictions_give_the_metrics(flow_run: Path) -> None:
    run = Run.open(flow_run)
    metrics = run.read_json("metrics")
    predictions = run.read_predictions(tuple(metrics["classes"]))
    assert {key: metrics[key] for key in ("uf1", "confusion", "auc", "folds")} == {
        key: value
        for key, value in evaluate(predictions).items()
        if key in ("uf1", "confusion", "auc", "folds")
    }
    np.testing.assert_allclose(predictions.probabilities.sum(axis=1), 1, atol=1e-5)
    table = pq.read_table(run.predictions_path)
    assert {"clip_id", "subject", "truth", "p_positive", "fold", "seed"} <= {*table.column_names}


def test_checkpoint_comes_back_ready_to_use(flow_run: Path, small_dataset: Path) -> None:
    checkpoint = Checkpoint.load(Run.open(flow_run).checkpoint_path)
    assert checkpoint.description["classes"] == ["positive", "negative", "surprise"]
    dataset = Dataset.open(small_dataset)
    clips = choose_clips([dataset], 3)
    samples = load_samples([dataset], clips, "flow", flow_run)
    fitted = Fitted(checkpoint.model, checkpoint.normalisation)
    chances = predict_clips(fitted, samples, np.arange(32), QUICK)
    # It was trained on these very clips: it must know them.
    assert (chances.argmax(axis=1) == clips.target).mean() > 0.9


def test_same_seed_same_run(small_dataset: Path, tmp_path: Path) -> None:
    first, second = (
        train_run([small_dataset], QUICK, tmp_path / name) for name in ("first", "second")
    )
    assert first["train_loss"] == second["train_loss"]
    one, other = (Run.open(tmp_path / name) for name in ("first", "second"))
    assert pq.read_table(one.predictions_path).equals(pq.read_table(other.predictions_path))
    models = [Checkpoint.load(run.checkpoint_path).model for run in (one, other)]
    for mine, yours in zip(*(model.parameters() for model in models), strict=True):
        assert torch.equal(mine, yours)


def test_seeds_differ_and_are_pooled(small_dataset: Path, tmp_path: Path) -> None:
    settings = dataclasses.replace(QUICK, seeds=2, epochs=1)
    metrics = train_run([small_dataset], settings, tmp_path / "run")
    assert metrics["seeds"] == [0, 1]
    assert np.sum(metrics["confusion"]) == 64
    table = pq.read_table(tmp_path / "run" / "predictions.parquet").to_pandas()
    by_seed = table.pivot(index="clip_id", columns="seed", values="p_positive")
    assert len(by_seed) == 32
    assert (by_seed[0] != by_seed[1]).any()


def test_the_test_subject_is_not_looked_at() -> None:
    """Whatever the samples left out of `rows` are, the fit is the same to the last bit."""
    chance = np.random.default_rng(0)
    values = chance.normal(size=(12, 2, 28, 28)).astype(np.float32)
    target = np.arange(12) % 3
    fits = []
    for spoiled in (1.0, 1e6):
        given = values.copy()
        given[8:] *= spoiled
        labels = np.where(np.arange(12) < 8, target, 0 if spoiled > 1 else target)
        with Progress("fit") as bar:
            samples = Samples(given, np.arange(12), labels)
            fits.append(fit(samples, np.arange(8), QUICK, (0, 0), bar))
    assert fits[0].loss == fits[1].loss
    for one, other in zip(fits[0].model.parameters(), fits[1].model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_rare_classes_weigh_more() -> None:
    weights = class_weights(np.array([0, 0, 0, 2]), 3)
    assert weights.tolist() == pytest.approx([4 / 6, 0, 4 / 2])
    assert (weights[[0, 0, 0, 2]]).mean() == pytest.approx(1)


class _FirstCellDecides(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, :, 0, 0]


def test_a_clip_s_probability_is_the_mean_over_its_frames() -> None:
    values = np.zeros((3, 3, 28, 28), np.float32)
    values[0, 0], values[1, 1], values[2, 2] = 3, 3, 3
    samples = Samples(values, np.array([5, 2, 5]), np.zeros(3, np.int64))
    as_is = Normalisation(np.zeros(3, np.float32), np.ones(3, np.float32))
    settings = dataclasses.replace(QUICK, batch_size=2)
    found = predict_clips(Fitted(_FirstCellDecides(), as_is), samples, np.array([2, 5]), settings)
    each = torch.eye(3).mul(3).softmax(dim=1).numpy()
    np.testing.assert_allclose(found, [each[1], (each[0] + each[2]) / 2], atol=1e-6)


def test_batches_are_channels_last() -> None:
    samples = Samples(np.ones((2, 3, 28, 28), np.uint8), np.arange(2), np.zeros(2, np.int64))
    unit = Normalisation(np.zeros(3, np.float32), np.ones(3, np.float32))
    x = batch(samples, np.arange(2), unit, torch.device("cpu"))
    assert x.is_contiguous(memory_format=torch.channels_last)
    assert x.dtype == torch.float32


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"model": "vit"}, "no model 'vit'; --model; use one of: incep-cbam"),
        ({"preset": "lite"}, "no preset 'lite'"),
        ({"protocol": "kfold"}, "no protocol 'kfold'; --protocol; use one of: loso"),
    ],
)
def test_what_is_not_built_leaves_nothing_behind(
    small_dataset: Path, tmp_path: Path, change: dict[str, str], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        train_run([small_dataset], dataclasses.replace(QUICK, **change), tmp_path / "run")  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_an_old_run_is_not_replaced(small_dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    with pytest.raises(InputError, match="already there"):
        train_run([small_dataset], QUICK, tmp_path)


def test_no_consent_no_run(make_dataset: Callable[..., Path], tmp_path: Path) -> None:
    scopes = dict.fromkeys(("P001", "P002", "P003", "P004"), ("recorded",))
    with pytest.raises(ConsentError):
        train_run([make_dataset(scopes=scopes)], QUICK, tmp_path / "run")
    assert not (tmp_path / "run").exists()
