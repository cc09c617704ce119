"""`pipeline build-dataset`, `import` and `diff`: datasets made and compared."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from mexlab.consent import AUDIENCES

FOLDER = click.Path(path_type=Path)


@click.command("build-dataset")
@click.argument("study", type=FOLDER)
@click.argument("out", type=FOLDER)
@click.option("--fps", default="20", show_default=True, help="Frames per second, or native.")
@click.option("--size", type=click.IntRange(28, 1024), default=224, show_default=True, help="px.")
@click.option(
    "--margin",
    type=click.FloatRange(1.0, 3.0),
    default=1.3,
    show_default=True,
    help="Side of the crop, in sides of the landmarks' bounding box.",
)
@click.option("--flow", default="farneback", show_default=True, help="Optical-flow method.")
@click.option(
    "--audience",
    type=click.Choice(list(AUDIENCES)),
    default="private",
    show_default=True,
    help="Who will see it: decides the consent each participant must have given.",
)
@click.option("--workers", type=click.IntRange(1), help="Subjects at a time; default: all cores.")
def build_dataset(
    study: Path,
    out: Path,
    fps: str,
    size: int,
    margin: float,
    flow: str,
    audience: str,
    workers: int | None,
) -> None:
    """Make the Parquet dataset OUT from the intervals of STUDY."""
    from mexlab.parallel import default_workers
    from mexlab.study import Study
    from pipeline.build import build_dataset as build
    from pipeline.frames import BuildSettings, parse_fps

    settings = BuildSettings(parse_fps(fps), size, margin, flow)
    with _leaks_listed():
        header, left_out = build(
            Study.open(study), out, settings, audience, workers or default_workers()
        )
    for exclusion in left_out:
        click.echo(f"left out {exclusion}", err=True)
    counts = header.counts
    click.echo(
        f"{out}: {counts['clips']} clips, {counts['frames']} frames, "
        f"{counts['subjects']} subjects; {len(left_out)} left out"
    )
    click.echo(f"content hash {header.content_hash}")


@click.command("import")
@click.argument("corpus")
@click.argument("root", type=FOLDER)
@click.argument("out", type=FOLDER, required=False)
@click.option("--check", is_flag=True, help="Say what is missing, and write nothing.")
@click.option(
    "--labels",
    type=click.Choice(["original", "3", "7"]),
    default="original",
    show_default=True,
    help="All clips; or those with one of the three classes; or of the seven emotions.",
)
@click.option("--fps", default="20", show_default=True, help="Frames per second, or native.")
@click.option("--size", type=click.IntRange(28, 1024), default=224, show_default=True, help="px.")
@click.option(
    "--margin",
    type=click.FloatRange(1.0, 3.0),
    default=1.3,
    show_default=True,
    help="Side of the crop, in sides of the landmarks' bounding box.",
)
@click.option("--flow", default="farneback", show_default=True, help="Optical-flow method.")
@click.option("--workers", type=click.IntRange(1), help="Subjects at a time; default: all cores.")
def import_(
    corpus: str,
    root: Path,
    out: Path | None,
    check: bool,
    labels: str,
    fps: str,
    size: int,
    margin: float,
    flow: str,
    workers: int | None,
) -> None:
    """Make the dataset OUT from a public corpus unpacked at ROOT.

    CORPUS is casme2, samm, smic-hs, smic-vis, cas-me-2, cas-me-3, mmew or 4dme. Rows of its sheet
    that cannot be used are listed with their reasons.
    """
    from mexlab.errors import InputError
    from mexlab.parallel import default_workers
    from pipeline.corpora.importing import import_corpus, survey_corpus
    from pipeline.corpora.registry import corpus_of
    from pipeline.corpora.report import check_lines, import_lines
    from pipeline.frames import BuildSettings, parse_fps

    chosen = corpus_of(corpus)
    if check:
        survey = survey_corpus(chosen, root, labels)
        for line in check_lines(survey):
            click.echo(line)
        if survey.missing:
            what = f"{len(survey.missing)} clips lack frames"
            raise InputError(what, root, "copy what is listed as missing")
        return
    if out is None:
        raise click.UsageError("Missing argument 'OUT'.")
    settings = BuildSettings(parse_fps(fps), size, margin, flow)
    with _leaks_listed():
        done = import_corpus(chosen, root, out, settings, labels, workers or default_workers())
    for note in done.notes:
        click.echo(f"note {note}", err=True)
    for line in import_lines(done):
        click.echo(line)
    counts = done.header.counts
    click.echo(
        f"{out}: {counts['clips']} clips, {counts['frames']} frames, "
        f"{counts['subjects']} subjects; {counts['rows_not_used']} rows not used"
    )
    click.echo(f"content hash {done.header.content_hash}")


@click.command()
@click.argument("a", type=FOLDER)
@click.argument("b", type=FOLDER)
@click.option("--json", "as_json", is_flag=True, help="Print all of it for another program.")
def diff(a: Path, b: Path, as_json: bool) -> None:
    """Say who and what changed from dataset A to dataset B.

    Subjects, clips, labels, intervals, settings, software, consent; and for clips cut alike, the
    largest difference in each number and picture, as between two machines. The exit status is 0
    whether they differ or not.
    """
    from pipeline.dataset import Dataset
    from pipeline.diff import compare
    from pipeline.diff_report import as_values, diff_lines

    difference = compare(Dataset.open(a), Dataset.open(b))
    if as_json:
        click.echo(json.dumps(as_values(difference), indent=2, ensure_ascii=False))
        return
    for line in diff_lines(difference):
        click.echo(line)


@contextmanager
def _leaks_listed() -> Iterator[None]:
    """What the leak audit found on stderr, a line each, before the error that it ends in."""
    from pipeline.audit import LeakError

    try:
        yield
    except LeakError as error:
        for line in error.lines():
            click.echo(f"leak {line}", err=True)
        raise
