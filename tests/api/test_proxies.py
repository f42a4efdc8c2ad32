"""What a request says of its way here counts only when a proxy says it that the operator named."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from service.access.addresses import canonical, is_loopback, network_of
from service.access.key_file import KeyFile
from service.access.keys import new_key
from service.access.principal import SCOPES
from service.app import create_app
from service.settings import Settings
from service.storage.audit import AuditLog
from service.storage.database import Database
from tests import fake_pipeline

PROXY = "10.0.0.2"
Start = Callable[..., TestClient]


@pytest.fixture
def shown(tmp_path: Path) -> str:
    """A key for everything, in the file of keys."""
    key, shown = new_key("device", "default", SCOPES, timedelta(days=1))
    KeyFile(tmp_path / "keys.toml").write([key])
    return shown


@pytest.fixture
def start(tmp_path: Path, shown: str) -> Iterator[Start]:
    """Starts a service that the address ``peer`` asks."""
    with ExitStack() as stack:

        def started(peer: str = PROXY, guarded: bool = True, **settings: Any) -> TestClient:
            keys = tmp_path / "keys.toml" if guarded else None
            chosen = Settings(data_dir=tmp_path, cache_dir=tmp_path, executor="inline:", api_keys_file=keys, **settings)
            app = create_app(chosen, analyse=fake_pipeline.analyse, inspect=fake_pipeline.inspect)
            return stack.enter_context(TestClient(app, "http://localhost", client=(peer, 50000)))

        yield started


def recorded(folder: Path) -> list[str | None]:
    """Addresses in the audit log, once the entries that wait are written."""
    time.sleep(0.5)
    database = Database(f"sqlite:///{folder}/mrsquant.sqlite3")
    try:
        return [row.address for row in AuditLog(database).rows()]
    finally:
        database.close()


POISON = {
    "long": "a" * 65,
    "zone": "fe80::1%" + "z" * 80,
    "binary": "\x80\xff\x01",
    "empty": "",
    "not an address": "unknown, 1.2.3",
    "a thousand": ", ".join(["203.0.113.9"] * 1000),
}


@pytest.mark.parametrize("proxies", [(), ("127.0.0.0/8",)], ids=["unnamed", "named"])
@pytest.mark.parametrize("value", POISON.values(), ids=POISON)
def test_no_forwarded_address_harms_the_audit_log(
    start: Start, shown: str, tmp_path: Path, value: str, proxies: tuple[str, ...]
) -> None:
    """Whatever a proxy or a client writes there, the request is answered and recorded, and so is the next one."""
    client = start("127.0.0.1", trusted_proxies=proxies)
    headers = {"Authorization": f"Bearer {shown}"}
    asked = [(b"X-Forwarded-For", value.encode("latin1")), (b"authorization", headers["Authorization"].encode())]
    first = client.get("/v1/analyses", headers=asked)
    second = client.get("/v1/analyses", headers=headers)

    assert (first.status_code, second.status_code) == (200, 200)
    addresses = recorded(tmp_path)
    assert len(addresses) == 2
    assert set(addresses) <= {"127.0.0.1", "203.0.113.9", "fe80::1"}


def test_invented_addresses_do_not_multiply_the_attempts(start: Start) -> None:
    """80 wrong keys of one peer end in 429, whichever addresses they claim."""
    client = start("127.0.0.1", refusals_per_minute=30)
    statuses = []
    for number in range(80):
        headers = {"Authorization": f"Bearer mrsq_{number:012x}_x", "X-Forwarded-For": f"198.51.100.{number}"}
        headers |= {"Forwarded": f"for=198.51.100.{number}", "X-Real-IP": f"198.51.100.{number}"}
        statuses.append(client.get("/v1/analyses", headers=headers).status_code)

    assert statuses.count(401) <= 32
    assert statuses[-1] == 429


@pytest.mark.parametrize(
    ("said", "client"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("127.0.0.1, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9, 10.1.2.3, 10.1.2.4", "203.0.113.9"),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:DB8::0:1]:4711", "2001:db8::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, unknown", PROXY),
        ("", PROXY),
        ("x" * 200, PROXY),
    ],
)
def test_a_named_proxy_names_the_client(start: Start, shown: str, tmp_path: Path, said: str, client: str) -> None:
    """The right-most address that is no named proxy; when that is none, the proxy itself is the client."""
    service = start(trusted_proxies=(PROXY, "10.1.0.0/16"))
    service.get("/v1/analyses", headers={"Authorization": f"Bearer {shown}", "X-Forwarded-For": said})

    assert recorded(tmp_path) == [client]


def test_clients_behind_a_named_proxy_are_counted_apart(start: Start) -> None:
    """Guessed keys do not lock other clients out, and inventing further hops does not help."""
    client = start(trusted_proxies=(PROXY,), refusals_per_minute=5)

    def status(address: str, number: int) -> int:
        headers = {"Authorization": f"Bearer mrsq_{number:012x}_x", "X-Forwarded-For": address}
        return client.get("/v1/analyses", headers=headers).status_code

    assert [status(f"192.0.2.{number}, 203.0.113.9", number) for number in range(7)] == [401] * 5 + [429] * 2
    assert status("203.0.113.10", 9) == 401


@pytest.mark.parametrize(
    ("proxies", "scheme", "is_secure"),
    [((), "https", False), ((PROXY,), "https", True), ((PROXY,), "http", False), ((PROXY,), "gopher", False)],
)
def test_cookies_are_secure_behind_https(
    start: Start, shown: str, proxies: tuple[str, ...], scheme: str, is_secure: bool
) -> None:
    """When a named proxy says that the browser spoke https."""
    client = start(trusted_proxies=proxies)
    headers = {"Origin": "http://localhost", "X-Forwarded-Proto": scheme}
    answer = client.post("/sign-in", data={"key": shown}, headers=headers, follow_redirects=False)

    assert answer.status_code == 303
    assert ("Secure" in answer.headers["Set-Cookie"].split("; ")) == is_secure


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_without_keys_requests_through_a_proxy_are_refused(start: Start, header: str) -> None:
    """A proxy on this machine is at its own address; what it hands on comes from elsewhere."""
    client = start("127.0.0.1", guarded=False)

    assert client.get("/v1/analyses").status_code == 200
    assert client.get("/v1/analyses", headers={header: "127.0.0.1"}).json()["code"] == "not-allowed"


@pytest.mark.parametrize(
    "host",
    [
        *("[::1]evil", "[::1]:evil", "[::1].evil.example", "[::1]:80:80", "[::1", "::1", "[::1]@evil.example"),
        *("localhost@evil.example", "localhost:80@evil.example", "localhost/evil", "localhost:", "localhost:port"),
        *("evil.example#[::1]", "evil.example[::1]", "127.0.0.1:123456", "localhost, evil.example"),
    ],
)
def test_malformed_hosts_are_refused(start: Start, host: str) -> None:
    """Nothing that only begins or ends like one of our names."""
    answer = start("127.0.0.1", guarded=False).get("/v1/analyses", headers={"Host": host})

    assert (answer.status_code, answer.json()["code"]) == (403, "unknown-host")


@pytest.mark.parametrize("origin", ["http://[::1", "http://localhost@evil.example", "http://evil.example/localhost"])
def test_malformed_origins_are_refused_as_cross_site(start: Start, origin: str) -> None:
    """It is refused like any other site; that it cannot be parsed is no error of the service."""
    client = start("127.0.0.1", guarded=False)
    answer = client.post("/v1/analyses", files={"request": ("r", b"{}")}, headers={"Origin": origin})

    assert (answer.status_code, answer.json()["code"]) == (403, "cross-site")


@pytest.mark.parametrize(
    ("value", "count"),
    [("", 0), ("[]", 0), ("10.0.0.2", 1), ("10.0.0.2, 10.1.0.0/16,::1", 3), ('["10.0.0.2", "fd00::/8"]', 2)],
)
def test_proxies_are_listed(monkeypatch: pytest.MonkeyPatch, value: str, count: int) -> None:
    """As JSON or with commas between."""
    monkeypatch.setenv("MRSQUANT_TRUSTED_PROXIES", value)

    assert len(Settings().trusted_proxies) == count


@pytest.mark.parametrize("value", ["*", "proxy.example", "10.0.0.1/8", "10.0.0.256", "[", '{"a": 1}'])
def test_malformed_proxy_addresses_fail_at_start(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """A misspelt one stops the start."""
    monkeypatch.setenv("MRSQUANT_TRUSTED_PROXIES", value)
    with pytest.raises(ValidationError):
        Settings()


def test_addresses_have_one_form() -> None:
    """An IPv4 client at an IPv6 socket is the IPv4 client: else all of them would be one /64."""
    assert canonical("::ffff:192.0.2.1") == canonical("192.0.2.1") == "192.0.2.1"
    assert canonical("FE80:0::1%eth0") == "fe80::1"
    assert canonical("testclient") is None
    assert is_loopback("::ffff:127.0.0.1")
    assert network_of("2001:db8::1") == network_of("2001:db8::2") != network_of("2001:db8:0:1::1")
