"""Secrets: neither the login's password nor a service account's is in any output, file, command line, or on a host."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import MakeWorld
from tests.cli.e2e_world import World

pytestmark = pytest.mark.timeout(300)  # many processes: a busy machine takes its time

SERVICE_PASSWORD = "Svc-8b1f6c0d-Pw"


def files_of(machine: Any, folder: str = "C:\\") -> Iterator[tuple[str, bytes]]:
    """Every file of a simulated host."""
    for info in machine.fs.list(folder):
        if info.is_dir:
            yield from files_of(machine, info.path)
        else:
            yield info.path, machine.fs.blob(info.path).data


class CommandLines:
    """What ``ps`` shows of fleetdeploy while a command runs."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while not self._stop.is_set():
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = file.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                except OSError:
                    continue
                if "fleetdeploy" in line:
                    self.seen.add(line)
            time.sleep(0.3)

    def __enter__(self) -> CommandLines:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def assert_nowhere(world: World, secret: str) -> None:
    forms = (secret, secret.encode("utf-16-le").hex(), secret.encode().hex())
    said = world.said()
    assert not any(form in said for form in forms)
    looked_at = 0
    for file in world.folder.rglob("*"):
        if file.is_file():
            looked_at += 1
            assert secret.encode() not in file.read_bytes(), file
    for host in world.lab.hosts.values():
        for path, content in files_of(host.machine):
            looked_at += 1
            assert secret.encode() not in content, path
            assert secret.encode("utf-16-le") not in content, path
    assert looked_at > 20


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks at command lines in /proc")
def test_no_password_anywhere_after_good_and_bad_runs(make_world: MakeWorld) -> None:
    world = make_world()
    for host in world.lab.hosts.values():
        host.machine.accounts.add("svc", SERVICE_PASSWORD, service_logon_right=host.name != "web3")
    world.given_setting("  root:", "  account: '.\\svc'\n  account_password: env:SVC_PASSWORD\n  root:")
    world.given_version("v1.4.2")
    with CommandLines() as lines:
        # web3's account may not log on as a service: put back there, and everywhere.
        # A process of its own: a fork has the command line of what it was forked from.
        process = world.start("rollout", "v1.4.2", "--strategy", "all-at-once", SVC_PASSWORD=SERVICE_PASSWORD)
        failed = world.end(process)
    assert failed.code == 3, str(failed)
    failed.says("web3: FAILED", "1069", "ROLLED BACK", "v1.4.2 is not marked bad")
    assert any("rollout v1.4.2" in line for line in lines.seen)
    world.host("web3").machine.accounts.get("svc").service_logon_right = True
    world.expect(0, "rollout", "v1.4.2", SVC_PASSWORD=SERVICE_PASSWORD)
    assert world.host("web1").machine.scm.config("Shop").account == ".\\svc"
    world.expect(0, "config").says("env:SVC_PASSWORD")
    world.expect(0, "inventory", "show", "web1").says("env:FLEETDEPLOY_PASSWORD")
    world.expect(0, "render", "activate", "--host", "web1")
    for secret in (world.lab.password, SERVICE_PASSWORD):
        assert not [line for line in lines.seen if secret in line]
        assert_nowhere(world, secret)


def test_an_internal_error_names_a_trace_without_secrets(make_world: MakeWorld) -> None:
    world = make_world(1)
    broken = (
        "import sys; from fleetdeploy.app import status; import fleetdeploy.cli.main as main\n"
        "def describe(*a): raise RuntimeError('boom')\n"
        "status.describe = describe\n"
        "sys.argv = ['fleetdeploy', 'status']; main.run()\n"
    )
    import sys

    done = subprocess.run(
        [sys.executable, "-c", broken],
        cwd=world.project,
        env=world.environment(TMPDIR=str(world.folder)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "error: internal error: RuntimeError: boom" in done.stderr
    assert "Traceback" not in done.stderr
    found = re.search(r"trace +(\S+)", done.stderr)
    assert found
    trace = Path(found[1])
    assert "RuntimeError: boom" in trace.read_text()
    assert world.lab.password not in trace.read_text()
    assert trace.stat().st_mode & 0o077 == 0
