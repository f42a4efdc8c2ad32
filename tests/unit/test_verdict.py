"""The verdict: every rule fires beyond its limit and not within it, and no healthy group is called unlike brain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fitting.analysis import Quality
from fitting.model.result import Fit, Outcome, Traces
from fitting.norms.tables import study_rows
from fitting.quantification.concentrations import Quantity, Ratio
from fitting.verdict import NAA_RATIO, Rule, judge, rules

NOTHING = np.zeros(0)
CONVERGED = Fit(
    outcome=Outcome("converged", "The fit converged."),
    names=(),
    amplitudes=NOTHING,
    covariance=NOTHING,
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
GOOD = Quality(
    snr=40.0,
    snr_definition="",
    snr_consensus=80.0,
    snr_consensus_definition="",
    linewidth_hz=5.0,
    linewidth_ppm=0.04,
    tnaa_linewidth_hz=None,
    tnaa_linewidth_ppm=None,
    tcr_linewidth_hz=None,
    tcr_linewidth_ppm=None,
    water_linewidth_hz=None,
    water_linewidth_ppm=None,
    frequency_drift_hz=None,
    phase_spread_deg=None,
    eddy_current_deg=None,
    residual_water=None,
    lipid=None,
    spurious_echo=None,
    clipped_samples=0,
    water_clipped_samples=None,
    noise_correlation=None,
    noise_tail=None,
    residual_rms_over_noise=1.0,
    residual_by_region=(),
    baseline_share=None,
    baseline_effective_dimension=10.0,
    shift_ppm=0.0,
)


def brain(naa_ratio: float = 1.4, **detected: bool) -> tuple[Quantity, ...]:
    """tNAA, tCr and tCho, of which those named may be invisible."""
    return tuple(
        Quantity(name, value, 0.1, 5.0, detected.get(name, True), None, Ratio(value, 0.1), None)
        for name, value in (("tNAA", naa_ratio), ("tCr", 1.0), ("tCho", 0.25))
    )


def codes(quality: Quality = GOOD, quantities: tuple[Quantity, ...] | None = None) -> set[str]:
    return {reason.code for reason in judge(CONVERGED, quality, quantities or brain()).reasons}


def test_a_good_brain_spectrum_is_usable() -> None:
    """Nothing fires within all limits."""
    assert judge(CONVERGED, GOOD, brain()).usable == "yes"


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)
def test_each_rule_fires_beyond_its_limit_only(rule: Rule) -> None:
    """One step beyond the limit the rule's code and verdict appear; one step within it the code does not."""
    limit, outward = (rule.above, 1) if rule.above is not None else (rule.below, -1)
    assert limit is not None
    assert rule.source

    def at(value: float) -> tuple[Quality, tuple[Quantity, ...]]:
        if rule.quantity == NAA_RATIO:
            return GOOD, brain(value)
        return replace(GOOD, **{rule.quantity: value}), brain()

    beyond, within = at(limit * (1 + outward * 0.01)), at(limit * (1 - outward * 0.01))
    assert rule.code in codes(*beyond)
    assert judge(CONVERGED, *beyond).usable == rule.usable
    assert rule.code not in codes(*within)


def test_healthy_groups_are_like_brain() -> None:
    """The mean tNAA/tCr of every control group behind the norms is within the limits, with 10 % to spare."""
    limits = [rule for rule in rules() if rule.quantity == NAA_RATIO]
    means = [row.mean for row in study_rows() if row.metabolite in ("NAA", "tNAA") and row.unit == "tCr"]
    assert len(means) > 50
    assert len(limits) == 2
    for mean in means:
        for factor in (0.9, 1.1):
            assert codes(quantities=brain(mean * factor)) == {"within-limits"}


@pytest.mark.parametrize("invisible", ["tNAA", "tCr"])
def test_a_ratio_of_what_is_invisible_is_not_judged(invisible: str) -> None:
    """Without visible tNAA or tCr their ratio is noise and no rule reads it."""
    fired = codes(quantities=brain(0.1, **{invisible: False}))
    assert not fired & {"naa-below-brain", "naa-above-brain"}
