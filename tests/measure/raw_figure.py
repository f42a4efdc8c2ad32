"""``python -m tests.measure.raw_figure SHARED`` draws a real raw scan before and after preprocessing for the docs."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from fitting.quality.linewidths import water_linewidth_hz
from tests.measure.raw_scan import NAA_PPM, Comparison, compare, smoothed

IMAGE = Path(__file__).parents[2] / "docs" / "images" / "preprocessing-7t.png"
SHOWN_PPM = (5.4, 0.4)


def draw(comparison: Comparison, path: Path) -> None:
    """Each transient before and after, and the mean of both."""
    spectrum, facts = comparison.spectrum, comparison.facts
    figure = Figure(figsize=(10, 4))
    axes = figure.subplots(1, 2, sharey=True)
    coil = int(np.argmax(np.abs(comparison.recording.samples[..., 0]).mean(axis=0)))
    own = comparison.recording.samples[:, coil]
    titles = (
        f"before: {len(own)} transients of one coil (grey), first-point combination",
        "after: combined, aligned, averaged, eddy currents and water off",
    )
    for axis, title in zip(axes, titles, strict=True):
        axis.set(xlim=SHOWN_PPM, xlabel="ppm", yticks=[], title=title)
        axis.title.set_fontsize(9)
    naa = []
    for axis, fid, shift in ((axes[0], comparison.plain, facts.shift_ppm), (axes[1], spectrum.fid, 0.0)):
        ppm, heights = smoothed(fid)
        near = (ppm + shift > NAA_PPM[0]) & (ppm + shift < NAA_PPM[1])
        naa.append(heights[near].max())
        axis.plot(ppm + shift, heights / naa[-1], color="black", linewidth=0.9, zorder=3)
    for samples in own:
        ppm, heights = smoothed(spectrum.fid.with_samples(samples))
        near = (ppm + facts.shift_ppm > NAA_PPM[0]) & (ppm + facts.shift_ppm < NAA_PPM[1])
        axes[0].plot(ppm + facts.shift_ppm, heights / heights[near].max(), color="0.8", linewidth=0.4)
    axes[0].set_ylim(0, 1.6)
    figure.tight_layout()
    figure.savefig(path, dpi=80)


def main() -> None:
    """Write the picture and tell the figures."""
    comparison = compare(Path(sys.argv[1]) / "data")
    draw(comparison, IMAGE)
    for name, snr in comparison.snr.items():
        sys.stdout.write(f"{name}: NAA {snr:.1f} times the noise\n")
    facts = comparison.facts
    water = np.nan if facts.water is None else water_linewidth_hz(facts.water)
    sys.stdout.write(
        f"water {water:.1f} Hz, drift {facts.frequency_drift_hz:.2f} Hz, phase spread "
        f"{facts.phase_spread_deg:.1f} deg, rejected {facts.transients_rejected}\n"
    )
    for step in facts.steps:
        sys.stdout.write(f"{step.method}: {step.details}\n")


if __name__ == "__main__":
    main()
