"""Monte Carlo of the single-case statistics: ``python -m tests.benchmarks.single_case`` writes their page."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fitting.norms.controls import FEWEST_FOR_REGRESSION, ControlValue, OwnReference, sample_reference
from fitting.norms.literature import Cohort, literature_norms, pool
from fitting.norms.position import Reference, confidence_below, power, t_test
from fitting.norms.z_score import literature_reference
from fitting.quantification.concentrations import Ratio
from fitting.subject import Subject

PAGE = Path(__file__).parents[2] / "docs" / "benchmark-statistics.md"
MEAN, SD = 1.4, 0.14
"""A ratio whose people differ by 10 %, as tNAA/tCr does."""
NAIVE = 1.96
TRIALS = 10000
COUNTS = (8, 10, 20, 50)
NOISES = (0.0, 0.5, 1.0)
"""Measurement error of the person's value, in SDs of the controls."""


HEAD = """\
Written by `make bench-statistics` (`python -m tests.benchmarks.single_case`). Simulated healthy people are held
against simulated controls: five in a hundred should be flagged, and the interval of z should hold the true
position in 95 of 100. Each figure is a share in per cent ± its 95 % error, from {trials} people (a quarter as many
for pooled studies). "Naive" flags |z| > 1.96 with the mean and SD of the controls as if they were exact. What is
calculated: [statistics](statistics.md)."""
OWN = """\
Controls differ by 10 %; a quarter of that variance is measurement error. The error of the person's value is given
in SDs of the controls: 0.5 is as the controls, 1 is a spectrum twice as noisy.
"""
OWN_READING = """
A value without error beside controls with some is flagged in less than 5 %, because their spread holds their error
too; a noisy one is not flagged more often, because the excess of its error widens the test."""
PUBLISHED = """\
τ is the SD between laboratories in SDs between people; of the shipped ratios with four or more studies it is 0.33
to 1.5. The person's laboratory is none of the studies. The true position is that among the own laboratory's
controls, in units of the spread of new people in new laboratories. Below 0.33 the interval is too wide by design.
"""
POWER_READING = """
One person's difference of this size is more often missed than found, whatever the controls: what groups show need
not show in one person, and a value within the reference interval says little."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Share of trials in which something happened."""

    hits: int
    trials: int

    @property
    def percent(self) -> float:
        """The share, per cent."""
        return 100.0 * self.hits / self.trials

    def __str__(self) -> str:
        error = 196.0 * np.sqrt(self.hits / self.trials * (1 - self.hits / self.trials) / self.trials)
        return f"{self.percent:.1f} ± {error:.1f}"


@dataclass(slots=True)
class Tally:
    """Trials of one setting."""

    trials: int = 0
    naive: int = 0
    flagged: int = 0
    covered: int = 0

    def add(self, value: float, reference: Reference, naive_z: float, truth: float) -> None:
        """Count one person whose true position is ``truth``."""
        self.trials += 1
        self.naive += abs(naive_z) > NAIVE
        self.flagged += t_test(value, reference)[1] < 0.05
        z = (value - reference.mean) / reference.sd
        self.covered += 0.025 <= confidence_below(z, reference, truth) <= 0.975

    @property
    def rates(self) -> tuple[Rate, Rate, Rate]:
        """Flagged by the naive z, flagged by ours, true position inside the interval."""
        return Rate(self.naive, self.trials), Rate(self.flagged, self.trials), Rate(self.covered, self.trials)


def own_controls(n: int, noise: float, trials: int, seed: int) -> Tally:
    """Healthy people against n controls; controls' values hold half a SD of measurement error, the person's ``noise``.

    The position is that of the person's own value among the controls as measured.
    """
    rng = np.random.default_rng(seed)
    tally = Tally()
    usual = 0.5 * SD
    between_people = np.sqrt(SD**2 - usual**2)
    for _ in range(trials):
        controls = rng.normal(MEAN, SD, n)
        own = OwnReference("", n, float(controls.mean()), float(controls.std(ddof=1)), n - 1.0, 1.0 / n, usual)
        person = rng.normal(MEAN, between_people)
        value = rng.normal(person, noise * SD)
        reference = own.reference(Ratio(float(value), noise * SD))
        tally.add(float(value), reference, (value - own.mean) / own.sd, (person - MEAN) / SD)
    return tally


def regression(n: int, trials: int, seed: int) -> Tally:
    """People of any age against n controls whose values fall with age; the naive z does not know the age."""
    rng = np.random.default_rng(seed)
    tally = Tally()
    for _ in range(trials):
        ages = rng.uniform(20, 65, n)
        values = rng.normal(MEAN - 0.006 * (ages - 40), SD)
        controls = [ControlValue(float(v), None, float(a)) for v, a in zip(values, ages, strict=True)]
        age = float(rng.uniform(ages.min(), ages.max()))
        expected = MEAN - 0.006 * (age - 40)
        value = float(rng.normal(expected, SD))
        own = sample_reference("", controls, Subject(age_years=age), adjust=n >= FEWEST_FOR_REGRESSION)
        assert isinstance(own, OwnReference)
        naive = (value - values.mean()) / values.std(ddof=1)
        tally.add(value, own.reference(Ratio(value, 0.0)), float(naive), (value - expected) / SD)
    return tally


