"""Every rule of the host protocol is held by a test that fails without it.

Each line breaks one rule in a copy of the program (``old`` becomes ``new`` in one file) and names the test that has to
fail then. That the texts and the tests are still there is looked at always; the copies are made and run by ``make
soak``. A rule has several lines where it has several parts.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PS = "templates/powershell/"
RULES = range(1, 19)


@dataclass(frozen=True)
class Broken:
    """``file`` without the rule, and the test (``module::function``, with ``key`` for one of its cases) that tells."""

    rule: int
    file: str
    old: str
    new: str
    test: str
    key: str = ""


BROKEN = (
    Broken(
        1,
        "fleetdeploy/rollout/preflight.py",
        "if wanted is not None and found != wanted:",
        "if False:",
        "protocol/test_rule_17_never_blocked.py::test_what_moved_since_the_plan_is_refused_before_the_first_stop",
    ),
    Broken(
        2,
        PS + "open.ps1.j2",
        "if ($null -ne $record -and $record.ended) {",
        "if ($false) {",
        "protocol/test_rule_02_open.py::test_an_id_that_has_ended_never_opens_again",
    ),
    Broken(
        2,
        PS + "open.ps1.j2",
        "elseif ($entry.rollout -ceq $req.rollout -and $entry.conductor -ceq $req.conductor) {",
        "elseif ($false) {",
        "protocol/test_rule_02_open.py::test_a_lost_answer_of_open_gives_the_same_token_again",
    ),
    Broken(
        3,
        PS + "open.ps1.j2",
        "[long]$entry.token -eq [long]$req.expected.token) {",
        "$true) {",
        "protocol/test_rule_03_take_over.py::test_an_entry_that_was_renewed_under_another_token_is_another_entry",
    ),
    Broken(
        3,
        "fleetdeploy/rollout/open_hosts.py",
        "return book.run.take_over or not living",
        "return True",
        "protocol/test_rule_14_life.py::test_every_host_is_beaten_for_while_a_person_is_waited_for",
    ),
    Broken(
        4,
        "fleetdeploy/rollout/open_hosts.py",
        "return book.run.conductor < owner.conductor",
        "return True",
        "protocol/test_rule_04_meeting.py::test_of_two_that_are_opening_exactly_one_goes_first",
    ),
    Broken(
        4,
        PS + "close.ps1.j2",
        "$state.open = $req.restore",
        "$state.open = $null",
        "protocol/test_rule_04_meeting.py::test_a_take_over_that_loses_puts_the_replaced_entry_back_as_dead",
    ),
    Broken(
        5,
        "fleetdeploy/rollout/open_hosts.py",
        "_clear_others(book, crew, owner, cleared)\n                expected",
        "expected",
        "protocol/test_rule_05_all_hosts.py::test_a_take_over_closes_the_hosts_that_the_dead_one_had_not_opened",
    ),
    Broken(
        6,
        PS + "close.ps1.j2",
        "if ($null -ne $entry -and -not $beside) {",
        "if ($false) {",
        "protocol/test_rule_06_close.py::test_nobody_else_may_close",
    ),
    Broken(
        7,
        "fleetdeploy/rollout/crew.py",
        "if isinstance(error, Stale):",
        "if False:",
        "protocol/test_rule_17_never_blocked.py::test_stale_from_one_host_stops_the_whole_conductor",
    ),
    Broken(
        8,
        PS + "parts/state.ps1.j2",
        "if ([long]$entry.token -ne [long]$Claim.token) {",
        "if ($false) {",
        "protocol/test_rule_08_claims.py::test_every_changing_verb_shows_id_conductor_and_token",
    ),
    Broken(
        8,
        PS + "parts/state.ps1.j2",
        "if ([long]$Claim.step -lt [long]$record.step_high) {",
        "if ($false) {",
        "protocol/test_rule_08_claims.py::test_the_request_that_was_given_up_comes_after_its_successor",
    ),
    Broken(
        9,
        "fleetdeploy/rollout/rollback.py",
        "names = [name for name, page in book.pages.items() if page.opened and not page.turned]",
        "names: list[str] = []",
        "protocol/test_rule_09_turn.py::test_every_host_is_turned_before_the_first_goes_back",
    ),
    Broken(
        10,
        PS + "parts/activate.ps1.j2",
        "if ($null -eq $record.origin -or -not $record.intent) { $record.origin = Get-FdOrigin $found }",
        "$record.origin = Get-FdOrigin $found",
        "protocol/test_rule_10_intent.py::test_the_second_try_finishes_and_the_way_back_leads_to_the_first_snapshot",
    ),
    Broken(
        11,
        PS + "parts/activate.ps1.j2",
        "if ($record.done) {\n            # Rule 11",
        "if ($false) {\n            # Rule 11",
        "protocol/test_rule_10_intent.py::test_finished_work_of_an_earlier_conductor_counts",
    ),
    Broken(
        11,
        PS + "parts/activate.ps1.j2",
        "$changed = $true\n                Set-FdRearm\n",
        "$changed = $true\n",
        "protocol/test_rule_10_intent.py::test_the_second_try_finishes_and_the_way_back_leads_to_the_first_snapshot",
    ),
    Broken(
        12,
        PS + "parts/activate.ps1.j2",
        "if ($unfinished) {\n            # Rule 12",
        "if ($false) {\n            # Rule 12",
        "protocol/test_rule_10_intent.py::test_the_second_try_finishes_and_the_way_back_leads_to_the_first_snapshot",
    ),
    Broken(
        12,
        PS + "parts/activate.ps1.j2",
        "($found.state -eq 'Stopped' -or $found.state -eq 'StopPending' -or"
        " $found.snapshot.start_type -eq 'disabled')) {",
        "$false) {",
        "protocol/test_rule_10_intent.py::test_stopped_by_a_person_is_told_from_half_done",
    ),
    Broken(
        12,
        PS + "parts/activate.ps1.j2",
        "if (-not $isTo -and -not ($unfinished -and $isFrom)) {",
        "if (-not $isTo) {",
        "protocol/test_rule_10_intent.py::test_a_rollback_repairs_what_a_dead_script_left",
    ),
    Broken(
        13,
        PS + "parts/activate.ps1.j2",
        "if (-not $isTo -and -not ($unfinished -and $isFrom)) {",
        "if ($false) {",
        "protocol/test_rule_10_intent.py::test_a_host_that_runs_something_else_is_left_alone",
    ),
    Broken(
        14,
        PS + "parts/state.ps1.j2",
        "if ($Entry.life.boot_pid -ne $Boot.pid -or $Entry.life.boot_created -cne $Boot.created) { return $false }",
        "",
        "protocol/test_rule_03_take_over.py::test_a_sign_of_life_runs_out_and_ends_with_its_boot",
    ),
    Broken(
        14,
        "fleetdeploy/rollout/crew.py",
        "tools.heartbeat.start(lambda: tools.resource.beat(book.claim(name)))",
        "pass",
        "protocol/test_rule_14_life.py::test_every_host_is_beaten_for_while_a_person_is_waited_for",
    ),
    Broken(
        15,
        "fleetdeploy/plan/rollback.py",
        "    if backs:\n",
        "    if False:\n",
        "protocol/test_rule_15_candidate.py::test_candidate",
    ),
    Broken(
        15,
        "fleetdeploy/plan/rollback.py",
        "any(one[name].token > other[name].token for name in one.keys() & other.keys())",
        "False",
        "protocol/test_rule_15_candidate.py::test_candidate",
    ),
    Broken(
        16,
        "fleetdeploy/plan/rollback.py",
        "    if silent:\n        return NeedsId(silent)\n    changed",
        "    changed",
        "protocol/test_rule_15_candidate.py::test_candidate",
    ),
    Broken(
        17,
        "fleetdeploy/rollout/rollback.py",
        "if book.pages[n].state not in _HOPELESS} | (sick",
        "} | (sick",
        "protocol/test_rule_17_never_blocked.py::test_hosts_that_cannot_be_brought_back_take_no_room_from_the_others",
    ),
    Broken(
        18,
        PS + "prune.ps1.j2",
        "if ($recent -or -not $one.ended) {",
        "if ($false) {",
        "protocol/test_rule_18_prune.py::test_what_nothing_needs_goes_and_every_previous_of_three_stays",
    ),
)


def test_every_rule_has_a_line() -> None:
    assert {broken.rule for broken in BROKEN} == set(RULES)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda b: f"rule {b.rule}: {b.test.partition('::')[2]}")
def test_what_is_broken_and_what_tells_are_still_there(broken: Broken) -> None:
    text = (ROOT / broken.file).read_text(encoding="utf-8")
    assert text.count(broken.old) == 1, f"{broken.file} was changed: adapt the line of rule {broken.rule}"
    assert broken.old != broken.new
    module, _, function = broken.test.partition("::")
    tree = ast.parse((ROOT / "tests" / module).read_text(encoding="utf-8"))
    assert any(isinstance(node, ast.FunctionDef) and node.name == function for node in tree.body), broken.test


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The program and its tests, to be broken: never the ones that everything else runs from."""
    folder = tmp_path_factory.mktemp("broken")
    skip = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in ("fleetdeploy", "templates", "tests", "inventories"):
        shutil.copytree(ROOT / name, folder / name, ignore=skip)
    shutil.copy(ROOT / "pyproject.toml", folder)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("broken", BROKEN, ids=lambda b: f"rule {b.rule}: {b.test.partition('::')[2]}")
def test_without_the_rule_the_test_fails(copy: Path, broken: Broken) -> None:
    target = copy / broken.file
    text = target.read_text(encoding="utf-8")
    target.write_text(text.replace(broken.old, broken.new), encoding="utf-8")
    try:
        done = _run(copy, broken)
        assert done.returncode == 1, f"exit code {done.returncode}: it should have failed:\n{done.stdout[-3000:]}"
        assert " failed" in done.stdout, done.stdout[-3000:]
    finally:
        target.write_text(text, encoding="utf-8")


def _run(folder: Path, broken: Broken) -> subprocess.CompletedProcess[str]:
    chosen = ["-k", broken.key] if broken.key else []
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "no:cacheprovider", *chosen, f"tests/{broken.test}"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
