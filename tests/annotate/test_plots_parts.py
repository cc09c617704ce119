"""The figures' own arithmetic and words, on synthetic tables and pictures."""

import cv2
import numpy as np
import pyarrow as pa
import pytest

from annotate.plots.change import change_figure
from annotate.plots.curves import clock
from annotate.plots.draw import choose
from annotate.plots.emotions import emotion_figure
from annotate.plots.face import MIRROR, regions_of
from annotate.plots.interactive import interactive_figure
from annotate.plots.moved import RegionMotion, change_between, flow_at_rest, region_motion
from annotate.plots.neutral import calmest_frame, neutral_frames, rest_frames
from annotate.plots.peak import peak_figure
from annotate.plots.recording import LANDMARKS, MOTION_TRACK, SCORES, headline
from annotate.plots.sheet import sheet_figure, steps
from mexlab.emotions import REGIONS
from mexlab.tables import MOTION
from mexlab.timebase import NS_PER_S
from tests.annotate.plotted import interval, recording, scene
from tests.annotate.synthetic import still_face

PICTURE = np.full((400, 640, 3), 90, np.uint8)
SCENES = (scene(1, "neutral", 0, 5.8), scene(2, "happiness", 5.8, 12))

EVENT = interval(2, "happiness", 7, 9, 8.0, "happiness")


def words(figure):
    """Everything written on a figure."""
    return " | ".join(text.get_text() for text in figure.findobj(lambda o: hasattr(o, "get_text")))


@pytest.mark.parametrize(
    ("seconds", "digits", "said"),
    [
        (0, 0, "0:00"),
        (65, 0, "1:05"),
        (59.9996, 3, "1:00.000"),
        (3661.5, 1, "1:01:01.5"),
        (9.68, 2, "0:09.68"),
    ],
)
def test_a_time_as_a_clock(seconds, digits, said):
    assert clock(seconds, digits) == said


def test_left_is_the_participants_and_the_picture_is_mirrored_in_it():
    assert [MIRROR[MIRROR[k]] for k in range(68)] == list(range(68))
    face = still_face()
    assert face[list(MIRROR), 0] == pytest.approx(640 - face[:, 0], abs=1e-6)
    regions = regions_of(face)
    assert tuple(regions) == REGIONS
    for name in ("brow", "eye", "cheek", "mouth"):
        left, right = regions[f"{name}_left"], regions[f"{name}_right"]
        assert left[:, 0].min() > right[:, 0].max() - 8, name
        mirrored = np.sort(640 - right[:, 0])
        assert np.sort(left[:, 0]) == pytest.approx(mirrored, abs=1e-3), name


def test_the_calmest_frame_is_neither_in_an_event_nor_in_a_blink():
    busy = [(0.5, 1.0, {"AU12": 0.5, "AU04": 0.5}), (3.0, 2.0, {"AU01": 0.4})]
    one = recording(scenes=SCENES, events=busy, blinks=[1.9, 2.7])
    at_s = one.t_ns[calmest_frame(one)] / NS_PER_S
    for start_s, end_s in ((0.5, 1.5), (1.9, 2.1), (2.7, 2.9), (3.0, 5.0)):
        assert not start_s < at_s < end_s
    frames = neutral_frames(one)
    assert one.t_ns[frames].max() < 5.8 * NS_PER_S
    assert not np.isin(np.flatnonzero(one.inside(2_000_000_000, 2_010_000_000)), frames).any()
    assert set(rest_frames(one)) <= set(frames.tolist())


def test_without_a_face_in_the_neutral_scene_the_whole_recording_is_looked_at():
    one = recording(scenes=SCENES, hidden=[(0, 5.9)])
    assert one.t_ns[calmest_frame(one)] >= 5.9 * NS_PER_S


def test_the_peak_is_shown_by_the_nearest_frame_with_a_face():
    one = recording(scenes=SCENES, hidden=[(6.9, 7.5)])
    assert one.t_ns[one.peak_frame(interval(2, "happiness", 6, 8, 7.0))] < 6.9 * NS_PER_S
    assert one.t_ns[one.peak_frame(interval(2, "happiness", 6, 8.6))] >= 7.5 * NS_PER_S


def textured(seed=3):
    noise = np.random.default_rng(seed).uniform(0, 255, (100, 160)).astype(np.float32)
    large = cv2.resize(cv2.GaussianBlur(noise, (0, 0), 1.2), (640, 400))
    spread = cv2.normalize(large, None, 0, 255, cv2.NORM_MINMAX)
    return np.repeat(spread.astype(np.uint8)[..., None], 3, axis=2)


