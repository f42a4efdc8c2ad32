"""Spectra of known content that anyone can make: seeded, from the simulated basis and foreign macromolecules.

The basis is the one the fit uses, in the last two sets but for pulses and timings; macromolecules, baseline, residual
water, line shape and content are not. The macromolecules are drawn around the published templates in turn: no spectrum
holds one that the fit knows.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from fitting.basis.basis_set import Grid
from fitting.basis.cache import cached_basis
from fitting.basis.macromolecule_templates import Template, component_signals, templates
from fitting.basis.realisations import realisations
from fitting.basis.sequences import Protocol, as_played_out
from fitting.fid import Axes
from fitting.io import SourceFile
from fitting.quantification.totals import combine
from fitting.request import Subject, TissueFractions
from fitting.run import Job
from fitting.units import WATER_PPM, ComplexArray, FloatArray, field_from_frequency
from tests.measure.benchmarks.known_sets import KnownSet
from tests.measure.benchmarks.scoring import ATYPICAL, SMALLEST_WITH_ATYPICAL, Truth

PROTOCOL = as_played_out(Protocol("PRESS", 0.030, 123.25e6), vendor=None)
GRID = Grid(2048, 1 / 2000)
REPETITION_TIME = 2.0


@dataclass(frozen=True, slots=True)
class Scan:
    """How spectra are sampled, what is stated of them, and how the sequence was really played out."""

    stated: Protocol
    played: Protocol
    grid: Grid


AS_STATED = Scan(PROTOCOL, PROTOCOL, GRID)
OTHER_PULSES = Scan(PROTOCOL, replace(PROTOCOL, realisation=None, first_echo_time=0.0140), GRID)
"""Ideal pulses, and TE1 of 14 ms where 16.4 ms are expected."""
_STEAM = Protocol("STEAM", 0.014, 298.0e6, mixing_time=0.017)
SEVEN_TESLA = Scan(_STEAM, replace(_STEAM, realisation=realisations()["steam"]), Grid(4096, 1 / 4000))
"""Pulses of 3 T at a field at which none are known, so that ideal ones are expected."""

# Typical contents, mM of tissue: inside the ranges of healthy adult brain in Govindaraju, Young & Maudsley 2000
# (NMR Biomed 13:129-153) and de Graaf, In Vivo NMR Spectroscopy, 3rd edition (2019), chapter 2.
CONTENT = {
    "NAA": 9.4, "NAAG": 1.1, "Glu": 9.6, "Gln": 2.3, "mI": 6.3, "GPC": 1.4, "PCh": 0.5, "Cr": 4.5, "PCr": 3.8,
    "GABA": 1.5, "GSH": 1.3, "Asp": 1.6, "Asc": 0.9, "Tau": 1.4, "Scyllo": 0.3, "Lac": 0.6, "Ala": 0.3, "PE": 1.2,
    "Glc": 1.0,
}  # fmt: skip
SPREAD = 0.15
"""Relative standard deviation of every content from spectrum to spectrum, log-normal."""
ATYPICAL_CONTENT: tuple[dict[str, float], ...] = (
    {"NAA": 0.35, "NAAG": 0.35, "GPC": 2.2, "PCh": 2.2, "Lac": 8.0, "Cr": 0.7, "PCr": 0.7},
    {"Gln": 3.0, "mI": 0.4, "GPC": 0.6, "PCh": 0.6},
    {"Glc": 8.0},
    {"GABA": 0.0},
    {"Cr": 0.3, "PCr": 0.3},
)
"""Factors on the typical content: tumour-like, hepatic-like, much glucose, no GABA, little creatine."""
MACROMOLECULES = 5.5
"""mM of the template's methyl group at 0.92 ppm; relaxation is inside the number."""

METABOLITE_TIMES = (1.35, 0.19)
WATER = {"GM": (0.78, 1.331, 0.110), "WM": (0.65, 0.832, 0.0792), "CSF": (0.97, 3.817, 0.503)}
"""Water content relative to pure water, T1 and T2 (s): fitting/data/relaxation.csv, where the sources stand."""
PURE_WATER = 55.51e3
"""mM at body temperature (Gasparovic 2006, doi:10.1002/mrm.20901)."""

