"""The tracker on a painted face whose every movement is known."""

import cv2
import numpy as np
import pytest

from annotate.motion import COLUMNS, KeySchedule, MotionTracker
from mexlab.emotions import HEAD_WAYS
from mexlab.timebase import NS_PER_S
from tests.annotate.synthetic import still_face

IOD_PX = 100.0  # of the synthetic face
FACE = still_face()
STEP_NS = NS_PER_S // 30
KEY_EVERY = 10  # frames at that rate


@pytest.fixture(scope="module")
def picture():
    """Smooth noise, so that every place has a texture to follow."""
    noise = np.random.default_rng(0).normal(0, 1, (480, 640)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 3)
    return np.clip(128 + 40 * smooth / smooth.std(), 0, 255).astype(np.uint8)


def warped(picture, shift):
    """The picture with what lies at (x, y) moved by shift(x, y), px."""
    y, x = np.mgrid[0:480, 0:640].astype(np.float32)
    u, v = shift(x, y)
    maps = (x - u).astype(np.float32), (y - v).astype(np.float32)
    return cv2.remap(picture, *maps, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def around(x, y, place, reach=30.0):
    return np.exp(-((x - place[0]) ** 2 + (y - place[1]) ** 2) / (2 * reach**2))


def followed(pictures, landmarks=None):
    """Courses by column of pictures in a row."""
    tracker = MotionTracker()
    faces = [FACE] * len(pictures) if landmarks is None else landmarks
    rows = [
        tracker.follow(n, n * STEP_NS, image, face.astype(np.float32))
        for n, (image, face) in enumerate(zip(pictures, faces, strict=True))
    ]
    return dict(zip(COLUMNS, np.stack(rows).T, strict=True))


def test_a_still_face_does_not_move(picture):
    courses = followed([picture] * (2 * KEY_EVERY + 2))
    assert max(np.abs(values).max() for values in courses.values()) < 1e-3


def test_a_mouth_corner_goes_where_it_goes_and_the_rest_stays(picture):
    corner = FACE[54]  # the participant's left, on the image's right

    def smile(x, y):
        part = around(x, y, corner, 22.0)
        return 1.2 * part, -2.0 * part

    courses = followed([picture, warped(picture, smile)])
    moved = {name: values[1] for name, values in courses.items()}
    assert -1.6 < moved["mouth_left_v"] < -0.6  # at most 2 px, a mean over the region, percent
    assert 0.3 < moved["mouth_left_u"] < 1.0
    for name in ("brow_left_v", "brow_right_v", "eye_right_v", "mouth_right_v", "nose_u"):
        assert abs(moved[name]) < 0.15, name


def test_raised_brows_and_a_dropped_jaw_are_no_nearing_head(picture):
    brows = FACE[17:27].mean(axis=0)

    def surprise(x, y):
        up = around(x, y, brows, 45.0) * (y < brows[1] + 25)
        return 0 * x, 2.0 * around(x, y, FACE[8], 40.0) - 2.0 * up

    moved = {k: v[1] for k, v in followed([picture, warped(picture, surprise)]).items()}
    assert moved["brow_left_v"] < -0.5
    assert moved["brow_right_v"] < -0.5
    assert moved["jaw_v"] > 0.5
    assert abs(moved["head_nearer"]) < 0.5


@pytest.mark.parametrize("seen", [True, False])  # by the landmarks, or by the flow alone
def test_a_head_that_moves_leaves_the_regions_where_they_are(picture, seen):
    turn, size, shift = 0.01, 1.02, np.array([3.0, -2.0])
    centre = FACE[[36, 39, 42, 45]].mean(axis=0)
    matrix = size * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    offset = centre + shift - matrix @ centre
    image = cv2.warpAffine(
        picture, np.column_stack([matrix, offset]), (640, 480), flags=cv2.INTER_CUBIC
    )
    moved_face = FACE @ matrix.T + offset
    courses = followed([picture, image], [FACE, moved_face if seen else FACE])
    moved = {name: values[1] for name, values in courses.items()}
    for name in set(COLUMNS) - set(HEAD_WAYS):
        assert abs(moved[name]) < 0.15, name
    assert moved["head_right"] == pytest.approx(3.0, abs=0.3)
    assert moved["head_down"] == pytest.approx(-2.0, abs=0.3)
    assert moved["head_nearer"] == pytest.approx(2.0, abs=0.3)
    assert moved["head_rolled"] == pytest.approx(1.0, abs=0.3)


def test_a_way_is_kept_from_key_to_key(picture):
    def lowered(level):
        def shift(x, y):
            return 0 * x, 2.0 * level * around(x, y, FACE[8], 40.0)

        return warped(picture, shift)

    n = 3 * KEY_EVERY
    jaw = followed([lowered(min(k / n, 1)) for k in range(n + 5)])["jaw_v"]
    assert jaw[n + 4] == pytest.approx(followed([picture, lowered(1.0)])["jaw_v"][1], rel=0.15)


def keys(apertures, hz):
    """The frames that become keys, of eyes that open so far."""
    schedule = KeySchedule()
    step = NS_PER_S // hz
    return [n for n, wide in enumerate(apertures) if schedule.take(n, n * step, wide)]


def test_a_key_is_not_taken_in_a_blink():
    assert keys([0.16] * 10 + [0.05] * 3 + [0.16] * 3, hz=30) == [0, 13]
    assert keys([0.16] * 60 + [0.05] * 60 + [0.16] * 20, hz=200) == [0, 120]


def test_eyes_that_stay_narrow_get_a_key_in_the_end():
    assert keys([0.16] * 5 + [0.1] * 55, hz=30) == [0, 29, 39, 49, 59]


@pytest.mark.parametrize("after", [1, KEY_EVERY, KEY_EVERY + 4])
def test_going_on_from_rows_gives_the_same_to_the_last_bit(picture, after):
    rng = np.random.default_rng(1)
    faces = [(FACE + rng.normal(0, 0.3, FACE.shape)).astype(np.float32) for _ in range(25)]
    images = [warped(picture, lambda x, y, k=k: (0.1 * k + 0 * x, 0 * y)) for k in range(25)]
    whole = MotionTracker()
    rows = np.stack([whole.follow(n, n * STEP_NS, images[n], faces[n]) for n in range(25)])
    later = MotionTracker()
    before = np.arange(after)
    wanted = later.resume(before, before * STEP_NS, np.stack(faces[:after]), rows[:after])
    assert wanted is not None
    later.restore(wanted, images[wanted])
    rest = [later.follow(n, n * STEP_NS, images[n], faces[n]) for n in range(after, 25)]
    assert np.array_equal(rest, rows[after:])


def test_nothing_followed_wants_nothing():
    empty = np.empty((0, 68, 2), np.float32), np.empty((0, len(COLUMNS)), np.float32)
    none = np.empty(0, np.int64)
    assert MotionTracker().resume(none, none, *empty) is None


def test_a_collapsed_jaw_line_is_no_accident(picture):
    flat = FACE.copy()
    flat[:17] = flat[8]
    assert np.isfinite(list(followed([picture] * 2, [flat] * 2).values())).all()
