"""Invoke-WebRequest and Invoke-RestMethod against what listens on the simulated host."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from fleetdeploy.lab.powershell.engine import CommandSpec, Runspace
from fleetdeploy.lab.windows.environment import HttpReply, HttpRequest
from tests.lab.powershell import machine
from tests.lab.powershell.recorded import Recorder

PORT = 18080


def answer(request: HttpRequest) -> HttpReply:
    if request.path == "/healthz":
        return HttpReply(200, b'{"status":"ok","n":5}', "application/json")
    return HttpReply(503, b"down", "text/plain")


@pytest.fixture(scope="module")
def host() -> Any:
    made = machine.fresh(r"C:\root")
    listener = made.env.serve_tcp(made.address, PORT, answer)
    yield made
    listener.cancel()


def outputs(host: Any, text: str) -> tuple[list[Any], Any]:
    recorder = Recorder()
    outcome = Runspace(host).run([CommandSpec(text)], None, recorder, threading.Event(), no_input=True)
    assert outcome.not_simulated is None
    return [one.get("text") for one in recorder.output_values], outcome


def test_a_health_answer_is_read(host: Any) -> None:
    text = (
        f"$r = Invoke-WebRequest -UseBasicParsing -Uri 'http://localhost:{PORT}/healthz' -TimeoutSec 5\n"
        "$r.StatusCode; $r.Content; $r.Headers['content-type']\n"
        f"(Invoke-RestMethod http://127.0.0.1:{PORT}/healthz).status"
    )
    assert outputs(host, text)[0] == ["200", '{"status":"ok","n":5}', "application/json", "ok"]


def test_an_error_status_is_a_web_exception(host: Any) -> None:
    text = (
        f"try {{ Invoke-WebRequest http://localhost:{PORT}/x -UseBasicParsing }} catch [System.Net.WebException] {{\n"
        "  [int]$_.Exception.Response.StatusCode; $_.FullyQualifiedErrorId }"
    )
    found, outcome = outputs(host, text)
    assert found == ["503", "WebCmdletWebResponseException,Microsoft.PowerShell.Commands.InvokeWebRequestCommand"]
    assert outcome.state == "Completed"


def test_nobody_listens(host: Any) -> None:
    text = "try { Invoke-RestMethod http://localhost:18999/ -TimeoutSec 3 } catch { $_.Exception.Status.ToString() }"
    assert outputs(host, text)[0] == ["ConnectFailure"]
