"""The delay from screen to camera: on synthetic bounds, and on synthetic pictures of a screen."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter, map_coordinates

from collector.delay import delay_bounds, delay_from_numbers, estimate_delay
from collector.sighting import number_in_pictures
from mexlab.errors import TimeError
from mexlab.timebase import shown_frame
from stimuli import pattern

MS = 1_000_000
START_NS = 987_654_321_000_000  # a computer that has been up for eleven days


@dataclass(frozen=True)
class Scene:
    """A screen that shows the pattern, and a camera before it. `corners` are the screen's, in
    shares of the picture: upper left, upper right, lower right, lower left."""

    delay_ms: float = 80.0  # to the middle of the exposure
    seconds: float = 12.0
    film_fps: float = pattern.FILM_FPS
    camera_fps: float = 30.0
    exposure_ms: float = 10.0
    jitter_ms: float = 0.0
    drift_ms_per_min: float = 0.0
    stalls_ms: tuple[float, ...] = ()
    dropped: float = 0.0  # share of film frames not shown, and of pictures not delivered
    corners: tuple[tuple[float, float], ...] = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9))
    blur_px: float = 0.7
    noise: float = 2.0
    contrast: float = 0.6
    ambient: float = 20.0
    readout_ms: float = 0.0  # of a rolling shutter, from the first row to the last
    gamma: float = 2.2
    size: tuple[int, int] = (160, 90)
    seed: int = 0
    rng: np.random.Generator = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "rng", np.random.default_rng(self.seed))

    def shown(self):
        """(film frame, shown_ns) of what the player showed."""
        count = round(self.seconds * self.film_fps)
        hold = np.full(count, 1e9 / self.film_fps)
        for stall, at in zip(self.stalls_ms, self.rng.permutation(count), strict=False):
            hold[at] += stall * MS
        shown = START_NS + np.cumsum(hold).round().astype(np.int64)
        kept = self.rng.random(count) >= self.dropped
        return np.flatnonzero(kept), shown[kept]

    def captured(self, shown):
        """capture_ns of each picture, and the same as the screen's time, both in ns."""
        steps = np.arange(-1.0, (shown[-1] - shown[0]) / 1e9 + 1, 1 / self.camera_fps)
        screen = shown[0] + ((steps + self.rng.random() / 30) * 1e9).round().astype(np.int64)
        screen = screen[self.rng.random(len(screen)) >= self.dropped]
        late = self.delay_ms + self.rng.normal(0, self.jitter_ms, len(screen))
        late = late + self.drift_ms_per_min * (screen - shown[0]) / 60e9
        return screen + (late * MS).round().astype(np.int64), screen

    def filmed(self, frame, shown, screen):
        """The pictures, uint8 (n, height, width)."""
        stills = self._stills(frame.max() + 1)
        dark = stills[0] * 0 + (self.ambient / 255) ** self.gamma
        width, height = self.size
        rows = (np.arange(height) / height - 0.5) * self.readout_ms * MS
        pictures = np.empty((len(screen), height, width), np.uint8)
        phases = np.linspace(-0.5, 0.5, 16) * self.exposure_ms * MS
        for k, when in enumerate(screen):
            at = np.searchsorted(shown, when + rows[:, None] + phases, side="right") - 1
            light = np.zeros((height, width))
            for row in np.unique(at):
                weight = (at == row).mean(axis=1, keepdims=True)
                light += weight * (stills[frame[row]] if row >= 0 else dark)
            level = 255 * light ** (1 / self.gamma) + self.rng.normal(0, self.noise, light.shape)
            pictures[k] = level.clip(0, 255)
        return pictures

    def _stills(self, count):
        """What the camera would see of each film frame, as light 0..1."""
        width, height = self.size
        ys, xs = np.mgrid[0:height, 0:width]
        u, v = _unprojected(self.corners, xs / width, ys / height)
        inside = (u >= 0) & (u < 1) & (v >= 0) & (v < 1)
        stills = []
        for number in range(count):
            drawn = pattern.draw(number, 160, 90).astype(float)
            seen = map_coordinates(drawn, [v * 89, u * 159], order=1, mode="nearest")
            seen = np.where(inside, self.ambient + self.contrast * seen, self.ambient)
            light = (seen / 255).clip(0, 1) ** self.gamma
            stills.append(gaussian_filter(light, self.blur_px).astype(np.float32))
        return stills

    def measured(self):
        frame, shown = self.shown()
        capture, screen = self.captured(shown)
        return estimate_delay(self.filmed(frame, shown, screen), capture, frame, shown)

    def numbers(self):
        """(number in each picture, capture_ns, film frame, shown_ns) of a perfect reader."""
        frame, shown = self.shown()
        capture, screen = self.captured(shown)
        half = round(self.exposure_ms / 2 * MS)
        first, last = (shown_frame(screen + s, frame, shown) for s in (-half, half))
        return np.where(first == last, first, -1), capture, frame, shown


