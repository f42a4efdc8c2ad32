"""Deviations of single macromolecular lines from the published ones: area, position and width."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fitting.basis.macromolecule_templates import Resonance, Template, line_signal
from fitting.fid import Axes
from fitting.units import ComplexArray

SAME_LINE_PPM = 0.06
"""Lines of different publications that are no further apart are the same line; published places of one line spread over
0.04 ppm, and neighbours are 0.09 ppm apart at least."""

AREA_SPREAD = 0.2
"""Standard deviation of a line's area, relative: grey and white matter, measured with one method, differ by as much
(Murali-Manohar 2020, doi:10.1002/mrm.28174)."""

PLACE_SPREAD_PPM = 0.015
"""Standard deviation of a line's place, ppm; measurements in ``fitting/data/macromolecules`` differ by 0.02, of which
the templates' own deviations hold a part."""

WIDTH_SPREAD = 0.2
"""Standard deviation of a line's width, relative; the same measurements differ by 0.3."""


def line_deviations(weighed: Sequence[tuple[Template, float]], axes: Axes) -> ComplexArray:
    """Changes of the weighted sum of templates when one of its lines changes by a standard deviation.

    Parameters
    ----------
    weighed : sequence of (Template, float)
        Templates and what each one's signal counts in the sum.
    axes : Axes

    Returns
    -------
    complex array, shape (3 lines, points)
        To first order, one line after the other: more area, higher ppm, greater width.
    """
    t, spectrometer_frequency = axes.time, axes.frequency
    hz = PLACE_SPREAD_PPM * spectrometer_frequency * 1e-6
    rows: list[ComplexArray] = []
    for line in _lines(weighed):
        more, moved, wider = np.zeros((3, axes.points), dtype=np.complex128)
        for template, weight, peak in line:
            signal = weight * line_signal(template, peak, t, spectrometer_frequency)
            width = template.width_hz(peak, spectrometer_frequency)
            more += AREA_SPREAD * signal
            moved -= 2j * np.pi * hz * t * signal
            wider -= WIDTH_SPREAD * 2 * (np.pi * width * t) ** 2 / (4 * np.log(2)) * signal
        rows += [more, moved, wider]
    return np.array(rows)


def _lines(weighed: Sequence[tuple[Template, float]]) -> list[list[tuple[Template, float, Resonance]]]:
    """The resonances of all templates by line, from low to high ppm."""
    found = sorted(
        ((template, weight, peak) for template, weight in weighed for peak in template.peaks),
        key=lambda entry: entry[2].ppm,
    )
    lines = [found[:1]]
    for entry in found[1:]:
        if entry[2].ppm - lines[-1][-1][2].ppm > SAME_LINE_PPM:
            lines.append([])
        lines[-1].append(entry)
    return lines
