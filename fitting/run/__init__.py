"""One analysis, from the bytes and words of a request to its answer; only here is the order of its steps known."""

from __future__ import annotations

from fitting.run.basis_choice import protocol_of
from fitting.run.inspection import Inspection, inspect
from fitting.run.job import Job
from fitting.run.steps import analyse

__all__ = ["Inspection", "Job", "analyse", "inspect", "protocol_of"]
