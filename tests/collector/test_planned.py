"""What a recording would be, before it is started."""

import pytest

from collector.planned import built_film, free_simulated_id, is_simulated, sessions_of, turn_of
from mexlab.errors import InputError
from mexlab.study import Study
from stimuli.compilation import Compilation, FilmScene
from stimuli.schedule import block_order
from tests.collector.desk_study import register, sat


@pytest.fixture
def study(tmp_path):
    return Study.create(tmp_path / "study")


def lay_down_film(study, number, placeholder=True):
    """A compilation as it lies on disk; the film itself is a few bytes."""
    study.film_path(number).write_bytes(b"film")
    Compilation(
        number=number,
        sha256="0" * 64,
        fps=30.0,
        frames=60,
        duration_ns=2 * 10**9,
        width=640,
        height=360,
        placeholder=placeholder,
        fingerprint="0",
        film=study.film_path(number),
        scenes=(FilmScene(1, "neutral", 0, 2 * 10**9),),
    ).write(study.compilation_path(number))


def test_the_turn_says_why_the_schedule_gives_a_film(study):
    turn = turn_of(study, "P012")
    assert (turn.number, turn.block, turn.place) == (12, 2, 4)
    assert turn.compilation == block_order(1, study.settings.seed)[3]
    first, last = turn_of(study, "P001"), turn_of(study, "P008")
    assert (first.block, first.place, last.block, last.place) == (1, 1, 1, 8)
    assert turn_of(study, "Ana") is None


def test_a_film_is_there_when_both_its_files_are(study):
    assert built_film(study, 3) is None
    lay_down_film(study, 3)
    assert built_film(study, 3).placeholder
    study.compilation_path(4).write_text("{")
    assert built_film(study, 4) is None
    study.film_path(3).unlink()
    assert built_film(study, 3) is None


@pytest.mark.parametrize(
    ("camera", "simulated"),
    [("0", False), ("simulated", True), ("simulated:7", True), ("faulty:stops@5:simulated", True)],
)
def test_whom_a_camera_films(study, camera, simulated):
    assert is_simulated(study, camera) is simulated


def test_a_camera_that_cannot_be_named_is_refused(study):
    with pytest.raises(InputError, match="no camera"):
        is_simulated(study, "nonsense")


def test_earlier_sessions_and_a_free_name(study):
    register(study, "T001", simulated=True)
    register(study, "P001")
    sat(study, "P001")
    sat(study, "P001", later_s=60)
    assert len(sessions_of(study, "P001")) == 2
    assert sessions_of(study, "P002") == []
    assert free_simulated_id(study) == "T002"
