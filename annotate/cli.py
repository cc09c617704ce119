"""`annotate`: analyse recordings, locate intervals, plot them."""

from pathlib import Path

import click

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
def analyse(study: Path, session_id: str | None, analyzer: str | None, workers: int | None) -> None:
    """Score every frame of each recording: the AU table."""
    from annotate.run import analyse_study

    analyse_study(study, session_id, analyzer, workers)


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
def plot(study: Path, session_id: str, analyzer: str | None) -> None:
    """Draw the paper's Figure 4: outlined peak frame with AU bars, and the emotion curves."""
    from annotate.run import plot_session

    plot_session(study, session_id, analyzer)


def main() -> None:
    """Entry point of the console script."""
    annotate(prog_name="annotate")
