"""Tokens that an OpenID Connect provider gives to people: signed JWTs, checked against its public keys.

What is checked follows RFC 8725 (JSON Web Token Best Current Practices): algorithms are pinned to those with a
public key, and issuer, audience and expiry must be there.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import httpx2
import jwt
import structlog
from anyio.to_thread import run_sync
from jwt.algorithms import has_crypto

from service.access.principal import SCOPES, Principal, Scope
from service.settings import Settings
from service.storage.tables import DEFAULT_PROJECT

LEEWAY_SECONDS = 30.0
"""Largest difference between the clocks of the provider and of this machine."""
REFRESH_SECONDS = 3600.0
"""Age at which fetched keys are fetched again; until that succeeds the old ones are used."""
RETRY_SECONDS = 60.0
"""Between two fetches at least, however many tokens name an unknown key."""
RETRY_AFTER_FAILURE_SECONDS = 10.0
"""The same after a fetch that failed."""
FETCH_SECONDS = 3.0
"""A whole fetch may take this long; only tokens whose key is not known yet wait for it."""

_MAX_JWKS_BYTES = 1_000_000
_NAME = re.compile(r"[A-Za-z0-9._:@|-]{1,128}")
_PROJECT = re.compile(r"[A-Za-z0-9._-]{1,64}")

log = structlog.get_logger()


class RefusedToken(Exception):
    """The token is invalid, or lacks claims that this service needs."""


class MissingExtra(Exception):
    """Signatures with public keys need a package that is not installed."""


class Tokens:
    """The tokens of one issuer.

    Raises
    ------
    MissingExtra
    """

    def __init__(self, settings: Settings) -> None:
        if not has_crypto:
            raise MissingExtra("MRSQUANT_OIDC_ISSUER needs: pip install 'mrsquant[oidc]'.")
        self._issuer, self._audience = settings.oidc_issuer, settings.oidc_audience
        self._algorithms = list(settings.oidc_algorithms)
        self._scope_claim, self._project_claim = settings.oidc_scope_claim, settings.oidc_project_claim
        self._scope_of: Mapping[str, Scope] = {
            prefix + scope: scope for prefix in settings.oidc_scope_prefixes for scope in SCOPES
        }
        self._keys = _open_keys(settings.oidc_jwks or "")

    async def principal(self, token: str) -> Principal:
        """The principal of a token; may wait for the issuer's keys without blocking other requests.

        Raises
        ------
        RefusedToken
            When it is forged, expired, not for this service, or without subject.
        """
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
            claims: dict[str, Any] = jwt.decode(
                token,
                await self._keys.find(key_id),
                algorithms=self._algorithms,
                issuer=self._issuer,
                audience=self._audience,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise RefusedToken(type(error).__name__) from error
        return Principal(f"oidc:{_text(claims['sub'], _NAME)}", self._scopes(claims), self._project(claims))

    def _scopes(self, claims: Mapping[str, Any]) -> frozenset[Scope]:
        said = claims.get(self._scope_claim, ())
        words = said.split() if isinstance(said, str) else said if isinstance(said, list) else ()
        return frozenset(self._scope_of[word] for word in words if isinstance(word, str) and word in self._scope_of)

    def _project(self, claims: Mapping[str, Any]) -> str:
        return DEFAULT_PROJECT if self._project_claim is None else _text(claims.get(self._project_claim), _PROJECT)


def _text(value: object, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise RefusedToken("claim")
    return value


class _Keys(Protocol):
    async def find(self, key_id: object) -> jwt.PyJWK: ...


def _open_keys(address: str) -> _Keys:
    return _FetchedKeys(address) if address.startswith(("https://", "http://")) else _KeysInFile(Path(address))


class _KeysInFile:
    """A JWKS in a file, read again when it changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._set: jwt.PyJWKSet | None = None

    async def find(self, key_id: object) -> jwt.PyJWK:
        return _chosen(await run_sync(self._read), key_id)

    def _read(self) -> jwt.PyJWKSet | None:
        try:
            status = self._path.stat()
            state = (status.st_mtime_ns, status.st_size)
            if state != self._seen:
                self._set, self._seen = _key_set(self._path.read_bytes()), state
        except (OSError, ValueError, RecursionError, jwt.PyJWTError) as error:
            self._set = self._seen = None
            log.error("keys of the issuer cannot be read", error=type(error).__name__)
        return self._set


class _FetchedKeys:
    """A JWKS at an address, fetched again when it is old or a token names a key that is not in it.

    One fetch at a time, in a task of its own: a server that hangs takes no thread, and no time of a request whose
    key is known.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._set: jwt.PyJWKSet | None = None
        self._fetched = self._tried = -float("inf")
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, key_id: object) -> jwt.PyJWK:
        try:
            found = _chosen(self._set, key_id)
        except RefusedToken:
            await self._fetched_anew()
            return _chosen(self._set, key_id)
        if time.monotonic() - self._fetched > REFRESH_SECONDS:
            self._begin()
        return found

    async def _fetched_anew(self) -> None:
        self._begin()
        if self._fetching is not None:
            await asyncio.wait([self._fetching])

    def _begin(self) -> None:
        """Begin a fetch, unless one is on its way or the last one was a moment ago."""
        pause = RETRY_SECONDS if self._fetched == self._tried else RETRY_AFTER_FAILURE_SECONDS
        if self._fetching is None and time.monotonic() - self._tried >= pause:
            self._fetching = asyncio.create_task(self._fetch())

    async def _fetch(self) -> None:
        self._tried = time.monotonic()
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                self._set = _key_set(await _content(self._address))
            self._fetched = self._tried
        except (httpx2.HTTPError, TimeoutError, ValueError, RecursionError, jwt.PyJWTError) as error:
            log.error("keys of the issuer cannot be fetched", error=type(error).__name__)
        finally:
            self._fetching = None


async def _content(address: str) -> bytes:
    content = b""
    async with httpx2.AsyncClient() as client, client.stream("GET", address) as response:
        response.raise_for_status()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > _MAX_JWKS_BYTES:
                raise ValueError("too large")
    return content


def _key_set(content: bytes) -> jwt.PyJWKSet:
    document = json.loads(content)
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise ValueError("no set of keys")
    return jwt.PyJWKSet(keys)


def _chosen(keys: jwt.PyJWKSet | None, key_id: object) -> jwt.PyJWK:
    """The key a token names; one without a name may use the only key there is."""
    found = [] if keys is None else [key for key in keys.keys if key_id is None or key.key_id == key_id]
    if len(found) != 1:
        raise RefusedToken("kid")
    return found[0]
