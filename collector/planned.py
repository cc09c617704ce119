"""What a recording would be, before it is started: which film and why, and for whom.

Reads the study; writes nothing and opens no camera. `collector run` checks all of it again.
"""

from dataclasses import dataclass

from collector.cameras.base import CameraSettings, Performer, camera_from_spec
from mexlab.errors import InputError, StudyError
from mexlab.session import Session
from mexlab.study import Study
from stimuli.compilation import Compilation
from stimuli.schedule import COMPILATIONS, compilation_for, participant_number

NUMBERS = tuple(range(1, COMPILATIONS + 1))


@dataclass(frozen=True)
class Turn:
    """A participant's turn in the schedule; number, block and place count from 1."""

    number: int
    block: int
    place: int
    seed: int
    compilation: int


def turn_of(study: Study, participant: str) -> Turn | None:
    """Which film the schedule gives and why; None for an id without a number."""
    try:
        number = participant_number(participant)
    except InputError:
        return None
    block, place = divmod(number - 1, COMPILATIONS)
    seed = study.settings.seed
    return Turn(number, block + 1, place + 1, seed, compilation_for(participant, seed))


def built_film(study: Study, compilation: int) -> Compilation | None:
    """The film, as far as a glance tells; None where it has to be built, or built again."""
    path = study.compilation_path(compilation)
    try:
        found = Compilation.read(path) if path.is_file() else None
    except StudyError:
        return None
    return found if found and found.film.is_file() else None


def is_simulated(study: Study, camera: str) -> bool:
    """Whether a camera films a simulated participant. Raises MexlabError for no such camera."""
    settings = study.section("camera", CameraSettings)
    return isinstance(camera_from_spec(camera, settings), Performer)


def sessions_of(study: Study, participant: str) -> list[Session]:
    """What was recorded of a participant before, oldest first."""
    mine = (s for s in study.sessions() if s.id.startswith(f"{participant}-"))
    return [s for s in mine if s.header.participant == participant]


def free_simulated_id(study: Study) -> str:
    """A pseudonym for a rehearsal that nobody has yet: T001 …"""
    taken = {person.participant for person in study.participants()}
    return next(name for n in range(1, 10_000) if (name := f"T{n:03d}") not in taken)
