"""Analyse sets of known content and put every program's scores into one table."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from fitting.analysis import Analysis, MetaboliteResult
from fitting.errors import FittingError
from fitting.run import Job, analyse
from tests.measure.benchmarks.known_sets import KnownSet
from tests.measure.benchmarks.scoring import Answer, Answers, Kind, Score, Summary, groups, score, standardised_errors
from tests.measure.benchmarks.text import number, signed, table

NAN = float("nan")
VERDICTS = ("yes", "limited", "no", "refused")


@dataclass(frozen=True, slots=True)
class Run:
    """What one program answered on one set, how long it computed, and how mrsquant judged the spectra."""

    known: KnownSet
    program: str
    answers: Answers
    cpu_seconds: tuple[float, ...]
    verdicts: Counter[str] | None = None


def run_all(sets: Sequence[KnownSet]) -> list[Run]:
    """mrsquant on every set with every basis, followed by the answers of the others."""
    runs = []
    for known in sets:
        runs += [_run(known, basis, jobs) for basis, jobs in known.jobs.items()]
        runs += [Run(known, program, *recorded) for program, recorded in known.others.items()]
    return runs


def _run(known: KnownSet, basis: str, jobs: Mapping[str, Job]) -> Run:
    analyse(next(iter(jobs.values())))  # the first call simulates or reads the basis; later ones find it in memory
    answers, seconds, verdicts = {}, [], Counter[str]()
    for spectrum, job in jobs.items():
        began = time.process_time()
        try:
            analysis, _ = analyse(job)
        except FittingError:
            verdicts["refused"] += 1
            continue
        seconds.append(time.process_time() - began)
        verdicts[analysis.verdict.usable] += 1
        answers[spectrum] = answers_of(analysis)
    return Run(known, f"mrsquant, {basis}", answers, tuple(seconds), verdicts)


def answers_of(analysis: Analysis) -> dict[str, Answer]:
    """What an analysis says, by metabolite; nothing when the fit failed."""
    if analysis.outcome.code == "failed":
        return {}
    return {result.name: _answer(result) for result in analysis.metabolites}


def _answer(result: MetaboliteResult) -> Answer:
    ratio, concentration = result.ratio_tcr, result.concentration
    return Answer(
        ratio=NAN if ratio is None else ratio.value,
        ratio_sd=NAN if ratio is None else ratio.sd,
        concentration=NAN if concentration is None else concentration.value,
        concentration_sd=NAN if concentration is None else concentration.sd,
        unit="" if concentration is None else concentration.unit,
    )


def overview(runs: Sequence[Run]) -> list[str]:
    """One line for each program and set: ordinary spectra, the figures that sum it up."""
    rows = []
    for run in runs:
        ordinary = groups(tuple(run.known.truths))["ordinary"]
        ratio, scaled, rescaled = (
            score(run.known.truths, run.answers, ordinary, kind)
            for kind in ("ratio", "water-scaled", "water-scaled, rescaled")
        )
        rows.append(
            (
                run.known.name,
                run.program,
                number(ratio.geometric_rmse, 1),
                number(ratio.mean("within_95"), 0),
                number(ratio.z_rms, 1),
                number(scaled.geometric_rmse, 1),
                number(rescaled.geometric_rmse, 1),
                number(scaled.mean("within_95"), 0),
                number(1e3 * median(run.cpu_seconds), 0) if run.cpu_seconds else "–",
                "–" if run.verdicts is None else "/".join(str(run.verdicts[key]) for key in VERDICTS),
            )
        )
    head = (
        "set",
        "program",
        "g5",
        "ratio 95 %",
        "ratio z",
        "g6",
        "g6 rescaled",
        "water-scaled 95 %",
        "CPU ms",
        f"usable {'/'.join(VERDICTS)}",
    )
    return table(head, rows)


def together(runs: Sequence[Run]) -> list[str]:
    """What the intervals of mrsquant hold of the ordinary spectra of all sets with every basis, value by value."""
    kinds: tuple[Kind, ...] = ("ratio", "water-scaled")
    rows = []
    for kind in kinds:
        z = [
            error
            for run in runs
            if run.verdicts is not None
            for error in standardised_errors(
                run.known.truths, run.answers, groups(tuple(run.known.truths))["ordinary"], kind
            )
        ]
        shares = [100 * fmean(abs(error) <= limit for error in z) for limit in (1.0, 1.96)]
        rms = math.sqrt(fmean(error * error for error in z))
        rows.append((kind, str(len(z)), *(number(share, 1) for share in shares), number(rms, 2)))
    return table(("all sets, mrsquant", "values", "68 %", "95 %", "z"), rows)


def detail(runs: Sequence[Run], group: str, kind: Kind) -> list[str]:
    """Every metabolite of every program on one group of spectra; empty when no set has such a group."""
    rows: list[tuple[str, ...]] = []
    names: tuple[str, ...] = ()
    for run in runs:
        spectra = groups(tuple(run.known.truths)).get(group)
        if spectra is None:
            continue
        summary = score(run.known.truths, run.answers, spectra, kind)
        names = tuple(summary.metabolites) or names
        rows.append((run.known.name, run.program, *_sums(summary), *map(_cell, summary.metabolites.values())))
    head = ("set", "program", "answered", "g6" if "tCr" in names else "g5", "68 %", "95 %", "z", *names)
    return table(head, rows) if rows else []


def _sums(summary: Summary) -> tuple[str, ...]:
    return (
        f"{summary.answered}/{summary.spectra}",
        number(summary.geometric_rmse, 1),
        number(summary.mean("within_68"), 0),
        number(summary.mean("within_95"), 0),
        number(summary.z_rms, 1),
    )


def _cell(each: Score) -> str:
    """Bias/RMSE, coverage of 68/95 % and z of one metabolite."""
    coverage = f"{number(each.within_68, 0)}/{number(each.within_95, 0)}"
    return f"{signed(each.bias)}/{number(each.rmse, 1)} · {coverage} · {number(each.z_rms, 1)}"
