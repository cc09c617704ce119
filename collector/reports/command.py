"""`collector import-reports`: self-reports from forms that already exist."""

import json
from pathlib import Path

import click

FILE = click.Path(path_type=Path)
SYSTEMS = ("google-forms", "redcap", "qualtrics", "limesurvey")


@click.command("import-reports")
@click.argument("study", type=FILE, required=False)
@click.argument("export", metavar="[CSV]", type=FILE, required=False)
@click.option("--map", "map_path", type=FILE, metavar="MAP.toml", help="Which column holds what.")
@click.option(
    "--example",
    type=click.Choice(SYSTEMS),
    help="Print a commented map to start from, and do nothing else.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def import_reports(
    study: Path | None,
    export: Path | None,
    map_path: Path | None,
    example: str | None,
    as_json: bool,
) -> None:
    """Take self-reports from an export CSV of Google Forms, REDCap, Qualtrics or LimeSurvey.

    MAP.toml says which column holds which answer, and what its cells mean. A participant's rows are
    used where everything in them is understood; the others are listed with the reason.
    """
    from collector.reports.importing import IMPORTED, THERE, UNUSED
    from collector.reports.importing import import_reports as import_all
    from collector.reports.mapping import example as example_map
    from mexlab.errors import InputError
    from mexlab.study import Study

    if example:
        click.echo(example_map(example), nl=False)
        return
    if study is None or export is None or map_path is None:
        raise click.UsageError("give STUDY, CSV and --map MAP.toml, or --example SYSTEM")
    result = import_all(Study.open(study), export, map_path)
    for outcome in result.outcomes:
        for line in outcome.listed():
            click.echo(line, err=True)
        if outcome.state != UNUSED and not as_json:
            click.echo(str(outcome))
    click.echo(json.dumps(result.as_dict(), ensure_ascii=False) if as_json else str(result))
    if not result.rows(IMPORTED, THERE):
        raise InputError("no row used", export, "correct the rows named above, or the map")
