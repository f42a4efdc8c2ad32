"""How far answers are from known content, and whether their standard deviations are honest.

Errors are in per cent of the median true value of that metabolite in the group, so that a true value of zero does no
harm. Only spectra with an answer count; how many those are stands beside every score.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Literal

Kind = Literal["ratio", "water-scaled", "water-scaled, rescaled"]
"""Ratio to tCr; concentration; concentration after the group's median factor is taken out."""

SIX = ("tNAA", "Glu", "Gln", "mI", "tCho", "tCr")
ATYPICAL = 5
"""The last spectra of a set of ``SMALLEST_WITH_ATYPICAL`` or more are atypical on purpose."""
SMALLEST_WITH_ATYPICAL = 20


@dataclass(frozen=True, slots=True)
class Truth:
    """What one spectrum holds of one metabolite: ratio to tCr, and concentration by unit."""

    ratio: float
    concentrations: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program says of one metabolite; NaN where it says nothing."""

    ratio: float
    ratio_sd: float
    concentration: float
    concentration_sd: float
    unit: str


Truths = Mapping[str, Mapping[str, Truth]]
"""By spectrum and metabolite."""
Answers = Mapping[str, Mapping[str, Answer]]


@dataclass(frozen=True, slots=True)
class Score:
    """One metabolite over a group of spectra: per cent, and error over stated standard deviation."""

    bias: float
    rmse: float
    within_68: float
    """Share of truths inside ± 1 sd, per cent; NaN when no sd is stated."""
    within_95: float
    """Share of truths inside ± 1.96 sd, per cent."""
    z_rms: float
    """Root mean square of error / sd; 1 is honest."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A group of spectra: the scores by metabolite, and what they come to."""

    answered: int
    spectra: int
    metabolites: Mapping[str, Score]

    @property
    def geometric_rmse(self) -> float:
        """Geometric mean of the RMSE over the metabolites: g5 for ratios, g6 for concentrations."""
        return math.exp(fmean(math.log(max(score.rmse, 1e-9)) for score in self.metabolites.values()))

    def mean(self, what: Literal["within_68", "within_95"]) -> float:
        """Mean coverage of the metabolites that state a standard deviation."""
        known = [value for score in self.metabolites.values() if math.isfinite(value := getattr(score, what))]
        return fmean(known) if known else math.nan

    @property
    def z_rms(self) -> float:
        """Root mean square over the metabolites."""
        known = [score.z_rms for score in self.metabolites.values() if math.isfinite(score.z_rms)]
        return math.sqrt(fmean(z * z for z in known)) if known else math.nan


def groups(spectra: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Ordinary and atypical spectra of a set, in the order of their names."""
    ordered = tuple(sorted(spectra))
    if len(ordered) < SMALLEST_WITH_ATYPICAL:
        return {"ordinary": ordered}
    return {"ordinary": ordered[:-ATYPICAL], "atypical": ordered[-ATYPICAL:]}


def score(truths: Truths, answers: Answers, spectra: Sequence[str], kind: Kind) -> Summary:
    """Score the answers on the named spectra."""
    found = {name: _triples(truths, answers, spectra, name, kind) for name in _scored(kind)}
    return Summary(
        answered=sum(bool(answers.get(spectrum)) for spectrum in spectra),
        spectra=len(spectra),
        metabolites={
            name: _score(triples, kind == "water-scaled, rescaled") for name, triples in found.items() if triples
        },
    )


def standardised_errors(truths: Truths, answers: Answers, spectra: Sequence[str], kind: Kind) -> list[float]:
    """Error over stated standard deviation of every answer on the named spectra that states one."""
    triples = [triple for name in _scored(kind) for triple in _triples(truths, answers, spectra, name, kind)]
    return [(value - true) / sd for true, value, sd in triples if math.isfinite(sd) and sd > 0]


def _scored(kind: Kind) -> tuple[str, ...]:
    return tuple(name for name in SIX if kind != "ratio" or name != "tCr")


def _triples(
    truths: Truths, answers: Answers, spectra: Sequence[str], name: str, kind: Kind
) -> list[tuple[float, float, float]]:
    """True value, value and standard deviation wherever the first two are known."""
    triples = []
    for spectrum in spectra:
        truth, answer = truths[spectrum].get(name), answers.get(spectrum, {}).get(name)
        if truth is None or answer is None:
            continue
        if kind == "ratio":
            triple = (truth.ratio, answer.ratio, answer.ratio_sd)
        else:
            expected = truth.concentrations.get(answer.unit, math.nan)
            triple = (expected, answer.concentration, answer.concentration_sd)
        if math.isfinite(triple[0]) and math.isfinite(triple[1]):
            triples.append(triple)
    return triples


def _score(triples: Sequence[tuple[float, float, float]], rescaled: bool) -> Score:
    typical = median(true for true, _, _ in triples) or 1.0
    factor = 1.0
    if rescaled:
        factor = median([value / true for true, value, _ in triples if true > 0] or [1.0]) or 1.0
    errors = [(value / factor - true, sd / factor) for true, value, sd in triples]
    z = [error / sd for error, sd in errors if math.isfinite(sd) and sd > 0]
    return Score(
        bias=100 * fmean(error for error, _ in errors) / typical,
        rmse=100 * math.sqrt(fmean(error * error for error, _ in errors)) / typical,
        within_68=100 * fmean(abs(each) <= 1 for each in z) if z else math.nan,
        within_95=100 * fmean(abs(each) <= 1.96 for each in z) if z else math.nan,
        z_rms=math.sqrt(fmean(each * each for each in z)) if z else math.nan,
    )
