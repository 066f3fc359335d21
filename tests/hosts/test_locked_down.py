"""A host that WDAC or AppLocker locks down: said in clear words, and nothing is changed there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fleetdeploy.errors import ProtocolRefused
from fleetdeploy.hosts.answers import CLM_IDS, unwrap
from fleetdeploy.hosts.doctor import diagnose
from fleetdeploy.hosts.session import ScriptError, ScriptResult
from fleetdeploy.lab.fleet import HostSpec, Lab
from fleetdeploy.model.host import Connection
from fleetdeploy.model.secret import Secret
from tests.hosts.conftest import APP, connect


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab.start([HostSpec("web01", options={"language_mode": "ConstrainedLanguage"})]) as running:
        yield running
        assert running.hosts["web01"].not_simulated == []


def test_observe_says_why_and_changes_nothing(lab: Lab) -> None:
    host = lab.hosts["web01"]
    verbs = connect(lab, host)
    try:
        with pytest.raises(ProtocolRefused, match="constrained language mode") as refused:
            verbs.observe()
    finally:
        verbs.disconnect()
    assert "WDAC or AppLocker" in refused.value.why[0]
    assert refused.value.next_steps == ("fleetdeploy doctor",)
    assert {kind for kind, _ in host.effects.history} == {"logon"}


def test_doctor_stops_at_the_language(lab: Lab) -> None:
    host = lab.hosts["web01"]
    where = Connection(host.address, host.port_http, transport="http", auth="ntlm", user=lab.user)
    findings = diagnose("web01", where, Secret(lab.password), APP)
    last = findings[-1]
    assert (last.layer, last.ok, last.detail) == ("language", False, "PowerShell runs in ConstrainedLanguage")
    assert "AppLocker or WDAC" in last.next_step
    assert all(finding.ok for finding in findings[:-1])


@pytest.mark.parametrize("error_id", CLM_IDS)
def test_each_error_of_the_mode_is_known(error_id: str) -> None:
    told = ScriptError(f"{error_id},Microsoft.PowerShell.Commands.SomeCommand", "words in any language", 3)
    result = ScriptResult(output=(), errors=(told,), failed=True, exit_code=None)
    with pytest.raises(ProtocolRefused, match="constrained language mode"):
        unwrap("web01", "observe", "nonce", result)
