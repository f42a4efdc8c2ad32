"""The cited limits of a verdict, kept as data, and the numbers they are compared with."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from fitting.quality import Quality
from fitting.quality.verdict.usable import Usable
from fitting.quantification.concentrations import Quantity
from fitting.reason import Reason

CONFIDENT = 1.0
"""Standard deviations by which a ratio or concentration must be beyond its limit: noise alone is no reason."""

CONCENTRATION = "[tCr]"
"""Name, in the rules, of the water-scaled concentration of tCr, whichever unit it is in."""

MACROMOLECULES = "MM"
SHORT_ECHO_TIME = 0.040
"""s; up to it macromolecules, of T2 15 to 40 ms (Landheer 2020, doi:10.1002/mrm.28282), are plain in every brain."""
GOOD_SNR = 20.0
"""Signal-to-noise ratio from which they are: no simulated brain of that quality came out without them."""

BESIDE_WATER_PPM = 3.4
"""Lower end of the region whose residual shows what was left of the water."""
MUCH_WATER = 5.0
"""Residual water over tNAA from which that region is looked at: less is good suppression (see ``residual_water``)."""

BRAIN_METABOLITES = ("tNAA", "tCr", "tCho")
"""The three strongest signals of brain; without any of them there is no brain spectrum to interpret."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Interval of a measured number; both ends are equal where it is known without error."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Rule:
    """One limit on one measured number, with the verdict it leads to and its source."""

    code: str
    quantity: str
    """A number of Quality, a ratio such as ``mI/tCr``, or ``[tCr]``."""
    usable: Usable
    sentence: str
    source: str
    above: float | None = None
    below: float | None = None
    spares: tuple[str, ...] = ()
    """Metabolites that are exempt from the rule."""
    touches: Literal["values", "concentrations"] = "values"
    """Scope: with ``concentrations`` these are omitted, and ratios may still be read."""

    @property
    def limit(self) -> float:
        """The one limit of the rule."""
        return self.above if self.above is not None else self.below if self.below is not None else math.nan

    def reason(self, measured: Mapping[str, Interval]) -> Reason | None:
        """The reason when the rule fires on the ``measured`` quantity, else None."""
        found = measured.get(self.quantity)
        if found is None:
            return None
        fires = found.low > self.limit if self.above is not None else found.high < self.limit
        return Reason(self.code, self.sentence.format(value=found.value, limit=self.limit)) if fires else None


@cache
def rules() -> tuple[Rule, ...]:
    """All shipped rules, strictest first for each quantity."""
    text = resources.files("fitting").joinpath("data/verdict_rules.toml").read_text(encoding="utf-8")
    return tuple(Rule(**{**row, "spares": tuple(row.get("spares", ()))}) for row in tomllib.loads(text)["rule"])


def measured(quality: Quality, quantities: tuple[Quantity, ...], echo_time: float | None = None) -> dict[str, Interval]:
    """Every number the rules can be about, by its name in them; ``echo_time`` (s) is that of the scan, if known."""
    found = {
        name: Interval(float(value), float(value), float(value))
        for name, value in vars(quality).items()
        if isinstance(value, int | float)
    }
    found |= {name: Interval(value, value, value) for name, value in _residuals(quality).items()}
    if quality.water_linewidth_hz is not None and quality.linewidth_hz > 0:
        wider = quality.water_linewidth_hz / quality.linewidth_hz
        found["water_over_metabolite_linewidth"] = Interval(wider, wider, wider)
    by_name = {quantity.name: quantity for quantity in quantities}
    seen = max((_over_sd(by_name[name]) for name in BRAIN_METABOLITES if name in by_name), default=0.0)
    found["brain_metabolite_over_sd"] = Interval(seen, seen, seen)
    creatine = by_name.get("tCr")
    if creatine is None or not creatine.detected:
        return found
    background = by_name.get(MACROMOLECULES)
    if background is not None and not background.detected and _shows_macromolecules(quality, echo_time):
        bound = _ratio(background, creatine)
        if bound is not None:
            found["macromolecule_bound"] = bound
    for name, quantity in by_name.items():
        ratio = _ratio(quantity, creatine)
        if ratio is not None:
            found[f"{name}/tCr"] = ratio
    if creatine.concentration is not None:
        found[CONCENTRATION] = _around(creatine.concentration.value, creatine.concentration.sd)
        found[f"{CONCENTRATION} {creatine.concentration.unit}"] = found[CONCENTRATION]
    return found


def _residuals(quality: Quality) -> dict[str, float]:
    """Largest residual of all regions, of those apart from the foot of the water, and of that one if there was any."""
    regions = quality.residual_by_region
    if not regions:
        return {}
    found = {"worst_region_residual": max(region.rms_over_noise for region in regions)}
    below = [region.rms_over_noise for region in regions if region.high_ppm <= BESIDE_WATER_PPM]
    beside = [region.rms_over_noise for region in regions if region.low_ppm >= BESIDE_WATER_PPM]
    if below:
        found["worst_residual_below_3.4_ppm"] = max(below)
    if beside and quality.residual_water is not None and quality.residual_water > MUCH_WATER:
        found["residual_beside_water"] = max(beside)
    return found


def _shows_macromolecules(quality: Quality, echo_time: float | None) -> bool:
    return echo_time is not None and echo_time <= SHORT_ECHO_TIME and quality.snr >= GOOD_SNR


def _over_sd(quantity: Quantity) -> float:
    """The amplitude in its standard deviations; without bound where it has no error."""
    return quantity.amplitude / quantity.amplitude_sd if quantity.amplitude_sd > 0 else math.inf


def _ratio(quantity: Quantity, creatine: Quantity) -> Interval | None:
    """The ratio with its interval; of an undetected metabolite, from zero to its upper bound."""
    if quantity.ratio_tcr is None:
        return None
    if quantity.detected:
        return _around(quantity.ratio_tcr.value, quantity.ratio_tcr.sd)
    if quantity.upper_bound is None or creatine.amplitude <= 0:
        return None
    bound = quantity.upper_bound / creatine.amplitude
    return Interval(bound, 0.0, bound)


def _around(value: float, sd: float) -> Interval:
    return Interval(value, value - CONFIDENT * sd, value + CONFIDENT * sd)
