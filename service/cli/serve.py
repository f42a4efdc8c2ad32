"""``mrsquant serve``: the HTTP service, on loopback unless told otherwise."""

from __future__ import annotations

from typing import Annotated

import typer

from service.cli.configuration import load_settings
from service.cli.failures import ExitCode


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
) -> int:
    """Run the service in the foreground until Ctrl-C."""
    import uvicorn

    from service.app import create_app

    uvicorn.run(create_app(load_settings()), host=host, port=port, log_config=None, server_header=False)
    return ExitCode.ANALYSED
