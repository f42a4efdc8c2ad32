"""Which norm fits a spectrum, how well, and in which words none does.

A published norm is withheld only for a mismatch that is established; what is not known (no age given, say) is
stated as ``unknown`` in the match. Of the software, its kind must match: peak areas are never held against
concentrations. Another program of the same kind is stated and does not withhold, because the spread between
studies, which mix programs and versions themselves, is part of the spread a new value is judged by. The same
holds for the sequence: at short echo times the studies mix PRESS, STEAM, sLASER and SPECIAL.

A site's own controls have no such spread: everything must be known and equal, field, sequence, echo time, unit,
program and version.
"""

from __future__ import annotations

from fitting.norms.assessment import Absence, Match, NormMatch
from fitting.norms.case import RATIO, Case
from fitting.norms.literature import Norm, norms_by_field
from fitting.norms.regions import Place, find_region, regions
from fitting.norms.site import ECHO_TIME_TOLERANCE, Method, SiteNorm, nominal
from fitting.norms.software import kind_of, same_software
from fitting.subject import Subject

UNIT = RATIO
"""Only ratios to tCr are compared with other laboratories: absolute values differ 2 to 4 times more between
laboratories than within."""
USUAL_FIELD = 3.0
LONGEST_ECHO_TIME = 0.045
"""s; no study row has a longer one, and ratios change with T2 and J-evolution."""
YOUNGEST, OLDEST = 18.0, 65.0
"""Mean ages, in years, of the cohorts that were admitted."""


def find_norm(case: Case) -> Norm | Absence:
    """The published norm for this value, or why there is none.

    A norm that is found may still be too thin for a z-score (``Norm.supports_z``).
    """
    place = find_place(case.subject)
    if isinstance(place, Absence):
        return place
    if case.unit != UNIT or case.metabolite == UNIT:
        return incomparable_unit(case)
    gap = place.gap(case.metabolite)
    if gap is not None:
        return Absence("norm-gap", f"There is no norm of {case.metabolite} for {_name(place)}: {gap.reason}.")
    return _conflict(case) or _by_field(case.metabolite, place, case.acquisition.nominal_field_t)


def incomparable_unit(case: Case) -> Absence:
    """Why an absolute value is not held against other laboratories."""
    if case.metabolite == UNIT:
        sentence = (
            "tCr is the reference of the ratios; its own concentration is not compared with other laboratories, "
            "because absolute values differ more between laboratories than between people."
        )
    else:
        sentence = (
            f"A value in {case.unit} is not compared with other laboratories, because absolute values differ more "
            "between laboratories than between people; give the ratio to tCr, or controls of the same laboratory."
        )
    return Absence("unit-not-comparable", sentence)


def norm_match(norm: Norm, case: Case) -> NormMatch:
    """For each property, whether the norm's studies match the value."""
    acquisition = case.acquisition
    sequence: Match = "unknown"
    if acquisition.sequence is not None and norm.sequences:
        sequence = "yes" if acquisition.sequence in norm.sequences else "no"
    software: Match = "unknown"
    if case.software is not None:
        used = any(same_software(case.software, name) != "no" for name in norm.software)
        software = "yes" if used else "no"
    return NormMatch(
        field="unknown" if acquisition.nominal_field_t is None else "yes",
        sequence=sequence,
        echo_time="unknown" if acquisition.echo_time is None else "yes",
        age="unknown" if case.subject.age_years is None else "yes",
        unit="yes",
        software=software,
    )


def site_conflict(norm: SiteNorm, case: Case) -> Absence | None:
    """Why a site's controls are not for this value, or None when they are.

    Region, field, sequence, echo time, unit, program and version must be known and equal; the side of the brain
    must be equal where both say it. Nothing is said of the person: see :func:`fitting.norms.controls.own_reference`.
    """
    place = find_place(case.subject)
    if isinstance(place, Absence):
        return place
    here = (place.region.name, None if place.subregion is None else place.subregion.name)
    if here != (norm.region, norm.subregion):
        return Absence(
            "norm-region-mismatch", f"The controls are of {norm.subregion or norm.region}, not {_name(place)}."
        )
    sides = {norm.hemisphere, case.subject.hemisphere} - {None}
    if len(sides) > 1:
        sentence = f"The controls' side is {norm.hemisphere}, the value's {case.subject.hemisphere}."
        return Absence("norm-hemisphere-mismatch", sentence)
    return method_conflict(norm.method, case)


