"""The PDF report: three tagged pages with text that can be selected."""

from __future__ import annotations

import io
import sys

import pytest
from pypdf import PdfReader

from fitting.model.result import Traces
from service.reports import AnalysisDocument, FormatUnavailable, render
from tests.data import analysis_factory as factory
from tests.unit.reports.conftest import Rendering


def test_three_a4_pages_that_a_screen_reader_can_read(document: AnalysisDocument, rendered: Rendering) -> None:
    """Whatever there is to say fits two pages and one of the parts of the fit, tagged PDF/UA with title, language."""
    reader = PdfReader(io.BytesIO(rendered("pdf")))
    catalogue = reader.root_object

    assert len(reader.pages) == 3
    assert [round(float(edge)) for edge in reader.pages[0].mediabox[2:]] == [595, 842]
    assert catalogue["/MarkInfo"]["/Marked"]
    assert catalogue["/Lang"] == "en"
    assert document.id in reader.metadata.title
    assert "pdfuaid:part" in reader.xmp_metadata.stream.get_data().decode()


def test_figures_have_alternative_text(traces: Traces) -> None:
    """The spectrum and the strips are described for those who cannot see them."""
    reader = PdfReader(io.BytesIO(render("pdf", AnalysisDocument(factory.make_analysis()), traces).content))
    objects = [reader.get_object(number) for number in range(1, reader.trailer["/Size"])]
    alternatives = [str(item["/Alt"]) for item in objects if isinstance(item, dict) and "/Alt" in item]

    assert any("Real part of the spectrum" in alternative for alternative in alternatives)
    assert any("One line per basis signal" in alternative for alternative in alternatives)
    assert any("tNAA (ratio to tCr): z −2.31" in alternative for alternative in alternatives)


def test_without_typst_the_answer_names_the_package(traces: Traces, monkeypatch: pytest.MonkeyPatch) -> None:
    """PDF is an optional extra; its absence is a sentence, not a traceback."""
    monkeypatch.setitem(sys.modules, "typst", None)

    with pytest.raises(FormatUnavailable, match=r"mrsquant\[pdf\]"):
        render("pdf", AnalysisDocument(factory.make_analysis()), traces)
