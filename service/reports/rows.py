"""Metabolite results as rows of the table."""

from __future__ import annotations

from dataclasses import dataclass

from fitting.analysis import Analysis, MetaboliteResult
from fitting.norms.assessment import NormUsed, ZScore
from service.reports import numbers, values
from service.reports.absences import ReasonLine
from service.reports.cautions import CautionLine, marks, trust
from service.reports.texts import text
from service.reports.values import Position


@dataclass(frozen=True, slots=True)
class MetaboliteRow:
    """One metabolite as it stands in the table; an empty string is an empty cell."""

    name: str
    meaning: str
    ratio: str
    concentration: str
    crlb: str
    controls: str
    controls_size: str
    reference: str
    detectable: str
    """Decrease that would have been seen, in words; empty where it is not known."""
    z: str
    z_interval: str
    percentile: str
    percentile_interval: str
    position: Position
    flag: str
    reason: str
    """Letter of the reason in ``Reasons``; empty for compared values."""
    detected: bool
    trust: str
    """The verdict on the value in words; empty when it is usable."""
    marks: str
    """Numbers of the remarks on the value, such as ``1, 3``."""
    folded: str
    """Stands in place of a comparison that could hardly have seen anything and found nothing; else empty."""


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows under one heading."""

    heading: str
    leading: bool
    """Whether these values come first where space is limited."""
    summary: str
    """How many values there are, were compared and lie outside."""
    rows: tuple[MetaboliteRow, ...]


def groups(
    analysis: Analysis, reasons: tuple[ReasonLine, ...], cautions: tuple[CautionLine, ...]
) -> tuple[RowGroup, ...]:
    """Every metabolite exactly once, grouped for reading."""
    letters = {name: line.letter for line in reasons for name in line.names}
    numbered = marks(cautions)
    return tuple(
        RowGroup(
            text(f"groups.{key}"),
            key in values.LEADING,
            _summary(results),
            tuple(_row(result, analysis, letters, numbered) for result in results),
        )
        for key, results in values.in_reading_order(analysis.metabolites)
        if results
    )


def _row(
    result: MetaboliteResult, analysis: Analysis, letters: dict[str, str], numbered: dict[str, str]
) -> MetaboliteRow:
    crlb = numbers.finite(result.crlb_percent)
    z, norm = result.z, values.norm_of(result, analysis.norms)
    return MetaboliteRow(
        name=result.name,
        meaning=values.meaning(result.name),
        ratio=values.ratio_cell(result),
        concentration=values.concentration_cell(result),
        crlb=text("missing.not_available") if crlb is None else numbers.significant(crlb, 2),
        controls="" if norm is None else _controls(norm),
        controls_size="" if norm is None else values.people(norm),
        reference="" if z is None else values.interval_text(*values.reference_ends(z)),
        detectable="" if z is None else values.detectable(z),
        z="" if z is None else numbers.fixed(z.value, 2),
        z_interval="" if z is None else values.interval_text(numbers.fixed(z.low, 2), numbers.fixed(z.high, 2)),
        percentile="" if z is None else numbers.percentile(z.percentile),
        percentile_interval=""
        if z is None
        else values.interval_text(numbers.percentile(z.percentile_low), numbers.percentile(z.percentile_high)),
        position="absent" if z is None else z.flag,
        flag=text("flag.absent") if z is None else values.flag_text(z),
        reason=letters.get(result.name, ""),
        detected=result.detected,
        trust=trust(result, analysis),
        marks=numbered.get(result.name, ""),
        folded=_folded(z),
    )


def _folded(z: ZScore | None) -> str:
    if z is None or z.informative is not False or z.flag != "within":
        return ""
    return text("table.folded", detectable=values.detectable(z))


def _summary(results: list[MetaboliteResult]) -> str:
    positions = [result.z.flag for result in results if result.z is not None]
    key = "groups.summary_one" if len(results) == 1 else "groups.summary"
    words = [text(key, n=len(results), compared=len(positions))]
    outside = len(positions) - positions.count("within")
    return ", ".join(words + ([text("groups.summary_outside", outside=outside)] if outside else []))


def _controls(norm: NormUsed) -> str:
    mean = numbers.with_sd(norm.mean, norm.sd_within)
    return mean if values.is_ratio(norm) else f"{mean} {values.measure(norm)}"
