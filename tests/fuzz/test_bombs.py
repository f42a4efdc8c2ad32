"""Small files that would be huge: a problem with a code, within the worker's memory, and no effect on others."""

from __future__ import annotations

import pytest

from tests.fuzz.bombs import KINDS
from tests.fuzz.detonate import LIMIT, Outcome, detonated

QUICK = (
    "DICOM, deflated zeros",
    "DICOM, deflated items",
    "DICOM, deflated elements",
    "DICOM, deflated items before its kind",
    "NIfTI-MRS, gzip, extension of lists",
    "ZIP of zeros, announced as few",
    "ZIP, many files, counted as few",
    "ZIP of gzip",
    "TWIX, protocol lines",
    "RDA, header lines",
    "LCModel RAW, header entries",
    "JSON arrays, lists",
    "tissue maps, gzip, largest allowed",
    "basis JSON, depth",
    "LCModel basis, namelists",
)
"""Those that took gigabytes or minutes before, or end at the worker's limit; ``make bombs`` sends all kinds."""


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    kinds = list(KINDS)
    return {outcome.kind: outcome for outcome in detonated(map(kinds.index, QUICK))}


@pytest.mark.parametrize("kind", QUICK)
def test_a_bomb_costs_one_problem(outcomes: dict[str, Outcome], kind: str) -> None:
    """The worker stays below its limit and alive, the service's own process hardly looks, and the next file is read."""
    outcome = outcomes[kind]

    assert outcome.peak <= LIMIT
    assert outcome.held, outcome