def warped(picture, centre, step, shift):
    """The picture with a bump of `step` px at `centre`, then moved as a whole by `shift` px."""
    y, x = np.indices(picture.shape[:2]).astype(np.float32)
    x, y = x - shift[0], y - shift[1]
    near = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * 18**2))
    return cv2.remap(
        picture, (x - step[0] * near).astype(np.float32), (y - step[1] * near).astype(np.float32),
        cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT,
    )  # fmt: skip


def shifted(one, frame, shift):
    """The recording with the face of one frame, without noise, elsewhere; all others still."""
    rows = np.repeat(still_face()[None], len(one.aus), axis=0)
    rows[frame] += shift
    flat = rows.reshape(len(rows), 136).astype(np.float32)
    column = one.aus.schema.get_field_index("landmarks")
    values = pa.FixedSizeListArray.from_arrays(pa.array(flat.ravel()), 136)
    aus = one.aus.set_column(column, one.aus.schema.field("landmarks"), values)
    return type(one)(**{**vars(one), "aus": aus})


def test_what_moved_is_found_where_it_moved_while_the_head_moved_too():
    """The left mouth corner rises by 4 % of the inter-ocular distance, the head goes 9 %."""
    shift = np.array([8.0, -4.0])
    one = shifted(recording(scenes=SCENES), 240, shift)
    still = textured()
    pictures = dict.fromkeys([10, *rest_frames(one)], still)
    pictures[240] = warped(still, still_face()[54] + (-8, 0), (0, -6.0), shift)
    change = change_between(one, pictures, 10, 240)
    motion = region_motion(one, EVENT, change, flow_at_rest(one, pictures, 10))
    assert motion.source == "flow between the two frames"
    assert motion.changed == ("mouth_left",) or set(motion.changed) == {"mouth_left", "cheek_left"}
    u, v = motion.moved["mouth_left"]
    assert v < -1.5
    assert abs(u) < 0.4 * abs(v)
    assert max(motion.length(name) for name in REGIONS if name.endswith("right")) < 0.5


def test_a_region_that_is_dragged_along_has_not_changed():
    still = dict.fromkeys(REGIONS, (0.1, 0.0))
    moved = still | {"jaw": (0.0, 3.0), "mouth_left": (0.6, -0.8), "nose": (1.2, 0.0)}
    motion = RegionMotion("", moved, dict.fromkeys(REGIONS, 0.5))
    assert motion.changed == ("nose", "jaw")
    calm = RegionMotion("", still, dict.fromkeys(REGIONS, 0.5))
    assert calm.changed == ()


def test_a_motion_track_speaks_where_there_is_one_whatever_it_drifted():
    """Onset at frame 237: only the jaw moves on by more than the nose ever does at rest."""
    t_ns = recording().t_ns
    columns = {f"{region}_{axis}": np.zeros(len(t_ns)) for region in REGIONS for axis in "uv"}
    columns["cheek_left_u"] += np.linspace(0, 9, len(t_ns))
    columns["jaw_v"][240] = 3.0
    columns["nose_u"][:100:6] = 2.0
    columns["nose_u"][240] = 1.5
    track = {"frame": np.arange(len(t_ns)), "t_ns": t_ns, "blink": np.zeros(len(t_ns), bool)}
    one = recording(scenes=SCENES, motion=MOTION.build(track | columns))
    change = change_between(one, {10: textured(), 240: textured()}, 10, 240)
    motion = region_motion(one, EVENT, change, {})
    assert motion.source == "motion track, since the onset"
    assert motion.changed == ("jaw",)
    assert motion.moved["jaw"] == (0.0, 3.0)
    assert (motion.length("nose"), motion.rest["nose"]) == (1.5, 2.0)


def test_where_the_motion_track_has_a_hole_flow_stands_in():
    t_ns = recording().t_ns
    columns = {f"{region}_{axis}": np.zeros(len(t_ns)) for region in REGIONS for axis in "uv"}
    columns["jaw_v"][240] = np.nan
    track = {"frame": np.arange(len(t_ns)), "t_ns": t_ns, "blink": np.zeros(len(t_ns), bool)}
    one = recording(scenes=SCENES, motion=MOTION.build(track | columns))
    change = change_between(one, {10: textured(), 240: textured()}, 10, 240)
    motion = region_motion(one, EVENT, change, dict.fromkeys(REGIONS, 0.5))
    assert motion.source == "flow between the two frames"
    assert motion.changed == ()


