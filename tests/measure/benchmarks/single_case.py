"""Simulated people held against simulated controls: how often a healthy one is flagged, and the interval holds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fitting.norms.controls import FEWEST_FOR_REGRESSION, Control, Measured
from fitting.norms.expectation import Expectation, expect_of_people
from fitting.norms.literature import grouped_rows
from fitting.norms.literature_reference import literature_reference
from fitting.norms.norm import StudyControls
from fitting.norms.pooled import pool, pooled_norm
from fitting.quantification.concentrations import Ratio
from fitting.request import Subject
from fitting.statistics.single_case import ReferenceDistribution, confidence_below, t_test

MEAN, SD = 1.4, 0.14
"""A ratio whose people differ by 10 %, as tNAA/tCr does."""
NAIVE = 1.96


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

    def add(self, value: float, reference: ReferenceDistribution, naive_z: float, truth: float) -> None:
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


def own_controls(
    n: int, usual: float, noise: float, trials: int, seed: int | list[int], *, stated: bool = True
) -> Tally:
    """Healthy people against n controls who differ by ``SD``, of which ``usual`` SDs are measurement error.

    The person's value has an error of ``noise`` SDs. The position is that of the person's own value among the
    controls as measured; ``stated`` controls say what their error is.
    """
    rng = np.random.default_rng(seed)
    tally = Tally()
    between_people = SD * np.sqrt(1.0 - usual**2)
    for _ in range(trials):
        controls = rng.normal(MEAN, SD, n)
        error = usual * SD if stated else None
        own = Expectation("", n, float(controls.mean()), float(controls.std(ddof=1)), n - 1.0, 1.0 / n, error)
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
        controls = [
            Control(str(number), {"tNAA": Measured(float(value))}, float(age))
            for number, (value, age) in enumerate(zip(values, ages, strict=True))
        ]
        age = float(rng.uniform(ages.min(), ages.max()))
        expected = MEAN - 0.006 * (age - 40)
        value = float(rng.normal(expected, SD))
        own = expect_of_people("", controls, "tNAA", Subject(age_years=age), adjust=n >= FEWEST_FOR_REGRESSION)
        assert isinstance(own, Expectation)
        naive = (value - values.mean()) / values.std(ddof=1)
        tally.add(value, own.reference(Ratio(value, 0.0)), float(naive), (value - expected) / SD)
    return tally


def published(
    studies: int, ratio: float | None, trials: int, seed: int | list[int], error: float | None = None
) -> Tally:
    """Healthy people of a new laboratory against pooled studies; the naive z divides by the spread between people.

    Laboratories differ by ``ratio`` SDs of people or, with None, each time as one of the shipped ratios does. The
    position is that among the own laboratory's controls, in units of the spread of new people in new laboratories.
    The value is exact or, with ``error`` SDs of measurement, beside studies of whose variance a quarter is error.
    """
    rng = np.random.default_rng(seed)
    tally = Tally()
    sizes = rng.integers(15, 60, studies)
    for _ in range(trials):
        tau = SD * (float(rng.choice(shipped_ratios())) if ratio is None else ratio)
        members = []
        for index, n in enumerate(sizes):
            people = rng.normal(rng.normal(MEAN, tau), SD, n)
            mean, sd = float(people.mean()), float(people.std(ddof=1))
            members.append(StudyControls(str(index), "", "", mean, sd, int(n), None, False, False, ()))
        norm = pool(tuple(members), None, region="ACC", metabolite="tNAA", unit="tCr", field_t=3.0)
        laboratory = rng.normal(MEAN, tau)
        person = float(rng.normal(laboratory, SD if error is None else np.sqrt(0.75) * SD))
        value = person if error is None else float(rng.normal(person, error * SD))
        reference = literature_reference(norm, Ratio(value, (error or 0.0) * SD))
        naive = (value - norm.mean) / (norm.sd_within or np.nan)
        tally.add(value, reference, naive, (person - laboratory) / np.hypot(SD, tau))
    return tally


@lru_cache(maxsize=1)
def shipped_ratios() -> tuple[float, ...]:
    """Spread between laboratories over that between people, of pooled ratios to tCr with four studies or more."""
    return tuple(
        norm.effects.tau / norm.sd_within
        for norm in (pooled_norm(*key, rows) for key, rows in grouped_rows().items())
        if norm.unit == "tCr" and norm.studies >= 4 and norm.effects is not None and norm.sd_within is not None
    )
