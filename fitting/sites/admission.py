"""From analysed spectra to a site: who is a control, who is left out and why, and whether they were measured alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fitting.analysis import Analysis, MetaboliteResult
from fitting.errors import FittingError, UnusableControls
from fitting.norms import find_region, norm_version
from fitting.norms.regions import NamedRegion
from fitting.reason import Reason
from fitting.sites.alike import processing_of, refuse_mixture
from fitting.sites.calibration import judged, warnings_of
from fitting.sites.document import check_name
from fitting.sites.site import (
    Site,
    SiteAcquisition,
    SiteControl,
    SiteLeftOut,
    SiteProgram,
    SiteValue,
)
from fitting.units import nominal_tesla
from fitting.version import __version__

HEALTHY = {"control", "controls", "ctl", "con", "hc", "healthy", "volunteer", "volunteers", "norm", "normal"}
"""Words of a group of healthy people; a person of another group is no control."""
LEAST_DETECTED = 0.5
"""Metabolites that fewer of the controls show are left out; those that are kept keep every control's value, for
leaving out the undetected ones would raise the mean."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A spectrum that was given as a control's."""

    label: str
    """Pseudonym of the person or number of the spectrum; never a name or a path."""
    person: str
    """Pseudonym by which spectra of one person are recognised."""
    analysis: Analysis | None
    """Its analysis; None when it was refused."""
    group: str | None = None
    """Group of a study that the person belongs to."""
    problem: Reason | None = None
    """Why there is no analysis."""


def site_of(name: str, candidates: Iterable[Candidate]) -> Site:
    """The site that these spectra of healthy people make.

    Left out, each with its reason, are refused and unusable spectra, people of a group that is not healthy, the second
    spectrum of a person or file in one region, and values so far from the others that they are not of the same people.

    Raises
    ------
    UnusableSite
        When the name cannot be one.
    UnusableControls
        When no control is left, all spectra are of one person, or they were not measured and analysed alike.
    """
    check_name(name)
    given = list(candidates)
    if not given:
        raise UnusableControls("No spectrum was given; a calibration needs one control or more.", parameter="controls")
    kept, left_out = _sorted_out(given)
    if not kept:
        reasons = Counter(item.code for item in left_out)
        counted = ", ".join(f"{times} {code}" for code, times in reasons.items())
        raise UnusableControls(
            f"None of the {len(given)} spectra is a control ({counted}): {left_out[0].sentence}", parameter="controls"
        )
    _refuse_one_person(kept, left_out)
    refuse_mixture([(item.label, item.analysis) for item in kept])
    regions, improbable = judged(_regions(kept))
    first = kept[0].analysis
    return Site(
        name=name,
        acquisition=_acquisition(first),
        processing=processing_of(first),
        program=SiteProgram("mrsquant", __version__, norm_version()),
        regions=regions,
        left_out=(*left_out, *improbable),
        warnings=warnings_of(regions),
        background=None,
    )


@dataclass(frozen=True, slots=True)
class _Kept:
    label: str
    person: str
    place: NamedRegion
    analysis: Analysis


def _sorted_out(given: Sequence[Candidate]) -> tuple[list[_Kept], list[SiteLeftOut]]:
    kept: list[_Kept] = []
    left_out: list[SiteLeftOut] = []
    seen: dict[tuple[object, ...], str] = {}
    for item in given:
        region = None if item.analysis is None else item.analysis.acquisition.region
        reason = _unfit(item) or (None if item.analysis is None else _seen_before(item, item.analysis, seen))
        if reason is not None:
            sha256 = None if item.analysis is None else item.analysis.provenance.input_sha256
            left_out.append(SiteLeftOut(item.label, region, reason.code, reason.sentence, sha256))
        elif item.analysis is not None:
            kept.append(_Kept(item.label, item.person, _place(item.analysis), item.analysis))
    return kept, left_out


def _unfit(item: Candidate) -> Reason | None:
    """Why a spectrum by itself is no control's."""
    if item.group is not None and not _is_healthy(item.group):
        return Reason("not-a-control", f"The person's group is '{item.group}'; controls are healthy people.")
    analysis = item.analysis
    if analysis is None:
        return item.problem or Reason("not-analysed", "There is no analysis of the spectrum.")
    facts = analysis.acquisition
    if analysis.verdict.usable != "yes":
        why = analysis.verdict.reasons[0].sentence if analysis.verdict.reasons else ""
        return Reason("control-not-usable", f"The verdict is '{analysis.verdict.usable}'. {why}".strip())
    for is_missing, code, sentence in (
        (find_region(facts.region or "") is None, "region-unknown", "The region is missing or unknown; give it."),
        (not facts.sequence or not facts.echo_time, "acquisition-unknown", "Give its sequence and echo time."),
        (not any(map(_has_ratio, analysis.metabolites)), "tcr-not-available", "There is no ratio to tCr in it."),
    ):
        if is_missing:
            return Reason(code, sentence)
    return None


