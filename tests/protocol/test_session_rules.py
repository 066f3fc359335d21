"""A pool in which a changing verb may run is never Deleted or Signalled, and Windows does not end it for idling."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest

from fleetdeploy.errors import AnswerLost
from fleetdeploy.lab.windows.faults import FaultKind
from fleetdeploy.lab.wsman import soap
from fleetdeploy.model.verbs import ActivateOutcome
from tests.hosts.conftest import Rig, until
from tests.protocol.adversary import party


class Tap:
    """What was asked of which shell, and whether a pipeline ran in it then."""

    def __init__(self, rig: Rig) -> None:
        self.ended: list[tuple[str, str]] = []
        self.running: list[str] = []
        service = rig.host.service
        inner = service._in_shell

        async def in_shell(request: Any, shell: Any) -> str:
            if request.action in (soap.DELETE, soap.SIGNAL):
                self.ended.append((request.action.rsplit("/", 1)[-1], shell.id))
            return await inner(request, shell)

        service._in_shell = in_shell  # type: ignore[method-assign]
        self.shells: dict[str, float] = {}
        self._service = service

    def look(self) -> None:
        self.shells |= {shell.id: shell.idle_timeout for shell in self._service.shells.values()}


@pytest.mark.parametrize("kind", [FaultKind.RESET_DURING, FaultKind.SILENCE])
def test_a_pool_with_a_changing_verb_is_let_go_not_ended(rig: Rig, kind: FaultKind) -> None:
    tap = Tap(rig)
    artifact = rig.artifact("v1.4.2", start_seconds=1.0)
    one = party(rig, "R1", "C1")
    one.open()
    one.stage(artifact)
    tap.look()
    (pool,) = tap.shells
    tap.ended.clear()
    rig.host.faults.add(kind, pattern="Invoke-FdForward", seconds=3.0 if kind is FaultKind.SILENCE else 0.0)
    if kind is FaultKind.SILENCE:
        # The second Ctrl-C: the process leaves while the verb runs.
        def waiting() -> None:
            with contextlib.suppress(Exception):  # its session is taken away under it
                one.activate(artifact)

        threading.Thread(target=waiting, daemon=True).start()
        until(lambda: rig.host.effects.count("stop", "Shop") == 1)
        one.verbs.disconnect()
    else:
        with pytest.raises(AnswerLost):
            one.activate(artifact)
        one.verbs.disconnect()
    until(lambda: rig.seen().running_verb == "" and rig.state() == "RUNNING")
    assert [e for e in tap.ended if e[1] == pool] == []
    assert "releases" in str(rig.host.machine.scm.config("Shop").image_path), "the script went on to its end"


def test_the_idle_timeout_outlasts_the_longest_verb(rig: Rig) -> None:
    tap = Tap(rig)
    artifact = rig.artifact("v1.4.2")
    one = party(rig, "R1", "C1")
    one.open()
    one.stage(artifact)
    stop_s, start_s, lock_s = 400.0, 500.0, 90.0
    result = one.activate(artifact, stop_timeout_s=stop_s, start_timeout_s=start_s, lock_wait_s=lock_s)
    assert result.outcome is ActivateOutcome.ACTIVATED
    tap.look()
    assert max(tap.shells.values()) > 2 * (stop_s + start_s) + lock_s
