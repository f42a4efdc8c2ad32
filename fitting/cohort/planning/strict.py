"""Tables of a plan as dataclasses: every key is known, every value has its kind, else the plan is refused."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from difflib import get_close_matches
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from fitting.errors import UnusablePlan

Noun = TypeVar("Noun")


def parsed(noun: type[Noun], table: Mapping[str, Any], where: str) -> Noun:
    """A dataclass from a table of a plan.

    Parameters
    ----------
    noun : dataclass
        Its attributes are the keys; annotations give the kinds.
    table : mapping
    where : str
        Name of the table for the message.

    Raises
    ------
    UnusablePlan
        When a key is unknown or missing, or a value has another kind.
    """
    if not isinstance(table, Mapping):
        raise UnusablePlan(f"{where}: this must be a table of keys and values.")
    known = {_key(item): item for item in fields(noun)}  # type: ignore[arg-type]  # every noun is a dataclass
    for key in table:
        if key not in known:
            raise UnusablePlan(
                f"{where}: there is no key '{key}'{_meant(key, known)}; the keys are {', '.join(known)}."
            )
    hints = get_type_hints(noun)
    given: dict[str, Any] = {}
    for key, item in known.items():
        if key in table:
            given[item.name] = _value(hints[item.name], table[key], f"{where}: {key}")
        elif item.default is MISSING and item.default_factory is MISSING:
            raise UnusablePlan(f"{where}: the key '{key}' is missing.")
    return noun(**given)


def _key(item: Field[Any]) -> str:
    return str(item.metadata.get("key", item.name))


def _meant(key: str, known: Mapping[str, Any]) -> str:
    close = get_close_matches(key, known, n=1, cutoff=0.7)
    return f", is '{close[0]}' meant?" if close else ""


def _value(kind: Any, value: Any, where: str) -> Any:
    origin = get_origin(kind)
    if origin in (types.UnionType, Union):
        return _alternative(get_args(kind), value, where)
    if origin is Literal:
        if value not in get_args(kind):
            raise UnusablePlan(f"{where} = {value!r} is not one of {', '.join(map(repr, get_args(kind)))}.")
        return value
    if origin is tuple:
        return _list(get_args(kind), value, where)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            raise UnusablePlan(f"{where} must be a table.")
        return {str(key): _value(get_args(kind)[1], item, f"{where}.{key}") for key, item in value.items()}
    if is_dataclass(kind) and isinstance(kind, type):
        return parsed(kind, value, where)
    return _plain(kind, value, where)


def _alternative(kinds: Sequence[Any], value: Any, where: str) -> Any:
    problem = UnusablePlan(f"{where} = {value!r} cannot be used.")
    for kind in kinds:
        if kind is type(None):
            continue
        try:
            return _value(kind, value, where)
        except UnusablePlan as error:
            problem = error
    raise problem


def _list(kinds: Sequence[Any], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise UnusablePlan(f"{where} must be a list in square brackets.")
    if kinds[-1] is Ellipsis:
        return tuple(_value(kinds[0], item, f"{where}[{index}]") for index, item in enumerate(value))
    if len(value) != len(kinds):
        raise UnusablePlan(f"{where} must have {len(kinds)} entries.")
    return tuple(
        _value(kind, item, f"{where}[{index}]") for index, (kind, item) in enumerate(zip(kinds, value, strict=True))
    )


def _plain(kind: Any, value: Any, where: str) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is float and is_number:
        return float(value)
    if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    words = {str: "a text in quotes", int: "a whole number", float: "a number", bool: "true or false"}
    raise UnusablePlan(f"{where} = {value!r} must be {words.get(kind, kind.__name__)}.")
