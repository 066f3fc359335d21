"""What people change on hosts is found, named and left alone; what a rollout itself did never looks like it."""

from __future__ import annotations

from fleetdeploy.app.conducting import run_forward
from fleetdeploy.app.drift import HostDrift, find_drift
from fleetdeploy.app.planning import make_plan
from fleetdeploy.lab.windows.service import Action, FailureActions, StartType
from fleetdeploy.model.permits import Permits
from fleetdeploy.model.plan import HostAction
from tests.scenarios.steps import ACTOR, World, outcome, program, wait_for

KEY = r"HKLM\SYSTEM\CurrentControlSet\Services\Shop"


def quick(world: World) -> None:
    canary = "kind: canary, canary: 1, batch: 2, bake_canary: 400ms, pause_timeout: 1s"
    world.given_setting(canary, "kind: all-at-once, pause_timeout: 1s")


def drift(world: World) -> dict[str, HostDrift]:
    return {row.host: row for row in find_drift(world.workspace())}


def statuses(world: World) -> set[str]:
    return {row.status for row in find_drift(world.workspace())}


def keys(row: HostDrift) -> list[str]:
    return [d.key for d in row.differences]


def test_each_field_that_a_person_edits_is_found(world: World) -> None:
    quick(world)
    world.given_hosts(2)
    world.given_version("v1.4.2")
    world.given_version("v1.4.3")
    assert statuses(world) == {"nothing recorded"}
    assert outcome(world.when_rollout("v1.4.2")) == ("succeeded", 0), world.texts()
    assert statuses(world) == {"as recorded"}
    # When people change each host in another way
    scm = {n: h.machine.scm for n, h in world.lab.hosts.items()}
    scm["web1"].change("Shop", start=StartType.DEMAND, failure_flag=False)
    scm["web1"].change("Shop", failure=FailureActions(60, ((Action.RESTART, 1000),)))
    registry = world.host("web1").machine.registry
    registry.set(KEY, "Environment", "MultiString", ("MODE=fast", "DB_PASSWORD=geheim"))
    scm["web2"].change("Shop", account=r"NT AUTHORITY\LocalService")
    image = world.image("web2")
    scm["web2"].change("Shop", image_path=f"{image} --verbose")
    folder = image.split('"')[1].rsplit("\\", 1)[0]
    world.host("web2").machine.fs.write_bytes(rf"{folder}\notes.txt", b"hello")
    # Then drift names every one of them, and shows no secret
    rows = drift(world)
    assert keys(rows["web1"]) == [
        "start_type",
        "environment DB_PASSWORD",
        "environment MODE",
        "recovery",
        "recovery.on_non_crash",
    ]
    assert "geheim" not in str(rows)
    assert [d.found for d in rows["web1"].differences if d.key == "environment MODE"] == ["fast"]
    assert keys(rows["web2"]) == ["image_path", "account", "file notes.txt"]
    # And the next plan leaves those alone whose configuration is another one
    workspace = world.workspace()
    made = make_plan(workspace, "v1.4.3").plan
    assert made.host("web1").action is HostAction.SKIP
    assert "start_type" in made.host("web1").why
    assert "--accept-drift" in made.host("web1").why
    assert made.host("web2").action is HostAction.SKIP
    assert made.changing == ()
    # Unless a person takes them as they are; a rollback does not mind either
    made = make_plan(workspace, "v1.4.3", permits=Permits(accept_drift=True)).plan
    assert set(made.changing) == {"web1", "web2"}
    assert "drifted" in made.host("web1").why
    world.events.clear()
    assert outcome(run_forward(workspace, made, actor=ACTOR, reporter=world)) == ("succeeded", 0), world.texts()
    assert statuses(world) == {"as recorded"}
    scm["web1"].change("Shop", start=StartType.DEMAND)
    assert outcome(world.when_rollback()) == ("succeeded", 0), world.texts()


def test_what_a_rollout_did_is_no_drift(world: World) -> None:
    world.given_setting("root: C:\\Apps\n", "root: C:\\Apps\n  start_type: delayed-auto\n  environment: {MODE: prod}\n")
    quick(world)
    world.given_hosts(1)
    world.given_version("v1.4.2")
    world.given_version("v1.4.3", exits_at_once=True)
    world.given_version("v1.4.4", exits_at_once=True)
    # After a put-back of the very first rollout the hand-made service is the record
    assert outcome(world.when_rollout("v1.4.3"))[1] == 3, world.texts()
    assert statuses(world) == {"as recorded"}, drift(world)
    # After a success, after a put-back of the next one, after the rollback of the first
    assert outcome(world.when_rollout("v1.4.2")) == ("succeeded", 0), world.texts()
    assert statuses(world) == {"as recorded"}, drift(world)
    assert outcome(world.when_rollout("v1.4.4"))[1] == 3, world.texts()
    assert statuses(world) == {"as recorded"}, drift(world)
    assert outcome(world.when_rollback(to="v1.4.0")) == ("succeeded", 0), world.texts()
    assert statuses(world) == {"as recorded"}, drift(world)
    # An exe replaced in place
    world.host("web1").machine.scm.stop("Shop")
    path = world.image("web1").split('"')[1]
    wait_for(lambda: not world.host("web1").machine.scm.query("Shop").pid)
    world.host("web1").machine.fs.write_bytes(path, program("v9.9.9"))
    world.host("web1").machine.scm.start("Shop")
    assert keys(drift(world)["web1"]) == ["exe", "running exe"]


def test_after_a_first_install_and_without_it(world: World) -> None:
    quick(world)
    world.given_hosts(1, version=None)
    world.given_version("v1.4.2")
    assert outcome(world.when_rollout("v1.4.2")) == ("succeeded", 0), world.texts()
    assert statuses(world) == {"as recorded"}, drift(world)
    world.host("web1").machine.scm.change("Shop", start=StartType.DISABLED)
    assert keys(drift(world)["web1"]) == ["start_type"]
    world.host("web1").machine.scm.change("Shop", start=StartType.AUTO)
    assert outcome(world.when_rollback()) == ("succeeded", 0), world.texts()
    assert statuses(world) == {"as recorded"}, drift(world)
