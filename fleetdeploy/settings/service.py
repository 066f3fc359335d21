"""The ``app`` section: one Windows service. What is not named stays None and is left alone on the hosts.

Refuses here, with the reason, what would only fail on a host: names that the SCM does not take, a reboot as recovery,
an account whose password nobody can give.
"""

from __future__ import annotations

import re
from typing import Literal, get_args

from fleetdeploy.documents import Section, Value, parse_duration
from fleetdeploy.model.secret import SecretRef
from fleetdeploy.model.service import Recovery, ServiceSpec, StartType
from fleetdeploy.model.version import is_safe_component

_START_TYPES: tuple[StartType, ...] = get_args(StartType)
_SERVICE_NAME = re.compile(r"[^/\\\"\x00-\x1f]{1,256}")
_WINDOWS_PATH = re.compile(r"[A-Za-z]:\\(?:[^<>:\"/\\|?*\x00-\x1f]+\\?)*")
_RELATIVE_PATH = re.compile(r"[^<>:\"/\\|?*\x00-\x1f]+(?:\\[^<>:\"/\\|?*\x00-\x1f]+)*")
_BUILT_IN = ("localsystem", "nt authority\\", "nt service\\")
_ACTION = re.compile(r"(?P<kind>[a-z]+)(?:\s+(?P<delay>\S+))?")
_WHY_NO_UNC = (
    "a WinRM session cannot log in to a second machine with your identity (the double hop), so a share is refused",
)


def read_app(section: Section, retention: int, logs: tuple[str, ...] = ()) -> ServiceSpec:
    """The service. ``retention`` and ``logs`` stand at the top of the file and travel with the service."""
    app_value = section.need("name", "write  name: shop  (also the folder under root)")
    app = app_value.text()
    if not is_safe_component(app):
        raise app_value.error(f"{app!r} cannot be a folder name on a host (letters, digits, . _ + -; at most 63)")
    service_value = section.get("service")
    service = read_service_name(service_value) if service_value else app
    exe = section.need("exe", "write  exe: shop.exe")
    root = read_root(section.need("root", r"write  root: C:\Apps"))
    folder = section.get("working_directory")
    start_type = section.get("start_type")
    spec = ServiceSpec(
        app=app,
        name=service,
        exe=_read_exe(exe),
        root=root,
        display_name=_short_text(section.get("display_name"), 256),
        description=_short_text(section.get("description"), 1024),
        arguments=_read_arguments(section.get("arguments")),
        environment=_read_environment(section.get("environment")),
        start_type=_read_start_type(start_type) if start_type else None,
        account=_short_text(section.get("account"), 256),
        account_password=_read_password(section),
        recovery=_read_recovery(section.get("recovery")),
        dependencies=_read_dependencies(section.get("dependencies"), service),
        working_directory=_read_folder(folder, root, app) if folder else None,
        start_timeout_s=value.duration(1, 3600) if (value := section.get("start_timeout")) else 30.0,
        stop_timeout_s=value.duration(1, 3600) if (value := section.get("stop_timeout")) else 30.0,
        retention=retention,
        logs=logs,
    )
    section.done()
    return spec


def read_service_name(value: Value) -> str:
    """A name the SCM takes: at most 256 characters, no ``/``, ``\\`` or quote, no blank at an end."""
    name = value.text("a service name")
    if not _SERVICE_NAME.fullmatch(name) or name != name.strip():
        raise value.error(f"{name!r} is no service name: at most 256 characters, no / \\ or quote, no blank at an end")
    return name


def read_root(value: Value) -> str:
    """An absolute Windows folder without ``..`` and without a backslash at its end."""
    root = value.text("a Windows folder").replace("/", "\\")
    if root.startswith("\\\\"):
        raise value.error(f"{root} is a network path", why=_WHY_NO_UNC, next_steps=(r"write a local folder: C:\Apps",))
    if not _WINDOWS_PATH.fullmatch(root) or any(part in (".", "..") for part in root.split("\\")):
        raise value.error(f"{root!r} is no absolute Windows folder", next_steps=(r"write  root: C:\Apps",))
    root = root.rstrip("\\")
    if len(root) < 4:
        raise value.error(f"{root}\\ is a whole drive: name a folder on it", next_steps=(r"write  root: C:\Apps",))
    if len(root) > 120:
        raise value.error("is longer than 120 characters: release folders below it would exceed 260")
    return root


def refuse_network_path(value: Value) -> str:
    """A text that is a path on this machine; network shares are refused with the reason."""
    text = value.text("a path")
    if text.startswith(("\\\\", "//")):
        raise value.error(
            f"{text} is a network path",
            why=_WHY_NO_UNC,
            next_steps=("fetch the files to a local folder first: fleetdeploy sends them itself",),
        )
    return text


