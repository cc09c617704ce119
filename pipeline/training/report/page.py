"""The report page: tables and pictures of all runs in one HTML file that needs no network.

Reads run folders, and for the maps the datasets they name. Writes the page, its pictures beside it
as PNGs, and a model card beside each run's checkpoint.
"""

import base64
import html
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from mexlab.atomic import write_text
from pipeline.training.model_card import write_model_card
from pipeline.training.report import literature
from pipeline.training.report.details import class_sheet, leak_sheet, set_sheet, subject_sheet
from pipeline.training.report.figures import (
    CAPTIONS,
    comparison_of,
    figures_of,
    file_name,
    write_pngs,
)
from pipeline.training.report.maps import MOST_CLIPS, Explained, NotAtHandError, explain_run
from pipeline.training.report.read import Reported
from pipeline.training.report.sheets import (
    Sheet,
    ablation_sheets,
    flow_sheet,
    testing_sheet,
    training_sheet,
)
from pipeline.training.report.spread import NBSP

STYLE = files("pipeline.training.report") / "page.css"
WORDY = {"Why not comparable", "Model", "Preset", "Input", "Token mixer", "Positions"}
MANY_COLUMNS = 10  # beyond that, cells break before their deviation
BEFORE_UNIT = re.compile(r"(?<=\d) (?=(h|min|s|%)(\s|$))")  # a space where no line breaks
FEW_SUBJECTS = 12  # a longer table is folded
OPENING = (
    "Subjects are never on two sides: every figure of a test is of people the network was not "
    "trained on, each looked at once, after the last epoch. Where there are several seeds, figures "
    "are their mean ± standard deviation; one seed says nothing about the spread."
)
MAPS_NOTE = (
    "Grad-CAM (Selvaraju et al. 2017) over the last map before the head, for a clip's true class: "
    "how much each place speaks for it; an empty map says that none does. Rollout (Abnar and "
    "Zuidema 2020): what the transformer's tokens draw on, whatever the class. The network kept is "
    "trained on everybody; only clips that the folds' networks, which did not know the person, "
    f"judged right are taken, at most {MOST_CLIPS} of a class. A map says where a network looks, "
    "not why, nor whether it is right. "
    "The drawn face is nobody's."
)
NO_LEAK = (
    "None of these runs has measured it: pipeline train --leak-report shows beside LOSO how "
    "much a split by frames would flatter."
)


def write_report(roots: Sequence[Path], out: Path, maps: bool = True) -> list[Reported]:
    """Write the page for these runs to `out`; returns what was read.

    All runs are read before anything is written. Raises InputError or TableError for a folder that
    is no run or not a whole one.
    """
    reported = [Reported.read(root) for root in roots]
    kept: dict[str, bytes] = {}
    sections = []
    for place, entry in enumerate(reported, start=1):
        explained, why = _explained(entry) if maps else (None, "left out as asked")
        pictures = figures_of(entry, explained)
        kept |= {file_name(place, entry, name): content for name, content in pictures.items()}
        sections.append(_run_section(entry, pictures, why))
    if len(reported) > 1:
        kept["comparison"] = comparison_of(reported)
    write_pngs(out, kept)
    write_text(out, _page(reported, sections, kept.get("comparison")))
    for entry in reported:
        write_model_card(entry.run)
    return reported


def _explained(entry: Reported) -> tuple[Explained | None, str]:
    try:
        return explain_run(entry), ""
    except NotAtHandError as error:
        return None, str(error)


def _page(reported: Sequence[Reported], runs: Sequence[str], comparison: bytes | None) -> str:
    parts = [_sheet(flow_sheet(reported)), _sheet(training_sheet(reported))]
    parts.append(_sheet(testing_sheet(reported)))
    if comparison is not None:
        parts.append(f'<div class="figures">{_figure("comparison", comparison)}</div>')
    leak = leak_sheet(reported)
    heading = "<h2>Leak report: a frame-level split beside LOSO</h2>"
    parts.append(_sheet(leak) if leak else f"{heading}\n<p>{NO_LEAK}</p>")
    parts += [_sheet(sheet) for sheet in ablation_sheets(reported)]
    parts.append(_literature(reported))
    if any(CAPTIONS["means"] in run for run in runs):
        parts.append(f"<h2>How to read the maps of the runs below</h2>\n<p>{MAPS_NOTE}</p>")
    parts += runs
    body = "\n".join(parts)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Training report</title>
