"""Run one analysis, from the bytes and words of a request to its answer; only this package orders its steps."""

from __future__ import annotations

from fitting.run.basis_choice import protocol_of
from fitting.run.calibration import calibrate
from fitting.run.inspection import Inspection, inspect
from fitting.run.job import Job
from fitting.run.steps import analyse

__all__ = ["Inspection", "Job", "analyse", "calibrate", "inspect", "protocol_of"]
