"""Rules that give a scan its region by a pattern, as sites write them once for all scans: ``[[region]]`` in TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fitting.errors import FittingError, UnusableTable
from fitting.request import Document
from fitting.run.check import check_document

FIELDS = ("region", "hemisphere", "sequence")
"""What a rule may say; the sequence replaces that of the header."""


@dataclass(frozen=True, slots=True)
class RegionRule:
    """What is said of every scan whose text the pattern is found in."""

    pattern: re.Pattern[str]
    document: Document


def read_rules(path: Path) -> tuple[RegionRule, ...]:
    """The rules of a file, in their order; its other tables, as a gateway's configuration has them, are not read.

    Raises
    ------
    UnusableTable
        When it cannot be read, is no TOML, or has a rule that can never apply; the message names file and rule.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _unusable(path, f"cannot be opened: {error.strerror or 'input/output error'}; check the path") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _unusable(path, f"is not TOML ({error})") from error
    return rules_of(content.get("region"), path)


def rules_of(tables: Any, path: Path) -> tuple[RegionRule, ...]:
    """The rules of the tables ``[[region]]`` of a configuration that was read from ``path``.

    Raises
    ------
    UnusableTable
        As ``read_rules``.
    """
    if not isinstance(tables, list) or not tables:
        raise _unusable(path, "has no [[region]]; give at least one, with pattern and region")
    return tuple(_rule(table, number, path) for number, table in enumerate(tables, start=1))


def said_of(rules: Sequence[RegionRule], texts: Iterable[str | None]) -> Document:
    """What the first rule says that is found in the first text where any is; nothing when none is."""
    for text in texts:
        for rule in rules:
            if text and rule.pattern.search(text):
                return rule.document
    return {}


def _rule(table: Any, number: int, path: Path) -> RegionRule:
    where = f"[[region]] number {number}"
    if not isinstance(table, Mapping) or not isinstance(table.get("pattern"), str) or not table["pattern"]:
        raise _unusable(path, f"{where} has no pattern, a regular expression")
    said = {name: value for name, value in table.items() if name != "pattern"}
    unknown = sorted(said.keys() - set(FIELDS))
    if unknown or not said:
        raise _unusable(path, f"{where} has {', '.join(unknown) or 'no region'}; it may have {', '.join(FIELDS)}")
    try:
        pattern = re.compile(table["pattern"])
    except re.error as error:
        raise _unusable(path, f"{where} has a pattern that is no regular expression: {error}") from error
    sequence = said.pop("sequence", None)
    document: Document = {**said, **({} if sequence is None else {"overrides": {"sequence": sequence}})}
    try:
        check_document(document)
    except FittingError as error:
        raise _unusable(path, f"{where}: {error.detail.rstrip('.')}") from error
    return RegionRule(pattern, document)


def _unusable(path: Path, what: str) -> UnusableTable:
    return UnusableTable(f"{path.name}: {what}.", file=path.name)
