"""Figures of a session into analysis/plots/: the film is decoded once for all of them.

Reads what `annotate.plots.recording` read and the recording's pictures; writes PNG and HTML files,
each whole or not at all. An earlier run's files of a figure go when it is drawn again.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from annotate.plots.base import Drawn, Plot
from annotate.plots.change import ChangePlot
from annotate.plots.emotions import EmotionsPlot
from annotate.plots.interactive import InteractivePlot
from annotate.plots.peak import PeakPlot
from annotate.plots.recording import Recording
from annotate.plots.sheet import SheetPlot
from mexlab.atomic import atomic_file, write_text
from mexlab.progress import Progress
from mexlab.vision.video import Image, Video

DPI = 110
FIGURES: dict[str, Plot] = {
    plot.name: plot
    for plot in (PeakPlot(), EmotionsPlot(), ChangePlot(), SheetPlot(), InteractivePlot())
}


def choose(recording: Recording, names: Sequence[str]) -> tuple[list[Plot], list[str]]:
    """The figures of these names (all, if none is named) that can be drawn, and what cannot.

    The second list has a line for each figure, or part of one, that the recording's tables do not
    give.
    """
    plots: list[Plot] = []
    left_out: list[str] = []
    for plot in (FIGURES[name] for name in names or FIGURES):
        missing = next((thing for thing in plot.needs if thing in recording.lacks), None)
        if missing is None:
            plots.append(plot)
            without = [thing for thing in plot.uses if thing in recording.lacks]
            left_out += [f"{plot.name}: no {t} ({recording.lacks[t]})" for t in without]
        else:
            left_out.append(f"{plot.name}, left out: no {missing} ({recording.lacks[missing]})")
    return plots, left_out


def draw(recording: Recording, plots: Sequence[Plot]) -> Iterator[Path]:
    """Draw and write the figures; the path of each file as it is there."""
    pictures = _pictures(recording, plots)
    for plot in plots:
        written = [
            _write(recording.session.plots_path, drawn)
            for drawn in plot.draw(recording, pictures.pop(plot.name))
        ]
        for stale in recording.session.plots_path.glob(f"{plot.name}[-.]*"):
            if stale not in written:
                stale.unlink()
        yield from written


def _pictures(recording: Recording, plots: Sequence[Plot]) -> dict[str, dict[int, Image]]:
    """What each figure keeps of the frames it wants, by the figure's name; one pass."""
    wanted = {plot.name: set(plot.frames(recording)) for plot in plots}
    last = max((frame for frames in wanted.values() for frame in frames), default=-1)
    found: dict[str, dict[int, Image]] = {plot.name: {} for plot in plots}
    if last < 0:
        return found
    with Progress(f"reading {recording.session.id}", total=last + 1, unit="frames") as bar:
        for frame in Video(recording.session.recording_path).frames():
            takers = [plot for plot in plots if frame.index in wanted[plot.name]]
            if takers:
                picture = frame.rgb()
                for plot in takers:
                    found[plot.name][frame.index] = plot.kept(recording, picture)
            bar.advance()
            if frame.index == last:
                break
    return found


def _write(folder: Path, drawn: Drawn) -> Path:
    name, content = drawn
    path = folder / name
    if isinstance(content, str):
        write_text(path, content)
    else:
        with atomic_file(path) as temporary:
            content.savefig(temporary, dpi=DPI)
    return path
