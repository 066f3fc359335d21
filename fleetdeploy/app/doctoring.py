"""Doctor for a fleet: every host layer by layer, in parallel, each credential on one host first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from fleetdeploy.app.apps import NO_APP
from fleetdeploy.app.connect import Vault
from fleetdeploy.app.workspace import Workspace
from fleetdeploy.hosts.doctor import Finding, diagnose
from fleetdeploy.model.host import Host
from fleetdeploy.model.secret import Secret, SecretRef

PARALLEL = 32


_TYPED = SecretRef("typed", "by a person")


@dataclass(frozen=True, slots=True)
class Credential:
    """What a person typed to be used instead of the inventory's; ``password`` None: the inventory's stays."""

    user: str
    password: Secret | None = None


def examine(
    workspace: Workspace, *, credential: Credential | None = None, tick: Callable[[], None]
) -> dict[str, tuple[Finding, ...]]:
    """Findings of each host in scope, lowest layer first.

    A refused login is not tried on another host with the same credential (design.md section 5, Login).
    """
    app = workspace.app if workspace.app.app else NO_APP
    vault = Vault(Path(workspace.fleet.source).parent)
    if credential is not None:
        workspace = replace(workspace, scope=tuple(_as(host, credential) for host in workspace.scope))
        if credential.password is not None:
            vault.put(_TYPED, credential.password)
    groups: dict[tuple[str, str], list[Host]] = {}
    for host in workspace.scope:
        vault.get(host.connection.secret)
        groups.setdefault(host.connection.credential_key, []).append(host)

    def ask(host: Host) -> tuple[Finding, ...]:
        return diagnose(host.name, host.connection, vault.get(host.connection.secret), app)

    def ask_group(hosts: Sequence[Host]) -> dict[str, tuple[Finding, ...]]:
        found: dict[str, tuple[Finding, ...]] = {}
        for index, host in enumerate(hosts):
            found[host.name] = ask(host)
            if _login_refused(found[host.name]):
                why = f"not tried: refused on {host.name}, and one attempt must not become a lock-out"
                return found | {rest.name: (Finding("login", None, why),) for rest in hosts[index + 1 :]}
            if _logged_in(found[host.name]):
                rest = hosts[index + 1 :]
                with ThreadPoolExecutor(max_workers=PARALLEL) as pool:
                    return found | dict(zip((h.name for h in rest), pool.map(ask, rest), strict=True))
        return found

    findings: dict[str, tuple[Finding, ...]] = {}
    for hosts in groups.values():
        findings |= ask_group(hosts)
        tick()
    return {host.name: findings[host.name] for host in workspace.scope}


def _as(host: Host, credential: Credential) -> Host:
    connection = replace(host.connection, user=credential.user or host.connection.user)
    if credential.password is not None:
        # A typed password is for an account, also where the inventory logs in with a certificate.
        auth = "negotiate" if connection.auth == "certificate" else connection.auth
        connection = replace(connection, secret=_TYPED, auth=auth, certificate=None, certificate_key=None)
    return replace(host, connection=connection)


def _login_refused(findings: Sequence[Finding]) -> bool:
    return any(f.refused for f in findings)


def _logged_in(findings: Sequence[Finding]) -> bool:
    return any(f.layer == "psrp" and f.ok for f in findings)
