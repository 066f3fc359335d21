"""Requests as they leave, answers as they come, and what may be sent again."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from fleetdeploy.errors import (
    AnswerLost,
    Busy,
    HostError,
    LoginRefused,
    ProtocolRefused,
    ScriptFailed,
    Stale,
    Unreachable,
)
from fleetdeploy.hosts import answers, memory, requests, transfer
from fleetdeploy.hosts.retrying import may_repeat, with_retries
from fleetdeploy.hosts.session import ScriptError, ScriptResult
from fleetdeploy.model.artifact import Artifact, BuildInfo, FileEntry, Manifest
from fleetdeploy.model.health import HttpCheck, ScriptCheck, TcpCheck
from fleetdeploy.model.secret import Secret
from fleetdeploy.model.service import Recovery, ServiceSpec
from fleetdeploy.model.verbs import ActivateRequest, Claim, CloseRequest, ProbeRequest

CLAIM = Claim("R1", "C1", 3, 7)
SPEC = ServiceSpec(
    app="shop",
    name="Shop",
    exe="shop.exe",
    root="C:\\fd",
    arguments=("--config", "{workdir}\\my conf.yml"),
    environment=(("HOME", "{workdir}"), ("MODE", "prod")),
    recovery=Recovery(86400, (("restart", 5000), ("none", 0))),
)


def activation(**changes: Any) -> ActivateRequest:
    fields: dict[str, Any] = {
        "claim": CLAIM,
        "direction": "forward",
        "spec": SPEC,
        "release": "v1-abcd1234",
        "version": "v1",
        "manifest_sha256": "m",
        "exe_sha256": "e",
        "exe": "shop.exe",
        "expected": None,
    }
    return ActivateRequest(**(fields | changes))


def test_paths_and_configuration_travel_as_values() -> None:
    sent = requests.activate(activation())
    assert sent["image_path"] == (
        '"C:\\fd\\shop\\releases\\v1-abcd1234\\shop.exe" --config "C:\\fd\\shop\\data\\my conf.yml"'
    )
    assert sent["exe_path"] == "C:\\fd\\shop\\releases\\v1-abcd1234\\shop.exe"
    assert sent["folders"] == ["C:\\fd\\shop\\data"]
    assert sent["spec"]["environment"] == ["HOME=C:\\fd\\shop\\data", "MODE=prod"]
    assert sent["spec"]["recovery"] == {"reset_s": 86400, "actions": "restart/5000//0", "on_non_crash": False}
    assert sent["spec"]["account"] is None
    assert sent["expected"] is None


def test_going_back_needs_no_spec() -> None:
    sent = requests.activate(activation(direction="back", spec=None, undo="R0"))
    assert (sent["spec"], sent["image_path"], sent["undo"]) == (None, "", "R0")


def test_a_password_is_input_and_never_a_parameter() -> None:
    feed = requests.passwords(Secret("s3cret"), None)
    assert feed is not None
    assert json.loads(str(next(feed))) == {"wanted": "s3cret", "previous": ""}
    assert requests.passwords(None, None) is None
    assert "s3cret" not in json.dumps(requests.activate(activation()))


def test_checks_from_the_controller_stay_here_and_versions_are_filled_in() -> None:
    checks = (
        TcpCheck("port", 80, vantage="controller"),
        HttpCheck("version", 8080, "/version", contains="{version}"),
        ScriptCheck("own", "param($Version) $true", parameters=(("Version", "{version}"),)),
    )
    sent = requests.probe(ProbeRequest(2.0, 0.5, "", "", "v9", checks))
    assert [check["name"] for check in sent["checks"]] == ["version", "own"]
    assert sent["checks"][0]["contains"] == "v9"
    assert sent["checks"][0]["url"] == "http://127.0.0.1:8080/version"
    assert sent["checks"][1]["parameters"] == [{"name": "Version", "value": "v9"}]


def test_close_names_what_else_ends() -> None:
    sent = requests.close(CloseRequest(CLAIM, "rolled_back", also=(("R0", "rolled_back"),), kind="back"), 5)
    assert sent["also"] == [{"rollout": "R0", "outcome": "rolled_back"}]
    assert sent["kind"] == "back"


def said(answer: Mapping[str, Any], **more: Any) -> ScriptResult:
    return ScriptResult((json.dumps({"schema": 1, "nonce": "n1", **answer}),), **more)


def test_an_answer_is_the_one_with_our_nonce() -> None:
    result = ScriptResult(("noise", json.dumps({"nonce": "old", "ok": True, "result": {"a": 1}})))
    with pytest.raises(ScriptFailed, match="without an answer"):
        answers.unwrap("web01", "observe", "n1", result)
    assert answers.unwrap("web01", "observe", "n1", said({"ok": True, "result": {"a": 2}})) == {"a": 2}


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        ({"kind": "stale", "detail": "x", "taken_over_by": "eva on ci"}, Stale),
        ({"kind": "locked", "detail": "x"}, Busy),
        ({"kind": "unsupported", "detail": "x"}, ScriptFailed),
        ({"kind": "script", "detail": "x", "error_id": "E", "line": 4}, ScriptFailed),
    ],
)
def test_failures_become_error_kinds(failure: dict[str, Any], kind: type[HostError]) -> None:
    with pytest.raises(kind) as caught:
        answers.unwrap("web01", "turn", "n1", said({"ok": False, "result": None, "failure": failure}))
    if isinstance(caught.value, Stale):
        assert caught.value.taken_over_by == "eva on ci"


def test_error_records_are_a_failure_even_beside_an_answer() -> None:
    broken = said({"ok": True, "result": {}}, errors=(ScriptError("Oops,X", "went wrong", 12),))
    with pytest.raises(ScriptFailed, match="line 12") as caught:
        answers.unwrap("web01", "turn", "n1", broken)
    assert caught.value.error_id == "Oops,X"


def test_constrained_language_is_named() -> None:
    result = ScriptResult((), (ScriptError("MethodInvocationNotSupportedInConstrainedLanguage", "no"),), failed=True)
    with pytest.raises(ProtocolRefused, match="constrained"):
        answers.unwrap("web01", "observe", "n1", result)


def test_state_of_an_older_fleetdeploy_is_read() -> None:
    found = memory.state(
        {"token_high": 4, "rollouts": [{"id": "R1"}], "releases": [{"key": "k"}]}, "state", alive=False
    )
    assert found is not None
    assert (found.token_high, found.rollouts[0].direction, found.releases["k"].checks) == (4, "forward", ())
    assert memory.state(None, "state", alive=False) is None


@pytest.mark.parametrize(
    ("error", "reading", "changing"),
    [
        (Unreachable("x", host="h"), True, True),
        (Busy("x", host="h"), True, True),
        (AnswerLost("x", host="h"), True, False),
        (LoginRefused("x", host="h"), False, False),
        (ProtocolRefused("x", host="h"), False, False),
        (Stale("x", host="h"), False, False),
        (ScriptFailed("x", host="h"), False, False),
        (ValueError("x"), False, False),
    ],
)
def test_what_may_be_sent_again(error: Exception, *, reading: bool, changing: bool) -> None:
    assert may_repeat(error, changing=False) is reading
    assert may_repeat(error, changing=True) is changing


def test_a_lost_answer_of_a_changing_verb_is_sent_once() -> None:
    calls: list[int] = []

    def lost() -> None:
        calls.append(1)
        raise AnswerLost("x", host="h")

    with pytest.raises(AnswerLost):
        with_retries(lost, attempts=3, changing=True, within_s=60.0)
    assert len(calls) == 1


@pytest.mark.parametrize(("within_s", "calls"), [(60.0, 2), (0.0, 1)])
def test_no_try_begins_when_the_time_is_over(within_s: float, calls: int) -> None:
    made: list[int] = []

    def silent() -> None:
        made.append(1)
        raise Unreachable("x", host="h")

    with pytest.raises(Unreachable):
        with_retries(silent, attempts=2, changing=True, within_s=within_s)
    assert len(made) == calls


class FakeHost:
    """The host's side of an upload, in memory; ``trouble`` is raised by the next receives, in order."""

    def __init__(self, *, has: bool = False, trouble: tuple[HostError, ...] = ()) -> None:
        self.has, self.trouble = has, list(trouble)
        self.parts: dict[int, bytes] = {}
        self.segments: list[int] = []

    def __call__(
        self, name: str, request: Mapping[str, Any], chunks: Iterator[bytes | str] | None, deadline_s: float, /
    ) -> dict[str, Any]:
        if name == "stage":
            done = self.has or request["phase"] == "finish"
            have = [len(self.parts.get(i, b"")) for i in range(len(request["files"]))]
            return {"done": done, "have": have, "wrong": ""}
        number = request["number"]
        assert chunks is not None
        assert len(self.parts.get(number, b"")) == request["offset"]
        got = 0
        for chunk in chunks:
            assert isinstance(chunk, bytes)
            self.parts[number] = self.parts.get(number, b"") + chunk
            got += len(chunk)
            if self.trouble:
                raise self.trouble.pop(0)
        self.segments.append(got)
        return {"size": len(self.parts[number])}


