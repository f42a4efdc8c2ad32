"""Who the groups are and how good their spectra are: standardised differences without a test of people."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from fitting.cohort.cohort import Cohort
from fitting.cohort.findings import Caution, Item
from fitting.cohort.group_difference import welch
from fitting.cohort.tables.table import QUALITY_FACTS, TISSUE_FACTS, Fact, Place
from fitting.units import FloatArray

LARGE = 0.5
"""|standardised difference| from which groups are said to differ."""
SIGNIFICANT = 0.05


def groups(cohort: Cohort) -> tuple[list[Item], list[Caution]]:
    """Age, sex and every number known of people, by group; cautions where a covariate differs."""
    items, cautions = [], []
    for name in cohort.table.person_columns:
        by_group = {group: _numbers(cohort, name, group) for group in cohort.groups}
        if not any(values.size for values in by_group.values()):
            continue
        item = _described(name, by_group, cohort)
        items.append(item)
        if _matters(cohort, name) and _differs(item):
            cautions.append(_caution(cohort, name, item))
    return items, cautions


def _matters(cohort: Cohort, name: str) -> bool:
    return name in ("age_years", "sex") or name in cohort.plan.common.covariates


def _caution(cohort: Cohort, name: str, item: Item) -> Caution:
    adjusted = "it is adjusted for" if name in cohort.covariates else "it is not adjusted for"
    return Caution(
        "groups-differ",
        f"Groups differ in {name} (standardised difference {item['standardised_difference']:.1f}); {adjusted}.",
        name,
    )


def _numbers(cohort: Cohort, name: str, group: str) -> FloatArray:
    facts = [person.facts.get(name) for person in cohort.people.values() if person.group == group]
    if name == "sex":
        return np.array([float(fact == "female") for fact in facts if fact is not None])
    return np.array([fact for fact in facts if isinstance(fact, float)])


def _described(name: str, by_group: Mapping[str, FloatArray], cohort: Cohort) -> Item:
    is_share = name == "sex"
    described = {group: _summary(values, is_share=is_share) for group, values in by_group.items() if values.size}
    item: Item = {"measure": "sex (share female)" if is_share else name, "by_group": described}
    item["name"] = name
    found = [
        standardised_difference(by_group[cohort.reference or ""], by_group[other], is_share=is_share)
        for other in cohort.others
    ]
    known = [value for value in found if value is not None]
    if known:
        item["standardised_difference"] = max(known, key=abs)
    return item


def _summary(values: FloatArray, *, is_share: bool = False) -> Item:
    mean = float(values.mean())
    sd = math.sqrt(mean * (1.0 - mean)) if is_share else float(values.std(ddof=1)) if values.size > 1 else None
    return {"mean": mean, "sd": sd, "n": int(values.size)}


def standardised_difference(reference: FloatArray, other: FloatArray, *, is_share: bool = False) -> float | None:
    """(m₁ − m₀) / √((s₀² + s₁²)/2), of proportions with p(1 − p); None where nothing varies."""
    if reference.size < 2 or other.size < 2:
        return None
    if is_share:
        spread = (reference.mean() * (1.0 - reference.mean()) + other.mean() * (1.0 - other.mean())) / 2.0
    else:
        spread = (np.var(reference, ddof=1) + np.var(other, ddof=1)) / 2.0
    return float((other.mean() - reference.mean()) / math.sqrt(spread)) if spread > 0.0 else None


def _differs(item: Item) -> bool:
    return bool(abs(item.get("standardised_difference", 0.0)) >= LARGE)


def quality(cohort: Cohort) -> tuple[list[Item], list[Caution]]:
    """Linewidth, SNR and tissue of the spectra used, by place: Welch's t of logarithms (tissue as it is)."""
    items, cautions = [], []
    for place, facts in _by_place(cohort).items():
        for name in (*QUALITY_FACTS, *TISSUE_FACTS):
            for other in cohort.others:
                item = _quality_item(cohort, place, name, facts, other)
                if item is None:
                    continue
                items.append(item)
                if name in QUALITY_FACTS and (_differs(item) or item["p"] < SIGNIFICANT):
                    cautions.append(_quality_caution(place, name, item))
                elif name == "gm" and _differs(item):
                    cautions.append(_caution(cohort, name, item))
    return items, cautions


def uneven_places(cohort: Cohort) -> frozenset[tuple[Place, str]]:
    """Places, each with the other group, whose spectra differ between groups in linewidth or SNR."""
    return frozenset(
        (place, other)
        for place, facts in _by_place(cohort).items()
        for name in QUALITY_FACTS
        for other in cohort.others
        if (item := _quality_item(cohort, place, name, facts, other)) is not None
        and (_differs(item) or item["p"] < SIGNIFICANT)
    )


def _by_place(cohort: Cohort) -> dict[Place, dict[str, Mapping[str, Fact]]]:
    places: dict[Place, dict[str, Mapping[str, Fact]]] = {}
    for (place, person), spectrum in cohort.values(cohort.session).facts.items():
        places.setdefault(place, {})[person] = spectrum.facts
    for table in cohort.spectra.values():
        for person, place, facts in zip(table.people, table.places, table.facts, strict=True):
            places.setdefault(place, {}).setdefault(person, facts)
    return dict(sorted(places.items(), key=lambda pair: pair[0].order))


def _quality_item(
    cohort: Cohort, place: Place, name: str, facts: Mapping[str, Mapping[str, Fact]], other: str
) -> Item | None:
    chosen = {group: _facts_of(cohort, facts, name, group) for group in (cohort.reference or "", other)}
    first, second = (chosen[group] for group in (cohort.reference or "", other))
    if min(first.size, second.size) < 2:
        return None
    is_log = name in QUALITY_FACTS
    if is_log and min(first.min(), second.min()) <= 0.0:
        return None
    compared = [np.log(first), np.log(second)] if is_log else [first, second]
    return {
        **place.item(),
        "measure": name,
        **({"group": other} if len(cohort.others) > 1 else {}),
        "by_group": {cohort.reference or "": _summary(first), other: _summary(second)},
        "p": welch(*compared)[3],
        "standardised_difference": standardised_difference(*compared) or 0.0,
    }


def _facts_of(cohort: Cohort, facts: Mapping[str, Mapping[str, Fact]], name: str, group: str) -> FloatArray:
    people: Sequence[str] = [person for person in cohort.people if cohort.people[person].group == group]
    values = [facts[person].get(name) for person in people if person in facts]
    return np.array([value for value in values if isinstance(value, float)])


def _quality_caution(place: Place, name: str, item: Item) -> Caution:
    words = {"linewidth_hz": "linewidth", "snr": "signal-to-noise ratio"}[name]
    return Caution(
        "quality-differs",
        f"Spectra of the {place.words} differ between groups in {words} (standardised difference "
        f"{item['standardised_difference']:.1f}, p = {item['p']:.2g}); differences are also given with both "
        "as covariates.",
        f"{place.words}: {words}",
    )
