"""The table of crash points and the code agree: every name is registered, used once, and reached by an act."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import fleetdeploy
from fleetdeploy.engine import crash
from fleetdeploy.rollout import recorded
from tests.crash.matrix import AGAIN, REACHED, cases

_ROOT = Path(fleetdeploy.__file__).parent


def _literals() -> list[str]:
    texts = (f.read_text(encoding="utf-8") for f in _ROOT.rglob("*.py") if f.name != "crash.py")
    return [name for text in texts for name in re.findall(r'\bcrashpoint\("([^"]+)"\)', text)]


def _of_verbs() -> set[str]:
    verbs = {recorded.name_of(n) for n in (recorded.OPEN, recorded.STAGE, recorded.ACTIVATE, recorded.TURN)}
    verbs |= {recorded.name_of(n) for n in (recorded.READY, recorded.PUT_BACK, recorded.PRUNE, recorded.CLOSE)}
    return {f"{when}-{verb}" for verb in verbs for when in ("before", "recorded", "sent", "after")}


def test_every_name_in_the_code_is_registered_and_the_other_way_round() -> None:
    assert set(_literals()) | _of_verbs() == set(crash.POINTS)


def test_a_name_stands_in_one_place() -> None:
    assert [name for name, times in Counter(_literals()).items() if times > 1] == []
    assert set(_literals()) & _of_verbs() == set()


def test_there_are_enough_and_each_is_reached_by_an_act() -> None:
    assert len(crash.POINTS) >= 25
    assert {p for points in REACHED.values() for p in points} == set(crash.POINTS)
    assert {p.partition(":")[0] for points in AGAIN.values() for p in points} <= set(crash.POINTS)
    assert len({str(c) for c in cases()}) == len(cases())


@pytest.mark.parametrize("wish", ["after-stag", "after-stage:x", "LOG:file", "log"])
def test_a_wish_for_a_point_that_does_not_exist_is_an_error(wish: str) -> None:
    with pytest.raises(ValueError, match="no such crash point"):
        crash.arm(wish)


def test_a_point_that_nobody_asked_for_does_nothing() -> None:
    assert crash._armed is None
    crash.crashpoint("after-stage")
    crash.crashpoint("not a point at all")  # not even looked up: this costs nothing


@pytest.mark.parametrize(
    ("wish", "printed"), [("after-stage", ""), ("after-stage:2", "1\n"), ("after-close", "1\n2\n")]
)
def test_the_process_ends_at_the_nth_hit_and_nothing_is_flushed(wish: str, printed: str) -> None:
    code = (
        "import sys; from fleetdeploy.engine.crash import crashpoint\n"
        "for i in (1, 2):\n"
        "    crashpoint('after-stage'); sys.stdout.write(f'{i}\\n'); sys.stdout.flush()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env={crash.VARIABLE: wish}, capture_output=True, text=True)
    assert done.returncode == (-9 if wish != "after-close" else 0), done.stderr
    assert done.stdout.replace("x", "") == printed


def test_names_that_are_reached_can_be_listed(tmp_path: Path) -> None:
    crash.arm(f"log:{tmp_path / 'log'}")
    try:
        crash.crashpoint("after-stage")
        crash.crashpoint("after-end")
        with pytest.raises(ValueError, match="not in the table"):
            crash.crashpoint("after-tea")
    finally:
        crash.arm("")
    assert (tmp_path / "log").read_text(encoding="utf-8").split() == ["after-stage", "after-end"]
