"""Every option of how frames are made does what it says, is recorded, and is refused by name."""

from functools import partial

import cv2
import numpy as np
import pytest
from corpus_trees import write_frames, write_sheet
from numbered_study import Recorded, study_of

from mexlab.vision.flow import FLOW_METHODS
from pipeline.cli import pipeline
from pipeline.form.dataset import Dataset
from tests.conftest import refused, run_command
from tests.videos import even_times

SCENES = [(0.2, 0.8), (0.8, 1.4)]  # s
SIZE = 96  # px: the recording's own, so that a pixel of the crop is one of the recording


def flickering_and_noisy(person, index, image):
    """A dark room whose light flickers, seen by a noisy camera; the head drifts to the right."""
    marks = np.random.default_rng(person).integers(0, 256, (12, 12, 3)).astype(np.uint8)
    face = cv2.resize(marks, image.shape[:2], interpolation=cv2.INTER_CUBIC)
    drift = np.array([[1, 0, 0.4 * index], [0, 1, 0]])
    moved = cv2.warpAffine(face, drift, image.shape[:2], borderMode=cv2.BORDER_REFLECT)
    light = 0.4 + 0.1 * (index % 4 == 0)
    noise = np.random.default_rng([person, index]).normal(0, 4, image.shape)
    return np.clip(moved * light + noise + 8, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    times = even_times(45, 30.0)
    root = tmp_path_factory.mktemp("options") / "study"
    made = [
        Recorded(f"P00{n}", times, SCENES, changes=partial(flickering_and_noisy, n)) for n in (1, 2)
    ]
    return study_of(root, made)


@pytest.fixture(scope="module")
def built(study, tmp_path_factory):
    """Built once for each set of options; size 96, PNG unless another format is asked for."""
    made = {}

    def build(*options, image="png", workers=1):
        key = (*options, image, workers)
        if key not in made:
            out = tmp_path_factory.mktemp("built") / "dataset"
            fixed = ("--size", SIZE, "--image", image, "--workers", workers)
            run_command(pipeline, "build-dataset", study.root, out, *fixed, *options)
            made[key] = Dataset.open(out)
        return made[key]

    return build


def colours(dataset, scene=1):
    """uint8 (frames, height, width, 3) of one clip of P001, as stored."""
    rows = [
        row for row in dataset.frames("P001").to_pylist() if row["clip_id"].endswith(f"s{scene}")
    ]
    encoded = [np.frombuffer(row["image"]["bytes"], np.uint8) for row in rows]
    return np.stack([cv2.imdecode(one, cv2.IMREAD_COLOR) for one in encoded])


def images(dataset, scene=1):
    """The same as luma, uint8 (frames, height, width)."""
    return np.stack([cv2.cvtColor(one, cv2.COLOR_BGR2GRAY) for one in colours(dataset, scene)])


def flows(dataset):
    """float32 (frames, 2, 28, 28) of all frames of P001 but the first of a clip."""
    rows = dataset.frames("P001", ["frame", "flow"]).to_pylist()
    later = [row["flow"] for row in rows if row["frame"] > 0]
    return np.array(later, dtype=np.float32).reshape(-1, 2, 28, 28)


def test_formats_without_loss_agree_and_jpeg_is_near(built):
    png, webp, jpeg = (colours(built(image=name)) for name in ("png", "webp", "jpeg"))
    assert np.array_equal(png, webp)
    away = np.abs(png.astype(int) - jpeg)
    assert 0 < away.mean() < 4
    for name, suffix in (("png", ".png"), ("webp", ".webp"), ("jpeg", ".jpg")):
        (path, *_) = (row["path"] for row in built(image=name).frames("P001")["image"].to_pylist())
        assert path.endswith(suffix)
    assert np.array_equal(flows(built(image="png")), flows(built(image="jpeg")))


@pytest.mark.parametrize("name", FLOW_METHODS)
def test_every_flow_method_sees_the_head_drift(built, name):
    dataset = built("--flow", name)
    assert dataset.header.settings["flow"] == name
    middle = flows(dataset)[:, :, 8:20, 8:20].mean(axis=(0, 2, 3))
    assert middle[0] > 3 * abs(middle[1])
    others = [flows(built("--flow", other)) for other in FLOW_METHODS if other != name]
    assert not any(np.array_equal(flows(dataset), other) for other in others)


def test_removing_the_heads_motion_leaves_little_of_its_drift(built):
    kept, removed = (flows(built(*how)) for how in ((), ("--remove-head-motion",)))
    inside = (slice(None), 0, slice(8, 20), slice(8, 20))
    assert abs(removed[inside].mean()) < 0.15 * kept[inside].mean()
    pair = [
        np.array(built(*how).clips()["apex_flow"][0].as_py()).reshape(2, 28, 28)[0, 8:20, 8:20]
        for how in ((), ("--remove-head-motion",))
    ]
    assert abs(pair[1].mean()) < 0.3 * pair[0].mean()


def test_denoising_calms_the_grain_and_keeps_the_contrast(built):
    noisy, calm = (images(built(*how)).astype(np.float32) for how in ((), ("--denoise",)))
    grain = [
        np.mean([cv2.Laplacian(each, cv2.CV_32F).std() for each in one]) for one in (noisy, calm)
    ]
    assert grain[1] < 0.7 * grain[0]
    assert calm.std() > 0.95 * noisy.std()
    assert built("--denoise").header.settings["denoise"] == "bilateral"
    # Quality tells of the recording, whatever is done to its pictures afterwards.
    for column in ("sharpness", "exposure", "clipped"):
        assert built("--denoise").clips()[column].equals(built().clips()[column])


@pytest.mark.parametrize("scene", [1, 2])
def test_illumination_is_one_mapping_for_the_whole_clip(built, scene):
    """What was equally bright in any two pictures still is, so that the flicker stays."""
    before, after = colours(built(), scene), colours(built("--illumination"), scene)
    assert after.mean() > before.mean() + 30
    for level in np.unique(before):
        assert len(np.unique(after[before == level])) == 1
    light = before.mean(axis=(1, 2, 3))
    assert light.max() > light.min() + 5
    assert np.corrcoef(light, after.mean(axis=(1, 2, 3)))[0, 1] > 0.99
    assert built("--illumination").header.settings["illumination"] == "stretch"


def test_everything_together_is_the_same_with_any_number_of_workers(built):
    options = ("--denoise", "--illumination", "--remove-head-motion", "--flow", "dis")
    one, two = built(*options, image="webp"), built(*options, image="webp", workers=2)
    assert one.header.content_hash == two.header.content_hash != built().header.content_hash
    recorded = one.header.settings
    assert (recorded["image"], recorded["remove_head_motion"]) == ("webp", True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--flow", "magic"), "no flow method 'magic'; --flow; use one of: farneback, dis, tv-l1"),
        (("--image", "gif"), "no image format 'gif'; --image; use one of: jpeg, png, webp"),
        (("--shortest-s", 3, "--longest-s", 2), "nothing is both 3 s or longer and 2 s or less"),
    ],
)
def test_what_no_method_has_is_one_line(study, tmp_path, options, said):
    assert said in refused(pipeline, "build-dataset", study.root, tmp_path / "out", *options)
    assert not list(tmp_path.iterdir())


