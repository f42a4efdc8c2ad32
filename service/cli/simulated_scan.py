"""A simulated 3 T PRESS scan of the anterior cingulate cortex with its water reference: the example, and the demo.

No person was measured: every number below is typical of grey matter or chosen. The content is what a perfect analysis
would find.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from fitting.basis.basis_set import Grid
from fitting.basis.cache import cached_basis
from fitting.basis.macromolecule_templates import rigid_macromolecules
from fitting.basis.sequences import Protocol, as_played_out
from fitting.fid import Axes
from fitting.units import WATER_PPM, ComplexArray, FloatArray

SPECTROMETER_FREQUENCY = 123.25e6
DWELL_TIME = 1 / 2000
POINTS = 2048
ECHO_TIME = 0.030
REPETITION_TIME = 2.0
VOI_MM = (30.0, 25.0, 20.0)
TISSUE = {"gm": 0.60, "wm": 0.30, "csf": 0.10}

# Concentrations, mM of tissue: inside the ranges of healthy adult brain in Govindaraju, Young & Maudsley 2000
# (NMR Biomed 13:129-153) and de Graaf, In Vivo NMR Spectroscopy, 3rd edition (2019), chapter 2.
CONTENT = {
    "NAA": 9.4, "NAAG": 1.1, "Glu": 9.6, "Gln": 2.3, "mI": 6.3, "GPC": 1.4, "PCh": 0.5, "Cr": 4.5, "PCr": 3.8,
    "GABA": 1.5, "GSH": 1.3, "Asp": 1.6, "Asc": 0.9, "Tau": 1.4, "Scyllo": 0.3, "Lac": 0.6, "Ala": 0.3, "PE": 1.2,
    "Glc": 1.0, "Gly": 0.5, "Ser": 0.4,
}  # fmt: skip
MACROMOLECULES = 5.5
"""Apparent content of the template, mM of its methyl group at 0.92 ppm: relaxation is inside the number."""

# One pair of relaxation times for all metabolites and one for each kind of water, s, 3 T: the middle of the values in
# fitting/data/relaxation.csv, where the sources stand.
METABOLITE_T1, METABOLITE_T2 = 1.35, 0.19
WATER = {"gm": (0.78, 1.331, 0.110), "wm": (0.65, 0.832, 0.0792), "csf": (0.97, 3.817, 0.503)}
"""Water content relative to pure water, T1, T2."""
PURE_WATER = 55.51e3
"""mM at body temperature, as in Gasparovic 2006, doi:10.1002/mrm.20901."""

LORENTZ_HZ, GAUSS_HZ = 3.0, 4.2
"""Together a Voigt line of 6 Hz."""
SIGNAL_TO_NOISE = 25.0
"""Height of NAA over twice the standard deviation of the noise of the real spectrum."""
SHIFT_HZ, PHASE_DEG = 2.5, 12.0
RESIDUAL_WATER = 0.5
"""Height over that of NAA."""
TEMPLATE = "murali-manohar-landheer-2020-gm"
"""Published macromolecules of the region."""
BASELINE = ((0.9, 0.9, 0.03), (2.3, 1.3, 0.04), (3.6, 1.1, 0.03))
"""Broad components: position ppm, FWHM ppm, height over that of NAA."""
RECEIVER_GAIN = 2.4e-3
SEED = 20250301


def saturation(echo_time: float, repetition_time: float, t1: float, t2: float) -> float:
    """Part of the magnetisation that a spin echo leaves: exp(-TE/T2) (1 - exp(-TR/T1))."""
    return float(np.exp(-echo_time / t2) * (1 - np.exp(-repetition_time / t1)))


def metabolites(content: Mapping[str, float], cache_dir: Path | None = None) -> ComplexArray:
    """The noiseless metabolite FID of the region, mM of one proton, without macromolecules and nuisances."""
    protocol = as_played_out(Protocol("PRESS", ECHO_TIME, SPECTROMETER_FREQUENCY), vendor=None)
    basis = cached_basis(protocol, Grid(POINTS, DWELL_TIME), cache_dir)
    relaxed = (1 - TISSUE["csf"]) * saturation(ECHO_TIME, REPETITION_TIME, METABOLITE_T1, METABOLITE_T2)
    return relaxed * np.array([content[name] for name in basis.names]) @ basis.signals


def water() -> float:
    """Signal of the water of the region at t = 0, mM of one proton."""
    visible = sum(
        TISSUE[tissue] * content * saturation(ECHO_TIME, REPETITION_TIME, t1, t2)
        for tissue, (content, t1, t2) in WATER.items()
    )
    return 2 * PURE_WATER * visible


def line(t: FloatArray) -> FloatArray:
    """The common line shape in time."""
    shape: FloatArray = np.exp(-np.pi * LORENTZ_HZ * t - (np.pi * GAUSS_HZ * t) ** 2 / (4 * np.log(2)))
    return shape


def broad_signals(t: FloatArray) -> ComplexArray:
    """The smooth baseline, relative to the height of NAA in the spectrum."""
    signal = np.zeros(t.size, dtype=np.complex128)
    for ppm, width_ppm, height in BASELINE:
        width = width_ppm * 1e-6 * SPECTROMETER_FREQUENCY
        decay = np.exp(-((np.pi * width * t) ** 2) / (4 * np.log(2)))
        rotation = np.exp(2j * np.pi * (WATER_PPM - ppm) * 1e-6 * SPECTROMETER_FREQUENCY * t)
        signal += height * decay * rotation / np.fft.fft(decay).real.max()
    return signal


def make(
    content: Mapping[str, float] = CONTENT, seed: int = SEED, cache_dir: Path | None = None
) -> tuple[ComplexArray, ComplexArray]:
    """The metabolite FID and the water FID of a person with these concentrations (mM), in the units of the receiver."""
    rng = np.random.default_rng(seed)
    axes = Axes(POINTS, DWELL_TIME, SPECTROMETER_FREQUENCY)
    t = axes.time
    _, macromolecules = rigid_macromolecules(TEMPLATE, axes)
    clean = metabolites(content, cache_dir) * line(t) + MACROMOLECULES * macromolecules[0] * np.exp(
        -np.pi * LORENTZ_HZ * t
    )
    ppm = axes.ppm
    spectrum = np.fft.fftshift(np.fft.fft(clean)).real
    height = float(spectrum[(ppm > 1.9) & (ppm < 2.1)].max())
    remaining = np.exp(-np.pi * 8 * t + 2j * np.pi * 3 * t + 0.7j)
    clean += height * (broad_signals(t) + RESIDUAL_WATER * remaining / np.abs(np.fft.fft(remaining)).max())
    sd = height / (2 * SIGNAL_TO_NOISE) / np.sqrt(POINTS)
    nuisance = np.exp(1j * np.deg2rad(PHASE_DEG) - 2j * np.pi * SHIFT_HZ * t)
    noise = rng.normal(scale=sd, size=(2, 2, POINTS))
    metabolite_fid = clean * nuisance + noise[0, 0] + 1j * noise[0, 1]
    water_fid = water() * line(t) * nuisance + noise[1, 0] + 1j * noise[1, 1]
    return RECEIVER_GAIN * metabolite_fid, RECEIVER_GAIN * water_fid
