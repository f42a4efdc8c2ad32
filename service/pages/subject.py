"""``/subjects/{pseudonym}``: every session of one person on one line of time, with the clinical measures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from fastapi import Depends, Path, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from fitting.follow_up.plausibility import SessionFacts, implausibilities
from service.access.route_access import Access
from service.api.dependencies import Repository, SignOffs
from service.api.reports import document_of
from service.api.session import Session, SessionReader
from service.api.subjects import by_session, followed_of
from service.pages.frame import page, page_router, room
from service.reports import timeline
from service.reports.html import contrasts
from service.schemas.analysis_request import Pseudonym
from service.storage.tables import AnalysisRow

router = page_router()


@router.get("/subjects/{pseudonym}", dependencies=[Depends(Access("read", note="several", is_page=True))])
def subject_page(
    request: Request,
    pseudonym: Annotated[Pseudonym, Path()],
    repository: Repository,
    sign_offs: SignOffs,
    session: Session,
) -> HTMLResponse:
    """The analyses of one pseudonym by region, by the days that were given or in the order of submission."""
    found = followed_of(repository, pseudonym)
    request.state.shown = tuple(row.id for row in found.rows)
    sessions = [
        timeline.Session(
            document_of(row, sign_offs.get(row.id)),
            row.created,
            row.request.get("clinical") or {},
            row.request.get("session_day"),
        )
        for row in found.rows
    ]
    return page(
        "subject.html",
        request=request,
        pseudonym=pseudonym,
        is_known=bool(found.rows or found.without_result),
        unfinished=len(found.without_result),
        is_cut=found.is_cut,
        regions=timeline.build(sessions),
        contrasts=_contrasts(found.rows, session),
        doubts=[reason.sentence for reason in implausibilities([_facts(row) for row in found.rows])],
    )


def _facts(row: AnalysisRow) -> SessionFacts:
    facts = (row.result or {}).get("acquisition", {})
    return SessionFacts(
        name=str(row.request.get("session") or room("list.session_of", at=f"{row.created:%Y-%m-%d}")),
        sex=facts.get("sex"),
        age_years=facts.get("age_years"),
        day=row.request.get("session_day"),
        region=facts.get("region"),
        hemisphere=facts.get("hemisphere"),
        volume_ml=facts.get("voi_volume_ml"),
        gm=facts.get("gm"),
    )


def _contrasts(rows: Iterable[AnalysisRow], session: SessionReader) -> list[Markup]:
    """A section for each session that holds two or more spectra."""
    return [
        Markup(contrasts(session.among(members), name, number))  # noqa: S704 (escaped there)
        for number, (name, members) in enumerate(by_session(rows).items(), start=1)
    ]
