"""The loop: one network fitted to one fold's training samples, and what it says of others.

All chance of an epoch follows from (seed, fold, epoch) alone, so a training taken up again after
a kill goes on as if nothing had happened. Epochs are fixed beforehand; with `patience` training
stops early, judged on an inner split of the training subjects. `fit` is given no test sample.
"""

import copy
import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pipeline.training.augment import augment, augments
from pipeline.training.data import Normalisation, Samples, fit_normalisation
from pipeline.training.epochs import EpochStore, NoStore
from pipeline.training.loader import Batch, Loader
from pipeline.training.network import make_model
from pipeline.training.optimise import make_optimiser, rate_at, set_rate
from pipeline.training.settings import TrainSettings
from pipeline.training.work import Diverged

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Fitted:
    """A trained network and how it got there; `loss` and `accuracy` have one value an epoch."""

    model: nn.Module
    normalisation: Normalisation
    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Seen:
    """What may be said of an epoch, the first being 1; of training samples only."""

    epoch: int
    loss: float
    accuracy: float
    images: int
    seconds: float


def quiet(_: Seen) -> None:
    """Says nothing."""


def fit(
    samples: Samples,
    rows: Rows,
    settings: TrainSettings,
    seed: tuple[int, int],
    inner: Rows | None = None,
    watch: Callable[[Seen], None] = quiet,
    store: EpochStore | None = None,
) -> Fitted:
    """Train a fresh network on the samples in `rows`; `seed` (seed, fold) decides all chance.

    `settings` are resolved. `inner` are samples of other training subjects, to stop by. `store`
    keeps the state after an epoch, and gives it back to a training that was killed.
    """
    training = Training.begin(samples, rows, settings, seed)
    store = store or NoStore()
    curves = store.restore(training.model, training.optimiser)
    for epoch in range(len(curves.loss), settings.epochs or 1):
        if settings.patience and curves.stalled(settings.patience):
            break
        started = time.perf_counter()
        loss, accuracy = training.epoch(epoch)
        curves.loss.append(loss)
        curves.accuracy.append(accuracy)
        if inner is not None:
            curves.inner.append(training.loss_of(inner))
            if curves.inner[-1] == min(curves.inner):
                curves.best = copy.deepcopy(training.model.state_dict())
        store.keep(training.model, training.optimiser, curves)
        watch(Seen(epoch + 1, loss, accuracy, len(rows), time.perf_counter() - started))
    if curves.best is not None:
        training.model.load_state_dict(curves.best)
    model = training.model.eval()
    return Fitted(model, training.normalisation, curves.loss, curves.accuracy)


@dataclass(frozen=True)
class Training:
    """What one network's training is made of. `network` is the model as it is called."""

    settings: TrainSettings
    rows: Rows
    seed: tuple[int, int]
    normalisation: Normalisation
    loader: Loader
    model: nn.Module
    network: nn.Module
    optimiser: torch.optim.Optimizer
    criterion: nn.Module

    @classmethod
    def begin(
        cls, samples: Samples, rows: Rows, settings: TrainSettings, seed: tuple[int, int]
    ) -> Self:
        """A fresh network; normalisation and class weights come from `rows` alone."""
        device = torch.device(settings.device)
        normalisation = fit_normalisation(samples, rows)
        loader = Loader.of(samples, normalisation, device)
        set_chance(*seed, 0)
        model, network = make_model(settings, device)
        optimiser = make_optimiser(model, settings)
        criterion = make_criterion(samples.target[rows], settings, device)
        what = (settings, rows, seed, normalisation, loader, model, network, optimiser, criterion)
        return cls(*what)

    def epoch(self, number: int) -> tuple[float, float]:
        """Every row once, in a random order; mean loss and accuracy on the way."""
        settings, steps = self.settings, step_count(len(self.rows), self.settings)
        set_chance(*self.seed, number + 1)
        self.model.train()
        loss_sum, right = torch.zeros(2, device=self.loader.device, dtype=torch.float64)
        order = batches(self.rows, settings, (*self.seed, number))
        for step, chosen in enumerate(order, start=number * steps):
            rate = rate_at(step, steps * (settings.epochs or 1), settings)
            set_rate(self.optimiser, rate)
            batch = self.loader.batch(chosen)  # x [b, channels, 28, 28], y [b]
            loss, logits = train_step(self.network, self.optimiser, self.criterion, batch, settings)
            loss_sum += loss * len(chosen)
            right += (logits.argmax(dim=1) == batch.y).sum()
        return finite(loss_sum.item()) / len(self.rows), right.item() / len(self.rows)

    @torch.inference_mode()
    def loss_of(self, rows: Rows) -> float:
        """The loss of samples that are not trained on; infinity where it is no number.

        Of all at once: class weights make a mean of batches' means another number, and none at all
        of a batch whose classes are not trained on.
        """
        self.model.eval()
        order = in_order(rows, self.settings)
        said = [(call(self.model, batch), batch.y) for batch in map(self.loader.batch, order)]
        logits, target = (torch.cat(part) for part in zip(*said, strict=True))
        return float(self.criterion(logits, target).nan_to_num(nan=torch.inf))


