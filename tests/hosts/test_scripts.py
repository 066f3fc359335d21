"""The scripts: one constant text per verb, found, composed and replaced. What they may hold: tests/powershell_rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleetdeploy.errors import FleetdeployError
from fleetdeploy.hosts.scripts import VERBS, ScriptLibrary, shared_library, shipped_folder
from fleetdeploy.hosts.session import Script, ScriptResult
from fleetdeploy.hosts.verbs import HostVerbs
from fleetdeploy.model.verbs import AppRef


class _Recording:
    """A session that keeps what it was asked and answers with its nonce."""

    def __init__(self) -> None:
        self.scripts: list[Script] = []
        self.idle_s, self.may_be_changing = 0.0, False

    def run(self, script: Script, *, feed: Iterator[bytes | str] | None = None, deadline_s: float) -> ScriptResult:
        self.scripts.append(script)
        return ScriptResult((json.dumps({"nonce": script.parameters["Nonce"], "ok": True, "result": {}}),))

    def close(self) -> None:
        pass


@pytest.mark.parametrize("verb", VERBS)
def test_two_fleets_run_the_same_text(verb: str) -> None:
    texts = []
    for host, app in (
        ("web01", AppRef("shop", "Shop", "C:\\fd")),
        ("db'07", AppRef('o"range', "O$range", "D:\\a b")),
    ):
        session = _Recording()
        verbs = HostVerbs(host, lambda session=session: session, app, library=ScriptLibrary())
        verbs._call(verb, {"claim": {"rollout": host}})
        texts.append(session.scripts[0].text)
        assert session.scripts[0].parameters["App"] == app.app
        assert app.app not in session.scripts[0].text
    assert texts[0] == texts[1]


def test_project_may_replace_one_script(tmp_path: Path) -> None:
    folder = tmp_path / "powershell"
    folder.mkdir()
    (folder / "beat.ps1.j2").write_text("{% include 'parts/basics.ps1.j2' %}\n# ours\n")
    library = ScriptLibrary(tmp_path)
    assert "# ours" in library.text("beat")
    assert library.text("observe") == shared_library().text("observe")


def test_unknown_script_and_unknown_variable_are_errors(tmp_path: Path) -> None:
    folder = tmp_path / "powershell"
    folder.mkdir()
    (folder / "beat.ps1.j2").write_text("{{ host }}")
    library = ScriptLibrary(tmp_path)
    with pytest.raises(FleetdeployError, match="does not compose"):
        library.text("beat")
    with pytest.raises(FleetdeployError, match="no template"):
        library.text("reboot")


def test_shipped_folder_holds_every_verb() -> None:
    assert {path.name for path in (shipped_folder() / "powershell").glob("*.ps1.j2")} == {f"{v}.ps1.j2" for v in VERBS}
