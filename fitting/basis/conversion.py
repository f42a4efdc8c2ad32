"""Convert a supplied basis to our conventions: orientation, first point, referencing and the scale of one proton."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from scipy.optimize import least_squares

from fitting.basis.basis_set import BasisSet
from fitting.basis.foreign_basis_names import component_name
from fitting.basis.interpolation import predict_before
from fitting.basis.macromolecules import is_background
from fitting.basis.supplied import SuppliedBasis
from fitting.errors import UnusableBasis
from fitting.fid import Fid
from fitting.units import WATER_PPM, ComplexArray, FloatArray

REFERENCES: tuple[tuple[str, float, int], ...] = (
    ("Cr", 3.027, 3),
    ("PCr", 3.029, 3),
    ("NAA", 2.008, 3),
    ("PCh", 3.208, 9),
    ("GPC", 3.212, 9),
)
"""Singlets with a known number of protons, best first (Govindaraju 2000,
doi:10.1002/1099-1492(200005)13:3<129::aid-nbm619>3.0.co;2-v)."""

AGREEING = ("Cr", "NAA")
"""References that a set is refused without the agreement of: no ratio to tCr means anything if these differ."""

FURTHER: tuple[tuple[str, float, int], ...] = (("Scyllo", 3.340, 6),)
"""Further singlets with a known number of protons (same source), checked and never used as the reference."""

FEWEST_POINTS = 128
"""Fewer cannot tell one metabolite from another."""
SEARCH_PPM = 0.15
"""How far a set may be shifted as a whole."""
WINDOW_PPM = 0.12
"""Half width of the region in which a singlet is fitted."""
SCALE_TOLERANCE = 0.3
"""Largest relative difference of one proton's amplitude between two reference singlets of a set."""
LARGEST_GROWTH = 4.0
"""Logarithm of the largest factor by which taking out a width may raise a late sample and its rounding errors."""
ZERO_REFERENCE = (0.01, 0.1, 15.0)
"""What makes a line a 0 ppm reference singlet: least amplitude (protons), greatest distance (ppm) and FWHM (Hz)."""


@dataclass(frozen=True, slots=True)
class Singlet:
    """A fitted line: position, width (Lorentz and Gauss FWHM, Hz) and complex amplitude at t = 0."""

    ppm: float
    lorentz: float
    gauss: float
    amplitude: complex

    @property
    def linewidth_hz(self) -> float:
        """FWHM of the Voigt line (Olivero & Longbothum 1977, doi:10.1016/0022-4073(77)90161-3)."""
        return float(0.5346 * self.lorentz + np.sqrt(0.2166 * self.lorentz**2 + self.gauss**2))


def calibrate(supplied: SuppliedBasis, *, by_protons: bool = False) -> BasisSet:
    """The supplied basis in NIfTI-MRS sign, first point whole, referenced, one proton at amplitude 1.

    Components whose singlet counts another number of protons than it has are kept as they are and listed in
    ``off_scale`` and the description; ``by_protons`` they are rescaled, as the description says.

    Raises
    ------
    UnusableBasis
        When two entries are the same metabolite, no singlet of known protons is where it should be, or Cr and NAA are
        not on one scale.
    """
    names, signals = _named(supplied)
    _require_signal(names, signals, supplied.origin)
    fids = _oriented(names, Fid(signals, supplied.dwell_time, supplied.spectrometer_frequency), supplied.origin)
    fids = _whole_first_point(fids, [names.index(name) for name, _, _ in REFERENCES if name in names])
    singlets = {
        name: (fit_singlet(fids.with_samples(fids.samples[names.index(name)]), ppm), protons)
        for name, ppm, protons in (*REFERENCES, *FURTHER)
        if name in names
    }
    best = next(name for name, _, _ in REFERENCES if name in singlets)
    reference, protons = singlets[best]
    shift = reference.ppm - next(ppm for name, ppm, _ in REFERENCES if name == best)
    proton = reference.amplitude / protons
    counted = {name: abs(singlet.amplitude / count / proton) for name, (singlet, count) in singlets.items()}
    off_scale = {name: share for name, share in counted.items() if abs(share - 1.0) > SCALE_TOLERANCE}
    for name in AGREEING:
        if name in off_scale:
            raise UnusableBasis(
                f"Basis set '{supplied.origin}': one proton of {name} and one of {best} differ by more than "
                f"{SCALE_TOLERANCE:.0%}, so its metabolites are not on one scale.",
                file=supplied.origin,
            )
    t, hz = fids.time, fids.frequency
    placed = fids.samples * np.exp(2j * np.pi * shift * 1e-6 * hz * t) / proton
    placed = placed * _without_gauss(reference.gauss, t)
    if by_protons:
        placed = placed / np.array([off_scale.get(name, 1.0) for name in names])[:, None]
    signals = np.array(
        [
            _without_zero_ppm_reference(name, fids.with_samples(signal)).samples
            for name, signal in zip(names, placed, strict=True)
        ]
    )
    signals.setflags(write=False)
    return BasisSet(
        names=names,
        signals=signals,
        dwell_time=fids.dwell_time,
        spectrometer_frequency=hz,
        key=blake2b(
            repr(names).encode() + signals.tobytes() + f"{fids.dwell_time!r}{hz!r}".encode(), digest_size=16
        ).hexdigest(),
        description=(
            f"{supplied.origin}: {len(names)} components, {best} singlet {reference.linewidth_hz:.1f} Hz wide, "
            f"moved by {-shift:+.3f} ppm{_in_words(off_scale, by_protons)}"
        ),
        source=supplied.source,
        off_scale={} if by_protons else off_scale,
    )


