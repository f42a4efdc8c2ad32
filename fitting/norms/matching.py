"""Match controls to a value, with the reasons for those that do not match.

A published norm is withheld only for a mismatch that is established; a fact that is not known (a missing age, for
example) is stated as ``unknown`` in the match. Of the software, its kind must match: peak areas are never compared with
concentrations. Another program of the same kind is stated and does not withhold, because the spread between studies,
which mix programs and versions themselves, is part of the spread a new value is judged by. The same holds for the
sequence: at short echo times the studies mix PRESS, STEAM, sLASER and SPECIAL.

A site's own controls have no such spread: everything must be known and equal, field, sequence, echo time, unit,
program and version. Controls supplied with the value are of its laboratory: only what they state must match.
"""

from __future__ import annotations

from collections.abc import Sequence

from fitting.acquisition import Acquisition
from fitting.norms.assessment import Match, NormMatch
from fitting.norms.case import OWN_SOFTWARE, RATIO, Context, scan
from fitting.norms.control_model import control_model
from fitting.norms.controls import Controls, Method
from fitting.norms.literature import USUAL_FIELD, literature_norms, norms_by_field
from fitting.norms.norm import Norm
from fitting.norms.regions import NamedRegion, find_region, regions
from fitting.norms.software import kind_of, same_software
from fitting.reason import Absence
from fitting.request import Subject
from fitting.units import nominal_tesla

LONGEST_ECHO_TIME = 0.045
"""s; no study row has a longer one, and ratios change with T2 and J-evolution."""
YOUNGEST, OLDEST = 18.0, 65.0
"""Mean ages, in years, of the cohorts that were admitted."""
ECHO_TIME_TOLERANCE = 0.001
"""s; within it T2 decay changes a ratio by less than 1 %."""


def applicable_norms(subject: Subject, acquisition: Acquisition, site: Sequence[Controls] = ()) -> tuple[str, ...]:
    """Ids of the norms that would be applied to a spectrum: own controls, then best grade and most studies first."""
    context = Context(subject, acquisition, OWN_SOFTWARE)
    own = [controls for controls in site if controls_conflict(controls, context) is None]
    candidates = {norm.metabolite for norm in literature_norms() if norm.unit == RATIO}
    covered = {name for controls in own for name in controls.metabolites}
    found = (find_norm(metabolite, context) for metabolite in candidates - covered)
    norms = [norm for norm in found if isinstance(norm, Norm) and norm.supports_z]
    published = sorted(norms, key=lambda norm: (norm.grade, -norm.studies, norm.id))
    return (
        *(controls.norm_id(name) for controls in own for name in controls.metabolites),
        *(norm.id for norm in published),
    )


def find_norm(metabolite: str, context: Context) -> Norm | Absence:
    """The published norm for this value, or the reason for its absence."""
    place = find_place(context.subject)
    if isinstance(place, Absence):
        return place
    if context.unit != RATIO or metabolite == RATIO:
        return incomparable_unit(metabolite, context.unit)
    gap = place.gap(metabolite)
    if gap is not None:
        return Absence("norm-gap", f"There is no norm of {metabolite} for {_name(place)}: {gap.reason}.")
    return _conflict(context) or _by_field(metabolite, place, context.acquisition.nominal_field_t)


def incomparable_unit(metabolite: str, unit: str) -> Absence:
    """Reason why an absolute value is not compared with other laboratories."""
    if metabolite == RATIO:
        sentence = (
            "tCr is the reference of the ratios; its own concentration is not compared with other laboratories, "
            "because absolute values differ more between laboratories than between people."
        )
    else:
        sentence = (
            f"A value in {unit} is not compared with other laboratories, because absolute values differ more "
            "between laboratories than between people; give the ratio to tCr, or controls of the same laboratory."
        )
    return Absence("unit-not-comparable", sentence)


def norm_match(norm: Norm, context: Context) -> NormMatch:
    """For each property, whether the norm's studies match the value."""
    acquisition = context.acquisition
    sequence: Match = "unknown"
    if acquisition.sequence is not None and norm.sequences:
        sequence = "yes" if acquisition.sequence in norm.sequences else "no"
    software: Match = "unknown"
    if context.software is not None:
        used = any(same_software(context.software, name) != "no" for name in norm.software)
        software = "yes" if used else "no"
    return NormMatch(
        field="unknown" if acquisition.nominal_field_t is None else "yes",
        sequence=sequence,
        echo_time="unknown" if acquisition.echo_time is None else "yes",
        age="unknown" if context.subject.age_years is None else "yes",
        unit="yes",
        software=software,
    )


def method_match(method: Method, context: Context) -> NormMatch:
    """For each property, whether the stated method of controls matches the value; their age is not looked at."""
    acquisition = context.acquisition
    echo_time: Match = "unknown"
    if method.echo_time is not None and acquisition.echo_time is not None:
        echo_time = "yes" if abs(method.echo_time - acquisition.echo_time) <= ECHO_TIME_TOLERANCE else "no"
    return NormMatch(
        field=_equal(_nominal(method), acquisition.nominal_field_t),
        sequence=_equal(_folded(method.sequence), _folded(acquisition.sequence)),
        echo_time=echo_time,
        age="unknown",
        unit="yes" if method.unit is None else _equal(method.unit, context.unit),
        software=same_software(context.software, method.software),
    )


