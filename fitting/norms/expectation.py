"""Expected value of one person from the controls of one laboratory, and the resulting reference distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fitting.norms.controls import FEWEST_CONTROLS, FEWEST_FOR_REGRESSION, Control, Controls, Measured
from fitting.norms.covariates import beyond_range, covariates_of
from fitting.quantification.concentrations import Ratio
from fitting.reason import Absence
from fitting.request import Subject
from fitting.statistics.measurement_error import with_excess
from fitting.statistics.regression import regress
from fitting.statistics.single_case import ReferenceDistribution

COHORT_NOISE_SHARE = 0.25
"""Share of the variance between controls that is their own measurement noise, where the controls do not say:
repeated scans vary by 3 to 6 % (14 people, 3 T, TE 35 ms; PMC9244865, Table 3), half of the 8 to 15 % between
people of these norms."""
LEAST_SPREAD = 1e-9
"""Relative; a smaller spread is rounding."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """Expected value of one person with its spread, in the unit of the controls."""

    norm_id: str
    n: int
    mean: float
    sd: float
    df: float
    leverage: float
    """Variance of ``mean`` over the squared ``sd``; 1/n without covariates."""
    noise: float | None
    """Root mean square measurement error of the controls; None where it is not stated."""
    age_mean: float | None = None
    covariates: tuple[str, ...] = ()

    def reference(self, measured: Ratio, *, sd_known: bool = True) -> ReferenceDistribution:
        """The reference for a value measured this well or, where that is not known, as well as the controls."""
        excess = excess_variance(measured.sd if sd_known else None, self.sd, self.noise)
        spread = with_excess(self.sd**2 * (1.0 + self.leverage), self.df, excess)
        return ReferenceDistribution(
            mean=self.mean,
            sd=self.sd,
            df=self.df,
            sd_predictive=spread.sd,
            df_predictive=spread.df,
            measurement=measured.sd**2,
            sampling=self.sd**2 * self.leverage,
        )

    def with_offset(self, log_variance: float) -> Expectation:
        """The same where the mean has a further error, of this variance on the log scale."""
        return replace(self, leverage=self.leverage + log_variance * (self.mean / self.sd) ** 2)

    def enlarged(self, n: int) -> Expectation:
        """The same controls if there were ``n`` of them."""
        return replace(self, n=n, df=self.df + n - self.n, leverage=self.leverage * self.n / n)


def expect(controls: Controls, metabolite: str, subject: Subject) -> Expectation | Absence:
    """Expected value of a person from the controls, or the reason why the controls do not apply.

    With fewer than 20 controls, or without covariates that all of them and the person have, it is the
    sample's mean and SD (Crawford & Howell 1998, doi:10.1076/clin.12.4.482.7241). Otherwise it is the regression on
    age, sex and grey matter fraction, as far as known for all (Crawford & Garthwaite 2006,
    doi:10.1037/0894-4105.20.3.259). A person beyond the range of the controls' covariates gets no expectation.
    """
    norm_id, summary, people = controls.norm_id(metabolite), controls.summary, controls.having(metabolite)
    n = len(people) if summary is None else summary.n
    if n < FEWEST_CONTROLS:
        return Absence(
            "too-few-controls",
            f"There are {n} controls; a z-score needs {FEWEST_CONTROLS} or more, for with fewer neither their mean "
            "nor their spread is known well enough.",
        )
    if summary is not None:
        return Expectation(norm_id, n, summary.mean, summary.sd, n - 1.0, 1.0 / n, None)
    adjust = n >= FEWEST_FOR_REGRESSION
    return beyond_range(people, subject) or expect_of_people(norm_id, people, metabolite, subject, adjust=adjust)


def expect_of_people(
    norm_id: str, people: Sequence[Control], metabolite: str, subject: Subject, *, adjust: bool
) -> Expectation | Absence:
    """The same whatever the number and range of the people, with or without adjustment for covariates."""
    values = np.array([person.values[metabolite].value for person in people])
    mean, sd, n = float(values.mean()), float(values.std(ddof=1)), values.size
    if not sd > LEAST_SPREAD * mean:
        return Absence("controls-without-spread", "All controls have the same value: there is no spread to judge by.")
    ages = [person.age_years for person in people if person.age_years is not None]
    noise_variance = stated_noise_variance([person.values[metabolite] for person in people])
    noise = None if noise_variance is None else math.sqrt(noise_variance)
    age_mean = float(np.mean(ages)) if ages else None
    plain = Expectation(norm_id, n, mean, sd, n - 1.0, 1.0 / n, noise, age_mean)
    covariates = covariates_of(people, subject) if adjust else None
    if covariates is None:
        return plain
    fitted = regress(values, covariates.design, covariates.person)
    if not fitted.sd > LEAST_SPREAD * mean:
        return Absence("controls-without-spread", "The controls' values follow from their covariates without spread.")
    return replace(
        plain,
        mean=fitted.expected,
        sd=fitted.sd,
        df=fitted.df,
        leverage=fitted.leverage,
        covariates=covariates.names,
    )


def excess_variance(sd: float | None, sd_controls: float, noise: float | None) -> float:
    """Variance of a measurement beyond what the spread of the controls already holds.

    sd² − noise², where ``noise`` is the root mean square error that the controls state: a noisy spectrum is not
    flagged for its noise, and one better than theirs is not judged by their noise. When they state none it is taken
    to be half their spread, and nothing is subtracted; nor is it when the person's own error is not known (None),
    which then is taken to be like theirs.
    """
    if sd is None:
        return 0.0
    return max(0.0, sd**2 - COHORT_NOISE_SHARE * sd_controls**2) if noise is None else sd**2 - noise**2


def stated_noise_variance(values: Sequence[Measured]) -> float | None:
    """Mean square measurement error; None unless every value states its own."""
    stated = [measured.sd for measured in values if measured.sd is not None]
    return float(np.mean(np.square(stated))) if len(stated) == len(values) else None
