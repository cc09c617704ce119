"""Consent: an append-only list of decisions, one scope each. The latest counts, missing is no."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mexlab.errors import InputError

SCOPES = ("recorded", "analysed", "shared", "excerpts", "published", "training")

WITHDRAWAL = "withdrawal"  # how a decision was given: the person takes back everything

# What `build-dataset` asks for, by audience.
AUDIENCES = {
    "private": ("recorded", "analysed"),
    "research": ("recorded", "analysed", "shared"),
    "public": ("recorded", "analysed", "published"),
}


@dataclass(frozen=True)
class Decision:
    """One participant's yes or no to one scope; `how` says where it was given (paper, form, …).

    `text` names the wording that was agreed to, as `ID VERSION LANGUAGE SHA256-BEGINNING`.
    """

    scope: str
    granted: bool
    at: str
    how: str
    text: str = ""


def granted_scopes(decisions: Iterable[Decision]) -> tuple[str, ...]:
    """The scopes whose latest decision is yes, in the order of SCOPES."""
    latest = {decision.scope: decision.granted for decision in decisions}
    return tuple(scope for scope in SCOPES if latest.get(scope, False))


def missing_scopes(decisions: Iterable[Decision], needed: Sequence[str]) -> tuple[str, ...]:
    """Those of `needed` that were not granted."""
    granted = granted_scopes(decisions)
    return tuple(scope for scope in needed if scope not in granted)


def withdrawn_at(decisions: Sequence[Decision]) -> str | None:
    """When the person took back everything, if nothing was granted since."""
    if granted_scopes(decisions):
        return None
    return next((d.at for d in reversed(decisions) if d.how == WITHDRAWAL), None)


def parse_scopes(text: str, option: str = "--consent") -> tuple[str, ...]:
    """Scopes from `all`, `none` or a comma list. Raises InputError for an unknown scope."""
    if text.strip() == "all":
        return SCOPES
    if text.strip() == "none":
        return ()
    scopes = tuple(part.strip() for part in text.split(",") if part.strip())
    if not scopes:
        raise InputError("no scope named", option, "use all, none, or a list of scopes")
    for scope in scopes:
        if scope not in SCOPES:
            known = ", ".join(SCOPES)
            raise InputError(f"no consent scope {scope!r}", option, f"use all or some of: {known}")
    return scopes


def decide(granted: Sequence[str], how: str, text: str = "") -> list[Decision]:
    """A decision for every scope, dated now: yes to those in `granted`, no to the others."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return [Decision(scope, scope in granted, now, how, text) for scope in SCOPES]
