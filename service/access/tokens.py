"""Tokens that an OpenID Connect provider gives to people: signed JWTs, checked against its public keys.

What is checked follows RFC 8725 (JSON Web Token Best Current Practices): algorithms are pinned to those with a
public key, and issuer, audience and expiry must be there.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import httpx2
import jwt
import structlog
from jwt.algorithms import has_crypto

from service.access.principal import SCOPES, Principal
from service.settings import Settings
from service.storage.tables import DEFAULT_PROJECT

LEEWAY_SECONDS = 30.0
"""How far the clocks of the provider and of this machine may be apart."""
REFRESH_SECONDS = 3600.0
"""How long fetched keys are used."""
RETRY_SECONDS = 60.0
"""Between two fetches at least, however many tokens name an unknown key."""

_MAX_JWKS_BYTES = 1_000_000
_NAME = re.compile(r"[A-Za-z0-9._:@|-]{1,128}")
_PROJECT = re.compile(r"[A-Za-z0-9._-]{1,64}")

log = structlog.get_logger()


class RefusedToken(Exception):
    """The token is not to be believed, or says nothing this service can use."""


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
        self._keys = _open_keys(settings.oidc_jwks or "")

    def principal(self, token: str) -> Principal:
        """Who brings this token; may wait for the issuer's keys.

        Raises
        ------
        RefusedToken
            When it is forged, expired, not for this service, or without subject.
        """
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
            claims: dict[str, Any] = jwt.decode(
                token,
                self._keys.find(key_id),
                algorithms=self._algorithms,
                issuer=self._issuer,
                audience=self._audience,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise RefusedToken(type(error).__name__) from error
        return Principal(f"oidc:{_text(claims['sub'], _NAME)}", self._scopes(claims), self._project(claims))

    def _scopes(self, claims: Mapping[str, Any]) -> frozenset[Any]:
        said = claims.get(self._scope_claim, ())
        words = said.split() if isinstance(said, str) else said if isinstance(said, list) else ()
        return SCOPES & {word.rpartition(":")[2] for word in words if isinstance(word, str)}

    def _project(self, claims: Mapping[str, Any]) -> str:
        return DEFAULT_PROJECT if self._project_claim is None else _text(claims.get(self._project_claim), _PROJECT)


def _text(value: object, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise RefusedToken("claim")
    return value


class _Keys(Protocol):
    def find(self, key_id: object) -> jwt.PyJWK: ...


def _open_keys(address: str) -> _Keys:
    return _FetchedKeys(address) if address.startswith(("https://", "http://")) else _KeysInFile(Path(address))


class _KeysInFile:
    """A JWKS in a file, read again when it changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._set: jwt.PyJWKSet | None = None

    def find(self, key_id: object) -> jwt.PyJWK:
        try:
            status = self._path.stat()
            state = (status.st_mtime_ns, status.st_size)
            if state != self._seen:
                self._set, self._seen = _key_set(self._path.read_bytes()), state
        except (OSError, ValueError, jwt.PyJWTError) as error:
            self._set = self._seen = None
            log.error("keys of the issuer cannot be read", error=type(error).__name__)
        return _chosen(self._set, key_id)


class _FetchedKeys:
    """A JWKS at an address, fetched again when it is old or a token names a key that is not in it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._set: jwt.PyJWKSet | None = None
        self._fetched = self._tried = -float("inf")
        self._lock = threading.Lock()

    def find(self, key_id: object) -> jwt.PyJWK:
        with self._lock:
            if time.monotonic() - self._fetched > REFRESH_SECONDS:
                self._fetch()
            try:
                return _chosen(self._set, key_id)
            except RefusedToken:
                self._fetch()
                return _chosen(self._set, key_id)

    def _fetch(self) -> None:
        if time.monotonic() - self._tried < RETRY_SECONDS:
            return
        self._tried = time.monotonic()
        try:
            with httpx2.stream("GET", self._address, timeout=5.0) as response:
                response.raise_for_status()
                content = b""
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > _MAX_JWKS_BYTES:
                        raise ValueError("too large")
            self._set, self._fetched = _key_set(content), self._tried
        except (httpx2.HTTPError, ValueError, jwt.PyJWTError) as error:
            log.error("keys of the issuer cannot be fetched", error=type(error).__name__)


def _key_set(content: bytes) -> jwt.PyJWKSet:
    return jwt.PyJWKSet.from_dict(json.loads(content))


def _chosen(keys: jwt.PyJWKSet | None, key_id: object) -> jwt.PyJWK:
    """The key a token names; one without a name may use the only key there is."""
    found = [] if keys is None else [key for key in keys.keys if key_id is None or key.key_id == key_id]
    if len(found) != 1:
        raise RefusedToken("kid")
    return found[0]
