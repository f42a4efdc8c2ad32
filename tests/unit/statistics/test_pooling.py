"""Pooling against worked numbers and against an independent pooling of the same studies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from fitting.statistics.pooling import between_df, pooled_sd, predictive, random_effects, study_mean_interval
from tests.data.worked_examples import EXAMPLES
from tests.measure.pooled_rows import NOT_SHIPPED, PAGE, page, pooled_rows

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


def test_few_studies_have_fewer_degrees_of_freedom() -> None:
    """Three and four studies have k − 2 degrees of freedom for what laboratories differ by, five and more k − 1."""
    assert [between_df(studies) for studies in (2, 3, 4, 5, 9)] == [1.0, 1.0, 2.0, 4.0, 8.0]


RECOMPUTED_ROWS = 126
"""With rows of MRShiny-Brain, which the other table has with ten records that are no measurements."""
LARGEST = {"mean": 4e-3, "SE": 0.03, "τ": 0.01}
LARGEST_OF_RATIOS = {"s_w": 0.18, "of a new person": 0.10}
"""A spread borrowed from other regions borrows from the recomputed rows too (Gln of the thalamus: 17 %)."""


def test_every_pooled_row_is_reproduced(shared: Path) -> None:
    """All rows of shipped regions, in every unit: studies, people, mean, its error and spread between studies.

    What differs by design stands in docs/norms-reproduced.md, as do the regions that are not shipped.
    """
    same, other, recomputed = pooled_rows(shared)

    assert len(same) + recomputed == 562
    assert (len(other), recomputed) == (84, RECOMPUTED_ROWS)
    assert {row["region"] for row in other} == set(NOT_SHIPPED)
    for item in same:
        counted = (int(item.row["k_studies"]), int(item.row["n_total"]))
        assert (item.norm.studies, item.norm.n) == counted, item.label
        allowed = LARGEST | (LARGEST_OF_RATIOS if item.is_ratio else {})
        found = {name: off for name, off in item.differences() if name in allowed and off > allowed[name]}
        assert not found, item.label
        assert item.same_grade or not item.is_ratio, item.label


def test_the_page_of_reproduced_rows_is_up_to_date(shared: Path) -> None:
    """What ``make pooled-rows`` would write."""
    assert PAGE.read_text(encoding="utf-8") == page(shared)
