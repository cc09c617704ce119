"""What the operator's pages know about the server that shows them.

The server says it once, before the first page; the pages run in the same process and ask for it.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Desk:
    """The study, and where a browser finds this server.

    `addresses` are base URLs, the one to show first in front. `for_tablets` says whether other
    devices reach them. `camera` is what the pages offer first.
    """

    study_root: Path
    addresses: tuple[str, ...]
    for_tablets: bool
    camera: str


_desk: Desk | None = None


def use(desk: Desk) -> None:
    """Say what the pages of this process are to show."""
    global _desk
    _desk = desk


def current() -> Desk:
    """The desk of this process. Raises RuntimeError where no server has said it."""
    if _desk is None:
        raise RuntimeError("no server has said which study this is: start with `collector app`")
    return _desk
