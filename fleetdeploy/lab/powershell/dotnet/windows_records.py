"""Event records and CIM instances as scripts see them. Data over the simulated machine; the cmdlets make them."""

from __future__ import annotations

import functools
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.dotnet.windows_common import local_time
from fleetdeploy.lab.powershell.values import (
    Byte,
    GenericList,
    Int64,
    NetObject,
    PSCustomObject,
    ScriptProperty,
    UInt32,
    UInt64,
    define,
)
from fleetdeploy.lab.windows import audit
from fleetdeploy.lab.windows.eventlog import Event


class EventRecord(NetObject):
    """One record of Get-WinEvent."""

    def __init__(self, machine: Any, event: Event) -> None:
        self.machine = machine
        self.event = event


class EventProperty(NetObject):
    """One entry of a record's Properties."""

    def __init__(self, text: str, kind: str = "") -> None:
        self.text = text
        self.kind = kind

    @property
    def value(self) -> Any:
        """Typed as EventLogReader gives it: a HexInt32 is an Int32 (so 0xC000006D is negative)."""
        match self.kind:
            case "":
                return self.text
            case "hex32":
                number = int(self.text, 16)
                return number - 2**32 if number >= 2**31 else number
            case "hex64":
                return UInt64(int(self.text, 16))
            case "uint32":
                return UInt32(int(self.text))
        raise NotSimulated(f"the value of an event's property that is a {self.kind}")


EVENT_PROPERTY = define("System.Diagnostics.Eventing.Reader.EventProperty", py=EventProperty)
EVENT_PROPERTY.prop("Value", "object", lambda p: p.value)

EVENT_RECORD = define("System.Diagnostics.Eventing.Reader.EventLogRecord", py=EventRecord)


def _properties(record: EventRecord) -> Any:
    kinds = audit.PROPERTY_KINDS.get(record.event.id, {}) if record.event.provider == audit.PROVIDER else {}
    found = [EventProperty(text, kinds.get(index, "")) for index, text in enumerate(record.event.properties)]
    return GenericList(found, element_type=EVENT_PROPERTY)


EVENT_RECORD.prop("Id", "int", lambda r: r.event.id)
EVENT_RECORD.prop("ProviderName", "string", lambda r: r.event.provider)
EVENT_RECORD.prop("LogName", "string", lambda r: r.event.log)
EVENT_RECORD.prop("Level", "byte", lambda r: Byte(r.event.level))
EVENT_RECORD.prop("LevelDisplayName", "string", lambda r: r.event.level_name)
EVENT_RECORD.prop("Message", "string", lambda r: r.event.message)
EVENT_RECORD.prop("TimeCreated", "datetime", lambda r: local_time(r.machine, r.event.time))
EVENT_RECORD.prop("RecordId", "long", lambda r: Int64(r.event.record_id))
EVENT_RECORD.prop("MachineName", "string", lambda r: r.event.machine)
EVENT_RECORD.prop("ProcessId", "int", lambda r: r.event.process_id or r.machine.services_process.pid)
EVENT_RECORD.prop("Properties", "object", _properties)


class _Refused:
    """Stands for a property that a real object has and the lab does not simulate."""

    text = ""

    def __init__(self, what: str) -> None:
        self._what = what

    def invoke_delegate(self, args: list[Any], this: Any = None) -> Any:
        raise NotSimulated(self._what)


@functools.lru_cache(maxsize=64)
def refused_properties(class_name: str, names: str) -> tuple[ScriptProperty, ...]:
    """Properties that are there and that nobody may read."""
    return tuple(ScriptProperty(name, _Refused(f"{class_name}.{name}")) for name in names.split())


def refusals(class_name: str, names: str) -> tuple[ScriptProperty, ...]:
    return refused_properties(class_name, f"{names} CimClass CimInstanceProperties CimSystemProperties".strip())


class CimInstance(PSCustomObject):
    """A CIM instance: its properties, and what makes it that instance again (``key``)."""

    def __init__(
        self, class_name: str, key_name: str, key: str, items: list[tuple[str, Any]], refused: str = ""
    ) -> None:
        base = "Microsoft.Management.Infrastructure.CimInstance"
        super().__init__(items, (f"{base}#root/cimv2/{class_name}", f"{base}#{class_name}", base, "System.Object"))
        self.class_name = class_name
        self.key = key
        for member in refusals(class_name, refused):
            self.members.add(member)
        self.set("PSComputerName", None)
        caption = self.get("Caption")
        head = class_name if caption is None else f"{class_name}: {caption}"
        self.to_string_value = f'{head} ({key_name} = "{key}")'


define("Microsoft.Management.Infrastructure.CimInstance", aliases=("ciminstance",), py=CimInstance)


class CimMethodResult(PSCustomObject):
    """What Invoke-CimMethod gives back."""

    def __init__(self, class_name: str, method: str, items: list[tuple[str, Any]]) -> None:
        base = "Microsoft.Management.Infrastructure.CimMethodResult"
        super().__init__([*items, ("PSComputerName", None)], (f"{base}#{class_name}#{method}", base, "System.Object"))
        self.to_string_value = base


define("Microsoft.Management.Infrastructure.CimMethodResult", py=CimMethodResult)
