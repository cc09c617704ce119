"""Who trains and who tests: the folds of a protocol, from the clips that remain.

Folds are made anew from the clips chosen for training (`pipeline.splits` leaves no choice), so
clips left out for consent or for want of a label do not disturb them. Whole groups (a subject, or
the base face of simulated participants) go to one side, always; it is checked, not assumed.

A new protocol is a function here and a line in PROTOCOLS.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mexlab.errors import InputError
from mexlab.tables import SPLITS
from pipeline import splits
from pipeline.form.dataset import column
from pipeline.training.data import TrainingClips
from pipeline.training.settings import TrainSettings

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Fold:
    """Rows of the clips table that train and that test, each rising; `name` says who is tested."""

    number: int
    name: str
    train: Rows
    test: Rows


def make_folds(clips: TrainingClips, settings: TrainSettings) -> list[Fold]:
    """The folds of `settings.protocol`. Raises InputError where it cannot be had of these clips."""
    if settings.protocol not in PROTOCOLS:
        known = ", ".join(PROTOCOLS)
        what = f"no protocol {settings.protocol!r}"
        raise InputError(what, "--protocol", f"use one of: {known}")
    if clips.testing.any() != (settings.protocol == "cross-corpus"):
        what = "--test-on goes with --protocol cross-corpus, and it with --test-on"
        raise InputError(what, "--protocol", "give both or neither")
    roles = PROTOCOLS[settings.protocol](clips, settings)
    splits.assert_disjoint(roles, clips.table)
    return _sides(roles, clips.table)


def inner_split(
    clips: TrainingClips, train: Rows, share: float, seed: tuple[int, ...]
) -> tuple[Rows, Rows]:
    """A fold's training clips split again by group: (to fit on, to stop by), both rising.

    Only training clips come in, so no choice made with it can know a test subject. Raises
    InputError where one side shows nothing of the other: one group alone, or no class in common.
    """
    table = clips.table.take(train)
    if len(table["group"].unique()) < 2:
        what = "a fold trains on one subject, which leaves no other to stop by"
        raise InputError(what, "--patience", "leave it out, or add subjects")
    number = int(np.random.SeedSequence(seed).generate_state(1)[0])
    (fold,) = _sides(splits.holdout(table, share, number), table)
    fit_on, inner = train[fold.train], train[fold.test]
    if not np.isin(clips.target[inner], clips.target[fit_on]).any():
        what = "the subjects to stop by show no class that a fold's others show"
        raise InputError(what, "--patience", "leave it out, or add subjects")
    return fit_on, inner


def _loso(clips: TrainingClips, _: TrainSettings) -> pa.Table:
    return splits.loso(clips.table)


def _holdout(clips: TrainingClips, settings: TrainSettings) -> pa.Table:
    return splits.holdout(clips.table, settings.test_share, settings.split_seed)


def _kfold(clips: TrainingClips, settings: TrainSettings) -> pa.Table:
    return splits.kfold(clips.table, settings.folds, settings.split_seed)


def _composite(clips: TrainingClips, _: TrainSettings) -> pa.Table:
    """MEGC2019: leave one subject out over all sets together; scores pooled and for each set."""
    sources = pc.unique(clips.table["source"]).to_pylist()
    if len(sources) < 2:
        what = f"a composite of one set ({sources[0]})"
        raise InputError(what, "--protocol composite", "give several datasets, or use loso")
    return splits.loso(clips.table)


def _cross_corpus(clips: TrainingClips, _: TrainSettings) -> pa.Table:
    """One fold: the datasets given train, those of --test-on test."""
    group = np.array(column(clips.table, "group"), dtype=object)
    shared = sorted(set(group[clips.testing]) & set(group[~clips.testing]))
    if shared:
        what = f"{shared[0]} is in a training and in a test dataset"
        raise InputError(what, "--test-on", "test on people nobody trained on")
    if len(np.unique(clips.target[~clips.testing])) < 2:
        what = "the training datasets have clips of fewer than two classes"
        raise InputError(what, "--protocol cross-corpus", "add labelled clips")
    return SPLITS.build(
        {
            "protocol": ["cross-corpus"] * len(clips.table),
            "fold": np.zeros(len(clips.table), np.int16),
            "clip_id": column(clips.table, "clip_id"),
            "subject": column(clips.table, "subject"),
            "role": np.where(clips.testing, "test", "train").tolist(),
        }
    )


PROTOCOLS: dict[str, Callable[[TrainingClips, TrainSettings], pa.Table]] = {
    "loso": _loso,
    "holdout": _holdout,
    "kfold": _kfold,
    "cross-corpus": _cross_corpus,
    "composite": _composite,
}


def _sides(roles: pa.Table, clips: pa.Table) -> list[Fold]:
    row = {name: index for index, name in enumerate(column(clips, "clip_id"))}
    where = np.array([row[name] for name in column(roles, "clip_id")], dtype=np.int64)
    fold, role = np.array(column(roles, "fold")), np.array(column(roles, "role"))
    subject = np.array(column(clips, "subject"), dtype=object)
    sides = []
    for number in np.unique(fold):
        train = np.sort(where[(fold == number) & (role == "train")])
        test = np.sort(where[(fold == number) & (role == "test")])
        sides.append(Fold(int(number), ", ".join(sorted(set(subject[test]))), train, test))
    return sides
