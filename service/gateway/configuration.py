"""``gateway.toml``: who may send, where results go, and the rules of the site."""

from __future__ import annotations

import ipaddress
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from service.schemas.region_rules import RegionRule, rules_of

AeTitle = Annotated[str, StringConstraints(pattern=r"^[ -\[\]-~]{1,16}$", strip_whitespace=True)]
"""At most 16 characters without a backslash (VR AE)."""
Port = Annotated[int, Field(ge=1, le=65535)]
Kind = Literal["sr", "pdf", "sc"]
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class UnusableConfiguration(Exception):
    """The configuration cannot be used; the message says where and what to do."""


def _seconds(value: object) -> object:
    """Seconds of ``7d``, ``12h``, ``30m`` or a number."""
    if isinstance(value, str) and value[:-1].isdigit() and value[-1:] in _SECONDS:
        return int(value[:-1]) * _SECONDS[value[-1]]
    return value


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Peer(_Strict):
    """Where results go: a DICOM node, or a DICOMweb address."""

    ae_title: AeTitle | None = None
    host: str = "127.0.0.1"
    port: Port | None = None
    stow: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.stow is None) == (self.ae_title is None or self.port is None):
            raise ValueError("give ae_title, host and port of a DICOM node, or stow, the address of a DICOMweb service")
        return self


class Tls(_Strict):
    """Certificates of a TLS connection, in both directions."""

    certificate: Path
    key: Path
    ca: Path


class GatewayConfiguration(_Strict):
    """Everything an operator may say about a gateway."""

    ae_title: AeTitle = "MRSQUANT"
    host: str = "127.0.0.1"
    port: Port = 11112
    accept_from: tuple[AeTitle, ...] = ()
    """Calling AE titles; without any the gateway listens on loopback only."""
    settle_seconds: Annotated[float, Field(ge=0, le=86_400)] = 20.0
    objects: Annotated[tuple[Kind, ...], Field(min_length=1)] = ("sr", "pdf", "sc")
    send: Literal["draft", "signed"] = "draft"
    report_failures: bool = False
    """Whether a scan that cannot be analysed gives a page with the reason."""
    to: Peer
    tls: Tls | None = None
    url: str | None = None
    """Address of a service that analyses; without it the gateway does."""
    spool: Path = Path("mrsquant-spool")
    forget_after: Annotated[int, BeforeValidator(_seconds), Field(gt=0)] = 7 * _SECONDS["d"]
    organisation: str | None = None
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    region: tuple[RegionRule, ...] = ()

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if not self.accept_from and not _is_loopback(self.host):
            raise ValueError("accept_from is empty: list the calling AE titles, or listen on 127.0.0.1")
        if self.send == "signed" and self.url is None:
            raise ValueError('send = "signed" needs url: only a service has signatures')
        return self


def read_configuration(path: Path | None, changes: dict[str, Any]) -> GatewayConfiguration:
    """The configuration of a file with those of the command line over it.

    Raises
    ------
    UnusableConfiguration
        When it cannot be read or something in it cannot be.
    """
    from fitting.errors import UnusableTable  # noqa: PLC0415

    name = "the command line" if path is None else str(path)
    try:
        stated = {} if path is None else tomllib.loads(path.read_text(encoding="utf-8"))
        if "region" in stated and path is not None:
            stated["region"] = rules_of(stated["region"], path)
        return GatewayConfiguration.model_validate({**stated, **changes})
    except OSError as error:
        raise UnusableConfiguration(f"{name} cannot be opened: {error.strerror}; check the path.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnusableConfiguration(f"{name} is not TOML: {error}.") from error
    except UnusableTable as error:
        raise UnusableConfiguration(error.detail) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "settings"
        raise UnusableConfiguration(f"{name}: {where}: {first['msg'].removeprefix('Value error, ')}.") from error


def peer_of(text: str) -> dict[str, Any]:
    """The peer of ``AE@host:port`` or of a DICOMweb address.

    Raises
    ------
    UnusableConfiguration
        When it is neither.
    """
    if text.startswith(("http://", "https://")):
        return {"stow": text}
    title, at, address = text.partition("@")
    host, colon, port = address.rpartition(":")
    if not (at and colon and title and host and port.isdigit()):
        raise UnusableConfiguration(f"--to {text} is neither AE@host:port nor an address of DICOMweb.")
    return {"ae_title": title, "host": host, "port": int(port)}


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
