"""What must not change an answer does not, and what must change it does so as expected."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.data.cohorts import PLAN, Tables, cohort, item

PLACES = (("ACC", "midline"), ("M1", "left"))
FULL = (
    PLAN
    + """
[associations]
metabolites = ["tNAA"]
measures = ["bdi", "pain_vas"]
[[network]]
name = "each"
each = "region"
[[factorial]]
metabolite = "tNAA"
[decomposition]
"""
)
NUMBERS = ("difference", "se", "df", "p", "g", "percent", "p_permutation", "p_rank", "bf10", "reliability")


@pytest.fixture(scope="module")
def tables() -> Tables:
    return cohort(30, 3, PLACES, ("tNAA", "tCr", "mI"), {"tNAA": -0.12})


def without_identity(answer):
    return {key: value for key, value in answer.items() if key not in ("id", "provenance", "plan")}


def test_order_of_rows_and_people_changes_nothing(tables: Tables) -> None:
    """The same tables in another order give the same answer, and the same bytes of the same tables."""
    rng = np.random.default_rng(5)
    shuffled = Tables(
        tuple(tables.participants[i] for i in rng.permutation(len(tables.participants))),
        tuple(tables.measurements[i] for i in rng.permutation(len(tables.measurements))),
    )

    first, again, other = tables.answer(FULL), tables.answer(FULL), shuffled.answer(FULL)

    assert json.dumps(first) == json.dumps(again)
    assert json.dumps(first) == json.dumps(other)


def test_unit_scaling_scales_differences_and_leaves_p_g_and_percent(tables: Tables) -> None:
    """Values and errors in another unit are the same people."""
    scaled = tables.changed(
        lambda r: {**r, "value": f"{1000 * float(r['value']):.9g}", "sd": f"{1000 * float(r['sd']):.9g}"}
    )

    before, after = tables.answer(), scaled.answer()

    for first, second in zip(before["levels"], after["levels"], strict=True):
        for name in ("difference", "se", "low", "high", "detectable", "excluded_beyond"):
            assert second[name] == pytest.approx(1000 * first[name], rel=1e-6)
        for name in ("p", "q", "g", "g_low", "percent", "percent_high", "overlap", "reliability"):
            assert second[name] == pytest.approx(first[name], rel=1e-6)
        for name in ("p_rank", "bf10"):
            assert name not in first or second[name] == pytest.approx(first[name], rel=1e-6)
        assert second["weighted"]["p"] == pytest.approx(first["weighted"]["p"], rel=1e-4)


def test_swapped_groups_mirror_the_difference(tables: Tables) -> None:
    """The difference of reference and other is the same with the other sign."""
    swapped = FULL.replace('reference = "control"\nother = "patient"', 'reference = "patient"\nother = "control"')

    for first, second in zip(tables.answer(FULL)["levels"], tables.answer(swapped)["levels"], strict=True):
        assert second["difference"] == pytest.approx(-first["difference"])
        assert (second["low"], second["high"]) == pytest.approx((-first["high"], -first["low"]))
        assert (second["g_low"], second["g_high"]) == pytest.approx((-first["g_high"], -first["g_low"]), rel=1e-6)
        assert second["p"] == pytest.approx(first["p"])
        assert second["p_permutation"] == pytest.approx(first["p_permutation"])
        ratio = (1 + first["percent"] / 100) * (1 + second["percent"] / 100)
        assert ratio == pytest.approx(1.0)


def test_dropping_sd_removes_exactly_weights_and_reliability(tables: Tables) -> None:
    """Nothing else depends on stated errors."""
    bare = tables.changed(lambda r: {k: v for k, v in r.items() if k != "sd"})

    for first, second in zip(tables.answer()["levels"], bare.answer()["levels"], strict=True):
        gone = set(first) - set(second)
        assert gone <= {"weighted", "reliability", "reliability_is_bound", "g_true"}
        assert {"weighted", "reliability"} <= gone
        assert {name: first[name] for name in NUMBERS[:-1] if name in first} == {
            name: second[name] for name in NUMBERS[:-1] if name in second
        }


def test_spectrum_that_is_not_interpretable_changes_only_the_flow(tables: Tables) -> None:
    """A further spectrum with the verdict no is counted and left out."""
    bad = {**tables.measurements[0], "region": "OFC", "hemisphere": "left", "verdict": "no", "value": "99"}
    more = Tables(tables.participants, (*tables.measurements, bad))

    first, second = tables.answer(FULL), more.answer(FULL)

    changed = {key for key in without_identity(first) if first[key] != second[key]}
    assert changed <= {"flow", "methods"}
    assert second["flow"][-1]["spectra"]["not-interpretable"] == 1


def test_crlb_alone_becomes_an_error_that_is_marked_as_a_bound(tables: Tables) -> None:
    """Another program's relative bound is an sd, and λ is then only an upper bound."""
    bounds = tables.changed(
        lambda r: {**{k: v for k, v in r.items() if k != "sd"}, "crlb_percent": f"{3 + int(r['participant_id'][-1])}"}
    )

    answer = bounds.answer()

    assert answer["levels"][0]["reliability_is_bound"] is True
    assert "stated-errors-are-bounds" in {caution["code"] for caution in answer["cautions"]}


