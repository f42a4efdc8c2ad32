"""Quantification: fitted amplitudes become ratios to tCr and water-scaled concentrations, with errors."""

from __future__ import annotations

import numpy as np

from fitting.acquisition import Acquisition
from fitting.fid import Fid
from fitting.model.result import Fit
from fitting.quantification.concentrations import Concentration, ModelMove, Quantity
from fitting.quantification.deviations import Deviations
from fitting.quantification.ratios import ratios_to
from fitting.quantification.relaxation import RelaxationTable, relaxation_table
from fitting.quantification.scaling import water_scaled
from fitting.quantification.totals import Combinations, combine
from fitting.quantification.water_reference import water_signal
from fitting.request import TissueFractions
from fitting.units import FloatArray

__all__ = ["DETECTION_LIMIT", "RelaxationTable", "quantify", "relaxation_table"]

DETECTION_LIMIT = 1.645
"""Standard deviations an amplitude must exceed to count as detected: Currie's critical level, 5 % false
positives (Currie 1968, Anal Chem 40:586, doi:10.1021/ac60259a007)."""


def quantify(
    fit: Fit,
    water: Fid | None,
    acquisition: Acquisition,
    tissue: TissueFractions | None,
    relaxation: RelaxationTable,
    *,
    water_acquisition: Acquisition | None = None,
) -> tuple[Quantity, ...]:
    """Amplitudes, ratios to tCr and water-scaled concentrations of all components and their sums.

    * Every standard deviation comes in two parts: of what differs from scan to scan on one scanner, and of what its
      scans share. Shared are the deviations of macromolecules, pulses and timings that a scanner's people have in
      common; relaxation times and water content are in neither part, as they are not in the whole.
    * A quantity is *detected* when its amplitude exceeds 1.645 standard deviations; otherwise
      ``upper_bound`` = max(amplitude, 0) + 1.645 sd.
    * ``ratio_tcr`` is the ratio of one-proton signals, not corrected for relaxation, as in the
      LCModel-type ratios of published norms; None unless tCr is detected.
    * ``concentration`` is in mmol per kg of tissue water with tissue fractions, echo and repetition time
      and relaxation times, otherwise in institutional units; see :mod:`fitting.quantification.scaling`.
      Macromolecules and lipids have none: they have no defined number of protons.

    Parameters
    ----------
    fit : Fit
        Amplitudes (K,) and covariance (K, K); the signal of one proton in the units of the FID.
    water : Fid, shape (points,), or None
        Water reference on the same receiver scale.
    acquisition : Acquisition
        Echo time, repetition time and field of the spectrum.
    tissue : TissueFractions or None
    relaxation : RelaxationTable
    water_acquisition : Acquisition, optional
        Echo and repetition time of the water reference where they differ.

    Returns
    -------
    tuple of Quantity
        In the order of ``totals.ORDER``, then other metabolites, then macromolecules.

    Raises
    ------
    ImplausibleParameter
        When the tissue fractions are impossible.
    UnusableSignal
        When the water reference holds no water signal.
    """
    combinations = combine(fit.names)
    amplitudes, covariance = combinations.apply(fit.amplitudes, fit.covariance)
    _, shared = combinations.apply(fit.amplitudes, fit.shared_covariance)
    sds = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
    detected = amplitudes > DETECTION_LIMIT * sds
    creatine = combinations.creatine
    ratios = None
    if creatine is not None and detected[creatine]:
        ratios = ratios_to(creatine, amplitudes, covariance, shared)
    parts = [Deviations.of(*pair) for pair in zip(np.diagonal(covariance), np.diagonal(shared), strict=True)]
    concentrations: tuple[Concentration | None, ...] = (None,) * len(combinations.names)
    if water is not None:
        concentrations = water_scaled(
            fit,
            combinations,
            water_signal(water),
            acquisition=acquisition,
            water_acquisition=water_acquisition or acquisition,
            tissue=tissue,
            relaxation=relaxation,
        )
    bounds = _crlb(fit, combinations)
    moves = _model_moves(fit, combinations, amplitudes, sds)
    prior_moves = _prior_moves(fit, combinations, amplitudes)
    return tuple(
        Quantity(
            name=name,
            amplitude=float(amplitudes[index]),
            amplitude_sd=float(sds[index]),
            amplitude_sd_scan=parts[index].scan,
            amplitude_sd_shared=parts[index].shared,
            crlb_percent=_percent(bounds[index], amplitudes[index]),
            detected=bool(detected[index]),
            upper_bound=None if detected[index] else float(max(amplitudes[index], 0.0) + DETECTION_LIMIT * sds[index]),
            model_move=moves[index],
            prior_move=prior_moves[index],
            ratio_tcr=None if ratios is None else ratios[index],
            concentration=concentrations[index],
        )
        for index, name in enumerate(combinations.names)
    )


def _model_moves(
    fit: Fit, combinations: Combinations, amplitudes: FloatArray, sds: FloatArray
) -> tuple[ModelMove | None, ...]:
    """The largest move of each reported name under the fit's alternatives; None without them."""
    if not fit.alternatives:
        return (None,) * len(combinations.names)
    others = np.array([combinations.weights @ other.amplitudes for other in fit.alternatives])
    moved = (others - amplitudes) / np.maximum(sds, np.finfo(float).tiny)
    largest = np.argmax(np.abs(moved), axis=0)
    return tuple(
        ModelMove(fit.alternatives[choice].model, float(moved[choice, index])) for index, choice in enumerate(largest)
    )


def _prior_moves(fit: Fit, combinations: Combinations, amplitudes: FloatArray) -> tuple[float | None, ...]:
    """Change of each reported name by a prior, in standard deviations of the estimate without it."""
    if fit.without_prior is None:
        return (None,) * len(combinations.names)
    before, covariance = combinations.apply(fit.without_prior.amplitudes, fit.without_prior.covariance)
    sds = np.sqrt(np.maximum(np.diagonal(covariance), np.finfo(float).tiny))
    return tuple(float(move) for move in (amplitudes - before) / sds)


def _crlb(fit: Fit, combinations: Combinations) -> FloatArray:
    """Classical bound of the standard deviation of each reported name, shape (M,)."""
    variances = np.diagonal(combinations.weights @ fit.crlb_covariance @ combinations.weights.T)
    return np.asarray(np.sqrt(np.maximum(variances, 0.0)), dtype=np.float64)


def _percent(bound: float, amplitude: float) -> float | None:
    return float(100.0 * bound / amplitude) if amplitude > 0.0 and np.isfinite(bound) else None
