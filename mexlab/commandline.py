"""How every command behaves: one line for a user's mistake, a traceback for a bug.

`Group` is the click group of all packages. Subcommands of the umbrella are found by entry-point
name, so that `mexlab` imports no other package in its own code.
"""

import sys
from importlib.metadata import entry_points
from typing import Any, NoReturn

import click

from mexlab.errors import MexlabError


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
            # Disk full, no permission, a folder where a file should be: the system's words serve.
            if error.filename is None and error.errno is None:
                raise
            where = error.filename or "disk"
            _fail(f"{error.strerror}; {where}; free the space or fix the permissions and try again")


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
