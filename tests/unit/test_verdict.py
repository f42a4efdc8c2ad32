"""The verdict: every rule fires beyond its limit and not within it, and no healthy group is called unlike brain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fitting.model.result import Fit, Outcome, Traces
from fitting.norms.study_rows import study_rows
from fitting.quality import Quality
from fitting.quality.fit_residual import RegionResidual
from fitting.quality.verdict import Rule, judge, rules
from fitting.quality.verdict.rules import BRAIN_METABOLITES, CONCENTRATION
from fitting.quality.verdict.usable import Verdict
from fitting.quantification.concentrations import Concentration, Quantity, Ratio
from fitting.reason import Reason
from tests.data.quality_values import quality_with

NOTHING = np.zeros(0)
CONVERGED = Fit(
    outcome=Outcome("converged", "The fit converged."),
    names=(),
    amplitudes=NOTHING,
    covariance=NOTHING,
    shared_covariance=NOTHING,
    crlb_covariance=NOTHING,
    phase0=0.0,
    phase1=0.0,
    shift_hz=0.0,
    linewidth_hz=5.0,
    noise_sd=1.0,
    residual_rms_over_noise=1.0,
    evaluations=1,
    baseline_effective_dimension=10.0,
    traces=Traces(NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, (), NOTHING),
)
GOOD = quality_with(
    snr=40.0,
    snr_definition="",
    snr_consensus=80.0,
    snr_consensus_definition="",
    linewidth_hz=5.0,
    linewidth_ppm=0.04,
    clipped_samples=0,
    residual_rms_over_noise=1.0,
    residual_by_region=(),
    spikes=0,
    axis_error=0.0,
    baseline_effective_dimension=10.0,
    shift_ppm=0.0,
)


def quantity(name: str, value: float, sd: float = 0.0, *, detected: bool = True) -> Quantity:
    """A ratio to tCr, of which 1 is the amplitude."""
    return Quantity(name, value, sd, 5.0, detected, None if detected else value, Ratio(value, sd), None)


def brain(**changed: Quantity | None) -> tuple[Quantity, ...]:
    """What healthy brain shows; a None takes a metabolite away."""
    usual = {"tNAA": 1.4, "tCr": 1.0, "tCho": 0.25, "mI": 0.8, "Glu": 1.2, "Gln": 0.3}
    found = {name: quantity(name, value) for name, value in usual.items()} | changed
    return tuple(item for item in found.values() if item is not None)


def spectrum(
    quality: Quality = GOOD, quantities: tuple[Quantity, ...] | None = None, echo_time: float | None = 0.03
) -> Verdict:
    return judge(CONVERGED, quality, quantities or brain(), echo_time=echo_time).spectrum


def codes(quality: Quality = GOOD, quantities: tuple[Quantity, ...] | None = None) -> set[str]:
    return {reason.code for reason in spectrum(quality, quantities).reasons}


def at(rule: Rule, value: float) -> tuple[Quality, tuple[Quantity, ...]]:
    """A good spectrum of a brain in which only the rule's quantity is ``value``."""
    if rule.quantity.startswith(CONCENTRATION):
        unit = "mmol/kg" if "mmol/kg" in rule.quantity else "iu"
        creatine = replace(quantity("tCr", 1.0), concentration=Concentration(value, 0.0, unit, ()))
        return GOOD, brain(tCr=creatine)
    if "/" in rule.quantity:
        name = rule.quantity.removesuffix("/tCr")
        return GOOD, brain(**{name: quantity(name, value)})
    if rule.quantity == "worst_region_residual":
        return replace(GOOD, residual_by_region=(RegionResidual(3.4, 4.2, value),), residual_water=2.0), brain()
    if rule.quantity == "worst_residual_below_3.4_ppm":
        return replace(GOOD, residual_by_region=(RegionResidual(2.2, 2.8, value),)), brain()
    if rule.quantity == "residual_beside_water":
        return replace(GOOD, residual_by_region=(RegionResidual(3.4, 4.2, value),), residual_water=20.0), brain()
    if rule.quantity == "macromolecule_bound":
        return GOOD, brain(MM=quantity("MM", value, detected=False))
    if rule.quantity == "water_over_metabolite_linewidth":
        return replace(GOOD, water_linewidth_hz=value * GOOD.linewidth_hz), brain()
    if rule.quantity == "brain_metabolite_over_sd":
        return GOOD, brain(**{name: quantity(name, 1.0, 1 / value) for name in BRAIN_METABOLITES})
    return replace(GOOD, **{rule.quantity: value}), brain()  # type: ignore[arg-type]


