"""Invoke-WebRequest and Invoke-RestMethod of Windows PowerShell 5.1, over the simulated host's network.

HTTP only, basic parsing only (without -UseBasicParsing 5.1 needs Internet Explorer). The request itself is
dotnet/net.py.
"""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, method_calls, types
from fleetdeploy.lab.powershell.cmdlets.language_json import parse_json
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.containers import DictionaryBase
from fleetdeploy.lab.powershell.dotnet.net import HttpWebRequest, HttpWebResponse
from fleetdeploy.lab.powershell.values import (
    ByteArray,
    ErrorRecord,
    GenericDictionary,
    Int64,
    NetObject,
    PSRuntimeError,
    define,
)

_USER_AGENT = "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.20348.1"


class WebResponse(NetObject):
    """BasicHtmlWebResponseObject: what -UseBasicParsing gives."""

    def __init__(self, response: HttpWebResponse, body: bytes) -> None:
        self.response = response
        self.body = body

    @property
    def content(self) -> Any:
        kind = (self.response.headers.get("Content-Type") or "").lower()
        if kind and not kind.startswith(("text/", "application/json", "application/xml")):
            return ByteArray(self.body)
        return text_of(self.response, self.body)


def text_of(response: HttpWebResponse, body: bytes) -> str:
    """The body as 5.1 decodes it: by the charset of the header, ISO-8859-1 without one."""
    kind = (response.headers.get("Content-Type") or "").lower()
    charset = kind.partition("charset=")[2].strip(' "')
    if charset in ("", "iso-8859-1"):
        return body.decode("latin-1")
    if charset == "utf-8":
        return body.decode("utf-8", "replace")
    raise NotSimulated(f"a web answer in {charset}")


def _headers(value: WebResponse) -> GenericDictionary:
    table = GenericDictionary(ignore_case=True)
    for name, text in value.response.headers.pairs:
        table.set(name, text)
    return table


BASIC = define("Microsoft.PowerShell.Commands.BasicHtmlWebResponseObject")
BASIC.prop("StatusCode", "int", lambda value: int(value.response.status))
BASIC.prop("StatusDescription", "string", lambda value: value.response.reason)
BASIC.prop("Content", "object", lambda value: value.content)
BASIC.prop("Headers", "object", _headers)
BASIC.prop("RawContentLength", "long", lambda value: Int64(len(value.body)))
BASIC.prop("BaseResponse", "object", lambda value: value.response)
WebResponse.net_type = property(lambda self: BASIC)  # type: ignore[assignment,method-assign]


_REFUSED = (
    "Credential",
    "UseDefaultCredentials",
    "CertificateThumbprint",
    "Certificate",
    "SessionVariable",
    "WebSession",
    "Proxy",
    "ProxyCredential",
    "ProxyUseDefaultCredentials",
    "InFile",
    "OutFile",
    "PassThru",
    "TransferEncoding",
)


class _Web(Cmdlet):
    parameters = (
        Param("Uri", "uri", position=0, mandatory=True),
        Param("UseBasicParsing", "switch"),
        Param("Method", "string", default="Get"),
        Param("TimeoutSec", "int", default=0),
        Param("Headers", "object"),
        Param("Body", "object", pipeline=True),
        Param("ContentType", "string"),
        Param("UserAgent", "string", default=_USER_AGENT),
        Param("DisableKeepAlive", "switch"),
        Param("MaximumRedirection", "int"),
        *(Param(name, unsupported=True) for name in _REFUSED),
    )

    def send(self, ctx: CmdletContext) -> tuple[HttpWebResponse, bytes]:
        kind = types.resolve("System.Net.WebRequest")
        request = None if kind is None else method_calls.invoke_static(kind, "Create", [self.get("Uri")], ctx.machine)
        if not isinstance(request, HttpWebRequest):
            raise NotSimulated("this kind of web request", ctx.line)
        request.method = self.get("Method").upper()
        request.timeout = self.get("TimeoutSec") * 1000 or 100_000
        request.user_agent = self.get("UserAgent")
        request.content_type = self.get("ContentType")
        given = self.get("Headers")
        if isinstance(given, DictionaryBase):
            for name, value in given.items():
                request.headers.set(convert.to_string(name), convert.to_string(value))
        body = self.get("Body")
        if body is not None:
            if not isinstance(body, str) or request.method == "GET":
                raise NotSimulated("this body of a web request", ctx.line)
            request.body.data.extend(body.encode("latin-1", "replace"))
            request.content_type = request.content_type or "application/x-www-form-urlencoded"
        ctx.check_stop()
        try:
            response = method_calls.invoke(request, "GetResponse", [], ctx.machine)
        except PSRuntimeError as failure:
            inner = failure.exception.inner_exception or failure.exception
            record = ErrorRecord(inner, "WebCmdletWebResponseException", "InvalidOperation", request)
            ctx.error(record, terminating=True)
            raise
        return response, bytes(response.stream.data)


@cmdlet("Invoke-WebRequest", aliases=("iwr", "wget", "curl"))
class InvokeWebRequest(_Web):
    def process(self, ctx: CmdletContext) -> None:
        if not self.get("UseBasicParsing"):
            raise NotSimulated("Invoke-WebRequest without -UseBasicParsing", ctx.line)
        response, body = self.send(ctx)
        ctx.write(WebResponse(response, body))


@cmdlet("Invoke-RestMethod", aliases=("irm",))
class InvokeRestMethod(_Web):
    def process(self, ctx: CmdletContext) -> None:
        response, body = self.send(ctx)
        text = text_of(response, body)
        if text.lstrip().startswith("<"):
            raise NotSimulated("Invoke-RestMethod of XML", ctx.line)
        try:
            value = parse_json(text)
        except ValueError:
            value = text
        ctx.write(value)
