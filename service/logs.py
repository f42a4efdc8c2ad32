"""Structured log lines without payload or identity: event, id and duration."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from contextlib import suppress
from typing import TextIO, cast

import structlog

from service.settings import Settings

_FRAME = re.compile(r'^\s*File "(.*?)", line (\d+), in (.*)$', re.MULTILINE)


class _StandardError:
    """The current standard error; a closed one does not stop the work."""

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()


def configure(settings: Settings) -> None:
    """Send log lines to standard error in the format and from the level of the settings."""
    written = settings.log_format or ("console" if _is_terminal() else "json")
    renderer = structlog.processors.JSONRenderer() if written == "json" else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, settings.log_level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", _StandardError())),
        cache_logger_on_first_use=False,
    )
    # its lines hold whole query strings, and the service's own log has every request
    logging.getLogger("uvicorn.access").disabled = True


def _is_terminal() -> bool:
    with suppress(ValueError, AttributeError):  # closed, or absent
        return sys.stderr.isatty()
    return False


def frames_of(error: BaseException) -> list[str]:
    """Location of an exception, innermost last, without its message or source lines, which may quote the input."""
    text = "".join(traceback.format_exception(error))
    return [f"{path}:{line} {function}" for path, line, function in _FRAME.findall(text)]
