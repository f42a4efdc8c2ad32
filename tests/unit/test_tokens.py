"""Tokens of people: only those the issuer signed for this service, now, are believed."""

from __future__ import annotations

import hashlib
import hmac
import json
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
    principal = Tokens(settings()).principal(token())

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
    "not a token": lambda: "x.y.z",
    "empty": lambda: "",
}


@pytest.mark.parametrize("name", FORGED)
def test_a_bad_token_is_nobody(settings: Callable[..., Settings], name: str) -> None:
    """Each single fault is enough."""
    with pytest.raises(RefusedToken):
        Tokens(settings()).principal(FORGED[name]())


def test_scopes_and_project_come_from_the_named_claims(settings: Callable[..., Settings]) -> None:
    """Providers put roles where they like: lists, other claims, prefixes."""
    believer = Tokens(settings(oidc_scope_claim="roles", oidc_project_claim="group"))
    principal = believer.principal(signed(roles=["mrsquant:read", "mrsquant:admin", 7], group="pain-study"))

    assert (principal.scopes, principal.project) == ({"read", "admin"}, "pain-study")
    assert believer.principal(signed(group="x")).scopes == set()
    for group in (..., "", "a/b", ["a"]):
        with pytest.raises(RefusedToken):
            believer.principal(signed(group=group))


def test_the_file_of_keys_is_read_again(settings: Callable[..., Settings]) -> None:
    """A provider that changes its keys changes the file; a damaged one lets nobody in."""
    chosen = settings()
    believer, file = Tokens(chosen), Path(chosen.oidc_jwks or "")
    assert believer.principal(signed())
    file.write_text(json.dumps(jwks(kid="next-year")))
    with pytest.raises(RefusedToken):
        believer.principal(signed())
    assert believer.principal(signed(kid="next-year"))
    file.write_text("{")
    with pytest.raises(RefusedToken):
        believer.principal(signed(kid="next-year"))


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
        assert believer.principal(signed())
    for number in range(50):
        with pytest.raises(RefusedToken):
            believer.principal(signed(kid=f"unknown-{number}"))
    assert len(asked) == 1
    monkeypatch.setattr(tokens, "RETRY_SECONDS", 0.0)
    with pytest.raises(RefusedToken):
        believer.principal(signed(kid="unknown"))
    assert len(asked) == 2


def test_keys_over_an_open_wire_are_refused(settings: Callable[..., Settings]) -> None:
    """Who can change the keys on the way can be anybody."""
    with pytest.raises(ValueError, match="oidc_jwks"):
        settings(oidc_jwks="http://login.hospital.example/jwks")
    with pytest.raises(ValueError, match="set together"):
        settings(oidc_audience=None)
