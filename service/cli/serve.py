"""``mrsquant serve``: the HTTP service, on loopback unless told otherwise."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import fitting
from service.cli.configuration import load_settings
from service.cli.failures import CommandFailure, ExitCode
from service.cli.signals import terminated_like_interrupted


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
) -> int:
    """Run the service in the foreground until Ctrl-C."""
    import uvicorn

    from service.app import create_app

    config = uvicorn.Config(create_app(load_settings()), host=host, port=port, log_config=None, server_header=False)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    sys.stderr.write(f"mrsquant {fitting.__version__} serves {address}/ until Ctrl-C.\n")
    server = uvicorn.Server(config)
    try:
        with terminated_like_interrupted():
            server.run()
    except KeyboardInterrupt:  # it was raised again after everything was stopped in order
        return ExitCode.ANALYSED
    except SystemExit as error:
        detail = "the service did not start; the reason stands above."
        raise CommandFailure(ExitCode.FAILURE, "not-started", address, detail) from error
    return ExitCode.ANALYSED
