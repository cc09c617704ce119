"""What the pre-flight check thinks of what it measured: one finding a line, each with its remedy.

Pure: numbers in, findings out. The thresholds stand here with their reasons.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from collector.finding import AS_IS, FAIL, OK, WARN, Finding, Phrase
from mexlab.errors import MexlabError
from stimuli.player.displays import AudioOutput, Display

if TYPE_CHECKING:
    from collector.framing import Crop

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


def _graded(fails: bool, warns: bool) -> str:
    return FAIL if fails else WARN if warns else OK


def _same(asked: Any, granted: Any) -> bool:
    """Rates come back rounded through frame times."""
    if isinstance(asked, float) and isinstance(granted, float):
        return abs(asked - granted) <= 0.01 * asked
    return bool(asked == granted)


def failure(name: str, error: MexlabError) -> Finding:
    """What could not be looked at, in the error's own words."""
    what = Phrase(AS_IS, {"text": f"{error.what} ({error.where})"})
    return Finding(name, FAIL, (what,), Phrase(AS_IS, {"text": error.remedy}))


def camera_finding(spec: str, width: int, height: int, description: dict[str, Any]) -> Finding:
    """What the driver granted of what was asked; they often differ without a word."""
    asked, granted = description.get("asked", {}), description.get("granted", {})
    differ = [
        Phrase("camera differs", {"setting": n, "granted": granted[n], "asked": asked[n]})
        for n in ("width", "height", "fps", "fourcc")
        if n in asked and n in granted and not _same(asked[n], granted[n])
    ]
    held, backend = description.get("held", {}), description.get("backend", "?")
    size = {"width": width, "height": height}
    phrases = [Phrase("camera gives", {"spec": spec, "backend": backend, **size}), *differ]
    if asked.get("lock") and (not held or "given_up" in held):
        phrases.append(Phrase("camera not held"))
    verdict = WARN if differ else OK
    return Finding("camera", verdict, tuple(phrases), Phrase("choose a mode"), description)


def rate_finding(distinct: int, seconds: float, nominal_fps: float) -> Finding:
    """Different pictures a second against the nominal rate."""
    rate = distinct / seconds if seconds > 0 else 0.0
    values = {"fps": round(rate, 2), "nominal_fps": nominal_fps}
    verdict = _graded(rate < HOPELESS * nominal_fps, rate < SLOW * nominal_fps)
    detail = Phrase("pictures a second", {"rate": rate, "nominal": nominal_fps})
    return Finding("rate", verdict, (detail,), Phrase("more light"), values)


def light_finding(brightness: float, black: float, white: float) -> Finding:
    """Mean brightness 0..1 and the parts at either end of the range, of the face if any."""
    measured = {"brightness": brightness, "black": black, "white": white}
    values = {name: round(value, 3) for name, value in measured.items()}
    detail = (Phrase("brightness", {name: float(value) for name, value in measured.items()}),)
    if brightness < DARK or black > CLIPPED:
        return Finding("light", WARN, detail, Phrase("add a lamp"), values)
    if brightness > BRIGHT or white > CLIPPED:
        return Finding("light", WARN, detail, Phrase("less light"), values)
    return Finding("light", OK, detail, None, values)


def face_findings(
    seen: int,
    looked: int,
    iod_px: float,
    centre: tuple[float, float],
    sharpness: float,
    crop: "Crop | None",
) -> list[Finding]:
    """Face found, its size, place and sharpness; `centre` as parts of the picture's sides."""
    if seen * 2 < max(looked, 1):
        detail = Phrase("face seen", {"seen": seen, "looked": looked})
        return [Finding("face", WARN, (detail,), Phrase("sit in front"))]
    size = _graded(iod_px < IOD_LEAST_PX, iod_px < IOD_PX)
    apart = Phrase("between the eyes", {"iod_px": iod_px})
    near = Phrase("move nearer", {"least": IOD_PX})
    off = max(abs(part - 0.5) for part in centre) > OFF_CENTRE
    cut = Phrase("recorded whole")
    if crop:
        cut = Phrase("recorded crop", {"width": crop.width, "height": crop.height})
    place = (Phrase("face at", {"x": centre[0], "y": centre[1]}), cut)
    sharp = Phrase("sharp", {"variance": sharpness})
    variance = {"laplacian_variance": round(sharpness, 1)}
    focus = WARN if sharpness < BLURRED else OK
    return [
        Finding("face size", size, (apart,), near, {"iod_px": round(iod_px, 1)}),
        Finding("face place", WARN if off else OK, place, Phrase("centre the face")),
        Finding("sharpness", focus, (sharp,), Phrase("wipe the lens"), variance),
    ]


def encoder_finding(encoding_s: float, filmed_s: float, cores: int) -> Finding:
    """CPU time of encoding against the time the frames took."""
    part = encoding_s / filmed_s if filmed_s > 0 else 0.0
    detail = Phrase("encoding", {"part": part, "cores": cores})
    verdict = _graded(part > TOO_BUSY, part > BUSY or cores < 2)
    values = {"encoding": round(part, 3), "cores": cores}
    return Finding("computer", verdict, (detail,), Phrase("faster computer"), values)


def disk_finding(free_bytes: int, needed_bytes: int, minutes: float) -> Finding:
    """Room for the longest session: the growing file and the finished one beside it."""
    room = {"free_gb": free_bytes / 1e9, "needed_gb": needed_bytes / 1e9, "minutes": minutes}
    verdict = _graded(free_bytes < needed_bytes, free_bytes < SESSIONS_SPARE * needed_bytes)
    values = {"free_bytes": free_bytes, "needed_bytes": needed_bytes}
    return Finding("disk", verdict, (Phrase("disk room", room),), Phrase("free space"), values)


def display_finding(displays: Sequence[Display], wanted: int, film_fps: float) -> Finding:
    """The display that shows the film: there, and even in its rhythm."""
    chosen = next((display for display in displays if display.index == wanted), None)
    if chosen is None:
        known = ", ".join(str(display) for display in displays)
        there = Phrase("displays", {"known": known}) if known else Phrase("no displays")
        missing = (Phrase("no such display", {"wanted": wanted}), there)
        return Finding("display", FAIL, missing, Phrase("choose a display"))
    times = chosen.refresh_hz / film_fps
    even = times >= 1 - EVEN and abs(times - round(times)) <= EVEN * times
    rates = {"refresh_hz": chosen.refresh_hz, "film_fps": film_fps}
    detail = Phrase("display refresh", {"display": str(chosen), **rates})
    values = {**rates, "displays": len(displays)}
    return Finding("display", OK if even else WARN, (detail,), Phrase("even refresh"), values)


def sound_finding(outputs: Sequence[AudioOutput], volume: float | None, muted: bool) -> Finding:
    """`volume` 0..1 of the default output, None where the system does not tell."""
    if not outputs:
        return Finding("sound", WARN, (Phrase("no sound output"),), Phrase("connect sound"))
    chosen = next((output for output in outputs if output.default), outputs[0])
    level = Phrase("level unknown") if volume is None else Phrase("level", {"volume": volume})
    detail = (
        Phrase("sound output", {"description": chosen.description}),
        Phrase("muted") if muted else level,
    )
    quiet = muted or (volume is not None and volume < QUIET)
    values = {"volume": volume, "muted": muted}
    return Finding("sound", WARN if quiet else OK, detail, Phrase("turn up"), values)
