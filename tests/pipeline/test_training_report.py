"""The report page: the paper's tables with this run's numbers, pictures inside, no network."""

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from mexlab.errors import InputError, TableError
from pipeline.training import report
from pipeline.training.metrics import Predictions
from pipeline.training.report import Reported, duration, seed_scores, write_report
from pipeline.training.train import TrainSettings, train_run

VOID = {"meta", "img", "br"}


class Balanced(HTMLParser):
    """Fails on a tag that is closed out of turn; collects cells and pictures."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []
        self.pictures: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        if tag == "img":
            self.pictures.append(str(dict(attrs)["src"]))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "td":
            self.cells.append(data)


@pytest.fixture(scope="module")
def run(small_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report") / "a <b> run"
    settings = TrainSettings(preset="tiny", epochs=1, seeds=2)
    train_run([small_dataset], settings, out)
    return out


def test_page_holds_the_numbers_and_pictures(run: Path, tmp_path: Path) -> None:
    (entry,) = write_report([run], tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    page = Balanced(text)
    for key in ("accuracy", "weighted_f1", "mse", "mae", "r2"):
        assert f"{entry.metrics[key]:.4f}" in page.cells
    for subject in ("P001, P002", "P003", "P004"):
        assert subject in page.cells
    assert len(page.pictures) == 3
    for picture in page.pictures:
        encoded = picture.removeprefix("data:image/png;base64,")
        assert base64.b64decode(encoded).startswith(b"\x89PNG")
    assert not re.search(r"https?://", text)


def test_several_runs_share_one_page(run: Path, tmp_path: Path) -> None:
    write_report([run, run], tmp_path / "report.html")
    page = Balanced((tmp_path / "report.html").read_text())
    assert page.cells.count("incep-cbam tiny flow 3 (a <b> run)") == 4
    assert len(page.pictures) == 6


def test_several_seeds_show_their_spread(run: Path) -> None:
    entry = Reported.read(run)
    scores = seed_scores(entry.predictions)
    assert scores.shape == (2, 2)
    spread = abs(scores[0, 0] - scores[1, 0]) / 2**0.5
    assert report.testing_row(entry)[0] == f"{entry.metrics['uf1']:.4f} ± {spread:.4f}"


def test_seed_scores_are_of_one_seed_each() -> None:
    predictions = Predictions(
        clip_id=["a", "b"] * 2,
        subject=["P", "Q"] * 2,
        truth=np.array([0, 1] * 2),
        probabilities=np.eye(2, dtype=np.float32)[[0, 1, 1, 0]],
        fold=np.zeros(4, np.int64),
        seed=np.array([0, 0, 1, 1]),
    )
    assert seed_scores(predictions).tolist() == [[1, 1], [0, 0]]


def test_no_run_and_damaged_run(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no training run here"):
        write_report([tmp_path], tmp_path / "report.html")
    (tmp_path / "metrics.json").write_text("{")
    with pytest.raises(TableError, match="damaged or missing metrics"):
        write_report([tmp_path], tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "under 1 s"), (518, "8 min 38 s"), (6358, "1 h 45 min 58 s"), (60, "1 min")],
)
def test_durations_read_as_in_the_paper(seconds: float, text: str) -> None:
    assert duration(seconds) == text
