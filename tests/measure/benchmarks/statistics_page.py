"""The page of the statistics: ``python -m tests.measure.benchmarks.statistics_page`` measures them and writes it."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from fitting.norms.control_model import Cell, control_model
from fitting.norms.improvements import with_controls
from fitting.norms.literature_reference import LEAST_BETWEEN_LAB
from fitting.statistics.distributions import NORMAL_LIMIT
from fitting.statistics.laboratory import Noise, update
from fitting.statistics.single_case import power
from tests.measure.benchmarks import follow_up
from tests.measure.benchmarks.single_case import own_controls, published, regression, shipped_ratios
from tests.measure.benchmarks.text import table

PAGE = Path(__file__).parents[3] / "docs" / "benchmark-statistics.md"
TRIALS = 10000
COUNTS = (8, 10, 20, 50)
ERRORS = ((0.0, 0.0, True), (0.5, 0.5, True), (0.5, 1.0, True), (0.5, 0.25, True), (0.5, 0.0, True))
"""Measurement error of controls and person in SDs of the controls, and whether controls say it."""
UNSTATED = ((0.5, 0.5, False), (0.5, 1.0, False), (0.0, 0.25, False), (0.0, 0.5, False))
STUDIES = (3, 4, 5, 8)
MODEL_COUNTS = (0, 3, 8, 20)
VALUE_ERRORS = (0.25, 0.5, 1.0)
LABORATORIES = (0.0, 0.3, 0.5, 0.8, 1.2, 2.0, 3.0, None)
"""Spread between laboratories in SDs between people; None is drawn among the shipped ones."""

HEAD = """\
# Benchmark of the statistics

Written by `make bench-statistics` (`python -m tests.measure.benchmarks.statistics_page`).
Simulated healthy people are held
against simulated controls: five in a hundred should be flagged, and the interval of z should hold the true position
in 95 of 100. Each figure is a share in per cent ± its 95 % error, from {trials} people. "Naive" flags |z| > 1.96 with
the mean and SD of the controls as if they were exact. What is calculated: [statistics](statistics.md).

This page is of what a sample says alone: the t test of own controls (`t`, `df`, `p_t`, `z_cc`, and z where the control
model has no prior) and the pooling of groups that are supplied with a value. The control model, which every other
comparison rests on, has its own pages: [how few controls are enough](few-controls.md) and, from spectrum to flag,
[healthy people](healthy-people.md).
"""
OWN = """
## Own controls

Controls differ by 10 %. Errors of measurement are in SDs of the controls: 0.5 is usual (a quarter of the variance), 1
is a spectrum twice as noisy. Controls say their errors.
"""
OWN_UNSTATED = """
Controls who do not say their errors are taken to have the usual ones. Where they have none at all, a noisier person is
flagged more often, for it cannot be known:
"""
AGE = """
## Own controls with age

The ratio falls by 0.006 a year; controls are 20 to 65 years old, the person any age between.
"""
PUBLISHED = """
## Groups of other laboratories that are supplied with the value

τ is the SD between laboratories in SDs between people; "as shipped" draws it each time among those of the {count}
shipped ratios with four or more studies, {low:.2f} to {high:.2f}. The person's laboratory is none of the studies. The
true position is that among the own laboratory's controls, in units of the spread of new people in new laboratories.
The interval does not believe in τ below {least:g}, so there it is too wide.
"""
PUBLISHED_ERRORS = """
A quarter of the variance between people is error of measurement, as it is taken to be; τ as shipped, the error of the
value in SDs. With three studies and a spectrum twice as noisy as usual the interval is a little too wide:
"""
POWER = """
## Power: a decrease of tNAA by 15 %

