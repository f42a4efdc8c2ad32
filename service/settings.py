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
"""A file or an address that nobody on the way can change."""


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
    """Folder of a site's own norms: JSON files that hold what ``POST /v1/norms`` takes, with ``controls``. ``analyse``,
    ``batch``, ``inspect`` and ``score`` use them as they are; the service makes what is new in them the next version
    when it starts, in the project ``default``. An unusable file is refused at once."""

    executor: Annotated[str, AfterValidator(_checked_executor)] = "processes:"
    """Where fits run: ``processes:N`` (N worker processes; without N one for each core), ``dask+tcp://host:8786`` (a
    dask cluster; needs the extra ``cluster``), or for trials ``inline:``, a thread of the service itself: one that
    hangs cannot be ended and goes on beside its successor, and a file that takes all the memory takes the service
    along."""

    worker_memory_bytes: int | None = Field(default=None, ge=1024**3, le=1024**5)
    """Most address space of one worker process, also of ``mrsquant batch``, bytes; at least 1073741824 (1 GiB), twice
    what an ordinary analysis takes. A file that takes more costs its own analysis (``out-of-memory``) and no other.
    Default: an equal share of three quarters of the machine's memory, or of its container's, but 2 GiB at least.
    Workers of a dask cluster are limited where it is set, besides their own ``--memory-limit``; ``inline:`` has no
    limit. Enforced on Linux."""

    max_upload_bytes: Count = 100_000_000
    """Largest accepted request body, bytes."""

    max_json_bytes: Count = 20_000_000
    """Largest accepted body that is no upload of files, bytes: it is parsed in memory, files are not. A spectrum of
    64 transients of 4096 points takes 10 MB as JSON; larger ones are sent as a file."""

    queue_limit: Count = 10_000
    """Analyses that may wait; beyond it submissions are answered 503 with ``Retry-After``."""

    deadline_seconds: Seconds = 300.0
    """Seconds a worker may take for an analysis whose request names no ``deadline_seconds`` of its own. A worker that
    is not back ``GRACE_SECONDS`` later is ended; that counts as an attempt, and the second one fails the analysis."""

    grace_seconds: Seconds = 30.0
    """Seconds beyond the deadline that a worker has to come back by itself."""

    retention_days: Annotated[int, Field(gt=0, le=36_500)] | None = None
    """Days after which finished, failed and cancelled analyses are removed with all their data. Without it they are
    kept until somebody deletes them."""

    webhook_hosts: tuple[HostName, ...] = ()
    """JSON list of the hosts that may be told when an analysis ends (``callback_url`` of a request), such as
    ``["pacs.hospital.example"]``. Without it there are no webhooks."""

    webhook_secret: SecretStr | None = Field(default=None, min_length=24)
    """Secret that signs webhooks (HMAC-SHA256), at least 24 characters; required with ``WEBHOOK_HOSTS``."""

    webhook_private_addresses: bool = False
    """``true`` lets webhooks go to private, loopback and link-local addresses and over plain ``http``, as inside a
    hospital."""

    otlp_endpoint: str | None = None
    """Base address of an OpenTelemetry collector (OTLP over HTTP), such as ``http://collector:4318``, that gets the
    spans of requests and analyses. Needs the extra ``telemetry``; without it nothing is sent anywhere."""

    log_format: Literal["json", "console"] = "json"
    """``json`` writes one object a line for machines, ``console`` writes for people."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe messages that are written."""

    keep_inputs: bool = False
    """``true`` keeps uploaded files after their analysis has ended. They are kept as they came, with any name in their
    headers; without this they are removed at the end, and nothing that remains identifies a person."""

    api_keys_file: Path | None = None
    """File of the API keys of devices, written by ``mrsquant keys``. Without it and without ``OIDC_ISSUER`` everybody
    on this machine may do everything and nobody else anything: the service answers on loopback only."""

    requests_per_minute: Count = 1200
    """Requests of one key or account in a minute; beyond it they are answered 429 with ``Retry-After``."""

    refusals_per_minute: Count = 30
    """Wrong keys from one address in a minute that are answered 401 and recorded; beyond it they are answered 429."""

    session_hours: Annotated[int, Field(gt=0, le=8_760)] = 8
    """Hours after which people who signed in with a key in a browser sign in again."""

    allowed_hosts: tuple[HostName, ...] = ()
    """JSON list of the names the service may be asked under (``Host`` header), such as ``["mrs.hospital.example"]``.
    Default: every name when keys are configured, else ``localhost``, ``127.0.0.1`` and ``[::1]``."""

    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_listed)] = ()
    """Addresses or networks of the reverse proxies in front of the service, a JSON list or with commas between, such as
    ``10.0.0.2,10.1.0.0/16``. Only these are believed when they name the client (``X-Forwarded-For``) and its scheme
    (``X-Forwarded-Proto``): for rates, the audit log and the ``Secure`` cookie. Default: nobody."""

    idle_seconds: Annotated[int, Field(gt=0, le=86_400)] = 15
    """Seconds a connection may stay without asking anything: to its first request, between two, and within one that
    arrives in pieces."""

    oidc_issuer: str | None = None
    """Issuer (``iss``) of the tokens people bring, such as ``https://login.hospital.example/realms/mrs``. Needs
    ``OIDC_AUDIENCE``, ``OIDC_JWKS`` and the extra ``oidc``."""

    oidc_audience: str | None = None
    """Audience (``aud``) the tokens must be made for: this service's client id."""

    oidc_jwks: JwksAddress | None = None
    """The issuer's public keys (JWKS): a file, which is read again when it changes, or an ``https://`` address."""

    oidc_algorithms: tuple[Literal["RS256", "PS256", "ES256", "EdDSA"], ...] = ("RS256", "ES256")
    """JSON list of the signature algorithms that are accepted; only those with a public key can be."""

    oidc_scope_claim: str = "scope"
    """Claim of the tokens with what their owner may do: scopes as text or list."""

    oidc_scope_prefixes: tuple[str, ...] = ("", "mrsquant:")
    """JSON list of what may stand before ``submit``, ``read``, ``sign`` and ``admin`` in that claim. A scope counts
    only if it is one of these prefixes followed by one of these words, so ``otherapp:admin`` means nothing here; where
    bare words belong to other applications too, set ``["mrsquant:"]``."""

    oidc_project_claim: str | None = None
    """Claim of the tokens with their owner's project; without it everybody with a token is in ``default``."""

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
        """Does everybody need a key or token? Else only this machine is answered."""
        return self.api_keys_file is not None or self.oidc_issuer is not None
