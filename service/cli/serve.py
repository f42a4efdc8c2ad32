"""``mrsquant serve``: the HTTP service, on loopback unless told otherwise."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import fitting
from service.cli.exit_codes import CommandFailure, ExitCode
from service.cli.operator_settings import load_settings
from service.cli.own_norms import own_norms
from service.cli.own_sites import own_sites
from service.cli.signals import terminated_like_interrupted
from service.cli.storage import usable_storage

if TYPE_CHECKING:
    from socket import socket

    from service.access.key_file import KeyFile
    from service.settings import Settings

FIRST_KEY_HOURS = 24


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    data_dir: Annotated[
        Path | None,
        typer.Option("--data-dir", help="Folder of database and files. Default: MRSQUANT_DATA_DIR.", file_okay=False),
    ] = None,
    adopt: Annotated[
        bool,
        typer.Option("--adopt", help="Bind a restored database and data folder that were not bound to each other."),
    ] = False,
) -> int:
    """Run the service in the foreground until Ctrl-C."""
    import uvicorn

    from service.app import create_app
    from service.server import server_config

    settings = load_settings(data_dir)
    _check_access(settings, host)
    own_norms(), own_sites()  # an unusable file is reported in one line, before anything is opened
    with usable_storage(settings, "not-started") as storage:
        storage.adopt() if adopt else storage.open()
    service = create_app(settings)
    config = server_config(service, settings, host=host, port=port)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    sys.stderr.write(f"mrsquant {fitting.__version__} starts with the data in {settings.data_dir} …\n")

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:  # the server answers browsers only from here on
                sys.stderr.write(f"mrsquant serves {address}/ until Ctrl-C.\n")

    server = Server(config)
    service.state.is_stopping = lambda: server.should_exit  # ends the streams of events, which otherwise continue
    try:
        with terminated_like_interrupted():
            server.run()
    except KeyboardInterrupt:  # it was raised again after an orderly stop
        return ExitCode.ANALYSED
    except SystemExit as error:
        detail = "the service did not start; the reason stands above."
        raise CommandFailure(ExitCode.FAILURE, "not-started", address, detail) from error
    return ExitCode.ANALYSED


def _check_access(settings: Settings, host: str) -> None:
    """Refuse to serve a network without authentication, and make the first key where there is none yet."""
    from service.access.addresses import is_loopback
    from service.access.key_file import KeyFile, UnusableKeyFile

    if not settings.is_guarded:
        if not is_loopback(host):
            detail = (
                "without keys the service answers this machine only (--host 127.0.0.1). To be reached from others, set "
                "MRSQUANT_API_KEYS_FILE to a file that `mrsquant keys new` makes, or the MRSQUANT_OIDC_* variables."
            )
            raise CommandFailure(ExitCode.FAILURE, "not-started", f"--host {host}", detail)
        return
    if settings.api_keys_file is None:
        return
    kept = KeyFile(settings.api_keys_file)
    try:
        if kept.exists:
            kept.keys()
        else:
            _make_first_key(kept)
    except (UnusableKeyFile, OSError) as error:
        raise CommandFailure(ExitCode.FAILURE, "not-started", "MRSQUANT_API_KEYS_FILE", f"{error}") from error


def _make_first_key(kept: KeyFile) -> None:
    from datetime import timedelta

    from service.access.keys import new_key
    from service.access.principal import SCOPES

    key, shown = new_key("first", "default", SCOPES, timedelta(hours=FIRST_KEY_HOURS))
    kept.write([key])
    sys.stderr.write(
        f"There was no file of keys, so here is a first one. It may do everything for {FIRST_KEY_HOURS} hours; make "
        f"lasting ones with `mrsquant keys new`. It is not shown again:\n{shown}\n"
    )
