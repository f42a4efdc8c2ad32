"""How well what data say against their protocol, or for eddy currents, is told from chance: the best of either kind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fitting import pipeline
from fitting.eddy_current_doubt import DecayingPhase, best_phase
from fitting.intake import take_in
from fitting.job import Job
from fitting.job_basis import basis_for, protocol_of
from fitting.preprocessing import preprocess
from fitting.protocol_doubt import Alternative, best_alternative


@dataclass(frozen=True, slots=True)
class Doubts:
    """The best other protocol, and the best decaying phase; each with its gain, and None where none does as well."""

    protocol: Alternative | None
    phase: DecayingPhase


def doubts(job: Job, cache_dir: Path | None) -> Doubts:
    """What an analysis finds when it looks, whether or not it would have looked."""
    intake = take_in(job.metabolite, job.water_reference, job.options.overrides)
    spectrum, _ = preprocess(intake.recording)
    basis = basis_for(job, intake.recording.acquisition, spectrum, cache_dir)
    others = (spectrum, job, cache_dir)
    protocol = best_alternative(
        protocol_of(intake.recording.acquisition),
        pipeline._fitted(spectrum, basis, job.options),
        rough=partial(pipeline._rough, *others),
        refit=partial(pipeline._refit, *others),
    )
    inputs = pipeline._fit_inputs(spectrum, basis)
    return Doubts(protocol, best_phase(partial(pipeline._turned, inputs, job.options.baseline)))
