"""`annotate export-codes` and `import-codes`: coders' marks as ELAN files or CSV, out and in."""

from pathlib import Path

import click

STUDY = click.argument("study", type=click.Path(path_type=Path))
FILE = click.argument("file", type=click.Path(path_type=Path))
FORMAT = click.option(
    "--format",
    "kind",
    type=click.Choice(["eaf", "csv"]),
    help="Default: by the ending of FILE; eaf for a folder.",
)


@click.command("export-codes")
@STUDY
@FILE
@FORMAT
@click.option("--session", "session_id", help="Only this session (id or its beginning).")
@click.option("--coder", help="Only this coder.")
def export_codes(
    study: Path, file: Path, kind: str | None, session_id: str | None, coder: str | None
) -> None:
    """Write coders' codes to FILE: one CSV, one .eaf of one session, or a folder of SESSION.eaf."""
    from annotate.exchange.exporting import export_study

    export_study(study, file, kind, session_id, coder)


@click.command("import-codes")
@STUDY
@FILE
@FORMAT
@click.option("--coder", required=True, metavar="NAME", help="Whose codes these are.")
@click.option("--session", "session_id", help="Of which session, where FILE does not say.")
@click.option("--merge", is_flag=True, help="Add to and change codes that NAME has already.")
def import_codes(
    study: Path, file: Path, kind: str | None, coder: str, session_id: str | None, merge: bool
) -> None:
    """Read NAME's codes from FILE: a CSV, an .eaf, or a folder of them."""
    from annotate.exchange.importing import import_study

    import_study(study, file, kind, coder, session_id, merge)
