"""The model card says what a network is for, on what it stands, and whose consent it needs."""

import shutil
from pathlib import Path

import pytest
from report_page import edit, trained_run
from synthetic_dataset import write_dataset

from pipeline.form.dataset import Dataset
from pipeline.training.model_card import write_model_card
from pipeline.training.report.read import Reported
from pipeline.training.run import Run

SECTIONS = (
    *("Intended use", "Not to be used for", "Data", "Protocol", "Measures", "Limits"),
    *("Consent and licence", "Training"),
)


@pytest.fixture(scope="module")
def run(small_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained_run(small_dataset, tmp_path_factory.mktemp("card") / "run")


def test_card_has_its_sections_and_the_numbers_of_the_run(run: Path) -> None:
    path = write_model_card(Run(run))
    assert path.parent == Run(run).checkpoint_path.parent
    text = path.read_text()
    assert tuple(line[3:] for line in text.splitlines() if line.startswith("## ")) == SECTIONS
    entry = Reported.read(run)
    assert f"| UF1 | {entry.measure('uf1').told()} |" in text
    assert "value (2 seeds)" in text
    assert f"{entry.metrics['parameters']:,}" in text
    assert "4 of 4 subjects had agreed to training" in text
    own = entry.settings["datasets"][0]
    assert own["content_hash"][:16] in text
    assert str(Path(own["path"]).parent) not in text  # the card travels; paths are nobody's


def test_card_names_a_licence_and_what_is_not_at_hand(run: Path, tmp_path: Path) -> None:
    licensed = write_dataset(tmp_path / "corpus", licence="CASME II, research only")
    copy = shutil.copytree(run, tmp_path / "run")
    own = Reported.read(run).settings["datasets"][0]
    edit(copy / "settings.json", datasets=[{**own, "path": str(licensed)}])
    assert "- corpus, licence: CASME II, research only" in write_model_card(Run(copy)).read_text()
    edit(copy / "settings.json", datasets=[{**own, "path": str(tmp_path / "gone")}])
    assert "- gone: not at hand" in write_model_card(Run(copy)).read_text()
    edit(copy / "settings.json", datasets=[{**own, "content_hash": "0" * 64}])
    assert "changed since the training" in write_model_card(Run(copy)).read_text()


def test_who_is_tested_on_was_trained_on_only_for_the_network_that_is_kept(
    run: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(run, tmp_path / "run")
    other = write_dataset(tmp_path / "others")
    told = {"path": str(other), "content_hash": Dataset.open(other).header.content_hash}
    edit(copy / "settings.json", test_on=[told])
    lines = write_model_card(Run(copy)).read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("- others: audience")]
    assert line.endswith("only they were tested on and then trained on.")
    assert any(line.endswith("only they were trained on.") for line in lines)


def test_a_control_says_that_it_is_none_to_use(run: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(run, tmp_path / "run")
    edit(copy / "settings.json", shuffle_labels=True)
    assert "A control, not a model" in write_model_card(Run(copy)).read_text()
    assert "A control" not in write_model_card(Run(run)).read_text()


def test_a_dataset_tested_on_is_not_said_to_be_unseen(run: Path, tmp_path: Path) -> None:
    """The network in the run folder is trained on everybody, those of --test-on too."""
    copy = shutil.copytree(run, tmp_path / "run")
    own = Reported.read(run).settings["datasets"][0]
    edit(copy / "settings.json", test_on=[own])
    text = write_model_card(Run(copy)).read_text()
    assert "testing; the network kept here was trained on it too" in text
    assert "trained on all subjects. The" in text
    edit(copy / "settings.json", patience=3)
    stopped = write_model_card(Run(copy)).read_text()
    assert "all subjects, but for those whose loss said when to stop. The" in stopped
