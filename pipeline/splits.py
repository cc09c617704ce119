"""Who trains and who tests: splits that never put one person, or one face, on two sides.

Reads a clips table; gives rows of the splits table (protocol, fold, clip_id, subject, role).
The column `group` is the subject, or the base face of a simulated participant, of which there
may be several: whole groups go to one side.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from mexlab.errors import InputError, TableError
from mexlab.tables import SPLITS
from pipeline.form.dataset import column

FOLDS = 5  # of the k-fold that every dataset comes with
SPLIT_SEED = 0


def loso(clips: pa.Table) -> pa.Table:
    """Leave one subject (strictly: one group) out: a fold a group, in the groups' order.

    Fewer than two groups leave nothing to train on, hence no fold and no rows.
    """
    groups = _groups(clips)
    return _folds("loso", clips, [[group] for group in groups] if len(groups) > 1 else [])


def kfold(clips: pa.Table, k: int, seed: int) -> pa.Table:
    """`k` folds of whole groups, with about the same number of clips in each.

    The largest group goes first, always to the emptiest fold; `seed` decides between equals.
    Raises InputError unless 2 <= k <= number of groups.
    """
    groups = _groups(clips)
    if not 2 <= k <= len(groups):
        what = f"{k} folds of {len(groups)} groups"
        raise InputError(what, "kfold", "choose k from 2 to the number of subjects")
    size = _sizes(clips)
    tests: list[list[str]] = [[] for _ in range(k)]
    for group in sorted(_shuffled(groups, seed), key=lambda group: -size[group]):
        # An empty fold goes first, so that none is left without a group.
        min(tests, key=lambda fold: sum(size[member] for member in fold)).append(group)
    return _folds("kfold", clips, tests)


def standard(clips: pa.Table) -> pa.Table:
    """The splits every dataset comes with: LOSO, and a k-fold where there are groups enough."""
    groups = len(_groups(clips))
    tables = [loso(clips)]
    if groups > 1:
        tables.append(kfold(clips, min(FOLDS, groups), SPLIT_SEED))
    return pa.concat_tables(tables)


def holdout(clips: pa.Table, test_share: float = 0.2, seed: int = 0) -> pa.Table:
    """One fold: whole groups, drawn by `seed`, until they hold `test_share` of the clips.

    Both sides hold one group or more. Raises InputError with fewer than two groups.
    """
    groups = _shuffled(_groups(clips), seed)
    if len(groups) < 2:
        raise InputError("one group cannot be split", "holdout", "add another subject")
    size = _sizes(clips)
    test = groups[:1]
    for group in groups[1:-1]:
        if sum(size[member] for member in test) >= test_share * len(clips):
            break
        test.append(group)
    return _folds("holdout", clips, [test])


def assert_disjoint(splits: pa.Table, clips: pa.Table) -> None:
    """Raise TableError if a fold has a subject, a group or a clip on two sides."""
    for what in overlaps(splits, clips):
        raise TableError(what, "splits", "make the splits again from the clips")


def overlaps(splits: pa.Table, clips: pa.Table) -> Iterator[str]:
    """Every subject, group or clip that a fold has on two sides, once a fold.

    Subject and group are looked up in `clips`, so a wrong subject in `splits` is found too.
    """
    known = {
        clip: (subject, group)
        for clip, subject, group in zip(
            *(column(clips, name) for name in ("clip_id", "subject", "group")), strict=True
        )
    }
    roles: dict[tuple[str, int, str, str], str] = {}
    told: set[tuple[str, int, str, str]] = set()
    for row in splits.to_pylist():
        clip = row["clip_id"]
        if clip not in known or known[clip][0] != row["subject"]:
            yield f"clip {clip} of {row['subject']} is not in the clips table"
            continue
        subject, group = known[clip]
        for kind, name in (("clip", clip), ("subject", subject), ("group", group)):
            key = (row["protocol"], row["fold"], kind, name)
            role = roles.setdefault(key, row["role"])
            if role != row["role"] and key not in told:
                told.add(key)
                fold = f"{row['protocol']} fold {row['fold']}"
                yield f"{kind} {name} is both {role} and {row['role']} in {fold}"


def _groups(clips: pa.Table) -> list[str]:
    return sorted(set(column(clips, "group")))


def _sizes(clips: pa.Table) -> dict[str, int]:
    return Counter(column(clips, "group"))


def _shuffled(groups: list[str], seed: int) -> list[str]:
    order = np.random.default_rng(seed).permutation(len(groups))
    return [groups[index] for index in order]


def _folds(protocol: str, clips: pa.Table, tests: Sequence[Sequence[str]]) -> pa.Table:
    """A row per fold and clip: `test` for the groups named in `tests[fold]`, else `train`."""
    group = np.array(column(clips, "group"), dtype=object)
    roles = [np.where(np.isin(group, list(test)), "test", "train") for test in tests]
    return SPLITS.build(
        {
            "protocol": [protocol] * (len(tests) * len(clips)),
            "fold": np.repeat(np.arange(len(tests)), len(clips)),
            "clip_id": column(clips, "clip_id") * len(tests),
            "subject": column(clips, "subject") * len(tests),
            "role": np.concatenate(roles).tolist() if roles else [],
        }
    )
