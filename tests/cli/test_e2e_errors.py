"""What goes wrong before anything is changed: the exit code, the words, and what to type next."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetdeploy.lab.tls import LabAuthority
from tests.cli.conftest import MakeWorld
from tests.cli.e2e_world import World

pytestmark = pytest.mark.timeout(300)  # many processes: a busy machine takes its time


def layers(text: str, host: str) -> dict[str, str]:
    """Layer → mark of one host, from doctor's table."""
    rows = [line.split() for line in text.splitlines() if line.startswith(f"{host} ")]
    assert len({row[1] for row in rows}) == len(rows), "one line for each layer"
    return {row[1]: row[2] for row in rows}


def test_hosts_that_are_down_wrongly_certified_or_refuse_the_login(make_world: MakeWorld) -> None:
    world = make_world()
    world.given_version("v1.4.2")
    well = world.expect(0, "doctor")
    well.says("3 of 3 hosts can be worked with", "administrator", "FullLanguage")
    assert set(layers(well.out, "web1").values()) == {"ok"}
    assert "tls" not in layers(well.out, "web2")  # sealed HTTP has no such layer
    _down(world)
    _wrong_authority(world)
    _wrong_password(world)
    assert set(world.stops().values()) == {0}


def _down(world: World) -> None:
    world.host("web2").faults.add("refuse", count=None)
    found = world.expect(5, "status")
    found.says("2 v1.4.0 healthy, 1 cannot be asked", "web2: cannot be reached at")
    sick = world.expect(5, "doctor", "--limit", "web2")
    assert layers(sick.out, "web2") == {"dns": "ok", "tcp": "FAILED", "winrm": "-", "login": "-", "psrp": "-"}
    sick.says("0 of 1 hosts", "next  web2: ")
    refused = world.expect(5, "rollout", "v1.4.2", "--output", "json").json_lines[-1]
    assert refused["exit_code"] == 5
    assert refused["what"] == "1 of 3 hosts does not answer; nothing was changed"
    assert refused["next"] == ["fleetdeploy doctor --limit web2", "or set it aside: --unreachable skip"]
    world.host("web2").faults.heal()


def _wrong_authority(world: World) -> None:
    ca = world.project / "inventories" / "ca.pem"
    ca.write_bytes(LabAuthority().pem)
    sick = world.expect(6, "doctor", "--limit", "web1,web2")
    assert layers(sick.out, "web1")["tls"] == "FAILED"
    assert set(layers(sick.out, "web2").values()) == {"ok"}
    sick.says("the certificate was not accepted", "set ca_file or fingerprint")
    world.lab.write_ca(ca)


def _wrong_password(world: World) -> None:
    """One attempt for the fleet, whatever the scheme: twelve would lock the account."""
    world.password = "not-the-password"
    for command in (("status",), ("doctor",), ("rollout", "v1.4.2")):
        before = {name: host.effects.count("logon_failure") for name, host in world.lab.hosts.items()}
        refused = world.expect(6, *command)
        refused.says("login refused for 'fleetadmin'", "not tried")
        if command[0] == "rollout":
            refused.says(
                "web1 refused the login of fleetadmin. 2 more hosts were not tried with this account.",
                "changed  nothing (0 of 3 hosts). Login attempts made: 1. "
                "The password came from the environment variable FLEETDEPLOY_PASSWORD.",
                "likely   password expired or wrong",
                "next     fleetdeploy doctor --limit web1 --user YOU --ask-password   (exit 6)",
            )
        else:
            refused.says("must not become a lock-out")
        tried = [n for n, host in world.lab.hosts.items() if host.effects.count("logon_failure") != before[n]]
        assert tried == ["web1"], refused
        assert world.host("web1").effects.count("logon_failure") == before["web1"] + 1
        assert "not-the-password" not in refused.text
    world.password = ""


def test_versions_that_may_not_be_rolled_out(make_world: MakeWorld) -> None:
    world = make_world(1)
    world.given_version("v1.4.2")
    world.given_version("v2.0.0", build={"goarch": "arm64"})
    world.given_version("v2.1.0", build={"settings": (("vcs", "git"), ("vcs.modified", "true"))})
    torn = world.given_version("v2.2.0")
    torn.write_bytes(torn.read_bytes() + b"x")
    world.expect(6, "rollout", "v9").says("there is no version v9", "known are: v1.4.2")
    world.expect(6, "plan", "../v1").says("cannot be a version")
    world.expect(6, "rollout", "v2.2.0").says("is not the file that shop.exe.sha256 promises", "expected SHA-256")
    world.expect(6, "rollout", "v2.0.0").says("built for arm64", "GOARCH=amd64")
    world.expect(6, "rollout", "v2.1.0").says("vcs.modified=true", "--allow-dirty")
    assert world.host("web1").effects.count("write") == 0
    assert world.host("web1").effects.count("stop") == 0
    world.expect(0, "plan", "v2.1.0", "--allow-dirty").says("--allow-dirty")  # in what to type next, too


