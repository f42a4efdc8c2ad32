"""The table of participants, as in BIDS: one row for each person, any number of scales."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from fitting.cohort.tables.cells import TableRow, number_of, rows_of
from fitting.cohort.tables.table import Fact, Person
from fitting.errors import IdentityInPseudonym, ImplausibleParameter, UnreadableNumber, UnusableTable
from fitting.request.scales import scales
from fitting.request.words import check_pseudonym

ID = "participant_id"
GROUP = "group"
WORDS = ("site", "handedness", "arm", "pain_side", "scanner", "manufacturer", "software", "sequence")
"""Columns that hold words, also where all of them look like numbers."""
AGE_LIMIT_YEARS = 120.0
_IDENTITY = re.compile(
    r"((first|last|family|given|full|patient|participant|middle)[ _-]?)?name|surname"
    r"|(date[ _-]?of[ _-]?)?birth([ _-]?date)?|dob|birthday|address|street|phone|telephone|e-?mail"
    r"|mrn|medical[ _-]?record([ _-]?(number|no))?|ssn"
    r"|(hospital|patient|insurance)[ _-]?(number|no|id)",
    re.IGNORECASE,
)
"""Names of columns that must not be in the table."""
_SEX = {"female": "female", "f": "female", "male": "male", "m": "male", "other": "other", "o": "other"}


def read_participants(text: str, table: str) -> tuple[tuple[Person, ...], tuple[str, ...]]:
    """People sorted by pseudonym, and the columns known about them.

    A column is a number when every known cell of it is one; ``age`` is read as ``age_years``.

    Raises
    ------
    FittingError
        Of the kinds in ``fitting.errors.UnusableCohort``, naming row and column.
    """
    columns, rows = rows_of(text, table, (ID, GROUP))
    _refuse_identities(columns, table)
    people_of = pseudonyms(rows)
    names = [name for name in columns if name not in (ID, GROUP) and name]
    kinds = {name: _is_number(name, rows) for name in names}
    people = [
        Person(person, row.text(GROUP), _facts(row, kinds, columns))
        for person, row in zip(people_of, rows, strict=True)
    ]
    seen: dict[str, int] = {}
    for person, row in zip(people_of, rows, strict=True):
        if person in seen:
            raise UnusableTable(
                f"{row.where(ID)}: {person} stands in row {seen[person]} already; give one row a person."
            )
        seen[person] = row.line
    return tuple(sorted(people, key=lambda person: person.id)), tuple(_renamed(name, columns) for name in names)


def _refuse_identities(columns: Sequence[str], table: str) -> None:
    """Refuse columns that are named as what identifies a person."""
    for name in columns:
        if _IDENTITY.fullmatch(name.strip()):
            raise IdentityInPseudonym(
                f"{table}, row 1: the column '{name}' holds what identifies a person; leave it out."
            )


def pseudonyms(rows: Sequence[TableRow], column: str = ID) -> list[str]:
    """The pseudonym of each row.

    Raises
    ------
    IdentityInPseudonym
        When one looks like a name, a date or a hospital number; the message does not repeat it.
    """
    found = []
    for row in rows:
        try:
            found.append(check_pseudonym(row.required(column)))
        except ValueError as error:
            raise IdentityInPseudonym(f"{row.where(column)}: the pseudonym {error}.") from None
    return found


def _renamed(name: str, columns: Sequence[str]) -> str:
    return "age_years" if name == "age" and "age_years" not in columns else name


def _is_number(name: str, rows: Sequence[TableRow]) -> bool:
    if name in WORDS or name == "sex":
        return False
    if name in scales() or name in ("age", "age_years"):
        return True
    cells = [cell for row in rows if (cell := row.text(name)) is not None]
    numbers = sum(number_of(cell) is not None for cell in cells)
    if cells and numbers < len(cells) <= 2 * numbers:
        wrong = next(row for row in rows if (cell := row.text(name)) is not None and number_of(cell) is None)
        raise UnreadableNumber(
            f"{wrong.where(name)}: '{wrong.text(name)}' is not a number, as most cells of its column."
        )
    return bool(cells) and numbers == len(cells)


def _facts(row: TableRow, kinds: Mapping[str, bool], columns: Sequence[str]) -> dict[str, Fact]:
    facts: dict[str, Fact] = {}
    for name, is_number in kinds.items():
        value = _fact(row, name, is_number)
        if value is not None:
            facts[_renamed(name, columns)] = value
    return facts


def _fact(row: TableRow, name: str, is_number: bool) -> Fact | None:
    if name == "sex":
        return _sex(row)
    if name in ("age", "age_years"):
        return row.within(name, 0.0, AGE_LIMIT_YEARS)
    if name in scales():
        scale = scales()[name]
        return row.within(name, scale.low, scale.high)
    return row.number(name) if is_number else row.text(name)


def _sex(row: TableRow) -> str | None:
    cell = row.text("sex")
    if cell is None:
        return None
    if cell.casefold() not in _SEX:
        raise ImplausibleParameter(f"{row.where('sex')}: '{cell[:20]}' is not one of female, male, other.")
    return _SEX[cell.casefold()]
