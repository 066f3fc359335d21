"""Paths as cmdlets take them: drives and providers, the current location, wildcards, and the errors all share.

Decides which provider a path belongs to and which items a -Path with wildcards or a -LiteralPath names. Registers no
cmdlet. Must not change anything on the host; provider_items.py and its neighbours do. The location lives on the
runspace as `location_path` (with its drive), the stack of Push-Location as `location_stack`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import wildcard
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param
from fleetdeploy.lab.powershell.dotnet.io_items import file_exception
from fleetdeploy.lab.powershell.runtime.known_commands import is_builtin_function
from fleetdeploy.lab.powershell.values import DotNetException, ErrorRecord
from fleetdeploy.lab.windows import paths
from fleetdeploy.lab.windows.errors import FileError, FileErrorKind

FILE, REGISTRY, ENVIRONMENT, VARIABLE, FUNCTION = "FileSystem", "Registry", "Environment", "Variable", "Function"
HIVE_DRIVES = {"hklm": "HKEY_LOCAL_MACHINE", "hkcu": "HKEY_CURRENT_USER"}
_SESSION_DRIVES = {"env": ENVIRONMENT, "variable": VARIABLE, "function": FUNCTION}
_OTHER_DRIVES = frozenset({"alias", "cert", "wsman"})
_PREFIXES = {
    "microsoft.powershell.core\\filesystem": FILE,
    "filesystem": FILE,
    "microsoft.powershell.core\\registry": REGISTRY,
    "registry": REGISTRY,
}
ITEM_NOT_FOUND = "System.Management.Automation.ItemNotFoundException"

PATH_PARAMETERS = (
    Param("Path", "string[]", position=0, mandatory=True, pipeline=True, by_property=True, sets=("Path",)),
    Param("LiteralPath", "string[]", mandatory=True, by_property=True, aliases=("PSPath",), sets=("LiteralPath",)),
)
FILTERS = (
    Param("Filter", "string"),
    Param("Include", "string[]"),
    Param("Exclude", "string[]"),
    Param("Force", "switch"),
    Param("Credential", unsupported=True),
    Param("UseTransaction", unsupported=True),
)


@dataclass(frozen=True, slots=True)
class Target:
    """A path with its provider. `path` is full: "C:\\\\x", "HKEY_LOCAL_MACHINE\\\\x", or a name (environment, …)."""

    provider: str
    path: str
    drive: str

    @property
    def shown(self) -> str:
        """As PowerShell shows it, with its drive."""
        if self.provider == REGISTRY and self.drive:
            rest = self.path.partition("\\")[2]
            return f"{self.drive}:\\{rest}"
        if self.provider in (ENVIRONMENT, VARIABLE, FUNCTION):
            return f"{self.drive}:\\{self.path}" if self.path else f"{self.drive}:\\"
        return self.path

    def child(self, name: str) -> Target:
        """An item below."""
        return Target(self.provider, self.path.rstrip("\\") + "\\" + name if self.path else name, self.drive)


class DriveMissing(Exception):
    """No such drive."""

    def __init__(self, drive: str) -> None:
        super().__init__(drive)
        self.drive = drive


# -- locations ---------------------------------------------------------------------------------------------------------


def location_of(runspace: Any) -> str:
    """The current location of a runspace; a session begins in the Documents of its user."""
    found = getattr(runspace, "location_path", None)
    if isinstance(found, str):
        return found
    profile = runspace.environment_get("USERPROFILE") or "C:\\Users\\Administrator"
    return f"{profile}\\Documents"


def location(ctx: CmdletContext) -> str:
    """The current location."""
    return location_of(ctx.runspace)


def set_location(ctx: CmdletContext, path: str) -> None:
    ctx.runspace.location_path = path


def location_stack(ctx: CmdletContext) -> list[str]:
    """Push-Location's stack."""
    stack = getattr(ctx.runspace, "location_stack", None)
    if stack is None:
        stack = ctx.runspace.location_stack = []
    return stack


# -- from text to targets ----------------------------------------------------------------------------------------------


