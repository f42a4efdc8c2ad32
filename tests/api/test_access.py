"""Who gets in, who does not, and what the others learn: nothing."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from service.access.key_file import KeyFile
from service.access.keys import Key, new_key
from service.access.principal import SCOPES
from service.app import create_app
from service.routes import openapi_yaml
from service.settings import Settings
from tests import fake_pipeline
from tests.fake_pipeline import spectrum
from tests.openapi import ACCESS, OPERATIONS

MakeKey = Callable[..., str]
HERE = ("127.0.0.1", 50000)
ELSEWHERE = ("192.0.2.7", 50000)


class Keys:
    """A file of keys that a test adds to and takes from while the service runs."""

    def __init__(self, path: Path) -> None:
        self.file = KeyFile(path)
        self.kept: list[Key] = []
        self.file.write([])

    def new(self, *scopes: Any, project: str = "default", days: float = 1) -> str:
        key, shown = new_key("device", project, scopes or SCOPES, timedelta(days=days))
        self.kept.append(key)
        self.file.write(self.kept)
        return shown

    def revoke(self, shown: str) -> None:
        self.kept = [key for key in self.kept if key.id not in shown]
        self.file.write(self.kept)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(tmp_path_factory.mktemp("keys") / "keys.toml")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def service(keys: Keys, data: Path) -> Iterator[TestClient]:
    """A service with keys, asked from another machine."""
    settings = Settings(
        data_dir=data, cache_dir=data, executor="inline:", api_keys_file=keys.file.path, refusals_per_minute=1000
    )
    app = create_app(settings, analyse=fake_pipeline.analyse, inspect=fake_pipeline.inspect)
    with TestClient(app, "http://mrs.hospital.example", client=ELSEWHERE) as client:
        yield client


def bearer(shown: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {shown}", **more}


def submitted(client: TestClient, shown: str, **more: str) -> str:
    """Address of a finished analysis."""
    answer = client.post(
        "/v1/analyses", files={"metabolite": ("x", spectrum())}, headers=bearer(shown, Prefer="wait=20", **more)
    )
    assert answer.status_code == 200, answer.text
    return str(answer.headers["Location"])


NEEDED = {"GET /v1/analyses/{analysis_id}/export": {"format": "nifti-mrs"}}
"""Query without which a call is refused before its analysis is looked for."""


def sent(client: TestClient, operation: str, headers: dict[str, str], analysis_id: str | None = None) -> Any:
    method, path = operation.split(" ")
    missing = "00000000-0000-7000-8000-000000000000"
    address = path.replace("{analysis_id}", analysis_id or missing).replace("{", "").replace("}", "")
    query = NEEDED.get(operation)
    return client.request(method, address, params=query, headers=headers, follow_redirects=False)


def guarded() -> list[str]:
    return [name for name in OPERATIONS if ACCESS[name].need != "public"]


@pytest.mark.parametrize("operation", guarded())
def test_nothing_is_open_without_a_key(service: TestClient, operation: str) -> None:
    """Every call but those on the short list of public ones answers 401, to no key and to a wrong one."""
    for headers in (
        {},
        bearer("mrsq_000000000000_x"),
        bearer("x"),
        {"Authorization": "Basic eDp5"},
        {"Cookie": "mrsquant_session=x"},
    ):
        answer = sent(service, operation, headers)

        assert answer.status_code == 401, operation
        assert "not-authenticated" in answer.text
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("operation", guarded())
def test_every_call_needs_its_scope(service: TestClient, keys: Keys, operation: str) -> None:
    """A key with all scopes but the one the call needs gets its name in the answer."""
    need = ACCESS[operation].need
    without = keys.new(*(SCOPES - {need}))
    answer = sent(service, operation, bearer(without))

    if need == "any":
        assert answer.status_code not in {401, 403}
    else:
        assert answer.status_code == 403
        assert "not-allowed" in answer.text
        assert need in answer.text


def test_public_routes_are_a_short_list() -> None:
    """Every route without authentication is named here, and none of them is below /v1."""
    public = {name for name, access in ACCESS.items() if access.need == "public"}

    assert public == {
        *(f"GET {path}" for path in ("/healthz", "/readyz", "/docs", "/docs/{path}", "/problems", "/problems/{code}")),
        "GET /static/{version_asked}/{name}",
        *("GET /sign-in", "POST /sign-in", "POST /sign-out"),
    }
    assert "security" in openapi_yaml()


@pytest.mark.parametrize("operation", [name for name in guarded() if "{analysis_id}" in name])
def test_another_projects_analysis_does_not_exist(service: TestClient, keys: Keys, operation: str) -> None:
    """With its id and every scope, another project gets the answer for an unknown id, in the same words."""
    address = submitted(service, keys.new(project="alpha"))
    stranger = keys.new(project="beta")
    theirs, nobodys = (
        sent(service, operation, bearer(stranger), analysis_id) for analysis_id in (address.split("/")[-1], None)
    )
    if operation.startswith("POST") and theirs.status_code == 422:
        pytest.skip("the body is looked at first")

    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json()["detail"] == nobodys.json()["detail"]


def test_projects_share_nothing(service: TestClient, keys: Keys) -> None:
    """Equal files, equal idempotency keys and lists are a project's own."""
    one, two = keys.new(project="one"), keys.new(project="two")
    first, second = (submitted(service, shown, **{"Idempotency-Key": "same"}) for shown in (one, two))
    lists = [service.get("/v1/analyses", headers=bearer(shown)).json()["items"] for shown in (one, two)]

    assert first != second
    assert [[item["id"] for item in items] for items in lists] == [[first.split("/")[-1]], [second.split("/")[-1]]]
    assert service.delete(first, headers=bearer(two)).status_code == 404
    assert service.delete(first, headers=bearer(one)).status_code == 204
    assert service.get(second, headers=bearer(two)).json()["state"] == "succeeded"


