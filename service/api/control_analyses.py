"""Analyses of healthy people become a site's controls, if they were measured and analysed alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fitting.analysis import Analysis
from fitting.errors import UnusableControls
from fitting.norms import Control, Controls, Measured, Method, find_region, own_software, site_controls
from fitting.norms.matching import ECHO_TIME_TOLERANCE
from fitting.units import nominal_tesla
from service.documents import load_analysis
from service.storage.tables import AnalysisRow

LEAST_DETECTED = 0.5
"""Metabolites that fewer of the controls show are left out; those that are kept keep every control's value, for
leaving out the undetected ones would raise the mean."""


def norm_of_analyses(rows: Sequence[AnalysisRow]) -> Controls:
    """The norm of these analyses; its id is given when it is stored.

    Raises
    ------
    UnusableControls
        When one has no usable result, one person or spectrum is there twice, or they differ in region, side, field,
        sequence, echo time, version or method.
    """
    analyses = [_usable(row) for row in rows]
    if not analyses:
        raise UnusableControls("No analysis was named.", parameter="analyses")
    _once([row.subject or row.id for row in rows], "person (subject)")
    _once([item.provenance.input_sha256 for item in analyses], "spectrum")
    for what, key in _ALIKE.items():
        if len({key(item) for item in analyses}) > 1:
            raise UnusableControls(f"The analyses differ in {what}; controls are measured alike.", parameter="analyses")
    first = analyses[0]
    facts = first.acquisition
    if max(_echo(item) for item in analyses) - min(_echo(item) for item in analyses) > ECHO_TIME_TOLERANCE:
        raise UnusableControls("The analyses differ in echo time; controls are measured alike.", parameter="analyses")
    if facts.region is None or facts.echo_time is None or facts.sequence is None:
        raise UnusableControls(
            "The analyses do not say region, echo time and sequence; give them when submitting.", parameter="analyses"
        )
    method = Method(nominal_tesla(facts.field_t), facts.sequence, facts.echo_time, "tCr", _software(first))
    names = _names(analyses)
    controls = tuple(_control(row, item, names) for row, item in zip(rows, analyses, strict=True))
    return site_controls("", facts.region, facts.hemisphere, method, controls)


def _usable(row: AnalysisRow) -> Analysis:
    if row.state != "succeeded" or row.result is None:
        raise UnusableControls(f"Analysis {row.id} is {row.state}; controls have a result.", parameter="analyses")
    analysis = load_analysis(row.result)
    if analysis.verdict.usable != "yes":
        raise UnusableControls(
            f"Analysis {row.id} has the verdict '{analysis.verdict.usable}'; controls are of plainly usable spectra.",
            parameter="analyses",
        )
    return analysis


def _once(items: Sequence[str], what: str) -> None:
    repeated = len(items) - len(set(items))
    if repeated:
        raise UnusableControls(f"{repeated} of the analyses repeat a {what}; each counts once.", parameter="analyses")


def _place(analysis: Analysis) -> object:
    name = analysis.acquisition.region
    return None if name is None else find_region(name) or name


def _echo(analysis: Analysis) -> float:
    return analysis.acquisition.echo_time or 0.0


def _software(analysis: Analysis) -> str:
    provenance = analysis.provenance
    baseline = str(provenance.options.get("baseline"))
    prior = provenance.options.get("concentration_prior")
    return own_software(baseline, provenance.macromolecules, provenance.basis_source, provenance.version, prior=prior)


_ALIKE: dict[str, Callable[[Analysis], Any]] = {
    "region": _place,
    "side of the brain": lambda analysis: analysis.acquisition.hemisphere,
    "field": lambda analysis: nominal_tesla(analysis.acquisition.field_t),
    "sequence": lambda analysis: analysis.acquisition.sequence,
    "software version or method": _software,
}


def _names(analyses: Sequence[Analysis]) -> tuple[str, ...]:
    """Metabolites that enough of the controls show, tCr and macromolecules apart."""
    seen: dict[str, int] = {}
    for analysis in analyses:
        for result in analysis.metabolites:
            if result.detected and result.ratio_tcr is not None and not result.name.startswith(("MM", "Lip", "tCr")):
                seen[result.name] = seen.get(result.name, 0) + 1
    return tuple(name for name, times in seen.items() if times >= LEAST_DETECTED * len(analyses))


def _control(row: AnalysisRow, analysis: Analysis, names: Sequence[str]) -> Control:
    facts = analysis.acquisition
    return Control(
        id=row.subject or row.id,
        values={
            result.name: Measured(result.ratio_tcr.value, result.ratio_tcr.sd, result.ratio_tcr.sd_scan)
            for result in analysis.metabolites
            if result.name in names and result.ratio_tcr is not None and result.ratio_tcr.value > 0.0
        },
        age_years=facts.age_years,
        sex=facts.sex,
        gm=facts.gm,
    )
