"""Attacks by what a request is made of: paths, headers, bodies, numbers, and time."""

from __future__ import annotations

import hashlib
import json
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

from fitting.sites.document import canonical
from tests.attacks.attack import Attack, no_fault, refused
from tests.attacks.target import MAX_BODY, SITE, SUBJECT, Target
from tests.fake_pipeline import spectrum
from tests.fuzz.values import DATES, NUMBERS, TEXTS

_HEADERS = ("Accept", "Prefer", "Idempotency-Key", "Last-Event-ID", "If-None-Match", "Cookie", "Content-Type",
            "Content-Length", "X-Request-Id", "Range", "Expect", "Forwarded")  # fmt: skip
_PLACES = (
    "/v1/analyses?created_from={}", "/v1/analyses?created_before={}", "/v1/analyses?limit={}", "/?from={}", "/?to={}",
    "/analyses/{{id}}?version={}", "/v1/analyses/{{id}}/report?version={}", "/v1/norms/site.x.v{}",
)  # fmt: skip


def _header(target: Target, name: str, text: str) -> None:
    value = text.encode().replace(b"\r\n", b" ").replace(b"\0", b"")
    head = f"GET /v1/analyses/{target.analysis}/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    request = f"{head}Authorization: Bearer {target.keys['admin']}\r\n{name}: ".encode() + value + b"\r\n\r\n"
    answer = target.raw(request)
    assert not answer or answer[9:10] in b"234", f"answered {answer[9:12].decode()}"


def _value(target: Target, place: str, text: str) -> None:
    no_fault(target.send("GET", place.format(quote(text, safe="")).replace("{id}", target.analysis)))


_INJECTED = ("/sign-in?next=/%0d%0aX-Injected:%201", "/v1/analyses?subject=a%0d%0aX-Injected:%201",
             f"/v1/analyses?subject={SUBJECT}&limit=1&x=%0d%0aX-Injected:%201", "/%0d%0aX-Injected:%201",
             "/v1/norms/%0d%0aX-Injected:%201", "/static/x/%0d%0aX-Injected:%201",
             "/problems/a%0d%0aX-Injected:%201")  # fmt: skip


def _injection(target: Target, path: str) -> None:
    answer = target.send("GET", path)
    no_fault(answer)
    assert "x-injected" not in answer.headers, "a header was injected"


_ELSEWHERE = ("https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
              "/\t/evil.example", "http:evil.example", " //evil.example", "///evil.example", "/%0d%0aLocation:x",
              "\u2044\u2044evil.example")  # fmt: skip


def _redirect(target: Target, address: str) -> None:
    answer = target.send("POST", "/sign-in", key=None, data={"key": target.keys["admin"], "next": address})
    refused(answer, 303)
    location = answer.headers["location"]
    assert location.startswith("/"), "led elsewhere"
    assert not location.startswith(("//", "/\\")), "led elsewhere"


_OUTSIDE = ("../../../../etc/passwd", "..%2f..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "/etc/passwd",
            "%2fetc%2fpasswd", "....//....//etc/passwd", "..\\..\\etc\\passwd", "room.css%00.js", "keys.toml",
            "../session.key", "file:///etc/passwd")  # fmt: skip


def _traversal(target: Target, place: str, path: str) -> None:
    answer = target.raw(
        f"GET {place.replace('{}', path).replace('{id}', target.analysis)} HTTP/1.1\r\nHost: localhost\r\n"
        f"Connection: close\r\nAuthorization: Bearer {target.keys['admin']}\r\n\r\n".encode()
    )
    assert b"root:" not in answer, "a file of the machine was shown"
    assert answer[9:10] in (b"4", b"") or b" 200 " not in answer[:20], f"answered {answer[9:12].decode()}"


def _file_name(target: Target, name: str) -> None:
    files = {"metabolite": (name, b'{"fid_real": [1.0], "fid_imag": [0.0]}')}
    answer = target.send("POST", "/v1/analyses/validate", files=files)
    refused(answer, 200, 400, 415, 422)
    assert "passwd" not in answer.text, "the name was repeated"


_CURSORS = ("!", "", "A" * 21, "A" * 23, "A" * 10_000, "A" * 22, "_" * 22, "../../etc/passwd", "' OR 1=1 --",
            "\u0660" * 22, "AZ8\0")  # fmt: skip


