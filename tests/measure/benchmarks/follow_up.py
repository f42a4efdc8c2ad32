"""Simulated sessions of unchanged and changed people: how often a change is called, and a trend's interval holds."""

from __future__ import annotations

import numpy as np

from fitting.follow_up import Repeatability, own_repeatability
from fitting.quantification.concentrations import Ratio
from fitting.statistics.reliable_change import reliable_change
from fitting.statistics.trend import fit_trend
from fitting.statistics.within_person import c4
from tests.measure.benchmarks.text import table

LEVEL = 1.4
"""A ratio such as tNAA/tCr."""
BETWEEN_DAYS, REPEAT_NOISE = 0.05, 0.04
"""What days add, and the noise of the repeats, in parts of the value."""
COUNTS = (6, 12, 30)
NOISES = (0.02, 0.04, 0.08)
DAYS = (0.05, 0.02, 0.0)
SESSIONS = (3, 4, 5, 8)
SLOPE = 0.03
CHANGES = (0.15, 0.20, 0.30)

TEXT = """
## Follow-up

Per cent of unchanged people beyond the minimal detectable change, from {trials} people each (± {error:.1f}); nominal 5.
Repeats have {noise:.0f} % noise; the column says what days add. What is calculated: [follow-up](follow-up.md).

Own repeats (pairs):

{own}

A published study of nine people on four days that prints the mean of their CVs:

{published}

Flags are rarer where days add little or nothing: a variance cannot be negative, so what few repeats leave open counts
against a change; and beside published repeats a better fit earns nothing.

With twelve pairs of own repeats ({days:.0f} % days, {noise:.0f} % noise), a true change is found in so many of 100:

{found}

One person's change of this size is more often missed than found, and *within* does not mean *unchanged*.

Per cent of 95 % intervals of a trend that hold the true slope, sessions at uneven times with 2 to 5 % noise and
{days:.0f} % days:

{trends}
"""


def false_alarms(people: int, noise: float, trials: int, days: float = BETWEEN_DAYS, change: float = 0.0) -> float:
    """Per cent of people with this change (none) who are beyond, held against own repeats of ``people`` pairs."""
    rng = np.random.default_rng([people, round(noise * 1000), round(days * 1000), round(change * 1000)])
    flagged = 0
    for _ in range(trials):
        scatter = _repeats(rng, people, days)
        one, other = LEVEL * (1.0 + rng.normal(0.0, days, 2) + rng.normal(0.0, noise, 2) + (0.0, change))
        before, after = Ratio(one, noise * LEVEL), Ratio(other, noise * LEVEL)
        flagged += reliable_change(other - one, *scatter.difference(before, after)).beyond
    return 100.0 * flagged / trials


def published_false_alarms(noise: float, trials: int, days: float = BETWEEN_DAYS) -> float:
    """The same, held against a study of nine people on four days that prints the mean of their CVs and its noise."""
    rng = np.random.default_rng([9, round(noise * 1000), round(days * 1000)])
    flagged = 0
    for _ in range(trials):
        study = 1.0 + rng.normal(0.0, days, (9, 4)) + rng.normal(0.0, REPEAT_NOISE, (9, 4))
        cv = float(np.mean(study.std(axis=1, ddof=1) / study.mean(axis=1))) / c4(4)
        scatter = Repeatability("R", "published", cv, REPEAT_NOISE, 27.0, 9, "B", "", "")
        one, other = LEVEL * (1.0 + rng.normal(0.0, days, 2) + rng.normal(0.0, noise, 2))
        before, after = Ratio(one, noise * LEVEL), Ratio(other, noise * LEVEL)
        flagged += reliable_change(other - one, *scatter.difference(before, after)).beyond
    return 100.0 * flagged / trials


def trend_coverage(sessions: int, weighted: bool, trials: int) -> float:
    """Per cent of 95 % intervals that hold the slope; sessions differ in noise and lie at uneven times."""
    rng = np.random.default_rng([sessions, weighted])
    held = 0
    for _ in range(trials):
        times = np.cumsum(rng.uniform(0.5, 2.0, sessions))
        variances = LEVEL**2 * (BETWEEN_DAYS**2 + rng.uniform(0.02, 0.05, sessions) ** 2)
        values = LEVEL + SLOPE * times + np.sqrt(variances) * rng.standard_normal(sessions)
        trend = fit_trend(times, values, variances if weighted else None)
        held += trend is not None and trend.low <= SLOPE <= trend.high
    return 100.0 * held / trials


def _repeats(rng: np.random.Generator, people: int, days: float) -> Repeatability:
    values = LEVEL * (1.0 + rng.normal(0.0, days, (people, 2)) + rng.normal(0.0, REPEAT_NOISE, (people, 2)))
    pairs = {str(i): [Ratio(value, REPEAT_NOISE * LEVEL) for value in pair] for i, pair in enumerate(values)}
    found = own_repeatability(pairs)
    if not isinstance(found, Repeatability):
        raise TypeError(found.sentence)
    return found


def section(trials: int) -> str:
    """The part of the page on follow-up."""
    days = [f"days {100 * part:g} %" for part in DAYS]
    own = [
        (str(people), f"{100 * noise:g} %", *(f"{false_alarms(people, noise, trials, part):.1f}" for part in DAYS))
        for people in COUNTS
        for noise in NOISES
    ]
    published = [
        (f"{100 * noise:g} %", *(f"{published_false_alarms(noise, trials, part):.1f}" for part in DAYS))
        for noise in NOISES
    ]
    found = [(f"{100 * size:.0f} %", f"{false_alarms(12, REPEAT_NOISE, trials, change=size):.0f}") for size in CHANGES]
    trends = [
        (str(count), *(f"{trend_coverage(count, weighted, trials):.1f}" for weighted in (True, False)))
        for count in SESSIONS
    ]
    return TEXT.format(
        trials=trials,
        error=196.0 * np.sqrt(0.05 * 0.95 / trials),
        noise=100 * REPEAT_NOISE,
        days=100 * BETWEEN_DAYS,
        own="\n".join(table(("people repeated", "noise of the person", *days), own)),
        published="\n".join(table(("noise of the person", *days), published)),
        found="\n".join(table(("true change", "found"), found)),
        trends="\n".join(table(("sessions", "weighted", "equal"), trends)),
    )
