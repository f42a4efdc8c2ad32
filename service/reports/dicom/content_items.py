"""Measured values as numeric content items with their position among controls (DICOM PS3.16, TID 300 and 310).

A Structured Report has as many digits as the printed one. Beside z stands no standard deviation of the population: z
divides by the predictive one, so that a reader would compute another z from both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from highdicom.sr import (
    AlgorithmIdentification,
    CodeContentItem,
    CodedConcept,
    Measurement,
    NumContentItem,
    RelationshipTypeValues,
    TextContentItem,
)

from fitting.analysis import Analysis, MetaboliteResult
from fitting.norms.assessment import NormUsed, ZScore
from fitting.quantification.concentrations import Concentration, Ratio
from service.reports import numbers
from service.reports.codes import Code, code_of, concentration_code, ratio_code, unit_code
from service.reports.dicom.uids import engine_of
from service.reports.dicom.wording import Wording
from service.reports.values import is_ratio, norm_of, upper_bound

POPULATION = "95 % of one such measurement of a control"
"""What the normal range is a range of."""
_NORMAL_QUANTILE = 1.959964
"""Half the width of a central 95 % interval in standard deviations."""
_DECIMALS = 3
"""Of values without a standard deviation."""
_PROPERTY = RelationshipTypeValues.HAS_PROPERTIES

Item = NumContentItem | TextContentItem | CodeContentItem


class CodedQuantity(NamedTuple):
    """One quantity with its codes."""

    name: Code
    unit: Code
    quantity: Ratio | Concentration

    @property
    def is_ratio(self) -> bool:
        """Whether it is one to total creatine."""
        return isinstance(self.quantity, Ratio)


def concept(code: Code) -> CodedConcept:
    """A code as highdicom writes it."""
    return CodedConcept(code.value, code.scheme, code.meaning)


def number(name: Code, value: float, unit: Code) -> NumContentItem:
    """A property of a measurement."""
    return NumContentItem(concept(name), value, concept(unit), relationship_type=_PROPERTY)


def measurements_of(result: MetaboliteResult, analysis: Analysis, say: Wording) -> Iterator[Measurement]:
    """Ratio and concentration of a metabolite that was detected and may be interpreted."""
    norm = norm_of(result, analysis.norms)
    for measured in _quantities(result):
        is_compared = result.z is not None and norm is not None and is_ratio(norm) == measured.is_ratio
        item = _measurement(measured, analysis, say)
        if is_compared and result.z is not None and norm is not None:
            item[0].ContentSequence.extend(_position(result.z, norm, measured.unit, say))
        yield item


def bounds_of(result: MetaboliteResult) -> Iterator[str]:
    """Upper bounds of a metabolite that was not detected, in words."""
    for measured in _quantities(result):
        bound = upper_bound(result, measured.quantity)
        what = f"{result.name}/tCr" if measured.is_ratio else f"{result.name}, {measured.unit.meaning}"
        yield f"{what}: not detected" if bound is None else f"{what}: not detected, below {bound}"


def quality_of(analysis: Analysis) -> Iterator[Measurement]:
    """Signal to noise and linewidth, where they were measured."""
    quality = analysis.quality
    for name, value, unit, digits in (
        ("signal_to_noise", quality.snr, "ratio", 0),
        ("linewidth", quality.linewidth_hz, "hertz", 1),
    ):
        found = numbers.finite(value)
        if found is not None:
            yield Measurement(concept(code_of("concept", name)), round(found, digits), concept(unit_code(unit)))


def _quantities(result: MetaboliteResult) -> Iterator[CodedQuantity]:
    ratio, concentration = result.ratio_tcr, result.concentration
    if ratio is not None and result.name != "tCr" and numbers.finite(ratio.value) is not None:
        yield CodedQuantity(ratio_code(result.name), unit_code("ratio"), ratio)
    if concentration is not None and numbers.finite(concentration.value) is not None:
        yield CodedQuantity(concentration_code(result.name), unit_code(concentration.unit), concentration)


def _measurement(measured: CodedQuantity, analysis: Analysis, say: Wording) -> Measurement:
    value, sd = measured.quantity.value, measured.quantity.sd
    known = numbers.finite(sd) is not None and sd > 0.0
    made = analysis.provenance
    algorithm = AlgorithmIdentification(
        name=made.software,
        version=made.version,
        parameters=[f"engine {engine_of(analysis)[:16]}", say.text(f"basis {made.basis_id[:16]}")],
    )
    meaning = say.name(measured.name.meaning)  # γ-aminobutyric acid is not in every character set
    name = CodedConcept(measured.name.value, measured.name.scheme, meaning)
    shown = _rounded(value, sd if known else 0.0)
    item = Measurement(name, shown, concept(measured.unit), algorithm_id=algorithm)
    if known:
        half = _rounded(_NORMAL_QUANTILE * sd, sd)
        for end in ("upper", "lower"):
            item[0].ContentSequence.append(number(code_of("concept", f"{end}_uncertainty"), half, measured.unit))
    return item


def _position(z: ZScore, norm: NormUsed, unit: Code, say: Wording) -> Iterator[Item]:
    flag = "undetermined" if z.informative is False else z.flag
    yield CodeContentItem(
        concept(code_of("concept", "normality")), concept(code_of("flag", flag)), relationship_type=_PROPERTY
    )
    one = unit_code("one")
    yield number(code_of("concept", "z"), round(z.value, 2), one)
    percent = numbers.percentile(z.percentile)
    if percent[0] not in "<>":  # an item has no room for "less than"; z says it
        yield number(code_of("concept", "percentile"), float(percent), unit_code("percent"))
    yield number(code_of("concept", "control_mean"), _rounded(norm.mean, norm.sd_within), unit)
    yield _text("population", f"{norm.n} controls, {norm.studies} studies, evidence {norm.grade}", say)
    low, high = max(z.reference_low, 0.0), z.reference_high
    yield number(code_of("concept", "reference_low"), _rounded(low, z.sd_predictive), unit)
    yield number(code_of("concept", "reference_high"), _rounded(high, z.sd_predictive), unit)
    yield _text("reference_description", POPULATION, say)
    yield _text("reference_authority", norm.source, say)


def _text(name: str, words: str, say: Wording) -> TextContentItem:
    return TextContentItem(concept(code_of("concept", name)), say.text(words), relationship_type=_PROPERTY)


def _rounded(value: float, sd: float) -> float:
    """The value with the decimals that its report shows."""
    decimals = numbers.decimals_for(sd) if sd > 0.0 else _DECIMALS
    return round(value, decimals) + 0.0
