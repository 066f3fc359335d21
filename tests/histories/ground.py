"""What histories stand on: a fleet, people with stores of their own, and the commands that they give.

Everything is the real thing but the way of time: commands run on threads that stop where the history wants
(``operators.py``), each host's line goes through a door (``door.py``), and the machines and the conductors' words are
watched (``watch.py``, ``reader.py``). Nothing here decides what happens: ``machine.py`` does.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis.stateful import RuleBasedStateMachine

from fleetdeploy.app import conducting, connect, control, planning
from fleetdeploy.app.conducting import Back, Decision, Said, run_back, run_forward
from fleetdeploy.app.going_on import go_on
from fleetdeploy.app.planning import make_plan
from fleetdeploy.app.undoing import find_rollback
from fleetdeploy.app.workspace import Workspace, load_workspace
from fleetdeploy.engine import crash
from fleetdeploy.engine.journal import Journal
from fleetdeploy.lab.fleet import Lab, make_artifact
from fleetdeploy.lab.windows.service import Action, FailureActions
from fleetdeploy.model.plan import Plan
from fleetdeploy.model.verbs import Actor
from fleetdeploy.rollout.conduct import conduct
from fleetdeploy.rollout.ports import Ports
from fleetdeploy.rollout.result import RolloutResult, RolloutRun
from tests.histories import direct
from tests.histories.door import Door, Meddled
from tests.histories.operators import Conductor, CrashPoints, Operator, owned, store_of_this_thread, whose
from tests.histories.reader import Reader
from tests.histories.watch import Watch
from tests.protocol.adversary import Knife
from tests.scenarios.steps import World

PROJECT = """\
app:
  name: shop
  service: Shop
  exe: shop.exe
  arguments: ["--port", "8080"]
  root: C:\\Apps
  recovery: {actions: [restart 50ms, none], reset: 1h}
  start_timeout: 1s
  stop_timeout: 1s
artifacts:
  path: dist/{version}/shop.exe
strategy: {kind: canary, canary: 1, batch: FLOOR, max_unavailable: FLOOR, bake_canary: 50ms, pause_timeout: 100ms}
checks:
  - name: healthz
    http: {port: 8080, path: /healthz, timeout: 1s}
