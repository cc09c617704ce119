"""Building the compilations: scenes cut from clips, or placeholders, each after a washout.

Reads protocol.toml and the clips; writes stimuli/compilation-N.mp4 and, after it, what was measured
in it as compilation-N.json. The old JSON goes before the new film takes its place, so that
whenever a build is broken off, no JSON stands beside a film that it does not describe.
"""

import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from os import getpid
from pathlib import Path

from mexlab import __version__
from mexlab.atomic import atomic_file, leftovers
from mexlab.errors import InputError, MexlabError, StudyError, VideoError
from mexlab.progress import Progress
from mexlab.session import file_sha256
from mexlab.study import Study
from mexlab.timebase import NS_PER_S
from stimuli.check import NUMBERS, check_orders, check_protocol
from stimuli.compilation import Compilation, FilmScene
from stimuli.encoder import ffmpeg_version
from stimuli.loudness import SAMPLE_BYTES, film_loudness, level
from stimuli.measure import MeasuredFilm, measure_film
from stimuli.pieces import join, samples_until, washout_pictures
from stimuli.plans import FilmPlan, film_plan, rehearsal_plan
from stimuli.protocol import Protocol

LOUDNESS_TOLERANCE_LU = 1.0
BOUNDARY_TOLERANCE_FRAMES = 1


def build(
    study: Study, numbers: Sequence[int] = (), rehearsal_scene_s: float | None = None
) -> Iterator[str]:
    """Build these compilations, or all eight, where they are not up to date; a line for each.

    With `rehearsal_scene_s`, placeholders with scenes of that length. Raises MexlabError for the
    first of the protocol's problems, or for a placeholder where a film of the lab's own stands.
    """
    protocol = Protocol.read(study)
    wanted = sorted(set(numbers)) or list(NUMBERS)
    if rehearsal_scene_s is None:
        _refuse(check_protocol(protocol, wanted).problems, study)
    else:
        _refuse(check_orders(protocol, wanted), study)
        _protect_films(study, wanted)
    for number in wanted:
        plan = protocol.plan(number)
        before = _built(study, number)
        if rehearsal_scene_s is None:
            film = film_plan(protocol, plan, before)
        else:
            film = rehearsal_plan(protocol, plan, rehearsal_scene_s)
        if before and before.fingerprint == film.fingerprint:
            yield f"compilation {number}: up to date"
            continue
        yield _told(_build_one(study, film))


def _told(made: Compilation) -> str:
    kind = "placeholder built" if made.placeholder else "built"
    length_s = made.duration_ns / NS_PER_S
    line = f"compilation {made.number}: {kind}, {len(made.scenes)} scenes, {length_s:.1f} s"
    heard = zip(made.scenes, made.loudness_lufs, strict=True)
    silent = [str(scene.scene) for scene, lufs in heard if lufs is None]
    return f"{line}, without sound: {', '.join(silent)}" if silent else line


def _refuse(problems: Sequence[MexlabError], study: Study) -> None:
    if not problems:
        return
    first = problems[0]
    others = f" ({len(problems) - 1} more: mexlab stimuli check {study.root})"
    remedy = first.remedy + (others if len(problems) > 1 else "")
    raise InputError(first.what, first.where, remedy)


def _protect_films(study: Study, numbers: Sequence[int]) -> None:
    """A rehearsal must not cost a film that took clips and an hour to build."""
    for number in numbers:
        built = _built(study, number)
        if built and not built.placeholder:
            what = f"compilation {number} is a film of your own, not a placeholder"
            remedy = "rehearse with it or in another study, or delete it first"
            raise StudyError(what, study.film_path(number), remedy)


def _built(study: Study, number: int) -> Compilation | None:
    """What stands there whole, whatever it was made from."""
    path = study.compilation_path(number)
    if not path.is_file():
        return None
    try:
        built = Compilation.read(path)
    except StudyError:
        return None  # damaged: it is built again
    whole = built.number == number and built.film.is_file()
    return built if whole and file_sha256(built.film) == built.sha256 else None


