"""Repeatability as published: rows of a cited table, and the one that applies to a session."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal, cast, get_args

from fitting.errors import UnusableTable
from fitting.follow_up.repeatability import Repeatability
from fitting.norms.matching import LONGEST_ECHO_TIME
from fitting.norms.regions import NamedRegion
from fitting.reason import Absence
from fitting.statistics.within_person import c4

Design = Literal["between-days", "within-session", "repositioned", "other-sequence"]
"""``between-days`` rows give the variation between sessions, ``within-session`` ones the noise of spectra; the others
stand in the table to be seen and are not used."""
Statistic = Literal["mean-cv", "absolute-difference"]


@dataclass(frozen=True, slots=True)
class RepeatRow:
    """Variation between repeats of the same people in one study."""

    row: str
    study: str
    doi: str
    region: str
    subregion: str
    hemisphere: str
    metabolites: tuple[str, ...]
    field_t: float
    sequence: str
    people: int | None
    repeats: int
    design: Design
    cv: float
    """Within-person standard deviation over the mean, unbiased."""
    grade: str
    locator: str
    note: str


@lru_cache(maxsize=1)
def repeat_rows() -> tuple[RepeatRow, ...]:
    """All rows of ``data/repeatability.csv``."""
    return read_rows(files("fitting").joinpath("data/repeatability.csv").read_text(encoding="utf-8"))


def published_repeatability(
    metabolite: str, place: NamedRegion | None, hemisphere: str | None, field_t: float | None, echo_time: float | None
) -> Repeatability | Absence:
    """Published repeatability of a metabolite in a region, or the reason for its absence.

    Of several rows that apply, because part or side are not known, the one with the most scatter is taken.

    Parameters
    ----------
    metabolite : str
    place : Place or None
        Region, and part of it where it was named.
    hemisphere : str or None
    field_t : float or None
        Nominal field, T.
    echo_time : float or None
        s; the studies have short ones.
    """
    if place is None:
        return Absence("repeatability-region", "Without a known region it is not known how much repeats differ.")
    if echo_time is None or echo_time > LONGEST_ECHO_TIME:
        return Absence(
            "repeatability-echo-time",
            f"Published repeats have echo times up to {LONGEST_ECHO_TIME * 1e3:g} ms; own repeats can stand in.",
        )
    alike = [
        row
        for row in repeat_rows()
        if row.region == place.region.name and row.field_t == field_t and metabolite in row.metabolites
    ]
    part = "" if place.subregion is None else place.subregion.name
    days = [row for row in alike if row.design == "between-days" and _is_there(row, place, hemisphere)]
    if not days:
        where = place.region.name + (f" ({part})" if part else "")
        field = "a field that is not known" if field_t is None else f"{field_t:g} T"
        return Absence(
            "repeatability-missing",
            f"No study that could be read says how much {metabolite} in {where} differs between days at {field}; "
            "name people who were measured repeatedly here (repeats).",
        )
    row = max(days, key=lambda item: item.cv)
    noise = [item.cv for item in alike if item.design == "within-session"]
    return Repeatability(
        id=row.row,
        kind="published",
        cv=row.cv,
        noise=min(noise) if noise else None,
        df=float((row.people or 0) * (row.repeats - 1)),
        people=row.people or 0,
        grade=row.grade,
        source=f"{row.study}, doi:{row.doi}, {row.locator}",
        note=row.note,
    )


def _is_there(row: RepeatRow, place: NamedRegion, hemisphere: str | None) -> bool:
    part = place.subregion
    # a part with gaps of its own is unlike the rest of its region
    same_part = part is None or row.subregion == part.name or (not row.subregion and not part.gaps)
    same_side = not row.hemisphere or hemisphere not in {"left", "right"} or row.hemisphere == hemisphere
    return same_part and same_side


def read_rows(content: str) -> tuple[RepeatRow, ...]:
    """Rows of a table of repeats.

    Raises
    ------
    UnusableTable
        Naming the line, when a column is missing or a value is not what it must be.
    """
    reader = csv.DictReader(io.StringIO(content, newline=""))
    rows = []
    for entry in reader:
        try:
            rows.append(_row(entry))
        except (KeyError, TypeError, ValueError) as error:
            raise UnusableTable(
                f"Line {reader.line_num} of the table of repeats is unusable: {error}.", line=reader.line_num
            ) from error
    return tuple(rows)


def _row(entry: dict[str, str]) -> RepeatRow:
    repeats = int(entry["repeats"])
    if repeats < 2:
        raise ValueError(f"{repeats} repeats show no scatter")
    design = entry["design"]
    if design not in get_args(Design):
        raise ValueError(f"'{design}' is no design")
    return RepeatRow(
        row=entry["row"],
        study=entry["study"],
        doi=entry["doi"],
        region=entry["region"],
        subregion=entry["subregion"],
        hemisphere=entry["hemisphere"],
        metabolites=tuple(entry["metabolites"].split()),
        field_t=float(entry["field_t"]),
        sequence=entry["sequence"],
        people=int(entry["people"]) if entry["people"] else None,
        repeats=repeats,
        design=cast("Design", design),
        cv=_cv(entry["statistic"], float(entry["percent"]), entry["spread_percent"], repeats),
        grade=entry["grade"],
        locator=entry["locator"],
        note=entry["note"],
    )


def _cv(statistic: str, percent: float, spread_percent: str, repeats: int) -> float:
    """The within-person coefficient of variation that a printed statistic stands for.

    The mean of the people's own coefficients is divided by c₄. Of two repeats, the absolute difference in per cent
    of the mean with mean a and standard deviation b has the mean square a² + b² = 2 cv².
    """
    if percent <= 0.0:
        raise ValueError(f"{percent:g} % is no scatter")
    match statistic:
        case "mean-cv":
            return percent / 100.0 / c4(repeats)
        case "absolute-difference" if repeats == 2:
            return math.hypot(percent, float(spread_percent)) / math.sqrt(2.0) / 100.0
        case _:
            raise ValueError(f"'{statistic}' of {repeats} repeats is not known")
