"""Every exported picture is the recorded frame that its row names, and that is the nearest in time.

Read from the pictures themselves: each recorded frame carries its number. Recordings have variable
frame rates, jitter and drops; no analyzer is asked.
"""

from contextlib import suppress

import cv2
import numpy as np
import pytest
from numbered_study import SIDE, STRIP, Recorded, study_of, write_recording

from mexlab.errors import VideoError
from mexlab.vision.video import Video
from pipeline.cli import pipeline
from pipeline.form.dataset import Dataset
from pipeline.frames.decoding import decoded
from stimuli.pattern import decode
from tests.conftest import run_command

SIZE = 56  # px of the exported crop
CLIPS, CLIP_S, LEAD_S = 21, 6.0, 1.0  # scenes follow each other without a gap
TICK_NS = 50_000_000
CALM_S = 40.0  # before the clips of the recording in which they are sought


def jittered(rate_hz, seconds, jitter_ms, drop_share, seed):
    """Whole ms of a camera's frames that is late by chance and loses single frames and runs."""
    chance = np.random.default_rng(seed)
    even = np.arange(0, seconds * 1000, 1000 / rate_hz)
    times = np.sort(np.round(even + chance.uniform(0, jitter_ms, len(even))).astype(int))
    keep = chance.random(len(times)) >= drop_share
    for start in chance.integers(0, len(times) - 10, 6):
        keep[start : start + chance.integers(2, 8)] = False
    return np.unique(times[keep]).tolist()


def scenes(first_s=LEAD_S, count=CLIPS):
    """Bounds that fall on no frame and no whole ms."""
    return [(first_s + k * CLIP_S + 1 / 3000, first_s + (k + 1) * CLIP_S) for k in range(count)]


def recordings():
    seconds = LEAD_S + CLIPS * CLIP_S + 1
    late = CALM_S + 2 * CLIP_S + 1
    return [
        Recorded("P001", jittered(30, seconds, 12, 0.03, 1), scenes()),
        Recorded("P002", jittered(25, seconds, 0, 0.0, 2), scenes(), ".mkv", 4000),
        Recorded("P003", jittered(15, seconds, 25, 0.05, 3), scenes(), first=7500),
        Recorded("P004", jittered(24, seconds, 30, 0.10, 4), scenes(), first=9500),
        Recorded("P005", jittered(30, late, 8, 0.02, 5), scenes(CALM_S, 2), first=13000),
    ]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return study_of(tmp_path_factory.mktemp("numbered") / "study", recordings())


@pytest.fixture(scope="module")
def dataset(study, tmp_path_factory):
    out = tmp_path_factory.mktemp("exact") / "dataset"
    run_command(pipeline, "build-dataset", study.root, out, "--size", SIZE, "--workers", 1)
    return Dataset.open(out)


def number_on(image):
    """The number on an exported picture."""
    box = tuple(round(side * SIZE / SIDE) for side in STRIP)
    luma = cv2.imdecode(np.frombuffer(image["bytes"], np.uint8), cv2.IMREAD_GRAYSCALE)
    assert luma.shape == (SIZE, SIZE)
    return decode(luma, box)


def nearest_frame(capture_ns, tick_ns):
    """By looking at every frame there is; the earlier one of two equally near."""
    away = [abs(int(at) - tick_ns) for at in capture_ns]
    return away.index(min(away))


def test_ten_thousand_frames_without_an_exception(dataset, study):
    seen = 0
    clips = {row["clip_id"]: row for row in dataset.clips().to_pylist()}
    columns = ["clip_id", "frame", "t_ns", "source_frame", "source_error_ms", "image"]
    for recorded in recordings():
        capture = np.array(recorded.times_ms, dtype=np.int64) * 1_000_000
        for row in dataset.frames(recorded.participant, columns).to_pylist():
            clip = clips[row["clip_id"]]
            tick = clip["start_ns"] + row["frame"] * TICK_NS
            near = np.searchsorted(capture, tick)
            low = max(0, near - 4)
            assert row["source_frame"] == low + nearest_frame(capture[low : near + 4], tick)
            assert number_on(row["image"]) == recorded.first + row["source_frame"]
            assert row["t_ns"] == capture[row["source_frame"]]
            assert row["source_error_ms"] == pytest.approx((row["t_ns"] - tick) / 1e6, abs=1e-3)
            assert clip["start_ns"] <= tick < clip["end_ns"]
            seen += 1
    assert seen > 10_000
    assert seen == dataset.header.counts["frames"]
    assert seen == sum(clip["n_frames"] for clip in clips.values())


