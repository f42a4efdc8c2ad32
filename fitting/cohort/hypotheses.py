"""Differences that the plan expected: Holm among themselves, printed first."""

from __future__ import annotations

from collections.abc import Sequence

from fitting.cohort.cohort import Cohort
from fitting.cohort.findings import Item
from fitting.cohort.planning.plan import Hypothesis
from fitting.cohort.tables.foreign_names import metabolite_of, place_of
from fitting.statistics.multiplicity import holm

FIELDS = ("difference", "low", "high", "p", "percent", "percent_low", "percent_high", "q")


def judged(cohort: Cohort, levels: Sequence[Item]) -> list[Item]:
    """The plan's hypotheses with their verdicts; one without a side covers every side."""
    primary = "adjusted" if any(item.get("model") == "adjusted" for item in levels) else "unadjusted"
    found: list[Item] = []
    for hypothesis in cohort.plan.common.hypotheses:
        hits = [item for item in levels if item.get("model") == primary and _is_about(hypothesis, item)]
        found += [_item(hypothesis, hit) for hit in hits] or [_item(hypothesis, None)]
    tested = [item for item in found if "p" in item]
    if tested:
        for item, p in zip(tested, holm([item["p"] for item in tested]), strict=True):
            item["p_holm"] = p
    for item in found:
        item["verdict"] = _verdict(item, cohort.plan.common.alpha)
    return found


def _is_about(hypothesis: Hypothesis, item: Item) -> bool:
    place = place_of(hypothesis.region, hypothesis.hemisphere)
    return (
        item.get("region") == place.region
        and (place.subregion is None or item.get("subregion") == place.subregion)
        and (place.hemisphere is None or item.get("hemisphere") == place.hemisphere)
        and item.get("metabolite") == metabolite_of(hypothesis.metabolite)
    )


def _item(hypothesis: Hypothesis, hit: Item | None) -> Item:
    base: Item = {
        "region": hypothesis.region,
        "hemisphere": hypothesis.hemisphere,
        "metabolite": hypothesis.metabolite,
        "direction": hypothesis.direction,
    }
    if hit is None:
        sentence = "No item of [levels] answers this hypothesis; name its region and metabolite there."
        return {**base, "refused": {"code": "not-asked", "sentence": sentence}}
    base |= {
        name: hit[name]
        for name in ("region", "hemisphere", "subregion", "metabolite", "unit", "model", "group")
        if name in hit
    }
    if "refused" in hit:
        return {**base, "refused": hit["refused"]}
    if "difference" not in hit and hit.get("censored"):
        return {**base, **{name: hit["censored"][name] for name in ("difference", "low", "high", "p")}}
    return {**base, **{name: hit[name] for name in FIELDS if name in hit}}


def _verdict(item: Item, alpha: float) -> str:
    if "p_holm" not in item:
        return "not tested"
    if item["p_holm"] >= alpha:
        return "not shown"
    direction = "lower" if item["difference"] < 0.0 else "higher"
    return "shown" if item["direction"] in (None, direction) else "opposite direction"
