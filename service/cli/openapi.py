"""``mrsquant openapi``: the description of the HTTP API, written from the code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.cli.exit_codes import ExitCode
from service.cli.output import write


def openapi(
    out: Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help="File to write; - is stdout.")] = Path(
        "openapi.yaml"
    ),
) -> int:
    """Write the OpenAPI description of the service."""
    from service.routes import openapi_yaml

    write(openapi_yaml().encode(), None if out == Path("-") else out)
    return ExitCode.ANALYSED
