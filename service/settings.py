"""What an operator may set: environment variables ``MRSQUANT_*``; with none, one machine works on its own."""

from __future__ import annotations

import json
import os
import re
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _own_folder(variable: str, fallback: str) -> Path:
    """The user's mrsquant folder below an XDG base directory (freedesktop.org base directory specification)."""
    return Path(os.environ.get(variable) or Path.home() / fallback) / "mrsquant"


def _sqlite_in_data_dir(fields: dict[str, Any]) -> str:
    # data_dir is absent when it did not validate; that error is the one to show
    return f"sqlite:///{fields['data_dir'] / 'mrsquant.sqlite3'}" if "data_dir" in fields else "sqlite://"


def executor_parts(address: str) -> tuple[str, str]:
    """Scheme and rest of an executor's address.

    Raises
    ------
    ValueError
        When it is no address of an executor; says what one looks like.
    """
    scheme, _, rest = address.partition(":")
    is_number = re.fullmatch("[1-9][0-9]{0,3}", rest) is not None
    match scheme:
        case "processes" if ":" in address and (not rest or is_number):
            return scheme, rest
        case "inline" if address == "inline:":
            return scheme, rest
        case "dask+tcp" if re.fullmatch(r"//(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}", rest):
            return scheme, rest
    raise ValueError("use processes:N with N from 1 to 9999, processes:, inline: or dask+tcp://host:8786")


def _checked_executor(address: str) -> str:
    executor_parts(address)
    return address


def _listed(value: object) -> object:
    """A list of the environment: JSON, or words with commas between."""
    if not isinstance(value, str):
        return value
    return json.loads(value) if value.lstrip().startswith("[") else [word.strip() for word in value.split(",") if word]


Count = Annotated[int, Field(gt=0, le=1_000_000_000_000)]
"""A number of things or bytes; no machine has more."""
Seconds = Annotated[float, Field(gt=0, le=604_800)]
"""A time that something may take, at most a week."""
HostName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]+$|^\[[0-9a-fA-F:.]+\]$", to_lower=True)]

JwksAddress = Annotated[str, StringConstraints(pattern=r"^(https://|http://(localhost|127\.0\.0\.1)[:/]|[^:]+$)")]
"""A file, an ``https`` address or a loopback address: none can be changed in transit."""


