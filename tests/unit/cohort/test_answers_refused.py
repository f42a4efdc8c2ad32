"""Analyses that good tables cannot carry are refused inside the answer, the rest is done."""

from __future__ import annotations

import pytest

from tests.data.cohorts import PLAN, cohort

BARE = PLAN.replace('covariates = ["age_years", "sex"]', "covariates = []")


def refused(answer, section="levels"):
    return {item["refused"]["code"] for item in answer[section] if "refused" in item}


def of_first_people(count):
    """Only some people of each group keep their values."""
    return lambda row: row if int(row["participant_id"][-3:]) <= 2 * count else None


CASES = {
    "too-few-people": (lambda t: t.changed(of_first_people(5)), BARE),
    "too-many-covariates": (
        lambda t: t.changed(of_first_people(6)),
        PLAN.replace('"sex"]', '"sex", "gm", "bdi"]'),
    ),
    "group-confounded": (
        lambda t: t.changed(lambda r: {**r, "site": "A" if r["group"] == "control" else "B"}, "participants"),
        PLAN.replace('"sex"]', '"site"]'),
    ),
    "acquisition-differs": (
        lambda t: t.changed(lambda r: {**r, "echo_time": "0.030" if int(r["participant_id"][-3:]) % 2 else "0.035"}),
        BARE,
    ),
    "no-variation": (lambda t: t.changed(lambda r: {**r, "value": "8.0"}), BARE),
    "no-such-region": (lambda t: t, BARE + 'regions = ["OFC"]\n'),
    "missing-column": (lambda t: t, BARE + 'metabolites = ["GABA"]\n'),
    "mostly-not-detected": (
        lambda t: t.changed(lambda r: {**r, "detected": str(int(r["participant_id"][-3:]) < 4).lower()}),
        BARE,
    ),
}


@pytest.mark.parametrize("code", CASES)
def test_level_is_refused_with_its_code(code: str) -> None:
    """Each reason of refusal is reached, with a sentence and without a number."""
    change, plan = CASES[code]

    answer = change(cohort()).answer(plan)

    assert code in refused(answer)
    for item in answer["levels"]:
        if "refused" in item:
            assert item["refused"]["sentence"].endswith(".")
            assert "difference" not in item


def test_constant_covariate_is_refused_and_the_unadjusted_model_stays() -> None:
    """A measure that is the same for all people cannot be adjusted for."""
    answer = cohort().changed(lambda r: {**r, "sex": "female"}, "participants").answer()

    by_model = {item["model"]: item for item in answer["levels"] if item["metabolite"] == "tNAA"}
    assert by_model["adjusted"]["refused"]["code"] == "no-variation"
    assert "difference" in by_model["unadjusted"]


def test_sd_that_follows_the_value_makes_no_weights() -> None:
    """Weights from sd = 5 % of each value would favour low values."""
    answer = cohort().changed(lambda r: {**r, "sd": str(0.05 * float(r["value"]))}).answer(BARE)

    weighted = answer["levels"][0]["weighted"]
    assert weighted["refused"]["code"] == "sd-follows-value"
    assert "difference" in answer["levels"][0]


ASSOCIATIONS = """
schema = 1
reference = "control"
other = "patient"
permutations = 199
[associations]
metabolites = ["tNAA"]
measures = ["bdi"]
"""


def test_correlation_over_both_groups_is_refused() -> None:
    """A group difference in both makes a correlation out of nothing."""
    answer = cohort().answer(ASSOCIATIONS + 'groups = "all"\n')

    assert refused(answer, "associations") == {"correlation-over-groups"}


def test_association_below_eight_people_is_refused() -> None:
    """Seven people say nothing about a correlation."""
    answer = cohort().changed(of_first_people(7)).answer(ASSOCIATIONS)

    assert refused(answer, "associations") == {"too-few-people"}


def test_measure_missing_from_every_table_is_refused_in_the_answer() -> None:
    """A measure is no covariate: the rest of the plan is done."""
    answer = cohort().answer(ASSOCIATIONS.replace('["bdi"]', '["bdi", "pcs"]'))

    assert {i["measure"]: i["refused"]["code"] for i in answer["associations"] if "refused" in i} == {
        "pcs": "missing-column"
    }


SECTIONS = {
    "network": ("networks", '[[network]]\nname = "n"\nregion = "ACC"\n', 8),
    "laterality": ("laterality", "[laterality]\n", 5),
    "factorial": ("factorial", '[[factorial]]\nmetabolite = "tNAA"\n', 5),
    "classification": ("classification", '[[classification]]\nname = "c"\nfeatures = "metabolites"\n', 19),
    "treatment": ("treatment", '[treatment]\nbefore = "a"\nafter = "b"\n', 5),
}


@pytest.mark.parametrize("section", SECTIONS)
def test_section_below_its_least_number_of_people_is_refused(section: str) -> None:
    """Every analysis has a least number of people a group; one fewer is refused."""
    key, text, most = SECTIONS[section]
    tables = cohort(
        2 * most,
        places=(("M1", "left"), ("M1", "right")) if key in ("laterality", "factorial") else (("ACC", "midline"),),
    )
    if section == "treatment":
        rows = [{**row, "session": name} for name in ("a", "b") for row in tables.measurements]
        people = [{**row, "arm": "treatment"} for row in tables.participants]
        tables = type(tables)(tuple(people), tuple(rows))
    plan = 'schema = 1\nreference = "control"\nother = "patient"\npermutations = 199\n' + text

    answer = tables.answer(plan)

    assert refused(answer, key) == {"too-few-people"}
