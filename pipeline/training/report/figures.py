"""The report's pictures: drawn anew from what the runs hold, kept as PNGs beside the page.

Writes `NAME-figures/` next to `NAME.html`.
"""

import io
import re
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from mexlab.atomic import atomic_file
from pipeline.training.plots import draw_comparison, run_figures
from pipeline.training.report.map_figures import draw_faces, draw_means
from pipeline.training.report.maps import Explained
from pipeline.training.report.read import Reported

CAPTIONS = {
    "curves": "Training loss and accuracy on training clips, mean over folds",
    "confusion": "Confusion matrix, all folds and seeds together",
    "roc": "One class against the others, with the area under the curve",
    "means": "Where the network looks: mean map of each class",
    "faces": "The Grad-CAM map over a face at its apex; the line is at half of its highest",
    "comparison": "UF1 and UAR of these runs",
}
DPI = 140


def figures_of(entry: Reported, explained: Explained | None) -> dict[str, bytes]:
    """PNGs of a run by name."""
    drawn = run_figures(entry.metrics, entry.predictions, entry.curves)
    if explained is not None:
        drawn["means"] = draw_means(explained, entry.metrics["classes"])
        if explained.shown:
            drawn["faces"] = draw_faces(explained, entry.metrics["classes"])
    return {name: png(figure) for name, figure in drawn.items()}


def comparison_of(reported: Sequence[Reported]) -> bytes:
    """The PNG of several runs side by side."""
    names = [f"{place}  {entry.name}" for place, entry in enumerate(reported, start=1)]
    scores = {
        name: (entry.measure("uf1").values, entry.measure("uar").values)
        for name, entry in zip(names, reported, strict=True)
    }
    return png(draw_comparison(scores))


def write_pngs(page: Path, pictures: dict[str, bytes]) -> None:
    """All pictures of the page, by the names given, into the folder beside it.

    Those of an earlier page go: faces among them may be of somebody who has withdrawn since.
    """
    folder = page.with_name(f"{page.stem}-figures")
    for path in folder.glob("*.png"):
        if path.stem not in pictures and path.stem.rpartition("-")[2] in CAPTIONS:
            path.unlink()
    for name, content in pictures.items():
        with atomic_file(folder / f"{name}.png") as temporary:
            temporary.write_bytes(content)


def file_name(place: int, entry: Reported, name: str) -> str:
    """`1-my-run-curves`: the run's place on the page keeps equal names apart."""
    plain = re.sub(r"[^\w.-]+", "-", entry.folder).strip("-.")
    return f"{place}-{plain}-{name}"


def png(figure: Figure) -> bytes:
    """The same figure gives the same bytes."""
    held = io.BytesIO()
    figure.savefig(held, format="png", dpi=DPI, metadata={"Software": None})
    return held.getvalue()
