"""Signing in and out in a real Chromium, in a room that is guarded by keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from service.access.key_file import KeyFile
from service.access.keys import new_key
from tests.acceptance.conftest import Room

pytestmark = pytest.mark.browser


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Address of a guarded service and the key of a reading room."""
    key, shown = new_key("reading-room", "default", frozenset({"read"}), timedelta(hours=1))
    KeyFile(tmp_path / "keys.toml").write([key])
    room = Room(tmp_path, api_keys_file=tmp_path / "keys.toml")
    room.start()
    yield room.address, shown
    room.stop()


@pytest.fixture
def visitor(browser: Any) -> Iterator[Any]:
    """A page of a browser of its own: no cookie of others."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None)
    yield opened
    context.close()
    assert complaints == []


def test_people_get_in_with_their_key_only(visitor: Any, guarded: tuple[str, str]) -> None:
    """Led to the form and back, told what is wrong, kept out after signing out; a person without eyes can do it too."""
    address, key = guarded
    visitor.goto(f"{address}/?state=failed")
    field = visitor.get_by_label(re.compile("key", re.I))

    assert re.search(r"/sign-in\?next=/%3Fstate%3Dfailed$", visitor.url)
    assert field.get_attribute("type") == "password"
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    assert axe.run(visitor).response["violations"] == []

    field.fill("mrsq_wrong_key")
    field.press("Enter")
    visitor.get_by_role("alert").get_by_text("wrong").wait_for()
    assert axe.run(visitor).response["violations"] == []
    assert "mrsq_wrong_key" not in visitor.content()

    visitor.get_by_label(re.compile("key", re.I)).fill(key)
    visitor.get_by_role("button", name="Sign in").click()
    visitor.wait_for_url(f"{address}/?state=failed")
    assert visitor.evaluate("document.cookie") == ""
    (cookie,) = visitor.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")

    visitor.goto(f"{address}/sign-in")
    visitor.get_by_role("button", name="Sign out").click()
    visitor.wait_for_url(f"{address}/sign-in")
    assert visitor.context.cookies() == []
    visitor.goto(address)
    assert "/sign-in" in visitor.url