def method_conflict(method: Method, case: Case) -> Absence | None:
    """Why values of this method are not comparable with the case, or None; what is unknown does not match."""
    acquisition = case.acquisition
    field_t, echo_time = acquisition.nominal_field_t, acquisition.echo_time
    if case.unit != method.unit:
        return Absence("norm-unit-mismatch", f"The controls are in {method.unit}, the value is in {case.unit}.")
    if field_t is None or field_t != nominal(method.field_t):
        return _differs("field", f"{nominal(method.field_t):g} T", None if field_t is None else f"{field_t:g} T")
    if echo_time is None or abs(echo_time - method.echo_time) > ECHO_TIME_TOLERANCE:
        given = None if echo_time is None else f"{echo_time * 1e3:g} ms"
        return _differs("echo time", f"{method.echo_time * 1e3:g} ms", given)
    if acquisition.sequence is None or acquisition.sequence.casefold() != method.sequence.casefold():
        return _differs("sequence", method.sequence, acquisition.sequence)
    same = same_software(case.software, method.software)
    # neither side giving a version is the same statement; one side giving none is not
    if same != "yes":
        return _differs("software", method.software, case.software)
    return None


def _differs(what: str, controls: str, value: str | None) -> Absence:
    code = f"norm-{what.replace(' ', '-')}-mismatch"
    if value is None:
        return Absence(code, f"The {what} of the value is not known; the controls' is {controls}.")
    return Absence(code, f"The controls' {what} is {controls}, the value's {value}.")


def find_place(subject: Subject) -> Place | Absence:
    """The region of the brain a person was measured in, or why it is not known."""
    if subject.region is None:
        return Absence("region-not-given", "No region was given; norms differ between regions of the brain.")
    place = find_region(subject.region)
    if place is None:
        known = ", ".join(region.name for region in regions())
        return Absence("region-unknown", f"Region '{subject.region}' is not among those with norms: {known}.")
    return place


def _conflict(case: Case) -> Absence | None:
    echo_time, age = case.acquisition.echo_time, case.subject.age_years
    if echo_time is not None and echo_time > LONGEST_ECHO_TIME:
        return Absence(
            "norm-echo-time-mismatch",
            f"The norms are for echo times up to {LONGEST_ECHO_TIME * 1e3:g} ms; "
            f"the spectrum has {echo_time * 1e3:g} ms.",
        )
    if age is not None and not YOUNGEST <= age <= OLDEST:
        return Absence(
            "norm-age-mismatch",
            f"The norms are for adults of {YOUNGEST:g} to {OLDEST:g} years; the age given is {age:g}.",
        )
    if case.software is not None and kind_of(case.software) != "concentration":
        known = "gives ratios of peak areas" if kind_of(case.software) == "peak-area" else "is not known here"
        return Absence(
            "norm-software-mismatch",
            f"The norms are ratios of concentrations by linear combination modelling; '{case.software}' {known}.",
        )
    return None


def _by_field(metabolite: str, place: Place, field_t: float | None) -> Norm | Absence:
    candidates = norms_by_field(place.region.name, metabolite, UNIT)
    if not candidates:
        return Absence(
            "norm-missing", f"No ratio of {metabolite} to tCr in {_name(place)} is among the published controls."
        )
    wanted = USUAL_FIELD if field_t is None else field_t
    if wanted not in candidates:
        fields = ", ".join(f"{value:g}" for value in sorted(candidates))
        return Absence(
            "norm-field-mismatch",
            f"Norms of {metabolite} in {_name(place)} are for {fields} T; "
            + ("the field is not known." if field_t is None else f"the spectrum is from {field_t:g} T."),
        )
    return candidates[wanted]


def _name(place: Place) -> str:
    return place.region.label if place.subregion is None else f"{place.region.label}, {place.subregion.name}"