def test_keys_are_read_again_when_their_file_changes(service: TestClient, keys: Keys) -> None:
    """A new key works at once beside the old one, and a withdrawn or expired one does no more."""
    old, new = keys.new("read"), keys.new("read")
    expired = keys.new("read", days=-1)

    def status(shown: str) -> int:
        return service.get("/v1/analyses", headers=bearer(shown)).status_code

    assert [status(old), status(new), status(expired)] == [200, 200, 401]
    keys.revoke(old)
    assert [status(old), status(new)] == [401, 200]
    assert status(new[:-1]) == status(new + "x") == status(new.replace("mrsq_", "")) == 401


def test_damaged_key_file_refuses_all_keys(service: TestClient, keys: Keys) -> None:
    """What the file said before does not count: one of its keys may have been withdrawn."""
    shown = keys.new("read")
    good = keys.file.path.read_text()
    try:
        keys.file.path.write_text(good + "[[key]]\nid = 1\n")
        answer = service.get("/v1/analyses", headers=bearer(shown))
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert service.get("/healthz").status_code == 200
    finally:
        keys.file.path.write_text(good)
    assert service.get("/v1/analyses", headers=bearer(shown)).status_code == 200


def test_secrets_are_kept_nowhere(
    service: TestClient, keys: Keys, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the file of keys nor the database nor the log holds a key."""
    shown = keys.new()
    submitted(service, shown)
    secret = shown.split("_", 2)[2]
    files = [path for folder in (keys.file.path.parent, data) for path in folder.rglob("*") if path.is_file()]

    assert len(files) > 2
    assert secret not in capsys.readouterr().err
    assert all(secret.encode() not in path.read_bytes() for path in files)


def test_ten_thousand_wrong_keys(keys: Keys, tmp_path: Path) -> None:
    """They are limited by address, and meanwhile a right key from the same address is answered without delay."""
    settings = Settings(
        data_dir=tmp_path, cache_dir=tmp_path, executor="inline:", api_keys_file=keys.file.path, log_level="error"
    )
    app = create_app(settings, analyse=fake_pipeline.analyse, inspect=fake_pipeline.inspect)
    right, answers, slowest = keys.new("read"), [], 0.0

    async def attack() -> None:
        nonlocal slowest
        async with app.router.lifespan_context(app) as state:
            for number in range(10_000):
                answers.append(await get(app, state, f"mrsq_{number:012x}_{'A' * 43}"))
                if number % 500 == 0:
                    begin = time.perf_counter()
                    assert (await get(app, state, right))[0] == 200
                    slowest = max(slowest, time.perf_counter() - begin)

    begin = time.perf_counter()
    asyncio.run(attack())
    allowed = settings.refusals_per_minute * (1 + (time.perf_counter() - begin) / 60)
    statuses = [status for status, _ in answers]

    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= allowed + 1
    assert int(answers[-1][1]["retry-after"]) > 0
    assert slowest < 2.0


async def get(app: FastAPI, state: Any, shown: str) -> tuple[int, dict[str, str]]:
    """One request without the costs of a client: status and headers of the answer."""
    answer: list[Any] = []
    scope = {
        **{"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http"},
        **{"path": "/v1/analyses", "raw_path": b"/v1/analyses", "query_string": b"", "root_path": ""},
        "headers": [(b"host", b"x"), (b"authorization", f"Bearer {shown}".encode())],
        "client": ELSEWHERE,
        "server": ("x", 80),
        "state": dict(state),
    }

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        answer.append(message)

    await app(scope, receive, send)
    return answer[0]["status"], {name.decode(): value.decode() for name, value in answer[0]["headers"]}


def test_requests_of_one_key_are_limited(keys: Keys, tmp_path: Path) -> None:
    """Beyond the rate the answer is 429 with the time to wait; another key is not affected."""
    settings = Settings(
        data_dir=tmp_path, cache_dir=tmp_path, executor="inline:", api_keys_file=keys.file.path, requests_per_minute=5
    )
    greedy, modest = keys.new("read"), keys.new("read")
    with TestClient(create_app(settings), "http://x", client=ELSEWHERE) as client:
        answers = [client.get("/v1/regions", headers=bearer(greedy)) for _ in range(7)]
        other = client.get("/v1/regions", headers=bearer(modest))

    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 12
    assert other.status_code == 200


def test_without_keys_only_this_machine_is_answered(tmp_path: Path) -> None:
    """Another machine is refused even when the server listens to it, and so is a strange name for this one."""
    app = create_app(Settings(data_dir=tmp_path, cache_dir=tmp_path, executor="inline:"))
    with TestClient(app, "http://localhost:8000", client=HERE) as client:
        assert client.get("/v1/analyses").status_code == 200
        assert client.get("/v1/analyses", headers={"Host": "[::1]:8000"}).status_code == 200
        for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000", ""):
            answer = client.get("/v1/analyses", headers={"Host": host})
            assert (answer.status_code, answer.json()["code"]) == (403, "unknown-host"), host
    with TestClient(app, "http://localhost", client=ELSEWHERE) as client:
        assert client.get("/v1/analyses").json()["code"] == "not-allowed"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 422),
        ({"Sec-Fetch-Site": "same-origin"}, 422),
        ({"Sec-Fetch-Site": "none"}, 422),
        ({"Origin": "http://localhost"}, 422),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://localhost:8001"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_other_sites_change_nothing(client: TestClient, headers: dict[str, str], status: int) -> None:
    """A page of another site can have the browser post here; what it sent is not looked at."""
    answer = client.post("/v1/analyses", files={"request": ("r", b"{}")}, headers=headers)

    assert answer.status_code == status
    assert status != 403 or answer.json()["code"] == "cross-site"


def sign_in(client: TestClient, shown: str, **form: str) -> Any:
    headers = {"Origin": "http://mrs.hospital.example", "Accept": "text/html"}
    return client.post("/sign-in", data={"key": shown, **form}, headers=headers, follow_redirects=False)


def test_people_sign_in_and_out(service: TestClient, keys: Keys) -> None:
    """A browser is led to the form, gets a session that scripts and other sites cannot use, and ends it for good."""
    led = service.get("/?a=1", headers={"Accept": "text/html"}, follow_redirects=False)
    form = service.get(led.headers["Location"])
    shown = keys.new("read")
    answer = sign_in(service, shown, next="/?a=1")
    cookie = answer.headers["Set-Cookie"]
    session = {"Cookie": cookie.split(";")[0]}

    assert (led.status_code, led.headers["Location"]) == (303, "/sign-in?next=/%3Fa%3D1")
    assert 'value="/?a=1"' in form.text
    assert "<label" in form.text
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?a=1")
    assert {"HttpOnly", "SameSite=strict"} <= {part.strip() for part in cookie.split(";")}
    assert shown not in cookie
    service.cookies.clear()
    assert service.get("/", headers=session).status_code == 200
    assert service.delete("/v1/analyses/00000000-0000-7000-8000-000000000000", headers=session).status_code == 403
    cross = service.post("/sign-out", headers={**session, "Origin": "http://evil.example"}, follow_redirects=False)
    assert cross.json()["code"] == "cross-site"
    assert service.get("/", headers=session).status_code == 200
    out = service.post("/sign-out", headers=session, follow_redirects=False)
    assert (out.status_code, out.headers["Location"]) == (303, "/sign-in")
    assert service.get("/v1/analyses", headers=session).status_code == 401


def test_a_session_ends_with_its_key(service: TestClient, keys: Keys) -> None:
    """Withdrawing a key withdraws the sessions that were opened with it; a cookie of one's own making opens nothing."""
    shown = keys.new("read")
    session = {"Cookie": sign_in(service, shown).headers["Set-Cookie"].split(";")[0]}
    service.cookies.clear()
    head, payload, signature = session["Cookie"].split("=", 1)[1].split(".")

    assert service.get("/v1/analyses", headers=session).status_code == 200
    for forged in (f"{head}.{payload}.", f"eyJhbGciOiJub25lIn0.{payload}.", f"{head}.{payload}.{signature[::-1]}"):
        assert service.get("/v1/analyses", headers={"Cookie": f"mrsquant_session={forged}"}).status_code == 401
    keys.revoke(shown)
    assert service.get("/v1/analyses", headers=session).status_code == 401


@pytest.mark.parametrize(
    "address", ["//evil.example", "/\\evil.example", "https://evil.example", "", "javascript:x", "/\r\nX: y", "/ö"]
)
def test_signing_in_leads_to_no_other_site(service: TestClient, keys: Keys, address: str) -> None:
    """The page to go to afterwards is one of this service."""
    assert sign_in(service, keys.new("read"), next=address).headers["Location"] == "/"
    service.cookies.clear()


def test_a_wrong_key_gets_the_form_again(service: TestClient) -> None:
    """401, an alert that is read out, and nothing of what was typed; programs get a problem document."""
    answer = sign_in(service, "mrsq_typed_wrong")
    program = service.post("/sign-in", data={"key": "mrsq_typed_wrong"})

    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert "typed_wrong" not in answer.text
    assert "Set-Cookie" not in answer.headers
    assert program.json()["code"] == "not-authenticated"


def test_a_hanging_issuer_holds_up_no_key(data: Path, keys: Keys) -> None:
    """While 60 tokens wait for the keys of an issuer that never answers, a device is served at once."""
    with socket.socket() as listening, ThreadPoolExecutor(60) as people:
        listening.bind(("127.0.0.1", 0))
        listening.listen(200)
        settings = Settings(
            data_dir=data / "hanging", cache_dir=data, executor="inline:", api_keys_file=keys.file.path,
            oidc_issuer="https://login.hospital.example", oidc_audience="mrsquant",
            oidc_jwks=f"http://127.0.0.1:{listening.getsockname()[1]}/jwks",
        )  # fmt: skip
        app = create_app(settings, analyse=fake_pipeline.analyse, inspect=fake_pipeline.inspect)
        with TestClient(app, "http://mrs.hospital.example", client=ELSEWHERE) as client:
            token = jwt.encode({"sub": "f3a9"}, "x" * 32, "HS256", headers={"kid": "rsa"})
            tokens = [people.submit(client.get, "/v1/analyses", headers=bearer(token)) for _ in range(60)]
            time.sleep(0.5)
            begin = time.monotonic()
            assert client.get("/v1/analyses", headers=bearer(keys.new("read"))).status_code == 200
            assert time.monotonic() - begin < 1.0
            assert not any(answer.done() for answer in tokens)  # they still wait: the device did not wait with them
            assert {answer.result().status_code for answer in tokens} <= {401, 429}
