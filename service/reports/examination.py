"""The examination: person, place, dates and versions."""

from __future__ import annotations

from service.reports.analysis_document import AnalysisDocument
from service.reports.printable import isolated
from service.reports.signature import moment
from service.reports.technical import Fact
from service.reports.texts import text, text_or


def header(document: AnalysisDocument) -> tuple[Fact, ...]:
    """Who was measured, where, when it was analysed and by which version."""
    facts, provenance = document.analysis.acquisition, document.analysis.provenance
    not_given = text("missing.not_given")
    side = None if facts.hemisphere is None else text_or(f"hemisphere.{facts.hemisphere}", facts.hemisphere)
    sex = None if facts.sex is None else text_or(f"sex.{facts.sex}", facts.sex)
    person = [part for part in (_age_band(facts.age_years), sex) if part]
    place = [part for part in (facts.region, side) if part]
    return (
        Fact(text("header.subject"), isolated(document.subject or not_given)),
        Fact(text("header.session"), isolated(document.session or not_given)),
        Fact(text("header.region"), ", ".join(place) or not_given),
        Fact(text("header.person"), ", ".join(person) or not_given),
        Fact(text("header.analysed"), moment(document.finished) if document.finished else not_given),
        Fact(text("header.report"), document.id or not_given),
        Fact(text("header.versions"), f"{provenance.software} {provenance.version}"),
    )


def _age_band(age: float | None) -> str | None:
    """Five-year bands keep the person less identifiable; from 90 on there is one band."""
    if age is None:
        return None
    low = int(age // 5) * 5
    return text("header.years_oldest") if low >= 90 else text("header.years", low=low, high=low + 4)