<style>
{STYLE.read_text(encoding="utf-8")}</style>
</head>
<body>
<h1>Training report</h1>
<p>{OPENING}</p>
{body}
</body>
</html>
"""


def _run_section(entry: Reported, pictures: dict[str, bytes], why: str) -> str:
    metrics, settings = entry.metrics, entry.settings
    left_out = "; ".join(
        f"{count} clips: {reason}" for reason, count in settings["left_out"].items()
    )
    ordinary = "".join(_figure(name, pictures[name]) for name in ("curves", "confusion", "roc"))
    maps = "".join(_figure(name, pictures[name]) for name in ("means", "faces") if name in pictures)
    sets, subjects = set_sheet(entry), subject_sheet(entry)
    tables = "".join(_small_sheet(sheet) for sheet in (class_sheet(entry), sets) if sheet)
    few = len(subjects.rows) <= FEW_SUBJECTS
    return f"""<h2>{html.escape(entry.name)}</h2>
<p>{settings["clips"]} clips, {len(metrics["folds"])} folds ({html.escape(settings["protocol"])}),
{entry.seeds_told}, {metrics["parameters"]:,} parameters, batch {settings["batch_size"]},
{html.escape(settings["optimiser"])}, learning rate {settings["learning_rate"]:g}, peak memory
{metrics["peak_memory_bytes"] / 2**30:.1f} GiB. Left out: {html.escape(left_out) or "nothing"}.</p>
<div class="figures">{ordinary}</div>
<div class="sheets">{tables}{_small_sheet(subjects) if few else ""}</div>
{"" if few else _folded(subjects)}
<h3>Where it looks</h3>
{_maps(maps, why)}"""


def _maps(figures: str, why: str) -> str:
    if not figures:
        return f"<p>No maps: {html.escape(why)}.</p>"
    faces = CAPTIONS["faces"] in figures
    none = "<p>No faces: nobody in these data agreed to being shown (excerpts).</p>\n"
    return f'{"" if faces else none}<div class="figures">{figures}</div>'


def _literature(reported: Sequence[Reported]) -> str:
    own = any(not literature.why_apart(entry) for entry in reported)
    none = "" if own else " None of these runs is of this case."
    head = ("method", "UF1", "UAR", "Seeds")
    beside = Sheet(
        "Literature",
        f"{literature.CASE}.{none}",
        head,
        literature.comparable_rows(reported),
    )
    apart = Sheet(
        "Not comparable with these",
        "Other clips, classes or protocols; what differs stands in the last column.",
        (*head, "Why not comparable"),
        literature.apart_rows(reported),
    )
    return f"{_sheet(beside)}\n{_small_sheet(apart)}"


def _sheet(sheet: Sheet) -> str:
    return f"<h2>{html.escape(sheet.title)}</h2>\n<p>{html.escape(sheet.note)}</p>\n{_table(sheet)}"


def _small_sheet(sheet: Sheet) -> str:
    title, note = html.escape(sheet.title), html.escape(sheet.note)
    return f"<div><h3>{title}</h3>\n<p>{note}</p>\n{_table(sheet)}</div>"


def _folded(sheet: Sheet) -> str:
    title = f"{html.escape(sheet.title)} ({len(sheet.rows)})"
    note = html.escape(sheet.note)
    return f"<details><summary>{title}</summary>\n<p>{note}</p>\n{_table(sheet)}</details>"


def _table(sheet: Sheet) -> str:
    wordy = [' class="text"' if head in WORDY else "" for head in sheet.head]
    wide = ' class="wide"' if len(sheet.head) > MANY_COLUMNS else ""

    def line(tag: str, cells: Sequence[str], kind: str = "") -> str:
        inner = "".join(
            f"<{tag}{told}>{html.escape(BEFORE_UNIT.sub(NBSP, cell))}</{tag}>"
            for cell, told in zip(cells, wordy, strict=True)
        )
        return f"<tr{kind}>{inner}</tr>"

    first_quoted = len(sheet.rows) - sheet.quoted
    body = [
        line("td", row, ' class="quoted"' if place >= first_quoted else "")
        for place, row in enumerate(sheet.rows)
    ]
    return f'<div class="scroll"><table{wide}>{line("th", sheet.head)}{"".join(body)}</table></div>'


def _figure(name: str, content: bytes) -> str:
    encoded, caption = base64.b64encode(content).decode(), CAPTIONS[name]
    return (
        f'<figure><img alt="{caption}" src="data:image/png;base64,{encoded}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )
