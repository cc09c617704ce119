"""Moments of the film and of the session: the same until the film was paused."""

import numpy as np
import pytest

from collector.form.items import Item
from mexlab.tables import PRESENTATION
from mexlab.timebase import NS_PER_S

FRAME_NS = 40_000_000


@pytest.fixture
def scene(tmp_path):
    """A scene of two seconds from second 10 of a film that stood still for 5 s in its middle."""
    frames = np.arange(400)
    media = frames * FRAME_NS
    shown = NS_PER_S + media + np.where(media > 11 * NS_PER_S, 5 * NS_PER_S, 0)
    table = PRESENTATION.build(
        {"stimulus_frame": frames, "media_ns": media, "shown_ns": shown, "delivered_ns": shown}
    )
    PRESENTATION.write(tmp_path / "presentation.parquet", table)
    log = tmp_path / "presentation.parquet"
    return Item(1, None, 7 * NS_PER_S, tmp_path, 10 * NS_PER_S, 12 * NS_PER_S, log)


def test_before_the_pause_nothing_changes(scene):
    assert scene.in_session(0) == 0
    assert scene.in_session(500_000_000) == 500_000_000


def test_after_the_pause_the_session_is_later(scene):
    assert scene.in_session(1_500_000_000) == 6_500_000_000
    assert scene.lasts_ns == 2 * NS_PER_S


def test_nothing_lies_behind_the_scenes_end(scene):
    assert scene.in_session(2_400_000_000) == scene.length_ns


@pytest.mark.parametrize("offset_ns", [0, 500_000_000, 1_200_000_000, 1_999_000_000])
def test_what_was_typed_is_shown_again(scene, offset_ns):
    assert scene.in_film(scene.in_session(offset_ns)) == offset_ns


def test_without_a_log_both_are_the_same():
    item = Item(1, None, 2 * NS_PER_S, None, 0, 2 * NS_PER_S)
    assert item.in_session(1_234_000_000) == item.in_film(1_234_000_000) == 1_234_000_000
