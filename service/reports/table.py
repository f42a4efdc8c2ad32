"""The result as plain text for a terminal: the verdict, what stands out and the table of metabolites."""

from __future__ import annotations

from io import StringIO
from textwrap import wrap

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fitting.model.result import Traces
from service.reports import content, rows
from service.reports.analysis_document import AnalysisDocument, Rendered
from service.reports.texts import text

WIDTH = 132
"""Characters a line may have: a wide terminal, and a landscape page."""


def render(document: AnalysisDocument, _traces: Traces) -> Rendered:
    """The report as text without colours or control characters."""
    return Rendered("text/plain; charset=utf-8", as_text(document).encode())


def as_text(document: AnalysisDocument) -> str:
    """The table needs no traces, so the document alone is sufficient."""
    report = content.build(document)
    lines = [report.notice, ""]
    lines += [f"{text('verdict.heading')} {report.verdict.word.upper()}", report.verdict.sentence]
    lines += [f"- {reason}" for reason in report.verdict.reasons]
    lines += [", ".join(f"{fact.label} {fact.value}" for fact in report.key_quality), ""]
    lines += [f"{text('standout.heading')} {report.standout.sentence}"]
    lines += [f"- {flag.sentence} {flag.caution}" for flag in report.standout.flags]
    standout = report.standout
    said = (standout.noticed, *standout.findings, standout.chance, standout.mismatch, *report.precision[-1:])
    lines += [*(line for line in said if line), ""]
    body = [part for line in lines for part in (wrap(_printable(line), WIDTH, subsequent_indent="  ") or [""])]
    body += [_table(report.groups)]
    if report.reasons:
        body += [f"{text('table.reasons_heading')}:"]
        body += [f"  {line.letter}  {_printable(line.sentence)} {line.applies}".rstrip() for line in report.reasons]
    body += ["", report.notice, ""]
    return "\n".join(body)


def _table(groups: tuple[rows.RowGroup, ...]) -> str:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in ("name", "ratio", "concentration", "crlb", "reference", "z", "flag"):
        table.add_column(text(f"terminal.{column}"), no_wrap=True, overflow="fold")
    for group in groups:
        for row in group.rows:
            flag = text("terminal.not_compared", letter=row.reason) if row.reason else row.flag
            z = f"{row.z} [{row.z_interval}]" if row.z else ""
            cells = (row.name, row.ratio, row.concentration, row.crlb, row.reference, z, flag)
            table.add_row(*(Text(_printable(cell)) for cell in cells))
        table.add_section()
    file = StringIO()
    Console(file=file, width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False).print(table)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def _printable(line: str) -> str:
    """Without control characters, as header texts could carry escape sequences into a terminal."""
    return "".join(character if character.isprintable() else " " for character in line)
