"""Record of a preprocessing step, in the terms of NIfTI-MRS ``ProcessingApplied``."""

from __future__ import annotations

from dataclasses import dataclass

from fitting.version import PROGRAM, __version__

COMBINATION = "RF coil combination"
REGISTRATION = "Frequency and phase correction"
AVERAGING = "Signal averaging"
EDDY_CURRENTS = "Eddy current correction"
WATER_REMOVAL = "Nuisance peak removal"
STANDARD_METHODS = (
    EDDY_CURRENTS,
    REGISTRATION,
    "Alignment of subtraction sub-spectra",
    WATER_REMOVAL,
    COMBINATION,
    AVERAGING,
    "Phasing",
    "Apodization",
    "Zero-filling",
    "Subtraction / Addition of sub-spectra",
)
"""The keywords that the standard fixes for ``Method`` (NIfTI-MRS 0.11, section 5.8, after Near et al. 2021,
doi:10.1002/nbm.4257, tables 2 to 4)."""

TRUNCATION = "Truncation"
WATER_REFERENCE = "Water reference"
OWN_METHODS = (TRUNCATION, WATER_REFERENCE)
"""Methods without a keyword in the standard, which allows other strings."""


@dataclass(frozen=True, slots=True)
class Step:
    """One preprocessing step, or why it was not applied; without a time, so that equal input gives equal answers."""

    method: str
    """Keyword of the standard, such as ``RF coil combination``."""
    program: str
    """Name of the program that applied it."""
    version: str
    """Version of that program."""
    details: str
    """Details of its action, with numbers."""


def step(method: str, details: str) -> Step:
    """A step of this program."""
    return Step(method, PROGRAM, __version__, details)
