"""Numbers of an answer are those of the tables, by direct computation."""

from __future__ import annotations

import numpy as np
import pytest

from fitting.cohort import read_cohort
from fitting.cohort.session_values import PersonValues
from fitting.statistics.multiplicity import q_values
from tests.data.cohorts import PLAN, Tables, cohort, item, write

SIDES = (("M1", "left"), ("M1", "right"))


@pytest.fixture(scope="module")
def tables() -> Tables:
    return cohort(30, 3, SIDES, ("tNAA", "tCr", "mI"), {"tNAA": -0.12})


@pytest.fixture(scope="module")
def answer(tables: Tables):
    return tables.answer(PLAN + "[laterality]\n[decomposition]\n")


def logs(tables: Tables, metabolite: str, side: str, group: str) -> np.ndarray:
    people = {row["participant_id"] for row in tables.participants if row["group"] == group}
    rows = [
        row
        for row in tables.measurements
        if (row["metabolite"], row["hemisphere"]) == (metabolite, side) and row["participant_id"] in people
    ]
    return np.log([float(row["value"]) for row in rows])


@pytest.mark.parametrize("model", ["adjusted", "unadjusted"])
def test_q_is_within_each_model(answer, model: str) -> None:
    """The family of a model holds its own tests only."""
    levels = [each for each in answer["levels"] if each["model"] == model]

    assert [each["q"] for each in levels] == pytest.approx(q_values([each["p"] for each in levels]))


def test_laterality_is_the_logarithm_of_left_over_right(tables: Tables, answer) -> None:
    """Means of both groups and their difference, other less reference."""
    found = item(answer, "laterality", metabolite="tNAA")
    means = [
        np.mean(logs(tables, "tNAA", "left", g) - logs(tables, "tNAA", "right", g)) for g in ("control", "patient")
    ]

    assert found["reference"]["mean"] == pytest.approx(means[0])
    assert found["other"]["mean"] == pytest.approx(means[1])
    assert found["difference"] == pytest.approx(means[1] - means[0])


def test_decomposition_adds_up_and_each_part_is_its_own(tables: Tables, answer) -> None:
    """ln ratio = ln numerator − ln denominator, each a difference of mean logarithms."""
    found = item(answer, "decomposition", metabolite="mI", hemisphere="left")

    def difference(name: str) -> float:
        return float(np.mean(logs(tables, name, "left", "patient")) - np.mean(logs(tables, name, "left", "control")))

    assert found["log_numerator"] == pytest.approx(difference("mI"))
    assert found["log_denominator"] == pytest.approx(difference("tCr"))
    assert found["log_ratio"] == pytest.approx(found["log_numerator"] - found["log_denominator"])


def test_error_of_a_ratio_is_of_both_parts(tables: Tables) -> None:
    """(sd_r/r)² = (sd_a/a)² + (sd_c/c)²."""
    table = read_cohort((write(tables.measurements, ","), "m.csv"), (write(tables.participants, "\t"), "p.tsv"))
    values = PersonValues(table, None, ())
    place = values.places[0]
    person = "sub-001"

    ratio = values.of(place, "tNAA", "tCr")[person]
    parts = [values.of(place, name, "mmol/kg")[person] for name in ("tNAA", "tCr")]

    assert (ratio.sd / ratio.value) ** 2 == pytest.approx(sum((part.sd / part.value) ** 2 for part in parts))
    assert ratio.made == "ratio"


def test_holm_is_used_for_hypotheses(tables: Tables) -> None:
    """Two sides of one hypothesis are two tests."""
    plan = PLAN.replace("[levels]", 'hypotheses = [{ region = "M1", metabolite = "tNAA" }]\n[levels]')

    found = sorted(tables.answer(plan)["hypotheses"], key=lambda each: each["p"])

    assert len(found) == 2
    assert found[0]["p_holm"] == pytest.approx(min(1.0, 2 * found[0]["p"]))
    assert found[1]["p_holm"] == pytest.approx(max(found[0]["p_holm"], found[1]["p"]))


def test_largest_difference_not_excluded_is_the_farther_limit_of_the_90_percent_interval(answer) -> None:
    """It is never smaller than the difference itself."""
    for each in answer["levels"]:
        assert each["excluded_beyond"] > abs(each["difference"])
        assert each["equivalence"]["equivalent"] == (each["excluded_beyond"] < each["equivalence"]["margin"])
