"""The report of a cohort as PDF: selectable text, tagged for assistive technology (PDF/UA-1), made by typst offline."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from service.reports.analysis_document import FormatUnavailable
from service.reports.cohort.content import content
from service.reports.printable import printable, printable_words


def render(
    answer: Mapping[str, Any], drawn: Mapping[str, Any] | None = None, computed: datetime | None = None
) -> bytes:
    """The report, dated when it was ``computed``; with ``drawn`` also figures of people without names.

    Raises
    ------
    FormatUnavailable
        When typst is not installed.
    """
    try:
        import typst  # noqa: PLC0415 (an optional extra)
    except ImportError as absent:
        raise FormatUnavailable("PDF reports need the extra 'pdf': pip install 'mrsquant[pdf]'.") from absent
    report = content(answer, drawn)
    report["computed"] = "" if computed is None else f"Computed {computed.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    with TemporaryDirectory(prefix="mrsquant-") as folder:
        root = Path(folder)
        for number, figure in enumerate(report["figures"]):
            figure["file"] = f"figure{number}.svg"
            root.joinpath(figure["file"]).write_text(printable(figure.pop("svg")), encoding="utf-8")
        words = printable_words(json.loads(json.dumps(report)))
        root.joinpath("cohort.json").write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")
        template = files("service.reports").joinpath("templates/cohort.typ").read_bytes()
        root.joinpath("cohort.typ").write_bytes(template)
        pdf: bytes = typst.compile(
            root / "cohort.typ", root=root, format="pdf", pdf_standards=["ua-1"], ignore_system_fonts=True
        )
    return pdf