def train_step(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    criterion: nn.Module,
    batch: Batch,
    settings: TrainSettings,
) -> tuple[Tensor, Tensor]:
    """One step down the gradient; (mean loss of the batch, logits [b, classes]), both detached."""
    x = augment(batch.x, settings) if augments(settings) else batch.x
    with autocast(settings):
        logits = call(network, dataclasses.replace(batch, x=x))
    loss = criterion(logits.float(), batch.y)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    return loss.detach(), logits.detach()


@torch.inference_mode()
def predict_clips(
    fitted: Fitted, samples: Samples, clips: Rows, settings: TrainSettings
) -> NDArray[np.float32]:
    """Probabilities [len(clips), classes]: the mean over a clip's samples, in `clips` order."""
    rows = np.flatnonzero(np.isin(samples.clip, clips))
    place = np.searchsorted(clips, samples.clip[rows])  # `clips` rises
    chances = np.zeros((len(clips), settings.classes))
    np.add.at(chances, place, predict_samples(fitted, samples, rows, settings))
    count = np.bincount(place, minlength=len(clips))
    return (chances / count[:, None]).astype(np.float32)


@torch.inference_mode()
def predict_samples(
    fitted: Fitted, samples: Samples, rows: Rows, settings: TrainSettings
) -> NDArray[np.float32]:
    """Probabilities [len(rows), classes] of single samples, computed in float32."""
    loader = Loader.of(samples, fitted.normalisation, torch.device(settings.device))
    fitted.model.eval()
    order = map(loader.batch, in_order(rows, settings))
    parts = [call(fitted.model, batch).softmax(dim=1).cpu().numpy() for batch in order]
    return np.concatenate(parts)


def call(network: nn.Module, batch: Batch) -> Tensor:
    """Logits [b, classes] of a batch of frames, or of sequences with their lengths."""
    lengths = () if batch.lengths is None else (batch.lengths,)
    logits: Tensor = network(batch.x, *lengths)
    return logits


def make_criterion(
    target: NDArray[np.int64], settings: TrainSettings, device: torch.device
) -> nn.Module:
    """Cross-entropy, weighted as the training samples' classes want it."""
    weight = class_weights(target, settings.classes).to(device) if settings.class_weights else None
    return nn.CrossEntropyLoss(weight, label_smoothing=settings.label_smoothing)


def class_weights(target: NDArray[np.int64], classes: int) -> Tensor:
    """Inverse frequency, float32[classes], mean 1 over the samples; 0 for a class not there."""
    count = np.bincount(target, minlength=classes)
    weight = len(target) / (np.count_nonzero(count) * np.maximum(count, 1))
    return torch.tensor(np.where(count > 0, weight, 0), dtype=torch.float32)


def step_count(samples: int, settings: TrainSettings) -> int:
    """Steps an epoch."""
    return -(-samples // settings.batch_size)


def batches(rows: Rows, settings: TrainSettings, seed: tuple[int, ...]) -> Iterator[Rows]:
    """`rows` in random order, in parts that differ by one at most: no BatchNorm over a remnant."""
    order = np.random.default_rng(seed).permutation(rows)
    yield from np.array_split(order, step_count(len(rows), settings))


def in_order(rows: Rows, settings: TrainSettings) -> Iterator[Rows]:
    """`rows` in parts of a batch at most."""
    for start in range(0, len(rows), settings.batch_size):
        yield rows[start : start + settings.batch_size]


def autocast(settings: TrainSettings) -> AbstractContextManager[object]:
    """bf16 where a product gains by it; nothing with fp32."""
    bf16 = settings.precision == "bf16"
    return torch.autocast(settings.device, dtype=torch.bfloat16, enabled=bf16)


def set_chance(*numbers: int) -> None:
    """What torch draws from here on follows from these numbers."""
    torch.manual_seed(int(np.random.SeedSequence(numbers).generate_state(1)[0]))


def finite(loss: float) -> float:
    """The same. Raises Diverged where training has diverged."""
    if not np.isfinite(loss):
        raise Diverged("training diverged", "--lr", "choose a smaller learning rate")
    return loss
