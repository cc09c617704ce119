"""Who trains and who tests, under each protocol."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mexlab.errors import InputError
from pipeline.form.dataset import Dataset, column
from pipeline.training.data import TrainingClips, choose_clips
from pipeline.training.protocols import PROTOCOLS, inner_split, make_folds
from pipeline.training.settings import TrainSettings

PEOPLE = {f"P{n:03d}": f"face-{n % 6}" for n in range(9)}
CORPUS = {"s01": "casme2-s01", "s02": "casme2-s02", "s03": "casme2-s03"}


@pytest.fixture
def clips(make_dataset: Callable[..., Path]) -> TrainingClips:
    return choose_clips([Dataset.open(make_dataset(subjects=PEOPLE))], 3)


def _groups(clips: TrainingClips, rows: np.ndarray) -> set[str]:
    return set(np.array(column(clips.table, "group"), dtype=object)[rows])


@pytest.mark.parametrize("protocol", ["loso", "kfold", "holdout"])
def test_no_face_is_on_two_sides(clips: TrainingClips, protocol: str) -> None:
    folds = make_folds(clips, TrainSettings(protocol=protocol, folds=3))
    assert len(folds) == {"loso": 6, "kfold": 3, "holdout": 1}[protocol]
    for fold in folds:
        assert len(fold.train)
        assert len(fold.test)
        assert not _groups(clips, fold.train) & _groups(clips, fold.test)
        assert sorted([*fold.train, *fold.test]) == [*range(len(clips.table))]
    if protocol != "holdout":
        tested = np.concatenate([fold.test for fold in folds])
        assert sorted(tested) == [*range(len(clips.table))]


def test_a_fold_is_named_after_whom_it_tests(clips: TrainingClips) -> None:
    names = [fold.name for fold in make_folds(clips, TrainSettings())]
    assert names == ["P000, P006", "P001, P007", "P002, P008", "P003", "P004", "P005"]


def test_cross_corpus_trains_on_some_sets_and_tests_on_others(
    make_dataset: Callable[..., Path],
) -> None:
    corpus = Dataset.open(make_dataset(subjects=CORPUS, licence="by agreement"))
    own = Dataset.open(make_dataset(subjects=PEOPLE))
    clips = choose_clips([corpus], 7, [own])
    (fold,) = make_folds(clips, TrainSettings(protocol="cross-corpus", classes=7))
    assert _groups(clips, fold.train) == set(CORPUS.values())
    assert _groups(clips, fold.test) == set(PEOPLE.values())


def test_cross_corpus_refuses_people_who_are_in_both(make_dataset: Callable[..., Path]) -> None:
    one = Dataset.open(make_dataset(subjects={"P001": "face-1", "P002": "face-2"}))
    other = Dataset.open(make_dataset(subjects={"Q001": "face-2", "Q002": "face-3"}))
    clips = choose_clips([one], 3, [other])
    with pytest.raises(InputError, match="face-2 is in a training and in a test dataset"):
        make_folds(clips, TrainSettings(protocol="cross-corpus"))


def test_other_protocols_refuse_a_test_dataset(make_dataset: Callable[..., Path]) -> None:
    one = Dataset.open(make_dataset(subjects={"P001": "face-1", "P002": "face-2"}))
    other = Dataset.open(make_dataset(subjects={"Q001": "face-3"}))
    clips = choose_clips([one], 3, [other])
    for protocol in set(PROTOCOLS) - {"cross-corpus"}:
        with pytest.raises(InputError, match="--test-on goes with"):
            make_folds(clips, TrainSettings(protocol=protocol))


def test_inner_split_keeps_to_training_clips_and_parts_their_faces(clips: TrainingClips) -> None:
    for fold in make_folds(clips, TrainSettings()):
        fit_on, inner = inner_split(clips, fold.train, 0.3, (0, fold.number))
        assert sorted([*fit_on, *inner]) == fold.train.tolist()
        assert not _groups(clips, fit_on) & _groups(clips, inner)
        assert len(inner)
        assert inner_split(clips, fold.train, 0.3, (0, fold.number))[1].tolist() == inner.tolist()


def test_subjects_to_stop_by_must_be_there_and_show_what_is_trained(clips: TrainingClips) -> None:
    group = np.array(column(clips.table, "group"), dtype=object)
    with pytest.raises(InputError, match=r"trains on one subject.*; --patience"):
        inner_split(clips, np.flatnonzero(group == "face-1"), 0.3, (0, 0))
    rows = np.flatnonzero((group == "face-1") | (group == "face-2"))
    strangers = dataclasses.replace(clips, target=np.where(group == "face-1", 0, 2))
    with pytest.raises(InputError, match="show no class that a fold's others show; --patience"):
        inner_split(strangers, rows, 0.3, (0, 0))
    assert len(inner_split(clips, rows, 0.3, (0, 0))[1])
