"""The training benchmarks run, on little; their figures are for a quiet machine."""

import pytest

from benchmarks.learning import peak_motion_px, train, verdicts
from benchmarks.random_dataset import write_random_dataset
from benchmarks.training import SMALL, Trainer, cpu_seconds, efficiency, loso, settings
from mexlab.tables import CLIP_FRAMES, CLIPS
from mexlab.verify import verify_path


def test_a_random_dataset_is_a_valid_one(tmp_path):
    dataset = write_random_dataset(tmp_path / "dataset", 5, 12, frames=2)
    assert verify_path(dataset.root)[0] == []
    CLIPS.validate(dataset.clips(), "clips")
    assert len(dataset.clips()) == 12
    assert len(dataset.subjects) == 5
    frames = dataset.frames("S000")
    CLIP_FRAMES.validate(frames, "frames")
    assert len(frames) == 2 * 3
    # Normal numbers: the largest of 784 vectors is about 3.6 % of the eyes' distance.
    assert 2.0 < peak_motion_px(dataset) < 4.0


def test_speed_is_a_fraction_of_the_ceiling(tmp_path):
    trainer = Trainer(settings(SMALL, 8, "fp32"))
    # 26.5 MFLOP an image.
    assert trainer.forward_flop() == pytest.approx(26.5e6, rel=0.05)
    assert cpu_seconds(trainer.step) > 0
    before = [p.detach().clone() for p in trainer.model.parameters()]
    trainer.step_from_cache()
    assert any((a != b).any() for a, b in zip(before, trainer.model.parameters(), strict=True))
    share, rate = efficiency(SMALL, 8, "fp32", 0.0, matmul_side=256)
    assert 0.001 < share < 1
    assert rate > 1


def test_loso_is_timed_with_its_estimate(capsys):
    assert loso(3, 12, 1) > 0
    said = capsys.readouterr().out
    assert "3 subjects, 12 clips, 1 epochs: estimated about 1 s, 1 at a time" in said


def test_learning_reads_a_run_s_scores(tmp_path):
    write_random_dataset(tmp_path / "dataset", 3, 18, frames=2)
    found = train(tmp_path, "rgb", 1, "tiny")
    assert set(found) == {"rgb", "accuracy", "accuracy in training", "leak"}
    assert train(tmp_path, "rgb", 1, "tiny") == found  # kept, not trained again
    assert 0 <= found["rgb"] <= 1


def test_verdicts_say_what_holds():
    good = {"flow": 0.85, "rgb": 0.3, "leak": 0.9, "shuffled": 0.33}
    assert [line.endswith(": holds") for line in verdicts(good)] == [True] * 4
    bad = {"flow": 0.45, "rgb": 0.3, "leak": 0.4, "shuffled": 0.5}
    assert [line.endswith("DOES NOT HOLD") for line in verdicts(bad)] == [True] * 4
    assert list(verdicts({"rgb": 0.3})) == []
