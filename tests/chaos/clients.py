"""Clients as they stand beside scanners: they send until they are answered, and write down what they were told."""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fake_pipeline import spectrum

TEMPORARY = (429, 503)


@dataclass
class Told:
    """What the clients were told."""

    accepted: dict[int, str] = field(default_factory=dict)
    """Analysis by number of the submission."""
    refusals: Counter[str] = field(default_factory=Counter)
    """Temporary refusals by problem code; each was sent again."""
    silences: int = 0
    """Requests that got no answer."""
    wrong: list[str] = field(default_factory=list)
    """Answers no client should ever get."""


def age_of(number: int) -> float:
    """The age that the request of this number names, which its answer must repeat."""
    return round(18 + number / 10, 1)


def send_all(url: str, numbers: list[int], told: Told, seconds_each: float) -> threading.Thread:
    """A client that submits these, one after the other."""
    client = threading.Thread(target=lambda: [_send(url, number, told, seconds_each) for number in numbers])
    client.start()
    return client


def submit(url: str, name: str, content: bytes, request: Mapping[str, Any], key: str | None = None) -> Any:
    """Submit one file with what is asked of it; what the service answers.

    Raises
    ------
    urllib.error.HTTPError
        When it is refused.
    """
    boundary = uuid.uuid4().hex
    parts = (
        (f'name="metabolite"; filename="{name}"', content),
        ('name="request"', json.dumps(request).encode()),
    )
    body = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + part + b"\r\n"
        for head, part in parts
    )
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    if key is not None:
        headers["Idempotency-Key"] = key
    asked = urllib.request.Request(f"{url}/v1/analyses", body + f"--{boundary}--\r\n".encode(), headers)
    with urllib.request.urlopen(asked, timeout=120) as answer:
        return json.load(answer)


def _send(url: str, number: int, told: Told, seconds: float) -> None:
    key, request = str(uuid.uuid4()), {"age_years": age_of(number), "subject": f"sub-{number}"}
    while True:
        try:
            told.accepted[number] = submit(url, "x.json", _content(number, seconds), request, key)["id"]
            return
        except urllib.error.HTTPError as error:
            _refused(error, told)
        except (OSError, http.client.HTTPException, ValueError):
            told.silences += 1
        time.sleep(0.25)


def _content(number: int, seconds: float) -> bytes:
    return spectrum("sleep", seconds=seconds, number=number, ballast="x" * 20_000)


def _refused(error: urllib.error.HTTPError, told: Told) -> None:
    try:
        problem = json.load(error)
        code = str(problem["code"])
    except (OSError, ValueError, KeyError, http.client.HTTPException):
        told.silences += 1
        return
    if error.code in TEMPORARY and "Retry-After" in error.headers:
        told.refusals[code] += 1
    else:
        told.wrong.append(f"{error.code} {code}: {problem.get('detail')}")


def ask(url: str, address: str) -> Any:
    """The JSON at an address."""
    with urllib.request.urlopen(f"{url}{address}", timeout=60) as answer:
        return json.load(answer)


def events_of(url: str, analysis_id: str) -> list[dict[str, Any]]:
    """Everything that happened to an ended analysis."""
    with urllib.request.urlopen(f"{url}/v1/analyses/{analysis_id}/events", timeout=60) as answer:
        text = answer.read().decode()
    return [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]
