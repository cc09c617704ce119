"""Which displays and sound outputs a player would find, asked of a player's process."""

import json
import subprocess
from dataclasses import asdict, dataclass
from typing import Any

from stimuli.player.launch import PlayerError, check_display, command, environment, explain

PROBE_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Display:
    """One screen; its place and size are in px of the desktop, of which it may have several."""

    index: int
    name: str
    x: int
    y: int
    width: int
    height: int
    refresh_hz: float
    primary: bool

    def __str__(self) -> str:
        return f"{self.index} {self.name} {self.width}x{self.height}"


@dataclass(frozen=True)
class AudioOutput:
    """One sound output."""

    description: str
    default: bool


@dataclass(frozen=True)
class Surroundings:
    """What there is to show a film on and to play its sound with."""

    displays: tuple[Display, ...]
    audio: tuple[AudioOutput, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Surroundings":
        return cls(
            tuple(Display(**display) for display in value["displays"]),
            tuple(AudioOutput(**output) for output in value["audio"]),
        )


def probe(offscreen: bool = False) -> Surroundings:
    """Ask a player's process. Raises MexlabError where there is no display, or Qt cannot start."""
    check_display(offscreen)
    try:
        done = subprocess.run(
            command("--probe"),
            env=environment(offscreen=offscreen),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        remedy = "close what keeps the display or the sound busy, and try again"
        raise PlayerError("Qt does not answer", "stimuli.player", remedy) from error
    if done.returncode:
        raise explain(done.returncode, done.stderr.decode(errors="replace"))
    return Surroundings.from_json(json.loads(done.stdout))
