"""Every kind of analysis that a report must be able to show."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from pypdf import PdfReader

from fitting.analysis import Analysis
from fitting.model.result import Traces
from service.reports import AnalysisDocument, render
from tests.data import analysis_factory as factory


def _long_region() -> Analysis:
    analysis = factory.make_analysis()
    return replace(analysis, acquisition=replace(analysis.acquisition, region="dorsolateral_prefrontal_" * 12))


def _nothing_known() -> Analysis:
    """Numbers that do not exist and an answer without metabolites, as after a failed fit."""
    analysis = factory.failed(factory.make_analysis(norm=False, water=False))
    quality = replace(analysis.quality, snr=float("nan"), linewidth_hz=float("inf"), residual_rms_over_noise=0.0)
    acquisition = replace(
        analysis.acquisition,
        vendor=None,
        scanner_model=None,
        software=None,
        sequence=None,
        sequence_name=None,
        repetition_time=None,
        averages=None,
        voi_volume_ml=None,
        age_years=None,
        sex=None,
    )
    return replace(analysis, quality=quality, acquisition=acquisition, metabolites=(), evidence=())


CASES: dict[str, Callable[[], Analysis]] = {
    "usable": factory.make_analysis,
    "limited": lambda: factory.limited(factory.make_analysis()),
    "not-interpretable": lambda: factory.unusable(factory.make_analysis()),
    "failed": lambda: factory.failed(factory.make_analysis()),
    "no-norm-no-water": lambda: factory.make_analysis(norm=False, water=False),
    "undetected-gln": lambda: factory.make_analysis(undetected=("Gln",)),
    "many-metabolites": lambda: factory.many(factory.make_analysis()),
    "hostile": lambda: factory.hostile(factory.make_analysis()),
    "long-region": _long_region,
    "nothing-known": _nothing_known,
}


Rendering = Callable[[str], bytes]


@pytest.fixture(params=CASES, scope="session")
def analysis(request: pytest.FixtureRequest) -> Analysis:
    return CASES[request.param]()


@pytest.fixture(scope="session")
def document(analysis: Analysis) -> AnalysisDocument:
    return as_document(analysis)


@pytest.fixture(scope="session")
def rendered(document: AnalysisDocument, traces: Traces) -> Rendering:
    """The document in a format, rendered once for all tests that read it."""
    return cache(lambda format: render(format, document, traces).content)


@pytest.fixture(scope="session")
def plain(rendered: Rendering) -> Callable[[str], str]:
    """What a reader of a format reads, with every space and line end as one space."""
    return cache(lambda format: as_plain(format, rendered(format)))


def as_plain(format: str, content: bytes) -> str:
    if format == "pdf":
        words = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    else:
        words = content.decode()
    return re.sub(r"\s+", " ", words)


def as_document(analysis: Analysis) -> AnalysisDocument:
    return AnalysisDocument(
        analysis,
        id="018f3c1e-7b2a-7c11-9d20-5c8e3b1f0a77",
        created="2026-11-22T10:04:05Z",
        finished="2026-11-22T10:04:09Z",
        seconds=1.34,
        subject="P-<i>0173</i>",
        session="S-02",
    )


@pytest.fixture(scope="session")
def traces() -> Traces:
    return factory.make_traces()
