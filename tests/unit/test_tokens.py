"""Tokens of people: only those the issuer signed for this service, now, are believed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from service.access import tokens
from service.access.principal import Principal
from service.access.tokens import RefusedToken, Tokens
from service.settings import Settings

ISSUER, AUDIENCE = "https://login.hospital.example", "mrsquant"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
PEM = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def jwks(*, kid: str = "rsa") -> dict[str, Any]:
    rsa_key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(RSA_KEY.public_key()))
    ec_key = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(EC_KEY.public_key()))
    return {"keys": [{**rsa_key, "kid": kid, "alg": "RS256"}, {**ec_key, "kid": "ec", "alg": "ES256"}]}


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {"iss": ISSUER, "aud": AUDIENCE, "sub": "f3a9", "exp": now + 300, "iat": now, "scope": "openid read sign"}
    return {name: value for name, value in {**whole, **changes}.items() if value is not ...}


def signed(*, key: Any = RSA_KEY, algorithm: str = "RS256", kid: str | None = "rsa", **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm, headers={} if kid is None else {"kid": kid})


def unsigned() -> str:
    return jwt.encode(claims(), None, "none", headers={"kid": "rsa"})


def signed_with_public_key() -> str:
    """The confusion attack: the public key, known to all, as the secret of an HMAC."""
    header = jwt.utils.base64url_encode(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "rsa"}).encode())
    payload = jwt.utils.base64url_encode(json.dumps(claims()).encode())
    signature = hmac.new(PEM, header + b"." + payload, hashlib.sha256).digest()
    return b".".join((header, payload, jwt.utils.base64url_encode(signature))).decode()


def principal_of(believer: Tokens, token: str) -> Principal:
    return asyncio.run(believer.principal(token))


def nested(opening: str) -> str:
    """A header that a parser of JSON descends into until its stack ends."""
    return base64.urlsafe_b64encode((opening * 6000)[:6000].encode()).decode().rstrip("=") + ".e30.x"


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps(jwks()))

    def make(**changes: Any) -> Settings:
        return Settings(
            **{
                "oidc_issuer": ISSUER,
                "oidc_audience": AUDIENCE,
                "oidc_jwks": str(file),
                "data_dir": tmp_path,
                **changes,
            }
        )

    return make


@pytest.mark.parametrize(
    "token",
    [
        signed,
        lambda: signed(key=EC_KEY, algorithm="ES256", kid="ec"),
        lambda: signed(aud=["other", AUDIENCE]),
        lambda: signed(exp=time.time() - 5),
    ],
    ids=["RSA", "EC", "two audiences", "clocks 5 s apart"],
)
def test_a_good_token_is_a_person(settings: Callable[..., Settings], token: Callable[[], str]) -> None:
    """Subject and scopes come from the claims; words that are no scope of ours mean nothing."""
    principal = principal_of(Tokens(settings()), token())

    assert (principal.name, principal.project) == ("oidc:f3a9", "default")
    assert principal.scopes == {"read", "sign"}


# Made when they are used: a token of the collection would be an old one by the time its test runs.
FORGED: dict[str, Callable[[], str]] = {
    "no signature": unsigned,
    "signature cut off": lambda: signed().rpartition(".")[0] + ".",
    "another key": lambda: signed(key=OTHER_RSA_KEY),
    "public key as secret": signed_with_public_key,
    "algorithm not pinned": lambda: signed(algorithm="PS256"),
    "a known key's algorithm exchanged": lambda: signed(key=EC_KEY, algorithm="ES256", kid="rsa"),
    "unknown key": lambda: signed(kid="new"),
    "no key named": lambda: signed(kid=None),
    "expired": lambda: signed(exp=int(time.time()) - 60),
    "never expires": lambda: signed(exp=...),
    "not yet valid": lambda: signed(nbf=int(time.time()) + 300),
    "another audience": lambda: signed(aud="pacs"),
    "no audience": lambda: signed(aud=...),
    "another issuer": lambda: signed(iss="https://evil.example"),
    "no subject": lambda: signed(sub=...),
    "strange subject": lambda: signed(sub="x\ny"),
    "issued at no time": lambda: signed(iat=float("inf")),
    "nested too deep": lambda: nested("["),
    "nested objects": lambda: nested('{"a":'),
    "not a token": lambda: "x.y.z",
    "empty": lambda: "",
}


@pytest.mark.parametrize("name", FORGED)
def test_invalid_tokens_are_refused(settings: Callable[..., Settings], name: str) -> None:
    """Each single fault is enough."""
    with pytest.raises(RefusedToken):
        principal_of(Tokens(settings()), FORGED[name]())


def test_scopes_and_project_come_from_the_named_claims(settings: Callable[..., Settings]) -> None:
    """Providers put roles where they like: lists, other claims, prefixes."""
    believer = Tokens(settings(oidc_scope_claim="roles", oidc_project_claim="group"))
    principal = principal_of(believer, signed(roles=["mrsquant:read", "mrsquant:admin", 7], group="pain-study"))

    assert (principal.scopes, principal.project) == ({"read", "admin"}, "pain-study")
    assert principal_of(believer, signed(group="x")).scopes == set()
    for group in (..., "", "a/b", ["a"]):
        with pytest.raises(RefusedToken):
            principal_of(believer, signed(group=group))


@pytest.mark.parametrize(
    "scope", ["otherapp:admin", "mrsquant:mrsquant:admin", "mrsquant.admin", "ADMIN", ":admin", "admin:"]
)
def test_a_scope_of_another_application_means_nothing(settings: Callable[..., Settings], scope: str) -> None:
    """Scopes are compared whole: what stands before the word must be a prefix that the operator configured."""
    believer = Tokens(settings())

    assert principal_of(believer, signed(scope=f"read {scope}")).scopes == {"read"}
    assert principal_of(believer, signed(scope=[scope, "mrsquant:sign", "read admin"])).scopes == {"sign"}


def test_the_operator_chooses_the_prefix_of_scopes(settings: Callable[..., Settings]) -> None:
    """Where bare words belong to several applications, only prefixed ones count."""
    believer = Tokens(settings(oidc_scope_prefixes=("mrs/",)))

    assert principal_of(believer, signed(scope="admin mrs/read mrsquant:sign")).scopes == {"read"}


def test_the_file_of_keys_is_read_again(settings: Callable[..., Settings]) -> None:
    """A provider that changes its keys changes the file; a damaged one lets nobody in."""
    chosen = settings()
    believer, file = Tokens(chosen), Path(chosen.oidc_jwks or "")
    assert principal_of(believer, signed())
    file.write_text(json.dumps(jwks(kid="next-year")))
    with pytest.raises(RefusedToken):
        principal_of(believer, signed())
    assert principal_of(believer, signed(kid="next-year"))
    file.write_text("{")
    with pytest.raises(RefusedToken):
        principal_of(believer, signed(kid="next-year"))


@pytest.fixture
def provider() -> Iterator[tuple[str, list[str]]]:
    """Address of a JWKS over HTTP, and the requests it got."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(jwks()).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/jwks", asked
    server.shutdown()
    server.server_close()


