"""Guid, Version, Uri, UriBuilder, IPAddress, Environment, Stopwatch, Thread, Random bits and other small types."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, numbers
from fleetdeploy.lab.powershell.dotnet.raising import out_of_range, throw
from fleetdeploy.lab.powershell.formatting import format_guid
from fleetdeploy.lab.powershell.operators_compare import compare
from fleetdeploy.lab.powershell.typesystem import NOTHING, REGISTRY
from fleetdeploy.lab.powershell.values import (
    CREDENTIAL,
    GUID,
    SECURESTRING,
    VERSION,
    ByteArray,
    EnumValue,
    Guid,
    Hashtable,
    Int16,
    Int64,
    NetObject,
    PSCredential,
    PSReference,
    SecureString,
    TimeSpan,
    Version,
    define,
    define_enum,
)

# -- Guid ---------------------------------------------------------------------------------------------------------
GUID.closed = True
VERSION.closed = True
GUID.static_prop("Empty", "guid", lambda _: Guid(uuid.UUID(int=0)))
GUID.static("NewGuid()")(lambda: Guid(uuid.uuid4()))
GUID.method("ToString()", "ToString(string format)")(lambda value, spec="D": format_guid(value, spec))
GUID.prop("Guid", "string", str)  # of the types file, as Get-Member shows it
GUID.method("ToByteArray()")(lambda value: ByteArray(value.uuid.bytes_le))
GUID.method("CompareTo(object other)")(lambda one, two: compare(one, two))
GUID.method("Equals(object other)")(lambda one, two: one == two)


@GUID.static("Parse(string s)")
def _parse_guid(text: str) -> Guid:
    try:
        return Guid(numbers.parse_guid(text))
    except ValueError:
        throw("FormatException", "Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx).")


GUID.ctor("(string g)")(_parse_guid)
GUID.ctor("(byte[] b)")(lambda data: Guid(uuid.UUID(bytes_le=bytes(data.data))))


@GUID.static("TryParse(string s, out guid result)")
def _try_guid(text: str, result: PSReference) -> bool:
    try:
        result.value = Guid(numbers.parse_guid(text or ""))
    except ValueError:
        result.value = Guid(uuid.UUID(int=0))
        return False
    return True


# -- Version ------------------------------------------------------------------------------------------------------
for _at, _name in enumerate(("Major", "Minor", "Build", "Revision")):
    VERSION.prop(_name, "int", lambda value, at=_at: value.parts[at])  # type: ignore[misc]
VERSION.prop("MajorRevision", "int16", lambda value: Int16(value.parts[3] >> 16))
VERSION.prop("MinorRevision", "int16", lambda value: Int16(((value.parts[3] & 0xFFFF) ^ 0x8000) - 0x8000))
VERSION.method("CompareTo(version other)")(lambda one, two: 1 if two is None else compare(one, two))
VERSION.method("Equals(object other)")(lambda one, two: one == two)
VERSION.method("Clone()")(lambda value: Version(*value.parts))


@VERSION.method("ToString()", "ToString(int fieldCount)")
def _version_text(value: Version, count: int | None = None) -> str:
    if count is None:
        return str(value)
    known = len([part for part in value.parts if part >= 0])
    if not 0 <= count <= known:
        throw("ArgumentException", f"Argument must be between 0 and {known}.\r\nParameter name: fieldCount")
    return ".".join(str(part) for part in value.parts[:count])


@VERSION.static("Parse(string input)")
def _parse_version(text: str) -> Version:
    try:
        return Version(*numbers.parse_version(text))
    except numbers.VersionError as failure:
        throw(failure.kind, failure.message)


VERSION.ctor("(string version)")(_parse_version)
VERSION.ctor("()")(lambda: Version(0, 0))


@VERSION.ctor(
    "(int major, int minor)", "(int major, int minor, int build)", "(int major, int minor, int build, int revision)"
)
def _new_version(*parts: int) -> Version:
    if min(parts) < 0:
        out_of_range("version", "Version's parameters must be greater than or equal to zero.")
    return Version(*parts)


@VERSION.static("TryParse(string input, out version result)")
def _try_version(text: str, result: PSReference) -> bool:
    try:
        result.value = Version(*numbers.parse_version(text or ""))
    except numbers.VersionError:
        result.value = None
        return False
    return True


# -- IPAddress ----------------------------------------------------------------------------------------------------
# -- Environment --------------------------------------------------------------------------------------------------
ENVIRONMENT = define("System.Environment", closed=False)


def _runspace() -> Any:
    from fleetdeploy.lab.powershell.runtime.values_ext import current

    return current().runspace


def _need(machine: Any) -> Any:
    if machine is None:
        raise NotSimulated("a fact of the machine without a machine")
    return machine


ENVIRONMENT.static_prop("NewLine", "string", lambda _: "\r\n")
ENVIRONMENT.static_prop("MachineName", "string", lambda machine: _need(machine).name.upper()[:15])
ENVIRONMENT.static_prop("TickCount", "int", lambda machine: int(_need(machine).clock.uptime() * 1000) & 0x7FFFFFFF)
ENVIRONMENT.static_prop("ProcessorCount", "int", lambda _: 4)
ENVIRONMENT.static_prop("Is64BitOperatingSystem", "bool", lambda _: True)
ENVIRONMENT.static_prop("Is64BitProcess", "bool", lambda _: True)
ENVIRONMENT.static_prop("SystemDirectory", "string", lambda _: "C:\\Windows\\system32")
ENVIRONMENT.static_prop("UserName", "string", lambda _: _runspace().environment_get("USERNAME"))
ENVIRONMENT.static_prop("UserDomainName", "string", lambda _: _runspace().environment_get("USERDOMAIN"))
ENVIRONMENT.static_prop("HasShutdownStarted", "bool", lambda _: False)
ENVIRONMENT.static_prop("UserInteractive", "bool", lambda _: False)


_MACHINE_ENVIRONMENT = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment"


@ENVIRONMENT.static("GetEnvironmentVariable(string name)")
def _get_variable(name: str) -> Any:
    return _runspace().environment_get(name)


@ENVIRONMENT.static("GetEnvironmentVariable(string name, System.EnvironmentVariableTarget target)", machine=True)
def _get_targeted(machine: Any, name: str, target: EnumValue) -> Any:
    if target.name == "Process":
        return _runspace().environment_get(name)
    if target.name == "User":
        raise NotSimulated("environment variables of the User")
    found = _need(machine).registry.get(_MACHINE_ENVIRONMENT, name)
    if found is None:
        return None
    return _expand(str(found.data)) if found.kind == "ExpandString" else str(found.data)


@ENVIRONMENT.static("SetEnvironmentVariable(string name, string value)")
def _set_variable(name: str, value: str | None) -> Any:
    _runspace().environment_set(name, value or None)
    return NOTHING


@ENVIRONMENT.static("SetEnvironmentVariable(string name, string value, System.EnvironmentVariableTarget target)")
def _set_targeted(name: str, value: str | None, target: EnumValue) -> Any:
    if target.name != "Process":
        raise NotSimulated(f"environment variables of the {target.name}")
    return _set_variable(name, value)


# What the environment of a session says about them, too.
_FOLDERS = {
    "System": "C:\\Windows\\system32",
    "Windows": "C:\\Windows",
    "ProgramFiles": "C:\\Program Files",
    "ProgramFilesX86": "C:\\Program Files (x86)",
    "CommonApplicationData": "C:\\ProgramData",
    "UserProfile": "C:\\Users\\Administrator",
}
define_enum(
    "System.Environment+SpecialFolder",
    {"UserProfile": 40, "System": 37, "Windows": 36, "ProgramFiles": 38, "ProgramFilesX86": 42,
     "CommonApplicationData": 35, "ApplicationData": 26, "LocalApplicationData": 28, "Desktop": 0, "Personal": 5,
     "MyDocuments": 5, "CommonProgramFiles": 43, "Fonts": 20, "Startup": 7, "Programs": 2},
)  # fmt: skip


@ENVIRONMENT.static("GetFolderPath(System.Environment+SpecialFolder folder)")
def _folder(folder: EnumValue) -> str:
    if folder.name not in _FOLDERS:
        raise NotSimulated(f"[Environment]::GetFolderPath('{folder.name}')")
    return _FOLDERS[folder.name]


def _all_variables() -> dict[str, str]:
    return dict(_runspace().environment.values())


@ENVIRONMENT.static("GetEnvironmentVariables()", "GetEnvironmentVariables(System.EnvironmentVariableTarget target)")
def _get_all(target: Any = None) -> Hashtable:
    if target is not None and target.name != "Process":
        raise NotSimulated(f"environment variables of the {target.name}")
    return Hashtable(_all_variables().items(), ignore_case=False)


@ENVIRONMENT.static("ExpandEnvironmentVariables(string name)")
def _expand(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        value = _runspace().environment_get(match[1])
        return match[0] if value is None else str(value)

    return re.sub(r"%([^%]+)%", one, text)


class OperatingSystem(NetObject):
    def __init__(self, version: Version) -> None:
        self.version = version

    def to_net_string(self) -> str:
        return f"Microsoft Windows NT {self.version}"


_OS = define("System.OperatingSystem", py=OperatingSystem, closed=True)
_OS.prop("Version", "version", lambda value: value.version)
_OS.prop("VersionString", "string", OperatingSystem.to_net_string)
_OS.prop("Platform", "object", lambda value: EnumValue(REGISTRY["system.platformid"], 2))
ENVIRONMENT.static_prop(
    "OSVersion", "object", lambda machine: OperatingSystem(Version(10, 0, _need(machine).os_build, 0))
)


# -- Stopwatch, Thread --------------------------------------------------------------------------------------------
class Stopwatch(NetObject):
    def __init__(self) -> None:
        self.started: float | None = None
        self.gathered = 0.0

    @property
    def seconds(self) -> float:
        return self.gathered + (time.monotonic() - self.started if self.started is not None else 0.0)

    def start(self) -> Any:
        if self.started is None:
            self.started = time.monotonic()
        return NOTHING

    def stop(self) -> Any:
        self.gathered, self.started = self.seconds, None
        return NOTHING

    def reset(self) -> Any:
        self.gathered, self.started = 0.0, None
        return NOTHING


STOPWATCH = define("System.Diagnostics.Stopwatch", py=Stopwatch, closed=True)
STOPWATCH.ctor("()")(Stopwatch)
STOPWATCH.static_prop("Frequency", "long", lambda _: Int64(10_000_000))
STOPWATCH.static_prop("IsHighResolution", "bool", lambda _: True)
STOPWATCH.prop("IsRunning", "bool", lambda watch: watch.started is not None)
STOPWATCH.prop("Elapsed", "timespan", lambda watch: TimeSpan(int(watch.seconds * 10_000_000)))
STOPWATCH.prop("ElapsedMilliseconds", "long", lambda watch: Int64(int(watch.seconds * 1000)))
STOPWATCH.prop("ElapsedTicks", "long", lambda watch: Int64(int(watch.seconds * 10_000_000)))
STOPWATCH.method("Start()")(Stopwatch.start)
STOPWATCH.method("Stop()")(Stopwatch.stop)
STOPWATCH.method("Reset()")(Stopwatch.reset)


@STOPWATCH.method("Restart()")
def _restart(watch: Stopwatch) -> Any:
    watch.reset()
    return watch.start()


@STOPWATCH.static("StartNew()")
def _start_new() -> Stopwatch:
    watch = Stopwatch()
    watch.start()
    return watch


@STOPWATCH.static("GetTimestamp()", machine=True)
def _timestamp(machine: Any) -> Int64:
    return Int64(int(_need(machine).clock.uptime() * 10_000_000))


THREAD = define("System.Threading.Thread")


@THREAD.static("Sleep(int milliseconds)", "Sleep(timespan time)")
def _sleep(duration: Any) -> Any:
    seconds = duration.ticks / 10_000_000 if isinstance(duration, TimeSpan) else duration / 1000
    interpreter_sleep(seconds)
    return NOTHING


def interpreter_sleep(seconds: float) -> None:
    """Sleep so that stopping the pipeline ends it."""
    from fleetdeploy.lab.powershell.runtime.values_ext import current

    current().sleep(seconds)


class CurrentThread(NetObject):
    """[Threading.Thread]::CurrentThread; setting its cultures to the ones there are is harmless."""


_THREAD_OBJECT = CurrentThread()
from fleetdeploy.lab.powershell.typesystem import BY_CLASS  # noqa: E402

BY_CLASS[CurrentThread] = THREAD
THREAD.static_prop("CurrentThread", "object", lambda _: _THREAD_OBJECT)


def _current_culture(_: Any) -> Any:
    from fleetdeploy.lab.powershell.dotnet.cultures import EN_US

    return EN_US


def _set_culture(_: Any, culture: Any) -> None:
    if culture.name != "en-US":
        raise NotSimulated(f"the culture '{culture.name}' for a thread")


THREAD.prop("CurrentCulture", "System.Globalization.CultureInfo", _current_culture, _set_culture)
THREAD.prop("CurrentUICulture", "System.Globalization.CultureInfo", _current_culture, _set_culture)
THREAD.prop("ManagedThreadId", "int", lambda _: 7)
GC = define("System.GC", closed=True)
GC.static("Collect()", "WaitForPendingFinalizers()")(lambda: NOTHING)
GC.static("GetTotalMemory(bool force)")(lambda force: Int64(50_000_000))

# -- credentials --------------------------------------------------------------------------------------------------
SECURESTRING.prop("Length", "int", lambda secret: len(secret.reveal()))
SECURESTRING.method("Dispose()", "MakeReadOnly()")(lambda secret: NOTHING)
SECURESTRING.ctor("()")(lambda: SecureString(""))


@SECURESTRING.method("AppendChar(char c)")
def _append_char(secret: SecureString, char: str) -> Any:
    secret._text += str(char)
    return NOTHING


CREDENTIAL.ctor("(string userName, securestring password)")(PSCredential)
CREDENTIAL.prop("UserName", "string", lambda credential: credential.user_name)
CREDENTIAL.prop("Password", "securestring", lambda credential: credential.password)


class NetworkCredential(NetObject):
    def __init__(self, user: str = "", password: str = "", domain: str = "") -> None:
        self.user = user
        self.secret = SecureString(password)
        self.domain = domain


NETWORK_CREDENTIAL = define("System.Net.NetworkCredential", py=NetworkCredential, closed=True)
NETWORK_CREDENTIAL.ctor("(string user, string password)", "(string user, string password, string domain)")(
    NetworkCredential
)
NETWORK_CREDENTIAL.ctor("(string user, securestring password)")(
    lambda user, password: NetworkCredential(user, password.reveal())
)
NETWORK_CREDENTIAL.prop("UserName", "string", lambda value: value.user)
NETWORK_CREDENTIAL.prop("Password", "string", lambda value: value.secret.reveal())
NETWORK_CREDENTIAL.prop("Domain", "string", lambda value: value.domain)
CREDENTIAL.method("GetNetworkCredential()")(
    lambda credential: NetworkCredential(
        credential.user_name.rsplit("\\", 1)[-1],
        credential.password.reveal(),
        credential.user_name.rsplit("\\", 1)[0] if "\\" in credential.user_name else "",
    )
)
_ = convert
