"""What a command works on: project, fleet, the hosts in scope, the app. Read once, before any host is asked.

A project directory is not needed for what must work from any machine (``status``, ``rollback``): then inventory and
login are enough, and the app is named with ``--app`` or found in the host's own index.
"""

from __future__ import annotations

import getpass
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fleetdeploy.errors import UsageError
from fleetdeploy.inventory import find_inventory, load_inventory, select
from fleetdeploy.model.host import Fleet, Host
from fleetdeploy.model.project import Project
from fleetdeploy.model.verbs import Actor, AppRef

PROJECT_FILE = "fleetdeploy.yml"


@dataclass(frozen=True, slots=True)
class Workspace:
    """``project`` is None outside a project directory; ``scope`` are the hosts that ``--limit`` left.

    ``ignored``: why there is a project file and it is not used, "" if that is not so.
    """

    directory: Path
    project: Project | None
    fleet: Fleet
    scope: tuple[Host, ...]
    app: AppRef
    ignored: str = ""

    def need_project(self) -> Project:
        """The project.

        Raises:
            UsageError: there is none here.
        """
        if self.project is None:
            raise UsageError(
                f"no {PROJECT_FILE} in {self.directory}",
                next_steps=("run it in the project directory, or name it with -C DIR", "fleetdeploy init makes one"),
            )
        return self.project

    def host(self, name: str) -> Host:
        """The host of that name.

        Raises:
            UsageError: the fleet has none.
        """
        try:
            return self.fleet.host(name)
        except KeyError:
            raise UsageError(
                f"fleet {self.fleet.name} has no host {name!r}", next_steps=("fleetdeploy inventory list",)
            ) from None


def load_workspace(
    directory: Path,
    *,
    inventory: str | None,
    limit: str | None = None,
    app: str = "",
    overrides: Mapping[str, str | int | float | bool | None] | None = None,
    env: Mapping[str, str] | None = None,
    lenient: bool = False,
) -> Workspace:
    """Reads what a command works on.

    Args:
        directory: project directory; may lack a project file.
        inventory: of ``-i``.
        limit: of ``--limit``.
        app: of ``--app``: which app, where there is no project file.
        overrides: options that win over the project file (names of ``settings.OVERRIDES``; None: not given).
        env: the process environment, its own by default.
        lenient: a project file that is wrong is left aside (``Workspace.ignored`` says why): what the hosts remember
            is enough to look and to go back.

    Raises:
        ConfigError, UsageError: a file or an option is wrong.
    """
    environment = os.environ if env is None else env
    project, ignored = None, ""
    if (directory / PROJECT_FILE).is_file():
        from fleetdeploy.settings import apply_overrides, load_project

        try:
            project = apply_overrides(load_project(directory), env=environment, options=overrides or {})
        except UsageError as problem:
            if not lenient:
                raise
            ignored = str(problem)
    fleet = load_inventory(find_inventory(directory, inventory, environment))
    if project is not None:
        if app and app != project.app.app:
            raise UsageError(f"--app {app} is not the app of this project ({project.app.app})")
        ref = AppRef(project.app.app, project.app.name, project.app.root)
    else:
        ref = AppRef(app, "", "")
    return Workspace(directory, project, fleet, select(fleet, limit), ref, ignored)


def current_actor(reason: str = "", env: Mapping[str, str] | None = None) -> Actor:
    """Who asks: the CI's user if there is one, else the login name."""
    environment = os.environ if env is None else env
    names = ("FLEETDEPLOY_ACTOR", "GITHUB_ACTOR", "GITLAB_USER_LOGIN")
    user = next((environment[name] for name in names if environment.get(name)), "") or _login_name()
    job = environment.get("CI_JOB_URL") or environment.get("BUILD_URL") or _github_job(environment)
    # A login in a job's URL is nobody's business on the hosts.
    job = re.sub(r"//[^/@]*@", "//", job)
    user, job, reason = (_whole(text) for text in (user, job, reason))
    return Actor(user=user, machine=socket.gethostname(), pid=os.getpid(), job_url=job, reason=reason)


def _whole(text: str) -> str:
    """An argument or a variable may hold bytes that are no text: neither a store nor a host takes those."""
    return text.encode("utf-8", "replace").decode()


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container's user without a name
        return f"uid-{os.getuid()}" if hasattr(os, "getuid") else "unknown"


def _github_job(env: Mapping[str, str]) -> str:
    parts = tuple(env.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"))
    return "{}/{}/actions/runs/{}".format(*parts) if all(parts) else ""
