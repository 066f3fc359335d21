"""``fleetdeploy lab up|down|status|artifact``: a simulated fleet on loopback, to try things out.

The lab runs in a process of its own (``lab/control.py``); its folder holds an inventory that any command can be
pointed at with ``-i``. Nothing here knows how the lab works. What can go wrong: ``lab_fault_cmds.py``.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from fleetdeploy.cli import flags
from fleetdeploy.cli.frame import register
from fleetdeploy.cli.lab_fault_cmds import break_host, events, heal
from fleetdeploy.cli.lab_folder import DEFAULT_FOLDER, Folder
from fleetdeploy.cli.lab_folder import control as _control
from fleetdeploy.cli.results import CommandResult, Lines, Table, message
from fleetdeploy.errors import UsageError

group = typer.Typer(no_args_is_help=True, help="A simulated fleet on loopback: start it, break it, heal it.")

INVENTORY_FILE = "inventory.yml"
_SIZE = re.compile(r"(\d{1,9})\s*(|k|kb|m|mb)", re.IGNORECASE)
_UNITS = {"": 1, "k": 1024, "kb": 1024, "m": 1024**2, "mb": 1024**2}
_SERVICE = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)=(?P<version>[A-Za-z0-9_.+-]+)")


def up(
    hosts: Annotated[int, typer.Option("--hosts", min=1, max=10_000, help="how many hosts")] = 12,
    zones: Annotated[int, typer.Option("--zones", min=1, max=50, help="over how many zones")] = 3,
    service: Annotated[
        list[str] | None,
        typer.Option("--service", help="a service made by hand that runs on every host: NAME=VERSION (shop=v1.4.0)"),
    ] = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="where the first --service listens")] = 8080,
    http: Annotated[bool, typer.Option("--http", help="every second host by sealed HTTP instead of HTTPS")] = False,
    faults: Annotated[Path | None, typer.Option("--faults", help="faults.yml: what shall go wrong, and when")] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option("--limit", help="a WinRM quota of every host, named as in WSMan:\\localhost: MaxShellsPerUser=5"),
    ] = None,
    lab: Folder = DEFAULT_FOLDER,
    output: flags.Output = "text",
) -> CommandResult:
    """Start a lab in the background; it listens on loopback only and ends with 'lab down'."""
    control = _control()
    services = [_service(text, port + index) for index, text in enumerate(service or [])]
    width = len(str(-(-hosts // zones)))
    names = [f"lab-z{index % zones + 1}-{index // zones + 1:0{width}}" for index in range(hosts)]
    limits = control.read_limits(limit or [])
    fleet = [{"name": name, "services": services, "limits": limits} for name in sorted(names)]
    orders = []
    if faults is not None:
        from fleetdeploy.cli.lab_faults_file import read_faults

        orders = read_faults(faults)
    state = control.up(lab, fleet, orders)
    inventory = lab / INVENTORY_FILE
    inventory.write_text(_inventory_text(state, http), encoding="utf-8")
    lines = [
        f"{len(state.hosts)} hosts run in process {state.pid}, reachable from this machine only",
        f"inventory: {inventory}",
        "next:",
        f"  fleetdeploy status -i {inventory}",
        "  fleetdeploy lab artifact v1.4.2   (in a project directory: fleetdeploy init)",
        f"  fleetdeploy lab down --lab {lab}",
    ]
    return CommandResult(
        data={"pid": state.pid, "inventory": str(inventory), "hosts": [host.name for host in state.hosts]},
        blocks=(Lines(lines),),
    )


def down(lab: Folder = DEFAULT_FOLDER, output: flags.Output = "text") -> CommandResult:
    """End the lab; its hosts and all that was deployed to them are gone."""
    _control().down(lab)
    return message(f"the lab of {lab} has ended")


def status(lab: Folder = DEFAULT_FOLDER, output: flags.Output = "text") -> CommandResult:
    """Show the lab's hosts: addresses, faults that wait, what was done to them, what was not simulated."""
    state = _control().status(lab)
    rows = [
        (
            host.name,
            f"{host.address} {host.port_http}/{host.port_https}",
            "down" if not host.up else "up" if host.reachable else "refuses",
            str(host.shells),
            "; ".join(host.waiting) or "-",
            " ".join(f"{kind}:{count}" for kind, count in sorted(host.effects.items())) or "-",
            "; ".join(host.not_simulated[:2]) or "-",
        )
        for host in state.hosts
    ]
    data = [
        {
            "name": host.name,
            "address": host.address,
            "port_http": host.port_http,
            "port_https": host.port_https,
            "up": host.up,
            "reachable": host.reachable,
            "shells": host.shells,
            "faults": list(host.faults),
            "waiting": list(host.waiting),
            "effects": dict(host.effects),
            "not_simulated": list(host.not_simulated),
            "limits": dict(host.limits),
        }
        for host in state.hosts
    ]
    columns = ("host", "address", "state", "shells", "faults", "effects", "not simulated")
    return CommandResult(
        data={"pid": state.pid, "user": state.user, "hosts": data},
        blocks=(Lines([f"process {state.pid}, account {state.user}", *_limits(state)]), Table("", columns, rows)),
    )


