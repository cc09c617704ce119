"""The leak audit finds what was planted, between groups only, and fails the build with it."""

import pickle
import shutil
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from corpus_trees import face_picture, rows_of, write_frames, write_sheet
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from synthetic_dataset import table

from mexlab.session import Session, SessionHeader
from mexlab.study import Study
from mexlab.tables import CLIP_FRAMES, CLIPS, FRAMES, SPLITS
from pipeline.audit import LISTED, LeakError, find_leaks, refuse_leaks
from pipeline.cli import pipeline
from pipeline.form.dataset import clips_path, frames_path, write_subject
from pipeline.phash import close_pairs, correlations, phash, thumbnail

Grey = NDArray[np.uint8]


def grey_face(person: int) -> Grey:
    return np.asarray(cv2.cvtColor(face_picture(224, person), cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def encoded(grey: Grey, quality: int = 95) -> bytes:
    return cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def shifted(grey: Grey, px: int) -> Grey:
    return np.roll(grey, px, axis=1)


def show(root: Path, subject: str, pictures: dict[int, bytes]) -> None:
    """Put pictures in place of those in rows of a subject's frames."""
    frames = CLIP_FRAMES.read(frames_path(root, subject)).to_pylist()
    for row, picture in pictures.items():
        frames[row]["image"]["bytes"] = picture
    CLIP_FRAMES.write(frames_path(root, subject), table(CLIP_FRAMES, frames))


def change_clips(root: Path, subject: str, row: int, **cells: Any) -> None:
    clips = CLIPS.read(clips_path(root, subject)).to_pylist()
    clips[row] |= cells
    # Written as the dataset's writer does it, or the subjects' files would not fit together.
    frames = CLIP_FRAMES.read(frames_path(root, subject))
    write_subject(root, subject, table(CLIPS, clips), [frames])


def test_a_clean_dataset_passes(small_dataset: Path) -> None:
    assert find_leaks(small_dataset) == []
    refuse_leaks(small_dataset, small_dataset)


def test_the_same_picture_of_two_people(make_dataset: Callable[..., Path]) -> None:
    root = make_dataset()
    face = encoded(grey_face(0))
    show(root, "P001", {5: face, 9: face})  # row 5 is neither first, apex nor last of its clip
    show(root, "P004", {13: face})
    (leak,) = find_leaks(root)
    assert leak == (
        "P001 and P004: 1 picture is the same, as frame 1 of P001-2 and frame 1 of P004-4"
    )


@pytest.mark.parametrize(
    "again",
    [
        lambda face: encoded(face, 40),
        lambda face: encoded(shifted(face, 1)),
        lambda face: encoded(cv2.convertScaleAbs(face, alpha=0.8, beta=20)),
        lambda face: encoded(cv2.resize(face, (112, 112), interpolation=cv2.INTER_AREA)),
    ],
    ids=["recompressed", "shifted", "brightened", "scaled"],
)
@pytest.mark.parametrize("person", [0, 1, 2])
def test_pictures_alike_of_two_people(
    again: Callable[[Grey], bytes], person: int, make_dataset: Callable[..., Path]
) -> None:
    root = make_dataset()
    face = grey_face(person)
    show(root, "P001", {4: encoded(face)})
    show(root, "P003", {3: again(face)})
    (leak,) = find_leaks(root)
    assert leak.startswith(
        "P001 and P003: 1 pairs of frames look alike, most of all "
        "frame 0 of P001-2 and frame 3 of P003-1 ("
    )


def test_three_people_are_not_alike(make_dataset: Callable[..., Path]) -> None:
    root = make_dataset()
    for person, subject in enumerate(("P001", "P003", "P004")):
        show(root, subject, {0: encoded(grey_face(person))})
    assert find_leaks(root) == []
    thumbs = np.stack([thumbnail(grey_face(person)) for person in range(3)])
    pairs = np.array(list(combinations(range(3), 2)))
    assert correlations(thumbs, pairs).max() < 0.9


def test_one_group_may_share_a_face(make_dataset: Callable[..., Path]) -> None:
    root = make_dataset()
    show(root, "P001", {0: encoded(grey_face(0))})
    show(root, "P002", {0: encoded(grey_face(0)), 4: encoded(shifted(grey_face(0), 1))})
    assert find_leaks(root) == []


def test_pictures_that_show_nothing_are_nobody(make_dataset: Callable[..., Path]) -> None:
    root = make_dataset()
    for subject in ("P001", "P003"):
        show(root, subject, {0: encoded(np.full((56, 56), 128, np.uint8))})
    assert find_leaks(root) == []


def test_a_clip_under_two_subjects(make_dataset: Callable[..., Path]) -> None:
    root = make_dataset()
    for subject in ("P001", "P004"):
        change_clips(root, subject, 0, session="P001-20261123T101500")
    assert find_leaks(root) == ["P001 and P004: session P001-20261123T101500 is of both"]
    for subject in ("P001", "P002"):
        change_clips(root, subject, 1, session="P002-20261123T101500")
    assert len(find_leaks(root)) == 1  # P002 is of the group of P001


def test_two_sides_of_a_split(make_dataset: Callable[..., Path]) -> None:
    root = make_dataset()
    rows = SPLITS.read(root / "splits.parquet").to_pylist()
    at = next(n for n, row in enumerate(rows) if row["subject"] == "P004" and row["fold"] == 0)
    rows[at]["role"] = {"train": "test", "test": "train"}[rows[at]["role"]]
    SPLITS.write(root / "splits.parquet", table(SPLITS, rows))
    assert find_leaks(root) == [
        "subject P004 is both test and train in loso fold 0",
        "group face-c is both test and train in loso fold 0",
    ]


def session(
    root: Path, participant: str, sha256: str, started_at: str, frames: int = 3, origin: str = ""
) -> Session:
    """A session folder with what the audit reads of it."""
    made = Session(root / f"{participant}-20261123T101500")
    made.root.mkdir(parents=True)
    camera = {"started_at_from": origin} if origin else {}
    made.write_header(
        SessionHeader(
            session=made.id,
            participant=participant,
            started_at=started_at,
            recording="webcam.mp4",
            recording_sha256=sha256,
            source="imported",
            camera=camera,
        )
    )
    times = np.arange(frames) * 33_000_000
    columns = {"frame": np.arange(frames), "capture_ns": times, "pts_ns": times}
    FRAMES.write(made.frames_path, FRAMES.build({**columns, "dropped_before": [0] * frames}))
    return made


EARLY, LATE = "2026-11-23T10:15:00.123+00:00", "2026-11-23T11:15:00.123+00:00"


@pytest.mark.parametrize(
    ("other", "how", "says"),
    [
        ("P004", {"sha256": "aa", "started_at": LATE}, "hold the same recording"),
        (
            "P004",
            {"sha256": "bb", "started_at": "2026-11-23T11:15:00.123+01:00"},
            "start in the same instant and have 3 frames each",
        ),
        ("P004", {"sha256": "bb", "started_at": EARLY, "frames": 4}, None),
        ("P004", {"sha256": "bb", "started_at": EARLY, "origin": "file time"}, None),
        ("P004", {"sha256": "bb", "started_at": LATE}, None),
        ("P002", {"sha256": "aa", "started_at": EARLY}, None),  # of the group of P001
    ],
)
def test_one_recording_under_two_ids(
    other: str, how: dict[str, Any], says: str | None, small_dataset: Path, tmp_path: Path
) -> None:
    sessions = [session(tmp_path, "P001", "aa", EARLY), session(tmp_path, other, **how)]
    expected = f"P001 and {other}: sessions {sessions[0].id} and {sessions[1].id} {says}"
    assert find_leaks(small_dataset, sessions) == ([expected] if says else [])


def test_the_error_lists_the_first_and_counts_the_rest(make_dataset: Callable[..., Path]) -> None:
    root = make_dataset(subjects={f"P{n:03d}": f"P{n:03d}" for n in range(23)}, shown=("anger",))
    face = encoded(grey_face(0))
    for n in range(23):
        show(root, f"P{n:03d}", {0: face})
    with pytest.raises(LeakError, match=r"253 leaks: P000 and P001: .*; my-dataset; ") as caught:
        refuse_leaks(root, Path("my-dataset"))
    assert len(caught.value.leaks) == 23 * 22 // 2
    assert caught.value.lines()[LISTED:] == ["and 233 more"]
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.leaks) == (str(caught.value), caught.value.leaks)


def test_an_import_with_one_person_under_two_ids_fails_with_the_pair(tmp_path: Path) -> None:
    moments = {"onset": 5, "apex": 9, "offset": 14}
    cells = [{**rows_of("casme2")[0], **moments, "subject": n, "filename": "EP01"} for n in (1, 2)]
    root, out = tmp_path / "casme2", tmp_path / "out"
    write_sheet(root, "casme2", cells)
    for n in (1, 2):
        write_frames(root / f"Cropped/sub0{n}/EP01", range(5, 15), 9, "reg_img{}.jpg")
    command = ["import", "casme2", str(root), str(out), "--size", "96", "--workers", "1"]
    result = CliRunner().invoke(pipeline, command)
    assert result.exit_code == 1
    *_, leak, error = result.stderr.splitlines()
    assert leak.startswith("leak sub01 and sub02: ")
    assert "the same, as frame 0 of casme2-sub01-EP01 and frame 0 of casme2-sub02-EP01" in leak
    assert error.startswith("error: one person under two ids or on two sides of a split (1 leak: ")
    assert str(out) in error
    assert [path.name for path in tmp_path.iterdir()] == ["casme2"]


def test_a_study_with_one_person_under_two_ids_fails_with_the_pairs(
    located_study: Study, tmp_path: Path
) -> None:
    root = tmp_path / "study"
    shutil.copytree(located_study.root, root)
    study = Study.open(root)
    first = study.session("R001")
    second = study.sessions_path / first.id.replace("R001", "R009")
    shutil.copytree(first.root, second)
    text = (root / "participants/R001.json").read_text()
    (root / "participants/R009.json").write_text(text.replace("R001", "R009"))
    header = second / "session.json"
    header.write_text(header.read_text().replace("R001", "R009"))
    command = ["build-dataset", str(root), str(tmp_path / "out"), "--fps", "4", "--size", "64"]
    result = CliRunner().invoke(pipeline, [*command, "--workers", "1"])
    assert result.exit_code == 1
    recording, pictures, error = result.stderr.splitlines()[-3:]
    assert recording == (
        f"leak R001 and R009: sessions {first.id} and {second.name} hold the same recording"
    )
    assert pictures.startswith("leak R001 and R009: ")
    assert "pictures are the same, as frame 0 of" in pictures
    assert error.startswith("error: one person under two ids or on two sides of a split (2 leaks: ")
    assert [path.name for path in tmp_path.iterdir()] == ["study"]


@given(st.lists(st.integers(0, 2**64 - 1), max_size=12), st.integers(0, 7), st.data())
def test_no_close_pair_is_missed(seeds: list[int], max_bits: int, data: st.DataObject) -> None:
    """Against comparing all with all, on hashes of which some are near copies of others."""
    flips = st.lists(st.integers(0, 63), max_size=9)
    near = [seed ^ sum(1 << bit for bit in set(data.draw(flips))) for seed in seeds]
    hashes = np.array([*seeds, *near], dtype=np.uint64)
    drawn = data.draw(st.lists(st.integers(0, 3), min_size=len(hashes), max_size=len(hashes)))
    groups = np.array(drawn, dtype=np.int64)
    expected = [
        [i, j]
        for i, j in combinations(range(len(hashes)), 2)
        if groups[i] != groups[j] and int(hashes[i] ^ hashes[j]).bit_count() <= max_bits
    ]
    assert close_pairs(hashes, groups, max_bits).tolist() == expected


def test_hashes_of_one_person_differ_less_than_of_two() -> None:
    hashes = [phash(thumbnail(grey_face(person))) for person in range(3)]
    for person, own in enumerate(hashes):
        moved = phash(thumbnail(shifted(grey_face(person), 1)))
        assert (own ^ moved).bit_count() <= 4
        assert all((own ^ other).bit_count() > 8 for other in hashes if other != own)


def test_ten_thousand_hashes_take_no_time() -> None:
    """All with all would be 50 million comparisons, and 400 MB at once."""
    chance = np.random.default_rng(0)
    hashes = chance.integers(0, 2**64, 10_000, dtype=np.uint64)
    hashes[7_000] = hashes[3] ^ np.uint64(0b1011)
    pairs = close_pairs(hashes, np.arange(10_000), 4)
    assert pairs.tolist() == [[3, 7_000]]
