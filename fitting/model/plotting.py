"""One figure of a fit: data, model, baseline and residual; needs matplotlib, which nothing else here does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fitting.model.result import Traces

RANGE_PPM = (4.2, 0.2)
"""What is drawn, in the field's direction: chemical shift falls to the right."""


def plot(traces: Traces, components: Sequence[str] = (), axes: Any = None) -> Any:
    """Draw the traces and return the matplotlib axes.

    Parameters
    ----------
    traces : Traces
    components : sequence of str
        Metabolites that are drawn one by one below the data.
    axes : matplotlib Axes, optional
        Where to draw; a new figure without.

    Raises
    ------
    ImportError
        When matplotlib is not installed.
    ValueError
        When there is no component of a name.
    """
    from matplotlib import pyplot  # noqa: PLC0415 - optional

    unknown = [name for name in components if name not in traces.names]
    if unknown:
        raise ValueError(f"there is no component {', '.join(unknown)}; there are {', '.join(traces.names)}")
    axes = pyplot.subplots(figsize=(9, 5), layout="constrained")[1] if axes is None else axes
    shown = (traces.ppm <= RANGE_PPM[0]) & (traces.ppm >= RANGE_PPM[1])
    ppm = traces.ppm[shown]
    height = float(traces.data[shown].max() - traces.data[shown].min())
    axes.plot(ppm, traces.data[shown], color="0.55", linewidth=0.9, label="data")
    axes.plot(ppm, traces.fit[shown], color="C0", linewidth=1.3, label="fit")
    axes.plot(ppm, traces.baseline[shown], color="C1", linewidth=1.0, linestyle="--", label="baseline")
    axes.plot(
        ppm,
        traces.residual[shown] + 1.1 * float(traces.data[shown].max()),
        color="0.3",
        linewidth=0.7,
        label="residual",
    )
    for row, name in enumerate(components, 1):
        offset = float(traces.data[shown].min()) - 0.15 * row * height
        axes.plot(ppm, traces.components[traces.names.index(name)][shown] + offset, linewidth=1.0, label=name)
    axes.set(xlim=RANGE_PPM, xlabel="chemical shift (ppm)", yticks=[])
    axes.legend(frameon=False, fontsize="small")
    return axes