def controls_conflict(controls: Controls, context: Context) -> Absence | None:
    """Reason why controls of one laboratory do not apply to this value; None when they apply.

    Of a site's controls region, field, sequence, echo time, unit, program and version must be known and equal, and the
    side of the brain equal where both state it; of supplied ones, everything stated must be equal. The person's age,
    sex and tissue are looked at in :mod:`fitting.norms.own_values`.
    """
    elsewhere = place_conflict(controls, context.subject) if controls.origin == "site" else None
    return elsewhere or method_conflict(controls, context)


def method_conflict(controls: Controls, context: Context) -> Absence | None:
    """The same of acquisition and processing alone: controls of another region may be of the same laboratory."""
    matches = method_match(controls.method, context)
    for name in ("unit", "field", "echo_time", "sequence", "software"):
        match: Match = getattr(matches, name)
        if match == "no" or (match == "unknown" and controls.origin == "site"):
            words = name.replace("_", " ")
            if controls.origin == "site":
                sentence = _difference(words, _facts(controls.method)[name], _facts_of_value(context)[name])
            else:
                sentence = f"The controls were not measured with the {words} of the value."
            return Absence(f"norm-{name.replace('_', '-')}-mismatch", sentence)
    return None


def is_modelled(controls: Controls, metabolite: str) -> bool:
    """Whether the control model has a prior for these controls, so that one of them is enough for a z-score."""
    method = controls.method
    return (
        method.unit == RATIO
        and controls.region is not None
        and control_model().covers(controls.region, metabolite)
        and not isinstance(find_norm(metabolite, _context_of(controls)), Absence)
    )


def _context_of(controls: Controls) -> Context:
    """The context of a value of a person measured as the controls were."""
    method, place = controls.method, controls.subregion or controls.region
    acquisition = scan(method.field_t, method.echo_time, method.sequence)
    return Context(Subject(place, controls.hemisphere), acquisition, method.software, method.unit or RATIO)


def place_conflict(controls: Controls, subject: Subject) -> Absence | None:
    """Reason why a site's controls are not of the region, part and side of a value; None when they are."""
    place = find_place(subject)
    if isinstance(place, Absence):
        return place
    here = (place.region.name, None if place.subregion is None else place.subregion.name)
    if here != (controls.region, controls.subregion):
        of = controls.subregion or controls.region
        return Absence("norm-region-mismatch", f"The controls are of {of}, not {_name(place)}.")
    sides = {controls.hemisphere, subject.hemisphere} - {None}
    if len(sides) > 1:
        sentence = f"The controls' side is {controls.hemisphere}, the value's {subject.hemisphere}."
        return Absence("norm-hemisphere-mismatch", sentence)
    return None


def _difference(what: str, controls: str | None, value: str | None) -> str:
    if what == "unit":
        return f"The controls are in {controls}, the value is in {value}."
    if value is None:
        return f"The {what} of the value is not known; the controls' is {controls}."
    return f"The controls' {what} is {controls}, the value's {value}."


def _facts(method: Method) -> dict[str, str | None]:
    """Facts stated by a method, in words."""
    field_t, echo_time = _nominal(method), method.echo_time
    return {
        "unit": method.unit,
        "field": None if field_t is None else f"{field_t:g} T",
        "echo_time": None if echo_time is None else f"{echo_time * 1e3:g} ms",
        "sequence": method.sequence,
        "software": method.software,
    }


def _facts_of_value(context: Context) -> dict[str, str | None]:
    acquisition = context.acquisition
    method = Method(
        acquisition.nominal_field_t, acquisition.sequence, acquisition.echo_time, context.unit, context.software
    )
    return _facts(method)


def _nominal(method: Method) -> float | None:
    return None if method.field_t is None else nominal_tesla(method.field_t)


def _folded(name: str | None) -> str | None:
    return None if name is None else name.casefold()


def _equal(first: object, second: object) -> Match:
    if first is None or second is None:
        return "unknown"
    return "yes" if first == second else "no"


def find_place(subject: Subject) -> NamedRegion | Absence:
    """The measured region of the brain, or the reason why it is not known."""
    if subject.region is None:
        return Absence("region-not-given", "No region was given; norms differ between regions of the brain.")
    place = find_region(subject.region)
    if place is None:
        known = ", ".join(region.name for region in regions())
        return Absence("region-unknown", f"Region '{subject.region}' is not among those with norms: {known}.")
    return place


def _conflict(context: Context) -> Absence | None:
    echo_time, age = context.acquisition.echo_time, context.subject.age_years
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
    if context.software is not None and kind_of(context.software) != "concentration":
        known = "gives ratios of peak areas" if kind_of(context.software) == "peak-area" else "is not known here"
        return Absence(
            "norm-software-mismatch",
            f"The norms are ratios of concentrations by linear combination modelling; '{context.software}' {known}.",
        )
    return None


def _by_field(metabolite: str, place: NamedRegion, field_t: float | None) -> Norm | Absence:
    candidates = norms_by_field(place.region.name, metabolite, RATIO)
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


def _name(place: NamedRegion) -> str:
    return place.region.label if place.subregion is None else f"{place.region.label}, {place.subregion.name}"
