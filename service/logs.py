"""Structured log lines without payload and without identity: what happened, to which id, how long it took."""

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
    """Standard error as it is at the moment; when nobody reads it any more, the work goes on."""

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()


def configure(settings: Settings) -> None:
    """Send log lines to standard error in the format and from the level of the settings."""
    renderer = structlog.processors.JSONRenderer() if settings.log_format == "json" else structlog.dev.ConsoleRenderer()
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
    # its lines hold whole query strings, and every request is in our own log already
    logging.getLogger("uvicorn.access").disabled = True


def frames_of(error: BaseException) -> list[str]:
    """Where an exception came from, innermost last, without its message or source lines: those may quote the input."""
    text = "".join(traceback.format_exception(error))
    return [f"{path}:{line} {function}" for path, line, function in _FRAME.findall(text)]
