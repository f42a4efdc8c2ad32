"""Nobody makes the service call an address the operator did not mean."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from service.settings import Settings
from service.webhooks.destinations import ForbiddenAddress, check_url, pinned

SECRET = "a secret of enough characters"
PUBLIC = Settings(webhook_hosts=("pacs.example", "[2001:db8::1]"), webhook_secret=SECRET)
INSIDE = Settings(webhook_hosts=("pacs.example",), webhook_secret=SECRET, webhook_private_addresses=True)


def resolving_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize(
    "url",
    [
        "http://pacs.example/",
        "ftp://pacs.example/",
        "https://other.example/",
        "https://pacs.example.evil.example/",
        "https://pacs.example@evil.example/",
        "https://user:word@pacs.example/",
        "https://pacs.example/#part",
        "https://pacs.example:99999/",
        "https://pacs.example/\r\nX-Header: 1",
        "https:///nowhere",
        "pacs.example",
        "file:///etc/passwd",
    ],
)
def test_refused_before_anything_is_resolved(url: str) -> None:
    """Another scheme, another host, whatever it looks like, and what a URL for machines does not need."""
    with pytest.raises(ForbiddenAddress):
        check_url(url, PUBLIC)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
    ],
)
def test_addresses_that_are_not_public(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Loopback, private, link-local, shared, and what leads to IPv4 by a detour; also beside a public one."""
    for addresses in ((address,), ("93.184.216.34", address)):
        resolving_to(monkeypatch, *addresses)
        with pytest.raises(ForbiddenAddress):
            pinned("https://pacs.example/mrs", PUBLIC)


def test_the_checked_address_is_the_called_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is resolved once; the call goes to the address, with the name for ``Host`` and the certificate."""
    resolving_to(monkeypatch, "93.184.216.34")
    target = pinned("https://pacs.example/mrs?site=3", PUBLIC)

    assert target.url == "https://93.184.216.34:443/mrs?site=3"
    assert (target.host, target.name) == ("pacs.example", "pacs.example")


def test_inside_a_hospital(monkeypatch: pytest.MonkeyPatch) -> None:
    """Private addresses and plain HTTP only where the operator says so; a group of receivers never."""
    resolving_to(monkeypatch, "10.1.2.3")

    assert pinned("http://pacs.example:8080/mrs", INSIDE).url == "http://10.1.2.3:8080/mrs"
    resolving_to(monkeypatch, "224.0.0.1")
    with pytest.raises(ForbiddenAddress):
        pinned("http://pacs.example/", INSIDE)


def test_hosts_need_a_secret() -> None:
    """There are no unsigned webhooks."""
    with pytest.raises(ValueError, match="MRSQUANT_WEBHOOK_SECRET"):
        Settings(webhook_hosts=("pacs.example",))
    with pytest.raises(ValueError, match="24"):
        Settings(webhook_hosts=("pacs.example",), webhook_secret="short")
