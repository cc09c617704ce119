"""`pipeline build-dataset`, `import` and `diff`: datasets made and compared."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mexlab.consent import AUDIENCES

if TYPE_CHECKING:
    from pipeline.frames.settings import BuildSettings

FOLDER = click.Path(path_type=Path)

# How frames are made, for build-dataset and import alike; `_settings` turns them into settings.
MAKING_OPTIONS = (
    click.option("--fps", default="20", show_default=True, help="Frames per second, or native."),
    click.option(
        "--size", type=click.IntRange(28, 1024), default=224, show_default=True, help="px."
    ),
    click.option(
        "--margin",
        type=click.FloatRange(1.0, 3.0),
        default=1.3,
        show_default=True,
        help="Side of the crop, in sides of the landmarks' bounding box.",
    ),
    click.option(
        "--image",
        default="jpeg",
        show_default=True,
        help="jpeg (of quality 95), png or webp (both without loss).",
    ),
    click.option(
        "--flow", default="farneback", show_default=True, help="farneback, dis or tv-l1 (slow)."
    ),
    click.option(
        "--remove-head-motion", is_flag=True, help="Take the head's own motion from flow."
    ),
    click.option("--denoise", is_flag=True, help="Bilateral filter, before flow and storing."),
    click.option(
        "--illumination",
        is_flag=True,
        help="One contrast stretch for all pictures of a clip, before flow and storing.",
    ),
    click.option(
        "--shortest-s", type=click.FloatRange(0), default=0.0, help="Leave out shorter clips."
    ),
    click.option("--longest-s", type=click.FloatRange(0), help="Leave out longer clips."),
)

Command = TypeVar("Command", bound=Callable[..., Any])


def _making_options(command: Command) -> Command:
    for option in reversed(MAKING_OPTIONS):
        command = option(command)
    return command


def _settings(fps: str, denoise: bool, illumination: bool, **others: Any) -> "BuildSettings":
    from pipeline.frames.settings import BuildSettings, parse_fps

    return BuildSettings(
        parse_fps(fps),
        denoise="bilateral" if denoise else "off",
        illumination="stretch" if illumination else "off",
        **others,
    )


@click.command("build-dataset")
@click.argument("study", type=FOLDER)
@click.argument("out", type=FOLDER)
@_making_options
@click.option(
    "--padding-s",
    type=click.FloatRange(0, 10),
    help="From so long before the onset to so long after the offset; default: as located.",
)
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
    padding_s: float | None,
    audience: str,
    workers: int | None,
    **making: Any,
) -> None:
    """Make the Parquet dataset OUT from the intervals of STUDY."""
    from mexlab.parallel import default_workers
    from mexlab.study import Study
    from pipeline.build import build_dataset as build

    settings = _settings(**making, padding_s=padding_s)
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
@_making_options
@click.option("--workers", type=click.IntRange(1), help="Subjects at a time; default: all cores.")
def import_(
    corpus: str,
    root: Path,
    out: Path | None,
    check: bool,
    labels: str,
    workers: int | None,
    **making: Any,
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
    settings = _settings(**making)
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
    from pipeline.diff.compare import compare
    from pipeline.diff.report import as_values, diff_lines
    from pipeline.form.dataset import Dataset

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
