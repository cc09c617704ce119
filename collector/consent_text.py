"""The consent form: what participants are told and decide, from one TOML file a laboratory edits.

    id, version                 named by every decision
    [es], [en]                  title, intro, gdpr, ai_act, declaration, withdrawal
      [es.scopes]               a sentence for every scope of `mexlab.consent`

Reads that file; writes a copy of every wording that somebody agreed to to forms/agreed/SHA256.toml.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path

from mexlab.atomic import write_text
from mexlab.consent import SCOPES
from mexlab.errors import InputError, StudyError
from mexlab.settings import from_mapping, read_toml
from mexlab.study import Study
from mexlab.study_settings import LANGUAGES

PLACEHOLDER = "["  # the form as shipped leaves such places to the laboratory
HASH_DIGITS = 12  # of the wording's SHA-256, in a decision


@dataclass(frozen=True)
class Wording:
    """The form in one language; `scopes` by the names of `mexlab.consent.SCOPES`."""

    title: str
    intro: str
    gdpr: str
    ai_act: str
    declaration: str
    withdrawal: str
    scopes: dict[str, str]

    @property
    def texts(self) -> tuple[str, ...]:
        own = (getattr(self, field.name) for field in fields(self) if field.name != "scopes")
        return (*own, *self.scopes.values())


@dataclass(frozen=True)
class ConsentText:
    """The form as it stands in its file; `source` is the file's text, to the letter."""

    id: str
    version: str
    wordings: Mapping[str, Wording]
    source: str

    @property
    def sha256(self) -> str:
        return sha256(self.source.encode()).hexdigest()

    def name(self, language: str) -> str:
        """What a decision says of the wording: `ID VERSION LANGUAGE SHA256-BEGINNING`."""
        return f"{self.id} {self.version} {language} {self.sha256[:HASH_DIGITS]}"

    def unfinished(self, language: str) -> bool:
        """Whether places are still left open in a language."""
        return any(PLACEHOLDER in text for text in self.wordings[language].texts)


def read_consent_text(path: Path) -> ConsentText:
    """Read and check. Raises InputError or StudyError with the place and what to do."""
    if not path.is_file():
        raise InputError("no such consent form", path, "correct [forms] in study.toml")
    tables = read_toml(path)
    unknown = set(tables) - {"id", "version", *LANGUAGES}
    if unknown:
        remedy = f"use: id, version, {', '.join(f'[{language}]' for language in LANGUAGES)}"
        raise InputError(f"unknown setting {min(unknown)!r}", path, remedy)
    for key in ("id", "version"):
        value = tables.get(key)
        if not isinstance(value, str) or not value or value.split() != [value]:
            raise InputError(f"{key} is {value!r}", path, "give it one word, in quotes")
    wordings = {language: _wording(tables, language, path) for language in LANGUAGES}
    source = path.read_bytes().decode("utf-8")
    return ConsentText(tables["id"], tables["version"], wordings, source)


def agreed(study: Study, text: ConsentText, language: str) -> str:
    """Keep a copy of the wording, once; returns what the decision says of it."""
    path = agreed_path(study, text)
    if not path.is_file():
        write_text(path, text.source)
    elif sha256(path.read_bytes()).hexdigest() != text.sha256:
        raise StudyError("the kept wording was changed", path, "restore it from a copy")
    return text.name(language)


def agreed_path(study: Study, text: ConsentText) -> Path:
    """Where the copy of a wording is kept."""
    return study.forms_path / "agreed" / f"{text.sha256}.toml"


def _wording(tables: Mapping[str, object], language: str, path: Path) -> Wording:
    where = f"{path} [{language}]"
    table = tables.get(language)
    if not isinstance(table, dict):
        raise InputError(f"no table [{language}]", path, "add it: every language is needed")
    wording = from_mapping(Wording, table, where)
    for field in fields(wording):
        text = getattr(wording, field.name)
        if isinstance(text, str) and not text.strip():
            raise InputError(f"{field.name} is empty", where, "write the text")
    where = f"{path} [{language}.scopes]"
    known = ", ".join(SCOPES)
    for scope in SCOPES:
        sentence = wording.scopes.get(scope)
        if not isinstance(sentence, str) or not sentence.strip():
            raise InputError(f"no text for {scope}", where, f"write a sentence for each: {known}")
    unknown = set(wording.scopes) - set(SCOPES)
    if unknown:
        raise InputError(f"unknown scope {min(unknown)!r}", where, f"use: {known}")
    return wording
