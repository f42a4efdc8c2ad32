"""The page of the benchmark: its text stands in the templates beside this module, its figures are measured."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from string import Template

from fitting import __version__
from fitting.basis.macromolecule_templates import templates
from fitting.basis.macromolecules import background
from fitting.fid import Axes
from fitting.request import Options
from fitting.run import Job
from tests.conftest import shared_folder
from tests.measure.benchmarks import own_model, simulated
from tests.measure.benchmarks.accuracy import Run, detail, overview, run_all, together
from tests.measure.benchmarks.known_sets import private_sets
from tests.measure.benchmarks.scoring import ATYPICAL, Kind
from tests.measure.benchmarks.simulated import GRID, PROTOCOL, QUALITIES, REPETITION_TIME, simulated_sets
from tests.measure.benchmarks.speed import MATRIX, optimisers, reference_gflops, single_figures, stages, throughput
from tests.measure.benchmarks.text import table

HERE = Path(__file__).parent
COMMAND = "make bench"
LIBRARIES = ("numpy", "scipy", "lmfit", "nibabel")
TITLES: Mapping[Kind, str] = {"ratio": "Ratios to tCr", "water-scaled": "Water-scaled concentrations"}


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    spectra: int
    """Simulated spectra of each quality; times are measured on the first of them."""
    draws: int
    """Draws of the noise of the own model."""
    repeats: int
    """Repeats of preprocessing and basis simulation."""
    batch: int
    """Times the simulated spectra are put into a batch; 0 leaves batches out."""
    private: bool
    """Also measure the private sets, where they are."""


TIMED = 20
"""Spectra of each quality whose times are measured; more change no quantile much."""
FULL = Size(spectra=60, draws=own_model.DRAWS, repeats=7, batch=2, private=True)
FAST = Size(spectra=1, draws=2, repeats=1, batch=0, private=False)


def page(size: Size) -> str:
    """Measure everything and say it."""
    gflops = reference_gflops()
    sets = simulated_sets(size.spectra)
    jobs = {known.name: tuple(known.jobs["simulated basis"].values())[:TIMED] for known in sets}
    folder = shared_folder() if size.private else None
    rows = [row for name, mine in jobs.items() for row in stages(name, mine)] + single_figures(size.repeats)
    figures = {
        "command": COMMAND,
        "atypical": str(ATYPICAL),
        "protocol": f"{PROTOCOL.sequence}, TE {PROTOCOL.echo_time * 1e3:.0f} ms, TR {REPETITION_TIME:g} s, "
        f"{PROTOCOL.spectrometer_frequency * 1e-6:g} MHz, {GRID.points} points",
        "published": ", ".join(templates()),
        "qualities": _qualities(),
        "simulated": _accuracy(run_all(sets)),
        "private": ""
        if folder is None
        else _fill("private_template.md", tables=_accuracy(run_all(private_sets(folder)))),
        "draws": str(size.draws),
        "own_snr": f"{own_model.SIGNAL_TO_NOISE:g}",
        "own_model": _lines(own_model.own_model(size.draws)),
        "speed": _lines(table(("what", "p50", "p95", "unit"), rows)),
        "optimisers": _lines(optimisers(jobs["typical"])),
        "batch": _batch([job for mine in jobs.values() for job in mine] * size.batch),
    }
    return _fill(
        "page_template.md", provenance=_provenance(gflops), gflops_after=f"{reference_gflops():.0f}", **figures
    )


def _fill(name: str, **values: str) -> str:
    return Template((HERE / name).read_text(encoding="utf-8")).substitute(values)


def _lines(lines: Sequence[str]) -> str:
    return "\n".join(lines)


def _macromolecules(name: str) -> str:
    axes = Axes(GRID.points, GRID.dwell_time, PROTOCOL.spectrometer_frequency)
    return background(name, axes).description


def _provenance(gflops: float) -> str:
    options = Options()
    used = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return _lines(
        table(
            ("what", "value"),
            (
                ("command", f"`{COMMAND}`"),
                ("commit", _commit()),
                ("mrsquant", __version__),
                ("Python and libraries", f"{platform.python_version()}, {used}"),
                ("seeds", f"simulated spectra {simulated.SEED}, own model {own_model.SEED}"),
                ("optimiser, baseline", f"{options.optimiser}, {options.baseline}"),
                (
                    "macromolecules",
                    _macromolecules(options.macromolecules),
                ),
                ("concentration priors", "none"),
                ("machine", f"shared {os.cpu_count()}-core machine"),
                (
                    "machine reference",
                    f"{gflops:.0f} GFlop per CPU second, double-precision {MATRIX} × {MATRIX} product",
                ),
            ),
        )
    )


def _commit() -> str:
    """Short hash of the commit, and whether the measured code differs from it."""
    commit = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--", "fitting", "service", "tests/measure/benchmarks")
    return (f"{commit} with uncommitted changes" if changed else commit) or "unknown: not a git checkout"


def _git(*arguments: str) -> str:
    answer = subprocess.run(["git", *arguments], cwd=HERE.parents[2], check=False, capture_output=True, text=True)
    return answer.stdout.strip() if answer.returncode == 0 else ""


def _qualities() -> str:
    rows = [
        (
            each.name,
            _range(each.signal_to_noise),
            _range(each.linewidth_hz),
            _range(each.baseline),
            _range(each.residual_water),
            f"±{each.shift_hz:g}",
            f"±{each.phase_deg:g}",
        )
        for each in QUALITIES
    ]
    return _lines(
        table(("quality", "S/N", "line width Hz", "baseline / NAA", "water / NAA", "shift Hz", "phase °"), rows)
    )


def _range(limits: tuple[float, float]) -> str:
    return f"{limits[0]:g}–{limits[1]:g}"


def _accuracy(runs: Sequence[Run]) -> str:
    lines = [
        "Overview, ordinary spectra: ratios to tCr, then water-scaled.",
        "",
        *overview(runs),
        "",
        *together(runs),
        "",
    ]
    for group in ("ordinary", "atypical"):
        for kind, title in TITLES.items():
            rows = detail(runs, group, kind)
            lines += [f"{title}, {group} spectra:", "", *rows, ""] if rows else []
    return _lines(lines)


def _batch(jobs: Sequence[Job]) -> str:
    if not jobs:
        return ""
    said = (
        "A batch by number of workers, relative to one, counted from their first answers on. CPU time says whether",
        "workers hinder each other; the last two columns are by the clock, and others on the machine are in them.",
    )
    return _lines(["", *said, "", *throughput(jobs)])
