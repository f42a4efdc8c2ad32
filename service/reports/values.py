"""Values of an analysis as text, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from fitting.analysis import MetaboliteResult
from fitting.basis.metabolites import metabolites
from fitting.norms.assessment import NormUsed, ZScore
from fitting.quantification.concentrations import Concentration, Ratio
from fitting.quantification.totals import ORDER
from service.reports import numbers
from service.reports.texts import text, text_or

TOTALS = ("tNAA", "tCr", "tCho", "Glx")
MAIN = ("Glu", "Gln", "mI")
LEADING = ("totals", "main")
BACKGROUND_PREFIXES = ("MM", "Lip")
Position = Literal["below", "within", "above", "absent"]


def in_reading_order(results: Iterable[MetaboliteResult]) -> Iterator[tuple[str, list[MetaboliteResult]]]:
    """The groups of the table in order: totals, main metabolites, further ones, macromolecules and lipids."""
    left = {result.name: result for result in results}
    for key, names in (("totals", TOTALS), ("main", MAIN)):
        yield key, [left.pop(name) for name in names if name in left]
    background = [name for name in left if name.startswith(BACKGROUND_PREFIXES)]
    yield "further", [result for name, result in left.items() if name not in background]
    yield "background", [left[name] for name in background]


def parts_in_order(names: tuple[str, ...]) -> list[tuple[int, str]]:
    """Names of the parts of a fit with their places among the components."""
    places = {name: place for place, name in enumerate(ORDER)}
    return sorted(enumerate(names), key=lambda item: places.get(item[1], len(places)))


def norm_of(result: MetaboliteResult, norms: tuple[NormUsed, ...]) -> NormUsed | None:
    """The norm behind a z-score; ids may be shared by the metabolites of one source."""
    same = [norm for norm in norms if result.z is not None and norm.id == result.z.norm_id]
    return next((norm for norm in same if norm.metabolite == result.name), same[0] if same else None)


def is_ratio(norm: NormUsed | None) -> bool:
    """Whether a norm is one of ratios to total creatine."""
    return norm is None or "tcr" in norm.unit.lower()


def measure(norm: NormUsed | None) -> str:
    """The compared quantity, in words: the ratio, or the concentration's unit."""
    return text("measure.ratio") if norm is None or is_ratio(norm) else text_or(f"unit.{norm.unit}", norm.unit)


def compared_value(result: MetaboliteResult, norm: NormUsed | None) -> str:
    """The value that was compared with the norm, as the table shows it."""
    return ratio_cell(result) if is_ratio(norm) else concentration_cell(result)


def ratio_cell(result: MetaboliteResult) -> str:
    """Ratio to tCr with its standard deviation, an upper bound, or the reason for its absence."""
    if result.ratio_tcr is None:
        return text("missing.not_available")
    if result.name == "tCr":
        return text("table.by_definition")
    return _value_cell(result, result.ratio_tcr)


def concentration_cell(result: MetaboliteResult) -> str:
    """Concentration with its standard deviation and unit, an upper bound, or empty without a water reference."""
    if result.concentration is None:
        return text("missing.not_available")
    unit = text_or(f"unit.{result.concentration.unit}", result.concentration.unit)
    return f"{_value_cell(result, result.concentration)} {unit}"


def _value_cell(result: MetaboliteResult, quantity: Ratio | Concentration) -> str:
    if numbers.finite(quantity.value) is None:
        return text("missing.not_available")
    bound = None if result.detected else upper_bound(result, quantity)
    return numbers.with_sd(quantity.value, quantity.sd) if bound is None else text("table.upper_bound", value=bound)


def upper_bound(result: MetaboliteResult, quantity: Ratio | Concentration) -> str | None:
    """The bound of the amplitude in the unit of ``quantity``; None when it cannot be converted.

    The scale is value over amplitude, or sd over sd when the amplitude was held at zero.
    """
    if result.upper_bound is None:
        return None
    if result.amplitude > 0.0:
        scale = quantity.value / result.amplitude
    elif result.amplitude_sd > 0.0:
        scale = quantity.sd / result.amplitude_sd
    else:
        return None
    bound = numbers.finite(scale * result.upper_bound)
    return None if bound is None else numbers.significant(bound, 2)


def meaning(name: str) -> str:
    """Full name behind a metabolite's short name; empty when the short name is the full one."""
    return next((item.words for item in metabolites() if item.name == name), "")


def interval_text(low: str, high: str) -> str:
    """``low to high``."""
    return text("table.interval", low=low, high=high)


def studies(count: int) -> str:
    """``1 study`` or ``5 studies``."""
    return text("table.studies_one") if count == 1 else text("table.studies_many", k=count)


def people(norm: NormUsed) -> str:
    """How many controls are behind a norm, and whose."""
    if norm.kind != "literature":
        return (
            text("table.controls_own", n=norm.n) if norm.kind == "site" else text("table.controls_supplied", n=norm.n)
        )
    return text("table.controls_size", n=norm.n, studies=studies(norm.studies)) if norm.n else inferred()


def inferred() -> str:
    """Instead of the number of controls where no study measured the value."""
    return text("table.controls_inferred")


def reference_ends(z: ZScore) -> tuple[str, str]:
    """Both ends of the 95 % reference interval, rounded by its standard deviation.

    A ratio or a concentration cannot be negative, so the lower end of a wide interval is shown as zero.
    """
    decimals = numbers.decimals_for(z.sd_predictive) if z.sd_predictive > 0.0 else 3
    return numbers.fixed(max(z.reference_low, 0.0), decimals), numbers.fixed(z.reference_high, decimals)


def detectable(z: ZScore) -> str:
    """Decrease that four of five people who have it are flagged for; empty in analyses made before it was computed."""
    if z.detectable_percent is None:
        return ""
    return text("table.detectable_cell", percent=numbers.significant(z.detectable_percent, 2))


def flag_text(z: ZScore) -> str:
    """Position against the reference interval in words, with the remark that nothing could have been seen."""
    flag = text(f"flag.{z.flag}")
    return f"{flag}, {text('table.not_informative')}" if z.informative is False else flag


def band(z: ZScore) -> float:
    """Half width of the reference interval in z: 1.96 since z is the deviate of the percentile, by the test before."""
    if z.informative is not None or z.sd_predictive <= 0.0:
        return 1.96
    return (z.reference_high - z.reference_low) / 2.0 / z.sd_predictive
