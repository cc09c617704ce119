"""How far a code is and how it was made, as one line of text: `code, blind, 2026-11-23T12:00`.

The first word is draft, code, final or gold; then blind or unblinded; `suggestion` where it was
shown; `revealed` where a draft's coder has asked to see what is hidden; and when the code was
submitted.
"""

from dataclasses import dataclass
from datetime import datetime

from mexlab.codes import Code

DRAFT = "draft"
SUBMITTED = ("code", "final", "gold")


@dataclass(frozen=True)
class State:
    """`submitted` as `Code.submitted`. The default is that of a code made we do not know how."""

    submitted: str | None = "code"
    submitted_at: str | None = None
    unblinded: bool = True
    suggested: bool = False
    revealed: bool = False  # of a draft; whoever has submitted has seen everything


UNKNOWN = State()


def state_of(code: Code) -> State:
    revealed = code.revealed and not code.submitted
    return State(code.submitted, code.submitted_at, code.unblinded, code.suggested, revealed)


def state_text(state: State) -> str:
    words = [state.submitted or DRAFT, "unblinded" if state.unblinded else "blind"]
    words += ["suggestion"] if state.suggested else []
    words += ["revealed"] if state.revealed else []
    words += [state.submitted_at] if state.submitted_at else []
    return ", ".join(words)


def parse_state(text: str) -> State | None:
    """The state that `state_text` was given; None for other text."""
    first, *rest = [word.strip() for word in text.split(",")]
    words = set(rest) & {"blind", "unblinded", "suggestion", "revealed"}
    times = set(rest) - words
    fits = (first == DRAFT or first in SUBMITTED) and len(times) < 2
    if not fits or not all(_is_time(time) for time in times):
        return None
    submitted = None if first == DRAFT else first
    at = next(iter(times), None)
    return State(submitted, at, "blind" not in words, "suggestion" in words, "revealed" in words)


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
