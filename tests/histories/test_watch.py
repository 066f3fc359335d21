"""The watch sees what it is there for: each broken rule, done here on purpose, is named."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from fleetdeploy.lab.fleet import HostSpec, Lab, ServiceSpec, make_artifact
from fleetdeploy.lab.windows.blobs import intern
from fleetdeploy.lab.windows.ownership import acting_as
from fleetdeploy.model.plan import HostAction
from tests.histories.watch import STATE, Watch
from tests.scenarios.steps import HAND_MADE, wait_for


class Scene:
    """Two hosts; scripts are played by hand."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        for name in ("web1", "web2"):
            program = make_artifact("v1.0.0", size=4096, stop_seconds=0.01, start_seconds=0.01)
            services = (
                ServiceSpec("Shop", HAND_MADE, program, "--port 8080"),
                ServiceSpec("Other", HAND_MADE, program),
            )
            lab.add(HostSpec(name, services=services))
        wait_for(lambda: all(h.machine.scm.query("Shop").state.name == "RUNNING" for h in lab.hosts.values()))
        pages = tuple(SimpleNamespace(host=n, action=HostAction.CHANGE) for n in ("web1", "web2"))
        batches = (
            SimpleNamespace(hosts=("web1",), is_canary=True),
            SimpleNamespace(hosts=("web2",), is_canary=False),
        )
        self.plan: Any = SimpleNamespace(hosts=pages, batches=batches)
        self.watch = Watch(lab, {"R1": self.plan}, 1, lambda text: None)
        for name, host in lab.hosts.items():
            self.watch.follow(host)
            self.remember(name)
        self.number = 0

    def remember(self, name: str, token: int = 1, **record: Any) -> None:
        """What the host's state.json says."""
        entry = {"rollout": "R1", "conductor": "C1", "token": token, "machines": {}, "life": None}
        state = {
            "token_high": token,
            "releases": [],
            "open": entry,
            "rollouts": [{"id": "R1", "machines": {}, **record}] if record else [],
        }
        self.lab.hosts[name].machine.fs.put(STATE, intern(json.dumps(state).encode()))

    def script(self, *, token: int = 1, rollout: str = "R1", direction: str = "forward") -> Any:
        self.number += 1
        claim = {"rollout": rollout, "conductor": "C1", "token": token, "step": 1}
        request = json.dumps({"claim": claim, "direction": direction})
        spec = SimpleNamespace(parameters=(("Request", request),))
        command = SimpleNamespace(id=f"command {self.number}", _commands=[spec])
        return Shell({command.id: command})

    def stop(self, name: str, script: Any) -> None:
        scm = self.lab.hosts[name].machine.scm
        with acting_as(script):
            scm.stop("Shop")
        until = time.monotonic() + 20
        while scm.query("Shop").state.name != "STOPPED":
            assert time.monotonic() < until
            time.sleep(0.01)

    def start(self, name: str, script: Any) -> None:
        with acting_as(script):
            self.lab.hosts[name].machine.scm.start("Shop")
        wait_for(lambda: self.watch.runs(self.lab.hosts[name]))


class Shell:
    def __init__(self, commands: dict[str, Any]) -> None:
        self.commands = commands


@pytest.fixture
def scene() -> Iterator[Scene]:
    lab = Lab.start([])
    try:
        yield Scene(lab)
    finally:
        lab.stop()


def test_what_is_allowed_is_silent(scene: Scene) -> None:
    one = scene.script()
    scene.stop("web1", one)
    scene.start("web1", one)
    scene.remember("web1", intent=True, done=True)
    scene.stop("web2", scene.script())
    scene.watch.check()


@pytest.mark.parametrize(
    ("script", "said"),
    [({"token": 7}, "an old token acts"), ({"rollout": "R9"}, "nobody started")],
)
def test_a_command_without_the_right(scene: Scene, script: dict[str, Any], said: str) -> None:
    scene.stop("web1", scene.script(**script))
    with pytest.raises(AssertionError, match=said):
        scene.watch.check()


def test_a_host_outside_of_the_plan(scene: Scene) -> None:
    scene.plan.hosts = scene.plan.hosts[:1]
    scene.stop("web2", scene.script(direction="back"))
    with pytest.raises(AssertionError, match="does not have this host"):
        scene.watch.check()


def test_another_service(scene: Scene) -> None:
    with acting_as(scene.script()):
        scene.lab.hosts["web1"].machine.scm.change("lanmanserver", display_name="mine")
    with pytest.raises(AssertionError, match="not the service of the plan"):
        scene.watch.check()


def test_two_down_where_one_may_be(scene: Scene) -> None:
    scene.stop("web1", scene.script())
    scene.remember("web1", intent=True, done=True)
    scene.stop("web2", scene.script())
    with pytest.raises(AssertionError, match="the floor does not hold"):
        scene.watch.check()


@pytest.mark.parametrize(("well", "said"), [(True, "it was well and goes back"), (False, "")])
def test_a_well_host_goes_back_while_another_is_down(scene: Scene, well: bool, said: str) -> None:
    scene.watch.listener = SimpleNamespace(  # type: ignore[assignment]
        acts=lambda host, cause: None,
        on_the_way_back=lambda conductor, but: (well, ["web1"] if but == "web2" else []),
    )
    scene.stop("web1", scene.script(direction="back"))
    assert not scene.watch.broken
    scene.stop("web2", scene.script(direction="back"))
    assert bool(said) == bool(scene.watch.broken)
    assert said in "; ".join(scene.watch.broken)


def test_a_canary_that_proved_nothing_and_a_person_who_let_it_go_on(scene: Scene) -> None:
    scene.watch.listener = SimpleNamespace(  # type: ignore[assignment]
        acts=lambda host, cause: None, went_without_canary=lambda rollout: rollout == "R1"
    )
    scene.stop("web2", scene.script())
    scene.watch.check()


def test_the_canary_is_not_first(scene: Scene) -> None:
    scene.stop("web2", scene.script())
    with pytest.raises(AssertionError, match="canaries first"):
        scene.watch.check()


def test_verbs_that_overlap(scene: Scene) -> None:
    one, other = scene.script(), scene.script()
    scene.stop("web1", one)
    scene.start("web1", other)
    scene.stop("web1", one)
    with pytest.raises(AssertionError, match="two verbs overlap"):
        scene.watch.check()


def test_what_a_person_stops_is_not_the_rollouts(scene: Scene) -> None:
    scene.stop("web1", None)
    scene.remember("web1", intent=True, done=True)
    scene.stop("web2", scene.script())
    scene.watch.check()
    assert scene.watch.by_hand == {"web1"}


def test_an_origin_that_was_pruned(scene: Scene) -> None:
    origin = {"existed": True, "image_path": '"C:\\gone.exe"', "label": "v1"}
    scene.remember("web1", intent=True, done=True, ended=True, origin=origin)
    scene.watch.pruned()
    with pytest.raises(AssertionError, match="leads back to it"):
        scene.watch.check()
