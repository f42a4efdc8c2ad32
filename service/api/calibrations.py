"""``/v1/calibrations``: calibrations that the workers are making, followed, cancelled and removed."""

from __future__ import annotations

import uuid

from fastapi import APIRouter, Depends, Response

from service.access.route_access import Access
from service.api.calibration_schemas import CalibrationList, CalibrationOut, calibration_out
from service.api.dependencies import Calibrations, Caller
from service.api.problems import responses
from service.api.reports import RETRY_SECONDS
from service.errors import UnknownCalibration
from service.storage.tables import UNFINISHED

MOST_LISTED = 100

router = APIRouter(prefix="/v1/calibrations", tags=["sites"])


@router.get(
    "",
    dependencies=[Depends(Access("read", note="refusals"))],
    summary="List calibrations in the making",
    responses=responses(),
)
def list_calibrations(calibrations: Calibrations, caller: Caller) -> CalibrationList:
    """What the workers are making of ``POST /v1/sites``, and how earlier ones ended."""
    rows = calibrations.newest(MOST_LISTED, caller.project)
    return CalibrationList(items=tuple(calibration_out(row) for row in rows))


@router.get(
    "/{calibration_id}",
    dependencies=[Depends(Access("read", note="refusals"))],
    summary="Follow a calibration in the making",
    responses=responses(UnknownCalibration),
)
def get_calibration(
    calibration_id: uuid.UUID, response: Response, calibrations: Calibrations, caller: Caller
) -> CalibrationOut:
    """State, progress and, in the end, the site that it became or the reason why there is none."""
    row = calibrations.get(str(calibration_id), caller.project)
    if row.state in UNFINISHED:
        response.headers["Retry-After"] = RETRY_SECONDS
    return calibration_out(row)


@router.delete(
    "/{calibration_id}",
    dependencies=[Depends(Access("admin", note="change"))],
    summary="Cancel or remove a calibration in the making",
    response_description="It was unfinished and is cancelled now.",
    responses={
        204: {"description": "It had ended and is removed; the site that it became stays."},
        **responses(UnknownCalibration),
    },
    response_model=CalibrationOut,
)
def delete_calibration(
    calibration_id: uuid.UUID, calibrations: Calibrations, caller: Caller
) -> CalibrationOut | Response:
    """Cancel an unfinished calibration; remove one that has ended from the list."""
    if calibrations.delete(str(calibration_id), caller.project) is None:
        return Response(status_code=204)
    return calibration_out(calibrations.get(str(calibration_id), caller.project))
