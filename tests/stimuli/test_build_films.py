"""Building compilations, real and rehearsed: what the JSON says is what the film shows and sounds.

The pictures are decoded here anew, and told apart by other means than the product's own.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from itertools import pairwise

import numpy as np
import pytest
from click.testing import CliRunner
from film_clips import HEAD, ffmpeg, make_clip, seven, write_protocol

from mexlab.atomic import leftovers
from mexlab.emotions import EMOTIONS
from mexlab.study import Study
from mexlab.timebase import NS_PER_S
from mexlab.vision.video import Video
from stimuli.cli import stimuli
from stimuli.compilation import Compilation, outdated, read_compilation
from stimuli.protocol import Protocol
from tests.conftest import refused, run_command

GREY = "color=c=0x7e7e7e:s=160x90:r=25,format=yuv420p"
MOVING = "testsrc2=s=160x90:r=25"
LATE_S = 1.0


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Seven clips such as a laboratory has them: sizes, rates, loudness and sound all differ."""
    folder = tmp_path_factory.mktemp("clips")
    make_clip(folder / "loud.mp4", "testsrc2=s=320x256:r=25,setsar=16/15", "anoisesrc=c=pink:a=0.9")
    make_clip(
        folder / "quiet.mp4", "testsrc2=s=98x76:r=24000/1001", "sine=f=500:r=22050,volume=-35dB"
    )
    make_clip(folder / "flat.mp4", "testsrc2=s=160x90:r=30", "sine=f=300,volume=-9dB")
    turn = ("-display_rotation", 90, "-i", folder / "flat.mp4", "-c", "copy")
    ffmpeg("-v", "error", *turn, folder / "turned.mp4")
    make_clip(folder / "mute.mp4", f"{GREY},fade=in:st=1.2:d=0.4:color=black")
    surround = "anoisesrc=c=brown:a=0.3,pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0"
    make_clip(folder / "surround.mp4", "testsrc2=s=480x270:r=50", surround, extra=("-c:a", "ac3"))
    uneven = f"{MOVING},select='not(eq(mod(n\\,7)\\,3))'"
    late = {"late_s": LATE_S, "extra": ("-fps_mode", "vfr")}
    make_clip(folder / "late.mp4", uneven, "sine=f=700,volume=-20dB", **late)
    make_clip(folder / "grey.mp4", GREY, "anoisesrc=c=white:a=0.02")
    return folder


NAMES = [f"{n}.mp4" for n in ("loud", "quiet", "turned", "mute", "surround", "late", "grey")]


BUILT = "built, 7 scenes, 12.6 s, without sound: 4"


@pytest.fixture(scope="module")
def built(clips, tmp_path_factory):
    """Compilations 1 and 2 of those clips. Read only."""
    study = Study.create(tmp_path_factory.mktemp("films") / "study")
    for name in NAMES:
        shutil.copy2(clips / name, study.stimuli_path)
    write_protocol(study, seven(NAMES))
    lines = run_command(stimuli, "build", study.root, "--compilation", 2, "--compilation", 1)
    assert lines.splitlines() == [f"compilation {n}: {BUILT}" for n in (1, 2)]
    return study


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory):
    """All eight placeholders, small and short. Read only."""
    study = Study.create(tmp_path_factory.mktemp("rehearsal") / "study")
    study.protocol_path.write_text(study.protocol_path.read_text().replace("fps = 30", "fps = 10"))
    run_command(stimuli, "build", study.root, "--placeholder", "--scene-s", 0.6)
    return study


@pytest.fixture
def copied(built, tmp_path):
    root = tmp_path / "study"
    shutil.copytree(built.root, root)
    return Study.open(root)


def pictures(film):
    """Times in ns and grey pictures, int16 [n, height, width], of a whole film."""
    frames = [(f.t_ns, f.picture.to_ndarray(format="gray")) for f in Video(film).frames()]
    return [t for t, _ in frames], np.array([p for _, p in frames]).astype(np.int16)


def shows_cross(grey):
    """Whether each picture has a dark plus on even light ground in its middle, bool [n]."""
    height, width = grey.shape[1:]
    y, x, arm = height // 2, width // 2, max(height // 20, 6)
    arms = [grey[:, y, x - arm + 2], grey[:, y, x + arm - 3], grey[:, y - arm + 2, x]]
    corners = [grey[:, y + dy, x + dx] for dy in (-arm, arm) for dx in (-arm, arm)]
    edges = [grey[:, 5, 5], grey[:, -6, -6], grey[:, 5, -6]]
    dark = np.max(arms, axis=0) < 60
    return dark & (np.abs(np.array(corners + edges) - 128).max(axis=0) < 25)


