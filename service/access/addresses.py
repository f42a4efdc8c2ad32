"""Network addresses in one form, so that one machine has one name in rates and in the audit log."""

from __future__ import annotations

import ipaddress

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def canonical(host: str) -> str | None:
    """The address without zone, an IPv4 address within IPv6 as IPv4; None when it is no address."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)


def is_loopback(host: str) -> bool:
    """Whether this is an address or name by which this machine calls itself."""
    address = canonical(host.strip("[]"))
    return host == "localhost" if address is None else ipaddress.ip_address(address).is_loopback


def network_of(address: str) -> str:
    """Rate-limit IPv6 by /64: one host usually owns the whole prefix."""
    if ":" not in address:
        return address
    return str(ipaddress.ip_network((address, 64), strict=False))
