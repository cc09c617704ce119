"""`annotate agreement`: how far coders agree. Heavy packages are imported inside the command."""

import json
from pathlib import Path

import click

FILE = click.Path(path_type=Path)


@click.command()
@click.argument("study", type=FILE)
@click.option("--json", "as_text", is_flag=True, help="Print every figure as JSON.")
@click.option("--csv", "csv_path", type=FILE, help="Also write every figure to this file.")
@click.option("--coders", metavar="A,B,…", help="Only these coders; default: all.")
@click.option("--all", "everything", is_flag=True, help="Count codes not made blind, too.")
@click.option(
    "--bootstrap",
    type=click.IntRange(0),
    default=1000,
    show_default=True,
    help="Resamples behind the 95 % intervals; 0 for none.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the resamples."
)
def agreement(
    study: Path,
    as_text: bool,
    csv_path: Path | None,
    coders: str | None,
    everything: bool,
    bootstrap: int,
    seed: int,
) -> None:
    """Inter-coder reliability: FACS index, kappa, alpha, ICC, differences of moments."""
    from annotate.agreement import table
    from annotate.agreement.report import agreement as compare
    from mexlab.atomic import write_text
    from mexlab.study import Study

    names = tuple(dict.fromkeys(name.strip() for name in (coders or "").split(",") if name.strip()))
    found = compare(Study.open(study), names, not everything, bootstrap, seed)
    for line in found.left_out:
        click.echo(line, err=True)
    if csv_path:
        write_text(csv_path, table.as_csv(found))
    if as_text:
        click.echo(json.dumps(table.as_json(found), indent=2, ensure_ascii=False))
    else:
        table.print_table(found)