def _unprojected(corners, x, y):
    """Picture coordinates to screen coordinates (0..1) by the homography of the corners."""
    system, right = [], []
    for (px, py), (sx, sy) in zip(corners, ((0, 0), (1, 0), (1, 1), (0, 1)), strict=True):
        system += [
            [px, py, 1, 0, 0, 0, -sx * px, -sx * py],
            [0, 0, 0, px, py, 1, -sy * px, -sy * py],
        ]
        right += [sx, sy]
    a, b, c, d, e, f, g, h = np.linalg.solve(np.array(system), np.array(right))
    w = g * x + h * y + 1
    return (a * x + b * y + c) / w, (d * x + e * y + f) / w


SMALL = ((0.35, 0.3), (0.62, 0.34), (0.6, 0.55), (0.36, 0.52))
TILTED = ((0.6, 0.1), (0.6, 0.9), (0.3, 0.85), (0.3, 0.12))


def mirrored(corners):
    return tuple((1 - x, y) for x, y in corners)


# What a perfect reader would give


@given(
    delay_ms=st.floats(-20, 300),
    film_fps=st.sampled_from([23.0, 29.0]),
    camera_fps=st.sampled_from([25.0, 30.0, 60.0]),
    exposure_ms=st.floats(1, 20),
    dropped=st.floats(0, 0.2),
    stalls_ms=st.lists(st.floats(5, 1500), max_size=5).map(tuple),
    seed=st.integers(0, 999),
)
def test_a_known_delay_is_found(delay_ms, seed, **scene):
    delay = delay_from_numbers(*Scene(delay_ms, seed=seed, **scene).numbers())
    assert delay.delay_ns / MS == pytest.approx(delay_ms, abs=3)
    assert abs(delay.delay_ns / MS - delay_ms) <= delay.within_ms + 1
    assert delay.support == 1
    assert delay.jitter_ms == 0
    assert delay.drift_ms_per_min == 0


@given(jitter_ms=st.floats(1, 15), wrong=st.floats(0, 0.1), seed=st.integers(0, 999))
def test_jitter_and_misread_numbers_do_not_move_the_delay(jitter_ms, wrong, seed):
    scene = Scene(seconds=20, jitter_ms=jitter_ms, exposure_ms=1, seed=seed)
    number, *times = scene.numbers()
    misread = scene.rng.random(len(number)) < wrong
    number[misread] += scene.rng.integers(-8, 9, misread.sum())
    delay = delay_from_numbers(number.clip(-1), *times)
    assert delay.delay_ns / MS == pytest.approx(80, abs=4)
    assert delay.support > 0.6


@pytest.mark.parametrize("jitter_ms", [5, 10, 15])
def test_jitter_is_measured(jitter_ms):
    scene = Scene(seconds=60, jitter_ms=jitter_ms, exposure_ms=0.1)
    assert delay_from_numbers(*scene.numbers()).jitter_ms == pytest.approx(jitter_ms, rel=0.25)


@pytest.mark.parametrize("drift", [-90, 60])
def test_drift_is_measured(drift):
    scene = Scene(seconds=30, drift_ms_per_min=drift, exposure_ms=4)
    measured = delay_from_numbers(*scene.numbers()).drift_ms_per_min
    # The least that explains what was seen: 10 ms of freedom over half a minute.
    assert abs(drift) - 20 <= abs(measured) <= abs(drift)
    assert measured * drift > 0


@given(late_ms=st.integers(-500, 500))
def test_stamps_that_come_later_move_the_delay_by_as_much(late_ms):
    number, capture, frame, shown = Scene(jitter_ms=3).numbers()
    before, after = (
        delay_from_numbers(number, capture + late * MS, frame, shown) for late in (0, late_ms)
    )
    assert after.delay_ns - before.delay_ns == pytest.approx(late_ms * MS, abs=2)
    assert replace(after, delay_ns=0) == replace(before, delay_ns=0)


def test_a_frame_bounds_the_delay_from_both_sides():
    bounds = delay_bounds([1, -1, 9, 2, 0], [150, 160, 170, 190, 95], [0, 1, 2], [0, 50, 100])
    # 9 was never shown; nobody knows when 2, the last, was gone.
    assert [b.tolist() for b in bounds] == [[50, 45], [100, 95], [150, 95]]


def test_numbers_that_agree_on_nothing_are_refused():
    number, capture, frame, shown = Scene().numbers()
    with pytest.raises(TimeError, match=r"only .* pictures agree"):
        delay_from_numbers(Scene(seed=1).rng.permutation(number), capture, frame, shown)
    with pytest.raises(TimeError, match="clear in only 40 pictures"):
        delay_from_numbers(number[60:][number[60:] >= 0][:40], capture[:40] * 0, frame, shown)


# What was on the screen


