"""One value of one person, from this or another program, with all facts that determine which controls match it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from fitting.acquisition import Acquisition
from fitting.errors import ImplausibleParameter
from fitting.norms.further_laboratories import FurtherLaboratory
from fitting.quantification.concentrations import Ratio
from fitting.request import Subject
from fitting.units import PROTON_GAMMA_BAR
from fitting.version import __version__

OWN_SOFTWARE = f"mrsquant {__version__}"
"""Name of this program and version; another version may give other numbers."""
RATIO = "tCr"
"""Unit of a ratio of concentrations to total creatine."""


def own_software(
    baseline: str, macromolecules: str, basis_source: str, version: str = __version__, *, prior: object = None
) -> str:
    """Program and version with the choices of method that shift values; ``prior`` is that of concentrations."""
    drawn = "" if prior is None else f", {prior} prior"
    return f"mrsquant {version} ({baseline} baseline, {macromolecules} macromolecules, {basis_source} basis{drawn})"


def scan(field_t: float | None = None, echo_time: float | None = None, sequence: str | None = None) -> Acquisition:
    """An acquisition with only these known facts (tesla, seconds)."""
    return Acquisition(
        format="value",
        spectrometer_frequency=None if field_t is None else field_t * PROTON_GAMMA_BAR,
        dwell_time=None,
        echo_time=echo_time,
        repetition_time=None,
        sequence=sequence,
        sequence_name=None,
    )


@dataclass(frozen=True, slots=True)
class Context:
    """Person and method, common to all values of one spectrum. None is unknown."""

    subject: Subject = field(default_factory=Subject)
    acquisition: Acquisition = field(default_factory=scan)
    software: str | None = None
    """Program with version and method."""
    unit: str = RATIO
    """:data:`RATIO`, or an absolute one of :data:`fitting.norms.controls.UNITS`."""
    laboratories: tuple[FurtherLaboratory, ...] = ()
    """Other laboratories that shared what they know of their healthy people."""


@dataclass(frozen=True, slots=True)
class Case:
    """A measured value with its context."""

    metabolite: str
    measured: Ratio
    context: Context = field(default_factory=Context)
    usable: Literal["yes", "limited", "no"] | None = None
    """Verdict on the value; None where it is absent."""
    sd_known: bool = True
    """Whether ``measured.sd`` is known. If not it is zero, and the value is treated as measured as well as the
    controls."""
    censored: bool = False
    """Whether ``measured`` is an upper bound: the metabolite was not detected."""


def ratio_of(metabolite: Ratio, creatine: Ratio, correlation: float) -> Ratio:
    """Ratio of two measured concentrations with its standard deviation.

    sd(A/B) = (A/B) √(cv_A² + cv_B² − 2 ρ cv_A cv_B), to first order in the coefficients of variation.

    Parameters
    ----------
    metabolite, creatine : Ratio
        Values with standard deviations, in one unit.
    correlation : float
        ρ between their errors, −1 to 1.

    Raises
    ------
    ImplausibleParameter
        When a value is not positive, a standard deviation negative, or the correlation not −1 to 1.
    """
    check_measured(metabolite, "value")
    check_measured(creatine, "tcr")
    if not -1.0 <= correlation <= 1.0:
        raise ImplausibleParameter("The correlation is not between -1 and 1.", parameter="correlation")
    cv, cv_creatine = metabolite.sd / metabolite.value, creatine.sd / creatine.value
    variance = cv**2 + cv_creatine**2 - 2.0 * correlation * cv * cv_creatine
    ratio = metabolite.value / creatine.value
    return Ratio(ratio, ratio * math.sqrt(max(0.0, variance)))


def check_measured(measured: Ratio, parameter: str, *, positive: bool = True) -> None:
    """Refuse a value that cannot be a measurement.

    Raises
    ------
    ImplausibleParameter
        When the value is not positive, its standard deviation negative, or either not finite.
    """
    lowest = 0.0 if positive else -math.inf
    if not (lowest < measured.value < math.inf and 0.0 <= measured.sd < math.inf):
        raise ImplausibleParameter(
            f"The {parameter} is {measured.value:g} with standard deviation {measured.sd:g}; a value must be "
            f"{'positive' if positive else 'finite'}, its standard deviation zero or more.",
            parameter=parameter,
            value=float(measured.value) if math.isfinite(measured.value) else str(measured.value),
        )
