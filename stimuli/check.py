"""Everything that is wrong with a protocol, found at once.

Reads protocol.toml, opens every clip, and hashes what was built. A problem keeps a film from being
built or shown; a notice is something to know.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mexlab.emotions import EMOTIONS
from mexlab.errors import InputError, MexlabError, StudyError
from mexlab.study import Study
from mexlab.study_settings import LANGUAGES
from stimuli.clips import ClipFacts, probe
from stimuli.compilation import read_compilation
from stimuli.protocol import CompilationPlan, Protocol, SceneClip
from stimuli.schedule import COMPILATIONS

NUMBERS = range(1, COMPILATIONS + 1)
DUBS = (*LANGUAGES, "none", "other", "")  # none: nobody speaks; empty: not said
END_SLACK_S = 0.1  # containers round their lengths; the last picture stands for what is missing


@dataclass
class Findings:
    """What was found; each problem is what, where and remedy."""

    problems: list[MexlabError] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def check_protocol(protocol: Protocol, numbers: Collection[int] = NUMBERS) -> Findings:
    """Every problem of these compilations' plans and clips; without `numbers`, of all eight."""
    found = Findings(problems=list(_order_problems(protocol, numbers)))
    probed: dict[Path, ClipFacts | MexlabError] = {}
    for plan in protocol.plans:
        if plan.number not in numbers:
            continue
        for number, scene in plan.numbered():
            where = f"{plan.where} scene {number}"
            _check_scene(protocol, scene, where, probed, found)
        unsigned = [str(number) for number, scene in plan.numbered() if not scene.rights.strip()]
        if unsigned:
            found.notices.append(f"{plan.where}: no rights note for scenes {', '.join(unsigned)}")
    return found


def check_orders(protocol: Protocol, numbers: Collection[int] = NUMBERS) -> list[MexlabError]:
    """The problems that placeholders have too: compilations, scenes and emotions, not clips."""
    return list(_order_problems(protocol, numbers))


def check_built(study: Study, protocol: Protocol) -> Findings:
    """What was built and is not what the protocol and the clips say now."""
    found = Findings()
    for number in sorted({plan.number for plan in protocol.plans} & set(NUMBERS)):
        if not study.compilation_path(number).is_file():
            found.notices.append(f"compilation {number} is not built")
            continue
        try:
            if read_compilation(study, number).placeholder:
                found.notices.append(f"compilation {number} is a placeholder")
        except StudyError as error:
            found.problems.append(error)
        except InputError:
            pass  # the number stands in the protocol twice, which is said elsewhere
    return found


def _order_problems(protocol: Protocol, numbers: Collection[int]) -> Iterator[MexlabError]:
    counts = Counter(plan.number for plan in protocol.plans)
    for number in sorted(numbers):
        if counts[number] != 1:
            state = f"stands there {counts[number]} times" if counts[number] else "is missing"
            what, remedy = f"compilation {number} {state}", "number the eight compilations 1 to 8"
            yield InputError(what, protocol.path, remedy)
    for number in sorted(set(counts) - set(NUMBERS)):
        yield InputError(f"compilation {number} is not one of 1 to 8", protocol.path, "renumber it")
    for plan in protocol.plans:
        if plan.number in numbers:
            yield from _emotion_problems(plan)


def _emotion_problems(plan: CompilationPlan) -> Iterator[MexlabError]:
    count = len(plan.scenes)
    if count != len(EMOTIONS):
        yield InputError(f"{count} scenes, not {len(EMOTIONS)}", plan.where, "give one an emotion")
    for number, scene in plan.numbered():
        if scene.target not in EMOTIONS:
            what, where = f"unknown emotion {scene.target!r}", f"{plan.where} scene {number}"
            yield InputError(what, where, f"use one of: {', '.join(EMOTIONS)}")
    counts = Counter(plan.targets)
    for emotion in EMOTIONS:
        if counts[emotion] > 1:
            what = f"target {emotion} stands there {counts[emotion]} times"
            yield InputError(what, plan.where, "give each emotion one scene")
    if not counts["neutral"]:
        yield InputError("no neutral scene", plan.where, "add one: it gives the baseline")


def _check_scene(
    protocol: Protocol,
    scene: SceneClip,
    where: str,
    probed: dict[Path, ClipFacts | MexlabError],
    found: Findings,
) -> None:
    """Add what is wrong with one scene to `found`; `probed` keeps what each clip turned out as."""

    def problem(what: str, remedy: str) -> None:
        found.problems.append(InputError(what, where, remedy))

    if scene.dub not in DUBS:
        problem(f"unknown dub {scene.dub!r}", "use one of: " + ", ".join(d for d in DUBS if d))
    if scene.start_s < 0:
        problem(f"start_s is {scene.start_s:g}, before the clip", "count from the clip's start")
    frames = protocol.settings.frames(scene.end_s - scene.start_s)
    if scene.end_s <= scene.start_s or frames < 1:
        span = f"end_s {scene.end_s:g} is not after start_s {scene.start_s:g}"
        problem(span, "write start_s before end_s")
    path = protocol.clip_path(scene)
    if path not in probed:
        try:
            probed[path] = probe(path)
        except MexlabError as error:
            probed[path] = error
    clip = probed[path]
    if isinstance(clip, MexlabError):
        problem(f"{clip.what}: {path}", clip.remedy)
        return
    if scene.end_s > clip.length_s + END_SLACK_S:
        what = f"end_s {scene.end_s:g} is past the clip's end at {clip.length_s:.2f} s: {path}"
        problem(what, "set an earlier end_s")
    if not clip.sound:
        found.notices.append(f"{where}: the clip has no sound: {path}")