def _read_exe(value: Value) -> str:
    exe = value.text("the file name of the exe")
    if not exe.lower().endswith(".exe") or not all(is_safe_component(part) for part in exe.split("/")):
        raise value.error(
            f"{exe!r} is no exe inside the artifact: write its file name (shop.exe), with / for a sub-folder"
        )
    return exe


def _read_start_type(value: Value) -> StartType:
    start_type = value.choice(_START_TYPES)
    if start_type == "disabled":
        raise value.error(
            "a disabled service cannot be started (error 1058), so no rollout of it could succeed",
            next_steps=("write auto, delayed-auto or demand, or leave the key out to keep what is there",),
        )
    return start_type


def _short_text(value: Value | None, limit: int) -> str | None:
    if value is None:
        return None
    text = value.text()
    if len(text) > limit or "\x00" in text or "\n" in text.strip():
        raise value.error(f"is longer than {limit} characters or has more than one line")
    return text.strip()


def _read_arguments(value: Value | None) -> tuple[str, ...]:
    if value is None:
        return ()
    arguments = tuple(item.text("an argument") for item in value.items())
    for item, text in zip(value.items(), arguments, strict=True):
        if "\x00" in text or "\n" in text:
            raise item.error("an argument cannot hold a line break")
    return arguments


def _read_environment(value: Value | None) -> tuple[tuple[str, str], ...] | None:
    if value is None:
        return None
    pairs: list[tuple[str, str]] = []
    for name, entry in value.section().entries():
        text = "" if entry.is_null else entry.text()
        if not name or "=" in name or "\x00" in name + text or "\n" in name + text:
            raise entry.error(f"{name!r} cannot be an environment variable (no = in the name, no line break)")
        pairs.append((name, text))
    return tuple(pairs)


def _read_password(section: Section) -> SecretRef | None:
    password = section.get("account_password")
    account = section.get("account")
    if password is None:
        return None
    try:
        ref = SecretRef.parse(password.text("a secret reference"))
    except ValueError as problem:
        raise password.error(str(problem)) from None
    if account is None:
        raise password.error("needs account: whose password is it?")
    name = account.text().lower()
    if name.startswith(_BUILT_IN) or name.endswith("$"):
        raise password.error(f"{account.text()} is a built-in, virtual or managed account: it has no password to give")
    return ref


def _read_recovery(value: Value | None) -> Recovery | None:
    if value is None:
        return None
    section = value.section()
    actions: list[tuple[Literal["restart", "none"], int]] = []
    listed = section.need("actions", "write  actions: [restart 5s, restart 30s, none]")
    for item in listed.items(or_one=True):
        text = item.text("an action").strip()
        found = _ACTION.fullmatch(text)
        kind = found["kind"] if found else ""
        if kind == "reboot":
            raise item.error(
                "a reboot as recovery is refused",
                why=("one crash loop in a canary would restart whole servers, one after the other",),
                next_steps=("write restart 5s, or none",),
            )
        if not found or kind not in ("restart", "none") or (kind == "none" and found["delay"]):
            raise item.error(f"{text!r} is no action: write restart DELAY (restart 5s) or none")
        if kind == "none":
            actions.append(("none", 0))
            continue
        try:
            delay = parse_duration(found["delay"] or "")
        except ValueError:
            raise item.error(f"{text!r} needs a delay: write restart 5s") from None
        if not 0.001 <= delay <= 3600:
            raise item.error("the delay of a restart is not within 1ms to 1h")
        actions.append(("restart", round(delay * 1000)))
    if not 1 <= len(actions) <= 16:
        raise listed.error("write 1 to 16 actions")
    reset = section.get("reset")
    flag = section.get("on_non_crash")
    section.done()
    return Recovery(
        reset_s=round(reset.duration(0, 365 * 86400.0)) if reset else 86400,
        actions=tuple(actions),
        on_non_crash=flag.boolean() if flag else False,
    )


def _read_dependencies(value: Value | None, service: str) -> tuple[str, ...] | None:
    if value is None:
        return None
    names: list[str] = []
    for item in value.items(or_one=True):
        name = read_service_name(item)
        if name.lower() == service.lower():
            raise item.error("a service cannot depend on itself (error 1059)")
        names.append(name)
    return tuple(names)


def _read_folder(value: Value, root: str, app: str) -> str:
    """Absolute, or below ``<root>\\<app>``."""
    text = value.text("a folder").replace("/", "\\").rstrip("\\")
    if re.match(r"[A-Za-z]:\\|\\\\", text):
        return read_root(value)
    if not _RELATIVE_PATH.fullmatch(text) or any(part in (".", "..") for part in text.split("\\")):
        raise value.error(f"{text!r} is no folder: write an absolute one or a name below {root}\\{app}")
    if text.split("\\")[0].lower() in ("releases", "state"):
        raise value.error(f"{text!r} lies in a folder that fleetdeploy keeps for itself (releases, state)")
    return f"{root}\\{app}\\{text}"
