"""The concentration prior: its effect on values, its limits, and the report of its effect."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from importlib.resources import files
from statistics import median

import numpy as np
import pytest

from fitting.errors import ImplausibleParameter, MissingParameter
from fitting.model.fit import fit
from fitting.model.linear_prior import LinearPrior
from fitting.model.result import Fit
from fitting.quantification.concentration_prior import concentration_priors
from fitting.request import Options, Subject
from fitting.run import analyse
from fitting.run.check import check_request
from tests.measure.benchmarks.simulated import simulated_sets
from tests.unit import model_cases as world

SD = 2.0
GLN = list(world.LINES).index("Gln")
ONLY_GLN = np.eye(len(world.LINES))[GLN : GLN + 1]


def _fit(amplitudes: dict[str, float] = world.AMPLITUDES, prior: LinearPrior | None = None) -> Fit:
    fid = world.clean_fid(amplitudes=amplitudes) + world.noise(np.random.default_rng(3), SD)
    return fit(world.spectrum(fid), world.components(), SD, baseline="p-spline", prior=prior)


def _prior(value: float, sd: float) -> LinearPrior:
    return LinearPrior(ONLY_GLN, np.array([value]), np.array([sd]))


def test_a_normal_prior_weighs_by_its_variance() -> None:
    """Value and sd become the mean of data and prior by their precisions, and what the data alone say is kept."""
    alone = _fit()
    value, sd = alone.amplitudes[GLN], float(np.sqrt(alone.covariance[GLN, GLN]))
    found = _fit(prior=_prior(value + sd, sd))

    assert found.amplitudes[GLN] == pytest.approx(value + 0.5 * sd, rel=1e-6)
    assert found.covariance[GLN, GLN] == pytest.approx(0.5 * sd**2, rel=1e-6)
    assert found.without_prior is not None
    np.testing.assert_array_equal(found.without_prior.amplitudes, alone.amplitudes)
    np.testing.assert_array_equal(found.without_prior.covariance, alone.covariance)
    np.testing.assert_array_equal(found.crlb_covariance, alone.crlb_covariance)
    traces = found.traces
    np.testing.assert_allclose(traces.fit, traces.components.sum(axis=0) + traces.baseline)
    np.testing.assert_allclose(traces.data, traces.fit + traces.residual)


def test_a_wide_prior_moves_nothing() -> None:
    """Ten thousand standard deviations say nothing."""
    alone, found = _fit(), _fit(prior=_prior(0.0, 1e4))

    np.testing.assert_allclose(found.amplitudes, alone.amplitudes, rtol=1e-5)


def test_what_is_absent_stays_at_zero_unless_the_prior_outweighs_the_data() -> None:
    """The slope of the data counts at zero: an expected amount does not conjure up a metabolite."""
    without = {**world.AMPLITUDES, "Gln": -1.0}
    alone = _fit(without)
    sd = float(np.sqrt(alone.covariance[GLN, GLN]))
    assert alone.amplitudes[GLN] == 0.0

    assert _fit(without, _prior(sd, 5 * sd)).amplitudes[GLN] == 0.0
    assert _fit(without, _prior(3 * sd, 0.01 * sd)).amplitudes[GLN] == pytest.approx(3 * sd, rel=0.1)


def test_the_table_is_the_median_of_the_shipped_norms() -> None:
    """Every expected concentration is the median of the means of control groups in mM, to its digits."""
    means: dict[str, list[float]] = {}
    for entry in (files("fitting") / "data" / "norms").iterdir():
        if entry.name.endswith(".csv"):
            for row in csv.DictReader(entry.read_text(encoding="utf-8").splitlines()):
                if row["unit"] == "mM":
                    means.setdefault(row["metabolite"], []).append(float(row["mean"]))
    table = concentration_priors()["adult-brain"]

    assert table.relative_sd == 1.0
    assert dict(table.concentrations) == {name: round(median(means[name]), 1) for name in table.concentrations}


def test_every_value_reports_its_move() -> None:
    """The analysis with the prior names it and gives the move of every value; without, there is none."""
    known = simulated_sets(1)[2]
    job = next(iter(known.jobs["simulated basis"].values()))
    chosen = replace(job, options=Options(concentration_prior="adult-brain"))
    plain, _ = analyse(job)
    moved, _ = analyse(chosen)

    assert moved.provenance.options["concentration_prior"] == "adult-brain"
    for before, after in zip(plain.metabolites, moved.metabolites, strict=True):
        assert before.prior_move is None
        assert after.prior_move == pytest.approx((after.amplitude - before.amplitude) / before.amplitude_sd)
        assert after.amplitude_sd <= before.amplitude_sd * (1 + 1e-6)


def test_it_needs_water_and_a_known_name() -> None:
    """A scale from the spectrum itself would draw every value down, so that is refused; so is an unknown table."""
    known = simulated_sets(1)[0]
    job = next(iter(known.jobs["simulated basis"].values()))
    document = json.loads(job.metabolite[0].content)
    kept = {name: value for name, value in document.items() if not name.startswith("water_")}
    dry = replace(job.metabolite[0], content=json.dumps(kept).encode())
    options = Options(concentration_prior="adult-brain")

    with pytest.raises(MissingParameter, match="water reference"):
        analyse(replace(job, metabolite=(dry,), options=options))
    with pytest.raises(ImplausibleParameter, match="choose adult-brain"):
        check_request(Subject(), Options(concentration_prior="unicorn"))
