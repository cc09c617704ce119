"""Clips and protocols for tests: tiny films of many kinds, made by the ffmpeg that builds films."""

import subprocess

import imageio_ffmpeg

from mexlab.emotions import EMOTIONS

HEAD = """schema_version = 1
width = 160
height = 90
fps = 25
washout_s = 0.6
"""


def ffmpeg(*arguments):
    """Run ffmpeg; returns what it says."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-hide_banner", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def make_clip(path, picture, sound=None, seconds=2.5, late_s=0.0, extra=()):
    """A clip of a lavfi `picture` and, if given, a lavfi `sound` that begins `late_s` later."""
    inputs = ["-f", "lavfi", "-i", picture]
    if sound:
        inputs += ["-itsoffset", late_s, "-f", "lavfi", "-i", sound]
    ffmpeg("-v", "error", *inputs, "-t", seconds, *extra, path)
    return path


def write_protocol(study, rows, numbers=range(1, 9), head=HEAD):
    """A protocol whose compilations all have these scenes: (target, clip, start_s, end_s, more)."""
    text = head
    for number in numbers:
        scenes = ",\n".join(
            f'{{ target = "{target}", clip = "{clip}", start_s = {start}, end_s = {end}{more} }}'
            for target, clip, start, end, more in rows
        )
        text += f"[[compilation]]\nnumber = {number}\nscenes = [\n{scenes}\n]\n"
    study.protocol_path.write_text(text)


def seven(clips, start_s=0.5, end_s=1.7, more=', rights = "own"'):
    """Rows for `write_protocol`, one an emotion."""
    return [(e, c, start_s, end_s, more) for e, c in zip(EMOTIONS, clips, strict=True)]
