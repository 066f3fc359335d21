"""Bad releases: caught and undone, and only what had to be stopped was stopped."""

from __future__ import annotations

import pytest

from fleetdeploy.model import events as ev
from tests.scenarios.steps import HAND_MADE_IMAGE, World, outcome


def test_bad_at_the_canary_in_the_bake(world: World) -> None:
    # Given a version that is healthy at first and then is not
    world.given_hosts(3)
    world.given_version("v1.4.3", unhealthy_after=1.5)
    # When it is rolled out with a bake that is longer than that
    result = world.when_rollout("v1.4.3", bake_canary="20s")
    # Then it is undone, and only the canary was ever stopped
    assert outcome(result) == ("rolled_back", 3), world.texts()
    assert sorted(world.stops().values()) == [0, 0, 2]
    assert world.images() == {HAND_MADE_IMAGE}
    assert set(world.running().values()) == {"v1.4.0"}
    assert world.nothing_is_open()
    failed = [e for e in world.events if isinstance(e, ev.HostFailed)]
    assert "healthz" in failed[0].failure.detail


def test_bad_in_the_second_batch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a version whose service may not log on to one host of the second batch
    world.given_setting("  root: C:\\Apps", "  root: C:\\Apps\n  account: .\\svc\n  account_password: env:SVC_PASSWORD")
    world.given_hosts(3)
    world.given_version("v1.4.2")
    monkeypatch.setenv("SVC_PASSWORD", "pw")
    canary = world.plan("v1.4.2").batches[0].hosts[0]
    for name, host in world.lab.hosts.items():
        # Logon right missing: 1069 on every host but the canary
        host.machine.accounts.add("svc", "pw", admin=False, service_logon_right=name == canary)
    # When it is rolled out
    result = world.when_rollout("v1.4.2")
    # Then those hosts put themselves back at once, the canary is put back, and the reason is in the SCM's numbers
    assert outcome(result) == ("rolled_back", 3), world.texts()
    assert world.images() == {HAND_MADE_IMAGE}
    assert set(world.running().values()) == {"v1.4.0"}
    failed = [e for e in world.events if isinstance(e, ev.HostFailed)]
    assert {f.failure.win32 for f in failed} == {1069}
    assert canary not in {f.host for f in failed}
    # Which says nothing of the version: it may be tried again as soon as the account is put right
    assert "v1.4.2 is not marked bad" in world.texts()
    assert not world.plan("v1.4.2").problems


def test_a_crash_loop(world: World) -> None:
    world.given_hosts(2)
    world.given_version("v1.4.2", crash_after=0.5)
    result = world.when_rollout("v1.4.2")
    assert outcome(result) == ("rolled_back", 3), world.texts()
    assert set(world.running().values()) == {"v1.4.0"}
    assert world.images() == {HAND_MADE_IMAGE}


def test_one_that_never_stops_is_killed_by_its_process(world: World) -> None:
    # Given a hand-made service that hangs in STOP_PENDING
    world.given_hosts(2, hang_on_stop=True)
    world.given_version("v1.4.2")
    result = world.when_rollout("v1.4.2")
    assert outcome(result) == ("succeeded", 0), world.texts()
    assert set(world.running().values()) == {"v1.4.2"}
    assert "killed" in world.texts()


def test_all_controls_fail_too_so_it_pauses_instead_of_undoing(world: World) -> None:
    # Given a check that asks for something all hosts need
    script = world.folder / "backend.ps1"
    script.write_text("param()\n[IO.File]::Exists('C:\\backend.txt')\n", encoding="utf-8")
    world.given_setting("checks:\n", "checks:\n  - name: backend\n    script: {file: backend.ps1}\n")
    world.given_hosts(3)
    for host in world.lab.hosts.values():
        host.machine.fs.write_bytes("C:\\backend.txt", b"up")
    world.given_version("v1.4.2")
    # When it goes away everywhere while the canary is being verified
    stopped = world.report

    def report(event: ev.Event) -> None:
        stopped(event)
        if isinstance(event, ev.HostChanged) and event.state.value == "verifying":
            for host in world.lab.hosts.values():
                host.machine.fs.delete("C:\\backend.txt")

    world.report = report  # type: ignore[method-assign]
    result = world.when_rollout("v1.4.2")
    # Then the release is not blamed: it pauses and stays open
    assert outcome(result) == ("paused", 7), world.texts()
    assert result.reason is not None
    assert result.reason.value == "not-to-blame"
    assert sorted(world.stops().values()) == [0, 0, 1]
    # When it is back and a person resumes
    world.report = stopped  # type: ignore[method-assign]
    for host in world.lab.hosts.values():
        host.machine.fs.write_bytes("C:\\backend.txt", b"up")
    resumed = world.when_going_on("resume")
    assert outcome(resumed) == ("succeeded", 0), world.texts()
    assert set(world.stops().values()) == {1}
