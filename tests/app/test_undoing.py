"""What a rollback does at once, without a conductor of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetdeploy.app import undoing
from fleetdeploy.app.workspace import Workspace
from fleetdeploy.model.host import Fleet
from fleetdeploy.model.verbs import AppRef
from fleetdeploy.plan.rollback import CloseOnly


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