def published(studies: int, tau: float, trials: int, seed: int) -> Tally:
    """Healthy people of a new laboratory against pooled studies; the naive z divides by the spread between people.

    The position is that among the own laboratory's controls, in units of the spread of new people in new
    laboratories.
    """
    rng = np.random.default_rng(seed)
    tally = Tally()
    sizes = rng.integers(15, 60, studies)
    for _ in range(trials):
        members = []
        for index, n in enumerate(sizes):
            people = rng.normal(rng.normal(MEAN, tau), SD, n)
            members.append(
                Cohort(
                    str(index), "", "", float(people.mean()), float(people.std(ddof=1)), int(n), None, False, False, ()
                )
            )
        norm = pool(tuple(members), None, region="ACC", metabolite="tNAA", unit="tCr", field_t=3.0)
        laboratory = rng.normal(MEAN, tau)
        value = float(rng.normal(laboratory, SD))
        reference = literature_reference(norm, Ratio(value, 0.0))
        naive = (value - norm.mean) / (norm.sd_within or np.nan)
        tally.add(value, reference, naive, (value - laboratory) / np.hypot(SD, tau))
    return tally


def page(trials: int) -> str:
    """The whole page; ``trials`` people for each setting."""
    return "\n".join([*_head(trials), *_own(trials), *_regression(trials), *_published(trials // 4), *_power(), ""])


def _head(trials: int) -> Iterator[str]:
    yield "# Benchmark of the statistics"
    yield ""
    yield HEAD.format(trials=trials)


def _own(trials: int) -> Iterator[str]:
    yield "\n## Own controls\n"
    yield OWN
    yield "| controls | error of the value | flagged, naive | flagged | true position inside the interval |"
    yield "|---|---|---|---|---|"
    for n in COUNTS:
        for noise in NOISES:
            naive, flagged, covered = own_controls(n, noise, trials, seed=n + int(10 * noise)).rates
            yield f"| {n} | {noise:g} | {naive} | {flagged} | {covered} |"
    yield OWN_READING


def _regression(trials: int) -> Iterator[str]:
    yield "\n## Own controls with age\n"
    yield "The ratio falls by 0.006 a year; controls are 20 to 65 years old, the person any age between.\n"
    yield "| controls | flagged, naive | flagged | true position inside the interval |"
    yield "|---|---|---|---|"
    for n in (20, 50):
        yield "| {} | {} | {} | {} |".format(n, *regression(n, trials, seed=n).rates)


def _published(trials: int) -> Iterator[str]:
    yield "\n## Published controls of other laboratories\n"
    yield PUBLISHED
    yield "| studies | τ | flagged, naive | flagged | true position inside the interval |"
    yield "|---|---|---|---|---|"
    for studies in (3, 5, 8):
        for ratio in (0.0, 0.33, 0.5, 0.8, 1.2):
            rates = published(studies, ratio * SD, trials, seed=studies + int(10 * ratio)).rates
            yield "| {} | {:g} | {} | {} | {} |".format(studies, ratio, *rates)


def _power() -> Iterator[str]:
    yield "\n## Power: a decrease of tNAA by 15 %\n"
    yield "Chance that one person whose tNAA/tCr is expected 15 % lower is flagged, measured as well as the controls.\n"
    yield "| controls | people differ by 8 % | by 10 % | by 12 % |"
    yield "|---|---|---|---|"
    for n in COUNTS:
        chances = [power(0.15, cv * np.sqrt(1 + 1 / n), n - 1.0) for cv in (0.08, 0.10, 0.12)]
        yield f"| {n} own | " + " | ".join(f"{100 * chance:.0f} %" for chance in chances) + " |"
    for norm in literature_norms():
        if norm.metabolite == "tNAA" and norm.unit == "tCr" and norm.field_t == 3.0 and norm.supports_z:
            reference = literature_reference(norm, Ratio(norm.mean, 0.0))
            chance = power(0.15 * norm.mean, reference.sd_predictive, reference.df_predictive)
            cv = 100 * (norm.sd_within or np.nan) / norm.mean
            yield f"| published, {norm.region} ({norm.studies} studies, {cv:.0f} %) | {100 * chance:.0f} % | | |"
    yield POWER_READING


def main(arguments: list[str]) -> None:
    """Run and write; ``--fast`` takes seconds and only prints."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.single_case", description=__doc__)
    parser.add_argument("--fast", action="store_true", help="few trials: proves that it runs")
    chosen = parser.parse_args(arguments)
    text = page(200 if chosen.fast else TRIALS)
    if not chosen.fast:
        PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
