"""Tables and plans that cannot be used are refused with a code, row and column."""

from __future__ import annotations

import pytest

from fitting.cohort import plan_of
from fitting.errors import FittingError
from tests.data.cohorts import PLAN, Tables, cohort


def first_row(**cells):
    """A change of the first row of a table."""
    seen = []

    def change(row):
        if not seen:
            seen.append(True)
            return {**row, **cells}
        return row

    return change


def column_left_out(name):
    return lambda row: {key: value for key, value in row.items() if key != name}


def doubled(tables: Tables) -> Tables:
    return Tables(tables.participants, (*tables.measurements, tables.measurements[0]))


def twice(tables: Tables) -> Tables:
    """Everybody measured in two sessions."""
    rows = [{**row, "session": name} for name in ("a", "b") for row in tables.measurements]
    return Tables(tables.participants, tuple(rows))


TABLES = {
    "missing-column": lambda t: t.changed(column_left_out("group"), "participants"),
    "unreadable-number": lambda t: t.changed(first_row(value='"7,9"')),
    "duplicate-measurement": doubled,
    "unknown-participant": lambda t: t.changed(first_row(participant_id="sub-999")),
    "mixed-units": lambda t: t.changed(first_row(unit="iu")),
    "implausible-parameter": lambda t: t.changed(first_row(sd="-0.1")),
    "identity-in-pseudonym": lambda t: t.changed(first_row(participant_id="John_Smith"), "participants"),
    "single-group": lambda t: t.changed(lambda row: {**row, "group": "control"}, "participants"),
    "unknown-group": lambda t: t.changed(first_row(group="pateint"), "participants"),
    "several-sessions": twice,
    "unusable-table": lambda t: t.changed(first_row(participant_id="sub-002"), "participants"),
}


@pytest.mark.parametrize("code", TABLES)
def test_table_is_refused_with_its_code(code: str) -> None:
    """Each fault of a table has its own code, and the sentence names a column or row."""
    with pytest.raises(FittingError) as refusal:
        TABLES[code](cohort()).answer()

    assert refusal.value.code == code
    assert "row" in refusal.value.detail or "olumn" in refusal.value.detail
    assert "Smith" not in refusal.value.detail


CELLS = {
    "hemisphere": "above",
    "unit": "furlongs",
    "verdict": "perhaps",
    "gm": "1.4",
    "snr": "-3",
    "value": "",
}


@pytest.mark.parametrize("column", CELLS)
def test_impossible_cell_names_row_and_column(column: str) -> None:
    """Whatever is wrong with a cell, the message says where it stands."""
    with pytest.raises(FittingError, match=f"row 2, column {column}"):
        cohort().changed(first_row(**{column: CELLS[column]})).answer()


@pytest.mark.parametrize(
    ("scale", "score"), [("bdi", "64"), ("pain_vas", "11"), ("stai_state", "19"), ("age_years", "140")]
)
def test_scale_out_of_its_range_is_refused(scale: str, score: str) -> None:
    """Known scales have ranges; a score outside is a typing error."""
    with pytest.raises(FittingError, match=f"row 2, column {scale}: {score} is not from"):
        cohort().changed(first_row(**{scale: score}), "participants").answer()


PLANS = {
    'metabolits = ["tNAA"]': "unusable-plan",
    'exclude = ["crlb_percent > 20  # noisy"]': "filter-depends-on-value",
    'exclude = ["value < 3  # low"]': "filter-depends-on-value",
    'exclude = ["sd > 1"]': "filter-depends-on-value",
    'exclude = ["snr < 10"]': "unusable-plan",
    'exclude = ["age_years > 60  # old"]': "unusable-plan",
    "permutations = 3": "unusable-plan",
    "permutations = 99.5": "unusable-plan",
    'alpha = "small"': "unusable-plan",
    'unit = "pints"': "unusable-plan",
    'others = ["patient", "x"]': "unusable-plan",
    "covariates = [": "unusable-plan",
    "schema = 2": "unusable-plan",
}


@pytest.mark.parametrize("line", PLANS)
def test_plan_with_a_fault_is_refused(line: str) -> None:
    """A plan is strict: unknown keys, other kinds, impossible values and filters by value are refused."""
    head = 'reference = "control"\nother = "patient"\n' + ("" if line.startswith("schema") else "schema = 1\n")

    with pytest.raises(FittingError) as refusal:
        plan_of(f"{head}{line}\n[levels]\n")

    assert refusal.value.code == PLANS[line]


def test_misspelt_key_names_the_one_that_is_meant() -> None:
    """The message helps to mend the plan."""
    with pytest.raises(FittingError, match="is 'metabolites' meant"):
        plan_of(PLAN + 'metabolits = ["tNAA"]\n')


def test_covariate_of_no_table_is_refused_unless_the_plan_allows_it() -> None:
    """Another model would be answered silently; ``covariates_if_present`` says that it may be."""
    plan = PLAN.replace('"sex"]', '"sex", "bmi"]')

    with pytest.raises(FittingError) as refusal:
        cohort().answer(plan)
    answer = cohort().answer(plan.replace("[levels]", 'covariates_if_present = ["bmi"]\n[levels]'))

    assert refusal.value.code == "missing-column"
    assert answer["cohort"]["covariates"] == ["age_years", "sex"]
