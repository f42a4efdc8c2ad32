"""Read a JSON document into dataclasses by their annotations, strictly: each fault is named with its place."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

Noun = TypeVar("Noun")


class WrongMember(ValueError):
    """A member of a document is missing, unknown or of another kind; the message names its place."""


def noun_of(kind: type[Noun], value: Any, place: str = "") -> Noun:
    """The noun of a JSON object.

    A member that may be null may be absent; every other one must be there, and no others may be.

    Raises
    ------
    WrongMember
    """
    if not isinstance(value, Mapping):
        raise WrongMember(f"{place or 'the document'} is no object")
    hints = _hints(kind)  # type: ignore[arg-type]  # classes are hashable
    unknown = sorted(set(value) - set(hints))
    if unknown:
        raise WrongMember(f"{_at(place, unknown[0])} is not a known member")
    given = {}
    for name, hint in hints.items():
        if name not in value and NoneType not in get_args(hint):
            raise WrongMember(f"{_at(place, name)} is missing")
        given[name] = _read(hint, value.get(name), _at(place, name))
    return kind(**given)


@cache
def _hints(kind: Hashable) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {item.name: hints[item.name] for item in fields(kind)}  # type: ignore[arg-type]  # every noun is a dataclass


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _read(hint: Any, value: Any, place: str) -> Any:
    origin, parts = get_origin(hint), get_args(hint)
    if origin is UnionType or NoneType in parts:
        if value is None:
            return None
        return _read(next(part for part in parts if part is not NoneType), value, place)
    if is_dataclass(hint) and isinstance(hint, type):
        return noun_of(hint, value, place)
    if origin is tuple:
        return _sequence(parts, value, place)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(parts, value, place)
    return _plain(hint, parts, value, place)


def _sequence(parts: tuple[Any, ...], value: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise WrongMember(f"{place} is no list")
    is_open = len(parts) == 2 and parts[1] is Ellipsis
    if not is_open and len(value) != len(parts):
        raise WrongMember(f"{place} does not hold {len(parts)} items")
    kinds = [parts[0]] * len(value) if is_open else parts
    return tuple(
        _read(kind, item, f"{place}[{number}]") for number, (kind, item) in enumerate(zip(kinds, value, strict=True))
    )


def _mapping(parts: tuple[Any, ...], value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise WrongMember(f"{place} is no object")
    return {str(name): _read(parts[1], item, _at(place, str(name))) for name, item in value.items()}


def _plain(hint: Any, parts: tuple[Any, ...], value: Any, place: str) -> Any:
    if hint is Any:
        return value
    if get_origin(hint) is Literal:
        if value not in parts:
            raise WrongMember(f"{place} is not one of {', '.join(str(part) for part in parts)}")
        return value
    if hint is bool and isinstance(value, bool):
        return value
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    if hint is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if hint is str and isinstance(value, str):
        return value
    raise WrongMember(f"{place} is no {'number' if hint in (int, float) else getattr(hint, '__name__', 'value')}")
