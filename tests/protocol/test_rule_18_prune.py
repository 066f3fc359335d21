"""Rule 18: retention never removes what runs, what is staged, or what a rollback would need."""

from __future__ import annotations

from tests.hosts.conftest import Rig
from tests.protocol.adversary import memory, party, rolled_out


def test_an_origin_that_a_person_changed_keeps_its_exe(rig: Rig) -> None:
    first = rig.artifact("v1.4.1")
    rolled_out(rig, first)
    exe = f"C:\\fd\\shop\\releases\\{first.release_name}\\shop.exe"
    # Other arguments by hand: the same exe, and no longer the release as fleetdeploy wrote it.
    rig.host.machine.scm.change("Shop", image_path=f'"{exe}" --port 8080 --by-hand')
    second = rig.artifact("v1.4.2")
    two = rolled_out(rig, second, "R2", "C2", close=False)
    pruned = two.verbs.prune(two.claim(), 0)
    assert first.release_name not in pruned.removed
    two.close("succeeded")
    back = party(rig, "K1", "CK", kind="back", undoes="R2")
    back.open()
    assert back.back(second, "R2").outcome.value == "restored"
    assert rig.state() == "RUNNING"


def test_what_nothing_needs_goes_and_every_previous_of_three_stays(rig: Rig) -> None:
    artifacts = [rig.artifact(f"v1.5.{n}") for n in range(5)]
    removed: list[str] = []
    for number, artifact in enumerate(artifacts):
        one = rolled_out(rig, artifact, f"R{number}", f"C{number}", close=False)
        removed += one.verbs.prune(one.claim(), 0).removed
        one.close("succeeded")
    assert removed == [artifacts[0].release_name]
    # All the way back, one after the other.
    for number in (4, 3, 2):
        back = party(rig, f"K{number}", "CK", kind="back", undoes=f"R{number}")
        back.open()
        assert back.back(artifacts[number], f"R{number}").outcome.value == "restored", number
        back.close("succeeded", also=((f"R{number}", "rolled_back"),))
    assert memory(rig).active == artifacts[1].release_name


def test_what_was_staged_and_not_yet_activated_stays(rig: Rig) -> None:
    rolled_out(rig, rig.artifact("v1.4.1"))
    staged = rig.artifact("v1.4.2")
    one = party(rig, "R2", "C2")
    one.open()
    one.stage(staged)
    assert one.verbs.prune(one.claim(), 0).removed == ()
    assert staged.release_name in rig.seen().staged
