"""Log lines are for people on a terminal and for machines elsewhere, unless the settings say otherwise."""

from __future__ import annotations

import io
import json
import sys

import pytest
import structlog

from service.logs import configure
from service.settings import Settings


class Stream(io.StringIO):
    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize(
    ("terminal", "log_format", "is_json"),
    [(False, None, True), (True, None, False), (True, "json", True), (False, "console", False)],
)
def test_lines_are_json_unless_a_person_reads_them(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, log_format: str | None, is_json: bool
) -> None:
    """A terminal gets readable lines; a setting goes before what standard error is."""
    before = structlog.get_config()
    stream = Stream(terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    try:
        configure(Settings(log_format=log_format))
        structlog.get_logger().info("started", number=7)
    finally:
        structlog.configure(**before)

    line = stream.getvalue()
    assert "started" in line
    assert line.startswith("{") == is_json
    if is_json:
        assert json.loads(line)["number"] == 7
