"""The gallery shows what the program says: each spectrum is analysed again and compared with its words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fitting.errors import FittingError
from tests.measure.gallery import CASES, PAGE, VERDICTS, Case, parts, words

NUMBER = re.compile(r"(\d+(?:\.\d+)?)")
"""Numbers of a fit that stops elsewhere in an ill-posed spectrum differ a little from machine to machine."""
TEXT = PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_gallery_says_what_the_program_says(case: Case, cache: Path) -> None:
    """Under the heading of its verdict, with its figure; a refused spectrum has none."""
    answer = case.analysed(cache)
    before = TEXT.partition(f"<!-- generated: {case.name} -->")[0]
    heading = re.findall(r"^## (.+)$", before, re.M)[-1]

    shown, said = (NUMBER.split(text) for text in (dict(parts(TEXT))[case.name], words(answer)))
    assert shown[::2] == said[::2], "run make gallery"
    assert [float(value) for value in said[1::2]] == pytest.approx([float(value) for value in shown[1::2]], rel=0.05)
    if isinstance(answer, FittingError):
        assert heading == "Refused"
        assert not case.image.exists()
    else:
        assert heading == VERDICTS[answer[0].verdict.usable]
        assert case.image.is_file()
        assert f"(images/{case.image.name})" in TEXT
