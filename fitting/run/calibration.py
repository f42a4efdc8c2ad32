"""Calibrate a scanner: analyse the spectra of its healthy people and make a site of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from fitting.errors import FittingError
from fitting.run.job import Job
from fitting.run.steps import analyse
from fitting.sites import Candidate, Site, check_name, refused, site_of

Over = Callable[[Callable[[Job], Candidate], Iterable[Job]], Iterable[Candidate]]
"""Applies a function to each item and keeps their order, as ``map`` and ``pool.map`` of an executor do."""


def calibrate(jobs: Iterable[Job], *, name: str, cache_dir: Path | None = None, over: Over = map) -> Site:
    """Calibrate a scanner with spectra of its own healthy people, from one person on.

    Spectra that are refused, unusable, repeated, of patients or improbable are left out and listed with the reason
    (``Site.left_out``).

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
    check_name(name)
    analysed = over(partial(candidate_of, cache_dir=cache_dir), jobs)
    return site_of(name, [numbered(item, number) for number, item in enumerate(analysed, start=1)])


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