def _in_words(off_scale: Mapping[str, float], rescaled: bool) -> str:
    """What a description says of components off scale."""
    done = "was rescaled from" if rescaled else "counts"
    return "".join(f"; {name} {done} {share:.2f} of its protons" for name, share in off_scale.items())


def _without_gauss(fwhm: float, time: FloatArray) -> FloatArray:
    """Factor (points,) that removes a Gaussian width (Hz) from signals, limited by the noise of late samples.

    A fit can narrow Lorentzian lines that are too broad, but Gaussian broadening only adds up.
    """
    return np.asarray(np.exp(np.minimum((np.pi * fwhm * time) ** 2 / (4 * np.log(2)), LARGEST_GROWTH)))


def _named(supplied: SuppliedBasis) -> tuple[tuple[str, ...], ComplexArray]:
    named = [(component_name(name), row) for row, name in enumerate(supplied.names)]
    kept = [(name, row) for name, row in named if name is not None]
    names = tuple(name for name, _ in kept)
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UnusableBasis(f"Basis set '{supplied.origin}' holds {twice} twice.", file=supplied.origin)
    signals: ComplexArray = supplied.signals[[row for _, row in kept]]
    return names, signals


def _require_signal(names: tuple[str, ...], signals: ComplexArray, origin: str) -> None:
    if signals.shape[1] < FEWEST_POINTS:
        raise UnusableBasis(
            f"Basis set '{origin}' has {signals.shape[1]} points per component; at least {FEWEST_POINTS} are needed.",
            file=origin,
        )
    for name, signal in zip(names, signals, strict=True):
        if not signal.any():
            raise UnusableBasis(f"Basis set '{origin}': '{name}' is zero everywhere.", file=origin, metabolite=name)


def _oriented(names: tuple[str, ...], fids: Fid, origin: str) -> Fid:
    """The signals (components, points) with higher ppm at lower frequency, oriented by a reference singlet."""
    expected = [(name, ppm) for name, ppm, _ in REFERENCES if name in names]
    if not expected:
        raise UnusableBasis(
            f"Basis set '{origin}' has none of {', '.join(name for name, _, _ in REFERENCES)}, so neither its "
            "referencing nor its scale can be checked.",
            file=origin,
        )
    name, ppm = expected[0]
    signal = fids.samples[names.index(name)]
    here, mirrored = (_highest(fids.with_samples(candidate), ppm) for candidate in (signal, signal.conj()))
    if max(here, mirrored) < 0.5:
        raise UnusableBasis(
            f"Basis set '{origin}': the singlet of {name} is not within {SEARCH_PPM:g} ppm of {ppm:g} ppm.",
            file=origin,
            metabolite=name,
        )
    return fids if here >= mirrored else fids.with_samples(fids.samples.conj())


def _highest(fid: Fid, ppm: float) -> float:
    """Height near ``ppm`` over the greatest height anywhere but near 0 ppm and its mirror image; 0 outside the band."""
    axis, spectrum = _spectrum(fid)
    height = np.abs(spectrum)
    elsewhere = (np.abs(axis) > SEARCH_PPM) & (np.abs(axis - 2 * WATER_PPM) > SEARCH_PPM)
    near = np.abs(axis - ppm) < SEARCH_PPM
    return float(height[near].max(initial=0.0) / height[elsewhere].max())


