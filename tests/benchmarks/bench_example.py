"""How long one analysis of the shipped example takes, by stage; ``make bench``. Compare ratios on one machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from fitting.analysis import Analysis
from fitting.io import read
from fitting.io.companions import source_files
from fitting.model.result import Traces
from fitting.pipeline import Job, analyse
from fitting.subject import Subject, TissueFractions
from service.reports import FORMATS, AnalysisDocument, Format, render

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def job() -> Job:
    return Job(
        metabolite=source_files(EXAMPLES / "acc_press30.nii.gz"),
        water_reference=source_files(EXAMPLES / "acc_press30_water.nii.gz"),
        subject=Subject(region="ACC", age_years=44.0, sex="female", tissue=TissueFractions(0.6, 0.3, 0.1)),
    )


@pytest.fixture(scope="module")
def answer(job: Job) -> tuple[Analysis, Traces]:
    return analyse(job)


def test_read(benchmark: BenchmarkFixture, job: Job) -> None:
    """From bytes to samples."""
    assert benchmark(read, job.metabolite).points == 2048


def test_analyse(benchmark: BenchmarkFixture, job: Job, answer: tuple[Analysis, Traces]) -> None:
    """From bytes to z-scores, with the basis set of the protocol in memory."""
    analysis, _ = benchmark(analyse, job)

    assert analysis == answer[0]


@pytest.mark.parametrize("format", FORMATS)
def test_report(benchmark: BenchmarkFixture, answer: tuple[Analysis, Traces], format: Format) -> None:
    """From a result to a report."""
    analysis, traces = answer

    assert benchmark(render, format, AnalysisDocument(analysis), traces).content
