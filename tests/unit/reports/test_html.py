"""The HTML report is one safe, well-formed, self-contained page."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise

from fitting.model.result import Traces
from fitting.norms.contrasts import Contrast
from fitting.sites import SessionContrasts
from service.reports import AnalysisDocument, html, render
from tests.data import analysis_factory as factory
from tests.pages import tree
from tests.unit.reports.conftest import Rendering, as_document

VOID = {"meta", "input", "br", "img", "link", "hr"}
BUDGET = 1_000_000


class Outline(HTMLParser):
    """Fails on tags that do not nest, and keeps what a test asks about."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def outline(page: str) -> Outline:
    parser = Outline()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def test_the_page_is_well_formed_small_and_needs_no_network(rendered: Rendering) -> None:
    """Every tag nests, ids are unique, links stay inside, nothing is fetched."""
    page = rendered("html").decode()
    parser = outline(page)
    ids = [attrs["id"] for _, attrs in parser.tags if "id" in attrs]
    links = [attrs["href"] for tag, attrs in parser.tags if tag == "a"]

    assert len(page.encode()) < BUDGET
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in links if link.startswith("#")} <= set(ids)
    assert all(link.startswith(("#", "https://doi.org/10.")) for link in links)
    assert not {"src", "srcset", "action", "style", "xlink:href", "onclick"} & {n for _, a in parser.tags for n in a}
    assert not {"link", "img", "iframe", "object", "image"} & {tag for tag, _ in parser.tags}
    addresses = set(re.findall(r"https?://[^\s\"'<>)]+", _without_foreign_text(page)))
    assert addresses - set(links) <= {"http://www.w3.org/2000/svg"}


def _without_foreign_text(page: str) -> str:
    """Addresses that are only printed, such as a source's, fetch nothing; those in attributes and styles would."""
    return (
        re.sub(r">[^<]*<", "><", re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL))
        + page.partition("<script>")[2]
    )


def test_foreign_texts_are_inert(traces: Traces) -> None:
    """Markup in a header, a pseudonym or a basis name is shown as text and never becomes an element."""
    named = factory.make_traces()
    names = ("<script>alert(2)</script>", *named.names[1:])
    traces = Traces(named.ppm, named.data, named.fit, named.baseline, named.residual, names, named.components)
    attacked = AnalysisDocument(factory.hostile(factory.make_analysis()), subject='"><script>alert(3)</script>')
    harmless = AnalysisDocument(factory.limited(factory.make_analysis()))
    parser, reference = (outline(render("html", d, traces).content.decode()) for d in (attacked, harmless))

    def scripts(page: Outline) -> int:
        return sum(tag == "script" for tag, _ in page.tags)

    assert scripts(parser) == scripts(reference) == 1
    shown = "".join(parser.text)
    for number in (2, 3):
        assert f"<script>alert({number})</script>" in shown


def test_only_the_own_script_and_style_may_run(traces: Traces) -> None:
    """The page's policy names the hashes of exactly what it holds."""
    page = render("html", AnalysisDocument(factory.make_analysis()), traces).content.decode()
    parser = outline(page)
    policy = next(a["content"] for t, a in parser.tags if a.get("http-equiv") == "Content-Security-Policy")

    assert policy.startswith("default-src 'none'")
    for tag in ("script", "style"):
        source = re.search(rf"<{tag}>(.*?)</{tag}>", page, flags=re.DOTALL).group(1)
        assert b64encode(sha256(source.encode()).digest()).decode() in policy


def test_tables_and_figures_are_readable_without_eyes(rendered: Rendering) -> None:
    """Header cells have a scope, pictures a title and a description, headings go down by one level."""
    parser = outline(rendered("html").decode())
    ids = {attrs["id"] for _, attrs in parser.tags if "id" in attrs}
    levels = [int(tag[1]) for tag, _ in parser.tags if re.fullmatch(r"h[1-6]", tag)]

    assert all("scope" in attrs for tag, attrs in parser.tags if tag == "th")
    for attrs in (attrs for tag, attrs in parser.tags if tag == "svg" and attrs.get("aria-hidden") != "true"):
        assert attrs["role"] == "img"
        assert set(attrs["aria-labelledby"].split()) <= ids
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert levels.count(1) == 1


def test_the_verdict_comes_before_any_number(rendered: Rendering) -> None:
    """A reader meets the notice, then the verdict with its reasons, then values."""
    page = rendered("html").decode()

    assert page.index('id="notice-top"') < page.index('id="verdict"') < page.index('id="table-heading"')
    assert page.index('id="notice-bottom"') > page.index('id="provenance-heading"')


def test_many_differences_of_a_session_are_folded_but_those_outside(traces: Traces) -> None:
    """What lies outside is shown; more than eight lines would push the rest of the report down."""
    within = Contrast("regions", "ACC Glu", "PCC Glu", 0.1, 0.0, 0.2, 0.5, 69.0, 0.62, "within", 0)
    outside = replace(within, a="ACC NAA", log_ratio=0.6, z=3.0, percentile=99.9, p=0.003, flag="above")
    for count, folded in ((7, False), (20, True)):
        items = (*(replace(within, a=f"ACC {place}") for place in range(count)), outside)
        session = SessionContrasts(items, 0.05 * len(items), 1, ())
        page = tree(html.article(replace(as_document(factory.make_analysis()), session_contrasts=session), traces))
        section = page.first("section", class_="contrasts")
        shown = section.first("table").table()[1:]

        assert len(shown) == (1 if folded else count + 1)
        assert any(row[0] == "ACC NAA" for row in shown)
        assert (f"{count} differences within" in section.text()) is folded


def test_a_flagged_further_metabolite_stands_among_the_leading_values(traces: Traces) -> None:
    """Its group stays folded: a flag is seen without opening anything."""
    analysis = factory.make_analysis()
    glu = next(item for item in analysis.metabolites if item.name == "Glu")
    assert glu.z is not None
    flagged = replace(glu, name="GABA", z=replace(glu.z, flag="above"))
    others = [item for item in analysis.metabolites if item.name != "GABA"]
    page = tree(html.article(as_document(replace(analysis, metabolites=(*others, flagged))), traces))
    table = page.first("table", class_="metabolites")

    assert "Further metabolites: outside the reference interval" in table.text()
    assert any(row and row[0].startswith("GABA") for row in table.table())
    assert "open" not in page.first("details", class_="more").attributes


def test_text_has_enough_contrast() -> None:
    """WCAG 2.2 AA: 4.5 to 1 for every pair of text and background tokens."""
    tokens = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", html.static_text("tokens.css")))
    pairs = [(ink, ground) for ink in ("ink", "muted", "accent") for ground in ("paper", "wash", "flag-wash")]
    pairs += [(state, f"{state}-wash") for state in ("yes", "limited", "no")]
    pairs += [("ink", "yes-wash"), ("muted", "limited-wash"), ("muted", "no-wash"), ("paper", "ink")]

    assert {pair: round(_contrast(*(tokens[name] for name in pair)), 1) for pair in pairs} == {
        pair: value for pair in pairs if (value := round(_contrast(*(tokens[name] for name in pair)), 1)) >= 4.5
    }


def _contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, WCAG 2.2."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
