"""Spectra of known content, prepared once and fitted with several backgrounds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fitting.basis.macromolecule_grid import grid_digest
from fitting.errors import FittingError
from fitting.model.background_evidence import BackgroundEvidence
from fitting.model.fit import background_evidence, fit
from fitting.model.result import Fit
from fitting.model.site_background import SiteBackground, learned
from fitting.quantification import quantify
from fitting.quantification.concentration_prior import concentration_priors, linear_prior
from fitting.quantification.concentrations import Ratio
from fitting.run import Job
from fitting.run.doubts import fit_inputs
from fitting.run.learned_background import with_coordinates, with_learned
from fitting.run.learning import LARGEST_BASELINE_SHARE, LEAST_SNR
from fitting.run.state import Run
from fitting.run.steps import (
    choose_basis,
    expect_concentrations,
    find_in_images,
    find_site,
    fit_model,
    give_verdict,
    learn_macromolecules,
    measure_quality,
    prepare,
    scale,
    take,
)
from tests.measure.benchmarks.scoring import ATYPICAL, SIX, SMALLEST_WITH_ATYPICAL

FIVE = SIX[:-1]
PRIOR = "adult-brain"
BEFORE_FIT = (take, find_in_images, prepare, choose_basis, find_site, learn_macromolecules, expect_concentrations)
AFTER_FIT = (fit_model, scale, measure_quality, give_verdict)

Ratios = Mapping[str, Ratio]


@dataclass(frozen=True, slots=True)
class Prepared:
    """One spectrum ready to be fitted, its true ratios, and the product's answer without a site."""

    name: str
    truth: Mapping[str, float]
    run: Run
    plain: Ratios
    teaches: bool

    def with_background(self, background: SiteBackground) -> tuple[Ratios, float | None]:
        """Ratios with a learned background, and how probable the spectrum is under it."""
        found = fit(*fit_inputs(self.run.spectrum, with_learned(self.run.basis, background)))
        return self._ratios(found), found.background_probability

    def with_prior(self) -> Ratios:
        """Ratios with expected concentrations and published macromolecules."""
        run = self.run
        prior = linear_prior(
            concentration_priors()[PRIOR],
            run.basis.names,
            run.spectrum.water,
            run.acquisition,
            run.subject.tissue,
            run.relaxation,
            water_acquisition=run.water_acquisition,
        )
        return self._ratios(fit(*fit_inputs(run.spectrum, run.basis), prior=prior))

    def evidence(self, background: SiteBackground | None) -> BackgroundEvidence:
        """What it says of its macromolecules."""
        basis = self.run.basis
        chosen = with_coordinates(basis) if background is None else with_learned(basis, background)
        found = background_evidence(*fit_inputs(self.run.spectrum, chosen))
        return found if background is None else found.moved(background.mean, background.factor()[0])

    def _ratios(self, found: Fit) -> Ratios:
        run = self.run
        quantities = quantify(found, None, run.acquisition, None, run.relaxation)
        return {item.name: item.ratio_tcr for item in quantities if item.name in FIVE and item.ratio_tcr is not None}


def prepared(jobs: Mapping[str, Job], truths: Mapping[str, Mapping[str, float]], cache: Path | None) -> list[Prepared]:
    """Every spectrum that is not refused, but for the atypical ones at the end."""
    found = []
    ordinary = len(jobs) - ATYPICAL if len(jobs) >= SMALLEST_WITH_ATYPICAL else len(jobs)
    for name, job in list(jobs.items())[:ordinary]:
        run = Run(job, cache)
        try:
            for step in (*BEFORE_FIT, *AFTER_FIT):
                step(run)
        except FittingError:
            continue
        plain = {item.name: item.ratio_tcr for item in run.quantities if item.name in FIVE and item.ratio_tcr}
        quality = run.quality
        teaches = (
            run.judgement.spectrum.usable == "yes"
            and quality.snr >= LEAST_SNR
            and quality.baseline_share is not None
            and quality.baseline_share <= LARGEST_BASELINE_SHARE
        )
        found.append(Prepared(name, truths[name], run, plain, teaches))
    return found


@dataclass(frozen=True, slots=True)
class Taught:
    """A background learned in two rounds, and what each spectrum taught in the second."""

    background: SiteBackground
    evidence: Mapping[str, BackgroundEvidence]

    def without(self, name: str) -> SiteBackground:
        """The background without one spectrum."""
        others = [item for key, item in self.evidence.items() if key != name]
        if len(others) == len(self.evidence) or not others:
            return self.background
        return learned(others, grid_digest(), self.background.personal)


def taught(spectra: Sequence[Prepared], rounds: int = 2) -> Taught | None:
    """Learn from the good ones among the spectra; None without any."""
    teachers = [item for item in spectra if item.teaches]
    if not teachers:
        return None
    background: SiteBackground | None = None
    evidence: dict[str, BackgroundEvidence] = {}
    for _ in range(rounds):
        evidence = {item.name: item.evidence(background) for item in teachers}
        background = learned(list(evidence.values()), grid_digest())
    return None if background is None else Taught(background, evidence)


@dataclass(frozen=True, slots=True)
class Cell:
    """One metabolite of one set, in per cent of the typical true ratio."""

    bias: float
    rmse: float
    within: float
    """Share of truths inside value ± 1.96 sd, per cent"""
    within_scan: float
    """The same about the set's own bias, with sd_scan"""


def cells(spectra: Sequence[Prepared], answers: Sequence[Ratios]) -> dict[str, Cell]:
    """Each of the five ratios; an absent answer is left out."""
    found = {}
    for name in FIVE:
        pairs = [(item.truth[name], given[name]) for item, given in zip(spectra, answers, strict=True) if name in given]
        typical = float(np.median([truth for truth, _ in pairs]))
        errors = np.array([given.value - truth for truth, given in pairs])
        sds = np.array([given.sd for _, given in pairs])
        scans = np.array([given.sd if given.sd_scan is None else given.sd_scan for _, given in pairs])
        found[name] = Cell(
            bias=100 * float(errors.mean()) / typical,
            rmse=100 * float(np.sqrt(np.mean(errors**2))) / typical,
            within=100 * float(np.mean(np.abs(errors) <= 1.96 * sds)),
            within_scan=100 * float(np.mean(np.abs(errors - errors.mean()) <= 1.96 * scans)),
        )
    return found


def g5(found: Mapping[str, Cell]) -> float:
    """Geometric mean of the RMSE of the five ratios."""
    return math.exp(float(np.mean([math.log(cell.rmse) for cell in found.values()])))
