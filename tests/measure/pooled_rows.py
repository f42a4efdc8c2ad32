"""An independent pooling of the same published rows, row by row against ours.

``python -m tests.measure.pooled_rows SHARED`` writes docs/norms-reproduced.md: how far both agree, what is not shipped.
"""

from __future__ import annotations

import csv
import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fitting.norms.norm import Norm
from fitting.norms.pooled import HETEROGENEOUS, LOWER, cohorts, pool, relative_sd_elsewhere
from fitting.norms.regions import regions
from fitting.norms.study_rows import StudyRow, study_rows
from fitting.statistics.pooling import predictive
from tests.measure.benchmarks.text import table

PAGE = Path(__file__).parents[2] / "docs" / "norms-reproduced.md"
NOT_SHIPPED = {
    "white_matter": "frontal, parietal and occipital white matter and centrum semiovale in one: no one place",
    "cerebellum": "the studies do not say which part (hemisphere, vermis, nuclei)",
    "pMCC": "one study",
    "sensorimotor": "one study, of M1 and S1 together",
}
UNITS = ("tCr", "mM", "IU")
RECOMPUTED = "MRShiny_Archibald2024"
"""Study whose rows were computed anew, without ten records of one constant vector; the other table still holds them."""
HEAD = """\
# The norms beside an independent pooling

Written by `make pooled-rows SHARED=...` (`python -m tests.measure.pooled_rows`),
from a table that others pooled from the
same published rows: {rows} rows, one for each region or part, metabolite, unit, field and set of studies. {same} are
of shipped regions and reproduced; {changed} hold the rows of MRShiny-Brain, which were computed anew here without ten
records that hold one constant vector, so they are not compared; {other} are not shipped. The pools are no longer what a
value is compared with: they are the oracle of the arithmetic, and the control model has their place
([statistics](statistics.md)). Spectroscopic imaging (Burger 2018) is in the model and not in the pools.

## Reproduced

Largest differences, per cent of the other table's value (it is rounded to four decimals). Studies and people agree
exactly. SE and τ are compared from three studies on.
"""
WHY = """
Where they differ, and why:

* **spread s_w**: where every study has an SD this package pools SDs, the other relative SDs; a spread that no study
  measured is borrowed from fewer regions here. `NAA_any` is tNAA or else NAA, a mixture that no norm is made of.
* **degrees of freedom**: of three and four studies k − 2 here, k − 1 there (see [statistics](statistics.md)).
* **grades**: where studies disagree (I² of 75 % or more) A and B are one lower here. Of absolute values they are
  capped here and lowered by one there, no z-score is given for either; a single study is C or D, which no z-score is
  given for either.

## Not shipped
"""


@dataclass(frozen=True, slots=True)
class Pooled:
    """One row of the other table and our norm of the same studies."""

    row: dict[str, str]
    norm: Norm

    @property
    def label(self) -> str:
        """What the row is of."""
        return " ".join(self.row[name] for name in ("region", "metabolite", "unit", "set", "field"))

    @property
    def is_ratio(self) -> bool:
        """Whether it is a ratio of one metabolite, which z-scores exist for."""
        return self.row["unit"] == "tCr" and self.row["metabolite"] != "NAA_any"

    @property
    def same_grade(self) -> bool:
        """Whether the grades are equal, or both below those with a z-score."""
        theirs, effects = self.row["quality"], self.norm.effects
        if effects is not None and effects.i2 >= HETEROGENEOUS:
            theirs = LOWER.get(theirs, theirs)
        return self.norm.grade == theirs or (self.norm.studies == 1 and {self.norm.grade, theirs} == {"C", "D"})

    def differences(self) -> Iterator[tuple[str, float]]:
        """Name and relative difference of each figure that both have; τ within 0.002 of the other counts as equal."""
        norm = self.norm
        yield "mean", self._off("mean", norm.mean)
        if norm.sd_within is not None and self.row["sd_within"]:
            yield "s_w", self._off("sd_within", norm.sd_within)
        if norm.studies >= 3 and norm.effects is not None:
            yield "SE", self._off("se_mean", norm.effects.se)
            yield "τ", self._off("sd_between", norm.effects.tau, 2e-3)
            if norm.sd_within is not None:
                spread = predictive(norm.effects, norm.studies, norm.sd_within, norm.df_within)
                yield "of a new person", self._off("sd_pred_new_individual_new_lab", spread.sd)

    def _off(self, column: str, ours: float, allowed: float = 0.0) -> float:
        theirs = float(self.row[column])
        gap = abs(ours - theirs)
        return 0.0 if gap <= allowed else gap / theirs if theirs else math.inf


