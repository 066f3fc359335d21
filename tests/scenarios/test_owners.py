"""Who holds the hosts, and going on from somewhere else: another job, another store, or none at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fleetdeploy.app.conducting import Said, run_forward
from fleetdeploy.app.going_on import go_on
from fleetdeploy.app.open_entries import close_open, holds, open_rollouts
from fleetdeploy.app.plan_files import write_plan
from fleetdeploy.app.planning import look, make_plan
from fleetdeploy.errors import ExitCode, RefusalReason, Refused, Stale
from fleetdeploy.model.verbs import Actor
from fleetdeploy.rollout.result import RolloutResult
from tests.protocol.test_rule_06_close import of
from tests.scenarios.steps import ACTOR, HAND_MADE_IMAGE, World, outcome

BO = Actor("bo", "phone", 7, reason="the runner is gone")


@pytest.fixture
def waiting(world: World) -> World:
    """v1.4.2 runs on the canary and waits for a person; its conductor has left; the plan lies in a file."""
    world.given_hosts(2)
    world.given_version("v1.4.2")
    workspace = world.workspace(pause_after_canary=True)
    plan = make_plan(workspace, "v1.4.2").plan
    write_plan(plan, world.folder / "plan.json")
    assert outcome(run_forward(workspace, plan, actor=ACTOR, reporter=world)) == ("awaiting_promotion", 7)
    return world


def empty_store(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEETDEPLOY_STATE_DIR", str(world.folder / "another store"))


def going_on(world: World, decision: str, plan_file: Path | None = None) -> RolloutResult | Said:
    return go_on(
        world.workspace(),
        "",
        decision=decision,  # type: ignore[arg-type]
        actor=BO,
        reporter=world,
        plan_file=plan_file,
        tick=lambda: None,
    )


def test_promote_in_another_job_takes_the_plan_from_a_file(waiting: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world = waiting
    empty_store(world, monkeypatch)
    with pytest.raises(Refused) as no_plan:
        going_on(world, "promote")
    assert no_plan.value.reason is RefusalReason.NO_PLAN
    assert "eva on laptop" in no_plan.value.what
    assert "--plan FILE" in no_plan.value.next_steps[0]

    another = world.plan("v1.4.2")
    write_plan(another, world.folder / "another.json")
    with pytest.raises(Refused) as wrong:
        going_on(world, "promote", world.folder / "another.json")
    assert wrong.value.reason is RefusalReason.NO_PLAN
    digest = json.loads((world.folder / "plan.json").read_text())["digest"]
    assert another.digest in wrong.value.what
    assert digest in wrong.value.what

    # The release is on every host already: the artifact's files may be gone.
    for file in (world.folder / "dist").rglob("shop.exe*"):
        file.unlink()
    assert outcome(going_on(world, "promote", world.folder / "plan.json")) == ("succeeded", 0)
    assert world.stops() == {"web1": 1, "web2": 1}
    assert world.nothing_is_open()


def test_abort_and_rollback_need_neither_plan_nor_store(waiting: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world = waiting
    empty_store(world, monkeypatch)
    left = going_on(world, "abort-leave")
    assert isinstance(left, Said)
    assert left.exit_code is ExitCode.PARTIAL
    assert "on v1.4.2: web1" in left.text
    assert "as before it: web2" in left.text
    assert world.nothing_is_open()
    assert world.stops() == {"web1": 1, "web2": 0}
    assert outcome(world.when_rollback()) == ("succeeded", 0)
    assert world.images() == {HAND_MADE_IMAGE}


def test_an_abandoned_rollout_is_shown_and_closed_by_somebody_else(waiting: World) -> None:
    world = waiting
    sights = look(world.workspace())
    rows = {row.host: row for row in holds(sights)}
    one = rows["web1"]
    assert (one.user, one.machine, one.pid, one.reason) == ("eva", "laptop", 1, "a test")
    assert (one.phase, one.direction, one.token, one.alive) == ("running", "forward", 1, False)
    assert one.since.endswith("Z")
    assert one.plan_digest == json.loads((world.folder / "plan.json").read_text())["digest"]
    (found,) = open_rollouts(sights).values()
    assert (found.there, found.half, found.is_even) == (("web1",), (), False)
    assert "eva on laptop" in found.told()
    with pytest.raises(Refused) as refused:
        close_open(world.workspace(), "", actor=BO, tick=lambda: None)
    assert "on v1.4.2: web1" in refused.value.why
    assert any("rollback" in step for step in refused.value.next_steps)
    assert not world.nothing_is_open()
    closed = close_open(world.workspace(), "", actor=BO, leave=True, tick=lambda: None)
    assert closed.exit_code is ExitCode.PARTIAL
    assert world.nothing_is_open()
    journal = world.host("web1").machine.fs.read_bytes(r"C:\Apps\shop\state\journal.jsonl").decode()
    assert "bo on phone (pid 7): the runner is gone" in journal
    with pytest.raises(Refused, match="no rollout is open"):
        close_open(world.workspace(), "", actor=BO, tick=lambda: None)


def test_a_living_owner_is_named_and_gives_way_only_to_force(world: World) -> None:
    world.given_hosts(1)
    owner = of(world, "web1", "01LIVING", "C1")
    owner.open()  # its sign of life is good for a minute
    for command in (
        lambda: world.when_rollback(),
        lambda: going_on(world, "abort-leave"),
        lambda: going_on(world, "resume"),
        lambda: close_open(world.workspace(), "", actor=BO, tick=lambda: None),
    ):
        with pytest.raises(Refused) as refused:
            command()
        assert refused.value.reason is RefusalReason.OCCUPIED
        assert "01LIVING" in refused.value.what
        assert "last sign of life" in refused.value.what
        assert any("--take-over --reason" in step for step in refused.value.next_steps)
    assert not world.nothing_is_open()
    done = go_on(
        world.workspace(), "", decision="abort-leave", actor=BO, reporter=world, take_over=True, tick=lambda: None
    )
    assert isinstance(done, Said)
    assert done.exit_code is ExitCode.OK
    with pytest.raises(Stale) as stale:
        owner.beat()
    assert "bo on phone (pid 7): the runner is gone" in stale.value.taken_over_by
    owner.verbs.disconnect()
    assert world.nothing_is_open()
