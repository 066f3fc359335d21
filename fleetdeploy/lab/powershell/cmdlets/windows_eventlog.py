"""Get-EventLog over the simulated event log: by log, -Newest, -Source, -EntryType, -After, -Before, -Message.

Entries know what an event of the lab knows; InstanceId, categories and user names are refused. Get-WinEvent has its
own module.
"""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.cmdlets.windows_support import machine_of, matches
from fleetdeploy.lab.powershell.dotnet.windows_common import local_time, utc_time
from fleetdeploy.lab.powershell.values import EnumValue, NetObject, PSArray, define, define_enum
from fleetdeploy.lab.windows.eventlog import Event
from fleetdeploy.lab.windows.host import WindowsHost

ENTRY_TYPE = define_enum(
    "System.Diagnostics.EventLogEntryType",
    {"Error": 1, "Warning": 2, "Information": 4, "SuccessAudit": 8, "FailureAudit": 16},
)
_TYPES = {1: "Error", 2: "Error", 3: "Warning"}
_CLASSIC = ("application", "system", "security")


class EventLogEntry(NetObject):
    """One entry."""

    def __init__(self, host: WindowsHost, event: Event) -> None:
        self.host = host
        self.event = event
        self.type_names = [
            f"System.Diagnostics.EventLogEntry#{event.log}/{event.provider}/{event.id}",
            "System.Diagnostics.EventLogEntry",
            "System.ComponentModel.Component",
            "System.MarshalByRefObject",
            "System.Object",
        ]

    @property
    def kind(self) -> str:
        if self.event.log.lower() == "security":
            raise NotSimulated("EntryType of the log Security")
        return _TYPES.get(self.event.level, "Information")


ENTRY = define("System.Diagnostics.EventLogEntry", py=EventLogEntry)
ENTRY.prop("Index", "int", lambda one: one.event.record_id)
ENTRY.prop("EventID", "int", lambda one: one.event.id)
ENTRY.prop("Source", "string", lambda one: one.event.provider)
ENTRY.prop("Message", "string", lambda one: one.event.message)
ENTRY.prop("MachineName", "string", lambda one: one.event.machine)
ENTRY.prop("EntryType", "object", lambda one: _entry_type(one.kind))
ENTRY.prop("TimeGenerated", "datetime", lambda one: local_time(one.host, one.event.time))
ENTRY.prop("TimeWritten", "datetime", lambda one: local_time(one.host, one.event.time))
ENTRY.prop("ReplacementStrings", "object", lambda one: PSArray(list(one.event.properties)))


def _entry_type(name: str) -> EnumValue:
    return EnumValue(ENTRY_TYPE, (ENTRY_TYPE.enum_values or {})[name])


@cmdlet("Get-EventLog")
class GetEventLog(Cmdlet):
    default_set = "LogName"
    parameters = (
        Param("LogName", "string", position=0, mandatory=True, aliases=("LN",)),
        Param("Newest", "int", validate_range=(0, 2147483647)),
        Param("After", "datetime"),
        Param("Before", "datetime"),
        Param("EntryType", "string[]", aliases=("ET",),
              validate_set=("Error", "Information", "FailureAudit", "SuccessAudit", "Warning")),
        Param("Source", "string[]"),
        Param("Message", "string", aliases=("MSG",)),
        *(Param(name, unsupported=True) for name in ("AsBaseObject", "AsString", "ComputerName", "Index", "InstanceId",
                                                      "List", "UserName")),
    )  # fmt: skip

    def process(self, ctx: CmdletContext) -> None:
        host = machine_of(ctx)
        name = str(self.get("LogName"))
        if name.lower() not in _CLASSIC:
            raise NotSimulated(f"Get-EventLog {name}", ctx.line)
        entries = [EventLogEntry(host, event) for event in host.eventlog.read(name) or []]
        entries.sort(key=lambda one: (one.event.time, one.event.record_id), reverse=True)
        found = [one for one in entries if self._wanted(host, one)]
        if self.bound("Newest"):
            found = found[: self.get("Newest")]
        if not found:
            ctx.fail("GetEventLogNoEntriesFound", "ObjectNotFound", "System.ArgumentException",
                     "No matches found")  # fmt: skip
        for one in found:
            ctx.write(one)

    def _wanted(self, host: WindowsHost, entry: EventLogEntry) -> bool:
        event: Any = entry.event
        if self.bound("After") and event.time <= utc_time(host, self.get("After")):
            return False
        if self.bound("Before") and event.time >= utc_time(host, self.get("Before")):
            return False
        if self.bound("EntryType") and entry.kind.lower() not in [str(one).lower() for one in self.get("EntryType")]:
            return False
        if self.bound("Source") and not any(matches(str(one), event.provider) for one in self.get("Source")):
            return False
        return not self.bound("Message") or matches(str(self.get("Message")), event.message)
