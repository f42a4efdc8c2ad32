"""Schemas of calibrations in the making."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from pydantic import Field

from fitting.analysis import NOTICE
from service.problem_documents import ProblemDocument
from service.schemas.bounded import Output
from service.storage.tables import CalibrationRow, State

Step = Literal["analysing", "learning", "refining", "fitting"]
STEPS: tuple[Step, ...] = get_args(Step)
"""In their order."""


class CalibrationOut(Output):
    """A calibration in the making: the workers learn the scanner's macromolecules and fit its controls with them."""

    id: UUID = Field(examples=["019ab2f0-6f3e-7c51-9a51-0c1f5ad5a1be"])
    """Id."""
    name: str = Field(examples=["prisma-acc"])
    """Name of the site."""
    analyses: int
    """Analyses whose spectra it is made of."""
    state: State
    """Its state."""
    step: Step | None
    """What is done with each spectrum now: analysed with published macromolecules, fitted twice for evidence of
    those of the scanner, fitted with what the other people taught. Null while it does not run."""
    done: int | None
    """Spectra with which this step is done."""
    total: int | None
    """Spectra of this step."""
    created: datetime
    """When it was asked for, UTC."""
    started: datetime | None
    """When the last attempt began, UTC."""
    finished: datetime | None
    """When it ended, UTC."""
    seconds: float | None
    """Wall time, s."""
    site_id: str | None
    """The site it became: ``GET /v1/sites/{id}``."""
    problem: ProblemDocument | None
    """Why it failed."""
    notice: str = Field(examples=[NOTICE])
    """What this answer must not be used for."""


class CalibrationList(Output):
    """Calibrations in the making, and those that have ended."""

    items: tuple[CalibrationOut, ...]
    """The newest 100, newest first."""


def calibration_out(row: CalibrationRow) -> CalibrationOut:
    """The representation of a calibration in the making."""
    is_running = row.state == "running"
    return CalibrationOut.model_validate(
        {
            "id": UUID(row.id),
            "name": row.name,
            "analyses": len(row.analyses),
            "state": row.state,
            "step": row.step,
            "done": row.done if is_running else None,
            "total": row.total if is_running else None,
            "created": row.created,
            "started": row.started,
            "finished": row.finished,
            "seconds": row.seconds,
            "site_id": row.site_id,
            "problem": None if row.problem is None else ProblemDocument.model_validate(row.problem),
            "notice": NOTICE,
        }
    )
