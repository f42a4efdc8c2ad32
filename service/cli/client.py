"""Failures of the service's client as failures of a command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from fitting.io import Files
from service.cli.exit_codes import CommandFailure, ExitCode
from service.client import ClientError, File, Refused


def failure_of(error: ClientError) -> CommandFailure:
    """The exit code and line of a failed call."""
    code = ExitCode.REFUSED if isinstance(error, Refused) else ExitCode.SERVER
    return CommandFailure(code, error.code, error.where, error.detail)


@contextmanager
def calling() -> Iterator[None]:
    """Turn the failure of a call into the command's failure."""
    try:
        yield
    except ClientError as error:
        raise failure_of(error) from error


def uploads(parts: Mapping[str, Files]) -> dict[str, list[File]]:
    """The files of one analysis by part, as the client takes them."""
    return {name: [(file.name, file.content) for file in files] for name, files in parts.items()}
