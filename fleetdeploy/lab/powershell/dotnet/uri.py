"""System.Uri and UriBuilder: absolute http-like addresses, relative text; file paths are refused."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.dotnet.raising import argument_null, out_of_range, throw
from fleetdeploy.lab.powershell.values import (
    STRING,
    EnumValue,
    NetObject,
    PSArray,
    PSReference,
    define,
)

# -- Uri ----------------------------------------------------------------------------------------------------------
_PORTS = {"http": 80, "https": 443, "ftp": 21, "ws": 80, "wss": 443}
_URI = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:(?P<user>[^/?#@]*)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^/?#:@\\ ]*)"
    r"(?::(?P<port>\d*))?(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?(?P<fragment>#.*)?"
)
_BAD_URI = "Invalid URI: The format of the URI could not be determined."


class Uri(NetObject):
    """System.Uri: absolute http-like addresses, or relative text."""

    def __init__(self, original: str, parts: dict[str, str | None] | None) -> None:
        self.original = original
        self.parts = parts

    @property
    def absolute(self) -> bool:
        return self.parts is not None

    def part(self, name: str) -> str:
        if self.parts is None:
            throw("InvalidOperationException", "This operation is not supported for a relative URI.")
        return self.parts.get(name) or ""

    @property
    def scheme(self) -> str:
        return self.part("scheme").lower()

    @property
    def host(self) -> str:
        return self.part("host").lower()

    @property
    def port(self) -> int:
        written = self.part("port")
        return int(written) if written else _PORTS.get(self.scheme, -1)

    @property
    def path(self) -> str:
        return quote(self.part("path") or "/", safe="/%:@!$&'()*+,;=~-._")

    @property
    def query(self) -> str:
        return quote(self.part("query"), safe="?/%:@!$&'()*+,;=~-._[]")

    @property
    def fragment(self) -> str:
        return self.part("fragment")

    @property
    def authority(self) -> str:
        return self.host + ("" if self.port == _PORTS.get(self.scheme, -1) else f":{self.port}")

    def text(self) -> str:
        user = f"{self.part('user')}@" if self.part("user") else ""
        return f"{self.scheme}://{user}{self.authority}{self.path}{self.query}{self.fragment}"

    def to_net_string(self) -> str:
        return unquote(self.text()) if self.absolute and "%25" not in self.text() else self.original

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Uri) or self.absolute != other.absolute:
            return False
        return self.text() == other.text() if self.absolute else self.original == other.original

    def __hash__(self) -> int:
        return hash(self.original)


URI = define("System.Uri", aliases=("uri",), py=Uri, closed=True)


def read_uri(text: str) -> Uri | None:
    """An absolute Uri, or None."""
    trimmed = text.strip()
    match = _URI.fullmatch(trimmed)
    if match is None:
        if re.match(r"^[A-Za-z]:[\\/]|^\\\\", trimmed):
            raise NotSimulated(f"a file path as Uri '{text}'")
        if re.match(r"^[A-Za-z][A-Za-z0-9+.-]+:(?!//)", trimmed):
            raise NotSimulated(f"the Uri '{text}'")
        return None
    parts = match.groupdict()
    if parts["scheme"].lower() == "file":
        raise NotSimulated(f"the Uri '{text}'")
    if not parts["host"] or (parts["port"] and int(parts["port"]) > 65535):
        throw(
            "UriFormatException",
            "Invalid URI: The hostname could not be parsed."
            if not parts["host"]
            else "Invalid URI: Invalid port specified.",
        )
    return Uri(trimmed, parts)


@URI.ctor("(string uri)")
def _new_uri(text: str) -> Uri:
    if text is None:
        argument_null("uriString")
    if not text:
        throw("UriFormatException", "Invalid URI: The URI is empty.")
    found = read_uri(text)
    if found is None:
        throw("UriFormatException", _BAD_URI)
    return found


@URI.ctor("(string uri, System.UriKind kind)")
def _new_uri_kind(text: str, kind: EnumValue) -> Uri:
    found = None if kind.name == "Relative" else read_uri(text)
    if found is None:
        if kind.name == "Absolute":
            throw("UriFormatException", _BAD_URI)
        return Uri(text, None)
    return found


@URI.ctor("(uri base, string relative)", "(uri base, uri relative)")
def _combine(base: Uri, relative: Any) -> Uri:
    from urllib.parse import urljoin

    text = relative.original if isinstance(relative, Uri) else relative
    return _new_uri(urljoin(base.text(), text))


@URI.static("TryCreate(string uri, System.UriKind kind, out uri result)")
def _try_create(text: str, kind: EnumValue, result: PSReference) -> bool:
    from fleetdeploy.lab.powershell.values import NetError

    try:
        result.value = _new_uri_kind(text or "", kind)
    except NetError:
        result.value = None
        return False
    return True


def _uri_part(name: str, attribute: str) -> None:
    URI.prop(
        name,
        "int" if name == "Port" else "string",
        lambda uri: getattr(uri, attribute) if uri.absolute else None,
    )


for _name, _attribute in (
    ("Scheme", "scheme"),
    ("Host", "host"),
    ("DnsSafeHost", "host"),
    ("Port", "port"),
    ("AbsolutePath", "path"),
    ("LocalPath", "path"),
    ("Query", "query"),
    ("Fragment", "fragment"),
    ("Authority", "authority"),
):
    _uri_part(_name, _attribute)
URI.prop("AbsoluteUri", "string", lambda uri: uri.text() if uri.absolute else None)
URI.prop("PathAndQuery", "string", lambda uri: uri.path + uri.query if uri.absolute else None)
URI.prop("UserInfo", "string", lambda uri: uri.part("user") if uri.absolute else None)
URI.prop("IsAbsoluteUri", "bool", lambda uri: uri.absolute)
URI.prop("IsDefaultPort", "bool", lambda uri: uri.absolute and uri.port == _PORTS.get(uri.scheme, -1))
URI.prop("IsLoopback", "bool", lambda uri: uri.absolute and uri.host in ("localhost", "127.0.0.1", "[::1]", "loopback"))
URI.prop("OriginalString", "string", lambda uri: uri.original)
URI.prop(
    "Segments",
    "string[]",
    lambda uri: PSArray(re.findall(r"[^/]*/|[^/]+$", uri.path), STRING) if uri.absolute else None,
)
URI.method("ToString()")(Uri.to_net_string)
URI.method("Equals(object other)")(lambda one, two: one == two)
URI.static("EscapeDataString(string s)")(lambda text: quote(text, safe="-._~"))
URI.static("EscapeUriString(string s)")(lambda text: quote(text, safe="-._~!#$&'()*+,/:;=?@[]"))
URI.static("UnescapeDataString(string s)")(unquote)
URI.static("IsWellFormedUriString(string uri, System.UriKind kind)")(
    lambda text, kind: read_uri(text) is not None if kind.name == "Absolute" else True
)


class UriBuilder(NetObject):
    def __init__(self, text: str = "http://localhost/") -> None:
        uri = _new_uri(text if "://" in text else f"http://{text}")
        self.scheme, self.host, self.path = uri.scheme, uri.host, uri.path
        self.port = int(uri.part("port")) if uri.part("port") else -1
        if self.port < 0 and uri.port >= 0:
            self.port = uri.port
        self.query, self.fragment = uri.query, uri.fragment
        self.user, self.password = uri.part("user"), ""

    def uri(self) -> Uri:
        port = "" if self.port in (-1, _PORTS.get(self.scheme.lower())) else f":{self.port}"
        path = self.path if self.path.startswith("/") else f"/{self.path}"
        return _new_uri(f"{self.scheme}://{self.host}{port}{path}{self.query}{self.fragment}")

    def to_net_string(self) -> str:
        port = "" if self.port == -1 else f":{self.port}"
        path = self.path if self.path.startswith("/") else f"/{self.path}"
        return f"{self.scheme}://{self.host}{port}{path}{self.query}{self.fragment}"


BUILDER = define("System.UriBuilder", py=UriBuilder, closed=True)
BUILDER.ctor("()")(UriBuilder)
BUILDER.ctor("(string uri)")(UriBuilder)
BUILDER.ctor("(uri uri)")(lambda uri: UriBuilder(uri.text()))


@BUILDER.ctor("(string scheme, string host)", "(string scheme, string host, int port)")
def _build(scheme: str, host: str, port: int = -1) -> UriBuilder:
    result = UriBuilder(f"{scheme}://{host}/")
    result.port = port
    return result


def _builder_part(name: str, attr: str) -> None:
    def set_part(builder: UriBuilder, value: Any) -> None:
        if attr == "query" and value:
            value = f"?{value}"
        if attr == "port" and not -1 <= value <= 65535:
            out_of_range("value", "Specified argument was out of the range of valid values.")
        setattr(builder, attr, value)

    BUILDER.prop(name, "int" if name == "Port" else "string", lambda builder: getattr(builder, attr), set_part)


for _name in ("Scheme", "UserName", "Password", "Host", "Port", "Path", "Query", "Fragment"):
    _builder_part(_name, {"UserName": "user"}.get(_name, _name.lower()))
BUILDER.prop("Uri", "uri", UriBuilder.uri)
