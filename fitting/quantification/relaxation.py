"""Relaxation times of water and metabolites by tissue and field: the shipped table and a user's own rows."""

from __future__ import annotations

import csv
import hashlib
import math
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from fitting.errors import UnusableTable
from fitting.quantification.tissue import TISSUES
from fitting.quantification.totals import totals

COLUMNS = ("species", "tissue", "field_t", "t1", "t2")
ANY_METABOLITE = "metabolite"
ANY_TISSUE = "*"

FIELD_TOLERANCE = 0.10
"""Relaxation times of a field this close (relative) may stand for the spectrum's field."""

PLAUSIBLE_T1 = (0.1, 10.0)
PLAUSIBLE_T2 = (0.005, 5.0)
"""Plausible range, s; values outside are milliseconds or typing errors."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """Relaxation times (s) of one species in one tissue at one field (T)."""

    species: str
    """``water``, a metabolite, a sum (for all its members) or ``metabolite`` (for all)."""
    tissue: str
    """``GM``, ``WM``, ``CSF`` or ``*`` (any)."""
    field_t: float
    t1: float
    t2: float

    def attenuation(self, echo_time: float, repetition_time: float) -> float:
        """Signal that is left, R = exp(−TE/T2) (1 − exp(−TR/T1)) (Gasparovic et al. 2006, doi:10.1002/mrm.20901)."""
        return math.exp(-echo_time / self.t2) * -math.expm1(-repetition_time / self.t1)


@dataclass(frozen=True, slots=True)
class RelaxationTable:
    """Layers of rows, most binding first; a row of an earlier layer wins over any of a later one."""

    layers: tuple[tuple[Relaxation, ...], ...]
    description: str
    """The tables, with a content hash of those supplied; for provenance."""

    def find(self, species: str, tissue: str, field_t: float) -> Relaxation | None:
        """The most specific row: by layer, then species (own name, its sum, ``metabolite``), tissue, nearest field.

        Parameters
        ----------
        species : str
            ``water`` or a metabolite.
        tissue : str
            ``GM``, ``WM`` or ``CSF``.
        field_t : float
            Nominal field, T. Rows more than 10 % away do not apply.

        Returns
        -------
        Relaxation or None
            None when no row applies.
        """
        sums = [total for total, members in totals().items() if species in members]
        names = [species] if species == "water" else [species, *sums, ANY_METABOLITE]
        for layer in self.layers:
            for name in names:
                for place in (tissue, ANY_TISSUE):
                    rows = [
                        row
                        for row in layer
                        if row.species == name
                        and row.tissue == place
                        and abs(row.field_t - field_t) <= FIELD_TOLERANCE * field_t
                    ]
                    if rows:
                        return min(rows, key=lambda row: abs(row.field_t - field_t))
        return None


def relaxation_table(override: bytes | None = None) -> RelaxationTable:
    """The shipped relaxation times, with a user's rows in front of them.

    Because the user's rows are a layer of their own, ``metabolite,*,3,1.35,0.2`` means *all* metabolites
    at 3 T, also those for which the shipped table has rows of their own.

    Parameters
    ----------
    override : bytes, optional
        CSV ``species,tissue,field_t,t1,t2`` in tesla and seconds; further columns are ignored.

    Raises
    ------
    UnusableTable
        When the CSV cannot be read; names the line and the fault.
    """
    if override is None:
        return RelaxationTable((_shipped(),), "shipped")
    digest = hashlib.sha256(override).hexdigest()[:12]
    return RelaxationTable((read_relaxation(override), _shipped()), f"supplied sha256:{digest}, then shipped")


@lru_cache(maxsize=1)
def _shipped() -> tuple[Relaxation, ...]:
    return read_relaxation(files("fitting").joinpath("data/relaxation.csv").read_bytes())


def read_relaxation(content: bytes) -> tuple[Relaxation, ...]:
    """Rows of a relaxation CSV.

    Raises
    ------
    UnusableTable
        When a column or value is missing, no number, implausible, or a row occurs twice.
    """
    try:
        reader = csv.DictReader(content.decode("utf-8-sig").splitlines(), skipinitialspace=True)
        rows = [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnusableTable("The relaxation table is not a CSV text in UTF-8.") from error
    lacking = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if lacking:
        raise UnusableTable(
            f"The relaxation table lacks the columns {', '.join(lacking)}; its header must hold {','.join(COLUMNS)}."
        )
    if not rows:
        raise UnusableTable("The relaxation table holds no rows.")
    table: dict[tuple[str, str, float], Relaxation] = {}
    for line, row in rows:
        entry = _entry(row, line)
        key = (entry.species, entry.tissue, entry.field_t)
        if key in table:
            raise UnusableTable(f"Line {line} of the relaxation table repeats {key}.", line=line)
        table[key] = entry
    return tuple(table.values())


def _entry(row: dict[str, str | None], line: int) -> Relaxation:
    species, tissue = ((row[name] or "").strip() for name in ("species", "tissue"))
    if not species or tissue not in (*TISSUES, ANY_TISSUE):
        raise UnusableTable(
            f"Line {line} of the relaxation table needs a species and a tissue among GM, WM, CSF and *.", line=line
        )
    return Relaxation(
        species,
        tissue,
        _number(row, "field_t", (0.1, 25.0), line),
        _number(row, "t1", PLAUSIBLE_T1, line),
        _number(row, "t2", PLAUSIBLE_T2, line),
    )


def _number(row: dict[str, str | None], name: str, plausible: tuple[float, float], line: int) -> float:
    text = (row[name] or "").strip()
    try:
        value = float(text)
    except ValueError as error:
        raise UnusableTable(
            f"Line {line} of the relaxation table: {name} = '{text}' is no number.", line=line
        ) from error
    low, high = plausible
    if not low <= value <= high:
        raise UnusableTable(
            f"Line {line} of the relaxation table: {name} = {value:g} is outside {low:g} to {high:g}; "
            "times are in seconds, fields in tesla.",
            line=line,
        )
    return value
