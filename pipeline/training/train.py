"""Training and honest evaluation: each fold judged once, by people nobody trained on.

    datasets ──> clips (consent, labels) ──> folds ──> samples ──> a network a seed and fold ──> run

Subjects are never on two sides. Normalisation and class weights come from a fold's training
subjects, epochs are fixed beforehand (or stopped by other training subjects), and the test
subjects are looked at once, after the last one. One more network is trained on everybody
afterwards, for use on new faces; nothing is measured with it.

Reads datasets; writes the run folder (pipeline.training.run), whole or not at all. Until then the
training lies in a work folder (pipeline.training.work), where the same command takes it up again.
"""

import dataclasses
import hashlib
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from mexlab.atomic import atomic_folder
from mexlab.emotions import class_names
from mexlab.errors import InputError, MexlabError
from mexlab.parallel import for_each
from mexlab.progress import Progress
from pipeline.form.dataset import Dataset, column
from pipeline.training import folds as fold_work
from pipeline.training.assemble import write_run
from pipeline.training.cache import Kind, cache_key, load_samples
from pipeline.training.data import Samples, TrainingClips, choose_clips
from pipeline.training.folds import FoldTask, train_fold
from pipeline.training.leak import check_leak_report, deal_samples
from pipeline.training.network import parameters_of, takes_clips
from pipeline.training.plan import describe, make_plan
from pipeline.training.protocols import Fold, inner_split, make_folds
from pipeline.training.settings import TrainSettings
from pipeline.training.work import WorkFolder

# Of a dataset's settings: what decides how a picture or a flow of the same face comes out.
MADE_BY = ("fps", "size", "margin", "flow", "denoise", "illumination", "remove_head_motion")
SOFTWARE = ("mexlab", "torch", "numpy", "opencv-python", "pyarrow")


@dataclass(frozen=True)
class Prepared:
    """A training about to start: everything is read and checked, nothing is trained.

    `test_on` are the datasets that are only tested on.
    """

    settings: TrainSettings
    datasets: tuple[Dataset, ...]
    test_on: tuple[Dataset, ...]
    clips: TrainingClips
    folds: list[Fold]
    leak_report: bool

    @property
    def every(self) -> tuple[Dataset, ...]:
        return (*self.datasets, *self.test_on)

    @property
    def kind(self) -> Kind:
        chosen = self.settings
        sequence = takes_clips(chosen.model)
        return Kind.of(chosen.input, chosen.frames, sequence, chosen.max_frames)

    def plan(self) -> dict[str, Any]:
        """What makes this training the same as another."""
        clips = " ".join(column(self.clips.table, "clip_id"))
        return {
            **dataclasses.asdict(self.settings),
            "datasets": [dataset.header.content_hash for dataset in self.datasets],
            "test_on": [dataset.header.content_hash for dataset in self.test_on],
            "clips": hashlib.sha256(clips.encode()).hexdigest(),
            "leak_report": self.leak_report,
            "software": {name: version(name) for name in SOFTWARE},
        }

    def describe(self) -> dict[str, Any]:
        """What `settings.json` says: enough to run this training again and to judge it."""
        return {
            **dataclasses.asdict(self.settings),
            "datasets": [_dataset(dataset) for dataset in self.datasets],
            "test_on": [_dataset(dataset) for dataset in self.test_on],
            "clips": len(self.clips.table),
            "left_out": self.clips.left_out,
            "software": {name: version(name) for name in SOFTWARE},
        }


def train_run(
    paths: Sequence[Path],
    settings: TrainSettings,
    out: Path,
    workers: int | None = 1,
    test_on: Sequence[Path] = (),
    leak_report: bool = False,
) -> dict[str, Any]:
    """Train and evaluate, write the run folder `out`, return its metrics.

    `workers` networks at a time; None lets the estimate decide. A training of the same settings
    and data that was killed is taken up again.
    """
    prepared = prepare(paths, settings, out, test_on, leak_report)
    work = WorkFolder.beside(out)
    with work.held(prepared.plan()) as begun:
        if begun:
            print(f"taking up again what {work.root} holds", file=sys.stderr)
        samples = load_samples(prepared.every, prepared.clips, prepared.kind, work.cache)
        tasks = plan_tasks(prepared, samples, work)
        plan = make_plan(tasks, samples, prepared.settings, workers)
        done = sum(task.done for task in tasks)
        sizes = len(prepared.folds), len(prepared.clips.table), len(samples.clip)
        for line in describe(prepared.settings, *sizes, plan, done):
            print(line, file=sys.stderr, flush=True)
        _train(tasks, plan.workers, prepared.settings.epochs or 1)
        with atomic_folder(out) as folder:
            metrics = write_run(folder, prepared, tasks, samples)
            fold_work.forget_samples()
            del samples  # lets go of the memory-mapped faces before their file goes
            shutil.rmtree(work.cache)  # a kill from here on leaves no faces behind
    return metrics


