"""Controller probes against real sockets on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from fleetdeploy.health.table import PROBES, from_controller, from_host, joined, look
from fleetdeploy.model.health import CheckFailure, HttpCheck, Sample, TcpCheck


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = 503 if self.path == "/sick" else 302 if self.path == "/moved" else 200
        body = json.dumps({"version": "v1.4.2", "deep": {"list": [1, True]}}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        return


@pytest.fixture
def port() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("more", "good"),
    [
        ({"path": "/"}, True),
        ({"path": "/sick"}, False),
        ({"path": "/sick", "status": (503,)}, True),
        ({"path": "/moved"}, False),
        ({"contains": "{version}"}, True),
        ({"contains": "v9"}, False),
        ({"json_path": "version", "equals": "{version}"}, True),
        ({"json_path": "version", "equals": "v9"}, False),
        ({"json_path": "deep.list.1", "equals": "true"}, True),
        ({"json_path": "$.deep.list.0", "equals": "1"}, True),
        ({"json_path": "no.such"}, False),
        ({"json_path": "deep.list.7"}, False),
    ],
)
def test_http(port: int, more: dict[str, Any], good: bool) -> None:
    check = HttpCheck("h", port, vantage="controller", **more)
    assert (look([check], "127.0.0.1", "v1.4.2") == ()) is good


def test_tcp_and_nobody_there(port: int) -> None:
    there = TcpCheck("t", port, vantage="controller")
    assert look([there], "127.0.0.1", "") == ()
    closed = (TcpCheck("t", 1, vantage="controller"), HttpCheck("h", 1, vantage="controller"))
    assert [f.check for f in look(closed, "127.0.0.1", "")] == ["t", "h"]


def test_who_makes_which_check() -> None:
    here, there = TcpCheck("a", 1, vantage="controller"), TcpCheck("b", 2)
    assert from_controller((here, there)) == (here,)
    assert from_host((here, there)) == (there,)
    assert set(PROBES) == {"tcp", "http"}


def test_what_was_seen_from_here_joins_the_last_sample() -> None:
    samples = (Sample(0.0, 1, "1", "Running", True), Sample(1.0, 1, "1", "Running", True))
    failure = CheckFailure("x", "no")
    assert [s.good for s in joined(samples, (failure,))] == [True, False]
    assert joined((), (failure,)) == ()
