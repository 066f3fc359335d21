"""System.Net: WebRequest, WebClient, TcpClient over real sockets, but only to what the simulated host's network knows.

Names and ports go through ``machine.network.endpoint``: localhost is the simulated host's own loopback address. HTTPS,
redirects, proxies and HttpClient are refused. Timeouts are real time.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
from http import HTTPStatus
from typing import Any, NoReturn

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.dotnet.encodings import UTF8_DEFAULT, Encoding
from fleetdeploy.lab.powershell.dotnet.io_streams import MemoryStream
from fleetdeploy.lab.powershell.dotnet.raising import argument_null, throw
from fleetdeploy.lab.powershell.dotnet.uri import Uri, read_uri
from fleetdeploy.lab.powershell.typesystem import NOTHING, REGISTRY
from fleetdeploy.lab.powershell.values import (
    STRING,
    ByteArray,
    DotNetException,
    EnumValue,
    Int64,
    NetError,
    NetObject,
    PSArray,
    define,
    define_enum,
)

_N = "System.Net."


def _enum_name(status: HTTPStatus) -> str:
    special = {200: "OK", 203: "NonAuthoritativeInformation", 302: "Found", 414: "RequestUriTooLong"}
    return special.get(status.value, "".join(word.capitalize() for word in status.name.split("_")))


STATUS = define_enum(
    f"{_N}HttpStatusCode", {_enum_name(status): status.value for status in HTTPStatus if status.value < 506}
)
WEB_STATUS = define_enum(
    f"{_N}WebExceptionStatus",
    "Success NameResolutionFailure ConnectFailure ReceiveFailure SendFailure PipelineFailure RequestCanceled"
    " ProtocolError ConnectionClosed TrustFailure SecureChannelFailure ServerProtocolViolation KeepAliveFailure"
    " Pending Timeout ProxyNameResolutionFailure UnknownError MessageLengthLimitExceeded",
)
SOCKET_ERROR = define_enum(
    "System.Net.Sockets.SocketError",
    "Success ConnectionReset=10054 TimedOut=10060 ConnectionRefused=10061 HostNotFound=11001",
)
define_enum(
    f"{_N}SecurityProtocolType", {"SystemDefault": 0, "Ssl3": 48, "Tls": 192, "Tls11": 768, "Tls12": 3072}, flags=True
)


def _need(machine: Any) -> Any:
    if machine is None:
        raise NotSimulated("the network without a machine")
    return machine


def _socket_error(code: int, text: str) -> DotNetException:
    result = DotNetException("System.Net.Sockets.SocketException", text, hresult=-2147467259)
    result.properties |= {
        "ErrorCode": code,
        "NativeErrorCode": code,
        "SocketErrorCode": EnumValue(SOCKET_ERROR, code),
    }
    return result


def _refused(host: str, port: int) -> DotNetException:
    return _socket_error(
        10061, f"No connection could be made because the target machine actively refused it {host}:{port}"
    )


def _no_answer(host: str, port: int) -> DotNetException:
    return _socket_error(
        10060,
        "A connection attempt failed because the connected party did not properly respond after a period of time, or"
        f" established connection failed because connected host has failed to respond {host}:{port}",
    )


def connect(machine: Any, host: str, port: int, seconds: float | None) -> socket.socket:
    """A connected socket; failures are SocketExceptions (NetError), a timeout is TimeoutError."""
    endpoint = _need(machine).network.endpoint(host, port)
    if endpoint is None:
        raise NetError(_socket_error(11001, "No such host is known"))
    try:
        return socket.create_connection(endpoint, timeout=seconds)
    except TimeoutError:
        raise
    except OSError:
        shown = "127.0.0.1" if host.lower() == "localhost" else host
        raise NetError(_refused(shown, port)) from None


# -- HttpWebRequest -----------------------------------------------------------------------------------------------
class HeaderCollection(NetObject):
    """WebHeaderCollection: names without case, order kept."""

    def __init__(self, pairs: list[tuple[str, str]] | None = None) -> None:
        self.pairs: list[tuple[str, str]] = pairs or []

    def get(self, name: str) -> str | None:
        found = [value for known, value in self.pairs if known.lower() == name.lower()]
        return ",".join(found) if found else None

    def set(self, name: str, value: str) -> None:
        self.pairs = [pair for pair in self.pairs if pair[0].lower() != name.lower()] + [(name, value)]

    def net_index(self, key: Any) -> Any:
        return self.get(str(key))

    def net_set_index(self, key: Any, value: Any) -> None:
        self.set(str(key), str(value))

    @property
    def items(self) -> list[str]:
        return [name for name, _ in self.pairs]


HEADERS = define(f"{_N}WebHeaderCollection", py=HeaderCollection, closed=True)
HEADERS.prop("Count", "int", lambda headers: len(headers.pairs))
HEADERS.prop("AllKeys", "string[]", lambda headers: PSArray(headers.items, STRING))
HEADERS.prop("Keys", "object", lambda headers: PSArray(headers.items, STRING))
HEADERS.method("Get(string name)", "Item(string name)")(HeaderCollection.get)
HEADERS.ctor("()")(HeaderCollection)


@HEADERS.method("Add(string name, string value)", "Set(string name, string value)")
def _header(headers: HeaderCollection, name: str, value: str) -> Any:
    headers.set(name, value)
    return NOTHING


class Upload(MemoryStream):
    """The body of a request: kept when the stream is closed."""

    def close(self) -> None:
        """What was written stays for GetResponse."""


class HttpWebRequest(NetObject):
    def __init__(self, machine: Any, uri: Uri) -> None:
        if uri.scheme not in ("http", "https"):
            throw("NotSupportedException", "The URI prefix is not recognized.")
        self.machine = machine
        self.uri = uri
        self.method = "GET"
        self.timeout = 100_000
        self.read_write_timeout = 300_000
        self.allow_auto_redirect = True
        self.keep_alive = True
        self.user_agent: str | None = None
        self.accept: str | None = None
        self.content_type: str | None = None
        self.content_length = -1
        self.headers = HeaderCollection()
        self.body = Upload()
        self.proxy: Any = None
        self.host: str | None = None


class HttpWebResponse(NetObject):
    def __init__(self, request: HttpWebRequest, reply: http.client.HTTPResponse, body: bytes) -> None:
        self.request = request
        self.status = reply.status
        self.reason = reply.reason
        self.headers = HeaderCollection(list(reply.getheaders()))
        self.stream = MemoryStream(bytearray(body), writable=False)
        self.version = reply.version


WEB_REQUEST = define(f"{_N}WebRequest", abstract=True)
HTTP_REQUEST = define(f"{_N}HttpWebRequest", WEB_REQUEST, py=HttpWebRequest)
WEB_RESPONSE = define(f"{_N}WebResponse", interfaces=("System.IDisposable",), abstract=True)
HTTP_RESPONSE = define(f"{_N}HttpWebResponse", WEB_RESPONSE, py=HttpWebResponse)


@WEB_REQUEST.static("Create(string uri)", "Create(uri uri)", "CreateHttp(string uri)", machine=True)
def _create(machine: Any, address: Any) -> HttpWebRequest:
    if address is None:
        argument_null("requestUriString")
    uri = address if isinstance(address, Uri) else read_uri(address)
    if uri is None or not uri.absolute:
        throw("UriFormatException", "Invalid URI: The format of the URI could not be determined.")
    return HttpWebRequest(_need(machine), uri)


def _attribute(name: str, attr: str, type_name: str) -> None:
    HTTP_REQUEST.prop(
        name, type_name, lambda request: getattr(request, attr), lambda request, value: setattr(request, attr, value)
    )


for _name, _attr, _type in (
    ("Method", "method", "string"),
    ("Timeout", "timeout", "int"),
    ("ReadWriteTimeout", "read_write_timeout", "int"),
    ("AllowAutoRedirect", "allow_auto_redirect", "bool"),
    ("KeepAlive", "keep_alive", "bool"),
    ("UserAgent", "user_agent", "string"),
    ("Accept", "accept", "string"),
    ("ContentType", "content_type", "string"),
    ("Host", "host", "string"),
):
    _attribute(_name, _attr, _type)
HTTP_REQUEST.prop(
    "ContentLength",
    "long",
    lambda request: Int64(request.content_length),
    lambda request, value: setattr(request, "content_length", int(value)),
)
HTTP_REQUEST.prop("RequestUri", "uri", lambda request: request.uri)
HTTP_REQUEST.prop("Address", "uri", lambda request: request.uri)
HTTP_REQUEST.prop(
    "Headers", "object", lambda request: request.headers, lambda request, value: setattr(request, "headers", value)
)


def _set_proxy(request: HttpWebRequest, value: Any) -> None:
    if value is not None:
        raise NotSimulated("a proxy for a web request")
    request.proxy = None


HTTP_REQUEST.prop("Proxy", "object", lambda request: request.proxy, _set_proxy)
HTTP_REQUEST.method("GetRequestStream()")(lambda request: request.body)


@HTTP_REQUEST.method("Abort()")
def _abort(request: HttpWebRequest) -> Any:
    del request
    return NOTHING


def _web_error(text: str, status: str, inner: DotNetException | None = None, response: Any = None) -> NoReturn:
    exception = DotNetException("System.Net.WebException", text, inner, hresult=-2146233079)
    exception.properties |= {
        "Status": EnumValue(WEB_STATUS, (WEB_STATUS.enum_values or {})[status]),
        "Response": response,
    }
    raise NetError(exception)


_TEXTS = {503: "Server Unavailable", 504: "Gateway Timeout", 407: "Proxy Authentication Required"}


def send(request: HttpWebRequest) -> HttpWebResponse:
    """GetResponse(): the answer, or a WebException (4xx and 5xx carry the response)."""
    uri = request.uri
    if uri.scheme == "https":
        raise NotSimulated("HTTPS from a simulated host")
    seconds = None if request.timeout < 0 else request.timeout / 1000
    connection = http.client.HTTPConnection(uri.host.strip("[]"), uri.port, timeout=seconds)
    headers: dict[str, str] = {"Host": request.host or uri.authority}
    headers["Connection"] = "close"
    optional = {"User-Agent": request.user_agent, "Accept": request.accept, "Content-Type": request.content_type}
    headers |= {name: value for name, value in optional.items() if value}
    headers |= dict(request.headers.pairs)
    body = bytes(request.body.data)
    try:
        connection.sock = connect(request.machine, uri.host.strip("[]"), uri.port, seconds)
        connection.request(request.method, uri.path + uri.query, body or None, headers)
        reply = connection.getresponse()
        content = reply.read()
    except TimeoutError:
        _web_error("The operation has timed out", "Timeout")
    except NetError as failure:
        if failure.exception.properties.get("ErrorCode") == 11001:
            _web_error(f"The remote name could not be resolved: '{uri.host}'", "NameResolutionFailure")
        _web_error("Unable to connect to the remote server", "ConnectFailure", failure.exception)
    except http.client.RemoteDisconnected:
        _web_error("The underlying connection was closed: The connection was closed unexpectedly.", "ConnectionClosed")
    except (http.client.IncompleteRead, http.client.BadStatusLine, OSError):
        inner = DotNetException(
            "System.IO.IOException",
            "Unable to read data from the transport connection: An existing connection was forcibly closed by the"
            " remote host.",
            _socket_error(10054, "An existing connection was forcibly closed by the remote host"),
        )
        _web_error(
            "The underlying connection was closed: An unexpected error occurred on a receive.", "ReceiveFailure", inner
        )
    finally:
        connection.close()
    response = HttpWebResponse(request, reply, content)
    if (
        300 <= reply.status < 400
        and reply.status != 304
        and request.allow_auto_redirect
        and reply.getheader("Location")
    ):
        raise NotSimulated("a redirect of a web request")
    if reply.status >= 400 or reply.status == 304:
        reason = _TEXTS.get(reply.status)
        if reason is None:
            with contextlib.suppress(ValueError):
                reason = HTTPStatus(reply.status).phrase
        _web_error(
            f"The remote server returned an error: ({reply.status}) {reason or reply.reason}.",
            "ProtocolError",
            None,
            response,
        )
    return response


HTTP_REQUEST.method("GetResponse()")(send)
HTTP_RESPONSE.prop("StatusCode", f"{_N}HttpStatusCode", lambda response: EnumValue(STATUS, response.status))
HTTP_RESPONSE.prop("StatusDescription", "string", lambda response: response.reason)
HTTP_RESPONSE.prop("Headers", "object", lambda response: response.headers)
HTTP_RESPONSE.prop("ContentType", "string", lambda response: response.headers.get("Content-Type") or "")
HTTP_RESPONSE.prop("ContentLength", "long", lambda response: Int64(int(response.headers.get("Content-Length") or -1)))
HTTP_RESPONSE.prop("Server", "string", lambda response: response.headers.get("Server"))
HTTP_RESPONSE.prop("Method", "string", lambda response: response.request.method)
HTTP_RESPONSE.prop("ResponseUri", "uri", lambda response: response.request.uri)
HTTP_RESPONSE.method("GetResponseStream()")(lambda response: response.stream)
HTTP_RESPONSE.method("GetResponseHeader(string name)")(lambda response, name: response.headers.get(name) or "")


@HTTP_RESPONSE.method("Close()", "Dispose()")
def _close_response(response: HttpWebResponse) -> Any:
    response.stream.close()
    return NOTHING


# -- WebClient ----------------------------------------------------------------------------------------------------
class WebClient(NetObject):
    def __init__(self, machine: Any) -> None:
        self.machine = machine
        self.headers = HeaderCollection()
        self.encoding: Encoding = UTF8_DEFAULT

    def get(self, address: Any) -> bytes:
        request = _create(self.machine, address)
        request.headers = self.headers
        return bytes(send(request).stream.data)


WEB_CLIENT = define(f"{_N}WebClient", py=WebClient, interfaces=("System.IDisposable",))
WEB_CLIENT.ctor("()", machine=True)(lambda machine: WebClient(_need(machine)))
WEB_CLIENT.prop("Headers", "object", lambda client: client.headers)
WEB_CLIENT.prop(
    "Encoding",
    "System.Text.Encoding",
    lambda client: client.encoding,
    lambda client, value: setattr(client, "encoding", value),
)
WEB_CLIENT.method("DownloadString(string address)", "DownloadString(uri address)")(
    lambda client, address: client.encoding.decode(client.get(address))
)
WEB_CLIENT.method("DownloadData(string address)", "DownloadData(uri address)")(
    lambda client, address: ByteArray(client.get(address))
)


@WEB_CLIENT.method("Dispose()")
def _dispose_client(client: WebClient) -> Any:
    del client
    return NOTHING


# -- Dns, ServicePointManager -------------------------------------------------------------------------------------
DNS = define(f"{_N}Dns")
DNS.static("GetHostName()", machine=True)(lambda machine: _need(machine).name.partition(".")[0])
POINTS = define(f"{_N}ServicePointManager")


def _protocol(machine: Any) -> Any:
    """What the session has set; it changes nothing on loopback."""
    from fleetdeploy.lab.powershell.runtime.values_ext import current

    del machine
    kept = getattr(current().runspace, "security_protocol", None)
    return kept if kept is not None else EnumValue(REGISTRY[f"{_N}securityprotocoltype".lower()], 3072)


def _set_protocol(machine: Any, value: Any) -> None:
    from fleetdeploy.lab.powershell.runtime.values_ext import current

    del machine
    runspace: Any = current().runspace
    runspace.security_protocol = value


POINTS.static_prop("SecurityProtocol", f"{_N}SecurityProtocolType", _protocol, _set_protocol)
