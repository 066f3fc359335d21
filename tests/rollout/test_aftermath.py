"""How a host is judged after something was undone: by what it shows, whatever the conductor believes. Pure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleetdeploy.errors import ExitCode
from fleetdeploy.model.aftermath import Aftermath, HostNow, Now
from fleetdeploy.model.health import CheckFailure, Sample
from fleetdeploy.model.plan import HostAction, HostPlan
from fleetdeploy.model.run import HostState as S
from fleetdeploy.model.run import Outcome
from fleetdeploy.model.sight import Lost, Sight
from fleetdeploy.model.verbs import HostFailure, HostState, Origin, RolloutRecord
from fleetdeploy.rollout.aftermath import judge
from fleetdeploy.rollout.book import HostPage
from fleetdeploy.rollout.finish import by_what_is_true
from tests.plan.sights import observation, service

OLD, NEW = r"D:\old\shop.exe", r"C:\apps\shop\releases\v1.4.3-bb\shop.exe"
ORIGIN = Origin("v1.4.0", "", f'"{OLD}"', "aa" * 32, existed=True, was_running=True, snapshot=None)
RECORD = RolloutRecord(
    id="R1",
    kind="forward",
    undoes="",
    plan_digest="d",
    machines=(),
    origin=ORIGIN,
    to_label="v1.4.3",
    to_release="v1.4.3-bb",
    to_image_path=f'"{NEW}"',
    to_sha256="bb" * 32,
    direction="back",
    token=1,
    intent=True,
    done=True,
    put_back=False,
    outcome="",
    ended=False,
)
GOOD = Sample(1.0, 10, "1", "Running", True)
BAD = replace(GOOD, failures=(CheckFailure("healthz", "answered 503"),))


def page(state: S = S.ROLLED_BACK, **more: object) -> HostPage:
    plan = HostPlan("web1", "m", HostAction.CHANGE, "v1.4.0", "v1.4.3", "", None)
    return HostPage(plan, state=state, label="v1.4.0", **more)  # type: ignore[arg-type]


def sight(image: str = OLD, sha: str = "aa" * 32, record: RolloutRecord | None = RECORD, **more: object) -> Sight:
    state = HostState(1, "", {}, (record,) if record else (), None)
    seen = observation("web1", service(image=image, sha=sha, **more), state)
    return Sight("web1", seen, GOOD)


@pytest.mark.parametrize(
    ("seen", "of", "now", "words"),
    [
        (sight(), page(), Now.RESTORED, ""),
        (sight(record=None), page(S.PENDING), Now.UNTOUCHED, ""),
        (sight(record=replace(RECORD, intent=False)), page(S.STAGED), Now.UNTOUCHED, ""),
        (sight(record=None), None, Now.UNTOUCHED, ""),
        # The conductor believes that it is back: the process says otherwise.
        (sight(NEW, "bb" * 32), page(), Now.STILL_NEW, ""),
        # The ImagePath is back, the old process is not: what runs counts.
        (
            Sight(
                "web1",
                replace(
                    sight().observation,  # type: ignore[type-var]
                    service=replace(service(image=OLD), running_image=NEW, running_sha256="bb" * 32),
                ),
                GOOD,
            ),
            page(),
            Now.STILL_NEW,
            "",
        ),
        (replace(sight(), sample=BAD), page(), Now.UNHEALTHY, "answered 503"),
        (sight(state="Stopped"), page(failure=HostFailure("start", "error 1069")), Now.DOWN, "error 1069"),
        (sight(state="Stopped", record=None), page(S.SKIPPED), Now.IDLE, "Stopped"),
        (
            sight(state="Stopped", record=replace(RECORD, origin=replace(ORIGIN, was_running=False))),
            page(),
            Now.IDLE,
            "Stopped",
        ),
        (
            sight(state="Stopped", snapshot={"start_type": "disabled"}),
            page(),
            Now.IDLE,
            "it is disabled",
        ),
        (
            sight(state="Stopped", snapshot={"start_type": "disabled"}),
            page(S.ROLLBACK_FAILED, failure=HostFailure("start", "put back, but not started")),
            Now.DOWN,
            "put back, but not started",
        ),
        (sight(r"E:\third\shop.exe", "cc" * 32), page(S.SKIPPED), Now.OTHER, "left alone"),
        (Sight("web1", lost=Lost.UNREACHABLE, error="no answer"), page(), Now.UNKNOWN, "last seen with v1.4.0"),
        (Sight("web1", lost=Lost.UNREACHABLE, error="no answer"), None, Now.UNKNOWN, "not part of it"),
        (Sight("web1", observation("web1", None, HostState(1, "", {}, (RECORD,), None))), page(), Now.DOWN, "gone"),
        (
            Sight(
                "web1",
                observation(
                    "web1",
                    None,
                    HostState(1, "", {}, (replace(RECORD, origin=replace(ORIGIN, existed=False)),), None),
                ),
            ),
            page(S.ABSENT),
            Now.ABSENT,
            "",
        ),
    ],
)
def test_a_host_is_what_it_shows(seen: Sight, of: HostPage | None, now: Now, words: str) -> None:
    found = judge(seen, of, ("R1",))
    assert found.now is now, found
    assert words in found.detail
    assert found.member == (of is not None)


def test_an_ending_is_corrected_by_what_is_true() -> None:
    def after(*hosts: HostNow) -> Aftermath:
        return Aftermath("v1.4.3", "R1", "v1.4.0", "t", 1.0, True, hosts)

    ending = (Outcome.ROLLED_BACK, ExitCode.UNDONE, "every changed host is back as it was")
    assert by_what_is_true(ending, after(HostNow("a", Now.RESTORED), HostNow("b", Now.UNKNOWN))) == ending
    outcome, code, detail = by_what_is_true(ending, after(HostNow("a", Now.STILL_NEW), HostNow("b", Now.DOWN)))
    assert (outcome, code) == (Outcome.ROLLBACK_INCOMPLETE, ExitCode.MIXED)
    assert "a still runs the release; b does not run" in detail
    # A host that was not part of it is for the summary, not for the exit code.
    assert by_what_is_true(ending, after(HostNow("c", Now.DOWN, member=False))) == ending
