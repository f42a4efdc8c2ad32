"""CSV that is safe in a spreadsheet: no text is run as a formula, and every number stays a number."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO

MARK = "'"
"""Prefix of a text that a spreadsheet would run; spreadsheets do not show it at the start of a cell."""

_RUN = re.compile(
    r"\s*[=+\-@\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}"
    r"\N{FULLWIDTH COMMERCIAL AT}]|[\t\r\n]|'"
)
"""Beginnings that spreadsheets take for a formula or skip before one (OWASP, CSV injection). A text that begins with
the mark itself gets another one, so that taking one away always gives the text back."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def neutralised(cell: str) -> str:
    """The neutralised cell: numbers unchanged, a text that would be run prefixed with ``MARK``."""
    return MARK + cell if _RUN.match(cell) and not _NUMBER.fullmatch(cell) else cell


def written(rows: Iterable[Mapping[str, str]], columns: Sequence[str], *, header: bool = True) -> str:
    """CSV text with Unix line ends and quotes only where they are needed; every cell neutralised."""
    lines = [_line(columns)] if header else []
    lines += [_line([row[name] for name in columns]) for row in rows]
    return "".join(lines)


def _line(cells: Iterable[str]) -> str:
    file = StringIO(newline="")
    csv.writer(file).writerow([neutralised(cell) for cell in cells])  # its line end, CRLF, has it quote CR and LF alike
    return file.getvalue().removesuffix("\r\n") + "\n"
