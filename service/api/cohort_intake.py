"""From a request about a cohort to its source: JSON with rows or ids of analyses, or tables as files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, NamedTuple

from anyio.to_thread import run_sync
from fastapi import Depends, Request
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from fitting.cohort import Plan, plan_of, preset_names, preset_plan
from fitting.cohort.overview import overview
from fitting.errors import UnusableTable
from service.api.cohort_analyses import as_tsv, gathered, rewritten
from service.api.cohort_schemas import MOST_ANALYSES, CohortRequest, time_of
from service.api.intake import read_form
from service.api.reports import traces_of
from service.errors import InvalidRequest, SchemaError, TooLarge, UnsupportedMediaType
from service.problem_documents import refused_body
from service.reports import spreadsheet
from service.schemas.cohort_source import UPLOADED, CohortSource
from service.storage.lists import Cursor, Filters
from service.storage.repositories import AnalysisRepository
from service.storage.tables import AnalysisRow

MOST_TABLE_BYTES = 20_000_000
"""Bytes of one uploaded table; it is kept in the database and read in memory."""
PARTS = ("name", "plan", "preset", "participants", "measurements", "wide_unit", "table")
PAGE = 100


class CohortUpload(NamedTuple):
    """A request as it arrived: the document, and the texts of tables."""

    request: CohortRequest
    participants: str | None
    measurements: str | None


async def read_cohort_upload(request: Request) -> CohortUpload:
    """The body of a POST.

    Raises
    ------
    ServiceProblem
        When it is too large, broken, of another type, or fails its schema.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    match content_type:
        case "multipart/form-data":
            async with read_form(request, max_fields=10) as form:
                return await upload_of(form)
        case "application/json":
            return await run_sync(_of_json, await request.body())
        case _:
            raise UnsupportedMediaType(
                "Send the cohort as application/json, or as multipart/form-data with its tables as files.",
                headers={"Accept": "multipart/form-data, application/json"},
            )


Upload = Annotated[CohortUpload, Depends(read_cohort_upload)]


def _of_json(body: bytes) -> CohortUpload:
    try:
        asked = CohortRequest.model_validate_json(body)
    except ValidationError as error:
        raise refused_body(error) from error
    participants = None if asked.participants is None else as_tsv(*_cells(asked.participants))
    measurements = None if asked.measurements is None else spreadsheet.written(*_cells(asked.measurements))
    return CohortUpload(asked, participants, measurements)


def _cells(rows: Sequence[dict[str, Any]]) -> tuple[list[dict[str, str]], list[str]]:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    if len(columns) * len(rows) > MOST_TABLE_BYTES // 10:
        raise TooLarge("The rows have too many different columns.", limit=MOST_TABLE_BYTES // 10)
    return [{name: "" if row.get(name) is None else str(row[name]) for name in columns} for row in rows], columns


async def upload_of(form: FormData) -> CohortUpload:
    """The same from a form with files.

    Raises
    ------
    ServiceProblem
        When a part is unknown, too large, no text, or fails its schema.
    """
    if set(form) - set(PARTS):
        raise _invalid("#", f"the parts are {', '.join(PARTS)}; there are others")
    texts = {name: await _text(form, name) for name in PARTS if name != "table"}
    tables = {}
    for part in form.getlist("table"):
        if not isinstance(part, UploadFile):
            raise _invalid("#/table", "this part must be a file (with a filename)")
        name = (part.filename or "").rsplit("/", 1)[-1]
        if name in tables:
            raise _invalid("#/table", f"two files are named {name[:80]}; give each its own name")
        tables[name] = await table_text(part, "table")
    given = {name: texts[name] for name in ("name", "plan", "preset", "wide_unit") if texts[name]}
    measurements = texts["measurements"]
    try:
        asked = CohortRequest.model_validate(
            {**given, "measurements": None if measurements is None else [], "tables": tables or None}
        )
    except ValidationError as error:
        raise refused_body(error) from error
    return CohortUpload(asked, texts["participants"], measurements)


async def _text(form: FormData, name: str) -> str | None:
    parts = form.getlist(name)
    if len(parts) > 1:
        raise _invalid(f"#/{name}", "this part may be there once")
    if not parts:
        return None
    part = parts[0]
    text = part if isinstance(part, str) else await table_text(part, name)
    return text or None


async def table_text(part: UploadFile, name: str) -> str:
    """Text of an uploaded table.

    Raises
    ------
    TooLarge, UnusableTable
        When it is too large, or no text.
    """
    if (part.size or 0) > MOST_TABLE_BYTES:
        raise TooLarge(f"The part '{name}' is larger than {MOST_TABLE_BYTES} bytes.", limit=MOST_TABLE_BYTES)
    try:
        return (await part.read()).decode("utf-8-sig").replace("\0", "\N{REPLACEMENT CHARACTER}")
    except UnicodeDecodeError:
        raise UnusableTable(f"{name}: not UTF-8 text; save the table as UTF-8.") from None


def source_of(upload: CohortUpload, repository: AnalysisRepository) -> CohortSource:
    """The source of a cohort; analyses are read from the store.

    Raises
    ------
    FittingError, UnknownAnalysis, NotFinished
        When tables or analyses cannot be used.
    """
    asked = upload.request
    participants = None if upload.participants is None else rewritten(upload.participants, "participants")
    common: dict[str, Any] = {
        "name": asked.name,
        "plan": asked.plan,
        "preset": asked.preset,
        "wide_unit": asked.wide_unit,
        "tables": dict(asked.tables or {}),
    }
    if asked.analyses is None and asked.filter is None:
        values = {} if upload.measurements is None else {UPLOADED: upload.measurements}
        return CohortSource(participants=participants, measurements=values, **common)
    wants_spectra = any(section.spectra is None for section in _plan(asked).sections.get("classification", ()))
    found = gathered(
        list(_rows(asked, repository)),
        participants,
        (lambda analysis_id: traces_of(repository, analysis_id)) if wants_spectra else None,
    )
    return CohortSource(**found._asdict(), **common)


def overview_of(source: CohortSource) -> dict[str, Any]:
    """What can be asked of a source.

    Raises
    ------
    FittingError
        When they cannot be used, or do not belong together.
    """
    return overview(source.inputs())


def _plan(asked: CohortRequest) -> Plan:
    if asked.preset is not None and asked.preset in preset_names():
        return preset_plan(asked.preset)
    return plan_of(asked.plan if asked.plan is not None else "schema = 1\n")


def _rows(asked: CohortRequest, repository: AnalysisRepository) -> Iterator[AnalysisRow]:
    if asked.analyses is not None:
        yield from (repository.get(str(item), with_result=True) for item in dict.fromkeys(asked.analyses))
        return
    given = asked.filter
    filters = Filters(
        region=given.region if given is not None else None,
        state="succeeded",
        created_from=time_of(given.created_from if given is not None else None),
        created_before=time_of(given.created_before if given is not None else None),
    )
    cursor: Cursor | None = None
    count = 0
    while count == 0 or cursor is not None:
        page = repository.page(filters, cursor, PAGE, with_result=True)
        count += len(page.rows)
        if count > MOST_ANALYSES:
            raise TooLarge(f"The filter selects more than {MOST_ANALYSES} analyses.", limit=MOST_ANALYSES)
        yield from page.rows
        cursor = page.next_cursor
        if not page.rows:
            return


def _invalid(pointer: str, detail: str) -> InvalidRequest:
    return InvalidRequest(
        f"body {pointer}: {detail}.", errors=[SchemaError(location="body", pointer=pointer, detail=detail)]
    )
