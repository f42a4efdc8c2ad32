"""The only place that knows the order of the stages: from named bytes to an Analysis with its Traces."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from fitting.analysis import Analysis
from fitting.io import Files
from fitting.model.result import Traces
from fitting.subject import Options, Subject


@dataclass(frozen=True, slots=True)
class Job:
    """Everything one analysis is computed from; picklable, so any worker can run it.

    ``basis`` holds an LCModel ``.BASIS`` file or the JSON files of an FSL-MRS basis folder; empty means simulate.
    ``relaxation`` is the CSV that overrides shipped relaxation times, or None.
    """

    metabolite: Files
    water_reference: Files = ()
    subject: Subject = field(default_factory=Subject)
    options: Options = field(default_factory=Options)
    basis: Files = ()
    relaxation: bytes | None = None


def analyse(job: Job, cache_dir: Path | None = None) -> tuple[Analysis, Traces]:
    """Read, preprocess, fit, quantify and compare one spectrum with matched norms.

    Parameters
    ----------
    job : Job
        Input bytes, what is known of the person, and options.
    cache_dir : Path, optional
        Folder of simulated basis sets; None keeps them in memory only.

    Returns
    -------
    analysis : Analysis
    traces : Traces

    Raises
    ------
    FittingError
        When the input cannot be used; the class says why.
    """
    raise RuntimeError("under construction")


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was read from the header, what is missing, and which basis and norms would be used."""

    format: str
    facts: dict[str, str | float | int | None]
    """Acquisition quantities by name (SI), with transients, coils, points and field_t."""
    water_reference: str | None
    """Where the water reference is: ``same file``, ``separate file`` or None."""
    missing: tuple[str, ...]
    basis: str | None
    norms: tuple[str, ...]
    """Ids of the norms that would apply, best first."""
    warnings: tuple[str, ...]


def inspect(job: Job) -> Inspection:
    """Say what would be analysed, without fitting.

    Raises
    ------
    FittingError
        When the input cannot be read.
    """
    raise RuntimeError("under construction")
