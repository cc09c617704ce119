"""What a compilation will be built from: its scenes' pictures and sounds, not yet made.

Reads the clips to hash them; writes nothing. A film and a placeholder differ here only.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from stimuli import placeholder
from stimuli.clips import probe
from stimuli.compilation import ClipState, Compilation, film_fingerprint, fingerprint_of
from stimuli.loudness import Loudness, clip_sound, raw_loudness, silence
from stimuli.pieces import FILM, REHEARSAL, Coding, clip_pictures, drawn_pictures
from stimuli.protocol import CompilationPlan, FilmSettings, Protocol

Pictures = Callable[[Path], None]  # encodes a scene's pictures into the file
Sound = Callable[[int, Path], Loudness]  # writes so many samples; how loud they are


@dataclass(frozen=True)
class ScenePlan:
    """One scene as it will be built: how long, from what, and what to call it in an error."""

    emotion: str
    frames: int
    pictures: Pictures
    sound: Sound
    where: str


@dataclass(frozen=True)
class FilmPlan:
    """One compilation as it will be built."""

    number: int
    form: FilmSettings
    coding: Coding
    scenes: tuple[ScenePlan, ...]
    fingerprint: str
    clips: tuple[ClipState, ...]
    where: str

    @property
    def bounds(self) -> tuple[tuple[int, int], ...]:
        """Where each scene should stand, as half-open ranges of the film's frames."""
        found, frame = [], 0
        for scene in self.scenes:
            start = frame + self.form.washout_frames
            frame = start + scene.frames
            found.append((start, frame))
        return tuple(found)


def film_plan(protocol: Protocol, plan: CompilationPlan, before: Compilation | None) -> FilmPlan:
    """A film cut from clips; hashes in `before` spare reading clips that are as they were."""
    form, known = protocol.settings, before.clips if before else ()
    scenes: list[ScenePlan] = []
    clips: list[ClipState] = []
    for number, scene in plan.numbered():
        clips.append(ClipState.of(protocol.folder, scene.clip, (*known, *clips)))
        clip, where = protocol.clip_path(scene), f"{plan.where} scene {number}"
        start_s, frames = scene.start_s, form.frames(scene.end_s - scene.start_s)

        def pictures(
            out: Path, clip: Path = clip, start_s: float = start_s, frames: int = frames
        ) -> None:
            clip_pictures(clip, start_s, frames, form, FILM, out)

        def sound(samples: int, out: Path, clip: Path = clip, start_s: float = start_s) -> Loudness:
            if probe(clip).sound:
                return clip_sound(clip, start_s, samples, out)
            return silence(samples, out)

        scenes.append(ScenePlan(scene.target, frames, pictures, sound, where))
    fingerprint = film_fingerprint(protocol, plan, clips)
    return FilmPlan(plan.number, form, FILM, tuple(scenes), fingerprint, tuple(clips), plan.where)


def rehearsal_plan(protocol: Protocol, plan: CompilationPlan, scene_s: float) -> FilmPlan:
    """A placeholder: drawn patterns and tones in the order of the protocol's emotions."""
    form = placeholder.rehearsal_form(protocol.settings)
    frames = form.frames(scene_s)
    scenes = []
    for number, emotion in enumerate(plan.targets, start=1):

        def pictures(out: Path, emotion: str = emotion, number: int = number) -> None:
            drawn = placeholder.pattern(emotion, number, frames, form)
            drawn_pictures(drawn, form, REHEARSAL, out)

        def sound(samples: int, out: Path, emotion: str = emotion) -> Loudness:
            placeholder.tone(emotion, samples, out)
            return raw_loudness(out)

        where = f"{plan.where} scene {number}"
        scenes.append(ScenePlan(emotion, frames, pictures, sound, where))
    fingerprint = fingerprint_of(["placeholder", asdict(form), plan.targets, frames])
    return FilmPlan(plan.number, form, REHEARSAL, tuple(scenes), fingerprint, (), plan.where)
