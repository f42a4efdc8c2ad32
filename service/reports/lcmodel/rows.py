"""Values of an analysis as rows of LCModel's concentration table, and numbers as its Fortran writes them."""

from __future__ import annotations

from dataclasses import dataclass

from fitting.analysis import MetaboliteResult
from fitting.quantification.totals import totals
from service.reports.analysis_document import AnalysisDocument

NAMES = {"mI": "Ins"}
"""LCModel's names of metabolites that have another one here."""
UNKNOWN_PERCENT = 999
"""LCModel's %SD of a value that says nothing."""
_SMALLEST = 0.1
"""A value below it has an exponent: three decimals would not show it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; ``value`` and ``ratio`` are zero where there are none."""

    name: str
    """LCModel's name: a sum names its members."""
    value: float
    percent: int
    """Standard deviation, per cent of the value."""
    ratio: float
    """Ratio to total creatine."""

    @property
    def line(self) -> str:
        """The row in LCModel's columns: 9 for the value, 5 for %SD, 8 for the ratio, then the name."""
        return f" {number(self.value)} {self.percent:3d}% {number(self.ratio, 7)} {self.name}"


@dataclass(frozen=True, slots=True)
class Table:
    """All rows, single metabolites before sums, and the unit of their values."""

    rows: tuple[Row, ...]
    unit: str


def table_of(document: AnalysisDocument) -> Table:
    """Concentrations where the analysis has them, else amplitudes; never both.

    A value that is not detected is ``0.000 999%``. One that may not be interpreted keeps its number, with 999 %.
    """
    analysis = document.analysis
    scaled = [item for item in analysis.metabolites if item.concentration is not None]
    units = {item.concentration.unit for item in scaled if item.concentration is not None}
    used = scaled or list(analysis.metabolites)
    usable = analysis.verdict.usable != "no" and analysis.outcome.code != "failed"
    members = totals()
    singles = [item for item in used if item.name not in members]
    sums = [item for item in used if item.name in members]
    rows = tuple(_row(item, known=usable and item.verdict.usable != "no") for item in (*singles, *sums))
    return Table(rows, " or ".join(sorted(units)) or "arbitrary units")


def lcmodel_name(name: str) -> str:
    """LCModel's name of a metabolite or sum, such as ``NAA+NAAG`` for tNAA."""
    return "+".join(NAMES.get(part, part) for part in totals().get(name, (name,)))


def number(value: float, width: int = 8) -> str:
    """A number right-justified in ``width`` characters: a fixed point where that shows it well."""
    fixed = f"{value:{width}.3f}"
    if value == 0.0 or (abs(value) >= _SMALLEST and len(fixed) <= width):
        return fixed
    return f"{value:{width}.{width - 6}E}"


def _row(item: MetaboliteResult, *, known: bool) -> Row:
    measured = item.concentration
    value, sd = (item.amplitude, item.amplitude_sd) if measured is None else (measured.value, measured.sd)
    name = lcmodel_name(item.name)
    if not item.detected:
        return Row(name, 0.0, UNKNOWN_PERCENT, 0.0)
    percent = min(round(100.0 * sd / abs(value)), UNKNOWN_PERCENT) if known and value else UNKNOWN_PERCENT
    return Row(name, value, percent, 0.0 if item.ratio_tcr is None else item.ratio_tcr.value)
