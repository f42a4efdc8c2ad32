"""What a classification is asked, and the features of people for it: spectra, metabolites, confounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fitting.cohort.cohort import Cohort
from fitting.cohort.covariates import covariate_columns
from fitting.cohort.sample import Sample, aligned, fact_of
from fitting.cohort.tables.foreign_names import same_region
from fitting.cohort.tables.table import Place, SpectraTable
from fitting.reason import Reason
from fitting.units import FloatArray

HIGHEST_PPM, LOWEST_PPM = 4.2, 0.6
BINS = 200
"""Points of a spectrum; finer ones are averaged."""


@dataclass(frozen=True, slots=True)
class ClassificationSettings:
    """``[[classification]]``: one question of whether groups can be told apart."""

    name: str
    region: str | None = None
    hemisphere: str | None = None
    features: Literal["spectrum", "metabolites", "both"] = "spectrum"
    spectra: str | None = None
    """Table of spectra beside the plan."""
    model: Literal["shrunken-lda"] = "shrunken-lda"
    confounds: tuple[str, ...] = ("linewidth_hz", "snr", "age_years", "sex", "gm")
    """Quality and demography that are tried on their own."""
    metabolites: tuple[str, ...] | None = None
    show_unblinded_selection: bool = False
    """Also show what selecting features before cross-validation would claim."""


@dataclass(frozen=True, slots=True)
class Features:
    """Features of each person, shape (n, d); ``sample`` holds the people and facts of their spectra."""

    sample: Sample
    matrix: FloatArray
    """Shape (n, d)."""
    ppm: FloatArray
    """Chemical shift of each feature, shape (d,); NaN where it is a metabolite."""


def features_of(cohort: Cohort, asked: ClassificationSettings, other: str) -> Features | Reason:
    """Features of the people of the reference and one other group."""
    parts = []
    if asked.features in ("spectrum", "both"):
        parts.append(_spectrum(cohort, asked))
    if asked.features in ("metabolites", "both"):
        parts.append(_metabolites(cohort, asked))
    found = [part for part in parts if isinstance(part, Features)]
    if len(found) < len(parts):
        return next(part for part in parts if isinstance(part, Reason))
    shared = set(found[0].sample.ids).intersection(*(part.sample.ids for part in found[1:]))
    rows = [_kept(part, [person in shared for person in part.sample.ids]) for part in found]
    joined = Features(rows[0].sample, np.hstack([part.matrix for part in rows]), np.hstack([part.ppm for part in rows]))
    members = joined.sample.in_group(cohort.reference or "") | joined.sample.in_group(other)
    return _kept(joined, list(members))


def _kept(features: Features, chosen: Sequence[bool]) -> Features:
    mask = np.array(chosen, dtype=bool)
    return Features(features.sample.only(mask), features.matrix[mask], features.ppm)


def _spectrum(cohort: Cohort, asked: ClassificationSettings) -> Features | Reason:
    table = cohort.spectra.get(asked.spectra or "")
    if table is None:
        return Reason("missing-column", "No table of spectra was given; name it as spectra in the plan.")
    rows = [index for index in range(len(table.people)) if _is_asked(cohort, asked, table, index)]
    if not rows:
        return Reason("no-such-region", f"No spectrum is of the region '{asked.region}'.")
    first: dict[str, int] = {}
    for index in rows:
        if table.people[index] in first:
            return Reason("several-sessions", "A person has several spectra of this region; name a side.")
        first[table.people[index]] = index
    people = sorted(first)
    order = [first[person] for person in people]
    empty = np.zeros(len(people))
    sample = Sample(
        table.places[order[0]],
        "spectrum",
        "",
        tuple(cohort.people[person] for person in people),
        empty,
        np.full(len(people), np.nan),
        empty == 0.0,
        tuple(table.facts[index] for index in order),
    )
    return Features(sample, *_binned(table.ppm, table.values[order]))


def _is_asked(cohort: Cohort, asked: ClassificationSettings, table: SpectraTable, index: int) -> bool:
    place: Place = table.places[index]
    is_there = asked.region is None or same_region(asked.region, place)
    return is_there and asked.hemisphere in (None, place.hemisphere) and table.people[index] in cohort.people


def _binned(ppm: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Points from 4.2 to 0.6 ppm, averaged into 200 bins where there are more, and the chemical shift of each."""
    inside = (ppm <= HIGHEST_PPM + 1e-9) & (ppm >= LOWEST_PPM - 1e-9)
    ppm, values = ppm[inside], values[:, inside]
    if ppm.size <= BINS:
        return values, ppm
    edges = np.linspace(HIGHEST_PPM, LOWEST_PPM, BINS + 1)
    place = np.clip(np.searchsorted(-edges, -ppm, side="right") - 1, 0, BINS - 1)
    used = [index for index in range(BINS) if np.any(place == index)]
    centres = np.array([float(ppm[place == index].mean()) for index in used])
    return np.column_stack([values[:, place == index].mean(axis=1) for index in used]), centres


def _metabolites(cohort: Cohort, asked: ClassificationSettings) -> Features | Reason:
    sides = None if asked.hemisphere is None else (asked.hemisphere,)
    regions = None if asked.region is None else (asked.region,)
    if cohort.missing_regions(regions):
        return Reason("no-such-region", f"No value is of the region '{asked.region}'.")
    found: list[Sample] = []
    for place in cohort.places(regions, sides):
        for name in cohort.metabolites(place, asked.metabolites):
            sample = cohort.sample(place, name)
            if isinstance(sample, Sample) and np.all(sample.detected):
                found.append(sample)
    if not found:
        return Reason("missing-column", "No metabolite of this region is in the table.")
    shared = aligned(found)
    matrix = np.column_stack([sample.value for sample in shared])
    return Features(shared[0], matrix, np.full(matrix.shape[1], np.nan))


def confounds_of(
    cohort: Cohort, features: Features, names: Sequence[str]
) -> tuple[Sample, FloatArray, tuple[str, ...], tuple[str, ...]]:
    """People with all confounds that any of them has, the confounds as columns, those used and those no table has."""
    sample = features.sample
    known = [
        name
        for name in names
        if any(
            fact_of(name, person, facts) is not None for person, facts in zip(sample.people, sample.facts, strict=True)
        )
    ]
    missing = tuple(name for name in names if name not in known)
    kept = cohort.with_covariates(sample, known)
    used, blocks = [], []
    for name in known:
        columns = covariate_columns(kept, (name,))
        if not isinstance(columns, Reason):
            used.append(name)
            blocks.append(columns.matrix)
    return kept, np.hstack(blocks) if blocks else np.empty((kept.n, 0)), tuple(used), missing
