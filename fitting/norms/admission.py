"""Validation of controls: those of a site, and those supplied with a value."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from fitting.errors import ImplausibleParameter, UnusableControls
from fitting.norms.controls import UNITS, Control, Controls, Method
from fitting.norms.regions import NamedRegion, find_region, regions


def site_controls(
    id: str, region: str, hemisphere: str | None, method: Method, people: tuple[Control, ...]
) -> Controls:
    """Controls of a site from these people.

    Raises
    ------
    UnusableControls
        When no person is listed, one is listed twice, or the region is not known.
    ImplausibleParameter
        When a value, a fact of the method or of a person is missing or outside its range.
    """
    place = check_place(region)
    if not people:
        raise UnusableControls("There is no control; a norm needs one or more.", parameter="controls")
    check_people(method, people)
    subregion = None if place.subregion is None else place.subregion.name
    return Controls(id, "site", method, place.region.name, subregion, hemisphere, people)


def check_place(region: str) -> NamedRegion:
    """The region of this name.

    Raises
    ------
    UnusableControls
    """
    place = find_region(region)
    if place is None:
        known = ", ".join(item.name for item in regions())
        raise UnusableControls(f"Region '{region}' is not among {known}; name one of them.", parameter="region")
    return place


def check_people(method: Method, people: Sequence[Control]) -> None:
    """Refuse people who are listed twice, and impossible values and facts.

    Raises
    ------
    UnusableControls, ImplausibleParameter
    """
    twice = [name for name, times in Counter(person.id for person in people).items() if times > 1]
    if twice:
        raise UnusableControls(
            f"{len(twice)} of the controls' ids are listed more than once; each person counts once.",
            parameter="controls",
        )
    _check_method(method)
    for person in people:
        _check_person(person)


def check_unit(unit: str | None) -> None:
    """Refuse an unknown unit.

    Raises
    ------
    ImplausibleParameter
    """
    if unit not in UNITS:
        raise ImplausibleParameter(f"Unit '{unit}' is not one of {', '.join(UNITS)}.", parameter="unit")


def check_supplied(controls: Controls) -> None:
    """Refuse impossible values, standard deviations and numbers of controls.

    Raises
    ------
    ImplausibleParameter
    """
    summaries = controls.studies or (() if controls.summary is None else (controls.summary,))
    for item in summaries:
        if item.n < 2 or not 0.0 < item.sd < math.inf:
            raise ImplausibleParameter(
                f"Controls with mean {item.mean:g}, SD {item.sd:g} and n {item.n} cannot be: the SD must be above zero "
                "and n two or more.",
                parameter="controls",
            )
    means = [item.mean for item in summaries]
    values = [measured.value for person in controls.people for measured in person.values.values()]
    if not all(math.isfinite(value) for value in (*means, *values)):
        raise ImplausibleParameter("A value of the controls is not finite.", parameter="controls")
    if any(item.mean <= 0.0 for item in controls.studies or ()):
        raise ImplausibleParameter(
            "The mean of a study is not above zero; spreads are pooled relative to the means.", parameter="controls"
        )


def _check_method(method: Method) -> None:
    missing = [name for name, fact in asdict(method).items() if fact is None]
    if missing:
        raise ImplausibleParameter(f"The controls do not state {', '.join(missing)}.", parameter=missing[0])
    check_unit(method.unit)
    for name, low, high, unit in (
        ("field_t", 0.5, 14.2, "tesla"),
        ("echo_time", 0.002, 0.6, "s; 0.030 for TE 30 ms"),
    ):
        value = getattr(method, name)
        if not low <= value <= high:
            raise ImplausibleParameter(
                f"{name} = {value:g} is outside {low:g} to {high:g} {unit}.", parameter=name, value=value
            )


def _check_person(person: Control) -> None:
    for name, measured in person.values.items():
        sound = 0.0 < measured.value < math.inf and (measured.sd is None or 0.0 <= measured.sd < math.inf)
        if not sound:
            raise ImplausibleParameter(
                f"A control's {name} is no positive number with a standard deviation of zero or more.",
                parameter="controls",
            )
    if person.age_years is not None and not 0.0 <= person.age_years <= 120.0:
        raise ImplausibleParameter("A control's age is not between 0 and 120 years.", parameter="age_years")
    if person.gm is not None and not 0.0 <= person.gm <= 1.0:
        raise ImplausibleParameter("A control's grey matter fraction is not between 0 and 1.", parameter="gm")
