"""Addresses that webhooks may call: listed hosts, resolved once; private addresses are refused by default.

A name is resolved here and the connection goes to that very address, so that a name server which answers
differently the second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from service.settings import Settings

_PORTS = {"https": 443, "http": 80}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""Leads to IPv4 addresses of any kind (RFC 6052)."""


class ForbiddenAddress(ValueError):
    """The service does not call this address; the message gives the client the reason."""


@dataclass(frozen=True, slots=True)
class Target:
    """Destination of a call: a checked address, and the host name of the request."""

    url: str
    """With the address instead of the name."""
    host: str
    """For the ``Host`` header."""
    name: str
    """Name that the certificate must be for."""


def check_url(url: str, settings: Settings) -> SplitResult:
    """The parts of a URL that the settings allow, checked without resolving its name.

    Raises
    ------
    ForbiddenAddress
        When the settings do not allow it.
    """
    try:
        parts = urlsplit(url)
        name, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ForbiddenAddress("it is no URL") from error
    schemes = ("https", "http") if settings.webhook_private_addresses else ("https",)
    if parts.scheme not in schemes:
        raise ForbiddenAddress(f"its scheme must be {' or '.join(schemes)}")
    if parts.username is not None or parts.password is not None or parts.fragment or not url.isprintable():
        raise ForbiddenAddress("it may hold no user, password, fragment or control character")
    listed = {host.strip("[]") for host in settings.webhook_hosts}
    if name is None or name not in listed:
        raise ForbiddenAddress("its host is not in MRSQUANT_WEBHOOK_HOSTS; ask the operator")
    return parts


def pinned(url: str, settings: Settings) -> Target:
    """Resolve the present destination of a call to ``url``.

    Raises
    ------
    ForbiddenAddress
        When the URL, or one of the addresses of its host, may not be called.
    OSError
        When the name cannot be resolved.
    """
    parts = check_url(url, settings)
    name = parts.hostname or ""
    port = parts.port or _PORTS[parts.scheme]
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(item[4][0]).partition("%")[0]) for item in found]
    if not all(_is_allowed(address, settings.webhook_private_addresses) for address in addresses):
        raise ForbiddenAddress("its host is at an address that is not public; see MRSQUANT_WEBHOOK_PRIVATE_ADDRESSES")
    address = addresses[0]
    literal = f"[{address}]" if address.version == 6 else str(address)
    place = parts._replace(netloc=f"{literal}:{port}")
    return Target(place.geturl(), parts.netloc, name)


def _is_allowed(address: ipaddress.IPv4Address | ipaddress.IPv6Address, private: bool) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_allowed(address.ipv4_mapped, private)
        if address.sixtofour is not None or address.teredo is not None or address in _NAT64:
            return False
    if address.is_multicast or address.is_unspecified:
        return False
    return private or address.is_global
