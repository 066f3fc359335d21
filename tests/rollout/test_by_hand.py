"""What the last look at a host says of people: what is new since the rollout began is held against it, no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fleetdeploy.errors import ExitCode, ScriptFailed
from fleetdeploy.model import events as ev
from fleetdeploy.model.plan import HostAction, HostPlan
from fleetdeploy.model.run import HostState, Outcome
from fleetdeploy.model.verbs import HostState as Memory
from fleetdeploy.model.verbs import Observation, PruneResult, ReleaseRecord, Snapshot
from fleetdeploy.plan.drift import Difference
from fleetdeploy.rollout.book import HostPage
from fleetdeploy.rollout.by_hand import changed_since
from tests.plan.sights import TARGET, observation, record, service
from tests.rollout.conftest import Scene
from tests.rollout.fake_fleet import FakeHost, FakePort

KEY, SHA = "v1.4.2-bbbbbbbb", "bb" * 32
LEFT: dict[str, Any] = {"image_path": f'"{TARGET}"', "start_type": "auto"}


def seen(**edited: Any) -> Observation:
    """The release is active, somebody has edited its service since."""
    release = ReleaseRecord(KEY, "v1.4.2", "", SHA, "", f'"{TARGET}"', "", Snapshot(LEFT))
    memory = Memory(1, KEY, {KEY: release}, (replace(record("R1", 1), to_release=KEY),), None)
    return observation("web1", service(image=TARGET, sha=SHA, snapshot={**LEFT, **edited}), memory)


def page(state: HostState, before: Observation) -> HostPage:
    plan = HostPlan("web1", "id-web1", HostAction.UNCHANGED, "v1.4.2", "v1.4.2", KEY, None)
    return HostPage(plan, state=state, observation=before)


@pytest.mark.parametrize(
    ("state", "before", "now", "keys"),
    [
        (HostState.UNCHANGED, {}, {}, []),
        (HostState.UNCHANGED, {"start_type": "demand"}, {"start_type": "demand"}, []),
        (HostState.UNCHANGED, {"start_type": "demand"}, {"start_type": "disabled"}, ["start_type"]),
        (HostState.UNCHANGED, {"start_type": "demand"}, {"start_type": "demand", "account": "eva"}, ["account"]),
        # What was there before a switch says nothing: the switch has left it as it is recorded.
        (HostState.HEALTHY, {"start_type": "demand"}, {"start_type": "demand"}, ["start_type"]),
    ],
)
def test_only_what_is_new(state: HostState, before: dict[str, Any], now: dict[str, Any], keys: list[str]) -> None:
    assert [d.key for d in changed_since(page(state, seen(**before)), seen(**now))] == keys


def test_a_service_that_was_deleted_meanwhile() -> None:
    gone = replace(seen(), service=None)
    assert changed_since(page(HostState.HEALTHY, seen()), gone) == (Difference("service", "installed", "absent"),)


def by_hand(host: FakeHost) -> PruneResult:
    """A person sets the service to another exe, right before the last look at it."""
    left = ReleaseRecord(host.active, host.version, "", host.sha256, "", f'"{host.image}"', "", None)
    host.releases[host.active] = left
    host.image = r"C:\Temp\by-hand.exe"
    seen = FakePort(host).observe()
    return PruneResult(service=seen.service, state=seen.state)


def broken(host: FakeHost) -> PruneResult:
    """The same, and nothing can be removed: then the host is asked how it is."""
    by_hand(host)
    raise ScriptFailed("no room", host=host.name)


@pytest.mark.parametrize("last_look", [by_hand, broken])
def test_a_host_that_was_changed_is_not_told_to_be_on_target(
    scene: Scene, last_look: Callable[[FakeHost], PruneResult]
) -> None:
    scene.with_hosts(3)
    scene.hosts["web2"].on_prune = last_look
    result = scene.roll("v1.4.2")
    assert (result.outcome, result.exit_code) == (Outcome.SUCCEEDED_IN_PART, ExitCode.PARTIAL)
    assert scene.states(result) == {"web1": "healthy", "web2": "excluded", "web3": "healthy"}
    changed = result.hosts[1]
    assert (changed.on_target, changed.failure) == (False, None)
    assert [d.key for d in changed.differences] == ["image_path", "running image"]
    assert "not on target: web2; changed by hand since: web2 (image_path, running image)" in result.detail
    assert [s.partition("  ")[0] for s in result.next_steps] == ["fleetdeploy drift --limit web2"]
    plain = result.to_json()["hosts"][1]["differences"][0]
    assert plain["key"] == "image_path"
    assert "by-hand" in plain["found"]
    (warned,) = [e for e in scene.events if isinstance(e, ev.Note) and e.level == "warning"]
    assert (warned.host, "by-hand" in warned.text) == ("web2", True)
    # Nothing is put right, undone, or held against the version
    assert scene.hosts["web2"].image == r"C:\Temp\by-hand.exe"
    assert [h.log[-1] for h in scene.hosts.values()] == ["close succeeded_in_part"] * 3
    assert scene.journal is not None
    assert scene.journal.marks("shop") == ()


def test_many_of_them_are_told_in_a_line_that_can_be_read(scene: Scene) -> None:
    scene.with_hosts(8)
    for host in scene.hosts.values():
        host.on_prune = by_hand
    result = scene.roll("v1.4.2")
    assert result.exit_code is ExitCode.PARTIAL
    assert result.detail.endswith("web5 (image_path, running image), and 3 more")
