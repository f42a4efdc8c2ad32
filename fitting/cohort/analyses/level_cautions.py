"""Cautions about group differences: one person decides, weights disagree, errors are bounds, few people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fitting.cohort.findings import Caution, Item
from fitting.cohort.sample import Sample
from fitting.statistics.study_power import exaggeration, power_of

FEW = 20
"""People in a group below which exaggeration is stated."""
TYPICAL_PERCENT = 5.0
"""A true difference that is taken as an example, per cent."""


def level_cautions(answers: Sequence[tuple[Item, Sample]], alpha: float) -> list[Caution]:
    """Cautions about the items of the primary model."""
    shown = [(item, sample) for item, sample in answers if "difference" in item]
    cautions = _of_items(shown, alpha)
    if any(sample.sd_is_bound for _, sample in shown):
        cautions.append(
            Caution(
                "stated-errors-are-bounds",
                "Errors of some values are Cramér–Rao bounds, which real errors exceed; reliability is an upper bound.",
            )
        )
    few = [(item, sample) for item, sample in shown if min(item["n_reference"], item["n_other"]) < FEW]
    if few:
        cautions.append(Caution("very-small", _exaggerated([item for item, _ in few])))
    return cautions


def _of_items(shown: Sequence[tuple[Item, Sample]], alpha: float) -> list[Caution]:
    cautions = []
    for item, sample in shown:
        if item["influence"]["decisive"]:
            cautions.append(
                Caution(
                    "one-person-decides",
                    f"{sample.words}: p crosses {alpha:g} when one person is left out.",
                    sample.words,
                )
            )
        p = item.get("weighted", {}).get("p")
        if p is not None and (p < alpha) != (item["p"] < alpha):
            cautions.append(
                Caution(
                    "weighted-disagrees",
                    f"{sample.words}: values weighted by their errors give another verdict than equal weights.",
                    sample.words,
                )
            )
    return cautions


def _exaggerated(items: Sequence[Item]) -> str:
    """What a true difference of 5 % would have looked like, of the item with the median relative standard error."""
    known = [item for item in items if item["adjusted_mean_reference"] > 0.0 and item["se"] > 0.0]
    if not known:
        return f"A group has fewer than {FEW} people; a difference that is found is likely exaggerated."
    shares = [item["se"] / item["adjusted_mean_reference"] for item in known]
    middle = known[int(np.argsort(shares)[len(shares) // 2])]
    shift = TYPICAL_PERCENT / 100.0 / (middle["se"] / middle["adjusted_mean_reference"])
    found, size = power_of(shift, middle["df"]), exaggeration(shift, middle["df"])
    return (
        f"A group has fewer than {FEW} people. A true {TYPICAL_PERCENT:.0f} % difference would have been found in "
        f"{100 * found:.0f} of 100 such studies; those would on average report {TYPICAL_PERCENT * size.ratio:.1f} %."
    )
