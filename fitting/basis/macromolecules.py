"""Macromolecular background: published templates of Gaussian resonances as signals on any grid.

One TOML file per template in ``fitting/data/macromolecules``. The model has one component ``MM``, the mean of the
published templates, and the directions in which they differ: many free lines are degenerate with the line width of
the metabolites, and a single template is never quite right.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from hashlib import blake2b
from importlib.resources import files

import numpy as np

from fitting.basis.basis_set import BasisSet
from fitting.errors import UnusableBasis
from fitting.signal import time_axis
from fitting.units import WATER_PPM, ComplexArray

BACKGROUND_PREFIXES = ("MM", "Lip")
"""Names of macromolecule and lipid components begin with one of these."""

METHYL_PROTONS = 3.0
"""The first resonance of every template (M0.92, methyl) is given the amplitude of one CH3 group."""

DEFAULT = "default"
"""Stands for all templates marked so, weighed by the data."""


@dataclass(frozen=True, slots=True)
class Resonance:
    """One Gaussian line: position (ppm), FWHM (unit of the template), area relative to the others."""

    name: str
    ppm: float
    fwhm: float
    amplitude: float


@dataclass(frozen=True, slots=True)
class Template:
    """A published macromolecular spectrum.

    ``measurement`` names where the areas were measured: templates that share one are no independent evidence.
    ``water_linewidth`` (Hz) is the line width of the measurement itself, part of ``fwhm`` and taken out in
    quadrature. Widths in Hz hold at every field, widths in ppm grow with it, as the source has it.
    """

    name: str
    title: str
    default: bool
    measurement: str
    width_unit: str
    water_linewidth: float
    peaks: tuple[Resonance, ...]
    source: str
    doi: tuple[str, ...]
    locator: str

    def widths_hz(self, spectrometer_frequency: float) -> tuple[float, ...]:
        """FWHM of each resonance without the width of the measurement, Hz."""
        factor = spectrometer_frequency * 1e-6 if self.width_unit == "ppm" else 1.0
        return tuple(float(np.sqrt((peak.fwhm * factor) ** 2 - self.water_linewidth**2)) for peak in self.peaks)


@dataclass(frozen=True, slots=True)
class Background:
    """What lies under the metabolites: the signal (points,) of ``MM`` and its deviations (n, points)."""

    signal: ComplexArray
    deviations: ComplexArray | None
    description: str
    templates: Mapping[str, float] = field(default_factory=dict)
    """Templates that the deviations are those of, in order, with the multiple of each that leads to the template."""


@cache
def templates() -> dict[str, Template]:
    """Every shipped template by name; those marked ``default`` are weighed against each other by default."""
    folder = files("fitting") / "data" / "macromolecules"
    found = {}
    for entry in folder.iterdir():
        if entry.name.endswith(".toml"):
            document = tomllib.loads(entry.read_text(encoding="utf-8"))
            found[document["name"]] = Template(
                name=document["name"],
                title=document["title"],
                default=document["default"],
                measurement=document["measurement"],
                width_unit=document["width_unit"],
                water_linewidth=document["water_linewidth"],
                peaks=tuple(Resonance(**peak) for peak in document["peaks"]),
                source=document["source"],
                doi=tuple(document["doi"]),
                locator=document["locator"],
            )
    return dict(sorted(found.items()))


def template(name: str) -> Template:
    """The template of that name.

    Raises
    ------
    UnusableBasis
        When there is no such template.
    """
    if name not in templates():
        raise UnusableBasis(
            f"There is no macromolecule template '{name}'; choose {DEFAULT}, {', '.join(templates())}.", template=name
        )
    return templates()[name]


def macromolecule_components(
    template_name: str, points: int, dwell_time: float, spectrometer_frequency: float
) -> tuple[tuple[str, ...], ComplexArray]:
    """Each resonance of a template as its own component.

    Parameters
    ----------
    template_name : str
        A name of ``templates()``.
    points : int
    dwell_time : float
        s.
    spectrometer_frequency : float
        Hz.

    Returns
    -------
    names : tuple of str
    signals : complex array, shape (resonances, points)
        Gaussian decays, at t = 0 in the template's area ratios with ``METHYL_PROTONS`` for the first.

    Raises
    ------
    UnusableBasis
        When there is no such template.
    """
    return component_signals(template(template_name), points, dwell_time, spectrometer_frequency)


def component_signals(
    chosen: Template, points: int, dwell_time: float, spectrometer_frequency: float
) -> tuple[tuple[str, ...], ComplexArray]:
    """Names and signals of the resonances of any template; the rest as ``macromolecule_components``."""
    ppm = np.array([peak.ppm for peak in chosen.peaks])
    area = np.array([peak.amplitude for peak in chosen.peaks])
    amplitude = METHYL_PROTONS * area / chosen.peaks[0].amplitude
    t = time_axis(points, dwell_time)
    offset = (WATER_PPM - ppm) * spectrometer_frequency * 1e-6
    width = np.array(chosen.widths_hz(spectrometer_frequency))
    # A Gaussian line of FWHM w decays as exp(-(pi w t)^2 / (4 ln 2)).
    decay = np.exp(-((np.pi * width[:, None] * t) ** 2) / (4 * np.log(2)))
    signals: ComplexArray = amplitude[:, None] * decay * np.exp(2j * np.pi * offset[:, None] * t)
    return tuple(peak.name for peak in chosen.peaks), signals


def rigid_macromolecules(
    template_name: str, points: int, dwell_time: float, spectrometer_frequency: float
) -> tuple[tuple[str, ...], ComplexArray]:
    """The whole template as the one component ``MM``; arguments and errors as ``macromolecule_components``.

    Returns
    -------
    names : tuple of str
        ``("MM",)``
    signals : complex array, shape (1, points)
    """
    _, signals = macromolecule_components(template_name, points, dwell_time, spectrometer_frequency)
    return ("MM",), signals.sum(axis=0, keepdims=True)


def is_background(name: str) -> bool:
    """Whether a component's name says macromolecule or lipid."""
    return name.startswith(BACKGROUND_PREFIXES)


