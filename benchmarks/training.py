"""How fast training is, against what the machine can: figures of one run, on this machine.

    uv run python -m benchmarks.training [--only full small data loso gpu] [--seconds 20]

full, small   The full model and incep-cbam: FLOP a CPU second and thread, as a fraction of the
              matrix product's in the same precision, measured in turns with it. A training sample
              counts as three times the forward pass.
data          Training from the cache beside training on one batch that stays; the loader's samples
              a second beside a bare memory map's.
loso          The whole command on 442 random clips of 68 subjects, incep-cbam lite, 20 epochs: the
              estimate it gave, and what it took.
gpu           Images a second of all four models where there is a GPU, and its name.
"""

import argparse
import dataclasses
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.random_dataset import write_random_dataset
from pipeline.training.data import Normalisation, Samples
from pipeline.training.loader import Loader
from pipeline.training.loop import autocast, make_criterion, train_step
from pipeline.training.machine import ready_process
from pipeline.training.network import make_model, takes_clips
from pipeline.training.optimise import make_optimiser
from pipeline.training.settings import TrainSettings

MATMUL = 2048  # side
PARTS = ("full", "small", "data", "loso", "gpu")
FULL, SMALL = "dual-hybrid-face", "incep-cbam"


def settings(model: str, batch: int, precision: str, **more: object) -> TrainSettings:
    """Paper preset on flow, unless `more` says otherwise."""
    base = TrainSettings(model=model, batch_size=batch, precision=precision, device="cpu")
    return dataclasses.replace(base, **more).resolved()  # type: ignore[arg-type]


def random_samples(count: int, sequences: bool = False) -> Samples:
    """Flow of `count` frames; as sequences of 8."""
    values = np.random.default_rng(0).normal(size=(count, 2, 28, 28)).astype(np.float16)
    if not sequences:
        return Samples(values, np.arange(count), np.arange(count) % 3)
    first = np.arange(0, count, 8)
    spans = np.stack([first, np.full(len(first), 8)], axis=1)
    return Samples(values, np.arange(len(first)), np.arange(len(first)) % 3, spans)


class Trainer:
    """Steps of one network on random flow, from a memory of its own or on one batch that stays."""

    def __init__(self, chosen: TrainSettings, samples: Samples | None = None) -> None:
        self.settings, self.device = chosen, torch.device(chosen.device)
        sequences = takes_clips(chosen.model)
        self.samples = samples or random_samples(chosen.batch_size * (8 if sequences else 1))
        if samples is None and sequences:
            self.samples = random_samples(chosen.batch_size * 8, sequences=True)
        unit = Normalisation(np.zeros(2, np.float32), np.ones(2, np.float32))
        self.loader = Loader.of(self.samples, unit, self.device)
        self.model, self.network = make_model(chosen, self.device)
        self.model.train()
        self.optimiser = make_optimiser(self.model, chosen)
        self.criterion = make_criterion(self.samples.target, chosen, self.device)
        self.kept = self.loader.batch(np.arange(chosen.batch_size))
        self.chance = np.random.default_rng(0)

    def step(self) -> None:
        """Train on the batch that stays."""
        train_step(self.network, self.optimiser, self.criterion, self.kept, self.settings)

    def step_from_cache(self) -> None:
        """Train on a batch gathered at random."""
        rows = self.chance.integers(0, len(self.samples.clip), self.settings.batch_size)
        batch = self.loader.batch(rows)
        train_step(self.network, self.optimiser, self.criterion, batch, self.settings)

    @torch.inference_mode()
    def forward(self) -> None:
        """Predict the batch that stays."""
        with autocast(self.settings):
            self.network(self.kept.x)

    def forward_flop(self) -> float:
        """Of one sample."""
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            self.model(self.kept.x)
        return float(counter.get_total_flops()) / self.settings.batch_size


def cpu_seconds(work: Callable[[], None]) -> float:
    """CPU seconds of all threads that one call takes."""
    started = time.process_time()
    work()
    return time.process_time() - started


def in_turns(works: dict[str, Callable[[], None]], seconds: float) -> dict[str, float]:
    """Median CPU seconds a call of each, called by turns so that all see the same machine."""
    for work in works.values():
        work()
    found: dict[str, list[float]] = {name: [] for name in works}
    until = time.monotonic() + seconds
    while time.monotonic() < until or min(map(len, found.values())) < 3:
        for name, work in works.items():
            found[name].append(cpu_seconds(work))
    return {name: float(np.median(values)) for name, values in found.items()}


def matmul(precision: str, side: int) -> Callable[[], None]:
    """A product of two square matrices: 2 * side^3 FLOP, the most this processor does."""
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    a, b = torch.randn(2, side, side).to(kind)
    out = torch.empty_like(a)

    def work() -> None:
        torch.mm(a, b, out=out)

    return work


