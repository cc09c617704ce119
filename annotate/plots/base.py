"""What a figure is: what it needs, which frames it wants to see, and how it is drawn."""

from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from annotate.plots.recording import Recording
from mexlab.vision.video import Image

SHOWS_A_FACE = "shows a face: only with consent to “excerpts” before others"
SMALL = {"fontsize": 8, "color": "#666666"}

# A file's name in the folder of plots, and what is in it: a picture, or a page as text.
Drawn = tuple[str, Figure | str]


def spaced(figure: Figure) -> Figure:
    """A figure laid out with room at its edges, so that its title does not touch them."""
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(h_pad=0.09, w_pad=0.07)
    return figure


class Plot(Protocol):
    """One figure of a session; may be several files, all named `name` or `name-…`.

    Without what it `needs` it is left out, without what it `uses` it is drawn and says so.
    """

    @property
    def name(self) -> str: ...
    @property
    def needs(self) -> tuple[str, ...]: ...
    @property
    def uses(self) -> tuple[str, ...]: ...

    def frames(self, recording: Recording) -> Collection[int]:
        """Numbers of the frames whose pictures it wants."""
        ...

    def kept(self, recording: Recording, picture: Image) -> Image:
        """What it keeps of such a picture while the film goes on: many must be small."""
        ...

    def draw(self, recording: Recording, pictures: Mapping[int, Image]) -> Iterator[Drawn]:
        """Its files, one after the other."""
        ...
