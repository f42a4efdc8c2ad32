"""``python -m tests.measure.benchmarks.basis_sets``: measure simulated basis sets and write docs/basis.md."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
from scipy.interpolate import BSpline
from scipy.optimize import lsq_linear
from threadpoolctl import threadpool_limits

from fitting.analysis import Analysis
from fitting.basis.basis_set import BasisSet, Grid
from fitting.basis.cache import cached_basis, cached_lines
from fitting.basis.files import read_basis
from fitting.basis.other_pulses import differences
from fitting.basis.precompute import precompute
from fitting.basis.realisations import realisations
from fitting.basis.sequences import Protocol, as_played_out, first_echo_time
from fitting.basis.simulation import simulate
from fitting.basis.spin_system import spin_systems
from fitting.fid import time_axis
from fitting.io.source import SourceFile
from fitting.units import ComplexArray, FloatArray
from tests.conftest import shared_folder
from tests.measure.benchmarks.text import number, table
from tests.measure.real_files import BRAINS, Case, answer, ratio

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "docs" / "basis.md"
COMMAND = "python -m tests.measure.benchmarks.basis_sets"
GRID = Grid(2048, 5e-4)
REGION = (0.2, 4.2)
"""ppm in which spectra are compared and fitted."""
IN_VIVO_HZ = 5.0
"""Lorentzian width added to every line before a set is fitted with another one."""
KNOTS = 8
"""Cubic splines of the baseline that the second fit is allowed."""
CONTENT: Mapping[str, float] = {
    "NAA": 9.4, "NAAG": 1.1, "Glu": 9.6, "Gln": 2.3, "mI": 6.3, "GPC": 1.4, "PCh": 0.5, "Cr": 4.5, "PCr": 3.8,
    "GABA": 1.2, "GSH": 1.4, "Asp": 1.8, "Asc": 1.0, "Tau": 1.3, "Scyllo": 0.3, "Lac": 0.6, "PE": 1.2,
}  # fmt: skip
"""Concentrations of the mixture that is fitted, mM: a healthy grey matter."""
SHOWN = ("NAA", "Glu", "Gln", "Glu + Gln", "mI", "Cr + PCr", "GPC + PCh", "GABA", "GSH", "Asp", "Lac", "Tau")
"""Whose bias the page shows."""
EXCHANGED = ("Glu", "NAA", "Gln", "Asc")
"""Metabolites whose simulated signal is exchanged for the published one, to see what a remaining bias comes from."""
PULSES = ("ideal", "shaped", "shaped, free to differ")
"""How real scans are analysed: the first two hold the pulses, the last is what an analysis does."""

VARIANTS = ("ideal, TE/2 + TE/2", "ideal, the vendor's TE1", "shaped", "shaped, TE1 3 ms shorter")


@dataclass(frozen=True, slots=True)
class Published:
    """A basis set that another program made, and what it is here taken for."""

    path: str
    title: str
    echo_time: float
    lorentz: float
    gauss: float


PUBLISHED = (
    Published("truth/basis/truth_sie35.BASIS", "shaped Siemens PRESS 35, made with FID-A", 0.035, 2.0, 0.0),
    Published("truth/basis/truth_press30.BASIS", "PRESS 30, ideal pulses", 0.030, 0.0, 2.265),
)
"""Private sets; their tables are left out where the files are not."""
REAL = ("siemens-rda", "siemens-ve11", "philips-press35", "philips-press30")
"""Private scans whose header names a vendor with a realisation of its own."""


def scans() -> tuple[tuple[str, Protocol], ...]:
    """One common scan of every realisation."""
    common = {"PRESS": (0.030, None), "sLASER": (0.028, None), "STEAM": (0.020, 0.010)}
    return tuple(
        (
            name,
            Protocol(
                entry.sequence,
                common[entry.sequence][0],
                123.25e6 if entry.vendor in ("Siemens", None) else 127.75e6,
                common[entry.sequence][1],
                realisation=entry,
            ),
        )
        for name, entry in realisations().items()
        if entry.played_out
    )


def speed() -> list[str]:
    """CPU seconds of a first, a stored and a remembered basis set of all metabolites."""
    return table(
        ("realisation", "simulated", "from a file", "from memory, another grid"),
        ((name, *seconds(protocol)) for name, protocol in scans()),
    )


def seconds(protocol: Protocol) -> tuple[str, str, str]:
    """CPU seconds of a protocol's basis set: simulated, from a file, from memory on another grid."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        forget()
        simulated = cpu_seconds(lambda: cached_lines(protocol))
        precompute(folder, (protocol,))
        forget()
        stored = cpu_seconds(lambda: cached_basis(protocol, GRID, folder))
        remembered = cpu_seconds(lambda: cached_basis(protocol, replace(GRID, points=GRID.points - 1), folder))
    return number(simulated, 1), number(stored, 2), number(remembered, 2)


def forget() -> None:
    """Empty the memory of basis sets."""
    cached_basis.cache_clear()
    cached_lines.cache_clear()