def pooled_rows(shared: Path) -> tuple[list[Pooled], list[dict[str, str]], int]:
    """The rows of shipped regions with our norms, those not shipped, and how many hold rows that were recomputed."""
    names = {region.name for region in regions()}
    with (shared / "norms" / "reference_pooled.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    known = [row for row in rows if row["region"].partition(":")[0] in names]
    pooled = [Pooled(row, _norm(row)) for row in known]
    kept = [item for item in pooled if all(cohort.study != RECOMPUTED for cohort in item.norm.cohorts)]
    return kept, [row for row in rows if row not in known], len(pooled) - len(kept)


def _norm(row: dict[str, str]) -> Norm:
    region, _, part = row["region"].partition(":")
    metabolite, unit = row["metabolite"], row["unit"]
    members = cohorts(item for item in _members(metabolite, unit, region) if _belongs(item, row, part))
    borrowed = relative_sd_elsewhere(region, metabolite, unit)
    return pool(members, borrowed, region=region, metabolite=metabolite, unit=unit, field_t=3.0)


def _members(metabolite: str, unit: str, region: str) -> list[StudyRow]:
    """Rows of a metabolite; ``NAA_any`` is tNAA where a study has it and NAA elsewhere."""
    names = ("tNAA", "NAA") if metabolite == "NAA_any" else (metabolite,)
    rows = [
        row
        for row in study_rows()
        if (row.region, row.unit) == (region, unit) and row.metabolite in names and "MRSI" not in row.flags
    ]
    with_sum = {row.study for row in rows if row.metabolite == "tNAA"} if len(names) > 1 else set()
    return [row for row in rows if row.metabolite == names[0] or row.study not in with_sum]


def _belongs(item: StudyRow, row: dict[str, str], part: str) -> bool:
    of_part = not part or (item.subregion or "unspecified") == part
    return (
        of_part and (row["field"] == "all" or item.field_t == 3.0) and (row["set"] != "direct_only" or not item.derived)
    )


def page(shared: Path) -> str:
    """The whole page."""
    same, other, changed = pooled_rows(shared)
    rows = len(same) + len(other) + changed
    lines = [HEAD.format(rows=rows, same=len(same), other=len(other), changed=changed)]
    kinds = [(unit, [item for item in same if item.row["unit"] == unit and item.is_ratio]) for unit in UNITS[:1]]
    kinds += [(unit, [item for item in same if item.row["unit"] == unit]) for unit in UNITS[1:]]
    kinds.append(("tCr, NAA_any", [i for i in same if i.row["unit"] == "tCr" and not i.is_ratio]))
    names = ("mean", "SE", "τ", "s_w", "of a new person")
    head = ("unit", "rows", *names, "same grade")
    lines += table(head, [(unit, str(len(items)), *_largest(items, names), _grades(items)) for unit, items in kinds])
    lines.append(WHY)
    counts = Counter(row["region"] for row in other)
    lines += table(
        ("region", "rows", "why"), [(name, str(count), NOT_SHIPPED[name]) for name, count in counts.most_common()]
    )
    return "\n".join([*lines, ""])


def _largest(items: Sequence[Pooled], names: Iterable[str]) -> list[str]:
    found = [dict(item.differences()) for item in items]
    return [f"{100.0 * max(figures[name] for figures in found if name in figures):.1f}" for name in names]


def _grades(items: Sequence[Pooled]) -> str:
    return f"{sum(item.same_grade for item in items)}"


if __name__ == "__main__":
    PAGE.write_text(page(Path(sys.argv[1])), encoding="utf-8")
