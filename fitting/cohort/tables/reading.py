"""Tables of a cohort joined to one ``CohortTable``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from fitting.cohort.tables.cells import TableRow, number_of, rows_of
from fitting.cohort.tables.foreign_names import place_of
from fitting.cohort.tables.measurements import ReadMeasurements, content_hash, read_long, read_wide
from fitting.cohort.tables.participants import ID, pseudonyms, read_participants
from fitting.cohort.tables.results_csv import is_results, read_results
from fitting.cohort.tables.table import CohortTable, Fact, Person, SpectraTable, StudyEffect
from fitting.errors import ImplausibleParameter, MissingColumn, MixedUnits, UnknownParticipant, UnusableTable


def read_cohort(
    measurements: tuple[str, str] | None,
    participants: tuple[str, str] | None,
    *,
    manifest: str | None = None,
    wide_unit: str | None = None,
) -> CohortTable:
    """Read a cohort's tables.

    Parameters
    ----------
    measurements, participants : (text, name) or None
        Text of the table and its name in messages. Without participants, people and groups are taken from the table of
        measurements, whose column ``group`` is then needed.
    manifest : str, optional
        Text of the manifest of a batch whose RESULTS.csv is given.
    wide_unit : str, optional
        Unit of a wide table; None reads a long one.

    Raises
    ------
    FittingError
        Of the kinds in ``fitting.errors.UnusableCohort``, or ``implausible-parameter``; each names row and column.
    """
    values = ReadMeasurements((), {}, ())
    if measurements is not None:
        values = _values(measurements, manifest, wide_unit)
    if participants is not None:
        people, columns = read_participants(*participants)
    else:
        people, columns = _people_of(measurements) if measurements is not None else ((), ())
    known = {person.id for person in people}
    for item in values.measurements:
        if item.spectrum.person not in known:
            where = participants[1] if participants is not None else "the table"
            raise UnknownParticipant(
                f"{measurements[1] if measurements else 'measurements'}, column {ID}: {item.spectrum.person} is not "
                f"among the participants of {where}; add a row there or leave the measurements out."
            )
    _check_units(values)
    texts = [item[0] for item in (measurements, participants) if item is not None]
    return CohortTable(
        people, values.measurements, values.spectra, columns, values.columns, values.notes, content_hash(*texts)
    )


def _values(measurements: tuple[str, str], manifest: str | None, wide_unit: str | None) -> ReadMeasurements:
    text, name = measurements
    if wide_unit is not None:
        return read_wide(text, name, wide_unit)
    return read_results(text, name, manifest) if is_results(text) else read_long(text, name)


def _people_of(measurements: tuple[str, str]) -> tuple[tuple[Person, ...], tuple[str, ...]]:
    """People of a table of measurements that has the group in each row."""
    text, name = measurements
    columns, rows = rows_of(text, name, ())
    whose = next((column for column in (ID, "subject", "id") if column in columns), ID)
    if "group" not in columns or whose not in columns:
        raise MissingColumn(f"{name}, row 1: there is no column group; give the participants with --participants.")
    people: dict[str, Person] = {}
    for person, row in zip(pseudonyms(rows, whose), rows, strict=True):
        group = row.text("group")
        if person in people and people[person].group != group:
            raise UnusableTable(f"{row.where('group')}: {person} is in another group than in an earlier row.")
        people[person] = Person(person, group, {})
    return tuple(sorted(people.values(), key=lambda item: item.id)), ()


def _check_units(values: ReadMeasurements) -> None:
    """Refuse one metabolite in one region in two units, unless every spectrum has it in both."""
    units: dict[tuple[object, str], dict[str, set[object]]] = {}
    for item in values.measurements:
        by_unit = units.setdefault((item.spectrum.place, item.metabolite), {})
        by_unit.setdefault(item.unit, set()).add(item.spectrum)
    for (place, metabolite), by_unit in units.items():
        absolute = {unit: spectra for unit, spectra in by_unit.items() if unit != "tCr"}
        ratio = by_unit.get("tCr")
        is_mixed = len(absolute) > 1 or (ratio is not None and absolute and not set(*absolute.values()) <= ratio)
        if is_mixed:
            raise MixedUnits(
                f"Column unit: {metabolite} in {getattr(place, 'words', place)} is given in "
                f"{' and '.join(sorted(by_unit))}; "
                "give one unit, or both for every spectrum."
            )


def read_spectra(text: str, table: str) -> SpectraTable:
    """Read spectra as features: ``participant_id``, ``region``, ``hemisphere``, facts, and one column for each ppm.

    Raises
    ------
    FittingError
        Of the kinds in ``fitting.errors.UnusableCohort``; each names row and column.
    """
    columns, rows = rows_of(text, table, (ID, "region"))
    points = {name: value for name in columns if (value := number_of(name)) is not None}
    if not points:
        raise UnusableTable(f"{table}, row 1: no column is named by a chemical shift in ppm.")
    values = np.array([[_filled(row, name) for name in points] for row in rows])
    known = [name for name in ("linewidth_hz", "snr", "gm") if name in columns]
    facts = [_facts(row, known) for row in rows]
    try:
        places = tuple(place_of(row.required("region"), row.text("hemisphere")) for row in rows)
    except ValueError as error:
        raise ImplausibleParameter(f"{table}, column hemisphere: {error}.") from None
    return SpectraTable(tuple(pseudonyms(rows)), places, tuple(facts), np.array(list(points.values())), values)


def _facts(row: TableRow, names: Sequence[str]) -> dict[str, Fact]:
    return {name: value for name in names if (value := row.number(name)) is not None}


def _filled(row: TableRow, name: str) -> float:
    value = row.number(name)
    if value is None:
        raise UnusableTable(f"{row.where(name)}: the cell is empty; a spectrum needs every point.")
    return value


def read_studies(text: str, table: str) -> tuple[StudyEffect, ...]:
    """Read effect sizes of studies: columns ``study``, ``g`` and ``variance``.

    Raises
    ------
    FittingError
        Of the kinds in ``fitting.errors.UnusableCohort``; each names row and column.
    """
    _, rows = rows_of(text, table, ("study", "g", "variance"))
    studies = []
    for row in rows:
        g, variance = row.number("g"), row.number("variance")
        if g is None or variance is None:
            raise UnusableTable(f"{row.where('g')}: g and variance must both be given.")
        if variance <= 0.0:
            raise ImplausibleParameter(f"{row.where('variance')}: {variance:g} is not positive.")
        studies.append(StudyEffect(row.required("study"), g, variance))
    return tuple(studies)


def with_facts(table: CohortTable, facts: Mapping[str, Mapping[str, float | str]]) -> CohortTable:
    """The table with further facts about people, by pseudonym."""
    people = tuple(replace(person, facts={**person.facts, **facts.get(person.id, {})}) for person in table.people)
    added = {name for items in facts.values() for name in items}
    return replace(
        table, people=people, person_columns=(*table.person_columns, *sorted(added - {*table.person_columns}))
    )
