"""``faults.yml``: what it may say, and how it is told where it is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fleetdeploy.cli.lab_faults_file import read_faults
from fleetdeploy.errors import ConfigError
from fleetdeploy.lab.fault_orders import FaultError, FaultOrder, conditions, give, matching, what_happened
from fleetdeploy.lab.fleet import HostSpec, Lab, LabHost

FULL = """\
faults:
  - hosts: [web*, db1]
    fault: lose-answer
    when: {verb: activate, nth: 2}
    times: 3
  - fault: reboot
    when: {step: stop Shop, offset: 300k}
  - hosts: web1
    fault: slow-link
    seconds: 150ms
    jitter: 0.05
    bandwidth: 200k
  - fault: disk-full
    when: {match: 'state\\.json', verb: activate, probability: 0.3, seed: 7}
    times: forever
  - {fault: clock-skew, seconds: -3600}
  - {fault: wsman-fault, code: max-shells, form: wmi, when: {match: ^Create$}}
  - {fault: by-hand, do: restart, service: Shop, when: {script: Get-Service}}
"""


def read(tmp_path: Path, text: str) -> list[FaultOrder]:
    file = tmp_path / "faults.yml"
    file.write_text(text, encoding="utf-8")
    return read_faults(file)


def test_everything_that_it_may_say(tmp_path: Path) -> None:
    orders = read(tmp_path, FULL)
    assert [(o.hosts, o.kind) for o in orders[:3]] == [
        (("web*", "db1"), "lose-answer"),
        (("*",), "reboot"),
        (("web1",), "slow-link"),
    ]
    lose, reboot, link, disk, clock, quota, hand = [dict(o.options) for o in orders]
    assert (lose["skip"], lose["count"]) == (1, 3)
    assert re.search(lose["pattern"], "script begin {\n  $fd = @{ verb = 'activate' }\n}")
    assert not re.search(lose["pattern"], "script begin {\n  $fd = @{ verb = 'probe' }\n}")
    assert (reboot["pattern"], reboot["offset"]) == ("^(?:stop Shop)", 300 * 1024)
    assert (link["seconds"], link["jitter"], link["bandwidth"]) == (0.15, 0.05, 200 * 1024)
    # A full disk looks at paths: the verb is what it waits for.
    assert disk["pattern"] == r"state\.json"
    assert "activate" in disk["after"]
    assert (disk["probability"], disk["seed"], disk["count"]) == (0.3, 7, None)
    assert clock["seconds"] == -3600
    assert (quota["code"], quota["form"]) == ("max-shells", "wmi")
    assert (hand["do"], hand["service"]) == ("restart", "Shop")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("faults:\n  - falt: reboot", 2, "faults[0].fault is missing"),
        ("faults:\n  - fault: rebot", 2, "did you mean reboot"),
        ("faults:\n  - fault: reboot\n    colour: red", 3, "unknown key 'colour'"),
        ("faults:\n  - fault: reboot\n    when:\n      verbs: activate", 4, "did you mean verb"),
        ("faults:\n  - fault: reboot\n    when:\n      verb: aktivate", 4, "did you mean activate"),
        ("faults:\n  - fault: reboot\n    when: {step: halt Shop}", 3, "no step of a host"),
        ("faults:\n  - fault: reboot\n    when: {verb: stage, step: stop Shop}", 3, "two different times"),
        ("faults:\n  - fault: refuse\n    seconds: 3s", 3, "unknown key 'seconds'"),
        ("faults:\n  - fault: refuse\n    times: seldom", 3, "no whole number"),
        ("faults:\n  - fault: refuse\n    when: {nth: 0}", 3, "not within 1"),
        ("faults:\n  - fault: slow-link\n    when: {probability: 0.5}", 3, "slow-link takes no probability"),
        ("faults:\n  - fault: refuse\n    when: {probability: often}", 3, "no number"),
        ("faults:\n  - fault: wsman-fault\n    code: max-shell", 3, "did you mean max-shells"),
        ("faults:\n  - fault: quarantine\n    do: gonne", 3, "did you mean gone"),
        ("faults: []\nfault: {}", 2, "unknown key 'fault'"),
        ("falts: []", 1, "faults is missing"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        read(tmp_path, text)
    assert words in f"{wrong.value} {wrong.value.next_steps}"
    assert wrong.value.line == line, str(wrong.value)
    assert wrong.value.file.endswith("faults.yml")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_faults(tmp_path / "none.yml")


def test_a_fault_goes_to_the_hosts_that_are_meant(tmp_path: Path) -> None:
    with Lab.start([HostSpec(name) for name in ("web1", "web2", "db1")]) as lab:
        order = FaultOrder(("web*",), "by-hand", {"do": "restart", **conditions("by-hand", step="start Shop")})
        assert give(lab, order) == ["web1", "web2"]
        assert [host.faults.quiet for host in lab.hosts.values()] == [False, False, True]
        with pytest.raises(FaultError, match="no host mail1"):
            matching(lab, ("mail1",))
        give(lab, FaultOrder(("*",), "clock-skew", {"seconds": 5.0}))
        rows = what_happened(lab, ("db1",))
        assert [row["what"] for row in rows if row["source"] == "fault"] == ["clock-skew"]
        assert "EventLog 6005" in {row["what"] for row in rows}
        assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
        dice = FaultOrder(("*",), "refuse", {"probability": 0.5, "seed": 1, "count": None})
        give(lab, dice)
        throws = {name: tuple(_throws(host)) for name, host in lab.hosts.items()}
        assert len(set(throws.values())) > 1, "each host throws its own dice"


def _throws(host: LabHost) -> list[bool]:
    kind = host.faults.listing()[-1].kind
    return [host.faults.take(kind, "connect") is not None for _ in range(20)]


def test_the_example_of_the_readme(tmp_path: Path) -> None:
    readme = Path(__file__).parents[2] / "README.md"
    example = re.search(r"```yaml\n(faults:\n.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    assert len(read(tmp_path, example[1])) == 4