def test_the_film_frame_on_the_screen_at_a_time():
    frame, shown = [0, 1, 3], [100, 140, 180]
    capture = [99, 100, 139, 140, 185, 219, 220, 999]
    assert shown_frame(capture, frame, shown).tolist() == [-1, 0, 0, 1, 3, 3, -1, -1]
    later = np.array(capture) + 80
    assert shown_frame(later, frame, shown, 80).tolist() == [-1, 0, 0, 1, 3, 3, -1, -1]
    assert shown_frame(capture, [], []).tolist() == [-1] * 8
    assert shown_frame([], frame, shown).tolist() == []


@given(st.lists(st.integers(1, 100), min_size=2, max_size=20), st.integers(-50, 50))
def test_the_frame_on_the_screen_gives_back_its_delay(steps, delay):
    shown = np.cumsum(steps)
    capture = np.arange(shown[0], shown[-1]) + delay
    frame = np.arange(len(shown))
    lower, upper, _ = delay_bounds(shown_frame(capture, frame, shown, delay), capture, frame, shown)
    assert ((lower < delay) & (delay <= upper)).all()


# Pictures of a screen


PICTURED = {
    "whole picture, 300 ms": Scene(300, corners=((0, 0), (1, 0), (1, 1), (0, 1))),
    "no delay": Scene(0),
    "camera at 25": Scene(camera_fps=25),
    "camera at 60": Scene(camera_fps=60, seconds=8),
    "long exposure": Scene(exposure_ms=20),
    "mirror, noise, lamps on": Scene(
        corners=mirrored(SMALL), exposure_ms=20, noise=4, contrast=0.3, ambient=70
    ),
    "camera on its side, rolling shutter": Scene(corners=TILTED, readout_ms=10),
    "pictures and film frames lost, player stalls": Scene(
        dropped=0.1, stalls_ms=(100, 300, 800), corners=SMALL
    ),
    "jitter": Scene(jitter_ms=5),
}


@pytest.mark.parametrize("scene", PICTURED.values(), ids=PICTURED)
def test_the_delay_is_found_in_pictures(scene):
    delay = scene.measured()
    assert delay.delay_ns / MS == pytest.approx(scene.delay_ms, abs=3)
    assert delay.support > 0.9
    assert delay.read > 0.4 * delay.pictures


@settings(max_examples=4)
@given(st.floats(0, 300), st.booleans(), st.floats(5, 30), st.integers(0, 99))
def test_any_delay_is_found_in_pictures(delay_ms, mirror, exposure_ms, seed):
    corners = mirrored(SMALL) if mirror else SMALL
    scene = Scene(delay_ms, exposure_ms=exposure_ms, corners=corners, seed=seed, seconds=10)
    assert scene.measured().delay_ns / MS == pytest.approx(delay_ms, abs=4)


def test_pictures_stamped_50_ms_late_move_the_delay_by_50_ms():
    scene = Scene(corners=SMALL, seconds=10)
    frame, shown = scene.shown()
    capture, screen = scene.captured(shown)
    pictures = scene.filmed(frame, shown, screen)
    first, second = (
        estimate_delay(pictures, capture + late * MS, frame, shown) for late in (0, 50)
    )
    assert (second.delay_ns - first.delay_ns) / MS == pytest.approx(50, abs=1)


def test_a_mirror_that_sways_in_the_hand_is_followed():
    scene = Scene(corners=mirrored(SMALL), seconds=20, exposure_ms=15)
    frame, shown = scene.shown()
    capture, screen = scene.captured(shown)
    pictures = scene.filmed(frame, shown, screen)
    for k in range(len(pictures)):  # 10 px back and forth: the screen is 43 px wide, a cell 5
        pictures[k] = np.roll(pictures[k], round(5 * np.sin(k / 95)), axis=1)
    delay = estimate_delay(pictures, capture, frame, shown)
    assert delay.delay_ns / MS == pytest.approx(80, abs=5)


def test_no_number_is_read_wrong_by_more_than_a_frame():
    scene = Scene(corners=mirrored(SMALL), exposure_ms=25, noise=4, contrast=0.3)
    frame, shown = scene.shown()
    capture, screen = scene.captured(shown)
    number = number_in_pictures(scene.filmed(frame, shown, screen), capture, frame, shown)
    read = number >= 0
    assert read.mean() > 0.4
    assert np.abs(number - shown_frame(screen, frame, shown))[read].max() <= 1


@pytest.mark.parametrize(
    "scene", [Scene(contrast=0), Scene(blur_px=20, corners=SMALL), Scene(seconds=2.5)]
)
def test_a_pattern_that_is_not_seen_is_refused(scene):
    with pytest.raises(TimeError, match=r"did not see the pattern.*hold the mirror still"):
        scene.measured()


def test_a_moving_room_is_no_pattern():
    scene = Scene(seconds=8)
    frame, shown = scene.shown()
    capture, _ = scene.captured(shown)
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.normal(0, 9, (len(capture), 9, 16)), axis=0)
    pictures = (128 + walk).clip(0, 255).astype(np.uint8)
    with pytest.raises(TimeError, match=r"did not see|clear in only|agree"):
        estimate_delay(pictures, capture, frame, shown)