def split_drive(ctx: CmdletContext, text: str) -> tuple[str, str, str]:
    """(provider, drive, rest) of a path as typed; relative ones are completed by the location."""
    head, colons, rest = text.partition("::")
    if colons and head.lower() in _PREFIXES:
        provider = _PREFIXES[head.lower()]
        if provider == REGISTRY:
            return provider, "", rest
        return FILE, rest[:1], rest
    if text.startswith(("\\\\", "//")):
        raise NotSimulated(f"the path {text}", ctx.line)
    drive, colon, rest = text.partition(":")
    if not colon or "\\" in drive or "/" in drive:
        base = location(ctx)
        if text.startswith(("\\", "/")):
            base = base[: base.index(":") + 1]
            return split_drive(ctx, base + text)
        return split_drive(ctx, base.rstrip("\\") + "\\" + text)
    key = drive.lower()
    if key in HIVE_DRIVES:
        return REGISTRY, drive.upper(), HIVE_DRIVES[key] + "\\" + rest.lstrip("\\/")
    if key in _SESSION_DRIVES:
        return _SESSION_DRIVES[key], drive, rest.lstrip("\\/")
    if key in _OTHER_DRIVES:
        raise NotSimulated(f"the drive {drive}:", ctx.line)
    if len(drive) == 1 and drive.upper() in ctx.machine.fs.drives:
        if rest and not rest.startswith(("\\", "/")):
            base = location(ctx)
            if base[:2].lower() == f"{key}:":
                return FILE, drive, base.rstrip("\\") + "\\" + rest
            return FILE, drive, f"{drive}:\\{rest}"
        return FILE, drive, text
    raise DriveMissing(drive)


def _dots(parts: Iterable[str]) -> list[str]:
    out: list[str] = []
    for part in parts:
        if part == "..":
            del out[-1:]
        elif part not in ("", "."):
            out.append(part)
    return out


def literal(ctx: CmdletContext, text: str) -> Target:
    """The target of a literal path. Raises DriveMissing, FileError."""
    provider, drive, rest = split_drive(ctx, text)
    if provider == FILE:
        path = paths.full_path(rest)
        path = path[:1].upper() + path[1:]
        return Target(FILE, path if len(path) == 3 else path.rstrip("\\"), drive.upper())
    if provider == REGISTRY:
        return Target(REGISTRY, "\\".join(_dots(rest.replace("/", "\\").split("\\"))), drive)
    return Target(provider, rest, drive)


def expand(ctx: CmdletContext, text: str, *, force: bool = True) -> tuple[list[Target], bool]:
    """(the targets of a path with wildcards, whether it has any). One without is returned as it is, existing or not."""
    if not wildcard.has_wildcards(text):
        return [literal(ctx, wildcard.unescape(text))], False
    provider, drive, rest = split_drive(ctx, text)
    if provider == FUNCTION:
        raise NotSimulated("wildcards on the drive function:", ctx.line)
    if provider in (ENVIRONMENT, VARIABLE):
        names = session_names(ctx, provider)
        return [Target(provider, n, drive) for n in names if wildcard.like(n, rest)], True
    parts = rest.replace("/", "\\").split("\\")
    start = 1
    root = parts[0].upper() + "\\" if provider == FILE else parts[0]
    found = [Target(provider, root, drive.upper())]
    for part in _dots(parts[start:]):
        following: list[Target] = []
        if not wildcard.has_wildcards(part):
            name = wildcard.unescape(part)
            following = [child for child in (t.child(name) for t in found) if exists(ctx, child)]
        else:
            for target in found:
                following += [target.child(n) for n in child_names(ctx, target) if wildcard.like(n, part)]
        found = following
    return found, True


def exists(ctx: CmdletContext, target: Target) -> bool:
    """Is there such an item?"""
    if target.provider == FILE:
        return bool(ctx.machine.fs.exists(target.path))
    if target.provider == REGISTRY:
        try:
            return bool(ctx.machine.registry.exists(target.path))
        except KeyError:
            return False
    if not target.path or target.path.lower() in {n.lower() for n in session_names(ctx, target.provider)}:
        return True
    if target.provider == FUNCTION and is_builtin_function(target.path.lower()):
        raise NotSimulated(f"the built-in function {target.path} as an item", ctx.line)
    return False


def is_container(ctx: CmdletContext, target: Target) -> bool:
    """May it have items below?"""
    if target.provider == FILE:
        return bool(ctx.machine.fs.is_dir(target.path))
    return target.provider == REGISTRY or not target.path


