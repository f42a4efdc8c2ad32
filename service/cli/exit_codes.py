"""Exit codes of the command, and its failures as one line on stderr instead of a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path

from fitting.errors import FittingError


class ExitCode(IntEnum):
    """Exit codes, for scripts."""

    ANALYSED = 0
    FAILURE = 1
    """All other failures: a misspelt option, an interrupt, a result that cannot be written."""
    NOT_INTERPRETABLE = 2
    REFUSED = 3
    SERVER = 4


class CommandFailure(Exception):
    """The command cannot continue; ``line`` gives the reason."""

    def __init__(self, exit_code: ExitCode, code: str, where: str, detail: str) -> None:
        super().__init__(detail)
        self.exit_code = exit_code
        self.code = code
        self.where = where
        self.detail = detail

    @property
    def line(self) -> str:
        """Problem code, file and what to do, on one line."""
        parts = (self.code, self.where, self.detail)
        return " ".join(f"mrsquant: {': '.join(part for part in parts if part)}".split())


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turn a refusal of the input at ``path`` into the command's failure."""
    try:
        yield
    except FittingError as error:
        raise CommandFailure(ExitCode.REFUSED, error.code, str(path), error.detail) from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a failure to write the result to ``path`` into the command's failure."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CommandFailure(
            ExitCode.FAILURE, "file-not-writable", str(path), f"{reason}; choose another -o."
        ) from error
