"""Prompts of a script: answered by the client's host, refused where it has no screen, hanging where nobody answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pypsrp.complex_objects import PSCredential
from pypsrp.host import PSHost, PSHostUserInterface
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from fleetdeploy.lab.fleet import HostSpec, Lab
from fleetdeploy.lab.wsman.limits import ServiceLimits
from tests.lab.wsman.test_shells import soon_idle, wait_until


class Person(PSHostUserInterface):
    """Somebody at the client, who answers at once or not at all."""

    def __init__(self, *, answers: bool = True) -> None:
        super().__init__(None)
        self.answers = answers
        self.asked: list[Any] = []
        self.screen: list[str] = []

    def _said(self, what: Any, value: Any) -> Any:
        self.asked.append(what)
        return value if self.answers else None

    def ReadLine(self, runspace: Any, pipeline: Any) -> Any:
        return self._said("line", "typed")

    def Prompt(self, runspace: Any, pipeline: Any, caption: str, message: str, description: Any) -> Any:
        names = [field.extended_properties["name"] for field in description]
        return self._said((caption, message, names), {name: f"{name}!" for name in names})

    def PromptForChoice(
        self, runspace: Any, pipeline: Any, caption: str, message: str, choices: Any, default_choice: int
    ) -> Any:
        labels = [choice.extended_properties["label"] for choice in choices]
        return self._said((caption, message, labels, default_choice), 1)

    def PromptForCredential1(
        self, runspace: Any, pipeline: Any, caption: str, message: str, user_name: str, target_name: str
    ) -> Any:
        typed = PSCredential(username="corp\\ops", password="s3cret")  # type: ignore[no-untyped-call]
        return self._said((caption, message, user_name), typed)

    def WriteLine2(self, runspace: Any, pipeline: Any, message: str) -> None:
        self.screen.append(message)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    limits = ServiceLimits(min_idle_timeout_s=0.0)
    with Lab.start([HostSpec("web01", limits=limits)]) as running:
        yield running
        assert not running.hosts["web01"].not_simulated


@pytest.fixture
def client(lab: Lab, tmp_path: Path) -> Iterator[WSMan]:
    host = lab.hosts["web01"]
    with WSMan(
        host.address,
        port=host.port_https,
        username=lab.user,
        password=lab.password,
        auth="basic",
        cert_validation=str(lab.write_ca(tmp_path / "ca.pem")),  # type: ignore[arg-type]
        no_proxy=True,
    ) as made:
        yield made


def at(person: Person | None) -> PSHost:
    return PSHost(None, None, False, "tests", None, person, "1.0")


def run(pool: RunspacePool, script: str) -> PowerShell:
    shell = PowerShell(pool)
    shell.add_script(script).invoke()
    return shell


def test_a_person_answers_each_kind_of_prompt(client: WSMan) -> None:
    person = Person()
    with RunspacePool(client, host=at(person)) as pool:
        pool.exchange_keys()
        assert run(pool, "Read-Host").output == ["typed"]
        assert run(pool, "Read-Host -Prompt 'Your name'").output == ["Your name!"]
        choice = run(
            pool,
            "$c = [System.Management.Automation.Host.ChoiceDescription[]]('&Yes', '&No')\n"
            "$Host.UI.PromptForChoice('Sure', 'Go on', $c, 0)",
        )
        assert choice.output == [1]
        login = run(
            pool, "$c = Get-Credential -UserName ops -Message who; $c.UserName; $c.GetNetworkCredential().Password"
        )
        assert login.output == ["corp\\ops", "s3cret"]
        assert run(pool, "$Host.UI.WriteLine('direct'); Write-Host shown").output == []
    assert person.asked == [
        "line",
        ("", "", ["Your name"]),
        ("Sure", "Go on", ["&Yes", "&No"], 0),
        ("Windows PowerShell credential request", "who", "ops"),
    ]
    assert person.screen == ["direct", "shown"]


@pytest.mark.parametrize(
    ("script", "error_id"),
    [
        ("Read-Host", "HostFunctionNotImplemented,Microsoft.PowerShell.Commands.ReadHostCommand"),
        ("Read-Host -AsSecureString x", "HostFunctionNotImplemented,Microsoft.PowerShell.Commands.ReadHostCommand"),
        ("Get-Credential", "HostFunctionNotImplemented,Microsoft.PowerShell.Commands.GetCredentialCommand"),
        ("$Host.UI.ReadLine()", "HostException"),
        ("$Host.UI.PromptForCredential('a', 'b', 'c', 'd')", "HostException"),
    ],
)
@pytest.mark.parametrize("host", [None, "screenless"])
def test_without_a_screen_a_prompt_fails_at_once(client: WSMan, script: str, error_id: str, host: str | None) -> None:
    with RunspacePool(client, host=None if host is None else at(None)) as pool:
        shell = run(pool, f"try {{ {script} }} catch {{ $_.FullyQualifiedErrorId }}; Write-Host unseen")
        assert shell.output == [error_id]


def test_nobody_answers_and_the_script_waits_until_it_is_stopped(client: WSMan, lab: Lab) -> None:
    with RunspacePool(client, host=at(Person(answers=False))) as pool:
        shell = PowerShell(pool)
        shell.add_script("'before'; Read-Host; 'after'").begin_invoke()
        while not shell.output:
            shell.poll_invoke(timeout=1)
        (lab_shell,) = lab.hosts["web01"].service.shells.values()
        (command,) = lab_shell.commands.values()
        shell.poll_invoke(timeout=1)
        assert not command.queue.finished
        shell.stop()
        wait_until(lambda: command.queue.finished)
        assert shell.output == ["before"]


def test_nobody_answers_and_the_idle_timeout_ends_the_shell(client: WSMan, lab: Lab) -> None:
    service = lab.hosts["web01"].service
    pool = RunspacePool(client, host=at(Person(answers=False)))
    pool.open()
    PowerShell(pool).add_script("Read-Host").begin_invoke()
    soon_idle(service)
    wait_until(lambda: not service.shells)
