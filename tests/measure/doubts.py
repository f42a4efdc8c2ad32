"""Distinguish evidence against a protocol, or for eddy currents, from chance: the best score of either kind.

``python -m tests.measure.doubts`` writes what a simulated scan says when another protocol is stated (docs/verdict.md).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fitting.preprocessing import preprocess
from fitting.run import doubts as other
from fitting.run.basis_choice import basis_for, protocol_of
from fitting.run.eddy_current_doubt import DecayingPhase, best_phase
from fitting.run.intake import take_in
from fitting.run.job import Job
from fitting.run.protocol_doubt import ProtocolAlternative, best_alternative
from tests.faults.scan import clean_scan

STATED: tuple[dict[str, object], ...] = (
    {},
    *({"echo_time": echo_time} for echo_time in (0.015, 0.035, 0.045, 0.060, 0.068, 0.144, 0.288)),
    {"sequence": "STEAM", "mixing_time": 0.010},
    {"sequence": "sLASER"},
    {"sequence": "SPECIAL"},
)
"""What the header of a scan of PRESS at 30 ms says instead."""


@dataclass(frozen=True, slots=True)
class Doubts:
    """The best other protocol, and the best decaying phase; each with its gain, and None where none does as well."""

    protocol: ProtocolAlternative | None
    phase: DecayingPhase


def doubts(job: Job, cache_dir: Path | None) -> Doubts:
    """What an analysis finds when it looks, whether or not it would have looked."""
    intake = take_in(job.metabolite, job.water_reference, job.options.overrides)
    spectrum, _ = preprocess(intake.recording)
    basis = basis_for(job, intake.recording.acquisition, spectrum.fid.axes, cache_dir)
    inputs = other.fit_inputs(spectrum, basis)
    *_, noise = inputs
    found = other.fitted(spectrum, basis, job.options)
    rough, refit = other.other_fits(spectrum, job, cache_dir, found, noise=noise)
    protocol = best_alternative(protocol_of(intake.recording.acquisition), found, rough=rough, refit=refit)
    return Doubts(protocol, best_phase(partial(other.turned_residual, inputs, job.options.baseline)))


def table() -> str:
    """One row for each of ``STATED``: the protocol that explains the scan best, and its gain."""
    lines = ["| stated | explains it best | gain |", "| --- | --- | --- |"]
    for header in STATED:
        scan = clean_scan("good").with_header(**header)
        found = doubts(scan.job(), None).protocol
        stated = f"{scan.header['sequence']} {1e3 * float(str(scan.header['echo_time'])):.0f} ms"
        best = ("–", "–")
        if found is not None:
            best = (f"{found.protocol.sequence} {1e3 * found.protocol.echo_time:.0f} ms", f"{found.gain:.3f}")
        lines.append(f"| {stated} | {best[0]} | {best[1]} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table())
