"""One metabolite in a site's own controls, and one person's position among them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fitting.norms.assessment import Absence
from fitting.norms.measured_error import excess_variance, with_excess
from fitting.norms.position import Reference
from fitting.norms.regression import covariates_of, regress
from fitting.quantification.concentrations import Ratio
from fitting.subject import Subject

FEWEST_CONTROLS = 8
"""With fewer, a value 3.5 SD from their mean may be an ordinary one; the answer is given as a reason instead."""
FEWEST_FOR_REGRESSION = 20
"""Fewer controls do not carry an adjustment for covariates."""
LEAST_SPREAD = 1e-9
"""Relative; a smaller spread is rounding."""


@dataclass(frozen=True, slots=True)
class ControlValue:
    """One control's value, with what may explain it; None is unknown."""

    value: float
    sd: float | None = None
    """Standard deviation of the measurement."""
    age_years: float | None = None
    sex: str | None = None
    gm: float | None = None
    """Volume fraction of grey matter, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Controls of whom only number, mean and standard deviation are known."""

    mean: float
    sd: float
    n: int


Controls = Sequence[ControlValue] | Summary


@dataclass(frozen=True, slots=True)
class OwnReference:
    """What own controls expect of one person, and how well; in the unit of the values."""

    norm_id: str
    n: int
    mean: float
    sd: float
    df: float
    leverage: float
    """Variance of ``mean`` over the squared ``sd``; 1/n without covariates."""
    noise: float | None
    """Root mean square measurement error of the controls; None where they do not say."""
    age_mean: float | None = None
    covariates: tuple[str, ...] = ()

    def reference(self, measured: Ratio, *, sd_known: bool = True) -> Reference:
        """The reference for a value measured this well, or, where that is not known, as well as the controls."""
        excess = excess_variance(measured.sd if sd_known else None, self.sd, self.noise)
        spread = with_excess(self.sd**2 * (1.0 + self.leverage), self.df, excess)
        return Reference(
            norm_id=self.norm_id,
            mean=self.mean,
            sd=self.sd,
            df=self.df,
            sd_predictive=spread.sd,
            df_predictive=spread.df,
            measurement=measured.sd**2,
            sampling=self.sd**2 * self.leverage,
            between_lab=0.0,
        )

    def enlarged(self, n: int) -> OwnReference:
        """The same controls if there were ``n`` of them."""
        return replace(self, n=n, df=self.df + n - self.n, leverage=self.leverage * self.n / n)


def count(controls: Controls) -> int:
    """Number of controls."""
    return controls.n if isinstance(controls, Summary) else len(controls)


def own_reference(norm_id: str, controls: Controls, subject: Subject) -> OwnReference | Absence:
    """What own controls say of a person like this one, or why they say nothing.

    With fewer than 20 controls, or without covariates that all of them and the person have, the reference is the
    sample's mean and SD (Crawford & Howell 1998, doi:10.1076/clin.12.4.482.7241). Else it is the regression on
    age, sex and grey matter fraction, as far as known of everybody (Crawford & Garthwaite 2006,
    doi:10.1037/0894-4105.20.3.259). A person beyond the range of the controls' covariates has no reference.

    Parameters
    ----------
    norm_id : str
    controls : sequence of ControlValue, or Summary
    subject : Subject
    """
    n = count(controls)
    if n < FEWEST_CONTROLS:
        return Absence(
            "too-few-controls",
            f"There are {n} controls; a z-score needs {FEWEST_CONTROLS} or more, for with fewer neither their mean "
            "nor their spread is known well enough.",
        )
    if isinstance(controls, Summary):
        return OwnReference(norm_id, n, controls.mean, controls.sd, n - 1.0, 1.0 / n, None)
    return _beyond_range(controls, subject) or sample_reference(
        norm_id, controls, subject, adjust=n >= FEWEST_FOR_REGRESSION
    )


def sample_reference(
    norm_id: str, controls: Sequence[ControlValue], subject: Subject, *, adjust: bool
) -> OwnReference | Absence:
    """The same whatever the number and range of the controls, with or without adjustment for covariates."""
    values = np.array([control.value for control in controls])
    mean, sd, n = float(values.mean()), float(values.std(ddof=1)), values.size
    if not sd > LEAST_SPREAD * mean:
        return Absence("controls-without-spread", "All controls have the same value: there is no spread to judge by.")
    ages = [control.age_years for control in controls if control.age_years is not None]
    age_mean = float(np.mean(ages)) if ages else None
    plain = OwnReference(norm_id, n, mean, sd, n - 1.0, 1.0 / n, _noise(controls), age_mean)
    covariates = covariates_of(controls, subject) if adjust else None
    if covariates is None:
        return plain
    fitted = regress(values, covariates)
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


def _noise(controls: Sequence[ControlValue]) -> float | None:
    """Root mean square measurement error of the controls; None unless all of them say it."""
    known = [control.sd for control in controls if control.sd is not None]
    return math.sqrt(float(np.mean(np.square(known)))) if len(known) == len(controls) else None


def _beyond_range(controls: Sequence[ControlValue], subject: Subject) -> Absence | None:
    """No norm speaks for people of an age, sex or tissue composition that none of its controls has."""
    gm = None if subject.tissue is None else subject.tissue.gm
    for name, value, known in (
        ("age", subject.age_years, [c.age_years for c in controls if c.age_years is not None]),
        ("grey matter fraction", gm, [c.gm for c in controls if c.gm is not None]),
    ):
        if value is not None and known and not min(known) <= value <= max(known):
            code = "norm-age-mismatch" if name == "age" else "norm-tissue-mismatch"
            return Absence(
                code,
                f"The controls' {name} goes from {min(known):g} to {max(known):g}; the person's is {value:g}, and "
                "nothing is extrapolated.",
            )
    sexes = {control.sex for control in controls}
    if subject.sex is not None and None not in sexes and subject.sex not in sexes:
        return Absence("norm-sex-mismatch", f"None of the controls is {subject.sex}, as the person is.")
    return None
