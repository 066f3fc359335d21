"""psrpcore's server side, adjusted to how a Windows host talks.

``LabPool`` writes messages with a byte order mark (no data at all for $null), hands each fragment at once to the
queue of the pipeline it belongs to (psrpcore has one queue for all, behind which a second pipeline would starve),
serialises outside any lock, and accepts what pypsrp writes differently from the specification. Quotas on what is
received are counted here.
"""

from __future__ import annotations

import codecs
import copy
import datetime
import re
import threading
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import psrpcore
from psrpcore._events import PSRPEvent
from psrpcore._payload import EMPTY_UUID, create_fragment, create_message
from psrpcore.types import (
    ApplicationPrivateData,
    EndOfPipelineInput,
    ErrorCategory,
    ErrorCategoryInfo,
    ErrorRecord,
    HostMethodIdentifier,
    NETException,
    PSInvocationState,
    PSRPMessageType,
    RunspacePoolInitData,
    deserialize,
    serialize,
)

from fleetdeploy.lab.wsman import pipeline_messages

FRAGMENT = 100_000
"""Bytes of a message in one fragment: fits the smallest envelope a client asks for (153,600) in base64."""
MAX_COMMAND_BYTES = 50 * 1024 * 1024
MAX_OBJECT_BYTES = 10 * 1024 * 1024

_calls = threading.Lock()
"""psrpcore counts the calls of a pool, and two pipelines may ask at once."""

Emit = Callable[[uuid.UUID | None, bytes], None]


class QuotaExceeded(Exception):
    """More data came than a host accepts for one command or one object."""


