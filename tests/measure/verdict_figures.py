"""The pictures of docs/verdict.md: simulated spectra, one for each verdict.

``python -m tests.measure.verdict_figures`` writes docs/images/verdict-{yes,limited,no}.png.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from fitting.run import analyse
from tests.faults.catalogue import FAULTS
from tests.faults.scan import Scan, clean_scan

IMAGES = Path(__file__).parents[2] / "docs" / "images"


def broader(scan: Scan, hertz: float) -> Scan:
    """The scan after a worse shim, its noise as it was."""
    decay = np.exp(-np.pi * hertz * scan.time)
    noise = scan.noise(float(np.std(scan.metabolite[-256:].real)))
    return replace(scan, metabolite=scan.metabolite * decay + noise, water=scan.water * decay)


def main() -> None:
    """Draw data, fit, baseline and residual of each."""
    echoed = next(fault for fault in FAULTS if fault.name == "spurious echo")
    scans = {
        "yes": clean_scan("good"),
        "limited": broader(clean_scan("good"), 4.5),
        "no": echoed.damage(clean_scan("good")),
    }
    for usable, scan in scans.items():
        analysis, traces = analyse(scan.job())
        if analysis.verdict.usable != usable:
            raise SystemExit(f"the example of {usable} is {analysis.verdict}")
        figure = Figure(figsize=(7.2, 3.0), layout="constrained")
        axes = figure.subplots()
        axes.plot(traces.ppm, traces.data, color="0.6", linewidth=0.8, label="data")
        axes.plot(traces.ppm, traces.fit, color="black", linewidth=0.8, label="fit")
        axes.plot(traces.ppm, traces.baseline, color="black", linewidth=0.8, linestyle="--", label="baseline")
        below = float(traces.data.min() - traces.residual.max())
        axes.plot(traces.ppm, traces.residual + below, color="0.4", linewidth=0.6, label="residual")
        axes.set(xlim=(4.2, 0.2), yticks=[], xlabel="ppm", title=f"{usable}: {analysis.verdict.reasons[0].sentence}")
        axes.title.set(fontsize=8, wrap=True)
        axes.legend(frameon=False, fontsize=7)
        figure.savefig(IMAGES / f"verdict-{usable}.png", dpi=110)
        print(usable, [reason.code for reason in analysis.verdict.reasons])  # noqa: T201 (a script's report)


if __name__ == "__main__":
    main()
