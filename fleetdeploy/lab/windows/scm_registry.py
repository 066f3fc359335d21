"""The service control manager's configuration as registry values, written through and read back at boot.

``HKLM\\SYSTEM\\CurrentControlSet\\Services\\<name>``. While the machine runs, the SCM trusts its own copy: a value that
somebody else writes here has no effect before the next boot, but for ``Environment``, which is read at each start.
"""

from __future__ import annotations

import struct

from .registry import Registry, RegValue
from .service import Action, FailureActions, ServiceConfig, StartType

SERVICES = "HKLM\\SYSTEM\\CurrentControlSet\\Services"
CONTROL = "HKLM\\SYSTEM\\CurrentControlSet\\Control"


def key_of(name: str) -> str:
    return f"{SERVICES}\\{name}"


def pack_failure(failure: FailureActions) -> bytes:
    """The REG_BINARY ``FailureActions``: the structure with 32-bit pointers, then the actions."""
    head = struct.pack(
        "<IIIII",
        failure.reset_seconds,
        int(bool(failure.reboot_message)),
        int(bool(failure.command)),
        len(failure.actions),
        20,
    )
    return head + b"".join(struct.pack("<II", int(kind), delay) for kind, delay in failure.actions)


def unpack_failure(data: bytes, *, reboot_message: str = "", command: str = "") -> FailureActions | None:
    if len(data) < 20:
        return None
    reset, _, _, count, _ = struct.unpack_from("<IIIII", data)
    if len(data) < 20 + 8 * count:
        return None
    pairs = [struct.unpack_from("<II", data, 20 + 8 * i) for i in range(count)]
    try:
        return FailureActions(reset, tuple((Action(k), d) for k, d in pairs), reboot_message, command)
    except ValueError:
        return None


def write(registry: Registry, c: ServiceConfig) -> None:
    """Write a configuration through; leaves alone what is not its own (Environment, Parameters)."""
    key = key_of(c.name)
    registry.create(key)

    def put(name: str, kind: str, data: str | int | bytes | tuple[str, ...], *, when: bool = True) -> None:
        if when:
            registry.set(key, name, kind, data)
        elif registry.get(key, name) is not None:
            registry.delete_value(key, name)

    put("Type", "DWord", c.service_type)
    put("Start", "DWord", int(c.start))
    put("ErrorControl", "DWord", c.error_control)
    put("ImagePath", "ExpandString", c.image_path)
    put("DisplayName", "String", c.display_name)
    put("ObjectName", "String", c.account)
    put("DependOnService", "MultiString", c.dependencies, when=bool(c.dependencies))
    put("Group", "String", c.load_order_group, when=bool(c.load_order_group))
    put("Description", "String", c.description, when=bool(c.description))
    put(
        "DelayedAutostart", "DWord", int(c.delayed), when=c.delayed or registry.get(key, "DelayedAutostart") is not None
    )
    failure = c.failure
    put("FailureActions", "Binary", pack_failure(failure) if failure else b"", when=failure is not None)
    put(
        "RebootMessage",
        "String",
        failure.reboot_message if failure else "",
        when=bool(failure and failure.reboot_message),
    )
    put("FailureCommand", "String", failure.command if failure else "", when=bool(failure and failure.command))
    flag_known = registry.get(key, "FailureActionsOnNonCrashFailures") is not None
    put("FailureActionsOnNonCrashFailures", "DWord", int(c.failure_flag), when=c.failure_flag or flag_known)
    put("PreshutdownTimeout", "DWord", c.preshutdown_ms or 0, when=c.preshutdown_ms is not None)


def read(registry: Registry, name: str, old: ServiceConfig | None) -> ServiceConfig | None:
    """The configuration that the SCM builds at boot; None where the key describes no service."""
    key = key_of(name)

    def data(value: str) -> object:
        found: RegValue | None = registry.get(key, value)
        return found.data if found is not None else None

    image, start, kind = data("ImagePath"), data("Start"), data("Type")
    if not isinstance(image, str) or not isinstance(start, int) or not isinstance(kind, int) or not 0 <= start <= 4:
        return None
    failure = data("FailureActions")
    preshutdown = data("PreshutdownTimeout")
    depends = data("DependOnService")
    error_control = data("ErrorControl")
    return ServiceConfig(
        name=name,
        image_path=image,
        display_name=str(data("DisplayName") or name),
        start=StartType(start),
        delayed=bool(data("DelayedAutostart")),
        account=str(data("ObjectName") or "LocalSystem"),
        password=old.password if old else None,
        service_type=kind,
        error_control=error_control if isinstance(error_control, int) else 1,
        dependencies=depends if isinstance(depends, tuple) else (),
        load_order_group=str(data("Group") or ""),
        description=str(data("Description") or ""),
        failure=unpack_failure(
            failure, reboot_message=str(data("RebootMessage") or ""), command=str(data("FailureCommand") or "")
        )
        if isinstance(failure, bytes)
        else None,
        failure_flag=bool(data("FailureActionsOnNonCrashFailures")),
        preshutdown_ms=preshutdown if isinstance(preshutdown, int) else None,
        sddl=old.sddl if old else ServiceConfig("", "").sddl,
    )


def environment(registry: Registry, name: str) -> dict[str, str]:
    """The service's own environment block, read at each start of its process."""
    value = registry.get(key_of(name), "Environment")
    pairs = value.data if value is not None and isinstance(value.data, tuple) else ()
    return dict(p.split("=", 1) for p in pairs if "=" in p)