@pytest.fixture
def bare(tmp_path: Path) -> World:
    """A directory, and no lab: these errors come before any host is asked."""
    from fleetdeploy.lab.fleet import Lab

    lab = Lab.start([])
    lab.stop()
    world = World(tmp_path, lab)
    world.project.mkdir()
    return world


HOSTS = "defaults: {connection: {user: deploy, secret: 'env:NOT_SET'}}\nhosts:\n  web1: {}\n"


def test_init_then_plan_and_what_is_missing_is_said_one_by_one(bare: World) -> None:
    bare.expect(2, "plan", "v1").says("no inventory in inventories", "fleetdeploy init")
    bare.expect(0, "init", "shop").says("wrote fleetdeploy.yml", "next:", "fleetdeploy plan VERSION")
    bare.expect(6, "plan", "v1.0.0").says("there is no version v1.0.0")
    bare.expect(0, "lab", "artifact", "v1.0.0", "--size", "64k")
    folder = bare.project / "inventories"
    (folder / "example.yml").write_text(HOSTS)
    bare.expect(2, "plan", "v1.0.0").says("NOT_SET is not set", "export NOT_SET=")
    bare.expect(2, "plan", "v1.0.0", "--limit", "db*").says("'db*'", "known are: web1")
    (folder / "stage.yml").write_text(HOSTS)
    bare.expect(2, "status").says("-i", "example", "stage")
    bare.expect(2, "status", "-i", "stag").says("'stag'", "did you mean stage?")
    (folder / "stage.yml").write_text(HOSTS.replace("user:", "usr:"))
    bare.expect(2, "plan", "v1.0.0", "-i", "stage").says("stage.yml:1: ", "did you mean user")
    file = bare.project / "fleetdeploy.yml"
    file.write_text(file.read_text().replace("strategy:", "stratgy:"))
    bad = bare.expect(2, "plan", "v1.0.0", "-i", "example", "--output", "json").json_lines[-1]
    assert bad["exit_code"] == 2
    assert bad["file"].endswith("fleetdeploy.yml")
    assert bad["line"] > 0
    assert "did you mean strategy?" in bad["next"]


def test_usage(bare: World) -> None:
    bare.expect(2, "rollot").says("rollout")
    bare.expect(2, "render", "activte", "--host", "web1").says("activate")
    codes = bare.expect(0, "help", "exit-codes")
    codes.says("paused, waiting for a person", "130")
    bare.expect(2, "help", "nothing").says("fleetdeploy help exit-codes")


def test_doctor_as_somebody_else_never_asks_without_a_terminal(make_world: MakeWorld) -> None:
    world = make_world(1)
    refused = world.expect(2, "doctor", "--user", "eva", "--ask-password")
    refused.says("--ask-password needs a terminal", "secret: env:NAME")
    # Another account with the inventory's password: the lab knows no eva
    sick = world.expect(6, "doctor", "--user", "eva")
    assert layers(sick.out, "web1")["login"] == "FAILED"
    sick.says("'eva'")


def test_the_way_back_needs_neither_a_whole_project_file_nor_every_password(make_world: MakeWorld) -> None:
    """At 3 a.m.: somebody broke fleetdeploy.yml, and the password of one host is not on this machine."""
    world = make_world()
    world.given_version("v1.4.2")
    world.expect(0, "rollout", "v1.4.2", "--yes")
    world.given_setting("app:\n", "appp:\n")
    inventory = world.project / "inventories" / "lab.yml"
    text = inventory.read_text(encoding="utf-8")
    inventory.write_text(
        text.replace("web3: {", "web3: {").replace(
            f"address: {world.host('web3').address},", f"address: {world.host('web3').address}, secret: 'env:NOT_HERE',"
        ),
        encoding="utf-8",
    )
    world.expect(2, "plan", "v1.4.2").says("fleetdeploy.yml")
    seen = world.expect(6, "status")
    seen.says("warning: the project file is not used", "NOT_HERE is not set", "2 v1.4.2 ")
    rollout = next(line.split()[0] for line in world.expect(0, "history", "--all").out.splitlines() if line[:2] == "01")
    back = world.expect(8, "rollback", rollout)
    back.says("1 of 3 hosts needs you", "UNKNOWN  web3", "NOT_HERE is not set", "2  v1.4.0, healthy (2 restored in ")
    images = {name: world.image(name) for name in world.lab.hosts}
    assert "releases" in images["web3"]
    assert "releases" not in images["web1"] + images["web2"]
