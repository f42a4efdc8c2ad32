"""Reports that strain a layout: every verdict, much or nothing to say, foreign letters, signatures, pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from fitting.acquisition import VoiGeometry
from fitting.analysis import Analysis, Anatomy
from fitting.model.result import Traces
from fitting.norms.assessment import NormNotUsed
from fitting.quality.verdict.usable import Verdict
from fitting.reason import Reason
from service.reports import AnalysisDocument
from service.reports.analysis_document import SignOffStep
from tests.data import analysis_factory as factory

HEBREW, ARABIC, CHINESE = "מטופל-17", "مريض-17", "患者十七"
REVIEWER_HEBREW, REVIEWER_CHINESE = "ד״ר כהן", "张伟"


def document(analysis: Analysis) -> AnalysisDocument:
    """An unsigned report with every fact of the envelope."""
    return AnalysisDocument(
        analysis,
        id="018f3c1e-7b2a-7c11-9d20-5c8e3b1f0a77",
        created="2026-11-22T10:04:05Z",
        finished="2026-11-22T10:04:09Z",
        seconds=1.34,
        subject="sub-017",
        session="ses-02",
    )


def signed_and_amended(document: AnalysisDocument) -> AnalysisDocument:
    """Version 2, signed by people whose names are long or not in Latin letters, with long remarks."""
    long = "The linewidth of the water reference was checked against the console of the scanner. " * 8
    steps = (
        SignOffStep("review", 1, "Dr. A. Reviewer", "2026-11-22T10:00:00Z", comment=long[:240]),
        SignOffStep("sign", 1, REVIEWER_CHINESE, "2026-11-22T11:00:00Z", content_sha256="a" * 64),
        SignOffStep("amend", 2, "Dr. B", "2026-11-23T11:00:00Z", amendment=long),
        SignOffStep("review", 2, "x" * 128, "2026-11-23T12:00:00Z", impression=long),
        SignOffStep("sign", 2, REVIEWER_HEBREW, "2026-11-23T12:00:00Z", content_sha256="b" * 64),
    )
    return replace(document, status="signed", version=2, sign_off=steps)


def with_images(analysis: Analysis) -> Analysis:
    """The same with an image, maps and something to warn of."""
    anatomy = Anatomy(
        voi=VoiGeometry((2.0, 36.0, -12.0), ((-25.9, 1.4, 0.4), (-1.0, -21.3, 14.9), (1.3, 17.2, 24.5))),
        image_sha256="c" * 64,
        outside_image=0.12,
        maps_sha256=("d" * 64, "e" * 64, "f" * 64),
        outside_maps=0.02,
        segmented=0.97,
        gm=0.58,
        wm=0.31,
        csf=0.11,
        tissue_from="request",
        notes=(
            Reason("outside-image", "12% of the measured volume lies outside of the image."),
            Reason("tissue-conflict", "The request says GM 61%, CSF 12%; the maps say GM 50%, CSF 11%."),
        ),
    )
    return replace(analysis, anatomy=anatomy)


def with_remarks(analysis: Analysis) -> Analysis:
    """The same with verdicts and remarks on single values, and own norms that were not applied."""
    said = {
        "GPC": Verdict("limited", (Reason("not-separable", "GPC cannot be told from PCh here; read tCho instead."),)),
        "Lac": Verdict("no", (Reason("foreign-signal", "The residual at Lac is 9 times the noise."),)),
        **{
            name: Verdict("yes", (Reason("uncertain", f"The standard deviation of {name} is 31 % of its value."),))
            for name in ("Asp", "Asc", "Tau", "Glc", "PE")
        },
    }
    return replace(
        analysis,
        metabolites=tuple(replace(m, verdict=said.get(m.name, m.verdict)) for m in analysis.metabolites),
        norms_not_used=(
            NormNotUsed("site.ours.2", "tNAA", "echo-time", "Its echo time is 144 ms."),
            *(
                NormNotUsed("site.ours.2", name, "sex", "None of the controls is male, as the person is.")
                for name in ("Glu", "mI")
            ),
        ),
    )


def traces_with_planes() -> Traces:
    """Traces with three grey planes."""
    y, x = np.mgrid[-128:128, -128:128]
    head = np.where((x / 80) ** 2 + (y / 100) ** 2 < 1, 140 + 60 * np.cos(x / 9.0) * np.cos(y / 7.0), 0)
    planes = np.repeat(head.astype(np.uint8)[None], 3, axis=0)
    return replace(factory.make_traces(), planes=planes, planes_middle_mm=np.array([0.0, -10.0, 5.0]))


def _transients(stored: int, rejected: int) -> Analysis:
    analysis = factory.make_analysis()
    facts = replace(analysis.acquisition, transients=stored, averages=stored, transients_rejected=rejected)
    return replace(analysis, acquisition=facts)


def _long_region() -> Analysis:
    analysis = factory.make_analysis()
    return replace(analysis, acquisition=replace(analysis.acquisition, region="dorsolateral_prefrontal_" * 12))


CASES: dict[str, Callable[[], AnalysisDocument]] = {
    "limited": lambda: document(with_remarks(factory.limited(factory.make_analysis()))),
    "not-interpretable": lambda: document(factory.unusable(factory.make_analysis())),
    "no-norm-no-water": lambda: document(factory.make_analysis(norm=False, water=False)),
    "40-metabolites": lambda: document(factory.many(factory.make_analysis())),
    "long-region": lambda: document(_long_region()),
    "1-transient": lambda: document(_transients(1, 0)),
    "512-transients": lambda: document(_transients(512, 37)),
    "hebrew": lambda: replace(document(factory.make_analysis()), subject=HEBREW),
    "arabic": lambda: replace(document(factory.make_analysis()), subject=ARABIC),
    "chinese": lambda: replace(document(factory.make_analysis()), subject=CHINESE, session="s\N{BRAIN}\x07"),
    "signed-and-amended": lambda: signed_and_amended(document(factory.make_analysis())),
    "images": lambda: document(with_images(factory.make_analysis())),
    "everything": lambda: signed_and_amended(
        document(with_images(with_remarks(factory.many(factory.limited(factory.make_analysis())))))
    ),
}
"""Documents by what is special about them."""
