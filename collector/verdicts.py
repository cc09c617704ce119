"""What the pre-flight check thinks of what it measured: one finding a line, each with its remedy.

Pure: numbers in, findings out. The thresholds stand here with their reasons.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from collector.framing import Crop
from stimuli.player.displays import AudioOutput, Display

OK, WARN, FAIL = "ok", "warn", "fail"

# Of the nominal rate. Below the first a camera has begun to expose longer than a frame lasts; at
# the second a micro-expression of 0.2 s is three pictures.
SLOW, HOPELESS = 28 / 30, 15 / 30
# A movement of 1.5 % of the distance between the eyes, about the smallest that coders agree on, is
# then 0.9 px: ten times what dense flow errs by (0.07 px). Below half of it nothing small is left.
IOD_PX, IOD_LEAST_PX = 60.0, 30.0
DARK, BRIGHT = 0.2, 0.85  # mean brightness of the face, of black to white
CLIPPED = 0.1  # part of the face that may be quite black or quite white
# Variance of the Laplacian of the face, lightly smoothed, at 100 px between the eyes; grey levels
# squared. Measured on a dozen faces: 9 to 24 in focus, 3 to 5 with a blur of 2 px.
BLURRED = 5.0
OFF_CENTRE = 0.25  # of the picture's side that the face's middle may be off
BUSY, TOO_BUSY = 0.5, 0.9  # of one core's time for encoding
QUIET = 0.2  # of full volume
SESSIONS_SPARE = 3  # with room for fewer sessions than this, the disk is worth a word
EVEN = 0.01  # how far the refresh rate may be off a multiple of the film's rate


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `verdict` ok, warn or fail; `values` the numbers behind it."""

    name: str
    verdict: str
    detail: str
    remedy: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        tail = f"; {self.remedy}" if self.remedy and self.verdict != OK else ""
        return f"{self.verdict:<4} {self.name}: {self.detail}{tail}"


def _graded(fails: bool, warns: bool) -> str:
    return FAIL if fails else WARN if warns else OK


def _same(asked: Any, granted: Any) -> bool:
    """Rates come back rounded through frame times."""
    if isinstance(asked, float) and isinstance(granted, float):
        return abs(asked - granted) <= 0.01 * asked
    return bool(asked == granted)


def camera_finding(spec: str, width: int, height: int, description: dict[str, Any]) -> Finding:
    """What the driver granted of what was asked; they often differ without a word."""
    asked, granted = description.get("asked", {}), description.get("granted", {})
    differ = [
        f"{name} {granted[name]} instead of {asked[name]}"
        for name in ("width", "height", "fps", "fourcc")
        if name in asked and name in granted and not _same(asked[name], granted[name])
    ]
    held = description.get("held", {})
    detail = f"{spec} by {description.get('backend', '?')}, {width}x{height}"
    detail += "".join(f", {note}" for note in differ)
    if asked.get("lock") and (not held or "given_up" in held):
        detail += ", exposure, white balance and focus cannot be held"
    remedy = "choose a mode the camera has in study.toml [camera]"
    return Finding("camera", WARN if differ else OK, detail, remedy, description)


def rate_finding(distinct: int, seconds: float, nominal_fps: float) -> Finding:
    """Different pictures a second against the nominal rate."""
    rate = distinct / seconds if seconds > 0 else 0.0
    values = {"fps": round(rate, 2), "nominal_fps": nominal_fps}
    verdict = _graded(rate < HOPELESS * nominal_fps, rate < SLOW * nominal_fps)
    remedy = "more light on the face; a camera that exposes longer gives fewer pictures"
    detail = f"{rate:.1f} pictures a second of {nominal_fps:g}"
    return Finding("rate", verdict, detail, remedy, values)


def light_finding(brightness: float, black: float, white: float) -> Finding:
    """Mean brightness 0..1 and the parts at either end of the range, of the face if any."""
    values = {
        "brightness": round(brightness, 3),
        "black": round(black, 3),
        "white": round(white, 3),
    }
    detail = f"brightness {brightness:.0%}, {black:.0%} black, {white:.0%} white"
    if brightness < DARK or black > CLIPPED:
        return Finding("light", WARN, detail, "a lamp in front of the participant", values)
    if brightness > BRIGHT or white > CLIPPED:
        return Finding("light", WARN, detail, "less or softer light on the face", values)
    return Finding("light", OK, detail, "", values)


