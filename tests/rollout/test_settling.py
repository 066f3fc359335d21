"""A store that calls a rollout open which the hosts know to be over: told by a conductor that died at its very end."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest

from fleetdeploy.app.settling import settle_from_hosts
from fleetdeploy.app.workspace import Workspace
from fleetdeploy.model import events as ev
from fleetdeploy.model.verbs import AppRef
from fleetdeploy.rollout.survey import survey_once
from tests.rollout.conftest import Scene
from tests.rollout.fake_fleet import ROOT


@pytest.fixture
def dead_pid() -> int:
    """Of a process that was, and is no more."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


@pytest.fixture
def scene_here(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    assert scene.journal is not None
    monkeypatch.setenv("FLEETDEPLOY_STORE", f"sqlite://{scene.journal.path}")
    monkeypatch.setattr("socket.gethostname", lambda: "laptop")  # where the tests' person sits
    scene.with_hosts(3)
    return scene


def settle(scene: Scene) -> None:
    workspace = Workspace(scene.tmp, None, scene.fleet, scene.fleet.hosts, AppRef("shop", "Shop", ROOT))
    settle_from_hosts(workspace, survey_once(scene.fleet.hosts, scene.connect))


def killed_at_its_end(scene: Scene, pid: int, rollout: str = "R1") -> None:
    """Its end stands on the hosts and not in the store."""
    assert scene.journal is not None
    with scene.journal._backend.write() as tx:
        tx.change("UPDATE rollouts SET outcome=NULL, exit_code=NULL, ended_at=NULL, pid=? WHERE id=?", pid, rollout)


def outcome(scene: Scene, rollout: str = "R1") -> tuple[str | None, int | None]:
    assert scene.journal is not None
    row = scene.journal.rollout(rollout)
    assert row is not None
    return row.outcome, row.exit_code


def test_the_end_that_the_hosts_remember_is_written(scene_here: Scene, dead_pid: int) -> None:
    assert scene_here.roll("v1.4.2").exit_code == 0
    killed_at_its_end(scene_here, dead_pid)
    settle(scene_here)
    assert outcome(scene_here) == ("succeeded", 0)


def test_not_while_its_conductor_may_live(scene_here: Scene, dead_pid: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert scene_here.roll("v1.4.2").exit_code == 0
    killed_at_its_end(scene_here, 1)
    settle(scene_here)
    assert outcome(scene_here) == (None, None), "that process is there"
    killed_at_its_end(scene_here, dead_pid)
    monkeypatch.setattr("socket.gethostname", lambda: "elsewhere")
    settle(scene_here)
    assert outcome(scene_here) == (None, None), "on another machine, and it has just written"
    monkeypatch.setattr("fleetdeploy.app.settling._SILENT", timedelta(hours=-1))
    settle(scene_here)
    assert outcome(scene_here) == ("succeeded", 0), "it has been silent for long"


def test_one_that_is_open_on_a_host_stays_open(scene_here: Scene, dead_pid: int) -> None:
    waiting = scene_here.roll("v1.4.2", kind="canary", pause_after_canary=True, pause_timeout_s=0.05)
    assert waiting.exit_code == 7
    killed_at_its_end(scene_here, dead_pid)
    settle(scene_here)
    assert outcome(scene_here) == (None, None)


def test_one_that_never_had_a_host_is_over(scene_here: Scene, dead_pid: int) -> None:
    assert scene_here.journal is not None
    head = {"kind": "forward", "fleet": "lab", "app": "shop", "version": "v1", "digest": "d", "undoes": ""}
    for name in ("R7", "R8"):
        scene_here.journal.begin(name, **head, actor="tester@laptop", conductor=f"C{name}", plan={})
        scene_here.journal.append(name, ev.Note("about to look"))
        killed_at_its_end(scene_here, dead_pid, name)
    scene_here.journal.step_begin("R8", "web1", 30, "activate", "CR8")
    silent = scene_here.hosts["web2"]
    silent.dead = True
    settle(scene_here)
    assert outcome(scene_here, "R7") == (None, None), "web2 cannot be asked"
    silent.dead = False
    settle(scene_here)
    assert outcome(scene_here, "R7") == ("aborted", 3)
    assert outcome(scene_here, "R8") == (None, None), "it was at work; the hosts have forgotten it: nobody knows"
