"""People of one group as controls of a site: the body that makes a norm of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fitting.cohort.session_values import PersonValues
from fitting.cohort.tables.foreign_names import same_region
from fitting.cohort.tables.table import CohortTable, Fact, Place, SpectrumKey
from fitting.errors import MissingColumn, SeveralSessions, UnusableTable

METHOD = ("field_t", "echo_time", "sequence", "software")
"""Facts of a method that a norm needs; all spectra must agree in them."""
PERSON = ("age_years", "sex")


def norm_body(
    table: CohortTable, group: str, name: str, *, region: str | None, hemisphere: str | None, unit: str
) -> dict[str, Any]:
    """Body of ``POST /v1/norms`` for one place.

    Parameters
    ----------
    table : CohortTable
    group : str
        Group of the healthy people.
    name : str
        Name of the norm.
    region, hemisphere : str or None
        Place; may be None where the table has one only.
    unit : str

    Raises
    ------
    FittingError
        When the place is not single, a fact of the method is missing or differs, or people have several sessions.
    """
    people = {person.id: person for person in table.people if person.group == group}
    values = PersonValues(table, None, ())
    place = _place(values, region, hemisphere)
    keys = [
        key
        for key, facts in table.spectra.items()
        if key.place == place and key.person in people and facts.usable == "yes"
    ]
    if len({key.person for key in keys}) < len(keys):
        raise SeveralSessions(f"Column session: people of {group} have several sessions; keep one of each.")
    method = {fact: _agreed(table, keys, fact) for fact in METHOD}
    controls = []
    for key in sorted(keys, key=lambda key: key.person):
        measured = {
            metabolite: {"value": item.value, **({"sd": item.sd, "sd_scan": item.sd} if item.sd else {})}
            for metabolite in sorted(values.metabolites(place))
            if metabolite != unit
            and (item := values.of(place, metabolite, unit).get(key.person)) is not None
            and item.detected
        }
        if measured:
            facts = people[key.person].facts
            known = {fact: facts[fact] for fact in PERSON if fact in facts}
            tissue = table.spectra[key].facts.get("gm")
            controls.append(_control(key.person, measured, known, tissue))
    return {
        "name": name,
        "region": place.subregion or place.region,
        "hemisphere": place.hemisphere,
        "unit": unit,
        **method,
        "controls": controls,
    }


def _control(person: str, values: Mapping[str, Any], known: Mapping[str, Fact], gm: Fact | None) -> dict[str, Any]:
    return {"id": person, "values": values, **known, **({} if gm is None else {"gm": gm})}


def _place(values: PersonValues, region: str | None, hemisphere: str | None) -> Place:
    found = [
        place
        for place in values.places
        if (region is None or same_region(region, place)) and hemisphere in (None, place.hemisphere)
    ]
    if len(found) != 1:
        listed = ", ".join(place.words for place in found or values.places) or "none"
        raise UnusableTable(f"A norm is of one place; name its region and hemisphere. The table has {listed}.")
    return found[0]


def _agreed(table: CohortTable, keys: list[SpectrumKey], fact: str) -> Fact:
    values = {table.spectra[key].facts.get(fact) for key in keys}
    known = {value for value in values if value is not None}
    if len(known) != 1 or None in values:
        found = ", ".join(sorted(str(value) for value in known)) or "none"
        raise MissingColumn(f"Column {fact}: a norm needs one {fact} of all its spectra; the table has {found}.")
    return known.pop()
