"""The key of a figure stays inside it, however many lines it names."""

from __future__ import annotations

import itertools
import re
from xml.etree import ElementTree

import pytest

from service.reports.cohort.panel import WIDTH, Line, Panel, panels_svg

ROC = ["metabolites, AUC 0.75", "quality alone, AUC 0.45", "own training data: says nothing"]
LETTER = 7.0
"""Width of a letter at 12 pixels, at most on average."""
TEXT = "{http://www.w3.org/2000/svg}text"


@pytest.mark.parametrize("names", [ROC, [*ROC, "a fourth line of a long name"], ["control", "patient"], ["x" * 60] * 2])
def test_every_name_is_inside_the_picture_and_covers_no_other(names: list[str]) -> None:
    lines = [Line([(0.0, 0.0), (1.0, 1.0)], name) for name in names]
    root = ElementTree.fromstring(panels_svg([Panel("across", "up", lines)], "words"))
    height = float(str(root.get("viewBox")).split()[3])
    found = [element for element in root.iter(TEXT) if element.text in names]
    spans = [(float(e.get("y")), float(e.get("x")) - 32, float(e.get("x")) + LETTER * len(e.text)) for e in found]

    assert len(found) == len(names)
    assert all(left >= 0 and right <= WIDTH and y < height for y, left, right in spans)
    for (row, _, right), (other, left, _) in itertools.pairwise(spans):
        assert other > row or left > right


def test_one_line_needs_no_key() -> None:
    svg = panels_svg([Panel("across", "up", [Line([(0.0, 0.0), (1.0, 1.0)], "alone")])], "words")

    assert not re.search(">alone<", svg)
