"""`mexlab score`: the command line of `mexlab.score`, a table for people or JSON for programs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mexlab.score import Movement, Score

MIN_WIDTH = 130  # columns that all of the table needs


@click.command()
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--json", "as_text", is_flag=True, help="Print JSON instead of a table.")
def score(study: Path, as_text: bool) -> None:
    """Compare located intervals with the truth of simulated participants."""
    from mexlab.score import as_json, by_movement, score_study, summary
    from mexlab.study import Study

    sessions = score_study(Study.open(study))
    if as_text:
        click.echo(json.dumps(as_json(sessions), indent=2))
        return
    rows = {session.session: summary([session]) for session in sessions}
    _print_table(rows, summary(sessions))
    _print_movements(by_movement(sessions))


def _print_table(rows: "dict[str, Score]", total: "Score") -> None:
    """One line a session and one for all."""
    from rich.console import Console
    from rich.table import Table

    table = Table(caption="ms: median absolute error; apex hit: within 200 ms of the true apex")
    table.add_column("session")
    for heading in (
        "interval\nhits", "apex\nhits", "apex ms\n(90 %)", "onset\nms", "offset\nms",
        "emotion\nright", "kind\nright", "false\npeaks", "others\nfalse", "evidence",
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    for session, found in rows.items():
        table.add_row(session, *_cells(found))
    table.add_section()
    table.add_row("all", *_cells(total), style="bold")
    # Where nobody sets a width (a file, a pipe), a table cut at 80 columns would lose numbers.
    Console(width=max(Console().width, MIN_WIDTH)).print(table)


def _print_movements(scores: "dict[Movement, Score]") -> None:
    """One line a kind and size of movement, all sessions together."""
    from rich.console import Console
    from rich.table import Table

    table = Table(caption="iod: inter-ocular distance; errors: median absolute, and 90 % are below")
    for heading in (
        "movement", "amplitude\niod", "events", "apex within\n200 ms", "apex error\nms (90 %)",
        "onset\nms", "offset\nms", "false events per\nscene without one",
    ):  # fmt: skip
        table.add_column(heading, justify="left" if heading == "movement" else "right")
    for (kind, amplitude), found in scores.items():
        false = found.false_per_empty_scene
        table.add_row(
            kind,
            f"{amplitude:g}",
            str(found.events),
            _percent(found.apex_hit_fraction),
            f"{_ms(found.apex_error_ms_median)} ({_ms(found.apex_error_ms_p90)})",
            _ms(found.onset_error_ms_median),
            _ms(found.offset_error_ms_median),
            "–" if false is None else f"{false:.2f} ({found.false_peaks}/{found.neutral_scenes})",
        )
    Console(width=max(Console().width, MIN_WIDTH)).print(table)


def _cells(found: "Score") -> list[str]:
    return [
        f"{found.interval_hits}/{found.events}",
        f"{found.apex_hits}/{found.events}",
        f"{_ms(found.apex_error_ms_median)} ({_ms(found.apex_error_ms_p90)})",
        _ms(found.onset_error_ms_median),
        _ms(found.offset_error_ms_median),
        _percent(found.emotion_right),
        _percent(found.kind_right),
        f"{found.false_peaks}/{found.neutral_scenes}",
        str(found.other_false),
        " ".join(f"{name} {count}" for name, count in found.evidence.items()),
    ]


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"
