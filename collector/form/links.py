"""Who may open a form: a link that works once, and the key it leaves in that one device's browser.

    new_link ──> /form/FORM/SESSION/open/TOKEN ── first device ──> its key (a cookie)

Writes form-access.json in the session: hashes of the link and of the key, never themselves. A new
link shuts out the device before it, so that a lost tablet opens nothing; the answers stay.
"""

import hmac
import json
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256

from mexlab.atomic import write_json
from mexlab.errors import InputError, StudyError
from mexlab.session import Session
from mexlab.settings import from_mapping
from mexlab.study import Study

ROOT = "/form"


@dataclass(frozen=True)
class Access:
    """One form's latest link; `key` is the hash of what the device that opened it holds."""

    link: str
    made_at: str
    key: str = ""
    opened_at: str = ""


def open_path(session: Session, form: str, token: str) -> str:
    """The address of a link, without the server's name."""
    return f"{form_path(session, form)}/open/{token}"


def form_path(session: Session, form: str) -> str:
    """The address of a form; the key's cookie belongs to it alone."""
    return f"{ROOT}/{form}/{session.id}"


def new_link(study: Study, session: Session, form: str) -> str:
    """A token for a link that opens the form once; earlier links and devices are shut out."""
    token = secrets.token_urlsafe(16)
    with study.holding(session.header.participant):
        _write(session, form, Access(_hash(token), _now()))
    return token


def is_good(session: Session, form: str, token: str) -> bool:
    """Whether the link can still be opened."""
    access = latest(session, form)
    return access is not None and not access.key and _same(access.link, token)


def open_link(session: Session, form: str, token: str) -> str | None:
    """The key for whoever opens the link first; None for everybody after, and for a wrong one.

    Call it while holding the participant (`Study.holding`).
    """
    access, key = latest(session, form), secrets.token_urlsafe(24)
    if access is None or access.key or not _same(access.link, token):
        return None
    _write(session, form, replace(access, key=_hash(key), opened_at=_now()))
    return key


def opens(session: Session, form: str, key: str) -> bool:
    """Whether a key opens this session's form."""
    access = latest(session, form)
    return access is not None and bool(access.key) and _same(access.key, key)


def latest(session: Session, form: str) -> Access | None:
    """The form's latest link; None before the first. Raises StudyError for a damaged file."""
    entry = _all(session).get(form)
    return from_mapping(Access, entry, session.access_path) if entry else None


def _write(session: Session, form: str, access: Access) -> None:
    write_json(session.access_path, {**_all(session), form: asdict(access)})


def _all(session: Session) -> dict[str, dict[str, str]]:
    path = session.access_path
    try:
        values = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        for entry in values.values():
            from_mapping(Access, entry, path)
    except (ValueError, AttributeError, InputError) as error:
        remedy = "delete it and make a new link"
        raise StudyError(f"damaged: {error}", path, remedy) from error
    return dict(values)


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _same(hashed: str, secret: str) -> bool:
    return hmac.compare_digest(hashed, _hash(secret))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
