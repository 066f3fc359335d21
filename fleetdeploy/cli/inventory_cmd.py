"""``fleetdeploy inventory list|show|check``: what the inventory says. No host is asked (that is ``doctor``)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fleetdeploy.cli import flags
from fleetdeploy.cli.frame import register
from fleetdeploy.cli.results import CommandResult, Lines, Table
from fleetdeploy.errors import ConfigError, ExitCode, FleetdeployError, UsageError

if TYPE_CHECKING:
    from fleetdeploy.model.host import Fleet, Host

group = typer.Typer(no_args_is_help=True, help="List, show and check inventories; no host is asked.")


def list_hosts(
    limit: flags.Limit = None,
    inventory: flags.Inventory = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """List the hosts of a fleet (with --limit: those that it leaves)."""
    from fleetdeploy.inventory import find_inventory, load_inventory, select

    fleet = load_inventory(find_inventory(project, inventory, os.environ))
    hosts = select(fleet, limit)
    rows = [
        (
            host.name,
            host.zone or "-",
            ", ".join(host.groups) or "-",
            ", ".join(f"{name}={value}" for name, value in host.labels.items()) or "-",
            f"{host.connection.transport}://{host.connection.address}:{host.connection.port}",
            f"{host.connection.auth} {host.connection.certificate or host.connection.user}".strip(),
        )
        for host in hosts
    ]
    of = f" of {len(fleet.hosts)}" if len(hosts) != len(fleet.hosts) else ""
    frozen = [str(window) for window in fleet.freeze]
    return CommandResult(
        data={
            "fleet": fleet.name,
            "file": fleet.source,
            "freeze": frozen,
            "hosts": [_host_data(host) for host in hosts],
        },
        blocks=(
            Lines([f"{fleet.name} ({fleet.source}): {len(hosts)}{of} hosts", *(f"freeze: {w}" for w in frozen)]),
            Table("", ("host", "zone", "groups", "labels", "address", "login"), rows),
        ),
    )


def show_host(
    host: Annotated[str, typer.Argument(help="name of the host")],
    inventory: flags.Inventory = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Show one host: every value and the line it comes from."""
    from fleetdeploy.documents import did_you_mean
    from fleetdeploy.inventory import find_inventory, read_inventory

    found = read_inventory(find_inventory(project, inventory, os.environ))
    try:
        name = found.fleet.host(host).name
    except KeyError:
        raise UsageError(
            f"fleet {found.fleet.name} has no host {host!r}", next_steps=did_you_mean(host, found.fleet.names())
        ) from None
    values = found.values[name]
    return CommandResult(
        data={
            "fleet": found.fleet.name,
            "host": name,
            "values": {value.key: {"value": value.shown, "from": value.source} for value in values},
        },
        blocks=(
            Lines([f"{name} in {found.fleet.name}"]),
            Table("", ("key", "value", "from"), [(value.key, value.shown, value.source) for value in values]),
        ),
    )


def check(
    secrets: Annotated[
        bool, typer.Option("--secrets", help="also read every secret that is named (runs its cmd:); shows none")
    ] = False,
    inventory: flags.Inventory = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Check inventories: the one named with -i, else all of the project."""
    from fleetdeploy.inventory import find_inventory, list_inventories, load_inventory

    files = list(list_inventories(project).values()) if inventory is None else []
    if len(files) < 2:
        files = [find_inventory(project, inventory, os.environ)]
    results: list[dict[str, Any]] = []
    lines: list[str] = []
    for file in files:
        problems: list[FleetdeployError] = []
        hosts = 0
        try:
            fleet = load_inventory(file)
            hosts = len(fleet.hosts)
            problems = _check_fleet(fleet, secrets)
        except ConfigError as error:
            problems = [error]
        results.append(
            {
                "file": str(file),
                "hosts": hosts,
                "problems": [{"what": str(problem), "next": list(problem.next_steps)} for problem in problems],
            }
        )
        lines.append(
            f"{file}: {'ok' if not problems else f'{len(problems)} wrong'}" + (f", {hosts} hosts" * bool(hosts))
        )
        for problem in problems:
            lines.append(f"  {problem}")
            lines += [f"    {step}" for step in problem.next_steps]
    wrong = any(result["problems"] for result in results)
    return CommandResult(
        data={"files": results},
        blocks=(Lines(lines),),
        exit_code=ExitCode.USAGE if wrong else ExitCode.OK,
    )


def _check_fleet(fleet: Fleet, secrets: bool) -> list[FleetdeployError]:
    """What a file can be wrong in that loading it does not show."""
    from fleetdeploy.inventory import resolve

    ca_files = dict.fromkeys(host.connection.ca_file for host in fleet.hosts)
    problems: list[FleetdeployError] = [
        UsageError(f"the CA file {name} does not exist")
        for name in ca_files
        if name is not None and not Path(name).is_file()
    ]
    if secrets:
        for ref in dict.fromkeys(host.connection.secret for host in fleet.hosts):
            if ref is None:
                continue
            try:
                resolve(ref, Path(fleet.source).resolve().parent)
            except UsageError as problem:
                problems.append(problem)
    return problems


def _host_data(host: Host) -> dict[str, Any]:
    """One host for ``--output json``; secrets are references and shown as such."""
    connection = host.connection
    return {
        "name": host.name,
        "zone": host.zone,
        "groups": list(host.groups),
        "labels": dict(host.labels),
        "connection": {
            "address": connection.address,
            "port": connection.port,
            "transport": connection.transport,
            "auth": connection.auth,
            "user": connection.user,
            "secret": str(connection.secret) if connection.secret else None,
            "certificate": connection.certificate,
        },
    }


register(group, "list", list_hosts)
register(group, "show", show_host)
register(group, "check", check)
