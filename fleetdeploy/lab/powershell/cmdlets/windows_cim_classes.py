"""The CIM classes of the simulated machine: which instances there are and what properties they show.

One function per class, in ``CLASSES``. Properties that a real instance has and that mean nothing here are named and
refuse to be read. Look next: ``windows_cim`` (the cmdlets), ``windows_wql`` (filters).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.dotnet.windows_common import local_time
from fleetdeploy.lab.powershell.dotnet.windows_records import CimInstance
from fleetdeploy.lab.powershell.values import Byte, UInt16, UInt32, UInt64
from fleetdeploy.lab.windows.host import WindowsHost
from fleetdeploy.lab.windows.service import ACCEPT_PAUSE, ACCEPT_STOP, INTERACTIVE, SHARE_PROCESS, StartType, State

STATE_WORDS = {
    State.STOPPED: "Stopped",
    State.START_PENDING: "Start Pending",
    State.STOP_PENDING: "Stop Pending",
    State.RUNNING: "Running",
    State.CONTINUE_PENDING: "Continue Pending",
    State.PAUSE_PENDING: "Pause Pending",
    State.PAUSED: "Paused",
}
START_WORDS = {
    StartType.BOOT: "Boot",
    StartType.SYSTEM: "System",
    StartType.AUTO: "Auto",
    StartType.DEMAND: "Manual",
    StartType.DISABLED: "Disabled",
}
_ANY = "0.0.0.0"  # noqa: S104 - a text that Windows shows, nothing is bound
_ERROR_WORDS = {0: "Ignore", 1: "Normal", 2: "Severe", 3: "Critical"}


@dataclass(slots=True)
class Row:
    """One instance before it is made: filters look here, and most instances are never made."""

    class_name: str
    key_name: str
    key: str
    items: list[tuple[str, Any]]
    refused: str = ""

    def make(self) -> CimInstance:
        return CimInstance(self.class_name, self.key_name, self.key, self.items, self.refused)

    def look(self, name: str) -> Any:
        """A property's value for a filter; KeyError where the class has none of that name."""
        for known, value in self.items:
            if known == name:  # nearly every filter is spelled as Windows spells it
                return value
        low = name.lower()
        for known, value in self.items:
            if known.lower() == low:
                return value
        if low in self.refused.lower().split():
            raise NotSimulated(f"a filter on {self.class_name}.{name}")
        raise KeyError(name)


def _computer(host: WindowsHost) -> str:
    return host.name.partition(".")[0].upper()


def services(host: WindowsHost) -> Iterator[Row]:
    for name in host.scm.names():
        yield service(host, name)


def service(host: WindowsHost, name: str) -> Row:
    """Win32_Service of one service."""
    with host.lock:
        c, s = host.scm.config(name), host.scm.query(name)
    items: list[tuple[str, Any]] = [
        ("Name", c.name),
        ("Status", "OK"),
        ("ExitCode", UInt32(s.win32_exit_code)),
        ("DesktopInteract", bool(c.service_type & INTERACTIVE)),
        ("ErrorControl", _ERROR_WORDS[c.error_control]),
        ("PathName", c.image_path),
        ("ServiceType", "Share Process" if c.service_type & SHARE_PROCESS else "Own Process"),
        ("StartMode", START_WORDS[c.start]),
        ("Caption", c.display_name),
        ("Description", c.description or None),
        ("InstallDate", None),
        ("CreationClassName", "Win32_Service"),
        ("Started", s.state is not State.STOPPED),
        ("SystemCreationClassName", "Win32_ComputerSystem"),
        ("SystemName", _computer(host)),
        ("AcceptPause", bool(s.accepts & ACCEPT_PAUSE)),
        ("AcceptStop", bool(s.accepts & ACCEPT_STOP)),
        ("DisplayName", c.display_name),
        ("ServiceSpecificExitCode", UInt32(s.specific_exit_code)),
        ("StartName", c.account),
        ("State", STATE_WORDS[s.state]),
        ("TagId", UInt32(c.tag)),
        ("CheckPoint", UInt32(s.checkpoint)),
        ("ProcessId", UInt32(s.pid)),
        ("WaitHint", UInt32(s.wait_hint)),
    ]
    if host.os_build >= 14393:
        items.append(("DelayedAutoStart", c.delayed))
    return Row("Win32_Service", "Name", c.name, items)


