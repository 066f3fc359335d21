"""sc.exe over the simulated service control manager: its options, its texts, its exit codes.

Decides how arguments are read (``name=`` and value are two arguments) and what is printed. A wrong use, where the real
program prints its help, and sub-commands that are not here are refused. Look next: ``windows/scm.py``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.runtime.native import NativeContext, NativeResult, native
from fleetdeploy.lab.windows.errors import Win32Error
from fleetdeploy.lab.windows.host import WindowsHost
from fleetdeploy.lab.windows.service import (
    ACCEPT_PAUSE,
    ACCEPT_PRESHUTDOWN,
    ACCEPT_SHUTDOWN,
    ACCEPT_STOP,
    INFINITE,
    INTERACTIVE,
    OWN_PROCESS,
    SHARE_PROCESS,
    Action,
    FailureActions,
    ServiceConfig,
    ServiceStatus,
    StartType,
    State,
)

_TYPES = {"own": OWN_PROCESS, "share": SHARE_PROCESS}
_STARTS = {
    "boot": StartType.BOOT,
    "system": StartType.SYSTEM,
    "auto": StartType.AUTO,
    "demand": StartType.DEMAND,
    "disabled": StartType.DISABLED,
    "delayed-auto": StartType.AUTO,
}
_ERRORS = {"ignore": 0, "normal": 1, "severe": 2, "critical": 3}
_START_NAMES = {0: "BOOT_START", 1: "SYSTEM_START", 2: "AUTO_START", 3: "DEMAND_START", 4: "DISABLED"}
_ERROR_NAMES = {0: "IGNORE", 1: "NORMAL", 2: "SEVERE", 3: "CRITICAL"}
_ACTIONS = {"": Action.NONE, "restart": Action.RESTART, "run": Action.RUN, "reboot": Action.REBOOT}
_ACTION_NAMES = {Action.RESTART: "RESTART", Action.RUN: "RUN PROCESS", Action.REBOOT: "REBOOT", Action.NONE: "NONE"}


class _Failed(Exception):
    """A call of sc.exe failed: which one, and why."""

    def __init__(self, call: str, error: Win32Error) -> None:
        super().__init__(call, error.code)
        self.call = call
        self.error = error


def run(ctx: NativeContext, argv: list[str]) -> tuple[int, list[str]]:
    """Exit code and lines of ``sc.exe ARGV``."""
    host = ctx.machine
    if not isinstance(host, WindowsHost):
        raise NotSimulated("sc.exe without a machine")
    if argv and argv[0].startswith("\\\\"):
        raise NotSimulated("sc.exe on another machine")
    verb = argv[0].lower() if argv else ""
    command = _COMMANDS.get(verb)
    if command is None or len(argv) < 2:
        raise NotSimulated(f"sc.exe {' '.join(argv[:2])}".strip())
    try:
        return 0, command(ctx, host, argv[1], argv[2:])
    except _Failed as failed:
        text = [f"[SC] {failed.call} FAILED {failed.error.code}:", "", f"{failed.error.message}.", ""]
        return failed.error.code, text


def _config(host: WindowsHost, name: str, call: str = "OpenService") -> ServiceConfig:
    try:
        return host.scm.config(name)
    except Win32Error as error:
        raise _Failed(call, error) from error


def _options(verb: str, words: list[str], allowed: tuple[str, ...]) -> dict[str, str]:
    """``name= value`` pairs; anything else makes the real program print its help."""
    found: dict[str, str] = {}
    if len(words) % 2:
        raise NotSimulated(f"sc.exe {verb} with a wrong use ({words[-1]})")
    for name, value in zip(words[::2], words[1::2], strict=True):
        key = name[:-1].lower() if name.endswith("=") else ""
        if key not in allowed:
            raise NotSimulated(f"sc.exe {verb} with the option {name}")
        found[key] = value
    return found


def _none(verb: str, words: list[str]) -> None:
    if words:
        raise NotSimulated(f"sc.exe {verb} with the option {words[0]}")


# ---- asking --------------------------------------------------------------------------------------------------------
def type_text(kind: int) -> str:
    names = "WIN32_SHARE_PROCESS" if kind & SHARE_PROCESS else "WIN32_OWN_PROCESS"
    return f"{kind:x}  {names}{' INTERACTIVE_PROCESS' if kind & INTERACTIVE else ''} "


def _status(s: ServiceStatus, name: str, *, extended: bool) -> list[str]:
    lines = ["", f"SERVICE_NAME: {name} "]
    lines.append(f"        TYPE               : {type_text(s.service_type)} ")
    lines.append(f"        STATE              : {int(s.state)}  {s.state.name} ")
    if s.state is not State.STOPPED:
        words = (
            "STOPPABLE" if s.accepts & ACCEPT_STOP else "NOT_STOPPABLE",
            "PAUSABLE" if s.accepts & ACCEPT_PAUSE else "NOT_PAUSABLE",
            "ACCEPTS_PRESHUTDOWN"
            if s.accepts & ACCEPT_PRESHUTDOWN
            else "ACCEPTS_SHUTDOWN"
            if s.accepts & ACCEPT_SHUTDOWN
            else "IGNORES_SHUTDOWN",
        )
        lines.append(f"                                ({', '.join(words)})")
    lines.append(f"        WIN32_EXIT_CODE    : {s.win32_exit_code}  (0x{s.win32_exit_code:x})")
    lines.append(f"        SERVICE_EXIT_CODE  : {s.specific_exit_code}  (0x{s.specific_exit_code:x})")
    lines.append(f"        CHECKPOINT         : 0x{s.checkpoint:x}")
    lines.append(f"        WAIT_HINT          : 0x{s.wait_hint:x}")
    if extended:
        lines += [f"        PID                : {s.pid}", "        FLAGS              : "]
    return lines


def _query(ctx: NativeContext, host: WindowsHost, name: str, words: list[str]) -> list[str]:
    return _any_query(host, "query", name, words, extended=False)


def _queryex(ctx: NativeContext, host: WindowsHost, name: str, words: list[str]) -> list[str]:
    return _any_query(host, "queryex", name, words, extended=True)


def _any_query(host: WindowsHost, verb: str, name: str, words: list[str], *, extended: bool) -> list[str]:
    if name.endswith("="):
        raise NotSimulated(f"sc.exe {verb} with the option {name}")
    _none(verb, words)
    config = _config(host, name, "EnumQueryServicesStatus:OpenService")
    return _status(host.scm.query(name), config.name if extended else name, extended=extended)


def _qc(ctx: NativeContext, host: WindowsHost, name: str, words: list[str]) -> list[str]:
    _none("qc", [w for w in words if not w.isdigit()])
    c = _config(host, name)
    depend = list(c.dependencies) or [""]
    return [
        "[SC] QueryServiceConfig SUCCESS",
        "",
        f"SERVICE_NAME: {name}",
        f"        TYPE               : {type_text(c.service_type)}",
        f"        START_TYPE         : {int(c.start)}   {_START_NAMES[c.start]}{'  (DELAYED)' if c.delayed else ''}",
        f"        ERROR_CONTROL      : {c.error_control}   {_ERROR_NAMES[c.error_control]}",
        f"        BINARY_PATH_NAME   : {c.image_path}",
        f"        LOAD_ORDER_GROUP   : {c.load_order_group}",
        f"        TAG                : {c.tag}",
        f"        DISPLAY_NAME       : {c.display_name}",
        f"        DEPENDENCIES       : {depend[0]}",
        *(f"                           : {d}" for d in depend[1:]),
        f"        SERVICE_START_NAME : {c.account}",
    ]


def _qfailure(ctx: NativeContext, host: WindowsHost, name: str, words: list[str]) -> list[str]:
    _none("qfailure", [w for w in words if not w.isdigit()])
    failure = _config(host, name).failure or FailureActions()
    reset = "INFINITE" if failure.reset_seconds == INFINITE else str(failure.reset_seconds)
    lines = [
        "[SC] QueryServiceConfig2 SUCCESS",
        "",
        f"SERVICE_NAME: {name}",
        f"        RESET_PERIOD (in seconds)    : {reset}",
        f"        REBOOT_MESSAGE               : {failure.reboot_message}",
        f"        COMMAND_LINE                 : {failure.command}",
    ]
    for number, (action, delay) in enumerate(failure.actions):
        head = "        FAILURE_ACTIONS              : " if number == 0 else " " * 39
        if action is Action.NONE:
            raise NotSimulated("the text of sc.exe qfailure for the action none")
        lines.append(f"{head}{_ACTION_NAMES[action]} -- Delay = {delay} milliseconds.")
    return lines


def _qfailureflag(ctx: NativeContext, host: WindowsHost, name: str, words: list[str]) -> list[str]:
    flag = _config(host, name).failure_flag
    return [
        "[SC] QueryServiceConfig2 SUCCESS",
        "",
        f"SERVICE_NAME: {name}",
        f"        FAILURE_ACTIONS_ON_NONCRASH_FAILURES: {'TRUE' if flag else 'FALSE'}",
    ]


def _qdescription(ctx: NativeContext, host: WindowsHost, name: str, words: list[str]) -> list[str]:
    text = _config(host, name).description
    return ["[SC] QueryServiceConfig2 SUCCESS", "", f"SERVICE_NAME: {name}", f"DESCRIPTION:  {text}"]


def _sdshow(ctx: NativeContext, host: WindowsHost, name: str, words: list[str]) -> list[str]:
    _none("sdshow", words)
    return ["", _config(host, name).sddl]


# ---- changing ------------------------------------------------------------------------------------------------------
_CONFIG_OPTIONS = ("type", "start", "error", "binpath", "group", "depend", "obj", "displayname", "password")


def _fields(verb: str, words: list[str]) -> dict[str, Any]:
    given = _options(verb, words, _CONFIG_OPTIONS)
    fields: dict[str, Any] = {}
    tables: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("type", "service_type", _TYPES),
        ("start", "start", _STARTS),
        ("error", "error_control", _ERRORS),
    )
    for option, field, table in tables:
        if option in given:
            word = given[option].lower()
            if word not in table:
                raise NotSimulated(f"sc.exe {verb} {option}= {word}")
            fields[field] = table[word]
    if "start" in given:
        fields["delayed"] = given["start"].lower() == "delayed-auto"
    for option, field in (("binpath", "image_path"), ("group", "load_order_group"), ("obj", "account")):
        if option in given:
            fields[field] = given[option]
    if "displayname" in given:
        fields["display_name"] = given["displayname"]
    if "password" in given:
        fields["password"] = given["password"] or None
    if "depend" in given:
        fields["dependencies"] = tuple(d for d in given["depend"].split("/") if d)
    return fields


def _config_command(ctx: NativeContext, host: WindowsHost, name: str, words: list[str]) -> list[str]:
    fields = _fields("config", words)
    _config(host, name)
    try:
        host.scm.change(name, **fields)
    except Win32Error as error:
        raise _Failed("ChangeServiceConfig", error) from error
    return ["[SC] ChangeServiceConfig SUCCESS"]


def _create(ctx: NativeContext, host: WindowsHost, name: str, words: list[str]) -> list[str]:
    fields = _fields("create", words)
    if "image_path" not in fields:
        raise NotSimulated("sc.exe create without binPath=")
    try:
        host.scm.create(ServiceConfig(name=name, **fields))
    except Win32Error as error:
        raise _Failed("CreateService", error) from error
    return ["[SC] CreateService SUCCESS"]


def _change2(host: WindowsHost, name: str, call: str = "ChangeServiceConfig2", **fields: Any) -> list[str]:
    _config(host, name)
    try:
        host.scm.change(name, **fields)
    except Win32Error as error:
        raise _Failed(call, error) from error
    return [f"[SC] {call} SUCCESS"]


def _failure(ctx: NativeContext, host: WindowsHost, name: str, words: list[str]) -> list[str]:
    given = _options("failure", words, ("reset", "actions", "reboot", "command"))
    if ("reset" in given) != ("actions" in given) or not given:
        raise NotSimulated("sc.exe failure needs reset= and actions= together")
    failure = _config(host, name).failure or FailureActions()
    if "actions" in given:
        actions = parse_actions(given["actions"])
        word = given["reset"].lower()
        reset = INFINITE if word == "infinite" else _number(word)
        # No actions at all: the SCM forgets the reset period too.
        failure = dataclasses.replace(failure, reset_seconds=reset if actions else 0, actions=actions)
    if "reboot" in given:
        failure = dataclasses.replace(failure, reboot_message=given["reboot"])
    if "command" in given:
        failure = dataclasses.replace(failure, command=given["command"])
    return _change2(host, name, failure=failure)


def _number(word: str) -> int:
    if not word.isdigit():
        raise NotSimulated(f"sc.exe with the number {word}")
    return int(word)


def parse_actions(text: str) -> tuple[tuple[Action, int], ...]:
    """``restart/5000/restart/30000``; an empty word is no action."""
    if not text:
        return ()
    words = text.split("/")
    if len(words) % 2:
        raise NotSimulated(f"sc.exe failure actions= {text}")
    actions = []
    for name, delay in zip(words[::2], words[1::2], strict=True):
        if name.lower() not in _ACTIONS:
            raise NotSimulated(f"sc.exe failure with the action {name}")
        actions.append((_ACTIONS[name.lower()], _number(delay)))
    return tuple(actions)


def _failureflag(ctx: NativeContext, host: WindowsHost, name: str, words: list[str]) -> list[str]:
    if len(words) != 1 or words[0] not in ("0", "1"):
        raise NotSimulated(f"sc.exe failureflag {' '.join(words)}")
    return _change2(host, name, failure_flag=words[0] == "1")


def _description(ctx: NativeContext, host: WindowsHost, name: str, words: list[str]) -> list[str]:
    if len(words) > 1:
        raise NotSimulated("sc.exe description with more than one word")
    return _change2(host, name, description=words[0] if words else "")


def _sdset(ctx: NativeContext, host: WindowsHost, name: str, words: list[str]) -> list[str]:
    if len(words) != 1 or not words[0].startswith(("D:", "O:", "G:")):
        raise NotSimulated("sc.exe sdset with a doubtful descriptor")
    return _change2(host, name, "SetServiceObjectSecurity", sddl=words[0])


def _delete(ctx: NativeContext, host: WindowsHost, name: str, words: list[str]) -> list[str]:
    _none("delete", words)
    _config(host, name)
    try:
        host.scm.delete(name)
    except Win32Error as error:
        raise _Failed("DeleteService", error) from error
    return ["[SC] DeleteService SUCCESS"]


def _start(ctx: NativeContext, host: WindowsHost, name: str, words: list[str]) -> list[str]:
    _config(host, name)
    try:
        pending = host.scm.begin_start(name, tuple(words))
        while not pending.done.is_set():
            if not host.up:
                raise Win32Error(1115)
            ctx.sleep(0.02)
        if pending.error is not None:
            raise Win32Error(pending.error)
    except Win32Error as error:
        raise _Failed("StartService", error) from error
    return _status(host.scm.query(name), name, extended=True)


def _stop(ctx: NativeContext, host: WindowsHost, name: str, words: list[str]) -> list[str]:
    _none("stop", words)
    return _control(host, name, host.scm.stop)


def _interrogate(ctx: NativeContext, host: WindowsHost, name: str, words: list[str]) -> list[str]:
    _none("interrogate", words)
    return _control(host, name, host.scm.interrogate)


def _control(host: WindowsHost, name: str, call: Callable[[str], ServiceStatus]) -> list[str]:
    _config(host, name)
    try:
        return _status(call(name), name, extended=False)
    except Win32Error as error:
        raise _Failed("ControlService", error) from error


_COMMANDS: dict[str, Callable[[NativeContext, WindowsHost, str, list[str]], list[str]]] = {
    "query": _query,
    "queryex": _queryex,
    "qc": _qc,
    "qfailure": _qfailure,
    "qfailureflag": _qfailureflag,
    "qdescription": _qdescription,
    "sdshow": _sdshow,
    "config": _config_command,
    "create": _create,
    "failure": _failure,
    "failureflag": _failureflag,
    "description": _description,
    "sdset": _sdset,
    "delete": _delete,
    "start": _start,
    "stop": _stop,
    "interrogate": _interrogate,
}


@native("sc.exe")
def sc_exe(ctx: NativeContext, argv: list[str], stdin: list[str] | None) -> NativeResult:
    code, lines = run(ctx, argv)
    return NativeResult(code, lines)