def scene_runs(is_scene):
    """Half-open ranges of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], is_scene.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def loudness(film, scene):
    """Integrated loudness in LUFS of a scene of the film, by ffmpeg's meter."""
    span = f"atrim={scene.start_ns / NS_PER_S}:{scene.end_ns / NS_PER_S}"
    said = ffmpeg("-i", film, "-vn", "-af", f"{span},ebur128", "-f", "null", "-")
    return float(re.findall(r"I:\s+(\S+) LUFS", said)[-1])


# What is built


def test_boundaries_are_those_of_the_pictures(built, rehearsal):
    films = [read_compilation(built, 1), *(read_compilation(rehearsal, n) for n in range(1, 9))]
    for film in films:
        times, grey = pictures(film.film)
        assert film.frames == len(times)
        ends = [*times, film.duration_ns]
        found = [(ends[a], ends[b]) for a, b in scene_runs(~shows_cross(grey))]
        assert found == [(scene.start_ns, scene.end_ns) for scene in film.scenes]
        assert film.duration_ns == round(film.frames * NS_PER_S / film.fps)


def test_eight_placeholders_of_seven_labelled_moving_scenes(rehearsal):
    protocol = Protocol.read(rehearsal)
    for number in range(1, 9):
        film = read_compilation(rehearsal, number)
        assert film.placeholder
        assert tuple(scene.emotion for scene in film.scenes) == protocol.plan(number).targets
        assert [scene.scene for scene in film.scenes] == list(range(1, 8))
        assert {scene.end_ns - scene.start_ns for scene in film.scenes} == {600_000_000}
    times, grey = pictures(film.film)
    inside = [
        i for i, t in enumerate(times) if any(s.start_ns <= t < s.end_ns for s in film.scenes)
    ]
    steps = [np.abs(grey[b] - grey[a]).mean() for a, b in pairwise(inside)]
    assert min(steps) > 1.0


def test_labels_tell_the_scenes_of_placeholders_apart(rehearsal):
    first, second = read_compilation(rehearsal, 1), read_compilation(rehearsal, 2)
    labels = {}
    for film in (first, second):
        times, grey = pictures(film.film)
        for scene in film.scenes:
            picture = grey[times.index(scene.start_ns)]
            labels[scene.emotion, scene.scene] = picture[155:205, 150:490]
    assert len(labels) == 14
    keys = list(labels)
    for i, a in enumerate(keys):
        for b in keys[i + 1 :]:
            assert np.abs(labels[a] - labels[b]).mean() > 1.0


def test_all_scenes_are_within_1_lu_of_the_target(built, rehearsal):
    film = read_compilation(built, 1)
    silent = [scene for scene in film.scenes if NAMES[scene.scene - 1] == "mute.mp4"]
    for scene, stated in zip(film.scenes, film.loudness_lufs, strict=True):
        if scene in silent:
            assert stated is None
            assert loudness(film.film, scene) <= -60
        else:
            assert loudness(film.film, scene) == pytest.approx(-23, abs=1)
            assert loudness(film.film, scene) == pytest.approx(stated, abs=0.2)
    practice = read_compilation(rehearsal, 5)
    for scene in practice.scenes:
        assert loudness(practice.film, scene) == pytest.approx(-23, abs=1)


def test_one_form_for_every_player(built):
    video = Video(built.film_path(1))
    assert (video.codec, video.pixel_format, video.rotation) == ("h264", "yuv420p", 0)
    assert (video.width, video.height, video.nominal_hz) == (160, 90, 25.0)
    said = ffmpeg("-i", built.film_path(1), "-f", "null", "-")
    assert re.search(r"Audio: aac.* 48000 Hz, stereo", said)
    start = built.film_path(1).read_bytes()[:100_000]
    assert start.index(b"moov") < start.index(b"mdat")


def test_key_frames_stand_at_least_once_a_second(built):
    import av

    with av.open(built.film_path(1)) as container:
        packets = [p for p in container.demux(video=0) if p.pts is not None]
    keys = [float(p.pts * p.time_base) for p in packets if p.is_keyframe]
    assert keys[0] == 0
    assert max(np.diff(keys)) < 1.01


def test_a_turned_clip_stands_upright_and_keeps_its_shape(built):
    film = read_compilation(built, 1)
    times, grey = pictures(film.film)
    turned = grey[times.index(film.scenes[2].start_ns) + 5]
    lit = np.flatnonzero(turned.max(axis=0) > 40)
    assert 46 <= np.ptp(lit) + 1 <= 56  # 90:160 at a height of 90 px is 50.6 px wide
    wide = grey[times.index(film.scenes[0].start_ns) + 5]
    lit = np.flatnonzero(wide.max(axis=0) > 40)
    assert 116 <= np.ptp(lit) + 1 <= 124  # 320 x 16/15 to 256, a shape of 4:3


