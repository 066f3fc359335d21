"""The main job, rehearsed on the embedded lab with the real command line: rollout, automatic undo, rollback.

Each step runs ``fleetdeploy`` in a process of its own and then proves its claim: exit code, what ``status`` says, and
what the simulated hosts counted (stops and starts cannot lie). A claim that does not hold fails the demo.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fleetdeploy.app import demo_fleet as fleet
from fleetdeploy.errors import ExitCode, FleetdeployError

if TYPE_CHECKING:
    from fleetdeploy.lab.fleet import Lab

Say = Callable[[str], None]
CANARIES = 2  # 10 % of 12, rounded up


class ClaimFailed(FleetdeployError):
    """The demo showed something else than it claims."""


@dataclass(slots=True)
class Demo:
    """One run. ``quiet`` keeps the commands' own output back (for ``--output json``)."""

    lab: Lab
    home: Path
    say: Say
    quiet: bool = False
    proofs: list[str] = field(default_factory=list)
    _before: dict[str, int] = field(default_factory=dict)

    @property
    def project(self) -> Path:
        """The project directory of the release engineer."""
        return self.home / "shop"

    def run(self, *arguments: str, cwd: Path) -> int:
        """Runs ``fleetdeploy`` as a person would; what it prints is shown."""
        self._before = self.stops()
        self.say(f"$ fleetdeploy {shlex.join(arguments)}")
        sys.stdout.flush()
        done = subprocess.run(  # noqa: S603 - our own command line
            [sys.executable, "-m", "fleetdeploy", *arguments],
            cwd=cwd,
            env=self._environment(),
            stdout=subprocess.DEVNULL if self.quiet else None,
            check=False,
        )
        self.say(f"(exit code {done.returncode})")
        return done.returncode

    def status(self, *arguments: str, cwd: Path) -> list[dict[str, Any]]:
        """What ``fleetdeploy status --output json`` says of each host."""
        done = subprocess.run(  # noqa: S603 - our own command line
            [sys.executable, "-m", "fleetdeploy", "status", "--output", "json", *arguments],
            cwd=cwd,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        try:
            hosts: list[dict[str, Any]] = json.loads(done.stdout)["hosts"]
        except (ValueError, KeyError, TypeError):
            raise ClaimFailed(f"status did not answer: {done.stdout}{done.stderr}") from None
        return hosts

    def prove(self, claim: str, holds: bool, seen: object) -> None:
        """Notes a claim that holds.

        Raises:
            ClaimFailed: it does not; ``seen`` is what was there instead.
        """
        if not holds:
            raise ClaimFailed(f"the demo claims: {claim}; but saw: {seen}")
        self.proofs.append(claim)
        self.say(f"  proved: {claim}")

    def prove_running(self, version: str, *arguments: str, cwd: Path) -> None:
        """Every host runs ``version`` and is healthy, says ``status``."""
        rows = self.status(*arguments, cwd=cwd)
        wrong = {
            r["host"]: (r["running"], r["healthy"], r["error"])
            for r in rows
            if r["running"] != version or not r["healthy"]
        }
        self.prove(
            f"status: {version} runs and is healthy on all {len(rows)} hosts", len(rows) == 12 and not wrong, wrong
        )

    def stops(self) -> dict[str, int]:
        """How often the service was stopped, per host."""
        return {name: host.effects.count("stop", fleet.APP) for name, host in self.lab.hosts.items()}

    def stopped_now(self) -> dict[str, int]:
        """Hosts whose service the last command stopped, and how often."""
        return {name: n - self._before[name] for name, n in self.stops().items() if n != self._before[name]}

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("FLEETDEPLOY_")}
        return kept | {
            "FLEETDEPLOY_PASSWORD": self.lab.password,
            "FLEETDEPLOY_STATE_DIR": str(self.home / "store"),
            "FLEETDEPLOY_ACTOR": "demo",
        }


