"""Simulated scanners: the spectra of each share macromolecules that no fit knows, and people differ about them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from fitting.basis.macromolecule_templates import Template, templates
from tests.measure.benchmarks.known_sets import KnownSet
from tests.measure.benchmarks.simulated import QUALITIES, Quality, around, simulated_set

SEED = 20251130
PERSON_SPREAD = 0.15
"""Standard deviation of the logarithm of a line's area from person to person."""
GOOD, TYPICAL, POOR = QUALITIES[:3]


def table(family: int, seed: int = SEED) -> Template:
    """Macromolecules of one family: drawn around a publication, another one for each family in turn.

    Every second one is as far from it as publications are from each other, the others twice as far.
    """
    published = tuple(templates().values())
    return around(published[family % len(published)], np.random.default_rng((seed, family)), 1.0 + family % 2)


def scanner(family: int, quality: Quality, spectra: int, seed: int = SEED) -> KnownSet:
    """Spectra of one quality from a scanner with the macromolecules of a family."""
    known = simulated_set(
        quality,
        (seed, family, QUALITIES.index(quality)),
        spectra,
        lambda _, rng: of_person(table(family, seed), rng),
    )
    return replace(known, name=f"family {family + 1}, {quality.name}")


def of_person(common: Template, rng: np.random.Generator) -> Template:
    """The table of one person, whose lines have areas of their own."""
    peaks = tuple(
        replace(peak, amplitude=peak.amplitude * math.exp(PERSON_SPREAD * rng.standard_normal()))
        for peak in common.peaks
    )
    return replace(common, peaks=peaks)
