"""Water scaling: molal concentrations after tissue and relaxation correction, or institutional units without.

With one-proton signals S_M of the metabolite and S_W of water, water fractions f_k of the tissues (GM,
WM, CSF) and relaxation attenuations R, the molal concentration is (Gasparovic et al. 2006, Magn Reson
Med 55:1219, doi:10.1002/mrm.20901; Near et al. 2021, doi:10.1002/nbm.4257)

    c = S_M / S_W · 55510 mmol/kg · Σ_k f_k R_k / ((1 − f_CSF) R_M).

Without tissue fractions, echo time, repetition time or relaxation times the concentration is in
*institutional units* as LCModel's defaults define them, so that it is comparable with such numbers of other programs:

    c = S_M / S_W · 35880 mmol/l · 0.7      (WCONC, ATTH2O; ATTMET = 1; LCModel manual section 10.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fitting.acquisition import Acquisition
from fitting.basis.macromolecules import is_background
from fitting.model.result import Fit
from fitting.quantification.concentrations import Concentration
from fitting.quantification.deviations import Deviations
from fitting.quantification.relaxation import ANY_METABOLITE, Relaxation, RelaxationTable
from fitting.quantification.tissue import TISSUES, volume_fractions, water_fractions
from fitting.quantification.totals import Combinations
from fitting.quantification.water_reference import WaterSignal
from fitting.request import TissueFractions
from fitting.units import FloatArray

WATER_MOLALITY = 55510.0
"""Pure water, mmol/kg: 1000 / 18.015 mol/kg."""
LCMODEL_WATER = 35880.0
"""WCONC, mmol/l: water of white matter in LCModel's defaults."""
LCMODEL_ATTENUATION = 0.7
"""ATTH2O: T2 decay of water near TE 30 ms in LCModel's defaults."""

UNCERTAINTY = "sd carries the fit and the water signal, not relaxation times, water content or tissue fractions"


@dataclass(frozen=True, slots=True)
class ConcentrationScale:
    """Concentration per (S_M / S_W) of each fitted component, with the corrections applied, in words."""

    unit: str
    factors: FloatArray
    """Shape (K,)."""
    common: tuple[str, ...]
    own: tuple[str, ...]
    """One sentence per component, or empty strings."""


def water_scaled(
    fit: Fit,
    combinations: Combinations,
    water: WaterSignal,
    *,
    acquisition: Acquisition,
    water_acquisition: Acquisition,
    tissue: TissueFractions | None,
    relaxation: RelaxationTable,
) -> tuple[Concentration | None, ...]:
    """Concentrations (M,) of the reported names; None for macromolecules and lipids.

    The variance is that of the fit plus c² times the relative variance of the water signal, which differs from scan to
    scan; sums add corrected members with their covariance.

    Raises
    ------
    ImplausibleParameter
        When the tissue fractions are impossible.
    """
    scale = scale_of(fit.names, acquisition, water_acquisition, tissue, relaxation)
    factors = scale.factors / water.per_proton
    values, covariance = combinations.apply(factors * fit.amplitudes, fit.covariance * np.outer(factors, factors))
    variances = np.diagonal(covariance) + (values * water.relative_sd) ** 2
    _, shared = combinations.apply(fit.amplitudes, fit.shared_covariance * np.outer(factors, factors))
    sds = [Deviations.of(*pair) for pair in zip(variances, np.diagonal(shared), strict=True)]
    return tuple(
        Concentration(
            value=float(values[index]),
            sd=sds[index].whole,
            unit=scale.unit,
            corrections=(
                *scale.common,
                *(scale.own[member] for member in np.flatnonzero(combinations.weights[index]) if scale.own[member]),
            ),
            sd_scan=sds[index].scan,
            sd_shared=sds[index].shared,
        )
        if not is_background(name)
        else None
        for index, name in enumerate(combinations.names)
    )


def scale_of(
    names: tuple[str, ...],
    acquisition: Acquisition,
    water_acquisition: Acquisition,
    tissue: TissueFractions | None,
    relaxation: RelaxationTable,
) -> ConcentrationScale:
    """Factors from amplitudes of named components, over the signal of a water proton, to concentrations.

    Raises
    ------
    ImplausibleParameter
        When the tissue fractions are impossible.
    """
    fractions = None if tissue is None else volume_fractions(tissue)
    timing = _timing(acquisition)
    water_timing = _timing(water_acquisition)
    field = acquisition.nominal_field_t
    if fractions is None:
        return _institutional(names, "tissue fractions were not given")
    if timing is None or water_timing is None:
        return _institutional(names, "without echo and repetition time T1 and T2 relaxation cannot be corrected")
    if field is None:
        return _institutional(names, "without the field strength relaxation times cannot be chosen")
    water_rows = {place: relaxation.find("water", place, field) for place in TISSUES}
    metabolite_rows = [
        {place: relaxation.find(name, place, field) for place in ("GM", "WM")} if not is_background(name) else {}
        for name in names
    ]
    found = {place: row for place, row in water_rows.items() if row is not None}
    if len(found) < len(TISSUES) or any(None in rows.values() for rows in metabolite_rows):
        return _institutional(names, f"the relaxation table has no complete rows for {field:g} T")
    shares = water_fractions(fractions)
    visible = sum(shares[place] * row.attenuation(*water_timing) for place, row in found.items())
    factors, own = [], []
    for name, rows in zip(names, metabolite_rows, strict=True):
        known = {place: row for place, row in rows.items() if row is not None}
        if not known:
            factors.append(0.0)
            own.append("")
            continue
        attenuation = sum(fractions[place] * row.attenuation(*timing) for place, row in known.items())
        attenuation /= fractions["GM"] + fractions["WM"]
        factors.append(WATER_MOLALITY * visible / ((1.0 - shares["CSF"]) * attenuation))
        own.append(f"{name} relaxation {_times(known)}{_substitute(known)}")
    common = (
        "mmol per kg of tissue water (Gasparovic 2006), voxel "
        + " ".join(f"{place} {fractions[place]:.2f}" for place in TISSUES),
        f"water relaxation at TE {water_timing[0] * 1e3:g} ms, TR {water_timing[1] * 1e3:g} ms: {_times(found)}",
        f"metabolite relaxation at TE {timing[0] * 1e3:g} ms, TR {timing[1] * 1e3:g} ms, GM and WM weighted by volume",
        UNCERTAINTY,
    )
    return ConcentrationScale("mmol/kg", np.array(factors), common, tuple(own))


def _institutional(names: tuple[str, ...], reason: str) -> ConcentrationScale:
    common = (
        f"institutional units: {reason}",
        f"water scaling with LCModel's defaults, WCONC {LCMODEL_WATER:g} mmol/l, ATTH2O {LCMODEL_ATTENUATION:g}, "
        "ATTMET 1",
        "not corrected for CSF, tissue water content or relaxation",
        UNCERTAINTY,
    )
    factors = np.full(len(names), LCMODEL_WATER * LCMODEL_ATTENUATION)
    return ConcentrationScale("iu", factors, common, ("",) * len(names))


def _timing(acquisition: Acquisition) -> tuple[float, float] | None:
    if acquisition.echo_time is None or acquisition.repetition_time is None:
        return None
    return acquisition.echo_time, acquisition.repetition_time


def _times(rows: dict[str, Relaxation]) -> str:
    return ", ".join(f"{place} T1 {row.t1 * 1e3:g} T2 {row.t2 * 1e3:g} ms" for place, row in rows.items())


def _substitute(rows: dict[str, Relaxation]) -> str:
    return " (one value for all metabolites)" if any(row.species == ANY_METABOLITE for row in rows.values()) else ""
