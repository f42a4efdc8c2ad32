"""A real uncombined scan before and after preprocessing.

STEAM at 7 T, 4 coils and 16 transients, of the NIfTI-MRS tools (BSD-3-Clause, W. T. Clarke), with its water reference.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fitting.acquisition import Recording
from fitting.fid import Fid, Spectrum
from fitting.io import SourceFile, read
from fitting.preprocessing import Preprocessed, preprocess
from fitting.preprocessing.coil_combination import coil_weights
from fitting.units import FloatArray

SCAN = "nifti_mrs/steam_7T_brain"
NAA_PPM = (1.9, 2.1)
SMOOTHING_HZ = 3.0
BROAD = 0.05
"""s; broad signals decay within this time."""


@dataclass(frozen=True)
class Comparison:
    """The scan before and after, and NAA's height over the noise's sd of each way to make one FID of it."""

    recording: Recording
    spectrum: Spectrum
    facts: Preprocessed
    snr: dict[str, float]
    plain: Fid
    """First-point combination, mean of all transients."""


def scan(folder: Path) -> Recording:
    """The spectrum with its reference."""
    parts = [folder / SCAN / f"{name}_raw.nii.gz" for name in ("metab", "wref")]
    spectrum, water = (read((SourceFile(part.name, part.read_bytes()),)) for part in parts)
    return replace(spectrum, water=water)


def compare(folder: Path) -> Comparison:
    """Best single coil, weighting by the first point, and the whole chain."""
    recording = scan(folder)
    assert recording.water is not None
    spectrum, facts = preprocess(recording)
    first = recording.water.samples[..., :4].mean(axis=(0, 2))
    combined = np.einsum("c,tcn->n", first.conj() / np.abs(first).sum(), recording.samples) / recording.transients
    plain = spectrum.fid.with_samples(combined)
    whitened = coil_weights(recording.water.samples, recording.fid).combine(recording.fid).samples
    single = recording.samples.mean(axis=0)
    found = {
        "best single coil": max(_snr(spectrum.fid.with_samples(fid), facts.shift_ppm) for fid in single),
        "coils weighted by their first point": _snr(plain, facts.shift_ppm),
        "noise-whitened coils": _snr(spectrum.fid.with_samples(whitened.mean(axis=0)), facts.shift_ppm),
        "the whole chain: noise-whitened, aligned, corrected for eddy currents": _snr(spectrum.fid, 0.0),
    }
    return Comparison(recording, spectrum, facts, found, plain)


def smoothed(fid: Fid) -> tuple[FloatArray, FloatArray]:
    """ppm and magnitude of the slightly smoothed spectrum of an FID (points,)."""
    heights = np.abs(np.fft.fft(fid.samples * np.exp(-np.pi * SMOOTHING_HZ * fid.time)))
    ppm = fid.axes.fft_ppm
    order = np.argsort(ppm)
    return ppm[order], heights[order]


def _snr(fid: Fid, shift_ppm: float) -> float:
    """Highest magnitude of NAA, without broad signal below it, over the noise of the same spectrum."""
    window = (1 - np.exp(-fid.time / BROAD)) * np.exp(-np.pi * SMOOTHING_HZ * fid.time)
    ppm = fid.axes.fft_ppm + shift_ppm
    near = (ppm > NAA_PPM[0]) & (ppm < NAA_PPM[1])
    noise = fid.noise * np.sqrt(np.sum(window**2))
    return float(np.abs(np.fft.fft(fid.samples * window))[near].max() / noise)
