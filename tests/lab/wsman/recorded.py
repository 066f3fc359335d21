"""Runs the recorded PSRP conversations against the lab and compares every message.

The record (tests/data/psrp/messages.jsonl) is of a real server: PowerShell 7.6 on Linux. Types of messages are compared
exactly and in order, marks and ids as recorded, and the whole XML of each: without reference ids, and without what
``unequal.py`` lists with its reason.
"""

from __future__ import annotations

import asyncio
import base64
import difflib
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
from tests.lab.wsman.unequal import ASIDE, EXPECTED, REWORDED, TEXTS

RECORD = Path(__file__).parents[2] / "data" / "psrp" / "messages.jsonl"


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
        items = []
        for _ in range(2):  # that the pool is open comes with a Receive of its own
            part, _ = await self.shell.queue.take(10_000_000, 5)
            items += part
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
_HEX = re.compile("_x([0-9A-F]{4})_")


def normal(text: str, *, case: str = "", recorded: bool = False) -> str:
    """XML without reference ids, type names written out, members that are left aside empty, texts decoded.

    ``recorded``: the words of ``unequal.py`` are applied to it, so that it says what the lab is expected to say.
    """
    if not text:
        return ""
    root = ET.fromstring(text)
    _write_out_types(root)
    for node in root.iter():
        for entry in list(node):
            key = entry.find("./S[@N='Key']") if entry.tag == "En" else None
            if key is not None and key.text in ASIDE:
                node.remove(entry)
            elif entry.get("N") in ASIDE:
                if entry.get("N") in ("ErrorDetails_ScriptStackTrace", "Statement"):
                    node.remove(entry)
                else:
                    entry.tag, entry.text = "aside", ""
                    entry[:] = []
        if node.text is not None and not len(node):
            node.text = _words(_HEX.sub(lambda unit: chr(int(unit[1], 16)), node.text), case if recorded else None)
        if node.tag == "Obj":  # type names, string form, content: in which order they stand means nothing
            node[:] = sorted(node, key=lambda child: {"TN": 0, "ToString": 1}.get(child.tag, 2))
        if node.tag == "Props" and node.find("./*[@N='HResult']") is not None:
            node[:] = sorted(node, key=lambda child: child.get("N") or "")  # .NET Framework lists them in another order
    return ET.tostring(root, encoding="unicode")


def _words(text: str, case: str | None) -> str:
    text = text.replace("\r\n", "\n").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if case is None:
        return text
    for before, after, _ in REWORDED:
        text = text.replace(before, after)
    for before, after, _ in TEXTS.get(case, ()):
        if text == before:
            return after
    return text


def _write_out_types(root: ET.Element) -> None:
    names: dict[str, str] = {}
    for node in root.iter():
        if node.tag != "TN":
            node.attrib.pop("RefId", None)
        for child in node:
            if child.tag == "TN":
                key = child.get("RefId", "")
                names[key] = "|".join(_TYPE_ARGUMENTS.sub("", t.text or "") for t in child)
                child[:] = []
                child.attrib.clear()
                child.text = names[key]
            elif child.tag == "TNRef":
                child.tag, child.text = "TN", names.get(child.get("RefId", ""), "")
                child.attrib.clear()


def differences(case: str, recorded: list[dict[str, Any]], made: list[Message]) -> str:
    """Empty, or the first thing that is not as recorded."""
    wanted = [m["type"] for m in recorded]
    if wanted != [m.type for m in made]:
        return f"types: recorded {wanted}, made {[m.type for m in made]} {made[-1].xml[:600] if made else ''}"
    for index, (expected, actual) in enumerate(zip(recorded, made, strict=True)):
        if index in EXPECTED.get(case, {}):
            before = normal(EXPECTED[case][index][0])
        else:
            before = normal(expected["xml"], case=case, recorded=True)
        after = normal(actual.xml)
        if before != after:
            lines = difflib.unified_diff(
                before.replace("><", ">\n<").split("\n"), after.replace("><", ">\n<").split("\n")
            )
            return f"{case}: {expected['type']} {index}:\n" + "\n".join(line for line in lines if line[0] in "+-")
        if expected["bom"] != actual.bom:
            return f"{expected['type']}: recorded byte order mark {expected['bom']}"
        if expected["rpid_zero"] != actual.rpid_zero:
            return f"{expected['type']}: recorded a zero pool id {expected['rpid_zero']}"
    return ""