def efficiency(
    model: str, batch: int, precision: str, seconds: float, matmul_side: int = MATMUL
) -> tuple[float, float]:
    """(fraction of the matrix product's FLOP a CPU second, images a CPU second) of training."""
    trainer = Trainer(settings(model, batch, precision))
    flop = 3 * trainer.forward_flop() * batch
    took = in_turns({"train": trainer.step, "matmul": matmul(precision, matmul_side)}, seconds)
    ceiling = 2 * matmul_side**3 / took["matmul"]
    return flop / took["train"] / ceiling, batch / took["train"]


def full(seconds: float) -> None:
    """Prints the full model's fractions."""
    for precision, batch, bar in (("fp32", 32, 0.72), ("bf16", 32, 0.45), ("bf16", 128, 0.65)):
        share, _ = efficiency(FULL, batch, precision, seconds)
        print(f"{FULL}, {precision}, batch {batch}: {share:.2f} of the ceiling ({bar})", flush=True)


def small(seconds: float) -> None:
    """Prints incep-cbam's fraction, what bf16 gains, and inference beside training."""
    share, _ = efficiency(SMALL, 128, "fp32", seconds)
    print(f"{SMALL}, fp32, batch 128: {share:.2f} of the ceiling (0.28)", flush=True)
    trainers = {kind: Trainer(settings(SMALL, 128, kind)) for kind in ("fp32", "bf16")}
    works = {kind: trainer.step for kind, trainer in trainers.items()}
    trainers["fp32"].model.eval()
    inference = Trainer(settings(SMALL, 128, "fp32"))
    inference.model.eval()
    trainers["fp32"].model.train()
    took = in_turns(works | {"inference": inference.forward}, seconds)
    print(f"{SMALL}, bf16 beside fp32: {took['fp32'] / took['bf16']:.2f} times the images/s (1.1)")
    ratio = took["fp32"] / took["inference"]
    print(f"{SMALL}, inference beside training in fp32: {ratio:.2f} times (3)", flush=True)


def data(seconds: float) -> None:
    """Prints what gathering from the cache costs, and the loader's rate."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "values.npy"
        count = 100_000
        np.save(path, random_samples(count).values.reshape(count, 28, 28, 2))
        values = np.load(path, mmap_mode="c")
        samples = Samples(values.transpose(0, 3, 1, 2), np.arange(count), np.arange(count) % 3)
        trainer = Trainer(settings(SMALL, 128, "fp32"), samples)
        took = in_turns({"resident": trainer.step, "cache": trainer.step_from_cache}, seconds)
        ratio = took["cache"] / took["resident"]
        print(f"training from the cache: {ratio:.3f} of the time on one batch (1.05)", flush=True)
        order = np.random.default_rng(0).permutation(count)[: 128 * 64].reshape(64, 128)

        def bare() -> None:
            for rows in order:
                values[rows]

        def loader() -> None:
            for rows in order:
                trainer.loader.batch(rows)

        took = in_turns({"bare": bare, "loader": loader}, min(seconds, 10))
        print(f"loader beside a bare memory map: {took['bare'] / took['loader']:.2f} (0.5)")


def loso(subjects: int = 68, clips: int = 442, epochs: int = 20) -> float:
    """Prints the estimate of the whole command and its time; returns the seconds it took."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_random_dataset(root / "dataset", subjects, clips)
        words = ["train", root / "dataset", "--model", SMALL, "--preset", "lite", "--input", "flow"]
        words += ["--protocol", "loso", "--epochs", epochs, "--out", root / "run"]
        program = [sys.executable, "-c", "from pipeline.cli import main; main()"]
        started = time.monotonic()
        command = [*program, *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        took = time.monotonic() - started
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    (estimate,) = re.findall(r"estimate: (.*)", done.stderr)
    what = f"loso, {subjects} subjects, {clips} clips, {epochs} epochs"
    print(f"{what}: estimated {estimate}; took {took / 60:.1f} min (30)", flush=True)
    return took


def gpu(seconds: float) -> None:
    """Prints images a second of training, where there is a GPU."""
    if not torch.cuda.is_available():
        print("gpu: none here")
        return
    print(f"gpu: {torch.cuda.get_device_name()}")
    for model in (FULL, SMALL, "vit", "lstm"):
        for batch in (32, 512):
            trainer = Trainer(settings(model, batch, "bf16", device="cuda"))
            for _ in range(5):
                trainer.step()
            torch.cuda.synchronize()
            started, steps = time.perf_counter(), 0
            while time.perf_counter() - started < min(seconds, 10):
                trainer.step()
                torch.cuda.synchronize()
                steps += 1
            rate = steps * batch / (time.perf_counter() - started)
            flop = 3 * rate * trainer.forward_flop() / 1e12 if model != "lstm" else float("nan")
            print(
                f"  {model}, batch {batch}: {rate:,.0f} samples/s, {flop:.0f} TFLOP/s", flush=True
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="of the figures")
    parser.add_argument("--seconds", type=float, default=20, help="of each comparison")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    ready_process(given.threads)
    for name, work in (("full", full), ("small", small), ("data", data), ("gpu", gpu)):
        if name in given.only:
            work(given.seconds)
    if "loso" in given.only:
        loso()


if __name__ == "__main__":
    main()
