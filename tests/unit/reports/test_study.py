"""The page of a study: values land in their places, trouble comes first, nothing foreign runs."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from service.reports.study import html
from service.reports.study.content import content, counted
from service.reports.study.distribution_figure import PlaceValues, description, distribution_svg
from service.reports.study.spectrum import StudySpectrum, analysed_spectrum, curves
from tests.data import analysis_factory as factory
from tests.data.study_factory import make_study
from tests.pages import tree

ONE = factory.make_analysis()


def spectrum(id: str, analysis=ONE) -> StudySpectrum:
    return analysed_spectrum(id, analysis, factory.make_traces(), {"group": "patients"})


def test_counted_gives_every_verdict_and_those_not_analysed() -> None:
    """The last line of a batch, with and without refusals."""
    verdicts = ["yes"] * 76 + ["limited"] * 19 + ["no"] * 5

    assert counted(verdicts) == "100 analysed: 76 usable, 19 limited, 5 not interpretable"
    assert counted([*verdicts, None]) == "100 analysed: 76 usable, 19 limited, 5 not interpretable; 1 not analysed"


def test_most_troubled_spectra_come_first() -> None:
    """Not analysed, then by verdict, number of reasons and signal-to-noise ratio."""
    rows = content("s", make_study()).rows
    keys = [
        (
            (None, "no", "limited", "yes").index(row.spectrum.verdict),
            -len(row.spectrum.reasons),
            row.spectrum.quality.get("snr", 0.0),
        )
        for row in rows
    ]

    assert keys == sorted(keys)
    assert {row.spectrum.id for row in rows[:2]} == {"damaged", "greedy"}


def test_quality_numbers_stand_in_their_columns() -> None:
    """Each number of the analysis is in the cell below its heading."""
    quality = replace(
        ONE.quality, snr=31.0, linewidth_hz=6.2, residual_rms_over_noise=1.3, residual_water=0.7, frequency_drift_hz=2.4
    )
    page = tree(html.render("s", [spectrum("one", replace(ONE, quality=quality))]).decode())
    table = next(found for found in page.find("table") if found.attributes["aria-labelledby"] == "table")
    heading, row = table.table()

    assert dict(zip(heading, row, strict=True)) == {
        "Spectrum": "one",
        "Verdict": "Usable",
        "Region, group": "ACC, patients",
        "Signal-to-noise ratio": "31.0",
        "Linewidth (Hz)": "6.20",
        "Residual / noise": "1.30",
        "Residual water / tNAA": "0.700",
        "Frequency drift (Hz)": "2.40",
        "Transients kept / rejected": "93 / 3",
        "Reasons": "",
    }


def test_distributions_hold_the_values_and_leave_out_what_does_not_count() -> None:
    """Undetected values and those of spectra that are not interpretable are left out and counted."""
    undetected = factory.make_analysis(undetected=("Gln",))
    study = content("s", [spectrum("a"), spectrum("b", undetected), spectrum("c", factory.unusable(ONE))])
    figures = {figure.title: figure.svg for figure in study.ratios}
    ratio = next(item.ratio_tcr.value for item in ONE.metabolites if item.name == "Glu")

    assert "n = 1, 2 left out" in figures["Gln"]
    assert "n = 2, 1 left out" in figures["Glu"]
    assert f"median {ratio:.3g}" in figures["Glu"]
    assert "tCr" not in figures
    assert "tCr" in {figure.title for figure in study.concentrations}


def test_dots_stand_at_their_values() -> None:
    """The lowest and the highest value stand at their ticks' scale, the median between them."""
    svg = distribution_svg([PlaceValues("ACC", (1.0, 2.0, 4.0))], "ratio", "Glu")
    x = [float(place) for place in re.findall(r"M([\d.]+),[\d.]+h0", svg)]
    middle = float(re.search(r"M([\d.]+),[\d.]+v22", svg)[1])

    assert (x[2] - x[0]) / (x[1] - x[0]) == pytest.approx(3.0, rel=0.01)
    assert middle == x[1]
    assert description([PlaceValues("ACC", (1.0, 2.0, 4.0), 2)]) == "ACC median 2, 1 to 4 (n = 3, 2 left out)"


def test_curves_are_those_of_the_traces() -> None:
    """The highest point of the spectrum is at the top of its strip, at its chemical shift."""
    traces = factory.make_traces(noise=0.0)
    drawn = curves(traces)
    x, y = np.cumsum([[float(n) for n in step.split(",")] for step in drawn.fit.lstrip("M").split("l")], axis=0).T
    inside = (traces.ppm <= 4.2) & (traces.ppm >= 0.2)
    peak = traces.ppm[inside][np.argmax(traces.fit[inside])]

    assert 4.2 - x[np.argmin(y)] / 200.0 * 4.0 == pytest.approx(peak, abs=0.02)
    assert y.min() == pytest.approx(22.0, abs=2.0)
    assert y.max() <= 96.5


def test_page_of_a_hundred_spectra_is_small_and_needs_no_network() -> None:
    """Below a megabyte, without script or foreign address, and foreign words are words."""
    page = html.render("<b>study", [*make_study(98), spectrum("<script>", factory.hostile(ONE))]).decode()

    assert len(page) < 1_000_000
    assert not re.search(r"https?://(?!www\.w3\.org)", page)
    assert "<script" not in page
    assert "<img" not in page
    assert not re.search(r"\bnan\b", page)


def test_a_study_without_any_analysis_is_a_page() -> None:
    """Only refusals: no figures and no protocol, and the reasons are there."""
    study = [item for item in make_study(4) if item.verdict is None]
    words = tree(html.render("s", study).decode()).text()

    assert "0 analysed" in words
    assert "The FID ends early; export it again." in words
