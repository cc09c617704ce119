"""The camera interface, and the simulated camera behind it."""

import numpy as np
import pytest

from collector.cameras.base import camera_from_spec
from collector.cameras.simulated import SimulatedCamera
from collector.simulator.faces import dealt_face
from collector.simulator.script import ScriptSettings, scene_order
from mexlab.errors import InputError
from mexlab.model_files import find_landmarker
from mexlab.timebase import NS_PER_MS
from mexlab.vision.landmarker import FaceLandmarker

SETTINGS = ScriptSettings(amplitude_iod=0.08, scene_s=3.0, blinks=1)


@pytest.fixture(scope="module")
def landmarker():
    with FaceLandmarker(find_landmarker()) as opened:
        yield opened


def simulated(landmarker, seed=7):
    order = scene_order(0, seed)
    return SimulatedCamera("simulated:7", dealt_face(0), seed, order, SETTINGS, landmarker)


def first_frames(camera, count):
    with camera:
        return [camera.read() for _ in range(count)]


def luma(frame):
    return frame.picture.to_ndarray()[: frame.picture.height]


def test_frames_come_in_yuv_with_rising_times(landmarker):
    camera = simulated(landmarker)
    frames = first_frames(camera, 20)
    for frame in frames:
        assert frame.picture.format.name == "yuv420p"
        assert (frame.picture.width, frame.picture.height) == (camera.width, camera.height)
    times = [frame.capture_ns for frame in frames]
    assert times == camera.script.capture_ns[:20].tolist()
    assert times == sorted(set(times))


def test_it_ends_with_none_and_a_closed_camera_gives_nothing(landmarker):
    camera = simulated(landmarker)
    with camera:
        assert camera.read() is not None
    assert camera.read() is None
    camera.close()


def test_the_same_seed_gives_the_same_pixels_and_another_another_person(landmarker):
    once, again = (first_frames(simulated(landmarker), 3) for _ in range(2))
    for one, two in zip(once, again, strict=True):
        np.testing.assert_array_equal(one.picture.to_ndarray(), two.picture.to_ndarray())
    other = first_frames(simulated(landmarker, seed=8), 1)
    assert np.abs(luma(once[0]).astype(int) - luma(other[0])).mean() > 3


def test_a_face_is_seen_throughout_and_moves_most_around_each_apex(landmarker):
    """Landmarks go from rest to apex several times as far as from rest to rest."""
    camera = simulated(landmarker)
    moving = [event for event in camera.script.events if event.kind == "micro"]
    camera.open()

    def mesh_at(t_ns):
        picture = camera._renderer.frame(t_ns)
        face = landmarker.detect(picture.to_ndarray(format="rgb24"))
        assert face is not None
        return face.mesh

    for event in moving:
        before, rest = mesh_at(event.onset_ns - 100 * NS_PER_MS), mesh_at(event.onset_ns)
        apex = mesh_at(event.apex_ns)
        still = np.linalg.norm(rest - before, axis=1).max()
        moved = np.linalg.norm(apex - rest, axis=1).max()
        assert moved > max(2.5 * still, 0.03 * camera.portrait.iod_px), event


def test_lids_close_at_the_apex_of_a_blink(landmarker):
    camera = simulated(landmarker)
    blink = next(event for event in camera.script.events if event.kind == "blink")
    camera.open()
    shut, rest = (
        landmarker.detect(camera._renderer.frame(t_ns).to_ndarray(format="rgb24")).mesh
        for t_ns in (blink.apex_ns, blink.onset_ns)
    )
    opening = [np.linalg.norm(mesh[[159, 386]] - mesh[[145, 374]], axis=1) for mesh in (shut, rest)]
    assert np.all(opening[0] < 0.6 * opening[1])


def test_a_spec_names_its_camera_and_its_seed():
    camera = camera_from_spec("simulated:3")
    assert camera.spec == "simulated:3"
    assert (camera.width, camera.height, camera.fps, camera.modality) == (640, 480, 30.0, "colour")


@pytest.mark.parametrize(
    "spec", ["simulated:abc", "simulated:-1", "telescope", "", "file", "screen", "-1", "webcam:0"]
)
def test_a_spec_that_is_none_is_refused(spec):
    with pytest.raises(InputError, match="--camera"):
        camera_from_spec(spec)
