"""A report page taken apart: its tables by their heading, its pictures, its words."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from pipeline.training.settings import TrainSettings
from pipeline.training.train import train_run

VOID = {"meta", "img", "br"}
HEADINGS = {"h1", "h2", "h3", "summary"}


def trained_run(dataset: Path, out: Path, **settings: Any) -> Path:
    """A real run, as short as one can be."""
    chosen = {"preset": "tiny", "epochs": 1, "seeds": 2, **settings}
    train_run([dataset], TrainSettings(**chosen), out)
    return out


def edit(path: Path, **values: Any) -> None:
    """Change keys of a JSON file."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


class Page(HTMLParser):
    """Fails on a tag that is closed out of turn."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text = path.read_text(encoding="utf-8")
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.tables: list[tuple[str, list[list[str]]]] = []
        self.pictures: list[str] = []
        self.words = ""
        self._heading = ""
        self.feed(self.text)
        assert self.open == []

    def table(self, heading: str) -> list[list[str]]:
        """The rows of the first table under a heading that begins so; the head is the first."""
        return next(rows for name, rows in self.tables if name.startswith(heading))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        if tag in HEADINGS:
            self._heading = ""
        elif tag == "table":
            self.tables.append((self._heading, []))
        elif tag == "tr":
            self.rows.append([])
            self.tables[-1][1].append(self.rows[-1])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag == "img":
            self.pictures.append(str(dict(attrs)["src"]))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data
        if self.open and self.open[-1] in HEADINGS:
            self._heading += data
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data
