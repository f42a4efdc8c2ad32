"""What must hold for every norm, value and mismatch."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fitting.acquisition import Acquisition
from fitting.errors import ImplausibleParameter
from fitting.norms import (
    Absence,
    Case,
    Context,
    Norm,
    ZScore,
    applicable_norms,
    assess,
    find_norm,
    literature_norms,
    score,
)
from fitting.quantification.concentrations import Quantity, Ratio
from fitting.request import Subject

ACQUISITION = Acquisition(
    format="test",
    spectrometer_frequency=123.25e6,
    dwell_time=5e-4,
    echo_time=0.030,
    repetition_time=2.0,
    sequence="PRESS",
    sequence_name="svs_se",
)
SUPPORTED = [norm for norm in literature_norms() if norm.modelled and norm.field_t == 3.0]
norms = st.sampled_from(SUPPORTED)
offsets = st.floats(-4.0, 4.0)
noise = st.floats(0.0, 2.0)


def subject_of(norm: Norm) -> Subject:
    return Subject(region=norm.region, age_years=44.0)


def ratio_of(norm: Norm, offset: float, noise: float) -> Ratio:
    return Ratio(max(norm.mean + offset * norm.sd_within, 1e-3), noise * norm.sd_within)


def compare(metabolite: str, ratio: Ratio, subject: Subject, acquisition: Acquisition) -> tuple[ZScore | Absence, Norm]:
    context = Context(subject, acquisition)
    return score(Case(metabolite, ratio, context)).position, find_norm(metabolite, context)


def quantity_of(norm: Norm, ratio: Ratio | None, detected: bool = True) -> Quantity:
    return Quantity(norm.metabolite, 1.0, 0.05, 5.0, detected, None, ratio, None)


@given(norms, offsets, offsets, noise)
def test_z_grows_with_the_value(norm: Norm, first: float, second: float, noise: float) -> None:
    """Of two values measured equally well the larger never has the smaller z or percentile."""
    low, high = sorted((first, second))
    lower, upper = (
        compare(norm.metabolite, ratio_of(norm, offset, noise), subject_of(norm), ACQUISITION)[0]
        for offset in (low, high)
    )
    assume(isinstance(lower, ZScore) and isinstance(upper, ZScore))  # a value as uncertain as large is not compared
    assert lower.value <= upper.value
    assert lower.percentile <= upper.percentile


@given(norms, offsets, noise)
def test_a_score_is_coherent(norm: Norm, offset: float, noise: float) -> None:
    """The interval holds z, percentiles are ordered in 0 to 100, flag, reference interval and p say the same."""
    ratio = ratio_of(norm, offset, noise)
    result, behind = compare(norm.metabolite, ratio, subject_of(norm), ACQUISITION)

    assert isinstance(result, ZScore)
    assert behind is norm
    assert result.low <= result.value <= result.high
    assert 0.0 <= result.percentile_low <= result.percentile <= result.percentile_high <= 100.0
    assert (result.flag == "within") == (result.reference_low <= ratio.value <= result.reference_high)
    assert result.sd_predictive >= norm.sd_within
    if result.p is not None and abs(result.p - 0.05) > 1e-9:
        assert (result.p < 0.05) == (result.flag != "within")


MISMATCHES = {
    "region-not-given": lambda s, a: (replace(s, region=None), a),
    "region-unknown": lambda s, a: (replace(s, region="left elbow"), a),
    "norm-gap": lambda s, a: (replace(s, region="periaqueductal grey"), a),
    "norm-field-mismatch": lambda s, a: (s, replace(a, spectrometer_frequency=170.3e6)),
    "norm-echo-time-mismatch": lambda s, a: (s, replace(a, echo_time=0.144)),
    "norm-age-mismatch": lambda s, a: (replace(s, age_years=9.0), a),
}


@pytest.mark.parametrize("code", MISMATCHES)
@given(norm=norms, offset=offsets)
def test_one_planted_mismatch_withholds_every_z(code: str, norm: Norm, offset: float) -> None:
    """Each kind of mismatch alone turns a score into an absence with its code and a sentence."""
    subject, acquisition = MISMATCHES[code](subject_of(norm), ACQUISITION)
    result = assess((quantity_of(norm, ratio_of(norm, offset, 0.1)),), subject, acquisition, {norm.metabolite: "yes"})
    position = result.scores[norm.metabolite]

    assert isinstance(position, Absence)
    assert position.code == code
    assert position.sentence.endswith((".", ")"))
    assert (result.tests, result.flagged, result.norms) == (0, 0, ())


@given(norms, offsets, st.sampled_from(["verdict-no", "verdict-limited", "not-detected", "tcr"]))
def test_an_unsound_value_is_not_compared(norm: Norm, offset: float, trouble: str) -> None:
    """No z for an uninterpretable or limited spectrum, an undetected metabolite or a missing ratio."""
    ratio = None if trouble == "tcr" else ratio_of(norm, offset, 0.1)
    quantity = quantity_of(norm, ratio, detected=trouble != "not-detected")
    usable = {"verdict-no": "no", "verdict-limited": "limited"}.get(trouble, "yes")
    position = assess((quantity,), subject_of(norm), ACQUISITION, {norm.metabolite: usable}).scores[norm.metabolite]

    assert isinstance(position, Absence)
    expected = {
        "verdict-no": "spectrum-not-usable",
        "verdict-limited": "spectrum-limited",
        "not-detected": "not-detected",
        "tcr": "tcr-not-available",
    }
    assert position.code == expected[trouble]


@pytest.mark.parametrize(
    "ratio", [Ratio(0.0, 0.1), Ratio(-1.0, 0.1), Ratio(float("nan"), 0.1), Ratio(1.0, -0.1), Ratio(1.0, float("inf"))]
)
def test_impossible_ratios_are_refused(ratio: Ratio) -> None:
    """A value from elsewhere that cannot be a ratio raises instead of scoring."""
    with pytest.raises(ImplausibleParameter):
        compare("tCho", ratio, Subject(region="ACC"), ACQUISITION)


def test_unknown_facts_are_reported_and_do_not_withhold() -> None:
    """Without age, field, echo time and sequence the usual norm is used and the match says unknown."""
    bare = Acquisition("test", None, None, None, None, None, None)
    quantity = Quantity("tCho", 1.0, 0.05, 5.0, True, None, Ratio(0.35, 0.01), None)
    result = assess((quantity,), Subject(region="ACC"), bare, {"tCho": "yes"})

    assert isinstance(result.scores["tCho"], ZScore)
    (used,) = result.norms
    assert used.id == "acc.tcr.tcho.3t"
    assert used.matched.field == used.matched.echo_time == used.matched.age == used.matched.sequence == "unknown"
    assert (used.matched.unit, used.matched.software) == ("yes", "no")


def test_whole_assessment_counts_its_tests_and_adds_context() -> None:
    """Two scores are two tests with 0.1 flags expected; tCr is explained; evidence is of this region only."""
    quantities = tuple(
        Quantity(name, 1.0, 0.05, 5.0, True, None, Ratio(value, 0.01), None)
        for name, value in (("tNAA", 1.2), ("tCho", 0.40), ("tCr", 1.0), ("GABA", 0.2), ("Glu", 1.2))
    )
    usable: dict[str, Literal["yes", "limited", "no"]] = {quantity.name: "yes" for quantity in quantities}
    result = assess(quantities, Subject(region="dorsal ACC", age_years=30.0), ACQUISITION, usable)

    assert {name for name, item in result.scores.items() if isinstance(item, ZScore)} == {"tNAA", "tCho", "Glu"}
    assert (result.tests, result.flagged) == (3, 1)
    assert result.expected_by_chance == pytest.approx(0.15)
    assert result.scores["tCr"].code == "unit-not-comparable"
    assert result.scores["GABA"].code == "norm-missing"
    assert {item.region for item in result.evidence} == {"ACC"}
    assert {item.metabolite for item in result.evidence} <= {"tNAA", "tCho", "tCr", "GABA", "Glu"}
    assert {norm.matched.sequence for norm in result.norms} == {"yes"}


def test_applicable_norms_are_those_a_spectrum_would_get() -> None:
    """The preview lists what the assessment uses, best grade first."""
    listed = applicable_norms(Subject(region="PCC"), ACQUISITION)

    assert {norm.partition(".")[0] for norm in listed} == {"pcc"}
    grades = {norm.id: norm.grade for norm in literature_norms()}
    assert [grades[norm] for norm in listed] == sorted(grades[norm] for norm in listed)
    assert applicable_norms(Subject(region="PCC", age_years=80.0), ACQUISITION) == ()