AREA_SPREAD, PLACE_SPREAD, WIDTH_SPREAD = 0.2, 0.01, 0.12
"""How far a spectrum's macromolecules are from the publication they are drawn around: standard deviations of the
logarithm of each line's area, of its place (ppm) and of the logarithm of its width. Areas measured in grey and in white
matter with one method differ by 0.2 (murali-manohar-2020-gm and -wm), publications by more."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Ranges from which each spectrum's nuisances are drawn uniformly."""

    name: str
    signal_to_noise: tuple[float, float]
    """Highest point between 1.85 and 2.15 ppm over twice the noise of the real spectrum."""
    linewidth_hz: tuple[float, float]
    baseline: tuple[float, float]
    """Height of the smooth baseline over that of NAA."""
    residual_water: tuple[float, float]
    """Height over that of NAA."""
    shift_hz: float
    phase_deg: float
    scan: Scan = AS_STATED


QUALITIES = (
    Quality("good", (45, 60), (4, 5.5), (0.01, 0.03), (0.1, 0.3), 1.0, 5.0),
    Quality("typical", (15, 30), (5, 9), (0.03, 0.10), (0.3, 3.0), 6.0, 40.0),
    Quality("poor", (6, 12), (8, 13), (0.10, 0.30), (3.0, 10.0), 8.0, 60.0),
    Quality("other pulses", (15, 30), (5, 9), (0.03, 0.10), (0.3, 3.0), 6.0, 40.0, OTHER_PULSES),
    Quality("7 T", (30, 50), (9, 14), (0.01, 0.03), (0.1, 0.3), 2.0, 20.0, SEVEN_TESLA),
)
SEED = 20250817


def simulated_sets(spectra: int = SMALLEST_WITH_ATYPICAL) -> tuple[KnownSet, ...]:
    """One set for each quality; the last ``ATYPICAL`` spectra of a set of 20 or more are atypical."""
    published = tuple(templates().values())
    return tuple(
        simulated_set(
            quality, (SEED, number), spectra, lambda index, rng: around(published[index % len(published)], rng)
        )
        for number, quality in enumerate(QUALITIES)
    )


def simulated_set(
    quality: Quality,
    seed: tuple[int, ...],
    spectra: int,
    macromolecules: Callable[[int, np.random.Generator], Template],
) -> KnownSet:
    """A set of one quality, with the macromolecules that a function of a spectrum's number draws."""
    truths, jobs = {}, {}
    first_atypical = spectra - ATYPICAL if spectra >= SMALLEST_WITH_ATYPICAL else spectra
    for index in range(spectra):
        factors = ATYPICAL_CONTENT[index - first_atypical] if index >= first_atypical else {}
        made = drawn(quality, (*seed, index), lambda rng, index=index: macromolecules(index, rng), factors)
        name = f"spec_{index:02d}"
        truths[name] = _truth(made.content, made.tissue)
        jobs[name] = job_of(name, made, quality.scan)
    return KnownSet(quality.name, truths, {"simulated basis": jobs})


def job_of(name: str, made: Drawn, scan: Scan, region: str | None = None) -> Job:
    """The job of a simulated spectrum, with its tissue fractions and relaxation times."""
    return Job(
        metabolite=(SourceFile(f"{name}.json", _document(scan, made.fid, made.water)),),
        subject=Subject(region=region, tissue=made.tissue),
        relaxation=_relaxation(scan),
    )


@dataclass(frozen=True, slots=True)
class Drawn:
    """One simulated spectrum and what it is made of; all FIDs before gain, phase and shift."""

    content: dict[str, float]
    """mM"""
    tissue: TissueFractions
    fid: ComplexArray
    water: ComplexArray
    names: tuple[str, ...]
    signals: ComplexArray
    """(names, points): 1 mM of each metabolite"""
    lines: ComplexArray
    """(lines, points): macromolecules"""
    height: float
    """Of NAA in the spectrum"""
    noise_sd: float
    """Of the real part of one sample"""


