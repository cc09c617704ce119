"""Training end to end on a small dataset: it learns, judges honestly, repeats itself."""

import dataclasses
import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from mexlab.errors import ConsentError, InputError
from pipeline.cli import pipeline
from pipeline.form.dataset import Dataset
from pipeline.training.cache import Kind, load_samples
from pipeline.training.checkpoint import Checkpoint
from pipeline.training.data import Normalisation, Samples, choose_clips
from pipeline.training.folds import FoldTask, shown_samples
from pipeline.training.loop import (
    Fitted,
    Training,
    batches,
    call,
    class_weights,
    fit,
    predict_clips,
)
from pipeline.training.metrics import evaluate
from pipeline.training.run import Run
from pipeline.training.settings import TrainSettings
from pipeline.training.train import plan_tasks, prepare, train_run
from pipeline.training.work import WorkFolder
from tests.conftest import run_command

METRIC_KEYS = {
    *("uf1", "uar", "accuracy", "macro_precision", "macro_recall", "weighted_f1", "mse", "mae"),
    *("r2", "auc", "confusion", "classes", "folds", "seeds", "epochs", "train_loss"),
    *("train_accuracy", "train_seconds", "images_per_second", "cpu_percent", "memory_percent"),
    *("peak_memory_bytes", "parameters", "sets", "spread"),
}
QUICK = TrainSettings(preset="tiny", epochs=3, batch_size=16, device="cpu").resolved()
FLOW = Kind("flow")


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
        "curves.parquet",
        "curves.png",
        "metrics.json",
        "model.safetensors",
        "predictions.parquet",
        "roc.png",
        "settings.json",
        "settings.toml",
    ]
    assert [path.name for path in flow_run.parent.iterdir()] == ["flow"]  # no work folder
    settings = Run.open(flow_run).read_json("settings")
    assert settings["model"] == "incep-cbam"
    assert settings["left_out"] == {"no label among the 3 classes": 8}
    assert len(settings["datasets"][0]["content_hash"]) == 64


def test_curves_hold_every_epoch_of_every_fold(flow_run: Path) -> None:
    curves = pq.read_table(flow_run / "curves.parquet").to_pandas()
    assert curves.groupby(["seed", "fold"])["epoch"].apply(list).tolist() == [[*range(1, 11)]] * 3
    means = curves.groupby("epoch")["loss"].mean()
    np.testing.assert_allclose(means, Run.open(flow_run).read_json("metrics")["train_loss"])


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


def test_checkpoint_comes_back_ready_to_use(
    flow_run: Path, small_dataset: Path, tmp_path: Path
) -> None:
    checkpoint = Checkpoint.load(Run.open(flow_run).checkpoint_path)
    assert checkpoint.description["classes"] == ["positive", "negative", "surprise"]
    dataset = Dataset.open(small_dataset)
    clips = choose_clips([dataset], 3)
    samples = load_samples([dataset], clips, FLOW, tmp_path / "cache")
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


