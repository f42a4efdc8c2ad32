"""Findings of chronic back-pain studies: context for a region and metabolite, never a diagnosis."""

from __future__ import annotations

import csv
from functools import lru_cache
from importlib.resources import files

from fitting.norms.assessment import Finding


@lru_cache(maxsize=1)
def findings() -> tuple[Finding, ...]:
    """All findings, including those rejected after reading the originals, which are marked."""
    text = files("fitting").joinpath("data/evidence_cbp.csv").read_text(encoding="utf-8")
    return tuple(_finding(row) for row in csv.DictReader(text.splitlines()))


def evidence(region: str, metabolites: frozenset[str]) -> tuple[Finding, ...]:
    """Findings for a region's canonical name and any of the metabolites, in the order of publication."""
    return tuple(item for item in findings() if item.region == region and item.metabolite in metabolites)


def _finding(row: dict[str, str]) -> Finding:
    side = {"left": "left hemisphere", "right": "right hemisphere"}.get(row["hemisphere"], "")
    size = f"{row['n_patients']} patients, {row['n_controls']} controls" if row["n_controls"] else ""
    return Finding(
        region=row["region"],
        metabolite=row["metabolite"],
        direction=row["direction"],
        study=row["study"],
        doi=row["doi"] or row["reference"],
        status=row["status"],
        note="; ".join(part for part in (side, size, row["note"]) if part),
    )