def _build_one(study: Study, plan: FilmPlan) -> Compilation:
    film, described = study.film_path(plan.number), study.compilation_path(plan.number)
    with atomic_file(film) as temporary:
        with _workshop(film) as folder:
            _assemble(plan, folder, temporary)
        measured = measure_film(temporary)
        _compare(plan, measured)
        loudness = _compare_loudness(plan, measured, temporary)
        made = Compilation(
            number=plan.number,
            film=film,
            sha256=file_sha256(temporary),
            fps=float(plan.form.rate),
            frames=measured.frames,
            duration_ns=measured.duration_ns,
            width=plan.form.width,
            height=plan.form.height,
            placeholder=not plan.clips,
            fingerprint=plan.fingerprint,
            scenes=tuple(
                FilmScene(number, scene.emotion, start_ns, end_ns)
                for number, (scene, (start_ns, end_ns)) in enumerate(
                    zip(plan.scenes, measured.scenes_ns, strict=True), start=1
                )
            ),
            clips=plan.clips,
            loudness_lufs=loudness,
            software={"mexlab": __version__, "ffmpeg": ffmpeg_version(), "av": version("av")},
        )
        described.unlink(missing_ok=True)
    made.write(described)
    return made


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let a polite kill end the block as an error does, so that its temporary files go."""

    def leave(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _workshop(film: Path) -> Iterator[Path]:
    """A folder for pieces beside the film; what a killed build left of it goes first."""
    name = f"{film.stem}-pieces"
    for stale in leftovers(film.parent, name):
        shutil.rmtree(stale)
    folder = film.with_name(f".{name}.{getpid()}.tmp")
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _assemble(plan: FilmPlan, folder: Path, out: Path) -> None:
    """Washout and scene, seven times: pictures as pieces, sound in one file to the sample."""
    washout, sound = folder / "washout.mp4", folder / "sound.raw"
    washout_pictures(plan.form, plan.coding, washout)
    pieces, until = [], 0
    with Progress(f"compilation {plan.number}", len(plan.scenes), "scenes") as bar:
        for number, (scene, (start, end)) in enumerate(
            zip(plan.scenes, plan.bounds, strict=True), start=1
        ):
            piece = folder / f"scene-{number}.mp4"
            scene.pictures(piece)
            pieces += [washout, piece]
            before, after = (samples_until(frame, plan.form) for frame in (start, end))
            heard, levelled = folder / "heard.raw", folder / "levelled.raw"
            loudness = scene.sound(after - before, heard)
            level(heard, loudness, plan.form.loudness_lufs, levelled, scene.where)
            _append(sound, before - until, levelled)
            until = after
            bar.advance()
    join(pieces, sound, plan.number, plan.form, out)


def _append(sound: Path, silent_samples: int, scene: Path) -> None:
    with sound.open("ab") as file, scene.open("rb") as added:
        file.write(bytes(silent_samples * SAMPLE_BYTES))
        shutil.copyfileobj(added, file)


def _compare(plan: FilmPlan, measured: MeasuredFilm) -> None:
    """Raise VideoError where the film's scenes are not where they were planned."""
    remedy = "look at the clip there: does it show the washout itself?"
    if len(measured.scene_frames) != len(plan.scenes):
        what = f"{len(measured.scene_frames)} scenes found in the film, not {len(plan.scenes)}"
        raise VideoError(what, plan.where, remedy)
    for scene, planned, found in zip(plan.scenes, plan.bounds, measured.scene_frames, strict=True):
        away = max(abs(a - b) for a, b in zip(planned, found, strict=True))
        if away > BOUNDARY_TOLERANCE_FRAMES:
            what = f"found at frames {found[0]} to {found[1]}, planned {planned[0]} to {planned[1]}"
            raise VideoError(what, scene.where, remedy)


def _compare_loudness(
    plan: FilmPlan, measured: MeasuredFilm, film: Path
) -> tuple[float | None, ...]:
    """Loudness of each scene of the built film; raises VideoError for one off the target."""
    found = []
    for scene, (start_ns, end_ns) in zip(plan.scenes, measured.scenes_ns, strict=True):
        lufs = film_loudness(film, start_ns / NS_PER_S, (end_ns - start_ns) / NS_PER_S)
        away = abs(lufs - plan.form.loudness_lufs) if lufs is not None else 0.0
        if away > LOUDNESS_TOLERANCE_LU:
            what = f"its sound is at {lufs} LUFS, not {plan.form.loudness_lufs:g}"
            raise VideoError(what, scene.where, "check the clip's sound")
        found.append(lufs)
    return tuple(found)