def _cursor(target: Target, key: str, cursor: str) -> None:
    answer = target.send("GET", "/v1/analyses", key=key, params={"cursor": cursor})
    refused(answer, 200, 400)
    assert key == "admin" or SUBJECT not in answer.text, "another project's analyses were listed"


_MULTIPART = "multipart/form-data; boundary=x"
_PART = b'--x\r\nContent-Disposition: form-data; name="metabolite"; filename="a.rda"\r\n\r\n'
_FIELD = b'--x\r\nContent-Disposition: form-data; name="NAME"\r\n\r\n{}\r\n'
_BODIES: dict[str, tuple[str, bytes]] = {
    "no boundary": ("multipart/form-data", b"x"),
    "empty boundary": ("multipart/form-data; boundary=", b"--\r\n"),
    "long boundary": (f"multipart/form-data; boundary={'x' * 5000}", b"x"),
    "no end": (_MULTIPART, _PART + b"x"),
    "no part": (_MULTIPART, b"--x--\r\n"),
    "no name": (_MULTIPART, b"--x\r\nContent-Disposition: form-data\r\n\r\nx\r\n--x--\r\n"),
    "header without end": (_MULTIPART, b"--x\r\nContent-Disposition: " + b"a" * 100_000),
    "ten thousand parts": (_MULTIPART, (_PART + b"x\r\n") * 10_000 + b"--x--\r\n"),
    "ten thousand fields": (_MULTIPART, _FIELD * 10_000 + b"--x--\r\n"),
    "NUL in the name": (_MULTIPART, _PART.replace(b"a.rda", b"a\0.rda") + spectrum("refuse") + b"\r\n--x--\r\n"),
    "unknown charset": (_MULTIPART + "; charset=utf-128", _PART + spectrum("refuse") + b"\r\n--x--\r\n"),
    "nested multipart": (_MULTIPART, _PART.replace(b"\r\n\r\n", b"\r\nContent-Type: multipart/mixed\r\n\r\n")),
    "request twice": (_MULTIPART, _FIELD.replace(b"NAME", b"request") * 2 + b"--x--\r\n"),
    "JSON nested deep": ("application/json", b"[" * 100_000),
    "JSON objects nested deep": ("application/json", b'{"a":' * 100_000),
    "JSON of 200 000 names": ("application/json", b"{" + b",".join(b'"%d":1' % k for k in range(200_000)) + b"}"),
    "JSON number of a million digits": ("application/json", b'{"age_years": ' + b"9" * 1_000_000 + b"}"),
    "JSON not UTF-8": ("application/json", b'{"region": "\xff\xfe"}'),
    "JSON in UTF-16": ("application/json", "{}".encode("utf-16")),
    "JSON with half a character": ("application/json", b'{"region": "\\ud800"}'),
    "JSON twice": ("application/json", b"{}{}"),
    "XML": ("application/xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
}  # fmt: skip


def _body(target: Target, path: str, name: str) -> None:
    content_type, body = _BODIES[name]
    answer = target.send("POST", path, content=body, headers={"Content-Type": content_type})
    refused(answer, *((200, 202) if b"refuse" in body else ()), 400, 413, 415, 422)


def _with_checksum(site: dict[str, Any]) -> dict[str, Any]:
    """Changed by a person who knows how the checksum is made."""
    document = {name: value for name, value in site.items() if name != "checksum"}
    return {**document, "checksum": hashlib.sha256(canonical(document)).hexdigest()}


_CALIBRATIONS: dict[str, Callable[[dict[str, Any]], object]] = {
    "another checksum": lambda site: site | {"checksum": "0" * 64},
    "a changed value": lambda site: site | {"acquisition": site["acquisition"] | {"echo_time": 1e300}},
    "no regions": lambda site: site | {"regions": []},
    "no lists": lambda site: dict.fromkeys(site, "x") | {"kind": site["kind"], "checksum": "0" * 64},
    "infinite": lambda site: site | {"acquisition": site["acquisition"] | {"field_t": float("inf")}},
    "a name of lines": lambda site: _with_checksum(site | {"name": "acc\r\nX-Injected: 1"}),
    "a name of a path": lambda site: _with_checksum(site | {"name": "../../etc/passwd"}),
    "no name": lambda site: _with_checksum(site | {"name": ""}),
    "no region in it": lambda site: _with_checksum(site | {"regions": []}),
    "a region two hundred times": lambda site: _with_checksum(site | {"regions": site["regions"][:1] * 200}),
    "of nobody": lambda _: {"name": "acc", "analyses": [f"{0:08}-0000-7000-8000-{0:012}"]},
    "of ten thousand analyses": lambda _: {"name": "acc", "analyses": [f"{0:08}-0000-7000-8000-{0:012}"] * 9999},
    "a list": lambda site: [site],
}  # fmt: skip


def _calibration(target: Target, name: str) -> None:
    made = _CALIBRATIONS[name](json.loads(SITE.content))
    answer = target.send("POST", "/v1/sites", content=json.dumps(made), headers={"Content-Type": "application/json"})
    refused(answer, 400, 404, 409, 413, 422)
    assert "x-injected" not in answer.headers, "a header was injected"
    assert target.send("GET", "/v1/sites").json()["items"][0]["id"] == target.site, "the calibration was replaced"


def _oversize(target: Target, length: str, content_type: str) -> None:
    answer = target.raw(
        f"POST /v1/analyses HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {target.keys['admin']}\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n".encode()
    )
    assert answer[9:12] in (b"413", b"400"), f"answered {answer[9:12].decode()}"


def _idle(target: Target, begun: bytes) -> None:
    lines = [socket.create_connection(("127.0.0.1", target.port), timeout=5) for _ in range(100)]
    try:
        for line in lines:
            line.sendall(begun)
        begin = time.monotonic()
        refused(target.send("GET", "/v1/analyses"), 200)
        assert time.monotonic() - begin < 5.0, "others had to wait"
    finally:
        for line in lines:
            line.close()


_HEAD = b"POST /v1/analyses HTTP/1.1\r\nHost: localhost\r\n"
_BEGUN = {
    "nothing": b"",
    "half a line": b"GET / HT",
    "half a head": _HEAD,
    "half a body without key": _HEAD + b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
    "half a chunk": _HEAD + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{",
}

ATTACKS = (
    Attack("hostile values of headers", "no fault of the service", {
        f"{name}: {text[:20]!r}": partial(_header, name=name, text=text)
        for number, name in enumerate(_HEADERS) for text in TEXTS[number % 3 :: 3]
    }),
    Attack("numbers and dates that no type holds", "no fault of the service", {
        f"{place} {text[:20]!r}": partial(_value, place=place, text=text)
        for place in _PLACES for text in (*NUMBERS, *DATES)
    }),
    Attack("line breaks that would make headers", "no header is added", {
        path: partial(_injection, path=path) for path in _INJECTED
    }),
    Attack("addresses elsewhere to go to after signing in", "led to a page of the service", {
        repr(address): partial(_redirect, address=address) for address in _ELSEWHERE
    }),
    Attack("paths and file names that lead out of their folder", "no such file is read or named", {
        **{f"{place} {path}": partial(_traversal, place=place, path=path)
           for place in ("/static/x/{}", "/v1/norms/{}", "/problems/{}", "/v1/analyses/{}") for path in _OUTSIDE},
        **{f"upload {name}": partial(_file_name, name=name) for name in _OUTSIDE},
    }),
    Attack("cursors that were not given out", "400, or the asker's own analyses", {
        f"{key} {cursor[:24]!r}": partial(_cursor, key=key, cursor=cursor)
        for key in ("admin", "stranger") for cursor in _CURSORS
    }),
    Attack("broken and swelling bodies", "refused with a problem, or read as what they are", {
        f"{path}: {name}": partial(_body, path=path, name=name)
        for path in ("/v1/analyses", "/v1/analyses/validate", "/v1/sites") for name in _BODIES
    }),
    Attack("calibrations that are none, or changed by hand", "refused, the project keeps its own", {
        name: partial(_calibration, name=name) for name in _CALIBRATIONS
    }),
    Attack("bodies announced as huge", "413 or 400 before they are sent", {
        f"{content_type[:19]} {length[:12]}": partial(_oversize, length=length, content_type=content_type)
        for content_type in ("application/json", _MULTIPART)
        for length in (str(MAX_BODY + 1), "1000000000000", "99999999999999999999", "9" * 400)
    }),
    Attack("a hundred connections that say nothing or half of it", "others are answered within 5 s", {
        name: partial(_idle, begun=begun) for name, begun in _BEGUN.items()
    }),
)  # fmt: skip