class LabPool(psrpcore.ServerRunspacePool):
    """A server runspace pool whose messages go to ``emit(pipeline_id, fragment)`` as they are written."""

    def __init__(self, emit: Emit, application_private_data: dict[str, Any]) -> None:
        self._emit = emit
        self._here = threading.local()
        self._counter_lock = threading.Lock()
        self._object_sizes: dict[int, int] = {}
        super().__init__(application_private_data=application_private_data)

    def prepare_message(
        self,
        message: Any,
        message_type: PSRPMessageType | None = None,
        pipeline_id: uuid.UUID | None = None,
        stream_type: Any = None,
    ) -> None:
        xml = getattr(message, "element", None)
        if isinstance(xml, ET.Element):
            data = codecs.BOM_UTF8 + ET.tostring(xml, encoding="unicode").encode("utf-8", "xmlcharrefreplace")
        elif message is None:
            data, message_type = b"", message_type or PSRPMessageType.PipelineOutput
        else:
            element = serialize(
                message, self._cipher, our_capability=self.our_capability, their_capability=self.their_capability
            )
            if message_type is None:
                message_type = PSRPMessageType.get_message_id(type(message))
            if message_type == PSRPMessageType.SessionCapability:  # psrpcore has its members in another order
                for members in element.iterfind("MS"):
                    members[:] = sorted(members, key=lambda member: member.get("N") != "protocolversion")
            data = codecs.BOM_UTF8 + ET.tostring(element, encoding="unicode").encode("utf-8", "xmlcharrefreplace")
        if message_type is None:
            raise ValueError("a message without a type")
        packed = memoryview(bytes(create_message(False, message_type, data, self.runspace_pool_id, pipeline_id)))
        with self._counter_lock:
            object_id = self._fragment_counter
        count = max(1, -(-len(packed) // FRAGMENT))
        emit = getattr(self._here, "emit", self._emit)
        for index in range(count):
            part = packed[index * FRAGMENT : (index + 1) * FRAGMENT]
            emit(pipeline_id, bytes(create_fragment(object_id, index, bytes(part), index == count - 1)))

    def connected(self, data: bytes) -> bytes:
        """Another client takes the pool over with ``data``: what it is told at once, in fragments.

        As recorded: our capability and the pool's sizes; the application private data comes with its first Receive.
        Raises ValueError when the data are no such message. On the loop's thread.
        """
        kinds = [kind for kind, _ in messages_in(data)]
        if kinds != [PSRPMessageType.SessionCapability, PSRPMessageType.ConnectRunspacePool]:
            raise ValueError(f"not a client that connects: {[kind.name for kind in kinds]}")
        told: list[bytes] = []
        self._here.emit = lambda _, fragment: told.append(fragment)  # of this thread: pipelines go on writing
        try:
            self.prepare_message(self.our_capability)
            sizes = RunspacePoolInitData(MinRunspaces=self.min_runspaces, MaxRunspaces=self.max_runspaces)
            self.prepare_message(sizes)
        finally:
            del self._here.emit
        self.prepare_message(ApplicationPrivateData(ApplicationPrivateData=self.application_private_data))
        return b"".join(told)

    def feed(self, data: bytes) -> list[PSRPEvent[Any, Any]]:
        """The events in what a client sent. Raises QuotaExceeded before anything is decoded."""
        self._count_objects(data)
        self.receive_data(psrpcore.PSRPPayload(data, psrpcore.StreamType.default, None))
        events = []
        while (event := self.next_event()) is not None:
            events.append(event)
        return events

    def _count_objects(self, data: bytes) -> None:
        at = 0
        while at + 21 <= len(data):
            object_id = int.from_bytes(data[at : at + 8], "big")
            flags, size = data[at + 16], int.from_bytes(data[at + 17 : at + 21], "big")
            total = self._object_sizes.get(object_id, 0) + size
            if total > MAX_OBJECT_BYTES:
                raise QuotaExceeded(
                    "The current deserialized object size of the data received from the remote client exceeded the "
                    f"allowed maximum object size. The allowed maximum object size is {MAX_OBJECT_BYTES}."
                )
            if flags & 2:
                self._object_sizes.pop(object_id, None)
            else:
                self._object_sizes[object_id] = total
            at += 21 + size

    def _process_message(self, message: Any) -> PSRPEvent[Any, Any]:
        data = bytes(message.data).removeprefix(codecs.BOM_UTF8)
        value: Any
        if message.message_type == PSRPMessageType.EndOfPipelineInput:
            value = EndOfPipelineInput()
        else:
            root = ET.fromstring(data)  # noqa: S314 - loopback only
            creates = message.message_type == PSRPMessageType.CreatePipeline
            scripts = _take_scripts(root) if creates else {}
            if creates:
                client = str(getattr(self.their_capability, "protocolversion", ""))
                ready = pipeline_messages.read(root, lambda: self._read(root), self._read, client)
                if ready is not None:
                    for command in ready.commands:
                        command.command_text = scripts.get(str(command.command_text), command.command_text)
                    created = pipeline_messages.ReadyPipelineEvent(message, ready)
                    self._process_CreatePipeline(created)
                    return created
            value = self._read(root)
            if scripts:
                for command in value.PowerShell.Cmds:
                    command.Cmd = scripts.get(str(command.Cmd), command.Cmd)
        if message.message_type in (PSRPMessageType.SetMaxRunspaces, PSRPMessageType.SetMinRunspaces):
            for name in ("CI",):  # pypsrp writes the call id in capitals
                if getattr(value, "ci", None) is None and hasattr(value, name):
                    value.ci = getattr(value, name)
        event = PSRPEvent.create(message.message_type, value, message.runspace_pool_id, message.pipeline_id)
        handler = getattr(self, f"_process_{message.message_type.name}", None)
        if handler is not None:
            handler(event)
        return event

    def _read(self, element: ET.Element) -> Any:
        return deserialize(
            element, cipher=self._cipher, our_capability=self.our_capability, their_capability=self.their_capability
        )


_COMMAND_TEXTS = "./MS/Obj[@N='PowerShell']/MS/Obj[@N='Cmds']/LST/Obj/MS/S[@N='Cmd']"
_LONG = 2048


def _take_scripts(root: ET.Element) -> dict[str, str]:
    """Replace the long texts of a pipeline's commands by tokens; the decoded texts by token.

    A fleet sends the same script to every host; each text is decoded once per process, not once per host.
    """
    texts = [node for node in root.iterfind(_COMMAND_TEXTS) if node.text is not None]
    if not any(len(node.text or "") > _LONG for node in texts):
        return {}
    taken: dict[str, str] = {}
    for index, node in enumerate(texts):
        token = f"lab-{index}"
        taken[token], node.text = _decoded(node.text or ""), token
    return taken


_ESCAPED = re.compile("((?:_x[0-9A-Fa-f]{4}_)+)")


@lru_cache(maxsize=256)
def _decoded(text: str) -> str:
    """A string of CLIXML: each ``_xHHHH_`` is one UTF-16 unit; neighbouring ones may be a pair."""
    return _ESCAPED.sub(
        lambda run: bytes.fromhex(run[1].replace("_x", "").replace("_", "")).decode("utf-16-be", "surrogatepass"), text
    )


def messages_in(data: bytes) -> list[tuple[PSRPMessageType, bytes]]:
    """Type and body of each message in a run of whole fragments. Raises ValueError for anything else."""
    parts: dict[int, bytes] = {}
    found = []
    at = 0
    while at < len(data):
        if at + 21 > len(data):
            raise ValueError("half a fragment")
        object_id, flags = int.from_bytes(data[at : at + 8], "big"), data[at + 16]
        size = int.from_bytes(data[at + 17 : at + 21], "big")
        parts[object_id] = parts.get(object_id, b"") + data[at + 21 : at + 21 + size]
        at += 21 + size
        if flags & 2:
            whole = parts.pop(object_id)
            found.append((PSRPMessageType(int.from_bytes(whole[4:8], "little")), whole[40:]))
    return found


class LabPipeline(psrpcore.ServerPipeline):
    """A server pipeline that can fail, and that starts without saying so (hosts do not send the state Running)."""

    def start(self) -> None:
        self.state = PSInvocationState.Running

    def fail(self, error: Any) -> None:
        self._end(PSInvocationState.Failed, error)

    def stopped(self, error: Any) -> None:
        self._end(PSInvocationState.Stopped, error)

    def _end(self, state: PSInvocationState, error: Any) -> None:
        if not isinstance(getattr(error, "element", None), ET.Element):
            self._change_state(state, error=error)
            return
        root = ET.Element("Obj", {"RefId": "0"})
        own = ET.SubElement(root, "MS")
        ET.SubElement(own, "I32", {"N": "PipelineState"}).text = str(int(state))
        record = _member(error.element, "ExceptionAsErrorRecord")
        for members in record.iterfind("MS"):  # the record itself, without what PowerShell's type data adds to it
            for added in members.findall("./*[@N='PSMessageDetails']"):
                members.remove(added)
        own.append(record)
        self.state = state
        self.write(Xml(root), PSRPMessageType.PipelineState)

    def inform(self, data: Any, tags: Sequence[str], *, user: str, computer: str) -> None:
        """An information record whose data is XML already."""
        root = ET.Element("Obj", {"RefId": "0"})
        own = ET.SubElement(root, "MS")
        own.append(_member(data.element, "MessageData"))
        ET.SubElement(own, "S", {"N": "Source"}).text = ""
        now = datetime.datetime.now(datetime.UTC)
        ET.SubElement(own, "DT", {"N": "TimeGenerated"}).text = f"{now:%Y-%m-%dT%H:%M:%S.%f}0+00:00"
        names = ET.SubElement(own, "Obj", {"N": "Tags", "RefId": "1"})
        kinds = ET.SubElement(names, "TN", {"RefId": "0"})
        for name in ("System.Collections.Generic.List`1[[System.String]]", "System.Object"):
            ET.SubElement(kinds, "T").text = name
        items = ET.SubElement(names, "LST")
        for tag in tags:
            ET.SubElement(items, "S").text = tag
        for name, text in (("User", user), ("Computer", computer)):
            ET.SubElement(own, "S", {"N": name}).text = text
        for name, number in (("ProcessId", 4242), ("NativeThreadId", 1), ("ManagedThreadId", 1)):
            ET.SubElement(own, "U32", {"N": name}).text = str(number)
        self.write(Xml(root), PSRPMessageType.InformationRecord)

    def call_host(self, method: HostMethodIdentifier, arguments: list[Any]) -> int:
        """Ask the client; the call's id. From any thread."""
        with _calls:
            return self.host_call(method, arguments)

    def write(self, value: Any, message_type: PSRPMessageType) -> None:
        self.prepare_message(value, message_type=message_type)


@dataclass(frozen=True, slots=True)
class Xml:
    """A message whose XML is made already."""

    element: ET.Element


def _member(element: ET.Element, name: str) -> ET.Element:
    """A copy that is member ``name`` of another object; its reference ids move out of the way of the outer ones."""
    made = copy.deepcopy(element)
    made.set("N", name)
    for node in made.iter():
        if "RefId" in node.attrib:
            node.set("RefId", str(int(node.get("RefId", "0")) + 10))
    return made


def make_error(type_name: str, message: str, error_id: str) -> Any:
    """An ErrorRecord of the lab itself, for what never reached the engine or was not simulated by it."""
    exception = NETException(Message=message, HResult=-2146233088)
    exception.PSObject.type_names = [type_name, "System.Exception", "System.Object"]
    exception.PSObject.to_string = f"{type_name}: {message}"
    record = ErrorRecord(
        Exception=exception,
        CategoryInfo=ErrorCategoryInfo(Category=ErrorCategory.NotImplemented, Reason=type_name.rpartition(".")[2]),
        FullyQualifiedErrorId=error_id,
    )
    record.PSObject.to_string = message
    return record


__all__ = ["EMPTY_UUID", "LabPipeline", "LabPool", "QuotaExceeded", "make_error"]
