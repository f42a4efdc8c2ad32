"""Attacks on who may do what: keys, sessions, scopes, projects, other sites, names of hosts."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import partial

import jwt

from tests.attacks.attack import Attack, refused
from tests.attacks.target import REFUSALS, SUBJECT, Target
from tests.openapi import OPERATIONS

_HAND = {"name": "x", "code": "not-found", "pseudonym": SUBJECT, "norm_id": "site.x.v1"}


def _address(path: str, target: Target) -> str:
    for name, value in {
        **_HAND,
        "analysis_id": target.analysis,
        "site_id": target.site,
        "cohort_id": target.cohort,
    }.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def _token(header: str, payload: str = "{}", signature: str = "x") -> str:
    return ".".join(
        base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in (header, payload, signature)
    )


_WRONG: dict[str, Callable[[Target], str]] = {
    "no key": lambda _: "",
    "empty": lambda _: "Bearer",
    "basic": lambda _: "Basic YTpi",
    "unknown id": lambda _: "Bearer mrsq_000000000000_x",
    "another secret": lambda target: f"Bearer {target.keys['admin'][:-1]}_",
    "secret cut off": lambda target: f"Bearer {target.keys['admin'][:-4]}",
    "id with another's secret": lambda target: (
        "Bearer " + "_".join((target.keys["admin"].rsplit("_", 1)[0], target.keys["reader"].rsplit("_", 1)[1]))
    ),
    "upper case": lambda target: f"Bearer {target.keys['admin'].upper()}",
    "prefix only": lambda _: "Bearer mrsq_",
    "eight thousand letters": lambda _: "Bearer mrsq_" + "x" * 8000,
    "two keys": lambda target: f"Bearer {target.keys['reader']},{target.keys['admin']}x",
    "token without signature": lambda _: f"Bearer {_token(json.dumps({'alg': 'none'}))}",
    "token nested deep": lambda _: f"Bearer {_token('[' * 4000)}",
    "token of bytes": lambda _: "Bearer \u00ff\u00fe.\u00ff.\u00ff",
}


def _wrong_key(target: Target, make: Callable[[Target], str]) -> None:
    header = make(target)
    headers = {"Authorization": header.encode("latin-1")} if header else {}
    refused(target.send("GET", "/v1/analyses", key=None, headers=headers), 401, 429)


def _flood(target: Target, header: str) -> None:
    with target.client(None) as client:
        answers = [
            client.get("/v1/analyses", headers={"Authorization": "Bearer mrsq_x", header: f"203.0.113.{number}"})
            for number in range(2 * REFUSALS)
        ]
    assert {answer.status_code for answer in answers} <= {401, 429}, "let in"
    assert answers[-1].status_code == 429, "the address was believed"
    refused(target.send("GET", "/v1/analyses"), 200)


_ADDRESSES = (
    "x" * 65, "203.0.113.7" + "." * 60, "1.2.3.4," * 20, "::1%" + "z" * 61, "unknown", "\xff" * 70, "9" * 8000, ",",
    "127.0.0.1",
)  # fmt: skip


def _poison(target: Target, address: str) -> None:
    headers = {"X-Forwarded-For": address.encode("latin-1")}
    for _ in range(3):
        refused(target.send("GET", f"/v1/analyses/{target.analysis}", headers=headers), 200)
    refused(target.send("GET", "/readyz", key=None), 200)


_COOKIES = {
    "words": "x",
    "no signature": _token(json.dumps({"alg": "none"}), json.dumps({"sub": "admin"})),
    "empty secret": jwt.encode({"jti": "1", "sub": "admin", "exp": 9e9, "aud": "mrsquant-session"}, "x" * 32, "HS256"),
    "nested deep": _token('{"a":' * 900),
    "end of no number": jwt.encode({"jti": "1", "sub": "a", "exp": 10**400, "aud": "mrsquant-session"}, "y" * 32),
}


def _forged_session(target: Target, cookie: str) -> None:
    refused(target.send("GET", "/v1/analyses", key=None, headers={"Cookie": f"mrsquant_session={cookie}"}), 401)


_OWN_PAGES = (
    "GET /analyses/{analysis_id}",
    "POST /analyses/{analysis_id}/sign-off",
    "GET /compare?with={analysis_id}&with=00000000-0000-7000-8000-000000000000",
    "GET /subjects/{pseudonym}",
)


def _foreign(target: Target, operation: str) -> None:
    method, path = operation.split(" ")
    answer = target.send(method, _address(path, target), key="stranger")
    if any(part in path for part in ("{analysis_id}", "{site_id}", "{cohort_id}")):
        refused(answer, 404, 422)
    assert target.analysis not in answer.text, "another project's analysis was shown"
    others = [target.site, target.cohort]
    assert not any(item in answer.text.replace(_address(path, target), "") for item in others), "a list shows it"
    refused(target.send("GET", f"/v1/analyses/{target.analysis}"), 200)
    refused(target.send("GET", f"/v1/sites/{target.site}"), 200)
    refused(target.send("GET", f"/v1/cohorts/{target.cohort}"), 200)


def _out_of_scope(target: Target, operation: str) -> None:
    method, path = operation.split(" ")
    answer = target.send(method, _address(path, target), key="reader", headers={"X-HTTP-Method-Override": "GET"})
    refused(answer, 403)


_CHANGES = [name for name in OPERATIONS if not name.startswith(("GET", "HEAD")) and "sign-" not in name.split("/")[1]]
_COMPUTATIONS = ("POST /v1/score", "POST /v1/power")
"""Of what the request itself brings: they change nothing, so a key that may read may ask for them."""
_ORIGINS = {
    "fetch of another site": {"Sec-Fetch-Site": "cross-site"},
    "sister site": {"Sec-Fetch-Site": "same-site"},
    "origin of another site": {"Origin": "https://evil.example"},
    "origin that begins alike": {"Origin": "http://127.0.0.1.evil.example"},
    "null origin": {"Origin": "null"},
    "another port": {"Origin": "http://127.0.0.1:1"},
}


def _cross_site(target: Target, operation: str, origin: dict[str, str]) -> None:
    method, path = operation.split(" ")
    headers = {"Cookie": target.session(), **origin}
    refused(target.send(method, _address(path, target), key=None, headers=headers), 403)
    refused(target.send("GET", f"/v1/analyses/{target.analysis}"), 200)


_HOSTS = (
    "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:80", "localhost@evil.example",
    "localhost/evil", "127.1", "0", "2130706433", "[::1]", "LOCALHOST.", "localhost%00", "localhost#", "xn--localhost",
    "[::1]evil", "[::1", "]", "localhost:x", "localhost:80:80",
)  # fmt: skip


def _forged_host(target: Target, host: str) -> None:
    request = f"GET /v1/analyses HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {target.keys['admin']}\r\n\r\n"
    answer = target.raw(request.encode())
    assert answer[9:12] in (b"403", b"400") or not answer, f"answered {answer[9:12].decode()}"


ATTACKS = (
    Attack("wrong and forged keys and tokens", "401, or 429 when they come too often", {
        name: partial(_wrong_key, make=make) for name, make in _WRONG.items()
    }),
    Attack("floods of wrong keys, each from an invented address", "429 in the end; right keys still pass", {
        header: partial(_flood, header=header) for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")
    }),
    Attack("client addresses that no column holds", "answered, and the service stays ready", {
        repr(address[:24]): partial(_poison, address=address) for address in _ADDRESSES
    }),
    Attack("forged session cookies", "401", {
        name: partial(_forged_session, cookie=cookie) for name, cookie in _COOKIES.items()
    }),
    Attack("what another project has, by every call", "answered as if it did not exist", {
        name: partial(_foreign, operation=name) for name in (*OPERATIONS, *_OWN_PAGES)
        if name in ("GET /v1/sites", "GET /v1/cohorts") or "_id}" in name or "{pseudonym}" in name
    }),
    Attack("changes with a key that may only read", "403", {
        name: partial(_out_of_scope, operation=name) for name in _CHANGES if not name.startswith(_COMPUTATIONS)
    }),
    Attack("changes by another web site, with a person's cookie", "403, nothing changed", {
        f"{name}, {kind}": partial(_cross_site, operation=name, origin=origin)
        for name in _CHANGES for kind, origin in _ORIGINS.items()
    }),
    Attack("strange names in the Host header", "403 or 400, or the connection is cut", {
        host: partial(_forged_host, host=host) for host in _HOSTS
    }),
)  # fmt: skip