Chance that one person whose tNAA/tCr is expected 15 % lower is flagged, measured as well as the controls.
"""
POWER_MODEL = """
The same by the control model at 3 T, without own controls and with 3, 8 and 20:
"""
POWER_READING = """
One person's difference of this size is more often missed than found, whatever the controls: what groups show need
not show in one person, and a value within the reference interval says little.
"""
HELD = ("flagged, naive", "flagged", "true position inside the interval")


def page(trials: int) -> str:
    """The whole page; ``trials`` people for each setting."""
    with ProcessPoolExecutor() as pool:
        measured = [pool.submit(part, trials) for part in (_own, _regression, _published)]
        followed = pool.submit(follow_up.section, trials)
        lines = [line for part in measured for line in part.result()]
        return "\n".join([HEAD.format(trials=trials).rstrip(), *lines, *_power(), followed.result().lstrip()])


def _own(trials: int) -> list[str]:
    lines = []
    for text, errors in ((OWN, ERRORS), (OWN_UNSTATED, UNSTATED)):
        rows = []
        for number, (usual, noise, stated) in enumerate(errors):
            for n in COUNTS:
                tally = own_controls(n, usual, noise, trials, [n, number, stated], stated=stated)
                rows.append((f"{usual:g}", f"{noise:g}", str(n), *map(str, tally.rates)))
        lines += [text, *table(("error of the controls", "of the value", "controls", *HELD), rows)]
    return lines


def _regression(trials: int) -> list[str]:
    rows = [(str(n), *map(str, regression(n, trials, seed=n).rates)) for n in (20, 50)]
    return [AGE, *table(("controls", *HELD), rows)]


def _published(trials: int) -> list[str]:
    known = shipped_ratios()
    text = PUBLISHED.format(count=len(known), low=min(known), high=max(known), least=LEAST_BETWEEN_LAB)
    rows = []
    for studies in STUDIES:
        for number, ratio in enumerate(LABORATORIES):
            rates = published(studies, ratio, trials, [studies, number]).rates
            rows.append((str(studies), "as shipped" if ratio is None else f"{ratio:g}", *map(str, rates)))
    noisy = [
        (str(studies), f"{error:g}", *map(str, published(studies, None, trials, [studies, number, 1], error).rates))
        for studies in STUDIES
        for number, error in enumerate(VALUE_ERRORS)
    ]
    errors = table(("studies", "error of the value", *HELD), noisy)
    return [text, *table(("studies", "τ", *HELD), rows), PUBLISHED_ERRORS, *errors]


def _power() -> Iterator[str]:
    yield POWER
    rows = []
    for n in COUNTS:
        chances = [power(0.15, cv * np.sqrt(1 + 1 / n), n - 1.0) for cv in (0.08, 0.10, 0.12)]
        rows.append((f"{n} own", *(f"{100 * chance:.0f} %" for chance in chances)))
    yield from table(("controls", "people differ by 8 %", "by 10 %", "by 12 %"), rows)
    yield POWER_MODEL
    by_region = [
        (region, *(f"{100 * model_power(region, n):.0f} %" for n in MODEL_COUNTS)) for region in control_model().regions
    ]
    yield from table(("region", *(f"{n} own" for n in MODEL_COUNTS)), by_region)
    yield POWER_READING


def model_power(region: str, n: int) -> float:
    """Chance that tNAA 15 % lower is flagged by the control model with n own controls, measured as well as they are."""
    prior = control_model().prior(Cell("tNAA", region))
    predictive = (with_controls(prior, n) if n else update(prior)).predictive(Noise())
    return predictive.below(predictive.quantile(-NORMAL_LIMIT) - math.log(0.85))


def main(arguments: list[str]) -> None:
    """Run and write; ``--fast`` takes seconds and only prints."""
    parser = argparse.ArgumentParser(prog="python -m tests.measure.benchmarks.statistics_page", description=__doc__)
    parser.add_argument("--fast", action="store_true", help="few trials: proves that it runs")
    chosen = parser.parse_args(arguments)
    text = page(100 if chosen.fast else TRIALS)
    if not chosen.fast:
        PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
