"""No report breaks or overflows, whatever it has to say: pages, margins, letters and size."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
import typst
from PIL import Image
from pypdf import PdfReader

from service.reports import AnalysisDocument, Paper, pdf, render
from service.reports.printable import SHOWN, isolated, printable
from tests.data import analysis_factory as factory
from tests.data.report_cases import CASES, REVIEWER_HEBREW, document, traces_with_planes
from tests.unit.reports.test_html import BUDGET, outline

MARGIN_MM = 11
SIZES: dict[Paper, tuple[int, int]] = {"a4": (595, 842), "letter": (612, 792)}


def drawn(report: AnalysisDocument, paper: Paper, monkeypatch: pytest.MonkeyPatch) -> tuple[bytes, list[Image.Image]]:
    """The PDF, and its pages as pictures."""
    pages: list[bytes] = []
    compile_pdf = typst.compile

    def compiled(source: Any, **options: Any) -> Any:
        plain = {name: value for name, value in options.items() if name not in ("format", "pdf_standards")}
        found = compile_pdf(source, format="png", ppi=72, **plain)
        pages.extend(found if isinstance(found, list) else [found])
        return compile_pdf(source, **options)

    monkeypatch.setattr(typst, "compile", compiled)
    content = pdf.render(report, traces_with_planes(), paper).content
    return content, [Image.open(io.BytesIO(page)).convert("L") for page in pages]


@pytest.mark.parametrize("name", CASES)
def test_every_report_is_three_pages_with_white_margins(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Letter, the shorter of both papers: nothing reaches into the margins, and no fourth page is begun.

    Only what has everything at once (40 metabolites, images, remarks, long amendments) may take a fourth.
    """
    content, pages = drawn(CASES[name](), "letter", monkeypatch)
    reader = PdfReader(io.BytesIO(content))

    assert len(reader.pages) == len(pages) <= (4 if name == "everything" else 3)
    assert [round(float(edge)) for edge in reader.pages[0].mediabox[2:]] == list(SIZES["letter"])
    for page in pages:
        margin = round(MARGIN_MM / 25.4 * 72)
        for side in ((0, 0, margin, page.height), (page.width - margin, 0, page.width, page.height)):
            darkest, _ = page.crop(side).getextrema()
            assert darkest > 250, side
    assert "pdfuaid:part" in reader.xmp_metadata.stream.get_data().decode()


@pytest.mark.parametrize("name", CASES)
def test_every_page_nests_and_is_small(name: str) -> None:
    """The HTML report is well-formed and below 1 MB, pictures included; ids are unique."""
    page = render("html", CASES[name](), traces_with_planes()).content
    parser = outline(page.decode())
    ids = [attrs["id"] for _, attrs in parser.tags if "id" in attrs]

    assert len(page) < BUDGET
    assert len(ids) == len(set(ids))


def test_the_usual_report_is_three_pages_of_a4_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A4 is the default paper."""
    content, pages = drawn(CASES["images"](), "a4", monkeypatch)

    assert render("pdf", CASES["images"](), traces_with_planes()).content == content
    assert [page.size for page in pages] == [SIZES["a4"]] * 3


def words_of(report: AnalysisDocument) -> str:
    """What is selectable in the PDF."""
    reader = PdfReader(io.BytesIO(render("pdf", report, traces_with_planes()).content))
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))


def test_the_pdf_has_the_sentences_of_the_page() -> None:
    """Verdicts on values with their remarks, own norms not applied, the measured volume, hashes of images."""
    said = words_of(CASES["everything"]())
    page = " ".join(outline(render("html", CASES["everything"](), traces_with_planes()).content.decode()).text)
    page = page.replace("\N{NO-BREAK SPACE}%", " %")

    for phrase in (
        "GPC cannot be told from PCh here; read tCho instead.",
        "The standard deviation of Asp is 31 % of its value.",
        "Also, with other numbers: Asc, Tau, PE, Glc.",
        "with limits",
        "Own norm for tNAA was not applied: Its echo time is 144 ms.",
        "Own norms for Glu, mI were not applied: None of the controls is male, as the person is.",
        "12% of the measured volume lies outside of the image.",
        "grey matter 58 %, white matter 31 %",
        "corrected with the fractions of the request",
        "c" * 64,
        "2 mm right, 36 mm in front, 12 mm below",
    ):
        assert phrase in said, phrase
        assert phrase in page, phrase


def test_without_an_image_the_report_states_it() -> None:
    """A sentence stands in the place of the picture."""
    assert "No image was supplied." in words_of(CASES["limited"]())


def test_missing_glyphs_are_shown_as_code_points_with_a_note() -> None:
    """A name in Chinese letters neither breaks the PDF nor disappears from it."""
    said = words_of(CASES["signed-and-amended"]())

    assert "[U+5F20][U+4F1F]" in said
    assert "stand as their Unicode numbers" in said
    assert "stand as their Unicode numbers" not in words_of(document(factory.make_analysis()))


def test_words_from_right_to_left_leave_dates_in_place() -> None:
    """They are set apart, so the date after a name does not move before it."""
    assert isolated(REVIEWER_HEBREW) == f"\u2068{REVIEWER_HEBREW}\u2069"
    assert isolated("Dr. Cohen") == "Dr. Cohen"
    page = render("html", CASES["signed-and-amended"](), traces_with_planes()).content.decode()
    assert f"\u2068{REVIEWER_HEBREW}\u2069, 2026-11-23 12:00 UTC" in page


def test_fonts_show_every_accepted_letter() -> None:
    """The ranges are true of the fonts that this typst brings: PDF/UA refuses a letter without a picture."""
    letters = "".join(
        character
        for low, high in SHOWN
        for code in range(low, high + 1)
        if printable(character := chr(code)) == character
    )
    assert len(letters) > 2000
    source = '#set document(title: "x")\n#set text(font: "Libertinus Serif", lang: "en")\n'
    for at in range(0, len(letters), 80):
        source += f"#{{ {' + '.join(f'str.from-unicode({ord(letter)})' for letter in letters[at : at + 80])} }}\n"

    assert typst.compile(source.encode(), format="pdf", pdf_standards=["ua-1"], ignore_system_fonts=True)