@pytest.mark.parametrize(
    ("settings", "inner"),
    [
        (QUICK, None),
        (dataclasses.replace(QUICK, epochs=8, patience=1, learning_rate=0.5), np.arange(6, 8)),
    ],
    ids=["fixed epochs", "early stop"],
)
def test_the_test_subject_is_not_looked_at(
    settings: TrainSettings, inner: np.ndarray | None
) -> None:
    """Whatever the samples not given to `fit` are, it is the same to the last bit."""
    chance = np.random.default_rng(0)
    values = chance.normal(size=(12, 2, 28, 28)).astype(np.float32)
    target = np.arange(12) % 3
    fits = []
    for spoiled in (1.0, 1e6):
        given = values.copy()
        given[8:] *= spoiled
        labels = np.where(np.arange(12) < 8, target, 0 if spoiled > 1 else target)
        samples = Samples(given, np.arange(12), labels)
        fits.append(fit(samples, np.arange(8), settings, (0, 0), inner))
    assert fits[0].loss == fits[1].loss
    assert len(fits[0].loss) < 8  # the second case did stop early
    for one, other in zip(fits[0].model.parameters(), fits[1].model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_rare_classes_weigh_more() -> None:
    weights = class_weights(np.array([0, 0, 0, 2]), 3)
    assert weights.tolist() == pytest.approx([4 / 6, 0, 4 / 2])
    assert (weights[[0, 0, 0, 2]]).mean() == pytest.approx(1)


def test_the_loss_to_stop_by_is_that_of_all_samples_at_once() -> None:
    """In batches of two the last would have no class that is trained on, hence no loss."""
    values = np.random.default_rng(0).normal(size=(14, 2, 28, 28)).astype(np.float32)
    target = np.array([0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 2, 2])
    samples, inner = Samples(values, np.arange(14), target), np.arange(8, 14)
    settings = dataclasses.replace(QUICK, batch_size=2)
    training = Training.begin(samples, np.arange(8), settings, (0, 0))
    found = training.loss_of(inner)
    with torch.inference_mode():
        batch = training.loader.batch(inner[:4])  # class 2 weighs nothing
        loss = torch.nn.functional.cross_entropy(
            call(training.model.eval(), batch), batch.y, class_weights(target[:8], 3)
        )
    assert found == pytest.approx(float(loss), rel=1e-6)
    assert training.loss_of(inner[4:]) == np.inf


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


def test_no_batch_is_a_remnant() -> None:
    rows = np.arange(100, 133)
    parts = [*batches(rows, dataclasses.replace(QUICK, batch_size=16), (1, 2, 3))]
    assert [len(part) for part in parts] == [11, 11, 11]
    assert sorted(np.concatenate(parts)) == rows.tolist()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"model": "resnet"}, "no model 'resnet'; --model; use one of: dual-hybrid-face"),
        ({"preset": "huge"}, "no preset 'huge'"),
        ({"options": ("hat",)}, "no model option 'hat'"),
        ({"classes": 5}, "5 classes; --classes; use 3 or 7"),
        ({"protocol": "frames"}, "no protocol 'frames'; --protocol; use one of: loso"),
        ({"protocol": "cross-corpus"}, "--test-on goes with --protocol cross-corpus"),
        ({"protocol": "composite"}, "a composite of one set"),
        ({"learning_rate": 1e9}, "training diverged; --lr"),
        ({"model": "lstm", "compile": True}, "lstm cannot be compiled; --compile"),
    ],
)
def test_what_cannot_be_trained_leaves_nothing_behind(
    small_dataset: Path, tmp_path: Path, change: dict[str, object], says: str
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


def test_the_plan_is_said_before_the_first_epoch(
    small_dataset: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    train_run([small_dataset], QUICK, tmp_path / "run")
    said = capfd.readouterr().err.splitlines()
    plan = said.index(
        "plan: incep-cbam tiny on flow, 3 classes, fp32 on cpu; "
        "loso: 3 folds, 1 seed; 32 clips, 32 samples"
    )
    # 16, 24 and 24 clips train, and all 32: 1 + 2 + 2 + 2 steps of up to 16.
    expected = "plan: 4 networks to train, 3 epochs each, 21 steps of up to 16 samples"
    assert said[plan + 1] == expected
    assert said[plan + 2].startswith("estimate: about ")
    first = next(row for row, line in enumerate(said) if "loss" in line)
    assert first > plan + 2
    assert "fold 1 of 3 (P001, P002): epoch 3, loss " in said[first]
    assert "images/s" in said[first]


def test_training_has_no_way_to_choose_by_test_subjects(
    small_dataset: Path, make_dataset: Callable[..., Path], tmp_path: Path
) -> None:
    """Another test subject, other predictions: the network that judges it is the same.

    The settings are the whole public interface, and this is all they can say about epochs.
    """
    stop = dataclasses.replace(
        QUICK, protocol="holdout", epochs=8, patience=1, learning_rate=0.3, inner_share=0.3
    )
    runs = []
    for place, rename in (("one", {}), ("other", {"P004": "P009"})):
        # holdout tests on the same group; its member and all it shows differ.
        faces = {"P001": "face-a", "P002": "face-a", "P003": "face-b", "P004": "face-c"}
        subjects = {rename.get(name, name): face for name, face in faces.items()}
        train_run([make_dataset(subjects=subjects)], stop, tmp_path / place)
        runs.append(Run.open(tmp_path / place))
    tables = [pq.read_table(run.predictions_path) for run in runs]
    assert [set(table["subject"].to_pylist()) for table in tables] == [{"P004"}, {"P009"}]
    curves = [pq.read_table(run.curves_path) for run in runs]
    assert curves[0].equals(curves[1])
    assert 1 < len(curves[0]) < 8  # it did choose an epoch
    assert not tables[0]["p_negative"].equals(tables[1]["p_negative"])
    epochs = {"epochs", "patience", "inner_share"}
    assert epochs == {n for n in vars(QUICK) if "epoch" in n or "inner" in n or "patien" in n}
    assert not set(inspect.signature(fit).parameters) & {"test", "fold", "clips"}


def test_shuffled_labels_teach_nothing(small_dataset: Path, tmp_path: Path) -> None:
    settings = dataclasses.replace(QUICK, shuffle_labels=True, epochs=10)
    metrics = train_run([small_dataset], settings, tmp_path / "run")
    assert metrics["uf1"] < 0.5
    assert metrics["train_loss"][-1] < metrics["train_loss"][0]  # what was given was learned


def test_shuffled_labels_do_not_tell_when_to_stop(small_dataset: Path, tmp_path: Path) -> None:
    """Subjects to stop by exchange labels with the others: true ones would choose an epoch."""
    dataset = Dataset.open(small_dataset)
    clips = choose_clips([dataset], 3)
    samples = load_samples([dataset], clips, FLOW, tmp_path / "cache")
    settings = dataclasses.replace(QUICK, shuffle_labels=True, patience=1)
    train, inner, test = np.arange(12), np.arange(12, 24), np.arange(24, 32)
    work, cache = tmp_path / "work", next((tmp_path / "cache").iterdir())
    task = FoldTask(work, cache, settings, 0, 0, "fold", train, test, inner)
    shown = shown_samples(samples, train, inner, task)
    assert (shown.target[inner] != samples.target[inner]).any()
    assert (shown.target[test] == samples.target[test]).all()
    assert sorted(shown.target[:24]) == sorted(samples.target[:24])
    plain = dataclasses.replace(task, settings=QUICK)
    assert shown_samples(samples, train, inner, plain) is samples


@pytest.mark.parametrize(
    ("model", "input_"),
    [("dual-hybrid-face", "flow-strain"), ("vit", "rgb"), ("lstm", "rgb"), ("lstm", "flow")],
)
def test_every_model_trains(small_dataset: Path, tmp_path: Path, model: str, input_: str) -> None:
    settings = dataclasses.replace(QUICK, model=model, input=input_, protocol="holdout", epochs=1)
    metrics = train_run([small_dataset], settings, tmp_path / "run")
    assert np.isfinite(metrics["train_loss"]).all()
    loaded = Checkpoint.load(tmp_path / "run" / "model.safetensors", input_)
    assert loaded.description["model"] == model


def test_bf16_adamw_and_augmentation_learn_too(small_dataset: Path, tmp_path: Path) -> None:
    settings = dataclasses.replace(
        QUICK, precision="bf16", optimiser="adamw", learning_rate=2e-3, weight_decay=0.01,
        warmup_share=0.1, shift_px=1, intensity=0.1, epochs=12,
    )  # fmt: skip
    metrics = train_run([small_dataset], settings, tmp_path / "run")
    assert metrics["train_loss"][-1] < 0.7 * metrics["train_loss"][0]
    assert metrics["uar"] > 0.6


def test_leak_report_stands_beside_loso(small_dataset: Path, tmp_path: Path) -> None:
    settings = dataclasses.replace(QUICK, input="rgb")
    metrics = train_run([small_dataset], settings, tmp_path / "run", leak_report=True)
    leak = json.loads((tmp_path / "run" / "leak.json").read_text())
    assert leak["loso"]["uf1"] == metrics["uf1"]
    assert leak["loso"]["n"] == 32
    assert leak["frame_level"]["n"] == 13  # a fifth of 64 frames
    assert leak["uf1_difference"] == leak["frame_level"]["uf1"] - leak["loso"]["uf1"]
    assert len(pq.read_table(tmp_path / "run" / "predictions.parquet")) == 32
    kfold = dataclasses.replace(QUICK, protocol="kfold", folds=2)
    with pytest.raises(InputError, match="a leak report beside kfold"):
        train_run([small_dataset], kfold, tmp_path / "other", leak_report=True)


def test_the_leak_report_s_network_stops_as_its_twins_do(
    small_dataset: Path, tmp_path: Path
) -> None:
    settings = dataclasses.replace(QUICK, patience=2, inner_share=0.25)
    prepared = prepare([small_dataset], settings, tmp_path / "run", leak_report=True)
    samples = load_samples(prepared.every, prepared.clips, FLOW, tmp_path / "cache")
    *_, dealt = plan_tasks(prepared, samples, WorkFolder(tmp_path))
    assert dealt.by_sample
    assert dealt.inner is not None
    assert [len(rows) for rows in (dealt.train, dealt.inner, dealt.test)] == [20, 6, 6]
    assert len(np.unique(np.concatenate([dealt.train, dealt.inner, dealt.test]))) == 32


def test_the_command_takes_a_run_s_settings_again(
    flow_run: Path, small_dataset: Path, tmp_path: Path
) -> None:
    again = ("--settings", flow_run / "settings.toml", "--workers", 1)
    run_command(pipeline, "train", small_dataset, *again, "--out", tmp_path / "same")
    one, same = (Run.open(root).read_json("metrics") for root in (flow_run, tmp_path / "same"))
    assert one["train_loss"] == same["train_loss"]
    told = run_command(
        pipeline,
        "train",
        small_dataset,
        *again,
        "--out",
        tmp_path / "o",
        "--epochs",
        2,
        "--seeds",
        2,
    )
    assert "on 32 test clips, 3 folds" in told  # a clip is one, whatever the number of seeds
    assert re.search(r"2 seeds pooled; .* UF1 0\.\d+ ± 0\.\d+, UAR 0\.\d+ ± 0\.\d+", told)
    assert Run.open(tmp_path / "o").read_json("settings")["epochs"] == 2


@pytest.mark.parametrize(("rate", "learnt"), [(1e-9, False), (0.01, True)])
def test_a_training_that_taught_nothing_says_so(
    small_dataset: Path, tmp_path: Path, rate: float, learnt: bool
) -> None:
    how = ("--preset", "tiny", "--epochs", 6, "--batch-size", 16, "--lr", rate, "--workers", 1)
    told = run_command(pipeline, "train", small_dataset, *how, "--out", tmp_path / "run")
    assert ("were not learnt" in told) is not learnt
