"""The pieces of a compilation: pictures of one scene or the washout, and its sound, to the frame.

Each piece is encoded alone with the same settings, closed, without frames out of order, so that
pieces join by copying and a broken clip is found in its own scene.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import ffmpeg

from mexlab.errors import VideoError
from stimuli.encoder import run, source, target
from stimuli.loudness import RAW, SAMPLE_HZ
from stimuli.protocol import FilmSettings
from stimuli.washout import washout_picture, yuv420p

FILL_S = 0.2  # a clip's last picture stands for at most this much that it lacks
COLOURS = dict.fromkeys(("colorspace", "color_primaries", "color_trc"), "bt709")


@dataclass(frozen=True)
class Coding:
    """How H.264 is encoded: x264's preset and its quality, lower is better."""

    preset: str
    crf: int


FILM = Coding("veryfast", 18)
REHEARSAL = Coding("ultrafast", 20)


def clip_pictures(
    clip: Path, start_s: float, frames: int, form: FilmSettings, coding: Coding, out: Path
) -> None:
    """`frames` pictures of a clip from `start_s`, upright, with square pixels, padded to size.

    Raises VideoError where the clip has not so many.
    """
    length_s = frames / form.rate
    pictures = source(clip, ss=start_s, t=float(length_s) + 1)["V:0"]
    size = {"force_original_aspect_ratio": "decrease", "force_divisible_by": 2}
    space = {"out_color_matrix": "bt709", "out_range": "tv"}
    shaped = (
        pictures.filter("yadif", deint="interlaced")
        .filter("scale", "trunc(iw*sar/2)*2", "ih")
        .filter("setsar", 1)
        .filter("scale", form.width, form.height, flags="bicubic", **size, **space)
        .filter("pad", form.width, form.height, "(ow-iw)/2", "(oh-ih)/2", color="black")
        .filter("setsar", 1)
        .filter("format", "yuv420p")
        .filter("fps", str(form.rate), start_time=0)
        .filter("tpad", stop_mode="clone", stop_duration=FILL_S)
        .filter("trim", end_frame=frames)
    )
    run(_encoded(shaped, form, coding, out), clip)
    found = _frames(out)
    if found != frames:
        what = f"the clip ends {(frames - found) / float(form.rate):.1f} s before its scene does"
        raise VideoError(what, clip, "copy it again, or set an earlier end_s")


def drawn_pictures(
    pictures: Iterable[bytes], form: FilmSettings, coding: Coding, out: Path
) -> None:
    """Pictures given as the bytes of yuv420p frames of the film's size."""
    raw = {"format": "rawvideo", "pix_fmt": "yuv420p", "s": f"{form.width}x{form.height}"}
    drawn = ffmpeg.input("pipe:0", r=str(form.rate), **raw)["v:0"]
    run(_encoded(drawn, form, coding, out), out, pictures)


def washout_pictures(form: FilmSettings, coding: Coding, out: Path) -> None:
    """The washout, for as long as the protocol says."""
    picture = yuv420p(washout_picture(form.width, form.height))
    drawn_pictures((picture for _ in range(form.washout_frames)), form, coding, out)


def join(pictures: list[Path], sound: Path, number: int, form: FilmSettings, out: Path) -> None:
    """Pieces in one folder, copied one after the other, and a raw sound, as one MP4 for playing."""
    listing = sound.with_name("pieces.txt")
    listing.write_text("".join(f"file '{piece.name}'\n" for piece in pictures), encoding="utf-8")
    video = ffmpeg.input(str(listing.absolute()), format="concat", safe=0)["v:0"]
    audio = source(sound, **RAW)["a:0"]
    joined = ffmpeg.output(
        video,
        audio,
        target(out),
        format="mp4",
        vcodec="copy",
        acodec="aac",
        audio_bitrate="256k",
        movflags="+faststart",
        metadata=f"title=compilation {number}",
    )
    run(joined, out)


def samples_until(frame: int, form: FilmSettings) -> int:
    """Sound samples before the start of a frame: from film start, so that nothing adds up."""
    return round(frame * SAMPLE_HZ / form.rate)


def _encoded(pictures: Any, form: FilmSettings, coding: Coding, out: Path) -> Any:
    second = max(round(form.rate), 1)
    return pictures.output(
        target(out),
        format="mp4",
        vcodec="libx264",
        preset=coding.preset,
        crf=coding.crf,
        pix_fmt="yuv420p",
        bf=0,
        g=second,  # a key frame each second, to seek by
        r=str(form.rate),
        color_range="tv",
        map_metadata=-1,
        **COLOURS,
    )


def _frames(path: Path) -> int:
    with av.open(path) as container:
        return int(container.streams.video[0].frames) if container.streams.video else 0
