"""What a rollback does at once, without a conductor of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetdeploy.app import undoing
from fleetdeploy.app.workspace import Workspace
from fleetdeploy.errors import Unreachable, UsageError
from fleetdeploy.model.host import Fleet
from fleetdeploy.model.verbs import AppRef
from fleetdeploy.plan.rollback import CloseOnly
from tests.plan.sights import lost, sight


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
