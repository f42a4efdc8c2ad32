"""Each caution is reached by what it warns of, and absent without it."""

from __future__ import annotations

import numpy as np
import pytest

from fitting.cohort.analyses.network_correlations import by_denominator
from tests.data.cohorts import PLAN, Tables, cohort, item

BARE = PLAN.replace('covariates = ["age_years", "sex"]', "covariates = []")
HEAD = 'schema = 1\nreference = "control"\nother = "patient"\npermutations = 199\n'


def codes(answer):
    return {caution["code"] for caution in answer["cautions"]}


def test_small_cohort_gets_a_caution_on_exaggeration() -> None:
    """Below 20 a group the power for 5 % and the exaggeration stand in the sentence; from 20 on they do not."""
    few, many = cohort(24).answer(BARE), cohort(44).answer(BARE)

    sentence = item(few, "cautions", code="very-small")["sentence"]
    assert "of 100 such studies" in sentence
    assert "very-small" not in codes(many)


def test_groups_of_other_age_are_named_with_whether_it_is_adjusted_for() -> None:
    """A standardised difference of 0.5 or more of age is a caution in every plan."""
    older = cohort().changed(
        lambda r: {**r, "age_years": str(float(r["age_years"]) + 15 * (r["group"] == "patient"))}, "participants"
    )

    assert (
        "it is not adjusted for"
        in item(older.answer(BARE), "cautions", code="groups-differ", where="age_years")["sentence"]
    )
    adjusted = item(older.answer(PLAN), "cautions", code="groups-differ", where="age_years")["sentence"]
    assert "it is adjusted for" in adjusted


def test_one_person_who_decides_is_a_caution_without_a_name() -> None:
    """A single far value of a patient makes the difference; the sentence names nobody."""
    tables = cohort(24, 7).changed(lambda r: {**r, "value": "8.0" if int(r["participant_id"][-3:]) % 4 < 2 else "8.2"})
    far = tables.changed(lambda r: {**r, "value": "7.9"} if r["participant_id"][-3:] in ("002", "006", "010") else r)

    answer = far.answer(BARE)

    decisive = [i for i in answer["levels"] if "influence" in i and i["influence"]["decisive"]]
    assert ("one-person-decides" in codes(answer)) == bool(decisive)
    assert all("sub-" not in caution["sentence"] for caution in answer["cautions"])


def test_ratios_without_concentrations_do_not_show_which_metabolite_changed() -> None:
    """Ratios alone do not show whether tCr differs; a changed tCr beside them does."""
    ratios = cohort().changed(lambda r: {**r, "unit": "tCr"} if r["metabolite"] == "tNAA" else None)
    lower = cohort(effects={"tCr": -0.2}, people=40)
    plan = BARE.replace("[levels]", 'unit = "tCr"\n[levels]')

    assert "cannot be seen" in item(ratios.answer(plan), "cautions", code="denominator-differs")["sentence"]
    assert "tCr differs" in item(lower.answer(plan), "cautions", code="denominator-differs")["sentence"]
    assert "denominator-differs" not in codes(lower.answer(BARE))


def test_worse_spectra_of_one_group_give_the_difference_with_quality_beside() -> None:
    """Broader lines of patients: a caution, and every level with linewidth and SNR as covariates too."""
    broad = cohort(40).changed(
        lambda r: {**r, "linewidth_hz": str(float(r["linewidth_hz"]) + 2 * (int(r["participant_id"][-3:]) % 2 == 0))}
    )

    answer = broad.answer(BARE)

    assert "quality-differs" in codes(answer)
    assert all("difference" in i["with_quality"] for i in answer["levels"])


