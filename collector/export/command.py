"""`collector export`: participants and self-reports for a spreadsheet, and as BIDS."""

from pathlib import Path

import click

from mexlab.consent import AUDIENCES

PATH = click.Path(path_type=Path)


@click.command()
@click.argument("study", type=PATH)
@click.argument("out", type=PATH)
@click.option(
    "--audience",
    type=click.Choice(list(AUDIENCES)),
    default="private",
    show_default=True,
    help="Who will read it: those who did not consent to that are left out.",
)
def export(study: Path, out: Path, audience: str) -> None:
    """Export participants and self-reports to a new folder OUT.

    Tidy CSV files with a codebook, which run no formula in a spreadsheet, and a BIDS dataset
    (participants.tsv, phenotype/). A former export there is replaced.
    """
    from collector.export.folder import write_export
    from collector.export.gathering import gather
    from collector.form.filling import FIRST, SECOND
    from mexlab.study import Study

    gathered = gather(Study.open(study), audience)
    write_export(gathered, out)
    for exclusion in gathered.left_out:
        click.echo(f"left out {exclusion}", err=True)
    for notice in gathered.notices():
        click.echo(f"notice: {notice}", err=True)
    reports, second = len(gathered.told(FIRST)), len(gathered.told(SECOND))
    said = f"{len(gathered.subjects)} participants, {reports} self-reports"
    said += f", {second} second reports" if second else ""
    click.echo(f"{out}: {said}; {len(gathered.left_out)} left out")
