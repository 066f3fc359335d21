"""A host that failed gets another turn because a person asked for it, on the real scripts."""

from __future__ import annotations

from fleetdeploy.app.conducting import Said, run_forward
from fleetdeploy.app.recorded import open_journal
from fleetdeploy.model import events as ev
from fleetdeploy.model.run import HostState
from tests.scenarios.steps import ACTOR, World, outcome

BACKEND = "C:\\backend.txt"


def test_a_host_that_was_put_back_within_the_budget(world: World) -> None:
    # Given a check that asks for something beside the service, and a budget of one
    (world.folder / "backend.ps1").write_text(f"param()\n[IO.File]::Exists('{BACKEND}')\n", encoding="utf-8")
    world.given_setting("checks:\n", "checks:\n  - name: backend\n    script: {file: backend.ps1}\n")
    # A batch after it: else the rollout may have ended before anybody could ask
    world.given_setting("batch: 2", "batch: 1")
    world.given_hosts(3)
    for host in world.lab.hosts.values():
        host.machine.fs.write_bytes(BACKEND, b"up")
    world.given_version("v1.4.2")
    plan = world.plan("v1.4.2", budget=1)
    name = plan.batches[1].hosts[0]
    files = world.host(name).machine.fs
    asked: list[int] = []
    real = world.report

    def report(event: ev.Event) -> None:
        real(event)
        if not isinstance(event, ev.HostChanged) or event.host != name:
            return
        # When it goes away on one host of the second batch, so that this one is put back
        if event.state is HostState.ACTIVATING and not asked:
            files.delete(BACKEND)
        elif event.state is HostState.ROLLING_BACK:
            files.write_bytes(BACKEND, b"up")
        # And a person has it tried again, once it is there again
        elif event.state is HostState.ROLLED_BACK:
            journal = open_journal()
            rollout = next(r.id for r in journal.rollouts(limit=1))
            asked.append(journal.request(rollout, "retry", "eva@laptop", argument=name, reason="the backend is up"))
            journal.close()

    world.report = report  # type: ignore[method-assign]
    result = run_forward(world.workspace(budget=1), plan, actor=ACTOR, reporter=world)
    # Then it goes forward again, with a new token, and the rollout is a whole success
    assert not isinstance(result, Said)
    assert asked, world.texts()
    assert outcome(result) == ("succeeded", 0), world.texts()
    assert set(world.running().values()) == {"v1.4.2"}
    assert world.stops()[name] == 3, "there, back and there again"
    assert world.nothing_is_open()
