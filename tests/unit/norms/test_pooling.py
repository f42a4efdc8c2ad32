"""Pooling against worked numbers and against an independent pooling of the same studies."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from fitting.norms.literature import cohorts, pool, relative_sd_elsewhere
from fitting.norms.pooling import between_df, pooled_sd, predictive, random_effects, study_mean_interval
from fitting.norms.regions import regions
from fitting.norms.tables import StudyRow, study_rows
from tests.data.worked_examples import EXAMPLES

EXAMPLE = EXAMPLES["studies"]
MEANS, SDS, COUNTS = (np.array(EXAMPLE[name], dtype=np.float64) for name in ("mean", "sd", "n"))


def test_worked_example_of_choline_in_the_anterior_cingulate() -> None:
    """Five rounded studies: every figure of the worked example, to its printed digits."""
    effects = random_effects(MEANS, SDS / np.sqrt(COUNTS))
    sd_within, df_within = pooled_sd(SDS, COUNTS)
    spread = predictive(effects, 5, sd_within, df_within)
    z = (0.35 - effects.mean) / spread.sd

    assert effects.tau == pytest.approx(0.0235695, rel=1e-4)
    assert effects.mean == pytest.approx(0.2405853, rel=1e-5)
    assert effects.se == pytest.approx(0.0109269, rel=1e-4)
    assert effects.i2 == pytest.approx(0.9007202, rel=1e-5)
    assert (sd_within, df_within) == (pytest.approx(0.0297938, rel=1e-5), 157.0)
    assert study_mean_interval(effects, 5) == pytest.approx((0.1579079, 0.3232626), rel=1e-4)
    assert spread.sd == pytest.approx(0.0395296, rel=1e-4)
    assert spread.df == pytest.approx(20.535986, rel=1e-3)
    assert z == pytest.approx(2.7679212, rel=1e-4)
    assert 2.0 * stats.t.sf(z, spread.df) == pytest.approx(0.0116816, rel=1e-3)


def test_equal_studies_have_no_spread_between_them() -> None:
    """Identical means give τ = 0 and the classical standard error, which Hartung-Knapp must not undercut."""
    effects = random_effects(np.full(4, 1.2), np.full(4, 0.1))

    assert effects.tau == 0.0
    assert effects.i2 == 0.0
    assert effects.se == pytest.approx(0.05)


def test_paule_mandel_solves_its_equation() -> None:
    """At the estimate the weighted squares equal k − 1 for studies of very different size."""
    rng = np.random.default_rng(3)
    for _ in range(50):
        errors = rng.uniform(0.001, 1.0, size=6)
        means = rng.normal(1.0, 1.0, size=6)
        effects = random_effects(means, errors)
        weights = 1.0 / (errors**2 + effects.tau**2)
        assert effects.tau == 0.0 or weights @ (means - effects.mean) ** 2 == pytest.approx(5.0, rel=1e-6)


def test_few_studies_say_less_than_their_number() -> None:
    """Three and four studies have k − 2 degrees of freedom for what laboratories differ by, five and more k − 1."""
    assert [between_df(studies) for studies in (2, 3, 4, 5, 9)] == [1.0, 1.0, 2.0, 4.0, 8.0]


def test_every_pooled_row_is_reproduced(shared: Path) -> None:
    """All rows of shipped regions, in every unit: studies, people, mean, its error and spread between studies.

    By design two things differ. Where every study has an SD the other table pools relative SDs and this package
    SDs, and a borrowed spread is borrowed from fewer regions: the spread within studies agrees to 15 % in ratios.
    Grades of absolute values are capped here and lowered by one there; no z-score is given for either.
    """
    names = {region.name for region in regions()}
    with (shared / "norms" / "reference_pooled.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    compared = 0
    for row in rows:
        region, _, part = row["region"].partition(":")
        if region not in names:
            continue
        members = cohorts(
            item for item in _members(row["metabolite"], row["unit"], region) if _belongs(item, row, part)
        )
        norm = pool(
            members,
            relative_sd_elsewhere(region, row["metabolite"], row["unit"]),
            region=region,
            metabolite=row["metabolite"],
            unit=row["unit"],
            field_t=3.0,
        )
        label = (row["region"], row["metabolite"], row["unit"], row["set"], row["field"])
        assert (norm.studies, norm.n) == (int(row["k_studies"]), int(row["n_total"])), label
        assert norm.mean == pytest.approx(float(row["mean"]), rel=4e-3), label
        if row["unit"] == "tCr" and row["metabolite"] != "NAA_any":
            # of a single study, neither C nor D supports a z-score
            assert norm.grade == row["quality"] or (norm.studies == 1 and {norm.grade, row["quality"]} == {"C", "D"}), (
                label
            )
            assert norm.sd_within == pytest.approx(float(row["sd_within"]), rel=0.15), label
        if norm.studies >= 3 and norm.effects is not None:
            spread = predictive(norm.effects, norm.studies, norm.sd_within or np.nan, norm.df_within)
            assert norm.effects.se == pytest.approx(float(row["se_mean"]), rel=0.03), label
            assert norm.effects.tau == pytest.approx(float(row["sd_between"]), rel=0.01, abs=2e-3), label
            if row["unit"] == "tCr" and row["metabolite"] != "NAA_any":
                predicted = float(row["sd_pred_new_individual_new_lab"])
                assert spread.sd == pytest.approx(predicted, rel=0.1), label
        compared += 1
    assert compared == 562


def _members(metabolite: str, unit: str, region: str) -> list[StudyRow]:
    """Rows of a metabolite; ``NAA_any`` is tNAA where a study has it and NAA elsewhere."""
    names = ("tNAA", "NAA") if metabolite == "NAA_any" else (metabolite,)
    rows = [row for row in study_rows() if (row.region, row.unit) == (region, unit) and row.metabolite in names]
    with_sum = {row.study for row in rows if row.metabolite == "tNAA"} if len(names) > 1 else set()
    return [row for row in rows if row.metabolite == names[0] or row.study not in with_sum]


def _belongs(item: StudyRow, row: dict[str, str], part: str) -> bool:
    of_part = not part or (item.subregion or "unspecified") == part
    return (
        of_part and (row["field"] == "all" or item.field_t == 3.0) and (row["set"] != "direct_only" or not item.derived)
    )