def artifact(folder: Path, *contents: bytes) -> Artifact:
    entries, paths = [], {}
    for number, content in enumerate(contents):
        path = folder / f"f{number}"
        path.write_bytes(content)
        import hashlib

        entries.append(FileEntry(path.name, hashlib.sha256(content).hexdigest(), len(content)))
        paths[path.name] = str(path)
    return Artifact("v1", Manifest(tuple(entries)), BuildInfo("amd64"), "f0", paths)


def noise(size: int) -> bytes:
    import random

    return random.Random(4).randbytes(size)


def test_upload_goes_in_chunks_and_segments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "CHUNK_BYTES", 1000)
    monkeypatch.setattr(transfer, "SEGMENT_BYTES", 4000)
    content = noise(9_500)
    host, seen = FakeHost(), []
    result = transfer.stage(
        host,
        CLAIM,
        artifact(tmp_path, content, b"small"),
        host="h",
        lock_wait_s=1,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert gzip.decompress(host.parts[0]) == content
    assert gzip.decompress(host.parts[1]) == b"small"
    assert max(host.segments) <= 4000
    assert result.sent_bytes == sum(len(part) for part in host.parts.values())
    assert seen[-1][0] == seen[-1][1]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_nothing_is_sent_to_a_host_that_has_it(tmp_path: Path) -> None:
    host = FakeHost(has=True)
    result = transfer.stage(host, CLAIM, artifact(tmp_path, b"x"), host="h", lock_wait_s=1)
    assert (result.sent_bytes, result.already, host.parts) == (0, True, {})


def test_upload_goes_on_where_the_host_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "CHUNK_BYTES", 1000)
    content = noise(5_000)
    host = FakeHost(trouble=(AnswerLost("x", host="h"), Unreachable("x", host="h")))
    transfer.stage(host, CLAIM, artifact(tmp_path, content), host="h", lock_wait_s=1)
    assert gzip.decompress(host.parts[0]) == content


def test_a_full_disk_is_not_tried_again(tmp_path: Path) -> None:
    full = ScriptFailed("x", host="h", error_id="disk-full")
    host = FakeHost(trouble=(full,))
    with pytest.raises(ScriptFailed):
        transfer.stage(host, CLAIM, artifact(tmp_path, b"x"), host="h", lock_wait_s=1)


def test_a_host_that_never_takes_it_ends_the_upload(tmp_path: Path) -> None:
    host = FakeHost(trouble=tuple(ScriptFailed("x", host="h", error_id="offset") for _ in range(20)))
    monotone = artifact(tmp_path, noise(3_000_000))
    with pytest.raises(ScriptFailed):
        transfer.stage(host, CLAIM, monotone, host="h", lock_wait_s=1)
