"""Figures show the numbers they are given, in SVG that any reader can parse."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from fitting.analysis import Analysis
from fitting.model.result import Traces
from service.reports import strips
from service.reports.figures import spectrum_figure, stack_figure, strips_figure
from service.reports.paths import path
from tests.data import analysis_factory as factory

SVG = "{http://www.w3.org/2000/svg}"


def _points(d: str) -> np.ndarray:
    return np.cumsum([[float(v) for v in step.split(",")] for step in d[1:].split("l")], axis=0)


@pytest.mark.parametrize("paper", [False, True])
def test_the_spectrum_is_drawn_as_measured(traces: Traces, paper: bool) -> None:
    """The drawn curves lie within a line's width of the traces, high ppm on the left."""
    tree = ElementTree.fromstring(spectrum_figure.spectrum_svg(traces, "1.1", paper=paper))
    view = spectrum_figure.window(traces)
    assert view is not None
    for name in ("data", "fit", "baseline"):
        drawn = _points(next(e for e in tree.iter(f"{SVG}path") if e.get("class") == name).get("d"))
        expected = view.scale.y(getattr(traces, name)[view.inside])
        assert np.all(np.diff(drawn[:, 0]) >= 0.0)
        steepness = np.abs(np.gradient(expected, view.x))
        neighbours = np.maximum(steepness, np.maximum(np.roll(steepness, 1), np.roll(steepness, -1)))
        error = np.abs(np.interp(view.x, drawn[:, 0], drawn[:, 1]) - expected)
        assert np.all(error <= 0.3 + 0.1 * neighbours)  # tenths of a unit in x matter on steep flanks


def test_labels_stand_over_their_peaks(traces: Traces) -> None:
    """tNAA's label is at 2.01 ppm of the axis that is drawn."""
    tree = ElementTree.fromstring(spectrum_figure.spectrum_svg(traces, "1.1"))
    label = next(g for g in tree.iter(f"{SVG}g") if g.get("data-ppm") == "2.01")
    shift = float(re.search(r"translate\(([\d.]+)\)", label.get("transform")).group(1))
    fit = _points(next(e for e in tree.iter(f"{SVG}path") if e.get("class") == "fit").get("d"))

    assert label.find(f"{SVG}text").text == "tNAA"
    assert shift == pytest.approx(fit[np.argmin(fit[:, 1]), 0], abs=2.0)


@pytest.mark.parametrize("offset", [0.0, -3.0, -30.0])
def test_ticks_of_the_signal_have_room(traces: Traces, offset: float) -> None:
    """However far a baseline falls below zero, labels do not overlap, and zero is among them."""
    sunken = replace(traces, baseline=traces.baseline + offset * traces.fit.max())
    tree = ElementTree.fromstring(spectrum_figure.spectrum_svg(sunken, "1.1"))
    ticks = [e for e in tree.iter(f"{SVG}text") if e.get("class") == "percent"]
    heights = sorted(float(tick.get("y")) for tick in ticks)

    assert "0" in {tick.get("data-percent") for tick in ticks}
    assert min(np.diff(heights)) > spectrum_figure.SCREEN_FONT


def test_figures_hold_finite_numbers_only(traces: Traces) -> None:
    """Points that are not finite are left out, not drawn."""
    holes = traces.data.copy()
    holes[::7] = np.nan
    holes[3::11] = np.inf
    damaged = replace(traces, data=holes, residual=holes, components=traces.components * np.nan)
    shown = strips.strips(factory.make_analysis())
    for svg in (
        spectrum_figure.spectrum_svg(damaged, "1.1"),
        stack_figure.stack_svg(damaged, range(len(damaged.names))),
        strips_figure.strips_svg(shown),
    ):
        ElementTree.fromstring(svg)
        assert not re.search(r"\b(nan|inf)\b", svg, flags=re.IGNORECASE)


def test_a_spectrum_elsewhere_is_not_drawn(traces: Traces) -> None:
    """Nothing between 4.2 and 0.2 ppm means no figure but a sentence in the report."""
    away = replace(traces, ppm=traces.ppm + 100.0)

    assert spectrum_figure.spectrum_svg(away, "1.1") == ""
    assert stack_figure.stack_svg(away, range(len(away.names))) == ""
    assert spectrum_figure.ends_of_scale(away) == ("", "")


def test_strips_show_an_interval_and_a_band(analysis: Analysis) -> None:
    """Each compared value has its band and its interval; an interval beyond the axis has an arrow."""
    shown = strips.strips(analysis)
    svg = strips_figure.strips_svg(shown)
    if not shown:
        assert svg == ""
        return
    tree = ElementTree.fromstring(svg)
    rectangles = [e for e in tree.iter(f"{SVG}rect")]

    assert len(rectangles) == 2 + 2 * len(shown)
    for strip in shown:
        assert strip.name in "".join(tree.itertext())


def test_an_interval_beyond_the_axis_is_marked() -> None:
    """A z-score of −9 is not drawn as −5 without saying that it goes on."""
    strip = strips.strips(factory.make_analysis())[0]
    far = replace(strip, z=-9.0, low=-10.0, high=-8.0)

    assert strips_figure.strips_svg((far,)).count("<path") == strips_figure.strips_svg((strip,)).count("<path") + 1


def test_paths_are_short(traces: Traces) -> None:
    """A flat curve needs two points, however many it is given."""
    x = np.linspace(0.0, 800.0, 4000)

    assert path(x, np.zeros_like(x)) == "M0,0l800,0"
    assert len(spectrum_figure.spectrum_svg(traces, "1.1")) < 80_000
