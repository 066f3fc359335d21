"""Get-WinEvent over the simulated event log.

Decides which records are meant (-FilterHashtable with LogName, ProviderName, Id, Level, StartTime, EndTime; -LogName;
-ProviderName; -MaxEvents; -Oldest). XPath and XML filters are refused, as is Get-EventLog.
Records: ``dotnet/windows_records.py``.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, ClassVar

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, types
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.cmdlets.windows_support import has_wildcard, machine_of, matches
from fleetdeploy.lab.powershell.dotnet.windows_common import utc_time
from fleetdeploy.lab.powershell.dotnet.windows_records import EventRecord
from fleetdeploy.lab.powershell.values import DATETIME, DateTime, EnumValue, Hashtable, PSArray
from fleetdeploy.lab.windows import audit
from fleetdeploy.lab.windows.eventlog import DEFENDER, Event
from fleetdeploy.lab.windows.host import WindowsHost

types.load()
_EXCEPTION = "System.Exception"
_KNOWN_KEYS = ("logname", "providername", "id", "level", "starttime", "endtime")


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, PSArray) else [value]


def _moment(host: WindowsHost, value: Any) -> datetime:
    date = value if isinstance(value, DateTime) else convert.to_type(value, DATETIME)
    return utc_time(host, date)


@cmdlet("Get-WinEvent")
class GetWinEvent(Cmdlet):
    default_set = "GetLogSet"
    parameters: ClassVar[tuple[Param, ...]] = (
        Param("LogName", "string[]", 0, by_property=True, pipeline=True, sets=("GetLogSet",)),
        Param("FilterHashtable", "hashtable[]", 0, sets=("HashQuerySet",), mandatory=True),
        Param("ProviderName", "string[]", 0, by_property=True, sets=("GetProviderSet",), mandatory=True),
        Param("MaxEvents", "long", validate_range=(1, 9223372036854775807)),
        Param("Oldest", "switch"),
        *(
            Param(n, unsupported=True)
            for n in (
                "ComputerName",
                "Credential",
                "FilterXPath",
                "FilterXml",
                "Force",
                "ListLog",
                "ListProvider",
                "Path",
            )
        ),
    )

    def process(self, ctx: CmdletContext) -> None:
        host = machine_of(ctx)
        records: list[Event] = []
        if self.bound("FilterHashtable"):
            for table in self.get("FilterHashtable"):
                found = self._by_table(ctx, host, table)
                if found is None:
                    return
                records += [e for e in found if e not in records]
        elif self.bound("ProviderName"):
            wanted = [str(p) for p in self.get("ProviderName")]
            records = [e for e in self._all(host) if any(matches(p, e.provider) for p in wanted)]
        else:
            logs = self._logs(ctx, host, self.get("LogName") if self.bound("LogName") else ["*"])
            if logs is None:
                return
            self._check_security(ctx, logs)
            records = [e for log in logs for e in host.eventlog.read(log) or []]
        records.sort(key=lambda e: (e.time, e.record_id), reverse=not self.get("Oldest"))
        if not records:
            ctx.fail(
                "NoMatchingEventsFound",
                "ObjectNotFound",
                _EXCEPTION,
                "No events were found that match the specified selection criteria.",
            )
            return
        limit = int(self.get("MaxEvents")) if self.bound("MaxEvents") else len(records)
        for event in records[:limit]:
            ctx.write(EventRecord(host, event))

    def _all(self, host: WindowsHost) -> list[Event]:
        return [e for log in host.eventlog.logs for e in host.eventlog.read(log) or []]

    def _logs(self, ctx: CmdletContext, host: WindowsHost, names: Any) -> list[str] | None:
        """The logs of these names; None after the error about one that does not exist."""
        found: list[str] = []
        for name in names:
            hits = [log for log in host.eventlog.logs if matches(str(name), log)]
            if not hits and not has_wildcard(str(name)):
                known = str(name).lower() == DEFENDER.lower()
                if not known and ("/" in str(name) or str(name).startswith("Microsoft-")):
                    raise NotSimulated(f"the event log {name}", ctx.line)
                ctx.fail(
                    "NoMatchingLogsFound",
                    "ObjectNotFound",
                    _EXCEPTION,
                    f'There is not an event log on the localhost computer that matches "{name}".',
                    target=str(name),
                )
                return None
            found += [h for h in hits if h not in found]
        return found

    def _check_security(self, ctx: CmdletContext, logs: list[str], ids: Collection[int] = ()) -> None:
        """Of the Security log some events alone are simulated: whoever asks for others must not hear that none are."""
        if logs == ["Security"] and not (ids and set(ids) <= set(audit.PROPERTY_KINDS)):
            known = ", ".join(map(str, audit.PROPERTY_KINDS))
            raise NotSimulated(f"the Security log but for the events {known} (FilterHashtable Id)", ctx.line)

    def _by_table(self, ctx: CmdletContext, host: WindowsHost, table: Hashtable) -> list[Event] | None:
        given = {str(k).lower(): v for k, v in _items(table)}
        for key in given:
            if key not in _KNOWN_KEYS:
                raise NotSimulated(f"Get-WinEvent -FilterHashtable with the key {key}", ctx.line)
        if "logname" not in given and "providername" not in given:
            raise NotSimulated("Get-WinEvent -FilterHashtable without LogName or ProviderName", ctx.line)
        logs = self._logs(ctx, host, _many(given["logname"])) if "logname" in given else list(host.eventlog.logs)
        if logs is None:
            return None
        if "logname" in given:
            self._check_security(ctx, logs, {int(i) for i in _many(given.get("id"))})
        events = [e for log in logs for e in host.eventlog.read(log) or []]
        if "providername" in given:
            providers = [str(p) for p in _many(given["providername"])]
            events = [e for e in events if any(matches(p, e.provider) for p in providers)]
        if "id" in given:
            ids = {int(i) for i in _many(given["id"])}
            events = [e for e in events if e.id in ids]
        if "level" in given:
            levels = {i.value if isinstance(i, EnumValue) else int(i) for i in _many(given["level"])}
            events = [e for e in events if e.level in levels]
        if "starttime" in given:
            start = _moment(host, given["starttime"])
            events = [e for e in events if e.time >= start]
        if "endtime" in given:
            end = _moment(host, given["endtime"])
            events = [e for e in events if e.time <= end]
        return events


def _items(table: Hashtable) -> list[tuple[Any, Any]]:
    return [(key, table.get(key)) for key in table.keys()]  # noqa: SIM118 - no Python dict