def test_figures_say_whose_scores_they_show_and_who_may_see_a_face():
    event = interval(2, "happiness", 6, 8, 7.0, "happiness")
    one = recording(scenes=SCENES, intervals=[event], lacks={MOTION_TRACK: "none"})
    picture = textured()
    change = change_between(one, {10: picture, 210: picture}, 10, 210)
    motion = region_motion(one, event, change, dict.fromkeys(REGIONS, 0.5))
    cells = steps(one)[:3]
    faces = [
        peak_figure(picture, one, 210, event),
        change_figure(one, event, change, motion),
        sheet_figure(one, dict.fromkeys([f for f, _ in cells], picture), cells, ""),
    ]
    for figure in (*faces, emotion_figure(one)):
        assert "P001-20260101T000000" in words(figure)
        assert "landmarker (AU proxies, not FACS coding)" in words(figure)
    for figure in faces:
        assert "only with consent to “excerpts”" in words(figure)
    assert "not FACS" in interactive_figure(one).layout.title.text


def test_the_headline_keeps_the_three_evidences_apart():
    row = interval(2, "fear", 6, 8, 7.0, "surprise") | {"reported": "anger"}
    said = "Scene 2: film fear, reported anger, expressed surprise (micro, 200 ms)"
    assert headline(row) == said
    assert headline(interval(1, "neutral", 0, 2)) == (
        "Scene 1: film neutral, no report, expressed neutral (nothing happened)"
    )


def test_a_sheet_has_a_picture_every_five_seconds_and_names_scenes_where_they_begin():
    one = recording(seconds=12, scenes=SCENES)
    cells = steps(one)
    assert [(round(frame / 30, 2), t_ns) for frame, t_ns in cells] == [
        (0, 0), (5, 5 * NS_PER_S), (10, 10 * NS_PER_S)
    ]  # fmt: skip
    written = words(sheet_figure(one, {f: PICTURE for f, _ in cells}, cells, ""))
    for text in ("0:00", "0:05", "0:10", "scene 1 neutral", "scene 2 happiness"):
        assert f"{text} |" in written
    assert written.count("scene 2 happiness") == 1


def test_what_cannot_be_drawn_is_named_with_its_reason():
    plots, left_out = choose(recording(lacks={LANDMARKS: "none given"}), ["peak", "change"])
    assert [plot.name for plot in plots] == ["peak"]
    assert left_out == [
        "peak: no landmarks (none given)",
        "change, left out: no landmarks (none given)",
    ]
    nothing, _ = choose(recording(lacks={SCORES: "none"}), ["emotions", "interactive"])
    assert nothing == []


def test_long_recordings_keep_short_peaks_in_their_curves():
    """A peak of 0.2 s among 20 minutes must not vanish between the columns drawn."""
    one = recording(seconds=1200, scenes=[scene(1, "neutral", 0, 1200)],
                    events=[(600.0, 0.2, {"AU12": 0.8})])  # fmt: skip
    figure = emotion_figure(one)
    band = figure.axes[0].collections[0].get_paths()[0].vertices
    truth = np.nanmax(one.aus["intensity"].to_numpy())
    assert band[:, 1].max() == pytest.approx(truth, abs=1e-4)
    heat = next(t for t in interactive_figure(one).data if t.type == "heatmap")
    assert np.shape(heat.z)[1] <= 3000
    smile = np.asarray(heat.z)[list(heat.y).index("AU12")]
    assert smile.max() == pytest.approx(one.aus["AU12"].to_numpy().max(), abs=1e-6)


def test_no_time_on_the_page_can_be_taken_for_a_year():
    """plotly reads numbers of two or four digits on a date axis as years."""
    event = interval(2, "happiness", 6, 8, 7.0)
    one = recording(scenes=[scene(1, "neutral", 0, 1.234), scene(2, "fear", 1.234, 12)],
                    intervals=[event])  # fmt: skip
    figure = interactive_figure(one)
    bars = [t for t in figure.data if t.type == "bar"]
    numbers = [float(v) for t in bars for v in (*t.base, *t.x)]
    numbers += [float(v) for t in figure.data if t.type != "bar" for v in t.x]
    assert len(bars) == 3
    assert not [v for v in numbers if v == int(v) and len(str(int(v))) <= 4]
