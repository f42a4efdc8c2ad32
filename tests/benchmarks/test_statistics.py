"""The benchmark of the statistics runs, and its page says what is promised."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fitting.norms.literature_reference import LEAST_BETWEEN_LAB
from tests.measure.benchmarks.control_model import PAGE as FEW
from tests.measure.benchmarks.single_case import own_controls, shipped_ratios
from tests.measure.benchmarks.statistics_page import COUNTS, ERRORS, LABORATORIES, PAGE, STUDIES, VALUE_ERRORS, page

SUPPLIED = "Groups of other laboratories that are supplied with the value"
HEALTHY = PAGE.with_name("healthy-people.md")
PROMISED_FLAGS = (4.0, 6.0)
PROMISED_COVERAGE = (93.0, 97.0)


def rows(section: str, table: int = 0) -> Iterator[list[str]]:
    """Cells of one table of a section of the page, without its head."""
    part = PAGE.read_text(encoding="utf-8").split(f"\n## {section}\n")[1].split("\n## ")[0]
    lines = [block for block in part.split("\n\n") if block.startswith("|")][table].strip().splitlines()
    yield from ([cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:])


def near(cell: str, promised: tuple[float, float]) -> bool:
    """Whether the share equals the promised one within its 95 % error."""
    share, error = (float(word) for word in cell.split("±"))
    return promised[0] - error <= share <= promised[1] + error


def test_naive_z_flags_more_noisy_people_than_ours() -> None:
    """A few trials: the naive z flags far too many noisy people, ours does not, and the interval holds most of them."""
    naive, flagged, covered = own_controls(8, 0.5, 1.0, 400, seed=1).rates

    assert naive.percent > 13.0
    assert flagged.percent < 9.0
    assert covered.percent > 90.0
    written = page(4)
    for words in ("tNAA by 15 %", "as shipped", "## Follow-up"):
        assert words in written


def test_the_least_spread_of_laboratories_is_below_the_observed_one() -> None:
    """The interval excludes no spread that any shipped ratio with four or more studies has, and little beside it."""
    least = min(shipped_ratios())

    assert 0.75 * least < LEAST_BETWEEN_LAB < least


def test_own_controls_flag_as_many_as_promised() -> None:
    """For every number of controls and every error: 4 to 6 % of healthy people, and 93 to 97 % inside the interval."""
    found = list(rows("Own controls"))

    assert len(found) == len(ERRORS) * len(COUNTS)
    for *setting, _, flagged, covered in found:
        assert near(flagged, PROMISED_FLAGS), setting
        assert near(covered, PROMISED_COVERAGE), setting


@pytest.mark.parametrize("studies", STUDIES)
def test_published_controls_flag_as_many_as_promised(studies: int) -> None:
    """However far laboratories differ; the interval is too wide only where they differ less than any that were seen."""
    found = [cells for cells in rows(SUPPLIED) if cells[0] == str(studies)]

    assert len(found) == len(LABORATORIES)
    for _, tau, _, flagged, covered in found:
        assert near(flagged, PROMISED_FLAGS), tau
        if tau not in {"0", "0.3"}:
            assert near(covered, PROMISED_COVERAGE), tau
    noisy = [cells for cells in rows(SUPPLIED, 1) if cells[0] == str(studies)]
    assert len(noisy) == len(VALUE_ERRORS)
    for _, error, _, flagged, covered in noisy:
        assert near(flagged, PROMISED_FLAGS), error
        # of three studies and a very noisy spectrum the interval is a little too wide, as the page states
        widest = 98.0 if (studies, error) == (3, "1") else PROMISED_COVERAGE[1]
        assert near(covered, (PROMISED_COVERAGE[0], widest)), error


def test_healthy_people_from_spectrum_to_flag() -> None:
    """The page: 3.5 to 7 % beyond ±1.96 with any number of own controls, and neither tail above 5 %."""
    blocks = [block for block in HEALTHY.read_text(encoding="utf-8").split("\n\n") if block.startswith("|")]
    by_metabolite, by_count = (
        [[cell.strip() for cell in line.strip("|").split("|")] for line in block.strip().splitlines()[2:]]
        for block in blocks
    )

    name, *cells = by_metabolite[-1]
    assert name == "all"
    assert all(near(cell, (3.5, 7.0)) for cell in cells)
    for _, _, _, interval, low, high, *_ in by_count:
        assert float(interval.split("–")[1]) > 3.5
        assert float(low.removesuffix("%")) < 5.0
        assert float(high.removesuffix("%")) < 5.0


def test_few_controls_flag_as_many_as_promised() -> None:
    """The page: with laboratories as far apart as the model says, 4 to 6 % for every value and number of controls."""
    lines = [line for line in FEW.read_text(encoding="utf-8").splitlines() if "| × 1 |" in line]

    assert len(lines) == 7
    for line in lines:
        _, _, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        assert all(near(cell, PROMISED_FLAGS) for cell in cells), line
