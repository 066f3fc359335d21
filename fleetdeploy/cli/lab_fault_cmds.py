"""``fleetdeploy lab break|heal|events``: what goes wrong on the hosts of a running lab, and what has gone wrong.

Knows nothing of how a fault acts: ``lab/windows/fault_kinds.py`` is the table, ``lab/control.py`` reaches the lab.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fleetdeploy.cli import flags
from fleetdeploy.cli.frame import usage
from fleetdeploy.cli.lab_folder import DEFAULT_FOLDER, Folder, control
from fleetdeploy.cli.results import CommandResult, Lines, Table, message
from fleetdeploy.errors import UsageError


def break_host(
    host: Annotated[str, typer.Argument(help="name of a host, or a pattern: 'web*', '*' for all")] = "",
    kind: Annotated[str, typer.Argument(help="what goes wrong; --list shows what there is")] = "",
    fault: Annotated[str, typer.Option("--fault", help="the same as the second argument")] = "",
    show: Annotated[bool, typer.Option("--list", help="print the table of faults, with what each one takes")] = False,
    verb: Annotated[str, typer.Option("--verb", help="when: one of our scripts begins (activate, probe …)")] = "",
    step: Annotated[str, typer.Option("--step", help="when: the host comes to this point, such as 'stop Shop'")] = "",
    script: Annotated[str, typer.Option("--script", help="when: a script with this expression in it begins")] = "",
    pattern: Annotated[str, typer.Option("--pattern", help="only where this expression is found")] = "",
    after: Annotated[str, typer.Option("--after", help="not before a point with this expression")] = "",
    offset: Annotated[int, typer.Option("--offset", min=0, help="not before an upload has so many bytes")] = 0,
    skip: Annotated[int, typer.Option("--skip", min=0, help="let so many matching times pass first")] = 0,
    probability: Annotated[float, typer.Option("--probability", help="0 to 1: each time is one throw")] = 1.0,
    seed: Annotated[int, typer.Option("--seed", help="of the dice")] = 0,
    count: Annotated[int, typer.Option("--count", min=1, help="how often")] = 1,
    forever: Annotated[bool, typer.Option("--forever", help="until 'lab heal'")] = False,
    seconds: Annotated[float, typer.Option("--seconds", help="how long, or how late")] = 0.0,
    jitter: Annotated[float, typer.Option("--jitter", min=0, help="by how much the seconds of a slow link vary")] = 0.0,
    bandwidth: Annotated[int, typer.Option("--bandwidth", min=0, help="bytes a second of a slow link")] = 0,
    code: Annotated[str, typer.Option("--code", help="HTTP status; number or name of a WS-Management fault")] = "",
    form: Annotated[str, typer.Option("--form", help="of a WS-Management fault: wsman, wmi, provider")] = "",
    do: Annotated[str, typer.Option("--do", help="which of the kind's ways")] = "",
    service: Annotated[str, typer.Option("--service", help="which service, if there are several")] = "",
    path: Annotated[str, typer.Option("--path", help="which file")] = "",
    lab: Folder = DEFAULT_FOLDER,
    output: flags.Output = "text",
) -> CommandResult:
    """Let something go wrong on hosts of the running lab: now, or when the moment comes."""
    lab_control = control()
    if show:
        return _table()
    from fleetdeploy.lab.fault_orders import FaultError, conditions

    if not host or not (kind or fault) or (kind and fault and kind != fault):
        raise usage("say which host and what shall go wrong", "fleetdeploy lab break --list")
    wanted: dict[str, Any] = {
        "count": None if forever else count,
        "seconds": seconds,
        "skip": skip,
        "path": path,
        "probability": probability,
        "seed": seed,
        "offset": offset,
        "jitter": jitter,
        "bandwidth": bandwidth,
        "code": code,
        "form": form,
        "do": do,
        "service": service,
    }
    given = {name: value for name, value in wanted.items() if name == "count" or value}
    try:
        when = conditions(kind or fault, verb=verb, script=script, step=step, match=pattern, after=after)
    except FaultError as problem:
        raise UsageError(str(problem)) from None
    names = lab_control.break_host(lab, host, kind or fault, **given, **when)
    often = "until healed" if forever else "once" if count == 1 else f"{count} times"
    return message(f"{host}: {kind or fault}, {often}", hosts=names)


def heal(
    host: Annotated[str, typer.Argument(help="name or pattern of a host; all if left out")] = "",
    kind: Annotated[str, typer.Option("--kind", "--fault", help="only this fault")] = "",
    lab: Folder = DEFAULT_FOLDER,
    output: flags.Output = "text",
) -> CommandResult:
    """Take faults back. What a person did to a service, and what died of a fault, stays as it is."""
    control().heal(lab, "" if host == "*" else host, kind)
    return message(f"{host or 'all hosts'}: {kind or 'every fault'} healed")


def events(
    host: Annotated[str, typer.Argument(help="name or pattern of a host; all if left out")] = "",
    last: Annotated[int, typer.Option("--last", min=0, help="only so many, the newest; 0: all")] = 50,
    faults: Annotated[bool, typer.Option("--faults", help="only faults that fired, not the event logs")] = False,
    lab: Folder = DEFAULT_FOLDER,
    output: flags.Output = "text",
) -> CommandResult:
    """Show what has happened: faults that fired, when and on what, and the hosts' event logs."""
    rows = control().events(lab, host, last=0 if faults else last)
    if faults:
        rows = [row for row in rows if row["source"] == "fault"][-last:]
    if not rows:
        return CommandResult(data={"events": []}, blocks=(Lines(["nothing has happened"]),))
    shown = [(row["at"][11:23], row["host"], row["source"], row["what"], row["text"][:160]) for row in rows]
    columns = ("at (UTC)", "host", "source", "what", "text")
    return CommandResult(data={"events": rows}, blocks=(Table("", columns, shown),))


def _table() -> CommandResult:
    from fleetdeploy.lab.windows.fault_kinds import KINDS, OPTIONS, POINTS
    from fleetdeploy.lab.wsman.fault_table import FAULTS

    rows, data = [], []
    for kind, about in KINDS.items():
        own = ", ".join(f"do: {'|'.join(about.choices)}" if name == "do" else name for name in about.options)
        rows.append((kind.value, about.actor, about.what, own or "-", about.against or "-"))
        data.append(
            {
                "fault": kind.value,
                "actor": about.actor,
                "what": about.what,
                "options": list(about.options),
                "conditions": list(about.conditions),
                "do": list(about.choices),
                "pattern": about.against,
            }
        )
    points = [(name, what) for name, what in POINTS.items()]
    options = [(name, what) for name, (_, what) in OPTIONS.items()]
    faults = [(name, str(row.code), row.form) for name, row in FAULTS.items()]
    blocks = (
        Table("faults", ("fault", "acts", "what goes wrong", "options", "a pattern is held against"), rows),
        Table("points of a host (--step)", ("point", "when"), points),
        Table("options", ("option", "what it says"), options),
        Table("faults of WS-Management (--code)", ("name", "number", "form"), faults),
    )
    return CommandResult(
        data={
            "faults": data,
            "points": dict(POINTS),
            "wsman_faults": [{"name": name, "code": row.code, "form": row.form} for name, row in FAULTS.items()],
        },
        blocks=blocks,
    )