def processes(host: WindowsHost) -> Iterator[Row]:
    for p in host.processes.all():
        items: list[tuple[str, Any]] = [
            ("Caption", p.name),
            ("Description", p.name),
            ("InstallDate", None),
            ("Name", p.name),
            ("Status", None),
            ("CreationClassName", "Win32_Process"),
            ("CreationDate", local_time(host, p.created)),
            ("CSCreationClassName", "Win32_ComputerSystem"),
            ("CSName", _computer(host)),
            ("ExecutionState", None),
            ("Handle", str(p.pid)),
            ("OSCreationClassName", "Win32_OperatingSystem"),
            ("TerminationDate", None),
            ("WorkingSetSize", UInt64(p.working_set)),
            ("CommandLine", p.command_line or None),
            ("ExecutablePath", p.image_path if "\\" in p.image_path else None),
            ("ParentProcessId", UInt32(p.parent_pid)),
            ("ProcessId", UInt32(p.pid)),
            ("SessionId", UInt32(0)),
            ("WindowsVersion", host.os_version),
        ]
        yield Row(
            "Win32_Process",
            "Handle",
            str(p.pid),
            items,
            "KernelModeTime OSName UserModeTime HandleCount MaximumWorkingSetSize MinimumWorkingSetSize "
            "OtherOperationCount OtherTransferCount PageFaults PageFileUsage PeakPageFileUsage PeakVirtualSize "
            "PeakWorkingSetSize Priority PrivatePageCount QuotaNonPagedPoolUsage QuotaPagedPoolUsage "
            "QuotaPeakNonPagedPoolUsage QuotaPeakPagedPoolUsage ReadOperationCount ReadTransferCount ThreadCount "
            "VirtualSize WriteOperationCount WriteTransferCount ProcessName Handles VM WS Path",
        )


