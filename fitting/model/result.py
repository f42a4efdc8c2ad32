"""Results of the fit: Fit (numbers) and Traces (arrays for plots)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np

from fitting.model.plotting import plot
from fitting.model.signals import Signals
from fitting.units import ByteArray, FloatArray

OutcomeCode = Literal["converged", "stopped_early", "failed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Termination status of the fit, with a sentence for display."""

    code: OutcomeCode
    """``converged``, ``stopped_early`` (deadline or evaluation limit) or ``failed``."""
    sentence: str
    """The same for display."""


@dataclass(frozen=True, slots=True)
class Traces:
    """Real spectra for plots on one descending ppm axis; all arrays but ``components`` have shape (points,).

    data = fit + residual; fit = sum of components + baseline. ``components`` has shape
    (names, points) and holds each scaled, shifted and broadened basis signal.
    """

    ppm: FloatArray
    data: FloatArray
    fit: FloatArray
    baseline: FloatArray
    residual: FloatArray
    names: tuple[str, ...]
    components: FloatArray
    correlation: FloatArray | None = None
    """(names, names): correlation of the errors of the amplitudes, from the covariance that their standard deviations
    come from; None in traces that were kept before it was."""
    covariance_scan: FloatArray | None = None
    """(names, names): covariance of the errors of the amplitudes that differ from scan to scan on one scanner; None in
    traces that were kept before it was, as below."""
    covariance_shared: FloatArray | None = None
    """(names, names): covariance of the errors that all scans of one scanner share. Both together are the covariance of
    the amplitudes, so that every ratio of them has its standard deviations."""
    signals: Signals | None = None
    """The complex signals over the whole band; None in traces that were kept before they were."""
    voxel_mm: FloatArray | None = None
    """(4, 3): middle of the measured volume and its three edges in NIfTI world coordinates, mm; None when the header
    does not say them, and in traces that were kept before they were."""
    planes: ByteArray | None = None
    """(3, 256, 256): sagittal, coronal and axial plane of the image through the measured volume; None without one."""
    planes_middle_mm: FloatArray | None = None
    """(3,): world coordinates of the middle of the planes, mm."""

    def to_dict(self) -> dict[str, Any]:
        """The real arrays by name, as lists of numbers; absent arrays and the complex signals are omitted."""
        given = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "signals"}
        return {
            name: value.tolist() if isinstance(value, np.ndarray) else list(value)
            for name, value in given.items()
            if value is not None
        }

    def plot(self, components: Sequence[str] = (), axes: Any = None) -> Any:
        """Draw data, fit, baseline and residual with matplotlib, and some ``components``; returns its axes.

        Raises
        ------
        ImportError
            When matplotlib is not installed.
        ValueError
            When there is no component of a name.
        """
        unknown = [name for name in components if name not in self.names]
        if unknown:
            raise ValueError(f"there is no component {', '.join(unknown)}; there are {', '.join(self.names)}")
        chosen = {name: self.components[self.names.index(name)] for name in components}
        return plot(self.ppm, self.data, self.fit, self.baseline, components=chosen, axes=axes)


@dataclass(frozen=True, slots=True)
class Alternative:
    """Amplitudes (K,) of another reasonable model, in the units of the FID, and that model in words."""

    model: str
    amplitudes: FloatArray


@dataclass(frozen=True, slots=True)
class WithoutPrior:
    """Amplitudes (K,) and covariance (K, K) from the data alone, without prior, in the units of the FID."""

    amplitudes: FloatArray
    covariance: FloatArray


@dataclass(frozen=True, slots=True)
class Fit:
    """Amplitudes of the linear combination model with their covariance.

    ``amplitudes`` (K,) and ``covariance`` (K, K) are in the units of the FID (signal of one proton,
    see BasisSet). ``covariance`` is the reported one: it includes the baseline, phases, shifts and
    widths, model mismatch as far as the residual shows it, and components held at zero; ``shared_covariance`` (K, K) is
    the part of it that all spectra of one scanner share. ``crlb_covariance`` (K, K) is the classical Cramér-Rao bound
    for a known baseline, reported beside it for comparison.
    """

    outcome: Outcome
    names: tuple[str, ...]
    amplitudes: FloatArray
    covariance: FloatArray
    shared_covariance: FloatArray
    crlb_covariance: FloatArray
    phase0: float
    """rad"""
    phase1: float
    """s (time origin shift)"""
    shift_hz: float
    """Common frequency shift of the data against the basis, toward higher ppm."""
    linewidth_hz: float
    """FWHM of a metabolite singlet in the fitted model."""
    noise_sd: float
    """Standard deviation of the noise of the real part of one FID sample."""
    residual_rms_over_noise: float
    evaluations: int
    baseline_effective_dimension: float
    traces: Traces
    alternatives: tuple[Alternative, ...] = ()
    """Amplitudes under other reasonable models."""
    background_probability: float | None = None
    """Probability of so unlikely macromolecules under those learned from the scanner's people; None without them."""
    without_prior: WithoutPrior | None = None
    """Amplitudes from the data alone; None without a prior of the amplitudes."""
    lorentz: float = 0.0
    """Common Lorentzian damping of the components, 1/s."""
    gauss: float = 0.0
    """Common Gaussian damping of the components, 1/s."""
