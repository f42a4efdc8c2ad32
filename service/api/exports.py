"""``/v1/analyses/{id}/export``: the result in the files of other programs of the field."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from fitting.errors import ImplausibleParameter
from service.access.route_access import Access
from service.api.dependencies import Repository, SignOffs
from service.api.problems import responses
from service.api.reports import document_of, succeeded, traces_of
from service.errors import DamagedStorage, NoResult, NotAcceptable, NotFinished, UnknownAnalysis
from service.reports import EXPORTS, Export, FormatUnavailable

Part = Literal["preproc", "fit", "baseline", "residual", "water", "table", "coord", "csv"]
_PARTS: dict[Export, tuple[Part, ...]] = {
    "nifti-mrs": ("preproc", "fit", "baseline", "residual", "water"),
    "lcmodel": ("table", "coord", "csv"),
}
router = APIRouter(prefix="/v1/analyses", tags=["analyses"])


@router.get(
    "/{analysis_id}/export",
    dependencies=[Depends(Access("read", note="one"))],
    summary="Result as a file of another program",
    response_class=Response,
    responses={
        200: {
            "description": "The file.",
            "content": {
                "application/gzip": {
                    "schema": {"type": "string", "format": "binary", "contentMediaType": "application/gzip"}
                },
                "text/plain": {"schema": {"type": "string"}},
                "text/csv": {"schema": {"type": "string"}},
            },
        },
        **responses(
            *(ImplausibleParameter, UnknownAnalysis, NotFinished, NoResult, NotAcceptable),
            DamagedStorage,
        ),
    },
)
def get_export(
    *,
    analysis_id: uuid.UUID,
    repository: Repository,
    sign_offs: SignOffs,
    format: Annotated[Export, Query(description="Program whose files are written.")],
    part: Annotated[
        Part | None,
        Query(
            description="Which file: `preproc`, `fit`, `baseline`, `residual` or `water` of `nifti-mrs`, `table`, "
            "`coord` or `csv` of `lcmodel`. Without it the first of them."
        ),
    ] = None,
) -> Response:
    """NIfTI-MRS of the processed spectrum, its fit, baseline, residual and water; or the tables of LCModel."""
    row = succeeded(repository, analysis_id)
    wanted = part or _PARTS[format][0]
    if wanted not in _PARTS[format]:
        raise ImplausibleParameter(
            f"{format} has no part '{wanted}'; it has {', '.join(_PARTS[format])}.", parameter="part"
        )
    document, traces = document_of(row, sign_offs.get(row.id)), traces_of(repository, row.id)
    try:
        files = {name.partition(".")[0]: (name, file) for name, file in EXPORTS[format](document, traces).items()}
    except FormatUnavailable as error:
        raise NotAcceptable(error.detail) from error
    if wanted not in files:
        raise NotAcceptable(f"The analysis has no {wanted}, because no water reference scaled its spectrum.")
    name, file = files[wanted]
    headers = {"Content-Disposition": f'attachment; filename="mrsquant-{row.id}-{name}"'}
    return Response(file.content, headers=headers, media_type=file.media_type)
