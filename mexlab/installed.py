"""Files that installed packages carry, found without importing the package."""

from importlib.util import find_spec
from pathlib import Path


def package_file(package: str, *parts: str) -> Path:
    """Where `parts` lies, or would lie, inside an installed package.

    A package that is not installed gives a path that does not exist.
    """
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    return Path(folders[0] if folders else package, *parts)
