"""Which hosts a notification may be sent to."""

from __future__ import annotations

import ipaddress
from typing import Final

PRIVATE_ADDRESS: Final = (
    "it is a private address; notifications.allow_private_addresses would allow it"
)
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


def is_this_machine(host: str) -> bool:
    """Whether a host, as it is written in a URL, is this machine; no name server is asked."""
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_public_address(address: str) -> bool:
    """Whether an IP address lies outside every private network. ValueError if it is none."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        # These carry an IPv4 address that the network connects to in their place.
        inner = found.ipv4_mapped or found.sixtofour
        if inner is None and found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return found.is_global and not found.is_multicast and not found.is_reserved
