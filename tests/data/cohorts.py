"""Small cohorts of simulated people, as the text of their tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from fitting.cohort import analyse_cohort, plan_of, read_cohort

PLAN = """
schema = 1
reference = "control"
other = "patient"
permutations = 199
covariates = ["age_years", "sex"]

[levels]
equivalence_percent = 10
"""
HEAD = (
    "participant_id",
    "region",
    "hemisphere",
    "metabolite",
    "unit",
    "value",
    "sd",
    "verdict",
    "snr",
    "linewidth_hz",
    "gm",
)


@dataclass(frozen=True)
class Tables:
    """Rows of both tables; ``text`` methods write them."""

    participants: tuple[Mapping[str, str], ...]
    measurements: tuple[Mapping[str, str], ...]
    plan: str = PLAN
    extra: Mapping[str, object] = field(default_factory=dict)

    def answer(self, plan: str | None = None, **more):
        table = read_cohort((write(self.measurements, ","), "m.csv"), (write(self.participants, "\t"), "p.tsv"))
        return analyse_cohort(table, plan_of(plan or self.plan), **more)

    def changed(self, change, rows: str = "measurements"):
        """The tables with every row of one of them changed by a function, or left out where it gives None."""
        kept = [new for row in getattr(self, rows) if (new := change(dict(row))) is not None]
        return replace(self, **{rows: tuple(kept)})


def write(rows: Sequence[Mapping[str, str]], mark: str) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [mark.join(columns)] + [mark.join(str(row.get(name, "")) for name in columns) for row in rows]
    return "\n".join(lines) + "\n"


def cohort(
    people: int = 24,
    seed: int = 1,
    places: Sequence[tuple[str, str]] = (("ACC", "midline"),),
    metabolites: Sequence[str] = ("tNAA", "tCr"),
    effects: Mapping[str, float] | None = None,
    plan: str = PLAN,
) -> Tables:
    """As many patients as controls; ``effects`` are relative differences of patients by metabolite."""
    rng = np.random.default_rng(seed)
    participants, measurements = [], []
    for number in range(people):
        group = "patient" if number % 2 else "control"
        age = round(float(rng.uniform(25, 65)), 1)
        participants.append(
            {
                "participant_id": f"sub-{number + 1:03d}",
                "group": group,
                "age_years": str(age),
                "sex": "female" if rng.random() < 0.5 else "male",
                "pain_vas": f"{rng.uniform(0, 9):.2f}",
                "bdi": f"{rng.uniform(0, 40):.1f}",
            }
        )
        for region, side in places:
            snr, width, gm = rng.uniform(20, 40), rng.uniform(4, 7), rng.uniform(0.5, 0.7)
            for name in metabolites:
                mean = 8.0 * (1.0 + (effects or {}).get(name, 0.0) * (group == "patient"))
                sd = 0.2 * float(rng.uniform(0.7, 1.6))
                value = mean * (1.0 + 0.07 * rng.standard_normal()) + sd * rng.standard_normal()
                cells = (
                    f"sub-{number + 1:03d}", region, side, name, "mmol/kg", f"{value:.5f}", f"{sd:.4f}", "yes",
                    f"{snr:.2f}", f"{width:.3f}", f"{gm:.3f}",
                )  # fmt: skip
                measurements.append(dict(zip(HEAD, cells, strict=True)))
    return Tables(tuple(participants), tuple(measurements), plan)


def item(answer, section: str, **where):
    """The one item of a section that agrees with everything named."""
    hits = [each for each in answer[section] if all(each.get(key) == value for key, value in where.items())]
    assert len(hits) == 1, f"{len(hits)} items of {section} agree with {where}"
    return hits[0]
