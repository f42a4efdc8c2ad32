"""Pooling against worked numbers and against an independent pooling of the same studies."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from fitting.norms.literature import cohorts, pool, relative_sd_elsewhere
from fitting.norms.pooling import pooled_sd, predictive, random_effects, study_mean_interval
from fitting.norms.regions import regions
from fitting.norms.tables import study_rows

MEANS = np.array([0.220, 0.247, 0.219, 0.280, 0.238])
SDS = np.array([0.030, 0.030, 0.029, 0.040, 0.024])
COUNTS = np.array([20.0, 60.0, 13.0, 21.0, 48.0])


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


def test_all_pooled_ratios_agree_with_an_independent_pooling(shared: Path) -> None:
    """Number of studies, people and grade agree exactly; mean, its error and spread between studies to rounding.

    The spread within studies differs by design where every study has an SD (the other table pools relative
    SDs, this package SDs) and where it is borrowed (the other table borrows from more regions).
    """
    names = {region.name for region in regions()}
    with (shared / "norms" / "reference_pooled.csv").open() as handle:
        rows = [row for row in csv.DictReader(handle) if row["unit"] == "tCr" and row["metabolite"] != "NAA_any"]
    compared = 0
    for row in rows:
        region, _, part = row["region"].partition(":")
        if region not in names:
            continue
        members = cohorts(
            item
            for item in study_rows()
            if (item.region, item.metabolite, item.unit) == (region, row["metabolite"], "tCr")
            and (not part or (item.subregion or "unspecified") == part)
            and (row["field"] == "all" or item.field_t == 3.0)
            and (row["set"] == "direct+derived" or not item.derived)
        )
        norm = pool(
            members,
            relative_sd_elsewhere(region, row["metabolite"], "tCr"),
            region=region,
            metabolite=row["metabolite"],
            unit="tCr",
            field_t=3.0,
        )
        label = (row["region"], row["metabolite"], row["set"], row["field"])
        assert (norm.studies, norm.n) == (int(row["k_studies"]), int(row["n_total"])), label
        assert norm.grade == row["quality"], label
        assert norm.mean == pytest.approx(float(row["mean"]), rel=3e-3), label
        assert norm.sd_within == pytest.approx(float(row["sd_within"]), rel=0.15), label
        if norm.studies >= 3:
            assert norm.effects is not None
            spread = predictive(norm.effects, norm.studies, norm.sd_within or np.nan, norm.df_within)
            assert norm.effects.se == pytest.approx(float(row["se_mean"]), rel=0.01), label
            assert norm.effects.tau == pytest.approx(float(row["sd_between"]), rel=0.01, abs=2e-4), label
            assert spread.sd == pytest.approx(float(row["sd_pred_new_individual_new_lab"]), rel=0.1), label
        compared += 1
    assert compared > 150
