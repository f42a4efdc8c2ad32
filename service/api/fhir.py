"""``/v1/analyses/{id}/fhir``: the result as a FHIR R4 Bundle, for records and registries."""

from __future__ import annotations

import json
import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from service.access.route_access import Access
from service.api.dependencies import Repository, SignOffs
from service.api.problems import responses
from service.api.reports import document_of, rendered, succeeded, traces_of
from service.errors import DamagedStorage, NoResult, NotAcceptable, NotFinished, UnknownAnalysis
from service.reports.fhir import MEDIA_TYPE, Caller, bundle
from service.reports.fhir.bundle import PATIENT, STUDY

router = APIRouter(prefix="/v1/analyses", tags=["analyses"])


@router.get(
    "/{analysis_id}/fhir",
    dependencies=[Depends(Access("read", note="one"))],
    summary="Result as a FHIR R4 Bundle",
    response_class=Response,
    responses={
        200: {"description": "A Bundle of type collection.", "content": {MEDIA_TYPE: {"schema": {"type": "object"}}}},
        **responses(UnknownAnalysis, NotFinished, NoResult, NotAcceptable, DamagedStorage),
    },
)
def get_fhir(
    *,
    analysis_id: uuid.UUID,
    repository: Repository,
    sign_offs: SignOffs,
    subject: Annotated[
        str | None,
        Query(pattern=f"^{PATIENT}$", description="Reference to the Patient; it is written into the answer, not kept."),
    ] = None,
    study: Annotated[
        str | None,
        Query(pattern=f"^{STUDY}$", max_length=72, description="UID of the imaging study as a URN; it is not kept."),
    ] = None,
    pdf: Annotated[bool, Query(description="Whether the DiagnosticReport holds the PDF report.")] = False,
) -> Response:
    """Device, Observations, DiagnosticReport and Provenance; a person without a reference is named by the pseudonym."""
    row = succeeded(repository, analysis_id)
    document = document_of(row, sign_offs.get(row.id))
    page = rendered("pdf", document, traces_of(repository, row.id)) if pdf else None
    body = json.dumps(bundle(document, Caller(subject, study, page)), ensure_ascii=False, allow_nan=False)
    return Response(body.encode(), media_type=MEDIA_TYPE)
