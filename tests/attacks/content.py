"""Attacks by what is kept and shown again: markup, formulas, addresses to call, keys of repeated requests."""

from __future__ import annotations

import csv
import io
from functools import partial
from urllib.parse import quote

from service.reports.results_csv import refusal_row, write
from tests.attacks.attack import Attack, no_fault, refused
from tests.attacks.target import SUBJECT, Target
from tests.fake_pipeline import spectrum

_MARKUP = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>", "' onmouseover='alert(1)",
    "</textarea><script>alert(1)</script>", "</title><script>alert(1)</script>", "<a href=javascript:alert(1)>x</a>",
    "<style>*{display:none}</style>", "<!--", "{{7*7}}<b>",
)  # fmt: skip
_SHOWN = (
    "/?subject={}", "/?region={}", "/?from={}", "/?state={}", "/upload?subject={}", "/upload?region={}",
    "/sign-in?next={}", "/norms?with={}", "/compare?with={}", "/problems/{}", "/subjects/{}", "/{}",
)  # fmt: skip


def _shown(target: Target, place: str, text: str) -> None:
    answer = target.send("GET", place.replace("{}", quote(text, safe="")), headers={"Accept": "text/html"})
    no_fault(answer)
    assert text not in answer.text, "markup was shown as markup"
    assert "unsafe" not in answer.headers["content-security-policy"], "inline code is allowed"


def _signed(target: Target, field: str, text: str) -> None:
    form = {"action": "return", "position": "7", "reviewer": "Dr A", "comment": "x", "amendment": "x", field: text}
    answer = target.send("POST", f"/analyses/{target.analysis}/sign-off", data=form)
    refused(answer, 409, 422)
    assert text not in answer.text, "markup was shown as markup"


_FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|'/c calc'!A1", "\t=1+1", "\r=1+1", " =1+1", "\uff1d1+1",
             "x\r=1+1", '=HYPERLINK("https://evil.example")', "'=1+1", "-inf")  # fmt: skip


def _formula(_: Target, text: str) -> None:
    shown = [row[0] for row in csv.reader(io.StringIO(write([refusal_row(text, "unknown-format", "x")]), newline=""))][
        1
    ]
    assert not shown.startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d", " =")), "a formula was written"
    assert shown.removeprefix("'") == text or shown == text, "the text is lost"


_CALLED = (
    "https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://169.254.169.254/latest/meta-data/",
    "https://2130706433/", "https://0x7f000001/", "https://evil.example/",
    "https://hooks.hospital.example.evil.example/", "https://hooks.hospital.example@evil.example/",
    "https://evil.example#hooks.hospital.example", "http://hooks.hospital.example/", "file:///etc/passwd",
    "gopher://hooks.hospital.example/", "//hooks.hospital.example/", "https://hooks.hospital.example:99999/",
    "https://[hooks.hospital.example]/", "https://[::1", "https:///", "https://user:word@hooks.hospital.example/",
    "https://hooks.hospital.example/\r\nX: 1", "https://hooks.hospital.example.",
)  # fmt: skip


def _called(target: Target, url: str) -> None:
    body = {
        "fid_real": [1.0],
        "fid_imag": [0.0],
        "dwell_time": 5e-4,
        "spectrometer_frequency": 1.23e8,
        "echo_time": 0.03,
    }
    refused(target.send("POST", "/v1/analyses", json={**body, "callback_url": url}), 400, 422)


def _repeated(target: Target, key: str, project: str) -> None:
    def send(name: str, content: bytes) -> int:
        files = {"metabolite": ("x.rda", content)}
        return target.send("POST", "/v1/analyses", key=name, files=files, headers={"Idempotency-Key": key}).status_code

    assert send("admin", spectrum(number=1, of=key)) in (200, 202), "a first use was refused"
    expected = (409,) if project == "admin" else (200, 202)
    assert send(project, spectrum(number=2, of=key)) in expected, "a key meant something to another request"


def _removed(target: Target, path: str, method: str) -> None:
    refused(target.send(method, path.replace("{id}", target.analysis), key="reader"), 403, 404, 405)
    assert SUBJECT in target.send("GET", "/v1/analyses").text, "an analysis is gone"


ATTACKS = (
    Attack("markup in everything that a page shows again", "shown as text, and no inline code is allowed", {
        **{f"{place} {text[:24]}": partial(_shown, place=place, text=text) for place in _SHOWN for text in _MARKUP},
        **{f"sign-off {field} {text[:24]}": partial(_signed, field=field, text=text)
           for field in ("reviewer", "comment", "amendment") for text in _MARKUP},
    }),
    Attack("formulas as ids of a batch", "not run by a spreadsheet, and can be had back", {
        repr(text): partial(_formula, text=text) for text in _FORMULAS
    }),
    Attack("addresses that a webhook must not call", "refused", {url: partial(_called, url=url) for url in _CALLED}),
    Attack("one Idempotency-Key for two requests", "409 in one project, two analyses in two", {
        f"{project} {key[:20]!r}": partial(_repeated, key=f"{project}{key}", project=project)
        for project in ("admin", "stranger") for key in ("k", "k/stranger", "'", "x" * 200)
    }),
    Attack("other methods to remove an analysis", "403, 404 or 405, nothing removed", {
        f"{method} {path}": partial(_removed, path=path, method=method)
        for path in ("/v1/analyses/{id}", "/analyses/{id}", "/v1/analyses/{id}/traces")
        for method in ("DELETE", "PURGE", "TRACE", "PUT", "PATCH", "BREW")
    }),
)  # fmt: skip
