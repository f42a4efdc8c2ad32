"""Results of quantification: a value with its standard deviation, per metabolite and sum."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    """Ratio to total creatine (Cr + PCr), of concentrations."""

    value: float
    """Dimensionless."""
    sd: float
    """Standard deviation of the ratio against the truth, from the full covariance; dimensionless."""
    sd_scan: float | None = None
    """Part of ``sd`` that differs from scan to scan on one scanner: noise, baseline, phases, widths and macromolecules
    of the person; null where it is not known."""
    sd_shared: float | None = None
    """Part of ``sd`` that all scans of one scanner share: macromolecules, pulses and timings; the squares of both parts
    add up to that of ``sd``. Null where it is not known."""

    @property
    def on_one_scanner(self) -> Ratio:
        """The same value with the standard deviation that counts among scans of one scanner, where it is known."""
        return self if self.sd_scan is None else Ratio(self.value, self.sd_scan)


@dataclass(frozen=True, slots=True)
class Concentration:
    """A water-scaled concentration with the corrections that were applied, in words."""

    value: float
    """Concentration in ``unit``."""
    sd: float
    """Standard deviation in ``unit``, with the uncertainty of the fit and of the water signal."""
    unit: str
    """``mmol/kg`` (tissue-corrected) or ``iu`` (institutional units: water-scaled, not tissue-corrected)."""
    corrections: tuple[str, ...]
    """Each correction that was applied, in words, in order."""
    sd_scan: float | None = None
    """Part of ``sd`` that differs from scan to scan on one scanner, with the water signal's; null where it is not
    known."""
    sd_shared: float | None = None
    """Part of ``sd`` that all scans of one scanner share; null where it is not known."""


@dataclass(frozen=True, slots=True)
class ModelMove:
    """The reasonable other model that moves a value most."""

    model: str
    """The other model, in words."""
    sds: float
    """Change of the amplitude under that model, in its standard deviations; beyond ±1 it depends on the model."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """One metabolite or sum (tNAA, tCr, tCho, Glx): amplitude, ratio and concentration with errors.

    ``detected`` is False when the amplitude is not distinguishable from zero; ``upper_bound`` then is
    the amplitude that 95 % of repeats would stay below, and ``ratio_tcr`` still holds value and sd.
    """

    name: str
    amplitude: float
    amplitude_sd: float
    crlb_percent: float | None
    detected: bool
    upper_bound: float | None
    ratio_tcr: Ratio | None
    concentration: Concentration | None
    model_move: ModelMove | None = None
    """The other reasonable model that moves the amplitude most."""
    prior_move: float | None = None
    """Change of the amplitude by the concentration prior, in its standard deviations without prior; None without
    one."""
    amplitude_sd_scan: float | None = None
    """Part of ``amplitude_sd`` that differs from scan to scan on one scanner; None where it is not known."""
    amplitude_sd_shared: float | None = None
    """Part of ``amplitude_sd`` that all scans of one scanner share; None where it is not known."""
