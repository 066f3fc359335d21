"""Plan, rollout, undo, rollback: what a release engineer and somebody on call type, and what they read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import MakeWorld
from tests.cli.e2e_world import World

pytestmark = pytest.mark.timeout(300)  # many processes: a busy machine takes its time


def test_a_plan_is_shown_carried_out_and_then_stale(make_world: MakeWorld) -> None:
    world = make_world()
    world.given_version("v1.4.2")
    shown = world.expect(0, "plan", "v1.4.2", "--canary", "2")
    shown.says("roll out shop v1.4.2 on fleet lab: 3 of 3 hosts change", "canary  web1, web2", "40.0 kB")
    shown.says("v1.4.0", "image_path:", r"C:\Apps\shop\releases\v1.4.2-")
    told = next(line for line in shown.out.splitlines() if line.startswith("next  fleetdeploy rollout "))
    data = world.json("plan", "v1.4.2")
    assert [batch["hosts"] for batch in data["batches"]] == [["web1"], ["web2", "web3"]]
    assert {h["host"]: (h["from_label"], h["to_label"], h["bytes_to_send"]) for h in data["hosts"]} == {
        f"web{i}": ("v1.4.0", "v1.4.2", 40_000) for i in (1, 2, 3)
    }
    assert data["digest"] not in told  # other batches, another digest

    stale = world.expect(6, "rollout", "v1.4.2", "--plan", told.split()[5])
    stale.says("nothing was changed", "strategy.canary", "batches:", "fleetdeploy plan v1.4.2")
    unknown = world.expect(6, "rollout", "v1.4.2", "--plan", "0123456789ab", "--output", "json").json_lines
    assert unknown[-1]["exit_code"] == 6
    assert unknown[-1]["reason"] == "stale-plan"
    assert set(world.stops().values()) == {0}

    # What the plan told to type does what the plan showed.
    done = world.expect(0, *told.split()[2:])
    done.says("canary: web1, web2", "web3: healthy v1.4.2", "SUCCEEDED", "shop v1.4.2 on fleet lab: 3 healthy")
    assert set(world.stops().values()) == {1}

    again = world.expect(0, "rollout", "v1.4.2")
    again.says("nothing to do", "0 of 3 hosts change")
    assert set(world.stops().values()) == {1}


def test_a_bad_version_is_undone_and_a_rollback_goes_further(make_world: MakeWorld) -> None:
    world = make_world()
    world.given_version("v1.4.2")
    world.given_version("v1.4.3", unhealthy_after=0.6)
    world.given_version("v1.5.0", crash_on_start=True)
    world.expect(0, "rollout", "v1.4.2", "--yes")

    _every_line_is_json(world)
    failed = world.expect(3, "rollout", "v1.5.0")
    failed.says(
        "web1: FAILED", "event 7034: the Shop service terminated unexpectedly; it has done this 1 time(s)", "error 1067"
    )
    failed.says(
        "now  the previous version runs again", "ROLLED BACK: every changed host is back as it was (exit code 3)"
    )
    failed.says("hosts that failed:", "--host web1")
    # What is true now, asked live, not what the conductor believes
    failed.says("ROLLED BACK   lab / shop / v1.5.0 -> v1.4.2 / 01", " / by eva\n")
    failed.says("3  v1.4.2, healthy (1 restored in ", ", 2 never touched), asked live at 20")
    failed.says("v1.5.0 is marked bad: the next scheduled job will refuse it.")
    assert "web2: activating" not in failed.out

    world.expect(0, "status").says("shop on fleet lab: 3 v1.4.2 healthy", "rolled back")
    history = world.expect(0, "history")
    history.says("v1.4.2", "v1.4.3", "v1.5.0", "succeeded", "rolled back", "eva@")
    rollout = next(line.split()[0] for line in history.out.splitlines() if line.startswith("01"))  # newest first
    shown = world.expect(0, "show", rollout[-6:].lower(), "--host", "web1")
    shown.says("v1.5.0 on lab", "outcome: rolled back", "web1: FAILED")
    assert "web2" not in shown.out

    world.expect(0, "rollback").says("already undone, nothing changed", "fleetdeploy rollback --to VERSION")
    back_to_v140(world)


def _every_line_is_json(world: World) -> None:
    lines = world.expect(3, "rollout", "v1.4.3", "--output", "json").json_lines
    assert lines[0]["event"] == "plan"
    assert lines[-1]["event"] == "result"
    assert lines[-1]["exit_code"] == 3
    assert {h["host"]: h["label"] for h in lines[-1]["hosts"]} == dict.fromkeys(("web1", "web2", "web3"), "v1.4.2")
    failed = next(line for line in lines if line["event"] == "host-failed")
    assert failed["host"] == "web1"
    assert "answered 503" in failed["failure"]["detail"]


def back_to_v140(world: World) -> None:
    """On call: another directory, inventory and login alone, an empty store."""
    elsewhere = world.folder / "on-call"
    world.given_inventory(elsewhere)
    where = {"cwd": elsewhere, "FLEETDEPLOY_STATE_DIR": str(world.folder / "empty")}
    world.expect(0, "status", **where).says("shop on fleet lab: 3 v1.4.2 healthy")
    world.expect(2, "rollback", "--app", "shopp", **where).says("knows an app 'shopp'", "did you mean shop?")
    world.expect(6, "rollback", "--to", "v0.9.0", **where).says("no host can go back to v0.9.0", "web2: it remembers")
    back = world.expect(0, "rollback", "--to", "v1.4.0", **where)
    back.says("v1.4.2", "web1: rolled back v1.4.0", "SUCCEEDED")
    back.says("ROLLED BACK   lab / shop / v1.4.2 -> v1.4.0 / ", " undoes 01", "3  v1.4.0, healthy (3 restored in ")
    assert {world.image(name) for name in world.lab.hosts} == {'"C:\\Program Files\\Shop\\shop.exe" --port 8080'}


def test_a_rollback_without_a_target(make_world: MakeWorld) -> None:
    world = make_world(1)
    world.expect(6, "rollback").says("nothing to roll back", "fleetdeploy status")
    world.expect(6, "promote").says("no rollout is open on the hosts")
    world.expect(2, "rollback", "01ABC").says("no host remembers a rollout '01ABC'")
    world.expect(2, "show", "01ABC").says("fleetdeploy history")
    unwritable = str(world.given_version("v1") / "store")  # below a file nothing can be made
    world.expect(0, "status", FLEETDEPLOY_STATE_DIR=unwritable).says("1 v1.4.0 healthy", "nothing recorded is shown")
    elsewhere = world.folder / "on-call"
    world.given_inventory(elsewhere)
    world.expect(2, "status", cwd=elsewhere).says("which app?", "--app NAME")


def test_two_apps_on_one_fleet(make_world: MakeWorld) -> None:
    world = make_world(1)
    world.given_version("v1.4.2")
    world.expect(0, "rollout", "v1.4.2")
    other: Path = world.folder / "api"
    world.given_inventory(other)
    text = (world.project / "fleetdeploy.yml").read_text(encoding="utf-8")
    text = text.replace("service: Shop", "service: Api").replace("name: shop", "name: api").replace("8080", "8090")
    (other / "fleetdeploy.yml").write_text(text, encoding="utf-8")
    for name in ("shop.exe", "shop.exe.sha256"):
        target = other / "dist" / "v1.4.2" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((world.project / "dist" / "v1.4.2" / name).read_bytes())
    first = world.expect(0, "rollout", "v1.4.2", cwd=other)
    first.says("roll out api v1.4.2 on fleet lab", "SUCCEEDED")

    elsewhere = world.folder / "on-call"
    world.given_inventory(elsewhere)
    world.expect(2, "rollback", cwd=elsewhere).says("which app?", "api, shop", "--app api")
    back = world.expect(0, "rollback", "--app", "api", cwd=elsewhere)
    back.says("absent")
    assert world.on() == {"web1": "v1.4.2"}