def test_a_good_brain_spectrum_is_usable() -> None:
    """Nothing fires within all limits."""
    assert spectrum().usable == "yes"
    assert all(verdict.usable == "yes" for verdict in judge(CONVERGED, GOOD, brain()).metabolites.values())


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)
def test_each_rule_fires_beyond_its_limit_only(rule: Rule) -> None:
    """One step beyond the limit the rule's code and verdict appear; one step within it the code does not."""
    outward = 1 if rule.above is not None else -1
    step = outward * max(0.01 * abs(rule.limit), 0.001)
    beyond, within = at(rule, rule.limit + step), at(rule, rule.limit - step)

    assert rule.source
    assert rule.code in codes(*beyond)
    assert spectrum(*beyond).usable == rule.usable
    assert rule.code not in codes(*within)


@pytest.mark.parametrize("name", ["tNAA", "tCho", "mI", "Glu", "Gln"])
def test_healthy_groups_are_like_brain(name: str) -> None:
    """The mean ratio of every control group of the cerebrum is within the limits, with 10 % to spare.

    The cerebellum, which has no norms, lies lower: NAA/tCr 0.82 without NAAG.
    """
    names = (name, "NAA") if name == "tNAA" else (name,)
    groups = [row for row in study_rows() if row.metabolite in names and row.unit == "tCr"]
    means = [row.mean for row in groups if row.region != "cerebellum"]
    assert len(means) > 30
    for mean in means:
        for factor in (0.9, 1.1):
            assert codes(quantities=brain(**{name: quantity(name, mean * factor)})) == {"within-limits"}


@pytest.mark.parametrize("invisible", ["tNAA", "tCr"])
def test_a_ratio_of_an_invisible_metabolite_is_not_judged_by_its_value(invisible: str) -> None:
    """Without visible tCr no ratio is judged, and of invisible tNAA only what its upper bound allows."""
    fired = codes(
        quantities=brain(
            tNAA=quantity("tNAA", 0.9, detected=invisible != "tNAA"),
            tCr=quantity("tCr", 1.0, detected=invisible != "tCr"),
        )
    )
    assert not fired & {"naa-below-brain", "naa-above-brain"}


def test_absent_brain_metabolites_limit_the_verdict() -> None:
    """A metabolite that every brain has, not seen where it could not have been missed."""
    assert "mi-below-brain" in codes(quantities=brain(mI=quantity("mI", 0.1, detected=False)))
    assert "mi-below-brain" not in codes(quantities=brain(mI=quantity("mI", 0.5, detected=False)))


def test_chance_does_not_make_a_brain() -> None:
    """One of three amplitudes just above its own limit of detection, as noise makes it, is no brain spectrum."""
    noise = {name: quantity(name, 1.0, 1.0, detected=False) for name in ("tNAA", "tCho", "mI", "Glu", "Gln")}
    assert "no-brain-metabolites" in codes(quantities=brain(**noise, tCr=quantity("tCr", 1.0, 0.5)))
    assert "no-brain-metabolites" not in codes(quantities=brain(**noise, tCr=quantity("tCr", 1.0, 0.2)))


def test_noise_alone_gives_no_reason() -> None:
    """A ratio beyond its limit by less than its standard deviation does not fire."""
    assert "mi-above-brain" not in codes(quantities=brain(mI=quantity("mI", 1.7, sd=0.3)))


