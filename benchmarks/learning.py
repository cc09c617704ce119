"""Does training learn movement, and nothing else? A row a training, on simulated participants.

    uv run python -m benchmarks.learning [--participants 40] [--amplitude 0.0175] [--keep DIR]
        [--only flow rgb shuffled] [--epochs-flow 60] [--epochs-rgb 120]

Simulated participants over all base faces are recorded, analysed, located and built into a dataset
by the commands a person types; scenes of 4 s, micro-expressions whose median peak, as the
dataset's own flow shows it, is about 1.3 px at 224. `incep-cbam` is trained for three classes,
every face left out once:

    flow       on onset-to-apex flow
    rgb        on the pictures, with the leak report: a frame-level split beside it
    shuffled   on flow whose training labels are permuted

Colour cannot tell expressions this small on faces nobody trained on, flow can, and permuted labels
must not teach anything. What tells one clip of a face from another in 28 px pictures is a level or
two of 256: it takes more steps, of another optimiser, than flow does (RGB below, chosen by the
training samples alone), or the network knows nobody and there is nothing to leak. How far each has
learnt its training samples is said too. With `--keep` each step's outcome stays and is used again.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.locating import command
from mexlab.tables import matrix
from pipeline.form.dataset import Dataset, column
from pipeline.training.settings import TrainSettings, write_settings

TRAININGS = ("flow", "rgb", "shuffled")
FLOW: dict[str, Any] = {}  # the defaults
RGB: dict[str, Any] = {"optimiser": "adamw", "learning_rate": 0.001, "batch_size": 128}
RGB |= {"warmup_share": 0.1}
SETTINGS = {"flow": FLOW, "rgb": RGB, "shuffled": FLOW}
MORE = {"flow": (), "rgb": ("--leak-report",), "shuffled": ("--shuffle-labels",)}
BARS = {"flow": 0.80, "flow - rgb": 0.2, "leak - rgb": 0.2}
CHANCE, CHANCE_WITHIN = 0.33, 0.07
IOD_SHARE = 0.345  # of the crop's side, median over the base faces at the margin of 1.3
CROP_PX = 224


def build(keep: Path, participants: int, amplitude: float, seed: int, scene_s: float) -> Dataset:
    """The dataset of simulated participants; each step is done once."""
    study, dataset = keep / "study", keep / "dataset"
    recorded, located = keep / "recorded", keep / "located"
    if not recorded.exists():
        shutil.rmtree(study, ignore_errors=True)  # half-made
        command("mexlab", "new", study)
        how = ("--seed", seed, "--scene-s", scene_s, "--amplitude", amplitude)
        command("mexlab", "simulate", study, "--participants", participants, *how)
        recorded.touch()
    if not located.exists():
        analyzer = ("--analyzer", "landmarker")  # needs no download
        command("annotate", "analyse", study, *analyzer)
        command("annotate", "locate", study, *analyzer)
        located.touch()
    if not dataset.exists():
        command("pipeline", "build-dataset", study, dataset)
    return Dataset.open(dataset)


def peak_motion_px(dataset: Dataset) -> float:
    """Median over clips of the largest movement from onset to apex, px in a crop of 224."""
    clips = dataset.clips()
    moving = np.array([kind != "none" for kind in column(clips, "kind")])
    flow = matrix(clips["apex_flow"]).astype(np.float32)[moving].reshape(-1, 2, 28 * 28)
    percent_iod = np.median(np.hypot(flow[:, 0], flow[:, 1]).max(axis=1))
    return float(percent_iod / 100 * IOD_SHARE * CROP_PX)


def train(keep: Path, name: str, epochs: int, preset: str = "paper") -> dict[str, float]:
    """Train once, by the command; the scores."""
    run = keep / f"run-{name}"
    if not run.exists():
        input_ = "rgb" if name == "rgb" else "flow"
        fixed = TrainSettings("incep-cbam", preset, input=input_, epochs=epochs, **SETTINGS[name])
        chosen = keep / f"{name}.toml"
        write_settings(chosen, fixed)
        words = ("--settings", chosen, *MORE[name], "--out", run)
        command("pipeline", "train", keep / "dataset", *words)
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    found = {name: metrics["uf1"], "accuracy": metrics["accuracy"]}
    found["accuracy in training"] = metrics["train_accuracy"][-1]
    if (run / "leak.json").is_file():
        leak = json.loads((run / "leak.json").read_text(encoding="utf-8"))
        found["leak"] = leak["frame_level"]["uf1"]
    return found


def verdicts(scores: dict[str, float]) -> Iterator[str]:
    """A line for each thing that must hold, of those whose scores are there."""
    figures = {"flow": ("flow",), "flow - rgb": ("flow", "rgb"), "leak - rgb": ("leak", "rgb")}
    for name, parts in figures.items():
        if set(parts) <= set(scores):
            value = scores[parts[0]] - (scores[parts[1]] if len(parts) > 1 else 0)
            holds = "holds" if value >= BARS[name] else "DOES NOT HOLD"
            yield f"{name}: {value:.3f}, at least {BARS[name]:.2f}: {holds}"
    if "shuffled" in scores:
        holds = "holds" if abs(scores["shuffled"] - CHANCE) <= CHANCE_WITHIN else "DOES NOT HOLD"
        yield f"shuffled: {scores['shuffled']:.3f}, {CHANCE} +- {CHANCE_WITHIN}: {holds}"


def run(given: argparse.Namespace, keep: Path) -> None:
    """Build, train, and print what came of it as it comes."""
    keep.mkdir(parents=True, exist_ok=True)
    how = (given.participants, given.amplitude, given.seed, given.scene_s)
    dataset = build(keep, *how)
    clips = dataset.clips()
    three = [label for label in column(clips, "label3") if label is not None]
    groups = len(set(column(clips, "group")))
    print(
        f"{len(three)} clips with one of three classes {np.bincount(three).tolist()}, "
        f"{len(dataset.subjects)} participants, {groups} faces; "
        f"median peak motion {peak_motion_px(dataset):.2f} px at {CROP_PX}",
        flush=True,
    )
    scores: dict[str, float] = {}
    for name in given.only:
        epochs = given.epochs_rgb if name == "rgb" else given.epochs_flow
        found = train(keep, name, epochs)
        scores |= found
        print(f"{name}: " + ", ".join(f"{k} {v:.3f}" for k, v in found.items()), flush=True)
    for line in verdicts(scores):
        print(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--participants", type=int, default=40)
    parser.add_argument("--amplitude", type=float, default=0.0175, help="of the eyes' distance")
    parser.add_argument("--scene-s", type=float, default=4.0)
    parser.add_argument("--seed", type=int, default=1, help="of the simulation")
    parser.add_argument("--epochs-flow", type=int, default=60)
    parser.add_argument("--epochs-rgb", type=int, default=120)
    parser.add_argument("--only", nargs="+", choices=TRAININGS, default=TRAININGS)
    parser.add_argument("--keep", type=Path, help="keep everything here, and use what is kept")
    given = parser.parse_args()
    if given.keep:
        run(given, given.keep)
        return
    with tempfile.TemporaryDirectory() as folder:
        run(given, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
