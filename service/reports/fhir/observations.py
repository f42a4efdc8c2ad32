"""Observations: a ratio and a concentration of each metabolite, and the quality of the spectrum."""

from __future__ import annotations

from collections.abc import Iterator

from fitting.analysis import MetaboliteResult
from fitting.norms.assessment import NormUsed, ZScore
from fitting.quantification import DETECTION_LIMIT
from fitting.quantification.concentrations import Concentration, Ratio
from service.reports import numbers
from service.reports.analysis_document import AnalysisDocument
from service.reports.codes import Code, code_of, concentration_code, hemisphere_code, ratio_code, region_code, unit_code
from service.reports.fhir.elements import (
    CATEGORY,
    INTERPRETATION,
    Element,
    coding,
    concept,
    quantity,
    reference_of,
    without_absent,
)
from service.reports.values import is_ratio, norm_of

_FLAG = {"within": ("N", "Normal"), "above": ("H", "High"), "below": ("L", "Low")}
POPULATION = "95 % of one such measurement of a control"


def observations(document: AnalysisDocument, shared: Element) -> Iterator[Element]:
    """Each value that there is; those that may not be interpreted are left out and named in the report.

    Parameters
    ----------
    document : AnalysisDocument
    shared : dict
        Elements that every Observation has: status, subject, device.
    """
    for result in document.analysis.metabolites:
        if result.verdict.usable == "no":
            continue
        if result.ratio_tcr is not None and result.name != "tCr":
            yield from _value(document, shared, result, result.ratio_tcr)
        if result.concentration is not None:
            yield from _value(document, shared, result, result.concentration)


def _value(
    document: AnalysisDocument, shared: Element, result: MetaboliteResult, measured: Ratio | Concentration
) -> Iterator[Element]:
    ratio = isinstance(measured, Ratio)
    unit = unit_code("ratio" if isinstance(measured, Ratio) else measured.unit)
    bound = max(measured.value, 0.0) + DETECTION_LIMIT * measured.sd
    value = quantity(measured.value, unit) if result.detected else quantity(bound, unit, "<")
    if value is None:
        return
    norm = norm_of(result, document.analysis.norms)
    compared = result.z if result.z is not None and norm is not None and is_ratio(norm) == ratio else None
    code = ratio_code(result.name) if ratio else concentration_code(result.name)
    words = f"{result.name}/tCr" if ratio else result.name
    yield without_absent(
        {
            "resourceType": "Observation",
            "id": reference_of(document, result.name, "ratio" if ratio else "concentration").rpartition(":")[2],
            **shared,
            "category": [{"coding": [{"system": CATEGORY, "code": "imaging", "display": "Imaging"}]}],
            "code": concept(code, words),
            "bodySite": place(document),
            "valueQuantity": value,
            "interpretation": [] if compared is None or not result.detected else [_interpretation(compared)],
            "note": [{"text": text} for text in _notes(result, compared)],
            "method": {"text": _method(document)},
            "referenceRange": [] if compared is None or norm is None else [_range(compared, norm, unit)],
            "component": [*_spread(result, measured, unit), *([] if compared is None else _position(compared))],
        }
    )


def place(document: AnalysisDocument) -> Element | None:
    """Region of the brain and its side; a region without a code in words only."""
    facts = document.analysis.acquisition
    if facts.region is None:
        return None
    codes = [code for code in (region_code(facts.region), hemisphere_code(facts.hemisphere)) if code is not None]
    words = " ".join(part for part in (facts.hemisphere, facts.region) if part)
    return without_absent({"coding": [coding(code) for code in codes], "text": words})


def quality(document: AnalysisDocument, shared: Element) -> Element:
    """Signal to noise, linewidth and verdict of the spectrum."""
    analysis = document.analysis
    parts = [
        (code_of("concept", "signal_to_noise"), quantity(analysis.quality.snr, unit_code("ratio"))),
        (code_of("concept", "linewidth"), quantity(analysis.quality.linewidth_hz, unit_code("hertz"))),
    ]
    verdict = {"code": concept(code_of("concept", "interpretable")), "valueString": analysis.verdict.usable}
    return without_absent(
        {
            "resourceType": "Observation",
            "id": reference_of(document, "quality").rpartition(":")[2],
            **shared,
            "category": [{"coding": [{"system": CATEGORY, "code": "imaging", "display": "Imaging"}]}],
            "code": concept(code_of("concept", "quality")),
            "bodySite": place(document),
            "note": [{"text": reason.sentence} for reason in analysis.verdict.reasons],
            "component": [
                verdict,
                *({"code": concept(code), "valueQuantity": value} for code, value in parts if value is not None),
            ],
        }
    )


def _spread(result: MetaboliteResult, measured: Ratio | Concentration, unit: Code) -> list[Element]:
    value = quantity(measured.sd, unit) if result.detected else None
    if value is None:
        return []
    return [{"code": {"text": "Standard deviation of this measurement"}, "valueQuantity": value}]


def _position(z: ZScore) -> list[Element]:
    one = unit_code("one")
    value, low, high = quantity(z.value, one), quantity(z.low, one), quantity(z.high, one)
    found = [] if value is None else [{"code": concept(code_of("concept", "z")), "valueQuantity": value}]
    if low is not None and high is not None:
        interval = {"low": low, "high": high}
        found.append({"code": {"text": "95 % interval of the z-score"}, "valueRange": interval})
    return found


def _range(z: ZScore, norm: NormUsed, unit: Code) -> Element:
    text = f"{POPULATION}; norm {norm.id}, n = {norm.n}, grade {norm.grade}"
    ends = {"low": quantity(z.reference_low, unit), "high": quantity(z.reference_high, unit)}
    return without_absent({**ends, "text": text})


def _interpretation(z: ZScore) -> Element:
    code, display = _FLAG[z.flag]
    return {"coding": [{"system": INTERPRETATION, "code": code, "display": display}]}


def _notes(result: MetaboliteResult, compared: ZScore | None) -> Iterator[str]:
    if not result.detected:
        yield "Not detected; the value is the bound that 95 % of repeats stay below."
    if compared is None and result.z_absent is not None:
        yield result.z_absent.sentence
    if result.verdict.usable != "yes":
        yield from (reason.sentence for reason in result.verdict.reasons)


def _method(document: AnalysisDocument) -> str:
    facts, made = document.analysis.acquisition, document.analysis.provenance
    echo_time = "" if facts.echo_time is None else f", TE {numbers.plain(1000.0 * facts.echo_time)} ms"
    return (
        f"Single-voxel 1H-MRS, {numbers.plain(facts.field_t, 2)} T, {facts.sequence or 'sequence not known'}{echo_time}"
        f"; {made.software} {made.version}, basis {made.basis_description}"
    )
