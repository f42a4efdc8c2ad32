"""Figures of the control model: studies left out, coverage of every cell, healthy people, few controls, real people.

``python -m tests.measure.benchmarks.control_model [SHARED]`` writes docs/few-controls.md; with the folder of shared
facts the table of real people is computed too.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import linalg, special, stats

from fitting.norms.composition import METABOLITES
from fitting.norms.control_model import Cell, control_model, habits
from fitting.norms.improvements import detectable_percent, with_controls
from fitting.norms.norm import FEWEST_STUDIES
from fitting.norms.study_rows import study_rows
from fitting.statistics.laboratory import NO_PEOPLE, LaboratorySample, Noise, People, Prior, given, update
from fitting.statistics.mixture import Mixture
from fitting.statistics.pooling import between_df, random_effects
from fitting.units import FloatArray
from norm_model.covariance import covariances
from norm_model.fit import Fit, draws, fit, mode
from norm_model.likelihood import covariance
from norm_model.observations import Observations, observations
from norm_model.people import fit_people
from tests.measure.benchmarks.text import table

PAGE = Path(__file__).parents[3] / "docs" / "few-controls.md"
COUNTS = (0, 1, 3, 5, 8, 20)
MORE = (0, 1, 3, 8, 20, 50)
CELLS = (
    ("tNAA", "dlPFC"),
    ("NAA", "ACC"),
    ("Glu", "ACC"),
    ("Glx", "dlPFC"),
    ("mI", "ACC"),
    ("tCho", "dlPFC"),
    ("Gln", "ACC"),
)
SAME_PEOPLE = ("MRShiny_Archibald2024", "2020_archibald_10")
LEFT_OUT = 1e5
"""Variance added to the observations of a study that is left out."""
LIMIT = float(special.ndtri(0.975))


@dataclass(frozen=True, slots=True)
class Left:
    """Left-out observations of one metabolite: standardised errors of their predictions."""

    metabolite: str
    z: FloatArray

    @property
    def row(self) -> tuple[str, ...]:
        """Cells of the table."""
        held = 100.0 * float(np.mean(np.abs(self.z) < LIMIT))
        return self.metabolite, str(self.z.size), f"{float(np.sqrt(np.mean(self.z**2))):.2f}", f"{held:.0f} %"


@dataclass(frozen=True, slots=True)
class Density:
    """Log predictive densities of left-out means against pooling the other studies of the same cell by themselves."""

    rows: int
    """That both can answer: of cells with three other studies or more."""
    gain: float
    """Sum of the differences, model less pooling; above zero the model is better."""
    error: float
    """Standard error of the sum, from the sums of single studies."""


def studies_left_out(fitted: Fit, iterations: int = 15) -> tuple[list[Left], Density]:
    """Leave one study out at a time, with every SD found again, and predict its means as those of a new laboratory."""
    whole, found, gains = fitted.given, defaultdict(list), defaultdict(list)
    for study in sorted(set(whole.data.study)):
        own = whole.data.study == study
        given_rest = replace(whole, error=whole.error + np.diag(LEFT_OUT * own))
        theta = mode(given_rest, fitted.theta, iterations)
        # the study stays in the covariance, for its own effect is shared by its rows alone: predict from the others
        full = covariance(whole, covariances(theta))
        rest = ~own
        factor = linalg.cho_factor(full[np.ix_(rest, rest)], lower=True)
        cross = full[np.ix_(own, rest)]
        expected = cross @ linalg.cho_solve(factor, whole.residual[rest])
        spread = full[np.ix_(own, own)] - cross @ linalg.cho_solve(factor, cross.T)
        sds = np.sqrt(np.diag(spread))
        z = (whole.residual[own] - expected) / sds
        for name, value in zip(whole.data.metabolite[own], z, strict=True):
            found[name].append(float(value))
        for row, density in zip(np.flatnonzero(own), stats.norm.logpdf(z) - np.log(sds), strict=True):
            pooled = pooled_density(whole.data, int(row))
            if pooled is not None:
                gains[study].append(float(density) - pooled)
    parts = [Left(name, np.array(found[name])) for name in METABOLITES]
    sums = np.array([sum(items) for items in gains.values()])
    density = Density(
        sum(map(len, gains.values())), float(sums.sum()), float(np.sqrt(sums.size) * np.std(sums, ddof=1))
    )
    return [*parts, Left("all", np.concatenate([part.z for part in parts]))], density


def pooled_density(data: Observations, row: int) -> float | None:
    """Log density of one observation under the random-effects mean of the other studies of its region, metabolite and
    field (Student's t); None with fewer than three of them."""
    same = (data.region == data.region[row]) & (data.metabolite == data.metabolite[row])
    same &= (data.covariates[:, 1:3] == data.covariates[row, 1:3]).all(axis=1) & (data.study != data.study[row])
    if same.sum() < FEWEST_STUDIES:
        return None
    cv = np.where(np.isnan(data.cv), np.nanmedian(data.cv[data.metabolite == data.metabolite[row]]), data.cv)
    means, errors = np.exp(data.log_mean[same]), cv[same] / np.sqrt(data.people[same])
    effects = random_effects(means, errors * means)
    own = cv[row] / np.sqrt(data.people[row])
    scale = float(np.sqrt((effects.tau**2 + effects.se**2) / effects.mean**2 + own**2))
    return float(stats.t.logpdf(data.log_mean[row], between_df(int(same.sum())), loc=np.log(effects.mean), scale=scale))


def coverage() -> list[tuple[str, ...]]:
    """Detectable per cent of each region and metabolite without own controls, and with three and eight."""
    model, rows = control_model(), []
    for region in model.regions:
        cells = []
        for name in METABOLITES:
            prior = model.prior(Cell(name, region))
            shown = [detectable_percent(update(prior), Noise())]
            shown += [detectable_percent(with_controls(prior, n), Noise()) for n in (3, 8)]
            limit = habits().largest_detectable_percent
            cells.append(f"{shown[0]:.0f}{'*' if shown[0] > limit else ''} → {shown[1]:.0f} → {shown[2]:.0f}")
        rows.append((region, *cells))
    return rows


@dataclass(frozen=True, slots=True)
class Alarms:
    """Healthy people judged with n own controls."""

    n: int
    beyond: float
    error: float
    p_outside: float
    power_10: float
    power_15: float


def healthy_people(metabolite: str, region: str, n: int, laboratories: int, factor: float, seed: int) -> Alarms:
    """Laboratories drawn from the model, ``factor`` times as far apart; six people of each, three of them for power.

    Half of the published variance between people is measurement of the person, and stated.
    """
    rng, prior = np.random.default_rng(seed), control_model().prior(Cell(metabolite, region))
    beyond, outside, ten, fifteen = [], [], [], []
    for _ in range(laboratories):
        draw = rng.integers(prior.mean.size)
        variance = prior.region[draw] + factor**2 * prior.laboratory[draw]
        mean = prior.mean[draw] + np.sqrt(variance) * rng.standard_normal()
        spread = float(np.exp(prior.log_spread + prior.log_spread_sd * rng.standard_normal()))
        people = update(prior, own(mean + spread * rng.standard_normal(n)))
        values = mean + spread * rng.standard_normal(6)
        noise = Noise(0.5 * spread**2, 0.5 * spread**2)
        seen = people.predictive(noise)
        beyond.append(np.mean([abs(seen.deviate(float(value))) > LIMIT for value in values]))
        outside += [people.outside(float(value), noise) for value in values[:2]]
        ten += [seen.deviate(float(value) + np.log(0.90)) < -LIMIT for value in values]
        fifteen += [seen.deviate(float(value) + np.log(0.85)) < -LIMIT for value in values]
    error = 1.96 * float(np.std(beyond)) / np.sqrt(laboratories)
    return Alarms(
        n, float(np.mean(beyond)), error, float(np.mean(outside)), float(np.mean(ten)), float(np.mean(fifteen))
    )


def own(values: FloatArray) -> LaboratorySample:
    """Own values without covariates."""
    return replace(NO_PEOPLE, values=values, design=np.zeros((values.size, 0)))


def real_people(shared: Path, repeats: int, seed: int = 3) -> list[tuple[str, ...]]:
    """39 adults of one laboratory whose two studies are left out of the fit: predictive SD and coverage."""
    priors = _priors_without(SAME_PEOPLE)
    values = _individuals(shared)
    rng, rows = np.random.default_rng(seed), []
    for part, region in (("pACC", "ACC"), ("PCC", "PCC")):
        for name in ("NAA", "Glu", "Glx", "mI", "tCho", "Gln"):
            logs, prior = values[part, name], priors[region, name]
            cells = [_judged(prior, logs, n, repeats if n else 1, rng) for n in COUNTS]
            rows.append((f"{name}, {part}", f"{100 * float(np.std(logs, ddof=1)):.0f} %", *cells))
    return rows


def _judged(prior: Prior, logs: FloatArray, n: int, repeats: int, rng: np.random.Generator) -> str:
    spreads, held = [], []
    for _ in range(repeats):
        order = rng.permutation(logs.size)
        people = update(prior, own(logs[order[:n]]))
        seen = _measured_alike(people)
        spreads.append(seen.sd)
        held.append(np.mean([abs(seen.deviate(float(value))) < LIMIT for value in logs[order[n:]]]))
    return f"{100 * np.mean(spreads):.0f} ({100 * np.mean(held):.0f})"


def _measured_alike(people: People) -> Mixture:
    """New people measured as the controls are."""
    return Mixture(people.weights, people.mean, np.sqrt(people.variance + people.spread**2))


def _priors_without(studies: tuple[str, ...]) -> dict[tuple[str, str], Prior]:
    data = observations(study_rows()).without(studies)
    places = ("ACC", "PCC")
    drawn, people = draws(fit(data), places, 200, 1), fit_people(data, places)
    shipped = control_model()
    model = replace(
        shipped,
        regions=places,
        mean=drawn.mean,
        covariance=drawn.covariance.mean(axis=0),
        laboratory=drawn.laboratory,
        cell=drawn.cell,
        log_cv=people.mean,
        log_cv_sd=np.sqrt(people.sd**2 + people.study_sd**2 + people.rest_sd**2),
        study_cv_sd=people.study_sd,
    )
    return {(place, name): model.prior(Cell(name, place)) for place in places for name in METABOLITES}


def _individuals(shared: Path) -> dict[tuple[str, str], FloatArray]:
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    with (shared / "norms" / "individual_controls.csv").open(encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            if row["ratio_tcr"]:
                found[row["subregion"] or row["region"], row["metabolite"]].append(float(row["ratio_tcr"]))
    return {key: np.log(values) for key, values in found.items()}


def further_laboratories(count: int) -> tuple[float, float]:
    """Predictive SD of a laboratory's mean before and after ``count`` others with 20 people each are known.

    Other laboratories tell of the region alone: its variance falls as 1 / (1 / v + count / (laboratory + s² / 20)).
    """
    prior = control_model().prior(Cell("tNAA", "dlPFC"))
    region, laboratory = float(prior.region.mean() + prior.mean.var()), float(prior.laboratory.mean())
    each = laboratory + float(np.exp(2.0 * prior.log_spread)) / 20.0
    after = 1.0 / (1.0 / region + count / each)
    return float(np.sqrt(region + laboratory)), float(np.sqrt(after + laboratory))


def another_region(metabolite: str, region: str, elsewhere: str, n: int) -> tuple[float, float, float]:
    """Detectable per cent without controls, with ``n`` in another region, and with as many in this one."""
    model, cells = control_model(), [Cell(metabolite, region), Cell(metabolite, elsewhere)]
    prior, there = model.prior(cells[0]), model.prior(cells[1])
    means, joint = model.joint(cells)
    observed = np.array([float(there.mean.mean())])
    informed = given(prior, means[:, 1:], joint, observed, np.array([float(np.exp(2 * there.log_spread)) / n]))
    return (
        detectable_percent(update(prior), Noise()),
        detectable_percent(update(informed), Noise()),
        detectable_percent(with_controls(prior, n), Noise()),
    )


def main(arguments: list[str]) -> None:
    """Measure and write the page; ``--fast`` takes seconds and only prints."""
    fast = "--fast" in arguments
    shared = next((Path(item) for item in arguments if not item.startswith("--")), None)
    text = page(shared, laboratories=20 if fast else 400, repeats=2 if fast else 30, studies=not fast)
    if not fast:
        PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


def page(shared: Path | None, laboratories: int, repeats: int, *, studies: bool) -> str:
    """The whole page."""
    lines = [HEAD.rstrip(), "", *table(("region", *METABOLITES), coverage())]
    lines += [ANOTHER.rstrip(), ""]
    rows = []
    for name, here, there in (("tNAA", "dlPFC", "ACC"), ("Glu", "ACC", "dlPFC"), ("mI", "PCC", "ACC")):
        found = another_region(name, here, there, 8)
        rows.append((f"{name}, {here}", there, *(f"{item:.0f} %" for item in found)))
    lines += table(("value", "controls in", "none", "8 there", "8 here"), rows)
    lines += [ALARMS.format(laboratories=laboratories, people=6 * laboratories).rstrip(), ""]
    rows = []
    for name, region in CELLS:
        for factor in (1.0, 1.5):
            found_n = [healthy_people(name, region, n, laboratories, factor, 11) for n in MORE]
            shown = [f"{100 * item.beyond:.1f} ± {100 * item.error:.1f}" for item in found_n]
            rows.append((f"{name}, {region}", f"× {factor:g}", *shown))
    lines += table(("value", "laboratories", *(f"n = {n}" for n in MORE)), rows)
    lines += [OUTSIDE.rstrip(), ""]
    rows = []
    for name, region in (("tNAA", "dlPFC"), ("Glu", "ACC")):
        found_n = [healthy_people(name, region, n, laboratories, 1.0, 12) for n in MORE]
        rows.append((f"p_outside, {name} {region}", *(f"{item.p_outside:.3f}" for item in found_n)))
        rows.append((f"−10 % flagged, {name} {region}", *(f"{100 * item.power_10:.0f} %" for item in found_n)))
        rows.append((f"−15 % flagged, {name} {region}", *(f"{100 * item.power_15:.0f} %" for item in found_n)))
    lines += table(("figure", *(f"n = {n}" for n in MORE)), rows)
    if shared is not None:
        lines += [REAL.format(repeats=repeats).rstrip(), ""]
        lines += table(("value", "SD of the people", *(f"{n}" for n in COUNTS)), real_people(shared, repeats))
    if studies:
        left, density = studies_left_out(fit(observations(study_rows())))
        lines += [LEFT.rstrip(), ""]
        lines += table(
            ("metabolite", "rows", "z, root mean square", "95 % interval holds"), [item.row for item in left]
        )
        lines += [POOLING.format(rows=density.rows, gain=density.gain, error=density.error).rstrip()]
    before, after = further_laboratories(3)
    lines += [FURTHER.format(before=100 * before, after=100 * after)]
    return "\n".join([*lines, ""])


HEAD = """\
# How few controls are enough

Written by `python -m tests.measure.benchmarks.control_model SHARED` (part of `make bench-statistics`). What is
calculated: [statistics](statistics.md).

## What each comparison could see

Decrease that four of five people who have it are flagged for, per cent, in a person measured as well as published ones
at 3 T: without own controls → with 3 → with 8 on this scanner. With * a comparison is called *not informative*: it is
drawn and not counted. Every region has an answer, and none sees the 5 to 15 % of the chronic-pain studies without own
controls, because laboratories differ more than that.
"""
ANOTHER = """
Controls of another region of the same laboratory help, less than own ones:
"""
ALARMS = """
## Healthy people flagged

Per cent of healthy people beyond ±1.96, of {people} people of {laboratories} laboratories drawn from the model, with
n own controls; ± is the 95 % error. With × 1.5 laboratories lie 1.5 times as far apart as the model says: without own
controls too many are flagged, as arithmetic wants, and from one own control on hardly more than 5. From spectrum to
flag: [healthy people](healthy-people.md).
"""
OUTSIDE = """
`p_outside` averages 0.05 over healthy people, and one person's decrease is more often missed than found:
"""
REAL = """
## Real people

39 adults of one laboratory (MRShiny-Brain, without ten constant records); the two studies of these people are left out
of the fit. Predictive SD of one person in per cent, in brackets how often the 95 % interval holds the others, for 0 to
20 own controls drawn from them ({repeats} times):
"""
LEFT = """
## Studies left out

Each study is left out once, all SDs are found again, and its means are predicted as those of a new laboratory:
"""
POOLING = """
Log predictive density of the {rows} left-out rows whose region, metabolite and field three other studies have: the
model gains {gain:+.1f} ± {error:.1f} (standard error) over the random-effects mean of those studies by themselves.
"""
FURTHER = """
## Further laboratories

Three further laboratories of 20 people lower the SD of a fourth laboratory's mean (tNAA, dlPFC) from {before:.1f} to
{after:.1f} %: they tell of the region, not of this laboratory.
"""


if __name__ == "__main__":
    main(sys.argv[1:])
