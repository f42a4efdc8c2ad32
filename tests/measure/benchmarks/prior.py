"""What the concentration prior does to ordinary and atypical spectra: ``python -m tests.measure.benchmarks.prior``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

from threadpoolctl import threadpool_limits

from fitting.quantification.concentration_prior import concentration_priors
from tests.measure.benchmarks.accuracy import run_all
from tests.measure.benchmarks.known_sets import KnownSet
from tests.measure.benchmarks.scoring import groups, score
from tests.measure.benchmarks.simulated import simulated_sets
from tests.measure.benchmarks.text import number, table

COLUMNS = ("set", "spectra", "prior", "g5", "ratio 95 %", "g6", "water-scaled 95 %", "Gln bias", "tCr bias")


def rows(sets: Sequence[KnownSet]) -> list[tuple[str, ...]]:
    """Scores of every set without and with each prior, ordinary and atypical spectra apart."""
    found = []
    for prior in (None, *concentration_priors()):
        for run in run_all([_with(known, prior) for known in sets]):
            for group, spectra in groups(tuple(run.known.truths)).items():
                ratios = score(run.known.truths, run.answers, spectra, "ratio")
                scaled = score(run.known.truths, run.answers, spectra, "water-scaled")
                found.append(
                    (
                        run.known.name,
                        group,
                        prior or "none",
                        number(ratios.geometric_rmse, 1),
                        number(ratios.mean("within_95"), 0),
                        number(scaled.geometric_rmse, 1),
                        number(scaled.mean("within_95"), 0),
                        *(number(scaled.metabolites[name].bias, 1) for name in ("Gln", "tCr")),
                    )
                )
    return sorted(found, key=lambda row: (row[0], row[1] != "ordinary"))


def _with(known: KnownSet, prior: str | None) -> KnownSet:
    jobs = {
        basis: {
            spectrum: replace(job, options=replace(job.options, concentration_prior=prior))
            for spectrum, job in spectra.items()
        }
        for basis, spectra in known.jobs.items()
    }
    return replace(known, jobs=jobs, others={})


if __name__ == "__main__":
    with threadpool_limits(limits=1):
        sys.stdout.write("\n".join(table(COLUMNS, rows(simulated_sets()))) + "\n")
