"""Get-WmiObject: the older face of the CIM classes, as ordinary health scripts still use it.

The same rows as Get-CimInstance (``windows_cim_classes``), with times as DMTF text and the methods on the object
itself. What a ManagementObject has beyond that refuses to be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import types
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.cmdlets.windows_cim import look_up
from fleetdeploy.lab.powershell.cmdlets.windows_cim_classes import CLASSES, Row
from fleetdeploy.lab.powershell.cmdlets.windows_support import WMI_CODES, machine_of
from fleetdeploy.lab.powershell.cmdlets.windows_wql import WqlError, parse_filter, parse_query
from fleetdeploy.lab.powershell.dotnet.windows_common import local_time
from fleetdeploy.lab.powershell.dotnet.windows_records import refusals
from fleetdeploy.lab.powershell.values import DateTime, PSCustomObject, UInt32, define
from fleetdeploy.lab.windows.errors import Win32Error

types.load()
_SYSTEM = (
    "__GENUS __CLASS __SUPERCLASS __DYNASTY __RELPATH __PROPERTY_COUNT __DERIVATION __SERVER __NAMESPACE __PATH "
    "Scope Path Options ClassPath Properties SystemProperties Qualifiers Site Container"
)
_DMTF = re.compile(r"^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.(\d{6})([+-]\d{3})$")


class ManagementObject(PSCustomObject):
    """An instance as System.Management shows it."""

    def __init__(self, machine: Any, row: Row) -> None:
        items = [(n, dmtf(machine, v) if isinstance(v, DateTime) else v) for n, v in row.items]
        base = "System.Management.ManagementObject"
        super().__init__(items, (f"{base}#root\\cimv2\\{row.class_name}", base, "System.Object"))
        self.machine = machine
        self.class_name = row.class_name
        self.key = row.key
        for member in refusals(row.class_name, f"{row.refused} {_SYSTEM}"):
            self.members.add(member)
        self.set("PSComputerName", machine.name.partition(".")[0].upper())


def dmtf(machine: Any, value: DateTime) -> str:
    """``20260131235959.123456+060``: local time and the offset in minutes."""
    offset = int(machine.clock.utc_offset.total_seconds() // 60)
    return f"{value.py:%Y%m%d%H%M%S.%f}{offset:+04d}"


OBJECT_TYPE = define("System.Management.ManagementObject", py=ManagementObject)


@OBJECT_TYPE.method("ConvertToDateTime(string text)")
def _to_date(obj: ManagementObject, text: str) -> DateTime:
    match = _DMTF.match(text)
    if match is None:
        raise NotSimulated(f"ConvertToDateTime of {text}")
    parts = [int(g) for g in match.groups()]
    moment = datetime(*parts[:7], tzinfo=UTC) - timedelta(minutes=parts[7])  # type: ignore[misc,arg-type]
    return local_time(obj.machine, moment)


def _answer(obj: ManagementObject, act: Callable[[str], Any]) -> PSCustomObject:
    if obj.class_name != "Win32_Service":
        raise NotSimulated(f"a method of {obj.class_name}")
    code = 0
    try:
        act(obj.key)
    except Win32Error as error:
        code = WMI_CODES.get(error.code, 8)
    return PSCustomObject([("ReturnValue", UInt32(code))])


@OBJECT_TYPE.method("StartService()")
def _start(obj: ManagementObject) -> PSCustomObject:
    return _answer(obj, obj.machine.scm.start)


@OBJECT_TYPE.method("StopService()")
def _stop(obj: ManagementObject) -> PSCustomObject:
    return _answer(obj, obj.machine.scm.stop)


@OBJECT_TYPE.method("Delete()")
def _delete(obj: ManagementObject) -> PSCustomObject:
    return _answer(obj, obj.machine.scm.delete)


@cmdlet("Get-WmiObject", aliases=("gwmi",))
class GetWmiObject(Cmdlet):
    default_set = "query"
    parameters: ClassVar[tuple[Param, ...]] = (
        Param("Class", "string", 0, aliases=("ClassName",), sets=("query",), mandatory=True),
        Param("Filter", "string", sets=("query",)),
        Param("Query", "string", sets=("WQLQuery",), mandatory=True),
        Param("Namespace", "string", aliases=("NS",)),
        *(
            Param(n, unsupported=True)
            for n in ("Amended", "AsJob", "Authentication", "Authority", "ComputerName", "Credential", "DirectRead")
        ),
        *(
            Param(n, unsupported=True)
            for n in ("EnableAllPrivileges", "Impersonation", "List", "Locale", "Property", "Recurse", "ThrottleLimit")
        ),
    )

    def process(self, ctx: CmdletContext) -> None:
        host = machine_of(ctx)
        namespace = str(self.get("Namespace") or "root\\cimv2").replace("/", "\\").lower()
        if namespace != "root\\cimv2":
            raise NotSimulated(f"the WMI namespace {namespace}", ctx.line)
        text = str(self.get("Query")) if self.bound("Query") else ""
        try:
            condition: Callable[[Callable[[str], Any]], bool] = lambda _: True  # noqa: E731
            if text:
                name, condition = parse_query(text)
            else:
                name = str(self.get("Class"))
                text = f"select * from {name}"  # noqa: S608 - WQL
                if self.bound("Filter"):
                    text += f" where {self.get('Filter')}"
                    condition = parse_filter(str(self.get("Filter")))
            make = CLASSES.get(name.lower())
            if make is None:
                raise NotSimulated(f"the WMI class {name}", ctx.line)
            found = [row for row in make(host) if condition(look_up(row))]
        except WqlError:
            ctx.fail(
                "GetWMIManagementException",
                "InvalidOperation",
                "System.Management.ManagementException",
                f'Invalid query "{text}"',
                terminating=False,
            )
            return
        for row in found:
            ctx.write(ManagementObject(host, row))