class Settings(BaseSettings):
    """Read once at start, frozen, and handed to ``create_app``; nothing reads the environment later."""

    model_config = SettingsConfigDict(env_prefix="MRSQUANT_", frozen=True, use_attribute_docstrings=True)

    data_dir: Path = Field(default_factory=lambda: _own_folder("XDG_DATA_HOME", ".local/share"))
    """Folder of the database file and of uploaded and computed files. Default: ``$XDG_DATA_HOME/mrsquant``, which is
    ``~/.local/share/mrsquant`` on most machines. Created with access for its owner only."""

    database_url: str = Field(default_factory=_sqlite_in_data_dir)
    """SQLAlchemy URL of the database. Default: the SQLite file ``mrsquant.sqlite3`` in the data folder. Several service
    processes need ``postgresql+psycopg://user:password@host/name``."""

    cache_dir: Path = Field(default_factory=lambda: _own_folder("XDG_CACHE_HOME", ".cache"))
    """Folder of simulated basis sets; may be emptied at any time. Default: ``$XDG_CACHE_HOME/mrsquant``, which is
    ``~/.cache/mrsquant`` on most machines."""

    norms_path: Path | None = None
    """Folder of a site's own norms: JSON files with the body of ``POST /v1/norms``, with ``controls``. ``analyse``,
    ``batch``, ``inspect`` and ``score`` use them directly; at start the service stores new content as the next version,
    in the project ``default``. An unusable file is refused at once. Files that other laboratories wrote with
    ``mrsquant calibrate --share`` are further laboratories of the control model, for these commands and the service."""

    sites_path: Path | None = None
    """Folder of calibrated scanners: the files ``SITE.json`` that ``mrsquant calibrate`` writes. ``analyse``, ``batch``
    and ``inspect`` use the newest file that holds for a scan; at start the service stores new content as the newest, in
    the project ``default``. An unusable file is refused at once."""

    executor: Annotated[str, AfterValidator(_checked_executor)] = "processes:"
    """Where fits run: ``processes:N`` (N worker processes; without N one for each core), ``dask+tcp://host:8786`` (a
    dask cluster; needs the extra ``cluster``), or for trials ``inline:``, a thread of the service itself. A hanging
    ``inline:`` task cannot be ended and runs on beside its successor, and a file that exhausts the memory also ends the
    service."""

    worker_memory_bytes: int | None = Field(default=None, ge=1024**3, le=1024**5)
    """Address space limit of one worker process, also of ``mrsquant batch``, bytes; at least 1073741824 (1 GiB), twice
    what an ordinary analysis takes. A file that exceeds it fails its own analysis (``out-of-memory``) and no other.
    Default: an equal share of three quarters of the machine's memory, or of its container's, but 2 GiB at least. On a
    dask cluster it applies when set, in addition to the workers' own ``--memory-limit``; ``inline:`` has no limit.
    Enforced on Linux."""

    max_upload_bytes: Count = 100_000_000
    """Largest accepted request body, bytes."""

    max_json_bytes: Count = 20_000_000
    """Largest accepted body other than a file upload, bytes: it is parsed in memory, files are not. A spectrum of 64
    transients of 4096 points takes 10 MB as JSON; larger ones are sent as a file."""

    queue_limit: Count = 10_000
    """Maximum number of queued analyses; beyond it submissions are answered 503 with ``Retry-After``."""

    deadline_seconds: Seconds = 300.0
    """Time limit of an analysis whose request has no ``deadline_seconds`` of its own, seconds. A worker that has not
    returned ``GRACE_SECONDS`` later is ended; that counts as an attempt, and the second one fails the analysis."""

    grace_seconds: Seconds = 30.0
    """Time after the deadline before a worker that has not returned is ended, seconds."""

    retention_days: Annotated[int, Field(gt=0, le=36_500)] | None = None
    """Days after which finished, failed and cancelled analyses are removed with all their data. Without it they are
    kept until they are deleted."""

    webhook_hosts: tuple[HostName, ...] = ()
    """JSON list of the hosts that may receive webhooks when an analysis ends (``callback_url`` of a request), such as
    ``["pacs.hospital.example"]``. Without it there are no webhooks."""

    webhook_secret: SecretStr | None = Field(default=None, min_length=24)
    """Secret that signs webhooks (HMAC-SHA256), at least 24 characters; required with ``WEBHOOK_HOSTS``."""

    webhook_private_addresses: bool = False
    """``true`` permits webhooks to private, loopback and link-local addresses and over plain ``http``, as inside a
    hospital."""

    otlp_endpoint: str | None = None
    """Base address of an OpenTelemetry collector (OTLP over HTTP), such as ``http://collector:4318``, that receives the
    spans of requests and analyses. Needs the extra ``telemetry``; without an address no telemetry is sent."""

    log_format: Literal["json", "console"] | None = None
    """``json`` writes one object a line for machines, ``console`` readable lines for people. Default: ``console`` on a
    terminal, else ``json``."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Lowest severity of logged messages."""

    keep_inputs: bool = False
    """``true`` keeps uploaded files after their analysis has ended. They are kept unchanged, including names in their
    headers; with ``false`` they are removed at the end, and no remaining data identifies a person."""

    api_keys_file: Path | None = None
    """File of the API keys of devices, written by ``mrsquant keys``. Without it and without ``OIDC_ISSUER`` the service
    answers on loopback only, where every client has all permissions."""

    requests_per_minute: Count = 1200
    """Rate limit of one key or account, requests per minute; beyond it requests are answered 429 with
    ``Retry-After``."""

    refusals_per_minute: Count = 30
    """Number of wrong keys from one address per minute that are answered 401 and recorded; beyond it they are answered
    429."""

    session_hours: Annotated[int, Field(gt=0, le=8_760)] = 8
    """Lifetime of a browser session, hours; afterwards people sign in again."""

    allowed_hosts: tuple[HostName, ...] = ()
    """JSON list of trusted host names (``Host`` header), such as ``["mrs.hospital.example"]``. Default: every name when
    keys are configured, else ``localhost``, ``127.0.0.1`` and ``[::1]``."""

    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_listed)] = ()
    """Addresses or networks of the reverse proxies in front of the service, a JSON list or comma-separated, such as
    ``10.0.0.2,10.1.0.0/16``. Only from these are the client's address (``X-Forwarded-For``) and its scheme
    (``X-Forwarded-Proto``) accepted: for rate limits, the audit log and the ``Secure`` cookie. Default: none."""

    idle_seconds: Annotated[int, Field(gt=0, le=86_400)] = 15
    """Idle timeout of a connection, seconds: before its first request, between two requests, and within a request that
    arrives in pieces."""

    oidc_issuer: str | None = None
    """Issuer (``iss``) of accepted tokens, such as ``https://login.hospital.example/realms/mrs``. Needs
    ``OIDC_AUDIENCE``, ``OIDC_JWKS`` and the extra ``oidc``."""

    oidc_audience: str | None = None
    """Audience (``aud``) of accepted tokens: this service's client id."""

    oidc_jwks: JwksAddress | None = None
    """The issuer's public keys (JWKS): a file, which is read again when it changes, or an ``https://`` address."""

    oidc_algorithms: tuple[Literal["RS256", "PS256", "ES256", "EdDSA"], ...] = ("RS256", "ES256")
    """JSON list of the accepted signature algorithms, all with a public key."""

    oidc_scope_claim: str = "scope"
    """Claim of the tokens that holds the scopes, as text or list."""

    oidc_scope_prefixes: tuple[str, ...] = ("", "mrsquant:")
    """JSON list of permitted prefixes of ``submit``, ``read``, ``sign`` and ``admin`` in that claim. A scope counts
    only if it is one of these prefixes followed by one of these words, so ``otherapp:admin`` has no effect; where other
    applications use the unprefixed words, set ``["mrsquant:"]``."""

    oidc_project_claim: str | None = None
    """Claim of the tokens that holds the owner's project; without it every token belongs to ``default``."""

    @model_validator(mode="after")
    def _oidc_is_whole(self) -> Self:
        parts = (self.oidc_issuer, self.oidc_audience, self.oidc_jwks)
        if any(parts) and not all(parts):
            raise ValueError("MRSQUANT_OIDC_ISSUER, MRSQUANT_OIDC_AUDIENCE and MRSQUANT_OIDC_JWKS are set together")
        return self

    @model_validator(mode="after")
    def _webhooks_are_signed(self) -> Self:
        if self.webhook_hosts and self.webhook_secret is None:
            raise ValueError("MRSQUANT_WEBHOOK_HOSTS needs MRSQUANT_WEBHOOK_SECRET: webhooks are signed")
        return self

    @property
    def is_guarded(self) -> bool:
        """Whether a key or token is required; otherwise only this machine is answered."""
        return self.api_keys_file is not None or self.oidc_issuer is not None
