"""From the credential of a request (a device's key, a person's token, a browser's session) to its principal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from anyio.to_thread import run_sync
from starlette.requests import HTTPConnection

from service.access.addresses import canonical, is_loopback, network_of
from service.access.key_file import KeyFile, UnusableKeyFile
from service.access.keys import PREFIX, Key, find
from service.access.principal import LOCAL, Principal
from service.access.rate_limit import RateLimit
from service.access.sessions import COOKIE, BrowserSession, Sessions
from service.access.tokens import RefusedToken, Tokens
from service.errors import NotAllowed, NotAuthenticated, TooManyRequests, Unavailable
from service.settings import Settings
from service.storage.database import Database

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="mrsquant"'}
_MAX_CREDENTIAL = 8192


@dataclass(frozen=True, slots=True)
class _Credential:
    kind: str
    text: str


class Authenticator:
    """Authenticates requests; one for each process."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._is_guarded = settings.is_guarded
        self._key_file = None if settings.api_keys_file is None else KeyFile(settings.api_keys_file)
        self._tokens = None if settings.oidc_issuer is None else Tokens(settings)
        lifetime = timedelta(hours=settings.session_hours)
        self.sessions = Sessions(database, settings.data_dir / "session.key", lifetime)
        self._requests = RateLimit(settings.requests_per_minute)
        self._refusals = RateLimit(settings.refusals_per_minute)

    def check(self) -> None:
        """Read what is configured.

        Raises
        ------
        UnusableKeyFile
        """
        if self._key_file is not None:
            self._key_file.keys()

    async def principal(self, request: HTTPConnection) -> Principal:
        """Authenticate the caller of a request.

        Raises
        ------
        NotAuthenticated
            Without a valid credential.
        TooManyRequests
            When this caller, or wrong keys from this address, exceed the rate.
        """
        if not self._is_guarded:
            return _local(request)
        credential = _credential_of(request)
        found = None if credential is None else await self._found(credential)
        if found is None:
            raise self._refusal(request, credential)
        wait = self._requests.wait(found.name)
        if wait:
            raise _too_many("requests with this key", wait)
        return found

    def key(self, shown: str) -> Key | None:
        """The valid key that was shown as ``shown``."""
        key = find(shown, self._keys()) if len(shown) <= _MAX_CREDENTIAL else None
        return key if key is not None and key.is_valid(datetime.now(UTC)) else None

    def session(self, request: HTTPConnection) -> BrowserSession | None:
        """The browser session of a request."""
        cookie = request.cookies.get(COOKIE, "")
        return self.sessions.read(cookie) if cookie else None

    def refuse_often(self, request: HTTPConnection) -> None:
        """Count a wrong key from the address of the request.

        Raises
        ------
        TooManyRequests
        """
        wait = self._refusals.wait(network_of(address_of(request)))
        if wait:
            raise _too_many("wrong keys from this address", wait)

    async def _found(self, credential: _Credential) -> Principal | None:
        match credential.kind:
            case "key":
                key = self.key(credential.text)
                return None if key is None else key.principal
            case "token" if self._tokens is not None:
                try:
                    return await self._tokens.principal(credential.text)
                except RefusedToken:
                    return None
            case "cookie":
                return await run_sync(self._of_session, credential.text)
        return None

    def _of_session(self, cookie: str) -> Principal | None:
        session = self.sessions.read(cookie)
        key = None if session is None else self._keys().get(session.key_id)
        return key.principal if key is not None and key.is_valid(datetime.now(UTC)) else None

    def _keys(self) -> Mapping[str, Key]:
        try:
            return {} if self._key_file is None else self._key_file.keys()
        except UnusableKeyFile as error:
            detail = "The service's keys cannot be read; its operator finds the reason with `mrsquant keys list`."
            raise Unavailable(detail, headers={"Retry-After": "30"}) from error

    def _refusal(self, request: HTTPConnection, credential: _Credential | None) -> NotAuthenticated:
        if credential is None:
            return NotAuthenticated("Send a key as 'Authorization: Bearer mrsq_…', or sign in.", headers=_CHALLENGE)
        if credential.kind == "cookie":
            return NotAuthenticated("The session has ended; sign in again.", headers=_CHALLENGE)
        self.refuse_often(request)
        headers = {"WWW-Authenticate": f'{_CHALLENGE["WWW-Authenticate"]}, error="invalid_token"'}
        request.state.wrong_key = True
        return NotAuthenticated("The key is wrong, has expired or was withdrawn; ask the operator.", headers=headers)


def address_of(request: HTTPConnection) -> str:
    """Network address a request comes from; empty when it is none, as of a socket file."""
    return (canonical(request.client.host) or "") if request.client else ""


def _local(request: HTTPConnection) -> Principal:
    if is_loopback(address_of(request)) and not getattr(request.state, "is_forwarded", False):
        return LOCAL
    raise NotAllowed(
        "Without MRSQUANT_API_KEYS_FILE the service answers this machine only, and not through a proxy; see "
        "docs/how-to/keys.md."
    )


def _credential_of(request: HTTPConnection) -> _Credential | None:
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme:
        is_bearer = scheme.lower() == "bearer" and len(credential) <= _MAX_CREDENTIAL
        credential = credential.strip() if is_bearer else ""
        return _Credential("key" if credential.startswith(PREFIX) else "token", credential)
    cookie = request.cookies.get(COOKIE, "")
    return _Credential("cookie", cookie) if cookie else None


def _too_many(what: str, wait: int) -> TooManyRequests:
    return TooManyRequests(f"Too many {what}; wait {wait} s.", headers={"Retry-After": str(wait)})