def face_findings(
    seen: int,
    looked: int,
    iod_px: float,
    centre: tuple[float, float],
    sharpness: float,
    crop: Crop | None,
) -> list[Finding]:
    """Face found, its size, place and sharpness; `centre` as parts of the picture's sides."""
    if seen * 2 < max(looked, 1):
        detail = f"a face in {seen} of {looked} pictures"
        return [Finding("face", WARN, detail, "sit in front of the camera, without a mask")]
    size = _graded(iod_px < IOD_LEAST_PX, iod_px < IOD_PX)
    near = f"move nearer, or record larger: {IOD_PX:g} px or more show small movements"
    off = max(abs(part - 0.5) for part in centre) > OFF_CENTRE
    place = f"at {centre[0]:.0%} of the width and {centre[1]:.0%} of the height"
    cut = f", recorded {crop.width}x{crop.height}" if crop else ", recorded whole"
    sharp = WARN if sharpness < BLURRED else OK
    values = {"iod_px": round(iod_px, 1)}
    return [
        Finding("face size", size, f"{iod_px:.0f} px between the eyes", near, values),
        Finding("face place", WARN if off else OK, place + cut, "centre the face"),
        Finding(
            "sharpness",
            sharp,
            f"{sharpness:.0f}",
            "wipe the lens, or focus on the face",
            {"laplacian_variance": round(sharpness, 1)},
        ),
    ]


def encoder_finding(encoding_s: float, filmed_s: float, cores: int) -> Finding:
    """CPU time of encoding against the time the frames took."""
    part = encoding_s / filmed_s if filmed_s > 0 else 0.0
    detail = f"encoding takes {part:.0%} of one of {cores} cores"
    verdict = _graded(part > TOO_BUSY, part > BUSY or cores < 2)
    remedy = "record smaller, or on a faster computer: film and camera need a core as well"
    return Finding(
        "computer", verdict, detail, remedy, {"encoding": round(part, 3), "cores": cores}
    )


def disk_finding(free_bytes: int, needed_bytes: int, minutes: float) -> Finding:
    """Room for the longest session: the growing file and the finished one beside it."""
    detail = f"{free_bytes / 1e9:.1f} GB free, {needed_bytes / 1e9:.2f} GB for {minutes:.0f} min"
    verdict = _graded(free_bytes < needed_bytes, free_bytes < SESSIONS_SPARE * needed_bytes)
    values = {"free_bytes": free_bytes, "needed_bytes": needed_bytes}
    return Finding("disk", verdict, detail, "free some space", values)


def display_finding(displays: Sequence[Display], wanted: int, film_fps: float) -> Finding:
    """The display that shows the film: there, and even in its rhythm."""
    known = ", ".join(str(display) for display in displays) or "none"
    chosen = next((display for display in displays if display.index == wanted), None)
    if chosen is None:
        remedy = "choose one of them in study.toml [player] display"
        return Finding("display", FAIL, f"no display {wanted}, there are: {known}", remedy)
    times = chosen.refresh_hz / film_fps
    even = times >= 1 - EVEN and abs(times - round(times)) <= EVEN * times
    detail = f"{chosen}, {chosen.refresh_hz:g} Hz for a film of {film_fps:g} fps"
    remedy = "a refresh rate that is a multiple of the film's shows each frame equally long"
    values = {"refresh_hz": chosen.refresh_hz, "film_fps": film_fps, "displays": len(displays)}
    return Finding("display", OK if even else WARN, detail, remedy, values)


def sound_finding(outputs: Sequence[AudioOutput], volume: float | None, muted: bool) -> Finding:
    """`volume` 0..1 of the default output, None where the system does not tell."""
    if not outputs:
        return Finding("sound", WARN, "no sound output", "connect loudspeakers or headphones")
    chosen = next((output for output in outputs if output.default), outputs[0])
    level = "level unknown" if volume is None else f"level {volume:.0%}"
    detail = f"{chosen.description}, {'muted' if muted else level}"
    quiet = muted or (volume is not None and volume < QUIET)
    values = {"volume": volume, "muted": muted}
    return Finding("sound", WARN if quiet else OK, detail, "turn the sound up", values)
