"""history --export, verify and retention, typed in; on a store that a conductor wrote, without any host."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fleetdeploy.app.recorded import forget_old
from fleetdeploy.cli.main import app
from fleetdeploy.engine.journal import Journal
from fleetdeploy.engine.store import side_tables
from fleetdeploy.model import events as ev
from fleetdeploy.model.run import Outcome
from fleetdeploy.settings import load_project

PROJECT = """\
app: {name: shop, exe: shop.exe, root: 'C:\\Apps'}
artifacts: {path: 'dist/{version}/shop.exe'}
retention: 180d
"""
INVENTORY = "fleet: prod\nhosts:\n  web1: {connection: {address: 192.0.2.1, user: u, secret: 'env:P'}}\n"


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journal]:
    """A project and its store with three rollouts: two ended, one of another fleet."""
    monkeypatch.setenv("FLEETDEPLOY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("FLEETDEPLOY_STORE", raising=False)
    (tmp_path / "inventories").mkdir()
    (tmp_path / "inventories" / "prod.yml").write_text(INVENTORY)
    (tmp_path / "fleetdeploy.yml").write_text(PROJECT)
    monkeypatch.chdir(tmp_path)
    made = Journal.default()
    for name, fleet in (("01AAA1", "prod"), ("01AAA2", "prod"), ("01AAA3", "other")):
        given(made, name, fleet)
    yield made
    made.close()


def given(journal: Journal, rollout: str, fleet: str = "prod") -> None:
    head = {"kind": "forward", "fleet": fleet, "app": "shop", "version": "v1", "digest": "d", "undoes": ""}
    journal.begin(rollout, **head, actor="eva@ci", conductor=f"C-{rollout}", plan={})
    journal.append(rollout, ev.Note("größer"))
    journal.step_begin(rollout, "web1", 30, "activate", f"C-{rollout}")
    journal.append(rollout, ev.RolloutEnded(Outcome.SUCCEEDED, 0))
    journal.end(rollout, "succeeded", 0)


def typed(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_history_says_where_it_is_read(journal: Journal) -> None:
    done = typed("history")
    assert done.exit_code == 0, done.output
    assert str(journal.path) in done.output
    assert "01AAA2" in done.output
    assert "01AAA3" not in done.output, "another fleet"
    assert "01AAA3" in typed("history", "--all").output


def test_an_export_is_ndjson_and_is_verified_as_the_store_is(journal: Journal, tmp_path: Path) -> None:
    out = typed("history", "--export", "-")
    rows = [json.loads(line) for line in out.stdout.splitlines()]
    assert [r["id"] for r in rows if r["record"] == "rollout"] == ["01AAA1", "01AAA2"]
    done = typed("history", "--all", "--export", "all.ndjson")
    assert done.output == "3 rollouts with 6 events written to all.ndjson\n"
    file = tmp_path / "all.ndjson"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.glob(".all*")) == []
    assert typed("verify", "--file", "all.ndjson").exit_code == 0
    assert "01AAA2: whole" in typed("verify", "AAA2", "--file", "all.ndjson").output
    file.write_text(file.read_text().replace("größer", "kleiner"))
    assert typed("verify", "--file", "all.ndjson").exit_code == 6
    for words, what in (
        (("verify", "01X", "--file", "all.ndjson"), "no single rollout"),
        (("verify", "--file", "fleetdeploy.yml"), "is no export: line 1"),
        (("verify", "--file", "none"), "is no export: No such file"),
        (("history", "--export", "nowhere/x"), "cannot write nowhere/x"),
    ):
        done = typed(*words)
        assert (done.exit_code, what in done.output) == (2, True), done.output


def test_verify_says_that_it_is_whole_or_where_it_is_not(journal: Journal) -> None:
    done = typed("verify", "01AAA1")
    assert done.exit_code == 0
    assert done.output.startswith("01AAA1: whole: 2 events, 1 steps\n  activate on web1 began at ")
    assert journal.path is not None
    db = sqlite3.connect(journal.path)
    db.execute("UPDATE events SET event=replace(event, 'größer', 'kleiner') WHERE rollout='01AAA1'")
    db.commit()
    db.close()
    done = typed("verify", "01AAA1")
    assert done.exit_code == 6
    assert "01AAA1: BROKEN at event 1 (seq 1, " in done.output
    assert "fleetdeploy status" in done.output
    everything = typed("verify", "--output", "json")
    data = json.loads(everything.stdout)
    assert (everything.exit_code, data["whole"]) == (6, False)
    assert [r["broken"] is None for r in data["rollouts"]] == [False, True, True]
    assert typed("verify", "nope").exit_code == 2


def test_an_empty_store_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEETDEPLOY_STORE", f"sqlite://{tmp_path}/elsewhere.sqlite3")
    done = typed("verify")
    assert (done.exit_code, "no rollouts recorded in" in done.output) == (0, True)
    assert (tmp_path / "elsewhere.sqlite3").exists()


def test_a_store_that_cannot_be_opened_says_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FLEETDEPLOY_STATE_DIR", str(tmp_path / "file"))
    monkeypatch.delenv("FLEETDEPLOY_STORE", raising=False)
    done = typed("verify")
    assert done.exit_code == 6
    assert "cannot be written" in done.output
    assert "fleetdeploy rollback" in done.output
    data = json.loads(typed("verify", "--output", "json").stdout)
    assert (data["kind"], data["reason"], data["trouble"]) == ("StoreError", "store", "read-only")
    monkeypatch.setenv("FLEETDEPLOY_STORE", "postgresql://u:hunter2@127.0.0.1:1/x")
    done = typed("verify")
    assert (done.exit_code, "does not answer" in done.output, "hunter2" in done.output) == (6, True, False)


def test_retention_of_the_project_or_of_the_environment(journal: Journal, tmp_path: Path) -> None:
    real = datetime.fromisoformat(side_tables.utc())
    early = (real - timedelta(days=190)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    with journal._backend.write() as tx:
        tx.change("UPDATE rollouts SET ended_at=?", early)
    forget_old(journal, None, {})
    forget_old(journal, None, {"FLEETDEPLOY_KEEP_JOURNAL": "200d"})
    forget_old(journal, None, {"FLEETDEPLOY_KEEP_JOURNAL": "nonsense"})
    assert len(journal.rollouts()) == 3
    forget_old(journal, load_project(tmp_path), {})
    assert [r.id for r in journal.rollouts()] == ["01AAA3", "01AAA2"], "the newest of each fleet stay"
    given(journal, "01AAA4")
    forget_old(journal, None, {"FLEETDEPLOY_KEEP_JOURNAL": "180d"})
    assert [r.id for r in journal.rollouts()] == ["01AAA4", "01AAA3"]


def test_show_says_where_it_read_it(journal: Journal) -> None:
    done = typed("show", "01AAA1")
    assert done.exit_code == 0, done.output
    assert f"outcome: succeeded\njournal {journal.path}\n" in done.output
    assert json.loads(typed("show", "01AAA1", "--output", "json").stdout)["journal"] == str(journal.path)
    unknown = typed("show", "01NONE")
    assert (unknown.exit_code, str(journal.path) in unknown.output) == (2, True)
