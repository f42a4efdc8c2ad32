"""``/v1/subjects/{pseudonym}/timeline``: the sessions of one person, what changed, and what must not be compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from fitting.analysis import NOTICE, Analysis
from fitting.errors import ImplausibleParameter
from fitting.follow_up import FollowedSession, course
from fitting.follow_up.course import Axis, ClinicalCourse, LeftOut, Refusal, Series, Visit
from fitting.sites import SessionContrasts
from service.access.route_access import Access
from service.api.dependencies import Repository
from service.api.problems import responses
from service.api.session import Session
from service.documents import load_analysis
from service.errors import UnknownSubject
from service.schemas.analysis_request import Pseudonym
from service.storage.lists import Filters
from service.storage.repositories import AnalysisRepository
from service.storage.tables import AnalysisRow

MOST_SESSIONS = 200
"""Analyses of one person that are read, the newest ones: 50 visits with four regions each."""
MOST_REPEATED = 50

router = APIRouter(prefix="/v1/subjects", tags=["subjects"])


class SessionContrastsOut(BaseModel):
    """Contrasts of one session."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    session: str
    """Pseudonym of the visit."""
    contrasts: SessionContrasts
    """What differs within it."""


class TimelineOut(BaseModel):
    """The sessions of one person in time. Within a series all may be compared with each other, else never."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    subject: str = Field(examples=["sub-017"])
    """Pseudonym of the person."""
    axis: Axis
    """``days`` since the first visit when every analysis says its ``session_day``, else the ``order`` of submission."""
    time_unit: str = Field(examples=["30 days"])
    """Unit of time of slopes."""
    visits: tuple[Visit, ...]
    """Every analysis with a result, in the order of time."""
    series: tuple[Series, ...]
    """Sessions that were acquired and processed alike, with values, changes and trends."""
    refusals: tuple[Refusal, ...]
    """Sessions of one place that are not compared, with everything in which they differ."""
    left_out: tuple[LeftOut, ...]
    """Analyses in no series, and why."""
    clinical: tuple[ClinicalCourse, ...]
    """Clinical measures on the same axis."""
    contrasts: tuple[SessionContrastsOut, ...]
    """Sides, regions and metabolites of each session that holds two or more spectra against each other."""
    is_cut: bool
    """Whether there are older analyses than those that were read."""
    notice: str = Field(examples=[NOTICE])
    """What this answer must not be used for."""


class FollowedPerson(NamedTuple):
    """The analyses of one person as they are kept, oldest first."""

    rows: tuple[AnalysisRow, ...]
    """With results."""
    without_result: tuple[AnalysisRow, ...]
    is_cut: bool


@router.get(
    "/{pseudonym}/timeline",
    dependencies=[Depends(Access("read", note="several"))],
    summary="Follow one person over sessions",
    responses=responses(UnknownSubject, ImplausibleParameter),
)
def get_timeline(
    request: Request,
    pseudonym: Annotated[Pseudonym, Path(description="Pseudonym of the person.")],
    repository: Repository,
    session: Session,
    repeats: Annotated[
        list[Pseudonym],
        Query(
            max_length=MOST_REPEATED,
            description="People who were measured repeatedly and did not change: how much their sessions differ is "
            "used in place of what is published.",
        ),
    ] = [],  # noqa: B006 (FastAPI copies it)
) -> TimelineOut:
    """Change of each metabolite against the minimal detectable change, trends, and clinical measures beside them.

    What was acquired or processed differently is not compared, and every difference is named.
    """
    followed = followed_of(repository, pseudonym)
    if not followed.rows and not followed.without_result:
        raise UnknownSubject("There is no analysis of this subject.")
    unchanged = _repeats(repository, pseudonym, repeats)
    request.state.shown = tuple(row.id for row in followed.rows)
    found = course(sessions_of(followed.rows), unchanged)
    return TimelineOut(
        subject=pseudonym,
        axis=found.axis,
        time_unit=found.time_unit,
        visits=found.visits,
        series=found.series,
        refusals=found.refusals,
        left_out=(*found.left_out, *(_unfinished(row) for row in followed.without_result)),
        clinical=found.clinical,
        contrasts=tuple(
            SessionContrastsOut(session=name, contrasts=session.among(rows))
            for name, rows in by_session(followed.rows).items()
        ),
        is_cut=followed.is_cut,
        notice=NOTICE,
    )


def followed_of(repository: AnalysisRepository, subject: str) -> FollowedPerson:
    """The newest analyses of one pseudonym, oldest first."""
    found = repository.page(Filters(subject=subject), None, MOST_SESSIONS, with_result=True)
    oldest_first = tuple(reversed(found.rows))
    return FollowedPerson(
        rows=tuple(row for row in oldest_first if row.state == "succeeded"),
        without_result=tuple(row for row in oldest_first if row.state != "succeeded"),
        is_cut=found.next_cursor is not None,
    )


def by_session(rows: Iterable[AnalysisRow]) -> dict[str, list[AnalysisRow]]:
    """The analyses of each named session that holds two or more, in the order of submission."""
    found: dict[str, list[AnalysisRow]] = {}
    for row in rows:
        name = row.request.get("session")
        if name is not None:
            found.setdefault(name, []).append(row)
    return {name: members for name, members in found.items() if len(members) > 1}


def sessions_of(rows: Iterable[AnalysisRow]) -> tuple[FollowedSession, ...]:
    """Rows that were read with their results, as sessions of one person."""
    return tuple(
        FollowedSession(
            id=row.id,
            analysis=_analysis(row),
            name=row.request.get("session"),
            day=row.request.get("session_day"),
            clinical=row.request.get("clinical") or {},
        )
        for row in rows
    )


def _analysis(row: AnalysisRow) -> Analysis:
    return load_analysis(row.result or {})


def _repeats(
    repository: AnalysisRepository, subject: str, repeats: Sequence[str]
) -> dict[str, tuple[Analysis, ...]] | None:
    if subject in repeats:
        raise ImplausibleParameter(
            "The followed subject cannot be among the subjects of the repeats; remove it from 'repeats'.",
            parameter="repeats",
        )
    people = {name: followed_of(repository, name) for name in dict.fromkeys(repeats)}
    missing = [name for name, found in people.items() if not found.rows]
    if missing:
        raise UnknownSubject(f"There is no analysis with a result of {', '.join(missing)}, named in 'repeats'.")
    return {name: tuple(_analysis(row) for row in found.rows) for name, found in people.items()} or None


def _unfinished(row: AnalysisRow) -> LeftOut:
    return LeftOut(row.id, "no-result", f"The analysis is {row.state} and has no result.")
