"""Scanners whose macromolecules are a published template as it is: learning them must cost little there."""

from __future__ import annotations

from pathlib import Path

from fitting.basis.macromolecule_templates import template
from tests.measure.benchmarks.simulated import QUALITIES, Quality, simulated_set
from tests.measure.benchmarks.text import number, table
from tests.measure.families import GOOD, TYPICAL, of_person
from tests.measure.prepared import Cell, Prepared, cells, g5, prepared, taught

TEMPLATE = "lcmodel"
SPECTRA = ((GOOD, 12), (TYPICAL, 19))
SEEDS = (0, 1)
"""Added to the seed of the families, one for each scanner."""


def home_table(seed: int, cache: Path) -> list[str]:
    """Errors with published and learned macromolecules where those of LCModel are the truth."""
    rows = []
    for scanner in SEEDS:
        good, typical = (_spectra(quality, count, seed + scanner, cache) for quality, count in SPECTRA)
        learned = taught(typical)
        if learned is None:
            raise ValueError("no spectrum can teach")
        for (quality, _), spectra, alone in zip(SPECTRA, (good, typical), (False, True), strict=True):
            before = cells(spectra, [item.plain for item in spectra])
            after = cells(
                spectra,
                [
                    item.with_background(learned.without(item.name) if alone else learned.background)[0]
                    for item in spectra
                ],
            )
            rows.append(
                (
                    str(scanner + 1),
                    quality.name,
                    *(text for found in (before, after) for text in (number(g5(found), 1), _held(found))),
                    number(g5(after) / g5(before), 2),
                )
            )
    return table(("scanner", "quality", "published g5", "95 %", "learned g5", "95 %", "ratio"), rows)


def _spectra(quality: Quality, count: int, seed: int, cache: Path) -> list[Prepared]:
    known = simulated_set(
        quality, (seed, QUALITIES.index(quality)), count, lambda _, rng: of_person(template(TEMPLATE), rng)
    )
    truths = {name: {key: value.ratio for key, value in truth.items()} for name, truth in known.truths.items()}
    return prepared(known.jobs["simulated basis"], truths, cache)


def _held(found: dict[str, Cell]) -> str:
    shares = [cell.within for cell in found.values()]
    return f"{sum(shares) / len(shares):.0f}, worst {min(shares):.0f}"
