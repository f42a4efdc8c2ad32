"""Audit of tables before anything is fitted to them: one vector of values that stands for several people or places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from itertools import combinations
from typing import TypeVar

from fitting.norms.study_rows import StudyRow

Key = TypeVar("Key", bound=Hashable)

FEWEST = 2
"""Values that must agree: one alone may be equal by rounding."""


def repeated_vectors(records: Mapping[Key, Mapping[str, float]]) -> list[tuple[Key, Key]]:
    """Pairs of records that agree in every value both have, two or more: duplicates, or a constant for several places.

    Ten records of one published data set hold one constant vector in every voxel and were once taken for people.

    Parameters
    ----------
    records : mapping of key to mapping of str to float
        Values by name of each record, a person in a place or a group of a study.
    """
    by_value: dict[tuple[str, float], list[Key]] = defaultdict(list)
    for key, values in records.items():
        for name, value in values.items():
            by_value[name, value].append(key)
    suspects = dict.fromkeys(pair for keys in by_value.values() for pair in combinations(keys, 2))
    return [pair for pair in suspects if _agree(records[pair[0]], records[pair[1]])]


def _agree(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    common = [name for name in one if name in other]
    return len(common) >= FEWEST and all(one[name] == other[name] for name in common)


def repeated_rows(rows: Iterable[StudyRow]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Groups and places of study rows whose means, SDs and numbers agree in two metabolites or more."""
    records: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for row in rows:
        place = (row.study, row.region, row.subregion, row.hemisphere, row.group, f"{row.field_t} {row.unit}")
        records[place][row.metabolite] = row.mean
    return repeated_vectors(records)
