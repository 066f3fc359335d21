"""System.Net.IPAddress."""

from __future__ import annotations

import ipaddress
import re

from fleetdeploy.lab.powershell.dotnet.raising import throw
from fleetdeploy.lab.powershell.values import (
    ByteArray,
    EnumValue,
    NetObject,
    PSReference,
    define,
    define_enum,
)


class IPAddress(NetObject):
    def __init__(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
        self.address = address

    def to_net_string(self) -> str:
        return str(self.address)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IPAddress) and other.address == self.address

    def __hash__(self) -> int:
        return hash(self.address)


FAMILY = define_enum("System.Net.Sockets.AddressFamily", "Unspecified InterNetwork=2 InterNetworkV6=23")
IP = define("System.Net.IPAddress", aliases=("ipaddress",), py=IPAddress, closed=True)


def _read_ip(text: str) -> IPAddress | None:
    try:
        return IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return _read_short(text)


def _read_short(text: str) -> IPAddress | None:
    """One to four numbers, decimal, octal (0...) or hexadecimal (0x...); the last one fills what is left."""
    parts = text.split(".")
    if len(parts) > 4 or not all(re.fullmatch(r"0[xX][0-9a-fA-F]+|\d+", part) for part in parts):
        return None
    numbers: list[int] = []
    for part in parts:
        octal = len(part) > 1 and part.startswith("0") and part[1] not in "xX"
        if octal and not re.fullmatch(r"[0-7]+", part):
            return None
        numbers.append(int(part, 8 if octal else 0))
    if any(number > 255 for number in numbers[:-1]) or numbers[-1] >= 1 << 8 * (5 - len(numbers)):
        return None
    whole = numbers[-1]
    for at, number in enumerate(numbers[:-1]):
        whole |= number << 8 * (3 - at)
    return IPAddress(ipaddress.IPv4Address(whole))


@IP.static("Parse(string s)")
def _parse_ip(text: str) -> IPAddress:
    found = _read_ip(text)
    if found is None:
        throw("FormatException", "An invalid IP address was specified.")
    return found


@IP.static("TryParse(string s, out System.Net.IPAddress result)")
def _try_ip(text: str, result: PSReference) -> bool:
    result.value = _read_ip(text or "")
    return result.value is not None


IP.static_prop("Loopback", "object", lambda _: IPAddress(ipaddress.ip_address("127.0.0.1")))
IP.static_prop("Any", "object", lambda _: IPAddress(ipaddress.ip_address("0.0.0.0")))  # noqa: S104 - a value, no bind
IP.static("IsLoopback(System.Net.IPAddress address)")(lambda ip: ip.address.is_loopback)
IP.prop("IPAddressToString", "string", lambda ip: str(ip.address))
IP.prop("AddressFamily", "object", lambda ip: EnumValue(FAMILY, 2 if ip.address.version == 4 else 23))
IP.method("GetAddressBytes()")(lambda ip: ByteArray(ip.address.packed))
IP.method("ToString()")(lambda ip: str(ip.address))
IP.method("Equals(object other)")(lambda one, two: one == two)
