import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.geometry import measures
from tests.annotate.synthetic import still_face


@given(
    angle=st.floats(-0.7, 0.7),
    scale=st.floats(0.3, 4.0),
    shift=st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
)
def test_head_motion_in_the_picture_plane_moves_no_measure(angle, scale, shift):
    face = still_face()
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = scale * face @ turn.T + shift
    # The median shape of three frames is the still face: the third frame is brought back to it.
    found = measures(np.stack([face, face, moved]))
    for au, values in found.items():
        assert values[2] == pytest.approx(values[0], abs=1e-6), au


@pytest.mark.parametrize(
    ("points", "dx", "dy", "rises", "falls"),
    [
        ([20, 21, 22, 23], 0, -5, "AU01", "AU04"),
        ([17, 18, 25, 26], 0, -5, "AU02", None),
        ([48, 54], 0, -4, "AU12", "AU15"),
        ([37, 38, 43, 44], 0, -3, "AU05", "AU07"),
        ([65, 66, 67], 0, 4, "AU25", "AU23"),
        ([7, 8, 9], 0, 6, "AU26", None),
        ([50, 51, 52], 0, -3, "AU10", None),
    ],
)
def test_a_movement_raises_its_own_measure(points, dx, dy, rises, falls):
    face = still_face()
    moved = face.copy()
    moved[points] += (dx, dy)
    found = measures(np.stack([face, face, moved]))
    assert found[rises][2] > found[rises][0] + 0.02
    if falls:
        assert found[falls][2] < found[falls][0]
