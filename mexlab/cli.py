"""`mexlab`: the umbrella command, and what concerns a study as a whole.

The other packages' commands join by entry-point name (pyproject.toml, group mexlab.commands).
Heavy imports stand inside the commands, so that `--help` answers at once.
"""

from pathlib import Path

import click

from mexlab import __version__
from mexlab.commandline import EntryPointGroup
from mexlab.score_cli import score


@click.group(cls=EntryPointGroup)
@click.version_option(__version__, prog_name="mexlab")
def mexlab() -> None:
    """From a face in front of a webcam to a micro-expression dataset and a model."""


@mexlab.command()
@click.argument("study", type=click.Path(path_type=Path))
def new(study: Path) -> None:
    """Make a study folder with a commented study.toml and the protocol template."""
    from mexlab.study import Study

    made = Study.create(study)
    click.echo(f"new study in {made.root}")
    click.echo(f"  settings  {made.settings_path}")
    click.echo(f"  films     {made.root / 'stimuli' / 'protocol.toml'}")


@mexlab.command()
@click.argument("path", type=click.Path(path_type=Path))
def verify(path: Path) -> None:
    """Check a study or a dataset: hashes, schemas, times, consent, ids."""
    from mexlab.verify import verify_path

    problems, checked = verify_path(path)
    for problem in problems:
        click.echo(problem)
    click.echo(f"{checked} checks, {len(problems)} problems")
    if problems:
        raise SystemExit(1)


@mexlab.command()
def doctor() -> None:
    """Check this computer: packages, system libraries, camera, ffmpeg, display, model files."""
    from mexlab.doctor import examine

    findings = examine()
    for finding in findings:
        click.echo(str(finding))
    if any(finding.needed and not finding.ok for finding in findings):
        raise SystemExit(1)


@mexlab.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("mexlab-demo"),
    show_default=True,
    help="Folder to make; one made by an earlier demo is replaced.",
)
def demo(out: Path) -> None:
    """Go the whole way on simulated participants and one real face video."""
    from mexlab.demo import run_demo

    run_demo(out)


mexlab.add_command(score)


def main() -> None:
    """Entry point of the console script."""
    mexlab(prog_name="mexlab")
