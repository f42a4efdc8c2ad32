"""False positives and coverage of `mrsquant cohort batch` on simulated cohorts.

    python -m tests.measure.cohort_nulls [--cohorts 400] [--designs 'NAME;NAME'] [--workers 2] [--page PAGE.md]

Thirteen designs; each row is held against binomial limits of the number of cohorts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

Item = dict[str, Any]


@dataclass(frozen=True)
class Design:
    """How people of one design are drawn."""

    name: str
    controls: int
    patients: int
    spread: float = 1.0
    """Spread of patients over that of controls."""
    age_gap: float = 0.0
    age_slope: float = 0.0
    """Relative change of the value per year."""
    sites: int = 1
    site_share: tuple[float, ...] = (0.5,)
    """Share of patients at each site."""
    site_bias: float = 0.0
    skew: bool = False
    noise: float = 0.03
    """Relative measurement error; varies from person to person by e^±0.6."""
    effect: float = 0.0
    """Relative difference of patients."""
    covariates: tuple[str, ...] = ()
    regions: int = 1
    metabolites: int = 4
    correlated: float = 0.0
    """Correlation of the metabolites of a person."""


DESIGNS = (
    Design("ten-ten", 10, 10),
    Design("twenty-twenty", 20, 20),
    Design("unbalanced, patients spread twofold", 24, 10, spread=2.0),
    Design("nine and sixteen, spread twofold", 9, 16, spread=2.0),
    Design("twelve and twenty-eight, spread 2.5-fold", 12, 28, spread=2.5),
    Design("three covariates, ten-ten", 10, 10, covariates=("age_years", "sex", "gm")),
    Design("age confounds", 25, 25, age_gap=12.0, age_slope=-0.004, covariates=("age_years", "sex")),
    Design("two sites", 30, 30, sites=2, site_share=(0.7, 0.3), site_bias=0.08, covariates=("site",)),
    Design("four sites", 20, 20, sites=4, site_share=(0.8, 0.7, 0.3, 0.2), site_bias=0.08, covariates=("site",)),
    Design("skewed", 20, 20, skew=True),
    Design("noisy", 20, 20, noise=0.10),
    Design("correlated metabolites", 20, 25, correlated=0.5),
    Design("at the margin of equivalence", 30, 30, effect=-0.05),
)
MARGIN_PERCENT = 5.0
PERMUTATIONS = 499
LEVEL = 0.05


def plan(design: Design) -> str:
    """Levels, associations and a network of one design; every test of the null is exploratory."""
    covariates = json.dumps(list(design.covariates))
    network = '[[network]]\nname = "n"\nregion = "ACC"\n' if min(design.controls, design.patients) >= 20 else ""
    return (
        'schema = 1\nreference = "control"\nother = "patient"\n'
        f"permutations = {PERMUTATIONS}\ncovariates = {covariates}\n"
        f"[levels]\nequivalence_percent = {MARGIN_PERCENT}\n"
        '[associations]\nmeasures = ["pain_vas"]\nmetabolites = ["tNAA"]\ngroups = ["patient"]\n' + network
    )


def tables(design: Design, seed: int) -> tuple[str, str]:
    """Measurements and participants of one cohort."""
    rng = np.random.default_rng([seed, *design.name.encode()])
    names = ("tNAA", "tCr", "tCho", "mI", "Glu", "Gln")[: design.metabolites]
    people = ["participant_id\tgroup\tage_years\tsex\tsite\tpain_vas"]
    rows = ["participant_id,region,hemisphere,metabolite,unit,value,sd,verdict,snr,linewidth_hz,gm"]
    sites = _sites(design, rng)
    for number, (is_patient, site) in enumerate(sites):
        person, group = f"sub-{number:03d}", "patient" if is_patient else "control"
        age = float(np.clip(rng.normal(45 + design.age_gap * is_patient, 9), 18, 85))
        sex = "female" if rng.random() < 0.5 else "male"
        people.append(f"{person}\t{group}\t{age:.1f}\t{sex}\t{site}\t{rng.uniform(0, 10):.2f}")
        shared = rng.standard_normal()
        snr, width, gm = rng.uniform(20, 40), rng.uniform(4, 7), rng.uniform(0.5, 0.7)
        for name in names:
            own = rng.gamma(2.0) / np.sqrt(2.0) - np.sqrt(2.0) if design.skew else rng.standard_normal()
            z = np.sqrt(design.correlated) * shared + np.sqrt(1.0 - design.correlated) * own
            mean = 8.0 * (1.0 + design.effect * is_patient + design.age_slope * (age - 45.0) + design.site_bias * site)
            sd = design.noise * mean * float(np.exp(rng.uniform(-0.6, 0.6)))
            value = mean * (1.0 + 0.08 * (design.spread if is_patient else 1.0) * z) + sd * rng.standard_normal()
            rows.append(f"{person},ACC,midline,{name},mmol/kg,{value:.6f},{sd:.5f},yes,{snr:.2f},{width:.3f},{gm:.3f}")
    return "\n".join(rows) + "\n", "\n".join(people) + "\n"


def _sites(design: Design, rng: np.random.Generator) -> list[tuple[bool, int]]:
    """Membership and site of each person: sites of equal size with the design's shares of patients."""
    if design.sites == 1:
        return [(False, 0)] * design.controls + [(True, 0)] * design.patients
    each = (design.controls + design.patients) // design.sites
    people = []
    for site, share in enumerate(design.site_share):
        patients = round(share * each)
        people += [(True, site)] * patients + [(False, site)] * (each - patients)
    return people