def test_sound_that_starts_late_stays_late(built):
    film = read_compilation(built, 1)
    scene = film.scenes[5]
    raw = built.root / "late.raw"
    span = f"atrim={scene.start_ns / NS_PER_S}:{scene.end_ns / NS_PER_S}"
    ffmpeg("-i", film.film, "-vn", "-af", span, "-ac", 1, "-ar", 8000, "-f", "f32le", raw)
    heard = np.abs(np.fromfile(raw, "<f4"))
    raw.unlink()
    begins_s = np.flatnonzero(heard > 0.3 * heard.max())[0] / 8000
    assert begins_s == pytest.approx(LATE_S - 0.5, abs=0.05)  # the scene starts at 0.5 s


# Only what changed


def test_nothing_changed_nothing_built(copied):
    before = copied.film_path(1).stat().st_mtime_ns
    line = run_command(stimuli, "build", copied.root, "--compilation", 1)
    assert line == "compilation 1: up to date\n"
    assert copied.film_path(1).stat().st_mtime_ns == before


def test_a_changed_clip_rebuilds_only_its_compilation(copied):
    # Compilation 2 takes a clip of its own; everything else is as it was.
    text = copied.protocol_path.read_text()
    head, one, two, *rest = text.split("[[compilation]]")
    shutil.copy2(copied.stimuli_path / "loud.mp4", copied.stimuli_path / "own.mp4")
    own = two.replace("loud.mp4", "own.mp4")
    copied.protocol_path.write_text("[[compilation]]".join([head, one, own, *rest]))
    assert outdated(Compilation.read(copied.compilation_path(2)), Protocol.read(copied))
    both = ("build", copied.root, "--compilation", 1, "--compilation", 2)
    assert run_command(stimuli, *both).splitlines()[0] == "compilation 1: up to date"

    make_clip(copied.stimuli_path / "own.mp4", MOVING, "sine=f=200")
    line = refused(stimuli, "play", copied.root, 2)
    assert "older than its clips: own.mp4 has changed" in line
    assert f"mexlab stimuli build {copied.root}" in line
    result = CliRunner().invoke(stimuli, ["check", str(copied.root)])
    assert result.exit_code == 1
    assert "own.mp4 has changed" in result.stdout

    lines = run_command(stimuli, *both).splitlines()
    assert lines == ["compilation 1: up to date", f"compilation 2: {BUILT}"]
    assert (
        read_compilation(copied, 2).clips[0].sha256 != read_compilation(copied, 1).clips[0].sha256
    )


def test_a_clip_only_touched_is_the_same_clip(copied):
    os.utime(copied.stimuli_path / "loud.mp4")
    assert read_compilation(copied, 1).number == 1


def test_films_serve_where_the_clips_are_not(copied):
    (copied.stimuli_path / "loud.mp4").unlink()
    assert len(read_compilation(copied, 1).scenes) == 7


def test_a_changed_plan_makes_a_film_outdated_and_a_rights_note_does_not(copied):
    write_protocol(copied, seven(NAMES, more=', rights = "bought"'))
    read_compilation(copied, 1)
    write_protocol(copied, seven(NAMES, end_s=1.6))
    assert "older than the protocol" in refused(stimuli, "play", copied.root, 1)


# Rehearsals and films


def test_a_placeholder_holds_until_the_order_of_emotions_changes(rehearsal, tmp_path):
    study = Study.create(tmp_path / "study")
    for name in ("compilation-1.json", "compilation-1.mp4", "protocol.toml"):
        shutil.copy(rehearsal.stimuli_path / name, study.stimuli_path)
    text = study.protocol_path.read_text()
    study.protocol_path.write_text(text.replace("clips/", "films/"))
    assert read_compilation(study, 1).placeholder
    study.protocol_path.write_text(text.replace('"neutral"', '"x"').replace('"fear"', '"neutral"'))
    assert "order of emotions" in refused(stimuli, "play", study.root, 1)


def test_films_take_the_place_of_placeholders_and_not_the_other_way(copied):
    copied.compilation_path(1).unlink()
    rehearse = ("build", copied.root, "--placeholder", "--scene-s", 0.6, "--compilation")
    run_command(stimuli, *rehearse, 1)
    assert read_compilation(copied, 1).placeholder
    assert "a film of your own" in refused(stimuli, *rehearse, 2)
    assert "built, 7" in run_command(stimuli, "build", copied.root, "--compilation", 1)
    assert not read_compilation(copied, 1).placeholder


