"""A measured macromolecular spectrum, metabolites nulled, as the only background of a fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fitting.acquisition import Acquisition
from fitting.basis.basis_set import BasisSet
from fitting.basis.macromolecules import Background, mixture
from fitting.basis.match import on_axes
from fitting.errors import FittingError, MissingParameter, UnusableBasis
from fitting.fid import Axes, Fid
from fitting.io import Files, read
from fitting.preprocessing import preprocess
from fitting.request import Overrides
from fitting.run.intake import digest
from fitting.units import ComplexArray

SEARCH_PPM = 0.1
"""How far a measured background may stand from the published ones."""

TAPER_SECONDS = (0.08, 0.16)
"""From here to there the signal is faded out: macromolecules (20 Hz and wider) have decayed, noise has not."""

LEAST_LIKENESS = 0.6
"""Correlation with the mean of the published templates below which it is not a macromolecular spectrum: measured ones
have 0.83 (9.4 T) and 0.92 (3 T), a water scan has 0.5."""

EARLY_SECONDS, LATE_SECONDS, LAST_SECONDS = (0.005, 0.03), (0.10, 0.16), (0.5, 0.9)
LARGEST_LATE_SHARE = 0.12
"""Signal (root mean square, less noise) that may be left late, relative to early. Nulled scans have less than 0.09;
metabolites, whose lines are narrower, leave 0.15 and more at usual quality."""


def measured_background(files: Files, overrides: Overrides, axes: Axes) -> Background:
    """A measured macromolecular spectrum on the axes of the data, in phase and at its place.

    It is read and preprocessed like any spectrum. Phase and common shift are those that correlate best with the mean of
    the published templates; its amplitude is that of the template it then resembles most. Dwell time and frequency
    missing in its file are taken from the request, as for the data.

    Parameters
    ----------
    files : Files
        The scan, in any format that is read.
    overrides : Overrides
        Of these only dwell time and spectrometer frequency are used, where the file has none.
    axes : Axes
        Of the data.

    Raises
    ------
    UnusableBasis
        When it cannot be read or is no macromolecular spectrum of the data's field.
    """
    basis = measured_basis(files, overrides)
    moved = on_axes(basis, axes)
    return Background(moved.signals[0], None, f"measured, sha256 {digest(files)[:12]}")


def measured_basis(files: Files, overrides: Overrides) -> BasisSet:
    """The scan as a basis set of the one component ``MM`` on its own grid; as ``measured_background``.

    Raises
    ------
    UnusableBasis
        When it cannot be read or is no macromolecular spectrum.
    """
    name = files[0].name
    try:
        recording = read(files)
        scan, _ = preprocess(replace(recording, acquisition=_completed(recording.acquisition, overrides)))
    except FittingError as error:
        raise UnusableBasis(f"Macromolecular spectrum '{name}': {error.detail}", file=name) from error
    fid = scan.fid
    signal = _aligned(fid, name)
    return BasisSet(("MM",), signal[None], fid.dwell_time, fid.frequency, digest(files), name, "scan")


def _completed(acquisition: Acquisition, overrides: Overrides) -> Acquisition:
    completed = replace(
        acquisition,
        dwell_time=acquisition.dwell_time or overrides.dwell_time,
        spectrometer_frequency=acquisition.spectrometer_frequency or overrides.spectrometer_frequency,
    )
    for quantity in ("dwell_time", "spectrometer_frequency"):
        if getattr(completed, quantity) is None:
            raise MissingParameter(
                f"its file has no {quantity.replace('_', ' ')}; supply the one of the scan, or a format that holds it.",
                parameter=quantity,
            )
    return completed


def _aligned(scan: Fid, name: str) -> ComplexArray:
    """The scan's samples, faded out, with the phase, place and amplitude of the mean of the published templates."""
    time = scan.time
    _require_broad_lines(scan, name)
    begin, end = TAPER_SECONDS
    fading = np.cos(0.5 * np.pi * np.clip((time - begin) / (end - begin), 0.0, 1.0)) ** 2
    faded = scan.samples * fading
    expected = mixture(scan.axes).signal
    size = 16 * scan.points
    correlation = np.fft.fft(faded * expected.conj(), size)
    offset = np.fft.fftfreq(size, scan.dwell_time)
    near = np.abs(offset) <= SEARCH_PPM * 1e-6 * scan.frequency
    best = int(np.flatnonzero(near)[np.argmax(np.abs(correlation[near]))])
    power = float(np.vdot(faded, faded).real)
    likeness = float(np.abs(correlation[best])) / np.sqrt(power * float(np.vdot(expected, expected).real))
    if not likeness >= LEAST_LIKENESS:
        raise UnusableBasis(
            f"Macromolecular spectrum '{name}' does not look like one (its correlation with the published ones is "
            f"{likeness:.2f}); supply a scan with nulled metabolites and suppressed water.",
            file=name,
        )
    scale = float(np.vdot(expected, expected).real) / float(np.abs(correlation[best]))
    turned = faded * np.exp(-1j * np.angle(correlation[best]) - 2j * np.pi * offset[best] * time)
    return np.asarray(scale * turned, dtype=np.complex128)


def _require_broad_lines(scan: Fid, name: str) -> None:
    """Refuse a scan whose signal lasts as long as metabolites do; noise may hide it."""
    time = scan.time

    def power(interval: tuple[float, float]) -> float:
        inside = np.abs(scan.samples[(time >= interval[0]) & (time < interval[1])]) ** 2
        return float(np.mean(inside)) if inside.size else 0.0

    late = max(power(LATE_SECONDS) - power(LAST_SECONDS), 0.0)
    share = float(np.sqrt(late / max(power(EARLY_SECONDS), np.finfo(float).tiny)))
    if share > LARGEST_LATE_SHARE:
        raise UnusableBasis(
            f"Macromolecular spectrum '{name}' holds narrow lines ({share:.0%} of its signal is left after 0.1 s); "
            "supply a scan whose metabolites are nulled.",
            file=name,
        )
