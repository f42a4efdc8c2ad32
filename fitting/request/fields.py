"""The fields of a request as one list, and the conversion between its document and its nouns."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from fitting.errors import ImplausibleParameter
from fitting.request.nouns import ClinicalMeasures, Options, Overrides, PersonVisit, Request, Said, Subject
from fitting.request.words import NAME, REGION, check_pseudonym

Document = dict[str, Any]
"""A request as a JSON object: fields that are not given are absent."""


@dataclass(frozen=True, slots=True)
class Section:
    """The fields of one noun, and the object of the document that holds them."""

    name: str
    title: str
    noun: type[object]
    key: str | None = None
    """Name of the object; None where the fields stand in the document itself."""
    text: str = ""
    """Description of the object."""

    @property
    def path(self) -> tuple[str, ...]:
        """Path of its fields in the document."""
        return () if self.key is None else (self.key,)


SECTIONS = (
    Section("person", "Person and region", Subject),
    Section("visit", "Visit (pseudonyms)", PersonVisit),
    Section("clinical", "Clinical measures", ClinicalMeasures, "clinical", "Clinical measures of the visit."),
    Section(
        "overrides",
        "Scan (fills in or replaces what the header says)",
        Overrides,
        "overrides",
        "Acquisition quantities the header lacks or has wrong.",
    ),
    Section("options", "Method", Options, "options", "Choices of method."),
)
"""In the order of the document."""


@dataclass(frozen=True, slots=True)
class Declared:
    """One attribute of a noun with its declaration."""

    name: str
    said: Said
    noun: type[object] | None
    """The noun that it holds; None for a plain value."""
    is_required: bool
    """Whether the noun requires it."""


@dataclass(frozen=True, slots=True)
class RequestField:
    """One plain value of a request."""

    path: tuple[str, ...]
    """Path in the document."""
    section: Section
    said: Said

    @property
    def name(self) -> str:
        """Its own name."""
        return self.path[-1]

    @property
    def column(self) -> str:
        """Its name in flat lists of fields, as in a manifest."""
        return self.said.column or self.name

    @property
    def option(self) -> str:
        """Its name on the command line, with underscores."""
        return self.said.option or self.column


def declared(noun: type[object]) -> tuple[Declared, ...]:
    """The attributes of a noun that a request may give."""
    return _declared(noun)  # type: ignore[arg-type]  # classes are hashable


@cache
def _declared(noun: Hashable) -> tuple[Declared, ...]:
    found = []
    hints = get_type_hints(noun, include_extras=True)
    for item in fields(noun):  # type: ignore[arg-type]  # every noun is a dataclass
        hint = hints[item.name]
        if get_origin(hint) is Annotated:
            kind, said = get_args(hint)
            is_required = item.default is MISSING and item.default_factory is MISSING
            found.append(Declared(item.name, said, _noun(kind), is_required))
    return tuple(found)


def _noun(kind: Any) -> type[object] | None:
    """The noun among the alternatives of a type."""
    return next((item for item in (kind, *get_args(kind)) if isinstance(item, type) and is_dataclass(item)), None)


def _plain(section: Section, noun: type[object], path: tuple[str, ...]) -> Iterator[RequestField]:
    for item in declared(noun):
        place = (*path, item.name)
        if item.noun is None:
            yield RequestField(place, section, item.said)
        else:
            yield from _plain(section, item.noun, place)


FIELDS: tuple[RequestField, ...] = tuple(
    field for section in SECTIONS for field in _plain(section, section.noun, section.path)
)
"""Every plain value that a request may give."""
BY_PATH = {field.path: field for field in FIELDS}


def put(document: Document, path: tuple[str, ...], value: Any) -> None:
    """Write a value at its path in a document."""
    *steps, last = path
    for step in steps:
        document = document.setdefault(step, {})
    document[last] = value


def words_of(text: str) -> list[str]:
    """The values of a field with several, from one text that separates them by semicolons or commas."""
    return [word.strip() for word in re.split("[;,]", text) if word.strip()]


def checked(field: RequestField, value: Any) -> float | str | tuple[str, ...]:
    """The validated value of a field.

    Raises
    ------
    ImplausibleParameter
        When it is of another kind, out of its limits or a pseudonym that looks like an identity. The message does not
        repeat a pseudonym.
    """
    said = field.said
    try:
        if said.most > 1:
            return _words(field, value)
        return _number(said, value) if said.kind == "number" else _word(field, value)
    except ValueError as error:
        shown = "" if said.kind == "pseudonym" else f" = {value!r}"
        raise ImplausibleParameter(f"{field.column}{shown} {error}.", parameter=field.name) from None


def _number(said: Said, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or isinstance(value, bool):
        raise ValueError("is not a number")
    too_low = (said.low is not None and number < said.low) or (said.above is not None and number <= said.above)
    if too_low or (said.high is not None and number > said.high):
        lowest = f"{said.low:g}" if said.above is None else f"more than {said.above:g}"
        raise ValueError(f"is not from {lowest} to {said.high:g}")
    return number


def _words(field: RequestField, values: Any) -> tuple[str, ...]:
    if not isinstance(values, list | tuple):
        raise ValueError("is not a list")
    if len(values) > field.said.most or len({*map(str, values)}) < len(values):
        raise ValueError(f"is not a list of {field.said.most} different words at most")
    return tuple(_word(field, value) for value in values)


def _word(field: RequestField, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("is not text")
    if field.said.kind == "pseudonym":
        return check_pseudonym(value)
    if field.said.choices and value not in field.said.choices:
        raise ValueError(f"is not one of {', '.join(field.said.choices)}")
    pattern = {"region": REGION, "name": NAME}.get(field.said.kind)
    if pattern is not None and not re.fullmatch(pattern, value):
        raise ValueError("has characters that no name has, or too many")
    return value


def check_said(noun: Any) -> None:
    """Refuse a noun with a value that a request may not give.

    Raises
    ------
    ImplausibleParameter
        As ``checked``.
    """
    section = next(section for section in SECTIONS if isinstance(noun, section.noun))
    for item in declared(section.noun):
        value = getattr(noun, item.name)
        if value is not None and item.noun is None:
            checked(BY_PATH[(*section.path, item.name)], value)


def request_of(document: Mapping[str, Any]) -> Request:
    """The request of a document; other contents of the document are ignored.

    Raises
    ------
    ImplausibleParameter
        When a value is impossible, or one of several that belong together is missing.
    """
    subject, visit, clinical, overrides, options = (_of_section(section, document) for section in SECTIONS)
    return Request(
        subject=Subject(**subject),
        visit=PersonVisit(**visit),
        clinical=ClinicalMeasures(**clinical),
        options=Options(**options, overrides=Overrides(**overrides)),
    )


def _of_section(section: Section, document: Mapping[str, Any]) -> dict[str, Any]:
    place = document if section.key is None else document.get(section.key) or {}
    return _given(section.noun, place, section.path)


def _given(noun: type[object], place: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """The attributes of a noun that a part of a document gives."""
    given: dict[str, Any] = {}
    for item in declared(noun):
        value = place.get(item.name)
        if value is None:
            continue
        where = (*path, item.name)
        given[item.name] = checked(BY_PATH[where], value) if item.noun is None else _whole(item.noun, value, where)
    return given


def _whole(noun: type[object], place: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """A noun with all its parts given."""
    given = _given(noun, place, path)
    names = [item.name for item in declared(noun)]
    if set(given) != set(names):
        raise ImplausibleParameter(
            f"{path[-1]} needs all of {', '.join(names)}; {', '.join(n for n in names if n not in given)} is missing.",
            parameter=path[-1],
        )
    return noun(**given)
