"""Published macromolecular spectra as Gaussian resonances.

One TOML file per template in ``fitting/data/macromolecules``.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from fitting.errors import UnusableBasis
from fitting.fid import Axes
from fitting.units import WATER_PPM, ComplexArray, FloatArray

METHYL_PROTONS = 3.0
"""The first resonance of every template (M0.92, methyl) is given the amplitude of one CH3 group."""


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

    def width_hz(self, peak: Resonance, spectrometer_frequency: float) -> float:
        """FWHM of a resonance without the width of the measurement, Hz."""
        factor = spectrometer_frequency * 1e-6 if self.width_unit == "ppm" else 1.0
        return float(np.sqrt((peak.fwhm * factor) ** 2 - self.water_linewidth**2))

    def widths_hz(self, spectrometer_frequency: float) -> tuple[float, ...]:
        """The same for every resonance."""
        return tuple(self.width_hz(peak, spectrometer_frequency) for peak in self.peaks)


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
            f"There is no macromolecule template '{name}'; choose default, {', '.join(templates())}.", template=name
        )
    return templates()[name]


def macromolecule_components(template_name: str, axes: Axes) -> tuple[tuple[str, ...], ComplexArray]:
    """Each resonance of a template as its own component.

    Parameters
    ----------
    template_name : str
        A name of ``templates()``.
    axes : Axes
        Of the signals.

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
    return component_signals(template(template_name), axes)


def component_signals(chosen: Template, axes: Axes) -> tuple[tuple[str, ...], ComplexArray]:
    """Names and signals of the resonances of any template; the rest as ``macromolecule_components``."""
    t = axes.time
    signals = np.array([line_signal(chosen, peak, t, axes.frequency) for peak in chosen.peaks])
    return tuple(peak.name for peak in chosen.peaks), signals


def line_signal(chosen: Template, peak: Resonance, t: FloatArray, spectrometer_frequency: float) -> ComplexArray:
    """Signal of one resonance of a template at times ``t`` (s), shape of ``t``, as in ``component_signals``."""
    amplitude = METHYL_PROTONS * peak.amplitude / chosen.peaks[0].amplitude
    offset = (WATER_PPM - peak.ppm) * spectrometer_frequency * 1e-6
    # A Gaussian line of FWHM w decays as exp(-(pi w t)^2 / (4 ln 2)).
    decay = (np.pi * chosen.width_hz(peak, spectrometer_frequency) * t) ** 2 / (4 * np.log(2))
    return np.asarray(amplitude * np.exp(2j * np.pi * offset * t - decay))


def rigid_macromolecules(template_name: str, axes: Axes) -> tuple[tuple[str, ...], ComplexArray]:
    """The whole template as the one component ``MM``; arguments and errors as ``macromolecule_components``.

    Returns
    -------
    names : tuple of str
        ``("MM",)``
    signals : complex array, shape (1, points)
    """
    _, signals = macromolecule_components(template_name, axes)
    return ("MM",), signals.sum(axis=0, keepdims=True)
