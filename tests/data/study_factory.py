"""A study made by code: spectra of two regions with every verdict, and some that were not analysed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fitting.analysis import Analysis
from service.reports.study.spectrum import StudySpectrum, analysed_spectrum, unanalysed_spectrum
from tests.data import analysis_factory as factory

KINDS = (factory.make_analysis, factory.make_analysis, factory.make_analysis, factory.limited, factory.unusable)


def make_study(number: int = 40) -> list[StudySpectrum]:
    """``number`` analysed spectra of ACC and PCC, and two that were not."""
    rng = np.random.default_rng(3)
    found = [_spectrum(k, rng) for k in range(number)]
    damaged = unanalysed_spectrum("damaged", "damaged-file", "The FID ends early; export it again.", {"region": "ACC"})
    greedy = unanalysed_spectrum("greedy", "out-of-memory", "It takes more memory than a process may.", {})
    return [*found[: number // 2], damaged, greedy, *found[number // 2 :]]


def _spectrum(k: int, rng: np.random.Generator) -> StudySpectrum:
    analysis = scattered(factory.make_analysis(water=k % 2 == 0), rng)
    kind = KINDS[k % len(KINDS)]
    analysis = analysis if kind is factory.make_analysis else kind(analysis)
    region, side = ("ACC", "midline") if k % 2 else ("hippocampus", "left")
    analysis = replace(analysis, acquisition=replace(analysis.acquisition, region=region, hemisphere=side))
    traces = factory.make_traces(noise=0.05 if kind is factory.unusable else 0.012, seed=k)
    return analysed_spectrum(f"sub-{k:03d}", analysis, traces, {"group": "patients" if k % 3 else "controls"})


def scattered(analysis: Analysis, rng: np.random.Generator) -> Analysis:
    """The same with values and quality numbers that differ as those of different people."""
    quality = replace(analysis.quality, snr=27.4 * rng.lognormal(0, 0.2), linewidth_hz=5.3 * rng.lognormal(0, 0.15))
    metabolites = []
    for item in analysis.metabolites:
        factor = 1.0 if item.name == "tCr" else rng.lognormal(0, 0.08)
        ratio = item.ratio_tcr and replace(item.ratio_tcr, value=item.ratio_tcr.value * factor)
        concentration = item.concentration and replace(item.concentration, value=item.concentration.value * factor)
        metabolites.append(replace(item, ratio_tcr=ratio, concentration=concentration))
    return replace(analysis, quality=quality, metabolites=tuple(metabolites))