def simulate(design: Design, cohorts: int, workers: int, folder: Path) -> list[Item]:
    """Answers of many cohorts through the command."""
    rows = ["id,measurements,participants,plan"]
    (folder / "plan.toml").write_text(plan(design))
    for seed in range(cohorts):
        measurements, participants = tables(design, seed)
        (folder / f"m{seed}.csv").write_text(measurements)
        (folder / f"p{seed}.tsv").write_text(participants)
        rows.append(f"{seed},m{seed}.csv,p{seed}.tsv,plan.toml")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    command = [Path(sys.executable).parent / "mrsquant", "cohort", "batch", folder / "manifest.csv"]
    subprocess.run(
        [*map(str, command), "-o", str(folder / "out.jsonl"), "--workers", str(workers)],
        check=True,
        capture_output=True,
    )
    return [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]


def rates(design: Design, answers: list[Item]) -> Iterator[tuple[str, int, int, float]]:
    """Name, hits, tries and nominal rate of each claim; one metabolite a cohort, so that tries are independent."""
    model = "adjusted" if design.covariates else "unadjusted"
    first = [next(i for i in a["levels"] if i["model"] == model and i["metabolite"] == "tNAA") for a in answers]
    truth = 8.0 * design.effect
    yield "interval covers", sum(i["low"] <= truth <= i["high"] for i in first), len(first), 0.95
    weighted = [i["weighted"] for i in first if "difference" in i.get("weighted", {})]
    yield "weighted interval covers", sum(i["low"] <= truth <= i["high"] for i in weighted), len(weighted), 0.95
    if design.effect:
        margins = [i for i in first if abs(i["difference"]) < np.inf]
        yield "TOST at its margin", sum(i["equivalence"]["equivalent"] for i in margins), len(margins), LEVEL
        return
    yield "p", sum(i["p"] < LEVEL for i in first), len(first), LEVEL
    yield "p_permutation", sum(i["p_permutation"] < LEVEL for i in first), len(first), LEVEL
    ranks = [i["p_rank"] for i in first if "p_rank" in i]
    if ranks:
        yield "p_rank", sum(p < LEVEL for p in ranks), len(ranks), LEVEL
    yield "weighted p", sum(i["p"] < LEVEL for i in weighted), len(weighted), LEVEL
    families = [any(i["q"] < LEVEL for i in a["levels"] if i["model"] == model) for a in answers]
    yield "family by q", sum(families), len(families), LEVEL
    highest = [min(i["p_max"] for i in a["levels"] if i["model"] == model) < LEVEL for a in answers]
    yield "family by p_max", sum(highest), len(highest), LEVEL
    for method in ("pearson", "spearman"):
        found = [
            i["p"]
            for a in answers
            for i in a["associations"]
            if i.get("given") == [] and i["method"] == method and "p" in i
        ]
        yield f"{method} p", sum(p < LEVEL for p in found), len(found), LEVEL
    networks = [n for a in answers for n in a.get("networks", []) if "p_strength" in n]
    for name, values in (
        ("network strength", [n["p_strength"] for n in networks]),
        ("network structure", [n["p_structure"] for n in networks]),
        ("Jennrich", [n["jennrich"]["p"] for n in networks]),
    ):
        if values:
            yield name, sum(p < LEVEL for p in values), len(values), LEVEL


def limits(tries: int, rate: float) -> tuple[float, float]:
    """Shares between which 99.9 % of honest counts lie."""
    low, high = stats.binom.ppf([0.0005, 0.9995], tries, rate)
    return low / tries, high / tries


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=400)
    parser.add_argument("--designs", default="")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    lines = ["| design | claim | nominal | found | 99.9 % limits | |", "|---|---|---|---|---|---|"]
    outside = 0
    for design in DESIGNS:
        if given.designs and design.name not in given.designs.split(";"):
            continue
        with tempfile.TemporaryDirectory() as folder:
            answers = simulate(design, given.cohorts, given.workers, Path(folder))
        for name, hits, tries, rate in rates(design, answers):
            low, high = limits(tries, rate)
            inside = low <= hits / tries <= high
            claimed = design.spread == 1.0 or not name.startswith("weighted")  # it assumes equal spread
            outside += claimed and not inside
            word = "" if inside else "outside" if claimed else "not claimed"
            lines.append(
                f"| {design.name} | {name} | {100 * rate:.0f} % | {100 * hits / tries:.1f} % ({tries}) | "
                f"{100 * low:.1f} to {100 * high:.1f} % | {word} |"
            )
            print(lines[-1], flush=True)  # noqa: T201 - the output of a measuring program
    if given.page is not None:
        given.page.write_text("\n".join(lines) + "\n")
    sys.exit(outside > 0)


if __name__ == "__main__":
    main()
