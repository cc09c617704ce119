"""The example contact sheet: only of people who agreed to being shown."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from synthetic_dataset import SUBJECTS

from mexlab.fingerprint import built_files
from mexlab.verify import verify_path
from pipeline.form.contact_sheet import MARGIN_PX, SHEET, TILE_PX
from pipeline.form.dataset import Dataset, DatasetHeader, Subject, finish


def _rewritten(root: Path, scopes: dict[str, tuple[str, ...]]) -> str:
    """The card after `finish` with other consents."""
    dataset = Dataset.open(root)
    people = {name: Subject(scopes.get(name, ()), name) for name in dataset.subjects}
    finish(root, DatasetHeader("private", people), dataset.splits())
    return (root / "README.md").read_text()


def _small(encoded: bytes) -> np.ndarray:
    face = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_GRAYSCALE)
    return cv2.resize(face, (TILE_PX, TILE_PX), interpolation=cv2.INTER_AREA).ravel()


def test_only_people_who_agreed_are_on_the_contact_sheet(make_dataset: Callable[..., Path]) -> None:
    root = make_dataset()
    text = _rewritten(root, {"P003": ("recorded", "excerpts"), "P001": ("recorded", "published")})
    assert "agreed to being shown (`excerpts`): P003.\n" in text
    sheet = cv2.imread(str(root / SHEET), cv2.IMREAD_GRAYSCALE)
    assert sheet.shape == (MARGIN_PX + TILE_PX, 6 * TILE_PX)  # one person, five emotions
    faces = {
        (row["clip_id"], row["frame"]): _small(row["image"]["bytes"])
        for subject in SUBJECTS
        for row in Dataset.open(root).frames(subject).to_pylist()
    }
    for place in range(5):  # the first clip of each emotion, at its apex; scenes count from 1
        tile = sheet[MARGIN_PX:, TILE_PX * (place + 1) :][:, :TILE_PX].ravel()
        likest = max(faces, key=lambda key: np.corrcoef(tile, faces[key])[0, 1])
        assert likest == (f"P003-{place + 1}", 2)
    assert SHEET in built_files(root)
    assert verify_path(root)[0] == []


def test_nobody_agreed_and_there_is_no_sheet(make_dataset: Callable[..., Path]) -> None:
    root = make_dataset()
    assert (root / SHEET).is_file()
    text = _rewritten(root, {"P001": ("recorded", "analysed", "published")})
    assert "None: nobody in it has agreed to being shown" in text
    assert SHEET not in text
    assert not (root / SHEET).exists()
    assert SHEET not in built_files(root)


def test_a_sheet_that_nobody_agreed_to_is_found(make_dataset: Callable[..., Path]) -> None:
    root = make_dataset()
    sheet = (root / SHEET).read_bytes()
    _rewritten(root, {})
    (root / SHEET).write_bytes(sheet)
    problems, _ = verify_path(root)
    assert any("have not agreed to being shown" in problem for problem in problems)


def test_a_corpus_has_no_contact_sheet(make_dataset: Callable[..., Path]) -> None:
    root = make_dataset()
    dataset = Dataset.open(root)
    people = {name: Subject(None, name) for name in dataset.subjects}
    finish(root, DatasetHeader("private", people, licence="by agreement"), dataset.splits())
    assert not (root / SHEET).exists()
    assert "is for its licence to say" in (root / "README.md").read_text()
