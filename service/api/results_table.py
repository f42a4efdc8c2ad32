"""``GET /v1/analyses?format=csv``: the rows of RESULTS.csv of every analysis that a filter selects, as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from fastapi.responses import StreamingResponse

from service.documents import load_analysis
from service.reports import results_csv, spreadsheet
from service.storage.lists import Cursor, Filters
from service.storage.repositories import AnalysisRepository
from service.storage.tables import UNFINISHED, AnalysisRow

PAGE = 100
"""Analyses that are read, and recorded in the audit log, at once."""
MEDIA_TYPE = "text/csv; charset=utf-8"


def table_response(repository: AnalysisRepository, filters: Filters) -> StreamingResponse:
    """The table, newest analysis first; a failure before its first page is answered as a problem."""
    pages = _pages(repository, filters)
    first = next(pages)
    headers = {"Content-Disposition": 'attachment; filename="mrsquant-results.csv"'}
    return StreamingResponse(chain([first], pages), media_type=MEDIA_TYPE, headers=headers)


def _pages(repository: AnalysisRepository, filters: Filters) -> Iterator[str]:
    cursor: Cursor | None = None
    is_first = True
    while is_first or cursor is not None:
        page = repository.exported(filters, cursor, PAGE)
        rows = (row for analysis in page.rows for row in _rows(analysis))
        yield spreadsheet.written(rows, results_csv.COLUMNS, header=is_first)
        is_first, cursor = False, page.next_cursor


def _rows(row: AnalysisRow) -> list[dict[str, str]]:
    if row.state == "succeeded":
        return results_csv.result_rows(row.id, load_analysis(row.result or {}), row.seconds, row.request)
    if row.state in UNFINISHED:
        return [results_csv.unfinished_row(row.id, row.state, row.request)]
    problem = row.problem or {"code": "cancelled", "detail": "The analysis was cancelled; submit it again."}
    return [results_csv.refusal_row(row.id, problem["code"], problem["detail"], row.request)]