def test_no_tick_of_any_clip_is_missing(dataset):
    clips = dataset.clips().to_pylist()
    assert len(clips) == 4 * CLIPS + 2
    assert {row["n_frames"] for row in clips} == {round(CLIP_S * 20)}


def test_repeats_and_gaps_are_flagged_where_they_are(dataset):
    """Counted anew from the rows; the slow recording has repeats, the even one none."""
    repeats = {}
    for subject in dataset.subjects:
        rows = dataset.frames(subject, ["frame", "source_frame", "t_ns", "repeated", "gap"])
        before = None
        for row in rows.to_pylist():
            first = row["frame"] == 0
            same = not first and row["source_frame"] == before["source_frame"]
            late = not first and row["t_ns"] - before["t_ns"] > 1.5 * TICK_NS
            assert (row["repeated"], row["gap"]) == (same, late)
            before = row
        repeats[subject] = sum(rows["repeated"].to_pylist())
    assert 0 < repeats["P001"] < 100  # it has every frame but in the runs that were lost
    assert 0 < repeats["P002"] < 100
    assert repeats["P003"] > 300
    by_clip = {row["clip_id"]: row["repeated"] for row in dataset.clips().to_pylist()}
    assert sum(by_clip.values()) == sum(repeats.values())
    assert sum(repeats.values()) == dataset.header.counts["frames_used_twice"]


def test_the_recordings_that_are_too_slow_or_jittery_for_20_fps_are_marked(dataset):
    rates = {}
    for row in dataset.clips().to_pylist():
        rates.setdefault(row["subject"], []).append(row["rate"])
    assert set(rates["P003"]) == {"slow"}
    assert rates["P002"].count("ok") >= CLIPS - 6  # but where runs of frames were lost
    assert rates["P004"].count("jittery") > 3


def readable(path):
    """How many frames can be had by decoding from the first one on."""
    count = 0
    with suppress(VideoError):
        for _ in Video(path).frames():
            count += 1
    return count


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_frames_that_are_sought_are_those_that_are_counted(tmp_path, suffix):
    """What lies before the frames wanted is made unreadable, and it does not matter."""
    times = jittered(30, 60, 8, 0.02, 6)
    path = tmp_path / f"webcam{suffix}"
    write_recording(path, Recorded("P001", times, [], suffix))
    wanted = [*range(len(times) - 300, len(times) - 240, 3), *range(len(times) - 50, len(times), 2)]
    pts_ns = np.array(times, dtype=np.int64) * 1_000_000
    counted = {f.index: f.grey() for f in Video(path).frames() if f.index in wanted}
    broken = tmp_path / f"broken{suffix}"
    data = bytearray(path.read_bytes())
    data[len(data) // 4 : len(data) // 2] = bytes(len(data) // 2 - len(data) // 4)
    broken.write_bytes(data)
    assert readable(path) == len(times) > readable(broken)
    for source in (path, broken):
        sought = list(decoded(source, pts_ns, wanted))
        assert [frame.index for frame in sought] == wanted
        for frame in sought:
            assert np.array_equal(frame.grey(), counted[frame.index])
            assert decode(frame.grey(), STRIP) == frame.index


def test_a_recording_in_which_nothing_can_be_sought_is_counted(tmp_path):
    """The table's time stamps are of no use; the order of the pictures is."""
    times = jittered(30, 60, 8, 0.02, 6)
    path = tmp_path / "webcam.mp4"
    write_recording(path, Recorded("P001", times, []))
    wanted = [len(times) - 20, len(times) - 3]
    for frame in decoded(path, np.arange(len(times)) * 33_000_000, wanted):
        assert decode(frame.grey(), STRIP) == frame.index == wanted.pop(0)
    assert not wanted
