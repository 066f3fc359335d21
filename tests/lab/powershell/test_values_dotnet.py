"""Members of .NET types: overloads, errors, streams over the simulated files, requests over the simulated network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import members, method_calls, types
from fleetdeploy.lab.powershell.values import (
    MISSING,
    ByteArray,
    Hashtable,
    PSArray,
    PSCustomObject,
    PSReference,
    PSRuntimeError,
)
from fleetdeploy.lab.windows.environment import HttpReply
from tests.lab.powershell import machine as machines

ROOT = "C:\\root"


@pytest.fixture
def host() -> Iterator[Any]:
    made = machines.fresh(ROOT)
    yield made
    made.close()


def static(kind: str, name: str, *args: Any, host: Any = None) -> Any:
    found = types.resolve(kind)
    assert found is not None
    return method_calls.invoke_static(found, name, list(args), host)


def new(kind: str, *args: Any, host: Any = None) -> Any:
    found = types.resolve(kind)
    assert found is not None
    return method_calls.construct(found, list(args), host)


def test_arguments_are_converted() -> None:
    assert method_calls.invoke("abcdef", "substring", ["2", "3"]) == "cde"
    assert static("math", "Min", 2, 1.5) == 2
    assert static("string", "Join", "-", PSArray([1, 2])) == "1-2"


@pytest.mark.parametrize(
    ("args", "error_id"),
    [
        ([9], "ArgumentOutOfRangeException"),
        ([], "MethodCountCouldNotFindBest"),
        (["x"], "MethodArgumentConversionInvalidCastArgument"),
    ],
)
def test_failed_calls(args: list[Any], error_id: str) -> None:
    with pytest.raises(PSRuntimeError) as caught:
        method_calls.invoke("abc", "Substring", args)
    assert caught.value.error_id == error_id
    assert caught.value.category == "NotSpecified"


def test_missing_and_refused_members() -> None:
    assert members.get_member("abc", "NoSuch") is MISSING
    with pytest.raises(PSRuntimeError) as caught:
        method_calls.invoke(PSCustomObject([("a", 1)]), "NoSuch", [])
    assert caught.value.error_id == "MethodNotFound"
    with pytest.raises(NotSimulated):
        method_calls.invoke("abc", "Normalize", [])


def test_keys_hide_members() -> None:
    table = Hashtable([("Count", 99)])
    assert members.get_member(table, "count") == 99
    assert members.get_member(members.get_member(table, "PSBase"), "Count") == 1


def test_file_stream_is_a_lock(host: Any) -> None:
    path = f"{ROOT}\\lock"
    held = static("IO.File", "Open", path, "OpenOrCreate", "ReadWrite", "None", host=host)
    with pytest.raises(PSRuntimeError) as caught:
        static("IO.File", "Open", path, "Open", "Read", "None", host=host)
    inner = caught.value.exception.inner_exception
    assert inner is not None
    assert inner.type_name == "System.IO.IOException"
    assert inner.hresult & 0xFFFFFFFF == 0x80070020
    method_calls.invoke(held, "Dispose", [])
    again = static("IO.File", "Open", path, "Open", "Read", "None", host=host)
    method_calls.invoke(again, "Close", [])


def test_bytes_go_through_gzip_into_a_file(host: Any) -> None:
    import gzip

    packed = ByteArray(gzip.compress(b"payload" * 10_000))
    source = new("IO.MemoryStream", packed)
    unzip = new("IO.Compression.GZipStream", source, "Decompress")
    target = new("IO.FileStream", f"{ROOT}\\out.bin", "Create", "Write", "None", host=host)
    method_calls.invoke(unzip, "CopyTo", [target])
    method_calls.invoke(target, "Flush", [True])
    method_calls.invoke(target, "Dispose", [])
    assert bytes(host.fs.read_bytes(f"{ROOT}\\out.bin")) == b"payload" * 10_000


def test_replace_keeps_a_backup(host: Any) -> None:
    for name, text in (("new", "2"), ("state", "1")):
        static("IO.File", "WriteAllText", f"{ROOT}\\{name}", text, host=host)
    static("IO.File", "Replace", f"{ROOT}\\new", f"{ROOT}\\state", f"{ROOT}\\old", host=host)
    assert static("IO.File", "ReadAllText", f"{ROOT}\\state", host=host) == "2"
    assert static("IO.File", "ReadAllText", f"{ROOT}\\old", host=host) == "1"
    assert static("IO.File", "Exists", f"{ROOT}\\new", host=host) is False


def test_missing_file_is_its_exception(host: Any) -> None:
    with pytest.raises(PSRuntimeError) as caught:
        static("IO.File", "ReadAllBytes", f"{ROOT}\\nope", host=host)
    assert caught.value.error_id == "FileNotFoundException"


def test_hash_of_a_stream(host: Any) -> None:
    static("IO.File", "WriteAllText", f"{ROOT}\\abc", "abc", host=host)
    stream = static("IO.File", "OpenRead", f"{ROOT}\\abc", host=host)
    digest = method_calls.invoke(static("Security.Cryptography.SHA256", "Create"), "ComputeHash", [stream])
    method_calls.invoke(stream, "Close", [])
    assert bytes(digest.data).hex().startswith("ba7816bf8f01cfea")


def test_web_request_reaches_the_own_host_only(host: Any) -> None:
    port = 18_080
    listener = host.network.listen(port, lambda request: HttpReply(200 if request.path == "/ok" else 503, b"body"))
    try:
        request = static("Net.WebRequest", "Create", f"http://localhost:{port}/ok", host=host)
        members.set_member(request, "Timeout", "2000")
        response = method_calls.invoke(request, "GetResponse", [])
        assert members.get_member(response, "StatusCode").value == 200
        reader = new("IO.StreamReader", method_calls.invoke(response, "GetResponseStream", []))
        assert method_calls.invoke(reader, "ReadToEnd", []) == "body"
        bad = static("Net.WebRequest", "Create", f"http://localhost:{port}/bad", host=host)
        with pytest.raises(PSRuntimeError) as caught:
            method_calls.invoke(bad, "GetResponse", [])
        inner = caught.value.exception.inner_exception
        assert inner is not None
        assert inner.type_name == "System.Net.WebException"
        assert members.get_member(members.get_member(inner, "Response"), "StatusCode").name == "ServiceUnavailable"
    finally:
        listener.cancel()
    elsewhere = static("Net.WebRequest", "Create", "http://no-such-host.example/", host=host)
    with pytest.raises(PSRuntimeError) as caught:
        method_calls.invoke(elsewhere, "GetResponse", [])
    assert "could not be resolved" in caught.value.message


def test_tcp_client_tells_refusal(host: Any) -> None:
    client = new("Net.Sockets.TcpClient", host=host)
    attempt = method_calls.invoke(client, "BeginConnect", ["127.0.0.1", 18_999, None, None])
    handle = members.get_member(attempt, "AsyncWaitHandle")
    assert method_calls.invoke(handle, "WaitOne", [5000]) is True
    with pytest.raises(PSRuntimeError) as caught:
        method_calls.invoke(client, "EndConnect", [attempt])
    assert "actively refused" in caught.value.message
    method_calls.invoke(client, "Close", [])


def test_out_arguments() -> None:
    box = PSReference(7)
    assert static("int", "TryParse", "42", box) is True
    assert box.value == 42
    assert static("int", "TryParse", "4x", box) is False
    assert box.value == 0


def test_arguments_nobody_thought_of_are_refused() -> None:
    with pytest.raises(NotSimulated):
        static("datetime", "DaysInMonth", 2024, 13)


def test_first_argument_and_plain_forms_decide() -> None:
    assert method_calls.invoke("a,b,c", "Split", [",", 2]).items == ["a", "b,c"]
    assert static("math", "Max", 3, 2.5) == 3
    assert type(static("math", "Floor", 3.7)) is float