def _is_healthy(group: str) -> bool:
    return bool(set(re.split(r"[^a-z]+", group.casefold())) & HEALTHY)


def _seen_before(item: Candidate, analysis: Analysis, seen: dict[tuple[object, ...], str]) -> Reason | None:
    """Whether the file, its values or the person in this region came before; remembers them otherwise."""
    place = _region_key(analysis)
    ratios = tuple(result.ratio_tcr.value for result in analysis.metabolites if result.ratio_tcr is not None)
    for code, what, key in (
        ("spectrum-repeated", "file", ("file", analysis.provenance.input_sha256)),
        ("values-repeated", "values", ("values", *ratios)),
        ("person-repeated", "person and region", ("person", item.person, *place)),
    ):
        if key in seen:
            return Reason(code, f"The {what} came before, as {seen[key]}; each person counts once in a region.")
    for key in (("file", analysis.provenance.input_sha256), ("values", *ratios), ("person", item.person, *place)):
        seen[key] = item.label
    return None


def _region_key(analysis: Analysis) -> tuple[object, ...]:
    place = _place(analysis)
    subregion = None if place.subregion is None else place.subregion.name
    return place.region.name, subregion, analysis.acquisition.hemisphere


def _place(analysis: Analysis) -> NamedRegion:
    place = find_region(analysis.acquisition.region or "")
    if place is None:
        raise UnusableControls("The region of a control is not known.", parameter="region")
    return place


def _refuse_one_person(kept: Sequence[_Kept], left_out: Sequence[SiteLeftOut]) -> None:
    repeated = sum(item.code == "person-repeated" for item in left_out)
    if repeated and len({item.person for item in kept}) == 1:
        raise UnusableControls(
            f"All {repeated + len(kept)} usable spectra are of one person ({kept[0].label}); a calibration needs "
            "different people. Check the column subject.",
            parameter="subject",
        )


def _acquisition(analysis: Analysis) -> SiteAcquisition:
    facts = analysis.acquisition
    return SiteAcquisition(
        vendor=facts.vendor,
        scanner_model=facts.scanner_model,
        field_t=nominal_tesla(facts.field_t),
        sequence=facts.sequence or "",
        echo_time=facts.echo_time or 0.0,
        repetition_time=facts.repetition_time,
    )


def _regions(kept: Sequence[_Kept]) -> list[tuple[tuple[Any, ...], tuple[SiteControl, ...]]]:
    """The controls by region and side, in the order of first appearance."""
    by_place: dict[tuple[Any, ...], list[_Kept]] = {}
    for item in kept:
        by_place.setdefault(_region_key(item.analysis), []).append(item)
    found = []
    for place, members in by_place.items():
        names = _names([item.analysis for item in members])
        found.append((place, tuple(_control(item, names) for item in members)))
    return found


def _has_ratio(result: MetaboliteResult) -> bool:
    is_compared = not result.name.startswith(("MM", "Lip", "tCr"))
    return bool(is_compared and result.ratio_tcr is not None and result.ratio_tcr.value > 0.0)


def _names(analyses: Sequence[Analysis]) -> set[str]:
    """Metabolites that enough of the controls show, tCr and macromolecules apart."""
    seen = Counter(
        result.name for item in analyses for result in item.metabolites if result.detected and _has_ratio(result)
    )
    return {name for name, times in seen.items() if times >= LEAST_DETECTED * len(analyses)}


def _control(item: _Kept, names: set[str]) -> SiteControl:
    facts = item.analysis.acquisition
    return SiteControl(
        id=item.person,
        age_years=facts.age_years,
        sex=facts.sex,
        gm=facts.gm,
        input_sha256=item.analysis.provenance.input_sha256,
        values={
            result.name: SiteValue(result.ratio_tcr.value, result.ratio_tcr.sd, result.ratio_tcr.sd_scan)
            for result in item.analysis.metabolites
            if result.name in names and result.ratio_tcr is not None and _has_ratio(result)
        },
    )


def refused(label: str, person: str, error: FittingError, group: str | None = None) -> Candidate:
    """A spectrum that was refused; the sentence names no file, for a file's name may be a person's."""
    return Candidate(label, person, None, group, Reason(error.code, f"{error.title}."))
