"""Evidence before undo: a release fails, the fleet is as it was again, and what failed can still be read."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fleetdeploy.app.templates import eject
from fleetdeploy.cli.logs_cmd import logs
from fleetdeploy.cli.main import app
from fleetdeploy.cli.results import CommandResult, Lines
from fleetdeploy.cli.show_cmd import show
from fleetdeploy.engine.journal import Journal
from fleetdeploy.errors import UsageError
from fleetdeploy.model import events as ev
from tests.scenarios.steps import HAND_MADE_IMAGE, World, outcome, wait_for

PANIC = "runtime error: index out of range [3] with length 3"
LOG = "C:\\Apps\\shop\\data\\shop.log"


@pytest.fixture
def shop(world: World) -> World:
    """An app that logs to a file, and says so in its project."""
    world.given_setting(
        'arguments: ["--port", "8080"]', 'arguments: ["--port", "8080", "--log", \'{workdir}\\shop.log\']'
    )
    world.given_setting("strategy:", "logs: ['{workdir}\\*.log']\nstrategy:")
    return world


def text(result: CommandResult) -> str:
    return "\n".join(line for block in result.blocks if isinstance(block, Lines) for line in block.lines)


def kept(world: World) -> list[ev.EvidenceKept]:
    return [e for e in world.events if isinstance(e, ev.EvidenceKept)]


def test_a_canary_that_panics_is_explained_after_it_was_put_back(shop: World) -> None:
    # Given a version that panics soon after it was healthy
    shop.given_hosts(2)
    shop.given_version("v1.4.3", panic=PANIC, crash_after=1.2)
    # When it is rolled out
    result = shop.when_rollout("v1.4.3", bake_canary="20s")
    # Then it is undone, and why it failed was said while it happened
    assert outcome(result) == ("rolled_back", 3), shop.texts()
    assert shop.images() == {HAND_MADE_IMAGE}
    [evidence] = kept(shop)
    assert PANIC in evidence.likely
    at = [type(e).__name__ for e in shop.events]
    back = next(
        i for i, e in enumerate(shop.events) if isinstance(e, ev.HostChanged) and e.state.value == "rolled_back"
    )
    assert at.index("EvidenceKept") < back
    # And it can be read afterwards: what failed, the explanation, the events, the log's last lines, the probe's answers
    rollout, host = result.rollout, evidence.host
    shown = text(show(rollout, host=host, project=shop.folder))
    assert f"likely    the Go program ended with panic: {PANIC}" in shown
    assert "C:/build/shop/main.go:42" in shown
    assert "Service Control Manager 703" in shown
    assert f"log       {LOG}" in shown
    assert f"| panic: {PANIC}" in shown
    assert "probe " in shown
    assert "next      fleetdeploy logs" in shown
    # And also on another machine, whose store is empty: the host kept it, too
    shutil.rmtree(shop.store)
    again = text(show(rollout[-8:], host=host, project=shop.folder))
    assert f"| panic: {PANIC}" in again
    assert "the host keeps it" in again
    other = next(name for name in shop.lab.hosts if name != host)
    with pytest.raises(UsageError, match="neither the store nor"):
        show(rollout, host=other, project=shop.folder)


def test_a_start_that_fails_brings_its_scene_with_the_answer(shop: World) -> None:
    shop.given_hosts(2)
    shop.given_version("v1.4.3", missing_dll="libsqlite3.dll")
    result = shop.when_rollout("v1.4.3")
    assert outcome(result) == ("rolled_back", 3), shop.texts()
    failed = next(e for e in shop.events if isinstance(e, ev.HostFailed))
    assert "libsqlite3.dll was not found" in failed.likely
    assert any("artifacts.manifest" in step for step in failed.next_steps)
    [evidence] = kept(shop)
    assert evidence.likely == ""  # was said with the failure
    found = show(result.rollout, host=evidence.host, project=shop.folder)
    data = json.loads(json.dumps(found.data))
    assert data["evidence"][0]["explanations"][0]["name"] == "missing-dll"
    assert data["evidence"][0]["failure"]["win32"] == 1053


def test_secrets_in_a_log_stay_where_they_are_asked_for(shop: World) -> None:
    shop.given_hosts(1)
    shop.given_version("v1.4.3", panic="dial tcp: password hunter2 refused", crash_on_start=True)
    result = shop.when_rollout("v1.4.3")
    assert outcome(result) == ("rolled_back", 3), shop.texts()
    assert "hunter2" not in shop.texts()
    journal = Journal.default()
    try:
        said = str([row.to_json() for row in journal.events(result.rollout)])
        rows = journal.evidence(result.rollout, "web1")
    finally:
        journal.close()
    assert "hunter2" not in said
    assert "hunter2" in str(rows[0].data)
    files = [p for p in shop.store.rglob("*") if p.is_file()]
    assert files
    assert all(stat.S_IMODE(p.stat().st_mode) & 0o077 == 0 for p in files), files
    assert "hunter2" in text(show(result.rollout, host="web1", project=shop.folder))
    assert "hunter2" not in text(show(result.rollout, project=shop.folder))


def test_a_scene_that_does_not_come_does_not_hold_up_the_way_back(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a host on which the script that gathers the scene never ends
    monkeypatch.setattr("fleetdeploy.rollout.evidence.FULL_S", 1.0)
    monkeypatch.setattr("fleetdeploy.rollout.evidence.BRIEF_S", 1.0)
    scene = eject(shop.folder, "scene").override.file
    body = "{% block body %}\n"
    scene.write_text(scene.read_text().replace(body, body + "        Start-Sleep -Seconds 60\n"))
    shop.given_hosts(2)
    shop.given_version("v1.4.3", unhealthy_after=1.0)
    result = shop.when_rollout("v1.4.3", bake_canary="20s")
    assert outcome(result) == ("rolled_back", 3), shop.texts()
    assert shop.images() == {HAND_MADE_IMAGE}
    assert kept(shop) == []
    assert "evidence could not be gathered" in shop.texts()


def test_logs_reads_a_host_live(shop: World) -> None:
    shop.given_hosts(1)
    shop.given_version("v1.4.2")
    assert outcome(shop.when_rollout("v1.4.2")) == ("succeeded", 0), shop.texts()
    found = logs("web1", since="1h", lines=50, project=shop.folder)
    shown = text(found)
    assert "v1.4.2 listens on :8080" in shown
    assert "service   Shop Running, PID" in shown
    assert "port      8080 is listened on by shop.exe" in shown
    assert f"log       {LOG}" in shown
    assert json.loads(json.dumps(found.data))["source"] == "live"
    # And as it is typed
    typed = CliRunner().invoke(app, ["logs", "web1", "-C", str(shop.folder), "--since", "1h", "--output", "json"])
    assert typed.exit_code == 0, typed.output
    assert json.loads(typed.output)["scene"]["logs"][0]["path"] == LOG
    # And from a machine that has an inventory and nothing else
    bare = shop.folder.parent / "bare"
    shutil.copytree(shop.folder / "inventories", bare / "inventories")
    assert "v1.4.2 listens on :8080" in text(logs("web1", project=Path(bare)))
    with pytest.raises(UsageError, match="no host 'web9'"):
        logs("web9", project=shop.folder)
    with pytest.raises(UsageError, match="--since"):
        logs("web1", since="soon", project=shop.folder)
    # And of a host that is off nothing can be read
    shop.host("web1").machine.power_off()
    wait_for(lambda: not shop.host("web1").server.open)
    silent = CliRunner().invoke(app, ["logs", "web1", "-C", str(shop.folder)])
    assert silent.exit_code == 5, silent.output
