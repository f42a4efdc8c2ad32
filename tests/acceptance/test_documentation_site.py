"""The documentation site at ``/docs/``: its pages, its search, and no request to another host."""

from __future__ import annotations

from typing import Any

import pytest

from service.pages.documentation import contents, policy_of
from tests.acceptance.conftest import EXAMPLE
from tests.acceptance.test_room_for_everybody import sticks_out, violations

pytestmark = pytest.mark.browser
needs_site = pytest.mark.skipif(not contents(), reason="the site is not built; make site builds it")
PAGES = (
    "",
    "tutorials/notebook.html",
    "explanation/other-programs.html",
    "gallery.html",
    "api.html",
    "python.html",
    "walk.html",
    "glossary.html",
)


@needs_site
def test_pages_are_accessible_and_need_no_other_server(page: Any, room: str) -> None:
    """axe finds nothing, nothing sticks out at 1280 and 390 pixels, the policy of each page lets its scripts run."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    found = {}
    for name in PAGES:
        page.goto(f"/docs/{name}")
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            complaints = violations(page, "main") if width == 1280 else []
            if complaints or sticks_out(page) > 0:
                found[name, width] = complaints or sticks_out(page)

    assert found == {}
    assert [url for url in asked if not url.startswith((room, "data:"))] == []


@needs_site
def test_search_finds_a_page(page: Any) -> None:
    """The search works without any other server."""
    page.goto("/docs/search.html?q=linewidth")

    page.locator("#search-results a", has_text="Glossary").first.wait_for()


def test_only_files_of_the_site_are_served(page: Any, room: str) -> None:
    """A path that leaves the folder, and one that is not there, are no pages."""
    for path in ("/docs/../secret", "/docs/%2e%2e/%2e%2e/texts.toml", "/docs/nowhere.html"):
        assert page.request.get(f"{room}{path}").status == 404


def test_policy_allows_the_scripts_of_a_page_by_their_hash_only() -> None:
    """Every inline script has its hash; a script with an address needs none."""
    policy = policy_of('<script>a()</script><script src="x.js"></script><script data-x="y">b()</script>')
    scripts = policy.partition("script-src ")[2].partition(";")[0].split()

    assert scripts[0] == "'self'"
    assert len(scripts) == 3
    assert all(part.startswith("'sha256-") for part in scripts[1:])


def test_call_can_be_tried_on_this_server(page: Any, room: str) -> None:
    """A form sends its call with a file and shows the address, the status and the answer; axe finds nothing."""
    page.goto("/docs")
    calls = page.locator("tr", has_text="POST /v1/analyses/validate")
    calls.locator("summary").click()
    calls.locator("input[name=metabolite]").set_input_files(EXAMPLE)
    calls.locator("input[name=request]").fill('{"region": "ACC"}')
    calls.get_by_role("button", name="Send").click()
    answer = calls.locator("pre")
    answer.get_by_text('"format": "nifti_mrs"').wait_for()

    assert answer.inner_text().startswith(f"POST {room}/v1/analyses/validate\n200 application/json")
    assert violations(page, ".try[open]") == []


def test_parameter_of_a_path_reaches_its_place(page: Any) -> None:
    """What is not there is answered as a problem."""
    page.goto("/docs")
    call = page.locator("tr", has_text="GET /v1/norms/{norm_id}")
    call.locator("summary").click()
    call.locator("input[name=norm_id]").fill("nothing here")
    call.get_by_role("button", name="Send").click()
    call.locator("pre", has_text="404 application/problem+json").wait_for()
