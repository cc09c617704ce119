"""Each scene's sound at one loudness (EBU R 128), by one gain and, for its peaks, a limiter.

A linear gain keeps a scene's own dynamics, which a film needs; loudnorm would ride them. Sounds are
raw float32 stereo at 48 kHz, in files, because they are joined to the sample. Loudness is in LUFS.
"""

import math
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mexlab.errors import VideoError
from stimuli.encoder import run, source, target

SAMPLE_HZ = 48_000
SAMPLE_BYTES = 2 * 4  # stereo float32
RAW = {"format": "f32le", "ar": SAMPLE_HZ, "ac": 2}

SILENT_LUFS = -60.0  # below it there is nothing to hear, and a gain would lift only noise
PEAK_DB = -1.5  # samples stay below; true peaks and AAC overshoot a little
TOLERANCE_LU = 0.25
ATTEMPTS = 8  # the limiter takes loudness away, which the next gain gives back


@dataclass(frozen=True)
class Loudness:
    """Integrated loudness, and the highest true peak in dB below full scale."""

    lufs: float
    peak_db: float

    @property
    def silent(self) -> bool:
        return not self.lufs > SILENT_LUFS


def clip_sound(clip: Path, start_s: float, samples: int, out: Path) -> Loudness:
    """Cut `samples` of a clip's sound from `start_s` into the raw file `out`; how loud it is.

    Sound that begins later than the pictures, or ends before them, is filled up with silence.
    """
    # The length bounds the reading; the samples decide.
    clip_input = source(clip, ss=start_s, t=samples / SAMPLE_HZ + 1)
    sound = clip_input["a:0"].filter("aresample", SAMPLE_HZ, **{"async": 1, "first_pts": 0})
    return _measured(_exactly(sound, samples), out, clip)


def raw_loudness(sound: Path) -> Loudness:
    """How loud a raw file is."""
    return _measured(source(sound, **RAW)["a:0"], None, sound)


def silence(samples: int, out: Path) -> Loudness:
    """Write `samples` of silence."""
    with out.open("wb") as file:
        file.truncate(samples * SAMPLE_BYTES)
    return Loudness(-math.inf, -math.inf)


def level(sound: Path, loudness: Loudness, target_lufs: float, out: Path, where: str) -> None:
    """Bring the raw file `sound`, of this loudness, to the target, into the raw file `out`.

    Raises VideoError naming `where` for a sound so full of peaks that it cannot be done.
    """
    if loudness.silent:
        shutil.copyfile(sound, out)
        return
    gain_db = target_lufs - loudness.lufs
    for _ in range(ATTEMPTS):
        louder = source(sound, **RAW)["a:0"].filter("volume", f"{gain_db:.3f}dB")
        if loudness.peak_db + gain_db > PEAK_DB:
            ceiling = 10 ** (PEAK_DB / 20)
            louder = louder.filter("alimiter", limit=ceiling, level=False, latency=True)
        missing = target_lufs - _measured(louder, out, where).lufs
        if abs(missing) <= TOLERANCE_LU:
            return
        gain_db += missing
    remedy = "choose a lower loudness_lufs in the protocol, or a clip with fewer loud bangs"
    raise VideoError(f"its sound cannot be brought to {target_lufs:g} LUFS", where, remedy)


def film_loudness(film: Path, start_s: float, length_s: float) -> float | None:
    """Loudness of a part of a built film, in LUFS; None where it is silent."""
    part = source(film, ss=start_s, t=length_s)["a:0"]
    found = _measured(part, None, film)
    return None if found.silent else found.lufs


def _exactly(sound: Any, samples: int) -> Any:
    form = {"sample_fmts": "flt", "sample_rates": SAMPLE_HZ, "channel_layouts": "stereo"}
    return sound.filter("aformat", **form).filter("apad").filter("atrim", end_sample=samples)


def _measured(sound: Any, out: Path | None, where: str | Path) -> Loudness:
    heard = sound.filter("ebur128", peak="true", framelog="quiet")
    # ebur128 may hand on its sound as float64 at another rate; the output's options put it back.
    form = RAW if out else {"format": "null"}
    text = run(heard.output(target(out) if out else "-", **form), where)
    summary = text[text.rfind("Summary:") :]
    lufs = re.search(r"I:\s+(\S+) LUFS", summary)
    peak = re.search(r"Peak:\s+(\S+) dBFS", summary)
    if not lufs or not peak:
        raise VideoError("ffmpeg did not say how loud it is", where, "check that it has sound")
    values = [float(found[1]) for found in (lufs, peak)]
    return Loudness(*(value if math.isfinite(value) else -math.inf for value in values))
