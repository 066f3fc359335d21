"""The real command line in processes of its own, against a lab in this one: what a person types, and what they read.

Hosts speak NTLM over HTTPS (with the lab's CA), NTLM over sealed HTTP and Basic over HTTPS, in turn. Whatever any
command prints is kept, so that a test can search all of it for what must never be there.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fleetdeploy.lab.fleet import HostSpec, Lab, LabHost, ServiceSpec, make_artifact
from tests.cli import forked
from tests.scenarios.steps import project_with

HAND_MADE = r"C:\Program Files\Shop\shop.exe"
PROJECT = project_with(
    start_timeout="5s",
    stop_timeout="5s",
    strategy="{kind: canary, canary: 1, batch: 100%, bake_canary: 700ms, pause_timeout: 1s}",
    http="{port: 8080, path: /healthz, timeout: 5s}",
    health="{min_healthy: 300ms, interval: 100ms, deadline: 8s}",
    timeouts="{call: 20s, lock_wait: 4s, life_ttl: 6s}",
)
WAYS = (("https", "ntlm"), ("http", "ntlm"), ("https", "basic"))


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended."""

    arguments: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err

    @property
    def json_lines(self) -> list[dict[str, Any]]:
        """Every line of stdout as the JSON object that it must be."""
        lines = [json.loads(line) for line in self.out.splitlines()]
        assert all(isinstance(line, dict) for line in lines), self.out
        return lines

    def says(self, *words: str) -> bool:
        missing = [word for word in words if word not in self.text]
        assert not missing, f"{missing} not in:\n{self}"
        return True

    def __str__(self) -> str:
        return f"$ fleetdeploy {' '.join(self.arguments)}\n{self.out}{self.err}(exit code {self.code})\n"


@dataclass
class World:
    """A lab and the directory of one person."""

    folder: Path
    lab: Lab
    password: str = ""
    transcript: list[Done] = field(default_factory=list)

    @property
    def project(self) -> Path:
        return self.folder / "shop"

    # -- given -----------------------------------------------------------------------------------------------------

    def given_project(self, text: str = PROJECT) -> None:
        self.project.mkdir(exist_ok=True)
        (self.project / "fleetdeploy.yml").write_text(text, encoding="utf-8")
        self.given_inventory(self.project)

    def given_setting(self, old: str, new: str) -> None:
        file = self.project / "fleetdeploy.yml"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    def given_inventory(self, folder: Path, name: str = "lab", *, password: str = "env:FLEETDEPLOY_PASSWORD") -> Path:
        """inventories/NAME.yml of all hosts of the lab."""
        (folder / "inventories").mkdir(parents=True, exist_ok=True)
        self.lab.write_ca(folder / "inventories" / "ca.pem")
        connection = f"user: {self.lab.user}, secret: '{password}', ca_file: ca.pem, connect_timeout: 5s"
        lines = ["fleet: lab", "defaults:", f"  connection: {{{connection}}}", "hosts:"]
        for index, (host_name, host) in enumerate(self.lab.hosts.items()):
            transport, auth = WAYS[index % len(WAYS)]
            port = host.port_https if transport == "https" else host.port_http
            where = f"address: {host.address}, port: {port}, transport: {transport}, auth: {auth}"
            lines.append(f"  {host_name}: {{zone: z{index % 2 + 1}, connection: {{{where}}}}}")
        file = folder / "inventories" / f"{name}.yml"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return file

    def given_version(self, version: str, *, build: dict[str, Any] | None = None, **behaviour: Any) -> Path:
        """An artifact in ``dist/`` with its checksum."""
        content = make_artifact(version, size=40_000, build=build, port=8080, **behaviour)
        file = self.project / "dist" / version / "shop.exe"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        file.with_name("shop.exe.sha256").write_text(f"{digest}  shop.exe\n", encoding="ascii")
        return file

    # -- when ------------------------------------------------------------------------------------------------------

    def environment(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("FLEETDEPLOY_", "GITHUB_", "CI_"))}
        kept |= {
            "FLEETDEPLOY_PASSWORD": self.password or self.lab.password,
            "FLEETDEPLOY_ACTOR": "eva",
            "TERM": "xterm",
        }
        return kept | {"FLEETDEPLOY_STATE_DIR": str(self.folder / "store"), "PYTHONWARNINGS": "error"} | more

    def start(self, *arguments: str, cwd: Path | None = None, **env: str) -> subprocess.Popen[str]:
        """A command that goes on while the test does something else; end it with ``end``."""
        return subprocess.Popen(
            [sys.executable, "-m", "fleetdeploy", *arguments],
            cwd=cwd or self.project,
            env=self.environment(**env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self, process: subprocess.Popen[str], number: signal.Signals | None = None) -> Done:
        """What it said, once it has ended."""
        if number is not None:
            process.send_signal(number)
        try:
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
        arguments = process.args if isinstance(process.args, list) else []
        done = Done(tuple(str(a) for a in arguments[3:]), process.returncode, out, err)
        self.transcript.append(done)
        return done

    def run(self, *arguments: str, cwd: Path | None = None, **env: str) -> Done:
        """A command, from its first to its last line (in a fork of a process that has imported it)."""
        said = self.folder / "said"
        code = forked.run(arguments, cwd=cwd or self.project, env=self.environment(**env), said=said)
        out, err = ((said / name).read_text(encoding="utf-8") for name in ("out", "err"))
        done = Done(arguments, code, out, err)
        self.transcript.append(done)
        return done

    def expect(self, code: int, *arguments: str, cwd: Path | None = None, **env: str) -> Done:
        """The command, which must end so."""
        done = self.run(*arguments, cwd=cwd, **env)
        assert done.code == code, f"wanted exit code {code}:\n{done}"
        assert "Traceback" not in done.text, str(done)
        assert "\x1b" not in done.text, "ANSI codes without a terminal"
        return done

    def json(self, *arguments: str, code: int = 0, cwd: Path | None = None) -> dict[str, Any]:
        """The one object that a command prints with ``--output json``."""
        lines = self.expect(code, *arguments, "--output", "json", cwd=cwd).json_lines
        assert len(lines) == 1
        return lines[0]

    # -- then ------------------------------------------------------------------------------------------------------

    def host(self, name: str) -> LabHost:
        return self.lab.hosts[name]

    def stops(self) -> dict[str, int]:
        return {n: h.effects.count("stop", "Shop") for n, h in self.lab.hosts.items()}

    def on(self) -> dict[str, str]:
        """The version that each host's service is set to, and runs: seen on the hosts themselves, no command asked."""
        versions: dict[str, str] = {}
        for name, host in self.lab.hosts.items():
            assert host.machine.scm.query("Shop").state.name == "RUNNING", name
            found = re.search(r"releases\\(v[0-9.]+)-", self.image(name))
            versions[name] = found[1] if found else "v1.4.0"
        return versions

    def image(self, name: str) -> str:
        return str(self.host(name).machine.scm.config("Shop").image_path)

    def said(self) -> str:
        """Everything that any command printed."""
        return "\n".join(map(str, self.transcript))


def make_lab(hosts: int, version: str | None = "v1.4.0", **behaviour: Any) -> Lab:
    """web1…; with ``version``: somebody installed that by hand and it runs."""
    services: tuple[ServiceSpec, ...] = ()
    if version is not None:
        content = make_artifact(version, size=40_000, port=8080, **behaviour)
        services = (ServiceSpec("Shop", HAND_MADE, content, "--port 8080"),)
    names = [f"web{number}" for number in range(1, hosts + 1)]
    return Lab.start([HostSpec(n, services=services, options={"seed": i}) for i, n in enumerate(names)])
