"""Frames in folders as corpora have them: names in any case, numbers with or without zeros.

`Folders` finds a clip's folder below the root, wherever the corpus was unpacked to, and reads the
numbers of its pictures from their names. Folders are listed, pictures are not opened.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from pipeline.corpora.clip import CorpusClip, RowProblem, Unused

PICTURES = ("jpg", "jpeg", "png", "bmp", "tif", "tiff")
BASE_DEPTH = 2  # folders between the root and where a layout begins
TRIED = 24  # clips looked up to find out where a corpus lies


@dataclass(frozen=True)
class Place:
    """Where a corpus lies: a layout such as `{subject}/{filename}`, below a folder."""

    base: Path
    layout: str


@dataclass
class Folders:
    """The folders below `root`; each is listed once."""

    root: Path
    _listed: dict[Path, tuple[list[str], list[str]]] = field(default_factory=dict)
    _numbered: dict[Path, dict[int, str]] = field(default_factory=dict)

    def listing(self, folder: Path) -> tuple[list[str], list[str]]:
        """Names of the folders and the files in a folder, sorted; hidden ones left out."""
        if folder not in self._listed:
            with os.scandir(folder) as entries:
                seen = [(e.name, e.is_dir()) for e in entries if not e.name.startswith(".")]
            folders = sorted(name for name, is_folder in seen if is_folder)
            self._listed[folder] = folders, sorted(name for name, is_dir in seen if not is_dir)
        return self._listed[folder]

    def find(self, place: Place, values: Mapping[str, str]) -> Path | None:
        """The folder of a clip, or None. Raises RowProblem if two folders fit equally well."""
        folder = place.base
        for part in place.layout.split("/"):
            name = self._match(folder, part.format_map(values))
            if name is None:
                return None
            folder /= name
        return folder

    def _match(self, folder: Path, wanted: str) -> str | None:
        names = self.listing(folder)[0]
        if wanted in names:
            return wanted
        if wanted.endswith("*"):
            start = wanted[:-1].casefold()
            found = [n for n in names if re.match(rf"{re.escape(start)}(?!\d)", n.casefold())]
        else:
            found = [name for name in names if plain(name) == plain(wanted)]
        if len(found) > 1:
            raise RowProblem(f"two folders may be meant, {found[0]} and {found[1]}, in {folder}")
        return found[0] if found else None

    def numbered(self, folder: Path) -> dict[int, str]:
        """Picture files of a folder by their number, the last one in the name.

        Raises RowProblem if two pictures have one number.
        """
        if folder not in self._numbered:
            pictures: dict[int, str] = {}
            for name in self.listing(folder)[1]:
                stem, _, suffix = name.rpartition(".")
                number = re.search(r"(\d+)\D*$", stem)
                if suffix.lower() not in PICTURES or number is None:
                    continue
                other = pictures.setdefault(int(number[1]), name)
                if other != name:
                    raise RowProblem(f"two pictures of one number, {other} and {name}, in {folder}")
            self._numbered[folder] = dict(sorted(pictures.items()))
        return self._numbered[folder]

    def place(self, layouts: Sequence[str], clips: Sequence[CorpusClip]) -> Place | None:
        """Where most clips are found; of equals pictures of the whole head, then the first."""
        tried = clips[:: max(1, len(clips) // TRIED)]
        best: tuple[tuple[int, bool], Place] | None = None
        for place in self._places(layouts):
            found = sum(self._is_there(place, clip) for clip in tried)
            rank = (found, "crop" not in str(place.base.relative_to(self.root.parent)).casefold())
            if found and (best is None or rank > best[0]):
                best = rank, place
        return best[1] if best else None

    def _is_there(self, place: Place, clip: CorpusClip) -> bool:
        try:
            return self.find(place, clip.cells) is not None
        except RowProblem:
            return True

    def _places(self, layouts: Sequence[str]) -> Iterator[Place]:
        bases = list(self._bases(self.root, BASE_DEPTH))
        for layout in layouts:
            head, _, rest = layout.partition("/")
            if "{" not in head and plain(head) == plain(self.root.name):
                yield Place(self.root, rest)
            yield from (Place(base, layout) for base in bases)

    def _bases(self, folder: Path, depth: int) -> Iterator[Path]:
        yield folder
        if depth:
            for name in self.listing(folder)[0]:
                yield from self._bases(folder / name, depth - 1)


def plain(name: str) -> str:
    """A name without case, blanks and leading zeros of its numbers: `Sub 01` is `sub1`."""
    return re.sub(r"\d+", lambda number: str(int(number[0])), "".join(name.split()).casefold())


def with_frames(
    clips: Iterable[CorpusClip], folders: Folders, place: Place | None, layouts: Sequence[str]
) -> tuple[list[CorpusClip], list[Unused]]:
    """The clips with their folders and frames, and those whose frames are not all there."""
    found: list[CorpusClip] = []
    unused: list[Unused] = []
    for clip in clips:
        try:
            if place is None:
                raise RowProblem(f"no folder {layouts[0].format_map(clip.cells)}")
            found.append(_with_frames(clip, folders, place))
        except RowProblem as problem:
            unused.append(Unused(clip.row, clip.name, str(problem)))
    return found, unused


def _with_frames(clip: CorpusClip, folders: Folders, place: Place) -> CorpusClip:
    folder = folders.find(place, clip.cells)
    if folder is None:
        raise RowProblem(f"no folder {place.layout.format_map(clip.cells)} in {place.base}")
    if clip.movement > 1 and clip.onset not in folders.numbered(folder):
        # Sets cut into movements keep a further one in a folder beside the first one's.
        beside = (folder.parent / name for name in folders.listing(folder.parent)[0])
        folder = next((f for f in beside if clip.onset in folders.numbered(f)), folder)
    pictures = folders.numbered(folder)
    if not pictures:
        raise RowProblem(f"no picture with a number in {folder}")
    frames = tuple(item for item in pictures.items() if clip.onset <= item[0] <= clip.offset)
    if len(frames) <= clip.offset - clip.onset:
        missing = _gaps([clip.onset - 1, *(number for number, _ in frames), clip.offset + 1])
        raise RowProblem(f"frames {missing} of {clip.onset}-{clip.offset} are missing in {folder}")
    cropped = "crop" in str(place.base.relative_to(folders.root.parent)).casefold()
    cropped |= all(name.lower().startswith("reg_") for _, name in frames)
    return replace(clip, folder=folder, frames=frames, cropped=cropped)


def _gaps(numbers: Sequence[int], shown: int = 3) -> str:
    """`3, 6-9` for what is missing between 2 4 5 10; no more than `shown` gaps."""
    gaps = [(low + 1, high - 1) for low, high in pairwise(numbers) if high - low > 1]
    texts = [str(low) if low == high else f"{low}-{high}" for low, high in gaps[:shown]]
    return ", ".join(texts) + (", …" if len(gaps) > shown else "")
