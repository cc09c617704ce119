"""`annotate`: analyse recordings, locate and plot intervals, review them, compare coders."""

from pathlib import Path

import click

from annotate.agreement_cli import agreement
from annotate.exchange_cli import export_codes, import_codes
from annotate.models_cli import models
from annotate.plots import FIGURE_NAMES
from annotate.review_cli import review
from mexlab.commandline import Group

STUDY = click.argument("study", type=click.Path(path_type=Path))
SESSION = click.option("--session", "session_id", help="Only this session (id or its beginning).")
ANALYZER = click.option("--analyzer", help="Analyzer name; default: the one in study.toml.")


@click.group(cls=Group)
def annotate() -> None:
    """From a recording to Action Units and intervals of peak intensity."""


@annotate.command()
@STUDY
@SESSION
@ANALYZER
@click.option("--workers", type=click.IntRange(1), help="Sessions at a time; default: all cores.")
@click.option(
    "--csv",
    type=click.Path(path_type=Path),
    help="What OpenFace 2 made of the session's recording; with --session and --analyzer openface.",
)
def analyse(
    study: Path,
    session_id: str | None,
    analyzer: str | None,
    workers: int | None,
    csv: Path | None,
) -> None:
    """Score and follow every frame of each recording: the AU table and the motion table.

    An analysis that was interrupted goes on where it was; one that is whole is kept.
    """
    from annotate.run import analyse_study

    analyse_study(study, session_id, analyzer, workers, csv)


@annotate.command()
@STUDY
@SESSION
@ANALYZER
@click.option("--blind", is_flag=True, help="Use neither film target nor self-report.")
def locate(study: Path, session_id: str | None, analyzer: str | None, blind: bool) -> None:
    """Find the interval of peak intensity in each scene, with onset, apex and offset."""
    from annotate.run import locate_study

    locate_study(study, session_id, analyzer, blind)


@annotate.command()
@STUDY
@click.option("--session", "session_id", required=True, help="Session id or its beginning.")
@ANALYZER
@click.option(
    "--figure",
    "figures",
    type=click.Choice(FIGURE_NAMES),
    multiple=True,
    help="Only this figure; may be given several times. Default: all.",
)
def plot(study: Path, session_id: str, analyzer: str | None, figures: tuple[str, ...]) -> None:
    """Draw a session: peaks with AUs, emotion curves, what changed, contact sheets, a page.

    Figures that show a face need the participant's consent to "excerpts" before others see them.
    """
    from annotate.run import plot_session

    plot_session(study, session_id, analyzer, figures)


annotate.add_command(models)
annotate.add_command(agreement)
annotate.add_command(export_codes)
annotate.add_command(import_codes)
annotate.add_command(review)


def main() -> None:
    """Entry point of the console script."""
    annotate(prog_name="annotate")
