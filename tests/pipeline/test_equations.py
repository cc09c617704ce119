"""docs/equations.md: every equation of the paper leads to code and a test that are there."""

import importlib
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "equations.md"
ROW = re.compile(r"\| (\d+) \| (.+?) \| `(\w+)\.(\w+)` \| `(\w+)\.(\w+)` \|")
ROWS = [found.groups() for line in PAGE.read_text().splitlines() if (found := ROW.match(line))]


def test_all_36_equations_are_there_in_order() -> None:
    assert [int(number) for number, *_ in ROWS] == list(range(1, 37))


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_row_leads_to_code_and_test(row: tuple[str, ...]) -> None:
    number, _, module, name, test_module, test = row
    block = getattr(importlib.import_module(f"pipeline.training.blocks.{module}"), name)
    assert callable(getattr(importlib.import_module(f"tests.pipeline.{test_module}"), test))
    assert _mentions(block.__doc__, int(number)), f"{name} does not name equation {number}"


def _mentions(text: str, number: int) -> bool:
    """Does a docstring name this equation, alone or within a range such as 12-17?"""
    for first, last in re.findall(r"(\d+)(?:(?:-| to )(\d+))?", text):
        if int(first) <= number <= int(last or first):
            return True
    return False
