"""No page asks its browser for what the content security policy forbids, and nothing inline is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

pytestmark = pytest.mark.browser

WATCH = """window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.effectiveDirective} ${event.blockedURI}`));"""
INJECT = """() => {
  const script = document.createElement("script");
  script.textContent = "window.taken = true";
  document.body.append(script);
  document.body.insertAdjacentHTML("beforeend", '<p id="styled" style="color: rgb(1, 2, 3)">x</p>');
  document.body.insertAdjacentHTML("beforeend", '<img src="data:," onerror="window.taken = true">');
  return [window.taken === true, getComputedStyle(document.getElementById("styled")).color];
}"""


@pytest.fixture
def watched(browser: Any, room: str) -> Iterator[Any]:
    """A page that keeps what its policy stopped."""
    context = browser.new_context(base_url=room)
    page = context.new_page()
    page.add_init_script(WATCH)
    yield page
    context.close()


@pytest.fixture
def addresses(reports: list[str]) -> list[str]:
    """Every page that people can be led to, and the reports as files."""
    one, other = (address.rpartition("/")[2] for address in reports[:2])
    return [
        "/", "/upload", "/norms", "/sites", "/docs", "/problems", "/problems/not-found", "/sign-in",
        "/analyses/nonsense",
        f"/analyses/{one}", f"/compare?with={one}&with={other}", "/compare", "/subjects/sub-017",
        f"/v1/analyses/{one}/report?format=html",
    ]  # fmt: skip


def test_no_page_is_stopped_by_its_policy(watched: Any, addresses: list[str]) -> None:
    """Scripts, styles and pictures of every page are what its policy names."""
    for address in addresses:
        watched.goto(address)

        assert watched.evaluate("window.violations") == [], address


def test_injected_markup_does_not_run(watched: Any, addresses: list[str]) -> None:
    """A script, a handler and a style that markup might bring in do nothing on any page."""
    for address in addresses:
        watched.goto(address)
        taken, colour = watched.evaluate(INJECT)

        assert not taken, address
        assert colour != "rgb(1, 2, 3)", address


def test_no_header_allows_inline_code(room: str, addresses: list[str]) -> None:
    """The header of every page and file forbids it too."""
    with httpx2.Client(base_url=room) as client:
        for address in [*addresses, "/openapi.json", "/healthz", "/static/x/room.css"]:
            policy = client.get(address, headers={"Accept": "text/html"}).headers["Content-Security-Policy"]

            assert "unsafe" not in policy, address
            assert policy.startswith("default-src 'none'"), address


def test_a_served_report_works_when_saved(browser: Any, watched: Any, reports: list[str], tmp_path: Path) -> None:
    """The same file opened from a folder has its figure's tools, and its policy."""
    address = f"/v1/analyses/{reports[0].rpartition('/')[2]}/report?format=html"
    watched.goto(address)
    assert watched.locator("#spectrum .tools").is_visible()
    file = tmp_path / "report.html"
    file.write_bytes(watched.request.get(address).body())
    watched.goto(file.as_uri())

    assert watched.locator("#spectrum .tools").is_visible()
    assert watched.evaluate("window.violations") == []
