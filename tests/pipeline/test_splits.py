"""No person and no face on two sides, whatever the clips."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mexlab.errors import InputError, TableError
from mexlab.tables import SPLITS
from pipeline.splits import assert_disjoint, holdout, kfold, loso


def _clips(groups: dict[str, str], clips_each: list[int]) -> pa.Table:
    """A clips table, with the columns splits look at."""
    rows = [
        {"clip_id": f"{subject}-{n}", "subject": subject, "group": group}
        for (subject, group), count in zip(groups.items(), clips_each, strict=True)
        for n in range(count)
    ]
    schema = pa.schema([(name, pa.string()) for name in ("clip_id", "subject", "group")])
    return pa.Table.from_pylist(rows, schema)


@st.composite
def clip_tables(draw: st.DrawFn) -> pa.Table:
    """1-9 subjects in 2-5 groups, 1-6 clips each."""
    faces = draw(
        st.lists(st.integers(0, 4), min_size=2, max_size=9).filter(lambda f: len({*f}) > 1)
    )
    counts = draw(st.lists(st.integers(1, 6), min_size=len(faces), max_size=len(faces)))
    return _clips({f"P{n:03d}": f"face{face}" for n, face in enumerate(faces)}, counts)


def _tested(splits: pa.Table) -> list[str]:
    return [row["clip_id"] for row in splits.to_pylist() if row["role"] == "test"]


@given(clip_tables())
def test_loso_tests_every_clip_once(clips: pa.Table) -> None:
    splits = loso(clips)
    SPLITS.validate(splits, "loso")
    assert_disjoint(splits, clips)
    assert sorted(_tested(splits)) == sorted(clips["clip_id"].to_pylist())
    assert len(splits["fold"].unique()) == len(clips["group"].unique())
    assert len(splits) == len(splits["fold"].unique()) * len(clips)


@given(clip_tables(), st.integers(2, 5), st.integers(0, 9))
def test_kfold_tests_every_clip_once(clips: pa.Table, k: int, seed: int) -> None:
    groups = len(clips["group"].unique())
    if k > groups:
        with pytest.raises(InputError, match="folds of"):
            kfold(clips, k, seed)
        return
    splits = kfold(clips, k, seed)
    assert_disjoint(splits, clips)
    assert sorted(_tested(splits)) == sorted(clips["clip_id"].to_pylist())
    assert splits.equals(kfold(clips, k, seed))
    by_fold = splits.filter(pa.array(role == "test" for role in splits["role"].to_pylist()))
    assert len(by_fold["fold"].unique()) == k  # no fold is empty


@given(clip_tables(), st.floats(0.05, 0.95), st.integers(0, 9))
def test_holdout_has_both_sides(clips: pa.Table, share: float, seed: int) -> None:
    splits = holdout(clips, share, seed)
    assert_disjoint(splits, clips)
    assert len(splits) == len(clips)
    assert 0 < len(_tested(splits)) < len(clips)


def test_kfold_balances_clips() -> None:
    clips = _clips({f"P{n}": f"P{n}" for n in range(6)}, [9, 1, 2, 3, 3, 9])
    sizes = [0, 0, 0]
    for row in kfold(clips, 3, seed=0).to_pylist():
        sizes[row["fold"]] += row["role"] == "test"
    assert sizes == [9, 9, 9]


def test_participants_with_one_face_stay_together() -> None:
    clips = _clips({"P001": "cat", "P002": "cat", "P003": "dog"}, [1, 1, 1])
    first = [row for row in loso(clips).to_pylist() if row["fold"] == 0]
    assert [row["role"] for row in first] == ["test", "test", "train"]


def test_one_group_gives_no_fold() -> None:
    clips = _clips({"P001": "P001"}, [3])
    assert len(loso(clips)) == 0
    with pytest.raises(InputError, match="one group"):
        holdout(clips)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"clip_id": "P001-0", "subject": "P001"}, "clip P001-0 is both test and train"),
        ({"clip_id": "P001-1", "subject": "P001"}, "subject P001 is both"),
        ({"clip_id": "P002-0", "subject": "P002"}, "group cat is both"),
        ({"clip_id": "P003-0", "subject": "P001"}, "P003-0 of P001 is not in"),
        ({"clip_id": "unknown", "subject": "P001"}, "unknown of P001 is not in"),
    ],
)
def test_leaks_are_found(row: dict[str, str], says: str) -> None:
    clips = _clips({"P001": "cat", "P002": "cat", "P003": "dog"}, [2, 1, 1])
    rows = [
        {"protocol": "x", "fold": 0, "clip_id": "P001-0", "subject": "P001", "role": "test"},
        {"protocol": "x", "fold": 0, "role": "train", **row},
    ]
    with pytest.raises(TableError, match=says):
        assert_disjoint(pa.Table.from_pylist(rows, SPLITS.schema), clips)


def test_other_folds_may_swap_sides() -> None:
    clips = _clips({"P001": "P001", "P002": "P002"}, [1, 1])
    assert_disjoint(loso(clips), clips)