def test_scene_length_belongs_to_placeholders(built):
    result = CliRunner().invoke(stimuli, ["build", str(built.root), "--scene-s", "3"])
    assert result.exit_code == 2


# What cannot be used


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda s: s.compilation_path(1).unlink(), "compilation 1 is not built"),
        (lambda s: s.film_path(1).unlink(), "the film of compilation 1 is missing"),
        (lambda s: s.film_path(1).write_bytes(b"x"), "not the one that was measured"),
        (lambda s: s.compilation_path(1).write_text("{"), "damaged compilation file"),
        (lambda s: s.compilation_path(1).write_text("[]"), "damaged compilation file"),
        (
            lambda s: shutil.copy(s.compilation_path(2), s.compilation_path(1)),
            "describes compilation 2",
        ),
    ],
)
def test_what_is_not_whole_is_refused_with_the_command_that_mends_it(copied, spoil, words):
    spoil(copied)
    line = refused(stimuli, "play", copied.root, 1)
    assert words in line
    assert line.endswith(f"build it with: mexlab stimuli build {copied.root}")


def test_json_keeps_to_the_contract(built):
    text = json.loads(built.compilation_path(1).read_text())
    assert {"schema_version", "number", "film", "sha256", "fps", "frames", "duration_ns"} <= set(
        text
    )
    assert text["film"] == "compilation-1.mp4"
    assert [s["emotion"] for s in text["scenes"]] == list(EMOTIONS)
    assert set(text["scenes"][0]) == {
        *("scene", "emotion", "start_ns", "end_ns", "loudness_lufs"),
        *("clip", "sha256", "size", "mtime_ns"),
    }


# What goes wrong on the way


def small_study(tmp_path, clip, **span):
    study = Study.create(tmp_path / "study")
    write_protocol(study, seven([clip] * 7, **span))
    return study


def test_a_clip_cut_off_by_a_broken_transfer_is_named(tmp_path):
    whole = make_clip(tmp_path / "whole.mp4", MOVING, extra=("-movflags", "+faststart", "-g", 10))
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 3])
    study = small_study(tmp_path, cut)
    line = refused(stimuli, "build", study.root, "--compilation", 1)
    assert "before its scene does" in line
    assert "cut.mp4" in line
    assert not [p for p in study.stimuli_path.iterdir() if p.name != "protocol.toml"]


def test_a_clip_that_shows_the_washout_itself_is_refused(tmp_path, rehearsal):
    # The middle of the first washout of a film of the same shape, taken as a clip.
    study = small_study(tmp_path, rehearsal.film_path(1), start_s=0.1, end_s=1.2)
    study.protocol_path.write_text(study.protocol_path.read_text().replace(HEAD, SHAPED))
    line = refused(stimuli, "build", study.root, "--compilation", 1)
    assert "planned" in line
    assert "the washout itself" in line


SHAPED = "schema_version = 1\nwidth = 640\nheight = 360\nfps = 10\nwashout_s = 0.5\n"


def test_a_full_disk_is_one_line_and_leaves_nothing(built, tmp_path):
    root = tmp_path / "study"
    shutil.copytree(built.root, root, ignore=shutil.ignore_patterns("compilation-*"))
    script = f"""
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
from stimuli.cli import stimuli
stimuli(["build", {str(root)!r}, "--compilation", "1"])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 1
    assert re.fullmatch(
        r"error: No space left on device; .+; free some space .+", last(done.stderr)
    )
    assert not list((root / "stimuli").glob("*ompilation*"))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_build_leaves_no_half_film(built, tmp_path, how):
    root = tmp_path / "study"
    shutil.copytree(built.root, root)
    study = Study.open(root)
    write_protocol(study, seven(NAMES, end_s=1.6))
    arguments = ["build", str(root), "--compilation", "1"]
    script = f"from stimuli.cli import stimuli; stimuli({arguments})"
    child = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
    until = time.monotonic() + 30
    while not list(study.stimuli_path.glob(".*pieces*/scene-2.mp4")) and time.monotonic() < until:
        time.sleep(0.01)
    child.send_signal(how)
    assert child.wait(timeout=30) != 0
    # What stood there before still does, and is still whole.
    assert Compilation.read(study.compilation_path(1)).sha256 == read_built_hash(built)
    if how is not signal.SIGKILL:
        assert not list(study.stimuli_path.glob(".*"))
    else:
        run_command(stimuli, *arguments)
        assert read_compilation(study, 1).frames == 7 * (15 + 28)
        assert not leftovers(study.stimuli_path)


def read_built_hash(study):
    return read_compilation(study, 1).sha256


def last(text):
    return text.splitlines()[-1]
