"""Learn a scanner's macromolecules from the spectra of its healthy people, in two rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fitting.analysis import Analysis
from fitting.basis.macromolecule_grid import grid_digest
from fitting.errors import FittingError
from fitting.model.background_evidence import BackgroundEvidence
from fitting.model.fit import background_evidence
from fitting.model.site_background import RejectedControl, SiteBackground, learned
from fitting.reason import Reason
from fitting.run.doubts import fit_inputs
from fitting.run.job import Job
from fitting.run.learned_background import with_coordinates, with_learned
from fitting.run.state import Run
from fitting.run.steps import choose_basis, find_in_images, prepare, take

LEAST_SNR = 15.0
"""Learning from poorer spectra makes values worse: what is no macromolecule is then learned as one."""

LARGEST_BASELINE_SHARE = 0.25
"""A baseline that takes up more hides macromolecules or stands for an artefact."""

FEWEST = 3
"""Spectra that must teach: with three the error of Glu is halved already, of fewer nothing was measured
(docs/site-background.md)."""

Over = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""Applies a function to each item and keeps their order, as ``map`` and ``pool.map`` of an executor do."""
SpectrumEvidence = BackgroundEvidence | Reason
"""What a spectrum says of its macromolecules, or why it says nothing."""
EvidenceOf = Callable[[tuple[Any, SiteBackground | None]], SpectrumEvidence]
"""Hears one item with the background of the round before."""


@dataclass(frozen=True, slots=True)
class Learned:
    """A learned background, and what each person's spectra taught, so that it can be had without any of them."""

    background: SiteBackground
    taught: tuple[tuple[str, BackgroundEvidence], ...]

    def without(self, person: str) -> SiteBackground:
        """The background as the other people taught it; the whole one for a person who taught nothing."""
        others = [evidence for name, evidence in self.taught if name != person]
        if not others or len(others) == len(self.taught):
            return self.background
        return learned(others, self.background.grid, self.background.personal)


def unfit(analysis: Analysis) -> Reason | None:
    """Why a usable spectrum should not teach the macromolecules of its scanner; None when it should."""
    quality = analysis.quality
    if analysis.verdict.usable != "yes" or analysis.outcome.code != "converged":
        return Reason("verdict", "Only plainly usable spectra teach: this one is of limited use.")
    if quality.snr < LEAST_SNR:
        sentence = f"The signal-to-noise ratio is {quality.snr:.1f}; {LEAST_SNR:g} is needed to teach macromolecules."
        return Reason("snr-too-low-to-teach", sentence)
    if quality.baseline_share is None or quality.baseline_share > LARGEST_BASELINE_SHARE:
        sentence = f"The baseline takes up more than {LARGEST_BASELINE_SHARE:.0%} of the spectrum."
        return Reason("baseline-too-large-to-teach", sentence)
    return None


def spectrum_evidence(job: Job, background: SiteBackground | None, cache_dir: Path | None = None) -> SpectrumEvidence:
    """What the spectrum of a job says of its macromolecules, seen from a background or from the published ones."""
    run = Run(job, cache_dir)
    try:
        for step in (take, find_in_images, prepare, choose_basis):
            step(run)
        if run.basis.deviations is None or not run.basis.deviations.multiples:
            return Reason("own-macromolecules", "The basis or the request brings macromolecules of its own.")
        basis = with_coordinates(run.basis) if background is None else with_learned(run.basis, background)
        options = job.options
        found = background_evidence(
            *fit_inputs(run.spectrum, basis),
            baseline=options.baseline,
            optimiser=options.optimiser,
            deadline_seconds=options.deadline_seconds,
        )
    except FittingError as error:
        return Reason(error.code, error.detail)
    return found if background is None else found.moved(background.mean, background.factor()[0])


def learn(
    items: Sequence[tuple[str, Any]],
    evidence_of: EvidenceOf,
    over: Over = map,
    left_out: Sequence[RejectedControl] = (),
) -> Learned | Reason:
    """Learn from the spectra of people who fit the gate, or the reason why nothing can be learned.

    The likelihood of each spectrum is first taken about the published macromolecules, then once more about those that
    were learned from all in the first round: one round from ordinary spectra is far off where the scanner's
    macromolecules are.

    Parameters
    ----------
    items : sequence of (str, item)
        A person's pseudonym and what ``evidence_of`` takes; several spectra of one person may be among them.
    evidence_of : callable
        Of an item and a background, as :func:`spectrum_evidence`.
    over : callable
        Such as ``concurrent.futures.ProcessPoolExecutor().map``, to use all cores.
    left_out : sequence of LeftOut
        Controls that did not come so far, for the record.
    """
    record = list(left_out)
    taught = _round(items, evidence_of, over, None, record)
    if len(taught) < FEWEST:
        return too_few(len(taught))
    first = learned([evidence for _, _, evidence in taught], grid_digest())
    again = _round([(person, item) for person, item, _ in taught], evidence_of, over, first, record)
    if len(again) < FEWEST:
        return too_few(len(again))
    second = learned([evidence for _, _, evidence in again], grid_digest())
    return Learned(replace(second, left_out=tuple(record)), tuple((person, evidence) for person, _, evidence in again))


def _round(
    items: Sequence[tuple[str, Any]],
    evidence_of: EvidenceOf,
    over: Over,
    background: SiteBackground | None,
    record: list[RejectedControl],
) -> list[tuple[str, Any, BackgroundEvidence]]:
    evidence = over(evidence_of, [(item, background) for _, item in items])
    taught = []
    for (person, item), found in zip(items, evidence, strict=True):
        if isinstance(found, Reason):
            record.append(RejectedControl(person, found.code, found.sentence))
        else:
            taught.append((person, item, found))
    return taught


def too_few(count: int) -> Reason:
    """Why nothing is learned from so few good spectra."""
    return not_learned(
        f"{count} of the controls' spectra are good enough to learn the scanner's macromolecules from; {FEWEST} are "
        "needed, so published macromolecules are used."
    )


def not_learned(sentence: str) -> Reason:
    """A warning of a site without learned macromolecules."""
    return Reason("background-not-learned", sentence)
