"""What a rollback does at once, without a conductor of its own."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from fleetdeploy.app import open_entries, undoing
from fleetdeploy.app.workspace import Workspace
from fleetdeploy.engine.journal import Journal
from fleetdeploy.errors import Unreachable, UsageError
from fleetdeploy.model.host import Fleet, Host
from fleetdeploy.model.sight import Lost, Sight
from fleetdeploy.model.verbs import Actor, AppRef
from fleetdeploy.plan.rollback import CloseOnly
from tests.plan.sights import host, host_state, lost, observation, record, service, sight


@pytest.mark.parametrize("outcome", ["aborted", "succeeded"])
@pytest.mark.parametrize(("failed", "code"), [({}, 0), ({"web2": "no answer"}, 8)])
def test_an_end_that_could_not_be_written_everywhere_is_no_plain_success(
    outcome: str, failed: dict[str, str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEETDEPLOY_STATE_DIR", str(tmp_path))
    monkeypatch.setattr(undoing, "finish_closing", lambda *values, **named: failed)
    workspace = Workspace(tmp_path, None, Fleet("prod", ()), (), AppRef("shop", "", ""))
    said = undoing._close_only(workspace, {}, CloseOnly("01R1", "v1.4.2", outcome))
    assert said.exit_code == code
    assert ("not on web2" in said.text) == bool(failed)


@pytest.mark.parametrize("wanted", ["", "01R1"])
def test_hosts_that_do_not_answer_are_no_hosts_without_a_rollout(
    wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undoing, "look", lambda *values, **named: {"web1": lost("web1"), "web2": lost("web2")})
    workspace = Workspace(tmp_path, None, Fleet("prod", ()), (), AppRef("shop", "", ""))
    with pytest.raises(Unreachable, match="no host of fleet prod answers") as nobody:
        undoing.find_rollback(workspace, rollout=wanted, tick=lambda: None)
    assert nobody.value.exit_code == 5


def test_an_id_that_a_silent_host_might_know() -> None:
    with pytest.raises(UsageError, match="no host remembers") as unknown:
        undoing._full_id({"web1": sight("web1"), "web2": lost("web2")}, "01R1")
    assert unknown.value.why == ("1 of 2 hosts cannot be asked: web2",)


def test_a_refused_login_is_not_tried_again_to_write_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setenv("FLEETDEPLOY_STATE_DIR", str(tmp_path))
    journal = Journal(tmp_path / "journal.sqlite3")

    def closing(rollout: str, outcome: str, hosts: tuple[Host, ...], *rest: object, **more: object) -> dict[str, str]:
        asked.extend(h.name for h in hosts)
        return {}

    for module in (undoing, open_entries):
        monkeypatch.setattr(module, "finish_closing", closing)
        monkeypatch.setattr(module, "open_ports", lambda *values, **named: nullcontext(SimpleNamespace(log=journal)))
    machines = (("web1", "1"), ("web2", "2"))
    unended = record("01R1", 1, machines=machines, intent=False, done=False, ended=False, outcome="")
    sights = {
        "web1": Sight("web1", observation("web1", service(), host_state(unended))),
        "web2": Sight("web2", lost=Lost.LOGIN, error="refused"),
    }
    workspace = Workspace(tmp_path, None, Fleet("prod", (host("web1"), host("web2"))), (), AppRef("shop", "", ""))
    said = undoing._close_only(workspace, sights, CloseOnly("01R1", "v1.4.2", "aborted"))
    assert (asked, said.exit_code) == (["web1"], 8)
    assert "not on web2" in said.text
    found = open_entries.find_open(sights, "")
    said = open_entries.leave_as_it_is(workspace, sights, found, actor=Actor("eva", "laptop", 1))
    assert (asked, said.exit_code) == (["web1", "web1"], 8)
    assert "web2: its login was refused" in said.text
    journal.close()
