"""How a Windows service is to be configured. ``None`` means: left alone (taken from what is there)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from fleetdeploy.model.secret import SecretRef

StartType = Literal["auto", "delayed-auto", "demand", "disabled"]


@dataclass(frozen=True, slots=True)
class Recovery:
    """Recovery actions: ``actions`` are (kind, delay in ms); ``reset_s`` in seconds; never ``reboot``."""

    reset_s: int
    actions: tuple[tuple[Literal["restart", "none"], int], ...]
    on_non_crash: bool = False


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """The app as one Windows service.

    Attributes:
        app: name of the app; also the folder under ``root``.
        name: service name (SCM key).
        exe: file name of the exe in the artifact.
        arguments: each is quoted by the CommandLineToArgvW rules when the ImagePath is built.
        environment: per-service block (REG_MULTI_SZ), None = left alone.
        root: absolute Windows folder on the host under which everything of the app lies.
        working_directory: folder that is made on the host; ``{workdir}`` in arguments and environment names it
            (the SCM starts every service in System32; there is no other way to set it for a native service).
        logs: the app's log files on the host: absolute, or with ``{workdir}`` or ``{root}``; the last part may be a
            pattern. Read for the evidence, never written.
        start_timeout_s, stop_timeout_s: seconds that the host waits before it puts back or kills.
    """

    app: str
    name: str
    exe: str
    root: str
    display_name: str | None = None
    description: str | None = None
    arguments: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] | None = None
    start_type: StartType | None = None
    account: str | None = None
    account_password: SecretRef | None = None
    recovery: Recovery | None = None
    dependencies: tuple[str, ...] | None = None
    working_directory: str | None = None
    start_timeout_s: float = 30.0
    stop_timeout_s: float = 30.0
    retention: int = 3
    logs: tuple[str, ...] = ()
    labels: tuple[str, ...] = field(default=())
