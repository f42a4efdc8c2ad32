"""Three groups: each against the reference, one F of all, and every figure of the group that it is about."""

from __future__ import annotations

import pytest

from tests.data.cohorts import Tables, cohort

PLAN = """
schema = 1
reference = "control"
others = ["patient", "athlete"]
permutations = 199
covariates = ["age_years"]
[levels]
"""


def three(people: int = 66, effect: float = 0.0) -> Tables:
    """Every third person is an athlete; ``effect`` is the relative difference of athletes."""
    tables = cohort(people, seed=4)
    athletes = {row["participant_id"] for number, row in enumerate(tables.participants) if number % 3 == 2}

    def value(row):
        scale = 1.0 + effect * (row["participant_id"] in athletes)
        return {**row, "value": f"{scale * float(row['value']):.5f}"}

    def group(row):
        return {**row, "group": "athlete"} if row["participant_id"] in athletes else row

    return tables.changed(value).changed(group, "participants")


def test_one_f_stands_beside_each_group() -> None:
    """Both groups' items hold the same F, with two degrees of freedom above."""
    levels = three(effect=0.2).answer(PLAN)["levels"]

    items = [item for item in levels if item["metabolite"] == "tNAA" and item["model"] == "adjusted"]
    assert {item["group"] for item in items} == {"patient", "athlete"}
    assert items[0]["omnibus"] == items[1]["omnibus"]
    assert items[0]["omnibus"]["df1"] == 2
    assert items[0]["omnibus"]["n"] == 66
    assert items[0]["omnibus"]["p"] < 0.001


def test_order_of_groups_does_not_change_f() -> None:
    """F is of all groups, whatever the reference."""
    other = PLAN.replace('"control"', '"athlete"').replace('["patient", "athlete"]', '["control", "patient"]')

    first, second = (three().answer(plan)["levels"][0]["omnibus"] for plan in (PLAN, other))

    assert second["F"] == pytest.approx(first["F"], rel=1e-9)
    assert second["df2"] == pytest.approx(first["df2"], rel=1e-6)


def test_two_groups_have_no_f_of_all() -> None:
    """With two groups F would only repeat t."""
    assert all("omnibus" not in item for item in cohort().answer()["levels"])


def test_too_small_group_is_named() -> None:
    """A group that is too small for its own comparison leaves no F of all."""
    few = three().changed(
        lambda r: r if r["group"] != "athlete" or int(r["participant_id"][-3:]) <= 12 else {**r, "group": "n/a"},
        "participants",
    )

    levels = few.answer(PLAN)["levels"]

    told = [item["omnibus"]["refused"] for item in levels if "omnibus" in item]
    assert told
    assert {refusal["code"] for refusal in told} == {"too-few-people"}
    assert all("athlete" in refusal["sentence"] for refusal in told)


def test_every_classification_has_the_quality_of_its_own_group_beside() -> None:
    """The second group's confounds are tried too, not only the first's."""
    plan = PLAN.replace("[levels]", '[[classification]]\nname = "c"\nfeatures = "metabolites"\n')

    items = three().answer(plan.replace('covariates = ["age_years"]', ""))["classification"]

    assert [item["group"] for item in items] == ["patient", "athlete"]
    assert all("auc_confounds" in item and "q" in item for item in items)


def test_person_alone_at_a_site_decides_nothing() -> None:
    """Without that person the site's column is empty; the range of differences is that of the others."""
    plan = PLAN.replace('["age_years"]', '["site"]').replace('others = ["patient", "athlete"]', 'other = "patient"')
    tables = cohort(40).changed(
        lambda r: {**r, "site": "B" if r["participant_id"] == "sub-007" else "A"}, "participants"
    )

    item = next(i for i in tables.answer(plan)["levels"] if i["model"] == "adjusted")

    assert item["influence"]["difference_low"] <= item["difference"] <= item["influence"]["difference_high"]
    assert item["influence"]["id"] != "sub-007"