def test_fetched_keys_are_kept(
    settings: Callable[..., Settings], provider: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One fetch serves many tokens, and tokens that name unknown keys cause no fetch each."""
    address, asked = provider
    believer = Tokens(settings(oidc_jwks=address))
    for _ in range(3):
        assert principal_of(believer, signed())
    for number in range(50):
        with pytest.raises(RefusedToken):
            principal_of(believer, signed(kid=f"unknown-{number}"))
    assert len(asked) == 1
    monkeypatch.setattr(tokens, "RETRY_SECONDS", 0.0)
    with pytest.raises(RefusedToken):
        principal_of(believer, signed(kid="unknown"))
    assert len(asked) == 2


@pytest.fixture
def hanging_provider() -> Iterator[str]:
    """Address of a server that accepts connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(200)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/jwks"


def test_a_hanging_provider_takes_no_threads(settings: Callable[..., Settings], hanging_provider: str) -> None:
    """A hundred tokens wait for one fetch, in no thread, and are refused at its end; the next ones at once."""
    believer = Tokens(settings(oidc_jwks=hanging_provider))

    async def storm() -> tuple[float, float, int]:
        begin = time.monotonic()
        waiting = [asyncio.create_task(believer.principal(signed())) for _ in range(100)]
        await asyncio.sleep(0.2)
        threads = threading.active_count()
        slow = await asyncio.gather(*waiting, return_exceptions=True)
        middle = time.monotonic()
        quick = await asyncio.gather(*(believer.principal(signed()) for _ in range(100)), return_exceptions=True)
        assert all(isinstance(answer, RefusedToken) for answer in (*slow, *quick))
        return middle - begin, time.monotonic() - middle, threads

    before = threading.active_count()
    first, second, threads = asyncio.run(storm())
    assert first < tokens.FETCH_SECONDS + 1.0
    assert second < 1.0
    assert threads <= before + 1


def test_known_keys_outlive_a_provider_that_hangs(
    settings: Callable[..., Settings], provider: tuple[str, list[str]], hanging_provider: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Keys that are old are fetched again beside the requests, which go on with those there are."""
    believer = Tokens(settings(oidc_jwks=provider[0]))
    assert principal_of(believer, signed())
    monkeypatch.setattr(believer._keys, "_address", hanging_provider)
    monkeypatch.setattr(tokens, "REFRESH_SECONDS", 0.0)
    monkeypatch.setattr(tokens, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(tokens, "FETCH_SECONDS", 1.5)

    async def people() -> float:
        begin = time.monotonic()
        for _ in range(20):
            assert await believer.principal(signed())
        seconds = time.monotonic() - begin
        with pytest.raises(RefusedToken):
            await believer.principal(signed(kid="unknown"))  # waits for the end of the fetch
        return seconds

    assert asyncio.run(people()) < 1.0


def test_keys_over_an_open_wire_are_refused(settings: Callable[..., Settings]) -> None:
    """Who can change the keys on the way can be anybody."""
    with pytest.raises(ValueError, match="oidc_jwks"):
        settings(oidc_jwks="http://login.hospital.example/jwks")
    with pytest.raises(ValueError, match="set together"):
        settings(oidc_audience=None)
