"""Properties of norms from own controls."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fitting.norms import (
    Absence,
    Case,
    Context,
    Control,
    Controls,
    Measured,
    Method,
    ZScore,
    check_controls,
    score,
    site_controls,
)
from fitting.norms.case import scan
from fitting.norms.leave_one_out import calibrate
from fitting.norms.profile import profile_distance
from fitting.quantification.concentrations import Ratio
from fitting.request import Subject, TissueFractions
from fitting.statistics.multiplicity import q_values

seeds = st.integers(0, 10_000)
counts = st.integers(8, 40)
offsets = st.floats(-5.0, 5.0)
noises = st.floats(0.0, 1.0)
METHOD = Method(3.0, "PRESS", 0.030, "tCr", "LCModel 6.3")
PERSON = Subject("ACC", "midline", 40.0, "female", TissueFractions(0.6, 0.4, 0.0))


def people(n: int, seed: int) -> list[Control]:
    rng = np.random.default_rng(seed)
    return [
        Control(
            f"c{number}",
            {"tNAA": Measured(float(rng.normal(1.4, 0.1)), 0.04)},
            float(rng.uniform(20, 60)) if number > 1 else 20.0 + 40.0 * number,
            "female" if number % 2 else "male",
            float(rng.uniform(0.5, 0.7)) if number > 1 else 0.5 + 0.2 * number,
        )
        for number in range(n)
    ]


NOWHERE = replace(PERSON, region=None)
"""Without a region there is no control model: the controls answer alone."""


def ask(controls: list[Control], value: float, sd: float, subject: Subject = PERSON) -> ZScore | Absence:
    supplied = Controls("supplied", "supplied", people=tuple(controls))
    return score(Case("tNAA", Ratio(value, sd), Context(subject)), [supplied]).position


def site(n: int = 24, seed: int = 1) -> Controls:
    names = ("tNAA", "tCho", "mI")
    rng = np.random.default_rng(seed)
    controls = tuple(
        replace(person, values={name: Measured(float(rng.normal(1.4, 0.1)), 0.04) for name in names})
        for person in people(n, seed)
    )
    return site_controls("site.x.v1", "ACC", "midline", METHOD, controls)


CONTEXT = Context(PERSON, scan(3.0, 0.030, "PRESS"), "LCModel 6.3")
CASE = Case("tNAA", Ratio(1.2, 0.04), CONTEXT, "yes")


def case_with(**facts: object) -> Case:
    return replace(CASE, context=replace(CONTEXT, **facts))


@settings(max_examples=20, deadline=None)
@given(counts, seeds, offsets, offsets, noises)
def test_z_grows_with_the_value(n: int, seed: int, first: float, second: float, noise: float) -> None:
    """Of two values of one person the larger has no smaller z, t, percentile or interval."""
    low, high = sorted((first, second))
    lower, upper = (ask(people(n, seed), 1.4 + 0.1 * offset, 0.1 * noise) for offset in (low, high))
    assert isinstance(lower, ZScore)
    assert isinstance(upper, ZScore)
    for name in ("value", "t", "percentile", "low", "high"):
        assert getattr(lower, name) <= getattr(upper, name) + 1e-6


@settings(max_examples=20, deadline=None)
@given(counts, seeds, offsets, noises, st.floats(1e-3, 1e3))
def test_the_unit_does_not_matter(n: int, seed: int, offset: float, noise: float, factor: float) -> None:
    """Values in another unit, errors with them, give the same z, interval, p and confidence."""
    controls = people(n, seed)
    scaled = [
        replace(item, values={"tNAA": Measured(item.values["tNAA"].value * factor, 0.04 * factor)}) for item in controls
    ]
    value, sd = 1.4 + 0.1 * offset, 0.1 * noise
    one, other = ask(controls, value, sd, NOWHERE), ask(scaled, value * factor, sd * factor, NOWHERE)
    assert isinstance(one, ZScore)
    assert isinstance(other, ZScore)
    for name in ("value", "low", "high", "t", "df", "p", "percentile", "p_outside"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-5, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(counts, seeds, offsets, noises)
def test_the_order_of_the_controls_does_not_matter(n: int, seed: int, offset: float, noise: float) -> None:
    """Permuted controls give the same answer."""
    controls = people(n, seed)
    shuffled = [controls[index] for index in np.random.default_rng(seed).permutation(n)]
    one, other = (ask(list(order), 1.4 + 0.1 * offset, 0.1 * noise) for order in (controls, shuffled))
    assert isinstance(one, ZScore)
    assert isinstance(other, ZScore)
    assert one.value == pytest.approx(other.value, rel=1e-6, abs=1e-9)
    assert (one.low, one.high) == pytest.approx((other.low, other.high), rel=1e-5, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(counts, seeds, st.floats(0.5, 20.0), st.booleans())
def test_people_beyond_the_covariates_are_compared_with_less_certainty(
    n: int, seed: int, beyond: float, older: bool
) -> None:
    """An age outside those of the controls widens the reference interval, the more the further, and refuses nothing."""
    controls = people(n, seed)
    ages = [item.age_years or 0.0 for item in controls]
    middle, edge = float(np.mean(ages)), max(ages) if older else min(ages)
    outside = min(edge + beyond, 64.0) if older else max(edge - beyond, 18.5)
    spreads = []
    for age in (middle, edge, outside):
        position = ask(controls, 1.4, 0.04, replace(PERSON, age_years=age))
        assert isinstance(position, ZScore)
        spreads.append(np.log(position.reference_high / position.reference_low))
    assert spreads == sorted(spreads)


def test_a_person_neither_adult_nor_of_the_ages_of_the_controls_is_not_compared() -> None:
    """The published effect of age says nothing of children and of the very old."""
    for age in (9.0, 80.0):
        position = ask(people(20, 1), 1.4, 0.04, replace(PERSON, age_years=age))
        assert isinstance(position, Absence)
        assert position.code == "norm-age-mismatch"


PLANTED = {
    "norm-gap": case_with(subject=replace(PERSON, region="PAG")),
    "norm-age-mismatch": case_with(subject=replace(PERSON, age_years=66.0)),
    "norm-field-mismatch": case_with(acquisition=scan(7.0, 0.030, "PRESS")),
    "norm-echo-time-mismatch": case_with(acquisition=scan(3.0, 0.144, "PRESS")),
    "norm-sequence-mismatch": case_with(acquisition=scan(3.0, 0.030, "STEAM")),
    "norm-unit-mismatch": case_with(unit="mmol/kg"),
    "norm-software-mismatch": case_with(software="LCModel 6.2"),
    "spectrum-limited": replace(CASE, usable="limited"),
    "spectrum-not-usable": replace(CASE, usable="no"),
}


@pytest.mark.parametrize("code", PLANTED)
@given(seed=seeds)
@settings(max_examples=10, deadline=None)
def test_one_planted_mismatch_withholds_the_own_norm(code: str, seed: int) -> None:
    """The matching case is scored by own controls; each mismatch alone is not, and is named."""
    norm = site(seed=seed)
    matching, planted = score(CASE, (norm,)), score(PLANTED[code], (norm,))

    assert matching.norm is not None
    assert matching.norm.kind == "site"
    assert planted.norm is None or planted.norm.kind == "literature"
    said = [item.code for item in planted.not_used]
    absent = planted.position.code if isinstance(planted.position, Absence) else None
    assert code in said or code == absent


@settings(max_examples=10, deadline=None)
@given(seeds, st.sampled_from(["PCC", "dlPFC", "OFC", "pgACC", "left ACC"]))
def test_controls_of_another_region_narrow_the_laboratory_only(seed: int, region: str) -> None:
    """Own people elsewhere make the comparison sharper than none, and less sharp than own people here."""
    place = replace(PERSON, region=region.removeprefix("left "), hemisphere="left" if "left" in region else None)
    case, there = case_with(subject=place), site(seed=seed)
    here = replace(there, region=place.region, hemisphere=None)
    if region == "pgACC":
        here = replace(there, subregion="pregenual/rostral", hemisphere=None)
    found = [score(case, controls).position for controls in ((), (there,), (here,))]
    spreads = [item.reference_high / item.reference_low for item in found if isinstance(item, ZScore)]

    assert len(spreads) == 3
    assert spreads[0] > spreads[1] > spreads[2]


@given(st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=30))
def test_q_values_are_ordered_like_p_and_never_smaller(p_values: list[float]) -> None:
    """q keeps the order of p, is at least p and at most 1; a single test has q = p."""
    found = q_values(p_values)
    order = np.argsort(p_values)

    assert all(p <= q + 1e-12 <= 1.0 + 2e-12 for p, q in zip(p_values, found, strict=True))
    assert np.all(np.diff(np.array(found)[order]) >= -1e-12)


def test_q_of_a_worked_example() -> None:
    """The 15 p values of Benjamini and Hochberg 1995: four are found at 5 %."""
    p_values = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459]
    p_values += [0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]

    assert sum(q <= 0.05 for q in q_values(p_values)) == 4


@settings(max_examples=20, deadline=None)
@given(seeds, st.floats(0.01, 100.0))
def test_profile_distance_does_not_depend_on_units(seed: int, factor: float) -> None:
    """One metabolite in another unit leaves the distance as it is."""
    norm = site(seed=seed)
    scaled = replace(
        norm,
        people=tuple(
            replace(c, values={**c.values, "mI": Measured(c.values["mI"].value * factor, 0.04 * factor)})
            for c in norm.people
        ),
    )
    values = {"tNAA": Ratio(1.2, 0.04), "tCho": Ratio(1.5, 0.04), "mI": Ratio(1.6, 0.06)}
    one = profile_distance(((norm, values),))
    other = profile_distance(((scaled, values | {"mI": Ratio(1.6 * factor, 0.06 * factor)}),))

    assert not isinstance(one, Absence)
    assert not isinstance(other, Absence)
    assert one.distance == pytest.approx(other.distance, rel=1e-6)


def test_profile_distance_is_calibrated() -> None:
    """New people like the controls have p below 5 % in about 5 %: correlated values, 20 controls."""
    rng = np.random.default_rng(4)
    names = ("tNAA", "tCho", "mI")
    mixing = np.array([[0.1, 0.0, 0.0], [0.08, 0.06, 0.0], [-0.03, 0.02, 0.09]])
    hits, trials = 0, 800
    for _ in range(trials):
        drawn = 1.4 + rng.normal(size=(21, 3)) @ mixing.T
        controls = tuple(
            Control(
                str(number),
                {name: Measured(float(v), 0.0) for name, v in zip(("tNAA", "tCho", "mI"), row, strict=True)},
            )
            for number, row in enumerate(drawn[:20])
        )
        norm = Controls("x", "site", METHOD, "ACC", people=controls)
        values = {name: Ratio(float(v), 0.0) for name, v in zip(names, drawn[20], strict=True)}
        answer = profile_distance(((norm, values),))
        assert not isinstance(answer, Absence)
        hits += answer.p < 0.05

    assert 0.03 <= hits / trials <= 0.075


@given(st.integers(1, 300), st.integers(0, 300))
def test_binomial_interval_holds_the_share(n: int, flagged: int) -> None:
    """The exact interval of a share is within 0 to 1 and around it."""
    flagged = min(n, flagged)
    result = calibrate("x", flagged, n)

    assert 0.0 <= result.low <= result.share <= result.high <= 1.0


def test_leave_one_out_flags_five_in_a_hundred() -> None:
    """Controls who differ by 7 % flag one another in 1 to 9 %: less with few, for published people differ by 10 %."""
    for n in (8, 12, 30):
        checks = [check_controls(site(n, seed)).calibration[-1] for seed in range(12)]
        assert 0.01 <= sum(item.flagged for item in checks) / sum(item.n for item in checks) <= 0.09