def child_names(ctx: CmdletContext, target: Target) -> list[str]:
    """Names below; nothing below what is no container."""
    if target.provider == FILE:
        if not ctx.machine.fs.is_dir(target.path):
            return []
        return [info.name for info in ctx.machine.fs.list(target.path)]
    if target.provider == REGISTRY:
        return list(ctx.machine.registry.subkeys(target.path)) if exists(ctx, target) else []
    return session_names(ctx, target.provider)


def session_names(ctx: CmdletContext, provider: str) -> list[str]:
    """Names on the drives env:, variable: and function:."""
    if provider == ENVIRONMENT:
        return sorted((name for name, _ in ctx.runspace.environment.values()), key=str.lower)
    found: dict[str, str] = {}
    for scope in ctx.interp.scope.chain():
        table = scope.variables if provider == VARIABLE else scope.functions
        for key, value in table.items():
            found.setdefault(key, value.name)
    return sorted(found.values(), key=str.lower)


def at_close(ctx: CmdletContext, action: Callable[[], None]) -> None:
    """Run `action` when the pipeline is taken down, however it ends."""
    ctx.on_close.append(action)  # type: ignore[attr-defined]  # the runtime's processor has it, its protocol not yet


# -- what most item cmdlets begin with ---------------------------------------------------------------------------------


def not_found(ctx: CmdletContext, shown: str) -> None:
    """Non-terminating PathNotFound."""
    ctx.fail(
        "PathNotFound",
        "ObjectNotFound",
        ITEM_NOT_FOUND,
        f"Cannot find path '{shown}' because it does not exist.",
        target=shown,
    )


def drive_missing(ctx: CmdletContext, drive: str) -> None:
    """Non-terminating DriveNotFound."""
    ctx.fail(
        "DriveNotFound",
        "ObjectNotFound",
        "System.Management.Automation.DriveNotFoundException",
        f"Cannot find drive. A drive with the name '{drive}' does not exist.",
        target=drive,
    )


def file_failure(ctx: CmdletContext, error: FileError, error_id: str, category: str, target: Any) -> None:
    """Non-terminating error with the file system's own exception."""
    ctx.error(ErrorRecord(file_exception(error), error_id, category, target))


def provider_failure(ctx: CmdletContext, exception: DotNetException, target: Any) -> None:
    """What a provider did not catch: ends the command; the id is the exception's type."""
    ctx.error(ErrorRecord(exception, exception.type_name, "NotSpecified", target), terminating=True)


def failure_ids(error: FileError, stem: str, io_category: str = "WriteError") -> tuple[str, str]:
    """(error id, category) after the pattern the file system provider uses."""
    if error.kind is FileErrorKind.DENIED:
        return f"{stem}UnauthorizedAccessError", "PermissionDenied"
    return f"{stem}IOError", io_category


class PathCmdlet(Cmdlet):
    """Base of cmdlets that take -Path or -LiteralPath and work on what exists."""

    def texts(self) -> tuple[list[str], bool]:
        """(the paths given, are they literal)."""
        if self.bound("LiteralPath"):
            return [str(p) for p in self.get("LiteralPath")], True
        return [str(p) for p in self.get("Path") or ()], False

    def filtered(self, name: str, is_wild: bool) -> bool:
        """Do -Filter, -Include and -Exclude let the name through?"""
        try:
            pattern = self.get("Filter")
            include = self.get("Include")
            exclude = self.get("Exclude")
        except KeyError:
            return True
        if pattern and not wildcard.like(name, str(pattern)):
            return False
        if include and is_wild and not any(wildcard.like(name, str(i)) for i in include):
            return False
        return not (exclude and any(wildcard.like(name, str(e)) for e in exclude))

    def existing(self, ctx: CmdletContext, *, report: bool = True) -> list[Target]:
        """All existing items named; what is missing is reported (a wildcard that matches nothing is no error)."""
        texts, is_literal = self.texts()
        found: list[Target] = []
        for text in texts:
            ctx.check_stop()
            try:
                targets, wild = ([literal(ctx, text)], False) if is_literal else expand(ctx, text)
            except DriveMissing as missing:
                if report:
                    drive_missing(ctx, missing.drive)
                continue
            except FileError as error:
                provider_failure(ctx, file_exception(error), text)
                return []
            for target in targets:
                if not wild and not exists(ctx, target):
                    if report:
                        not_found(ctx, target.shown)
                elif self.filtered(paths.name(target.path), wild):
                    found.append(target)
        return found
