"""Registering participants and adding to what stands on file about them.

Reads and writes participants/P001.json. Decisions on consent are only ever added; a participant
without one is left out by every later stage.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from mexlab.atomic import write_text
from mexlab.consent import AUDIENCES, SCOPES, decide, missing_scopes
from mexlab.participants import Participant, check_participant_id
from mexlab.study import Study

NEXT = "next"  # instead of an id: the station's next free number


def participant_id(study: Study, given: str) -> str:
    """The id, or the station's next number for `next`. Raises InputError for no plain name."""
    return study.next_participant_id() if given == NEXT else check_participant_id(given)


def on_file(
    study: Study,
    participant: str,
    granted: Sequence[str] | None = None,
    language: str | None = None,
    demographics: Mapping[str, str | bool] | None = None,
) -> Participant:
    """The participant as the file will say: the one registered, or a new one, with these additions.

    `granted` None adds no decision; otherwise every scope is decided, as given on paper. Nothing is
    written.
    """
    if study.participant_path(participant).exists():
        found = study.participant(participant)
    else:
        study.check_case(participant)
        found = Participant(participant, language=study.settings.languages[0])
    if granted is not None:
        found = found.deciding(decide(granted, how="paper"))
    return replace(
        found,
        language=language or found.language,
        demographics={**found.demographics, **(demographics or {})},
    )


@contextmanager
def enrolled(study: Study, participant: Participant) -> Iterator[None]:
    """Save the participant for the block to build on; if the block fails, it was never saved."""
    path = study.participant_path(participant.participant)
    before = path.read_text(encoding="utf-8") if path.exists() else None
    kept = False
    try:
        study.save_participant(participant)
        yield
        kept = True
    finally:
        if not kept and before is None:
            path.unlink(missing_ok=True)
        elif not kept and before is not None:
            write_text(path, before)


def consent_notices(study: Study, participant: Participant) -> list[str]:
    """What to tell whoever imports: later stages will leave this person out, and the remedy."""
    missing = missing_scopes(participant.consents, AUDIENCES["private"])
    if not missing:
        return []
    return [
        f"{participant.participant} has not consented to being {' and '.join(missing)}: later "
        f"stages leave the person out until you record the consent with: "
        f"collector participant {study.root} {participant.participant} --consent SCOPES"
    ]


def description(participant: Participant) -> list[str]:
    """What stands on file, line by line."""
    lines = [f"language   {participant.language}"]
    lines += [f"{key:<10} {_spoken(value)}" for key, value in participant.demographics.items()]
    if participant.simulated:
        lines.append("simulated  yes")
    if not participant.consents:
        return [*lines, "consent    no decision on file: missing means no"]
    refused = [scope for scope in SCOPES if scope not in participant.scopes]
    latest = participant.consents[-1]
    return [
        *lines,
        f"consent    yes: {', '.join(participant.scopes) or '-'}",
        f"           no:  {', '.join(refused) or '-'}",
        f"           last decision {latest.at} ({latest.how}), {len(participant.consents)} on file",
    ]


def _spoken(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
