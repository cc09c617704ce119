"""Placeholder scenes for rehearsal: labelled moving patterns with tones instead of films.

Draws and computes; reads nothing, writes only the sound's raw file. Each picture differs from the
one before it, and each emotion has its own tone.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from mexlab.emotions import EMOTIONS
from stimuli.loudness import SAMPLE_HZ
from stimuli.protocol import FilmSettings
from stimuli.washout import Luma

WIDTH, HEIGHT = 640, 360
WASHOUT_S = 1.0
TONE_HZ = 220.0  # of the first emotion; each next one is a whole tone higher
STRIPE_PX = 80


def rehearsal_form(settings: FilmSettings) -> FilmSettings:
    """The protocol's form made small and quick to build."""
    washout_s = min(settings.washout_s, WASHOUT_S)
    return replace(settings, width=WIDTH, height=HEIGHT, washout_s=washout_s)


def pattern(emotion: str, scene: int, frames: int, form: FilmSettings) -> Iterator[bytes]:
    """The pictures of a scene as yuv420p frames: stripes that wander under a label."""
    label, where = _label(f"{scene}  {emotion}", form)
    stripes = np.tile(_stripes(form), (form.height, 1))
    chroma = _chroma(EMOTIONS.index(emotion), form)
    bar = np.s_[form.height - 12 : form.height - 4]
    for frame in range(frames):
        shift = 2 * frame % STRIPE_PX
        luma = stripes[:, shift : shift + form.width].copy()
        luma[where] = label
        luma[bar, : max(form.width * (frame + 1) // frames, 2)] = 235  # how far the scene is
        yield luma.tobytes() + chroma


def tone(emotion: str, samples: int, out: Path) -> None:
    """A raw float32 stereo file: a soft tone that swells and falls, its pitch the emotion's."""
    seconds = np.arange(samples) / SAMPLE_HZ
    pitch_hz = TONE_HZ * 2 ** (EMOTIONS.index(emotion) / 6)
    swell = 0.75 - 0.25 * np.cos(2 * np.pi * seconds)
    wave = 0.1 * swell * np.sin(2 * np.pi * pitch_hz * seconds)
    out.write_bytes(np.repeat(wave.astype("<f4"), 2).tobytes())


def _stripes(form: FilmSettings) -> Luma:
    """uint8 (1, width + one stripe): slanted light and dark, to slide under the window."""
    x = np.arange(form.width + STRIPE_PX)
    wave = 110 + 60 * np.sin(2 * np.pi * x / STRIPE_PX)
    return wave.astype(np.uint8)[None]


def _chroma(index: int, form: FilmSettings) -> bytes:
    angle = 2 * np.pi * index / len(EMOTIONS)
    size = form.height // 2 * (form.width // 2)
    planes = (128 + 50 * np.cos(angle), 128 + 50 * np.sin(angle))
    return b"".join(bytes([round(level)]) * size for level in planes)


def _label(text: str, form: FilmSettings) -> tuple[Luma, tuple[slice, slice]]:
    """White words on black, and where they stand in the picture; OpenCV brings its own letters."""
    import cv2

    scale, thick = form.height / 300, 2
    (width, height), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    box: Luma = np.full((height + below + 20, min(width + 20, form.width)), 16, dtype=np.uint8)
    at = (10, height + 10)
    cv2.putText(box, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, 235, thick, cv2.LINE_AA)
    top, left = (form.height - box.shape[0]) // 2, (form.width - box.shape[1]) // 2
    return box, np.s_[top : top + box.shape[0], left : left + box.shape[1]]
