"""A build killed at any moment goes on, and gives what it would have given."""

import random
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest
from child_builds import COUNT, LINES, OPTIONS, build_here, child_build

from benchmarks.building_study import write_recording, write_study
from mexlab.atomic import work_folder
from mexlab.errors import InputError
from mexlab.study import Study
from mexlab.verify import verify_path
from pipeline.cli import pipeline
from pipeline.form.dataset import Dataset
from tests.conftest import refused

SUBJECTS = 3


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Three subjects of two clips each. Read only."""
    root = tmp_path_factory.mktemp("resume")
    recording = write_recording(root / "a.mp4", 9, (320, 180))
    return write_study(root / "study", [recording] * SUBJECTS)


@pytest.fixture(scope="module")
def uninterrupted(study: Study) -> str:
    """The content hash of a build that nothing interrupted."""
    found, subjects = build_here(study.root, study.root.with_name("whole"))
    assert subjects == "3 built"
    return found


def hash_of(out: Path) -> str:
    """The content hash of a dataset that is whole to the last file, whatever lies beside it."""
    problems = verify_path(out)[0]
    assert [problem for problem in problems if "an unfinished build" not in problem] == []
    return Dataset.open(out).header.content_hash


def test_killed_at_ten_random_moments_it_goes_on_to_the_same_dataset(
    study: Study, uninterrupted: str, tmp_path: Path
) -> None:
    first = child_build(study.root, tmp_path / "timed")
    started = time.monotonic()
    first.join()
    assert first.exitcode == 0
    seconds = time.monotonic() - started
    chance = random.Random(6)
    kept = 0
    for number in range(10):
        out = tmp_path / f"out{number}"
        child = child_build(study.root, out)
        child.join(chance.uniform(0, seconds))
        child.kill()
        child.join()
        if child.exitcode == -signal.SIGKILL and out.exists():
            assert hash_of(out) == uninterrupted  # killed while it cleared up
        found, subjects = build_here(study.root, out)
        assert found == uninterrupted == hash_of(out)
        kept += subjects != "3 built"
    assert kept  # or it was never killed with a subject finished
    names = {path.name for path in tmp_path.iterdir()} - {LINES, COUNT}
    assert names == {"timed", *(f"out{number}" for number in range(10))}


def test_killed_between_any_two_steps_the_old_dataset_stays_until_the_new_one_stands(
    study: Study, uninterrupted: str, tmp_path: Path
) -> None:
    """Each step is a file or folder that is made, renamed, linked or removed."""
    out, kept = tmp_path / "out", tmp_path / "kept"
    old, _ = build_here(study.root, kept, "--fps", "3")
    assert old != uninterrupted
    child_build(study.root, tmp_path / "counted").join()
    steps = int((tmp_path / COUNT).read_text())
    chance = random.Random(7)
    # The last steps put the new dataset in place of the old one, and clear up.
    moments = [*chance.sample(range(1, steps), 3), *chance.sample(range(steps - 30, steps), 5)]
    found = set()
    for moment in moments:
        shutil.copytree(kept, out)
        child = child_build(study.root, out, kill_at=moment)
        child.join()
        assert child.exitcode == -signal.SIGKILL, (tmp_path / LINES).read_text()
        if out.exists():
            found.add(hash_of(out))
        assert build_here(study.root, out)[0] == uninterrupted == hash_of(out)
        assert {path.name for path in tmp_path.glob(".*")} == set()
        shutil.rmtree(out)
    assert found == {old, uninterrupted}


def test_killed_between_the_two_renames_the_old_dataset_is_put_back(
    study: Study, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    old, _ = build_here(study.root, out)
    out.rename(tmp_path / ".out.999999999.old")
    assert build_here(study.root, out) == (old, "3 unchanged")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_was_finished_is_not_built_again(study: Study, uninterrupted: str, tmp_path: Path):
    out, work = tmp_path / "out", tmp_path / ".out.building"
    child = child_build(study.root, out)
    while child.is_alive() and len(finished(work)) < 2:
        time.sleep(0.002)
    child.kill()
    child.join()
    before = {path.name: path.stat().st_ino for path in finished(work)}
    assert 2 <= len(before) <= SUBJECTS
    found, subjects = build_here(study.root, out)
    assert found == uninterrupted
    assert f"{len(before)} finished by an earlier run" in subjects
    assert not work.exists()


def test_what_was_finished_with_other_settings_is_of_no_use(
    study: Study, uninterrupted: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    interrupt(study, out, "--fps", "3")
    assert len(finished(tmp_path / ".out.building")) == SUBJECTS
    assert build_here(study.root, out) == (uninterrupted, "3 built")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_full_disk_is_one_line_and_costs_nothing_that_was_finished(
    study: Study, uninterrupted: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    largest = max(
        path.stat().st_size for path in study.root.with_name("whole").glob("frames/*.parquet")
    )
    child = child_build(study.root, out, most_bytes=largest // 2)
    child.join()
    *_, last = (tmp_path / LINES).read_text().splitlines()
    assert child.exitcode == 1
    assert last.startswith("error: File too large; ")
    assert last.endswith("free some space and run it again: finished subjects are kept")
    assert not out.exists()
    interrupt(study, out)
    assert build_here(study.root, out) == (uninterrupted, "3 finished by an earlier run")


def test_two_builds_of_one_dataset_do_not_meet(study: Study, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with work_folder(out):
        caught = []

        def other() -> None:
            caught.append(refused(pipeline, "build-dataset", study.root, out, *OPTIONS))

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert "another process is writing this" in caught[0]
    assert not list(tmp_path.iterdir())


def test_a_mistake_leaves_nothing_and_an_interruption_what_is_finished(tmp_path: Path) -> None:
    for error, left in ((InputError("a", "b", "c"), []), (KeyboardInterrupt(), ["done", "lock"])):
        with pytest.raises(type(error)), work_folder(tmp_path / "out") as work:
            (work / "done").mkdir()
            (work / ".half.1.tmp").mkdir()
            raise error
        found = tmp_path.glob(".out.building/*")
        assert sorted(path.name for path in found) == left
    with pytest.raises(KeyboardInterrupt), work_folder(tmp_path / "none"):
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == [".out.building"]


def finished(work: Path) -> list[Path]:
    """The folders of finished subjects."""
    return [path for path in work.glob("*") if path.is_dir() and not path.name.startswith(".")]


def interrupt(study: Study, out: Path, *more: str) -> None:
    """Ctrl-C when all subjects are finished."""
    from pipeline.build import build_dataset
    from pipeline.frames.settings import BuildSettings

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    fps = float(more[1]) if more else 5.0
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("pipeline.build.finish", interrupted)
        build_dataset(study, out, BuildSettings(fps, 64), "private", 1)