def cpu_seconds(action: Callable[[], object]) -> float:
    """CPU time of one call, s."""
    start = time.process_time()
    action()
    return time.process_time() - start


def effects() -> list[str]:
    """Against ideal pulses at the same timing: correlations; and what twice the grid would change."""
    systems = tuple(system for system in spin_systems() if system.name in ("Glu", "Gln", "mI", "GABA", "Lac", "Asp"))
    rows = []
    for name, protocol in scans():
        ideal = replace(protocol, realisation=None, first_echo_time=first_or_none(protocol))
        mine, fine = (simulate(systems, protocol, 512, 5e-4, refinement) for refinement in (1, 2))
        other = simulate(systems, ideal, 512, 5e-4)
        alike = {system.name: correlation(a, b) for system, a, b in zip(systems, mine, other, strict=True)}
        change = np.linalg.norm(mine - fine, axis=1) / np.linalg.norm(fine, axis=1)
        rows.append(
            (
                name,
                f"{protocol.sequence} {protocol.echo_time * 1e3:g}",
                *(number(alike[metabolite], 4) for metabolite in sorted(alike)),
                number(100 * change.max(), 2),
            )
        )
    return table(("realisation", "scan", "Asp", "GABA", "Gln", "Glu", "Lac", "mI", "twice the grid, %"), rows)


def first_or_none(protocol: Protocol) -> float | None:
    """TE1 of a PRESS protocol."""
    return first_echo_time(protocol) if protocol.sequence == "PRESS" else None


def correlation(x: ComplexArray, y: ComplexArray) -> float:
    """Real part of the normalised inner product."""
    return float(np.vdot(x, y).real / np.linalg.norm(x) / np.linalg.norm(y))


def against(published: Published, folder: Path) -> list[str]:
    """Correlation of each metabolite with a published set, and the bias when that set is fitted with ours."""
    basis = load(folder / published.path)
    names = [name for name in basis.names if name in CONTENT]
    theirs = basis.signals[[basis.names.index(name) for name in names]]
    ours = {variant: variant_signals(variant, published, basis, tuple(names)) for variant in VARIANTS}
    alike = table(
        ("r", *VARIANTS),
        (
            (name, *(number(correlation(region(ours[v][row], basis), region(theirs[row], basis)), 4) for v in VARIANTS))
            for row, name in enumerate(names)
        ),
    )
    rows = []
    fits = {
        (variant, knots): biases(names, theirs, ours[variant], basis, knots)
        for variant in VARIANTS
        for knots in (0, KNOTS)
    }
    for name in SHOWN:
        rows.append((name, *(bias_cell(fits[variant, 0][name], fits[variant, KNOTS][name]) for variant in VARIANTS)))
    causes = exchanged(names, theirs, ours["shaped"], basis)
    return [f"### {published.title}", "", *alike, "", *table(("bias, %", *VARIANTS), rows), "", *causes, ""]


def exchanged(names: list[str], theirs: ComplexArray, ours: ComplexArray, basis: BasisSet) -> list[str]:
    """The bias of a few metabolites when one of our signals is the published one."""
    rows = []
    for metabolite in EXCHANGED:
        if metabolite in names:
            mixed = ours.copy()
            mixed[names.index(metabolite)] = theirs[names.index(metabolite)]
            without, with_baseline = (biases(names, theirs, mixed, basis, knots) for knots in (0, KNOTS))
            cells = (bias_cell(without[name], with_baseline[name]) for name in ("Glu", "Gln", "mI", "Asp"))
            rows.append((f"shaped, {metabolite} published", *cells))
    return table(("bias, %", "Glu", "Gln", "mI", "Asp"), rows)


def bias_cell(without: float, with_baseline: float) -> str:
    """Two biases in per cent, with true minus signs."""
    return f"{without:+.1f} / {with_baseline:+.1f}".replace("-", "−")


def real_scans(folder: Path) -> list[str]:
    """Residual and ratios of real scans with ideal pulses, with those of their scanner, and free to leave these."""
    rows = []
    for case in BRAINS:
        if case.name in REAL:
            for pulses in PULSES:
                analysis = analysed(case, folder / "data", pulses)
                ratios = (ratio(analysis, name) for name in ("Glu", "Gln", "mI", "tNAA"))
                residual = analysis.quality.residual_rms_over_noise
                rows.append((case.name, pulses, number(residual, 3), *(number(value, 2) for value in ratios)))
    return table(("scan", "pulses", "residual / noise", "Glu/tCr", "Gln/tCr", "mI/tCr", "tNAA/tCr"), rows)


def analysed(case: Case, data: Path, pulses: str) -> Analysis:
    """The analysis of a real scan with one of ``PULSES``."""
    answer.cache_clear()
    ideal, held = pulses == PULSES[0], pulses != PULSES[2]
    with (
        patch("fitting.run.basis_choice.as_played_out", (lambda protocol, _: protocol) if ideal else as_played_out),
        patch("fitting.run.basis_choice.differences", (lambda *_: None) if held else differences),
    ):
        return answer(case, data, None)[0]


