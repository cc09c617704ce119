"""A built film compilation: placeholder until the whole module is here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FilmScene:
    """One scene of a film, [start_ns, end_ns) on the film's own clock (media time)."""

    scene: int
    emotion: str
    start_ns: int
    end_ns: int
