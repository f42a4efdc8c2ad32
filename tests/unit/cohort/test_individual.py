"""Figures of people: each person is drawn, none can be recognised."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import numpy as np
import pytest

from fitting.cohort import plan_of, read_cohort
from fitting.cohort.individual import individual
from fitting.cohort.inputs import CohortInputs
from fitting.statistics.discriminant import auc
from fitting.statistics.roc import calibration_curve, roc_curve
from service.reports.cohort import html
from service.reports.cohort.figures import figures
from tests.data.cohorts import PLAN, cohort, write

ASSOCIATED = f'{PLAN}\n[associations]\nmeasures = ["bdi"]\n[laterality]\n'
PLACES = (("ACC", "midline"), ("insula", "left"), ("insula", "right"))


def inputs(plan: str = ASSOCIATED) -> CohortInputs:
    tables = cohort(places=PLACES)
    table = read_cohort((write(tables.measurements, ","), "m.csv"), (write(tables.participants, "\t"), "p.tsv"))
    return CohortInputs(table, plan_of(plan), {}, {})


def test_every_person_is_there_without_a_name() -> None:
    """Values are sorted, so that their order says nothing; pseudonyms are nowhere."""
    given = inputs()
    drawn = individual(given)
    tnaa = drawn["levels"][0]

    assert [len(group["values"]) for group in tnaa["groups"]] == [12, 12]
    for group in tnaa["groups"]:
        values = [point["value"] for point in group["values"]]
        assert values == sorted(values)
        assert group["mean"] == pytest.approx(np.mean(values))
    assert "sub-" not in json.dumps(drawn)


def test_line_is_the_regression_and_band_holds_it() -> None:
    """Slope of the line is numpy's; its band is narrowest in the middle."""
    item = individual(inputs())["associations"][0]
    x, y = ([point[name] for point in item["points"]] for name in ("value", "score"))
    slope, intercept = np.polyfit(x, y, 1)

    for point in item["line"]:
        assert point["score"] == pytest.approx(intercept + slope * point["value"])
        assert point["low"] < point["score"] < point["high"]
    widths = [point["high"] - point["low"] for point in item["line"]]
    assert min(widths) < 0.8 * widths[0]
    assert item["given"] == ["age_years", "sex"]
    assert np.mean([point["score"] for point in item["partial"]["points"]]) == pytest.approx(0.0, abs=1e-9)


def test_figures_hold_each_person_once_and_can_be_read_aloud() -> None:
    """One dot a person, an alternative for each picture, no script and no pseudonym."""
    given = inputs()
    answer, drawn = given.answer(), individual(given)
    dots = {figure.title: figure.svg.count("<circle") for figure in figures(answer, drawn)}
    page = html.render(answer, drawn).decode()

    assert dots["Values of people: tNAA in the ACC"] == 24
    assert dots["tNAA in the left and right insula"] == 24
    for figure in figures(answer, drawn):
        root = ElementTree.fromstring(figure.svg)
        assert root.get("role") == "img"
        assert root.get("aria-label")
    assert "sub-0" not in page
    assert "<script" not in page


def test_figures_need_no_people() -> None:
    """A report of the answer alone has the figures of the answer only."""
    assert "Values of people" not in html.render(inputs().answer()).decode()


def test_area_under_the_curve_is_the_auc() -> None:
    """Trapezoids under the curve give the rank statistic, with ties too."""
    rng = np.random.default_rng(3)
    other = rng.random(60) < 0.5
    scores = np.round(rng.normal(size=60) + other, 1)
    curve = np.array(roc_curve(scores, other))

    assert np.trapezoid(curve[:, 1], curve[:, 0]) == pytest.approx(auc(scores, other))
    assert curve[0].tolist() == [0.0, 0.0]
    assert curve[-1].tolist() == [1.0, 1.0]


def test_calibration_of_true_probabilities_lies_on_the_diagonal() -> None:
    rng = np.random.default_rng(4)
    probabilities = rng.random(20_000)
    other = rng.random(20_000) < probabilities

    for probability, share in calibration_curve(probabilities, other):
        assert share == pytest.approx(probability, abs=0.03)