@cache
def load(path: Path) -> BasisSet:
    """A published set in our conventions."""
    return read_basis((SourceFile(path.name, path.read_bytes()),))


def variant_signals(variant: str, published: Published, basis: BasisSet, names: tuple[str, ...]) -> ComplexArray:
    """Our signals of a variant with the line width of the published set."""
    known = {system.name: system for system in spin_systems()}
    ideal = Protocol("PRESS", published.echo_time, basis.spectrometer_frequency)
    shaped = as_played_out(ideal, "Siemens")
    protocol = {
        VARIANTS[0]: ideal,
        VARIANTS[1]: replace(ideal, first_echo_time=first_echo_time(shaped)),
        VARIANTS[2]: shaped,
        VARIANTS[3]: replace(shaped, first_echo_time=first_echo_time(shaped) - 0.003),
    }[variant]
    signals = simulate(tuple(known[name] for name in names), protocol, basis.points, basis.dwell_time)
    t = time_axis(basis.points, basis.dwell_time)
    decay = np.exp(-np.pi * published.lorentz * t - (np.pi * published.gauss * t) ** 2 / (4 * np.log(2)))
    damped: ComplexArray = signals * decay
    return damped


def region(signals: ComplexArray, basis: BasisSet) -> ComplexArray:
    """Zero-filled spectra within ``REGION``."""
    ppm = basis.axes.with_points(2 * basis.points).fft_ppm
    order = np.argsort(ppm)
    inside = order[(ppm[order] > REGION[0]) & (ppm[order] < REGION[1])]
    spectra: ComplexArray = np.fft.fft(signals, 2 * basis.points, axis=-1)[..., inside]
    return spectra


def biases(names: list[str], theirs: ComplexArray, ours: ComplexArray, basis: BasisSet, knots: int) -> dict[str, float]:
    """Per cent by which non-negative least squares with our set misses what a mixture of the published one holds."""
    t = time_axis(basis.points, basis.dwell_time)
    wider = np.exp(-np.pi * IN_VIVO_HZ * t)
    content = np.array([CONTENT[name] for name in names])
    measured = region(content @ theirs * wider, basis).real
    columns = region(ours * wider, basis).real.T
    free = splines(len(measured), knots) * np.abs(measured).max()
    least = np.concatenate([np.zeros(len(names)), np.full(free.shape[1], -np.inf)])
    found = lsq_linear(np.hstack([columns, free]), measured, (least, np.inf)).x
    amounts = dict(zip(names, found, strict=False))
    truth = dict(zip(names, content, strict=True))
    return {
        shown: 100.0
        * (sum(amounts[part] for part in shown.split(" + ")) / sum(truth[part] for part in shown.split(" + ")) - 1.0)
        for shown in SHOWN
    }


def splines(points: int, knots: int) -> FloatArray:
    """Cubic B-splines over the region, one per column; none for 0."""
    if knots == 0:
        return np.empty((points, 0))
    edges = np.linspace(0.0, 1.0, knots - 2)
    every = np.concatenate([np.zeros(3), edges, np.ones(3)])
    matrix: FloatArray = BSpline.design_matrix(np.linspace(0.0, 1.0, points), every, 3).toarray()
    return matrix


def page() -> str:
    """Measure everything and say it."""
    folder = shared_folder()
    comparisons = [] if folder is None else [line for published in PUBLISHED for line in against(published, folder)]
    real = [] if folder is None else real_scans(folder)
    sources = table(
        ("realisation", "sequence", "field, T", "TE1, ms", "pulse", "ms", "Hz", "known"),
        (
            (
                name,
                entry.title,
                f"{entry.field_t[0]:g} to {entry.field_t[1]:g}",
                "–" if entry.first_echo_time is None else f"{entry.first_echo_time * 1e3:g}",
                entry.pulse.shape.name,
                f"{entry.pulse.duration * 1e3:g}",
                f"{entry.pulse.bandwidth:.0f}",
                entry.grade,
            )
            for name, entry in realisations().items()
            if entry.played_out
        ),
    )
    return Template((HERE / "basis_template.md").read_text(encoding="utf-8")).substitute(
        command=COMMAND,
        realisations="\n".join(sources),
        metabolites=str(len(spin_systems())),
        effects="\n".join(effects()),
        speed="\n".join(speed()),
        knots=str(KNOTS),
        in_vivo=f"{IN_VIVO_HZ:g}",
        real="\n".join(real) or "The scans are not on this machine.",
        comparisons="\n".join(comparisons) or "The published sets are not on this machine.",
    )


def main(arguments: list[str]) -> None:
    """Run and write."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--output", type=Path, default=PAGE, help="file to write; default: docs/basis.md")
    chosen = parser.parse_args(arguments)
    with threadpool_limits(limits=1):
        text = page()
    chosen.output.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
