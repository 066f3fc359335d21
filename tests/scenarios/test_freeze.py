"""A frozen fleet: a rollout is refused before any host is changed, a rollback never is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fleetdeploy.app.conducting import run_forward
from fleetdeploy.app.planning import make_plan
from fleetdeploy.errors import RefusalReason
from fleetdeploy.model import events as ev
from fleetdeploy.model.permits import Permits
from tests.scenarios.steps import ACTOR, HAND_MADE_IMAGE, World, end, outcome


def given_frozen(world: World) -> datetime:
    """The fleet's own calendar is closed since yesterday; the moment it opens."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    since, until = now - timedelta(days=1), now + timedelta(days=1)
    window = f'{{from: "{since:%Y-%m-%d %H:%M}", to: "{until:%Y-%m-%d %H:%M}", zone: UTC, why: stocktaking}}'
    path = world.folder / "inventories" / "lab.yml"
    path.write_text(f"freeze:\n  - {window}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    return until


def test_a_frozen_fleet_refuses_a_start_and_nothing_else(world: World) -> None:
    world.given_setting("kind: canary, canary: 1, batch: 2, bake_canary: 400ms, pause_timeout: 1s", "kind: all-at-once")
    world.given_hosts(1)
    world.given_version("v1.4.2")
    until = given_frozen(world)
    # When somebody starts a rollout
    code, output = end(world.when_started("rollout", "v1.4.2", "--yes"))
    # Then it is refused with until when, why, and what to type; no host has heard of it
    assert code == 6, output
    assert f"closed until {until:%a %Y-%m-%d %H:%M} UTC: stocktaking" in output
    assert "--override-freeze --reason" in output
    assert f"--not-before {until:%Y-%m-%dT%H:%M}+00:00" in output
    assert world.nothing_is_open()
    assert sum(world.stops().values()) == 0
    # A start for later may be typed now; it would wait by itself
    workspace = world.workspace()
    later = make_plan(workspace, "v1.4.2", permits=Permits(not_before=until.isoformat())).plan
    assert later.problems == ()
    assert later.freeze[0].why == "stocktaking"
    now = make_plan(workspace, "v1.4.2").plan
    assert {p.reason for p in now.problems} == {RefusalReason.FREEZE}
    assert now.digest == later.digest
    # An emergency goes on, and its reason is in the journal
    hurry = make_plan(workspace, "v1.4.2", permits=Permits(override_freeze=True, reason="CVE-2026-1")).plan
    assert outcome(run_forward(workspace, hurry, actor=ACTOR, reporter=world)) == ("succeeded", 0), world.texts()
    assert any(isinstance(e, ev.Note) and "overridden (CVE-2026-1)" in e.text for e in world.events)
    # Where nothing would begin, the calendar is in nobody's way
    assert make_plan(workspace, "v1.4.2").plan.problems == ()
    # And a rollback is not even asked
    assert outcome(world.when_rollback()) == ("succeeded", 0), world.texts()
    assert world.images() == {HAND_MADE_IMAGE}
