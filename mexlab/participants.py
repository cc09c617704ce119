"""A participant on disk: participants/P001.json with pseudonym, demographics and consents.

The file is written anew for each decision, but decisions are only ever added.
"""

import json
import re
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from mexlab.atomic import write_json
from mexlab.consent import Decision, granted_scopes
from mexlab.errors import InputError, StudyError
from mexlab.settings import from_mapping

SCHEMA_VERSION = 1
GENDERS = ("woman", "man", "other", "undisclosed")
AGE_BANDS = (
    "under-18",
    "18-24",
    "25-34",
    "35-44",
    "45-54",
    "55-64",
    "65-over",
    "undisclosed",
)  # in years
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


def check_participant_id(participant: str) -> str:
    """The id itself, if it can name files on every system; else InputError."""
    if not _ID.fullmatch(participant):
        raise InputError(
            f"participant id {participant!r} is not a plain name",
            "--participant",
            "use up to 32 letters, digits, - and _, such as P001",
        )
    return participant


@dataclass(frozen=True)
class Participant:
    """One person under a pseudonym. `demographics` holds gender, age_band, glasses, beard …"""

    participant: str
    language: str = "es"
    simulated: bool = False
    demographics: dict[str, Any] = field(default_factory=dict)
    consents: tuple[Decision, ...] = ()
    schema_version: int = SCHEMA_VERSION

    @property
    def scopes(self) -> tuple[str, ...]:
        """Scopes granted now."""
        return granted_scopes(self.consents)

    def deciding(self, decisions: list[Decision]) -> Self:
        """The same participant with these decisions added."""
        return replace(self, consents=(*self.consents, *decisions))

    def write(self, path: Path) -> None:
        """Write the file atomically."""
        write_json(path, asdict(self))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read and check. Raises StudyError for damage, a newer schema or a foreign id."""
        values = read_header(path, SCHEMA_VERSION, "participant")
        try:
            decisions = values.pop("consents")
            consents = tuple(from_mapping(Decision, entry, path) for entry in decisions)
            found = from_mapping(cls, {**values, "consents": consents}, path)
        except (KeyError, TypeError, AttributeError, InputError) as error:
            what = f"not a participant file: {getattr(error, 'what', error)}"
            raise StudyError(what, path, "restore it from a copy") from error
        if found.participant != path.stem:
            raise StudyError(
                f"holds participant {found.participant!r}", path, "file name and id must agree"
            )
        return found


def read_header(path: Path, version: int, kind: str) -> dict[str, Any]:
    """A JSON object with a schema_version not newer than `version`; else StudyError."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StudyError(f"no {kind} file", path, "check the path") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise StudyError(f"damaged {kind} file: {error}", path, "restore it from a copy") from error
    if not isinstance(values, dict) or not isinstance(values.get("schema_version"), int):
        raise StudyError(f"not a {kind} file", path, "restore it from a copy")
    if values["schema_version"] > version:
        what = f"{kind} schema version {values['schema_version']} is newer than {version}"
        raise StudyError(what, path, "update mexlab to read it")
    return values