def operating_system(host: WindowsHost) -> Iterator[Row]:
    memory = 8 * 1024 * 1024
    boot = local_time(host, host.clock.boot_time)
    items: list[tuple[str, Any]] = [
        ("Caption", host.os_caption),
        ("Description", ""),
        ("InstallDate", local_time(host, host.clock.boot_time - timedelta(days=200))),
        ("Name", f"{host.os_caption}|C:\\Windows|\\Device\\Harddisk0\\Partition2"),
        ("Status", "OK"),
        ("CreationClassName", "Win32_OperatingSystem"),
        ("CSCreationClassName", "Win32_ComputerSystem"),
        ("CSName", _computer(host)),
        ("CurrentTimeZone", int(host.clock.utc_offset.total_seconds() // 60)),
        ("FreePhysicalMemory", UInt64(memory // 2)),
        ("LastBootUpTime", boot),
        ("LocalDateTime", local_time(host, host.clock.now())),
        ("NumberOfProcesses", UInt32(len(host.processes.all()))),
        ("OSType", UInt16(18)),
        ("TotalVisibleMemorySize", UInt64(memory)),
        ("Version", host.os_version),
        ("BuildNumber", str(host.os_build)),
        ("BuildType", "Multiprocessor Free"),
        ("Manufacturer", "Microsoft Corporation"),
        ("OSArchitecture", "64-bit"),
        ("OperatingSystemSKU", UInt32(7)),
        ("ProductType", UInt32(3)),
        ("SystemDirectory", "C:\\Windows\\system32"),
        ("SystemDrive", "C:"),
        ("WindowsDirectory", "C:\\Windows"),
    ]
    yield Row(
        "Win32_OperatingSystem",
        "Name",
        items[3][1],
        items,
        "Distributed FreeSpaceInPagingFiles FreeVirtualMemory MaxNumberOfProcesses MaxProcessMemorySize "
        "NumberOfLicensedUsers NumberOfUsers OtherTypeDescription SizeStoredInPagingFiles TotalSwapSpaceSize "
        "TotalVirtualMemorySize BootDevice CodeSet CountryCode CSDVersion DataExecutionPrevention_32BitApplications "
        "DataExecutionPrevention_Available DataExecutionPrevention_Drivers DataExecutionPrevention_SupportPolicy Debug "
        "EncryptionLevel ForegroundApplicationBoost LargeSystemCache Locale MUILanguages OSLanguage OSProductSuite "
        "Organization PAEEnabled PlusProductID PlusVersionNumber PortableOperatingSystem Primary RegisteredUser "
        "SerialNumber ServicePackMajorVersion ServicePackMinorVersion SuiteMask SystemDevice",
    )


def logical_disks(host: WindowsHost) -> Iterator[Row]:
    for letter, drive in sorted(host.fs.drives.items()):
        name = f"{letter}:"
        serial = hashlib.sha256(f"{host.machine_guid}{letter}".encode()).hexdigest()[:8].upper()
        items: list[tuple[str, Any]] = [
            ("Caption", name),
            ("Description", "Local Fixed Disk"),
            ("InstallDate", None),
            ("Name", name),
            ("Status", None),
            ("CreationClassName", "Win32_LogicalDisk"),
            ("DeviceID", name),
            ("SystemCreationClassName", "Win32_ComputerSystem"),
            ("SystemName", _computer(host)),
            ("Access", UInt16(0)),
            ("BlockSize", None),
            ("FreeSpace", UInt64(drive.free)),
            ("Size", UInt64(drive.size)),
            ("Compressed", False),
            ("DriveType", UInt32(3)),
            ("FileSystem", "NTFS"),
            ("MaximumComponentLength", UInt32(255)),
            ("MediaType", UInt32(12)),
            ("ProviderName", None),
            ("VolumeName", drive.label),
            ("VolumeSerialNumber", serial),
        ]
        yield Row(
            "Win32_LogicalDisk",
            "DeviceID",
            name,
            items,
            "Availability ConfigManagerErrorCode ConfigManagerUserConfig ErrorCleared ErrorDescription "
            "ErrorMethodology LastErrorCode NumberOfBlocks PNPDeviceID PowerManagementCapabilities "
            "PowerManagementSupported Purpose QuotasDisabled QuotasIncomplete QuotasRebuilding StatusInfo "
            "SupportsDiskQuotas SupportsFileBasedCompression VolumeDirty",
        )


def computer_system(host: WindowsHost) -> Iterator[Row]:
    name = _computer(host)
    items: list[tuple[str, Any]] = [
        ("Caption", name),
        ("Description", "AT/AT COMPATIBLE"),
        ("Name", name),
        ("Status", "OK"),
        ("CreationClassName", "Win32_ComputerSystem"),
        ("DNSHostName", host.name.partition(".")[0]),
        ("Domain", "WORKGROUP"),
        ("DomainRole", UInt16(2)),
        ("Manufacturer", "Microsoft Corporation"),
        ("Model", "Virtual Machine"),
        ("NumberOfLogicalProcessors", UInt32(4)),
        ("NumberOfProcessors", UInt32(1)),
        ("PartOfDomain", False),
        ("SystemType", "x64-based PC"),
        ("TotalPhysicalMemory", UInt64(8 * 1024**3)),
        ("UserName", None),
        ("Workgroup", "WORKGROUP"),
    ]
    yield Row(
        "Win32_ComputerSystem",
        "Name",
        name,
        items,
        "AdminPasswordStatus AutomaticManagedPagefile AutomaticResetBootOption AutomaticResetCapability "
        "BootOptionOnLimit BootOptionOnWatchDog BootROMSupported BootStatus BootupState ChassisBootupState "
        "ChassisSKUNumber CurrentTimeZone DaylightInEffect EnableDaylightSavingsTime FrontPanelResetStatus "
        "HypervisorPresent InfraredSupported InitialLoadInfo InstallDate KeyboardPasswordStatus LastLoadInfo "
        "NameFormat NetworkServerModeEnabled OEMLogoBitmap OEMStringArray PauseAfterReset PCSystemType PCSystemTypeEx "
        "PowerManagementCapabilities PowerManagementSupported PowerOnPasswordStatus PowerState PowerSupplyState "
        "PrimaryOwnerContact PrimaryOwnerName ResetCapability ResetCount ResetLimit Roles SupportContactDescription "
        "SystemFamily SystemSKUNumber SystemStartupDelay SystemStartupOptions SystemStartupSetting ThermalState "
        "WakeUpType",
    )


CLASSES: dict[str, Callable[[WindowsHost], Iterator[Row]]] = {
    "win32_service": services,
    "win32_process": processes,
    "win32_operatingsystem": operating_system,
    "win32_logicaldisk": logical_disks,
    "win32_computersystem": computer_system,
}


def tcp_connections(host: WindowsHost) -> Iterator[Row]:
    """Only listeners: nothing here keeps connections that a script could ask for. 4 is System (http.sys)."""
    with host.lock:
        owners = {**dict.fromkeys(host.ports.values(), 4), **host.network.owners}
    for port, pid in sorted(owners.items()):
        key = f"0.0.0.0++{port}++0.0.0.0++0"
        items: list[tuple[str, Any]] = [
            ("InstanceID", key),
            ("LocalAddress", _ANY),
            ("LocalPort", UInt16(port)),
            ("OwningProcess", UInt32(pid)),
            ("RemoteAddress", _ANY),
            ("RemotePort", UInt16(0)),
            ("State", Byte(2)),
        ]
        refused = "Caption Description ElementName AppliedSetting CreationTime OffloadState AggregationBehavior"
        yield Row("MSFT_NetTCPConnection", "InstanceID", key, items, refused)


NAMESPACES: dict[str, dict[str, Callable[[WindowsHost], Iterator[Row]]]] = {
    "root/cimv2": CLASSES,
    "root/standardcimv2": {"msft_nettcpconnection": tcp_connections},
}