def prepare(
    paths: Sequence[Path],
    settings: TrainSettings,
    out: Path,
    test_on: Sequence[Path] = (),
    leak_report: bool = False,
) -> Prepared:
    """Check everything that can be known to be wrong before a picture is decoded."""
    if out.exists():
        raise InputError("already there", out, "choose another --out or remove it")
    parameters_of(settings)  # a model, a preset or an option that is not built
    if settings.compile and takes_clips(settings.model):  # torch's compiler fails on packed clips
        raise InputError(f"{settings.model} cannot be compiled", "--compile", "leave it out")
    settings = settings.resolved()
    if leak_report:
        check_leak_report(settings)
    datasets, tested = (tuple(map(Dataset.open, group)) for group in (paths, test_on))
    clips = choose_clips(datasets, settings.classes, tested)
    for reason, count in clips.left_out.items():
        print(f"left out: {count} clips, {reason}", file=sys.stderr)
    for line in _differences((*datasets, *tested)):
        print(line, file=sys.stderr)
    folds = make_folds(clips, settings)
    return Prepared(settings, datasets, tested, clips, folds, leak_report)


def _differences(datasets: Sequence[Dataset]) -> Iterator[str]:
    """A line for each way in which the datasets' pictures and flow were not made alike."""
    for name in MADE_BY:
        found = {str(dataset.header.settings.get(name)) for dataset in datasets}
        if len(found) > 1:
            yield (
                f"notice: the datasets differ in {name} ({', '.join(sorted(found))}): a network "
                "may learn that in place of the movement"
            )


def plan_tasks(prepared: Prepared, samples: Samples, work: WorkFolder) -> list[FoldTask]:
    """A network a seed and fold, one on everybody, and with the leak report one more a seed."""
    settings, clips = prepared.settings, prepared.clips
    cache = work.cache / cache_key(prepared.every, clips, prepared.kind)
    tasks = []
    count, none = len(prepared.folds), np.arange(0)
    everybody = Fold(count, "everybody", np.arange(len(clips.table)), none)
    wanted = [(seed, fold) for seed in range(settings.seeds) for fold in prepared.folds]
    for seed, fold in [*wanted, (0, everybody)]:
        final = fold is everybody
        who = "on everybody" if final else f"fold {fold.number + 1} of {count} ({fold.name})"
        told = f"seed {seed}, {who}" if settings.seeds > 1 else who
        fit_on, inner = fold.train, None
        if settings.patience:
            share, chance = settings.inner_share, (seed, fold.number)
            fit_on, inner = inner_split(clips, fold.train, share, chance)
        about = _network_description(prepared) if final else None
        base = (work.root, cache, settings, seed, fold.number, told)
        tasks.append(FoldTask(*base, fit_on, fold.test, inner, description=about))
    for seed in range(settings.seeds if prepared.leak_report else 0):
        fit_on, tested = deal_samples(len(samples.clip), seed)
        inner = None
        if settings.patience:  # stopped as its twins are, by samples dealt as carelessly
            rest, by = deal_samples(len(fit_on), seed, settings.inner_share)
            fit_on, inner = fit_on[rest], fit_on[by]
        base = (work.root, cache, settings, seed, count + 1, f"seed {seed}, dealt at random")
        tasks.append(FoldTask(*base, fit_on, tested, inner, by_sample=True))
    return tasks


def _train(tasks: Sequence[FoldTask], workers: int, epochs: int) -> None:
    waiting = [task for task in tasks if not task.done]
    with (
        Progress("training", len(waiting) * epochs, "epochs") as bar,
        closing(for_each(waiting, train_fold, workers, bar)) as outcomes,
    ):
        for _, outcome in outcomes:
            if isinstance(outcome, MexlabError):
                raise outcome


def _network_description(prepared: Prepared) -> dict[str, Any]:
    settings = prepared.settings
    names = ("model", "preset", "options", "input", "frames", "max_frames")
    return {
        **{name: getattr(settings, name) for name in names},
        "classes": list(class_names(settings.classes)),
        "datasets": [dataset.header.content_hash for dataset in prepared.every],
        "build": dict(prepared.every[0].header.settings),  # how frames are made for it
    }


def _dataset(dataset: Dataset) -> dict[str, str]:
    return {"path": str(dataset.root.resolve()), "content_hash": dataset.header.content_hash}
