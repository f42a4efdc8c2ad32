"""``python -m tests.measure.healthy_people``: healthy people from spectrum to flag, each of an own laboratory.

People are drawn from the control model, their spectra simulated with macromolecules that no fit knows and that differ
from laboratory to laboratory, analysed and compared: without own controls, and with 3, 8 and 20. Prints the page and,
with ``--page``, writes it.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from fitting.basis.macromolecule_templates import Template, templates
from fitting.norms import ZScore
from fitting.norms.composition import METABOLITES, PARTS
from fitting.norms.control_model import ControlModel, control_model, habits
from fitting.request import TissueFractions
from fitting.run.answer import answer_of
from fitting.run.state import Run
from fitting.run.steps import STEPS, compare_with_controls, find_site
from fitting.sites import Candidate, Site, site_of
from fitting.statistics.distributions import NORMAL_LIMIT, binomial_interval
from fitting.statistics.laboratory import UNSTATED_NOISE_SHARE
from fitting.units import FloatArray
from tests.measure.benchmarks.simulated import CONTENT, SPREAD, around, job_of, made_of
from tests.measure.benchmarks.text import table
from tests.measure.families import TYPICAL, of_person

REGIONS = ("ACC", "dlPFC")
"""In turn from laboratory to laboratory."""
COUNTS = (0, 3, 8, 20)
JUDGED = 3
"""People of each laboratory who are judged; the first of each is the 'own laboratory' of the head line."""
SEED = 20261130
CREATINE = 8.3
"""mM, varying from person to person by a tenth."""
CHOLINE = {"GPC": 1.4 / 1.9, "PCh": 0.5 / 1.9}
CREATINES = {"Cr": 4.5 / 8.3, "PCr": 3.8 / 8.3}

HEAD = """\
# Healthy people, from spectrum to flag

Written by `python -m tests.measure.healthy_people --laboratories {laboratories}` (part of `make bench-statistics`).
{laboratories} laboratories are drawn from the control model, ACC and dlPFC in turn: what lies in their region, their
laboratory and how their people differ. The spectra (3 T, PRESS 30 ms, signal to noise 15 to 30) hold macromolecules
that no fit knows, as far from the published ones as publications are from each other, others in each laboratory, with
person-to-person variation. They are analysed as any spectrum is; then {judged} people of each laboratory are compared
without own controls and with 3, 8 and 20 of their laboratory, admitted as `mrsquant calibrate` admits them. The error
of the fit by foreign macromolecules comes on top of the spread between laboratories, which is drawn in full.

Per cent of comparisons beyond ±1.96, 5 if all is calibrated; ± is the 95 % error by laboratories:
"""
FIRST = """
One person of each laboratory alone, and all metabolites together (95 % interval as if all were independent):
"""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One comparison of a healthy person."""

    laboratory: int
    person: int
    controls: int
    metabolite: str
    z: float


def main(arguments: list[str]) -> None:
    """Measure and print; ``--page`` also writes."""
    parser = argparse.ArgumentParser(prog="python -m tests.measure.healthy_people", description=__doc__)
    parser.add_argument("--laboratories", type=int, default=100)
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--page", type=Path, help="file to write")
    chosen = parser.parse_args(arguments)
    began = time.monotonic()
    with TemporaryDirectory() as folder, ProcessPoolExecutor(chosen.workers) as pool:
        task = partial(of_laboratory, seed=chosen.seed, cache=Path(folder))
        found = []
        for number, judgements in enumerate(pool.map(task, range(chosen.laboratories)), start=1):
            found += judgements
            sys.stderr.write(f"laboratory {number}, {time.monotonic() - began:.0f} s\n")
    text = page(found, chosen.laboratories)
    if chosen.page is not None:
        chosen.page.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


def of_laboratory(number: int, seed: int, cache: Path | None) -> list[Judgement]:
    """Simulate, analyse and compare the people of one laboratory."""
    rng, region = np.random.default_rng((seed, number)), REGIONS[number % len(REGIONS)]
    published = tuple(templates().values())
    common = around(published[number % len(published)], rng)
    contents = people(control_model(), region, JUDGED + max(COUNTS), rng)
    runs = []
    for person, content in enumerate(contents):
        run = _analysed(f"person_{person:02d}", content, region, common, rng, cache)
        if run.judgement.spectrum.usable == "yes":
            runs.append(run)
    found = []
    for count in COUNTS:
        site = calibrated_with(runs[JUDGED : JUDGED + count])
        for person, run in enumerate(runs[:JUDGED]):
            found += [Judgement(number, person, count, name, z) for name, z in _compared(run, site).items()]
    return found


def calibrated_with(controls: Sequence[Run]) -> Site | None:
    """The site of these people, as ``mrsquant calibrate`` admits them and their values; without macromolecules."""
    candidates = [
        Candidate(f"ctl-{place:02d}", f"ctl-{place:02d}", answer_of(run)[0]) for place, run in enumerate(controls)
    ]
    return site_of("simulated", candidates) if candidates else None


