"""Which norm fits a spectrum, how well, and in which words none does.

A norm is withheld only for a mismatch that is established; what is not known (no age given, say) is stated
as ``unknown`` in the match. Software never matches: the studies were fitted by LCModel and others, none by
this program. It is stated and does not withhold, because the spread between studies, which mix programs
and versions themselves, is part of the spread a new value is judged by. The same holds for the sequence:
at short echo times the studies mix PRESS, STEAM, sLASER and SPECIAL.
"""

from __future__ import annotations

from fitting.norms.assessment import Absence, Match, NormMatch
from fitting.norms.literature import Norm, norms_by_field
from fitting.norms.regions import Place, find_region, regions
from fitting.signal import Acquisition
from fitting.subject import Subject

UNIT = "tCr"
"""Only ratios to tCr are compared: absolute values differ 2 to 4 times more between laboratories than within."""
USUAL_FIELD = 3.0
LONGEST_ECHO_TIME = 0.045
"""s; no study row has a longer one, and ratios change with T2 and J-evolution."""
YOUNGEST, OLDEST = 18.0, 65.0
"""Mean ages, in years, of the cohorts that were admitted."""


def find_norm(metabolite: str, subject: Subject, acquisition: Acquisition) -> Norm | Absence:
    """The norm for this metabolite, region, age, field and echo time, or why there is none.

    A norm that is found may still be too thin for a z-score (``Norm.supports_z``).
    """
    place = _place(subject)
    if isinstance(place, Absence):
        return place
    if metabolite == UNIT:
        return Absence(
            "unit-not-comparable",
            "tCr is the reference of the ratios; its own concentration is not compared, because absolute values "
            "differ more between laboratories than between people.",
        )
    gap = place.gap(metabolite)
    if gap is not None:
        return Absence("norm-gap", f"There is no norm of {metabolite} for {_name(place)}: {gap.reason}.")
    return _conflict(subject, acquisition) or _by_field(metabolite, place, acquisition.nominal_field_t)


def norm_match(norm: Norm, subject: Subject, acquisition: Acquisition) -> NormMatch:
    """For each property, whether the norm's studies match the spectrum."""
    sequence: Match = "unknown"
    if acquisition.sequence is not None and norm.sequences:
        sequence = "yes" if acquisition.sequence in norm.sequences else "no"
    return NormMatch(
        field="unknown" if acquisition.nominal_field_t is None else "yes",
        sequence=sequence,
        echo_time="unknown" if acquisition.echo_time is None else "yes",
        age="unknown" if subject.age_years is None else "yes",
        unit="yes",
        software="no",
    )


def _place(subject: Subject) -> Place | Absence:
    if subject.region is None:
        return Absence("region-not-given", "No region was given; norms differ between regions of the brain.")
    place = find_region(subject.region)
    if place is None:
        known = ", ".join(region.name for region in regions())
        return Absence("region-unknown", f"Region '{subject.region}' is not among those with norms: {known}.")
    return place


def _conflict(subject: Subject, acquisition: Acquisition) -> Absence | None:
    if acquisition.echo_time is not None and acquisition.echo_time > LONGEST_ECHO_TIME:
        return Absence(
            "norm-echo-time-mismatch",
            f"The norms are for echo times up to {LONGEST_ECHO_TIME * 1e3:g} ms; "
            f"the spectrum has {acquisition.echo_time * 1e3:g} ms.",
        )
    if subject.age_years is not None and not YOUNGEST <= subject.age_years <= OLDEST:
        return Absence(
            "norm-age-mismatch",
            f"The norms are for adults of {YOUNGEST:g} to {OLDEST:g} years; the age given is {subject.age_years:g}.",
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