def drawn(
    quality: Quality,
    seed: tuple[int, ...],
    macromolecules: Callable[[np.random.Generator], Template],
    factors: Mapping[str, float] = MappingProxyType({}),
) -> Drawn:
    """The spectrum of a seed: contents, tissue, macromolecules and nuisances, in this order."""
    rng = np.random.default_rng(seed)
    content = {
        name: typical * factors.get(name, 1.0) * math.exp(SPREAD * rng.standard_normal())
        for name, typical in CONTENT.items()
    }
    gm, csf = rng.uniform(0.35, 0.60), rng.uniform(0.05, 0.20)
    tissue = TissueFractions(gm=gm, wm=1 - gm - csf, csf=csf)
    return made_of(content, tissue, quality, macromolecules(rng), rng)


def _truth(content: dict[str, float], tissue: TissueFractions) -> dict[str, Truth]:
    """Contents and their sums, per creatine and per kilogram of the water of grey and white matter."""
    names = tuple(content)
    combinations = combine(names)
    values = combinations.weights @ np.array([content[name] for name in names])
    creatine = values[combinations.names.index("tCr")]
    water = (tissue.gm * WATER["GM"][0] + tissue.wm * WATER["WM"][0]) / (tissue.gm + tissue.wm)
    return {
        name: Truth(float(value / creatine), {"mmol/kg": float(value / water)})
        for name, value in zip(combinations.names, values, strict=True)
    }


def made_of(
    contents: dict[str, float], tissue: TissueFractions, quality: Quality, template: Template, rng: np.random.Generator
) -> Drawn:
    """Metabolite and water FID on one receiver scale, with their parts."""
    played, grid = quality.scan.played, quality.scan.grid
    axes = Axes(grid.points, grid.dwell_time, played.spectrometer_frequency)
    t = axes.time
    basis = cached_basis(played, grid)
    relaxed = (1 - tissue.csf) * _remaining(played, *METABOLITE_TIMES)
    clean = relaxed * np.array([contents[name] for name in basis.names]) @ basis.signals
    _, lines = component_signals(template, axes)
    strength = MACROMOLECULES * rng.uniform(0.8, 1.2)
    clean += strength * lines.sum(axis=0)
    shape = _voigt(t, rng.uniform(*quality.linewidth_hz), rng.uniform(0.3, 0.7))
    clean *= shape
    ppm = axes.ppm
    height = float(np.abs(np.fft.fftshift(np.fft.fft(clean)))[(ppm > 1.85) & (ppm < 2.15)].max())
    clean += height * rng.uniform(*quality.baseline) * _smooth(t, played.spectrometer_frequency, rng)
    clean += height * rng.uniform(*quality.residual_water) * _remaining_water(t, rng)
    # The line shape holds the metabolites' own T2; each kind of water decays by the difference of its rate to theirs.
    water = (
        2
        * PURE_WATER
        * sum(
            share * content * _remaining(played, t1, t2) * np.exp(-t * (1 / t2 - 1 / METABOLITE_TIMES[1]))
            for share, (content, t1, t2) in zip((tissue.gm, tissue.wm, tissue.csf), WATER.values(), strict=True)
        )
    )
    sd = height / (2 * rng.uniform(*quality.signal_to_noise)) / math.sqrt(grid.points)
    shift = rng.uniform(-quality.shift_hz, quality.shift_hz)
    phase = math.radians(rng.uniform(-quality.phase_deg, quality.phase_deg))
    nuisance = np.exp(1j * phase - 2j * np.pi * shift * t)
    noise = rng.normal(scale=sd, size=(2, grid.points, 2)) @ np.array([1, 1j])
    gain = 10 ** rng.uniform(-2, 4)
    return Drawn(
        content=contents,
        tissue=tissue,
        fid=gain * (clean * nuisance + noise[0]),
        water=gain * (water * shape * nuisance + noise[1]),
        names=basis.names,
        signals=relaxed * basis.signals * shape,
        lines=strength * lines * shape,
        height=height,
        noise_sd=sd,
    )