@lru_cache(maxsize=8)
def mixture(points: int, dwell_time: float, spectrometer_frequency: float) -> Background:
    """The mean of the default templates and how they differ from it.

    Each is scaled to the first by least squares, for its amplitude is free. Then the m measurements are taken as draws
    from one population, each with the same weight, which its templates share: template j with weight w_j has the
    deviation sqrt(w_j m / (m - 1)) times its difference from the mean. Together these have the weighted sample
    covariance, so a signal ``mean + sum of c_j d_j`` with independent standard normal c is as different from the mean
    as measurements are from each other. Arguments as ``macromolecule_components``.
    """
    chosen = [entry for entry in templates().values() if entry.default]
    grid = (points, dwell_time, spectrometer_frequency)
    signals = np.array([component_signals(entry, *grid)[1].sum(axis=0) for entry in chosen])
    overlaps = np.real(signals.conj() @ signals[0])
    signals *= (overlaps / np.sum(np.abs(signals) ** 2, axis=1))[:, None]
    sharing = Counter(entry.measurement for entry in chosen)
    weights = np.array([1.0 / (len(sharing) * sharing[entry.measurement]) for entry in chosen])
    mean = weights @ signals
    scales = np.sqrt(weights * len(sharing) / (len(sharing) - 1.0))
    multiples = {entry.name: float(1.0 / scale) for entry, scale in zip(chosen, scales, strict=True)}
    words = f"{len(chosen)} published templates of {len(sharing)} measurements weighed by the data"
    deviations = np.asarray(scales[:, None] * (signals - mean))
    for shared in (mean, deviations):
        shared.setflags(write=False)
    return Background(mean, deviations, words, multiples)


def background(name: str, points: int, dwell_time: float, spectrometer_frequency: float) -> Background:
    """The background of that name; arguments as ``macromolecule_components``, and ``default``.

    Raises
    ------
    UnusableBasis
        When there is no such template.
    """
    if name == DEFAULT:
        return mixture(points, dwell_time, spectrometer_frequency)
    _, signals = rigid_macromolecules(name, points, dwell_time, spectrometer_frequency)
    return Background(signals[0], None, name)


def with_macromolecules(basis: BasisSet, name: str = DEFAULT) -> BasisSet:
    """The basis with that background appended, or unchanged when it brings macromolecules of its own.

    Raises
    ------
    UnusableBasis
        When there is no such template.
    """
    chosen = background(name, basis.points, basis.dwell_time, basis.spectrometer_frequency)
    return with_background(basis, chosen)


def with_background(basis: BasisSet, chosen: Background) -> BasisSet:
    """The basis with a background as component ``MM``, or unchanged when it brings macromolecules of its own."""
    if any(name.startswith("MM") for name in basis.names):
        return basis
    joined = np.concatenate([basis.signals, chosen.signal[None]])
    joined.setflags(write=False)
    content = chosen.signal.tobytes() + (b"" if chosen.deviations is None else chosen.deviations.tobytes())
    return replace(
        basis,
        names=(*basis.names, "MM"),
        signals=joined,
        deviations=chosen.deviations,
        templates=chosen.templates,
        key=blake2b(basis.key.encode() + content, digest_size=16).hexdigest(),
        description=f"{basis.description}; macromolecules: {chosen.description}",
    )


def without_background(basis: BasisSet) -> BasisSet:
    """The basis without macromolecules of its own; lipids stay."""
    kept = [row for row, name in enumerate(basis.names) if not name.startswith("MM")]
    if len(kept) == len(basis.names):
        return basis
    signals = basis.signals[kept]
    signals.setflags(write=False)
    key = blake2b(f"{basis.key} without macromolecules".encode(), digest_size=16).hexdigest()
    return replace(basis, names=tuple(basis.names[row] for row in kept), signals=signals, key=key)
