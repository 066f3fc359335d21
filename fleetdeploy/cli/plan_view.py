"""A plan as text and data: what ``plan`` prints and what ``rollout`` and ``rollback`` show before they ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleetdeploy.cli.results import Block, Lines, Table

if TYPE_CHECKING:
    from fleetdeploy.model.plan import HostPlan, Plan


def plan_blocks(plan: Plan) -> tuple[Block, ...]:
    """Headline, batches, hosts, configuration changes, notes, problems, digest."""
    from fleetdeploy.app.planning import problem_lines
    from fleetdeploy.cli.output.wording import seconds_text

    verb = "roll back" if plan.kind == "back" else "roll out"
    changing = len(plan.changing)
    head = [
        f"{verb} {plan.app.app} {plan.version} on fleet {plan.fleet}: {changing} of {len(plan.hosts)} hosts change"
        + (f", at most {plan.max_unavailable} down at once" if changing else "")
    ]
    if plan.artifact:
        head.append(f"release {plan.release}, {plan.artifact.build.go_version or 'no Go build info'}")
    blocks: list[Block] = [Lines(head)]
    if plan.batches:
        rows = []
        for batch in plan.batches:
            then = "promotion by a person" if batch.promotion else ""
            bake = f"bake {seconds_text(batch.bake_s)}" if batch.bake_s else ""
            name = "canary" if batch.is_canary else str(batch.index + 1)
            rows.append((name, ", ".join(batch.hosts), ", ".join(filter(None, (bake, then))) or "-"))
        blocks.append(Table("", ("batch", "hosts", "then"), rows))
    blocks.append(Table("", ("host", "zone", "action", "from", "to", "bytes to send"), [_row(h) for h in plan.hosts]))
    blocks += [Lines(lines)] if (lines := _configuration(plan)) else []
    in_table = {f"{h.host} is left as it is: {h.why}" for h in plan.hosts}
    tail = [f"note: {note}" for note in plan.notes if note not in in_table]
    if plan.kind == "forward":
        tail += [f"freeze: {window}" for window in plan.freeze]
        tail += [f"note: no host is changed before {plan.permits.not_before}"] if plan.permits.not_before else []
    tail += [f"problem: {line}" for line in problem_lines(plan)]
    return (*blocks, Lines([*tail, f"plan {plan.digest}"]))


def plan_data(plan: Plan) -> dict[str, Any]:
    """Plain form of a plan, with its digest. For CI logs: names of an environment block, never its values."""
    from fleetdeploy.model.codec import to_plain
    from fleetdeploy.model.secret import MASK, looks_secret
    from fleetdeploy.plan.diff import masked_path

    data: dict[str, Any] = {"digest": plan.digest, **to_plain(plan)}
    app = data["app"]
    if app["environment"]:
        app["environment"] = [[name, MASK] for name, _ in app["environment"]]
    line = " ".join(app["arguments"])
    if masked_path(f"x.exe {line}") != f"x.exe {line}":
        app["arguments"] = [MASK]
    for host in data["hosts"]:
        if host["expected"]:
            host["expected"]["image_path"] = masked_path(host["expected"]["image_path"])
    for check in data["health"]["checks"]:
        if check.get("parameters"):
            check["parameters"] = [[n, MASK if looks_secret(n) else v] for n, v in check["parameters"]]
    return data


def _row(host: HostPlan) -> tuple[str, ...]:
    from fleetdeploy.cli.output.wording import size_text

    action = host.action.value + (f": {host.why}" if host.why else "")
    target = host.to_label if host.action.value == "change" else "-"
    size = size_text(host.bytes_to_send) if host.bytes_to_send else "-"
    return (host.host, host.zone or "-", action, host.from_label, target, size)


def _configuration(plan: Plan) -> list[str]:
    """Changes of configuration, hosts with the same ones together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for host in plan.hosts:
        lines = tuple(f"    {c.key}: {c.old or '(not set)'} -> {c.new or '(not set)'}" for c in host.changes)
        if lines and host.action.value == "change":
            groups.setdefault(lines, []).append(host.host)
    out: list[str] = []
    for lines, hosts in groups.items():
        out += [f"configuration of {', '.join(hosts)}:", *lines]
    return out
