"""Which addresses are public: the IANA special-purpose registries (RFC 6890 and after).

Pure: takes text and numbers, opens nothing. A host written as a number (decimal,
octal, hexadecimal, short forms, full-width digits) is read as WHATWG URL reads it.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_RANGES: tuple[tuple[str, str], ...] = (
    ("unspecified", "0.0.0.0/8"),
    ("private_address", "10.0.0.0/8"),
    ("carrier_nat", "100.64.0.0/10"),
    ("metadata", "100.100.100.200/32"),
    ("loopback", "127.0.0.0/8"),
    ("metadata", "169.254.169.254/32"),
    ("metadata", "169.254.170.2/32"),
    ("link_local", "169.254.0.0/16"),
    ("private_address", "172.16.0.0/12"),
    ("reserved", "192.0.0.0/24"),
    ("documentation", "192.0.2.0/24"),
    ("reserved", "192.88.99.0/24"),
    ("private_address", "192.168.0.0/16"),
    ("reserved", "198.18.0.0/15"),
    ("documentation", "198.51.100.0/24"),
    ("documentation", "203.0.113.0/24"),
    ("multicast", "224.0.0.0/4"),
    ("reserved", "240.0.0.0/4"),
    ("loopback", "::1/128"),
    ("unspecified", "::/128"),
    ("reserved", "::/96"),
    ("translated", "64:ff9b::/96"),
    ("translated", "64:ff9b:1::/48"),
    ("reserved", "100::/64"),
    ("tunnelled", "2001::/32"),
    ("reserved", "2001::/23"),
    ("documentation", "2001:db8::/32"),
    ("tunnelled", "2002::/16"),
    ("documentation", "3fff::/20"),
    ("reserved", "5f00::/16"),
    ("metadata", "fd00:ec2::254/128"),
    ("private_address", "fc00::/7"),
    ("link_local", "fe80::/10"),
    ("private_address", "fec0::/10"),
    ("multicast", "ff00::/8"),
)
NETWORKS = tuple(
    sorted(
        ((code, ipaddress.ip_network(text)) for code, text in _RANGES),
        key=lambda row: -row[1].prefixlen,
    )
)
_NUMERIC = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)(?:\.(?:0[xX][0-9a-fA-F]*|[0-9]+)){0,3}\Z")
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*\Z")
_DOTS = str.maketrans("。．｡", "...")


def plain(address: Address) -> Address:
    """Return the IPv4 address inside an IPv4-mapped IPv6 address, else the address itself."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def refusal(address: Address, *, allow_loopback: bool) -> str | None:
    """Return the reason code for which an address is not public, or None if it is.

    With ``allow_loopback`` this machine's own 127.0.0.0/8 and ::1 count as public.
    Addresses that carry another one inside (NAT64, 6to4, Teredo) are refused whatever
    they carry. Not checked: whether anything answers there.
    """
    address = plain(address)
    for code, network in NETWORKS:
        if address.version == network.version and address in network:
            if code == "loopback" and allow_loopback:
                return None
            return code
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
        return "reserved"
    return None


_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")


def read_host(text: str) -> Address | str | None:
    """Return a host as an address, as a lower-case ASCII name, or None if it is neither."""
    host = unicodedata.normalize("NFKC", text).translate(_DOTS).strip().lower()
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    if ":" in host:
        return _read_v6(host)
    host = host[:-1] if host.endswith(".") else host
    if _NUMERIC.match(host):
        return _read_v4(host)
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    if not _NAME.match(host) or _ends_in_number(host):
        return None
    return host


def _read_v6(host: str) -> Address | None:
    try:
        return ipaddress.IPv6Address(host) if "%" not in host else None
    except ValueError:
        return None


def _read_v4(host: str) -> Address | None:
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def _ends_in_number(host: str) -> bool:
    last = host.rsplit(".", 1)[-1]
    return last.isdigit() or re.match(r"0x[0-9a-f]*\Z", last) is not None
