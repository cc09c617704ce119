"""Folders that commands write beside a study: never into it, never over what is not theirs."""

from collections.abc import Callable
from pathlib import Path

from mexlab.errors import InputError
from mexlab.study import Study


def check_output(study: Study, out: Path, kind: str, foreign: Callable[[Path], str | None]) -> None:
    """Raise InputError where a new folder `out` would take the place of something else.

    `foreign` names a file there that no earlier `kind` of ours has made, or None.
    """
    for folder in (study.sessions_path, study.participants_path):
        if out.resolve().is_relative_to(folder.resolve()):
            raise InputError("this is a folder of the study", out, "choose a folder outside it")
    if out.resolve() == Path.cwd():
        raise InputError("this is the folder you stand in", out, "name a new folder")
    if out.exists() and not out.is_dir():
        raise InputError("there is a file of that name", out, "choose a new folder")
    if out.exists() and (other := foreign(out)):
        what = f"something other than {kind} is there ({other})"
        raise InputError(what, out, "choose a new folder")
