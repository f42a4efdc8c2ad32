"""The report of a scale run, as a page."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

MOST = 3.0
"""Aim: how many times as long lists and timelines may take as in the smallest database."""
_LISTS = ("list", "timeline", "`GET /v1/analyses", "`GET /v1/subjects", "`GET /subjects", "`GET /`", "`GET /?sort")
_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}

_HEAD = """# Scale

`make scale` writes this page. Databases are filled directly with finished analyses of several years: twenty of each
person, six regions, two projects, three verdicts, each with a result of 6 kB, its files, events and rows of the audit
log, and one in three signed. Each figure is the lower quartile of 41 calls, which depends less than the median on
what else the machine does; a page has 20 rows, a deep one begins in the middle of the list. The first ones are calls
of the storage, those with an address go through the whole service in one process. Statistics are left to the
databases: SQLite makes none, PostgreSQL makes its own. A list that is sorted by another column than time reads the
newest 500 analyses that match, so it grows until so many match. The aim is that lists and timelines take at most 3
times as long as in the smallest database, and the rest the same.

What holds it is tested with each change (`tests/conformance/test_many_analyses.py`): each list, whatever it is
narrowed to, reads a few instructions (SQLite) or blocks (PostgreSQL) for each row that it shows.

"""


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of everything that is asked, in one database at one size."""

    database: str
    rows: int
    seconds: dict[str, float]
    fill_seconds: float
    index_seconds: float
    """For making all indexes of the lists at once, as an upgrade does."""
    bytes_each: float
    """Of the database, for each analysis."""


def page(found: Sequence[Measured]) -> str:
    """What was measured, and where; one table for each kind of database."""
    where = f"Measured on {os.cpu_count() or 1} cores ({platform.machine()}).\n"
    groups = groupby(found, key=lambda measured: measured.database)
    return _HEAD + where + "".join(_section(name, list(sizes)) for name, sizes in groups)


def _section(name: str, sizes: list[Measured]) -> str:
    smallest, *larger = sizes
    head = ["", f"{_number(smallest.rows)} analyses", *(f"{_number(one.rows)} | ratio" for one in larger)]
    lines = [head, ["---"] * (1 + len(sizes) + len(larger))]
    for call, first in smallest.seconds.items():
        cells = [f"{_ms(one.seconds[call])} | {one.seconds[call] / first:.1f}" for one in larger]
        lines.append([call, _ms(first), *cells])
    table = "".join("| " + " | ".join(line) + " |\n" for line in lines)
    return f"\n## {_NAMES[name]}\n\n{table}\n{_summary(smallest, larger)}{_upgrade(sizes)}"


def _summary(smallest: Measured, larger: list[Measured]) -> str:
    ratios = {(call, one.rows): one.seconds[call] / first for call, first in smallest.seconds.items() for one in larger}
    lists = {key: ratio for key, ratio in ratios.items() if key[0].startswith(_LISTS)}
    sentences = []
    for what, group in (("lists and timelines", lists), ("the rest", {k: ratios[k] for k in ratios.keys() - lists})):
        if group:
            call, rows = max(group, key=lambda key: group[key])
            sentences.append(f"Largest ratio of {what}: {group[call, rows]:.1f} ({call}, {_number(rows)} analyses).")
    missed = sum(ratio > MOST for ratio in lists.values())
    aim = "All lists and timelines keep the aim." if not missed else f"**{missed} do not keep the aim of {MOST:g}.**"
    return " ".join([*sentences, aim]) + "\n" if larger else ""


def _upgrade(sizes: list[Measured]) -> str:
    made = ", ".join(f"{one.index_seconds:.1f} s with {_number(one.rows)}" for one in sizes)
    each = f"{sizes[-1].bytes_each / 1000:.1f} kB"
    return (
        f"\nAn upgrade from a version without the indexes of the lists makes them once: {made}. "
        f"The database takes {each} for each analysis.\n"
    )


def _number(value: int) -> str:
    return f"{value:,}".replace(",", " ")


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.2f} ms"