# How much of a recording a clip shows


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    """Two scenes of 2 s, each with a movement from 0.8 to 1.2 s after its start."""
    root = tmp_path_factory.mktemp("lengths") / "study"
    moments = (0.8, 1.0, 1.2)
    times = even_times(180, 30.0)
    scenes = [(0.5, 2.5), (2.5, 5.5)]
    return study_of(root, [Recorded("P001", times, scenes, moments_s=moments)])


def lengths(study, out, *options):
    """Scene -> ms before the onset and after the offset; and reasons of what was left out."""
    run_command(pipeline, "build-dataset", study.root, out, "--size", 28, *options)
    dataset = Dataset.open(out)
    intervals = study.sessions()[0].intervals().to_pylist()
    found = {}
    for row in dataset.clips().to_pylist():
        interval = next(i for i in intervals if i["scene"] == row["scene"])
        before = (interval["onset_ns"] - row["start_ns"]) / 1e6
        found[row["scene"]] = (before, (row["end_ns"] - interval["offset_ns"]) / 1e6)
    return found, {e.scene: e.reason for e in dataset.header.exclusions}


def test_without_padding_clips_are_as_located(moving, tmp_path):
    found, left_out = lengths(moving, tmp_path / "out")
    assert found == {1: (800, 800), 2: (800, 1800)}
    assert not left_out


def test_padding_is_around_the_movement_and_inside_the_scene(moving, tmp_path):
    assert lengths(moving, tmp_path / "a", "--padding-s", 0.3)[0] == {1: (300, 300), 2: (300, 300)}
    assert lengths(moving, tmp_path / "b", "--padding-s", 1.5)[0] == {1: (800, 800), 2: (800, 1500)}
    none, _ = lengths(moving, tmp_path / "c", "--padding-s", 0)
    assert none[1] == (0, pytest.approx(1e-6))  # the offset's own frame is still inside


def test_what_is_too_short_or_too_long_is_left_out_with_its_reason(moving, tmp_path):
    found, left_out = lengths(moving, tmp_path / "a", "--longest-s", 2.5)
    assert (set(found), left_out) == ({1}, {2: "3.00 s is longer than 2.5 s (--longest-s)"})
    found, left_out = lengths(moving, tmp_path / "b", "--shortest-s", 2.5)
    assert (set(found), left_out) == ({2}, {1: "2.00 s is shorter than 2.5 s (--shortest-s)"})
    line = refused(
        pipeline, "build-dataset", moving.root, tmp_path / "c", "--size", 28, "--longest-s", 1
    )
    assert "nothing to export" in line
    assert "longer than 1 s" in line


def test_a_corpus_takes_the_same_options(tmp_path):
    root, out = tmp_path / "corpus", tmp_path / "out"
    moments = {"onset": 1, "apex": 9, "aus": "12", "emotion": "happiness"}
    rows = [
        {"subject": 1, "filename": "EP01", "offset": 41, **moments},
        {"subject": 1, "filename": "EP02", "offset": 20, **moments},
    ]
    write_sheet(root, "casme2", rows)
    for row in rows:
        folder = root / "CASME2_RAW_selected" / "sub01" / row["filename"]
        write_frames(folder, range(1, row["offset"] + 1), row["apex"])
    options = ("--size", 96, "--shortest-s", 0.15, "--image", "png", "--denoise")
    said = run_command(pipeline, "import", "casme2", root, out, *options)
    assert "0.10 s is shorter than 0.15 s (--shortest-s)" in said
    dataset = Dataset.open(out)
    (clip,) = dataset.clips().to_pylist()
    assert dataset.header.settings["denoise"] == "bilateral"
    assert dataset.frames("sub01")["image"].to_pylist()[0]["path"].endswith(".png")
    assert (clip["face_score"], clip["head_turn_deg"], clip["blink"]) == (None, None, None)
    assert (clip["rate"], clip["repeated"], clip["gaps"]) == ("ok", 0, 0)
    assert clip["sharpness"] > 0
    assert 0.1 < clip["exposure"] < 0.9
