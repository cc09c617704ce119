"""`collector run`: one participant, one compilation, one recording, on one clock.

    who and what ──> camera, crop ──> instructions, ready key ──> recorder ──> film ──> closing

Everything that can be refused is refused before the camera is opened or the screen goes dark. From
then on nothing is lost: whatever ends the session, what was recorded and shown is closed and kept,
as closed, or as aborted with the reason in events.jsonl.
"""

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from collector.calibrate import latest_calibration
from collector.cameras.base import CameraSettings, Performer, camera_from_spec
from collector.closing import Closed
from collector.console import Console
from collector.framing import look_for_crop
from collector.live import Board, OrderFile
from collector.openness import Lock, only_recorder
from collector.sitting import Say, Sitting
from mexlab.consent import SCOPES, decide
from mexlab.errors import ConsentError, InputError, MexlabError, VideoError
from mexlab.participants import Participant
from mexlab.signals import ended_by_signals
from mexlab.study import Study
from stimuli.compilation import read_compilation
from stimuli.player.launch import check_display
from stimuli.player.process import PlayerProcess, PlayerSettings, Showing
from stimuli.schedule import compilation_for


@dataclass(frozen=True)
class Request:
    """What the operator asked for. `compilation` None means by the schedule."""

    participant: str
    compilation: int | None = None
    camera: str = "0"
    offscreen: bool = False
    display: int | None = None
    window: tuple[int, int, int, int] | None = None
    ready_key: bool = True


def run_session(study: Study, request: Request, say: Say) -> Closed:
    """The whole session. Raises MexlabError before anything is made, or after all is closed."""
    settings = study.section("camera", CameraSettings)
    player_settings = study.section("player", PlayerSettings)
    number = request.compilation or compilation_for(request.participant, study.settings.seed)
    compilation = read_compilation(study, number)
    camera = camera_from_spec(request.camera, settings)
    person = allowed_participant(study, request.participant, isinstance(camera, Performer))
    display = player_settings.display if request.display is None else request.display
    calibration = latest_calibration(study, camera.spec, display)
    check_display(request.offscreen)
    showing = Showing(
        film=compilation.film,
        language=person.language,
        display=display,
        offscreen=request.offscreen,
        ready_key=request.ready_key and not request.offscreen,
        closing_clip=_closing_clip(study, player_settings),
        window=request.window,
    )
    say(f"{person.participant} sees compilation {number}")
    with (
        ended_by_signals(),
        only_recorder(study),
        _watched(study, person.participant, number) as board,
        camera,
        PlayerProcess(showing) as player,
    ):
        console = Console(file=OrderFile(study.orders_path))
        crop = look_for_crop(study, camera) if settings.crop else None
        board.show(stage="ready")
        _await_ready(player, console, say)
        sitting = Sitting(
            study, person, compilation, camera, crop, player, calibration, console, board, say
        )
        return sitting.hold()


@contextmanager
def _watched(study: Study, participant: str, compilation: int) -> Iterator[Board]:
    """The recording for others to watch; whatever breaks it off is its last word."""
    board = Board(study, participant, compilation, Lock.mine())
    board.show()
    try:
        yield board
    except (MexlabError, KeyboardInterrupt) as error:
        board.over(str(error) or "interrupted")
        raise


def _await_ready(player: PlayerProcess, console: Console, say: Say) -> None:
    """Until the participant presses the ready key. Raises what keeps the player from showing."""
    if player.showing.ready_key:
        say("the instructions are on the screen: the space bar starts the film")
    while True:
        order = console.next_order()
        if order and order.do == "abort":
            player.abort()
        try:
            event = player.events.get(timeout=0.2)  # Windows hears Ctrl-C only between waits
        except queue.Empty:
            continue
        if event.event == "ready":
            return
        if event.event == "abort":
            raise InputError("stopped before the film", "ready screen", "run it again when ready")
        if event.event in ("error", "exit"):
            what = event.details.get("what", "the player ended")
            where = event.details.get("where", "screen")
            raise VideoError(what, where, event.details.get("remedy", "see its messages above"))


def _closing_clip(study: Study, settings: PlayerSettings) -> Path | None:
    if not settings.closing_clip:
        return None
    clip = study.stimuli_path / settings.closing_clip
    if not clip.is_file():
        where = f"{study.settings_path} [player]"
        raise InputError(f"no closing clip {settings.closing_clip}", where, "correct closing_clip")
    return clip


def allowed_participant(study: Study, participant: str, simulated: bool) -> Participant:
    """Who is recorded. A simulated one is made up, not saved yet; a real one must have consented.

    Raises ConsentError for a real person without consent to being recorded, InputError where a
    simulated camera meets a real participant or the other way round.
    """
    if simulated and not study.participant_path(participant).exists():
        study.check_case(participant)
        made = Participant(participant, language=study.settings.languages[0], simulated=True)
        return made.deciding(decide(SCOPES, "simulated"))
    person = study.participant(participant)
    if person.simulated != simulated:
        what = "a simulated participant before a real camera"
        what = "a real participant before a simulated camera" if simulated else what
        raise InputError(what, participant, "use another participant id")
    if "recorded" not in person.scopes:
        remedy = f"record it with: collector participant {study.root} {participant} --consent ..."
        raise ConsentError("no consent to being recorded", participant, remedy)
    return person
