"""Frozen dataclasses from TOML or JSON tables: every key known, every value of its type."""

import dataclasses
import math
import tomllib
from collections.abc import Hashable, Mapping
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from mexlab.errors import InputError, StudyError

T = TypeVar("T")


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file as a dict. Raises StudyError with the line where it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"not valid TOML: {error}", path, "correct that line") from error
    except UnicodeDecodeError as error:
        raise StudyError("not UTF-8 text", path, "save it as UTF-8") from error


def from_mapping(kind: type[T], values: Mapping[str, Any], where: str | Path) -> T:
    """`kind(**values)` for a frozen dataclass; unknown keys and wrong types raise InputError.

    A whole number serves as a float. A field's `metadata["choices"]`, `["low"]` and `["high"]`
    are checked too.
    """
    hints = _hints(kind)  # type: ignore[arg-type]  # a class is hashable
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    checked: dict[str, Any] = {}
    for key, value in values.items():
        if key not in fields:
            known = ", ".join(fields)
            raise InputError(f"unknown setting {key!r}", where, f"use one of: {known}")
        checked[key] = _checked(key, value, hints[key], fields[key].metadata, where)
    missing = [
        name
        for name, field in fields.items()
        if name not in checked
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise InputError(f"no setting {missing[0]!r}", where, "add it")
    return kind(**checked)


@cache
def _hints(kind: Hashable) -> dict[str, Any]:
    """Evaluating them takes longer than reading a file: once a class."""
    return get_type_hints(kind)


def _checked(
    key: str, value: Any, hint: Any, metadata: Mapping[str, Any], where: str | Path
) -> Any:
    if hint is float and type(value) is int:
        value = float(value)
    if get_origin(hint) is tuple:
        value = tuple(value) if isinstance(value, list) else value
        fits = type(value) is tuple and all(type(item) is get_args(hint)[0] for item in value)
    elif isinstance(hint, UnionType):
        fits = type(value) in get_args(hint)
    else:
        fits = type(value) is (get_origin(hint) or hint)
    if not fits:
        wanted = getattr(hint, "__name__", str(hint))
        raise InputError(f"setting {key!r} is {value!r}, not {wanted}", where, "correct it")
    if hint is float and not math.isfinite(value):
        raise InputError(f"setting {key!r} is {value!r}", where, "choose a finite number")
    choices = metadata.get("choices")
    if choices and value not in choices:
        raise InputError(
            f"setting {key!r} is {value!r}", where, f"use one of: {', '.join(choices)}"
        )
    low, high = metadata.get("low"), metadata.get("high")
    if (low is not None and value < low) or (high is not None and value > high):
        limits = f"between {low} and {high}" if high is not None else f"{low} or more"
        raise InputError(f"setting {key!r} is {value!r}", where, f"choose a value {limits}")
    return value
