"""The page docs/real-files.md: facts about published scanner files and our figures, no file's content."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from fitting.analysis import Analysis
from fitting.errors import FittingError
from fitting.quality.verdict.rules import measured
from tests.measure.doubts import doubts
from tests.measure.real_files import BRAINS, OTHERS, SIX, Case, answer, index, job, metabolites

PAGE = Path(__file__).parents[2] / "docs" / "real-files.md"
SHOWN = ("NAA", *SIX)
PEERS = {"lcmodel": "LCModel 6.3", "fslmrs": "FSL-MRS 2.4"}
COMPARED = ("tNAA", "Glu", "Gln", "mI", "tCho")

Row = Sequence[str]
T = TypeVar("T")

INTRODUCTION = """\
# Real scanner files

What mrsquant says of spectra that other projects publish. Only facts about the files and our figures stand here,
not their content. `make real-files SHARED=FOLDER` writes this page from a folder that holds the files. Ratios are
to tCr; linewidth is that of a singlet in the fit; [tCr] is scaled by water, in institutional units.
"""
JUDGED = """\
## What the verdict is judged by

The numbers of these brains that limits of the [verdict](verdict.md) stand on. *Worst region* is the largest of
`residual_by_region`; *width* that of the water reference over that of the metabolites; *line* is
`unexplained_line`, *phase* `phase_departure_deg`, *axis* `axis_error`. *Other protocol* is the common one that
explains the data best where one does roughly better than the stated, and by how many times it lowers the squared
residual (believed from 1.012 on); *decaying phase* the same for uncorrected eddy currents (believed from 1.25 on).
Both are sought here whether or not an analysis would have looked.
"""
BESIDE = """\
## Beside other programs

Ratios to tCr of the same files, ours with the standard deviation we stand behind, the others' with the Cramér-Rao
bound they state (ours is wider: it holds baseline and macromolecules, too). There is no truth here, and basis sets
differ: ours has the pulses of the scanner, the others' is named. FSL-MRS ran without any preprocessing beyond its
own fit.
"""


def page(shared: Path) -> str:
    """The page of documentation, from a folder with the files (``data``) and answers of others (``peers``)."""
    data = shared / "data"
    lines = [
        INTRODUCTION,
        "## Brain spectra",
        "",
        *_table(_summary_head(), (_summary(case, data) for case in BRAINS)),
        "",
        "Residuals, as seen in the pictures of the fits:",
        "",
        *(f"- {case.name}: {case.remark}." for case in BRAINS),
        "",
        JUDGED,
        *_table(_judged_head(), (_judged(case, data) for case in BRAINS)),
        "",
        BESIDE,
        *_table(
            ("file", "metabolite", "mrsquant", *PEERS.values(), "their basis"),
            _beside(data, shared / "peers" / "real_files.csv"),
        ),
        "",
        "## Phantoms and a metabolite-nulled scan",
        "",
        "None of them gets a z-score.",
        "",
        *_table(_summary_head(), (_summary(case, data) for case in OTHERS)),
        "",
        *(f"- {case.name}: {case.remark}." for case in OTHERS),
        "",
    ]
    return "\n".join(lines)


def _table(head: Row, rows: Iterable[Row]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, tuple("---" for _ in head), *rows)]


def _summary_head() -> Row:
    return ("file", "from", "format", "field", "TE", *SHOWN, "[tCr]", "SNR", "linewidth", "verdict")


def _summary(case: Case, data: Path) -> Row:
    origin = index(data)[case.path]["source_repo"]
    try:
        analysis, _ = answer(case, data, None)
    except FittingError as error:
        return (case.name, origin, *("–" for _ in _summary_head()[2:-1]), error.code)
    taken, quality, values = analysis.acquisition, analysis.quality, metabolites(analysis)
    creatine = values["tCr"].concentration if analysis.verdict.usable != "no" else None
    return (
        case.name,
        origin,
        taken.format,
        f"{taken.field_t:g} T",
        _shown(taken.echo_time, lambda value: f"{value * 1e3:.0f} ms"),
        *(f"{found.value:.2f}" if (found := values[name].ratio_tcr) else "–" for name in SHOWN),
        _shown(creatine, lambda found: f"{found.value:.1f} ± {found.sd:.1f}"),
        f"{quality.snr:.0f}",
        f"{quality.linewidth_hz:.1f} Hz",
        f"{analysis.verdict.usable} ({', '.join(reason.code for reason in analysis.verdict.reasons)})",
    )


def _judged_head() -> Row:
    return (
        *(
            "file",
            "worst region",
            "width",
            "axis",
            "line",
            "phase",
            "step",
            "image",
            "ripple",
            "offset",
            "amplitudes",
            "coils",
        ),
        *("other protocol", "decaying phase"),
    )


def _judged(case: Case, data: Path) -> Row:
    analysis, _ = answer(case, data, None)
    quality = analysis.quality
    numbers = {name: found.value for name, found in measured(quality, ()).items()}
    known = {
        "worst_region_residual": "{:.2f}",
        "water_over_metabolite_linewidth": "{:.1f}",
        "axis_error": "{:+.1%}",
        "unexplained_line": "{:.1f}",
        "phase_departure_deg": "{:.0f}",
        "digitisation_step": "{:.4f}",
        "quadrature_image": "{:.3f}",
        "water_ripple": "{:.4f}",
        "water_offset": "{:.3f}",
        "amplitude_spread": "{:.3f}",
        "opposed_coils": "{:.0f}",
    }
    return (
        case.name,
        *(_shown(numbers.get(name), shown.format) for name, shown in known.items()),
        *_doubts(case, data),
    )


def _doubts(case: Case, data: Path) -> Row:
    """Of the simulated basis alone: with another there is no other protocol to hold against it."""
    if case.basis:
        return ("–", "–")
    found = doubts(job(case, data), None)
    other = found.protocol
    return (
        _shown(other, lambda best: f"{best.protocol.sequence} {1e3 * best.protocol.echo_time:.0f} ms, {best.gain:.3f}"),
        f"{found.phase.gain:.2f}",
    )


def _beside(data: Path, peers: Path) -> Iterable[Row]:
    with peers.open(newline="", encoding="utf-8") as table:
        answers = {(row["file"], row["metabolite"], row["tool"]): row for row in csv.DictReader(table)}
    for case in BRAINS:
        if case.basis or not any(path == case.path for path, _, _ in answers):
            continue
        analysis, _ = answer(case, data, None)
        for name in COMPARED:
            theirs = [answers.get((case.path, name, tool)) for tool in PEERS]
            bases = {row["basis"] for row in theirs if row}
            yield (case.name, name, _ours(analysis, name), *(_theirs(row) for row in theirs), ", ".join(sorted(bases)))


def _ours(analysis: Analysis, name: str) -> str:
    return _shown(metabolites(analysis)[name].ratio_tcr, lambda found: f"{found.value:.2f} ± {found.sd:.2f}")


def _theirs(row: dict[str, str] | None) -> str:
    """A ratio and its bound; a bound of 999 % says that there is none."""
    if row is None:
        return "–"
    value, percent = float(row["ratio_tcr"]), float(row["crlb_percent"])
    return f"{value:.2f} (no bound)" if percent >= 999 else f"{value:.2f} ± {value * percent / 100:.2f}"


def _shown(value: T | None, words: Callable[[T], str]) -> str:
    return "–" if value is None else words(value)
