"""Lines, disks, logins and files that fail: nothing is done twice, nothing is guessed, nothing is left half done."""

from __future__ import annotations

import pytest

from fleetdeploy.errors import LoginRefused
from fleetdeploy.model import events as ev
from tests.scenarios.steps import HAND_MADE_IMAGE, World, others, outcome, wait_for


def test_a_host_that_is_unreachable_from_the_start(world: World) -> None:
    world.given_hosts(3)
    world.given_version("v1.4.2")
    world.host("web3").machine.power_off()
    # By default nothing is changed
    result = world.when_rollout("v1.4.2")
    assert outcome(result) == ("refused", 5), world.texts()
    assert sum(world.stops().values()) == 0
    # Set aside it is listed, and the others are done
    result = world.when_rollout("v1.4.2", unreachable="skip")
    assert outcome(result) == ("succeeded_in_part", 8), world.texts()
    assert world.states(result)["web3"] == "excluded"
    assert {world.running()[n] for n in ("web1", "web2")} == {"v1.4.2"}


def test_a_host_lost_after_its_stop(world: World) -> None:
    # Given a host whose power goes in the moment its service is stopped
    world.given_setting("canary: 1, batch: 2", "canary: 1, batch: 1")
    world.given_hosts(3)
    world.given_version("v1.4.2")
    lost = world.plan("v1.4.2").batches[1].hosts[0]
    machine = world.host(lost).machine

    reach, cut = machine.reach, []

    def reach_and_cut(point: str) -> None:
        reach(point)
        if point == "stop Shop" and not cut:
            cut.append(machine.env.schedule(0.0, machine.power_off))

    machine.reach = reach_and_cut  # type: ignore[method-assign]
    result = world.when_rollout("v1.4.2")
    assert cut
    # Then it is unknown, the others go back, and a person is told
    assert outcome(result) == ("rollback_incomplete", 4), world.texts()
    assert world.states(result)[lost] in ("unknown", "unreachable")
    rest = others(list(world.lab.hosts), lost)
    assert {world.image(n) for n in rest} == {HAND_MADE_IMAGE}
    # When it has power again, a rollback from the hosts' memory brings it back too
    machine.power_on()
    wait_for(lambda: world.running().get(lost) != "")
    back = world.when_rollback()
    assert outcome(back)[1] == 0, world.texts()
    assert world.images() == {HAND_MADE_IMAGE}
    assert set(world.running().values()) == {"v1.4.0"}
    assert world.nothing_is_open()


@pytest.mark.parametrize("kind", ["lose-answer", "reset-during"])
def test_the_answer_of_activate_is_lost(world: World, kind: str) -> None:
    world.given_hosts(2)
    world.given_version("v1.4.2")
    for name in world.lab.hosts:
        world.given_fault(name, kind, pattern="Invoke-FdForward")
    result = world.when_rollout("v1.4.2")
    assert outcome(result) == ("succeeded", 0), world.texts()
    assert set(world.stops().values()) == {1}, "looked up, not sent again"


def test_a_wrong_password_is_one_attempt_not_twelve(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.given_hosts(12)
    world.given_version("v1.4.2")
    before = {n: h.logons for n, h in world.lab.hosts.items()}
    monkeypatch.setenv("FLEETDEPLOY_PASSWORD", "wrong")
    with pytest.raises(LoginRefused) as refused:
        world.when_rollout("v1.4.2")
    assert int(refused.value.exit_code) == 6
    assert "11 more hosts were not tried" in refused.value.what
    assert "Login attempts made: 1." in refused.value.changed
    tried = [n for n, h in world.lab.hosts.items() if h.logons > before[n]]
    assert len(tried) == 1
    account = world.host(tried[0]).machine.accounts.get(world.lab.user)
    assert account.total_failures == 1


def test_a_full_disk_changes_nothing(world: World) -> None:
    world.given_hosts(2)
    world.given_version("v1.4.2")
    first = world.plan("v1.4.2").changing[0]
    world.given_fault(first, "disk-full", pattern="incoming", count=None)
    result = world.when_rollout("v1.4.2")
    assert outcome(result) == ("failed", 3), world.texts()
    assert sum(world.stops().values()) == 0
    assert world.nothing_is_open()
    assert "disk" in world.texts()
    assert result.detail.endswith(f"failed: {first}"), "the end is written there, too"


def test_a_file_changed_on_the_way_is_not_taken(world: World) -> None:
    world.given_hosts(2)
    world.given_version("v1.4.2")
    for name in world.lab.hosts:
        world.given_fault(name, "tamper", pattern="tree.*shop.exe", count=None)
    result = world.when_rollout("v1.4.2")
    assert outcome(result) == ("failed", 3), world.texts()
    assert sum(world.stops().values()) == 0


def test_an_exe_that_a_scanner_holds_is_waited_for(world: World) -> None:
    world.given_hosts(2)
    world.given_version("v1.4.2")
    world.given_fault("web1", "lock-file", pattern="shop.exe", seconds=5.0)
    result = world.when_rollout("v1.4.2")
    assert outcome(result) == ("succeeded", 0), world.texts()


def test_a_reboot_in_the_bake_is_seen_and_verified_anew(world: World) -> None:
    world.given_hosts(2)
    world.given_version("v1.4.2")
    told = world.report
    rebooted: list[str] = []

    def report(event: ev.Event) -> None:
        told(event)
        if isinstance(event, ev.BakeProgress) and event.healthy_s > 0.2 and not rebooted:
            name = next(n for n, count in world.stops().items() if count)
            rebooted.append(name)
            world.host(name).machine.reboot(seconds=0.5)

    world.report = report  # type: ignore[method-assign]
    result = world.when_rollout("v1.4.2", bake_canary="3s")
    assert rebooted
    assert outcome(result) == ("succeeded", 0), world.texts()
    assert "rebooted" in world.texts()


def test_first_install_on_an_empty_host_and_its_failure(world: World) -> None:
    world.given_hosts(2, version=None)
    world.given_version("v1.4.2")
    world.given_version("v0.0.1", never_starts=True)
    for host in world.lab.hosts.values():
        host.machine.connect_timeout = 1.0
    # A first install that fails removes only what it made
    result = world.when_rollout("v0.0.1")
    assert outcome(result) == ("rolled_back", 3), world.texts()
    assert "absent" in world.states(result).values()
    assert all(h.machine.scm.find("Shop") is None for h in world.lab.hosts.values())
    # A good one is there
    result = world.when_rollout("v1.4.2")
    assert outcome(result) == ("succeeded", 0), world.texts()
    assert set(world.running().values()) == {"v1.4.2"}
    # And rolled back there is nothing again
    back = world.when_rollback()
    assert outcome(back) == ("succeeded", 0), world.texts()
    assert set(world.states(back).values()) == {"absent"}
    assert all(h.machine.scm.find("Shop") is None for h in world.lab.hosts.values())


def test_a_person_stopped_one_service(world: World) -> None:
    world.given_hosts(4)
    world.given_version("v1.4.2")
    world.host("web2").machine.scm.stop("Shop")
    wait_for(lambda: world.service_state("web2") == "STOPPED")
    result = world.when_rollout("v1.4.2", max_unavailable="2")
    assert outcome(result) == ("succeeded_in_part", 8), world.texts()
    assert world.states(result)["web2"] == "skipped"
    assert world.image("web2") == HAND_MADE_IMAGE
