"""Content of a report: an AnalysisDocument as rounded numbers, words and sentences."""

from __future__ import annotations

from dataclasses import dataclass

from service.reports import minimum_reporting, numbers, published_findings, reference, rows, technical, values
from service.reports.absences import ReasonLine, reason_lines
from service.reports.analysis_document import AnalysisDocument
from service.reports.cautions import CautionLine, caution_lines
from service.reports.detectability import precision
from service.reports.examination import header
from service.reports.headline import Standout, VerdictBox, standout, verdict_box
from service.reports.signature import Standing, standing
from service.reports.strips import Strip, strips
from service.reports.studies import ControlStudy, control_studies
from service.reports.technical import Fact
from service.reports.texts import text
from service.reports.volume import VolumeBox, volume_box


@dataclass(frozen=True, slots=True)
class Report:
    """Complete content of the HTML and PDF reports."""

    title: str
    status: Standing
    notice: str
    verdict: VerdictBox
    standout: Standout
    header: tuple[Fact, ...]
    groups: tuple[rows.RowGroup, ...]
    reasons: tuple[ReasonLine, ...]
    cautions: tuple[CautionLine, ...]
    """Numbered remarks on single values."""
    strips: tuple[Strip, ...]
    norms: tuple[reference.NormLine, ...]
    norm_summary: str
    control_studies: tuple[ControlStudy, ...]
    """Published control groups behind the norms."""
    precision: tuple[str, ...]
    """What the uncertainty of the comparisons is made of, and what would reduce it."""
    norms_not_used: tuple[str, ...]
    """Own norms that were not applied, each with the reason."""
    volume: VolumeBox
    quality: tuple[Fact, ...]
    key_quality: tuple[Fact, ...]
    """The three numbers that stand in the verdict's box."""
    assumptions: tuple[str, ...]
    evidence: tuple[published_findings.EvidenceGroup, ...]
    evidence_summary: str
    minimum: tuple[minimum_reporting.ReportingPart, ...]
    minimum_summary: str
    provenance: tuple[Fact, ...]
    processing: tuple[Fact, ...]
    residual: str
    """Residual over noise, for the description of the spectrum."""


def build(document: AnalysisDocument) -> Report:
    """Convert an analysis to its display content; the only computation is rounding."""
    analysis = document.analysis
    reasons = reason_lines(analysis)
    cautions = caution_lines(
        [result for _, results in values.in_reading_order(analysis.metabolites) for result in results],
        analysis.verdict,
    )
    quality = technical.quality(analysis)
    minimum = minimum_reporting.sections(analysis)
    norms = reference.norm_lines(analysis)
    context = published_findings.evidence_groups(analysis.evidence)
    return Report(
        title=text("title.document", id=document.id or text("title.untitled")),
        status=standing(document),
        notice=analysis.notice,
        verdict=verdict_box(analysis),
        standout=standout(analysis, reasons),
        header=header(document),
        groups=rows.groups(analysis, reasons, cautions),
        reasons=reasons,
        cautions=cautions,
        strips=strips(analysis),
        norms=norms,
        norm_summary=reference.summary(norms),
        control_studies=control_studies(analysis),
        precision=precision(analysis),
        norms_not_used=reference.not_used(analysis),
        volume=volume_box(analysis),
        quality=quality,
        key_quality=quality[:3],
        assumptions=technical.assumptions(analysis),
        evidence=context,
        evidence_summary=published_findings.summary(context),
        minimum=minimum,
        minimum_summary=minimum_reporting.summary(minimum),
        provenance=technical.provenance(document),
        processing=tuple(Fact(step.method, step.details) for step in analysis.provenance.processing),
        residual=numbers.significant(analysis.quality.residual_rms_over_noise),
    )
