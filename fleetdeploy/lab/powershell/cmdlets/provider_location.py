"""Cmdlets for paths as text and for the current location: Join-Path, Split-Path, Resolve-Path, Set-Location, …"""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import wildcard
from fleetdeploy.lab.powershell.cmdlets import provider_paths as pp
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.values import Int64, NetObject, define
from fleetdeploy.lab.windows import paths


class PathInfo(NetObject):
    """What Resolve-Path and Get-Location give."""

    def __init__(self, target: pp.Target) -> None:
        self.target = target

    def to_net_string(self) -> str:
        return self.target.shown


class ProviderInfo(NetObject):
    """A provider by its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def to_net_string(self) -> str:
        return f"Microsoft.PowerShell.Core\\{self.name}"


class DriveInfo(NetObject):
    """A drive of PowerShell."""

    def __init__(self, name: str, provider: str, root: str, used: int | None = None, free: int | None = None) -> None:
        self.name = name
        self.provider = provider
        self.root = root
        self.used = used
        self.free = free

    def to_net_string(self) -> str:
        return self.name


PROVIDER_INFO = define("System.Management.Automation.ProviderInfo", py=ProviderInfo)
PROVIDER_INFO.prop("Name", "string", lambda p: p.name)
DRIVE_INFO = define("System.Management.Automation.PSDriveInfo", py=DriveInfo)
DRIVE_INFO.prop("Name", "string", lambda d: d.name)
DRIVE_INFO.prop("Provider", "System.Management.Automation.ProviderInfo", lambda d: ProviderInfo(d.provider))
DRIVE_INFO.prop("Root", "string", lambda d: d.root)
DRIVE_INFO.prop("Used", "long", lambda d: None if d.used is None else Int64(d.used))
DRIVE_INFO.prop("Free", "long", lambda d: None if d.free is None else Int64(d.free))
PATH_INFO = define("System.Management.Automation.PathInfo", py=PathInfo, closed=True)
PATH_INFO.prop("Path", "string", lambda p: p.target.shown)
PATH_INFO.prop("ProviderPath", "string", lambda p: p.target.path)
PATH_INFO.prop("Provider", "System.Management.Automation.ProviderInfo", lambda p: ProviderInfo(p.target.provider))


def _no_drive(_: PathInfo) -> Any:
    raise NotSimulated("[System.Management.Automation.PathInfo].Drive")


PATH_INFO.prop("Drive", "object", _no_drive)


def current(runspace: Any) -> PathInfo:
    """The value of $PWD."""
    path = pp.location_of(runspace)
    provider = pp.REGISTRY if path[:5].lower() in ("hklm:", "hkcu:") else pp.FILE
    if provider == pp.FILE:
        return PathInfo(pp.Target(pp.FILE, path, path[:1]))
    hive = pp.HIVE_DRIVES[path[:4].lower()]
    return PathInfo(pp.Target(pp.REGISTRY, (hive + path[5:]).rstrip("\\"), path[:4]))


def _drives(ctx: CmdletContext) -> list[DriveInfo]:
    found = [
        DriveInfo(d.letter, pp.FILE, f"{d.letter}:\\", d.size - d.free, d.free) for d in ctx.machine.fs.drives.values()
    ]
    found += [DriveInfo(name.upper(), pp.REGISTRY, hive) for name, hive in pp.HIVE_DRIVES.items()]
    return sorted(found, key=lambda d: d.name)


@cmdlet("Get-PSDrive", aliases=("gdr",))
class GetPSDrive(Cmdlet):
    parameters = (
        Param("Name", "string[]", position=0, by_property=True, sets=("Name",)),
        Param("LiteralName", "string[]", position=0, mandatory=True, by_property=True, sets=("LiteralName",)),
        Param("PSProvider", "string[]", by_property=True),
        Param("Scope", unsupported=True),
        Param("UseTransaction", unsupported=True),
    )
    default_set = "Name"

    def process(self, ctx: CmdletContext) -> None:
        names = self.get("LiteralName") or self.get("Name")
        providers = self.get("PSProvider")
        if not names and not providers:
            raise NotSimulated("Get-PSDrive without a name or provider", ctx.line)
        for drive in _drives(ctx):
            if providers and not any(wildcard.like(drive.provider, str(p)) for p in providers):
                continue
            if not names or any(wildcard.like(drive.name, str(n).rstrip(":")) for n in names):
                ctx.write(drive)
        for name in names or ():
            text = str(name)
            known = {d.name.lower() for d in _drives(ctx)} | {"alias", "cert", "env", "function", "variable", "wsman"}
            if text.lower() in known - {d.name.lower() for d in _drives(ctx)}:
                raise NotSimulated(f"Get-PSDrive {text}", ctx.line)
            if not wildcard.has_wildcards(text) and text.lower() not in known:
                ctx.fail(
                    "GetLocationNoMatchingDrive",
                    "ObjectNotFound",
                    "System.Management.Automation.DriveNotFoundException",
                    f"Cannot find drive. A drive with the name '{text}' does not exist.",
                    target=text,
                )


@cmdlet("Get-Location", aliases=("gl", "pwd"))
class GetLocation(Cmdlet):
    parameters = (
        Param("PSProvider", unsupported=True),
        Param("PSDrive", unsupported=True),
        Param("Stack", "switch"),
        Param("StackName", unsupported=True),
        Param("UseTransaction", unsupported=True),
    )

    def process(self, ctx: CmdletContext) -> None:
        if self.get("Stack"):
            for path in reversed(pp.location_stack(ctx)):
                ctx.write(PathInfo(pp.literal(ctx, path)))
            return
        ctx.write(PathInfo(pp.literal(ctx, pp.location(ctx))))


def _go(cmd: pp.PathCmdlet, ctx: CmdletContext, *, push: bool) -> None:
    texts, _ = cmd.texts()
    if not texts:
        raise NotSimulated(f"{ctx.command_name} without a path", ctx.line)
    before = pp.location(ctx)
    targets = cmd.existing(ctx)
    if not targets:
        if all(not wildcard.has_wildcards(t) for t in texts):
            return
        pp.not_found(ctx, texts[0])
        return
    target = targets[0]
    if len(targets) > 1:
        raise NotSimulated(f"{ctx.command_name} with several matches", ctx.line)
    if target.provider not in (pp.FILE, pp.REGISTRY):
        raise NotSimulated(f"{ctx.command_name} to the drive {target.drive}:", ctx.line)
    if not pp.is_container(ctx, target):
        pp.not_found(ctx, target.shown)
        return
    if push:
        pp.location_stack(ctx).append(before)
    pp.set_location(ctx, target.shown)
    if cmd.get("PassThru"):
        ctx.write(PathInfo(target))


_LOCATION = (
    Param("Path", "string[]", position=0, pipeline=True, by_property=True, sets=("Path",)),
    Param("LiteralPath", "string[]", mandatory=True, by_property=True, aliases=("PSPath",), sets=("LiteralPath",)),
    Param("PassThru", "switch"),
    Param("StackName", unsupported=True),
    Param("UseTransaction", unsupported=True),
)


@cmdlet("Set-Location", aliases=("cd", "chdir", "sl"))
class SetLocation(pp.PathCmdlet):
    parameters = _LOCATION
    default_set = "Path"

    def process(self, ctx: CmdletContext) -> None:
        _go(self, ctx, push=False)


@cmdlet("Push-Location", aliases=("pushd",))
class PushLocation(pp.PathCmdlet):
    parameters = _LOCATION
    default_set = "Path"

    def process(self, ctx: CmdletContext) -> None:
        _go(self, ctx, push=True)


@cmdlet("Pop-Location", aliases=("popd",))
class PopLocation(Cmdlet):
    parameters = (Param("PassThru", "switch"), Param("StackName", unsupported=True))

    def process(self, ctx: CmdletContext) -> None:
        stack = pp.location_stack(ctx)
        if stack:
            pp.set_location(ctx, stack.pop())
        if self.get("PassThru"):
            ctx.write(PathInfo(pp.literal(ctx, pp.location(ctx))))


class _Resolving(pp.PathCmdlet):
    """Writes something for each existing path."""

    def process(self, ctx: CmdletContext) -> None:
        for target in self.existing(ctx):
            ctx.write(self.result(ctx, target))

    def result(self, ctx: CmdletContext, target: pp.Target) -> Any:
        raise NotImplementedError


@cmdlet("Resolve-Path", aliases=("rvpa",))
class ResolvePath(_Resolving):
    parameters = (
        *pp.PATH_PARAMETERS,
        Param("Relative", "switch"),
        Param("Credential", unsupported=True),
        Param("UseTransaction", unsupported=True),
    )
    default_set = "Path"

    def result(self, ctx: CmdletContext, target: pp.Target) -> Any:
        if not self.get("Relative"):
            return PathInfo(target)
        here = pp.location(ctx).rstrip("\\") + "\\"
        if not target.shown.lower().startswith(here.lower()):
            raise NotSimulated("Resolve-Path -Relative outside of the current location", ctx.line)
        return ".\\" + target.shown[len(here) :]


@cmdlet("Convert-Path", aliases=("cvpa",))
class ConvertPath(_Resolving):
    parameters = (*pp.PATH_PARAMETERS, Param("UseTransaction", unsupported=True))
    default_set = "Path"

    def result(self, ctx: CmdletContext, target: pp.Target) -> Any:
        return target.path


@cmdlet("Join-Path")
class JoinPath(Cmdlet):
    parameters = (
        Param("Path", "string[]", position=0, mandatory=True, pipeline=True, by_property=True, aliases=("PSPath",)),
        Param(
            "ChildPath",
            "string",
            position=1,
            mandatory=True,
            by_property=True,
            allow_null=True,
            allow_empty_string=True,
        ),
        Param("Resolve", unsupported=True),
        Param("Credential", unsupported=True),
        Param("UseTransaction", unsupported=True),
    )

    def process(self, ctx: CmdletContext) -> None:
        child = str(self.get("ChildPath") or "").replace("/", "\\")
        for item in self.get("Path"):
            parent = str(item)
            try:
                provider = pp.split_drive(ctx, parent)[0] if ":" in parent else pp.FILE
            except pp.DriveMissing as missing:
                pp.drive_missing(ctx, missing.drive)
                continue
            if provider not in (pp.FILE, pp.REGISTRY):
                raise NotSimulated(f"Join-Path on {parent}", ctx.line)
            parent = parent.replace("/", "\\")
            if not parent:
                ctx.write(child)
            elif not child:
                ctx.write(parent if parent.endswith("\\") else parent + "\\")
            else:
                ctx.write(parent.rstrip("\\") + "\\" + child.lstrip("\\"))


@cmdlet("Split-Path")
class SplitPath(Cmdlet):
    parameters = (
        Param(
            "Path",
            "string[]",
            position=0,
            mandatory=True,
            pipeline=True,
            by_property=True,
            sets=("Parent", "Leaf", "Qualifier", "NoQualifier", "IsAbsolute"),
        ),
        Param("LiteralPath", "string[]", mandatory=True, by_property=True, aliases=("PSPath",), sets=("LiteralPath",)),
        Param("Parent", "switch", sets=("Parent",)),
        Param("Leaf", "switch", mandatory=True, sets=("Leaf",)),
        Param("Qualifier", "switch", mandatory=True, sets=("Qualifier",)),
        Param("NoQualifier", "switch", mandatory=True, sets=("NoQualifier",)),
        Param("IsAbsolute", "switch", mandatory=True, sets=("IsAbsolute",)),
        Param("Resolve", unsupported=True),
        Param("Credential", unsupported=True),
        Param("UseTransaction", unsupported=True),
    )
    default_set = "Parent"

    def process(self, ctx: CmdletContext) -> None:
        for item in self.get("LiteralPath") or self.get("Path"):
            text = str(item).replace("/", "\\")
            if "::" in text:
                raise NotSimulated(f"Split-Path on {text}", ctx.line)
            drive, colon, rest = text.partition(":")
            if self.get("IsAbsolute"):
                ctx.write(bool(colon))
            elif self.get("Leaf"):
                ctx.write(_leaf(text))
            elif self.get("Qualifier"):
                if colon:
                    ctx.write(drive + ":")
                else:
                    ctx.fail(
                        "ParsePathFormatError",
                        "InvalidArgument",
                        "System.FormatException",
                        f"Cannot parse path because path '{text}' does not have a qualifier specified.",
                        target=text,
                    )
            elif self.get("NoQualifier"):
                ctx.write(rest if colon else text)
            else:
                ctx.write(_parent(text))


def _leaf(text: str) -> str:
    trimmed = text.rstrip("\\")
    if not trimmed or trimmed.endswith(":"):
        return trimmed + "\\" if text.endswith("\\") else trimmed
    return paths.name(trimmed)


def _parent(text: str) -> str:
    trimmed = text.rstrip("\\")
    head, slash, _ = trimmed.rpartition("\\")
    if not slash:
        return ""
    if not head or head.endswith(":"):
        return head + "\\"
    return head
