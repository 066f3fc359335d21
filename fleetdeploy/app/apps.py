"""Which app is meant where there is no project file: the hosts' own index says which apps fleetdeploy put there.

On-call has an inventory and a login, nothing else: one app in the fleet needs no name, several are listed, and a name
that no host knows is an error, never an empty answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from fleetdeploy.app.login import stop_at_login
from fleetdeploy.app.planning import Tick, look
from fleetdeploy.app.workspace import PROJECT_FILE, Workspace
from fleetdeploy.documents import did_you_mean
from fleetdeploy.errors import Unreachable, UsageError
from fleetdeploy.model.sight import Sight
from fleetdeploy.model.verbs import AppRef

NO_APP = AppRef("-", "", "")  # a host must be asked about some app; no app can have this name


def with_app(workspace: Workspace, *, tick: Tick = lambda: None) -> Workspace:
    """The workspace with its app named; asks the hosts only if neither a project nor ``--app`` does.

    Raises:
        UsageError: the hosts know several apps, or none.
        Unreachable: no host answers.
        LoginRefused: by all of them.
    """
    if workspace.app.app:
        return workspace
    sights = look(replace(workspace, scope=workspace.fleet.hosts, app=NO_APP), strict=False, tick=tick)
    stop_at_login(workspace.fleet.hosts, sights, only_if_all=True)
    known = known_apps(sights)
    if len(known) == 1:
        return replace(workspace, app=AppRef(known[0], "", ""))
    need_answer(workspace, sights)
    here = f"there is no {PROJECT_FILE} in {workspace.directory.resolve()}"
    if known:
        raise UsageError(
            f"which app? {here}, and the hosts know several: {', '.join(known)}",
            next_steps=tuple(f"--app {name}" for name in known),
        )
    raise UsageError(
        f"which app? {here}, and no host that answers knows one",
        next_steps=("name the project directory: -C DIR", "or the app: --app NAME"),
    )


def need_answer(workspace: Workspace, sights: Mapping[str, Sight]) -> None:
    """What nobody was asked about is not "nothing".

    Raises:
        Unreachable: no host answers.
    """
    silent = {name: sight.error for name, sight in sights.items() if sight.observation is None}
    if silent and len(silent) == len(sights):
        raise Unreachable(
            f"no host of fleet {workspace.fleet.name} answers",
            host=", ".join(silent),
            why=tuple(f"{name}: {error.removeprefix(f'{name}: ')}" for name, error in silent.items()),
            next_steps=("fleetdeploy doctor",),
        )


def known_apps(sights: Mapping[str, Sight]) -> tuple[str, ...]:
    """Every app that fleetdeploy has put on a host that answered."""
    return tuple(sorted({app for sight in sights.values() if sight.observation for app in sight.observation.apps}))


def check_known(workspace: Workspace, sights: Mapping[str, Sight]) -> None:
    """Refuses an ``--app`` that is a typing error.

    Raises:
        UsageError: there is no project, hosts answered, and none of them has ever heard of the app.
    """
    seen = [sight.observation for sight in sights.values() if sight.observation is not None]
    if workspace.project is not None or not seen or any(o.service or o.state for o in seen):
        return
    name, known = workspace.app.app, known_apps(sights)
    listed = f"known there are: {', '.join(known)}" if known else "no app of fleetdeploy is known there"
    silent = len(sights) - len(seen)
    raise UsageError(
        f"no host of fleet {workspace.fleet.name} that answers knows an app {name!r}",
        why=(f"{silent} hosts do not answer",) if silent else (),
        next_steps=did_you_mean(name, known) or (listed,),
    )
