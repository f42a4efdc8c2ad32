"""How many people lie outside the cohort's own reference group: counts, never a statement about one person.

The score of a person against n others is t of (value - mean)/(sd √(1 + 1/n)) with n - 1 degrees of freedom
(Crawford and Howell 1998, doi:10.1076/clin.12.4.482.7241); people of the reference group are compared with the
others of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy import special

from fitting.cohort.cohort import Cohort
from fitting.cohort.findings import Item
from fitting.cohort.sample import Sample
from fitting.units import FloatArray

FEWEST = 8
"""People of the reference group, as for a norm."""
TAIL = 0.025
"""Share of the reference group beyond each limit."""


def single_cases(cohort: Cohort) -> list[Item]:
    """Counts beyond both limits of each metabolite that ``levels`` compares; none without enough detected values."""
    settings = cohort.plan.sections.get("levels", ())
    if not settings:
        return []
    asked = settings[0]
    items: list[Item] = []
    for place in cohort.places(asked.regions, asked.hemispheres):
        for metabolite in cohort.metabolites(place, asked.metabolites):
            sample = cohort.sample(place, metabolite)
            if isinstance(sample, Sample) and np.all(sample.detected):
                items += _counted(cohort, sample)
    return items


def _counted(cohort: Cohort, sample: Sample) -> Iterator[Item]:
    reference = sample.value[sample.in_group(cohort.reference or "")]
    if reference.size < FEWEST or np.ptp(reference) == 0.0:
        return
    own = np.array([_shares(np.delete(reference, k), reference[k : k + 1])[0] for k in range(reference.size)])
    for other in cohort.others:
        values = sample.value[sample.in_group(other)]
        if not values.size:
            continue
        shares = _shares(reference, values)
        below, above = int(np.sum(shares < TAIL)), int(np.sum(shares > 1.0 - TAIL))
        item: Item = {
            **sample.item(),
            **({"group": other} if len(cohort.others) > 1 else {}),
            "n_reference": int(reference.size),
            "n_other": int(values.size),
            "below_reference": int(np.sum(own < TAIL)),
            "above_reference": int(np.sum(own > 1.0 - TAIL)),
            "below_other": below,
            "above_other": above,
            "expected_other": TAIL * values.size,
            "p_below": at_least(below, int(values.size)),
            "p_above": at_least(above, int(values.size)),
        }
        yield {**item, "sentence": _sentence(item, sample.words, other, cohort.reference or "")}


def _shares(reference: FloatArray, values: FloatArray) -> FloatArray:
    """Share of people like the reference group below each value."""
    count = reference.size
    spread = float(reference.std(ddof=1)) * math.sqrt(1.0 + 1.0 / count)
    shares: FloatArray = special.stdtr(count - 1.0, (values - reference.mean()) / spread)
    return shares


def at_least(count: int, people: int) -> float:
    """Probability of this count or more among people like the reference group (binomial)."""
    return 1.0 if count == 0 else float(special.bdtrc(count - 1, people, TAIL))


def _sentence(item: Item, words: str, other: str, reference: str) -> str:
    return (
        f"{words}: {item['below_other']} of {item['n_other']} of {other} and {item['below_reference']} of "
        f"{item['n_reference']} of {reference} lie below the 2.5th percentile of the cohort's own {reference}, "
        f"{item['above_other']} and {item['above_reference']} above the 97.5th "
        f"({item['expected_other']:.1f} of {other} expected in each by chance). "
        "These are counts and say nothing about one person."
    )