def run_demo(say: Say, *, quiet: bool = False) -> dict[str, Any]:
    """Runs all steps; returns what was proved and how long it took (seconds).

    Raises:
        ClaimFailed: a step did not do what the demo claims.
    """
    began = time.monotonic()
    home = Path(tempfile.mkdtemp(prefix="fleetdeploy-demo-"))
    try:
        say("Starting a lab: 12 simulated Windows Servers in 3 zones, on loopback, NTLM over HTTPS and sealed HTTP.")
        with fleet.start_lab() as lab:
            demo = Demo(lab, home, say, quiet)
            demo.project.mkdir()
            fleet.write_project(demo.project, lab)
            for step in STEPS:
                title = (step.__doc__ or "").strip().split("\n")[0]
                say("")
                say(f"== {title}")
                step(demo)
            refused = {name: str(host.not_simulated[0]) for name, host in lab.hosts.items() if host.not_simulated}
            demo.prove("the lab refused nothing that was asked of it", not refused, refused)
        took = time.monotonic() - began
        say("")
        say(f"Done in {took:.0f} s: {len(demo.proofs)} claims proved.")
        return {"proved": demo.proofs, "seconds": round(took, 1)}
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _first_look(demo: Demo) -> None:
    """1. What is there: v1.4.0, installed by hand, unknown to fleetdeploy"""
    demo.prove("status answers", demo.run("status", cwd=demo.project) == ExitCode.OK, "another exit code")
    demo.prove_running(fleet.OLD, cwd=demo.project)


def _good_rollout(demo: Demo) -> None:
    """2. A good version: canary first, then the rest; the hand-made service is taken over"""
    code = demo.run("rollout", fleet.GOOD, "--canary", "10%", "--yes", cwd=demo.project)
    demo.prove("the rollout succeeded (exit code 0)", code == ExitCode.OK, code)
    stopped = demo.stopped_now()
    demo.prove("each host was stopped exactly once", len(stopped) == 12 and set(stopped.values()) == {1}, stopped)
    demo.prove_running(fleet.GOOD, cwd=demo.project)


def _bad_rollout(demo: Demo) -> None:
    """3. A bad version: healthy at first, fails in the bake; caught at the canary and undone"""
    code = demo.run("rollout", fleet.BAD, "--canary", "10%", "--yes", cwd=demo.project)
    demo.prove("the rollout failed and was undone (exit code 3)", code == ExitCode.UNDONE, code)
    stopped = demo.stopped_now()
    demo.prove(f"only the {CANARIES} canaries were ever stopped", len(stopped) == CANARIES, stopped)
    demo.prove_running(fleet.GOOD, cwd=demo.project)


def _rollback_again(demo: Demo) -> None:
    """4. On-call types rollback all the same: nothing is left to undo, and nothing older is touched"""
    code = demo.run("rollback", "--yes", cwd=demo.project)
    demo.prove("rollback: already undone, nothing changed (exit code 0)", code == ExitCode.OK, code)
    demo.prove("no host was stopped", not demo.stopped_now(), demo.stopped_now())


def _rollback_from_elsewhere(demo: Demo) -> None:
    """5. The store is gone, another directory, inventory and login alone: in a hurry back to the hand-made service"""
    shutil.rmtree(demo.home / "store", ignore_errors=True)
    elsewhere = demo.home / "on-call"
    elsewhere.mkdir()
    fleet.write_inventory(elsewhere, demo.lab)
    code = demo.run("rollback", "--to", fleet.OLD, "--app", fleet.APP, "--all-at-once", "--yes", cwd=elsewhere)
    demo.prove("the rollback succeeded (exit code 0)", code == ExitCode.OK, code)
    demo.prove_running(fleet.OLD, "--app", fleet.APP, cwd=elsewhere)
    images = {name: host.machine.scm.config(fleet.APP).image_path for name, host in demo.lab.hosts.items()}
    wrong = {name: image for name, image in images.items() if image != fleet.HAND_MADE_IMAGE}
    demo.prove("every ImagePath is the hand-made one again, character by character", not wrong, wrong)


STEPS: Sequence[Callable[[Demo], None]] = (
    _first_look,
    _good_rollout,
    _bad_rollout,
    _rollback_again,
    _rollback_from_elsewhere,
)