def test_a_rule_limits_only_its_metabolites() -> None:
    """Broad lines limit Glu, not tNAA; lines that are too broad spare nobody."""
    broad = judge(CONVERGED, replace(GOOD, linewidth_ppm=0.08), brain())
    too_broad = judge(CONVERGED, replace(GOOD, linewidth_ppm=0.12), brain())

    assert broad.spectrum.usable == "limited"
    assert broad.metabolites["Glu"].usable == "limited"
    assert broad.metabolites["tNAA"].usable == "yes"
    assert {verdict.usable for verdict in too_broad.metabolites.values()} == {"no"}


@pytest.mark.parametrize(
    ("snr", "echo_time"), [(40.0, 0.144), (40.0, None), (10.5, 0.03)], ids=["long echo", "echo unknown", "noisy"]
)
def test_macromolecules_are_missed_only_where_they_would_show(snr: float, echo_time: float | None) -> None:
    """At a long or unknown echo time and in noise nothing is said of macromolecules that are not seen."""
    unseen = brain(MM=quantity("MM", 0.1, detected=False))

    assert "macromolecules-absent" in codes(GOOD, unseen)
    found = spectrum(replace(GOOD, snr=snr), unseen, echo_time).reasons
    assert "macromolecules-absent" not in {reason.code for reason in found}


def test_water_left_over_spares_what_lies_elsewhere() -> None:
    """A residual at the foot of much residual water limits mI, and none of NAA, creatine, choline, Glu and Gln."""
    wet = replace(GOOD, residual_water=30.0, residual_by_region=(RegionResidual(3.4, 4.2, 2.3),))

    verdicts = judge(CONVERGED, wet, brain()).metabolites

    assert [name for name, verdict in verdicts.items() if verdict.usable != "yes"] == ["mI"]


def test_doubts_about_the_scan_limit_everything() -> None:
    """Where request and file disagree, no value is held against norms."""
    doubt = Reason("contradicts-header", "The request says echo_time = 0.3, the file 0.03.")
    judgement = judge(CONVERGED, GOOD, brain(), doubts=(doubt,))

    assert judgement.spectrum.reasons == (doubt,)
    assert {verdict.usable for verdict in judgement.metabolites.values()} == {"limited"}


def test_a_water_scale_that_cannot_be_leaves_ratios_alone() -> None:
    """Concentrations are named as wrong; ratios may still be compared."""
    creatine = replace(quantity("tCr", 1.0), concentration=Concentration(0.01, 0.001, "mmol/kg", ()))
    judgement = judge(CONVERGED, GOOD, brain(tCr=creatine))

    assert judgement.water_scale is not None
    assert judgement.spectrum.usable == "limited"
    assert judgement.metabolites["tNAA"].usable == "yes"


@pytest.mark.parametrize(("correlation", "separable"), [(-0.5, True), (-0.9, False)])
def test_inseparable_metabolites_are_limited(correlation: float, separable: bool) -> None:
    """Gln that is taken for Glu is limited and Glx is offered; their sum is not limited."""
    sd = 0.05
    covariance = sd**2 * np.array([[1.0, correlation], [correlation, 1.0]])
    fit = replace(CONVERGED, names=("Glu", "Gln"), amplitudes=np.array([1.2, 0.4]), covariance=covariance)
    verdicts = judge(fit, GOOD, (*brain(), quantity("Glx", 1.5))).metabolites

    assert (verdicts["Gln"].usable == "yes") is separable
    assert verdicts["Glx"].usable == "yes"
    if not separable:
        (reason,) = verdicts["Gln"].reasons
        assert reason.code == "not-separable"
        assert "Glx" in reason.sentence


@pytest.mark.parametrize(("sd", "usable", "said"), [(0.1, "yes", False), (0.3, "yes", True), (0.6, "limited", True)])
def test_uncertain_values_are_kept_and_named(sd: float, usable: str, said: bool) -> None:
    """A relative error is said from 20 %, and from 50 % the value is not held against norms."""
    verdict = judge(CONVERGED, GOOD, brain(Gln=quantity("Gln", 0.4, sd=0.4 * sd))).metabolites["Gln"]

    assert verdict.usable == usable
    assert bool(verdict.reasons) is said
