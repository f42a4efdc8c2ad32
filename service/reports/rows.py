"""Metabolite results as table rows, strips and the reasons why values were not compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from fitting.analysis import Analysis, MetaboliteResult
from fitting.basis.metabolites import metabolites
from fitting.norms.assessment import NormUsed, ZScore
from fitting.quantification.concentrations import Concentration, Ratio
from service.reports import numbers
from service.reports.cautions import CautionLine, marks, trust
from service.reports.texts import text, text_or

TOTALS = ("tNAA", "tCr", "tCho", "Glx")
MAIN = ("Glu", "Gln", "mI")
LEADING = ("totals", "main")
BACKGROUND_PREFIXES = ("MM", "Lip")

Position = Literal["below", "within", "above", "absent"]


@dataclass(frozen=True, slots=True)
class Row:
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


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under one heading."""

    heading: str
    leading: bool
    """Whether these values come first where space is limited."""
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class ReasonLine:
    """Reason why the values with this letter were not compared."""

    letter: str
    code: str
    sentence: str
    applies: str
    """Other values it applies to, in words; empty when the sentence names its only one."""
    names: tuple[str, ...]


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


def in_reading_order(results: Iterable[MetaboliteResult]) -> Iterator[tuple[str, list[MetaboliteResult]]]:
    """The groups of the table in order: totals, main metabolites, further ones, macromolecules and lipids."""
    left = {result.name: result for result in results}
    for key, names in (("totals", TOTALS), ("main", MAIN)):
        yield key, [left.pop(name) for name in names if name in left]
    background = [name for name in left if name.startswith(BACKGROUND_PREFIXES)]
    yield "further", [result for name, result in left.items() if name not in background]
    yield "background", [left[name] for name in background]


def groups(analysis: Analysis, reasons: tuple[ReasonLine, ...], cautions: tuple[CautionLine, ...]) -> tuple[Group, ...]:
    """Every metabolite exactly once, grouped for reading."""
    letters = {name: line.letter for line in reasons for name in line.names}
    numbered = marks(cautions)
    return tuple(
        Group(
            text(f"groups.{key}"),
            key in LEADING,
            tuple(_row(result, analysis, letters, numbered) for result in results),
        )
        for key, results in in_reading_order(analysis.metabolites)
        if results
    )


def reason_lines(analysis: Analysis) -> tuple[ReasonLine, ...]:
    """Each different reason once, lettered a, b, c in the order the table meets them.

    Sentences that differ in nothing but the metabolite's own name are one reason.
    """
    found: dict[tuple[str, str], list[MetaboliteResult]] = {}
    for _, results in in_reading_order(analysis.metabolites):
        for result in results:
            if result.z_absent is not None:
                own_name = rf"(?<!\w){re.escape(result.name)}(?!\w)"
                pattern = re.sub(own_name, "\N{REPLACEMENT CHARACTER}", result.z_absent.sentence)
                found.setdefault((result.z_absent.code, pattern), []).append(result)
    return tuple(_reason_line(number, *item) for number, item in enumerate(found.items()))


def _reason_line(number: int, key: tuple[str, str], results: list[MetaboliteResult]) -> ReasonLine:
    code, pattern = key
    names = tuple(result.name for result in results)
    first = results[0].z_absent
    sentence = "" if first is None else numbers.typeset(first.sentence)
    if "\N{REPLACEMENT CHARACTER}" not in pattern:
        applies = text("table.applies_to", names=", ".join(names))
    else:
        applies = text("table.likewise", names=", ".join(names[1:])) if len(names) > 1 else ""
    return ReasonLine(_letter(number), code, sentence, applies, names)


def strips(analysis: Analysis) -> tuple[Strip, ...]:
    """One strip per compared value, in the order of the table."""
    return tuple(
        _strip(result, result.z, analysis.norms)
        for _, results in in_reading_order(analysis.metabolites)
        for result in results
        if result.z is not None
    )


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


def studies(norm: NormUsed) -> str:
    """``1 study`` or ``5 studies``."""
    return text("table.studies_one") if norm.studies == 1 else text("table.studies_many", k=norm.studies)


def reference_ends(z: ZScore) -> tuple[str, str]:
    """Both ends of the 95 % reference interval, rounded by its standard deviation.

    A ratio or a concentration cannot be negative, so the lower end of a wide interval is shown as zero.
    """
    decimals = numbers.decimals_for(z.sd_predictive) if z.sd_predictive > 0.0 else 3
    return numbers.fixed(max(z.reference_low, 0.0), decimals), numbers.fixed(z.reference_high, decimals)


def _row(result: MetaboliteResult, analysis: Analysis, letters: dict[str, str], numbered: dict[str, str]) -> Row:
    crlb = numbers.finite(result.crlb_percent)
    z, norm = result.z, norm_of(result, analysis.norms)
    return Row(
        name=result.name,
        meaning=meaning(result.name),
        ratio=ratio_cell(result),
        concentration=concentration_cell(result),
        crlb=text("missing.not_available") if crlb is None else numbers.significant(crlb, 2),
        controls="" if norm is None else _controls(norm),
        controls_size="" if norm is None else text("table.controls_size", n=norm.n, studies=studies(norm)),
        reference="" if z is None else interval_text(*reference_ends(z)),
        detectable="" if z is None else detectable(z),
        z="" if z is None else numbers.fixed(z.value, 2),
        z_interval="" if z is None else interval_text(numbers.fixed(z.low, 2), numbers.fixed(z.high, 2)),
        percentile="" if z is None else numbers.percentile(z.percentile),
        percentile_interval=""
        if z is None
        else interval_text(numbers.percentile(z.percentile_low), numbers.percentile(z.percentile_high)),
        position="absent" if z is None else z.flag,
        flag=text("flag.absent") if z is None else flag_text(z),
        reason=letters.get(result.name, ""),
        detected=result.detected,
        trust=trust(result, analysis),
        marks=numbered.get(result.name, ""),
    )


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


def _controls(norm: NormUsed) -> str:
    mean = numbers.with_sd(norm.mean, norm.sd_within)
    return mean if is_ratio(norm) else f"{mean} {measure(norm)}"


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


def _letter(number: int) -> str:
    """A, b … z, aa, ab … as in a spreadsheet's columns."""
    letters = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, 26)
        letters = chr(ord("a") + digit) + letters
    return letters
