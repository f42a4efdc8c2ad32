"""``mrsquant mrd-server``: raw data from a scanner's reconstruction in, pages of the report as images out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.exit_codes import CommandFailure, ExitCode, refusing
from service.cli.operator_settings import load_settings
from service.cli.own_norms import other_laboratories, own_norms
from service.cli.own_sites import own_sites
from service.cli.signals import terminated_like_interrupted

if TYPE_CHECKING:
    from service.schemas.region_rules import RegionRule


def mrd_server(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 9002,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="Service that analyses. Default: a worker of this command.")
    ] = None,
    region_rules: Annotated[
        Path | None,
        typer.Option(metavar="RULES.toml", help="[[region]] tables, which the protocol's name is searched for."),
    ] = None,
    water_flag: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Flag of acquisitions that are the water reference, as the sequence sets it."),
    ] = None,
) -> int:
    """Serve FIRE, OpenRecon or Gadgetron: analyse each scan of a connection and answer with pages of the report."""
    from service import logs

    try:
        from service.mrd.server import MrdServer
    except ImportError as absent:
        need = "needs the extra 'mrd': pip install 'mrsquant[mrd]'."
        raise CommandFailure(ExitCode.FAILURE, "format-unavailable", "mrd-server", need) from absent
    from service.client import Client
    from service.gateway.analyst import LocalAnalyst, RemoteAnalyst
    from service.schemas.region_rules import read_rules

    rules: tuple[RegionRule, ...] = ()
    if region_rules is not None:
        with refusing(region_rules):
            rules = read_rules(region_rules)
    logs.configure(load_settings())
    analyst = (
        RemoteAnalyst(Client(url))
        if url is not None
        else LocalAnalyst(
            workers=1,
            cache_dir=load_settings().cache_dir,
            norms=own_norms(),
            sites=own_sites(),
            laboratories=other_laboratories(),
        )
    )
    try:
        server = MrdServer((host, port), analyst, rules, water_flag)
    except OSError as error:
        analyst.close()
        detail = f"{error.strerror or error}; choose another port."
        raise CommandFailure(ExitCode.FAILURE, "not-started", "mrd-server", detail) from error
    with terminated_like_interrupted():
        try:
            server.serve()
        except KeyboardInterrupt:
            pass
        finally:
            server.stop()
    return ExitCode.ANALYSED
