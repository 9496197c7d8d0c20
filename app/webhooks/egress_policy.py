"""Which addresses webhooks may be sent to: only those of the public internet.

Based on the IANA registries of special-purpose addresses. IPv6 is an allow-list, `2000::/3` without
its special parts: so every form with an embedded IPv4 address (mapped, compatible, NAT64, 6to4,
Teredo, ISATAP) is refused, whatever that address is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressPolicy:
    """Where webhooks may be sent.

    ``private``: for trying only: also private networks, this machine, plain http, any port.
    ``refused``: public networks that are refused too.
    """

    private: bool = False
    refused: tuple[Network, ...] = ()


PUBLIC = EgressPolicy()


def parse_networks(text: str) -> tuple[Network, ...]:
    """Read networks separated by commas, as `198.51.100.0/24,2001:db8::/32`; raises ValueError."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def parse_address(text: str) -> Address | None:
    """Read an address in its usual form; None for a name, an odd form, or one with a zone."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return None if isinstance(found, IPv6Address) and found.scope_id else found


def is_allowed(address: Address, reach: EgressPolicy) -> bool:
    """Whether webhooks may be sent to an address."""
    if _in(address, reach.refused):
        return False
    if reach.private and _in(address, _PRIVATE) and not _in(address, _METADATA):
        return True
    if isinstance(address, IPv6Address):
        return address in _GLOBAL_V6 and not _in(address, _SPECIAL_V6) and not _is_isatap(address)
    return not _in(address, (*_PRIVATE, *_SPECIAL_V4, *_METADATA))


def all_allowed(texts: Sequence[str], reach: EgressPolicy) -> bool:
    """Whether all addresses of a name are allowed; one forbidden address refuses the name."""
    addresses = [parse_address(text) for text in texts]
    return all(address is not None and is_allowed(address, reach) for address in addresses)


def _in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _is_isatap(address: IPv6Address) -> bool:
    return int(address) >> 32 & 0xFDFF_FFFF == 0x0000_5EFE


_GLOBAL_V6 = IPv6Network("2000::/3")

_PRIVATE: tuple[Network, ...] = tuple(
    ip_network(network)
    for network in (
        "10.0.0.0/8",
        "127.0.0.0/8",  # loopback
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",  # loopback
        "fc00::/7",  # unique local
    )
)

_METADATA: tuple[Network, ...] = tuple(
    ip_network(network)
    for network in (
        "168.63.129.16/32",  # Azure's platform, though a public address
        "fd00:ec2::/32",  # AWS; others lie in link-local and shared ranges
    )
)
"""Metadata services of clouds, which hold secrets: refused even for trying."""

_SPECIAL_V4: tuple[IPv4Network, ...] = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "100.64.0.0/10",  # shared by carriers
        "169.254.0.0/16",  # link-local
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # multicast tunnels
        "192.88.99.0/24",  # 6to4 relays
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)

_SPECIAL_V6: tuple[IPv6Network, ...] = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # returned
        "3fff::/20",  # documentation
    )
)
"""Parts of `2000::/3` that are not the public internet."""
