"""One figure of a fit: data, model, baseline and residual; the only module that requires matplotlib."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fitting.units import FloatArray

RANGE_PPM = (4.2, 0.2)
"""Range of the axis: chemical shift decreases to the right."""


def plot(
    ppm: FloatArray,
    data: FloatArray,
    fit: FloatArray,
    baseline: FloatArray,
    *,
    components: Mapping[str, FloatArray],
    axes: Any = None,
) -> Any:
    """Draw real spectra, all of shape (points,), and return the matplotlib axes.

    Parameters
    ----------
    ppm, data, fit, baseline : float array
        Axis, data, model and baseline; the residual data − fit is drawn above them.
    components : mapping of str to float array
        Metabolites that are drawn one by one below the data.
    axes : matplotlib Axes, optional
        Where to draw; a new figure without.

    Raises
    ------
    ImportError
        When matplotlib is not installed.
    """
    from matplotlib import pyplot  # noqa: PLC0415 - optional

    axes = pyplot.subplots(figsize=(9, 5), layout="constrained")[1] if axes is None else axes
    shown = (ppm <= RANGE_PPM[0]) & (ppm >= RANGE_PPM[1])
    lowest, highest = float(data[shown].min()), float(data[shown].max())
    axes.plot(ppm[shown], data[shown], color="0.55", linewidth=0.9, label="data")
    axes.plot(ppm[shown], fit[shown], color="C0", linewidth=1.3, label="fit")
    axes.plot(ppm[shown], baseline[shown], color="C1", linewidth=1.0, linestyle="--", label="baseline")
    axes.plot(ppm[shown], (data - fit)[shown] + 1.1 * highest, color="0.3", linewidth=0.7, label="residual")
    for row, (name, signal) in enumerate(components.items(), 1):
        axes.plot(ppm[shown], signal[shown] + lowest - 0.15 * row * (highest - lowest), linewidth=1.0, label=name)
    axes.set(xlim=RANGE_PPM, xlabel="chemical shift (ppm)", yticks=[])
    axes.legend(frameon=False, fontsize="small")
    return axes
