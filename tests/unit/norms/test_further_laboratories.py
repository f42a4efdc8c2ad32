"""Laboratories that share their summaries sharpen the norm of the next one, as the formula says."""

from __future__ import annotations

import numpy as np
import pytest

from fitting.norms import Case, Context, FurtherLaboratory, ZScore, score
from fitting.norms.case import scan
from fitting.norms.control_model import Cell, control_model
from fitting.norms.further_laboratories import LaboratoryMean, further_version, model_with
from fitting.quantification.concentrations import Ratio
from fitting.request import Subject

CELL = Cell("tNAA", "ACC")


def laboratory(number: int, *, n: int = 20, at: float = 0.0, cells: tuple[Cell, ...] = (CELL,)) -> FurtherLaboratory:
    """A laboratory whose people lie ``at`` above the expectation, on the log scale."""
    expected = [float(control_model().prior(cell).mean.mean()) for cell in cells]
    means = tuple(LaboratoryMean(cell, n, mean + at, 0.09) for cell, mean in zip(cells, expected, strict=True))
    return FurtherLaboratory(f"{number:064x}", f"lab-{number}", means)


def test_the_region_variance_shrinks_by_the_formula() -> None:
    """With v the variance of a region's mean and r that of one laboratory about it, three leave 1 / (1/v + 3/r)."""
    model = control_model()
    state = model.state(CELL)
    before = float(state @ model.covariance @ state)
    r = float(model.joint([CELL])[1].mean(axis=0)[0, 0]) - before + 0.09**2 / 20
    after = model_with([laboratory(number) for number in range(3)])

    assert float(state @ after.covariance @ state) == pytest.approx(1.0 / (1.0 / before + 3.0 / r), rel=1e-9)
    assert after.studies == model.studies + 3


def test_a_mean_moves_by_its_weight() -> None:
    """Toward what the laboratories have, never beyond, and cells of other regions move less."""
    other = Cell("tNAA", "PCC")
    model, after = control_model(), model_with([laboratory(number, at=0.2) for number in range(3)])
    moved = [float((after.prior(cell).mean - model.prior(cell).mean).mean()) for cell in (CELL, other)]

    assert 0.0 < moved[0] < 0.2
    assert abs(moved[1]) < moved[0]


def test_the_predictive_sd_of_a_fourth_laboratory_falls() -> None:
    """In the score as in the model; the norms' version names the laboratories."""
    context = Context(Subject("ACC"), scan(3.0, 0.030, "PRESS"))
    three = tuple(laboratory(number) for number in range(3))
    alone = score(Case("tNAA", Ratio(1.2, 0.02), context)).position
    among = score(
        Case("tNAA", Ratio(1.2, 0.02), Context(Subject("ACC"), context.acquisition, laboratories=three))
    ).position

    assert isinstance(alone, ZScore)
    assert isinstance(among, ZScore)
    assert among.sd_predictive < alone.sd_predictive
    assert further_version(three) == further_version(three[::-1]) != further_version(three[:2])
    assert further_version(()) == ""


def test_the_order_does_not_matter_and_one_counts_once() -> None:
    """The same file twice is one laboratory."""
    one, two = laboratory(1, at=0.1), laboratory(2, at=-0.1, cells=(CELL, Cell("mI", "ACC")))
    first, second = model_with([one, two, one]), model_with([two, one])

    assert np.allclose(first.mean, second.mean)
    assert np.allclose(first.covariance, second.covariance)
    assert first.studies == control_model().studies + 2


def test_what_the_model_does_not_cover_is_left_out() -> None:
    """Another field or region changes nothing."""
    strange = FurtherLaboratory("0" * 64, "x", (LaboratoryMean(Cell("tNAA", "ACC", 9.4), 9, 0.2, 0.1),))

    assert model_with([strange]) is control_model() or model_with([strange]).studies == control_model().studies
