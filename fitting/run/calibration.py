"""Calibrate a scanner: analyse the spectra of its healthy people and make a site of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from fitting.errors import FittingError
from fitting.model.site_background import RejectedControl, SiteBackground
from fitting.reason import Reason
from fitting.run.job import Job
from fitting.run.learning import EvidenceOf, Over, SpectrumEvidence, learn, spectrum_evidence, unfit
from fitting.run.steps import analyse
from fitting.sites import Candidate, Site, check_name, refused, site_of


def calibrate(jobs: Iterable[Job], *, name: str, cache_dir: Path | None = None, over: Over = map) -> Site:
    """Calibrate a scanner with spectra of its own healthy people, from one person on.

    Spectra that are refused, unusable, repeated, of patients or improbable are left out and listed with the reason
    (``Site.left_out``). From three good spectra on the scanner's macromolecules are learned too (``Site.background``),
    and each control's values are those of a fit with what the others taught.

    Parameters
    ----------
    jobs : iterable of Job
        One spectrum each, of one scanner and protocol, of any regions. ``subject`` tells people apart, ``group`` must
        be one of healthy people where it is stated.
    name : str
        Of the site: lower-case letters, digits and hyphens.
    cache_dir : Path, optional
        Folder of simulated basis sets; None keeps them in memory only.
    over : callable
        Such as ``concurrent.futures.ProcessPoolExecutor().map``, to use all cores.

    Raises
    ------
    UnusableSite
        When the name cannot be one.
    UnusableControls
        When no control is left, all spectra are of one person, or they were not measured and analysed alike.
    """
    tasks = Tasks(
        analyse=partial(_analysed, cache_dir=cache_dir),
        evidence_of=partial(_evidence, cache_dir=cache_dir),
        label=lambda job: job.visit.subject or "",
    )
    return calibrated(name, list(jobs), tasks, over)


@dataclass(frozen=True, slots=True)
class Tasks:
    """What is done with each spectrum of a calibration: functions of an item and a background, for any worker."""

    analyse: Callable[[tuple[Any, SiteBackground | None]], Candidate | Reason]
    """Its candidate; a reason when its worker died."""
    evidence_of: EvidenceOf
    """What it says of its macromolecules."""
    label: Callable[[Any], str]
    """Pseudonym of its person, empty without one."""


def calibrated(name: str, items: Sequence[Any], tasks: Tasks, over: Over = map) -> Site:
    """Calibrate with items of any kind; the rest as ``calibrate``.

    All spectra are analysed with the published macromolecules, which decides who is a control; the good ones among the
    controls teach the scanner's macromolecules; then every control is analysed with those that the others taught.
    """
    check_name(name)
    first = _candidates(items, [None] * len(items), tasks, over)
    plain = site_of(name, first)
    members = {control.input_sha256 for region in plain.regions for control in region.controls}
    teachers, left_out = [], []
    for item, candidate in zip(items, first, strict=True):
        if candidate.analysis is None or candidate.analysis.provenance.input_sha256 not in members:
            continue
        reason = unfit(candidate.analysis)
        if reason is None:
            teachers.append((candidate.person, item))
        else:
            left_out.append(RejectedControl(candidate.label, reason.code, reason.sentence))
    found = learn(teachers, tasks.evidence_of, over, left_out)
    if isinstance(found, Reason):
        return replace(plain, warnings=(*plain.warnings, found))
    read = [(item, candidate) for item, candidate in zip(items, first, strict=True) if candidate.analysis is not None]
    backgrounds = [found.without(candidate.person) for _, candidate in read]
    again = iter(_candidates([item for item, _ in read], backgrounds, tasks, over))
    alike = [before if before.analysis is None else _described_as(next(again), before) for before in first]
    return replace(site_of(name, alike), background=found.background.to_document())


def _candidates(
    items: Sequence[Any], backgrounds: Sequence[SiteBackground | None], tasks: Tasks, over: Over
) -> list[Candidate]:
    found = []
    pairs = list(zip(items, backgrounds, strict=True))
    for number, (item, outcome) in enumerate(zip(items, over(tasks.analyse, pairs), strict=True), start=1):
        label = tasks.label(item)
        made = Candidate(label, label, None, None, outcome) if isinstance(outcome, Reason) else outcome
        found.append(numbered(made, number))
    return found


def _described_as(after: Candidate, before: Candidate) -> Candidate:
    """The later candidate under the earlier name, with the earlier provenance: each had a background of its own."""
    named = replace(after, label=before.label, person=before.person)
    if after.analysis is None or before.analysis is None:
        return named
    return replace(named, analysis=replace(after.analysis, provenance=before.analysis.provenance))


def _analysed(pair: tuple[Job, SiteBackground | None], cache_dir: Path | None) -> Candidate:
    job, background = pair
    return candidate_of(job if background is None else replace(job, background=background), cache_dir)


def _evidence(pair: tuple[Job, SiteBackground | None], cache_dir: Path | None) -> SpectrumEvidence:
    return spectrum_evidence(*pair, cache_dir)


def candidate_of(job: Job, cache_dir: Path | None = None, label: str = "") -> Candidate:
    """Analyse one spectrum of a healthy person; a refusal becomes a reason to leave it out."""
    person, group = job.visit.subject or label, job.visit.group
    try:
        analysis, _ = analyse(job, cache_dir)
    except FittingError as error:
        return refused(label or person, person, error, group)
    return Candidate(label or person, person, analysis, group)


def numbered(candidate: Candidate, number: int) -> Candidate:
    """The candidate, called by its number where it has no pseudonym."""
    if candidate.person:
        return candidate
    name = f"control-{number:02d}"
    return Candidate(name, name, candidate.analysis, candidate.group, candidate.problem)
