"""`mexlab stimuli play`: one compilation on a screen, as a participant sees it; nothing kept."""

from typing import Any

from mexlab.study import Study
from stimuli.compilation import read_compilation
from stimuli.player.launch import PlayerError
from stimuli.player.process import PlayerProcess, PlayerSettings, Showing


def play_film(
    study: Study,
    number: int,
    display: int | None = None,
    offscreen: bool = False,
    window: tuple[int, int, int, int] | None = None,
) -> dict[str, Any]:
    """Play compilation `number`, after the ready key unless `offscreen`, to its end or abort.

    Returns what the player says of it: frames shown and expected, display, `ended` film or abort.
    Raises MexlabError where it cannot be shown.
    """
    settings = study.section("player", PlayerSettings)
    showing = Showing(
        film=read_compilation(study, number).film,
        language=study.settings.languages[0],
        display=settings.display if display is None else display,
        offscreen=offscreen,
        ready_key=not offscreen,
        window=window,
    )
    with PlayerProcess(showing) as player:
        while True:
            event = player.events.get()
            if event.event == "ready":
                player.play()
            elif event.event in ("end", "abort"):
                return {"ended": "film" if event.event == "end" else "abort"} | event.details
            elif event.event in ("error", "exit"):
                told = event.details
                where, remedy = told.get("where", "player"), told.get("remedy", "try again")
                raise PlayerError(told.get("what", "the player ended"), where, remedy)