def _limits(state: Any) -> list[str]:
    """Which hosts have which limits, where they are not those of a fresh Windows."""
    told: dict[str, list[str]] = {}
    for host in state.hosts:
        if host.limits:
            told.setdefault(" ".join(f"{name}={value}" for name, value in host.limits.items()), []).append(host.name)
    return [
        f"limits: {text}" + ("" if len(names) == len(state.hosts) else f" ({', '.join(names)})")
        for text, names in told.items()
    ]


def artifact(
    version: Annotated[str, typer.Argument(help="its version, such as v1.4.2")],
    file: Annotated[
        Path | None, typer.Option("--file", help="where to; the project's artifacts.path if left out")
    ] = None,
    size: Annotated[str, typer.Option("--size", help="64k, 15M")] = "2M",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="what it does: unhealthy_after=4s, crash_loop=true, start_seconds=3, port=8080 …"),
    ] = None,
    go: Annotated[str, typer.Option("--go", help="Go version in its build info")] = "go1.22.4",
    arch: Annotated[str, typer.Option("--arch", help="amd64, arm64 or 386")] = "amd64",
    dirty: Annotated[bool, typer.Option("--dirty", help="as built from a modified work tree")] = False,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Make a program of the lab: a valid exe with Go build info that does what you say, and its .sha256."""
    from fleetdeploy.model.version import is_safe_component

    control = _control()
    if not is_safe_component(version):
        raise UsageError(f"{version!r} cannot be a version: it becomes a folder name on every host")
    if arch not in ("amd64", "arm64", "386"):
        raise UsageError(f"--arch {arch} is not one of amd64, arm64, 386")
    target = file or _project_path(project, version)
    build: dict[str, Any] = {"go_version": go, "goarch": arch}
    if dirty:
        build["settings"] = (("vcs", "git"), ("vcs.modified", "true"))
    behaviour = dict(_behaviour(text) for text in settings or [])
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        control.write_artifact(target, version, size=_bytes(size), build=build, **behaviour)
        digest = hashlib.sha256(target.read_bytes()).hexdigest()
        sums = target.with_name(target.name + ".sha256")
        sums.write_text(f"{digest}  {target.name}\n", encoding="ascii")
    except OSError as problem:
        raise UsageError(f"cannot write {problem.filename or target}: {problem.strerror}") from None
    return CommandResult(
        data={"file": str(target), "version": version, "sha256": digest, "size": target.stat().st_size},
        blocks=(Lines([f"wrote {target} ({target.stat().st_size} bytes) and {sums.name}"]),),
    )


def _project_path(project: Path, version: str) -> Path:
    from fleetdeploy.settings import load_project

    path = Path(load_project(project).artifacts.path.replace("{version}", version)).expanduser()
    return project / path


def _service(text: str, port: int) -> dict[str, Any]:
    found = _SERVICE.fullmatch(text)
    if not found:
        raise UsageError(f"--service {text!r}: write NAME=VERSION, such as shop=v1.4.0")
    name = found["name"]
    return {
        "name": name,
        "exe": rf"C:\Program Files\{name.title()}\{name}.exe",
        "arguments": f"--port {port}",
        "display_name": name.title(),
        "version": found["version"],
        "behaviour": {"port": port},
        "running": True,
    }


def _behaviour(text: str) -> tuple[str, Any]:
    """``unhealthy_after=4s`` → seconds; ``true`` and ``false``; whole numbers; else text."""
    from fleetdeploy.documents import parse_duration

    name, separator, value = text.partition("=")
    if not separator or not name.isidentifier() or name in ("version", "size", "build"):
        raise UsageError(f"--set {text!r}: write NAME=VALUE, such as unhealthy_after=4s")
    if value in ("true", "false"):
        return name, value == "true"
    if value.isascii() and value.isdigit():
        return name, int(value)
    if re.match(r"[0-9]", value):
        try:
            return name, parse_duration(value)
        except ValueError as problem:
            raise UsageError(f"--set {name}: {problem}") from None
    return name, value


def _bytes(text: str) -> int:
    found = _SIZE.fullmatch(text.strip())
    count = int(found[1]) * _UNITS[found[2].lower()] if found else 0
    if not 1 <= count <= 1024**3:
        raise UsageError(f"--size {text!r}: write bytes, 64k or 15M (1 GB at most)")
    return count


def _inventory_text(state: Any, http: bool) -> str:
    """The lab as an inventory; paths are relative to it, the password stays in its own file."""
    lines = [
        "# The fleet of a running lab, written by `fleetdeploy lab up`.",
        "fleet: lab",
        "defaults:",
        "  connection:",
        "    auth: ntlm",
        f"    user: {state.user}",
        f"    secret: file:{state.password_file.name}",
        f"    ca_file: {state.ca_file.name}",
        "hosts:",
    ]
    for index, host in enumerate(state.hosts):
        plain = http and index % 2 == 1
        port = host.port_http if plain else host.port_https
        where = f"address: {host.address}, port: {port}, transport: {'http' if plain else 'https'}"
        lines.append(f"  {host.name}: {{zone: {host.name.split('-')[1]}, connection: {{{where}}}}}")
    return "\n".join(lines) + "\n"


register(group, "up", up)
register(group, "down", down)
register(group, "status", status)
register(group, "break", break_host)
register(group, "heal", heal)
register(group, "events", events)
register(group, "artifact", artifact)
