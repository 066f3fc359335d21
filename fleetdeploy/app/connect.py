"""Makes the verbs of real hosts: resolves each credential once, opens nothing before the first verb is asked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from fleetdeploy.app.warm import warmed
from fleetdeploy.app.workspace import Workspace
from fleetdeploy.errors import LoginRefused, UsageError
from fleetdeploy.hosts.identify import Line
from fleetdeploy.hosts.psrp import PsrpSession
from fleetdeploy.hosts.scripts import ScriptLibrary, shared_library
from fleetdeploy.hosts.session import Session
from fleetdeploy.hosts.verbs import HostVerbs
from fleetdeploy.inventory import resolve
from fleetdeploy.model.host import Host
from fleetdeploy.model.secret import Secret, SecretRef


class Vault:
    """Secrets of this process, each read once: a prompt or a slow command must not run once per host."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._lock = threading.Lock()
        self._known: dict[SecretRef, Secret] = {}

    def put(self, ref: SecretRef, secret: Secret) -> None:
        """A secret that a person typed: it is nowhere else."""
        with self._lock:
            self._known[ref] = secret

    def get(self, ref: SecretRef | None) -> Secret | None:
        """The secret, or None for no reference.

        Raises:
            UsageError: it cannot be read.
        """
        if ref is None:
            return None
        with self._lock:
            if ref not in self._known:
                self._known[ref] = resolve(ref, self._base)
            return self._known[ref]


def script_library(workspace: Workspace) -> ScriptLibrary:
    """The project's own templates over the shipped ones, if it has any."""
    folder = workspace.directory / "templates"
    return ScriptLibrary(folder) if (folder / "powershell").is_dir() else shared_library()


def connector(workspace: Workspace, *, looking: bool = False, strict: bool = True) -> Callable[[Host], HostVerbs]:
    """A function that makes the verbs of a host; called in the host's worker thread.

    Args:
        workspace: whose scope may be asked.
        looking: whoever only looks leaves its session to the conductor that comes next, if there is one (``warm.py``).
        strict: false for what must work from any machine: a secret that is not here is then a refused login of its
            hosts (nothing is sent to them), as long as there is one host that can be asked.

    Raises:
        UsageError: a secret of a host in scope cannot be read. Raised here, before any host is asked.
    """
    vault = Vault(Path(workspace.fleet.source).parent)
    missing: dict[SecretRef | None, UsageError] = {}
    wanted = {host.connection.secret for host in workspace.scope}
    for ref in wanted:
        try:
            vault.get(ref)
        except UsageError as problem:
            missing[ref] = problem
            if strict or len(missing) == len(wanted):
                raise
    library = script_library(workspace)

    def connect(host: Host) -> HostVerbs:
        problem = missing.get(host.connection.secret)
        if problem is not None:
            raise LoginRefused(f"{host.name}: not asked: {problem.what}", host=host.name, next_steps=problem.next_steps)
        secret, line = vault.get(host.connection.secret), Line()

        def session() -> Session:
            return warmed(host, lambda: PsrpSession(host.name, host.connection, secret, line=line), looking=looking)

        return HostVerbs(host.name, session, workspace.app, library=library)

    return connect
