"""Identify: the one question that WinRM answers to everybody, without login and without a shell (DSP0226 section 11).

So it tells at once, and cheaply, whether anybody is there. Sends no secret, judges no certificate, retries nothing.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fleetdeploy.model.host import Connection

_IDENTIFY = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">'
    "<s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>"
)
_HEADERS = {"Content-Type": "application/soap+xml;charset=UTF-8", "WSMANIDENTIFY": "unauthenticated"}


@dataclass(slots=True)
class Line:
    """What is remembered of the way to a host between two sessions. ``silent``: a request got no answer in time.

    Some hosts take connections and say nothing (the kernel lives, WinRM does not). Then waiting as long as a healthy
    host may need would cost a minute each time, so the next session asks first whether anybody is there.
    """

    silent: bool = False


def answers(connection: Connection, timeout_s: float) -> str:
    """Why nobody is there, empty if anything came back: an HTTP error, 401 too, is an answer."""
    try:
        with _client(connection, timeout_s) as client:
            client.request("POST", "/wsman", body=_IDENTIFY, headers=_HEADERS)
            client.getresponse()
    except TimeoutError:
        return f"no answer within {timeout_s:.0f} s"
    except OSError as error:
        return error.strerror or type(error).__name__
    except http.client.HTTPException as error:
        return type(error).__name__
    return ""


def offers(connection: Connection) -> tuple[int, frozenset[str]]:
    """The HTTP status, and the ways to log in that the host names.

    Raises:
        OSError, http.client.HTTPException: no answer of HTTP's.
    """
    with _client(connection, connection.connect_timeout_s) as client:
        client.request("POST", "/wsman", body=_IDENTIFY, headers=_HEADERS)
        answer = client.getresponse()
        schemes = _schemes(answer)
        if answer.status == 200:  # Identify is answered to everybody; the ways of logging in are told to who has none
            client.request("POST", "/wsman", headers={"Content-Length": "0"})
            schemes = _schemes(client.getresponse())
    return answer.status, schemes


@contextmanager
def _client(connection: Connection, timeout_s: float) -> Iterator[http.client.HTTPConnection]:
    where = (connection.address, connection.port)
    if connection.transport == "https":
        # Nothing secret is sent: who else answers here is refused by the session that comes after.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        client: http.client.HTTPConnection = http.client.HTTPSConnection(*where, timeout=timeout_s, context=context)
    else:
        client = http.client.HTTPConnection(*where, timeout=timeout_s)
    try:
        yield client
    finally:
        client.close()


def _schemes(answer: http.client.HTTPResponse) -> frozenset[str]:
    """The schemes of a 401; reads the answer to its end."""
    answer.read()
    return frozenset(value.split()[0] for value in answer.headers.get_all("WWW-Authenticate") or () if value.split())
