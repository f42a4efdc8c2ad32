"""Cells of RESULTS.csv that cannot be used are refused under the names that the file has."""

from __future__ import annotations

import pytest

from fitting.cohort.tables.measurements import read_wide
from fitting.cohort.tables.results_csv import read_results
from fitting.errors import FittingError
from tests.data.cohorts import write

ROW = {
    "id": "a1",
    "subject": "sub-001",
    "session": "",
    "region": "ACC",
    "outcome": "ok",
    "verdict": "yes",
    "detected": "yes",
    "metabolite": "tNAA",
    "ratio_tcr": "1.5",
    "ratio_tcr_sd": "0.1",
    "ratio_tcr_sd_scan": "0.05",
    "ratio_tcr_upper": "1.9",
    "concentration": "12",
    "concentration_sd": "0.8",
    "concentration_sd_scan": "0.4",
    "concentration_upper": "14",
    "concentration_unit": "mmol/kg",
    "snr": "40",
}
WRONG = [
    ("ratio_tcr", "1.5x"),
    ("ratio_tcr", "inf"),
    ("ratio_tcr_sd_scan", "o.05"),
    ("ratio_tcr_sd_scan", "-0.05"),
    ("ratio_tcr_sd_scan", "inf"),
    ("concentration", "twelve"),
    ("concentration_sd_scan", "0.4 mM"),
    ("concentration_unit", "furlongs"),
    ("detected", "perhaps"),
    ("snr", "4o"),
]


def read(**cells: str):
    return read_results(write((ROW, {**ROW, "metabolite": "Glu", **cells}), ","), "RESULTS.csv").measurements


@pytest.mark.parametrize(("column", "cell"), WRONG)
def test_bad_cell_is_refused_with_row_and_column(column: str, cell: str) -> None:
    """The message has the column's name in the file, not that of the table it becomes."""
    with pytest.raises(FittingError, match=f"RESULTS.csv, row 3, column {column}:"):
        read(**{column: cell})


@pytest.mark.parametrize("column", ["ratio_tcr_sd", "ratio_tcr_upper"])
def test_bad_cell_of_a_column_in_the_second_place_is_refused(column: str) -> None:
    """The older SD is read where the newer is empty, and the bound where the metabolite was not detected."""
    with pytest.raises(FittingError, match=f"row 3, column {column}:"):
        read(**{"ratio_tcr_sd_scan": "", "detected": "no", column: "?"})


@pytest.mark.parametrize("word", ["no", "No", "false"])
def test_value_not_detected_is_its_upper_bound(word: str) -> None:
    """However the word is written, a bound is never taken for a value."""
    glu = {item.unit: item for item in read(detected=word) if item.metabolite == "Glu"}

    assert {unit: (item.value, item.detected) for unit, item in glu.items()} == {
        "tCr": (1.9, False),
        "mmol/kg": (14.0, False),
    }


def test_error_of_zero_is_unknown() -> None:
    """Nothing is measured without error."""
    assert [item.sd for item in read(ratio_tcr_sd_scan="0") if item.metabolite == "Glu" and item.unit == "tCr"] == [
        None
    ]


@pytest.mark.parametrize("column", ["ACC_left_tNAA", "ACC_left_tNAA_sd"])
def test_bad_cell_of_a_wide_table_is_named_by_its_own_column(column: str) -> None:
    """A wide table has no column `value` or `sd`."""
    cells = {"participant_id": "sub-001", "ACC_left_tNAA": "12", "ACC_left_tNAA_sd": "1", column: "x"}

    with pytest.raises(FittingError, match=f"wide.csv, row 2, column {column}:"):
        read_wide(write((cells,), ","), "wide.csv", "mmol/kg")
