"""``mrsquant dicom-gateway``: spectra in by C-STORE, results back into their study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.exit_codes import CommandFailure, ExitCode
from service.cli.operator_settings import load_settings
from service.cli.own_norms import other_laboratories, own_norms
from service.cli.own_sites import own_sites
from service.cli.signals import terminated_like_interrupted

if TYPE_CHECKING:
    from service.gateway.analyst import Analyst
    from service.gateway.configuration import GatewayConfiguration


def dicom_gateway(
    *,
    config: Annotated[Path | None, typer.Option(metavar="GATEWAY.toml", help="Settings and region rules.")] = None,
    ae_title: Annotated[str | None, typer.Option(help="Own AE title. Default: MRSQUANT.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on. Default: 11112.")] = None,
    to: Annotated[
        str | None, typer.Option(metavar="AE@host:port", help="Where results go, or the address of a DICOMweb service.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="Service that analyses. Default: workers of the gateway.")
    ] = None,
    spool: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of what is not delivered yet.")] = None,
    report_failures: Annotated[
        bool | None,
        typer.Option("--report-failures", help="Send a page with the reason for each scan that cannot be analysed."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="End when nothing is left to do, for cron.")] = False,
) -> int:
    """Receive spectra from scanners and archives, analyse them, and send the results back into their study."""
    import warnings

    from service import logs

    try:
        from service.gateway.courier import Courier
        from service.gateway.delivery import delivery_of
        from service.gateway.gateway import Gateway
    except ImportError as absent:
        need = "needs the extra 'dicom': pip install 'mrsquant[dicom]'."
        raise CommandFailure(ExitCode.FAILURE, "format-unavailable", "dicom-gateway", need) from absent
    from service.gateway.person import site_key
    from service.gateway.spool import Spool

    changes = {"ae_title": ae_title, "host": host, "port": port, "url": url, "spool": spool}
    changes["report_failures"] = report_failures
    configuration = _configuration(config, to, {name: value for name, value in changes.items() if value is not None})
    warnings.simplefilter("ignore")  # pydicom quotes header values, identity among them, in its warnings
    logs.configure(load_settings())
    try:
        kept = Spool.open(configuration.spool)
        key = site_key(configuration.spool)
        delivery = delivery_of(configuration)
        gateway = Gateway(Courier(configuration, kept, _analyst(configuration), delivery, key))
        gateway.start()
    except OSError as error:
        detail = f"{error.strerror or error}; check port, spool and certificates."
        raise CommandFailure(ExitCode.FAILURE, "not-started", "dicom-gateway", detail) from error
    with terminated_like_interrupted():
        try:
            gateway.run(once=once)
        except KeyboardInterrupt:
            pass
        finally:
            gateway.stop()
    return ExitCode.ANALYSED


def _configuration(config: Path | None, to: str | None, changes: dict[str, Any]) -> GatewayConfiguration:
    from service.gateway.configuration import UnusableConfiguration, peer_of, read_configuration

    try:
        if to is not None:
            changes["to"] = peer_of(to)
        return read_configuration(config, changes)
    except UnusableConfiguration as error:
        raise CommandFailure(ExitCode.FAILURE, "usage", "dicom-gateway", str(error)) from error


def _analyst(configuration: GatewayConfiguration) -> Analyst:
    from service.gateway.analyst import LocalAnalyst, RemoteAnalyst

    if configuration.url is not None:
        from service.client import Client

        return RemoteAnalyst(Client(configuration.url), signed=configuration.send == "signed")
    return LocalAnalyst(
        workers=configuration.workers,
        cache_dir=load_settings().cache_dir,
        norms=own_norms(),
        sites=own_sites(),
        laboratories=other_laboratories(),
    )
