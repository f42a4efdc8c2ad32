"""Monte Carlo of follow-up: ``python -m tests.benchmarks.follow_up`` prints the tables of docs/follow-up.md."""

from __future__ import annotations

import argparse
import sys

import numpy as np

from fitting.follow_up import Repeatability, fit_trend, own_repeatability, reliable_change
from fitting.follow_up.repeatability import unbiasing
from fitting.quantification.concentrations import Ratio

LEVEL = 1.4
"""A ratio such as tNAA/tCr."""
BETWEEN_DAYS, REPEAT_NOISE = 0.05, 0.04
"""What days add, and the noise of the repeats, in parts of the value."""
TRIALS = 10000
COUNTS = (6, 12, 30)
NOISES = (0.02, 0.04, 0.08)
DAYS = (0.05, 0.02, 0.0)
SESSIONS = (3, 4, 5, 8)
SLOPE = 0.03


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
        cv = float(np.mean(study.std(axis=1, ddof=1) / study.mean(axis=1))) / unbiasing(4)
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


def tables(trials: int) -> str:
    """The tables as Markdown."""
    lines = ["| people repeated | noise of the person | " + " | ".join(f"days {100 * d:g} %" for d in DAYS) + " |"]
    lines.append("|---" * (2 + len(DAYS)) + "|")
    for people in COUNTS:
        for noise in NOISES:
            rates = " | ".join(f"{false_alarms(people, noise, trials, days):.1f}" for days in DAYS)
            lines.append(f"| {people} | {100 * noise:g} % | {rates} |")
    lines += ["", "| noise of the person | " + " | ".join(f"days {100 * d:g} %" for d in DAYS) + " |"]
    lines.append("|---" * (1 + len(DAYS)) + "|")
    for noise in NOISES:
        rates = " | ".join(f"{published_false_alarms(noise, trials, days):.1f}" for days in DAYS)
        lines.append(f"| {100 * noise:g} % | {rates} |")
    lines += ["", "| sessions | weighted | equal |", "|---|---|---|"]
    for count in SESSIONS:
        lines.append(
            f"| {count} | {trend_coverage(count, True, trials):.1f} | {trend_coverage(count, False, trials):.1f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=TRIALS)
    sys.stdout.write(tables(parser.parse_args().trials))


if __name__ == "__main__":
    main()