def around(published: Template, rng: np.random.Generator, times: float = 1.0) -> Template:
    """Macromolecules like the published ones, with every line's area, place and width drawn around theirs.

    Spreads are the constants above, ``times`` as wide.
    """
    peaks = tuple(
        replace(
            peak,
            ppm=peak.ppm + times * PLACE_SPREAD * rng.standard_normal(),
            fwhm=peak.fwhm * math.exp(times * WIDTH_SPREAD * rng.standard_normal()),
            amplitude=peak.amplitude * math.exp(times * AREA_SPREAD * rng.standard_normal()),
        )
        for peak in published.peaks
    )
    return replace(published, peaks=peaks)


def _remaining(protocol: Protocol, t1: float, t2: float) -> float:
    """Part of the magnetisation that the echo leaves: exp(-TE/T2) (1 - exp(-TR/T1)), and exp(-TM/T1) of STEAM."""
    mixing = math.exp(-(protocol.mixing_time or 0.0) / t1)
    return mixing * math.exp(-protocol.echo_time / t2) * -math.expm1(-REPETITION_TIME / t1)


def _voigt(t: FloatArray, fwhm: float, lorentzian: float) -> FloatArray:
    """Decay of a Voigt line of ``fwhm`` Hz with this share of Lorentzian width.

    Widths combine as in Olivero & Longbothum 1977 (doi:10.1016/0022-4073(77)90161-3).
    """
    lorentz = lorentzian * fwhm
    gauss = math.sqrt((fwhm - 0.5346 * lorentz) ** 2 - 0.2166 * lorentz**2)
    return np.asarray(np.exp(-np.pi * lorentz * t - (np.pi * gauss * t) ** 2 / (4 * math.log(2))))


def _smooth(t: FloatArray, spectrometer_frequency: float, rng: np.random.Generator) -> ComplexArray:
    """A baseline of three broad lines of either sign, the highest of height 1."""
    total = np.zeros(t.size, dtype=np.complex128)
    for centre, height in zip((0.8, 2.3, 3.7), rng.uniform(-1, 1, 3), strict=True):
        hz_per_ppm = spectrometer_frequency * 1e-6
        width, offset = rng.uniform(0.8, 1.5) * hz_per_ppm, (WATER_PPM - centre) * hz_per_ppm
        line = np.exp(-((np.pi * width * t) ** 2) / (4 * math.log(2)) + 2j * np.pi * offset * t)
        total += height * line / np.abs(np.fft.fft(line)).max()
    return np.asarray(total / np.abs(np.fft.fft(total)).max())


def _remaining_water(t: FloatArray, rng: np.random.Generator) -> ComplexArray:
    """Residual water: three lines of their own places, widths and phases, of height 1."""
    total = np.zeros(t.size, dtype=np.complex128)
    for weight in (1.0, 0.5, 0.3):
        offset, width, phase = rng.uniform(-6, 6), rng.uniform(5, 15), rng.uniform(-np.pi, np.pi)
        total += weight * np.exp(1j * phase + (2j * np.pi * offset - np.pi * width) * t)
    return np.asarray(total / np.abs(np.fft.fft(total)).max())


def _document(scan: Scan, fid: ComplexArray, water: ComplexArray) -> bytes:
    return json.dumps(
        {
            "fid_real": fid.real.tolist(),
            "fid_imag": fid.imag.tolist(),
            "water_real": water.real.tolist(),
            "water_imag": water.imag.tolist(),
            "dwell_time": scan.grid.dwell_time,
            "spectrometer_frequency": scan.stated.spectrometer_frequency,
            "echo_time": scan.stated.echo_time,
            "mixing_time": scan.stated.mixing_time,
            "repetition_time": REPETITION_TIME,
            "sequence": scan.stated.sequence,
        }
    ).encode()


def _relaxation(scan: Scan) -> bytes:
    field = round(field_from_frequency(scan.stated.spectrometer_frequency))
    rows = [f"water,{tissue},{field},{t1},{t2}" for tissue, (_, t1, t2) in WATER.items()]
    rows.append("metabolite,*,{},{},{}".format(field, *METABOLITE_TIMES))
    return "\n".join(["species,tissue,field_t,t1,t2", *rows]).encode()
