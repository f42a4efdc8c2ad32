"""Positions of compared values on a common z axis."""

from __future__ import annotations

from dataclasses import dataclass

from fitting.analysis import Analysis, MetaboliteResult
from fitting.norms.assessment import NormUsed, ZScore
from service.reports import numbers
from service.reports.texts import text
from service.reports.values import Position, band, in_reading_order, measure, norm_of


@dataclass(frozen=True, slots=True)
class Strip:
    """Position of one compared value on the common z axis; band and interval in z."""

    name: str
    measure: str
    z: float
    low: float
    high: float
    band: float
    """Half width of the 95 % reference interval."""
    position: Position
    z_text: str
    percentile_text: str
    flag_text: str
    remark: str
    """Stands in place of the percentile; empty without a remark."""


def strips(analysis: Analysis) -> tuple[Strip, ...]:
    """One strip per compared value, in the order of the table; not of those that saw nothing and hardly could."""
    return tuple(
        _strip(result, result.z, analysis.norms)
        for _, results in in_reading_order(analysis.metabolites)
        for result in results
        if result.z is not None and (result.z.informative is not False or result.z.flag != "within")
    )


def _strip(result: MetaboliteResult, z: ZScore, norms: tuple[NormUsed, ...]) -> Strip:
    return Strip(
        name=result.name,
        measure=measure(norm_of(result, norms)),
        z=z.value,
        low=z.low,
        high=z.high,
        band=band(z),
        position=z.flag,
        z_text=numbers.fixed(z.value, 2),
        percentile_text=numbers.percentile(z.percentile),
        flag_text=text(f"flag.{z.flag}"),
        remark=text("table.not_informative") if z.informative is False else "",
    )