def _spectrum(fid: Fid) -> tuple[FloatArray, ComplexArray]:
    """Shift axis (ppm) and spectrum, zero-filled and apodised so that truncated neighbours do not leak."""
    apodised = fid.samples * np.exp(-((np.pi * 3.0 * fid.time) ** 2) / (4 * np.log(2)))
    spectrum: ComplexArray = np.fft.fft(apodised, 2 * fid.points)
    return fid.axes.with_points(2 * fid.points).fft_ppm, spectrum


def _whole_first_point(fids: Fid, references: list[int]) -> Fid:
    """The signals with the first point as a scanner writes it; LCModel's convention halves it.

    What the references continue to at t = 0 tells which it is: not every writer of LCModel files halves.
    """
    signals = fids.samples
    predicted = np.array([predict_before(signals[row, 1:], 1)[0] for row in references])
    held = np.vdot(predicted, signals[references, 0]).real / np.vdot(predicted, predicted).real
    whole = signals.copy()
    if held < 0.75:
        whole[:, 0] *= 2
    return fids.with_samples(whole)


def fit_singlet(fid: Fid, near_ppm: float) -> Singlet:
    """Fit the strongest line near a shift with a Voigt decay over a linear background.

    Parameters
    ----------
    fid : Fid, shape (points,)
    near_ppm : float
        The line is searched within ``SEARCH_PPM``.
    """
    axis, spectrum = _spectrum(fid)
    candidates = np.flatnonzero(np.abs(axis - near_ppm) < SEARCH_PPM)
    start = axis[candidates[np.abs(spectrum[candidates]).argmax()]]
    inside = np.abs(axis - start) < WINDOW_PPM
    measured = spectrum[inside]
    t = fid.time
    background = np.stack([np.ones(inside.sum()), (axis[inside] - start) / WINDOW_PPM])

    def design(x: FloatArray) -> ComplexArray:
        line = np.exp(-2j * np.pi * (x[0] - WATER_PPM) * 1e-6 * fid.frequency * t)
        line *= np.exp(-np.pi * x[1] * t - (np.pi * x[2] * t) ** 2 / (4 * np.log(2)))
        shape = _spectrum(fid.with_samples(line))[1][inside]
        columns: ComplexArray = np.stack([shape, *background], axis=1)
        return columns

    def residual(x: FloatArray) -> FloatArray:
        columns = design(x)
        left = measured - columns @ np.linalg.lstsq(columns, measured, rcond=None)[0]
        stacked: FloatArray = np.concatenate([left.real, left.imag]) / np.abs(measured).max()
        return stacked

    lower, upper = [start - WINDOW_PPM, 0.0, 0.0], [start + WINDOW_PPM, 40.0, 40.0]
    best = least_squares(residual, [start, 1.0, 1.0], bounds=(lower, upper), x_scale=[1e-3, 1.0, 1.0]).x
    amplitude = np.linalg.lstsq(design(best), measured, rcond=None)[0][0]
    return Singlet(float(best[0]), float(best[1]), float(best[2]), complex(amplitude))


def _without_zero_ppm_reference(name: str, fid: Fid) -> Fid:
    """The signal without the singlet near 0 ppm that some programs add to every spectrum."""
    if is_background(name) or 0.5 / fid.dwell_time < (WATER_PPM + SEARCH_PPM) * 1e-6 * fid.frequency:
        return fid
    smallest, nearest, widest = ZERO_REFERENCE
    axis, spectrum = _spectrum(fid)
    distance, height = np.abs(axis), np.abs(spectrum)
    rim = (distance > nearest) & (distance < SEARCH_PPM)
    if height[distance < nearest].max() < 2.0 * height[rim].max():
        return fid
    found = fit_singlet(fid, 0.0)
    if abs(found.amplitude) < smallest or abs(found.ppm) > nearest or found.linewidth_hz > widest:
        return fid
    t = fid.time
    line = np.exp(-2j * np.pi * (found.ppm - WATER_PPM) * 1e-6 * fid.frequency * t)
    line *= np.exp(-np.pi * found.lorentz * t - (np.pi * found.gauss * t) ** 2 / (4 * np.log(2)))
    return fid.with_samples(fid.samples - found.amplitude * line)