def test_mixed_acquisition_in_both_groups_becomes_a_covariate() -> None:
    """Two echo times alike in both groups: no refusal, and the adjusted model knows them."""
    mixed = cohort(40).changed(
        lambda r: {**r, "echo_time": "0.030" if int(r["participant_id"][-3:]) % 4 < 2 else "0.035"}
    )

    answer, bare = mixed.answer(PLAN), mixed.answer(BARE)

    assert "acquisition-mixed" in codes(answer)
    assert "acquisition-mixed" not in codes(cohort(40).answer(PLAN))
    assert "difference" in item(bare, "levels", metabolite="tNAA", model="adjusted")
    adjusted = item(answer, "levels", metabolite="tNAA", model="adjusted")
    assert "difference" in adjusted
    assert (
        adjusted["difference"]
        != item(cohort(40).answer(PLAN), "levels", metabolite="tNAA", model="adjusted")["difference"]
    )


def test_network_of_ratios_shows_what_the_denominator_alone_makes() -> None:
    """Three coefficients of variation of 10 % give 0.50 by the formula."""
    ratios = cohort(40, metabolites=("tNAA", "mI", "Glu")).changed(lambda r: {**r, "unit": "tCr"})

    answer = ratios.answer(HEAD + 'unit = "tCr"\n[[network]]\nname = "n"\nregion = "ACC"\n')

    assert "common-denominator" in codes(answer)
    assert all(0.0 < edge["r_by_denominator"] <= 1.0 for edge in answer["networks"][0]["edges"])
    assert by_denominator(np.hypot(0.1, 0.1), np.hypot(0.1, 0.1), 0.1) == pytest.approx(0.5)


def test_treatment_without_an_untreated_arm_warns_of_regression_to_the_mean() -> None:
    """People chosen for a low value rise without treatment; drift needs rescanned controls."""
    tables = cohort(40)
    rows = [{**row, "session": session} for session in ("a", "b") for row in tables.measurements]
    rows = [{**r, "value": f"{float(r['value']) + 0.01 * (i % 7):.4f}"} for i, r in enumerate(rows)]
    people = [{**r, "arm": "treatment" if r["group"] == "patient" else "n/a"} for r in tables.participants]
    plan = HEAD + '[treatment]\nbefore = "a"\nafter = "b"\nmetabolites = ["tNAA"]\n'

    answer = Tables(tuple(people), tuple(rows)).answer(plan)

    assert "regression-to-the-mean" in codes(answer)
    assert answer["treatment"][0]["ancova"]["refused"]["code"] == "no-untreated-arm"


def test_plan_with_hypotheses_is_not_called_exploratory_and_medication_column_counts() -> None:
    """What was stated before is no exploration; a column of medication silences its caution."""
    plan = PLAN.replace(
        "[levels]", 'hypotheses = [{ region = "ACC", metabolite = "tNAA", direction = "higher" }]\n[levels]'
    )
    known = cohort(40, effects={"tNAA": -0.2}).changed(lambda r: {**r, "medication": "none"}, "participants")

    answer = known.answer(plan)

    assert not {"exploratory", "medication-unknown"} & codes(answer)
    assert {"exploratory", "medication-unknown"} <= codes(cohort().answer(PLAN))
    assert answer["hypotheses"][0]["verdict"] == "opposite direction"


def test_person_without_a_group_is_noted() -> None:
    """A missing group is no third group; it is said."""
    lacking = cohort(30).changed(
        lambda r: {**r, "group": "n/a"} if r["participant_id"] == "sub-001" else r, "participants"
    )

    answer = lacking.answer(BARE)

    assert answer["cohort"]["participants"] == 29
    assert "1 people have no group and are left out." in answer["cohort"]["notes"]


def test_unreliable_values_are_not_corrected() -> None:
    """With errors as large as people differ, r without error would be a guess."""
    noisy = cohort(40).changed(lambda r: {**r, "sd": "0.62"})
    plan = HEAD + '[associations]\nmeasures = ["bdi"]\nmetabolites = ["tNAA"]\nslopes = true\nmethods = ["pearson"]\n'

    for found in noisy.answer(plan)["associations"]:
        assert ("r_true" in found) == (found["reliability"] >= 0.3)
        assert ("slope_true" in found) == (found["reliability"] >= 0.3)
        assert ("r_true_absent" in found) == (found["reliability"] < 0.3)
