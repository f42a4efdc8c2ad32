"""Norms: the position of a person's values among published controls, or the reason why there is none."""

from __future__ import annotations

import math
from typing import Literal

from fitting.errors import ImplausibleParameter
from fitting.norms.assessment import Absence, Assessment, NormUsed, ZScore
from fitting.norms.evidence import evidence
from fitting.norms.literature import Norm, literature_norms
from fitting.norms.matching import UNIT, find_norm, norm_match
from fitting.norms.regions import Region, find_region, regions
from fitting.norms.tables import norm_version
from fitting.norms.z_score import z_score
from fitting.quantification.concentrations import Quantity, Ratio
from fitting.signal import Acquisition
from fitting.subject import Subject

__all__ = [
    "Norm",
    "Region",
    "applicable_norms",
    "assess",
    "find_region",
    "norm_catalogue",
    "norm_version",
    "regions",
    "score",
]

FLAGS_ONE_IN = 20
"""Healthy people outside a 95 % reference interval: one in this many."""

UNUSABLE = {
    "no": Absence("spectrum-not-usable", "The spectrum is not interpretable; see the verdict."),
    "limited": Absence("spectrum-limited", "The spectrum is of limited quality; see the verdict."),
}


def assess(
    quantities: tuple[Quantity, ...],
    subject: Subject,
    acquisition: Acquisition,
    usable: Literal["yes", "limited", "no"],
) -> Assessment:
    """Compare every quantity with the norm that matches, and say why where none is applied.

    ``tests`` counts the z-scores that are given, ``expected_by_chance`` is 5 % of them. Sums and their
    members are compared separately and both count, though they are not independent.

    Parameters
    ----------
    quantities : tuple of Quantity
    subject : Subject
        Region and age decide; both may be missing.
    acquisition : Acquisition
        Field and echo time decide; both may be missing.
    usable : {"yes", "limited", "no"}
        The verdict on the spectrum; z-scores are given for ``yes`` only.

    Returns
    -------
    Assessment
        With an entry for every quantity.
    """
    scores: dict[str, ZScore | Absence] = {}
    used: dict[str, NormUsed] = {}
    for quantity in quantities:
        position, norm = _position(quantity, subject, acquisition, usable)
        scores[quantity.name] = position
        if isinstance(position, ZScore) and norm is not None:
            used[norm.id] = _describe(norm, subject, acquisition)
    given = [position for position in scores.values() if isinstance(position, ZScore)]
    place = None if subject.region is None else find_region(subject.region)
    return Assessment(
        scores=scores,
        norms=tuple(used.values()),
        norm_version=norm_version(),
        tests=len(given),
        expected_by_chance=len(given) / FLAGS_ONE_IN,
        flagged=sum(position.flag != "within" for position in given),
        evidence=() if place is None else evidence(place.region.name, frozenset(scores)),
    )


def score(
    metabolite: str, ratio: Ratio, subject: Subject, acquisition: Acquisition
) -> tuple[ZScore | Absence, Norm | None]:
    """Position of one ratio to tCr, also of a value that another program measured, and the norm behind it.

    Parameters
    ----------
    metabolite : str
    ratio : Ratio
        Ratio of concentrations to tCr (not of peak areas) with its standard deviation.
    subject : Subject
    acquisition : Acquisition

    Returns
    -------
    position : ZScore or Absence
    norm : Norm or None
        None when no norm matches; a norm that is too thin for a z-score is returned with the Absence.

    Raises
    ------
    ImplausibleParameter
        When the ratio is not positive or its standard deviation negative, or either is not finite.
    """
    if not (0.0 < ratio.value < math.inf and 0.0 <= ratio.sd < math.inf):
        raise ImplausibleParameter(
            f"The ratio of {metabolite} to tCr is {ratio.value:g} with standard deviation {ratio.sd:g}; "
            "a ratio must be positive, its standard deviation zero or more.",
            parameter="ratio_tcr",
            value=float(ratio.value),
        )
    norm = find_norm(metabolite, subject, acquisition)
    if isinstance(norm, Absence):
        return norm, None
    if not norm.supports_z:
        return _too_thin(norm, ratio), norm
    return z_score(norm, ratio), norm


def norm_catalogue() -> tuple[Norm, ...]:
    """Every norm with its studies, those included that are too thin, or in a unit, that no z-score is given for."""
    return literature_norms()


def applicable_norms(subject: Subject, acquisition: Acquisition) -> tuple[Norm, ...]:
    """Norms that would be applied to a spectrum, best grade and most studies first."""
    candidates = {norm.metabolite for norm in literature_norms() if norm.unit == UNIT}
    found = (find_norm(metabolite, subject, acquisition) for metabolite in candidates)
    norms = [norm for norm in found if isinstance(norm, Norm) and norm.supports_z]
    return tuple(sorted(norms, key=lambda norm: (norm.grade, -norm.studies, norm.id)))


def _position(
    quantity: Quantity, subject: Subject, acquisition: Acquisition, usable: str
) -> tuple[ZScore | Absence, Norm | None]:
    if usable in UNUSABLE:
        return UNUSABLE[usable], None
    norm = find_norm(quantity.name, subject, acquisition)
    if isinstance(norm, Absence):
        return norm, None
    if not quantity.detected:
        return Absence("not-detected", f"{quantity.name} is not distinguishable from zero in this spectrum."), norm
    if quantity.ratio_tcr is None:
        return Absence("tcr-not-available", "tCr was not detected, so there is no ratio to compare."), norm
    return score(quantity.name, quantity.ratio_tcr, subject, acquisition)


def _too_thin(norm: Norm, ratio: Ratio) -> Absence:
    studies = "1 study" if norm.studies == 1 else f"{norm.studies} studies"
    sentence = (
        f"Only {studies} ({norm.n} people) of {norm.metabolite} in {norm.region} at {norm.field_t:g} T: "
        "too few to know how far laboratories differ."
    )
    if norm.study_range is not None:
        low, high = norm.study_range
        where = "inside" if low <= ratio.value <= high else "outside"
        sentence += f" The value {ratio.value:.3g} is {where} the study range {low:.3g} to {high:.3g} (means ± 2 sd)."
    return Absence("norm-too-thin", sentence)


def _describe(norm: Norm, subject: Subject, acquisition: Acquisition) -> NormUsed:
    if norm.effects is None or norm.sd_within is None:
        raise ValueError(f"norm {norm.id} does not support a z-score")
    source = f"{norm.studies} published studies, random-effects mean"
    if norm.derived:
        source += "; partly ratios of group means"
    if norm.sd_borrowed:
        source += "; spread between people borrowed from other regions"
    return NormUsed(
        id=norm.id,
        region=norm.region,
        metabolite=norm.metabolite,
        unit=norm.unit,
        grade=norm.grade,
        source=source,
        studies=norm.studies,
        n=norm.n,
        mean=norm.mean,
        sd_within=norm.sd_within,
        sd_between=norm.effects.tau,
        age_mean=norm.age_mean,
        matched=norm_match(norm, subject, acquisition),
    )