def test_permuted_labels_of_a_strong_effect_find_nothing(tables: Tables) -> None:
    """With groups dealt anew the planted difference is gone."""
    rng = np.random.default_rng(8)
    labels = iter(rng.permutation([row["group"] for row in tables.participants]))
    dealt = tables.changed(lambda r: {**r, "group": next(labels)}, "participants")

    def adjusted(answer):
        return item(answer, "levels", region="ACC", metabolite="tNAA", model="adjusted")

    assert adjusted(tables.answer())["q"] < 0.01
    assert adjusted(dealt.answer())["q"] > 0.05


def test_sum_is_made_of_its_members_and_ratio_of_the_spectrum(tables: Tables) -> None:
    """Glx from Glu and Gln with their errors; a ratio with the errors of both parts."""
    rows = []
    for row in tables.measurements:
        rows.append(row)
        if row["metabolite"] == "tNAA":
            rows += [
                {**row, "metabolite": "Glu", "value": "6", "sd": "0.3"},
                {**row, "metabolite": "Gln", "value": row["value"], "sd": "0.4"},
            ]
    plan = PLAN.replace("[levels]", 'unit = "tCr"\n[levels]\nmetabolites = ["Glx", "tNAA"]')

    made = Tables(tables.participants, tuple(rows)).answer(PLAN + 'metabolites = ["Glx"]\n')
    ratio = tables.answer(plan.replace('"Glx", ', ""))

    glx = item(made, "levels", region="ACC", metabolite="Glx", model="unadjusted")
    values = [6 + float(r["value"]) for r in rows if r["metabolite"] == "Gln" and r["region"] == "ACC"]
    patients = {p["participant_id"] for p in tables.participants if p["group"] == "patient"}
    of_patients = [
        6 + float(r["value"])
        for r in rows
        if r["metabolite"] == "Gln" and r["region"] == "ACC" and r["participant_id"] in patients
    ]
    assert glx["mean_other"] == pytest.approx(np.mean(of_patients))
    assert glx["n_reference"] + glx["n_other"] == len(values)
    found = item(ratio, "levels", region="ACC", metabolite="tNAA", model="unadjusted")
    pairs = {
        (r["participant_id"], r["metabolite"]): float(r["value"]) for r in tables.measurements if r["region"] == "ACC"
    }
    ratios = [pairs[p, "tNAA"] / pairs[p, "tCr"] for p in sorted(patients)]
    assert found["unit"] == "tCr"
    assert found["mean_other"] == pytest.approx(np.mean(ratios))


def test_limited_spectra_keep_spared_metabolites_only(tables: Tables) -> None:
    """tNAA and tCr of a limited spectrum are used, mI is not."""
    limited = tables.changed(lambda r: {**r, "verdict": "limited"} if r["participant_id"] == "sub-001" else r)

    answer = limited.answer()

    counts = {
        i["metabolite"]: i["n_reference"]
        for i in answer["levels"]
        if i["region"] == "ACC" and i["model"] == "unadjusted"
    }
    assert counts == {"tNAA": 15, "tCr": 15, "mI": 14}


def test_missing_covariate_leaves_the_adjusted_model_only(tables: Tables) -> None:
    """A person without an age stays in the unadjusted model and is counted."""
    lacking = tables.changed(
        lambda r: {**r, "age_years": "n/a"} if r["participant_id"] == "sub-002" else r, "participants"
    )

    answer = lacking.answer()

    counts = {i["model"]: i["n_other"] for i in answer["levels"] if (i["region"], i["metabolite"]) == ("ACC", "tNAA")}
    assert counts == {"unadjusted": 15, "adjusted": 14}
    assert answer["flow"][-1]["excluded"]["missing-covariate"] == 1
