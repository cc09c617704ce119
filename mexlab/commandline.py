"""How every command behaves: one line for a user's mistake, a traceback for a bug.

`Group` is the click group of all packages. Subcommands of the umbrella are found by entry-point
name, so that `mexlab` imports no other package in its own code.
"""

import errno
import re
import sys
from importlib.metadata import entry_points
from typing import Any, NoReturn

import click

from mexlab.errors import MexlabError

_REMEDIES = {
    errno.ENOSPC: "free some space and try again",
    errno.EDQUOT: "free some space and try again",
    errno.EACCES: "change its permissions or choose another place",
    errno.EPERM: "change its permissions or choose another place",
    errno.EROFS: "choose a place that can be written",
    errno.ENOTDIR: "a file is where a folder should be: choose another path",
    errno.EEXIST: "a file is where a folder should be: choose another path",
    errno.EISDIR: "a folder is where a file should be: choose another path",
}


def region(
    _: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[int, int, int, int] | None:
    """Callback of an option X,Y,W,H, a part of the screen in px; else a usage error."""
    if value is None:
        return None
    match = re.fullmatch(r"(-?\d+),(-?\d+),([1-9]\d*),([1-9]\d*)", value)
    if not match:
        raise click.BadParameter(f"{value!r} is not X,Y,W,H, like 0,0,1280,720", param=parameter)
    x, y, width, height = map(int, match.groups())
    return x, y, width, height


class Group(click.Group):
    """A group whose `main` prints a MexlabError as `error: what; where; what to do`, exit 1."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().main(*args, **kwargs)
        except MexlabError as error:
            _fail(str(error))
        except BrokenPipeError:
            sys.stderr.close()
            raise SystemExit(0) from None
        except OSError as error:
            if error.errno is None:
                raise
            where = error.filename or "disk"
            _fail(f"{error.strerror}; {where}; {_REMEDIES.get(error.errno, 'check the path')}")


class EntryPointGroup(Group):
    """A group that also offers the commands registered as entry points `mexlab.commands`."""

    entry_point_group = "mexlab.commands"

    def list_commands(self, ctx: click.Context) -> list[str]:
        found = {point.name for point in entry_points(group=self.entry_point_group)}
        return sorted({*super().list_commands(ctx), *found})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        for point in entry_points(group=self.entry_point_group, name=cmd_name):
            command: click.Command = point.load()
            return command
        return None


def _fail(message: str) -> NoReturn:
    click.echo(f"error: {' '.join(message.split())}", err=True)
    raise SystemExit(1)
