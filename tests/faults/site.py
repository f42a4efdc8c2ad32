"""A calibrated scanner for the clean scans: eight other people with the same macromolecules taught it."""

from __future__ import annotations

import json
from functools import cache

import numpy as np

from fitting.basis.macromolecule_templates import Template, templates
from fitting.io import SourceFile
from fitting.run.learning import Learned, learn, spectrum_evidence
from tests.measure.benchmarks.simulated import QUALITIES, SEED, around, drawn, simulated_set
from tests.measure.families import GOOD, of_person

PEOPLE = 8


@cache
def learned_for(quality: str) -> SourceFile:
    """The background of the scanner that made ``clean_scan(quality)``, as a file of macromolecules."""
    number = [each.name for each in QUALITIES].index(quality)
    common = _macromolecules(number)
    people = simulated_set(GOOD, (SEED, len(QUALITIES), number), PEOPLE, lambda _, rng: of_person(common, rng))
    found = learn(list(people.jobs["simulated basis"].items()), lambda pair: spectrum_evidence(*pair))
    assert isinstance(found, Learned)
    return SourceFile("background.json", json.dumps(found.background.to_document()).encode())


def _macromolecules(number: int) -> Template:
    """Those that were drawn for the first spectrum of a set, beside its contents and nuisances."""
    made: list[Template] = []

    def remembered(rng: np.random.Generator) -> Template:
        made.append(around(next(iter(templates().values())), rng))
        return made[0]

    drawn(QUALITIES[number], (SEED, number, 0), remembered)
    return made[0]