health: {min_healthy: 100ms, interval: 100ms, deadline: 1200ms, min_samples: 2}
timeouts: {call: 3s, lock_wait: 2s, life_ttl: 30s}
"""
TTL_S = 31.0
ARMED = FailureActions(3600, ((Action.RESTART, 60_000), (Action.NONE, 0)))
GOOD: dict[str, Any] = {"start_seconds": 0.01, "stop_seconds": 0.01}
MOST_COMMANDS = 3

direct_sessions = False
"""Set by long soaks: scripts are handed to the lab without a wire (``direct.py``)."""
store_url: Callable[[], str] = lambda: ""  # noqa: E731 - set by soaks on PostgreSQL: the URL of an empty store
tally: Counter[str] = Counter()
"""What happened in the last history: rules, how commands ended, and what was answered to requests."""


class Ground(RuleBasedStateMachine):
    """The state of one history and what its rules are made of."""

    lab: Lab | None
    log: list[str]

    def __init__(self) -> None:
        super().__init__()
        self.log = []
        self.began = time.monotonic()
        self.lab = None
        self.stack = contextlib.ExitStack()

    @property
    def fleet(self) -> Lab:
        """The lab, once it is given."""
        assert self.lab is not None
        return self.lab

    def _tell(self, text: str) -> None:
        self.log.append(f"{time.monotonic() - self.began:6.2f} {text}")

    def _host(self, number: int) -> str:
        return self.hosts[number % len(self.hosts)]

    def _open(self, name: str) -> bool:
        state = self.watch.memory(self.fleet.hosts[name])
        return state is not None and (state.open is not None or any(not r.ended for r in state.rollouts))

    def _config(self, name: str) -> Any:
        return self.fleet.hosts[name].machine.scm.config("Shop")

    # -- given -----------------------------------------------------------------------------------------------------

    def _given(self, number: int, hosts: int, floor: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="history-"))
        self.stack.callback(shutil.rmtree, self.folder, True)
        (self.folder / "project").mkdir()
        self.lab = Lab.start([], password="Lab-histories")
        self.world = World(
            self.folder / "project", self.folder / "store-2", self.lab, project=PROJECT.replace("FLOOR", str(floor))
        )
        self.stack.enter_context(patch.dict(os.environ, {"FLEETDEPLOY_PASSWORD": self.lab.password}))
        for name in ("FLEETDEPLOY_STORE", "FLEETDEPLOY_INVENTORY"):
            os.environ.pop(name, None)
        self.world.given_hosts(hosts, **GOOD)
        self.hosts = tuple(self.lab.hosts)
        self.plans: dict[str, Plan] = {}
        self.watch = Watch(self.lab, self.plans, floor, self._tell)
        self.reader = self.watch.listener = Reader(self.watch, self.plans)
        self.knives: dict[str, Knife] = {}
        self.doors: dict[str, Door] = {}
        self._wire()
        self.operators = tuple(
            Operator(n, self.folder / f"store-{i}", store_url()) for i, n in enumerate(("eva", "bob", "night"))
        )
        for one in self.operators:
            one.store.mkdir()
        self.points = CrashPoints()
        self.stack.enter_context(patch.object(Journal, "default", classmethod(store_of_this_thread)))
        self.stack.enter_context(patch.object(crash, "_armed", self.points))
        for name in ("_ANSWER_S", "_QUICK_S"):  # a conductor that stands still does not answer: that is known
            self.stack.enter_context(patch.object(control, name, 0.2))
        self.conductors: list[Conductor] = []
        self.dice = random.Random(number)
        self.judged: list[Conductor] = []
        self.commands = self.version = 0
        self.before = {n: self._config(n) for n in self.hosts}

    def _wire(self) -> None:
        lab = self.lab
        assert lab is not None
        real: Callable[..., Any] = connect.PsrpSession
        if direct_sessions:
            real = direct.factory(lambda name: lab.hosts[name], lab.environment.loop)

        def session(host: str, connection: Any, secret: Any, **more: Any) -> Meddled:
            made = lambda: real(host, connection, secret, **more)  # noqa: E731
            self.doors[host].make = made
            return Meddled(made(), self.doors[host], whose())

        self.stack.enter_context(patch.object(connect, "PsrpSession", session))
        self.stack.enter_context(patch.object(conducting, "conduct", self._conduct))
        for module in (conducting, planning):
            self.stack.enter_context(patch.object(module, "connector", owned(connect.connector)))
        for name, host in lab.hosts.items():
            host.machine.boot_seconds = 0.1
            host.machine.scm.change("Shop", failure=ARMED)
            self.knives[name] = Knife(lab, host)
            self.doors[name] = Door(name, lambda: None, log=self._tell)  # type: ignore[arg-type,return-value]
            self.watch.follow(host)

    # -- commands --------------------------------------------------------------------------------------------------

    @property
    def living(self) -> list[Conductor]:
        return [c for c in self.conductors if c.living] if self.lab else []

    def _may_begin(self) -> bool:
        return self.lab is not None and self.commands < MOST_COMMANDS and len(self.living) < 2

    def _something_is_open(self) -> bool:
        return self.lab is not None and any(self._open(name) for name in self.hosts)

    def _may_be_disturbed(self) -> bool:
        if self.lab is None or not (self.living or self._may_begin()):
            return False
        armed = sum(len(d.armed) for d in self.doors.values()) + sum(bool(k._pattern) for k in self.knives.values())
        return armed < 2

    def _given_version(self, behaviour: dict[str, Any]) -> str:
        self.version += 1
        version = f"v2.{self.version}.0"
        folder = self.world.folder / "dist" / version
        folder.mkdir(parents=True)
        content = make_artifact(version, size=4096, **behaviour)
        (folder / "shop.exe").write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        (folder / "shop.exe.sha256").write_text(f"{digest}  shop.exe\n", encoding="ascii")
        return version

    def _begin(self, title: str, operator: int, command: Callable[[Conductor], RolloutResult | Said]) -> Conductor:
        self.commands += 1
        who = self.operators[operator]
        one = Conductor(f"{who.name}: {title}", who, command)
        one.since = len(self.watch.touched)
        one.heard = self.reader.hears
        self.conductors.append(one)
        one.start()
        return one

    def _actor(self, operator: int, take_over: bool) -> Actor:
        return Actor(self.operators[operator].name, "laptop", 1, reason="a history" if take_over else "")

    def rollout(self, operator: int, behaviour: dict[str, Any], *, limit: str = "", waits: bool = False) -> Conductor:
        """``rollout VERSION [--limit LIMIT] [--pause-after canary]``."""
        version = self._given_version(behaviour)

        def command(one: Conductor) -> RolloutResult:
            workspace = self._workspace(limit, pause_after_canary=True if waits else None)
            plan = make_plan(workspace, version, tick=one.tick).plan
            return run_forward(workspace, plan, actor=self._actor(operator, False), reporter=one)

        bad = {k: v for k, v in behaviour.items() if k not in GOOD}
        options = f"{f' --limit {limit}' if limit else ''}{' --pause-after canary' if waits else ''}"
        return self._begin(f"rollout {version}{options} {bad or ''}", operator, command)

    def _workspace(self, limit: str, **overrides: Any) -> Workspace:
        return load_workspace(self.world.folder, inventory=None, limit=limit or None, overrides=overrides)

    def rollback(self, operator: int, take_over: bool) -> Conductor:
        def command(one: Conductor) -> RolloutResult | Said:
            workspace = self.world.workspace()
            found = find_rollback(workspace, take_over=take_over, tick=one.tick)
            if not isinstance(found, Back):
                return found
            actor = self._actor(operator, take_over)
            return run_back(workspace, found, actor=actor, reporter=one, take_over=take_over)

        return self._begin(f"rollback{' --take-over' if take_over else ''}", operator, command)

    def going_on(self, operator: int, decision: Decision, take_over: bool) -> Conductor:
        def command(one: Conductor) -> RolloutResult | Said:
            return go_on(
                self.world.workspace(),
                "",
                decision=decision,
                actor=self._actor(operator, take_over),
                reporter=one,
                take_over=take_over,
                tick=one.tick,
            )

        return self._begin(f"{decision}{' --take-over' if take_over else ''}", operator, command)

    def _conduct(self, run: RolloutRun, ports: Ports) -> RolloutResult:
        """In place of the conductor's door: every plan that is carried out is known to whoever watches."""
        self.plans[run.id] = run.plan
        one = threading.current_thread()
        assert isinstance(one, Conductor)
        self.reader.begins(one, run.id, run.conductor, ports.log)
        self._tell(f"{threading.current_thread().name} is {run.id} by {run.conductor}")
        return conduct(run, ports)

    def ask(self, one: Conductor, kind: str, argument: str = "") -> None:
        """``pause``, ``retry HOST`` and the like, typed at the same store: the request; the conductor answers."""
        with closing(one.operator.journal()) as journal:
            journal.request(one.rollout, kind, "eva@laptop", argument=argument, reason="a history")
        one.asked += 1
        self._tell(f"asked of {one.title}: {kind} {argument}")
