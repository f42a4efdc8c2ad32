"""Spectra of a classification: which are left out, and how the report shows those that are kept."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import pytest

from fitting.cohort.individual import individual
from fitting.cohort.inputs import CohortInputs, CohortTexts
from service.reports.cohort import html, pdf
from tests.data.cohorts import write

PEOPLE = 44
NOISY = ("sub-003", "sub-004", "sub-007")
"""The SNR of these is below the limit of the rule."""
PLAN = """schema = 1
reference = "control"
other = "patient"
permutations = 19
{rule}
[[classification]]
name = "ACC"
region = "ACC"
confounds = ["snr"]
"""
RULE = 'exclude = ["snr < 10  # noisy"]'


@cache
def read(rule: str = "") -> CohortInputs:
    """Spectra of simulated people, and nothing else."""
    rng = np.random.default_rng(5)
    names = [f"sub-{k:03d}" for k in range(PEOPLE)]
    participants = [{"participant_id": name, "group": ("control", "patient")[k % 2]} for k, name in enumerate(names)]
    ppm = [f"{value:.2f}" for value in np.linspace(4.0, 1.0, 12)]
    spectra = [
        {"participant_id": name, "region": "ACC", "hemisphere": "midline"}
        | {"snr": "5" if name in NOISY else f"{40 + rng.normal():.2f}"}
        | {point: f"{rng.normal():.4f}" for point in ppm}
        for name in names
    ]
    tables = {"spectra.csv": (write(spectra, ","), "spectra.csv")}
    return CohortTexts(None, (write(participants, "\t"), "p.tsv"), PLAN.format(rule=rule)).read(tables.get)


def test_rule_of_the_plan_leaves_spectra_out() -> None:
    """A rule on a fact of spectra reaches the table of spectra, not only that of values."""
    kept, every = read(RULE).answer()["classification"][0], read().answer()["classification"][0]

    assert every["n_reference"] + every["n_other"] == PEOPLE
    assert kept["n_reference"] + kept["n_other"] == PEOPLE - len(NOISY)


def test_rule_of_the_plan_leaves_spectra_out_of_figures() -> None:
    """The worst spectrum that was kept is none of those left out."""
    worst = next(example for example in individual(read(RULE))["spectra"][0]["examples"] if example["rank"] == "worst")

    assert worst["snr"] > 10.0


def test_page_and_pdf_show_the_best_and_the_worst_spectrum() -> None:
    """Also where the study has no table of values, whose quality would be described beside."""
    pytest.importorskip("typst")
    pypdf = pytest.importorskip("pypdf")
    inputs = read(RULE)
    answer, drawn = inputs.answer(), individual(inputs)
    document = pypdf.PdfReader(io.BytesIO(pdf.render(answer, drawn)))
    words = " ".join(page.extract_text() for page in document.pages)

    assert "Best and worst spectrum kept: ACC" in words
    assert "Best and worst spectrum kept: ACC" in html.render({**answer, "quality": []}, drawn).decode()
