"""Get-CimInstance and Invoke-CimMethod over the simulated machine.

Decides how filters and queries choose instances and what a method's ReturnValue is. Classes: ``windows_cim_classes``;
filters: ``windows_wql``. A class or method that is not there is refused (NotSimulated), never "Invalid class".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, types
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.cmdlets.windows_cim_classes import CLASSES, NAMESPACES, Row
from fleetdeploy.lab.powershell.cmdlets.windows_support import WMI_CODES, machine_of, start_and_wait
from fleetdeploy.lab.powershell.cmdlets.windows_wql import WqlError, parse_filter, parse_query
from fleetdeploy.lab.powershell.dotnet.windows_records import CimInstance, CimMethodResult
from fleetdeploy.lab.powershell.values import DictionaryBase, PSArray, UInt32
from fleetdeploy.lab.windows.errors import Win32Error
from fleetdeploy.lab.windows.host import WindowsHost
from fleetdeploy.lab.windows.service import INTERACTIVE, OWN_PROCESS, ServiceConfig, StartType

types.load()
_CIM_EXCEPTION = "Microsoft.Management.Infrastructure.CimException"
_START_MODES = {
    "boot": StartType.BOOT,
    "system": StartType.SYSTEM,
    "automatic": StartType.AUTO,
    "manual": StartType.DEMAND,
    "disabled": StartType.DISABLED,
}
_NAMESPACE = Param("Namespace", "string", by_property=True)


def look_up(row: Row) -> Callable[[str], Any]:
    def look(name: str) -> Any:
        try:
            return row.look(name)
        except KeyError as error:
            raise WqlError(name) from error

    return look


def _instances(ctx: CmdletContext, command: Cmdlet) -> list[CimInstance]:
    """The instances that -ClassName with -Filter, or -Query, mean."""
    host = machine_of(ctx)
    namespace = str(command.get("Namespace") or "root/cimv2").replace("\\", "/").lower()
    if namespace not in NAMESPACES:
        raise NotSimulated(f"the CIM namespace {namespace}", ctx.line)
    dialect = command.get("QueryDialect") if command.bound("QueryDialect") else "WQL"
    if str(dialect).upper() != "WQL":
        raise NotSimulated(f"the query dialect {dialect}", ctx.line)
    try:
        condition: Callable[[Callable[[str], Any]], bool] = lambda _: True  # noqa: E731
        if command.bound("Query"):
            name, condition = parse_query(str(command.get("Query")))
        else:
            name = str(command.get("ClassName"))
            if "Filter" in {p.name for p in command.parameters} and command.bound("Filter"):
                condition = parse_filter(str(command.get("Filter")))
        make = NAMESPACES[namespace].get(name.lower())
        if make is None:
            raise NotSimulated(f"the CIM class {name}", ctx.line)
        return [row.make() for row in make(host) if condition(look_up(row))]
    except WqlError:
        ctx.fail("HRESULT 0x80041017", "InvalidArgument", _CIM_EXCEPTION, "Invalid query ")
        return []


@cmdlet(
    "Get-CimInstance",
    aliases=("gcim",),
    implementing="Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand",
)
class GetCimInstance(Cmdlet):
    default_set = "ClassNameComputerSet"
    parameters: ClassVar[tuple[Param, ...]] = (
        Param("ClassName", "string", 0, by_property=True, sets=("ClassNameComputerSet",), mandatory=True),
        Param(
            "InputObject", "ciminstance", 0, pipeline=True, aliases=("CimInstance",), sets=("Instance",), mandatory=True
        ),
        Param("Query", "string", by_property=True, sets=("QueryComputerSet",), mandatory=True),
        Param("QueryDialect", "string", by_property=True, sets=("QueryComputerSet",)),
        Param("Filter", "string", by_property=True, sets=("ClassNameComputerSet",)),
        Param("Property", "string[]", aliases=("SelectProperties",), sets=("ClassNameComputerSet",)),
        Param("OperationTimeoutSec", "uint32", aliases=("OT",)),
        Param("Shallow", "switch"),
        _NAMESPACE,
        *(Param(n, unsupported=True) for n in ("CimSession", "ComputerName", "KeyOnly", "ResourceUri")),
    )

    def process(self, ctx: CmdletContext) -> None:
        host = machine_of(ctx)
        if self.bound("InputObject"):
            given = self.get("InputObject")
            if not isinstance(given, CimInstance):
                raise NotSimulated("Get-CimInstance with an instance from elsewhere", ctx.line)
            fresh = [row.make() for row in CLASSES[given.class_name.lower()](host) if row.key == given.key]
            for instance in fresh:
                ctx.write(instance)
            if not fresh:
                ctx.fail("HRESULT 0x80041002", "ObjectNotFound", _CIM_EXCEPTION, "Not found ", target=given)
            return
        wanted = {str(p).lower() for p in self.get("Property")} if self.bound("Property") else None
        for instance in _instances(ctx, self):
            if wanted is not None:
                for name in instance.names():
                    if name.lower() not in wanted and not name.startswith(("PSComputer", "Cim")):
                        _blank(instance, name)
            ctx.write(instance)


def _blank(instance: CimInstance, name: str) -> None:
    """-Property: what was not asked for is there and empty (keys stay)."""
    if str(instance.get(name)) != instance.key:
        instance.members.remove(name)
        instance.set(name, None)


@cmdlet(
    "Invoke-CimMethod",
    aliases=("icim",),
    implementing="Microsoft.Management.Infrastructure.CimCmdlets.InvokeCimMethodCommand",
)
class InvokeCimMethod(Cmdlet):
    default_set = "ClassNameComputerSet"
    supports_should_process = True
    parameters: ClassVar[tuple[Param, ...]] = (
        Param("ClassName", "string", 0, aliases=("Class",), sets=("ClassNameComputerSet",), mandatory=True),
        Param(
            "InputObject",
            "ciminstance",
            0,
            pipeline=True,
            aliases=("CimInstance",),
            sets=("CimInstanceComputerSet",),
            mandatory=True,
        ),
        Param("Query", "string", by_property=True, sets=("QueryComputerSet",), mandatory=True),
        Param("QueryDialect", "string", by_property=True, sets=("QueryComputerSet",)),
        Param("Arguments", "object", 1, by_property=False),
        Param("MethodName", "string", 2, by_property=True, aliases=("Name",), mandatory=True),
        Param("OperationTimeoutSec", "uint32", aliases=("OT",)),
        _NAMESPACE,
        *(Param(n, unsupported=True) for n in ("CimClass", "CimSession", "ComputerName", "ResourceUri")),
    )

    def process(self, ctx: CmdletContext) -> None:
        method = str(self.get("MethodName"))
        arguments = self.get("Arguments")
        if arguments is not None and not isinstance(arguments, DictionaryBase):
            raise NotSimulated("Invoke-CimMethod -Arguments that is no dictionary", ctx.line)
        values = {} if arguments is None else {str(k).lower(): arguments.get(k) for k in arguments.keys()}  # noqa: SIM118
        if self.bound("InputObject"):
            given = self.get("InputObject")
            if not isinstance(given, CimInstance):
                raise NotSimulated("Invoke-CimMethod on an instance from elsewhere", ctx.line)
            targets: list[CimInstance | None] = [given]
            name = given.class_name
        elif self.bound("Query"):
            targets = list(_instances(ctx, self))
            name = "Win32_Service" if not targets else str(targets[0].class_name)  # type: ignore[union-attr]
        else:
            name, targets = str(self.get("ClassName")), [None]
        for target in targets:
            label = name if target is None else target.to_string_value
            if not ctx.should_process(str(label), f"Invoke-CimMethod: {method}"):
                continue
            act = METHODS.get((name.lower(), method.lower()))
            if act is None or (target is None) != ((name.lower(), method.lower()) in STATIC):
                raise NotSimulated(f"the CIM method {name}.{method}", ctx.line)
            code = _call(ctx, machine_of(ctx), act, "" if target is None else target.key, values)
            if values:
                raise NotSimulated(f"the arguments {', '.join(values)} of {name}.{method}", ctx.line)
            ctx.write(CimMethodResult(name, method, [("ReturnValue", UInt32(code))]))


Method = Callable[[CmdletContext, WindowsHost, str, dict[str, Any]], int]


def _call(ctx: CmdletContext, host: WindowsHost, act: Method, key: str, values: dict[str, Any]) -> int:
    try:
        return act(ctx, host, key, values)
    except Win32Error as error:
        values.clear()
        return WMI_CODES.get(error.code, 8)


def _fields(values: dict[str, Any]) -> dict[str, Any]:
    """The arguments of Change and Create as fields of ServiceConfig; takes them out of ``values``."""
    fields: dict[str, Any] = {}

    def text(argument: str, field: str) -> None:
        value = values.pop(argument, None)
        if value is not None:
            fields[field] = convert.to_string(value)

    text("displayname", "display_name")
    text("pathname", "image_path")
    text("startname", "account")
    text("startpassword", "password")
    text("loadordergroup", "load_order_group")
    mode = values.pop("startmode", None)
    if mode is not None:
        fields["start"] = _start_mode(convert.to_string(mode))
    control = values.pop("errorcontrol", None)
    if control is not None:
        fields["error_control"] = int(control)
    kind = values.pop("servicetype", None)
    if kind is not None:
        fields["service_type"] = int(kind)
    if values.pop("desktopinteract", None):
        fields["service_type"] = fields.get("service_type", OWN_PROCESS) | INTERACTIVE
    needs = values.pop("servicedependencies", None)
    if needs is not None:
        listed = [convert.to_string(d) for d in (needs if isinstance(needs, PSArray) else [needs])]
        if not [d for d in listed if d]:
            raise NotSimulated("Win32_Service with an empty ServiceDependencies")
        fields["dependencies"] = tuple(listed)
    return fields


def _start_mode(word: str) -> StartType:
    mode = _START_MODES.get(word.lower())
    if mode is None:
        raise Win32Error(87)
    return mode


def _change(ctx: CmdletContext, host: WindowsHost, key: str, values: dict[str, Any]) -> int:
    fields = _fields(values)
    if fields.get("start") is StartType.AUTO:
        fields["delayed"] = host.scm.config(key).delayed
    host.scm.change(key, **fields)
    return 0


def _change_start_mode(ctx: CmdletContext, host: WindowsHost, key: str, values: dict[str, Any]) -> int:
    start = _start_mode(convert.to_string(values.pop("startmode", None)))
    host.scm.change(key, start=start, delayed=host.scm.config(key).delayed and start is StartType.AUTO)
    return 0


def _create(ctx: CmdletContext, host: WindowsHost, key: str, values: dict[str, Any]) -> int:
    name = convert.to_string(values.pop("name", None))
    fields = _fields(values)
    if not name or not fields.get("image_path"):
        raise Win32Error(87)
    if not fields.get("account"):
        fields["account"] = "LocalSystem"
    host.scm.create(ServiceConfig(name=name, **fields))
    return 0


def _delete(ctx: CmdletContext, host: WindowsHost, key: str, values: dict[str, Any]) -> int:
    host.scm.delete(key)
    return 0


def _start(ctx: CmdletContext, host: WindowsHost, key: str, values: dict[str, Any]) -> int:
    start_and_wait(ctx, host, key)
    return 0


def _stop(ctx: CmdletContext, host: WindowsHost, key: str, values: dict[str, Any]) -> int:
    host.scm.stop(key)
    return 0


def _interrogate(ctx: CmdletContext, host: WindowsHost, key: str, values: dict[str, Any]) -> int:
    host.scm.interrogate(key)
    return 0


def _terminate(ctx: CmdletContext, host: WindowsHost, key: str, values: dict[str, Any]) -> int:
    reason = values.pop("reason", 0)
    with host.lock:
        process = host.processes.get(int(key))
        if process is None:
            ctx.fail("HRESULT 0x80041002", "ObjectNotFound", _CIM_EXCEPTION, "Not found ", terminating=True)
            return 2
        if process is host.shell_process:
            raise NotSimulated("a script that kills its own shell", ctx.line)
        if process.protected:
            return 2
        host.effects.add("kill", process.name)
        host.processes.end(process, int(reason))
    return 0


METHODS: dict[tuple[str, str], Method] = {
    ("win32_service", "change"): _change,
    ("win32_service", "changestartmode"): _change_start_mode,
    ("win32_service", "create"): _create,
    ("win32_service", "delete"): _delete,
    ("win32_service", "startservice"): _start,
    ("win32_service", "stopservice"): _stop,
    ("win32_service", "interrogateservice"): _interrogate,
    ("win32_process", "terminate"): _terminate,
}
STATIC = {("win32_service", "create")}
