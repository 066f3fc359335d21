"""Runs the recorded PSRP conversations against the lab and compares every message.

The record (tests/data/psrp/messages.jsonl) is of a real server: PowerShell 7.6 on Linux. Types of messages are compared
exactly and in order; outputs as XML without reference ids; errors by id, category, exception type and inner exception;
states by number. What Windows PowerShell 5.1 or the platform makes different is listed in ``DIFFERS`` with the reason.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import struct
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psrpcore
from psrpcore.types import PSRPMessageType

from fleetdeploy.lab.wsman.engine import PowerShellEngine
from fleetdeploy.lab.wsman.psrp import PowerShellShell
from fleetdeploy.lab.wsman.shells import ShellCommand

RECORD = Path(__file__).parents[2] / "data" / "psrp" / "messages.jsonl"

DIFFERS = {
    "psversion": "the version is another",
    "last-exit-code": "runs /bin/sh",
    "native-stderr": "runs /bin/sh",
    "read-host": "host calls that want an answer are not simulated",
    "file-info": "a temporary path of Linux",
    "special-characters": "`u{} is an escape of PowerShell 6 and later",
    "open": "PSVersionTable is another",
}


@dataclass(frozen=True)
class Message:
    type: str
    xml: str
    bom: bool
    rpid_zero: bool


class NoHooks:
    def starting(self, command: ShellCommand) -> None: ...

    def ended(self, command: ShellCommand) -> None: ...


def load() -> list[dict[str, Any]]:
    return [json.loads(line) for line in RECORD.read_text(encoding="utf-8").splitlines()]


def unpack(fragments: list[bytes]) -> list[Message]:
    """The messages in a run of whole fragments."""
    parts: dict[int, bytes] = {}
    messages = []
    data = b"".join(fragments)
    at = 0
    while at < len(data):
        object_id, _, flags, size = struct.unpack_from(">QQBI", data, at)
        parts[object_id] = parts.get(object_id, b"") + data[at + 21 : at + 21 + size]
        at += 21 + size
        if flags & 2:
            whole = parts.pop(object_id)
            kind = PSRPMessageType(struct.unpack_from("<I", whole, 4)[0])
            body = whole[40:]
            bom = body.startswith(b"\xef\xbb\xbf")
            text = body.removeprefix(b"\xef\xbb\xbf").decode()
            messages.append(Message(kind.name, text, bom, whole[8:24] == bytes(16)))
    return messages


class Conversation:
    """One pool on a machine, spoken to without HTTP."""

    def __init__(self, loop: asyncio.AbstractEventLoop, machine: Any) -> None:
        self.loop = loop
        self.client = psrpcore.ClientRunspacePool(min_runspaces=1, max_runspaces=1)
        self.client.open()
        payload = self.client.data_to_send()
        assert payload is not None
        common = {"resource_uri": "x", "user": "fleetadmin", "idle_timeout": 60.0, "peer": "127.0.0.1"}
        self.shell = PowerShellShell(
            loop, machine, engine=PowerShellEngine(), creation=payload.data, hooks=NoHooks(), **common
        )

    async def opening(self) -> list[Message]:
        items, _ = await self.shell.queue.take(10_000_000, 5)
        for _, data in items:
            self.client.receive_data(psrpcore.PSRPPayload(data, psrpcore.StreamType.default, None))
        while self.client.next_event() is not None:
            pass
        return unpack([data for _, data in items])

    async def run(self, script: str, case: dict[str, Any]) -> list[Message]:
        pipe = psrpcore.ClientPowerShell(self.client, no_input="input" not in case)
        pipe.add_script(script, use_local_scope=case.get("local", False) or None)
        for name, value in (case.get("parameters") or {}).items():
            pipe.add_parameter(name, value)
        pipe.start()
        command_id = str(pipe.pipeline_id).upper()
        first = True
        for payload in self._outgoing():
            text = base64.b64encode(payload)
            if first:
                await self.shell.command(command_id, "", [text.decode()], {})
                first = False
            else:
                self.shell.send(command_id, "stdin", text, end=False)
        if "input" in case:
            for item in case["input"]:
                pipe.send(bytes.fromhex(item["bytes"]) if isinstance(item, dict) else item)
            pipe.send_eof()
            for payload in self._outgoing():
                self.shell.send(command_id, "stdin", base64.b64encode(payload), end=False)
        command = self.shell.find(command_id)
        if "stop_after" in case:
            self.loop.call_later(0.3, self.shell.signal, command_id, "ctrl_c")
        fragments: list[bytes] = []
        while True:
            items, finished = await command.queue.take(10_000_000, 20)
            fragments += [data for _, data in items]
            if finished:
                return unpack(fragments)

    def _outgoing(self) -> list[bytes]:
        out = []
        while (payload := self.client.data_to_send()) is not None:
            out.append(payload.data)
        return out


_TYPE_ARGUMENTS = re.compile(r"\[\[.*\]\]")


def normal(text: str) -> str:
    """XML without reference ids, with types written out, without generic type arguments and volatile numbers."""
    if not text:
        return ""
    root = ET.fromstring(text)
    names: dict[str, list[str]] = {}
    for node in root.iter():
        node.attrib.pop("RefId", None) if node.tag != "TN" else None
        for child in list(node):
            if child.tag == "TN":
                names[child.get("RefId", "")] = [_TYPE_ARGUMENTS.sub("", t.text or "") for t in child]
            if child.tag == "TNRef":
                child.tag, child.text = "TN", "|".join(names.get(child.get("RefId", ""), []))
            elif child.tag == "TN":
                child.text = "|".join(names[child.get("RefId", "")])
                for part in list(child):
                    child.remove(part)
            if child.tag == "TN":
                child.attrib.clear()
    for node in root.iter():
        if node.get("N") in ("Source", "User", "Computer", "ProcessId", "NativeThreadId", "ManagedThreadId"):
            node.text = ""
        if node.get("N") == "TimeGenerated":
            node.text = ""
        if node.tag == "Obj":  # type names, string form, content: in which order they stand means nothing
            node[:] = sorted(node, key=lambda child: {"TN": 0, "ToString": 1}.get(child.tag, 2))
    return ET.tostring(root, encoding="unicode")


def error_of(text: str) -> dict[str, str]:
    """What is compared of an error record."""
    if "<" not in text:
        return {}
    root = ET.fromstring(text)
    record = root.find(".//*[@N='ExceptionAsErrorRecord']")
    node = record if record is not None else root
    found = {name: node.findtext(f"./MS/*[@N='{name}']") or "" for name in _ERROR_FIELDS}
    names = {tn.get("RefId"): (tn.findtext("T") or "") for tn in root.iter("TN")}
    for name in ("Exception",):
        exception = node.find(f"./MS/*[@N='{name}']")
        if exception is not None:
            ref = exception.find("TNRef")
            found[name] = (exception.findtext("TN/T") or "") if ref is None else names.get(ref.get("RefId"), "")
    state = root.findtext("./MS/I32[@N='PipelineState']")
    return {**found, "state": state or ""}


_ERROR_FIELDS = ("FullyQualifiedErrorId", "ErrorCategory_Category", "ErrorCategory_Reason")


def comparable(message_type: str, text: str) -> Any:
    if message_type in ("ErrorRecord", "PipelineState") or "<T>System.Management.Automation.ErrorRecord</T>" in text:
        return error_of(text)
    return normal(text)


def differences(recorded: list[dict[str, Any]], made: list[Message]) -> str:
    """Empty, or the first thing that is not as recorded."""
    wanted = [m["type"] for m in recorded]
    if wanted != [m.type for m in made]:
        return f"types: recorded {wanted}, made {[m.type for m in made]} {made[-1].xml[:600] if made else ''}"
    for expected, actual in zip(recorded, made, strict=True):
        if comparable(expected["type"], expected["xml"]) != comparable(actual.type, actual.xml):
            return (
                f"{expected['type']}:\n  recorded {comparable(expected['type'], expected['xml'])}"
                f"\n  made     {comparable(actual.type, actual.xml)}"
            )
        if expected["bom"] != actual.bom:
            return f"{expected['type']}: recorded byte order mark {expected['bom']}"
        if expected["rpid_zero"] != actual.rpid_zero:
            return f"{expected['type']}: recorded a zero pool id {expected['rpid_zero']}"
    return ""
