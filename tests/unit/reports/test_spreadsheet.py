"""CSV for spreadsheets: a text is never run, a number stays a number, and the text can be had back."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.reports.spreadsheet import MARK, neutralised, written

FORMULAS = (
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1", " =1+1", "=HYPERLINK(\"http://x.example\")",
    "=cmd|'/c calc'!A1", "-2+3+cmd|'/c calc'!A0", "\uff1d1+1", "\uff0b1", "\uff0d1+1", "\uff20A1", "+", "-", "=", "@",
    "-inf", "+nan", "-1e", "--1", "-1,5", "-\u0663", "'=1+1",
)  # fmt: skip
RUN = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"


@pytest.mark.parametrize("text", FORMULAS)
def test_what_would_be_run_is_neutralised(text: str) -> None:
    """Whatever a spreadsheet takes for the beginning of a formula stands behind the mark."""
    assert neutralised(text) == MARK + text


@pytest.mark.parametrize("text", ["-1", "+1", "-1.5", "-.5", "-1.", "-1e-05", "+2E+10", "0", "1.25", "-0"])
def test_numbers_stay_numbers(text: str) -> None:
    """A negative number is no formula."""
    assert neutralised(text) == text


@pytest.mark.parametrize("text", ["", "sub-017", "a=b", "x@y", "1+1", "refused", "fit-failed: too few points", "é"])
def test_other_texts_are_as_they_were(text: str) -> None:
    """Only the beginning of a cell matters."""
    assert neutralised(text) == text


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=2, max_size=2))
def test_written_cells_are_safe_and_can_be_had_back(cells: list[str]) -> None:
    """Read as CSV, no cell begins a formula; taking one mark away gives the text."""
    text = written([dict(zip("ab", cells, strict=True))], ["a", "b"])
    found = list(csv.reader(StringIO(text, newline="")))[1]
    for cell, shown in zip(cells, found, strict=True):
        assert shown.removeprefix(MARK) == cell
        assert shown[:1] not in RUN or shown == "" or float(shown) == float(cell)


def test_names_of_columns_are_cells_too() -> None:
    """The header line is opened by the same spreadsheet."""
    assert written((), ["id", "=1+1"]) == "id,'=1+1\n"