def people(model: ControlModel, region: str, count: int, rng: np.random.Generator) -> list[dict[str, float]]:
    """Contents in mM of healthy people of one new laboratory, drawn from the model."""
    draw, size = rng.integers(model.mean.shape[0]), len(PARTS)
    column = model.regions.index(region)
    block = slice(size * column, size * (column + 1))
    covariance = model.covariance[block, block] + model.laboratory[draw] + model.cell[draw]
    laboratory = rng.multivariate_normal(model.mean[draw, block], covariance, method="eigh")
    rows = [METABOLITES.index("NAA" if part == "NAAG" else part) for part in PARTS]
    known = model.log_cv[rows, column], model.log_cv_sd[rows, column]
    spread = np.exp(known[0] + known[1] * rng.standard_normal(size)) * math.sqrt(1.0 - UNSTATED_NOISE_SHARE)
    spread[PARTS.index("NAAG")] = spread[PARTS.index("NAA")]
    factor = _root(_correlation())
    return [_content(laboratory + spread * (factor @ rng.standard_normal(size)), rng) for _ in range(count)]


def _correlation() -> FloatArray:
    """Of the parts within one person; NAAG goes with NAA."""
    known, names = habits().metabolites_correlation, ["NAA" if part == "NAAG" else part for part in PARTS]
    return np.array([[1.0 if a == b else known.get(frozenset((a, b)), 0.0) for b in names] for a in names])


def _root(matrix: FloatArray) -> FloatArray:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def _content(log_parts: FloatArray, rng: np.random.Generator) -> dict[str, float]:
    content = {name: typical * math.exp(SPREAD * rng.standard_normal()) for name, typical in CONTENT.items()}
    creatine = CREATINE * math.exp(0.1 * rng.standard_normal())
    amounts = dict(zip(PARTS, creatine * np.exp(log_parts), strict=True))
    choline = float(amounts.pop("tCho"))
    content |= {name: float(amount) for name, amount in amounts.items()}
    content |= {name: share * choline for name, share in CHOLINE.items()}
    content |= {name: share * creatine for name, share in CREATINES.items()}
    return content


def _analysed(
    name: str,
    content: dict[str, float],
    region: str,
    common: Template,
    rng: np.random.Generator,
    cache: Path | None,
) -> Run:
    gm, csf = rng.uniform(0.35, 0.60), rng.uniform(0.05, 0.20)
    made = made_of(content, TissueFractions(gm, 1.0 - gm - csf, csf), TYPICAL, of_person(common, rng), rng)
    run = Run(job_of(name, made, TYPICAL.scan, region), cache)
    for _, step in STEPS:
        step(run)
    return run


def _compared(run: Run, site: Site | None) -> dict[str, float]:
    """Positions of a person's values with a site of the own laboratory."""
    if site is None:
        return _positions(run)
    judged = Run(replace(run.job, site=site), run.cache_dir)
    for name in ("intake", "subject", "basis", "background", "quantities", "judgement"):
        setattr(judged, name, getattr(run, name))
    find_site(judged)
    if judged.site.site is None:
        raise AssertionError("the site does not hold for its own laboratory")
    compare_with_controls(judged)
    return _positions(judged)


def _positions(run: Run) -> dict[str, float]:
    scores = run.assessment.scores
    return {name: at.value for name in METABOLITES if isinstance(at := scores.get(name), ZScore)}


def page(found: Iterable[Judgement], laboratories: int) -> str:
    """The whole page."""
    judgements = list(found)
    lines = [HEAD.format(laboratories=laboratories, judged=JUDGED).rstrip(), ""]
    rows = []
    for name in (*METABOLITES, "all"):
        chosen = [item for item in judgements if name in (item.metabolite, "all")]
        rows.append((name, *(_rate([item for item in chosen if item.controls == count]) for count in COUNTS)))
    lines += table(("value", *(f"{count} own controls" for count in COUNTS)), rows)
    lines += [FIRST.rstrip(), ""]
    rows = [_first(count, [item for item in judgements if item.controls == count]) for count in COUNTS]
    lines += table(("own controls", "comparisons", "beyond", "95 % interval", "low", "high", "mean z", "SD of z"), rows)
    return "\n".join([*lines, ""])


def _rate(judgements: Sequence[Judgement]) -> str:
    """Share beyond the limits, with its error between laboratories."""
    shares = {
        number: [abs(item.z) > NORMAL_LIMIT for item in judgements if item.laboratory == number]
        for number in {item.laboratory for item in judgements}
    }
    total = sum(map(len, shares.values()))
    rate = sum(map(sum, shares.values())) / total
    error = 1.96 * math.sqrt(sum((sum(item) - rate * len(item)) ** 2 for item in shares.values())) / total
    return f"{100 * rate:.1f} ± {100 * error:.1f}"


def _first(count: int, judgements: Sequence[Judgement]) -> tuple[str, ...]:
    z = np.array([item.z for item in judgements if item.person == 0])
    beyond = int((np.abs(z) > NORMAL_LIMIT).sum())
    low, high = binomial_interval(beyond, z.size)
    return (
        str(count),
        str(z.size),
        f"{100 * beyond / z.size:.1f} %",
        f"{100 * low:.1f}–{100 * high:.1f}",
        f"{100 * float(np.mean(z < -NORMAL_LIMIT)):.1f} %",
        f"{100 * float(np.mean(z > NORMAL_LIMIT)):.1f} %",
        f"{float(z.mean()):+.2f}".replace("-", "−"),
        f"{float(z.std(ddof=1)):.2f}",
    )


if __name__ == "__main__":
    main(sys.argv[1:])
