"""Analyses that may be ticked as controls: the chosen ones, then the newest usable ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from service.errors import UnknownAnalysis
from service.pages.doubtful_controls import doubts
from service.storage.lists import Filters
from service.storage.repositories import AnalysisRepository
from service.storage.tables import UNFINISHED, AnalysisRow

MOST = 200
"""Analyses that are offered."""


@dataclass(frozen=True, slots=True)
class ControlLine:
    """One analysis that may be a control's."""

    id: str
    subject: str
    group: str
    region: str
    scanner: str
    protocol: str
    verdict: str
    state: str
    created: datetime
    is_chosen: bool
    is_unfinished: bool
    doubt: str = ""
    """Why it should be left out; empty for those that were not chosen."""


def control_lines(repository: AnalysisRepository, chosen: Sequence[str]) -> list[ControlLine]:
    """The chosen analyses by subject, whatever their state, then the newest usable ones."""
    first = [row for item in dict.fromkeys(chosen[:MOST]) if (row := _row(repository, item)) is not None]
    first.sort(key=lambda row: (row.subject or "", row.region or "", row.created))
    newest = repository.page(Filters(verdict="yes"), None, MOST, with_result=True).rows
    taken = {row.id for row in first}
    rows = [*first, *(row for row in newest if row.id not in taken)]
    lines = [_line(row, is_chosen=row.id in taken) for row in rows[:MOST]]
    found = doubts([line for line in lines if line.is_chosen])
    return [replace(line, doubt=found.get(line.id, "")) for line in lines]


def chosen_lines(repository: AnalysisRepository, chosen: Sequence[str]) -> list[ControlLine]:
    """The chosen analyses alone."""
    return [line for line in control_lines(repository, chosen) if line.is_chosen] if chosen else []


def _row(repository: AnalysisRepository, text: str) -> AnalysisRow | None:
    try:
        return repository.get(str(UUID(text)), with_result=True)
    except (ValueError, UnknownAnalysis):
        return None


def _line(row: AnalysisRow, *, is_chosen: bool) -> ControlLine:
    facts = (row.result or {}).get("acquisition", {})
    scanner = " ".join(str(facts[name]) for name in ("vendor", "scanner_model") if facts.get(name))
    times = [f"{1e3 * facts['echo_time']:g}\N{NO-BREAK SPACE}ms"] if facts.get("echo_time") else []
    field = [f"{facts['field_t']:.2g}\N{NO-BREAK SPACE}T"] if facts.get("field_t") else []
    return ControlLine(
        id=row.id,
        subject=row.subject or "",
        group=str(row.request.get("group") or ""),
        region=" ".join(filter(None, (row.request.get("hemisphere"), row.region))),
        scanner=scanner,
        protocol=", ".join([*field, *filter(None, [facts.get("sequence")]), *times]),
        verdict=row.verdict or "",
        state=row.state,
        created=row.created,
        is_chosen=is_chosen,
        is_unfinished=row.state in UNFINISHED,
    )
